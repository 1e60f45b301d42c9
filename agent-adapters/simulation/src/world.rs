//! A market to simulate, a run through it, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, TimeZone, Utc};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::page::SourceName;
use dealwright_core::party::{Country, DomainName, EmailAddress, LegalForm};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{
    EffectClass, Host, MemoryStore, PlainSealer, ProcessKey, Store, WorkQuery, WorkState,
    business_hash, event_log_hash,
};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{ApprovalMode, LetterClass, Payer, Recipient, RecipientEvent};
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::{Inquiry, IntakeRecord, Lead, LeadPhase};
use dealwright_runtime::{Agency, AgencyError, Business};
use serde::Serialize;

use crate::{
    Chaos, ChaosGateway, ChaosMessenger, ChaosStore, FakeMailProvider, FakePaymentProvider,
    FaultPlan, SeededRng, SequentialDriver, SimClients, VirtualClock,
};

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct SimOptions {
    /// Days on the virtual clock.
    pub days: u32,
    /// Leads that come in.
    pub leads: u32,
    /// What everything follows from.
    pub seed: u64,
    /// Whether ports fail.
    pub faults: bool,
}

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct SimReport {
    /// The event-log hash.
    pub hash: String,
    /// The business-state hash.
    pub state_hash: String,
    /// What did not hold; empty in a good run.
    pub violations: Vec<String>,
    /// Commits in the log.
    pub events: u64,
    /// Effects whose outcome is not known.
    pub unknown: usize,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Opt-outs that raced a letter on its way.
    pub races: u64,
    /// How far the leads came.
    pub funnel: Funnel,
    /// What people did, by behaviour.
    pub behaviours: BTreeMap<&'static str, u64>,
}

/// How far leads came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Funnel {
    /// Leads in the store.
    pub found: u64,
    /// Records that joined a lead that was there.
    pub merged: u64,
    /// Handed to deals.
    pub qualified: u64,
    /// Written to.
    pub contacted: u64,
    /// Heard from.
    pub answered: u64,
    /// Offered something.
    pub proposed: u64,
    /// Contract signed.
    pub won: u64,
    /// Delivered.
    pub delivered: u64,
    /// At least one invoice paid.
    pub paid: u64,
}

/// The first instant of every simulation.
#[must_use]
pub fn start() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 9, 1, 6, 0, 0)
        .single()
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Runs a market in memory.
///
/// # Errors
///
/// [`AgencyError`] where the business does not hold; those of the store.
pub async fn simulate(options: SimOptions) -> Result<SimReport, AgencyError> {
    simulate_on(
        options,
        MemoryStore::new(),
        FakeMailProvider::new(EffectClass::Idempotent),
    )
    .await
}

/// Runs a market on a store of one's own.
///
/// # Errors
///
/// As [`simulate`].
pub async fn simulate_on(
    options: SimOptions,
    store: impl Store + 'static,
    mail: FakeMailProvider,
) -> Result<SimReport, AgencyError> {
    let clock = VirtualClock::new(start());
    let per_mille = if options.faults { 20 } else { 0 };
    let chaos = Chaos::new(
        FaultPlan {
            seed: options.seed,
            per_mille,
        },
        clock.clone(),
    );
    let money = FakePaymentProvider::new(EffectClass::Idempotent);
    let mut business = Business::starter()?;
    business.law.approval = ApprovalMode::Autonomous;
    business.read_websites = false;
    business.caps.mailbox = 400;
    business.caps.sending_domain = 400;
    business.caps.gap_seconds = 60;
    business.caps.recipient_domain = 0;
    let agency = Agency::builder(business)
        .store(ChaosStore::new(store, chaos.clone()))
        .sealer(PlainSealer::seeded(options.seed))
        .messenger(ChaosMessenger::new(mail.clone(), chaos.clone()))
        .gateway(ChaosGateway::new(money.clone(), chaos.clone()))
        .build()?;
    let rng = SeededRng::new(options.seed);
    for (lead, record, at) in market(rng, options.leads, options.days) {
        agency.intake(lead, record, at).await?;
    }
    let mut driver = SequentialDriver::new(agency.host().clone(), clock.clone());
    if options.faults {
        driver = driver.with_chaos(chaos.clone());
    }
    driver.resume().await?;
    let mut people = SimClients::new(agency.clone(), rng);
    let end = start() + Duration::days(i64::from(options.days));
    driver.run_until(end, &mut people).await?;
    let host = agency.host();
    let log = event_log_hash(&**host.store()).await?;
    let keys = processes(host).await?;
    Ok(SimReport {
        hash: log.finish().to_hex(),
        state_hash: state_hash(host, &keys).await?,
        violations: check_invariants(host, &keys, &mail, &money).await?,
        events: log.envelopes(),
        unknown: unknown(host).await?,
        faults: chaos.counts(),
        races: people.races(),
        funnel: funnel(host, &keys).await?,
        behaviours: people.behaviours().clone(),
    })
}

async fn unknown(host: &Host) -> Result<usize, PortError> {
    let query = WorkQuery {
        state: Some(WorkState::Unknown),
        n: usize::MAX,
        ..WorkQuery::default()
    };
    Ok(host.store().works(query).await?.len())
}

/// Every process that has a log, in order.
///
/// # Errors
///
/// Those of the store.
pub async fn processes(host: &Host) -> Result<BTreeSet<ProcessKey>, PortError> {
    let mut keys = BTreeSet::new();
    let mut after = None;
    loop {
        let (page, next) = host.store().feed(after, 1_000).await?;
        if page.is_empty() {
            return Ok(keys);
        }
        keys.extend(page.into_iter().map(|e| e.process));
        after = next;
    }
}

async fn state_hash(host: &Host, keys: &BTreeSet<ProcessKey>) -> Result<String, PortError> {
    let mut states = BTreeMap::new();
    for key in keys {
        if let Some(state) = again(|| host.business(key)).await? {
            states.insert(key.clone(), state);
        }
    }
    Ok(business_hash(&states)?.to_hex())
}

/// Reads once more where a fault struck the first read.
pub(crate) async fn again<T, F: Future<Output = Result<T, PortError>>>(
    read: impl Fn() -> F,
) -> Result<T, PortError> {
    for _ in 0..20 {
        match read().await {
            Err(error) if error.kind() == PortErrorKind::Unavailable => {}
            other => return other,
        }
    }
    read().await
}

/// How far the leads in a store came.
///
/// # Errors
///
/// Those of the store.
pub async fn funnel(host: &Host, keys: &BTreeSet<ProcessKey>) -> Result<Funnel, PortError> {
    let mut funnel = Funnel::default();
    for key in keys {
        match key.kind() {
            "lead" => {
                let Some((_, state)) = again(|| host.state::<Lead>(key)).await? else {
                    continue;
                };
                funnel.found += 1;
                funnel.merged += (state.records().len() as u64).saturating_sub(1);
                let handed = matches!(
                    state.phase(),
                    LeadPhase::HandedOver { .. } | LeadPhase::Lost { .. } | LeadPhase::Client
                );
                funnel.qualified += u64::from(handed);
            }
            "deal" => {
                let Some((_, state)) = again(|| host.state::<Deal>(key)).await? else {
                    continue;
                };
                let sent = state.touches().values().any(|t| t.sent.is_some());
                funnel.contacted += u64::from(sent);
                funnel.answered += u64::from(state.heard_count() > 0);
                funnel.proposed += u64::from(state.current_offer().is_some());
                funnel.won += u64::from(state.signed().is_some());
                funnel.delivered += u64::from(state.delivered() == Some(true));
                funnel.paid += u64::from(state.invoices().values().any(|i| i.paid.is_some()));
            }
            _ => {}
        }
    }
    Ok(funnel)
}

/// What does not hold of a finished run, by the number of the invariant. The oracle reads the
/// providers' own books against the log.
///
/// # Errors
///
/// Those of the store.
pub async fn check_invariants(
    host: &Host,
    keys: &BTreeSet<ProcessKey>,
    mail: &FakeMailProvider,
    money: &FakePaymentProvider,
) -> Result<Vec<String>, PortError> {
    let mut violations = Vec::new();
    letters(&mut violations, mail);
    for key in keys {
        match key.kind() {
            "recipient" => opt_outs(&mut violations, host, key).await?,
            "payer" => payments(&mut violations, host, key, money).await?,
            _ => {}
        }
        if again(|| host.redecide(key)).await?.is_some() {
            violations.push(format!(
                "I7: {key} decides otherwise when its log is replayed"
            ));
        }
    }
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
    Ok(violations)
}

/// I2, I3: each step once, and every commercial letter with all it needs.
fn letters(violations: &mut Vec<String>, mail: &FakeMailProvider) {
    let mut steps: BTreeMap<(String, String), u32> = BTreeMap::new();
    for booked in mail.books().letters().values() {
        let letter = &booked.letter;
        let to = letter.to.reveal(Purpose::Contact).identity_key();
        *steps.entry((to, letter.intent())).or_default() += booked.deliveries;
        if letter.class == LetterClass::Marketing {
            let text = letter.text();
            let complete = letter
                .notices
                .opt_out
                .as_ref()
                .is_some_and(|o| text.contains(&o.url))
                && letter
                    .notices
                    .ai
                    .as_ref()
                    .is_some_and(|ai| text.starts_with(ai.as_str()))
                && letter.sender.postal.iter().all(|line| text.contains(line));
            if !complete {
                violations.push(format!("I3: {} lacks a notice", letter.message_id));
            }
        }
    }
    for ((_, intent), count) in steps {
        if count > 1 {
            violations.push(format!("I2: {intent} was delivered {count} times"));
        }
    }
}

/// I1: nothing to a person whose opt-out was committed before the letter started.
async fn opt_outs(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
) -> Result<(), PortError> {
    let mut stopped = false;
    for envelope in host.store().history(key).await? {
        for event in host.events::<Recipient>(&envelope)? {
            match event {
                RecipientEvent::Booked { intent, .. }
                    if stopped && intent.starts_with("outreach/") =>
                {
                    violations.push(format!("I1: {key} booked {intent} after an opt-out"));
                }
                RecipientEvent::Suppressed(_) => stopped = true,
                RecipientEvent::Consented(_) => stopped = false,
                _ => {}
            }
        }
    }
    Ok(())
}

/// I5, I6: asked for once each, never above what was accepted, never paid above what was asked.
async fn payments(
    violations: &mut Vec<String>,
    host: &Host,
    key: &ProcessKey,
    money: &FakePaymentProvider,
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
    for (id, instalment) in state.instalments() {
        if instalment.paid.minor() > instalment.bill.amount.minor() {
            violations.push(format!("I5: {id} was paid more than was asked for"));
        }
        let times: u32 = money
            .books()
            .charges()
            .values()
            .filter(|c| c.bill.invoice.to_string() == *id)
            .map(|c| c.asked)
            .sum();
        if times > 1 {
            violations.push(format!("I6: {id} was asked for {times} times"));
        }
    }
    Ok(())
}

/// The leads of a seed: who they are, and when they come in.
#[must_use]
pub fn market(rng: SeededRng, leads: u32, days: u32) -> Vec<(LeadId, IntakeRecord, Timestamp)> {
    const TRADES: [&str; 8] = [
        "Bakery", "Cafe", "Dental", "Florist", "Joinery", "Cycles", "Books", "Garden",
    ];
    const NAMES: [&str; 12] = [
        "Amsel", "Birch", "Cedar", "Dorn", "Elm", "Falcon", "Ginkgo", "Hazel", "Iris", "Juniper",
        "Kestrel", "Linden",
    ];
    const PLACES: [(&str, &str, &str, &str); 5] = [
        ("US", "Springfield", "62701", "America/Chicago"),
        ("FR", "Lyon", "69001", "Europe/Paris"),
        ("GB", "Leeds", "LS1 1AA", "Europe/London"),
        ("DE", "Leipzig", "04103", "Europe/Berlin"),
        ("US", "Portland", "97201", "America/Los_Angeles"),
    ];
    let mut found = Vec::new();
    let Ok(source) = SourceName::parse("example-directory") else {
        return found;
    };
    for n in 0..leads {
        let key = n.to_string();
        let pick = |what: &str, of: usize| {
            usize::try_from(rng.below(of as u64, &[what, &key])).unwrap_or(0)
        };
        let (Some(trade), Some(name), Some(place)) = (
            TRADES.get(pick("trade", TRADES.len())),
            NAMES.get(pick("name", NAMES.len())),
            PLACES.get(pick("place", PLACES.len())),
        ) else {
            continue;
        };
        let domain = format!(
            "{}-{}-{n}.example",
            name.to_lowercase(),
            trade.to_lowercase()
        );
        let subject = format!("person-{n}");
        let window = u64::from(days.max(3) / 3) * 24 * 60;
        let at = start()
            + Duration::minutes(i64::try_from(rng.below(window, &["when", &key])).unwrap_or(0));
        let mut record = IntakeRecord::new(source.clone(), format!("row-{n}"), start());
        record.name = Some(format!("{name} {trade} {n} Ltd"));
        record.email = EmailAddress::parse(&format!("office@{domain}"))
            .ok()
            .map(|e| Personal::new(e, subject.clone()));
        record.website = DomainName::parse(&domain).ok();
        record.street = Some(format!("{} Example Street", n + 1));
        record.locality = Some(place.1.to_owned());
        record.postal_code = Some(place.2.to_owned());
        record.country = Country::parse(place.0).ok();
        record.zone = Some(place.3.to_owned());
        record.sector = Some(trade.to_lowercase());
        record
            .facts
            .insert("street".to_owned(), format!("{} Example Street", n + 1));
        record
            .facts
            .insert("postal-code".to_owned(), place.2.to_owned());
        record.legal_form = LegalForm::from_name("Example Ltd");
        record.source_notice = "We found your address in the Example Directory.".to_owned();
        record.contact_allowed = true;
        if rng.chance(150, &["inquiry", &key]) {
            record.inquiry = Some(Inquiry {
                at: start(),
                text: Personal::new(
                    Untrusted::new("Our opening hours are wrong everywhere.".to_owned()),
                    subject,
                ),
            });
            record.facts.insert("asked".to_owned(), "yes".to_owned());
        }
        found.push((
            LeadId::derive(&[record.natural_key().as_bytes()]),
            record,
            at,
        ));
    }
    found
}
