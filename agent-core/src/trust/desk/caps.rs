use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Something letters are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// The address in `From`.
    Mailbox(String),
    /// Its domain.
    SendingDomain(String),
    /// A family of campaigns.
    Campaign(String),
    /// The domain of the recipient's mailbox.
    RecipientDomain(String),
    /// The recipient's company.
    Company(String),
}

impl Scope {
    pub(super) fn key(&self) -> String {
        match self {
            Self::Mailbox(name) => format!("mailbox {name}"),
            Self::SendingDomain(name) => format!("sending domain {name}"),
            Self::Campaign(name) => format!("campaign {name}"),
            Self::RecipientDomain(name) => format!("recipient domain {name}"),
            Self::Company(name) => format!("company {name}"),
        }
    }
}

/// Letters a day, by scope. The smallest that applies wins; 0 means no cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// A mailbox.
    pub mailbox: u32,
    /// A sending domain.
    pub sending_domain: u32,
    /// A family of campaigns.
    pub campaign: u32,
    /// A domain that receives; free-mail domains are not counted together.
    pub recipient_domain: u32,
    /// A company.
    pub company: u32,
    /// Seconds between two letters of a mailbox.
    pub gap_seconds: u32,
    /// The first day of a new mailbox and how many letters it may send then.
    pub ramp_from: Option<(NaiveDate, u32)>,
    /// How many more each day after.
    pub ramp_step: u32,
}

impl Default for Caps {
    /// 50 a day and mailbox, 600 s apart; one a day to a company.
    fn default() -> Self {
        Self {
            mailbox: 50,
            sending_domain: 200,
            campaign: 0,
            recipient_domain: 10,
            company: 1,
            gap_seconds: 600,
            ramp_from: None,
            ramp_step: 5,
        }
    }
}

impl Caps {
    pub(super) fn of(&self, scope: &Scope, day: NaiveDate) -> Option<u32> {
        let cap = match scope {
            Scope::Mailbox(_) => {
                let ramp = self.ramp_from.map(|(first, start)| {
                    let days = day.signed_duration_since(first).num_days().max(0);
                    let days = u32::try_from(days).unwrap_or(u32::MAX);
                    start.saturating_add(days.saturating_mul(self.ramp_step))
                });
                ramp.map_or(self.mailbox, |ramp| ramp.min(self.mailbox))
            }
            Scope::SendingDomain(_) => self.sending_domain,
            Scope::Campaign(_) => self.campaign,
            Scope::RecipientDomain(_) => self.recipient_domain,
            Scope::Company(_) => self.company,
        };
        (cap > 0).then_some(cap)
    }
}
