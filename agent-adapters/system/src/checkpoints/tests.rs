use dealwright_core::audit::{TreeHead, step_leaf};
use tempfile::TempDir;

use super::*;

struct Place {
    folder: TempDir,
    file: CheckpointFile,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("checkpoints/audit.txt");
        let file = CheckpointFile::new(notes, folder.path().join("keys/audit.key"), "dealwright/a");
        Self { folder, file }
    }

    fn notes(&self) -> Vec<u8> {
        fs::read(&self.file.notes).unwrap()
    }

    fn sizes(&self) -> Vec<u64> {
        let trusted = self.file.read().unwrap().unwrap();
        let kept = trusted.kept().iter();
        kept.map(|kept| kept.checkpoint().size()).collect()
    }

    fn secret(&self) -> String {
        fs::read_to_string(&self.file.key).unwrap()
    }
}

fn at(size: u64) -> Checkpoint {
    let mut head = TreeHead::new();
    for n in 0..size {
        head.append(step_leaf(&Digest32::of(&n.to_be_bytes())));
    }
    head.checkpoint()
}

#[test]
fn checkpoints_are_written_once_each_and_read_again_with_and_without_the_key() {
    let place = Place::new();
    assert!(place.file.read().unwrap().is_none());
    assert_eq!(place.file.newest().unwrap(), None);
    assert!(place.file.write(&at(3)).unwrap());
    assert!(!place.file.write(&at(3)).unwrap(), "nothing happened");
    assert!(place.file.write(&at(8)).unwrap());
    assert!(!place.file.write(&at(5)).unwrap(), "another was faster");
    assert_eq!(place.sizes(), [3, 8]);
    let newest = place.file.newest().unwrap().unwrap();
    assert!(place.notes().ends_with(format!("{newest}\n").as_bytes()));
    let lines: Vec<&str> = newest.lines().collect();
    let key = place.file.read().unwrap().unwrap().keys()[0].clone();
    assert_eq!(lines[..2], [key.name(), "8"]);
    assert!(key.name().starts_with("dealwright/a/"));
    // Another home's log is never taken for this one, whatever it is called.
    let other = Place::new();
    other.file.write(&at(3)).unwrap();
    let theirs = other.file.newest().unwrap().unwrap();
    let mut trusted = place.file.read().unwrap().unwrap();
    assert!(trusted.add("theirs", theirs.as_bytes(), &Ed25519).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&place.file.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    fs::remove_file(&place.file.key).unwrap();
    assert_eq!(place.sizes(), [3, 8]);
}

// covers: SE-4
#[test]
fn a_writing_that_was_cut_off_at_any_byte_costs_that_checkpoint_alone() {
    let place = Place::new();
    place.file.write(&at(3)).unwrap();
    let before = place.notes();
    place.file.write(&at(8)).unwrap();
    let after = place.notes();
    for end in before.len()..after.len() {
        fs::write(&place.file.notes, &after[..end]).unwrap();
        let trusted = place.file.read().unwrap().unwrap();
        assert_eq!(trusted.torn(), end > before.len());
        assert_eq!(place.sizes(), [3], "{end}");
        assert!(place.file.write(&at(8)).unwrap());
        assert_eq!(place.notes(), after, "{end}");
    }
    // Also where it was the first.
    let key_alone = String::from_utf8(before.clone()).unwrap();
    let key_alone: usize = key_alone.split_inclusive('\n').take(6).map(str::len).sum();
    for end in key_alone..before.len() {
        fs::write(&place.file.notes, &before[..end]).unwrap();
        assert!(place.file.write(&at(3)).unwrap());
        assert_eq!(place.notes(), before, "{end}");
    }
    // The same of the first note: as long as no checkpoint was written, it is begun anew.
    let first = before.windows(2).position(|two| two == b"=\n").unwrap();
    for end in [0, 1, first, first + 2, first + 60] {
        let place = Place::new();
        fs::create_dir_all(place.file.notes.parent().unwrap()).unwrap();
        fs::write(&place.file.notes, &before[..end]).unwrap();
        assert!(place.file.write(&at(8)).unwrap());
        assert_eq!(place.sizes(), [8], "{end}");
    }
}

// covers: SE-4
#[test]
fn a_rotated_key_leaves_what_it_signed_in_force() {
    let place = Place::new();
    assert!(matches!(
        place.file.rotate(),
        Err(CheckpointError::NotBegun(_))
    ));
    assert!(!place.file.notes.exists(), "something was begun");
    place.file.write(&at(3)).unwrap();
    let old = place.secret();
    let new = place.file.rotate().unwrap();
    assert_ne!(place.secret(), old);
    assert!(!place.file.next_key().exists());
    place.file.write(&at(8)).unwrap();
    let trusted = place.file.read().unwrap().unwrap();
    assert_eq!(place.sizes(), [3, 8]);
    assert_eq!(
        (trusted.keys().len(), trusted.keys().last()),
        (2, Some(&new))
    );

    // Cut off behind the note, the old key is still in its place: the new one takes it.
    fs::rename(&place.file.key, place.file.next_key()).unwrap();
    fs::write(&place.file.key, &old).unwrap();
    assert!(place.file.write(&at(20)).unwrap());
    assert!(!place.file.next_key().exists());
    assert_eq!(place.sizes(), [3, 8, 20]);
    // Cut off before it, the new key never counted.
    let kept = place.secret();
    fs::write(place.file.next_key(), hex::encode([9; 32])).unwrap();
    assert!(place.file.write(&at(21)).unwrap());
    assert_eq!(place.secret(), kept);
    // The old key in the new one's place is not signed with.
    fs::remove_file(place.file.next_key()).unwrap();
    fs::write(&place.file.key, &old).unwrap();
    let before = place.notes();
    let error = place.file.write(&at(30)).unwrap_err();
    assert!(
        matches!(error, CheckpointError::KeyReplaced { .. }),
        "{error}"
    );
    assert_eq!(place.notes(), before);
}

// covers: SE-4
#[test]
fn keys_and_notes_that_are_replaced_or_removed_are_told_and_not_made_again() {
    let place = Place::new();
    place.file.write(&at(8)).unwrap();
    let (notes, secret) = (place.notes(), place.secret());
    let key = &place.file.key;

    fs::write(key, hex::encode([7; 32])).unwrap();
    for error in [
        place.file.read().unwrap_err(),
        place.file.write(&at(9)).unwrap_err(),
        place.file.rotate().unwrap_err(),
    ] {
        assert!(
            matches!(error, CheckpointError::KeyReplaced { .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("audit.key` is not the key"),
            "{error}"
        );
    }
    fs::write(key, "nonsense").unwrap();
    assert!(
        matches!(place.file.read(), Err(CheckpointError::Port(e)) if e.kind() == PortErrorKind::Corrupt)
    );

    fs::remove_file(key).unwrap();
    for error in [
        place.file.write(&at(9)).unwrap_err(),
        place.file.rotate().unwrap_err(),
    ] {
        assert!(matches!(error, CheckpointError::KeyGone { .. }), "{error}");
    }
    assert!(!key.exists());
    fs::write(key, &secret).unwrap();

    for emptied in [true, false] {
        if emptied {
            fs::write(&place.file.notes, "").unwrap();
        } else {
            fs::remove_file(&place.file.notes).unwrap();
        }
        for error in [
            place.file.read().unwrap_err(),
            place.file.write(&at(9)).unwrap_err(),
            place.file.rotate().unwrap_err(),
        ] {
            assert!(
                matches!(error, CheckpointError::NotesGone { .. }),
                "{error}"
            );
        }
        assert_eq!(place.file.notes.exists(), emptied);
    }

    // Put back, all is as it was; a log of the same length that is another is not signed over.
    fs::write(&place.file.notes, &notes).unwrap();
    assert_eq!(place.sizes(), [8]);
    let other = Checkpoint::new(8, at(7).root());
    let error = place.file.write(&other).unwrap_err();
    assert!(error.to_string().contains("forked"), "{error}");
    assert_eq!(place.notes(), notes);
    let said = format!("{:?}", Ed25519Signer::new("a", &[7; 32]).unwrap());
    assert!(!said.contains(&hex::encode([7; 32])), "{said}");
    drop(place.folder);
}

#[test]
fn writers_at_once_take_turns() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for part in 0..4 {
            let file = &place.file;
            scope.spawn(move || {
                for n in 0..10 {
                    file.write(&at(n * 4 + part + 1)).unwrap();
                }
            });
        }
    });
    let sizes = place.sizes();
    assert!(sizes.is_sorted_by(|a, b| a < b), "{sizes:?}");
    assert_eq!(sizes.last(), Some(&40));
    assert_eq!(place.file.read().unwrap().unwrap().keys().len(), 1);
}

#[test]
fn weak_keys_verify_nothing() {
    // The neutral point: a loose check takes some signatures under it for any message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!Ed25519.verifies(&neutral, b"anything", &signature));
    let signer = Ed25519Signer::new("a", &[7; 32]).unwrap();
    let right = signer.sign(b"message").unwrap();
    let public = *signer.key().public();
    assert!(Ed25519.verifies(&public, b"message", &right));
    assert!(!Ed25519.verifies(&public, b"Message", &right));
    assert!(!Ed25519.verifies(&neutral, b"message", &right));
}
