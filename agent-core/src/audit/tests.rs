use super::*;
use crate::canonical::Digest32;

fn log(size: u64) -> AuditLog {
    let mut log = AuditLog::new();
    for n in 0..size {
        log.append(format!("lead_{n}/1"), Digest32::of(&n.to_be_bytes()));
    }
    log
}

/// RFC 6962 as it is written, without any of the shortcuts.
fn naive(leaves: &[Digest32]) -> Digest32 {
    match leaves {
        [] => Digest32::of(b""),
        [one] => *one,
        many => {
            let split = many.len().next_power_of_two() / 2;
            node_hash(&naive(&many[..split]), &naive(&many[split..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Digest32> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn the_vectors_of_certificate_transparency_come_out() {
    let data: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let mut tree = MerkleTree::new();
    for leaf in data {
        tree.append(leaf_hash(leaf));
    }
    let root = |size| tree.root_at(size).unwrap().to_hex();
    assert_eq!(
        root(0),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        root(1),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
    assert_eq!(
        root(8),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
}

#[test]
fn roots_agree_with_the_definition_and_proofs_verify_at_every_size() {
    let all = leaves(40);
    let mut tree = MerkleTree::new();
    for leaf in &all {
        tree.append(*leaf);
    }
    for size in 1..=40_u64 {
        let root = tree.root_at(size).unwrap();
        assert_eq!(root, naive(&all[..size as usize]));
        for index in 0..size {
            let path = tree.inclusion(index, size).unwrap();
            let leaf = &all[index as usize];
            assert!(verify_inclusion(leaf, index, size, &path, &root));
            assert!(!verify_inclusion(leaf, index + 1, size, &path, &root));
            assert!(!verify_inclusion(
                &leaf_hash(b"other"),
                index,
                size,
                &path,
                &root
            ));
        }
        for old in 1..=size {
            let old_root = tree.root_at(old).unwrap();
            let proof = tree.consistency(old, size).unwrap();
            assert!(
                verify_consistency(old, size, &old_root, &root, &proof),
                "{old} {size}"
            );
            if old < size {
                let other = leaf_hash(b"fork");
                assert!(!verify_consistency(old, size, &other, &root, &proof));
                assert!(!verify_consistency(old, size, &old_root, &other, &proof));
            }
        }
    }
    assert_eq!(tree.inclusion(40, 40), None);
    assert_eq!(tree.consistency(0, 40), None);
    assert_eq!(tree.root_at(41), None);
}

// covers: SE-4
#[test]
fn every_single_bit_flip_of_200_records_is_detected_and_named() {
    let log = log(200);
    let mut verifier = Verifier::new();
    let mut flips = 0;
    for (place, entry) in log.entries().iter().enumerate() {
        let bytes = serde_json::to_vec(entry).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flips += 1;
            // What cannot be read is named by the reader; the rest has to be caught here.
            let Ok(read) = serde_json::from_slice::<super::LogEntry>(&flipped) else {
                continue;
            };
            // Upper- and lower-case hexadecimal digits are the same digest.
            if read == *entry {
                continue;
            }
            let fault = verifier.clone().check(&read).unwrap_err();
            assert!(
                matches!(fault, AuditFault::Altered { position, .. } if position == place as u64)
            );
        }
        verifier.check(entry).unwrap();
    }
    assert!(flips > 200 * 1_000);
}

// covers: SE-4
#[test]
fn dropped_moved_cut_and_rewritten_records_are_told_from_a_kept_root() {
    let log = log(50);
    let kept = log.checkpoint();
    assert_eq!(verify(log.entries(), &kept), Ok(()));
    for place in 0..49 {
        let mut dropped = log.entries().to_vec();
        dropped.remove(place);
        let mut swapped = log.entries().to_vec();
        swapped.swap(place, place + 1);
        for entries in [dropped, swapped] {
            let fault = verify(&entries, &kept).unwrap_err();
            assert!(
                matches!(fault, AuditFault::Altered { position, .. } if position == place as u64)
            );
        }
        let cut = &log.entries()[..=place];
        assert_eq!(
            verify(cut, &kept),
            Err(AuditFault::Truncated {
                position: place as u64 + 1,
                expected: 50
            })
        );
    }
    // Whoever rewrites the chain too is told by the root alone.
    let mut forged = AuditLog::new();
    for (place, entry) in log.entries().iter().enumerate() {
        let other = Digest32::of(b"forged");
        forged.append(
            entry.record(),
            if place == 7 {
                other
            } else {
                entry.commitment()
            },
        );
    }
    assert_eq!(
        verify(forged.entries(), &kept),
        Err(AuditFault::Rewritten { size: 50 })
    );
    let events = log
        .entries()
        .iter()
        .map(|entry| (entry.record().to_owned(), entry.commitment()));
    assert!(matches!(
        compare(forged.entries(), events.clone()),
        Err(AuditFault::Differs { position: 7, .. })
    ));
    assert_eq!(compare(log.entries(), events.clone()), Ok(()));
    assert!(compare(&log.entries()[..49], events).is_err());
}

#[test]
fn a_log_grows_from_where_it_was_stored_and_old_checkpoints_hold() {
    let whole = log(33);
    let kept = log(20).checkpoint();
    let mut resumed = AuditLog::from_entries(log(20).entries().to_vec()).unwrap();
    for n in 20..33_u64 {
        resumed.append(format!("lead_{n}/1"), Digest32::of(&n.to_be_bytes()));
    }
    assert_eq!(resumed, whole);
    assert_eq!(verify(whole.entries(), &kept), Ok(()));
    let now = whole.checkpoint();
    let proof = whole.tree().consistency(20, 33).unwrap();
    assert!(verify_consistency(
        20,
        33,
        &kept.root(),
        &now.root(),
        &proof
    ));
    let path = whole.tree().inclusion(5, 33).unwrap();
    assert!(verify_inclusion(
        &whole.leaf(5).unwrap(),
        5,
        33,
        &path,
        &now.root()
    ));
}
