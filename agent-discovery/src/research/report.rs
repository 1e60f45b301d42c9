use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use dealwright_core::document::{
    Bar, Chart, ChartData, Column, Document, DocumentKind, Series, Table, Value,
};
use dealwright_core::party::Language;
use dealwright_core::personal::Purpose;
use dealwright_core::text::Context;
use dealwright_core::time::Timestamp;

use crate::market::{Demand, MarketPolicy, MarketSignal, MarketState, SignalKind};

/// Sectors whose weeks are drawn.
const DRAWN: usize = 4;
/// Characters of a passage that are printed.
const PASSAGE: usize = 140;

/// A count with what it counts: the keys of signals, or the ids of deals.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// Each thing that is counted, once, in order.
    pub rests_on: Vec<String>,
}

impl Figure {
    /// The count.
    #[must_use]
    pub fn value(&self) -> u32 {
        u32::try_from(self.rests_on.len()).unwrap_or(u32::MAX)
    }
}

/// What is said of one sector.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectorLine {
    /// The sector.
    pub sector: String,
    /// Its demand, or that there is too little to say.
    pub demand: Demand,
    /// Its live signals.
    pub signals: Figure,
    /// The same by kind; their sum is [`signals`](Self::signals).
    pub kinds: Vec<(SignalKind, Figure)>,
    /// The same by week, the earliest first; their sum is [`signals`](Self::signals).
    pub weeks: Vec<Figure>,
}

/// A figure that does not rest on what it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the figure `{figure}` names `{key}`, which {why}")]
#[non_exhaustive]
pub struct Unresolved {
    /// The figure.
    pub figure: String,
    /// What it names.
    pub key: String,
    /// What is wrong.
    pub why: &'static str,
}

/// What the market says at an instant. Every figure in it resolves to signals or deals.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MarketReport {
    /// The instant.
    pub as_of: Timestamp,
    /// Signals below which nothing is said of a sector.
    pub floor: u32,
    /// Live signals by kind, all sectors together, the most frequent first.
    pub kinds: Vec<(SignalKind, Figure)>,
    /// The sectors, the busiest first.
    pub sectors: Vec<SectorLine>,
    /// Needs that no service answered, with the deals that named them, the most frequent first.
    pub unmet: Vec<Figure>,
    /// Why deals were lost, with the deals, the most frequent first.
    pub lost: Vec<Figure>,
    signals: BTreeMap<String, MarketSignal>,
}

impl MarketReport {
    /// What `state` says at `now`. Signals that have expired are not in it.
    #[must_use]
    pub fn of(state: &MarketState, policy: &MarketPolicy, now: Timestamp) -> Self {
        let signals: BTreeMap<String, MarketSignal> = state
            .signals()
            .iter()
            .filter(|(_, signal)| signal.is_live(now))
            .map(|(key, signal)| (key.clone(), signal.clone()))
            .collect();
        let named: BTreeSet<&str> = signals
            .values()
            .filter_map(|s| s.sector.as_deref())
            .collect();
        let weeks = i64::from(policy.signal_days.max(7)).div_euclid(7).min(26);
        let mut sectors: Vec<SectorLine> = named
            .into_iter()
            .map(|sector| {
                let of = |signal: &&MarketSignal| signal.sector.as_deref() == Some(sector);
                let own: Vec<&MarketSignal> = signals.values().filter(of).collect();
                SectorLine {
                    sector: sector.to_owned(),
                    demand: state.demand(sector, policy, now),
                    signals: figure(sector, own.iter().copied()),
                    kinds: by_kind(own.iter().copied()),
                    weeks: by_week(&own, weeks, now),
                }
            })
            .collect();
        sectors.sort_by(|a, b| {
            b.signals
                .value()
                .cmp(&a.signals.value())
                .then_with(|| a.sector.cmp(&b.sector))
        });
        Self {
            as_of: now,
            floor: policy.sample_floor,
            kinds: by_kind(signals.values()),
            sectors,
            unmet: ranked(state.unmet()),
            lost: ranked(state.lost_deals()),
            signals,
        }
    }

    /// The signals that the report rests on, by key.
    #[must_use]
    pub fn signals(&self) -> &BTreeMap<String, MarketSignal> {
        &self.signals
    }

    /// Counts every figure again from the market's own record.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] for the first figure that names something that is not there, has expired,
    /// or is of another sector or kind.
    pub fn verify(&self, state: &MarketState) -> Result<(), Unresolved> {
        let check = |figure: &Figure, fits: &dyn Fn(&MarketSignal) -> bool| {
            let mut seen = BTreeSet::new();
            for key in &figure.rests_on {
                let wrong = match state.signals().get(key) {
                    None => Some("the market does not know"),
                    Some(signal) if !signal.is_live(self.as_of) => Some("did not count then"),
                    Some(signal) if !fits(signal) => Some("is about something else"),
                    Some(_) if !seen.insert(key) => Some("it names twice"),
                    Some(_) => None,
                };
                if let Some(why) = wrong {
                    return Err(unresolved(figure, key, why));
                }
            }
            Ok(())
        };
        for (kind, figure) in &self.kinds {
            check(figure, &|signal| signal.kind == *kind)?;
        }
        for line in &self.sectors {
            let own = |signal: &MarketSignal| signal.sector.as_deref() == Some(&line.sector);
            check(&line.signals, &own)?;
            for (kind, figure) in &line.kinds {
                check(figure, &|signal| own(signal) && signal.kind == *kind)?;
            }
            for week in &line.weeks {
                check(week, &own)?;
            }
        }
        for (figures, known) in [
            (&self.unmet, state.unmet()),
            (&self.lost, state.lost_deals()),
        ] {
            for figure in figures {
                for deal in &figure.rests_on {
                    let there = known
                        .get(&figure.name)
                        .is_some_and(|deals| deals.contains(deal));
                    if !there {
                        return Err(unresolved(figure, deal, "the market does not know"));
                    }
                }
            }
        }
        Ok(())
    }

    /// The report as a document in English. Each signal has a number, by which figures name it.
    #[must_use]
    pub fn document(&self) -> Document {
        let numbers: BTreeMap<&str, usize> = self
            .signals
            .keys()
            .enumerate()
            .map(|(at, key)| (key.as_str(), at + 1))
            .collect();
        let mut document = Document::new(
            DocumentKind::Report,
            "What the market asks for",
            Language::EN,
        )
        .with_subtitle(format!("Signals that count on {}", self.as_of.date_naive()));
        document.push(dealwright_core::document::Block::Paragraph(
            self.summary().into(),
        ));
        self.demand(&mut document, &numbers);
        self.needs(&mut document);
        self.sources(&mut document, &numbers);
        document
    }

    fn summary(&self) -> String {
        let known = self.known().count();
        let busiest = self.known().next().map_or_else(String::new, |line| {
            format!(
                " The busiest is {} with {}.",
                line.sector,
                line.signals.value()
            )
        });
        format!(
            "{} signals count today, in {} sectors; {known} of these have at least {} signals, \
             and only of those something is said.{busiest}",
            self.signals.len(),
            self.sectors.len(),
            self.floor,
        )
    }

    fn known(&self) -> impl Iterator<Item = &SectorLine> {
        self.sectors
            .iter()
            .filter(|line| matches!(line.demand, Demand::Known { .. }))
    }

    fn demand(&self, document: &mut Document, numbers: &BTreeMap<&str, usize>) {
        document.push(dealwright_core::document::Heading::new(
            1,
            "Demand by sector",
        ));
        let bars: Vec<Bar> = self
            .known()
            .map(|line| Bar::new(line.sector.clone(), line.signals.value()))
            .collect();
        if bars.is_empty() {
            document.push(dealwright_core::document::Block::Paragraph(
                "No sector has enough signals to say anything of its demand.".into(),
            ));
        } else {
            let alt = bars
                .iter()
                .map(|bar| format!("{} {}", bar.name(), bar.value()))
                .collect::<Vec<_>>()
                .join(", ");
            document.push(
                Chart::new("Signals by sector", alt, ChartData::Bars(bars)).with_unit("signals"),
            );
        }
        let drawn: Vec<&SectorLine> = self.known().take(DRAWN).collect();
        if let Some(steps) = drawn
            .first()
            .map(|line| &line.weeks)
            .filter(|w| w.len() > 1)
        {
            let steps = steps.iter().map(|week| week.name.clone()).collect();
            let series = drawn
                .iter()
                .map(|line| Series::new(line.sector.clone(), line.weeks.iter().map(Figure::value)))
                .collect();
            let names: Vec<&str> = drawn.iter().map(|line| line.sector.as_str()).collect();
            let alt = format!("Signals week by week of {}", names.join(", "));
            document.push(
                Chart::new("Week by week", alt, ChartData::Lines { steps, series })
                    .with_unit("signals"),
            );
        }
        let mut table = Table::new([
            Column::text("Sector"),
            Column::figures("Signals"),
            Column::text("Trend"),
            Column::text("What they are"),
            Column::text("Rests on"),
        ]);
        for line in &self.sectors {
            let (count, trend) = match line.demand {
                Demand::Known { signals, trend, .. } => (Value::from(signals), tendency(trend)),
                Demand::InsufficientData { .. } => (Value::Empty, "too few to say"),
            };
            let kinds: Vec<String> = line
                .kinds
                .iter()
                .map(|(kind, figure)| format!("{} {}", figure.value(), kind.word()))
                .collect();
            let kinds = match line.demand {
                Demand::Known { .. } => kinds.join(", "),
                Demand::InsufficientData { .. } => String::new(),
            };
            table = table.row([
                line.sector.as_str().into(),
                count.into(),
                trend.into(),
                kinds.into(),
                references(&line.signals, numbers).into(),
            ]);
        }
        document.push(table);
    }

    fn needs(&self, document: &mut Document) {
        for (title, none, figures) in [
            (
                "Needs that no service answers",
                "None was named.",
                &self.unmet,
            ),
            ("Why deals were lost", "None was lost.", &self.lost),
        ] {
            document.push(dealwright_core::document::Heading::new(1, title));
            if figures.is_empty() {
                document.push(dealwright_core::document::Block::Paragraph(none.into()));
                continue;
            }
            let mut table = Table::new([
                Column::text("What"),
                Column::figures("Deals"),
                Column::text("Which"),
            ]);
            for figure in figures {
                table = table.row([
                    figure.name.as_str().into(),
                    figure.value().into(),
                    figure.rests_on.join(", ").into(),
                ]);
            }
            document.push(table);
        }
    }

    fn sources(&self, document: &mut Document, numbers: &BTreeMap<&str, usize>) {
        document.push(dealwright_core::document::Heading::new(1, "The signals"));
        if self.signals.is_empty() {
            let none = "There is none that counts today.";
            document.push(dealwright_core::document::Block::Paragraph(none.into()));
            return;
        }
        let mut table = Table::new([
            Column::text("No."),
            Column::text("Kind"),
            Column::text("Source"),
            Column::text("Seen on"),
            Column::text("Counts until"),
            Column::text("Words"),
        ]);
        for (key, signal) in &self.signals {
            let number = numbers.get(key.as_str()).copied().unwrap_or_default();
            let words = signal.passage.as_ref().map(|passage| {
                let short = passage.reveal(Purpose::Display).truncated(PASSAGE);
                short.render_for(Context::PlainText)
            });
            table = table.row([
                format!("S{number}").into(),
                signal.kind.word().into(),
                signal.source.as_str().into(),
                signal.observed_at.date_naive().into(),
                signal.expires_at.date_naive().into(),
                words.unwrap_or_default().into(),
            ]);
        }
        document.push(table);
    }
}

fn unresolved(figure: &Figure, key: &str, why: &'static str) -> Unresolved {
    Unresolved {
        figure: figure.name.clone(),
        key: key.to_owned(),
        why,
    }
}

fn figure<'a>(name: &str, signals: impl IntoIterator<Item = &'a MarketSignal>) -> Figure {
    let keys: BTreeSet<String> = signals.into_iter().map(|s| s.key.clone()).collect();
    Figure {
        name: name.to_owned(),
        rests_on: keys.into_iter().collect(),
    }
}

fn by_kind<'a>(signals: impl IntoIterator<Item = &'a MarketSignal>) -> Vec<(SignalKind, Figure)> {
    let mut kinds: BTreeMap<SignalKind, Vec<&MarketSignal>> = BTreeMap::new();
    for signal in signals {
        kinds.entry(signal.kind).or_default().push(signal);
    }
    let mut kinds: Vec<(SignalKind, Figure)> = kinds
        .into_iter()
        .map(|(kind, signals)| (kind, figure(kind.word(), signals)))
        .collect();
    kinds.sort_by(|a, b| b.1.value().cmp(&a.1.value()).then_with(|| a.0.cmp(&b.0)));
    kinds
}

/// Weeks end today; what is older than the first one counts in it.
fn by_week(signals: &[&MarketSignal], weeks: i64, now: Timestamp) -> Vec<Figure> {
    (0..weeks)
        .rev()
        .map(|back| {
            let name = (now - Duration::days(7 * back + 6))
                .date_naive()
                .to_string();
            let within = signals.iter().copied().filter(|signal| {
                let age = now.signed_duration_since(signal.observed_at).num_days();
                age.div_euclid(7).min(weeks - 1) == back
            });
            figure(&name, within)
        })
        .collect()
}

fn ranked(counted: &BTreeMap<String, Vec<String>>) -> Vec<Figure> {
    let mut figures: Vec<Figure> = counted
        .iter()
        .map(|(name, of)| {
            let once: BTreeSet<&String> = of.iter().collect();
            Figure {
                name: name.clone(),
                rests_on: once.into_iter().cloned().collect(),
            }
        })
        .collect();
    figures.sort_by(|a, b| b.value().cmp(&a.value()).then_with(|| a.name.cmp(&b.name)));
    figures
}

fn tendency(trend: i32) -> &'static str {
    match trend {
        i32::MIN..=-1 => "falling",
        0 => "steady",
        1.. => "rising",
    }
}

fn references(figure: &Figure, numbers: &BTreeMap<&str, usize>) -> String {
    let numbers: Vec<String> = figure
        .rests_on
        .iter()
        .filter_map(|key| numbers.get(key.as_str()))
        .map(|number| format!("S{number}"))
        .collect();
    numbers.join(", ")
}
