//! What a document has to keep so that every renderer can show it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Block, Chart, ChartData, Document, Row, Series, Table};

/// Most blocks in one document.
pub(super) const BLOCK_LIMIT: usize = 4_000;
/// Most rows in one table.
pub(super) const ROW_LIMIT: usize = 10_000;

/// Why a document cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// No title.
    #[error("the document has no title; give it one")]
    Title,
    /// A heading too deep, or one that skips a level.
    #[error(
        "heading `{text}` has level {level} after level {after}; go down one level at a time, from 1 to 3"
    )]
    Heading {
        /// The heading.
        text: String,
        /// Its level.
        level: u8,
        /// The level before it.
        after: u8,
    },
    /// A table without columns.
    #[error("table `{table}` has no columns")]
    Columns {
        /// Its caption.
        table: String,
    },
    /// A row of another width than its table.
    #[error(
        "row {row} of table `{table}` has {found} cells where the table has {expected} columns"
    )]
    Row {
        /// The table's caption.
        table: String,
        /// The row, from 1.
        row: usize,
        /// The columns.
        expected: usize,
        /// The cells.
        found: usize,
    },
    /// A chart that cannot be drawn.
    #[error("chart `{chart}` cannot be drawn: {reason}")]
    Chart {
        /// Its title.
        chart: String,
        /// Why.
        reason: &'static str,
    },
    /// More than anybody reads.
    #[error("the document has {found} {what}, more than {limit}; split it")]
    TooLong {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

pub(super) fn check(document: &Document) -> Result<(), DocumentError> {
    if document.title().trim().is_empty() {
        return Err(DocumentError::Title);
    }
    within("blocks", document.blocks().len(), BLOCK_LIMIT)?;
    let mut level = 0;
    for block in document.blocks() {
        match block {
            Block::Heading(heading) => {
                if heading.level() == 0 || heading.level() > 3 || heading.level() > level + 1 {
                    return Err(DocumentError::Heading {
                        text: short(heading.text()),
                        level: heading.level(),
                        after: level,
                    });
                }
                level = heading.level();
            }
            Block::Table(table) => check_table(table)?,
            Block::Figure(chart) => check_chart(chart)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_table(table: &Table) -> Result<(), DocumentError> {
    let name = || short(table.caption().unwrap_or_default());
    let expected = table.columns().len();
    if expected == 0 {
        return Err(DocumentError::Columns { table: name() });
    }
    within("columns in a table", expected, 24)?;
    within("rows in a table", table.rows().len(), ROW_LIMIT)?;
    for (at, row) in table.rows().iter().enumerate() {
        if let Row::Cells(cells) | Row::Totals(cells) = row
            && cells.len() != expected
        {
            return Err(DocumentError::Row {
                table: name(),
                row: at + 1,
                expected,
                found: cells.len(),
            });
        }
    }
    Ok(())
}

fn check_chart(chart: &Chart) -> Result<(), DocumentError> {
    let refuse = |reason| {
        Err(DocumentError::Chart {
            chart: short(chart.title()),
            reason,
        })
    };
    if chart.title().trim().is_empty() || chart.alt().trim().is_empty() {
        return refuse("it needs a title and a text that says what there is to see");
    }
    let reason = match chart.data() {
        ChartData::Bars(bars) if bars.is_empty() => "it has no bars",
        ChartData::Bars(bars) if bars.len() > 40 => "more than 40 bars cannot be read",
        ChartData::Bars(bars) if bars.iter().any(|bar| bar.value() < Decimal::ZERO) => {
            "a bar is below 0"
        }
        ChartData::Funnel(stages) if stages.is_empty() || stages.len() > 16 => {
            "it needs 1 to 16 stages"
        }
        ChartData::Gauges(dials) if dials.is_empty() || dials.len() > 6 => "it needs 1 to 6 rings",
        ChartData::Gauges(dials)
            if dials
                .iter()
                .any(|dial| dial.max() == 0 || dial.value() > dial.max()) =>
        {
            "a score lies outside 0 to its maximum"
        }
        ChartData::Gantt { tasks, .. } if tasks.is_empty() || tasks.len() > 80 => {
            "it needs 1 to 80 tasks"
        }
        ChartData::Gantt { milestones, .. } if milestones.len() > 40 => {
            "more than 40 milestones cannot be read"
        }
        ChartData::Gantt { tasks, .. } if tasks.iter().any(|task| task.end() < task.start()) => {
            "a task ends before it starts"
        }
        ChartData::Gantt { tasks, .. } if tasks.iter().any(|task| task.progress() > 100) => {
            "a task is more than done"
        }
        ChartData::Gantt {
            tasks,
            milestones,
            today,
        } if {
            let days: BTreeSet<_> = (tasks.iter().flat_map(|task| [task.start(), task.end()]))
                .chain(milestones.iter().map(super::Milestone::day))
                .chain(*today)
                .collect();
            let span = days.last().zip(days.first());
            span.is_some_and(|(last, first)| (*last - *first).num_days() > 3_660)
        } =>
        {
            "it spans more than ten years"
        }
        ChartData::Lines { steps, series } => match fits(steps, series, 400, 6) {
            Some(reason) => reason,
            None => return Ok(()),
        },
        ChartData::StackedBars { names, series } => match fits(names, series, 24, 8) {
            Some(reason) => reason,
            None if series
                .iter()
                .flat_map(Series::values)
                .any(|part| *part < Decimal::ZERO) =>
            {
                "a part is below 0"
            }
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    refuse(reason)
}

fn fits(
    names: &[String],
    series: &[Series],
    most_names: usize,
    most_series: usize,
) -> Option<&'static str> {
    if names.is_empty() || series.is_empty() {
        Some("it has no data")
    } else if names.len() > most_names || series.len() > most_series {
        Some("it has more data than can be read")
    } else if series.iter().any(|one| one.values().len() != names.len()) {
        Some("a series has not as many values as there are names")
    } else {
        None
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), DocumentError> {
    if found > limit {
        return Err(DocumentError::TooLong { what, found, limit });
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}
