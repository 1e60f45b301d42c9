use std::collections::BTreeMap;

use super::compare::Step;
use super::index::Index;
use super::matches::Level;
use super::params::{COMPARED, CheckedParams, Params, ParamsError, Weight};
use super::points::Points;
use super::record::Role;

/// Two records of which a person said whether they are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Id of the one.
    pub a: String,
    /// Id of the other.
    pub b: String,
    /// What the person said.
    pub same: bool,
}

/// Why nothing was learned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A label names a record that is not there.
    #[error("a label names record `{0}`, which is not in the data; correct or remove the label")]
    Unknown(String),
    /// Only one kind of label.
    #[error(
        "there are {same} labels for the same and {other} for others; give at least {least} of each"
    )]
    Few {
        /// Labels that say the same.
        same: usize,
        /// Labels that say otherwise.
        other: usize,
        /// How many of each are needed.
        least: usize,
    },
    /// What was learned is out of bounds.
    #[error(transparent)]
    Params(#[from] ParamsError),
}

/// Fewer labels of a kind than this say nothing.
const LEAST: usize = 5;
/// How far weights stray from where they began without strong evidence: base points.
const STRAY: f64 = 4.0;
/// The same for the share of rarity, in percent.
const STRAY_RARITY: f64 = 15.0;
/// Passes over all weights; they settle in a few.
const PASSES: usize = 40;

/// Weights that fit what people said, starting from those of `index`.
///
/// A logistic regression whose prior is the old weights, so that few labels move little and
/// what no label shows stays. It computes with floats; what it yields are whole points.
/// Labels are best taken near the threshold, where they tell most.
///
/// # Errors
///
/// [`LearnError`]; a label that is there twice counts twice.
pub fn learn(index: &Index, labels: &[Label]) -> Result<CheckedParams, LearnError> {
    let same = labels.iter().filter(|label| label.same).count();
    let other = labels.len() - same;
    if same < LEAST || other < LEAST {
        return Err(LearnError::Few {
            same,
            other,
            least: LEAST,
        });
    }
    let mut rows = Vec::with_capacity(labels.len());
    for label in labels {
        let number = |id: &String| {
            index
                .number(id)
                .ok_or_else(|| LearnError::Unknown(id.clone()))
        };
        let steps = index.steps(number(&label.a)?, number(&label.b)?);
        rows.push((steps, label.same));
    }
    let params = index.params().params();
    let mut fit = Fit::new(params, index.prior(), &rows);
    for _ in 0..PASSES {
        fit.pass();
    }
    Ok(fit.params(params.clone()).check()?)
}

/// One number that is learned: the prior (no field), a base, or a share of rarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Knob {
    Prior,
    Base(Role, Level),
    Rarity(Role, Level),
}

struct Dial {
    knob: Knob,
    start: f64,
    value: f64,
    stray: f64,
    /// Row and what a unit of the value adds to its points.
    uses: Vec<(usize, f64)>,
}

struct Fit {
    dials: Vec<Dial>,
    /// Points of each row now, and whether it should be a match.
    rows: Vec<(f64, bool)>,
}

impl Fit {
    fn new(params: &Params, prior: Points, labels: &[(Vec<Step>, bool)]) -> Self {
        let mut uses: BTreeMap<Knob, Vec<(usize, f64)>> = BTreeMap::new();
        let mut rows = Vec::with_capacity(labels.len());
        for (row, (steps, same)) in labels.iter().enumerate() {
            let mut points = f64::from(prior);
            uses.entry(Knob::Prior).or_default().push((row, 1.0));
            for step in steps {
                let Some(field) = COMPARED.get(step.field).copied() else {
                    continue;
                };
                let weight = params.weights.weight(field, step.level);
                points += f64::from(weight.base + step.rarity * weight.rarity / 100);
                uses.entry(Knob::Base(field, step.level))
                    .or_default()
                    .push((row, 1.0));
                if step.rarity > 0 && weight.rarity > 0 {
                    let unit = f64::from(step.rarity) / 100.0;
                    uses.entry(Knob::Rarity(field, step.level))
                        .or_default()
                        .push((row, unit));
                }
            }
            rows.push((points, *same));
        }
        let dial = |(knob, uses): (Knob, Vec<(usize, f64)>)| {
            let (start, stray) = match knob {
                Knob::Prior => (f64::from(params.prior), STRAY),
                Knob::Base(field, level) => {
                    (f64::from(params.weights.weight(field, level).base), STRAY)
                }
                Knob::Rarity(field, level) => (
                    f64::from(params.weights.weight(field, level).rarity),
                    STRAY_RARITY,
                ),
            };
            Dial {
                knob,
                start,
                value: start,
                stray,
                uses,
            }
        };
        Self {
            dials: uses.into_iter().map(dial).collect(),
            rows,
        }
    }

    /// Moves each number to where the slope is nought, one after the other.
    fn pass(&mut self) {
        // Points are deci-bans; the logistic function takes natural units.
        let unit = std::f64::consts::LN_10 / 10.0;
        for dial in &mut self.dials {
            let tie = 1.0 / (dial.stray * dial.stray);
            let (mut slope, mut bend) = ((dial.start - dial.value) * tie, tie);
            for (row, size) in &dial.uses {
                let Some((points, same)) = self.rows.get(*row) else {
                    continue;
                };
                let likely = 1.0 / (1.0 + (-points * unit).exp());
                let wanted = if *same { 1.0 } else { 0.0 };
                slope += unit * size * (wanted - likely);
                bend += unit * unit * size * size * likely * (1.0 - likely);
            }
            let step = (slope / bend).clamp(-dial.stray, dial.stray);
            dial.value += step;
            for (row, size) in &dial.uses {
                if let Some((points, _)) = self.rows.get_mut(*row) {
                    *points += step * size;
                }
            }
        }
    }

    fn params(&self, mut params: Params) -> Params {
        for dial in &self.dials {
            let value = dial.value.round().clamp(-900.0, 900.0);
            #[expect(clippy::cast_possible_truncation, reason = "rounded and bounded above")]
            let value = value as Points;
            match dial.knob {
                Knob::Prior => params.prior = value,
                Knob::Base(field, level) => {
                    let weight = params.weights.weight(field, level);
                    params.weights = params.weights.with(
                        field,
                        level,
                        Weight {
                            base: value,
                            ..weight
                        },
                    );
                }
                Knob::Rarity(field, level) => {
                    let weight = params.weights.weight(field, level);
                    let rarity = value.clamp(0, 300);
                    params.weights = params
                        .weights
                        .with(field, level, Weight { rarity, ..weight });
                }
            }
        }
        params
    }
}
