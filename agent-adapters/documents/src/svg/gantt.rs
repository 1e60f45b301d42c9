//! Plans over days.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use dealwright_core::document::{Label, Milestone, TaskBar};

use super::Look;
use super::canvas::{Anchor, Canvas, Ink, SMALL, WIDTH, fit, width};
use crate::color::{CRITICAL, HAIR, MUTED, Tint};

const ROW: f64 = 27.0;
const HEAD: f64 = 34.0;
/// Past this many days single days cannot be told apart any more.
const DAYS_SEEN: i64 = 70;

/// Tasks as bars under a scale of days, weeks or months; milestones as diamonds below them.
pub(super) fn gantt(
    canvas: &mut Canvas,
    tasks: &[TaskBar],
    milestones: &[Milestone],
    today: Option<NaiveDate>,
    look: &Look<'_>,
) -> f64 {
    let groups = tasks.chunk_by(|a, b| a.group() == b.group());
    let titles = groups.filter(|group| group.iter().any(|task| task.group().is_some()));
    let rows = tasks.len() + milestones.len() + titles.count();
    let height = HEAD + rows as f64 * ROW;
    let sheet = Sheet::over(tasks, milestones, today);
    sheet.draw_days(canvas, height, look);
    let mut y = HEAD;
    let mut group = None;
    for task in tasks {
        if task.group() != group {
            group = task.group();
            if let Some(title) = group {
                let title = fit(title, WIDTH / 2.0, Ink::STRONG);
                canvas.text((0.0, y + 18.0), Anchor::Start, Ink::STRONG, &title);
                y += ROW;
            }
        }
        sheet.draw_task(canvas, task, y, group.is_some(), look);
        y += ROW;
    }
    for milestone in milestones {
        sheet.draw_milestone(canvas, milestone, y, look);
        y += ROW;
    }
    if let Some(today) = today {
        let x = sheet.x(today);
        canvas.line((x, HEAD - 4.0), (x, height), MUTED, 1.2, Some("3 3"));
    }
    legend(canvas, tasks, today, height, look)
}

/// The days that are shown, and where.
struct Sheet {
    first: NaiveDate,
    days: i64,
    left: f64,
}

impl Sheet {
    fn over(tasks: &[TaskBar], milestones: &[Milestone], today: Option<NaiveDate>) -> Self {
        let days = || {
            let ends = tasks.iter().flat_map(|task| [task.start(), task.end()]);
            ends.chain(milestones.iter().map(Milestone::day))
                .chain(today)
        };
        let first = days().min().unwrap_or_default();
        let last = days().max().unwrap_or_default();
        let names = tasks.iter().map(TaskBar::name);
        let names = names.chain(milestones.iter().map(Milestone::name));
        let widest = names
            .map(|name| width(name, Ink::LABEL))
            .fold(80.0, f64::max);
        Self {
            first,
            days: (last - first).num_days() + 1,
            left: widest.min(230.0) + 26.0,
        }
    }

    /// Where a day begins.
    fn x(&self, day: NaiveDate) -> f64 {
        let at = (day - self.first).num_days() as f64;
        self.left + at * self.day_width()
    }

    fn day_width(&self) -> f64 {
        // Room for a percentage or a date behind the last bar.
        (WIDTH - 44.0 - self.left) / self.days.max(1) as f64
    }

    fn all_days(&self) -> impl Iterator<Item = NaiveDate> {
        self.first
            .iter_days()
            .take(usize::try_from(self.days).unwrap_or(0))
    }

    fn draw_days(&self, canvas: &mut Canvas, height: f64, look: &Look<'_>) {
        let seen = self.days <= DAYS_SEEN;
        if seen {
            for day in self.all_days() {
                if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                    let x = self.x(day);
                    canvas.rect(x, HEAD, self.day_width(), height - HEAD, "#f4f6f8", 0.0);
                }
            }
        }
        let mut free = 0.0;
        for day in self.all_days() {
            let marked = if self.days <= 16 {
                true
            } else if self.days <= 200 {
                day.weekday() == Weekday::Mon
            } else {
                day.day() == 1
            };
            if !marked {
                continue;
            }
            let x = self.x(day);
            canvas.line((x, HEAD - 6.0), (x, height), HAIR, 1.0, None);
            let text = if self.days > 200 {
                format!("{:02}/{}", day.month(), day.year())
            } else {
                look.wording.short_date(day)
            };
            let wide = width(&text, Ink::SMALL);
            if x >= free && x + wide <= WIDTH {
                canvas.text((x + 1.0, HEAD - 12.0), Anchor::Start, Ink::SMALL, &text);
                free = x + wide + 10.0;
            }
        }
        canvas.rule((0.0, HEAD), (WIDTH, HEAD));
    }

    fn draw_task(&self, canvas: &mut Canvas, task: &TaskBar, y: f64, inset: bool, look: &Look<'_>) {
        let tint = if task.is_critical() {
            CRITICAL
        } else {
            Tint::of(look.accent)
        };
        let indent = if inset { 12.0 } else { 0.0 };
        let name = fit(task.name(), self.left - 14.0 - indent, Ink::LABEL);
        canvas.text((indent, y + 18.0), Anchor::Start, Ink::LABEL, &name);
        let x = self.x(task.start());
        let after = task
            .end()
            .checked_add_days(Days::new(1))
            .unwrap_or(task.end());
        let long = (self.x(after) - x).max(3.0);
        canvas.rect(x, y + 6.0, long, 15.0, &tint.on_white(30).hex(), 3.0);
        if task.progress() > 0 {
            let done = long * f64::from(task.progress().min(100)) / 100.0;
            canvas.rect(x, y + 6.0, done.max(2.0), 15.0, &tint.hex(), 3.0);
            let text = look.wording.percent(u32::from(task.progress()).into());
            canvas.text((x + long + 6.0, y + 17.5), Anchor::Start, Ink::SMALL, &text);
        }
    }

    fn draw_milestone(&self, canvas: &mut Canvas, milestone: &Milestone, y: f64, look: &Look<'_>) {
        let name = fit(milestone.name(), self.left - 14.0, Ink::LABEL);
        canvas.text((0.0, y + 18.0), Anchor::Start, Ink::LABEL, &name);
        let (x, middle) = (self.x(milestone.day()) + self.day_width() / 2.0, y + 13.5);
        let diamond = |half: f64| {
            [
                (x, middle - half),
                (x + half, middle),
                (x, middle + half),
                (x - half, middle),
            ]
        };
        let tint = Tint::of(look.accent);
        canvas.polygon(&diamond(7.5), &tint.hex());
        if !milestone.is_reached() {
            canvas.polygon(&diamond(4.8), &tint.on_white(12).hex());
        }
        let text = look.wording.short_date(milestone.day());
        // Before the diamond where it stands too far right.
        let wide = width(&text, Ink::SMALL);
        let (at, anchor) = if x + 13.0 + wide > WIDTH {
            (x - 13.0, Anchor::End)
        } else {
            (x + 13.0, Anchor::Start)
        };
        canvas.text((at, y + 17.5), anchor, Ink::SMALL, &text);
    }
}

/// What the colours say; yields the height of the whole.
fn legend(
    canvas: &mut Canvas,
    tasks: &[TaskBar],
    today: Option<NaiveDate>,
    height: f64,
    look: &Look<'_>,
) -> f64 {
    let tint = Tint::of(look.accent);
    let mut entries = vec![
        (Some(tint.hex()), look.wording.label(Label::Done).to_owned()),
        (
            Some(tint.on_white(30).hex()),
            look.wording.label(Label::Planned).to_owned(),
        ),
    ];
    if tasks.iter().any(TaskBar::is_critical) {
        let text = look.wording.label(Label::Critical).to_owned();
        entries.push((Some(CRITICAL.hex()), text));
    }
    if let Some(today) = today {
        let word = look.wording.label(Label::Today);
        let text = format!("{word} ({})", look.wording.short_date(today));
        entries.push((None, text));
    }
    canvas.rule((0.0, height + 0.5), (WIDTH, height + 0.5));
    let (mut x, y) = (0.0, height + 22.0);
    for (fill, text) in entries {
        match fill {
            Some(fill) => canvas.rect(x, y - SMALL + 1.5, 11.0, 11.0, &fill, 2.0),
            None => canvas.line((x, y - 4.0), (x + 11.0, y - 4.0), MUTED, 1.2, Some("3 3")),
        }
        canvas.text((x + 17.0, y), Anchor::Start, Ink::SMALL, &text);
        x += 17.0 + width(&text, Ink::SMALL) + 20.0;
    }
    y + 8.0
}
