use dealwright_core::canonical::Digest32;
use dealwright_core::page::SourceName;
use dealwright_core::personal::Personal;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MarketPolicy, MarketState};

/// What a signal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignalKind {
    /// Money came in.
    Funding,
    /// Somebody is hiring.
    Hiring,
    /// Something opens or starts.
    Launch,
    /// A tool or system is taken up or dropped.
    Stack,
    /// A date in public.
    Event,
    /// Somebody voices a need.
    Demand,
    /// Somebody complains of what they have.
    Complaint,
    /// Work is put out to tender.
    Tender,
}

impl SignalKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Funding => "funding",
            Self::Hiring => "hiring",
            Self::Launch => "launch",
            Self::Stack => "stack",
            Self::Event => "event",
            Self::Demand => "demand",
            Self::Complaint => "complaint",
            Self::Tender => "tender",
        }
    }
}

/// Something that the market said, with all that makes it checkable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketSignal {
    /// Source and item: the same item read again has the same one.
    pub key: String,
    /// What it is about.
    pub kind: SignalKind,
    /// The sector it speaks of, lower case.
    pub sector: Option<String>,
    /// The source, in the terms register.
    pub source: SourceName,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// When it stops to count.
    pub expires_at: Timestamp,
    /// The hash of the words it rests on.
    pub evidence: Digest32,
    /// The rule that recognised it.
    #[serde(default)]
    pub rule: String,
    /// Where it stands, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The words it was recognised by. Whoever wrote them may be known by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<Personal<Untrusted<String>>>,
}

impl MarketSignal {
    /// Whether it counts at `now`: from the time it was observed until it expires.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.observed_at <= now && now < self.expires_at
    }

    /// Where it was seen and when, for people.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}, {}", self.key, self.observed_at.date_naive())
    }
}

/// Demand in a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand {
    /// There are too few signals to say anything.
    InsufficientData {
        /// How many there are.
        signals: u32,
        /// How many are needed.
        floor: u32,
    },
    /// The sector's signals as a share of the busiest sector's, in parts per million.
    Known {
        /// The share.
        share_ppm: u32,
        /// How many signals it rests on.
        signals: u32,
        /// Signals of the later half of the window less those of the earlier.
        trend: i32,
    },
}

impl MarketState {
    /// Demand in `sector` at `now`, by the signals that have not expired.
    #[must_use]
    pub fn demand(&self, sector: &str, policy: &MarketPolicy, now: Timestamp) -> Demand {
        let sector = sector.to_lowercase();
        let mut by_sector = std::collections::BTreeMap::<&str, u32>::new();
        let mut trend = 0i32;
        for signal in self.signals.values() {
            let live = signal.is_live(now);
            let Some(name) = signal.sector.as_deref().filter(|_| live) else {
                continue;
            };
            *by_sector.entry(name).or_default() += 1;
            if name == sector {
                let age = now.signed_duration_since(signal.observed_at).num_days();
                let late = age * 2 < i64::from(policy.signal_days);
                trend = trend.saturating_add(if late { 1 } else { -1 });
            }
        }
        let signals = by_sector.get(sector.as_str()).copied().unwrap_or(0);
        let most = by_sector.values().copied().max().unwrap_or(0);
        if signals < policy.sample_floor || most == 0 {
            return Demand::InsufficientData {
                signals,
                floor: policy.sample_floor,
            };
        }
        let share = u64::from(signals) * 1_000_000 / u64::from(most);
        Demand::Known {
            share_ppm: u32::try_from(share).unwrap_or(1_000_000),
            signals,
            trend,
        }
    }
}
