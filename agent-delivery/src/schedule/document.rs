use std::collections::BTreeSet;

use dealwright_core::document::{
    Block, Cell, Chart, ChartData, Column, Document, DocumentKind, Heading, List, Meta, Metric,
    Milestone, Table, TaskBar, Value, Wording,
};
use dealwright_core::id::TaskId;
use dealwright_core::party::Language;
use dealwright_core::time::Timestamp;

use super::{Schedule, gantt};
use crate::breakdown::WorkBreakdown;
use crate::report::{Words, hours_of};
use crate::setup::ProjectSetup;

/// Bars that the chart has at most; the table has all.
const BARS: usize = 60;

/// The plan as a document for the client: what is done when, the promised dates, what is needed
/// from them, and what the results will be held against.
///
/// Who of us does it is our own affair. It is written in German or English, whichever is closer to
/// `language`; `meta` brings sender, recipient, number and date.
#[must_use]
pub fn document(
    setup: &ProjectSetup,
    breakdown: &WorkBreakdown,
    schedule: &Schedule,
    now: Timestamp,
    meta: Meta,
    language: Language,
) -> Document {
    let words = Words::of(language);
    let title = words.say("Project plan", "Projektplan");
    let mut document = Document::new(DocumentKind::Plan, title, words.language())
        .with_subtitle(setup.client.as_str())
        .with_meta(meta);
    document.push(Block::Metrics(vec![
        Metric::new(
            words.say("Done by", "Fertig bis"),
            schedule.end.date_naive(),
        ),
        Metric::new(
            words.say("Tasks", "Aufgaben"),
            u32::try_from(breakdown.tasks().len()).unwrap_or(u32::MAX),
        ),
        Metric::new(
            words.say("Hours expected", "Erwartete Stunden"),
            Value::Number(hours_of(breakdown.estimate().mean())),
        ),
    ]));
    document.push(chart(setup, breakdown, schedule, now, words));
    document.push(table(breakdown, schedule, words));
    needs(&mut document, setup, words);
    document
}

fn chart(
    setup: &ProjectSetup,
    breakdown: &WorkBreakdown,
    schedule: &Schedule,
    now: Timestamp,
    words: Words,
) -> Chart {
    let bars = gantt(breakdown, schedule, &BTreeSet::new());
    let names = setup.service_names();
    let service = |task: TaskId| {
        let id = breakdown.task(task).map_or("", |t| t.service().as_str());
        names.get(id).map_or(id, String::as_str)
    };
    let alt = match words {
        Words::English => format!("{} tasks over time.", bars.len()),
        Words::German => format!("{} Aufgaben im Zeitverlauf.", bars.len()),
    };
    let tasks = bars.iter().take(BARS).map(|bar| {
        let (start, finish) = (bar.start.date_naive(), bar.finish.date_naive());
        TaskBar::new(bar.label.as_str(), start, finish).in_group(service(bar.task))
    });
    let dates = setup.milestones.iter();
    let data = ChartData::Gantt {
        tasks: tasks.collect(),
        milestones: dates
            .map(|m| Milestone::new(m.name.as_str(), m.due.date_naive()))
            .collect(),
        today: Some(now.date_naive()),
    };
    Chart::new(
        words.say("What is done when", "Was wann getan wird"),
        alt,
        data,
    )
}

/// Grouped by work package, in the order of the breakdown.
fn table(breakdown: &WorkBreakdown, schedule: &Schedule, words: Words) -> Table {
    let columns = [
        Column::text(words.say("Task", "Aufgabe")),
        Column::text(words.say("By", "Durch")),
        Column::text(words.say("From", "Von")),
        Column::text(words.say("Until", "Bis")),
        Column::figures(words.say("Hours", "Stunden")),
    ];
    let caption = words.say("Tasks", "Aufgaben");
    let mut table = Table::new(columns).with_caption(caption);
    for package in breakdown.root().packages() {
        let done_when = package.done_when.join(" ");
        table = table.group(done_when);
        for task in package.tasks.iter().filter_map(|id| breakdown.task(*id)) {
            let planned = schedule.task(task.id());
            let date = |at: Option<Timestamp>| {
                Cell::new(at.map_or(Value::Empty, |at| Value::Date(at.date_naive())))
            };
            let who = if task.is_clients() {
                words.say("you", "Sie")
            } else {
                words.say("us", "uns")
            };
            table = table.row([
                Cell::from(format!("{} {}", task.code(), task.name())),
                Cell::from(who),
                date(planned.map(|p| p.start)),
                date(planned.map(|p| p.finish)),
                Cell::new(Value::Number(hours_of(task.estimate().mean()))),
            ]);
        }
    }
    table
}

fn needs(document: &mut Document, setup: &ProjectSetup, words: Words) {
    let mut section = |title: &'static str, points: Vec<String>| {
        if !points.is_empty() {
            document.push(Heading::new(1, title));
            document.push(List::of(points));
        }
    };
    let wording = Wording::of(words.language());
    let due = setup.milestones.iter();
    section(
        words.say("Promised dates", "Zugesagte Termine"),
        due.map(|m| format!("{}: {}", wording.date(m.due.date_naive()), m.name))
            .collect(),
    );
    let missing = setup.inputs.iter().filter(|input| !input.given);
    section(
        words.say("What we need from you", "Was wir von Ihnen brauchen"),
        missing.map(|input| input.name.replace('-', " ")).collect(),
    );
    section(
        words.say(
            "What the results are held against",
            "Woran die Ergebnisse gemessen werden",
        ),
        setup
            .criteria
            .iter()
            .map(|c| c.criterion.text.clone())
            .collect(),
    );
}
