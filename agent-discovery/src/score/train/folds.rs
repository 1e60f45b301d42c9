use super::TrainError;

/// A number that looks random and follows from a seed and a row (SplitMix64).
pub(super) fn mix(seed: u64, row: usize) -> u64 {
    let mut z = seed.wrapping_add(
        (row as u64)
            .wrapping_add(1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15),
    );
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A fold for each row, drawn by the seed; both outcomes are dealt out evenly.
pub(super) fn assign(outcomes: &[bool], folds: u32, seed: u64) -> Result<Vec<u32>, TrainError> {
    let positives = outcomes.iter().filter(|o| **o).count();
    let negatives = outcomes.len() - positives;
    let least = usize::try_from(folds)
        .unwrap_or(usize::MAX)
        .saturating_mul(2);
    if positives < least || negatives < least {
        return Err(TrainError::TooFew {
            positives,
            negatives,
            least,
        });
    }
    let mut dealt: Vec<(bool, u64, usize)> = outcomes
        .iter()
        .enumerate()
        .map(|(row, outcome)| (*outcome, mix(seed, row), row))
        .collect();
    dealt.sort_unstable();
    let mut assigned = vec![0; outcomes.len()];
    for ((_, _, row), fold) in dealt.into_iter().zip((0..folds).cycle()) {
        if let Some(place) = assigned.get_mut(row) {
            *place = fold;
        }
    }
    Ok(assigned)
}
