use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::Duration;
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::process::EffectClass;
use dealwright_core::provenance::Confidence;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ceiling, EnrichField, Junk, Price, Purse};
use crate::source::TermsRegister;

/// What people set for enrichment. Without providers only a lead's own website is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrichPolicy {
    /// What is to be known of every lead.
    pub wanted: BTreeSet<EnrichField>,
    /// Who is asked, in this order.
    pub providers: Vec<ProviderSettings>,
    /// How sure a value must be for its field to count as known.
    pub enough: Confidence,
    /// The most that may be spent on one lead.
    pub per_lead: Ceiling,
    /// Days until a provider is asked again for what it did not know.
    pub retry_days: u32,
    /// The terms of the providers. One without a current record that allows enrichment by a
    /// program is not asked.
    pub terms: TermsRegister,
}

impl Default for EnrichPolicy {
    fn default() -> Self {
        Self {
            wanted: BTreeSet::new(),
            providers: Vec::new(),
            enough: Confidence::saturating(60),
            per_lead: Ceiling::default(),
            retry_days: 90,
            terms: TermsRegister::default(),
        }
    }
}

/// One provider as people order it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Its name in the register of terms.
    pub source: SourceName,
    /// The fields it is asked for.
    pub fields: BTreeSet<EnrichField>,
    /// The most one call may take. A provider that wants more is not called.
    #[serde(default)]
    pub price: Price,
    /// What it promises about repeats.
    #[serde(default = "at_most_once")]
    pub class: EffectClass,
}

fn at_most_once() -> EffectClass {
    EffectClass::AtMostOnce
}

/// How far the enrichment of a lead has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Who was asked for what, the latest last.
    pub asked: Vec<(SourceName, EnrichField, Timestamp)>,
    /// What each call took, or may take as long as it is under way.
    pub calls: BTreeMap<String, Price>,
    /// Who may not be paid today, by the market's word.
    pub denied: Vec<(SourceName, Timestamp)>,
    /// The call that is under way, where one is, with its key.
    pub under_way: Option<(String, Step)>,
    /// Whom the last round passed over, and why.
    pub passed: Vec<Passed>,
}

impl Progress {
    /// What was spent on this lead, calls under way included.
    #[must_use]
    pub fn spent(&self) -> Purse {
        let begin = Purse::default();
        self.calls
            .values()
            .fold(begin, |all, price| all.with(*price))
    }
}

/// One call to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The provider.
    pub source: SourceName,
    /// What to ask it for.
    pub fields: BTreeSet<EnrichField>,
    /// The most it may take.
    pub price: Price,
    /// What it promises about repeats.
    pub class: EffectClass,
}

/// A provider that was not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The provider.
    pub source: SourceName,
    /// Why.
    pub why: PassedOver,
}

/// Why a provider was not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PassedOver {
    /// Its terms do not allow it.
    Terms(String),
    /// The lead is not worth a paid call.
    Junk(Vec<Junk>),
    /// The lead has too little left to spend.
    LeadCeiling,
    /// The day has too little left to spend.
    DayCeiling,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terms(why) => f.write_str(why),
            Self::Junk(reasons) => {
                f.write_str("not worth a paid call: ")?;
                for (at, reason) in reasons.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{reason}")?;
                }
                Ok(())
            }
            Self::LeadCeiling => f.write_str("the ceiling of this lead is reached"),
            Self::DayCeiling => f.write_str("the ceiling of the day is reached"),
        }
    }
}

/// The next call, and whom it passed over on the way. `known` says how sure the best value of a
/// field is, `junk` what speaks against paying.
///
/// A provider is asked only for fields that are wanted and not known well enough, and not again
/// within [`EnrichPolicy::retry_days`] for one it was asked for.
#[must_use]
pub fn next(
    policy: &EnrichPolicy,
    progress: &Progress,
    known: impl Fn(EnrichField) -> Option<Confidence>,
    junk: &[Junk],
    now: Timestamp,
) -> (Option<Step>, Vec<Passed>) {
    let mut passed = Vec::new();
    let missing: BTreeSet<EnrichField> = policy
        .wanted
        .iter()
        .copied()
        .filter(|field| known(*field).is_none_or(|sure| sure < policy.enough))
        .collect();
    let wait = Duration::days(i64::from(policy.retry_days));
    for provider in &policy.providers {
        let asked = |field: &EnrichField| {
            progress.asked.iter().any(|(source, of, at)| {
                *source == provider.source && of == field && now.signed_duration_since(*at) < wait
            })
        };
        let fields: BTreeSet<EnrichField> = provider
            .fields
            .intersection(&missing)
            .copied()
            .filter(|field| !asked(field))
            .collect();
        if fields.is_empty() {
            continue;
        }
        let mut pass = |why| {
            passed.push(Passed {
                source: provider.source.clone(),
                why,
            });
        };
        let allowed = policy
            .terms
            .permit(&provider.source, FetchPurpose::Enrich, true, now);
        if let Err(refusal) = allowed {
            pass(PassedOver::Terms(refusal.to_string()));
            continue;
        }
        let denied = progress
            .denied
            .iter()
            .any(|(source, at)| *source == provider.source && at.date_naive() == now.date_naive());
        if !provider.price.is_free() {
            if !junk.is_empty() {
                pass(PassedOver::Junk(junk.to_vec()));
                continue;
            }
            if !progress.spent().affords(provider.price, &policy.per_lead) {
                pass(PassedOver::LeadCeiling);
                continue;
            }
            if denied {
                pass(PassedOver::DayCeiling);
                continue;
            }
        }
        let step = Step {
            source: provider.source.clone(),
            fields,
            price: provider.price,
            class: provider.class,
        };
        return (Some(step), passed);
    }
    (None, passed)
}
