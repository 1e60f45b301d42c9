use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contracts::grant_life;
use super::{
    AskSlot, Breaker, BreakerLimits, DeskNews, LeaveCompany, LetterClass, SlotAnswer, SlotDone,
    SlotVerdict, Tally, Trip, Withdraw,
};
use crate::access::Action;
use crate::error::{PortError, PortErrorKind};
use crate::handoff;
use crate::orchestration::Lane;
use crate::party::{Channel, DomainName};
use crate::process::{
    Bug, Context, Decision, IndexEntry, NoEffects, Process, ProcessKey, Record, Refusal, Unsettled,
    bug,
};
use crate::time::{Calendar, SendWindow, Timestamp, Zone, zones_for};

/// The tenant's desk: caps, windows, kill switch, and what is suppressed beyond one person.
#[derive(Clone, Copy, Debug)]
pub enum Desk {}

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
    fn key(&self) -> String {
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
    fn of(&self, scope: &Scope, day: NaiveDate) -> Option<u32> {
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

fn slot_key(recipient: &ProcessKey, intent: &str) -> String {
    format!("{} {intent}", recipient.id())
}

fn asked(state: &DeskState, recipient: &ProcessKey, ask: &AskSlot, cx: &Cx<'_>) -> Answer {
    let now = cx.now();
    let slot = slot_key(recipient, &ask.intent);
    let answer = |verdict| {
        Decision::nothing().tell(
            recipient.clone(),
            cx.step(&ask.intent),
            &SlotAnswer {
                intent: ask.intent.clone(),
                attempt: ask.attempt,
                verdict,
            },
        )
    };
    let marketing = ask.class == LetterClass::Marketing;
    if marketing && let Some(wide) = state.covering(&ask.scopes) {
        return Ok(answer(SlotVerdict::Denied {
            rule: "CS-6a".to_owned(),
            why: wide.reason.clone(),
        }));
    }
    if state.is_stopped(ask.channel) {
        return Ok(answer(SlotVerdict::Deferred {
            until: now + Duration::hours(1),
            why: "the kill switch is on".to_owned(),
        }));
    }
    let paused = ask.scopes.iter().find_map(|scope| match scope {
        Scope::Mailbox(mailbox) => state.paused.get(mailbox).filter(|trip| trip.until > now),
        _ => None,
    });
    if marketing && let Some(trip) = paused {
        return Ok(answer(SlotVerdict::Deferred {
            until: trip.until,
            why: format!(
                "{} {} of {} letters: the mailbox rests",
                trip.count, trip.what, trip.of
            ),
        }));
    }
    let window = marketing.then(|| window(ask));
    if let Some(kept) = state.slots.get(&slot) {
        let open = window.as_ref().is_none_or(|w| w.is_open(now));
        // The recipient asks for the next booking only once the earlier one is proven not to have
        // been performed, so the place passes on.
        let passes_on = kept.granted && !kept.withdrawn && ask.attempt > kept.attempt;
        if kept.granted && !passes_on {
            // A booking that never came to an end, for example because its outcome is unknown:
            // its place stays counted, and nothing new is granted on it.
            return Ok(answer(SlotVerdict::Deferred {
                until: now + Duration::hours(1),
                why: "an earlier booking of the same letter is not settled".to_owned(),
            }));
        }
        if kept.at <= now && open && day_of(cx, now) == kept.day {
            return Ok(Decision::nothing()
                .event(DeskEvent::Granted {
                    slot,
                    attempt: ask.attempt,
                })
                .and(answer(SlotVerdict::Granted {
                    expires: now + grant_life(),
                })));
        }
        if kept.at > now {
            return Ok(answer(SlotVerdict::Deferred {
                until: kept.at,
                why: "a place is kept for then".to_owned(),
            }));
        }
    }
    let counted: Vec<Scope> = if marketing {
        counted_scopes(ask, cx)
    } else {
        Vec::new()
    };
    let (at, why) = match &window {
        Some(window) => first_free(state, &counted, window, cx),
        None => (now, String::new()),
    };
    let granted = at <= now;
    let scopes = if marketing {
        counted
    } else {
        // Letters that a contract needs are not capped, but the breakers count them.
        ask.scopes
            .iter()
            .filter(|s| matches!(s, Scope::Mailbox(_)))
            .cloned()
            .collect()
    };
    let place = Slot {
        recipient: recipient.clone(),
        intent: ask.intent.clone(),
        attempt: ask.attempt,
        class: ask.class,
        channel: ask.channel,
        scopes,
        at,
        day: day_of(cx, at),
        granted,
        withdrawn: false,
    };
    let placed = Decision::nothing().event(DeskEvent::Placed {
        slot: slot.clone(),
        place: Box::new(PlaceRecord { slot: place }),
    });
    Ok(if granted {
        placed.and(answer(SlotVerdict::Granted {
            expires: now + grant_life(),
        }))
    } else {
        placed
            .timer_in(
                Lane::Batch,
                cx.step(&slot),
                at + Duration::days(2),
                DeskInput::KeptTooLong { slot, at },
            )
            .and(answer(SlotVerdict::Deferred { until: at, why }))
    })
}

/// Marks whom no advertising may reach, and takes back what waits for them.
fn suppress(state: &DeskState, wide: &WideSuppression, cx: &Cx<'_>) -> Decision<Desk> {
    let alone = DeskState {
        wide: BTreeSet::from([wide.clone()]),
        ..DeskState::default()
    };
    let covered =
        |s: &Slot| alone.covering(&s.scopes).is_some() && s.class == LetterClass::Marketing;
    Decision::nothing()
        .event(DeskEvent::Suppressed(wide.clone()))
        .and(withdraw(state, cx, "CS-6a", &wide.reason, covered))
}

/// Whether mailboxes of a domain have nothing to do with each other.
fn shared(domain: &str, cx: &Cx<'_>) -> bool {
    cx.policy().shared_domains.contains(domain)
        || DomainName::parse(domain).is_ok_and(|name| name.is_free_mail())
}

fn counted_scopes(ask: &AskSlot, cx: &Cx<'_>) -> Vec<Scope> {
    ask.scopes
        .iter()
        .filter(|scope| match scope {
            Scope::RecipientDomain(domain) | Scope::Company(domain) => !shared(domain, cx),
            _ => true,
        })
        .cloned()
        .collect()
}

fn window(ask: &AskSlot) -> SendWindow {
    let zones = ask
        .zone
        .as_deref()
        .and_then(|name| Zone::parse(name).ok())
        .map_or_else(|| zones_for(ask.country, None).0, |zone| vec![zone]);
    SendWindow::office_hours(zones, Calendar::of(ask.country))
}

/// The first instant at which the window is open, no cap is reached and the mailbox has rested.
fn first_free(
    state: &DeskState,
    scopes: &[Scope],
    window: &SendWindow,
    cx: &Cx<'_>,
) -> (Timestamp, String) {
    let gap = Duration::seconds(i64::from(cx.policy().caps.gap_seconds));
    let mut at = cx.now();
    let mut why = String::new();
    if bug(Bug::CapsIgnored) {
        return (at, why);
    }
    // Each turn moves forward by a gap or a day, so this bounds the search at some 3 years.
    for _ in 0..1_000 {
        let open = window.next_open(at);
        if open > at {
            at = open;
            "outside the recipient's hours".clone_into(&mut why);
        }
        let day = day_of(cx, at);
        let full = scopes.iter().find(|scope| {
            cx.policy()
                .caps
                .of(scope, day)
                .is_some_and(|cap| state.count(scope, day) >= cap)
        });
        if let Some(scope) = full {
            at = start_of(cx, day.succ_opt().unwrap_or(day), at);
            why = format!("the day's letters of {} are spent", scope.key());
            continue;
        }
        let near = scopes.iter().find_map(|scope| match scope {
            Scope::Mailbox(mailbox) if gap > Duration::zero() => {
                state.mailboxes.get(mailbox).and_then(|taken| {
                    taken
                        .range((
                            std::ops::Bound::Excluded(at - gap),
                            std::ops::Bound::Excluded(at + gap),
                        ))
                        .next_back()
                        .copied()
                })
            }
            _ => None,
        });
        match near {
            Some(taken) => {
                at = taken + gap;
                "the mailbox rests between letters".clone_into(&mut why);
            }
            None => return (at, why),
        }
    }
    (at, why)
}

fn zone(cx: &Cx<'_>) -> Zone {
    cx.policy().zone.unwrap_or(Zone::UTC)
}

fn day_of(cx: &Cx<'_>, at: Timestamp) -> NaiveDate {
    zone(cx).date(at)
}

fn start_of(cx: &Cx<'_>, day: NaiveDate, after: Timestamp) -> Timestamp {
    zone(cx)
        .instant(day, chrono::NaiveTime::MIN)
        .max(after + Duration::minutes(1))
}

fn heard(state: &DeskState, news: &DeskNews, cx: &Cx<'_>) -> Decision<Desk> {
    let mut decision = Decision::nothing().event(DeskEvent::Heard(news.clone()));
    let breaker = Breaker::new(&cx.policy().breaker);
    for scope in &news.scopes {
        let Scope::Mailbox(mailbox) = scope else {
            continue;
        };
        let mut tally = state.tallies.get(mailbox).cloned().unwrap_or_default();
        tally.news(&news.news, news.at);
        let resting = state
            .paused
            .get(mailbox)
            .is_some_and(|t| t.until > cx.now());
        if let Some(trip) = breaker.trips(&tally, cx.now())
            && !resting
        {
            decision = decision.event(DeskEvent::Paused {
                mailbox: mailbox.clone(),
                trip,
            });
        }
    }
    decision
}

fn withdraw(
    state: &DeskState,
    cx: &Cx<'_>,
    rule: &str,
    why: &str,
    covered: impl Fn(&Slot) -> bool,
) -> Decision<Desk> {
    let mut decision = Decision::nothing();
    for (key, slot) in &state.slots {
        if slot.withdrawn || !covered(slot) {
            continue;
        }
        decision = if slot.granted {
            decision
                .event(DeskEvent::Withdrawn { slot: key.clone() })
                .tell_in(
                    Lane::Urgent,
                    slot.recipient.clone(),
                    cx.step(&slot.intent),
                    &Withdraw {
                        intent: slot.intent.clone(),
                        attempt: slot.attempt,
                        rule: rule.to_owned(),
                        why: why.to_owned(),
                    },
                )
        } else {
            decision.event(DeskEvent::Done {
                slot: key.clone(),
                used: false,
                at: cx.now(),
            })
        };
    }
    decision
}

fn free(state: &mut DeskState, slot: &str) {
    let Some(old) = state.slots.remove(slot) else {
        return;
    };
    if let Some(counts) = state.counts.get_mut(&old.day) {
        for scope in &old.scopes {
            if let Some(count) = counts.get_mut(&scope.key()) {
                *count = count.saturating_sub(1);
            }
        }
    }
    for scope in &old.scopes {
        if let Scope::Mailbox(mailbox) = scope
            && let Some(taken) = state.mailboxes.get_mut(mailbox)
        {
            taken.remove(&old.at);
        }
    }
}

/// Keeps what windows and caps still need: the state stays small however long it runs.
fn forget(state: &mut DeskState, today: NaiveDate) {
    let oldest_day = state
        .slots
        .values()
        .map(|s| s.day)
        .min()
        .unwrap_or(today)
        .min(today);
    let keep_from = oldest_day.pred_opt().unwrap_or(oldest_day);
    state.counts = state.counts.split_off(&keep_from);
    let Some(midnight) = keep_from.and_hms_opt(0, 0, 0) else {
        return;
    };
    for taken in state.mailboxes.values_mut() {
        *taken = taken.split_off(&midnight.and_utc());
    }
}
