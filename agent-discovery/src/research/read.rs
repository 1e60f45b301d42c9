use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::personal::Personal;
use dealwright_core::process::{Actor, Host};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Lexicon, NamedFirm, named_firm, recognise};
use crate::client::ImportLeads;
use crate::enrich::{Ceiling, Price};
use crate::lead::{IntakeRecord, Lead, LeadInput};
use crate::market::{Market, MarketInput, MarketSignal, MarketState};
use crate::resolve::{CheckedParams, same_name};
use crate::source::{RawSignal, SignalSource, SourceCursor, TermsRegister};

/// The most pages of a source that one run reads.
const PAGES: usize = 50;

/// A source of signals as people order it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResearchSource {
    /// Its name in the register of terms.
    pub source: SourceName,
    /// Minutes between two reads, at least 1.
    pub every_minutes: u32,
    /// What one read takes.
    #[serde(default)]
    pub price: Price,
    /// The most that reads may take a day.
    #[serde(default)]
    pub per_day: Ceiling,
    /// Whether its terms allow writing to firms found in it.
    #[serde(default)]
    pub contact_allowed: bool,
    /// What a firm found in it is told about where its address came from.
    #[serde(default)]
    pub notice: String,
}

/// Whether a source can be read now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide both cases"
)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, and why.
    NotReady(NotReady),
}

/// Why a source is not read now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotReady {
    /// Its terms do not allow it.
    Terms(String),
    /// It was read already in this interval.
    TooSoon {
        /// The next interval.
        until: Timestamp,
    },
    /// The day's reads have taken what they may.
    CapReached,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terms(why) => f.write_str(why),
            Self::TooSoon { until } => write!(f, "it was read already; the next time is {until}"),
            Self::CapReached => f.write_str("what it may cost a day is spent"),
        }
    }
}

/// Whether `source` can be read at `now`, by its terms, its interval and what it cost today.
#[must_use]
pub fn readiness(
    source: &ResearchSource,
    terms: &TermsRegister,
    market: &MarketState,
    now: Timestamp,
) -> Readiness {
    let purpose = FetchPurpose::ReadSignals;
    if let Err(refusal) = terms.permit(&source.source, purpose, true, now) {
        return Readiness::NotReady(NotReady::Terms(refusal.to_string()));
    }
    let reads = market.reads().get(&source.source);
    if let Some(last) = reads.and_then(crate::market::SourceReads::last)
        && slot(source, last) >= slot(source, now)
    {
        let seconds = (slot(source, now) + 1).saturating_mul(interval(source));
        let until = Timestamp::from_timestamp(seconds, 0).unwrap_or(now);
        return Readiness::NotReady(NotReady::TooSoon { until });
    }
    let affordable = match reads {
        Some(reads) => reads.affords(now, source.price, &source.per_day),
        None => crate::enrich::Purse::default().affords(source.price, &source.per_day),
    };
    if affordable {
        Readiness::Ready
    } else {
        Readiness::NotReady(NotReady::CapReached)
    }
}

fn interval(source: &ResearchSource) -> i64 {
    Duration::minutes(i64::from(source.every_minutes.max(1))).num_seconds()
}

/// The number of the interval that `at` falls in.
fn slot(source: &ResearchSource, at: Timestamp) -> i64 {
    at.timestamp().div_euclid(interval(source))
}

/// What one source came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceReport {
    /// The source.
    pub source: SourceName,
    /// Whether it was read.
    pub readiness: Readiness,
    /// Entries that were read.
    pub entries: u64,
    /// Entries that could not be read.
    pub broken: u64,
    /// Signals that are new.
    pub signals: u64,
    /// Firms that entries named and that were taken in, as leads or into leads.
    pub firms: u64,
    /// What ended the reading early, where something did.
    pub failed: Option<String>,
}

/// What a run came to, source by source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadReport {
    /// The sources, in their order.
    pub sources: Vec<SourceReport>,
}

/// Reads sources of signals into the market, and the firms they name into leads.
///
/// A read is written down before it is made, under a key of source and interval: of two runs at
/// once one reads, and what it costs is counted even if the run dies.
#[derive(Clone, Debug)]
pub struct ReadSignals {
    host: Host,
    market: String,
    lexicon: Lexicon,
    terms: TermsRegister,
    params: CheckedParams,
    sources: Vec<(ResearchSource, Arc<dyn SignalSource>)>,
}

impl ReadSignals {
    /// Reads into the market `market` of `host`, under these terms.
    #[must_use]
    pub fn new(
        host: Host,
        market: impl Into<String>,
        lexicon: Lexicon,
        terms: TermsRegister,
        params: CheckedParams,
    ) -> Self {
        Self {
            host,
            market: market.into(),
            lexicon,
            terms,
            params,
            sources: Vec::new(),
        }
    }

    /// Adds a source.
    #[must_use]
    pub fn with_source(mut self, settings: ResearchSource, source: Arc<dyn SignalSource>) -> Self {
        self.sources.push((settings, source));
        self
    }

    /// Reads every source that is ready. One that fails does not stop the others.
    ///
    /// # Errors
    ///
    /// Those of the store; what was offered until then stays.
    pub async fn run(&self, now: Timestamp) -> Result<ReadReport, PortError> {
        let key = self.host.key::<Market>(self.market.clone());
        let market = self.host.state::<Market>(&key).await?;
        let market = market.map(|(_, state)| state).unwrap_or_default();
        let mut report = ReadReport::default();
        for (settings, source) in &self.sources {
            let mut line = SourceReport {
                source: settings.source.clone(),
                readiness: readiness(settings, &self.terms, &market, now),
                entries: 0,
                broken: 0,
                signals: 0,
                firms: 0,
                failed: None,
            };
            if line.readiness == Readiness::Ready {
                if self.begin(settings, now).await? {
                    self.read(settings, source.as_ref(), now, &mut line).await?;
                } else {
                    let until = now + Duration::seconds(interval(settings));
                    line.readiness = Readiness::NotReady(NotReady::TooSoon { until });
                }
            }
            report.sources.push(line);
        }
        Ok(report)
    }

    /// Whether this run is the one that reads the source in this interval.
    async fn begin(&self, source: &ResearchSource, now: Timestamp) -> Result<bool, PortError> {
        let key = format!("read-{}-{}", source.source, slot(source, now));
        let input = MarketInput::Reading {
            source: source.source.clone(),
            price: source.price,
        };
        self.host
            .offer::<Market>(self.market.clone(), &key, Actor::System, now, &input)
            .await
    }

    async fn read(
        &self,
        settings: &ResearchSource,
        source: &dyn SignalSource,
        now: Timestamp,
        line: &mut SourceReport,
    ) -> Result<(), PortError> {
        let mut cursor: Option<SourceCursor> = None;
        let mut records = Vec::new();
        for _ in 0..PAGES {
            let page = match source.signals(cursor).await {
                Ok(page) => page,
                Err(error) => {
                    line.failed = Some(error.to_string());
                    break;
                }
            };
            for entry in page.records {
                let Ok(entry) = entry else {
                    line.broken += 1;
                    continue;
                };
                line.entries += 1;
                let signals = recognise(&entry, &self.lexicon);
                for signal in &signals {
                    line.signals += u64::from(self.tell(signal, now).await?);
                }
                records.extend(self.record(settings, &entry, signals, now));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        line.firms = self.intake(records, now).await?;
        Ok(())
    }

    async fn tell(&self, signal: &MarketSignal, now: Timestamp) -> Result<bool, PortError> {
        let input = MarketInput::Signal(Box::new(signal.clone()));
        let key = format!("signal-{}", signal.key);
        self.host
            .offer::<Market>(self.market.clone(), &key, Actor::System, now, &input)
            .await
    }

    /// The record of the firm an entry names, where it names one and still counts. Finding
    /// leads is a use of its own, which the terms must allow.
    fn record(
        &self,
        settings: &ResearchSource,
        entry: &RawSignal,
        signals: Vec<MarketSignal>,
        now: Timestamp,
    ) -> Option<IntakeRecord> {
        let live: Vec<MarketSignal> = signals.into_iter().filter(|s| s.is_live(now)).collect();
        let first = live.first()?;
        let purpose = FetchPurpose::FindLeads;
        let terms = self.terms.permit(&settings.source, purpose, true, now);
        terms.ok()?;
        let NamedFirm {
            name,
            website,
            email,
            ..
        } = named_firm(entry, &self.lexicon)?;
        let mut record = IntakeRecord::new(
            settings.source.clone(),
            entry.key.clone(),
            entry.observed_at,
        );
        let subject = Digest32::of(record.natural_key().as_bytes()).to_hex();
        record.name = name;
        record.website = website;
        record.email = email.map(|email| Personal::new(email, subject));
        record.sector.clone_from(&first.sector);
        record.contact_allowed = settings.contact_allowed;
        record.source_notice = if settings.notice.trim().is_empty() {
            format!("We read about you in {}.", settings.source)
        } else {
            settings.notice.clone()
        };
        record.signals = live;
        Some(record)
    }

    /// Takes records in: a name alone joins the one lead that has it, the rest is matched.
    async fn intake(&self, records: Vec<IntakeRecord>, now: Timestamp) -> Result<u64, PortError> {
        if records.is_empty() {
            return Ok(0);
        }
        let import = ImportLeads::new(self.host.clone(), self.params.clone());
        let mut by_name: BTreeMap<String, Vec<LeadId>> = BTreeMap::new();
        for (lead, record) in import.existing().await? {
            if let Some(name) = record.name {
                by_name.entry(name).or_default().push(lead);
            }
        }
        let mut taken = 0;
        let mut rest = Vec::new();
        for record in records {
            let bare = record.website.is_none() && record.email.is_none();
            let like = record.name.as_deref().filter(|_| bare).map(|name| {
                let mut leads: Vec<LeadId> = by_name
                    .iter()
                    .filter(|(known, _)| same_name(known, name))
                    .flat_map(|(_, leads)| leads.iter().copied())
                    .collect();
                leads.sort_unstable();
                leads.dedup();
                leads
            });
            match like.as_deref() {
                Some([lead]) => taken += u64::from(self.join(*lead, record, now).await?),
                // Of several with one name none is meant for sure.
                Some([_, _, ..]) => {}
                _ => rest.push(record),
            }
        }
        let report = import.run(&Actor::System, rest, now).await?;
        Ok(taken + report.new + report.merged)
    }

    async fn join(
        &self,
        lead: LeadId,
        record: IntakeRecord,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let key = format!("intake-{}", record.natural_key());
        let input = LeadInput::Intake {
            lead,
            record: Box::new(record),
        };
        let id = lead.to_string();
        match self
            .host
            .offer::<Lead>(id, &key, Actor::System, now, &input)
            .await
        {
            Err(error) if error.kind() == PortErrorKind::AlreadyExists => Ok(false),
            other => other,
        }
    }
}
