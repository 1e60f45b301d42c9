//! What people look at, held against what a simulated market really did.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::error::PortErrorKind;
use dealwright_core::process::{Actor, EffectClass, MemoryStore, PlainSealer, Process, ProcessKey};
use dealwright_core::trust::Recipient;
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::{Lead, LeadPhase};
use dealwright_runtime::{Agency, Business, LetterStanding, MatchKind};
use dealwright_simulation::{
    Fakes, OnUnknown, Providers, SimOptions, SimPorts, SimReport, processes, simulate,
    simulate_watched,
};

const OPTIONS: SimOptions = SimOptions {
    days: 90,
    leads: 24,
    seed: 11,
    faults: false,
};

struct World {
    agency: Agency,
    fakes: Fakes,
    keys: BTreeSet<ProcessKey>,
}

async fn world() -> (World, SimReport) {
    let store = Arc::new(MemoryStore::new());
    let fakes = Fakes::new(EffectClass::Idempotent);
    let ports = SimPorts {
        store: store.clone(),
        blobs: Arc::new(MemoryBlobs::default()),
        providers: Arc::new(fakes.clone()),
        unknown: OnUnknown::GoOn,
    };
    let report = simulate_watched(OPTIONS, ports, |_| {}).await.unwrap();
    // Opened once more, as a person's program would.
    let agency = Agency::builder(Business::starter().unwrap())
        .store(store)
        .sealer(PlainSealer::seeded(OPTIONS.seed))
        .messenger(fakes.messenger())
        .gateway(fakes.gateway())
        .build()
        .unwrap();
    let keys = processes(agency.host()).await.unwrap();
    let world = World {
        agency,
        fakes,
        keys,
    };
    (world, report)
}

#[test]
fn letters_and_cases_say_what_happened_and_ids_resolve_for_ever() {
    futures::executor::block_on(async {
        let (world, _) = world().await;
        letters_are_those_of_the_providers_books(&world).await;
        cases_are_told_in_order_with_their_ends(&world).await;
        nobody_sees_persons_who_may_not(&world).await;
    });
}

async fn letters_are_those_of_the_providers_books(world: &World) {
    let by = Actor::person("operator");
    let letters = world.agency.letters(&by).await.unwrap();
    let (mail, _) = world.fakes.books().await.unwrap();
    let sent: Vec<_> = letters
        .iter()
        .filter(|l| matches!(l.standing, LetterStanding::Sent { .. }))
        .collect();
    assert!(sent.len() > 20, "{}", sent.len());
    assert_eq!(sent.len(), mail.letters().len());
    let refused = letters
        .iter()
        .filter(|l| matches!(l.standing, LetterStanding::Refused { .. }));
    assert!(refused.clone().count() > 0);
    assert!(refused.clone().all(|l| !l.draft.letter.text().is_empty()));
    let ids: BTreeSet<&str> = letters.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(ids.len(), letters.len());
    for letter in [
        sent[0],
        sent[sent.len() - 1],
        refused.clone().next().unwrap(),
    ] {
        let found = world.agency.letter(&by, &letter.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(letter));
        let found = world.agency.find(&by, &letter.id).await.unwrap();
        assert_eq!((found.len(), found[0].kind), (1, MatchKind::Letter));
    }
    // The recipients' own states know as many ends.
    let mut ends = 0;
    for key in world.keys.iter().filter(|k| k.kind() == Recipient::KIND) {
        let state = world.agency.host().state::<Recipient>(key).await.unwrap();
        ends += state.unwrap().1.intents().len();
    }
    let standing = letters
        .iter()
        .filter(|l| !matches!(l.standing, LetterStanding::Replaced { .. }));
    assert_eq!(standing.count(), ends);
}

async fn cases_are_told_in_order_with_their_ends(world: &World) {
    let by = Actor::person("operator");
    let host = world.agency.host();
    let (mut lost, mut won, mut told) = (0, 0, 0);
    for key in world.keys.iter().filter(|k| k.kind() == Lead::KIND) {
        let case = world.agency.case(&by, key).await.unwrap();
        assert!(case.steps.is_sorted_by_key(|s| s.at), "{key}");
        let events: BTreeSet<_> = case.steps.iter().map(|s| (&s.process, &s.event)).collect();
        assert_eq!(events.len(), case.steps.len(), "{key}");
        assert!(case.steps.iter().all(|s| !s.what.is_empty()), "{key}");
        told += case.steps.len();
        let (_, state) = host.state::<Lead>(key).await.unwrap().unwrap();
        assert_eq!(case.links.lead, state.id());
        match state.phase() {
            LeadPhase::Lost { reason } => {
                lost += 1;
                let end = case.end.expect("a lost lead has a reason");
                let rule = reason.strip_prefix("refused-");
                assert_eq!(end.rule.as_deref(), rule, "{reason}");
                // A rule says what it found.
                assert_eq!(end.why.is_some(), rule.is_some(), "{key}: {end:?}");
                let event = end.event.unwrap();
                let step = case.steps.iter().find(|s| s.event == event).unwrap();
                assert!(step.what.contains("lost"), "{}", step.what);
            }
            LeadPhase::Client => {
                won += 1;
                assert!(!case.links.projects.is_empty(), "{key}");
                let paid = case
                    .steps
                    .iter()
                    .any(|s| s.what.starts_with("a payment of"));
                assert!(paid, "{key}: {:?}", case.steps);
            }
            _ => {}
        }
        for deal in &case.links.deals {
            let key = host.key::<Deal>(deal.to_string());
            let of_deal = world.agency.case(&by, &key).await.unwrap();
            assert_eq!(of_deal.links.lead, case.links.lead);
        }
    }
    assert!(lost > 0 && won > 0, "{lost} lost, {won} won");
    println!("{told} lines told of {lost} lost and {won} won");
}

async fn nobody_sees_persons_who_may_not(world: &World) {
    let agency = &world.agency;
    for by in [Actor::person("nobody"), Actor::person("kim"), Actor::Agent] {
        let denied = agency.letters(&by).await.unwrap_err().kind();
        assert_eq!(denied, PortErrorKind::PermissionDenied, "{by:?}");
        let denied = agency.find(&by, "amsel").await.unwrap_err().kind();
        assert_eq!(denied, PortErrorKind::PermissionDenied, "{by:?}");
        let lead = world.keys.iter().find(|k| k.kind() == Lead::KIND).unwrap();
        let denied = agency.case(&by, lead).await.unwrap_err().kind();
        assert_eq!(denied, PortErrorKind::PermissionDenied, "{by:?}");
    }
}

#[test]
fn who_watches_a_run_changes_nothing_and_is_told_of_every_step_of_it() {
    futures::executor::block_on(async {
        let options = SimOptions {
            days: 30,
            leads: 6,
            ..OPTIONS
        };
        let ports = SimPorts {
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::default()),
            providers: Arc::new(Fakes::new(EffectClass::Idempotent)),
            unknown: OnUnknown::GoOn,
        };
        let mut seen = Vec::new();
        let watched = simulate_watched(options, ports, |p| seen.push(*p))
            .await
            .unwrap();
        let alone = simulate(options).await.unwrap();
        assert_eq!((watched.hash, watched.events), (alone.hash, alone.events));
        assert!(seen.len() as u64 > watched.events, "{}", seen.len());
        assert!(seen.is_sorted_by_key(|p| (p.now, p.leads, p.done)));
        let last = seen.last().unwrap();
        assert_eq!((last.leads, last.done, last.now), (6, 1_000, last.end));
    });
}
