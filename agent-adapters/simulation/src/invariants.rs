//! What must hold of a run, by the number of the invariant. The oracle reads the providers' own
//! books against the log, and decides every step of the log again.
//!
//! | checked here | by |
//! |---|---|
//! | I1, I2, I3, I15 | the mail provider's books against each recipient's log |
//! | I4, I5, I6 | quotes and terms recomputed, a ledger over the log, the payment provider's books |
//! | I7, I16 | every step decided again; ends are ends; nothing waits for nothing |
//! | I8 | the signed bytes, read back |
//! | I9, I10, I11, I13, I14, I17 | the feed, row by row |
//!
//! I12 needs an erasure, which has its own tests.

mod cases;
mod letters;
mod money;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::id::InvoiceId;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Host, ProcessKey, WorkQuery, WorkState};
use dealwright_core::trust::Recipient;
use dealwright_deals::deal::{Deal, DealState};
use dealwright_runtime::{Agency, CheckedBusiness};

use crate::world::again;
use crate::{BookedCharge, BookedLetter, MailBooks, MoneyBooks};

/// What does not hold of a run, by the number of the invariant.
///
/// # Errors
///
/// Those of the store.
pub async fn check_invariants(
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
    mail: &MailBooks,
    money: &MoneyBooks,
) -> Result<Vec<String>, PortError> {
    let mut violations = Vec::new();
    let mut by_recipient: BTreeMap<ProcessKey, Vec<&BookedLetter>> = BTreeMap::new();
    for booked in mail.letters().values() {
        let to = booked.letter.to.reveal(Purpose::Suppression);
        by_recipient
            .entry(host.recipient(to))
            .or_default()
            .push(booked);
    }
    letters::complete_and_once(&mut violations, mail);
    letters::to_people_we_know(&mut violations, host, keys, mail).await?;
    let mut by_invoice: BTreeMap<InvoiceId, Vec<&BookedCharge>> = BTreeMap::new();
    for booked in money.charges().values() {
        by_invoice
            .entry(booked.bill.invoice)
            .or_default()
            .push(booked);
    }
    let none = Vec::new();
    for key in keys {
        match key.kind() {
            "recipient" => {
                let sent = by_recipient.get(key).unwrap_or(&none);
                letters::against_log(&mut violations, host, key, sent).await?;
            }
            "payer" => money::payments(&mut violations, host, key, &by_invoice).await?,
            "lead" => cases::lead(&mut violations, host, key).await?,
            "deal" => cases::deal(&mut violations, host, key).await?,
            "project" => cases::project(&mut violations, host, key).await?,
            _ => {}
        }
        if again(|| host.redecide(key)).await?.is_some() {
            violations.push(format!(
                "I7: {key} decides otherwise when its log is replayed"
            ));
        }
    }
    money::conserved(&mut violations, host, keys, money).await?;
    cases::progress(&mut violations, host, keys).await?;
    rows::feed(&mut violations, host, &known_addresses(host, keys).await?).await?;
    quarantined(&mut violations, host).await?;
    Ok(violations)
}

/// As [`check_invariants`], and what needs the business and its documents: that every price and
/// term is what the rules give (I4), and that signed bytes are there (I8).
///
/// # Errors
///
/// Those of the store and of the documents.
pub async fn check_world(
    agency: &Agency,
    business: &CheckedBusiness,
    keys: &BTreeSet<ProcessKey>,
    mail: &MailBooks,
    money: &MoneyBooks,
) -> Result<Vec<String>, PortError> {
    let host = agency.host();
    let mut violations = check_invariants(host, keys, mail, money).await?;
    for key in keys.iter().filter(|k| k.kind() == "deal") {
        let Some(state) = deal_state(host, key).await? else {
            continue;
        };
        {
            // A certificate is checked by whoever does not share the mistakes of its maker.
            #[cfg(feature = "seeded-bugs")]
            let _sound = dealwright_core::process::Sound::begin();
            money::prices(&mut violations, key, &state, business);
        }
        cases::signed_bytes(&mut violations, agency, key, &state).await?;
    }
    Ok(violations)
}

async fn deal_state(host: &Host, key: &ProcessKey) -> Result<Option<DealState>, PortError> {
    Ok(again(|| host.state::<Deal>(key)).await?.map(|(_, s)| s))
}

/// Every address that was ever written to or heard from.
async fn known_addresses(
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
) -> Result<BTreeSet<String>, PortError> {
    let mut known = BTreeSet::new();
    for key in keys.iter().filter(|k| k.kind() == "recipient") {
        if let Some((_, state)) = again(|| host.state::<Recipient>(key)).await?
            && let Some(address) = state.address()
        {
            known.insert(address.reveal(Purpose::Suppression).as_str().to_owned());
        }
    }
    Ok(known)
}

async fn quarantined(violations: &mut Vec<String>, host: &Host) -> Result<(), PortError> {
    let query = WorkQuery {
        state: Some(WorkState::Quarantined),
        n: 10,
        ..WorkQuery::default()
    };
    for work in host.store().works(query).await? {
        violations.push(format!(
            "I16: {} is quarantined: {}",
            work.key,
            work.note.unwrap_or_default()
        ));
    }
    Ok(())
}
