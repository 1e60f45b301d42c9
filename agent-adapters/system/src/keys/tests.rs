use std::io::Write as _;

use super::*;

fn home() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys/master.key");
    (dir, path)
}

fn kind(result: Result<Vec<u8>, PortError>) -> PortErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn what_is_sealed_opens_in_its_place_only() {
    let ring = Keyring::new([7; 32]);
    let sealed = ring.seal("s1", b"place", b"secret").unwrap();
    assert_eq!(ring.open("s1", b"place", &sealed).unwrap(), b"secret");
    assert!(ring.open("s2", b"place", &sealed).is_err());
    ring.seal("s2", b"place", b"secret").unwrap();
    assert!(ring.open("s2", b"place", &sealed).is_err());
    assert!(ring.open("s1", b"elsewhere", &sealed).is_err());
    assert!(Keyring::new([7; 32]).open("s1", b"place", &sealed).is_err());
    let mut flipped = sealed;
    flipped.bytes[30] ^= 1;
    assert!(ring.open("s1", b"place", &flipped).is_err());
}

#[test]
fn a_key_file_is_made_once_and_read_again() {
    let (_dir, path) = home();
    let first = Keyring::open_or_create(&path).unwrap();
    let sealed = first.seal("s1", b"p", b"secret").unwrap();
    let second = Keyring::open_or_create(&path).unwrap();
    assert_eq!(first.commit(b"x"), second.commit(b"x"));
    assert_eq!(second.open("s1", b"p", &sealed).unwrap(), b"secret");
    fs::write(&path, "nonsense").unwrap();
    let error = Keyring::open_or_create(&path).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
}

/// What was sealed when keys followed from the master key opens, until its person is forgotten.
#[test]
fn values_of_derived_keys_open_until_their_person_is_forgotten() {
    let (_dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    let key = ring.derive("subject", &[b"s1"]);
    let nonce = [3; 24];
    let payload = Payload {
        msg: b"old".as_slice(),
        aad: b"p".as_slice(),
    };
    let body = XChaCha20Poly1305::new(&key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .unwrap();
    let old = Sealed {
        key_id: DERIVED.to_owned(),
        bytes: [nonce.to_vec(), body].concat(),
    };
    assert_eq!(ring.open("s1", b"p", &old).unwrap(), b"old");
    let new = ring.seal("s1", b"p", b"new").unwrap();
    assert_ne!(new.key_id, DERIVED);
    assert_eq!(ring.open("s1", b"p", &old).unwrap(), b"old");
    assert_eq!(ring.forget(&["s1".to_owned()]).unwrap(), 1);
    for sealed in [&old, &new] {
        assert_eq!(kind(ring.open("s1", b"p", sealed)), PortErrorKind::NotFound);
    }
    assert!(ring.beyond_reach(&[DERIVED.to_owned()].into()));
    assert!(!ring.beyond_reach(&[new.key_id].into()));
}

/// I12: the key is gone from the files; a tombstone stands in its place, also for who had none.
#[test]
fn a_forgotten_person_cannot_be_read_or_sealed_for_again() {
    let (_dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    let beside = Keyring::open_or_create(&path).unwrap();
    let mine = ring.seal("s1", b"p", b"secret").unwrap();
    let other = beside.seal("s2", b"p", b"kept").unwrap();
    assert_eq!(beside.open("s1", b"p", &mine).unwrap(), b"secret");
    let gone = ["s1".to_owned(), "never-seen".to_owned()];
    assert_eq!(ring.forget(&gone).unwrap(), 1);
    assert_eq!(ring.forget(&gone).unwrap(), 0);
    let again = Keyring::open_or_create(&path).unwrap();
    // Also for a program that had the key in use.
    for ring in [&ring, &beside, &again] {
        assert_eq!(kind(ring.open("s1", b"p", &mine)), PortErrorKind::NotFound);
        for subject in &gone {
            let refused = ring.seal(subject, b"p", b"x").unwrap_err();
            assert_eq!(refused.kind(), PortErrorKind::NotFound);
        }
        assert_eq!(ring.open("s2", b"p", &other).unwrap(), b"kept");
    }
}

/// SE-3: after a new wrapping key everything opens, the old one is gone, and a program that runs
/// meanwhile notices nothing.
#[test]
fn keys_are_wrapped_anew_while_they_are_in_use() {
    let (dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    let beside = Keyring::open_or_create(&path).unwrap();
    let sealed: Vec<_> = (0..50)
        .map(|n| beside.seal(&format!("s{n}"), b"p", &[n]).unwrap())
        .collect();
    ring.forget(&["s7".to_owned()]).unwrap();
    let wraps = || {
        let names = fs::read_dir(dir.path().join("keys")).unwrap();
        let mut names: Vec<String> = names
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n.starts_with("wrap-"))
            .collect();
        names.sort();
        names
    };
    let before = wraps();
    let book = fs::read(dir.path().join("keys/people.keys")).unwrap();
    let worker = std::thread::spawn({
        let (beside, sealed) = (beside.clone(), sealed.clone());
        move || {
            (0..4_000_u32)
                .map(|turn| {
                    let n = turn % 50;
                    let opened = beside.open(&format!("s{n}"), b"p", &sealed[n as usize]);
                    u32::from(opened.is_err() && n != 7)
                })
                .sum::<u32>()
        }
    });
    for _ in 0..25 {
        assert_eq!(ring.rotate().unwrap(), 50);
    }
    assert_eq!(
        worker.join().unwrap(),
        0,
        "errors while keys were wrapped anew"
    );
    let after = wraps();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    let fresh = Keyring::open_or_create(&path).unwrap();
    for (n, sealed) in sealed.iter().enumerate() {
        let opened = fresh.open(&format!("s{n}"), b"p", sealed);
        match n {
            7 => assert_eq!(kind(opened), PortErrorKind::NotFound),
            _ => assert_eq!(opened.unwrap(), [n as u8]),
        }
    }
    // A copy of the book from before cannot be read with the keys of today.
    fs::write(dir.path().join("keys/people.keys"), book).unwrap();
    assert!(Keyring::open_or_create(&path).is_err());
}

#[test]
fn two_programs_give_a_person_one_key() {
    let (_dir, path) = home();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            // Only the master key's first making is not shared; it is made before.
            let ring = Keyring::open_or_create(&path).unwrap();
            std::thread::spawn(move || {
                (0..40)
                    .map(|n| ring.seal(&format!("s{n}"), b"p", b"x").unwrap())
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let all: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    for other in &all {
        assert_eq!(other, &all[0]);
    }
    let fresh = Keyring::open_or_create(&path).unwrap();
    for (n, sealed) in all[0].iter().enumerate() {
        assert_eq!(fresh.open(&format!("s{n}"), b"p", sealed).unwrap(), b"x");
    }
}

#[test]
fn a_record_that_was_cut_off_is_written_over() {
    let (dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    let first = ring.seal("s1", b"p", b"one").unwrap();
    let book = dir.path().join("keys/people.keys");
    let mut file = fs::OpenOptions::new().append(true).open(&book).unwrap();
    file.write_all(&[9; 77]).unwrap();
    let ring = Keyring::open_or_create(&path).unwrap();
    let second = ring.seal("s2", b"p", b"two").unwrap();
    let ring = Keyring::open_or_create(&path).unwrap();
    assert_eq!(ring.open("s1", b"p", &first).unwrap(), b"one");
    assert_eq!(ring.open("s2", b"p", &second).unwrap(), b"two");
}

/// A key that is missing is never taken for an erasure.
#[test]
fn a_missing_book_is_an_error_and_no_erasure() {
    let (dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    let sealed = ring.seal("s1", b"p", b"one").unwrap();
    fs::remove_file(dir.path().join("keys/people.keys")).unwrap();
    assert_eq!(
        kind(ring.open("s1", b"p", &sealed)),
        PortErrorKind::Unavailable
    );
    let fresh = Keyring::open_or_create(&path).unwrap();
    assert_eq!(
        kind(fresh.open("s1", b"p", &sealed)),
        PortErrorKind::Corrupt
    );
}

/// SE-3: nothing of the keys is in the clear beside the store, and only their owner reads them.
#[cfg(unix)]
#[test]
fn key_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = home();
    let ring = Keyring::open_or_create(&path).unwrap();
    ring.seal("somebody", b"p", b"x").unwrap();
    ring.rotate().unwrap();
    for entry in fs::read_dir(dir.path().join("keys")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
    let book = fs::read(dir.path().join("keys/people.keys")).unwrap();
    assert!(!book.windows(8).any(|w| w == b"somebody"));
    assert_eq!(format!("{ring:?}"), "Keyring([secret])");
}
