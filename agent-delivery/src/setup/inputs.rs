use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use dealwright_core::handoff::ServiceOrder;
use dealwright_core::knowledge::{Service, Slug};
use dealwright_core::time::{Calendar, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use super::is_ordered;

/// When the client is asked for what is missing, and reminded of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChaserPolicy {
    /// Working days after the first request at which it is repeated, in order.
    pub remind_after: Vec<u16>,
    /// Working days after the first request at which a person takes over.
    pub escalate_after: u16,
    /// The hour, by the client's clock, at which reminders go out; above 23 counts as 9.
    pub hour: u8,
    /// The client's working days.
    pub calendar: Calendar,
    /// The client's zone.
    pub zone: Zone,
}

impl Default for ChaserPolicy {
    /// Reminders after 2, 5 and 9 working days at nine, a person after 12.
    fn default() -> Self {
        Self {
            remind_after: vec![2, 5, 9],
            escalate_after: 12,
            hour: 9,
            calendar: Calendar::default(),
            zone: Zone::UTC,
        }
    }
}

impl ChaserPolicy {
    /// What is to be done about a missing input, and when: the request at once, reminders, then
    /// a person. Reminders that would come at or after the person takes over are left out.
    #[must_use]
    pub fn chasers(&self, asked: Timestamp) -> Vec<Chaser> {
        let day = self.zone.date(asked);
        let hour = u32::from(self.hour);
        let time = NaiveTime::from_hms_opt(hour, 0, 0)
            .or_else(|| NaiveTime::from_hms_opt(9, 0, 0))
            .unwrap_or(NaiveTime::MIN);
        let after = |days: u16| {
            let date = self.calendar.add_working_days(day, i32::from(days.max(1)));
            self.zone.instant(date, time)
        };
        let reminders: BTreeSet<u16> = self
            .remind_after
            .iter()
            .copied()
            .filter(|days| *days < self.escalate_after)
            .collect();
        let mut all = vec![Chaser {
            kind: ChaserKind::Request,
            at: asked,
        }];
        all.extend(reminders.into_iter().map(|days| Chaser {
            kind: ChaserKind::Reminder,
            at: after(days),
        }));
        all.push(Chaser {
            kind: ChaserKind::Person,
            at: after(self.escalate_after),
        });
        all
    }
}

/// What is done about a missing input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChaserKind {
    /// The client is asked.
    Request,
    /// The client is reminded.
    Reminder,
    /// A person of ours takes over.
    Person,
}

/// One step of the chase; void once the input has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chaser {
    /// What is done.
    pub kind: ChaserKind,
    /// When.
    pub at: Timestamp,
}

/// Something that must be there before some tasks can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredInput {
    /// Its name, for example `logo`.
    pub name: Slug,
    /// The services with tasks that wait for it.
    pub services: BTreeSet<Slug>,
    /// Whether the hand-off brought it.
    pub given: bool,
    /// How the client is asked for it; empty where it is given.
    pub chasers: Vec<Chaser>,
}

/// The inputs of all ordered tasks, by name.
pub(super) fn required(
    ordered: &[(&ServiceOrder, &Service)],
    facts: &BTreeMap<String, String>,
    start: Timestamp,
    policy: &ChaserPolicy,
) -> Vec<RequiredInput> {
    let mut waiting: BTreeMap<&Slug, BTreeSet<Slug>> = BTreeMap::new();
    for (order, service) in ordered {
        for (_, task) in service.tasks() {
            if is_ordered(task.option.as_ref(), order) {
                for name in &task.requires {
                    waiting.entry(name).or_default().insert(service.id.clone());
                }
            }
        }
    }
    waiting
        .into_iter()
        .map(|(name, services)| {
            let given = facts.contains_key(name.as_str());
            RequiredInput {
                name: name.clone(),
                services,
                given,
                chasers: if given {
                    Vec::new()
                } else {
                    policy.chasers(start)
                },
            }
        })
        .collect()
}
