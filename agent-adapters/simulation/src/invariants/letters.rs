use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Host, Process, ProcessKey};
use dealwright_core::time::{Calendar, SendWindow, Timestamp, Zone, zones_for};
use dealwright_core::trust::{LetterClass, Phase, Recipient, RecipientEvent, RecipientState};
use dealwright_discovery::lead::Lead;

use crate::world::again;
use crate::{BookedLetter, MailBooks};

const CLASSES: [LetterClass; 3] = [
    LetterClass::Marketing,
    LetterClass::Answer,
    LetterClass::Service,
];

/// I2, I3: each step once to each person, and every letter with all it needs.
pub(super) fn complete_and_once(violations: &mut Vec<String>, books: &MailBooks) {
    let mut steps: BTreeMap<(String, String), u32> = BTreeMap::new();
    for booked in books.letters().values() {
        let letter = &booked.letter;
        let to = letter.to.reveal(Purpose::Contact).identity_key();
        *steps.entry((to, letter.intent())).or_default() += booked.deliveries;
        let text = letter.text();
        let mut lacks = Vec::new();
        if !letter.sender.postal.iter().all(|line| text.contains(line)) {
            lacks.push("the postal address");
        }
        let disclosed = letter.notices.ai.as_ref();
        if letter.made_by_ai && !disclosed.is_some_and(|ai| text.contains(ai.as_str())) {
            lacks.push("that an AI wrote it");
        }
        if text.contains("{{") {
            lacks.push("the words for a variable");
        }
        if letter.class == LetterClass::Marketing {
            // One click by RFC 8058 needs an HTTPS address that names the recipient by itself.
            let out = letter.notices.opt_out.as_ref();
            if !out.is_some_and(|o| o.url.starts_with("https://") && text.contains(&o.url)) {
                lacks.push("a one-click way out");
            }
        }
        if !lacks.is_empty() {
            violations.push(format!(
                "I3: {} lacks {}",
                letter.message_id,
                lacks.join(", ")
            ));
        }
    }
    for ((_, intent), count) in steps {
        if count > 1 {
            violations.push(format!("I2: {intent} was delivered {count} times"));
        }
    }
}

/// I15: nobody is written to whose address came from anywhere but our own records.
pub(super) async fn to_people_we_know(
    violations: &mut Vec<String>,
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
    books: &MailBooks,
) -> Result<(), PortError> {
    let mut known = BTreeSet::new();
    for key in keys.iter().filter(|k| k.kind() == "lead") {
        let Some((_, state)) = again(|| host.state::<Lead>(key)).await? else {
            continue;
        };
        let profile = state.profile();
        let records = state.records().iter().filter_map(|r| r.email.as_ref());
        for email in records {
            known.insert(email.reveal(Purpose::Matching).identity_key());
        }
        if let Some(choice) = profile.email.choose() {
            known.insert(
                choice
                    .value()
                    .value()
                    .reveal(Purpose::Matching)
                    .identity_key(),
            );
        }
    }
    for booked in books.letters().values() {
        let to = booked.letter.to.reveal(Purpose::Matching).identity_key();
        if !known.contains(&to) {
            violations.push(format!(
                "I15: {} went to somebody who is in no record",
                booked.letter.message_id
            ));
        }
    }
    Ok(())
}

/// I1, I2, I3, I14: what the provider took, against what the recipient's log allowed at the
/// instant of hand-over.
pub(super) async fn against_log(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
    sent: &[&BookedLetter],
) -> Result<(), PortError> {
    let mut state = RecipientState::default();
    let mut stopped: Vec<(Timestamp, [bool; 3])> = Vec::new();
    let mut windows: BTreeMap<String, SendWindow> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for envelope in host.store().history(key).await? {
        for event in host.events::<Recipient>(&envelope)? {
            match &event {
                RecipientEvent::Booked { intent, .. } => {
                    let class = state.intents().get(intent).map(|i| i.class);
                    if class.is_some_and(|class| state.is_suppressed(class)) {
                        violations.push(format!("I1: {key} booked {intent} after an opt-out"));
                    }
                }
                RecipientEvent::Asked { intent, record, .. } => {
                    if let Some(draft) = &record.draft {
                        let zone = draft.facts.zone.as_deref();
                        let zones = zone
                            .and_then(|name| Zone::parse(name).ok())
                            .map_or_else(|| zones_for(draft.facts.country, None).0, |z| vec![z]);
                        let calendar = Calendar::of(draft.facts.country);
                        windows.insert(intent.clone(), SendWindow::office_hours(zones, calendar));
                    }
                }
                RecipientEvent::Sent { intent, .. } => {
                    taken.insert(intent.clone());
                }
                RecipientEvent::Approved { intent, .. }
                    if !matches!(envelope.input.actor, Actor::Person(_)) =>
                {
                    violations.push(format!("I14: {intent} was approved by no person"));
                }
                _ => {}
            }
            state = Recipient::apply(state, &event);
        }
        let now = CLASSES.map(|class| state.is_suppressed(class));
        if stopped.last().is_none_or(|(_, before)| *before != now) {
            stopped.push((envelope.at, now));
        }
    }
    let mut first: BTreeMap<Timestamp, &str> = BTreeMap::new();
    for booked in sent {
        let letter = &booked.letter;
        let before = stopped.iter().rev().find(|(at, _)| *at < booked.at);
        let place = CLASSES.iter().position(|class| *class == letter.class);
        let barred = before
            .zip(place)
            .is_some_and(|((_, now), place)| now.get(place) == Some(&true));
        if barred {
            violations.push(format!(
                "I1: {} left after the person had opted out",
                letter.message_id
            ));
        }
        let intent = letter.intent();
        // What was delivered is sent, or its outcome is still to come: never failed or stopped.
        let over = state.intents().get(&intent).is_none_or(|i| {
            !matches!(
                i.phase,
                Phase::Sent { .. } | Phase::Booked { .. } | Phase::Stopping { .. }
            )
        });
        if over && !taken.contains(&intent) {
            violations.push(format!(
                "I2: {intent} was delivered, its log says it was not"
            ));
        }
        let open = windows.get(&intent).is_none_or(|w| w.is_open(booked.at));
        if letter.class == LetterClass::Marketing && !open {
            violations.push(format!(
                "I3: {} left outside the recipient's hours",
                letter.message_id
            ));
        }
        if letter.step == "touch-0" && letter.class == LetterClass::Marketing {
            first.insert(booked.at, letter.message_id.as_str());
        }
    }
    // Two first letters within a month are two campaigns at one person, whatever their names.
    for ((a, _), (b, id)) in first.iter().zip(first.iter().skip(1)) {
        if *b - *a < chrono::Duration::days(30) {
            violations.push(format!("I2: {id} is a second first letter to {key}"));
        }
    }
    Ok(())
}
