//! Everything that is sealed of one person, wherever it stands.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{
    Outcome, PersonalValue, Process, ProcessKey, Work, WorkQuery, WorkResult,
};
use dealwright_core::time::Timestamp;
use dealwright_deals::deal::Deal;
use dealwright_delivery::project::Project;
use dealwright_discovery::lead::Lead;
use serde_json::Value;

use crate::Agency;

const PAGE: usize = 1_000;

/// Who a person is to the store.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// Under what their values are sealed.
    pub(super) subjects: BTreeSet<String>,
    /// Where any of it stands.
    pub(super) processes: BTreeSet<ProcessKey>,
    /// The keys that it was sealed under.
    pub(super) key_ids: BTreeSet<String>,
}

/// What is known of a subject from one look at everything.
#[derive(Default)]
struct Seen {
    addresses: BTreeSet<String>,
    processes: BTreeSet<ProcessKey>,
    key_ids: BTreeSet<String>,
}

/// A value of theirs, and where and when it came to stand there.
pub(super) struct Standing {
    pub(super) process: ProcessKey,
    pub(super) part: &'static str,
    pub(super) revision: Option<u64>,
    pub(super) at: Option<Timestamp>,
    pub(super) value: PersonalValue,
}

impl Agency {
    /// Who is behind an address. Everything is looked through, since values are sealed under keys
    /// that do not say whose they are.
    ///
    /// A subject is theirs where one of its values is the address, in any spelling of the same
    /// mailbox. What else is sealed in a lead, a deal or a project of theirs is theirs too, unless
    /// an address of somebody else is among it: a directory's entry with a telephone number alone
    /// is of the person who is written to, and a colleague's mail is not.
    pub(super) async fn person(&self, address: &EmailAddress) -> Result<Person, PortError> {
        let identity = address.identity_key();
        let recipient = self.host().recipient(address);
        let seen = self.look().await?;
        let own = |subject: &str, seen: &Seen| {
            subject == recipient.id() || seen.addresses.contains(&identity)
        };
        let mut person = Person::default();
        person.subjects.insert(recipient.id().to_owned());
        let mut cases = BTreeSet::new();
        for (subject, seen) in seen.iter().filter(|(subject, seen)| own(subject, seen)) {
            person.subjects.insert(subject.clone());
            cases.extend(seen.processes.iter().filter(|p| is_case(p)));
        }
        for (subject, seen) in &seen {
            let with_them = seen.processes.iter().any(|p| cases.contains(p));
            let of_others = seen.addresses.iter().any(|a| *a != identity);
            if with_them && !of_others {
                person.subjects.insert(subject.clone());
            }
        }
        for seen in person.subjects.iter().filter_map(|s| seen.get(s)) {
            person.processes.extend(seen.processes.iter().cloned());
            person.key_ids.extend(seen.key_ids.iter().cloned());
        }
        if self.host().store().load(&recipient).await?.is_some() {
            person.processes.insert(recipient);
        }
        Ok(person)
    }

    /// Subjects, with the addresses among their values and where those stand.
    async fn look(&self) -> Result<BTreeMap<String, Seen>, PortError> {
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        let mut note = |process: &ProcessKey, values: Vec<PersonalValue>| {
            for value in values {
                let known = seen.entry(value.subject).or_default();
                known.processes.insert(process.clone());
                known.key_ids.insert(value.key_id);
                if let Some(value) = &value.value {
                    addresses_in(value, &mut known.addresses);
                }
            }
        };
        let mut after = None;
        loop {
            let (page, next) = self.host().store().feed(after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for envelope in &page {
                let place = envelope.process.to_string();
                for body in bodies(&envelope.input.body, &envelope.outcome) {
                    note(&envelope.process, self.host().personal_in(&place, body)?);
                }
            }
            after = next;
        }
        for work in self.rows(None).await? {
            for body in row_bodies(&work) {
                let values = self.host().personal_in(work.key.as_str(), body)?;
                note(&work.receiver, values);
            }
        }
        Ok(seen)
    }

    /// Every value of a person, in order of process and time.
    pub(super) async fn values_of(&self, person: &Person) -> Result<Vec<Standing>, PortError> {
        let mut found = Vec::new();
        for process in &person.processes {
            let place = process.to_string();
            for envelope in self.host().store().history(process).await? {
                let parts = bodies(&envelope.input.body, &envelope.outcome);
                for (turn, body) in parts.into_iter().enumerate() {
                    let part = if turn == 0 { "input" } else { "event" };
                    for value in self.host().personal_in(&place, body)? {
                        found.push(Standing {
                            process: process.clone(),
                            part,
                            revision: Some(envelope.revision.number()),
                            at: Some(envelope.at),
                            value,
                        });
                    }
                }
            }
            if let Some(stored) = self.host().store().load(process).await? {
                for value in self.host().personal_in(&place, &stored.state)? {
                    found.push(Standing {
                        process: process.clone(),
                        part: "state",
                        revision: None,
                        at: None,
                        value,
                    });
                }
            }
            for work in self.rows(Some(process.clone())).await? {
                for body in row_bodies(&work) {
                    for value in self.host().personal_in(work.key.as_str(), body)? {
                        found.push(Standing {
                            process: process.clone(),
                            part: "waiting work",
                            revision: None,
                            at: Some(work.due),
                            value,
                        });
                    }
                }
            }
        }
        found.retain(|s| person.subjects.contains(&s.value.subject));
        Ok(found)
    }

    async fn rows(&self, receiver: Option<ProcessKey>) -> Result<Vec<Work>, PortError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let query = WorkQuery {
                state: None,
                receiver: receiver.clone(),
                after,
                n: PAGE,
            };
            let page = self.host().store().works(query).await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.key.clone());
            // What was consumed says nothing any more.
            all.extend(page.into_iter().filter(|w| row_bodies(w).next().is_some()));
        }
    }
}

/// Whether a process is about one business; a gate, a desk or the market is about many.
fn is_case(process: &ProcessKey) -> bool {
    [Lead::KIND, Deal::KIND, Project::KIND].contains(&process.kind())
}

fn bodies<'a>(input: &'a Value, outcome: &'a Outcome) -> Vec<&'a Value> {
    let events = match outcome {
        Outcome::Decided(events) => events.iter().map(|e| &e.body).collect(),
        _ => Vec::new(),
    };
    [vec![input], events].concat()
}

fn row_bodies(work: &Work) -> impl Iterator<Item = &Value> {
    let result = match &work.result {
        Some(WorkResult::Done(body)) => Some(body),
        _ => None,
    };
    let body = Some(&work.body).filter(|b| !b.is_null());
    body.into_iter().chain(result)
}

/// The addresses that are values of their own, not words of a text.
fn addresses_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            if let Ok(address) = EmailAddress::parse(text) {
                found.insert(address.identity_key());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| addresses_in(item, found)),
        Value::Object(map) => map.values().for_each(|item| addresses_in(item, found)),
        _ => {}
    }
}
