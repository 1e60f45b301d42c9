//! The few colours that everything is drawn in.

use dealwright_core::document::{Accent, Tone};

/// Text.
pub(crate) const INK: &str = "#1f2a33";
/// Text that steps back.
pub(crate) const MUTED: &str = "#5a6670";
/// Lines between rows, grid lines.
pub(crate) const HAIR: &str = "#d8dee4";
/// The empty part of a track.
pub(crate) const TRACK: &str = "#edf0f3";
/// What must not be late.
pub(crate) const CRITICAL: Tint = Tint([0xb4, 0x53, 0x2f]);

/// A colour as three bytes.
#[derive(Clone, Copy)]
pub(crate) struct Tint([u8; 3]);

impl Tint {
    pub(crate) fn of(accent: Accent) -> Self {
        Self(accent.rgb())
    }

    /// The colour of a tone; what says nothing either way has the accent's.
    pub(crate) fn of_tone(tone: Tone, accent: Accent) -> Self {
        match tone {
            Tone::Bad => Self([0xa8, 0x3a, 0x3a]),
            Tone::Good => Self([0x2c, 0x77, 0x55]),
            Tone::Warning => Self([0x94, 0x66, 0x00]),
            _ => Self::of(accent),
        }
    }

    /// The colour of the series at this place; the first has the accent's.
    pub(crate) fn of_series(at: usize, accent: Accent) -> Self {
        const OTHERS: [[u8; 3]; 7] = [
            [0xc9, 0x8a, 0x2e],
            [0x6f, 0x9a, 0x8d],
            [0x9c, 0x5d, 0x77],
            [0x7a, 0x8a, 0x99],
            [0xb4, 0x53, 0x2f],
            [0x5d, 0x6f, 0xa3],
            [0xa7, 0xa2, 0x5a],
        ];
        at.checked_sub(1)
            .and_then(|at| OTHERS.get(at % OTHERS.len()))
            .map_or(Self::of(accent), |rgb| Self(*rgb))
    }

    /// The colour with this many percent of it left, on white.
    pub(crate) fn on_white(self, percent: u32) -> Self {
        Self(self.0.map(|part| {
            let part = (u32::from(part) * percent + 255 * (100 - percent) + 50) / 100;
            u8::try_from(part).unwrap_or(u8::MAX)
        }))
    }

    pub(crate) fn hex(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}
