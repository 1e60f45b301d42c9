use serde::{Deserialize, Serialize};

/// Parts per million of certainty.
const MILLION: u32 = 1_000_000;

/// A table from score to probability: knots of (points, parts per million), straight lines between them, level
/// beyond the ends. Integers throughout; a probability rounds to the nearest part per million, halves up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(i64, u32)>", into = "Vec<(i64, u32)>")]
pub struct Calibration(Vec<(i64, u32)>);

impl Calibration {
    /// Checks a table.
    ///
    /// # Errors
    ///
    /// [`CalibrationError`] where it is empty, its points do not rise, its probabilities fall or exceed a million.
    pub fn new(knots: Vec<(i64, u32)>) -> Result<Self, CalibrationError> {
        if knots.is_empty() {
            return Err(CalibrationError::Empty);
        }
        if let Some((points, ppm)) = knots
            .iter()
            .find(|(p, ppm)| *ppm > MILLION || p.unsigned_abs() > 1 << 40)
        {
            return Err(CalibrationError::OutOfRange {
                points: *points,
                ppm: *ppm,
            });
        }
        for (low, high) in knots.iter().zip(knots.iter().skip(1)) {
            if low.0 >= high.0 || low.1 > high.1 {
                return Err(CalibrationError::NotRising { points: high.0 });
            }
        }
        Ok(Self(knots))
    }

    /// The probability of a score, in parts per million.
    #[must_use]
    pub fn ppm(&self, points: i64) -> u32 {
        let above = self.0.partition_point(|(knot, _)| *knot <= points);
        let low = above.checked_sub(1).and_then(|i| self.0.get(i));
        match (low, self.0.get(above)) {
            (Some(&(x0, y0)), Some(&(x1, y1))) => {
                let (width, rise) = (i128::from(x1 - x0), i128::from(y1 - y0));
                let part = (i128::from(points - x0) * rise * 2 + width) / (width * 2);
                y0 + u32::try_from(part).unwrap_or(0)
            }
            (Some(&(_, y)), None) | (None, Some(&(_, y))) => y,
            (None, None) => 0,
        }
    }

    /// The knots, rising.
    #[must_use]
    pub fn knots(&self) -> &[(i64, u32)] {
        &self.0
    }
}

impl TryFrom<Vec<(i64, u32)>> for Calibration {
    type Error = CalibrationError;

    fn try_from(knots: Vec<(i64, u32)>) -> Result<Self, Self::Error> {
        Self::new(knots)
    }
}

impl From<Calibration> for Vec<(i64, u32)> {
    fn from(table: Calibration) -> Self {
        table.0
    }
}

/// Why a calibration table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// No knots.
    #[error(
        "the calibration table is empty; give at least one knot of points and parts per million"
    )]
    Empty,
    /// A probability above one, or points beyond all scores.
    #[error(
        "the calibration knot at {points} points says {ppm} parts per million; stay within 0..=1000000 and 2^40 points"
    )]
    OutOfRange {
        /// The knot's points.
        points: i64,
        /// Its probability.
        ppm: u32,
    },
    /// Knots out of order.
    #[error(
        "the calibration table does not rise at {points} points; order it, with no probability below the one before"
    )]
    NotRising {
        /// The points of the knot that breaks the order.
        points: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_lines_between_knots_and_level_beyond() {
        let table = Calibration::new(vec![(-10, 100_000), (0, 500_000), (30, 800_000)]).unwrap();
        for (points, ppm) in [
            (-99, 100_000),
            (-10, 100_000),
            (-5, 300_000),
            (0, 500_000),
            (1, 510_000),
            (31, 800_000),
        ] {
            assert_eq!(table.ppm(points), ppm, "at {points}");
        }
        assert_eq!(table.ppm(i64::MIN), 100_000);
        assert_eq!(table.ppm(i64::MAX), 800_000);
    }

    #[test]
    fn a_table_that_falls_is_refused() {
        assert!(Calibration::new(Vec::new()).is_err());
        assert!(Calibration::new(vec![(0, 5), (1, 4)]).is_err());
        assert!(Calibration::new(vec![(1, 5), (1, 6)]).is_err());
        assert!(Calibration::new(vec![(0, 1_000_001)]).is_err());
    }
}
