use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
use dealwright_core::process::{Host, ProcessKey, WorkQuery, WorkState};
use dealwright_deals::deal::{Deal, DealEvent, DealStage, DealState};
use dealwright_delivery::project::{Project, ProjectEvent};
use dealwright_discovery::lead::{Lead, LeadEvent};
use dealwright_runtime::Agency;

use super::deal_state;
use crate::world::again;

/// I7: each sale of a lead has the next number.
pub(super) async fn lead(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
) -> Result<(), PortError> {
    let mut last = 0;
    for envelope in host.store().history(key).await? {
        for event in host.events::<Lead>(&envelope)? {
            if let LeadEvent::HandedOver { occurrence, .. } = event {
                if occurrence != last + 1 {
                    violations.push(format!("I7: sale {occurrence} of {key} follows {last}"));
                }
                last = occurrence;
            }
        }
    }
    Ok(())
}

/// I7: what ends once ends once, and in order.
pub(super) async fn deal(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
) -> Result<(), PortError> {
    let (mut accepted, mut signed, mut closed) = (0_u32, 0_u32, 0_u32);
    let mut milestones = BTreeSet::new();
    for envelope in host.store().history(key).await? {
        for event in host.events::<Deal>(&envelope)? {
            if closed > 0
                && matches!(
                    event,
                    DealEvent::Issued { .. }
                        | DealEvent::Accepted { .. }
                        | DealEvent::Signed { .. }
                        | DealEvent::InvoicePlaced { .. }
                        | DealEvent::Asked { .. }
                )
            {
                violations.push(format!("I7: {key} goes on after its end"));
            }
            match event {
                DealEvent::Accepted { .. } => accepted += 1,
                DealEvent::Signed { .. } => {
                    signed += 1;
                    if accepted == 0 {
                        violations.push(format!("I7: {key} was signed and never accepted"));
                    }
                }
                DealEvent::InvoicePlaced { .. } if signed == 0 => {
                    violations.push(format!("I7: {key} is invoiced before it is signed"));
                }
                DealEvent::MilestoneAccepted(told) if !milestones.insert(told.milestone) => {
                    violations.push(format!("I7: {} was accepted twice", told.milestone));
                }
                DealEvent::Closed(_) => closed += 1,
                _ => {}
            }
        }
    }
    for (what, count) in [("signed", signed), ("closed", closed)] {
        if count > 1 {
            violations.push(format!("I7: {key} was {what} {count} times"));
        }
    }
    Ok(())
}

/// I7: no work without a signed contract, nothing is handed over that was not released, nothing
/// is accepted that was not handed over; the end is the end.
pub(super) async fn project(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
) -> Result<(), PortError> {
    let mut released: BTreeSet<Digest32> = BTreeSet::new();
    let mut handed: BTreeMap<_, Digest32> = BTreeMap::new();
    let mut accepted = BTreeSet::new();
    let mut closed = false;
    for envelope in host.store().history(key).await? {
        for event in host.events::<Project>(&envelope)? {
            let work = matches!(
                event,
                ProjectEvent::TaskStarted { .. }
                    | ProjectEvent::Released(_)
                    | ProjectEvent::HandedOver { .. }
                    | ProjectEvent::MilestoneAccepted { .. }
                    | ProjectEvent::Closed { .. }
            );
            if closed && work {
                violations.push(format!("I7: {key} goes on after its end"));
            }
            match event {
                ProjectEvent::Opened { deal, .. } => {
                    let sold = host.key::<Deal>(deal.deal().to_string());
                    let state = deal_state(host, &sold).await?;
                    let signed = state.as_ref().and_then(DealState::signed);
                    let hash = deal.parts().contract_hash;
                    if signed.is_none_or(|(document, _, _)| Some(document) != hash) {
                        violations.push(format!("I7: {key} begins without its signed contract"));
                    }
                }
                ProjectEvent::Released(record) => {
                    released.insert(record.manifest().hash());
                }
                ProjectEvent::HandedOver {
                    milestone,
                    manifest,
                    contents,
                    ..
                } => {
                    if contents.iter().any(|hash| !released.contains(hash)) {
                        violations.push(format!("I7: {key} handed over what was not released"));
                    }
                    handed.insert(milestone, manifest);
                }
                ProjectEvent::MilestoneAccepted {
                    milestone,
                    manifest,
                    ..
                } if handed.get(&milestone) != Some(&manifest) || !accepted.insert(milestone) => {
                    violations.push(format!("I7: {milestone} was accepted out of turn"));
                }
                ProjectEvent::Closed { .. } => closed = true,
                _ => {}
            }
        }
    }
    Ok(())
}

/// I8: the bytes that were signed are there, and are the ones the contract was made of.
pub(super) async fn signed_bytes(
    violations: &mut Vec<String>,
    agency: &Agency,
    key: &ProcessKey,
    state: &DealState,
) -> Result<(), PortError> {
    let Some((document, _, _)) = state.signed() else {
        return Ok(());
    };
    match agency.blobs().get(document).await? {
        Some(bytes) if Digest32::of(&bytes) == document => {}
        Some(_) => violations.push(format!("I8: the signed contract of {key} has changed")),
        None => violations.push(format!("I8: the signed contract of {key} is lost")),
    }
    Ok(())
}

/// I16: what is not over waits for something: a row, a person, a client who was asked.
pub(super) async fn progress(
    violations: &mut Vec<String>,
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
) -> Result<(), PortError> {
    let mut waiting: BTreeSet<ProcessKey> = BTreeSet::new();
    for state in [
        WorkState::Ready,
        WorkState::Started,
        WorkState::Settled,
        WorkState::Unknown,
    ] {
        let query = WorkQuery {
            state: Some(state),
            n: usize::MAX,
            ..WorkQuery::default()
        };
        for work in host.store().works(query).await? {
            waiting.insert(work.receiver);
        }
    }
    for key in keys.iter().filter(|key| !waiting.contains(*key)) {
        let stuck = match key.kind() {
            "deal" => {
                let state = deal_state(host, key).await?;
                state.is_some_and(|s| {
                    let unpaid = s.invoices().values().any(|i| i.paid.is_none());
                    let with_delivery = s.stage() == DealStage::Won;
                    let waits = unpaid || with_delivery || asks(&s);
                    !waits && !s.stage().is_closed() && s.needs_person().is_none()
                })
            }
            "project" => {
                let state = again(|| host.state::<Project>(key)).await?;
                state.is_some_and(|(_, s)| {
                    let letter = s
                        .letters()
                        .values()
                        .any(|l| l.sent.is_none() && l.stopped.is_none());
                    s.closed().is_none() && s.needs_person().is_none() && !letter
                })
            }
            _ => false,
        };
        if stuck {
            violations.push(format!("I16: {key} is not over and waits for nothing"));
        }
    }
    Ok(())
}

/// Whether a letter was asked for whose fate the recipient's gate still has to tell.
fn asks(state: &DealState) -> bool {
    let open = |t: &dealwright_deals::deal::Touch| t.sent.is_none() && t.stopped.is_none();
    state.touches().values().any(open)
}
