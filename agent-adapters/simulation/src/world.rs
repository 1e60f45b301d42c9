//! A run through a simulated market, and what it came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::{Duration, TimeZone, Utc};
use dealwright_core::blobs::{Blobs, MemoryBlobs};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::process::{
    Actor, EffectClass, Host, MemoryStore, PlainSealer, ProcessKey, Store, business_hash,
    event_log_hash,
};
use dealwright_core::time::{Clock, Timestamp};
use dealwright_core::trust::ApprovalMode;
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::{Lead, LeadPhase};
use dealwright_runtime::{Agency, AgencyError, Business, CheckedBusiness, unknown_works};
use serde::Serialize;

use crate::{
    Chaos, ChaosGateway, ChaosMessenger, ChaosStore, Fakes, FaultPlan, Hook, OnUnknown, Providers,
    SeededRng, SequentialDriver, SimClients, SyntheticSites, VirtualClock, check_world, market,
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
    /// Whether the last day was reached; not where an effect's outcome had to be known first.
    pub finished: bool,
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
        SimPorts {
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::default()),
            providers: Arc::new(Fakes::new(EffectClass::Idempotent)),
            unknown: OnUnknown::GoOn,
        },
    )
    .await
}

/// What a simulated business stands on.
#[derive(Clone, Debug)]
pub struct SimPorts {
    /// Where everything is kept; a run goes on where the store's log ends.
    pub store: Arc<dyn Store>,
    /// Where documents are kept.
    pub blobs: Arc<dyn Blobs>,
    /// Who takes letters and charges.
    pub providers: Arc<dyn Providers>,
    /// What is done about effects whose outcome is not known.
    pub unknown: OnUnknown,
}

/// Runs a market on ports of one's own.
///
/// # Errors
///
/// As [`simulate`]; those of the ports.
pub async fn simulate_on(options: SimOptions, ports: SimPorts) -> Result<SimReport, AgencyError> {
    simulate_watched(options, ports, |_| {}).await
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimProgress {
    /// What is being done.
    pub stage: SimStage,
    /// The virtual time.
    pub now: Timestamp,
    /// The last instant of the run.
    pub end: Timestamp,
    /// Leads that have come in by then.
    pub leads: u32,
    /// Leads that come in all in all.
    pub all_leads: u32,
    /// How much of the work is done, in thousandths, by the time that leads usually keep the
    /// agency busy: days without new leads go by faster.
    pub done: u32,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimStage {
    /// Leads are laid ready for their days.
    Preparing,
    /// Days go by.
    Running,
    /// The end is checked against every invariant.
    Checking,
}

/// Runs a market as [`simulate_on`] does and tells `watch` after every row how far it is. Who
/// watches changes nothing: the log is the same.
///
/// # Errors
///
/// As [`simulate_on`].
pub async fn simulate_watched(
    options: SimOptions,
    ports: SimPorts,
    watch: impl FnMut(&SimProgress) + Send,
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
    let rng = SeededRng::new(options.seed);
    let business = checked_business()?;
    let build = |chaos: &Chaos| {
        Agency::builder_of(business.clone())
            .store(ChaosStore::new(Arc::clone(&ports.store), chaos.clone()))
            .blobs(Arc::clone(&ports.blobs))
            .sealer(PlainSealer::seeded(options.seed))
            .fetcher(SyntheticSites::new(rng, clock.clone()))
            .messenger(ChaosMessenger::new(
                ports.providers.messenger(),
                chaos.clone(),
            ))
            .gateway(ChaosGateway::new(ports.providers.gateway(), chaos.clone()))
            .build()
    };
    let agency = build(&chaos)?;
    let end = start() + Duration::days(i64::from(options.days));
    let mut watcher = Watcher {
        watch,
        clock: clock.clone(),
        comes: Vec::new(),
        progress: SimProgress {
            stage: SimStage::Preparing,
            now: start(),
            end,
            leads: 0,
            all_leads: options.leads,
            done: 0,
        },
    };
    let mut comes: BTreeMap<LeadId, Timestamp> = BTreeMap::new();
    for (lead, record, at) in market(rng, options.leads, options.days) {
        let first = comes.entry(lead).or_insert(at);
        *first = (*first).min(at);
        agency.intake(&Actor::System, lead, record, at).await?;
        watcher.tell();
    }
    watcher.comes = comes.into_values().collect();
    watcher.comes.sort_unstable();
    watcher.progress.stage = SimStage::Running;
    let mut driver = SequentialDriver::new(agency.host().clone(), clock.clone())
        .on_unknown(ports.unknown, Arc::clone(&ports.providers));
    if options.faults {
        driver = driver.with_chaos(chaos.clone());
    }
    driver.resume().await?;
    let mut hooks = (SimClients::new(agency.clone(), rng), watcher);
    let finished = driver.run_until(end, &mut hooks).await?;
    let (people, mut watcher) = hooks;
    watcher.progress.stage = SimStage::Checking;
    watcher.tell();
    let faults = chaos.counts();
    // Who looks at the end sees what is there, not what a stale read says.
    let oracle = build(&Chaos::new(
        FaultPlan {
            seed: options.seed,
            per_mille: 0,
        },
        clock.clone(),
    ))?;
    let (mail, money) = ports.providers.books().await?;
    let host = oracle.host();
    let log = event_log_hash(&**host.store()).await?;
    let keys = processes(host).await?;
    Ok(SimReport {
        finished,
        hash: log.finish().to_hex(),
        state_hash: state_hash(host, &keys).await?,
        violations: check_world(&oracle, business, &keys, &mail, &money).await?,
        events: log.envelopes(),
        unknown: unknown_works(host).await?.len(),
        faults,
        races: people.races(),
        funnel: funnel(host, &keys).await?,
        behaviours: people.behaviours().clone(),
    })
}

/// Days within which most of the work on a lead falls, as measured over 120 days with 150 leads.
const BUSY_DAYS: i64 = 25;

/// Tells somebody how far a run is; looks at the clock alone.
struct Watcher<W> {
    watch: W,
    clock: VirtualClock,
    /// When each lead comes in, in order.
    comes: Vec<Timestamp>,
    progress: SimProgress,
}

impl<W: FnMut(&SimProgress) + Send> Watcher<W> {
    fn tell(&mut self) {
        let now = self.clock.now();
        // Finer than an hour nothing changes that a person would see.
        if (now - self.progress.now).num_minutes() >= 60 || self.progress.done == 0 {
            self.progress.now = now;
            let leads = self.comes.partition_point(|at| *at <= now);
            self.progress.leads = u32::try_from(leads).unwrap_or(u32::MAX);
            self.progress.done = self.done(now);
        }
        (self.watch)(&self.progress);
    }

    fn done(&self, now: Timestamp) -> u32 {
        let busy = Duration::days(BUSY_DAYS).num_minutes();
        let worked = |until: Timestamp| -> i64 {
            let of = |at: &Timestamp| (until - *at).num_minutes().clamp(0, busy);
            self.comes.iter().map(of).sum()
        };
        let whole = worked(self.progress.end);
        let thousandths = worked(now).saturating_mul(1_000) / whole.max(1);
        u32::try_from(thousandths).unwrap_or(1_000)
    }
}

#[async_trait]
impl<W: FnMut(&SimProgress) + Send> Hook for Watcher<W> {
    async fn look(&mut self, _: &Host) -> Result<(), PortError> {
        self.tell();
        Ok(())
    }
}

/// The starter's business as it is simulated: nobody approves letters, and there is room for
/// many.
pub(crate) fn simulated_business() -> Result<Business, AgencyError> {
    let mut business = Business::starter()?;
    business.auto_people = true;
    business.law.approval = ApprovalMode::Autonomous;
    business.caps.mailbox = 400;
    business.caps.sending_domain = 400;
    business.caps.gap_seconds = 60;
    business.caps.recipient_domain = 0;
    Ok(business)
}

/// [`simulated_business`], checked once: a test that plays thousands of short lives would spend
/// most of its time on reading the same templates.
fn checked_business() -> Result<&'static CheckedBusiness, AgencyError> {
    static CHECKED: OnceLock<CheckedBusiness> = OnceLock::new();
    if let Some(checked) = CHECKED.get() {
        return Ok(checked);
    }
    let checked = simulated_business()?.check()?;
    Ok(CHECKED.get_or_init(|| checked))
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
            // A stale read may not know yet what was just committed.
            Err(error)
                if matches!(
                    error.kind(),
                    PortErrorKind::Unavailable | PortErrorKind::NotFound
                ) => {}
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
                // What a client writes when they come back is no record of a directory.
                let listed = state
                    .records()
                    .iter()
                    .filter(|r| !r.key.ends_with("-again"));
                funnel.merged += (listed.count() as u64).saturating_sub(1);
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
