//! Charts over a vertical scale: lines and stacked bars.

use dealwright_core::document::Series;
use rust_decimal::Decimal;

use super::Look;
use super::canvas::{Anchor, Canvas, Ink, WIDTH, fit, width, wrap};
use super::scale::Scale;
use crate::color::Tint;

/// Height of the plot without legend and labels.
const TALL: f64 = 210.0;

/// Lines over steps of equal distance; one line alone has its area tinted.
pub(super) fn lines(
    canvas: &mut Canvas,
    steps: &[String],
    series: &[Series],
    look: &Look<'_>,
) -> f64 {
    let top = legend(canvas, series, look);
    let bottom = top + TALL;
    let values = series.iter().flat_map(|one| one.values().iter().copied());
    let scale = Scale::over(values, top, bottom);
    let margin = scale.margin(look.wording);
    scale.draw(canvas, margin, look.wording);
    let (left, right) = (margin + 14.0, WIDTH - 14.0);
    let gap = (right - left) / steps.len().saturating_sub(1).max(1) as f64;
    let x = |at: usize| {
        if steps.len() == 1 {
            f64::midpoint(left, right)
        } else {
            left + at as f64 * gap
        }
    };
    for (place, one) in series.iter().enumerate() {
        let tint = Tint::of_series(place, look.accent);
        let points: Vec<_> = one
            .values()
            .iter()
            .enumerate()
            .map(|(at, value)| (x(at), scale.at(*value)))
            .collect();
        if let ([first, ..], [.., last], true) = (&*points, &*points, series.len() == 1) {
            let floor = scale.at(Decimal::ZERO);
            let mut area = points.clone();
            area.extend([(last.0, floor), (first.0, floor)]);
            canvas.polygon(&area, &tint.on_white(11).hex());
        }
        canvas.polyline(&points, &tint.hex());
        if points.len() <= 32 {
            for point in &points {
                canvas.dot(*point, 4.6, "#ffffff");
                canvas.dot(*point, 3.2, &tint.hex());
            }
        }
    }
    // As many labels as stand beside each other, the last one among them.
    let widest = steps.iter().map(|step| width(step, Ink::SMALL));
    let room = widest.fold(24.0, f64::max).min(150.0) + 14.0;
    let every = ((room / gap.max(0.1)).ceil() as usize).max(1);
    let last = steps.len().saturating_sub(1);
    for (at, step) in steps.iter().enumerate() {
        if (last - at).is_multiple_of(every) {
            let text = fit(step, room - 10.0, Ink::SMALL);
            let half = width(&text, Ink::SMALL) / 2.0;
            let middle = x(at).clamp(half, WIDTH - half);
            canvas.text((middle, bottom + 20.0), Anchor::Middle, Ink::SMALL, &text);
        }
    }
    bottom + 28.0
}

/// Upright bars made of parts, the first series at the bottom.
pub(super) fn stacked(
    canvas: &mut Canvas,
    names: &[String],
    series: &[Series],
    look: &Look<'_>,
) -> f64 {
    let top = legend(canvas, series, look);
    let bottom = top + TALL;
    let part = |one: &Series, at: usize| one.values().get(at).copied().unwrap_or_default();
    let whole = |at: usize| series.iter().map(|one| part(one, at)).sum::<Decimal>();
    let scale = Scale::over((0..names.len()).map(whole), top, bottom);
    let margin = scale.margin(look.wording);
    scale.draw(canvas, margin, look.wording);
    let slot = (WIDTH - margin) / names.len().max(1) as f64;
    let thick = (slot * 0.62).min(56.0);
    for at in 0..names.len() {
        let x = margin + (at as f64 + 0.5) * slot - thick / 2.0;
        let mut below = Decimal::ZERO;
        for (place, one) in series.iter().enumerate() {
            let value = part(one, at);
            if value.is_zero() {
                continue;
            }
            let (low, high) = (scale.at(below), scale.at(below + value));
            let fill = Tint::of_series(place, look.accent).hex();
            // A pixel of white between the parts.
            let gap = if below.is_zero() { 0.0 } else { 1.0 };
            canvas.rect(x, high, thick, (low - high - gap).max(0.6), &fill, 1.5);
            below += value;
        }
    }
    let longest_word = names
        .iter()
        .flat_map(|name| name.split_whitespace())
        .map(|word| width(word, Ink::SMALL))
        .fold(0.0, f64::max);
    if longest_word <= slot - 6.0 {
        for (at, name) in names.iter().enumerate() {
            let middle = margin + (at as f64 + 0.5) * slot;
            for (line, text) in wrap(name, slot - 6.0, Ink::SMALL).iter().enumerate() {
                let y = bottom + 20.0 + line as f64 * 15.0;
                canvas.text((middle, y), Anchor::Middle, Ink::SMALL, text);
            }
        }
        bottom + 44.0
    } else {
        for (at, name) in names.iter().enumerate() {
            let middle = margin + (at as f64 + 0.5) * slot;
            // The first ones must not leave the sheet at its left edge.
            let room = (middle / 0.82 - 6.0).clamp(40.0, 120.0);
            let text = fit(name, room, Ink::SMALL);
            canvas.climbing((middle + 5.0, bottom + 16.0), Ink::SMALL, &text);
        }
        bottom + 88.0
    }
}

/// Names of the series in a row, where there are several; yields the height taken.
fn legend(canvas: &mut Canvas, series: &[Series], look: &Look<'_>) -> f64 {
    if series.len() < 2 {
        return 12.0;
    }
    let (mut x, mut y) = (0.0, 12.0);
    for (place, one) in series.iter().enumerate() {
        let name = fit(one.name(), 200.0, Ink::LABEL);
        let wide = 18.0 + width(&name, Ink::LABEL) + 22.0;
        if x + wide > WIDTH && x > 0.0 {
            x = 0.0;
            y += 21.0;
        }
        let fill = Tint::of_series(place, look.accent).hex();
        canvas.rect(x, y - 10.0, 11.0, 11.0, &fill, 2.0);
        canvas.text((x + 17.0, y), Anchor::Start, Ink::LABEL, &name);
        x += wide;
    }
    y + 22.0
}
