//! The collections lie beside the project; where they do not, the tests say so and pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dealwright_email::inbound::{InboundKind, InboundLimits, InboundMail, without_quotes};

/// The folder with labelled data, where it is there.
fn data(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("DEALWRIGHT_DATA").map_or(beside, PathBuf::from);
    let found = root.join(part);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: there is no {part} among the labelled data");
    None
}

fn read(raw: &[u8]) -> InboundMail {
    InboundMail::read(raw, &InboundLimits::default()).unwrap()
}

/// Labels that we do not share, each with the reason.
const ARGUABLE: &str = include_str!("arguable.tsv");

#[test]
fn bounces_complaints_and_machines_are_told_apart() {
    let Some(folder) = data("mail/sisimai") else {
        return;
    };
    let labels = fs::read_to_string(folder.join("labels.jsonl")).unwrap();
    let (mut all, mut right, mut named) = (0, 0, 0);
    let mut wrong = Vec::new();
    let mut unnamed = Vec::new();
    for line in labels.lines() {
        let label: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        let (file, kind) = (&label["file"], &label["kind"]);
        let raw = fs::read(folder.join(file)).unwrap();
        let mail = read(&raw);
        all += 1;
        if mail.kind.word() == kind {
            right += 1;
        } else {
            wrong.push(format!("{file}\t{}", mail.kind.word()));
        }
        if let InboundKind::Bounce(bounce) = &mail.kind {
            if bounce.recipients.is_empty() {
                unnamed.push(file.clone());
            } else {
                named += 1;
            }
        }
    }
    eprintln!("{right} of {all} kinds as labelled, {named} bounces name an address");
    eprintln!("{wrong:#?}\nwithout an address: {unnamed:#?}");
    assert!(right * 100 >= all * 99, "{wrong:#?}");
    // The list is whole, and holds nothing that is read as labelled by now.
    let arguable: Vec<_> = ARGUABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (what, why) = line.rsplit_once('\t').unwrap();
            assert!(!why.is_empty(), "{line}");
            what.to_owned()
        })
        .collect();
    assert_eq!(wrong, arguable);
}

/// The addresses that sixty of the bounces name, labelled by hand from the mails' own lines.
const FAILED: &str = include_str!("failed.tsv");

#[test]
fn the_address_that_failed_is_the_one_that_stands_there() {
    let Some(folder) = data("mail/sisimai/maildir/bsd") else {
        return;
    };
    let (mut right, mut wrong) = (0, Vec::new());
    for line in FAILED.lines() {
        let (file, addresses) = line.split_once('\t').unwrap();
        let mail = read(&fs::read(folder.join(format!("{file}.eml"))).unwrap());
        let InboundKind::Bounce(bounce) = mail.kind else {
            wrong.push(format!("{file} is read as {}", mail.kind.word()));
            continue;
        };
        let mut found: Vec<&str> = bounce
            .recipients
            .iter()
            .map(|r| r.address.as_str())
            .collect();
        found.sort_unstable();
        if found.join(" ") == addresses {
            right += 1;
        } else {
            wrong.push(format!(
                "{file} names {addresses}, read as {}",
                found.join(" ")
            ));
        }
    }
    eprintln!("{right} of 60 bounces name whom their label names");
    assert!(wrong.len() <= 1, "{wrong:#?}");
}

#[test]
fn what_people_write_is_cut_from_what_they_quote() {
    let Some(folder) = data("mail/crisp") else {
        return;
    };
    let (mut all, mut right) = (0, 0);
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder.join("expected")).unwrap() {
        let name = entry.unwrap().file_name();
        let text = |part: &str| {
            let path = folder.join(part).join(&name);
            String::from_utf8(fs::read(path).unwrap()).unwrap()
        };
        let plain = |text: String| {
            let lines: Vec<String> = text.lines().map(|l| l.trim_end().to_owned()).collect();
            lines.join("\n").trim().to_owned()
        };
        let cut = plain(without_quotes(&text("replies")));
        all += 1;
        if cut == plain(text("expected")) {
            right += 1;
        } else {
            wrong.push((name, cut));
        }
    }
    eprintln!("{right} of {all} replies are cut exactly");
    assert!(right * 100 >= all * 90, "{wrong:#?}");
}

#[test]
fn no_mail_of_a_person_becomes_a_bounce() {
    let Some(replies) = data("mail/crisp/replies") else {
        return;
    };
    for entry in fs::read_dir(replies).unwrap() {
        let path = entry.unwrap().path();
        let body = fs::read(&path).unwrap();
        let mut raw = b"From: Mara <mara@bakery.example>\r\nTo: us@agency.example\r\n\
                        Subject: Re: Your listing\r\nMessage-ID: <1@bakery.example>\r\n\
                        Content-Type: text/plain; charset=utf-8\r\n\r\n"
            .to_vec();
        raw.extend(body);
        assert_eq!(read(&raw).kind, InboundKind::Reply, "{}", path.display());
    }
    let Some(mime) = data("corpora/mime") else {
        return;
    };
    let mut seen = 0;
    let mut folders = vec![mime];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let raw = fs::read(&path).unwrap();
            if let Ok(mail) = InboundMail::read(&raw, &InboundLimits::default()) {
                seen += 1;
                let bounce = matches!(mail.kind, InboundKind::Bounce(_));
                assert!(!bounce, "{}", path.display());
            }
        }
    }
    assert!(seen > 10, "only {seen} mails were read");
}
