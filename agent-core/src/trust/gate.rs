//! The one door out.

use serde::Deserialize;

use super::Sendable;
use super::payer::{ChargeEffect, Payer};
use super::payment::Charge;
use super::recipient::{Recipient, SendEffect};
use crate::error::{PortError, PortErrorKind};
use crate::process::{Bug, Lease, Process, bug};

/// Opens the gate for one booked letter: sets the fenced started mark and makes the [`Sendable`].
///
/// The letter comes from the committed effect itself, so that nothing but what a
/// [`Recipient`] booked can leave. An opt-out that was committed before this has cancelled the
/// effect, and the mark fails.
///
/// # Errors
///
/// `LeaseLost` where the effect was cancelled, has started or settled under somebody else;
/// `Invalid` where it is not a recipient's or has expired; those of the store.
pub async fn open(lease: Lease) -> Result<Sendable, PortError> {
    let effect: SendEffect = committed(&lease, Recipient::KIND)?;
    let store = lease.store.clone();
    if !bug(Bug::SendableWithoutStarted) {
        lease.start(&*store).await?;
    }
    Ok(Sendable {
        letter: effect.letter,
        key: lease.effect_key,
        opened_at: lease.now,
        first_started: lease.first_started,
    })
}

/// Opens the gate for one granted charge, in the same way.
///
/// # Errors
///
/// As [`open`].
pub async fn open_charge(lease: Lease) -> Result<Charge, PortError> {
    let effect: ChargeEffect = committed(&lease, Payer::KIND)?;
    let store = lease.store.clone();
    lease.start(&*store).await?;
    Ok(Charge {
        bill: effect.bill,
        key: lease.effect_key,
        opened_at: lease.now,
        first_started: lease.first_started,
    })
}

fn committed<'a, T: Deserialize<'a>>(lease: &'a Lease, kind: &str) -> Result<T, PortError> {
    let invalid =
        |what: &'static str| PortError::new("open gate", PortErrorKind::Invalid).with_source(what);
    if lease.process.kind() != kind {
        return Err(invalid("the lease is not this gate's"));
    }
    if lease.expires.is_some_and(|end| end <= lease.now) {
        return Err(invalid("the grant has expired"));
    }
    T::deserialize(&lease.body)
        .map_err(|e| PortError::new("open gate", PortErrorKind::Corrupt).with_source(e))
}
