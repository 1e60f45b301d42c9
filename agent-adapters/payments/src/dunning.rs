//! Reminders of unpaid invoices, and when they stop.

use chrono::NaiveDate;
use dealwright_core::knowledge::Slug;
use dealwright_core::money::Money;
use dealwright_core::time::Calendar;
use dealwright_deals::contract::{DunningSchedule, DunningStep};

/// What is owed on an invoice, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    due: NaiveDate,
    open: Money,
    done: Vec<Slug>,
    disputed: bool,
}

impl Owed {
    /// `open` is what is still to be paid of an invoice due on `due`: what was asked for, less
    /// payments and credit notes.
    #[must_use]
    pub fn new(due: NaiveDate, open: Money) -> Self {
        Self {
            due,
            open,
            done: Vec::new(),
            disputed: false,
        }
    }

    /// Names a step that was done.
    #[must_use]
    pub fn with_done(mut self, step: Slug) -> Self {
        self.done.push(step);
        self
    }

    /// Says whether the client disputes it: then no machine reminds.
    #[must_use]
    pub fn with_dispute(mut self, disputed: bool) -> Self {
        self.disputed = disputed;
        self
    }
}

/// What is to be done about an invoice today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever reminds must decide every case"
)]
pub enum Dunning<'a> {
    /// Nothing any more: it is paid or credited.
    Settled,
    /// Nothing by a machine: it is disputed.
    Disputed,
    /// Nothing before that day.
    Wait(NaiveDate),
    /// The letter of this step.
    Remind(&'a DunningStep),
    /// A person, by this step.
    Person(&'a DunningStep),
    /// The last step is done; a person has it.
    WithPerson,
}

/// What is to be done about an invoice on `today`.
///
/// One step at most: where days were missed, the last that is due stands for those before it.
/// To be asked again right before a letter goes, so that a payment in between stops it.
#[must_use]
pub fn next<'a>(
    schedule: &'a DunningSchedule,
    owed: &Owed,
    calendar: &Calendar,
    today: NaiveDate,
) -> Dunning<'a> {
    if !owed.open.is_positive() {
        return Dunning::Settled;
    }
    if owed.disputed {
        return Dunning::Disputed;
    }
    let steps = schedule.steps();
    // What comes before a step that was done is past.
    let reached = steps.iter().rposition(|step| owed.done.contains(&step.id));
    let open = steps
        .get(reached.map_or(0, |place| place + 1)..)
        .unwrap_or(&[]);
    let day = |step: &DunningStep| calendar.add_working_days(owed.due, i32::from(step.after));
    match open.iter().rfind(|step| day(step) <= today) {
        Some(step) if step.person => Dunning::Person(step),
        Some(step) => Dunning::Remind(step),
        None => match open.first() {
            Some(step) => Dunning::Wait(day(step)),
            None => Dunning::WithPerson,
        },
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::money::Currency;
    use dealwright_core::party::Country;
    use dealwright_deals::contract::DunningParams;

    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse(text).unwrap()
    }

    fn schedule() -> DunningSchedule {
        let step = |id: &str, after, person| DunningStep {
            id: slug(id),
            after,
            template: slug("reminder"),
            person,
        };
        let steps = vec![
            step("friendly", 3, false),
            step("firm", 10, false),
            step("call", 15, true),
        ];
        DunningParams { steps }.check().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn owed(open: i64) -> Owed {
        Owed::new(day("2026-03-02"), Money::from_minor(open, Currency::EUR))
    }

    #[test]
    fn reminders_come_one_by_one_on_working_days_and_end_with_a_person() {
        let (schedule, calendar) = (schedule(), Calendar::of(Country::parse("DE").ok()));
        let steps = schedule.steps();
        let ask = |owed: &Owed, on: &str| next(&schedule, owed, &calendar, day(on));
        let fresh = owed(100);
        assert_eq!(ask(&fresh, "2026-03-04"), Dunning::Wait(day("2026-03-05")));
        assert_eq!(ask(&fresh, "2026-03-05"), Dunning::Remind(&steps[0]));
        let once = owed(100).with_done(slug("friendly"));
        assert_eq!(ask(&once, "2026-03-15"), Dunning::Wait(day("2026-03-16")));
        assert_eq!(ask(&once, "2026-03-16"), Dunning::Remind(&steps[1]));
        let twice = once.with_done(slug("firm"));
        assert_eq!(ask(&twice, "2026-03-23"), Dunning::Person(&steps[2]));
        let all = twice.with_done(slug("call"));
        assert_eq!(ask(&all, "2026-12-01"), Dunning::WithPerson);
        // Weeks without a run: one letter, not two, and no way back.
        assert_eq!(ask(&fresh, "2026-03-17"), Dunning::Remind(&steps[1]));
        let late = owed(100).with_done(slug("firm"));
        assert_eq!(ask(&late, "2026-03-18"), Dunning::Wait(day("2026-03-23")));
    }

    #[test]
    fn payment_credit_and_dispute_stop_it_at_every_step() {
        let (schedule, calendar) = (schedule(), Calendar::default());
        for done in [&[][..], &["friendly"], &["friendly", "firm"]] {
            for on in ["2026-03-02", "2026-03-05", "2026-03-16", "2026-06-01"] {
                let with = |open| {
                    let owed = owed(open);
                    done.iter().fold(owed, |owed, id| owed.with_done(slug(id)))
                };
                for open in [0, -1] {
                    let found = next(&schedule, &with(open), &calendar, day(on));
                    assert_eq!(found, Dunning::Settled);
                }
                let disputed = with(1).with_dispute(true);
                let found = next(&schedule, &disputed, &calendar, day(on));
                assert_eq!(found, Dunning::Disputed);
                // A part that is paid does not stop it.
                assert_ne!(
                    next(&schedule, &with(1), &calendar, day(on)),
                    Dunning::Settled
                );
            }
        }
    }
}
