use std::collections::BTreeSet;

use chrono::Duration;
use dealwright_core::id::LeadId;
use dealwright_core::page::SourceName;
use dealwright_core::party::{DomainName, EmailAddress};
use dealwright_core::personal::Personal;
use dealwright_core::process::{Actor, Host};
use dealwright_core::trust::{Consent, LetterClass, News, Recipient, RecipientInput};
use futures::executor::block_on;

use super::*;
use crate::lead::tests::{World, at, id, policy};
use crate::lead::{IntakeRecord, LeadInput};
use crate::qualify::Verdict;
use crate::resolve::Params;

fn row(source: &str, key: u32, name: &str, site: &str, address: &str) -> IntakeRecord {
    let mut record = IntakeRecord::new(SourceName::parse(source).unwrap(), key.to_string(), at());
    record.name = Some(name.to_owned());
    record.website = DomainName::parse(site).ok();
    let address = EmailAddress::parse(address).ok();
    record.email = address.map(|address| Personal::new(address, "s"));
    record.sector = Some("bakery".to_owned());
    record.source_notice = "We found your address in a directory.".to_owned();
    record.contact_allowed = true;
    record
}

fn import(host: &Host) -> ImportLeads {
    ImportLeads::new(host.clone(), Params::default().check().unwrap())
}

fn list() -> Vec<IntakeRecord> {
    let firms = [
        ("Bäckerei Amsel", "bäckerei-amsel.example"),
        ("Fahrrad Drossel", "drossel.example"),
        ("Praxis Star", "praxis-star.example"),
        ("Gasthof Zeisig", "zeisig.example"),
    ];
    let rows = firms.iter().zip(1_u32..);
    rows.map(|((name, site), key)| row("town-guide", key, name, site, &format!("info@{site}")))
        .collect()
}

// covers: LG-4
#[test]
fn the_same_file_twice_adds_nothing_and_spellings_are_one_lead() {
    let mut world = World::plain(policy());
    let service = import(&world.host);
    let first = block_on(service.run(&Actor::System, list(), world.now)).unwrap();
    world.run();
    assert_eq!(
        (first.rows, first.new, first.merged, first.leads),
        (4, 4, 0, 4)
    );
    let again = block_on(service.run(&Actor::System, list(), world.now)).unwrap();
    world.run();
    assert_eq!(
        (again.new, again.merged, again.known, again.leads),
        (0, 0, 4, 4)
    );
    // Another list writes the same firms in its own way: case, `www.`, the coded form of an umlaut.
    let coded = DomainName::parse("bäckerei-amsel.example").unwrap();
    let coded = coded.as_str();
    assert!(coded.starts_with("xn--"));
    let other = vec![
        row(
            "trade-list",
            1,
            "BAECKEREI AMSEL GmbH",
            &format!("www.{coded}"),
            &format!("Info@{}", coded.to_uppercase()),
        ),
        row(
            "trade-list",
            2,
            "Drossel Fahrrad",
            "WWW.DROSSEL.EXAMPLE",
            "info@drossel.example",
        ),
    ];
    let merged = block_on(service.run(&Actor::System, other, world.now)).unwrap();
    world.run();
    assert_eq!((merged.new, merged.merged, merged.leads), (0, 2, 4));
    assert!(world.refused.is_empty());
    // Both records are kept as they came.
    let records: usize = leads(&world)
        .iter()
        .map(|l| world.state(*l).records().len())
        .sum();
    assert_eq!(records, 6);
}

fn leads(world: &World) -> BTreeSet<LeadId> {
    let found = block_on(import(&world.host).existing()).unwrap();
    found.into_iter().map(|(lead, _)| lead).collect()
}

/// Numbers that follow from a seed.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

// covers: LG-7, GD-25
#[test]
fn no_order_of_imports_and_merges_revives_an_opt_out() {
    let spellings = [
        "info@amsel.example",
        "Info@AMSEL.example",
        "info+list@amsel.example",
    ];
    let address = EmailAddress::parse(spellings[0]).unwrap();
    for seed in 0..60 {
        let mut pick = numbers(seed);
        let mut world = World::plain(policy());
        let mut out = false;
        for step in 0..12_u32 {
            world.now += Duration::hours(1);
            match pick(5) {
                0 => {
                    let received = RecipientInput::Received {
                        news: [News::OptOut, News::Objection][usize::try_from(pick(2)).unwrap()]
                            .clone(),
                        address: Personal::new(address.clone(), "s"),
                        answers: None,
                        text: None,
                        message_id: None,
                        source: "email".to_owned(),
                        until: None,
                    };
                    hear(&mut world, step, &received);
                    out = true;
                }
                1 if pick(4) == 0 => {
                    let consent = Consent {
                        at: world.now,
                        source: "web form 3".to_owned(),
                        wording: "v2".to_owned(),
                        recorded_by: "mara".to_owned(),
                    };
                    hear(&mut world, step, &RecipientInput::Consented(consent));
                    out = false;
                }
                _ => {
                    let spelling = spellings[usize::try_from(pick(3)).unwrap()];
                    let source = ["town-guide", "trade-list"][usize::try_from(pick(2)).unwrap()];
                    let site =
                        ["amsel.example", "www.amsel.example"][usize::try_from(pick(2)).unwrap()];
                    let row = row(
                        source,
                        u32::try_from(pick(6)).unwrap(),
                        "Amsel",
                        site,
                        spelling,
                    );
                    block_on(import(&world.host).run(&Actor::System, vec![row], world.now))
                        .unwrap();
                    world.run();
                }
            }
            let key = world.host.recipient(&address);
            let state = block_on(world.host.state::<Recipient>(&key)).unwrap();
            let suppressed = state.is_some_and(|(_, s)| s.is_suppressed(LetterClass::Marketing));
            assert_eq!(suppressed, out, "seed {seed}, step {step}");
        }
    }
}

fn hear(world: &mut World, step: u32, input: &RecipientInput) {
    let address = EmailAddress::parse("info@amsel.example").unwrap();
    let recipient = world.host.recipient(&address).id().to_owned();
    let dedupe = format!("heard-{step}");
    let actor = Actor::Outside("email".to_owned());
    let offer = world
        .host
        .offer::<Recipient>(recipient, &dedupe, actor, world.now, input);
    block_on(offer).unwrap();
    world.run();
}

// covers: DB-2
#[test]
fn a_timeline_read_again_from_the_log_is_the_same() {
    let mut world = World::plain(policy());
    let service = import(&world.host);
    let mut live = Timelines::new();
    block_on(service.run(&Actor::System, list(), world.now)).unwrap();
    world.run();
    block_on(live.follow(&world.host)).unwrap();
    let other = row(
        "trade-list",
        2,
        "Drossel Fahrrad",
        "drossel.example",
        "x@drossel.example",
    );
    block_on(service.run(&Actor::System, vec![other], world.now)).unwrap();
    world.run();
    let lead = *leads(&world).first().unwrap();
    let word = LeadInput::Overrule {
        verdict: Some(Verdict::Qualified),
        why: "known to us".to_owned(),
    };
    world.give(lead, "word", Actor::Person("mara".to_owned()), &word);
    world.run();
    block_on(live.follow(&world.host)).unwrap();
    assert_eq!(
        block_on(live.follow(&world.host)).unwrap(),
        0,
        "nothing is read twice"
    );
    let mut again = Timelines::new();
    block_on(again.follow(&world.host)).unwrap();
    assert_eq!(
        live.leads().collect::<Vec<_>>(),
        again.leads().collect::<Vec<_>>()
    );
    for lead in leads(&world) {
        assert_eq!(live.of(lead), again.of(lead));
        assert!(live.of(lead).len() >= 3);
        assert!(live.of(lead).is_sorted_by_key(|line| line.at));
    }
    assert!(
        live.of(lead)
            .iter()
            .any(|line| line.what.contains("mara overruled"))
    );
    assert!(live.of(id(999)).is_empty());
}
