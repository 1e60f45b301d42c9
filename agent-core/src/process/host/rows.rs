use serde_json::Value;

use super::{Handled, Shared};
use crate::error::{PortError, PortErrorKind, Retry};
use crate::orchestration::Lane;
use crate::process::decision::{CancelStep, Message};
use crate::process::{
    Actor, Bug, EffectClass, Envelope, Mark, Outcome, Process, ProcessKey, Record, Recorded,
    Stored, Tenant, Unsettled, Work, WorkKey, WorkKind, WorkResult, WorkState, bug, codec,
};
use crate::time::Timestamp;

pub(super) fn blank(
    key: WorkKey,
    kind: WorkKind,
    receiver: ProcessKey,
    tenant: &Tenant,
    due: Timestamp,
) -> Work {
    Work {
        key,
        kind,
        receiver,
        sender: None,
        step: String::new(),
        actor: Actor::System,
        lane: Lane::Normal,
        fairness: tenant.as_str().to_owned(),
        due,
        expires: None,
        class: EffectClass::Idempotent,
        attempt: 0,
        tries: 0,
        state: WorkState::Ready,
        held: false,
        lease: None,
        token: 0,
        started_at: None,
        contract: None,
        body: Value::Null,
        result: None,
        note: None,
    }
}

pub(super) fn message(
    s: &Shared,
    sender: &ProcessKey,
    message: Message,
    now: Timestamp,
) -> Result<Work, PortError> {
    let key = WorkKey::message(&message.receiver, sender, &message.step);
    let body = message
        .body
        .map_err(|e| PortError::new("encode message", PortErrorKind::Invalid).with_source(e))?;
    Ok(Work {
        sender: Some(sender.clone()),
        body: codec::seal(&*s.sealer, key.as_str(), body)?,
        step: message.step,
        lane: message.lane,
        contract: Some((message.contract.to_owned(), message.version)),
        ..blank(key, WorkKind::Message, message.receiver, &s.tenant, now)
    })
}

pub(super) fn cancelled(process: &ProcessKey, steps: &[CancelStep]) -> Vec<WorkKey> {
    steps
        .iter()
        .map(|step| match step {
            CancelStep::Effect(step, attempt) => WorkKey::effect(process, step, *attempt),
            CancelStep::Timer(step) => WorkKey::timer(process, step),
        })
        .collect()
}

pub(super) fn recorded<P: Process>(
    s: &Shared,
    process: &ProcessKey,
    events: &[P::Event],
) -> Result<Vec<Recorded>, PortError> {
    let place = process.to_string();
    events
        .iter()
        .map(|event| {
            Ok(Recorded {
                version: P::EVENT_VERSION,
                body: codec::encode(&*s.sealer, &place, event)?,
            })
        })
        .collect()
}

pub(super) fn read_input<P: Process>(s: &Shared, work: &Work) -> Result<P::Input, PortError> {
    let place = work.key.as_str();
    match work.kind {
        WorkKind::Input | WorkKind::Timer => codec::decode(&*s.sealer, place, &work.body),
        WorkKind::Message => {
            let lacking = || PortError::new("read message", PortErrorKind::Corrupt);
            let (contract, version) = work.contract.as_ref().ok_or_else(lacking)?;
            let body = codec::open(&*s.sealer, place, &work.body)?;
            P::receive(&Record {
                sender: work.sender.as_ref().ok_or_else(lacking)?,
                contract,
                version: *version,
                body: &body,
            })
        }
        WorkKind::Effect => match &work.result {
            Some(WorkResult::Done(body)) => codec::decode(&*s.sealer, place, body),
            Some(WorkResult::Unsettled(how)) => {
                let effect: P::Effect = codec::decode(&*s.sealer, place, &work.body)?;
                Ok(P::unsettled(effect, *how))
            }
            None => Err(PortError::new("read outcome", PortErrorKind::Corrupt)),
        },
    }
}

pub(super) async fn state_of<P: Process>(
    s: &Shared,
    key: &ProcessKey,
    stored: Stored,
) -> Result<P::State, PortError> {
    if stored.state_version == P::STATE_VERSION {
        return codec::decode_owned(&*s.sealer, &key.to_string(), stored.state);
    }
    let mut state = P::State::default();
    for envelope in s.store.history(key).await? {
        for event in events_of::<P>(s, &envelope)? {
            state = P::apply(state, &event);
        }
    }
    Ok(state)
}

pub(super) fn events_of<P: Process>(
    s: &Shared,
    envelope: &Envelope,
) -> Result<Vec<P::Event>, PortError> {
    let Outcome::Decided(events) = &envelope.outcome else {
        return Ok(Vec::new());
    };
    let place = envelope.process.to_string();
    events
        .iter()
        .map(|recorded| {
            let open = codec::open(&*s.sealer, &place, &recorded.body)?;
            let current = if recorded.version == P::EVENT_VERSION {
                open
            } else {
                P::upcast(recorded.version, open)?
            };
            serde::Deserialize::deserialize(current)
                .map_err(|e| PortError::new("read event", PortErrorKind::Corrupt).with_source(e))
        })
        .collect()
}

pub(super) async fn settle(
    s: &Shared,
    work: &Work,
    result: WorkResult,
    at: Timestamp,
) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Settled { result, at })
        .await
    {
        Ok(()) => Ok(Handled::Performed(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

/// What an error of a port means for the row.
pub(super) async fn fail(
    s: &Shared,
    work: &Work,
    error: &PortError,
    started: bool,
    now: Timestamp,
) -> Result<Handled, PortError> {
    if error.kind() == PortErrorKind::LeaseLost {
        return Ok(Handled::Lost(work.key.clone()));
    }
    let nothing_happened = matches!(
        error.kind(),
        PortErrorKind::Unavailable
            | PortErrorKind::RateLimited
            | PortErrorKind::Invalid
            | PortErrorKind::NotFound
            | PortErrorKind::PermissionDenied
            | PortErrorKind::Full
            | PortErrorKind::Conflict
    );
    // What an earlier try may have done, no later one undoes.
    let certain = (!started || nothing_happened) && work.started_at.is_none();
    let retry_timeout = bug(Bug::RetryTimeout);
    if !certain && work.class == EffectClass::AtMostOnce && !retry_timeout {
        return unknown(s, work, error.to_string()).await;
    }
    let asked = match error.retry() {
        Retry::Transient { after } => Some(after),
        // A timeout or an unexpected end is worth another try under the same key; a refusal of
        // the request itself is not.
        Retry::Never if nothing_happened => None,
        Retry::Never => Some(None),
    };
    let Some(wait) = asked.and_then(|asked| s.retry.wait(work.tries, asked)) else {
        if certain {
            return settle(s, work, WorkResult::Unsettled(Unsettled::Exhausted), now).await;
        }
        return match unknown(s, work, error.to_string()).await {
            // An idempotent effect that was never marked started cannot be told apart from one
            // that did not happen: it is given up.
            Err(_) => settle(s, work, WorkResult::Unsettled(Unsettled::Exhausted), now).await,
            told => told,
        };
    };
    let mark = Mark::Retry {
        due: now.checked_add_signed(wait).unwrap_or(now),
        certain,
        note: error.to_string(),
    };
    match s.store.mark(&work.key, work.token, mark).await {
        Ok(()) => Ok(Handled::Retried(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

pub(super) async fn unknown(s: &Shared, work: &Work, note: String) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Unknown { note })
        .await
    {
        Ok(()) => Ok(Handled::Unknown(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

pub(super) async fn quarantine(
    s: &Shared,
    work: &Work,
    note: String,
) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Quarantined { note })
        .await
    {
        Ok(()) => Ok(Handled::Quarantined(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

pub(super) fn lost_or(error: PortError, work: &Work) -> Result<Handled, PortError> {
    if error.kind() == PortErrorKind::LeaseLost {
        Ok(Handled::Lost(work.key.clone()))
    } else {
        Err(error)
    }
}
