use super::log::Checkpoint;
use super::tree::{leaf_hash, node_hash};
use crate::canonical::Digest32;

/// The leaf that a step of a process is in the audit tree: its chain, which covers the step and
/// all before it of that process.
#[must_use]
pub fn step_leaf(chain: &Digest32) -> Digest32 {
    leaf_hash(chain.as_bytes())
}

/// The root of a growing tree, in memory that grows with the logarithm of its size.
///
/// It is the root of the [`MerkleTree`](super::MerkleTree) of the same leaves; that one keeps
/// them all and makes proofs, this one only goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeHead {
    size: u64,
    // The roots of the whole subtrees, the largest first: one for each bit that `size` has set.
    whole: Vec<Digest32>,
}

impl TreeHead {
    /// The head of a tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf.
    pub fn append(&mut self, leaf: Digest32) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.whole.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.whole.push(hash);
        self.size += 1;
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them; of no leaves, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest32 {
        let mut whole = self.whole.iter().rev();
        let Some(last) = whole.next() else {
            return Digest32::of(b"");
        };
        whole.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The checkpoint to keep of it.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(self.size, self.root())
    }
}
