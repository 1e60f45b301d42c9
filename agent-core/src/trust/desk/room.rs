use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};

use super::caps::Scope;
use super::{
    Answer, Cx, Desk, DeskEvent, DeskInput, DeskState, PlaceRecord, Slot, WideSuppression,
};
use crate::orchestration::Lane;
use crate::party::DomainName;
use crate::process::{Bug, Decision, ProcessKey, bug};
use crate::time::{Calendar, SendWindow, Timestamp, Zone, zones_for};
use crate::trust::contracts::grant_life;
use crate::trust::{AskSlot, Breaker, DeskNews, LetterClass, SlotAnswer, SlotVerdict, Withdraw};

pub(super) fn slot_key(recipient: &ProcessKey, intent: &str) -> String {
    format!("{} {intent}", recipient.id())
}

pub(super) fn asked(
    state: &DeskState,
    recipient: &ProcessKey,
    ask: &AskSlot,
    cx: &Cx<'_>,
) -> Answer {
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
pub(super) fn suppress(state: &DeskState, wide: &WideSuppression, cx: &Cx<'_>) -> Decision<Desk> {
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
pub(super) fn shared(domain: &str, cx: &Cx<'_>) -> bool {
    cx.policy().shared_domains.contains(domain)
        || DomainName::parse(domain).is_ok_and(|name| name.is_free_mail())
}

pub(super) fn counted_scopes(ask: &AskSlot, cx: &Cx<'_>) -> Vec<Scope> {
    ask.scopes
        .iter()
        .filter(|scope| match scope {
            Scope::RecipientDomain(domain) | Scope::Company(domain) => !shared(domain, cx),
            _ => true,
        })
        .cloned()
        .collect()
}

pub(super) fn window(ask: &AskSlot) -> SendWindow {
    let zones = ask
        .zone
        .as_deref()
        .and_then(|name| Zone::parse(name).ok())
        .map_or_else(|| zones_for(ask.country, None).0, |zone| vec![zone]);
    SendWindow::office_hours(zones, Calendar::of(ask.country))
}

/// The first instant at which the window is open, no cap is reached and the mailbox has rested.
pub(super) fn first_free(
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

pub(super) fn zone(cx: &Cx<'_>) -> Zone {
    cx.policy().zone.unwrap_or(Zone::UTC)
}

pub(super) fn day_of(cx: &Cx<'_>, at: Timestamp) -> NaiveDate {
    zone(cx).date(at)
}

pub(super) fn start_of(cx: &Cx<'_>, day: NaiveDate, after: Timestamp) -> Timestamp {
    zone(cx)
        .instant(day, chrono::NaiveTime::MIN)
        .max(after + Duration::minutes(1))
}

pub(super) fn heard(state: &DeskState, news: &DeskNews, cx: &Cx<'_>) -> Decision<Desk> {
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

pub(super) fn withdraw(
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

pub(super) fn free(state: &mut DeskState, slot: &str) {
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
pub(super) fn forget(state: &mut DeskState, today: NaiveDate) {
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
