//! Scores whose listed reasons add up to them, exactly.
//!
//! A [`Score`] is made of [`Reason`]s and nothing else: its total is their sum, and a stored one whose sum differs is
//! refused when it is read. Points come from one of two places. [`CheckedScoringParams`] are a person's rules as data;
//! a [`Scorecard`] is a table of integers learnt from outcomes (see [`train`], feature `train`). [`Judge`] combines
//! them: rules alone until there are enough outcomes, and it says so.
//!
//! ```
//! use chrono::DateTime;
//! use dealwright_discovery::facts::{Fact, FactName, Facts};
//! use dealwright_discovery::score::{Judge, ScoringParams};
//!
//! let params: ScoringParams = serde_json::from_str(
//!     r#"{
//!         "version": 1,
//!         "rules": [{"id": "fit.sector", "field": "sector", "dimension": "fit",
//!                    "when": {"one_of": ["dentist"]}, "points": 20, "because": "a sector we know"}],
//!         "tiers": [{"name": "A", "from": 20}, {"name": "B", "from": 0}]
//!     }"#,
//! )?;
//! let judge = Judge::new(params.check()?);
//! let facts = Facts::new().with(FactName::parse("sector")?, Fact::new("Dentist", "directory, row 4"));
//! let judged = judge.judge(&facts, DateTime::UNIX_EPOCH);
//! assert_eq!(judged.score().total(), 20);
//! assert_eq!(judged.tier(), Some("A"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod banned;
mod calibration;
mod card;
mod change;
mod judge;
mod params;
mod reason;
mod rules;
mod services;
mod tier;
#[cfg(feature = "train")]
pub mod train;
mod win;

pub use banned::{BannedInput, BannedInputs};
pub use calibration::{Calibration, CalibrationError};
pub use card::{
    Bin, BoundCard, CardError, Feature, FeatureKind, Pair, RowScore, Scorecard, ScorecardParts,
};
pub use change::{Change, smallest_change};
pub use judge::{Basis, Judge, Judged};
pub use params::{
    CapParams, CheckedScoringParams, RuleParams, ScoringError, ScoringParams, ServiceRuleParams,
    SignalRuleParams, TierParams, WinParams,
};
pub use reason::{Dimension, Reason, Score, ScoreError};
pub use services::{PriorParams, Recommendation, ServiceFeedback, ServicePriors};
pub use win::{OutcomeBook, WinEstimate};
