use serde::{Deserialize, Serialize};

use super::{DomainName, EmailAddress, Language, PhoneNumber, PostalAddress};
use crate::id::{AccountId, ContactId};
use crate::personal::Personal;

/// A kind of way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// E-mail.
    Email,
    /// A call.
    Phone,
    /// A letter on paper.
    Post,
    /// The form on their website.
    WebForm,
    /// A short message to a telephone.
    Sms,
    /// A message on a platform.
    Social,
}

impl Channel {
    /// The word in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Post => "post",
            Self::WebForm => "web_form",
            Self::Sms => "sms",
            Self::Social => "social",
        }
    }
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What part a contact has in buying.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuyingRole {
    /// Holds the budget.
    EconomicBuyer,
    /// Decides.
    DecisionMaker,
    /// Wants it to happen.
    Champion,
    /// Is heard before the decision.
    Influencer,
    /// Judges whether it works.
    TechnicalBuyer,
    /// Will use it.
    EndUser,
    /// Stands before the others.
    Gatekeeper,
    /// Not known.
    #[default]
    Unknown,
}

/// Where somebody can be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// By e-mail.
    Email(EmailAddress),
    /// By telephone.
    Phone(PhoneNumber),
    /// By letter.
    Post(PostalAddress),
    /// Through the form of a website.
    WebForm {
        /// The website.
        site: DomainName,
        /// The path of the page with the form, from `/`.
        path: String,
    },
}

impl crate::personal::Placeholder for Reach {
    fn placeholder() -> Self {
        Self::Email(EmailAddress::placeholder())
    }
}

impl Reach {
    /// The channel it belongs to.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Phone(_) => Channel::Phone,
            Self::Post(_) => Channel::Post,
            Self::WebForm { .. } => Channel::WebForm,
        }
    }
}

/// What is known about whether it works.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reachability {
    /// Something arrived or was answered.
    Valid,
    /// The domain takes anything, so nothing is proven.
    CatchAll,
    /// Signs speak against it.
    Risky,
    /// It bounced or is disconnected.
    Dead,
    /// Not tried.
    #[default]
    Unknown,
}

/// One way to reach a person or an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    reach: Personal<Reach>,
    channel: Channel,
    state: Reachability,
    guessed: bool,
}

impl ContactPoint {
    /// A point that was found, not guessed; `subject` is the key of whose it is.
    #[must_use]
    pub fn new(reach: Reach, subject: impl Into<String>) -> Self {
        Self {
            channel: reach.channel(),
            reach: Personal::new(reach, subject),
            state: Reachability::Unknown,
            guessed: false,
        }
    }

    /// Marks it as put together from a pattern: blocked where the law forbids guessing.
    #[must_use]
    pub fn guessed(mut self) -> Self {
        self.guessed = true;
        self
    }

    /// Records what is known about whether it works.
    #[must_use]
    pub fn with_state(mut self, state: Reachability) -> Self {
        self.state = state;
        self
    }

    /// Where.
    #[must_use]
    pub fn reach(&self) -> &Personal<Reach> {
        &self.reach
    }

    /// By what channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Whether it works.
    #[must_use]
    pub fn state(&self) -> Reachability {
        self.state
    }

    /// Whether it was put together from a pattern.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        self.guessed
    }
}

/// A person at an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    id: ContactId,
    account: AccountId,
    name: Option<Personal<String>>,
    title: Option<Personal<String>>,
    role: BuyingRole,
    language: Option<Language>,
    points: Vec<ContactPoint>,
}

impl Contact {
    /// A contact of whom only the account is known yet.
    #[must_use]
    pub fn new(id: ContactId, account: AccountId) -> Self {
        Self {
            id,
            account,
            name: None,
            title: None,
            role: BuyingRole::Unknown,
            language: None,
            points: Vec::new(),
        }
    }

    /// Adds the name as it may stand in a salutation.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(Personal::new(name.into(), self.id.to_string()));
        self
    }

    /// Adds what they do there: `Head of operations`.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(Personal::new(title.into(), self.id.to_string()));
        self
    }

    /// Adds their part in buying.
    #[must_use]
    pub fn with_role(mut self, role: BuyingRole) -> Self {
        self.role = role;
        self
    }

    /// Adds the language to write in.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Adds a way to reach them, guessed or found; the same one twice stays one.
    #[must_use]
    pub fn with_point(mut self, point: ContactPoint) -> Self {
        if !self.points.contains(&point) {
            self.points.push(point);
        }
        self
    }

    /// Its id, which is also the subject of its personal fields.
    #[must_use]
    pub fn id(&self) -> ContactId {
        self.id
    }

    /// Where they work.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&Personal<String>> {
        self.name.as_ref()
    }

    /// What they do there.
    #[must_use]
    pub fn title(&self) -> Option<&Personal<String>> {
        self.title.as_ref()
    }

    /// Their part in buying.
    #[must_use]
    pub fn role(&self) -> BuyingRole {
        self.role
    }

    /// The language to write in.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    /// Ways to reach them, as they were found.
    #[must_use]
    pub fn points(&self) -> &[ContactPoint] {
        &self.points
    }
}
