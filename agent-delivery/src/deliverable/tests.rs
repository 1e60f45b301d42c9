use std::collections::BTreeSet;

use dealwright_core::id::ProjectId;
use dealwright_core::knowledge::Slug;
use proptest::prelude::*;

use super::*;
use crate::execute::{ProducedPart, WorkerIdentity};
use crate::review::Review;
use crate::setup::tests::at;

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

pub(crate) fn part(name: &str, bytes: &[u8]) -> ProducedPart {
    ProducedPart {
        deliverable: "report".to_owned(),
        name: name.to_owned(),
        media_type: "application/json".to_owned(),
        digest: Digest32::of(bytes),
        bytes: u64::try_from(bytes.len()).unwrap(),
    }
}

pub(crate) fn head(version: u32) -> ManifestHead {
    let project = ProjectId::derive(&[b"project"]);
    ManifestHead {
        deliverable: deliverable_of(project, &slug("website-audit"), 1, &slug("report")),
        service: slug("website-audit"),
        template: slug("report"),
        version,
        requirements: BTreeSet::new(),
    }
}

pub(crate) fn manifest_by(worker: &WorkerIdentity, version: u32) -> Manifest {
    let parts = [part("a.json", b"{}"), part("b.json", b"[]")];
    Manifest::assemble(head(version), parts.map(|p| (p, worker.clone()))).unwrap()
}

fn tool() -> WorkerIdentity {
    WorkerIdentity::tool("website-audit", "1")
}

fn released(version: u32) -> Deliverable<Released> {
    let manifest = manifest_by(&tool(), version);
    let mut review = Review::open(&manifest, ["all-pages"]).unwrap();
    review
        .pass("all-pages", "10 of 10", &WorkerIdentity::person("kim"))
        .unwrap();
    let passed = review.gate().unwrap();
    Deliverable::draft(manifest)
        .release(passed, at("2026-03-05T10:00:00Z"))
        .unwrap()
}

proptest! {
    // covers: DP-1
    #[test]
    fn a_changed_part_changes_its_entry_and_the_hash_alone(
        bytes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..9), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let files = |bytes: &[Vec<u8>]| {
            let parts = bytes.iter().enumerate().map(|(n, b)| (part(&format!("f{n}"), b), tool()));
            Manifest::assemble(head(1), parts).unwrap()
        };
        let before = files(&bytes);
        let place = which.index(bytes.len());
        let mut changed = bytes.clone();
        changed[place].push(7);
        let after = files(&changed);
        prop_assert_eq!(before.differences(&after), vec![format!("f{place}")]);
        prop_assert_ne!(before.hash(), after.hash());
        prop_assert_eq!(files(&bytes).hash(), before.hash());
        let read = |name: &str| Some(changed[name[1..].parse::<usize>().unwrap()].clone());
        prop_assert_eq!(after.verify(read), vec![]);
        prop_assert_eq!(before.verify(read), vec![Mismatch::Changed(format!("f{place}"))]);
        prop_assert_eq!(before.verify(|_| None).len(), bytes.len());
    }
}

// covers: DP-1
#[test]
fn a_manifest_that_was_changed_is_not_read() {
    let manifest = manifest_by(&tool(), 1);
    let value = serde_json::to_value(&manifest).unwrap();
    assert_eq!(
        serde_json::from_value::<Manifest>(value.clone()).unwrap(),
        manifest
    );
    for (place, new) in [
        ("/version", serde_json::json!(2)),
        ("/parts/a.json/bytes", serde_json::json!(3)),
        ("/hash", serde_json::json!(Digest32::of(b"x").to_hex())),
        ("/ai_made", serde_json::json!(true)),
    ] {
        let mut other = value.clone();
        *other.pointer_mut(place).unwrap() = new;
        assert!(
            serde_json::from_value::<Manifest>(other).is_err(),
            "{place}"
        );
    }
    for name in ["../a", "", ".a", "a/b", "a b", "a."] {
        let bad = Manifest::assemble(head(1), [(part(name, b"{}"), tool())]);
        assert!(matches!(bad, Err(ManifestError::Name { .. })), "{name}");
    }
    assert_eq!(Manifest::assemble(head(1), []), Err(ManifestError::Empty));
    let twice = [part("a", b"1"), part("a", b"2")].map(|p| (p, tool()));
    assert!(matches!(
        Manifest::assemble(head(1), twice),
        Err(ManifestError::Twice { .. })
    ));
}

// covers: DP-3
#[test]
fn what_a_model_made_is_marked_and_the_client_sees_released_versions_only() {
    let model = manifest_by(&WorkerIdentity::model("family-a", "small"), 1);
    assert!(model.is_ai_made() && !manifest_by(&tool(), 1).is_ai_made());
    let text = serde_json::to_string(&model).unwrap();
    assert!(text.contains("digitalsourcetype/trainedAlgorithmicMedia"));
    // A mark that does not fit its maker is found, even under a right hash.
    let mut file = ManifestFile::from(model);
    for part in file.parts.values_mut() {
        part.origin = Origin::Person;
    }
    file.ai_made = false;
    file.hash = dealwright_core::canonical::hash_of(&(&file.head, &file.parts, false)).unwrap();
    assert!(matches!(
        Manifest::try_from(file),
        Err(ManifestError::Changed { .. })
    ));

    assert!(visible(&[]).is_empty());
    let releases = [released(2).into_record(), released(1).into_record()];
    let shown = visible(&releases);
    let versions: Vec<u32> = shown
        .values()
        .map(|r| r.manifest().head().version)
        .collect();
    assert_eq!(versions, [2]);
}

// covers: QR-1
#[test]
fn a_review_releases_the_draft_it_was_of_and_no_other() {
    let release = released(1);
    assert_eq!(release.review().manifest(), release.manifest().hash());
    let first = manifest_by(&tool(), 1);
    let mut review = Review::open(&first, ["all-pages"]).unwrap();
    review
        .pass("all-pages", "10 of 10", &WorkerIdentity::person("kim"))
        .unwrap();
    let passed = review.gate().unwrap();
    let second = Deliverable::draft(manifest_by(&tool(), 2));
    let error = second
        .release(passed, at("2026-03-05T10:00:00Z"))
        .unwrap_err();
    assert!(
        matches!(error, ReleaseError::OtherManifest { .. }),
        "{error}"
    );
}

// covers: DP-2
#[test]
fn each_broken_form_is_a_named_fault() {
    let formats = Formats::default().at_most(2_000);
    let check = |media_type, text: &str| formats.check("f", media_type, text.as_bytes());
    let page = "<!DOCTYPE html><html lang=en><title>T</title><img src=a alt=A></html>";
    for (media_type, good) in [
        ("application/json", "{\"a\": [1]}"),
        ("text/csv; charset=utf-8", "a,b\r\n\"x, \"\"y\"\"\",2\r\n"),
        ("text/csv", "a,b\n1,2"),
        ("text/html", page),
        (
            "image/svg+xml",
            "<svg role=\"img\"><title>T</title></svg>\n",
        ),
        ("application/pdf", "%PDF-1.7\n...\n%%EOF\n"),
        ("font/woff2", "anything"),
    ] {
        assert_eq!(check(media_type, good), Ok(()), "{media_type}");
    }
    for (media_type, bad, word) in [
        ("application/json", "", "empty"),
        ("application/json", "{\"a\": 1", "EOF"),
        ("text/csv", "a,b\n1\n", "record 2 has 1 fields"),
        ("text/csv", "a,b\n1,2,3", "record 2 has 3 fields"),
        ("text/csv", "a,\"b\n", "not closed"),
        ("text/html", "<p>hello", "doctype"),
        ("text/html", &page.replace(" lang=en", ""), "no language"),
        ("text/html", &page.replace(">T<", "><"), "no title"),
        ("text/html", &page.replace(" alt=A", ""), "alternative text"),
        (
            "text/html",
            &page.replace("<img", "<script></script><img"),
            "script",
        ),
        ("image/svg+xml", "<svg><title>T</title>", "<svg>"),
        ("image/svg+xml", "<svg></svg>", "no title"),
        ("application/pdf", "PDF", "%PDF-"),
        ("application/pdf", "%PDF-1.7\n...", "%%EOF"),
        ("text/plain", &"x".repeat(2_001), "at most 2000"),
    ] {
        let error = check(media_type, bad).unwrap_err().to_string();
        assert!(error.contains(word), "{media_type}: {error}");
    }
    assert!(formats.check("f", "text/csv", b"\xff").is_err());
}
