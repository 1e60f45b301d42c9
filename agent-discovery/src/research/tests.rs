use std::sync::Arc;

use chrono::Duration;
use dealwright_core::document::{ChartData, DocumentRenderer, Format, PlainRenderer};
use dealwright_core::handoff::DealClosed;
use dealwright_core::id::{DealId, LeadId};
use dealwright_core::page::{PageUrl, SourceName};
use dealwright_core::personal::Purpose;
use dealwright_core::process::Process as _;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use futures::executor::block_on;

use super::*;
use crate::enrich::tests::terms;
use crate::enrich::{Ceiling, Price};
use crate::lead::tests::{World, at, id, market_policy, policy, record};
use crate::lead::{Lead, LeadPhase};
use crate::market::{Demand, Market, MarketEvent, MarketSignal, MarketState, SignalKind};
use crate::resolve::Params;
use crate::source::{MemorySignalSource, RawSignal, TermsRegister};

fn entry(source: &str, key: &str, title: &str, text: &str) -> RawSignal {
    let own = |text: &str| Untrusted::new(text.to_owned());
    let source = SourceName::parse(source).unwrap();
    let mut entry = RawSignal::new(source, key, own(title), own(text), at());
    entry.link = PageUrl::parse("https://board.example/post/1").ok();
    entry
}

fn kinds(title: &str, text: &str) -> Vec<SignalKind> {
    let lexicon = Lexicon::standard().unwrap();
    let found = recognise(&entry("board", "1", title, text), &lexicon);
    found.iter().map(|signal| signal.kind).collect()
}

// covers: MR-1
#[test]
fn entries_become_typed_signals_with_source_day_expiry_and_evidence() {
    let lexicon = Lexicon::standard().unwrap();
    let mut post = entry(
        "board",
        "p7",
        "Can anyone recommend a web designer?",
        "Our bakery site is from 2009. Budget is small but real.",
    );
    post.published_at = Some(at() - Duration::days(2));
    let found = recognise(&post, &lexicon);
    assert_eq!(found.len(), 1);
    let signal = &found[0];
    assert_eq!(signal.kind, SignalKind::Demand);
    assert_eq!(signal.source.as_str(), "board");
    assert_eq!(signal.observed_at, at() - Duration::days(2));
    assert_eq!(signal.expires_at, at() + Duration::days(43));
    assert_eq!(signal.evidence, post.evidence);
    assert_eq!(signal.sector.as_deref(), Some("bakery"));
    assert_eq!(signal.rule, "need/asks");
    let passage = signal.passage.as_ref().unwrap().reveal(Purpose::Display);
    assert!(passage.inspect(|p| p.contains("recommend a web designer")));
    // What its source files it under speaks first.
    post.categories = vec![Untrusted::new("Dentists".to_owned())];
    assert_eq!(
        recognise(&post, &lexicon)[0].sector.as_deref(),
        Some("dental")
    );
}

/// Written after the lexicon and never shown to it, so that what it says is worth something.
const LABELLED: [(&str, &str, Option<SignalKind>); 40] = [
    (
        "Looking for someone to build us a small website",
        "",
        Some(SignalKind::Demand),
    ),
    (
        "Does anybody know a decent photographer for food?",
        "",
        Some(SignalKind::Demand),
    ),
    (
        "Wir suchen eine Agentur für unsere neue Homepage",
        "",
        Some(SignalKind::Demand),
    ),
    (
        "Kann jemand einen Webdesigner empfehlen?",
        "",
        Some(SignalKind::Demand),
    ),
    (
        "Nous cherchons un prestataire pour refaire le site",
        "",
        Some(SignalKind::Demand),
    ),
    (
        "How do we get on Google Maps?",
        "Nobody finds us.",
        Some(SignalKind::Demand),
    ),
    (
        "Need help with our booking page before Easter",
        "",
        Some(SignalKind::Demand),
    ),
    ("Who can fix a hacked shop?", "", Some(SignalKind::Demand)),
    (
        "Amsel Bakery is hiring two bakers",
        "",
        Some(SignalKind::Hiring),
    ),
    (
        "Join our team at the roastery",
        "",
        Some(SignalKind::Hiring),
    ),
    ("Tischlerei sucht Verstärkung", "", Some(SignalKind::Hiring)),
    (
        "Stellenangebot: Zahnarzthelferin",
        "",
        Some(SignalKind::Hiring),
    ),
    ("La boulangerie Merle recrute", "", Some(SignalKind::Hiring)),
    (
        "Vacancy for a part-time florist",
        "",
        Some(SignalKind::Hiring),
    ),
    (
        "Cedar Cafe opens a second shop in Leeds",
        "",
        Some(SignalKind::Launch),
    ),
    ("Grand opening on Saturday", "", Some(SignalKind::Launch)),
    (
        "Neueröffnung in der Lindenstraße",
        "",
        Some(SignalKind::Launch),
    ),
    (
        "Ouverture d'une nouvelle boutique rue du Lac",
        "",
        Some(SignalKind::Launch),
    ),
    (
        "Birch Books moves to new premises",
        "",
        Some(SignalKind::Launch),
    ),
    (
        "Their website has been down for a week",
        "",
        Some(SignalKind::Complaint),
    ),
    (
        "Google says open until six, door was shut",
        "The hours are wrong.",
        Some(SignalKind::Complaint),
    ),
    (
        "Die Öffnungszeiten im Netz stimmen nie",
        "",
        Some(SignalKind::Complaint),
    ),
    (
        "The phone number is disconnected",
        "",
        Some(SignalKind::Complaint),
    ),
    (
        "Invitation to tender: school kitchen websites",
        "",
        Some(SignalKind::Tender),
    ),
    (
        "Ausschreibung: Webauftritt der Gemeinde",
        "",
        Some(SignalKind::Tender),
    ),
    (
        "Appel d'offres pour le portail de la ville",
        "",
        Some(SignalKind::Tender),
    ),
    (
        "Council publishes request for proposals",
        "",
        Some(SignalKind::Tender),
    ),
    (
        "Dorn Cycles secures a grant for its workshop",
        "",
        Some(SignalKind::Funding),
    ),
    (
        "Local brewery raised two million in seed funding",
        "",
        Some(SignalKind::Funding),
    ),
    (
        "We are moving from Joomla to something simpler",
        "",
        Some(SignalKind::Stack),
    ),
    (
        "Tag der offenen Tür in der Gärtnerei",
        "",
        Some(SignalKind::Event),
    ),
    (
        "Christmas market on the square",
        "",
        Some(SignalKind::Event),
    ),
    (
        "We offer websites from 99 a month, free trial",
        "Looking for a website? Book a demo.",
        None,
    ),
    ("The weather was fine all weekend", "", None),
    (
        "Recipe: rye bread with walnuts",
        "Let it rest for two hours.",
        None,
    ),
    ("Road works on Main Street from Monday", "", None),
    ("Council minutes of the March meeting", "", None),
    ("Lost cat near the river", "", None),
    ("Opening hours over Easter", "We close on Friday.", None),
    ("Thank you to all who came", "", None),
];

#[test]
fn labelled_posts_are_read_right_often_enough() {
    let mut wrong = Vec::new();
    for (title, text, expected) in LABELLED {
        let found = kinds(title, text);
        let right = match expected {
            Some(kind) => found.contains(&kind),
            None => found.is_empty(),
        };
        if !right {
            wrong.push((title, found));
        }
    }
    println!(
        "{} of {} read right; wrong: {wrong:?}",
        LABELLED.len() - wrong.len(),
        LABELLED.len()
    );
    assert!(wrong.len() * 10 <= LABELLED.len(), "{wrong:?}");
}

#[test]
fn a_firm_is_named_by_its_site_its_address_or_the_title() {
    let lexicon = Lexicon::standard().unwrap();
    let named = |title, text| named_firm(&entry("board", "1", title, text), &lexicon);
    let firm = named(
        "Amsel Bakery opens a second shop",
        "More on www.amsel.example/news.",
    )
    .unwrap();
    assert_eq!(firm.name.as_deref(), Some("Amsel Bakery"));
    assert_eq!(firm.website.unwrap().as_str(), "amsel.example");
    let firm = named(
        "Need help with our site",
        "Write to office@drossel.example please",
    )
    .unwrap();
    assert_eq!(firm.name, None);
    assert_eq!(firm.website.unwrap().as_str(), "drossel.example");
    assert_eq!(firm.email.unwrap().as_str(), "office@drossel.example");
    assert_eq!(
        named("Can anyone recommend a designer?", "See facebook.com/me"),
        None
    );
    assert_eq!(
        named("Looking for help", "as in https://board.example/post/9"),
        None
    );
    let private = named("Need a website", "ada@gmail.com").unwrap();
    assert_eq!((private.website, private.email.is_some()), (None, true));
}

#[test]
fn a_lexicon_with_a_mistake_is_refused_and_says_where() {
    let bad = |text: &str| Lexicon::parse(text).unwrap_err().to_string();
    let rule = |any: &str, days: u32| {
        format!(
            "version = 1\n[[kind]]\nid = \"x\"\nkind = \"event\"\ndays = {days}\nany = [{any}]\n"
        )
    };
    assert!(Lexicon::parse(&rule("\"fair\"", 3)).is_ok());
    assert!(bad(&rule("\"..\"", 3)).contains("`x`"));
    assert!(bad(&rule("", 3)).contains("`x`"));
    assert!(bad(&rule("\"fair\"", 0)).contains("0 days"));
    assert!(bad("version = 1").contains("kind"));
}

fn source(name: &str, price: Price, credits: u64) -> ResearchSource {
    ResearchSource {
        source: SourceName::parse(name).unwrap(),
        every_minutes: 60,
        price,
        per_day: Ceiling {
            money: None,
            credits,
        },
        contact_allowed: false,
        notice: String::new(),
    }
}

fn reader(
    world: &World,
    sources: Vec<(ResearchSource, Vec<RawSignal>)>,
    terms: TermsRegister,
) -> ReadSignals {
    let params = Params::default().check().unwrap();
    let lexicon = Lexicon::standard().unwrap();
    let new = ReadSignals::new(world.host.clone(), "main", lexicon, terms, params);
    sources
        .into_iter()
        .fold(new, |reader, (settings, entries)| {
            let entries = entries.into_iter().map(Ok).collect();
            reader.with_source(settings, Arc::new(MemorySignalSource::new(entries, 2)))
        })
}

// covers: MR-1, GD-18, LG-2
#[test]
fn a_source_is_read_when_it_is_ready_and_says_why_not() {
    let mut world = World::plain(policy());
    let entries = |name: &str| {
        vec![
            entry(
                name,
                "1",
                "Can anyone recommend a web designer?",
                "For a bakery.",
            ),
            entry(name, "2", "Amsel Bakery is hiring a baker", ""),
            entry(name, "3", "Grand opening of a bakery", ""),
        ]
    };
    let paid = source("paid-feed", Price::Credits(2), 3);
    let all = || {
        vec![
            (source("board", Price::Free, 0), entries("board")),
            (paid.clone(), entries("paid-feed")),
            (source("closed", Price::Free, 0), entries("closed")),
        ]
    };
    let reader = reader(&world, all(), terms(&["board", "paid-feed"]));
    let report = block_on(reader.run(world.now)).unwrap();
    world.run();
    let line = &report.sources[0];
    assert_eq!((line.entries, line.signals), (3, 3));
    assert_eq!(report.sources[1].signals, 3);
    let NotReadyCase(why) = not_ready(&report.sources[2].readiness);
    assert!(why.contains("no terms record"), "{why}");
    assert_eq!(world.market().signals().len(), 6);
    assert!(
        world
            .market()
            .signals()
            .values()
            .all(|s| s.passage.is_some()
                && s.expires_at > s.observed_at
                && s.evidence.to_hex().len() == 64)
    );

    // Within the hour nothing is read again, in the next one the paid source has too little left.
    let report = block_on(reader.run(world.now + Duration::minutes(10))).unwrap();
    assert!(matches!(
        report.sources[0].readiness,
        Readiness::NotReady(NotReady::TooSoon { .. })
    ));
    world.now += Duration::hours(1);
    let report = block_on(reader.run(world.now)).unwrap();
    world.run();
    assert_eq!(report.sources[0].readiness, Readiness::Ready);
    assert_eq!(report.sources[0].signals, 0, "known entries are no news");
    assert_eq!(
        report.sources[1].readiness,
        Readiness::NotReady(NotReady::CapReached)
    );
    let reads = world.market().reads()[&paid.source].clone();
    assert_eq!(reads.times(), 1);
    world.now += Duration::days(1);
    let report = block_on(reader.run(world.now)).unwrap();
    assert_eq!(report.sources[1].readiness, Readiness::Ready);
}

struct NotReadyCase(String);

fn not_ready(readiness: &Readiness) -> NotReadyCase {
    match readiness {
        Readiness::NotReady(why) => NotReadyCase(why.to_string()),
        Readiness::Ready => panic!("it is ready"),
    }
}

#[test]
fn of_two_runs_at_once_one_reads() {
    let world = World::plain(policy());
    let entries = vec![entry("board", "1", "Grand opening", "")];
    let settings = source("board", Price::Free, 0);
    let reader = reader(&world, vec![(settings, entries)], terms(&["board"]));
    let first = block_on(reader.run(world.now)).unwrap();
    let second = block_on(reader.run(world.now)).unwrap();
    assert_eq!(first.sources[0].readiness, Readiness::Ready);
    assert!(matches!(
        second.sources[0].readiness,
        Readiness::NotReady(_)
    ));
}

#[test]
fn a_post_that_names_a_firm_joins_its_lead_or_makes_one() {
    let mut world = World::plain(policy());
    let mut known = record("town-guide", "1");
    known.email = None;
    world.take_in(id(1), known);
    let entries = vec![
        entry("board", "1", "Amsel Bakery is hiring two bakers", ""),
        entry(
            "board",
            "2",
            "Drossel Bakery opens a second shop",
            "See drossel.example",
        ),
        entry("board", "3", "Somebody is hiring", ""),
    ];
    let settings = source("board", Price::Free, 0);
    let reader = reader(&world, vec![(settings, entries)], terms(&["board"]));
    let report = block_on(reader.run(world.now)).unwrap();
    world.run();
    assert_eq!(report.sources[0].firms, 2);
    let state = world.state(id(1));
    assert_eq!(state.records().len(), 2);
    assert!(state.reasons().iter().any(|r| r.rule == "intent/hiring"));
    let found = block_on(world.host.store().find(dealwright_core::process::Find {
        tenant: world.host.tenant().clone(),
        kind: "lead".to_owned(),
        index: "phase".to_owned(),
        range: dealwright_core::process::IndexRange::default(),
        after: None,
        n: 10,
    }))
    .unwrap()
    .0;
    assert_eq!(found.len(), 2);
    let made = found
        .iter()
        .find(|f| f.process.id() != id(1).to_string())
        .unwrap();
    let made = block_on(world.host.state::<Lead>(&made.process))
        .unwrap()
        .unwrap()
        .1;
    assert_eq!(made.profile().display_name(), "Drossel Bakery");
    assert_eq!(
        made.phase(),
        &LeadPhase::NoAddress,
        "a post is nobody to write to yet"
    );
}

fn told(signals: &[MarketSignal]) -> MarketState {
    signals
        .iter()
        .fold(MarketState::default(), |state, signal| {
            Market::apply(state, &MarketEvent::Signal(Box::new(signal.clone())))
        })
}

fn signals(sector: &str, n: u32, seen: Timestamp) -> Vec<MarketSignal> {
    let lexicon = Lexicon::standard().unwrap();
    (0..n)
        .flat_map(|n| {
            let title = format!("Can anyone recommend a web designer? ({sector})");
            let mut post = entry("board", &format!("{sector}-{n}"), &title, "");
            post.published_at = Some(seen);
            recognise(&post, &lexicon)
        })
        .collect()
}

// covers: MR-1, MR-4
#[test]
fn every_figure_of_the_report_is_counted_again_from_its_signals() {
    let policy = market_policy();
    let mut all = signals("bakery", 5, at() - Duration::days(3));
    all.extend(signals("florist", 4, at() - Duration::days(20)));
    all.extend(signals("dentist", 1, at()));
    let mut state = told(&all);
    for n in 0..10_u32 {
        let closed = DealClosed {
            deal: DealId::derive(&[&n.to_be_bytes()]),
            lead: LeadId::derive(&[&n.to_be_bytes()]),
            won: false,
            reason: "price".to_owned(),
            services: Vec::new(),
            unmet: [&["photographs"][..], &["photographs", "print"][..]][usize::from(n < 3)]
                .iter()
                .map(ToString::to_string)
                .collect(),
            net: None,
            at: at(),
        };
        state = Market::apply(state, &MarketEvent::Closed(Box::new(closed)));
    }
    let report = MarketReport::of(&state, &policy, at());
    report.verify(&state).unwrap();
    let sectors: Vec<(&str, u32)> = report
        .sectors
        .iter()
        .map(|l| (l.sector.as_str(), l.signals.value()))
        .collect();
    assert_eq!(sectors, [("bakery", 5), ("florist", 4), ("dental", 1)]);
    for line in &report.sectors {
        let weeks: u32 = line.weeks.iter().map(Figure::value).sum();
        let kinds: u32 = line.kinds.iter().map(|(_, f)| f.value()).sum();
        assert_eq!((weeks, kinds), (line.signals.value(), line.signals.value()));
    }
    assert!(matches!(
        report.sectors[2].demand,
        Demand::InsufficientData { .. }
    ));
    assert_eq!(
        (report.unmet[0].name.as_str(), report.unmet[0].value()),
        ("photographs", 10)
    );
    assert_eq!(report.unmet[1].value(), 3);

    // What was counted is gone when it expires, and a figure that was touched does not verify.
    let late = MarketReport::of(&state, &policy, at() + Duration::days(60));
    assert_eq!((late.sectors.len(), late.signals().len()), (0, 0));
    let mut forged = report.clone();
    forged.sectors[0].signals.rests_on[0] = "board#florist-0#demand".to_owned();
    assert_eq!(
        forged.verify(&state).unwrap_err().why,
        "is about something else"
    );
    let mut forged = report.clone();
    forged.kinds[0].1.rests_on.push("made-up".to_owned());
    assert!(forged.verify(&state).is_err());

    let document = report.document();
    document.check().unwrap();
    assert!(
        document
            .charts()
            .any(|c| matches!(c.data(), ChartData::Bars(b) if b.len() == 2))
    );
    assert!(
        document
            .charts()
            .any(|c| matches!(c.data(), ChartData::Lines { .. }))
    );
    let text = PlainRenderer.render(&document, Format::Markdown).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("photographs") && text.contains("too few to say"));
    assert!(text.contains("S10") && text.contains("recommend a web designer"));
    MarketReport::of(&MarketState::default(), &policy, at())
        .document()
        .check()
        .unwrap();
}
