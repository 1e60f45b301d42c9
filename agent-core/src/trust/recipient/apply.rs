use super::messages::RecipientEvent;
use super::{Phase, RecipientState};
use crate::trust::{LetterClass, News, SuppressionClass};

pub(super) fn applied(mut state: RecipientState, event: &RecipientEvent) -> RecipientState {
    let mut phase = |intent: &str, phase: Phase| {
        if let Some(found) = state.intents.get_mut(intent) {
            let open = matches!(
                phase,
                Phase::AwaitsApproval { .. }
                    | Phase::AwaitsSlot
                    | Phase::Booked { .. }
                    | Phase::Stopping { .. }
            );
            if !open {
                found.draft = None;
            }
            found.phase = phase;
        }
    };
    match event {
        RecipientEvent::Asked {
            intent,
            record,
            address,
        } => {
            let opt_out = record.draft.iter().flat_map(|d| &d.letter.notices.opt_out);
            state.opt_outs.extend(opt_out.map(|o| o.token().to_owned()));
            state.intents.insert(intent.clone(), (**record).clone());
            state.address = Some(address.clone());
        }
        RecipientEvent::Refused {
            intent, findings, ..
        } => {
            let rule = findings
                .first()
                .map_or_else(String::new, |f| f.rule.clone());
            phase(intent, Phase::Refused { rule });
        }
        RecipientEvent::Approved { intent, approval } => {
            state.approvals.insert(intent.clone(), approval.clone());
            phase(intent, Phase::AwaitsSlot);
        }
        RecipientEvent::Booked {
            intent,
            attempt,
            expires,
        } => {
            phase(intent, Phase::Booked { expires: *expires });
            if let Some(found) = state.intents.get_mut(intent) {
                found.attempt = *attempt;
            }
        }
        RecipientEvent::Returned { intent } => phase(intent, Phase::AwaitsSlot),
        RecipientEvent::Deferred { intent, until } => {
            phase(intent, Phase::Deferred { until: *until });
        }
        RecipientEvent::Stopping { intent, rule, why } => phase(
            intent,
            Phase::Stopping {
                rule: rule.clone(),
                why: why.clone(),
            },
        ),
        RecipientEvent::Dropped { intent, rule } => {
            phase(intent, Phase::Refused { rule: rule.clone() });
        }
        RecipientEvent::Sent {
            intent,
            at,
            message_id,
            ..
        } => {
            phase(
                intent,
                Phase::Sent {
                    at: *at,
                    message_id: message_id.clone(),
                },
            );
            state.first_contact.get_or_insert(*at);
            if let Some(approval) = state.approvals.get_mut(intent) {
                approval.used = true;
            }
            let marketing = state
                .intents
                .get(intent)
                .is_some_and(|i| i.class == LetterClass::Marketing);
            if marketing {
                state.marketing_sent.push(*at);
            }
        }
        RecipientEvent::Failed { intent, .. } => phase(intent, Phase::Failed),
        RecipientEvent::Suppressed(suppression) => {
            let known = state
                .suppressions
                .iter()
                .any(|s| s.class == suppression.class && s.reason == suppression.reason);
            if !known {
                state.suppressions.push(suppression.clone());
            }
        }
        RecipientEvent::Heard { news, address, .. } => {
            if *news == News::Reply && state.address.is_none() {
                state.address = Some(address.clone());
            }
        }
        RecipientEvent::Inquired { at } => {
            state.inquiry = state.inquiry.max(Some(*at));
        }
        RecipientEvent::Consented(consent) => {
            state
                .suppressions
                .retain(|s| s.class != SuppressionClass::Marketing);
            state.consents.push(consent.clone());
        }
        RecipientEvent::BecameCustomer { at } => state.customer = Some(*at),
    }
    if let RecipientEvent::Suppressed(s) = event
        && s.class == SuppressionClass::Marketing
    {
        // A no withdraws every earlier yes; what was agreed to stays on record.
        let mut consents = std::mem::take(&mut state.consents);
        state.withdrawn.append(&mut consents);
    }
    state
}
