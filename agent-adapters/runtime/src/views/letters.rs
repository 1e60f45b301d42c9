mod read;

use dealwright_core::access::Action;
use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
use dealwright_core::process::{Actor, Process, ProcessKey, WorkKind, WorkQuery, WorkState};
use dealwright_core::time::{Calendar, SendWindow, Timestamp, Zone, zones_for};
use dealwright_core::trust::{
    Approval, Desk, Draft, LetterClass, LintFinding, Recipient, RecipientState,
};
use dealwright_deals::deal::Deal;
use dealwright_deals::outreach::Sequence;
use dealwright_delivery::project::Project;
use serde::Serialize;

use crate::Agency;
use read::Letters;
pub(super) use read::dropped;

/// Digits of the content's hash that name a letter.
const ID_DIGITS: usize = 12;

/// A letter with all it rests on, from the first ask for ever: also once it left or was refused.
///
/// One that was asked for again with the same words is the same letter; with other words it is
/// another one, and the earlier is [`Replaced`](LetterStanding::Replaced).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LetterView {
    /// Its id: the first 12 hexadecimal digits of [`hash`](Self::hash).
    pub id: String,
    /// The address's process.
    pub recipient: ProcessKey,
    /// The name under which it is sent at most once.
    pub intent: String,
    /// The deal or project that wants it sent.
    pub asker: ProcessKey,
    /// The asker's own name for it.
    pub step: String,
    /// The hash of its content, which an approval is bound to.
    pub hash: Digest32,
    /// Its class by primary purpose.
    pub class: LetterClass,
    /// The letter, and what the rules were told.
    pub draft: Draft,
    /// The rules it passed, by id, each once.
    pub passed: Vec<String>,
    /// The rules that refused it.
    pub findings: Vec<LintFinding>,
    /// A person's yes, where there was one.
    pub approval: Option<Approval>,
    /// Where it stands.
    pub standing: LetterStanding,
    /// Since when.
    pub since: Timestamp,
    /// When it was first asked for.
    pub asked_at: Timestamp,
    /// A person's word that is stored and not worked on yet.
    pub word: Option<GivenWord>,
}

/// Where a letter stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LetterStanding {
    /// A person must say yes.
    AwaitsApproval {
        /// Not after this.
        expires: Timestamp,
    },
    /// It may go as far as people are concerned; the desk is asked for a place.
    AwaitsPlace,
    /// There is no place before then; it is asked for again.
    PutOff {
        /// When the window opens.
        until: Timestamp,
        /// What is full or closed.
        why: String,
    },
    /// It is handed to the provider.
    Leaving {
        /// Not begun after this.
        expires: Timestamp,
    },
    /// It is being taken back.
    Stopping {
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It left.
    Sent {
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
    },
    /// It may not go.
    Refused {
        /// The rule, `refused-by-person` or `approval-lapsed`.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It was tried and did not go.
    Failed,
    /// It was put off, and whoever wanted it has ended since.
    NotWanted,
    /// The same step was asked for with other words.
    Replaced {
        /// The later letter.
        by: String,
    },
}

impl LetterStanding {
    /// The word for it, for lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::AwaitsApproval { .. } => "waits for approval",
            Self::AwaitsPlace | Self::PutOff { .. } => "waits to leave",
            Self::Leaving { .. } => "leaving",
            Self::Stopping { .. } => "being stopped",
            Self::Sent { .. } => "sent",
            Self::Refused { .. } => "refused",
            Self::Failed => "failed",
            Self::NotWanted => "no longer wanted",
            Self::Replaced { .. } => "replaced",
        }
    }
}

/// A person's word on a letter that the agency has not worked on yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GivenWord {
    /// Yes or no.
    pub yes: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How many letters wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LetterCounts {
    /// For a person's word.
    pub waiting: usize,
    /// Approved, or in no need of it, and for their time to leave.
    pub leaving: usize,
    /// When the first of these may leave.
    pub opens: Option<Timestamp>,
}

impl LetterView {
    /// Whether a person is still to say yes or no.
    #[must_use]
    pub fn awaits_word(&self) -> bool {
        matches!(self.standing, LetterStanding::AwaitsApproval { .. }) && self.word.is_none()
    }

    /// Whether it leaves without anybody's further word: approved, or in no need of it.
    #[must_use]
    pub fn awaits_leaving(&self) -> bool {
        match self.standing {
            LetterStanding::AwaitsPlace
            | LetterStanding::PutOff { .. }
            | LetterStanding::Leaving { .. } => true,
            LetterStanding::AwaitsApproval { .. } => self.word.as_ref().is_some_and(|w| w.yes),
            _ => false,
        }
    }

    /// When it may leave at the earliest: what the desk said, or before it was asked the
    /// recipient's next office hours; `None` for one that waits for nothing any more.
    #[must_use]
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        match self.standing {
            LetterStanding::PutOff { until, .. } => Some(until),
            LetterStanding::Leaving { .. } => Some(self.since),
            LetterStanding::AwaitsPlace | LetterStanding::AwaitsApproval { .. } => {
                let facts = &self.draft.facts;
                let zone = facts.zone.as_deref().and_then(|z| Zone::parse(z).ok());
                let zones =
                    zone.map_or_else(|| zones_for(facts.country, None).0, |zone| vec![zone]);
                let calendar = Calendar::of(facts.country);
                Some(SendWindow::office_hours(zones, calendar).next_open(now))
            }
            _ => None,
        }
    }
}

impl Agency {
    /// Every letter there ever was, for `by` to see, in order of first ask and id.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see persons; those of the store.
    pub async fn letters(&self, by: &Actor) -> Result<Vec<LetterView>, PortError> {
        self.may_see_persons(by)?;
        self.letters_of(self.logged(Recipient::KIND).await?).await
    }

    /// The letters that wait for a person's word, what lapses first before what lapses later.
    ///
    /// # Errors
    ///
    /// As [`letters`](Self::letters).
    pub async fn waiting_letters(&self, by: &Actor) -> Result<Vec<LetterView>, PortError> {
        self.may_see_persons(by)?;
        let keys = self.indexed(Recipient::KIND, "approvals").await?;
        let mut letters = self.letters_of(keys).await?;
        letters.retain(LetterView::awaits_word);
        letters.sort_by(|a, b| (lapses(a), &a.id).cmp(&(lapses(b), &b.id)));
        Ok(letters)
    }

    /// How many letters wait at `now`, for `by`, who may see cases without the persons in them.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn letter_counts(
        &self,
        by: &Actor,
        now: Timestamp,
    ) -> Result<LetterCounts, PortError> {
        let host = self.host();
        host.allow(by, Action::ReadCase, &host.key::<Desk>("main"))?;
        let letters = self.letters_of(self.logged(Recipient::KIND).await?).await?;
        let leaving = letters.iter().filter(|l| l.awaits_leaving());
        Ok(LetterCounts {
            waiting: letters.iter().filter(|l| l.awaits_word()).count(),
            leaving: leaving.clone().count(),
            opens: leaving.filter_map(|l| l.opens(now)).min(),
        })
    }

    /// The letter of this id, whatever became of it.
    ///
    /// # Errors
    ///
    /// As [`letters`](Self::letters).
    pub async fn letter(&self, by: &Actor, id: &str) -> Result<Option<LetterView>, PortError> {
        self.may_see_persons(by)?;
        // Most that are asked for wait for a word, and these are found without the whole log.
        let waiting = self.indexed(Recipient::KIND, "approvals").await?;
        let waiting = self.letters_of(waiting).await?;
        if let Some(letter) = waiting.into_iter().find(|l| l.id == id) {
            return Ok(Some(letter));
        }
        let letters = self.letters(by).await?;
        Ok(letters.into_iter().find(|l| l.id == id))
    }

    /// The letter that left under this `Message-ID`, with or without its angle brackets.
    ///
    /// # Errors
    ///
    /// As [`letters`](Self::letters).
    pub async fn letter_sent_as(
        &self,
        by: &Actor,
        message_id: &str,
    ) -> Result<Option<LetterView>, PortError> {
        self.may_see_persons(by)?;
        let bare = message_id
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>');
        let index = RecipientState::MESSAGE_ID_INDEX;
        let Some((recipient, _)) = self.recipient_under(index, bare).await? else {
            return Ok(None);
        };
        let letters = self.letters_of([recipient]).await?;
        let sent = |l: &LetterView| matches!(&l.standing, LetterStanding::Sent { message_id, .. } if message_id == bare);
        Ok(letters.into_iter().find(sent))
    }

    pub(super) fn may_see_persons(&self, by: &Actor) -> Result<(), PortError> {
        let host = self.host();
        host.allow(by, Action::ReadPersons, &host.key::<Desk>("main"))
    }

    pub(super) async fn letters_of(
        &self,
        recipients: impl IntoIterator<Item = ProcessKey>,
    ) -> Result<Vec<LetterView>, PortError> {
        let mut letters = Vec::new();
        for recipient in recipients {
            let mut read = Letters::default();
            for envelope in self.host().store().history(&recipient).await? {
                let input = self.host().consumed::<Recipient>(&envelope)?;
                for event in self.host().events::<Recipient>(&envelope)? {
                    read.take(&envelope, &input, event);
                }
            }
            let mut read = read.all;
            self.hear_words(&recipient, &mut read).await?;
            for letter in &mut read {
                if matches!(letter.standing, LetterStanding::PutOff { .. })
                    && !self.wants(letter).await?
                {
                    letter.standing = LetterStanding::NotWanted;
                }
            }
            letters.append(&mut read);
        }
        letters.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
        Ok(letters)
    }

    /// What people said that waits for the next run.
    async fn hear_words(
        &self,
        recipient: &ProcessKey,
        letters: &mut [LetterView],
    ) -> Result<(), PortError> {
        let open = |l: &LetterView| matches!(l.standing, LetterStanding::AwaitsApproval { .. });
        if !letters.iter().any(open) {
            return Ok(());
        }
        let query = WorkQuery {
            state: Some(WorkState::Ready),
            receiver: Some(recipient.clone()),
            n: usize::MAX,
            ..WorkQuery::default()
        };
        for work in self.host().store().works(query).await? {
            if work.kind != WorkKind::Input {
                continue;
            }
            for letter in letters.iter_mut().filter(|l| open(l)) {
                let wait = lapses(letter);
                let yes = work.step == Self::approval_step(&letter.intent, letter.hash, wait);
                let no = work.step == Self::refusal_step(&letter.intent, wait);
                if (yes || no) && letter.word.as_ref().is_none_or(|w| work.due < w.at) {
                    letter.word = Some(GivenWord {
                        yes,
                        by: work.actor.name().to_owned(),
                        at: work.due,
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether a letter that was put off is asked for again.
    async fn wants(&self, letter: &LetterView) -> Result<bool, PortError> {
        let host = self.host();
        match letter.asker.kind() {
            Deal::KIND => {
                let Some((_, deal)) = host.state::<Deal>(&letter.asker).await? else {
                    return Ok(false);
                };
                let next = match deal.outreach() {
                    Some(Sequence::Waiting { place, .. } | Sequence::Asked { place, .. }) => {
                        Some(format!("touch-{place}"))
                    }
                    _ => None,
                };
                let of_sequence = letter.step.starts_with("touch-");
                Ok(!deal.stage().is_closed()
                    && (!of_sequence || next.as_deref() == Some(&letter.step)))
            }
            Project::KIND => Ok(host
                .state::<Project>(&letter.asker)
                .await?
                .is_some_and(|(_, project)| project.closed().is_none())),
            _ => Ok(true),
        }
    }
}

/// When nobody may say yes any more.
fn lapses(letter: &LetterView) -> Option<Timestamp> {
    match letter.standing {
        LetterStanding::AwaitsApproval { expires } => Some(expires),
        _ => None,
    }
}

/// The name that people know a letter by.
pub(super) fn letter_id(hash: Digest32) -> String {
    hash.to_hex().chars().take(ID_DIGITS).collect()
}
