use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use proptest::prelude::*;

use super::*;
use crate::canonical::Digest32;
use crate::error::PortError;

const LOG: &str = "dealwright/test/1";

#[derive(Debug)]
struct Key(SigningKey, NoteKey);

impl Key {
    fn named(name: &str, seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let public = key.verifying_key().to_bytes();
        Self(key, NoteKey::new(name, public).unwrap())
    }

    fn number(n: u8) -> Self {
        Self::named(LOG, [n; 32])
    }
}

impl NoteSigner for Key {
    fn key(&self) -> &NoteKey {
        &self.1
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], PortError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

#[derive(Debug)]
struct Curve;

impl NoteVerifier for Curve {
    fn verifies(&self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public).is_ok_and(|key| {
            let signature = Signature::from_bytes(signature);
            key.verify_strict(message, &signature).is_ok()
        })
    }
}

fn leaf(n: u64) -> Digest32 {
    step_leaf(&Digest32::of(&n.to_be_bytes()))
}

fn head(leaves: impl IntoIterator<Item = Digest32>) -> TreeHead {
    let mut head = TreeHead::new();
    for leaf in leaves {
        head.append(leaf);
    }
    head
}

fn at(size: u64) -> Checkpoint {
    head((0..size).map(leaf)).checkpoint()
}

/// A journal of these checkpoints under one key.
fn journal(checkpoints: &[Checkpoint]) -> String {
    let key = Key::number(1);
    let mut text = format!("{}\n", key_note(LOG, &key, None).unwrap());
    for checkpoint in checkpoints {
        text += &format!("{}\n", checkpoint.note(LOG, &key).unwrap());
    }
    text
}

fn trusted(text: &str) -> Result<Trusted, CheckpointFault> {
    Journal::parse("notes", text.as_bytes())?.trusted(&Curve)
}

fn compared(
    trusted: &Trusted,
    leaves: impl IntoIterator<Item = Digest32>,
) -> Result<TreeHead, CheckpointFault> {
    let mut comparison = trusted.comparison();
    for leaf in leaves {
        comparison.add(leaf);
    }
    comparison.finish()
}

#[test]
fn the_published_notes_of_others_are_read_and_written_as_they_are() {
    // The examples of the Go checksum database's notes and of signed-note itself.
    let go = "If you think cryptography is the answer to your problem,\n\
              then you don't know what your problem is.\n\n\
              — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let go_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let c2sp = "This is an example message.\n\n\
                — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let c2sp_key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    for (note, key, other) in [(go, go_key, c2sp_key), (c2sp, c2sp_key, go_key)] {
        let (read, key) = (Note::parse(note).unwrap(), key.parse::<NoteKey>().unwrap());
        assert_eq!(read.to_string(), note);
        assert!(read.is_signed_by(&key, &Curve));
        assert!(!read.is_signed_by(&other.parse().unwrap(), &Curve));
    }
    // The same text under the published secret key gives the published note.
    let mut secret = [0; 32];
    let seed = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
    hex::decode_to_slice(seed, &mut secret).unwrap();
    let key = Key::named("PeterNeumann", secret);
    assert_eq!(key.1.to_string(), go_key);
    let text = go.split_inclusive('\n').take(2).collect::<String>();
    assert_eq!(Note::sign(text, &[&key]).unwrap().to_string(), go);
}

#[test]
fn a_key_is_read_back_and_no_part_or_change_of_it_is() {
    let text = Key::number(1).1.to_string();
    assert_eq!(text.parse::<NoteKey>().unwrap(), Key::number(1).1);
    for end in 0..text.len() {
        assert!(text[..end].parse::<NoteKey>().is_err(), "{end}");
        assert!(text[end + 1..].parse::<NoteKey>().is_err(), "{end}");
        let mut changed = text.clone().into_bytes();
        changed[end] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert!(changed.parse::<NoteKey>().is_err(), "{changed}");
    }
    for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\tb"] {
        assert!(NoteKey::new(name, [1; 32]).is_err(), "{name:?}");
    }
}

#[test]
fn the_head_has_the_root_of_the_whole_tree_at_every_size() {
    let (mut head, mut tree) = (TreeHead::new(), MerkleTree::new());
    assert_eq!(head.root(), tree.root());
    for n in 0..300 {
        head.append(leaf(n));
        tree.append(leaf(n));
        assert_eq!((head.size(), head.root()), (tree.size(), tree.root()));
    }
}

// covers: SE-4
#[test]
fn a_checkpoint_comes_back_from_its_note_and_holds_as_the_log_grows() {
    let text = journal(&[at(0), at(3), at(8), at(20)]);
    let read = Journal::parse("notes", text.as_bytes()).unwrap();
    assert_eq!((read.whole(), read.torn()), (text.len(), false));
    assert_eq!(read.origin(), Some(LOG));
    assert_eq!(read.key(), Some(&Key::number(1).1));
    let (newest, note) = read.newest().unwrap();
    assert_eq!(newest.checkpoint(), at(20));
    assert_eq!(
        note.to_string(),
        at(20).note(LOG, &Key::number(1)).unwrap().to_string()
    );
    let trusted = read.trusted(&Curve).unwrap();
    let sizes: Vec<u64> = trusted
        .kept()
        .iter()
        .map(|k| k.checkpoint().size())
        .collect();
    assert_eq!(sizes, [0, 3, 8, 20]);
    for size in 20..40 {
        let head = compared(&trusted, (0..size).map(leaf)).unwrap();
        assert_eq!(head.checkpoint(), at(size));
    }
}

// covers: SE-4
#[test]
fn no_bit_of_a_journal_can_be_changed() {
    let text = journal(&[at(3), at(8)]);
    let good = trusted(&text).unwrap();
    let (mut flips, mut unread, mut unsigned) = (0, 0, 0);
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        flips += 1;
        let fault = match Journal::parse("notes", &changed) {
            Err(fault) => fault,
            Ok(journal) => journal.trusted(&Curve).unwrap_err(),
        };
        match fault {
            CheckpointFault::Malformed { .. } => unread += 1,
            CheckpointFault::BadSignature { .. }
            | CheckpointFault::NotSigned { .. }
            | CheckpointFault::OtherLog { .. } => unsigned += 1,
            other => panic!("{other}"),
        }
        // The same of a note that was kept alone.
        let alone = good.kept()[1].place().line();
        let from: usize = text
            .split_inclusive('\n')
            .take(alone - 1)
            .map(str::len)
            .sum();
        if bit / 8 >= from && bit / 8 < text.len() - 2 {
            let mut also = good.clone();
            assert!(also.add("kept", &changed[from..], &Curve).is_err(), "{bit}");
        }
    }
    assert_eq!(flips, unread + unsigned);
    assert!(unread > 100 && unsigned > 100, "{unread} {unsigned}");
}

#[test]
fn a_wrong_signature_is_told_from_a_missing_one_and_a_right_one_beside_it_does_not_help() {
    let key = Key::number(1);
    let text = journal(&[at(3)]);
    let changed = text.replacen("\n3\n", "\n4\n", 1);
    let fault = trusted(&changed).unwrap_err();
    assert!(
        matches!(&fault, CheckpointFault::BadSignature { place, key: id } if place.line() == 7 && *id == key.1.id()),
        "{fault}"
    );
    let (right, wrong) = (
        at(3).note(LOG, &key).unwrap().to_string(),
        at(4).note(LOG, &key).unwrap().to_string(),
    );
    let line = |note: &str| format!("{}\n", note.lines().last().unwrap());
    for both in [
        right.clone() + &line(&wrong),
        right.replace(&line(&right), &line(&wrong)) + &line(&right),
    ] {
        assert!(
            !Note::parse(&both).unwrap().is_signed_by(&key.1, &Curve),
            "{both}"
        );
    }
    // A stranger's line beside ours takes nothing from it.
    let other = line(&at(3).note(LOG, &Key::number(2)).unwrap().to_string());
    let beside = Note::parse(&(right + &other)).unwrap();
    assert!(beside.is_signed_by(&key.1, &Curve));
}

// covers: SE-4
#[test]
fn a_note_that_was_half_written_is_left_out_at_every_byte_and_hides_no_other() {
    let short = journal(&[at(3)]);
    let text = journal(&[at(3), at(8)]);
    for end in 0..=text.len() {
        let journal = Journal::parse("notes", &text.as_bytes()[..end]).unwrap();
        let notes = journal.trusted(&Curve).unwrap();
        if end >= short.len() {
            assert_eq!(journal.torn(), end != short.len() && end != text.len());
            let whole = if end == text.len() { 2 } else { 1 };
            assert_eq!(notes.kept().len(), whole, "{end}");
            assert_eq!(journal.whole(), if whole == 2 { end } else { short.len() });
        }
    }
    // What no writing of a note leaves behind is not taken for a cut.
    for tail in ["x\ny\nz\nw\n", "x\n2\n\n", "\n\n", "\u{2014} a b\n\n"] {
        let fault = Journal::parse("notes", format!("{short}{tail}").as_bytes()).unwrap_err();
        assert!(matches!(fault, CheckpointFault::Malformed { .. }), "{tail}");
    }
}

// covers: SE-4
#[test]
fn a_cut_log_is_told_with_what_is_missing() {
    let text = journal(&[at(3), at(8), at(20)]);
    let trusted = trusted(&text).unwrap();
    for size in 0..20 {
        let fault = compared(&trusted, (0..size).map(leaf)).unwrap_err();
        let CheckpointFault::Truncated {
            place,
            records,
            expected,
        } = &fault
        else {
            panic!("{fault}")
        };
        assert_eq!((*records, *expected), (size, 20));
        assert_eq!(place, trusted.kept()[2].place());
        assert!(fault.to_string().contains("`notes`, line 19"), "{fault}");
        assert!(fault.advice().contains("copy of the store"), "{fault}");
    }
}

// covers: SE-4
#[test]
fn a_forked_log_is_told_with_the_checkpoints_it_lies_between() {
    let trusted = trusted(&journal(&[at(3), at(8), at(20)])).unwrap();
    for place in 0..20 {
        // As long as it was, and longer.
        for size in [20, 25] {
            let forked = (0..size).map(|n| if n == place { leaf(1_000) } else { leaf(n) });
            let fault = compared(&trusted, forked).unwrap_err();
            let (low, high) = match place {
                0..3 => (0, 3),
                3..8 => (3, 8),
                _ => (8, 20),
            };
            assert!(
                matches!(fault, CheckpointFault::Forked { size, holds, .. } if (holds, size) == (low, high)),
                "{place}: {fault}"
            );
        }
    }
    // A log that was set back and went on from there, otherwise, is a fork as soon as it is as
    // long again.
    let other = (0..10).map(leaf).chain((500..510).map(leaf));
    let fault = compared(&trusted, other).unwrap_err();
    assert!(matches!(
        fault,
        CheckpointFault::Forked {
            holds: 8,
            size: 20,
            ..
        }
    ));
    assert!(fault.to_string().contains("from 9 to 20"), "{fault}");
}

#[test]
fn two_checkpoints_of_one_size_cannot_both_hold() {
    let other = Checkpoint::new(8, at(7).root());
    for text in [journal(&[at(8), other]), journal(&[other, at(8)])] {
        let fault = compared(&trusted(&text).unwrap(), (0..9).map(leaf)).unwrap_err();
        assert!(
            matches!(fault, CheckpointFault::Forked { size: 8, .. }),
            "{fault}"
        );
    }
    let nothing = Checkpoint::new(0, at(1).root());
    let fault = compared(&trusted(&journal(&[nothing])).unwrap(), []).unwrap_err();
    assert!(
        matches!(fault, CheckpointFault::Forked { size: 0, .. }),
        "{fault}"
    );
}

// covers: SE-4
#[test]
fn old_checkpoints_hold_after_their_key_was_rotated_and_a_replaced_key_is_told() {
    let (old, new, foreign) = (Key::number(1), Key::number(2), Key::number(3));
    let before = journal(&[at(3)]);
    let rotated = before.clone() + &format!("{}\n", key_note(LOG, &new, Some(&old)).unwrap());
    let text = rotated.clone() + &format!("{}\n", at(8).note(LOG, &new).unwrap());
    let good = trusted(&text).unwrap();
    assert_eq!(good.keys(), [old.1.clone(), new.1.clone()]);
    assert!(compared(&good, (0..9).map(leaf)).is_ok());
    let fault = compared(&good, (0..2).map(leaf)).unwrap_err();
    assert!(matches!(
        fault,
        CheckpointFault::Truncated { expected: 8, .. }
    ));

    let line = |text: &str| text.lines().count() + 1;
    let note = |checkpoint: Checkpoint, key: &Key| checkpoint.note(LOG, key).unwrap();
    for (head, tail) in [
        // The old key signs on, a stranger's begins, or comes in signed by itself alone.
        (&rotated, note(at(8), &old)),
        (&rotated, note(at(8), &foreign)),
        (&before, note(at(8), &new)),
        (&before, key_note(LOG, &foreign, None).unwrap()),
        // Who has the old key only cannot bring a key in after the new one.
        (&rotated, key_note(LOG, &foreign, Some(&old)).unwrap()),
    ] {
        let fault = trusted(&format!("{head}{tail}\n")).unwrap_err();
        let CheckpointFault::NotSigned { place, .. } = &fault else {
            panic!("{fault}")
        };
        assert_eq!(place.line(), line(head));
    }
    // A key that does not sign for itself is not brought in.
    let unproven = key_note(LOG, &new, Some(&old)).unwrap().to_string();
    let unproven: String = unproven.split_inclusive('\n').take(5).collect();
    assert!(trusted(&format!("{before}{unproven}\n")).is_err());
    // The first note is the key; another log's notes are not taken for ours.
    assert!(trusted(&format!("{}\n", note(at(8), &old))).is_err());
    let elsewhere = format!(
        "{before}{}\n",
        at(8).note("dealwright/other", &old).unwrap()
    );
    assert!(matches!(
        trusted(&elsewhere),
        Err(CheckpointFault::OtherLog { .. })
    ));
}

// covers: SE-4
#[test]
fn a_checkpoint_that_was_kept_elsewhere_tells_a_store_and_journal_set_back_together() {
    let (old, new) = (Key::number(1), Key::number(2));
    let early = journal(&[at(3)]);
    let copy = at(20).note(LOG, &old).unwrap().to_string();
    let back = trusted(&early).unwrap();
    assert!(
        compared(&back, (0..5).map(leaf)).is_ok(),
        "nothing here tells"
    );
    for form in [
        copy.clone(),
        format!("{copy}\n\n"),
        copy.trim_end().to_owned(),
    ] {
        let mut also = back.clone();
        also.add("copy", form.as_bytes(), &Curve).unwrap();
        let fault = compared(&also, (0..5).map(leaf)).unwrap_err();
        assert!(fault.to_string().contains("`copy`, line 1 "), "{fault}");
    }
    // Also where the key was rotated since.
    let rotated = early + &format!("{}\n", key_note(LOG, &new, Some(&old)).unwrap());
    let mut also = trusted(&rotated).unwrap();
    also.add("copy", copy.as_bytes(), &Curve).unwrap();
    assert!(compared(&also, (0..20).map(leaf)).is_ok());
    // A journal that was begun anew under another key does not know it.
    let anew = format!("{}\n", key_note(LOG, &new, None).unwrap());
    let fault = trusted(&anew).unwrap().add("copy", copy.as_bytes(), &Curve);
    assert!(matches!(fault, Err(CheckpointFault::NotSigned { .. })));
    for nothing in ["", "\n", "words\n"] {
        let fault = back.clone().add("copy", nothing.as_bytes(), &Curve);
        assert!(
            matches!(fault, Err(CheckpointFault::Malformed { .. })),
            "{nothing}"
        );
    }
}

proptest! {
    #[test]
    fn anything_at_all_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), lines in "([a-z0-9=— ]{0,12}\n){0,12}") {
        for bytes in [bytes, lines.into_bytes()] {
            if let Ok(journal) = Journal::parse("notes", &bytes) {
                prop_assert!(journal.whole() <= bytes.len());
                let _ = journal.trusted(&Curve);
            }
        }
    }

    #[test]
    fn a_comparison_agrees_with_the_whole_tree(sizes in proptest::collection::vec(0_u64..60, 0..6), length in 0_u64..60, changed in 0_u64..60) {
        let kept: Vec<Checkpoint> = sizes.iter().map(|size| at(*size)).collect();
        let trusted = trusted(&journal(&kept)).unwrap();
        let leaves = (0..length).map(|n| if n == changed { leaf(999) } else { leaf(n) });
        let newest = sizes.iter().max().copied().unwrap_or(0);
        let reached = sizes.iter().filter(|size| **size <= length);
        let forked = reached.into_iter().any(|size| changed < *size && changed < length);
        match compared(&trusted, leaves) {
            Ok(head) => prop_assert!(!forked && newest <= length && head.size() == length),
            Err(CheckpointFault::Forked { holds, size, .. }) => {
                prop_assert!(forked && holds <= changed && changed < size);
            }
            Err(CheckpointFault::Truncated { records, expected, .. }) => {
                prop_assert!(!forked && (records, expected) == (length, newest) && length < newest);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
