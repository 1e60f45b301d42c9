//! A sheet to draw on, and the width of words.

use std::fmt::Write as _;

use dealwright_core::text::Context;

use crate::color::{HAIR, INK, MUTED};

/// Width of every chart, in pixels.
pub(super) const WIDTH: f64 = 720.0;
/// Size of ordinary labels.
pub(super) const LABEL: f64 = 13.5;
/// Size of labels that step back.
pub(super) const SMALL: f64 = 12.0;

/// Elements of SVG, in the order they are drawn.
#[derive(Default)]
pub(super) struct Canvas {
    out: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    End,
    Middle,
    Start,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Ink<'a> {
    pub(super) size: f64,
    pub(super) fill: &'a str,
    pub(super) bold: bool,
}

impl Ink<'static> {
    pub(super) const LABEL: Self = Self {
        size: LABEL,
        fill: INK,
        bold: false,
    };
    pub(super) const STRONG: Self = Self {
        size: LABEL,
        fill: INK,
        bold: true,
    };
    pub(super) const SMALL: Self = Self {
        size: SMALL,
        fill: MUTED,
        bold: false,
    };
}

impl Canvas {
    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str, round: f64) {
        let round = round.min(width / 2.0).min(height / 2.0).max(0.0);
        let _ = write!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\"/>",
            n(x),
            n(y),
            n(width),
            n(height),
            n(round)
        );
    }

    /// A thin line.
    pub(super) fn rule(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, HAIR, 1.0, None);
    }

    pub(super) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        stroke: &str,
        width: f64,
        dash: Option<&str>,
    ) {
        let dash = dash
            .map(|dash| format!(" stroke-dasharray=\"{dash}\""))
            .unwrap_or_default();
        let _ = write!(
            self.out,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{}\"{dash}/>",
            n(from.0),
            n(from.1),
            n(to.0),
            n(to.1),
            n(width)
        );
    }

    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str) {
        let _ = write!(
            self.out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2.2\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
            pairs(points)
        );
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let _ = write!(
            self.out,
            "<polygon points=\"{}\" fill=\"{fill}\"/>",
            pairs(points)
        );
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        let _ = write!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\"/>",
            n(at.0),
            n(at.1),
            n(radius)
        );
    }

    /// A ring of which `share` (0 to 1) is drawn, clockwise from the top.
    pub(super) fn ring(&mut self, at: (f64, f64), radius: f64, share: f64, stroke: &str) {
        let round = std::f64::consts::TAU * radius;
        let dash = if share >= 1.0 {
            String::new()
        } else {
            // A quarter turn back, written as a matrix: no angle to be computed.
            format!(
                " stroke-dasharray=\"{} {}\" stroke-linecap=\"round\" transform=\"matrix(0 -1 1 0 {} {})\"",
                n(round * share),
                n(round),
                n(at.0 - at.1),
                n(at.0 + at.1)
            )
        };
        let _ = write!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"10\"{dash}/>",
            n(at.0),
            n(at.1),
            n(radius)
        );
    }

    /// Text on its baseline.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, ink: Ink<'_>, text: &str) {
        self.write_text(
            &format!("x=\"{}\" y=\"{}\"", n(at.0), n(at.1)),
            anchor,
            ink,
            text,
        );
    }

    /// Text that climbs to its end at `at`.
    pub(super) fn climbing(&mut self, at: (f64, f64), ink: Ink<'_>, text: &str) {
        let place = format!(
            "transform=\"matrix(0.8192 -0.5736 0.5736 0.8192 {} {})\"",
            n(at.0),
            n(at.1)
        );
        self.write_text(&place, Anchor::End, ink, text);
    }

    fn write_text(&mut self, place: &str, anchor: Anchor, ink: Ink<'_>, text: &str) {
        let anchor = match anchor {
            Anchor::End => " text-anchor=\"end\"",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::Start => "",
        };
        let weight = if ink.bold { " font-weight=\"600\"" } else { "" };
        let _ = write!(
            self.out,
            "<text {place}{anchor} font-size=\"{}\"{weight} fill=\"{}\">{}</text>",
            n(ink.size),
            ink.fill,
            escape(text)
        );
    }

    pub(super) fn into_elements(self) -> String {
        self.out
    }
}

/// Text between the tags of XML: escaped, and without the two code points XML refuses.
pub(crate) fn escape(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    Context::HtmlText.encode(&text)
}

/// A coordinate with at most one digit after the point.
pub(super) fn n(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if (tenths / 10.0).fract().abs() < 0.05 {
        format!("{:.0}", tenths / 10.0 + 0.0)
    } else {
        format!("{:.1}", tenths / 10.0)
    }
}

fn pairs(points: &[(f64, f64)]) -> String {
    let points = points.iter().map(|(x, y)| format!("{},{}", n(*x), n(*y)));
    points.collect::<Vec<_>>().join(" ")
}

/// How wide a text is at most, whatever common font shows it.
pub(super) fn width(text: &str, ink: Ink<'_>) -> f64 {
    let units: f64 = text.chars().map(advance).sum();
    units * ink.size * if ink.bold { 1.1 } else { 1.0 }
}

/// Advance of a character as part of the font size, after the widths of DejaVu Sans: the
/// widest of the fonts that a reader is likely to see it in.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' => 0.28,
        'I' | ' ' | '\u{a0}' | '.' | ',' | ':' | ';' | '/' | '|' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '!' => 0.41,
        'm' | 'M' | '%' | 'w' | 'W' | '@' => 0.95,
        'A'..='Z' => 0.70,
        'a'..='z' => 0.60,
        c if c.is_ascii() => 0.64,
        // Ideographs take a whole square.
        c if u32::from(c) >= 0x2e80 => 1.0,
        c if c.is_uppercase() => 0.72,
        _ => 0.64,
    }
}

/// As much of the text as fits, with an ellipsis where something is left out.
pub(super) fn fit(text: &str, most: f64, ink: Ink<'_>) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if width(&text, ink) <= most {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, ink) + width("…", ink) > most {
            kept.pop();
            break;
        }
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The text on at most two lines, each as wide as allowed.
pub(super) fn wrap(text: &str, most: f64, ink: Ink<'_>) -> Vec<String> {
    let mut first = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.peek() {
        let longer = if first.is_empty() {
            (*word).to_owned()
        } else {
            format!("{first} {word}")
        };
        if width(&longer, ink) > most {
            break;
        }
        first = longer;
        words.next();
    }
    let rest = words.collect::<Vec<_>>().join(" ");
    match (first.is_empty(), rest.is_empty()) {
        (true, _) => vec![fit(&rest, most, ink)],
        (false, true) => vec![first],
        (false, false) => vec![first, fit(&rest, most, ink)],
    }
}
