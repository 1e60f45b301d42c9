//! The lead: a possible customer, from first sight to hand-off and to what came of it.
//!
//! Records come in, the website is read once, the market is asked what counts at the moment, and
//! the lead is qualified and scored. A qualified lead with an address is handed to deals; every
//! verdict and score keeps its reasons, and a person's word stands over any later run.

mod complete;
mod decide;
mod disagreement;
mod hand_over;
mod notice;
mod perform;
mod profile;
mod record;
mod state;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::access::Action;
use dealwright_core::contract;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{self, DealClosed, Priors, ReasonPoints, RecommendedService};
use dealwright_core::id::{DealId, LeadId};
use dealwright_core::page::PageUrl;
use dealwright_core::party::{Channel, Country, Language};
use dealwright_core::process::{
    Context, Decision, IndexEntry, IndexPart, Process, Record, Refusal, Unsettled,
};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::enrich::{
    Accepted, EnrichPolicy, FieldValue, Found, Passed, Price, SpendAnswer, Step, Who,
};
use crate::facts::FactName;
use crate::qualify::{IdealClient, Override, Verdict};
use crate::resolve::Points;
use crate::score::Judge;

pub use disagreement::{Disagreement, Statement};
pub use perform::LeadPerformer;
pub use profile::Profile;
pub use record::{Inquiry, IntakeRecord, PageReading, PageSuggestion, WebsiteReading};
pub use state::{LeadPhase, LeadState};

/// A possible customer.
#[derive(Clone, Copy, Debug)]
pub enum Lead {}

/// What people set for leads.
#[derive(Clone, Debug, Serialize)]
pub struct LeadPolicy {
    /// Who is worth a deal.
    pub ideal: IdealClient,
    /// What makes the score.
    pub judge: Judge,
    /// The lowest score that is handed to deals; one with less waits for better days.
    pub floor: i64,
    /// Whether a lead's own website is read.
    pub read_websites: bool,
    /// How far a model may help to read it; without it rules alone do.
    pub reading: Option<PageReading>,
    /// The language to write in where the lead's country and website say nothing.
    pub language: Language,
    /// The other languages that the agency speaks; nobody is written to in any but these.
    pub languages: BTreeSet<Language>,
    /// Where business is done unless a record says otherwise.
    pub country: Option<Country>,
    /// The interest assessment that first letters to found leads rest on.
    pub assessment: String,
    /// Sectors that a person looks at before first contact, with the rule's id.
    pub regulated: BTreeMap<String, String>,
    /// The market's id.
    pub market: String,
    /// Who is asked for what is missing, and what that may cost.
    pub enrich: EnrichPolicy,
}

/// What can happen to a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadInput {
    /// A source has a record of it.
    Intake {
        /// The lead's id.
        lead: LeadId,
        /// The record.
        record: Box<IntakeRecord>,
    },
    /// Its website was read.
    Read(Box<WebsiteReading>),
    /// Its website was not read.
    NotRead(Unsettled),
    /// The market answered.
    Priors(Box<Priors>),
    /// A person's verdict; `None` takes an earlier one back.
    Overrule {
        /// The verdict.
        verdict: Option<Verdict>,
        /// Why.
        why: String,
    },
    /// A deal ended.
    Closed(Box<DealClosed>),
    /// Judge again, for example since the market moved.
    Reconsider,
    /// A signal that spoke of it has expired.
    SignalEnded,
    /// The market said whether a call may be paid.
    Spend(SpendAnswer),
    /// A provider answered.
    Enriched {
        /// The call.
        key: String,
        /// What was taken of the answer.
        accepted: Box<Accepted>,
    },
    /// A provider was not asked, or did not answer.
    NotEnriched {
        /// The call.
        key: String,
        /// Why.
        how: Unsettled,
    },
    /// A person's word on a field, which stands over what any source says.
    Correct(Box<FieldValue>),
    /// Another lead is like it, though not so surely that they are one.
    Resembles(Resemblance),
    /// A person says that it is the same business as another lead.
    JoinInto {
        /// The lead that takes its records.
        lead: LeadId,
        /// Why.
        why: String,
    },
    /// Another lead that was the same business hands its records over.
    Joined(Box<LeadJoined>),
    /// Somebody whom records of it name was erased: it is not found by what they left any more.
    PersonErased,
}

/// Another lead that is alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resemblance {
    /// The lead.
    pub lead: LeadId,
    /// What it is called.
    pub name: String,
    /// What speaks for it, in deci-bans.
    pub points: Points,
    /// The reasons in a line, which sum to the points.
    pub why: String,
}

/// The records of a lead that turned out to be another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadJoined {
    /// The lead they were taken in as.
    pub from: LeadId,
    /// The records, as they came.
    pub records: Vec<IntakeRecord>,
}

contract!(LeadJoined, "lead-joined");

/// What a lead records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadEvent {
    /// A record was taken in.
    Recorded {
        /// The lead's id.
        lead: LeadId,
        /// The record.
        record: Box<IntakeRecord>,
    },
    /// Its website is being read.
    ReadingWebsite(PageUrl),
    /// Its website was read.
    Read(Box<WebsiteReading>),
    /// A sale that ended is followed by another one.
    Reopened,
    /// The market was asked.
    AskedMarket,
    /// The market answered.
    PriorsKnown(Box<Priors>),
    /// It was judged.
    Judged(Box<Judged>),
    /// A person's word.
    Overruled(Override),
    /// A person took their word back.
    OverruleWithdrawn {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It was handed to deals.
    HandedOver {
        /// Which sale it is, from 1.
        occurrence: u32,
        /// The deal.
        deal: DealId,
    },
    /// The deal ended.
    Closed {
        /// Whether they bought.
        won: bool,
        /// Why not.
        reason: String,
    },
    /// The market was asked whether a call may be paid.
    SpendAsked {
        /// The call.
        key: String,
        /// What it is.
        step: Step,
    },
    /// The market said that it may not, today.
    SpendDenied {
        /// The call.
        key: String,
        /// When.
        at: Timestamp,
    },
    /// A provider is being asked.
    Calling {
        /// The call.
        key: String,
        /// What it is.
        step: Step,
        /// When.
        at: Timestamp,
    },
    /// A provider answered.
    Enriched {
        /// The call.
        key: String,
        /// What was taken of the answer.
        accepted: Box<Accepted>,
    },
    /// A provider was not asked, or did not answer; nothing was paid.
    NotEnriched {
        /// The call.
        key: String,
        /// Why.
        how: Unsettled,
    },
    /// Providers were passed over, and why.
    PassedOver(Vec<Passed>),
    /// A person's word on a field.
    Corrected(Box<Found>),
    /// Another lead is like it.
    Resembles(Resemblance),
    /// It is the same business as another lead, by a person's word.
    JoinedInto {
        /// The lead that took its records.
        lead: LeadId,
        /// Who says so.
        by: String,
        /// Why.
        why: String,
    },
}

/// A verdict and a score with all they rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The verdict with every answer.
    pub assessment: crate::qualify::Assessment,
    /// The score.
    pub score: i64,
    /// Its reasons, which sum to it.
    pub reasons: Vec<ReasonPoints>,
    /// The tier.
    pub tier: Option<String>,
    /// What to offer, best first.
    pub services: Vec<RecommendedService>,
    /// Where that leaves the lead.
    pub phase: LeadPhase,
    /// When.
    pub at: Timestamp,
}

/// What a lead asks of ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadEffect {
    /// Read the front page of its website.
    ReadWebsite {
        /// The page.
        url: PageUrl,
        /// The source that named it, whose terms apply.
        source: dealwright_core::page::SourceName,
        /// The country by which its telephone numbers are read.
        #[serde(default)]
        country: Option<Country>,
        /// What a model may look for in it, and at what length.
        #[serde(default)]
        reading: Option<PageReading>,
    },
    /// Ask a provider.
    Enrich {
        /// The call.
        key: String,
        /// What it is.
        step: Step,
        /// Whom to look up.
        who: Who,
    },
}

pub(crate) type Cx<'a> = Context<'a, LeadPolicy>;
pub(crate) type Answer = Result<Decision<Lead>, Refusal>;

impl Process for Lead {
    const KIND: &'static str = "lead";
    const STATE_VERSION: u32 = 3;
    const EVENT_VERSION: u32 = 1;

    type State = LeadState;
    type Input = LeadInput;
    type Event = LeadEvent;
    type Effect = LeadEffect;
    type Policy = LeadPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            LeadInput::Intake { .. } | LeadInput::Resembles(_) => Action::TakeIn,
            LeadInput::Overrule { .. } | LeadInput::JoinInto { .. } => Action::OverruleLead,
            LeadInput::Reconsider => Action::JudgeAgain,
            LeadInput::Correct(_) => Action::CorrectLead,
            LeadInput::PersonErased => Action::EraseSubject,
            LeadInput::Read(_)
            | LeadInput::NotRead(_)
            | LeadInput::Priors(_)
            | LeadInput::Closed(_)
            | LeadInput::SignalEnded
            | LeadInput::Spend(_)
            | LeadInput::Enriched { .. }
            | LeadInput::NotEnriched { .. }
            | LeadInput::Joined(_) => Action::Progress,
        }
    }

    fn decide(state: &LeadState, input: &LeadInput, cx: &Cx<'_>) -> Answer {
        decide::decide(state, input, cx)
    }

    fn apply(mut state: LeadState, event: &LeadEvent) -> LeadState {
        match event {
            LeadEvent::Recorded { lead, record } => {
                state.id.get_or_insert(*lead);
                state.records.push((**record).clone());
            }
            LeadEvent::ReadingWebsite(_) => {
                state.website_asked = true;
                if !state.phase.is_settled() {
                    state.phase = LeadPhase::Enriching;
                }
            }
            LeadEvent::Reopened => state.phase = LeadPhase::New,
            LeadEvent::Read(reading) => state.website = Some((**reading).clone()),
            LeadEvent::AskedMarket => {
                if !state.phase.is_settled() {
                    state.phase = LeadPhase::AwaitsPriors;
                }
            }
            LeadEvent::PriorsKnown(priors) => state.priors = Some((**priors).clone()),
            LeadEvent::Judged(judged) => {
                state
                    .judgement
                    .assessed(judged.assessment.clone(), judged.at);
                state.score = judged.score;
                state.reasons.clone_from(&judged.reasons);
                state.tier.clone_from(&judged.tier);
                state.services.clone_from(&judged.services);
                if !state.phase.is_settled() {
                    state.phase = judged.phase.clone();
                }
            }
            LeadEvent::Overruled(word) => state.judgement.overridden(word.clone()),
            LeadEvent::OverruleWithdrawn { by, at } => state.judgement.withdrawn(by.clone(), *at),
            LeadEvent::HandedOver { occurrence, deal } => {
                state.occurrence = *occurrence;
                state.phase = LeadPhase::HandedOver { deal: *deal };
            }
            LeadEvent::Closed { won, reason } => {
                state.phase = if *won {
                    LeadPhase::Client
                } else {
                    LeadPhase::Lost {
                        reason: reason.clone(),
                    }
                };
            }
            LeadEvent::SpendAsked { key, step } => {
                state.progress.under_way = Some((key.clone(), step.clone()));
                state.phase = LeadPhase::Enriching;
            }
            LeadEvent::SpendDenied { at, .. } => {
                if let Some((_, step)) = state.progress.under_way.take() {
                    state.progress.denied.push((step.source, *at));
                }
            }
            LeadEvent::Calling { key, step, at } => {
                for field in &step.fields {
                    let asked = (step.source.clone(), *field, *at);
                    state.progress.asked.push(asked);
                }
                state.progress.calls.insert(key.clone(), step.price);
                state.progress.under_way = Some((key.clone(), step.clone()));
                state.phase = LeadPhase::Enriching;
            }
            LeadEvent::Enriched { key, accepted } => {
                state.progress.under_way = None;
                state.progress.calls.insert(key.clone(), accepted.took);
                state.found.extend(accepted.found.iter().cloned());
            }
            LeadEvent::NotEnriched { key, .. } => {
                state.progress.under_way = None;
                state.progress.calls.insert(key.clone(), Price::Free);
            }
            LeadEvent::PassedOver(passed) => state.progress.passed.clone_from(passed),
            LeadEvent::Corrected(found) => state.found.push((**found).clone()),
            LeadEvent::Resembles(other) => {
                state.resembles.retain(|known| known.lead != other.lead);
                state.resembles.push(other.clone());
            }
            LeadEvent::JoinedInto { lead, .. } => state.phase = LeadPhase::Joined { into: *lead },
        }
        state
    }

    fn index(state: &LeadState) -> Vec<IndexEntry> {
        let mut entries = vec![
            IndexEntry::new(
                "score",
                vec![
                    IndexPart::Int(state.score),
                    IndexPart::Text(state.phase.word().to_owned()),
                ],
            ),
            IndexEntry::new(
                "phase",
                vec![IndexPart::Text(state.phase.word().to_owned())],
            ),
        ];
        for record in state.records.iter().filter(|r| !r.is_erased()) {
            for key in &record.match_keys {
                let entry = IndexEntry::new("match", vec![IndexPart::Text(key.clone())]);
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn unsettled(effect: LeadEffect, how: Unsettled) -> LeadInput {
        match effect {
            LeadEffect::ReadWebsite { .. } => LeadInput::NotRead(how),
            LeadEffect::Enrich { key, .. } => LeadInput::NotEnriched { key, how },
        }
    }

    fn receive(record: &Record<'_>) -> Result<LeadInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "priors" => Ok(LeadInput::Priors(Box::new(handoff::read(
                name, version, body,
            )?))),
            "deal-closed" => Ok(LeadInput::Closed(Box::new(handoff::read(
                name, version, body,
            )?))),
            "spend-answer" => handoff::read(name, version, body).map(LeadInput::Spend),
            "lead-joined" => Ok(LeadInput::Joined(Box::new(handoff::read(
                name, version, body,
            )?))),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a lead knows no contract `{name}`"))),
        }
    }

    fn business(state: &LeadState) -> Value {
        json!({
            "records": state.records.iter().map(|r| r.natural_key()).collect::<Vec<_>>(),
            "verdict": state.judgement.verdict(),
            "score": state.score,
            "services": state.services.iter().map(|s| &s.service).collect::<Vec<_>>(),
            "phase": state.phase,
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("lead events have no version {version}")))
    }
}

/// A name of a fact of our own.
pub(crate) fn fact_name(name: &'static str) -> Option<FactName> {
    FactName::parse(name).ok()
}

/// The channel this version writes by.
pub(crate) const CHANNEL: Channel = Channel::Email;
