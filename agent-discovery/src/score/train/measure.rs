use super::fit::loss_of;

/// The slope and offset of the sigmoid that fits scores to outcomes best, by Newton's method from (1, 0).
pub(super) fn sigmoid_through(scores: &[i64], outcomes: &[bool], scale: f64) -> (f64, f64) {
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    let loss = |slope: f64, offset: f64| -> f64 {
        scores
            .iter()
            .zip(outcomes)
            .map(|(s, o)| loss_of(slope * (*s as f64 / scale) + offset, *o))
            .sum()
    };
    let mut now = loss(slope, offset);
    for _ in 0..30 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (score, outcome) in scores.iter().zip(outcomes) {
            let x = *score as f64 / scale;
            let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
            let error = p - if *outcome { 1.0 } else { 0.0 };
            let weight = p * (1.0 - p);
            g0 += error * x;
            g1 += error;
            h00 += weight * x * x;
            h01 += weight * x;
            h11 += weight;
        }
        let determinant = h00 * h11 - h01 * h01;
        if determinant <= 0.0 {
            break;
        }
        let step = (
            (h11 * g0 - h01 * g1) / determinant,
            (h00 * g1 - h01 * g0) / determinant,
        );
        // Halve the step until it helps.
        let tried = (0..20)
            .map(|k| 0.5_f64.powi(k))
            .map(|part| (slope - part * step.0, offset - part * step.1))
            .map(|(s, o)| (s, o, loss(s, o)))
            .find(|(s, _, l)| *l < now && *s > 0.0);
        match tried {
            Some((s, o, l)) => {
                let gained = now - l;
                (slope, offset, now) = (s, o, l);
                if gained < 1e-9 * now {
                    break;
                }
            }
            None => break,
        }
    }
    (slope, offset)
}

/// Knots of the sigmoid, a tenth of a unit of log-odds apart, out to certainty of one in 3,000.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and within 1..=999999"
)]
pub(super) fn knots(slope: f64, offset: f64, scale: f64) -> Vec<(i64, u32)> {
    let centre = -offset / slope;
    let mut knots: Vec<(i64, u32)> = (-80..=80)
        .map(|tenth| {
            let points = (scale * (centre + f64::from(tenth) / (10.0 * slope))).round();
            let p = 1.0 / (1.0 + (-(slope * points / scale + offset)).exp());
            (
                points as i64,
                (p * 1e6).round().clamp(1.0, 999_999.0) as u32,
            )
        })
        .collect();
    knots.dedup_by_key(|(points, _)| *points);
    knots
}

/// The chance that a row with the outcome scores above one without, ties half, in parts per million.
pub(super) fn auc_ppm(scores: &[i64], outcomes: &[bool]) -> u32 {
    let mut ranked: Vec<(i64, bool)> = scores
        .iter()
        .copied()
        .zip(outcomes.iter().copied())
        .collect();
    ranked.sort_unstable();
    let (mut below, mut wins) = (0_u128, 0_u128);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|(_, o)| *o).count() as u128;
        let negatives = tied.len() as u128 - positives;
        // In halves, so that a tie is exact.
        wins += positives * (2 * below + negatives);
        below += negatives;
    }
    let positives = ranked.iter().filter(|(_, o)| *o).count() as u128;
    let pairs = 2 * positives * below;
    let ppm = (wins * 1_000_000 + pairs / 2)
        .checked_div(pairs)
        .unwrap_or(500_000);
    u32::try_from(ppm).unwrap_or(1_000_000)
}

/// The mean log loss of probabilities in parts per million, in millionths of a nat.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of at most 14 nats"
)]
pub(super) fn log_loss_micro(ppm: impl Iterator<Item = (u32, bool)>) -> u32 {
    let (mut sum, mut rows) = (0.0_f64, 0_u32);
    for (ppm, outcome) in ppm {
        let p = f64::from(ppm.clamp(1, 999_999)) / 1e6;
        sum -= if outcome { p.ln() } else { (1.0 - p).ln() };
        rows += 1;
    }
    (sum / f64::from(rows.max(1)) * 1e6).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_ties_half() {
        let outcomes = [false, false, true, true];
        assert_eq!(auc_ppm(&[1, 2, 3, 4], &outcomes), 1_000_000);
        assert_eq!(auc_ppm(&[4, 3, 2, 1], &outcomes), 0);
        assert_eq!(auc_ppm(&[1, 1, 1, 1], &outcomes), 500_000);
        assert_eq!(auc_ppm(&[1, 2, 2, 3], &outcomes), 875_000);
        assert_eq!(auc_ppm(&[1, 2], &[true, true]), 500_000);
    }

    #[test]
    fn the_sigmoid_finds_the_odds_that_made_the_outcomes() {
        // At score s (hundredths), 8 in 10 win above zero and 2 in 10 below: log-odds of 1.386.
        let (mut scores, mut outcomes) = (Vec::new(), Vec::new());
        for k in 0..1_000_u32 {
            scores.push(if k % 2 == 0 { 100 } else { -100 });
            outcomes.push((k / 2 % 10 < 8) == (k % 2 == 0));
        }
        let (slope, offset) = sigmoid_through(&scores, &outcomes, 100.0);
        assert!(
            (slope - 4.0_f64.ln()).abs() < 1e-3 && offset.abs() < 1e-3,
            "{slope} {offset}"
        );
        let table = crate::score::Calibration::new(knots(slope, offset, 100.0)).unwrap();
        assert!(table.ppm(100).abs_diff(800_000) < 500, "{}", table.ppm(100));
    }
}
