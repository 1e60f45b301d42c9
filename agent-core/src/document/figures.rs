//! The data of a chart as a table: for readers who cannot see it, and for plain formats.

use rust_decimal::Decimal;

use super::{Cell, Chart, ChartData, Column, Label, Table, Value, Wording};

impl Chart {
    /// What the chart shows, as a table.
    #[must_use]
    pub fn to_table(&self, wording: &Wording) -> Table {
        let unit = self.unit().unwrap_or_default();
        match self.data() {
            ChartData::Bars(bars) => bars.iter().fold(
                Table::new([Column::text(""), Column::figures(unit)]),
                |table, bar| table.row([bar.name().into(), bar.value().into()]),
            ),
            ChartData::Funnel(stages) => stages.iter().fold(
                Table::new([Column::text(""), Column::figures(unit)]),
                |table, stage| table.row([stage.name().into(), count(stage.count())]),
            ),
            ChartData::Gauges(dials) => dials.iter().fold(
                Table::new([Column::text(""), Column::figures(unit)]),
                |table, dial| {
                    let score = format!("{} / {}", dial.value(), dial.max());
                    table.row([dial.name().into(), score.into()])
                },
            ),
            ChartData::Gantt {
                tasks, milestones, ..
            } => {
                let table = Table::new([
                    Column::text(""),
                    Column::text(wording.label(Label::Start)),
                    Column::text(wording.label(Label::End)),
                    Column::figures("%"),
                ]);
                let mut group = None;
                let table = tasks.iter().fold(table, |mut table, task| {
                    if task.group() != group {
                        group = task.group();
                        if let Some(title) = group {
                            table = table.group(title);
                        }
                    }
                    table.row([
                        task.name().into(),
                        task.start().into(),
                        task.end().into(),
                        u32::from(task.progress()).into(),
                    ])
                });
                milestones.iter().fold(table, |table, milestone| {
                    let name = format!("{}: {}", wording.label(Label::Milestone), milestone.name());
                    let done = if milestone.is_reached() { 100_u32 } else { 0 };
                    table.row([
                        name.into(),
                        Value::Empty.into(),
                        milestone.day().into(),
                        done.into(),
                    ])
                })
            }
            ChartData::Lines {
                steps: names,
                series,
            }
            | ChartData::StackedBars { names, series } => {
                let figures = series.iter().map(|one| Column::figures(one.name()));
                let table = Table::new([Column::text("")].into_iter().chain(figures));
                names.iter().enumerate().fold(table, |table, (at, name)| {
                    let values = series.iter().map(|one| {
                        one.values()
                            .get(at)
                            .copied()
                            .map_or(Cell::default(), Cell::from)
                    });
                    table.row([Cell::from(name.as_str())].into_iter().chain(values))
                })
            }
        }
    }
}

fn count(count: u64) -> Cell {
    Decimal::from(count).into()
}
