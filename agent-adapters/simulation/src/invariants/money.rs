use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::InvoiceId;
use dealwright_core::money::ledger::{Account, Ledger, LedgerError, Posting};
use dealwright_core::process::{Actor, Host, ProcessKey};
use dealwright_core::trust::{InstalmentPhase, Payer, PayerEvent};
use dealwright_deals::deal::DealState;
use dealwright_deals::pricing::{Reduction, recompute, verify};
use dealwright_runtime::CheckedBusiness;
use rust_decimal::Decimal;

use super::deal_state;
use crate::world::again;
use crate::{BookedCharge, MoneyBooks};

/// I5, I6: asked for once each, never above what was accepted, never paid above what was asked.
pub(super) async fn payments(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
    charges: &BTreeMap<InvoiceId, Vec<&BookedCharge>>,
) -> Result<(), PortError> {
    let Some((_, state)) = again(|| host.state::<Payer>(key)).await? else {
        return Ok(());
    };
    let accepted: i64 = state.accepted().map(|(_, total)| total.minor()).sum();
    let asked: i64 = state
        .instalments()
        .values()
        .map(|i| i.bill.amount.minor())
        .sum();
    if asked > accepted {
        violations.push(format!(
            "I5: {key} asks for {asked}, {accepted} was accepted"
        ));
    }
    let deal = host.key::<dealwright_deals::deal::Deal>(key.id());
    let deal = deal_state(host, &deal).await?;
    for (id, instalment) in state.instalments() {
        let bill = &instalment.bill;
        if instalment.paid.minor() > bill.amount.minor() {
            violations.push(format!("I5: {id} was paid more than was asked for"));
        }
        if let Some(deal) = &deal {
            let offer = deal.current_offer();
            let total = offer.map(|v| v.content().plan.gross());
            if !state
                .accepted()
                .all(|(_, accepted)| Some(accepted) == total)
            {
                violations.push(format!("I5: {key} rests on another total than the offer's"));
            }
            let placed = deal.invoices().values().find(|i| i.id == bill.invoice);
            if placed.is_none_or(|p| p.gross != bill.amount) {
                violations.push(format!("I5: {id} asks for what no invoice says"));
            }
            let paid = placed.and_then(|p| p.paid);
            let settled = instalment.phase == InstalmentPhase::Paid;
            if paid.is_some_and(|paid| !settled || paid != bill.amount) {
                violations.push(format!(
                    "I5: the deal takes {id} for paid, the payer does not"
                ));
            }
        }
        let taken = charges.get(&bill.invoice).map_or(&[][..], Vec::as_slice);
        let times: u32 = taken.iter().map(|c| c.asked).sum();
        if times > 1 {
            violations.push(format!("I6: {id} was asked for {times} times"));
        }
        if taken.iter().any(|c| c.bill.amount != bill.amount) {
            violations.push(format!("I5: the provider took another amount for {id}"));
        }
        let requested = matches!(
            instalment.phase,
            InstalmentPhase::Requested | InstalmentPhase::Paid
        );
        if requested && times == 0 {
            violations.push(format!("I6: {id} is not in the provider's books"));
        }
    }
    Ok(())
}

/// I5: a double entry over all that was asked for and came in sums to zero and agrees with the
/// provider's books; I14: what waits for a person was let go by one.
pub(super) async fn conserved(
    violations: &mut Vec<String>,
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
    books: &MoneyBooks,
) -> Result<(), PortError> {
    let mut ledger = Ledger::new();
    let mut requested: BTreeMap<String, i64> = BTreeMap::new();
    for key in keys.iter().filter(|k| k.kind() == "payer") {
        let mut amounts = BTreeMap::new();
        for envelope in host.store().history(key).await? {
            for event in host.events::<Payer>(&envelope)? {
                match event {
                    PayerEvent::Asked { instalment, .. } => {
                        let bill = &instalment.bill;
                        amounts.insert(bill.invoice.to_string(), bill.amount);
                    }
                    PayerEvent::Requested { invoice, .. } => {
                        let Some(amount) = amounts.get(&invoice) else {
                            violations.push(format!("I7: {invoice} was requested, never asked"));
                            continue;
                        };
                        *requested
                            .entry(amount.currency().code().to_owned())
                            .or_default() += amount.minor();
                        post(
                            &mut ledger,
                            format!("invoice:{invoice}"),
                            envelope.at,
                            ("revenue", "receivable"),
                            *amount,
                        )?;
                    }
                    PayerEvent::Received { event, amount, .. } => post(
                        &mut ledger,
                        format!("payment:{event}"),
                        envelope.at,
                        ("receivable", "bank"),
                        amount,
                    )?,
                    PayerEvent::Approved { invoice, .. }
                        if !matches!(envelope.input.actor, Actor::Person(_)) =>
                    {
                        violations.push(format!("I14: {invoice} was approved by no person"));
                    }
                    _ => {}
                }
            }
        }
    }
    let totals = ledger.totals().map_err(corrupt)?;
    for (currency, total) in totals {
        if !total.is_zero() {
            violations.push(format!("I5: the ledger is off by {total}"));
        }
        let code = currency.code();
        let booked: i64 = books
            .charges()
            .values()
            .filter(|c| c.bill.amount.currency() == currency)
            .map(|c| c.bill.amount.minor() * i64::from(c.asked))
            .sum();
        let asked = requested.get(code).copied().unwrap_or(0);
        // A charge whose outcome has not come back yet stands in the books alone.
        if booked < asked {
            violations.push(format!(
                "I5: {asked} was requested in {code}, the provider's books say {booked}"
            ));
        }
        let receivable = ledger.balance(&account("receivable")?, currency);
        if receivable.minor() < 0 {
            violations.push(format!("I5: more came in than was asked for: {receivable}"));
        }
    }
    Ok(())
}

fn post(
    ledger: &mut Ledger,
    key: String,
    at: dealwright_core::time::Timestamp,
    (from, to): (&str, &str),
    amount: dealwright_core::money::Money,
) -> Result<(), PortError> {
    let posting = Posting::transfer(key, at, account(from)?, account(to)?, amount);
    ledger.post(posting.map_err(corrupt)?).map_err(corrupt)?;
    Ok(())
}

fn account(name: &str) -> Result<Account, PortError> {
    Account::parse(name).map_err(corrupt)
}

fn corrupt(error: LedgerError) -> PortError {
    PortError::new("post", PortErrorKind::Corrupt).with_source(error)
}

/// I4: every version of an offer is what the rules give, or carries a person's approval.
pub(super) fn prices(
    violations: &mut Vec<String>,
    key: &ProcessKey,
    state: &DealState,
    business: &CheckedBusiness,
) {
    let policy = &business.deal;
    for version in state.proposals().map_or(&[][..], |p| p.versions()) {
        let number = version.number();
        if let Err(why) = recompute(version.quote()) {
            violations.push(format!(
                "I4: version {number} of {key} does not add up: {why}"
            ));
            continue;
        }
        let language = state.language();
        let (catalogue, rates) = (
            policy.catalogue.spoken(language),
            policy.rates.spoken(language),
        );
        if let Err(why) = verify(catalogue, rates, version.quote()) {
            violations.push(format!(
                "I4: version {number} of {key} is priced otherwise: {why}"
            ));
        }
        match policy.authority.excess(version.quote(), version.terms()) {
            Ok(excess) if !excess.is_empty() && version.approval().is_none() => {
                violations.push(format!(
                    "I4: version {number} of {key} gives more than may be given"
                ));
            }
            Ok(_) => {}
            Err(why) => violations.push(format!("I4: version {number} of {key}: {why}")),
        }
        // Not by `excess` alone: what was given, against the limit as it is written.
        let most = policy.authority.params().max_traded_discount;
        let given = version.quote().request().discounts.iter();
        let given = given.filter_map(|d| match d.reduction {
            Reduction::Percent(rate) => Some(rate.fraction()),
            _ => None,
        });
        if given.sum::<Decimal>() > most.fraction() && version.approval().is_none() {
            violations.push(format!(
                "I4: version {number} of {key} gives a larger discount than {most}"
            ));
        }
        for clause in &version.terms().clauses {
            if !policy.clauses.clauses().iter().any(|c| c.id == *clause) {
                violations.push(format!("I4: {key} offers the unknown clause `{clause}`"));
            }
        }
    }
}
