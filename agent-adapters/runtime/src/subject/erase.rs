use chrono::NaiveDate;
use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::orchestration::Lane;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Actor, Process};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Paper, Recipient, RecipientInput, retention};
use dealwright_deals::deal::{Deal, DealInput, DealStage, DealState, DocumentKey};
use dealwright_discovery::lead::{Lead, LeadInput};
use serde::Serialize;

use super::export::of_kind;
use super::find::Person;
use crate::Agency;

/// By which way a request came that a person of the agency took down.
const SOURCE: &str = "request";

/// What an erasure came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErasureReport {
    /// Whether the person was erased. Where a contract with them still runs, they are not: they
    /// get no more marketing, and `stays` says until when what is kept.
    pub erased: bool,
    /// What went.
    pub gone: Vec<Gone>,
    /// What stays, and why.
    pub stays: Vec<Stays>,
}

/// Something that went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Gone {
    /// What: `values`, `keys`, `papers`, or what a holder is called.
    pub what: String,
    /// How many.
    pub count: usize,
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stays {
    /// What.
    pub what: String,
    /// Why, with the rule.
    pub why: String,
    /// The last day; `None` where it has no end, or where it is not known yet.
    pub until: Option<NaiveDate>,
}

impl Stays {
    fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            until: None,
        }
    }
}

impl Agency {
    /// Takes a person's objection to marketing down, for `by`: it stops at once, and what a
    /// contract needs goes on. Answers whether it was taken.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn subject_object(
        &self,
        by: &Actor,
        address: &EmailAddress,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = RecipientInput::Object {
            source: SOURCE.to_owned(),
        };
        let dedupe = format!("object-{}", now.timestamp_micros());
        self.gate(by, address, &dedupe, now, &input).await
    }

    /// Erases the person behind an address, for `by`. They are never written to again, since a
    /// keyed hash of the address stays; what waits for them is off; what is sealed of them can
    /// nowhere be read any more, also not in copies of the store; papers that no law wants kept
    /// are taken away, and so is what holders have.
    ///
    /// Where a contract runs or an invoice is open, marketing stops and the rest waits: give it
    /// again once that is over. It may be given again at any time, also after it broke off.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not, or where the agency was built without keys or blobs
    /// that can be erased; those of the store, the keys, the blobs and the holders.
    pub async fn subject_erase(
        &self,
        by: &Actor,
        address: &EmailAddress,
        now: Timestamp,
    ) -> Result<ErasureReport, PortError> {
        self.may(by, Action::EraseSubject)?;
        let lacking = |what: &str| {
            PortError::new("erase", PortErrorKind::PermissionDenied)
                .with_source(format!("this agency was built without {what}"))
        };
        let keys = self.rights.keys.clone();
        let keys = keys.ok_or_else(|| lacking("keys that can be destroyed"))?;
        if self.rights.erasable.is_none() {
            return Err(lacking("blobs that can be taken away"));
        }
        let person = self.person(address).await?;
        let held = self.holds(&person).await?;
        if !held.is_empty() {
            let dedupe = format!("object-{}", now.timestamp_micros());
            let input = RecipientInput::Object {
                source: SOURCE.to_owned(),
            };
            self.gate(by, address, &dedupe, now, &input).await?;
            return Ok(ErasureReport {
                erased: false,
                gone: Vec::new(),
                stays: held,
            });
        }
        // First what keeps letters from leaving, last what makes the rest impossible to find.
        let input = RecipientInput::Erase {
            source: SOURCE.to_owned(),
        };
        let dedupe = format!("erase-{}", now.timestamp_micros());
        self.gate(by, address, &dedupe, now, &input).await?;
        self.stop_deals(by, &person, now).await?;
        self.tell_leads(by, &person, now).await?;
        let values = self.values_of(&person).await?;
        let readable = values.iter().filter(|v| v.value.value.is_some()).count();
        let mut gone = vec![Gone {
            what: "values".to_owned(),
            count: readable,
        }];
        let mut stays = self.kept(&person).await?;
        gone.push(Gone {
            what: "papers".to_owned(),
            count: self.remove_papers(&person).await?,
        });
        for holder in &self.rights.holders {
            gone.push(Gone {
                what: holder.name().to_owned(),
                count: holder.erase(address).await?.len(),
            });
        }
        let subjects: Vec<String> = person.subjects.iter().cloned().collect();
        gone.push(Gone {
            what: "keys".to_owned(),
            count: keys.forget(&subjects)?,
        });
        if keys.beyond_reach(&person.key_ids) {
            stays.push(Stays::new(
                "values sealed before each person had a key of their own",
                "refused to every reader here; destroy old copies of the store to be sure",
            ));
        }
        gone.retain(|g| g.count > 0);
        Ok(ErasureReport {
            erased: true,
            gone,
            stays,
        })
    }

    async fn gate(
        &self,
        by: &Actor,
        address: &EmailAddress,
        dedupe: &str,
        now: Timestamp,
        input: &RecipientInput,
    ) -> Result<bool, PortError> {
        let id = self.host().recipient(address).id().to_owned();
        let offered =
            self.host()
                .input_in::<Recipient>(Lane::Urgent, id, dedupe, by.clone(), now, input)?;
        let taken = self.host().store().offer(vec![offered]).await?;
        Ok(taken.first().copied().unwrap_or(false))
    }

    /// What must be over before anything of a person can go.
    async fn holds(&self, person: &Person) -> Result<Vec<Stays>, PortError> {
        let mut holds = Vec::new();
        for (id, state) in self.deals(person).await? {
            if matches!(state.stage(), DealStage::Contracting | DealStage::Won) {
                holds.push(Stays::new(
                    format!("everything of {id}"),
                    "GDPR Art. 17(3)(b), 6(1)(b): the contract runs; give the command again once it is over",
                ));
            } else if state
                .invoices()
                .values()
                .any(|i| i.paid.is_none_or(|p| p.minor() < i.gross.minor()))
            {
                holds.push(Stays::new(
                    format!("everything of {id}"),
                    "GDPR Art. 17(3)(e): an invoice is not paid; give the command again once it is settled",
                ));
            }
        }
        Ok(holds)
    }

    async fn deals(&self, person: &Person) -> Result<Vec<(String, DealState)>, PortError> {
        let mut found = Vec::new();
        for key in of_kind::<Deal>(person) {
            if let Some((_, state)) = self.host().state::<Deal>(key).await? {
                found.push((key.id().to_owned(), state));
            }
        }
        Ok(found)
    }

    async fn stop_deals(
        &self,
        by: &Actor,
        person: &Person,
        now: Timestamp,
    ) -> Result<(), PortError> {
        for (id, state) in self.deals(person).await? {
            if !state.stage().is_closed() {
                let input = DealInput::Stop {
                    why: "the person was erased".to_owned(),
                };
                let dedupe = format!("erased-{}", now.timestamp_micros());
                self.host()
                    .offer::<Deal>(id, &dedupe, by.clone(), now, &input)
                    .await?;
            }
        }
        Ok(())
    }

    /// Leads are not found any more by what the person left.
    async fn tell_leads(
        &self,
        by: &Actor,
        person: &Person,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let dedupe = format!("erased-{}", now.timestamp_micros());
        for lead in of_kind::<Lead>(person) {
            let input = LeadInput::PersonErased;
            self.host()
                .offer::<Lead>(lead.id(), &dedupe, by.clone(), now, &input)
                .await?;
        }
        Ok(())
    }

    /// What the law or a promise wants kept.
    async fn kept(&self, person: &Person) -> Result<Vec<Stays>, PortError> {
        let law = self.rights.law;
        let mut stays = vec![Stays::new(
            "a keyed hash of the address, with the word that it is not written to",
            "GDPR Art. 17(3)(b), 21(3): so that no later import brings it back",
        )];
        for (id, state) in self.deals(person).await? {
            if let Some((_, _, at)) = state.signed() {
                let rule = retention(law, Paper::Contract);
                stays.push(Stays {
                    what: format!("the contract of {id}"),
                    why: format!("GDPR Art. 17(3)(b): {}", rule.source),
                    until: rule.until(at),
                });
            }
            for invoice in state.invoices().values() {
                let rule = retention(law, Paper::Invoice);
                stays.push(Stays {
                    what: format!("invoice {}", invoice.number),
                    why: format!("GDPR Art. 17(3)(b): {}", rule.source),
                    until: rule.until(invoice.due),
                });
            }
        }
        if person.processes.iter().any(|p| p.kind() != Recipient::KIND) {
            stays.push(Stays::new(
                "what is known of the business without its people: name, place, score, amounts",
                "it is kept of the business and leads to no person by itself; where the business is one person, judge it by hand",
            ));
        }
        Ok(stays)
    }

    /// Takes the papers away that no law wants kept; answers how many.
    async fn remove_papers(&self, person: &Person) -> Result<usize, PortError> {
        let Some(blobs) = &self.rights.erasable else {
            return Ok(0);
        };
        let mut removed = 0;
        for (deal, name, hash) in self.papers(person).await? {
            let signed = match self.host().state::<Deal>(&deal).await? {
                Some((_, state)) => state.signed().is_some(),
                None => false,
            };
            // What was agreed to is part of the contract.
            let kept = signed || matches!(name, DocumentKey::Invoice(_));
            if !kept && blobs.remove(hash).await? {
                removed += 1;
            }
        }
        Ok(removed)
    }
}
