//! What the fuzzers run, as plain functions: each takes any bytes and panics where something that
//! must always hold does not.

pub mod envelope;
pub mod inbound;
pub mod letter;
pub mod statement;

/// A target: its name, what it runs and where it starts from.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// Every target.
pub const TARGETS: [Target; 4] = [
    ("envelope", envelope::run, envelope::seeds),
    ("inbound", inbound::run, inbound::seeds),
    ("letter", letter::run, letter::seeds),
    ("statement", statement::run, statement::seeds),
];

/// Small numbers that anybody can draw again.
pub struct Dice(u64);

impl Dice {
    /// Dice that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Pieces that break things: ends of lines, of strings, of headers and of numbers.
const PIECES: [&[u8]; 24] = [
    b"\r\n", b"\n", b"\r", b"\0", b"\"", b"\\", b"<", b">", b",", b";", b"&", b"{{x}}", b"\xff",
    b"\xff\xff", b"\r\nBcc: x@y.example\r\n", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xc3\x28",
    b"null", b"-9223372036854775808", b"1e999", b"{\"$sealed\":{}}", b"{\"$personal\":1}", b"[]",
];

/// Changes `data` in a few places.
pub fn mutate(data: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        let at = dice.below(data.len() + 1);
        match dice.below(7) {
            0 => data.insert(at, dice.below(256) as u8),
            1 if at < data.len() => data[at] ^= 1 << dice.below(8),
            2 if at < data.len() => {
                let end = (at + 1 + dice.below(16)).min(data.len());
                data.drain(at..end);
            }
            3 => {
                let piece = PIECES[dice.below(PIECES.len())];
                data.splice(at..at, piece.iter().copied());
            }
            4 if !others.is_empty() => {
                let other = &others[dice.below(others.len())];
                let from = dice.below(other.len() + 1);
                let end = (from + dice.below(64)).min(other.len());
                data.splice(at..at, other[from..end].iter().copied());
            }
            5 => data.truncate(at.max(1)),
            _ if at < data.len() => data[at] = dice.below(256) as u8,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_bear_their_seeds_and_a_few_thousand_changes_of_them() {
        for (name, run, seeds) in TARGETS {
            let seeds = seeds();
            assert!(!seeds.is_empty(), "{name}");
            let mut dice = Dice::new(7);
            for seed in &seeds {
                run(seed);
            }
            for n in 0..2_000 {
                let mut data = seeds[n % seeds.len()].clone();
                mutate(&mut data, &seeds, &mut dice);
                run(&data);
            }
        }
    }
}
