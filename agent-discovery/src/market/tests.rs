use chrono::Duration;
use dealwright_core::canonical::Digest32;
use dealwright_core::handoff::{DeliveryFeedback, DeliveryFeedbackParts, ServiceOutcome};
use dealwright_core::id::{DealId, LeadId, ProjectId};
use dealwright_core::money::{Currency, Money};

use super::*;
use crate::lead::LeadInput;
use crate::lead::tests::{World, at, id, market_policy, policy, record};
use dealwright_core::process::Actor;

fn signal(n: u32, sector: &str, seen: Timestamp, days: i64) -> MarketSignal {
    MarketSignal {
        key: format!("feed#{sector}-{n}"),
        kind: SignalKind::Demand,
        sector: Some(sector.to_owned()),
        source: SourceName::parse("feed").unwrap(),
        observed_at: seen,
        expires_at: seen + Duration::days(days),
        evidence: Digest32::of(&n.to_be_bytes()),
        rule: "need/asks".to_owned(),
        link: None,
        passage: None,
    }
}

fn state(signals: &[MarketSignal]) -> MarketState {
    signals
        .iter()
        .fold(MarketState::default(), |state, signal| {
            Market::apply(state, &MarketEvent::Signal(Box::new(signal.clone())))
        })
}

// covers: MR-1
#[test]
fn a_signal_counts_from_its_day_until_it_expires() {
    let policy = market_policy();
    let signals: Vec<_> = (0..3).map(|n| signal(n, "bakery", at(), 10)).collect();
    let state = state(&signals);
    let share = |now| match state.demand("Bakery", &policy, now) {
        Demand::Known { share_ppm, .. } => share_ppm,
        Demand::InsufficientData { signals, floor } => {
            assert_eq!((signals, floor), (0, 3));
            0
        }
    };
    assert_eq!(share(at() - Duration::seconds(1)), 0);
    assert_eq!(share(at()), 1_000_000);
    assert_eq!(
        share(at() + Duration::days(10) - Duration::seconds(1)),
        1_000_000
    );
    assert_eq!(share(at() + Duration::days(10)), 0);
    assert_eq!(state.priors(Some("bakery"), &policy, at()).sector, 10);
    assert_eq!(
        state
            .priors(Some("bakery"), &policy, at() + Duration::days(10))
            .sector,
        0
    );
}

// covers: MR-3
#[test]
fn below_the_floor_nothing_is_said_and_the_trend_is_by_halves() {
    let policy = market_policy();
    let few: Vec<_> = (0..2).map(|n| signal(n, "bakery", at(), 30)).collect();
    assert_eq!(
        state(&few).demand("bakery", &policy, at()),
        Demand::InsufficientData {
            signals: 2,
            floor: 3
        }
    );
    assert_eq!(state(&few).priors(Some("bakery"), &policy, at()).sector, 0);
    let early = at() - Duration::days(20);
    let mut all: Vec<_> = (0..4).map(|n| signal(n, "bakery", at(), 60)).collect();
    all.push(signal(9, "bakery", early, 60));
    all.extend((0..10).map(|n| signal(n, "dental", early, 60)));
    let state = state(&all);
    let known = |sector| match state.demand(sector, &policy, at()) {
        Demand::Known {
            share_ppm,
            signals,
            trend,
        } => (share_ppm, signals, trend),
        other => panic!("{other:?}"),
    };
    assert_eq!(known("bakery"), (500_000, 5, 3));
    assert_eq!(known("dental"), (1_000_000, 10, -10));
}

#[test]
fn the_same_signal_is_taken_once_and_lost_deals_are_counted_with_their_needs() {
    let mut world = World::plain(policy());
    let one = MarketInput::Signal(Box::new(signal(1, "bakery", at(), 30)));
    world.tell_market("a", &one);
    world.tell_market("b", &one);
    assert_eq!(world.refused, ["MR-1"]);
    let mut named = Vec::new();
    for n in 0..10_u32 {
        let deal = DealId::derive(&[&n.to_be_bytes()]);
        named.push(deal.to_string());
        let closed = DealClosed {
            deal,
            lead: LeadId::derive(&[&n.to_be_bytes()]),
            won: false,
            reason: if n < 7 { "price" } else { "no-answer" }.to_owned(),
            services: Vec::new(),
            unmet: vec!["photographs".to_owned()],
            net: None,
            at: at(),
        };
        world.tell_market(&format!("c{n}"), &MarketInput::Closed(Box::new(closed)));
    }
    let state = world.market();
    assert_eq!((state.lost()["price"], state.lost()["no-answer"]), (7, 3));
    assert_eq!(state.lost_deals()["price"].len(), 7);
    assert_eq!(state.unmet()["photographs"], named);
}

fn feedback(revenue: i64, cost: i64, n: u32, free: i64) -> MarketInput {
    let eur = |minor| Money::from_minor(minor, Currency::parse("EUR").unwrap());
    let parts = DeliveryFeedbackParts {
        project: Some(ProjectId::derive(&[&n.to_be_bytes()])),
        deal: Some(DealId::derive(&[&n.to_be_bytes()])),
        lead: Some(LeadId::derive(&[&n.to_be_bytes()])),
        sector: None,
        outcomes: vec![ServiceOutcome {
            service: "website-audit".to_owned(),
            revenue: eur(revenue),
            cost: eur(cost),
            minutes: (60, 60),
            rework: 0,
            metrics: BTreeMap::new(),
        }],
        satisfaction: Some(4),
        days_late: 0,
        capacity: [("web".to_owned(), free)].into(),
        capabilities: BTreeMap::new(),
        may_cite: false,
    };
    MarketInput::Feedback(Box::new(DeliveryFeedback::try_from(parts).unwrap()))
}

// covers: DF-3
#[test]
fn a_service_that_loses_money_drops_and_without_learning_it_does_not() {
    for learn in [true, false] {
        let mut market = market_policy();
        market.learn = learn;
        let mut leads = policy();
        leads.floor = 1_000;
        let mut world = World::new(leads, market, crate::lead::tests::offline());
        world.take_in(id(1), record("town-guide", "1"));
        let points = |world: &World| {
            let state = world.state(id(1));
            let audit = state
                .services()
                .iter()
                .find(|s| s.service == "website-audit");
            audit.unwrap().points
        };
        let before = points(&world);
        for n in 0..10 {
            world.tell_market(&format!("f{n}"), &feedback(10_000, 18_000, n, 600));
        }
        world.give(id(1), "again", Actor::System, &LeadInput::Reconsider);
        world.run();
        let after = points(&world);
        assert_eq!(after < before, learn, "{before} {after}");
        // A team without a free minute sells nothing of it at all.
        world.tell_market("full", &feedback(10_000, 1_000, 99, 0));
        world.give(id(1), "full", Actor::System, &LeadInput::Reconsider);
        world.run();
        let offered: Vec<String> = world
            .state(id(1))
            .services()
            .iter()
            .map(|s| s.service.clone())
            .collect();
        assert!(
            !offered.contains(&"website-audit".to_owned()),
            "{offered:?}"
        );
    }
}

#[test]
fn spending_is_granted_once_and_only_what_is_held_is_settled() {
    let mut market = market_policy();
    market.spend_per_day.credits = 5;
    let mut world = World::new(policy(), market, crate::lead::tests::offline());
    let ask = |key: &str, credits| MarketInput::AskSpend {
        lead: ProcessKey::new(world.host.tenant(), "elsewhere", "x"),
        ask: AskSpend {
            key: key.to_owned(),
            price: Price::Credits(credits),
        },
    };
    let asks = [ask("a", 3), ask("a", 3), ask("b", 3), ask("c", 2)];
    for (n, ask) in asks.iter().enumerate() {
        world.tell_market(&format!("ask{n}"), ask);
    }
    assert_eq!(
        world.market().spending().of(at()).credits,
        5,
        "a once, c; b does not fit"
    );
    let done = |key: &str, took| {
        MarketInput::SpendDone(SpendDone {
            key: key.to_owned(),
            took,
        })
    };
    world.tell_market("d1", &done("a", Price::Free));
    world.tell_market("d2", &done("a", Price::Free));
    world.tell_market("d3", &done("b", Price::Credits(3)));
    assert_eq!(world.refused, ["OR-5", "OR-5"]);
    assert_eq!(world.market().spending().of(at()).credits, 2);
}
