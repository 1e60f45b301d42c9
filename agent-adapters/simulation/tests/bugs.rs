//! Bugs on purpose, found by the simulation: what makes its other figures mean something.
#![cfg(feature = "seeded-bugs")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

use std::sync::Arc;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::process::{Bug, EffectClass, MemoryStore, seed_bug};
use dealwright_simulation::{Fakes, OnUnknown, SimOptions, SimPorts, simulate_on};
use futures::executor::block_on;

/// The most seeds a bug may hide in.
const SEEDS: u64 = 1_000;

/// A small world under faults; on odd seeds its provider cannot tell a repeat.
fn play(seed: u64) -> Result<(), String> {
    let class = if seed % 2 == 0 {
        EffectClass::Idempotent
    } else {
        EffectClass::AtMostOnce
    };
    let report = block_on(simulate_on(
        SimOptions {
            days: 30,
            leads: 12,
            seed,
            faults: true,
        },
        SimPorts {
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::default()),
            providers: Arc::new(Fakes::new(class)),
            unknown: OnUnknown::GoOn,
        },
    ))
    .map_err(|error| error.to_string())?;
    match report.violations.into_iter().next() {
        Some(first) => Err(first),
        None => Ok(()),
    }
}

/// The first seed in which the bug shows, and what showed it.
fn hunt(bug: Bug) -> Option<(u64, String)> {
    seed_bug(Some(bug));
    let found = (1..=SEEDS).find_map(|seed| play(seed).err().map(|why| (seed, why)));
    seed_bug(None);
    if let Some((seed, why)) = &found {
        println!("{bug:?}: seed {seed}: {why}");
    }
    found
}

/// The bugs that these worlds bring to light. The others of [`Bug::ALL`] hide from them still: their
/// worlds hold too few opt-outs under way, no approvals, and no letter that a lint would stop.
const FOUND: [Bug; 4] = [
    Bug::SendableWithoutStarted,
    Bug::RetryTimeout,
    Bug::InputConsumedTwice,
    Bug::CapsIgnored,
];

#[test]
fn planted_bugs_are_found_and_nothing_is_found_without_one() {
    let mut deepest = 1;
    for bug in FOUND {
        let (seed, _) = hunt(bug).unwrap_or_else(|| panic!("{bug:?} hides in {SEEDS} seeds"));
        deepest = deepest.max(seed);
    }
    // The same worlds are sound without a bug.
    for seed in 1..=deepest {
        assert_eq!(play(seed), Ok(()), "seed {seed}");
    }
}
