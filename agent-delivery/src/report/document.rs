use dealwright_core::document::{
    Block, Callout, Cell, Chart, ChartData, Column, Document, DocumentKind, List, Meta, Metric,
    Milestone, Series, Table, TaskBar, Tone, Value,
};
use dealwright_core::party::Language;
use rust_decimal::Decimal;

use super::words::Words;
use super::{Audience, Figure, FigureValue, Measure, StatusReport, TaskLine};

/// Bars that a chart of the plan has at most.
const BARS: usize = 60;
/// Events that are printed for a figure; the data hold all.
const EVENTS: usize = 8;

/// The report as a document: figures, charts of plan and hours, what is done and what is next,
/// dates, risks, and where each figure comes from.
///
/// It is written in German or English, whichever is closer to `language`; `meta` brings
/// sender, recipient, number and date; `project` names what it is about.
#[must_use]
pub fn document(report: &StatusReport, project: &str, meta: Meta, language: Language) -> Document {
    let words = Words::of(language);
    let title = if report.complete {
        words.say("Completion report", "Abschlussbericht")
    } else {
        words.say("Status report", "Statusbericht")
    };
    let mut document = Document::new(DocumentKind::Report, title, words.language())
        .with_subtitle(project)
        .with_meta(meta);
    summary(&mut document, report, words);
    plan(&mut document, report, words);
    if report.audience == Audience::Agency {
        hours(&mut document, report, words);
    }
    tasks(&mut document, report, words);
    dates(&mut document, report, words);
    open_points(&mut document, report, words);
    origins(&mut document, report, words);
    document
}

fn summary(document: &mut Document, report: &StatusReport, words: Words) {
    let shown = report
        .figures
        .iter()
        .filter(|f| f.measure() != Measure::Tasks);
    let metrics: Vec<Metric> = shown
        .map(|f| Metric::new(named(f, words), figure_value(f)))
        .collect();
    if !metrics.is_empty() {
        document.push(Block::Metrics(metrics));
    }
    let (done, all) = (report.done().len(), report.tasks.len());
    let (tone, title) = if report.complete {
        (Tone::Good, words.say("All done", "Alles erledigt"))
    } else if report.overdue().next().is_some() || !report.alerts.is_empty() {
        (
            Tone::Warning,
            words.say("Needs attention", "Braucht Aufmerksamkeit"),
        )
    } else {
        (Tone::Good, words.say("On course", "Auf Kurs"))
    };
    let body = match words {
        Words::English => format!("{done} of {all} tasks are done."),
        Words::German => format!("{done} von {all} Aufgaben sind erledigt."),
    };
    document.push(Callout::new(tone, title, body));
}

fn plan(document: &mut Document, report: &StatusReport, words: Words) {
    if report.tasks.is_empty() {
        return;
    }
    let bar = |task: &TaskLine| {
        let bar = TaskBar::new(
            task.name.as_str(),
            task.start.date_naive(),
            task.finish.date_naive(),
        )
        .in_group(report.named(&task.service))
        .with_progress(if task.done.is_some() { 100 } else { 0 });
        if task.critical && task.done.is_none() {
            bar.critical()
        } else {
            bar
        }
    };
    let milestones = report.milestones.iter().map(|m| {
        let mark = Milestone::new(m.name.as_str(), m.due.date_naive());
        if m.reached.is_some() {
            mark.reached()
        } else {
            mark
        }
    });
    let alt = match words {
        Words::English => format!(
            "{} tasks over time, those that are done filled.",
            report.tasks.len()
        ),
        Words::German => {
            format!(
                "{} Aufgaben im Zeitverlauf, erledigte gefüllt.",
                report.tasks.len()
            )
        }
    };
    let data = ChartData::Gantt {
        tasks: report.tasks.iter().take(BARS).map(bar).collect(),
        milestones: milestones.collect(),
        today: Some(report.as_of.date_naive()),
    };
    document.push(Chart::new(words.say("Plan", "Plan"), alt, data));
}

fn hours(document: &mut Document, report: &StatusReport, words: Words) {
    let mut services: Vec<(&str, i64, i64)> = Vec::new();
    for task in &report.tasks {
        match services
            .iter_mut()
            .find(|(name, _, _)| *name == task.service)
        {
            Some((_, planned, spent)) => {
                *planned += task.minutes_planned;
                *spent += task.minutes_spent;
            }
            None => services.push((&task.service, task.minutes_planned, task.minutes_spent)),
        }
    }
    if services.is_empty() {
        return;
    }
    services.truncate(12);
    let planned = words.say("planned", "geplant");
    let spent = words.say("worked", "gearbeitet");
    let said: Vec<String> = services
        .iter()
        .map(|(name, plan, work)| format!("{name}: {plan} min {planned}, {work} min {spent}"))
        .collect();
    let names = services
        .iter()
        .flat_map(|(name, _, _)| [format!("{name}, {planned}"), format!("{name}, {spent}")]);
    // Each service has two bars, and each series fills one of them.
    let parts = |pick: fn(&(&str, i64, i64)) -> [i64; 2]| -> Vec<Decimal> {
        services.iter().flat_map(pick).map(hours_of).collect()
    };
    let data = ChartData::StackedBars {
        names: names.collect(),
        series: vec![
            Series::new(planned, parts(|(_, plan, _)| [*plan, 0])),
            Series::new(spent, parts(|(_, _, work)| [0, *work])),
        ],
    };
    let title = words.say(
        "Hours planned and worked",
        "Stunden, geplant und gearbeitet",
    );
    document.push(Chart::new(title, said.join("; "), data).with_unit("h"));
}

fn tasks(document: &mut Document, report: &StatusReport, words: Words) {
    let ours = report.audience == Audience::Agency;
    let table = |title: &'static str, lines: Vec<&TaskLine>| {
        let mut columns = vec![
            Column::text(words.say("Task", "Aufgabe")),
            Column::text(words.say("Planned for", "Geplant für")),
            Column::text(words.say("Done on", "Erledigt am")),
        ];
        if ours {
            columns.push(Column::figures(
                words.say("Minutes planned", "Minuten geplant"),
            ));
            columns.push(Column::figures(
                words.say("Minutes worked", "Minuten gearbeitet"),
            ));
        }
        lines
            .iter()
            .fold(Table::new(columns).with_caption(title), |table, task| {
                let done = task
                    .done
                    .map_or(Value::Empty, |at| Value::Date(at.date_naive()));
                let mut cells = vec![
                    Cell::from(task.name.as_str()),
                    Cell::from(task.finish.date_naive()),
                    Cell::new(done),
                ];
                if ours {
                    cells.push(Cell::from(task.minutes_planned));
                    cells.push(Cell::from(task.minutes_spent));
                }
                table.row(cells)
            })
    };
    let done = report.done();
    if !done.is_empty() {
        document.push(table(words.say("Done", "Erledigt"), done));
    }
    let next: Vec<&TaskLine> = report.next().collect();
    if !next.is_empty() {
        document.push(table(words.say("Next", "Als Nächstes"), next));
    }
}

fn dates(document: &mut Document, report: &StatusReport, words: Words) {
    if report.milestones.is_empty() {
        return;
    }
    let columns = [
        Column::text(words.say("Milestone", "Meilenstein")),
        Column::text(words.say("Promised for", "Zugesagt für")),
        Column::text(words.say("Reached on", "Erreicht am")),
    ];
    let caption = words.say("Promised dates", "Zugesagte Termine");
    let table = Table::new(columns).with_caption(caption);
    document.push(report.milestones.iter().fold(table, |table, m| {
        let reached = m
            .reached
            .map_or(Value::Empty, |at| Value::Date(at.date_naive()));
        let late = m.reached.unwrap_or(report.as_of) > m.due;
        let tone = match (m.reached, late) {
            (_, true) => Tone::Bad,
            (Some(_), false) => Tone::Good,
            (None, false) => Tone::Neutral,
        };
        table.row([
            Cell::from(m.name.as_str()),
            Cell::from(m.due.date_naive()),
            Cell::new(reached).with_tone(tone),
        ])
    }));
}

fn open_points(document: &mut Document, report: &StatusReport, words: Words) {
    let mut section = |title: &'static str, points: Vec<String>| {
        if !points.is_empty() {
            document.push(dealwright_core::document::Heading::new(1, title));
            document.push(List::of(points));
        }
    };
    let released = report.released.iter();
    let version = words.say("version", "Version");
    section(
        words.say("Delivered", "Geliefert"),
        released
            .map(|(name, number, _)| format!("{name}, {version} {number}"))
            .collect(),
    );
    section(
        words.say("What we need from you", "Was wir von Ihnen brauchen"),
        report
            .missing
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
    );
    let overdue = report.overdue().map(|task| match words {
        Words::English => format!("\"{}\" should be done by now.", task.name),
        Words::German => format!("„{}“ sollte schon erledigt sein.", task.name),
    });
    let risks = report.risks.iter().map(|r| r.what.clone());
    let alerts = report.alerts.iter().map(|a| format!("{}.", a.because));
    section(
        words.say("Risks", "Risiken"),
        overdue.chain(risks).chain(alerts).collect(),
    );
}

fn origins(document: &mut Document, report: &StatusReport, words: Words) {
    if report.figures.is_empty() {
        return;
    }
    let columns = [
        Column::text(words.say("Figure", "Zahl")),
        Column::figures(words.say("Value", "Wert")),
        Column::text(words.say("Entries of the log", "Einträge im Protokoll")),
    ];
    let caption = words.say("Where the figures come from", "Woher die Zahlen stammen");
    let table = Table::new(columns).with_caption(caption);
    document.push(report.figures.iter().fold(table, |table, figure| {
        table.row([
            Cell::from(named(figure, words)),
            Cell::new(figure_value(figure)),
            Cell::from(events(figure, words)),
        ])
    }));
    if report.audience == Audience::Client {
        let note = words.say(
            "The numbers name entries of the project's log; each figure can be computed again \
             from them.",
            "Die Nummern nennen Einträge im Protokoll des Projekts; jede Zahl lässt sich daraus \
             erneut berechnen.",
        );
        document.push(Block::SmallPrint(note.into()));
    }
}

fn events(figure: &Figure, words: Words) -> String {
    // Several events of one entry are one to look up.
    let mut sources: Vec<String> = figure
        .sources()
        .iter()
        .map(super::EventRef::entry)
        .collect();
    sources.dedup();
    let shown: Vec<&str> = sources.iter().take(EVENTS).map(String::as_str).collect();
    match sources.len().checked_sub(EVENTS) {
        None | Some(0) => shown.join(", "),
        Some(more) => match words {
            Words::English => format!("{} and {more} more", shown.join(", ")),
            Words::German => format!("{} und {more} weitere", shown.join(", ")),
        },
    }
}

/// Days before the promised date are told as such, not as a delay below nothing.
fn figure_value(figure: &Figure) -> Value {
    match (figure.measure(), figure.value()) {
        (Measure::DaysLate, FigureValue::Count(days)) => Value::Number(days.abs().into()),
        (_, other) => value(other),
    }
}

fn named(figure: &Figure, words: Words) -> &'static str {
    match (figure.measure(), figure.value()) {
        (Measure::DaysLate, FigureValue::Count(days)) if days < 0 => words.say(
            "Days before the promised date",
            "Tage vor dem zugesagten Termin",
        ),
        (measure, _) => words.measure(measure),
    }
}

/// Minutes are shown as hours, to two digits.
fn value(value: FigureValue) -> Value {
    match value {
        FigureValue::Money(money) => Value::Money(money),
        FigureValue::Count(count) => Value::Number(count.into()),
        FigureValue::Minutes(minutes) => Value::Number(hours_of(minutes)),
    }
}

pub(crate) fn hours_of(minutes: i64) -> Decimal {
    // Hundredths of an hour, halves away from zero.
    let hundredths = (i128::from(minutes) * 100 + 30).div_euclid(60);
    Decimal::from_i128_with_scale(hundredths, 2).normalize()
}
