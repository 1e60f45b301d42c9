use std::collections::BTreeSet;

use dealwright_core::personal::Purpose;
use dealwright_simulation::start;

use super::*;

#[test]
fn the_directories_parse_through_their_maps() {
    let read = directories(start()).unwrap();
    let counts: Vec<_> = read
        .iter()
        .map(|(name, table)| (*name, table.read, table.records.len(), table.refused.len()))
        .collect();
    assert_eq!(
        counts,
        [
            ("Chamber register", 156, 156, 0),
            ("Town Book", 125, 125, 0),
            ("Placefinder", 114, 112, 2),
        ]
    );
    let records: Vec<_> = read.iter().flat_map(|(_, t)| &t.records).collect();
    let with = |test: fn(&IntakeRecord) -> bool| records.iter().filter(|r| test(r)).count();
    assert_eq!(
        with(|r| r.country.is_some() && r.zone.is_some()),
        records.len()
    );
    assert_eq!(
        with(|r| r.name.is_some() && r.street.is_some()),
        records.len()
    );
    assert!(with(|r| r.email.is_none()) > 100 && with(|r| r.email.is_some()) > 100);
    let umlauts = with(|r| r.street.as_deref().is_some_and(|s| s.contains("straße")));
    assert!(umlauts > 0, "latin1 is read as it was written");
}

#[test]
fn everything_in_it_is_readable_and_allowed() {
    assert_eq!(sites().unwrap().len(), 27);
    assert_eq!(inbox().unwrap().len(), 4);
    assert!(cast().unwrap().len() > 25);
    assert!(terms().unwrap().records().count() >= 9);
    for (source, path, least) in [
        ("lake-forum", "posts/forum.jsonl", 14),
        ("chatter", "posts/social.jsonl", 14),
    ] {
        assert!(
            posts(&source_name(source).unwrap(), path, start())
                .unwrap()
                .len()
                >= least
        );
    }
}

/// Only reserved domains and numbers kept free for fiction.
#[test]
fn nobody_real_is_in_it() {
    let mut hosts = BTreeSet::new();
    for (path, bytes) in files::FILES {
        let text: String = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        };
        for word in text.split(|c: char| c.is_whitespace() || "\"'<>;,()|".contains(c)) {
            let host = match (word.split_once("://"), word.split_once('@')) {
                (Some((_, rest)), _) => rest.split('/').next().unwrap_or_default(),
                (None, Some((name, host))) if !name.is_empty() => host,
                _ => continue,
            };
            let host = host.trim_end_matches(['.', ':']);
            let known = ["schema.org", "www.w3.org", "www.sitemaps.org"];
            if host.contains('.') && !known.contains(&host) {
                assert!(host.ends_with(".example"), "{path}: {host}");
                hosts.insert(host.to_owned());
            }
        }
    }
    assert!(hosts.len() > 40);
    for (_, table) in directories(start()).unwrap() {
        for record in table.records {
            let Some(phone) = &record.phone else { continue };
            let digits = phone.reveal(Purpose::Matching).as_str();
            let kept_free = digits.starts_with("+4930231 25".replace(' ', "").as_str())
                || digits.starts_with("+4420794 60".replace(' ', "").as_str())
                || (digits.starts_with("+1") && digits.get(5..9) == Some("5550"));
            assert!(kept_free, "{digits}");
        }
    }
}
