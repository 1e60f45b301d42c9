use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::id::{DealId, LeadId, ProjectId};
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Cursor, Envelope, Host, Outcome, ProcessKey};
use dealwright_core::time::Timestamp;
use serde_json::Value;

use crate::lead::{IntakeRecord, Lead, LeadEvent};

/// Entries of the feed that are read at once.
const BATCH: usize = 500;

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// The event's own id: process and revision, and its place in that step.
    pub event: String,
    /// On whose behalf.
    pub actor: Actor,
    /// What happened, without a person's data.
    pub what: String,
}

/// What happened to each business, in the order of the log: as a lead, in its deals and projects,
/// and with letters to its addresses.
///
/// A read model: it holds nothing that is not in the log, and reading the log again from its
/// beginning gives the same.
#[derive(Debug, Default)]
pub struct Timelines {
    after: Option<Cursor>,
    lines: BTreeMap<LeadId, Vec<TimelineEntry>>,
    whose: BTreeMap<String, BTreeSet<LeadId>>,
}

impl Timelines {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads on to the end of the log; answers how many steps were new.
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` for an event that cannot be read.
    pub async fn follow(&mut self, host: &Host) -> Result<usize, PortError> {
        let mut read = 0;
        loop {
            let (envelopes, next) = host.store().feed(self.after.clone(), BATCH).await?;
            if envelopes.is_empty() {
                return Ok(read);
            }
            read += envelopes.len();
            for envelope in &envelopes {
                self.take(host, envelope)?;
            }
            match next {
                Some(next) => self.after = Some(next),
                None => return Ok(read),
            }
        }
    }

    /// What happened to a lead, the earliest first.
    #[must_use]
    pub fn of(&self, lead: LeadId) -> &[TimelineEntry] {
        self.lines.get(&lead).map_or(&[], Vec::as_slice)
    }

    /// The leads that something happened to, by id.
    pub fn leads(&self) -> impl Iterator<Item = LeadId> {
        self.lines.keys().copied()
    }

    fn take(&mut self, host: &Host, envelope: &Envelope) -> Result<(), PortError> {
        let process = envelope.process.to_string();
        let mut said = Vec::new();
        if envelope.process.kind() == "lead" {
            for event in host.events::<Lead>(envelope)? {
                self.learn(host, envelope, &event);
                said.push(in_words(&event));
            }
        } else if let Outcome::Decided(events) = &envelope.outcome {
            let kind = envelope.process.kind();
            let named = events.iter().map(|event| name(&event.body));
            said.extend(named.map(|name| format!("{kind}: {}", name.replace('_', " "))));
        }
        if let Outcome::Refused { rule, .. } = &envelope.outcome {
            said.push(format!("refused by {rule}"));
        }
        let whose = self.whose.get(&process).cloned().unwrap_or_default();
        for (at, what) in said.into_iter().enumerate() {
            for lead in &whose {
                self.lines.entry(*lead).or_default().push(TimelineEntry {
                    at: envelope.at,
                    event: format!("{}.{at}", envelope.id()),
                    actor: envelope.input.actor.clone(),
                    what: what.clone(),
                });
            }
        }
        Ok(())
    }

    /// Which other processes speak of a lead from here on.
    fn learn(&mut self, host: &Host, envelope: &Envelope, event: &LeadEvent) {
        let own = envelope.process.to_string();
        match event {
            LeadEvent::Recorded { lead, record } => {
                self.whose.entry(own).or_default().insert(*lead);
                if let Some(address) = &record.email {
                    let recipient = host.recipient(address.reveal(Purpose::Matching));
                    self.also(recipient, [*lead]);
                }
            }
            LeadEvent::HandedOver { deal, .. } => {
                let leads = self.whose.get(&own).cloned().unwrap_or_default();
                let tenant = envelope.process.tenant();
                self.also(
                    ProcessKey::new(tenant, "deal", deal.to_string()),
                    leads.clone(),
                );
                let project = project_of(*deal).to_string();
                self.also(ProcessKey::new(tenant, "project", project), leads.clone());
                self.also(ProcessKey::new(tenant, "payer", deal.to_string()), leads);
            }
            _ => {}
        }
    }

    fn also(&mut self, process: ProcessKey, leads: impl IntoIterator<Item = LeadId>) {
        let whose = self.whose.entry(process.to_string()).or_default();
        whose.extend(leads);
    }
}

/// The project that a deal becomes.
fn project_of(deal: DealId) -> ProjectId {
    ProjectId::derive(&[b"project of deal", deal.uuid().as_bytes()])
}

/// The name of an event as it is stored: its one key, or itself.
fn name(body: &Value) -> &str {
    match body {
        Value::String(name) => name,
        Value::Object(map) => map.keys().next().map_or("event", String::as_str),
        _ => "event",
    }
}

/// What an event of a lead says, for people, in a line.
#[must_use]
pub fn in_words(event: &LeadEvent) -> String {
    match event {
        LeadEvent::Recorded { record, .. } => recorded(record),
        LeadEvent::ReadingWebsite(url) => format!("its website is read: {}", url.as_str()),
        LeadEvent::Read(reading) => format!("its website answered with {}", reading.status),
        LeadEvent::Reopened => "it is taken up again".to_owned(),
        LeadEvent::AskedMarket => "the market was asked what counts".to_owned(),
        LeadEvent::PriorsKnown(_) => "the market answered".to_owned(),
        LeadEvent::Judged(judged) => format!(
            "judged: {} with {} points in {} reasons",
            judged.phase.word(),
            judged.score,
            judged.reasons.len()
        ),
        LeadEvent::Overruled(word) => format!("{} overruled: {}", word.by(), word.why()),
        LeadEvent::OverruleWithdrawn { by, .. } => format!("{by} took the overruling back"),
        LeadEvent::HandedOver { occurrence, deal } => {
            format!("handed over as sale {occurrence}: {deal}")
        }
        LeadEvent::Closed { won: true, .. } => "the sale was won".to_owned(),
        LeadEvent::Closed { won: false, reason } => format!("the sale was lost: {reason}"),
        LeadEvent::SpendAsked { step, .. } => format!("may {} be paid?", step.source),
        LeadEvent::SpendDenied { .. } => "not today".to_owned(),
        LeadEvent::Calling { step, .. } => format!("{} is asked", step.source),
        LeadEvent::Enriched { accepted, .. } => match &accepted.blocked {
            Some(_) => "the answer speaks of another firm; nothing was taken".to_owned(),
            None => format!("{} values were taken", accepted.found.len()),
        },
        LeadEvent::NotEnriched { .. } => "there was no answer".to_owned(),
        LeadEvent::PassedOver(passed) => {
            let why: Vec<String> = passed
                .iter()
                .map(|passed| format!("{}: {}", passed.source, passed.why))
                .collect();
            format!("not asked: {}", why.join("; "))
        }
        LeadEvent::Corrected(found) => {
            format!("{} set the {}", found.source.name(), found.value.field())
        }
        LeadEvent::Resembles(other) => {
            format!(
                "it looks like {} ({}): {}",
                other.name, other.lead, other.why
            )
        }
        LeadEvent::JoinedInto { lead, by, why } => format!("{by} joined it to {lead}: {why}"),
    }
}

fn recorded(record: &IntakeRecord) -> String {
    let signals: Vec<&str> = record.signals.iter().map(|s| s.kind.word()).collect();
    if signals.is_empty() {
        format!("recorded from {}", record.natural_key())
    } else {
        format!("{} in {}", signals.join(", "), record.natural_key())
    }
}
