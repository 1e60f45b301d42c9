use dealwright_core::audit::leaf_hash;

use super::*;

const LOG: &str = "dealwright/agency";

fn tree(leaves: &[&str]) -> MerkleTree {
    let mut tree = MerkleTree::new();
    for leaf in leaves {
        tree.append(leaf_hash(leaf.as_bytes()));
    }
    tree
}

fn key(n: u8) -> NoteKey {
    NoteKey::new("agency", [n; 32])
}

/// The other key is that of the example in the documentation of Go's `sumdb/note`.
#[test]
fn a_key_of_the_specification_s_form_is_read_and_written_alike() {
    let verifier = key(7).verifier();
    let text = verifier.to_string();
    assert_eq!(text.parse(), Ok(verifier));
    let peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let known: NoteVerifier = peter.parse().unwrap();
    assert_eq!(known.to_string(), peter);
    for wrong in [
        "",
        "a+b+c",
        &peter.replace("c74f", "c74e"),
        &peter.replace("ARpc", "AhpC"),
    ] {
        assert!(wrong.parse::<NoteVerifier>().is_err(), "{wrong}");
    }
}

// covers: SE-4
#[test]
fn a_note_that_was_altered_at_any_byte_says_nothing() {
    let kept = Checkpoint::new(3, tree(&["a", "b", "c"]).root());
    let note = key(1).sign(LOG, &kept);
    let trusted = [key(1).verifier()];
    assert_eq!(open_note(&note, LOG, &trusted), Ok(kept));
    for place in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                open_note(&text, LOG, &trusted).is_err(),
                "byte {place}, bit {bit}: {text}"
            );
        }
        assert!(open_note(&note[..note.floor_char_boundary(place)], LOG, &trusted).is_err());
    }
    assert!(matches!(
        open_note(&note, LOG, &[key(2).verifier()]),
        Err(NoteError::Stranger { .. })
    ));
    assert!(open_note(&note, "dealwright/other", &trusted).is_err());
    // A witness may sign beside us, and is no replacement for us.
    let other = key(2).sign(LOG, &kept);
    let witness = other.split("\n\n").nth(1).unwrap();
    assert_eq!(
        open_note(&format!("{note}{witness}"), LOG, &trusted),
        Ok(kept)
    );
}

// covers: SE-4
#[test]
fn a_log_that_was_cut_or_rewritten_is_told_by_its_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let folder = CheckpointFolder::new(&dir.path().join("checkpoints"), LOG);
    assert_eq!(
        folder.keep(&key(1), &tree(&[])).unwrap(),
        Ok(false),
        "nothing to keep"
    );
    assert_eq!(folder.keep(&key(1), &tree(&["a", "b"])).unwrap(), Ok(true));
    assert_eq!(
        folder.keep(&key(1), &tree(&["a", "b"])).unwrap(),
        Ok(false),
        "it is there"
    );
    assert_eq!(
        folder.keep(&key(1), &tree(&["a", "b", "c"])).unwrap(),
        Ok(true)
    );
    // Another key from now on; what the old one signed still counts.
    assert_eq!(
        folder.keep(&key(2), &tree(&["a", "b", "c", "d"])).unwrap(),
        Ok(true)
    );
    let check = |leaves: &[&str]| {
        folder
            .check(&tree(leaves), &folder.keys().unwrap())
            .unwrap()
    };
    assert_eq!(check(&["a", "b", "c", "d"]), Ok(3));
    assert_eq!(check(&["a", "b", "c", "d", "e"]), Ok(3));
    let log = |leaves: &[&str]| match check(leaves) {
        Err(CheckpointFault::Log { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    let cut = AuditFault::Truncated {
        position: 3,
        expected: 4,
    };
    assert_eq!(log(&["a", "b", "c"]), cut);
    assert_eq!(
        log(&["a", "x", "c", "d"]),
        AuditFault::Rewritten { size: 2 }
    );
    assert_eq!(
        log(&["a", "b", "c", "x", "e"]),
        AuditFault::Rewritten { size: 4 }
    );
    // A fork is not signed over, so the trace of it stays.
    assert!(
        folder
            .keep(&key(2), &tree(&["a", "b", "c", "x", "e"]))
            .unwrap()
            .is_err()
    );
    assert_eq!(check(&["a", "b", "c", "d", "e"]), Ok(3));
    // A note that is half there is no note, and hides no later one.
    let half = dir.path().join("checkpoints/000000000001-00000000.note");
    fs::write(half, "dealwright/agency\n1\n").unwrap();
    assert!(matches!(
        check(&["a", "b", "c", "d"]),
        Err(CheckpointFault::Note {
            error: NoteError::Form { .. },
            ..
        })
    ));
}

#[test]
fn a_key_s_file_is_its_owner_s_alone_and_a_broken_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys/checkpoint.key");
    let made = NoteKey::open_or_create(&path, "agency").unwrap();
    let again = NoteKey::open_or_create(&path, "agency").unwrap();
    assert_eq!(made.verifier(), again.verifier());
    assert!(!format!("{made:?}").contains(&fs::read_to_string(&path).unwrap()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    fs::write(&path, "no key").unwrap();
    let error = NoteKey::open_or_create(&path, "agency").unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error.chain().contains("checkpoint.key"),
        "{}",
        error.chain()
    );
}
