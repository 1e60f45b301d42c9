use dealwright_core::id::MilestoneId;
use dealwright_core::money::MoneyError;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::fact::current;
use super::{EventRef, Figure, FigureValue, LoggedFact, Measure, ProjectFact};

/// When somebody is warned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertPolicy {
    /// Percent of money, time or a service level that may be used up before a warning.
    pub percent: u8,
    /// Days before an open milestone at which a warning is given.
    pub days_before: u16,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            percent: 75,
            days_before: 2,
        }
    }
}

/// What is running out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "alert", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertKind {
    /// The warning share of the cost budget is spent, and work is left.
    CostBurn,
    /// It will cost more than it may.
    CostForecast,
    /// The warning share of the planned minutes is worked, and work is left.
    TimeBurn,
    /// The plan ends after a promised date.
    DateForecast {
        /// The milestone.
        milestone: MilestoneId,
    },
    /// A promised date is near or has passed, and the milestone is open.
    DateNear {
        /// The milestone.
        milestone: MilestoneId,
    },
    /// The warning share of a service level is used up.
    LevelNear {
        /// What is measured.
        measure: String,
    },
    /// A service level is broken.
    LevelBroken {
        /// What is measured.
        measure: String,
    },
}

/// A warning with what it rests on. Its kind is its key: the same kind again is the same alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What is running out.
    pub kind: AlertKind,
    /// In one sentence, for people.
    pub because: String,
    /// The figures that show it, where figures do.
    pub figures: Vec<Figure>,
    /// The events that show it.
    pub sources: Vec<EventRef>,
}

/// Everything there is to warn of, in order of kind.
///
/// # Errors
///
/// [`MoneyError`] where amounts of different currencies meet.
pub fn alerts(
    log: &[LoggedFact],
    now: Timestamp,
    policy: &AlertPolicy,
) -> Result<Vec<Alert>, MoneyError> {
    let mut found = Vec::new();
    let get = |measure: Measure| measure.of(log, None);
    let whole = |figure: &Option<Figure>| figure.as_ref().map_or(0, |f| amount(f.value()));
    let (tasks, done) = (get(Measure::Tasks)?, get(Measure::TasksDone)?);
    let open = whole(&done) < whole(&tasks);
    for (kind, used, limit) in [
        (AlertKind::CostBurn, Measure::CostSpent, Measure::CostBudget),
        (
            AlertKind::TimeBurn,
            Measure::MinutesSpent,
            Measure::MinutesPlanned,
        ),
    ] {
        if let (Some(used), Some(limit)) = (get(used)?, get(limit)?)
            && open
            && reaches(amount(used.value()), amount(limit.value()), policy.percent)
        {
            found.push(of_figures(kind, used, limit));
        }
    }
    if let (Some(ends), Some(may)) = (get(Measure::CostForecast)?, get(Measure::CostBudget)?)
        && amount(ends.value()) > amount(may.value())
    {
        found.push(of_figures(AlertKind::CostForecast, ends, may));
    }
    let all: Vec<&LoggedFact> = log.iter().collect();
    let facts = current(&all);
    dates(&facts, now, policy, &mut found);
    levels(&facts, policy, &mut found);
    found.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(found)
}

fn dates(facts: &[&LoggedFact], now: Timestamp, policy: &AlertPolicy, found: &mut Vec<Alert>) {
    let ends = facts.iter().find_map(|f| match f.fact {
        ProjectFact::EndForecast { finish } => Some((finish, f.event.clone())),
        _ => None,
    });
    let is_reached = |id: MilestoneId| {
        let same = |f: &&LoggedFact| matches!(f.fact, ProjectFact::MilestoneReached { milestone } if milestone == id);
        facts.iter().any(same)
    };
    let open: Vec<_> = facts
        .iter()
        .filter_map(|f| match &f.fact {
            ProjectFact::MilestoneSet {
                milestone,
                name,
                due,
            } if !is_reached(*milestone) => Some((*milestone, name, *due, f.event.clone())),
            _ => None,
        })
        .collect();
    let last = open.iter().map(|(_, _, due, _)| *due).max();
    for (milestone, name, due, event) in open {
        let days = i64::from(policy.days_before);
        if now >= due - chrono::TimeDelta::days(days) {
            let word = if now > due { "was" } else { "is" };
            found.push(Alert {
                kind: AlertKind::DateNear { milestone },
                because: format!("`{name}` {word} due on {} and is open", due.date_naive()),
                figures: Vec::new(),
                sources: vec![event.clone()],
            });
        }
        // The end of the plan says something of the last milestone only.
        if let Some((finish, by)) = &ends
            && Some(due) == last
            && *finish > due
        {
            let (finish, due) = (finish.date_naive(), due.date_naive());
            found.push(Alert {
                kind: AlertKind::DateForecast { milestone },
                because: format!("the plan ends on {finish}, `{name}` is due on {due}"),
                figures: Vec::new(),
                sources: vec![event, by.clone()],
            });
        }
    }
}

fn levels(facts: &[&LoggedFact], policy: &AlertPolicy, found: &mut Vec<Alert>) {
    for fact in facts {
        let ProjectFact::LevelMeasured {
            measure,
            value,
            at_most,
        } = &fact.fact
        else {
            continue;
        };
        let name = || measure.clone();
        let kind = if value > at_most {
            AlertKind::LevelBroken { measure: name() }
        } else if reaches(*value, *at_most, policy.percent) {
            AlertKind::LevelNear { measure: name() }
        } else {
            continue;
        };
        found.push(Alert {
            kind,
            because: format!("{measure} is at {value}, {at_most} are promised"),
            figures: Vec::new(),
            sources: vec![fact.event.clone()],
        });
    }
}

fn of_figures(kind: AlertKind, used: Figure, limit: Figure) -> Alert {
    let shown = |f: &Figure| match f.value() {
        FigureValue::Money(money) => money.to_string(),
        FigureValue::Count(n) => n.to_string(),
        FigureValue::Minutes(minutes) => format!("{minutes} minutes"),
    };
    let because = format!(
        "{} is {}, {} is {}",
        used.measure().name(),
        shown(&used),
        limit.measure().name(),
        shown(&limit)
    );
    let mut sources: Vec<EventRef> = used
        .sources()
        .iter()
        .chain(limit.sources())
        .cloned()
        .collect();
    sources.sort_unstable();
    sources.dedup();
    Alert {
        kind,
        because,
        figures: vec![used, limit],
        sources,
    }
}

fn reaches(used: i64, limit: i64, percent: u8) -> bool {
    used > 0 && i128::from(used) * 100 >= i128::from(limit) * i128::from(percent)
}

fn amount(value: FigureValue) -> i64 {
    match value {
        FigureValue::Money(money) => money.minor(),
        FigureValue::Count(n) | FigureValue::Minutes(n) => n,
    }
}
