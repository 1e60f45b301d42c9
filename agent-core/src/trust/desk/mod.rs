mod caps;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::Action;
use crate::error::{PortError, PortErrorKind};
use crate::handoff;
use crate::party::Channel;
use crate::process::{
    Context, Decision, IndexEntry, NoEffects, Process, ProcessKey, Record, Refusal, Unsettled,
};
use crate::time::{Timestamp, Zone};
use crate::trust::{
    AskSlot, BreakerLimits, DeskNews, LeaveCompany, LetterClass, SlotDone, Tally, Trip,
};
pub use caps::{Caps, Scope};
use room::{asked, forget, free, heard, shared, slot_key, suppress, withdraw};

/// The tenant's desk: caps, windows, kill switch, and what is suppressed beyond one person.
#[derive(Clone, Copy, Debug)]
pub enum Desk {}

/// What people set for the desk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeskPolicy {
    /// Letters a day.
    pub caps: Caps,
    /// When bad news stops a mailbox.
    pub breaker: BreakerLimits,
    /// The zone in which the sender's days are counted.
    pub zone: Option<Zone>,
    /// Domains whose mailboxes have nothing to do with each other, besides the free-mail
    /// providers that are known anyway.
    pub shared_domains: BTreeSet<String>,
}

/// A suppression that reaches beyond one address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WideSuppression {
    /// Whom it covers.
    pub scope: Scope,
    /// Why.
    pub reason: String,
}

/// What the desk knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DeskState {
    slots: BTreeMap<String, Slot>,
    counts: BTreeMap<NaiveDate, BTreeMap<String, u32>>,
    mailboxes: BTreeMap<String, BTreeSet<Timestamp>>,
    tallies: BTreeMap<String, Tally>,
    paused: BTreeMap<String, Trip>,
    wide: BTreeSet<WideSuppression>,
    stopped: BTreeSet<Channel>,
    all_stopped: bool,
}

impl DeskState {
    /// Letters of `scope` on `day`, kept places included.
    #[must_use]
    pub fn count(&self, scope: &Scope, day: NaiveDate) -> u32 {
        self.counts
            .get(&day)
            .and_then(|scopes| scopes.get(&scope.key()))
            .copied()
            .unwrap_or(0)
    }

    /// Places that are kept or granted and not done with.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.slots.len()
    }

    /// Mailboxes that bad news stopped, with the numbers.
    #[must_use]
    pub fn paused(&self) -> &BTreeMap<String, Trip> {
        &self.paused
    }

    /// Whether the kill switch is on for `channel`.
    #[must_use]
    pub fn is_stopped(&self, channel: Channel) -> bool {
        self.all_stopped || self.stopped.contains(&channel)
    }

    /// What is suppressed beyond one address.
    #[must_use]
    pub fn wide(&self) -> &BTreeSet<WideSuppression> {
        &self.wide
    }

    fn covering(&self, scopes: &[Scope]) -> Option<&WideSuppression> {
        self.wide.iter().find(|wide| {
            scopes.iter().any(|scope| match (scope, &wide.scope) {
                (
                    Scope::Company(a) | Scope::RecipientDomain(a),
                    Scope::Company(b) | Scope::RecipientDomain(b),
                ) => a == b,
                (a, b) => a == b,
            })
        })
    }
}

/// A place that is kept or granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    recipient: ProcessKey,
    intent: String,
    attempt: u32,
    class: LetterClass,
    channel: Channel,
    scopes: Vec<Scope>,
    at: Timestamp,
    day: NaiveDate,
    granted: bool,
    withdrawn: bool,
}

/// What can happen to the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeskInput {
    /// A recipient wants a place.
    Ask {
        /// Who.
        recipient: ProcessKey,
        /// What.
        ask: AskSlot,
    },
    /// A recipient is done with one.
    Done {
        /// Who.
        recipient: ProcessKey,
        /// Which.
        done: SlotDone,
    },
    /// Something came back from a person.
    News(DeskNews),
    /// A kept place was not claimed.
    KeptTooLong {
        /// Which.
        slot: String,
        /// Since when.
        at: Timestamp,
    },
    /// A company, domain or list is not written to any more.
    Suppress(WideSuppression),
    /// A client asked for it in a running sale.
    Leave(LeaveCompany),
    /// The kill switch, for one channel or all.
    Stop(Option<Channel>),
    /// Its release.
    Resume(Option<Channel>),
}

/// What the desk records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeskEvent {
    /// A place is kept for later or granted now.
    Placed {
        /// Which.
        slot: String,
        /// All of it.
        place: Box<PlaceRecord>,
    },
    /// A kept place was granted.
    Granted {
        /// Which.
        slot: String,
        /// Which booking of the recipient.
        attempt: u32,
    },
    /// A place is free again or was used.
    Done {
        /// Which.
        slot: String,
        /// Whether a letter left on it.
        used: bool,
        /// When.
        at: Timestamp,
    },
    /// A place was taken back and waits for acknowledgement.
    Withdrawn {
        /// Which.
        slot: String,
    },
    /// Something came back from a person.
    Heard(DeskNews),
    /// Bad news stopped a mailbox.
    Paused {
        /// Which.
        mailbox: String,
        /// The numbers.
        trip: Trip,
    },
    /// A company, domain or list is suppressed.
    Suppressed(WideSuppression),
    /// The kill switch went on.
    Stopped(Option<Channel>),
    /// The kill switch went off.
    Resumed(Option<Channel>),
}

/// A place as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRecord {
    slot: Slot,
}

type Cx<'a> = Context<'a, DeskPolicy>;
type Answer = Result<Decision<Desk>, Refusal>;

impl Process for Desk {
    const KIND: &'static str = "desk";
    const STATE_VERSION: u32 = 2;
    const EVENT_VERSION: u32 = 1;

    type State = DeskState;
    type Input = DeskInput;
    type Event = DeskEvent;
    type Effect = NoEffects;
    type Policy = DeskPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            DeskInput::Ask { .. } => Action::Propose,
            DeskInput::Suppress(_) => Action::Suppress,
            DeskInput::Stop(_) => Action::StopSending,
            DeskInput::Resume(_) => Action::ResumeSending,
            DeskInput::Done { .. }
            | DeskInput::News(_)
            | DeskInput::Leave(_)
            | DeskInput::KeptTooLong { .. } => Action::Progress,
        }
    }

    fn decide(state: &DeskState, input: &DeskInput, cx: &Cx<'_>) -> Answer {
        match input {
            DeskInput::Ask { recipient, ask } => asked(state, recipient, ask, cx),
            DeskInput::Done { recipient, done } => {
                let slot = slot_key(recipient, &done.intent);
                Ok(match state.slots.get(&slot) {
                    Some(s) if s.attempt == done.attempt => {
                        Decision::nothing().event(DeskEvent::Done {
                            slot,
                            used: done.used,
                            at: cx.now(),
                        })
                    }
                    _ => Decision::nothing(),
                })
            }
            DeskInput::News(news) => Ok(heard(state, news, cx)),
            DeskInput::KeptTooLong { slot, at } => Ok(match state.slots.get(slot) {
                Some(s) if s.at == *at && !s.granted => {
                    Decision::nothing().event(DeskEvent::Done {
                        slot: slot.clone(),
                        used: false,
                        at: cx.now(),
                    })
                }
                _ => Decision::nothing(),
            }),
            DeskInput::Suppress(wide) => Ok(suppress(state, wide, cx)),
            DeskInput::Leave(leave) => {
                let domain = leave.company.as_str().to_owned();
                if shared(&domain, cx) {
                    // Its mailboxes have nothing to do with each other.
                    return Ok(Decision::nothing());
                }
                let wide = WideSuppression {
                    scope: Scope::Company(domain),
                    reason: leave.reason.clone(),
                };
                Ok(suppress(state, &wide, cx))
            }
            DeskInput::Stop(channel) => Ok(Decision::nothing()
                .event(DeskEvent::Stopped(*channel))
                .and(withdraw(
                    state,
                    cx,
                    "TRUST-15",
                    "the kill switch is on",
                    |s| channel.is_none_or(|c| c == s.channel),
                ))),
            DeskInput::Resume(channel) => {
                if !cx.actor().is_person() {
                    return Err(Refusal::new(
                        "I14",
                        "only a person may release the kill switch",
                    ));
                }
                Ok(Decision::nothing().event(DeskEvent::Resumed(*channel)))
            }
        }
    }

    fn apply(mut state: DeskState, event: &DeskEvent) -> DeskState {
        match event {
            DeskEvent::Placed { slot, place } => {
                let place = &place.slot;
                free(&mut state, slot);
                let counts = state.counts.entry(place.day).or_default();
                for scope in &place.scopes {
                    *counts.entry(scope.key()).or_default() += 1;
                }
                for scope in &place.scopes {
                    if let Scope::Mailbox(mailbox) = scope
                        && place.class == LetterClass::Marketing
                    {
                        state
                            .mailboxes
                            .entry(mailbox.clone())
                            .or_default()
                            .insert(place.at);
                    }
                }
                state.slots.insert(slot.clone(), place.clone());
                if place.granted {
                    // Only then is its day today: a place that is kept for a later day must not
                    // make the desk forget what this day has seen.
                    forget(&mut state, place.day);
                }
            }
            DeskEvent::Granted { slot, attempt } => {
                if let Some(found) = state.slots.get_mut(slot) {
                    found.granted = true;
                    found.attempt = *attempt;
                }
            }
            DeskEvent::Done { slot, used, at } => {
                if *used {
                    if let Some(done) = state.slots.remove(slot) {
                        for scope in &done.scopes {
                            if let Scope::Mailbox(mailbox) = scope {
                                state.tallies.entry(mailbox.clone()).or_default().sent(*at);
                            }
                        }
                    }
                } else {
                    free(&mut state, slot);
                }
            }
            DeskEvent::Withdrawn { slot } => {
                if let Some(found) = state.slots.get_mut(slot) {
                    found.withdrawn = true;
                }
            }
            DeskEvent::Heard(news) => {
                for scope in &news.scopes {
                    if let Scope::Mailbox(mailbox) = scope {
                        let tally = state.tallies.entry(mailbox.clone()).or_default();
                        tally.news(&news.news, news.at);
                    }
                }
            }
            DeskEvent::Paused { mailbox, trip } => {
                state.paused.insert(mailbox.clone(), trip.clone());
            }
            DeskEvent::Suppressed(wide) => {
                state.wide.insert(wide.clone());
            }
            DeskEvent::Stopped(channel) => match channel {
                Some(channel) => {
                    state.stopped.insert(*channel);
                }
                None => state.all_stopped = true,
            },
            DeskEvent::Resumed(channel) => match channel {
                Some(channel) => {
                    state.stopped.remove(channel);
                }
                None => {
                    state.all_stopped = false;
                    state.stopped.clear();
                }
            },
        }
        state
    }

    fn index(_state: &DeskState) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(effect: NoEffects, _how: Unsettled) -> DeskInput {
        match effect {}
    }

    fn receive(record: &Record<'_>) -> Result<DeskInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        let recipient = record.sender.clone();
        match name {
            "ask-slot" => Ok(DeskInput::Ask {
                recipient,
                ask: handoff::read(name, version, body)?,
            }),
            "slot-done" => Ok(DeskInput::Done {
                recipient,
                done: handoff::read(name, version, body)?,
            }),
            "leave-company" => handoff::read(name, version, body).map(DeskInput::Leave),
            "desk-news" => handoff::read(name, version, body).map(DeskInput::News),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("the desk knows no contract `{name}`"))),
        }
    }

    fn business(state: &DeskState) -> Value {
        // Places and counts follow from when a letter was tried; what people decided remains.
        json!({
            "wide": state.wide,
            "stopped": state.stopped,
            "all_stopped": state.all_stopped,
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("desk events have no version {version}")))
    }
}
