//! A vertical scale with round steps.

use dealwright_core::document::Wording;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::canvas::{Anchor, Canvas, Ink, WIDTH, width};

/// A scale from a round number at or below the smallest value to one at or above the largest.
pub(super) struct Scale {
    ticks: Vec<Decimal>,
    top: f64,
    bottom: f64,
}

impl Scale {
    /// A scale over `values` and 0, drawn from `bottom` up to `top`.
    pub(super) fn over(values: impl Iterator<Item = Decimal>, top: f64, bottom: f64) -> Self {
        let (low, high) = values.fold((Decimal::ZERO, Decimal::ZERO), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let step = round_step((high - low) / Decimal::from(4));
        let mut ticks = vec![(low / step).floor() * step];
        while let Some(last) = ticks.last().copied()
            && last < high
            && ticks.len() < 12
        {
            ticks.push(last + step);
        }
        if ticks.len() == 1 {
            ticks.extend(ticks.last().map(|tick| *tick + step));
        }
        Self { ticks, top, bottom }
    }

    /// Where a value stands.
    pub(super) fn at(&self, value: Decimal) -> f64 {
        let low = self.ticks.first().copied().unwrap_or_default();
        let high = self.ticks.last().copied().unwrap_or(Decimal::ONE);
        let share = float((value - low) / (high - low).max(Decimal::new(1, 9)));
        self.bottom - share * (self.bottom - self.top)
    }

    /// Width that its labels take.
    pub(super) fn margin(&self, wording: &Wording) -> f64 {
        let labels = self
            .ticks
            .iter()
            .map(|tick| width(&label(*tick, wording), Ink::SMALL));
        labels.fold(20.0, f64::max) + 10.0
    }

    /// Draws the lines and labels, leaving `margin` at the left.
    pub(super) fn draw(&self, canvas: &mut Canvas, margin: f64, wording: &Wording) {
        for tick in &self.ticks {
            let y = self.at(*tick);
            canvas.rule((margin, y), (WIDTH, y));
            canvas.text(
                (margin - 8.0, y + 4.0),
                Anchor::End,
                Ink::SMALL,
                &label(*tick, wording),
            );
        }
    }
}

/// A decimal for drawing with; nothing is decided on it.
pub(super) fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

fn label(tick: Decimal, wording: &Wording) -> String {
    wording.number(tick.normalize())
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`.
fn round_step(least: Decimal) -> Decimal {
    let ten = Decimal::TEN;
    if least <= Decimal::ZERO {
        return Decimal::ONE;
    }
    let mut power = Decimal::ONE;
    for _ in 0..18 {
        if power * ten <= least {
            power *= ten;
        } else if power > least {
            power /= ten;
        }
    }
    [10, 20, 25, 50, 100]
        .into_iter()
        .map(|tenths| Decimal::new(tenths, 1) * power)
        .find(|step| *step >= least)
        .unwrap_or(power * ten)
        .normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in [
            ("0.9", "1"),
            ("1", "1"),
            ("2.1", "2.5"),
            ("3", "5"),
            ("87", "100"),
            ("0.012", "0.02"),
            ("12000", "20000"),
            ("0", "1"),
        ] {
            let least: Decimal = least.parse().unwrap();
            assert_eq!(round_step(least), step.parse().unwrap(), "{least}");
        }
    }

    #[test]
    fn scale_holds_all_values() {
        let values = [-3, 4, 17].map(Decimal::from);
        let scale = Scale::over(values.into_iter(), 0.0, 100.0);
        for value in values {
            assert!((0.0..=100.0).contains(&scale.at(value)));
        }
        assert!(scale.at(Decimal::from(17)) < scale.at(Decimal::from(-3)));
    }
}
