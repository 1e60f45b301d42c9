use sha2::{Digest as _, Sha256};

use crate::canonical::Digest32;

/// The hash of a leaf: SHA-256 of `0x00` and its data.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest32 {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(data);
    Digest32::from_bytes(hash.finalize().into())
}

/// The hash of a node: SHA-256 of `0x01` and its two children.
#[must_use]
pub fn node_hash(left: &Digest32, right: &Digest32) -> Digest32 {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest32::from_bytes(hash.finalize().into())
}

/// An append-only Merkle tree of RFC 6962 with the hashes of its whole subtrees.
///
/// `levels[k][i]` is the hash over the leaves `i * 2^k .. (i + 1) * 2^k`, so that appending
/// costs one hash on average and roots and proofs a number of them that grows with the
/// logarithm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerkleTree {
    levels: Vec<Vec<Digest32>>,
}

impl MerkleTree {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the leaf with this hash; answers its index.
    pub fn append(&mut self, leaf: Digest32) -> u64 {
        let index = self.size();
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else {
                break;
            };
            nodes.push(hash);
            let [.., left, right] = nodes.as_slice() else {
                break;
            };
            if nodes.len() % 2 != 0 {
                break;
            }
            hash = node_hash(left, right);
        }
        index
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root; of no leaves, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest32 {
        self.range(0, self.size())
            .unwrap_or_else(|| Digest32::of(b""))
    }

    /// The root as it was at `size` leaves; `None` beyond the present size.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Digest32> {
        if size == 0 {
            Some(Digest32::of(b""))
        } else if size <= self.size() {
            self.range(0, size)
        } else {
            None
        }
    }

    /// The audit path of leaf `index` in the tree of `size` leaves, from the leaf up.
    ///
    /// `None` where the leaf is not in that tree.
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Digest32>> {
        if index >= size || size > self.size() {
            return None;
        }
        let mut path = Vec::new();
        self.path(index, 0, size, &mut path)?;
        Some(path)
    }

    /// The proof that the tree of `old` leaves is a prefix of the one of `new` leaves.
    ///
    /// `None` unless `0 < old <= new <= size`; empty where both are equal.
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Digest32>> {
        if old == 0 || old > new || new > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        self.subproof(old, 0, new, true, &mut proof)?;
        Some(proof)
    }

    /// The hash over the leaves `from .. from + count`, `count` above zero and `from` a
    /// multiple of the next power of two, as it always is in this tree.
    fn range(&self, from: u64, count: u64) -> Option<Digest32> {
        if count.is_power_of_two() {
            let level = usize::try_from(count.trailing_zeros()).ok()?;
            let place = usize::try_from(from / count).ok()?;
            return self.levels.get(level)?.get(place).copied();
        }
        let left = split(count)?;
        let right = self.range(from + left, count - left)?;
        Some(node_hash(&self.range(from, left)?, &right))
    }

    fn path(&self, index: u64, from: u64, count: u64, path: &mut Vec<Digest32>) -> Option<()> {
        if count == 1 {
            return Some(());
        }
        let left = split(count)?;
        if index < left {
            self.path(index, from, left, path)?;
            path.push(self.range(from + left, count - left)?);
        } else {
            self.path(index - left, from + left, count - left, path)?;
            path.push(self.range(from, left)?);
        }
        Some(())
    }

    fn subproof(
        &self,
        old: u64,
        from: u64,
        count: u64,
        whole: bool,
        proof: &mut Vec<Digest32>,
    ) -> Option<()> {
        if old == count {
            if !whole {
                proof.push(self.range(from, count)?);
            }
            return Some(());
        }
        let left = split(count)?;
        if old <= left {
            self.subproof(old, from, left, whole, proof)?;
            proof.push(self.range(from + left, count - left)?);
        } else {
            self.subproof(old - left, from + left, count - left, false, proof)?;
            proof.push(self.range(from, left)?);
        }
        Some(())
    }
}

/// The largest power of two below `count`, for `count` above one.
fn split(count: u64) -> Option<u64> {
    let below = count.checked_sub(1).filter(|below| *below > 0)?;
    1_u64.checked_shl(below.ilog2())
}

/// Whether `path` proves that `leaf` is the leaf `index` of the tree of `size` leaves with
/// this root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(
    leaf: &Digest32,
    index: u64,
    size: u64,
    path: &[Digest32],
    root: &Digest32,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` proves that the tree of `old` leaves is a prefix of the one of `new`
/// leaves (RFC 9162, 2.1.4.2). The tree of no leaves is a prefix of each.
#[must_use]
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Digest32,
    new_root: &Digest32,
    proof: &[Digest32],
) -> bool {
    if old > new {
        return false;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == Digest32::of(b"");
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node % 2 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut rest = proof.iter();
    // A whole subtree is its own first hash and is left out of the proof.
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        rest.next()
    };
    let Some(first) = first else { return false };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}
