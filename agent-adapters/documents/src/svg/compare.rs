//! Charts that compare single figures: bars, funnels and score rings.

use dealwright_core::document::{Bar, Dial, Stage, Tone};
use rust_decimal::Decimal;

use super::Look;
use super::canvas::{Anchor, Canvas, Ink, WIDTH, fit, width, wrap};
use super::scale::float;
use crate::color::{INK, MUTED, TRACK, Tint};

/// Lying bars with their value at the end of each.
pub(super) fn bars(canvas: &mut Canvas, bars: &[Bar], unit: Option<&str>, look: &Look<'_>) -> f64 {
    const ROW: f64 = 30.0;
    let figure = |bar: &Bar| {
        let number = look.wording.number(bar.value());
        unit.map_or_else(
            || number.clone(),
            |unit| {
                let unit = fit(unit, 60.0, Ink::STRONG);
                format!("{number}\u{a0}{unit}")
            },
        )
    };
    let names = bars.iter().map(|bar| width(bar.name(), Ink::LABEL));
    let left = names.fold(60.0, f64::max).min(250.0) + 14.0;
    let figures = bars.iter().map(|bar| width(&figure(bar), Ink::STRONG));
    let right = figures.fold(30.0, f64::max) + 12.0;
    let room = WIDTH - left - right;
    let most = bars.iter().map(Bar::value).max().unwrap_or_default();
    for (row, bar) in bars.iter().enumerate() {
        let y = row as f64 * ROW;
        let share = float(bar.value() / most.max(Decimal::new(1, 9)));
        let fill = Tint::of_tone(bar.tone(), look.accent).hex();
        let name = fit(bar.name(), left - 14.0, Ink::LABEL);
        canvas.text((left - 14.0, y + 19.5), Anchor::End, Ink::LABEL, &name);
        canvas.rect(left, y + 6.0, room, 18.0, TRACK, 3.0);
        if share > 0.0 {
            canvas.rect(left, y + 6.0, (room * share).max(2.0), 18.0, &fill, 3.0);
        }
        let at = (WIDTH, y + 19.5);
        canvas.text(at, Anchor::End, Ink::STRONG, &figure(bar));
    }
    bars.len() as f64 * ROW
}

/// Stages in the middle, each as wide as its count, with the share of the stage before.
pub(super) fn funnel(canvas: &mut Canvas, stages: &[Stage], look: &Look<'_>) -> f64 {
    const ROW: f64 = 38.0;
    let names = stages.iter().map(|stage| width(stage.name(), Ink::LABEL));
    let left = names.fold(60.0, f64::max).min(230.0) + 16.0;
    let right = 150.0;
    let room = WIDTH - left - right;
    let most = stages.iter().map(Stage::count).max().unwrap_or(1).max(1);
    let mut before: Option<u64> = None;
    let mut edge: Option<f64> = None;
    for (row, stage) in stages.iter().enumerate() {
        let y = row as f64 * ROW;
        let share = float(Decimal::from(stage.count()) / Decimal::from(most));
        let long = (room * share).max(3.0);
        let middle = left + room / 2.0;
        let tint = Tint::of(look.accent);
        if let Some(edge) = edge {
            let (top, bottom) = (y - 10.0, y + 4.0);
            let points = [
                (middle - edge / 2.0, top),
                (middle + edge / 2.0, top),
                (middle + long / 2.0, bottom),
                (middle - long / 2.0, bottom),
            ];
            canvas.polygon(&points, &tint.on_white(14).hex());
        }
        // Later stages are darker: they matter more.
        let strength = 55 + 45 * (row + 1) / stages.len();
        let fill = tint.on_white(u32::try_from(strength).unwrap_or(100)).hex();
        canvas.rect(middle - long / 2.0, y + 4.0, long, 24.0, &fill, 3.0);
        let name = fit(stage.name(), left - 16.0, Ink::LABEL);
        canvas.text((0.0, y + 20.5), Anchor::Start, Ink::LABEL, &name);
        let count = look.wording.number(Decimal::from(stage.count()));
        canvas.text((WIDTH - 70.0, y + 20.5), Anchor::End, Ink::STRONG, &count);
        if let Some(before) = before.filter(|before| *before > 0) {
            let kept = Decimal::from(stage.count()) * Decimal::ONE_HUNDRED / Decimal::from(before);
            let digits = if kept < Decimal::TEN { 1 } else { 0 };
            let kept = look.wording.percent(kept.round_dp(digits));
            canvas.text((WIDTH, y + 20.5), Anchor::End, Ink::SMALL, &kept);
        }
        before = Some(stage.count());
        edge = Some(long);
    }
    stages.len() as f64 * ROW - 6.0
}

/// A ring for each score, with the score in its middle and its name below.
pub(super) fn gauges(canvas: &mut Canvas, dials: &[Dial], look: &Look<'_>) -> f64 {
    const RADIUS: f64 = 44.0;
    let slot = WIDTH / dials.len().max(1) as f64;
    for (place, dial) in dials.iter().enumerate() {
        let at = ((place as f64 + 0.5) * slot, 54.0);
        let tint = Tint::of_tone(dial.tone(), look.accent);
        let share = f64::from(dial.value()) / f64::from(dial.max().max(1));
        canvas.ring(at, RADIUS, 1.0, &tint.on_white(16).hex());
        if share > 0.0 {
            canvas.ring(at, RADIUS, share, &tint.hex());
        }
        let fill = if dial.tone() == Tone::Neutral {
            INK.to_owned()
        } else {
            tint.hex()
        };
        let value = Ink {
            size: 27.0,
            fill: &fill,
            bold: true,
        };
        let max = Ink {
            size: 11.0,
            fill: MUTED,
            bold: false,
        };
        let score = look.wording.number(dial.value().into());
        canvas.text((at.0, at.1 + 6.0), Anchor::Middle, value, &score);
        let out_of = format!("/ {}", look.wording.number(dial.max().into()));
        canvas.text((at.0, at.1 + 22.0), Anchor::Middle, max, &out_of);
        for (line, text) in wrap(dial.name(), slot - 12.0, Ink::LABEL)
            .iter()
            .enumerate()
        {
            let y = 128.0 + line as f64 * 17.0;
            canvas.text((at.0, y), Anchor::Middle, Ink::LABEL, text);
        }
    }
    152.0
}
