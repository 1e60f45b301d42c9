//! Bugs on purpose: what makes a run without violations mean something.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Bug, EffectClass, EffectKey, MemoryStore, plant_bug};
use dealwright_core::trust::{
    ChargeLog, ChargeReceipt, Messenger, PaymentGateway, Receipt, SentLog,
};
use dealwright_runtime::AgencyError;
use dealwright_simulation::{
    Chaos, ChaosGateway, ChaosMessenger, Fakes, FaultPlan, MailBooks, MoneyBooks, OnUnknown,
    Providers, SimOptions, SimPorts, VirtualClock, simulate_on, start,
};
use futures::executor::block_on;

/// Seeds within which a bug must show.
const SEEDS: u64 = 1_000;
/// Seeds that must show nothing where no bug is planted.
const SOUND: u64 = 12;

/// Providers on a bad line: a tenth of what goes to them goes wrong.
#[derive(Debug)]
struct BadLine {
    fakes: Fakes,
    chaos: Chaos,
}

#[async_trait]
impl SentLog for BadLine {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        self.fakes.find(key).await
    }
}

#[async_trait]
impl ChargeLog for BadLine {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        self.fakes.find_charge(key).await
    }
}

#[async_trait]
impl Providers for BadLine {
    fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::new(ChaosMessenger::new(
            self.fakes.messenger(),
            self.chaos.clone(),
        ))
    }

    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(ChaosGateway::new(self.fakes.gateway(), self.chaos.clone()))
    }

    async fn books(&self) -> Result<(MailBooks, MoneyBooks), PortError> {
        self.fakes.books().await
    }
}

/// How large a world is.
#[derive(Clone, Copy)]
struct Shape {
    days: u32,
    leads: u32,
}

/// A few sales, from the first letter to the money.
const FEW: Shape = Shape {
    days: 40,
    leads: 10,
};
/// Many first and second letters, and those who want none while one is on its way.
const LETTERS: Shape = Shape {
    days: 12,
    leads: 40,
};

fn shape_for(bug: Bug) -> Shape {
    match bug {
        Bug::OptOutKeepsSends | Bug::LintSkipped => LETTERS,
        _ => FEW,
    }
}

/// The first invariant that does not hold of a small world with faults; by turns its providers
/// honour keys and do not.
fn first_violation(shape: Shape, seed: u64) -> Result<Option<String>, AgencyError> {
    let class = match seed % 2 {
        0 => EffectClass::AtMostOnce,
        _ => EffectClass::Idempotent,
    };
    let plan = FaultPlan {
        seed: seed + 1_000_000,
        per_mille: 100,
    };
    let ports = SimPorts {
        store: Arc::new(MemoryStore::new()),
        blobs: Arc::new(MemoryBlobs::default()),
        providers: Arc::new(BadLine {
            fakes: Fakes::new(class),
            chaos: Chaos::new(plan, VirtualClock::new(start())),
        }),
        unknown: OnUnknown::Reconcile,
    };
    let options = SimOptions {
        days: shape.days,
        leads: shape.leads,
        seed,
        faults: true,
    };
    match block_on(simulate_on(options, ports)) {
        Ok(report) => Ok(report.violations.into_iter().next()),
        Err(error) => match broken_chain(&error) {
            Some(what) => Ok(Some(format!("I10: {what}"))),
            None => Err(error),
        },
    }
}

/// A log that does not fit its chain is found before anything else can be asked of it.
fn broken_chain(error: &AgencyError) -> Option<String> {
    let mut error: &dyn Error = error;
    loop {
        if let Some(port) = error.downcast_ref::<PortError>()
            && port.kind() == PortErrorKind::Corrupt
            && port.operation() == "verify log"
        {
            return Some(port.chain());
        }
        error = error.source()?;
    }
}

/// The first seed in which a planted bug breaks an invariant. A run that merely breaks off is not
/// taken for one: nobody would learn from it what is wrong.
fn hunt(bug: Bug) -> Option<(u64, String)> {
    let shape = shape_for(bug);
    (0..SEEDS).find_map(|seed| {
        plant_bug(Some(bug));
        let outcome = first_violation(shape, seed);
        plant_bug(None);
        Some((seed, outcome.ok()??))
    })
}

/// Hands each of `jobs` to one of two threads and puts the answers in order.
fn by_two<T: Send, J: Copy + Sync>(jobs: &[J], work: impl Fn(J) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let worker = || {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                let Some(job) = jobs.get(at) else {
                    return mine;
                };
                mine.push((at, work(*job)));
            }
        };
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

//
#[test]
fn each_seeded_bug_breaks_an_invariant_within_a_thousand_seeds_and_only_then() {
    let found = by_two(&Bug::ALL, |bug| {
        let began = Instant::now();
        let caught = hunt(bug);
        let took = began.elapsed().as_millis();
        match &caught {
            Some((seed, violation)) => println!("{bug:?}: seed {seed}, {took} ms: {violation}"),
            None => println!("{bug:?}: not caught in {SEEDS} seeds, {took} ms"),
        }
        // Without the bug the same world is sound.
        let sound = caught
            .as_ref()
            .is_none_or(|(seed, _)| matches!(first_violation(shape_for(bug), *seed), Ok(None)));
        (bug, caught, sound)
    });
    for (bug, caught, sound) in found {
        assert!(
            caught.is_some_and(|(_, why)| why.starts_with('I')),
            "{bug:?} was not caught"
        );
        assert!(sound, "what {bug:?} was caught by is there without it");
    }
}

#[test]
fn more_of_such_worlds_are_sound_without_a_bug() {
    let worlds: Vec<(Shape, u64)> = (0..SOUND)
        .map(|seed| (if seed % 4 < 2 { FEW } else { LETTERS }, seed))
        .collect();
    let broken: Vec<(u64, String)> = by_two(&worlds, |(shape, seed)| {
        Some((seed, first_violation(shape, seed).unwrap()?))
    })
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(broken, Vec::new());
}
