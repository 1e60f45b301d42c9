use std::collections::BTreeSet;

use super::messages::{RecipientEvent, RecipientInput};
use super::{Answer, Cx, Phase, Recipient, RecipientState, desk, drop_it, stop};
use crate::process::{Bug, Decision, bug};
use crate::trust::{DeskNews, Heard, LetterClass, News, Suppression, SuppressionClass};

pub(super) fn received(state: &RecipientState, input: &RecipientInput, cx: &Cx<'_>) -> Answer {
    let RecipientInput::Received {
        news,
        address,
        answers,
        text,
        message_id,
        source,
        until,
    } = input
    else {
        return Ok(Decision::nothing());
    };
    let sent_under = |id: &String| {
        state
            .intents
            .iter()
            .find(|(_, i)| matches!(&i.phase, Phase::Sent { message_id, .. } if message_id == id))
    };
    // Without a thread, news is about the latest letter.
    let latest = || {
        state
            .intents
            .iter()
            .filter_map(|(name, i)| match &i.phase {
                Phase::Sent { at, .. } => Some((*at, name, i)),
                _ => None,
            })
            .max_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)))
            .map(|(_, name, i)| (name, i))
    };
    let about = answers.as_ref().and_then(sent_under).or_else(latest);
    let mut decision = Decision::nothing().event(RecipientEvent::Heard {
        news: news.clone(),
        intent: about.map(|(name, _)| name.clone()),
        address: address.clone(),
    });
    // Who writes without a letter of ours to answer asks of their own accord. An answer is none:
    // it may say no, and what it says is for the asker to read.
    if *news == News::Reply && about.is_none() && answers.is_none() {
        decision = decision.event(RecipientEvent::Inquired { at: cx.now() });
    }
    if let Some(class) = news.suppression() {
        decision = decision.and(suppressed(state, class, news.word(), source, cx));
    }
    if let Some((_, intent)) = about {
        decision = decision.tell(
            desk(cx),
            cx.step("news"),
            &DeskNews {
                news: news.clone(),
                at: cx.now(),
                scopes: intent.scopes.clone(),
            },
        );
    }
    let heard = |step: Option<String>| Heard {
        news: news.clone(),
        step,
        at: cx.now(),
        text: text.clone(),
        message_id: message_id.clone(),
        until: *until,
    };
    let mut askers = BTreeSet::new();
    if let Some((_, intent)) = about {
        askers.insert(intent.asker.clone());
        decision = decision.tell(
            intent.asker.clone(),
            cx.step("heard"),
            &heard(Some(intent.step.clone())),
        );
    }
    if news.suppression().is_some() {
        // Everybody who writes to this address must know.
        for intent in state.intents.values() {
            if askers.insert(intent.asker.clone()) {
                decision = decision.tell(intent.asker.clone(), cx.step("heard"), &heard(None));
            }
        }
    }
    Ok(decision)
}

/// A person said no for themselves by a way of their own: what is on its way is off, and everybody
/// who writes to the address is told.
pub(super) fn objected(
    state: &RecipientState,
    class: Option<SuppressionClass>,
    reason: &str,
    source: &str,
    cx: &Cx<'_>,
) -> Decision<Recipient> {
    let Some(class) = class else {
        return Decision::nothing();
    };
    let askers: BTreeSet<_> = state.intents.values().map(|i| &i.asker).collect();
    askers.into_iter().fold(
        suppressed(state, class, reason, source, cx),
        |decision, asker| {
            let heard = Heard {
                news: News::Objection,
                step: None,
                at: cx.now(),
                text: None,
                message_id: None,
                until: None,
            };
            decision.tell(asker.clone(), cx.step("heard"), &heard)
        },
    )
}

/// The suppression, and the end of every letter that it stops and that has not started.
fn suppressed(
    state: &RecipientState,
    class: SuppressionClass,
    reason: &str,
    source: &str,
    cx: &Cx<'_>,
) -> Decision<Recipient> {
    let mut decision = Decision::nothing().event(RecipientEvent::Suppressed(Suppression {
        class,
        reason: reason.to_owned(),
        at: cx.now(),
        source: source.to_owned(),
    }));
    let why = format!("{reason} at {}", cx.now().date_naive());
    for (name, intent) in &state.intents {
        if class == SuppressionClass::Marketing && intent.class != LetterClass::Marketing {
            continue;
        }
        decision = decision.and(match intent.phase {
            Phase::AwaitsApproval { .. } | Phase::AwaitsSlot => {
                drop_it(name, intent, "CS-6a", &why, cx)
            }
            Phase::Booked { .. } if !bug(Bug::OptOutKeepsSends) => {
                stop(name, intent.attempt, "CS-6a", &why)
            }
            _ => Decision::nothing(),
        });
    }
    decision
}
