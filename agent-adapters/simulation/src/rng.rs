use sha2::{Digest, Sha256};

/// Numbers that follow from a seed and names alone: the same in every run and order.
#[derive(Clone, Copy, Debug)]
pub struct SeededRng {
    seed: u64,
}

impl SeededRng {
    /// The numbers of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number that belongs to `names`.
    #[must_use]
    pub fn number(&self, names: &[&str]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// A number from 0 to `below - 1` that belongs to `names`; 0 where `below` is 0.
    #[must_use]
    pub fn below(&self, below: u64, names: &[&str]) -> u64 {
        self.number(names).checked_rem(below).unwrap_or(0)
    }

    /// Whether a thing of `per_mille` in a thousand happens to `names`.
    #[must_use]
    pub fn chance(&self, per_mille: u64, names: &[&str]) -> bool {
        self.below(1_000, names) < per_mille
    }
}
