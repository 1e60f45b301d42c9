use std::collections::BTreeSet;

use chrono::Duration;
use dealwright_core::id::LeadId;
use dealwright_core::page::SourceName;
use dealwright_core::party::{Country, DomainName, EmailAddress, PhoneNumber};
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

fn firm(key: u32, name: &str, street: &str, phone: &str, address: Option<&str>) -> IntakeRecord {
    let mut record = row("town-guide", key, name, "none", address.unwrap_or_default());
    record.street = Some(street.to_owned());
    record.postal_code = Some("49998".to_owned());
    record.country = Some(Country::US);
    record.phone = PhoneNumber::parse(phone, Some(Country::US))
        .ok()
        .map(|phone| Personal::new(phone, "s"));
    record
}

/// The lead that has the record of that key.
fn lead_of(key: &str, world: &World) -> LeadId {
    let has = |lead: &LeadId| world.state(*lead).records().iter().any(|r| r.key == key);
    leads(world).into_iter().find(has).unwrap()
}

/// A town in which firms share streets, trades and half of their names.
fn town() -> Vec<IntakeRecord> {
    vec![
        firm(
            1,
            "Okonwe Eye Care LLC",
            "101 Birchwood Ln",
            "(906) 555-0153",
            None,
        ),
        firm(
            2,
            "Quillard Eye Care Inc.",
            "150 Main Street",
            "(906) 555-0156",
            Some("see@quillard.example"),
        ),
        firm(
            3,
            "Old Depot Books LLC",
            "46 Depot Street",
            "(231) 555-0159",
            Some("shelf@old-depot.example"),
        ),
        firm(
            4,
            "Old Depot Landscaping",
            "144 Depot Street",
            "(231) 555-0139",
            Some("old@lakemail.example"),
        ),
        firm(
            5,
            "Halvorsen Bakery LLC",
            "14 Harbor Street",
            "(906) 555-0134",
            Some("hello@halvorsen.example"),
        ),
        firm(
            6,
            "Halvorsen Bakery",
            "14 Harbor Street",
            "(906) 555-0172",
            Some("bakery@lakemail.example"),
        ),
        firm(
            7,
            "North Pier Hair Inc.",
            "70 Lighthouse Drive",
            "(906) 555-0182",
            Some("hair@postbag.example"),
        ),
        firm(
            8,
            "North Pier Hair",
            "47 Mill Road",
            "(906) 555-0182",
            Some("hair@postbag.example"),
        ),
    ]
}

// covers: LG-4
#[test]
fn only_one_firm_is_one_lead_and_what_is_doubtful_waits_for_a_person() {
    let mut world = World::plain(policy());
    let service = import(&world.host);
    let report = block_on(service.run(&Actor::System, town(), world.now)).unwrap();
    world.run();
    assert_eq!((report.new, report.merged, report.leads), (7, 1, 7));
    assert_eq!(report.doubts, 1, "the two bakeries");
    let (one, other) = (lead_of("5", &world), lead_of("6", &world));
    let told = world.state(one);
    let doubt = told.resembles().first().unwrap();
    assert_eq!(
        (doubt.lead, doubt.name.as_str()),
        (other, "Halvorsen Bakery")
    );
    assert!(doubt.why.contains("name same="), "{}", doubt.why);
    assert_eq!(world.state(other).resembles().first().unwrap().lead, one);
    // The same file again tells nothing twice.
    let again = block_on(service.run(&Actor::System, town(), world.now)).unwrap();
    world.run();
    assert_eq!((again.new, again.merged, again.leads), (0, 0, 7));
    assert_eq!(world.state(one).resembles().len(), 1);
}

// covers: DB-1
#[test]
fn a_person_joins_two_leads_and_no_record_of_either_is_lost() {
    let mut policy = policy();
    // Nothing is good enough to be sold to, so that both still stand.
    policy.floor = 1_000;
    let mut world = World::plain(policy);
    let service = import(&world.host);
    block_on(service.run(&Actor::System, town(), world.now)).unwrap();
    world.run();
    let (keep, gone) = (lead_of("5", &world), lead_of("6", &world));
    let mara = Actor::Person("mara".to_owned());
    let join = |keep, gone, now| block_on(service.join(&mara, keep, gone, "same owner", now));
    join(keep, gone, world.now).unwrap();
    world.run();
    let (kept, left) = (world.state(keep), world.state(gone));
    assert_eq!(kept.records().len(), 2);
    assert_eq!(left.phase(), &LeadPhase::Joined { into: keep });
    assert_eq!(
        left.records().len(),
        1,
        "what came in stays where it came in"
    );
    assert_eq!(leads(&world).len(), 6);
    let why = join(keep, gone, world.now).unwrap_err().to_string();
    assert!(why.contains("join leads"), "{why}");
    assert!(join(keep, keep, world.now).is_err());
    assert!(join(keep, id(999), world.now).is_err());
    // Its rows are known where they went.
    let again = block_on(service.run(&Actor::System, town(), world.now)).unwrap();
    assert_eq!((again.new, again.merged, again.known), (0, 0, 8));
    world.run();
    assert_eq!(again.doubts, 0, "nobody looks like themselves");
    assert!(world.state(keep).resembles().iter().all(|r| r.lead != keep));
}

#[test]
fn nobody_is_written_to_at_the_address_of_a_record_that_is_called_otherwise() {
    let mut own = firm(1, "Amsel Bakery", "4 Quay", "(906) 555-0101", None);
    own.website = DomainName::parse("amsel.example").ok();
    // Two things agree, so it is the same house; what it calls itself is not.
    let mut other = firm(
        2,
        "Drossel Cafe",
        "4 Quay",
        "(906) 555-0101",
        Some("cafe@drossel.example"),
    );
    other.website = DomainName::parse("amsel.example").ok();
    let mut world = World::plain(policy());
    block_on(import(&world.host).run(&Actor::System, vec![own, other], world.now)).unwrap();
    world.run();
    let all = leads(&world);
    assert_eq!(all.len(), 1);
    let state = world.state(*all.first().unwrap());
    // It is called as the record calls it that brought the address, and takes nothing of the other.
    let profile = state.profile();
    assert_eq!(profile.display_name(), "Drossel Cafe");
    assert_eq!(profile.name.values().len(), 1);
    let email = profile.email.choose().unwrap();
    assert!(email.value().source().url().unwrap().ends_with("#2"));
    assert!(profile.disputed().is_empty());
}
