//! How projects are run, as people write it down.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime, Weekday};
use dealwright_core::knowledge::{Catalogue, RateCard, Templates, TemplatesParams};
use dealwright_core::money::Money;
use dealwright_core::party::Country;
use dealwright_core::time::{Calendar, Zone, zones_for};
use dealwright_core::trust::Sender;
use dealwright_deals::deal::Notice;
use dealwright_delivery::breakdown::{ClientTier, PriorityPolicy};
use dealwright_delivery::execute::WorkerIdentity;
use dealwright_delivery::project::{ProjectPolicy, standard_templates};
use dealwright_delivery::report::AlertPolicy;
use dealwright_delivery::review::{AutoCheck, ReworkPolicy, shipped_checks};
use dealwright_delivery::schedule::{Hours, StaffMember, WorkingWeek};
use dealwright_delivery::setup::ChaserPolicy;
use serde::Deserialize;

use super::{BusinessError, part};

/// How projects are run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySettings {
    /// Who can be given tasks; those who come first are preferred where two end at the same time.
    pub staff: Vec<StaffSettings>,
    /// When clients work.
    pub client_hours: WeekSettings,
    /// How much a client matters.
    pub tier: ClientTier,
    /// How many schedules are compared for a plan.
    pub schedules: u32,
    /// When a missing input is asked for again, in working days after the first request.
    pub remind_after: Vec<u16>,
    /// When a person takes over asking, in working days after the first request.
    pub escalate_after: u16,
    /// The hour, by the client's clock, at which reminders go out.
    pub remind_hour: u8,
    /// Rounds of rework before a person decides.
    pub rework_rounds: u32,
    /// What all rounds of a deliverable may cost, in whole units of the rate card's currency.
    pub rework_cost: u32,
    /// Changes to a milestone that the contract covers.
    pub revision_rounds: u32,
    /// Messages of a client within a day that are answered; beyond them a person reads on.
    pub messages_a_day: u32,
    /// Working days without an answer after which a hand-over counts as accepted.
    pub deemed_accepted_days: u16,
    /// Working days to wait for an answer to the final question.
    pub feedback_days: u16,
    /// Percent of money or time after which people of the agency are warned.
    pub warn_percent: u8,
    /// Days before an open milestone at which they are warned.
    pub warn_days_before: u16,
    /// Hours that a judgement takes where people's tasks finish by themselves.
    pub review_hours: u16,
    /// Checks that code makes, besides those that ship with the services.
    pub checks: Vec<AutoCheck>,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            staff: Vec::new(),
            client_hours: WeekSettings::default(),
            tier: ClientTier::New,
            schedules: 20,
            remind_after: vec![2, 5, 9],
            escalate_after: 12,
            remind_hour: 9,
            rework_rounds: 2,
            rework_cost: 200,
            revision_rounds: 2,
            messages_a_day: super::messages_a_day(),
            deemed_accepted_days: 10,
            feedback_days: 5,
            warn_percent: 75,
            warn_days_before: 2,
            review_hours: 4,
            checks: Vec::new(),
        }
    }
}

/// Somebody who can be given tasks: a person or a tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffSettings {
    /// The person, by account name.
    pub person: Option<String>,
    /// The tool, by the name it is registered under.
    pub tool: Option<String>,
    /// The skills, by the catalogue's names.
    pub skills: BTreeSet<String>,
    /// How many tasks at a time.
    #[serde(default = "one")]
    pub parallel: u32,
    /// When a person works; tools work at any time.
    #[serde(default)]
    pub hours: WeekSettings,
}

fn one() -> u32 {
    1
}

/// Working hours by the clock of a place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeekSettings {
    /// The zone; the agency's country decides where it is missing.
    pub zone: Option<Zone>,
    /// From and to on each working day; office hours where it is empty.
    pub daily: Vec<(NaiveTime, NaiveTime)>,
    /// Working days that are free, for part-timers.
    pub off: Vec<Weekday>,
    /// Leave: first and last day of each.
    pub leave: Vec<(NaiveDate, NaiveDate)>,
}

impl WeekSettings {
    fn hours(&self, country: Country) -> Hours {
        let calendar = Calendar::of(Some(country));
        let mut week = WorkingWeek::office(self.zone.unwrap_or_else(|| zone(country)), calendar);
        if !self.daily.is_empty() {
            week.daily.clone_from(&self.daily);
        }
        week.off.clone_from(&self.off);
        week.leave.clone_from(&self.leave);
        Hours::Week(week)
    }
}

fn zone(country: Country) -> Zone {
    let known = zones_for(Some(country), None).0.into_iter().next();
    known.unwrap_or(Zone::UTC)
}

/// What projects share with the other modules.
pub(super) struct Shared<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) rates: &'a RateCard,
    pub(super) templates: (&'a Templates, &'a TemplatesParams),
    pub(super) sender: &'a Sender,
    pub(super) notices: &'a BTreeMap<String, Notice>,
    pub(super) country: Country,
    pub(super) made_by_ai: bool,
    pub(super) auto_people: bool,
    pub(super) market: &'a str,
}

impl DeliverySettings {
    pub(super) fn policy(self, shared: &Shared<'_>) -> Result<ProjectPolicy, BusinessError> {
        let staff: Vec<StaffMember> = self
            .staff
            .iter()
            .map(|member| member.member(shared.country))
            .collect::<Result<_, _>>()?;
        covered(&staff, shared.catalogue)?;
        let mut checks = shipped_checks();
        checks.extend(self.checks.into_iter().map(|c| (c.name.clone(), c)));
        known(&checks, shared.catalogue)?;
        let currency = shared.rates.currency();
        let minor = 10_i64.checked_pow(currency.digits()).unwrap_or(1);
        Ok(ProjectPolicy {
            catalogue: shared.catalogue.clone(),
            templates: shared.templates.0.clone(),
            template_sources: shared.templates.1.clone(),
            sender: shared.sender.clone(),
            ai_notices: shared
                .notices
                .iter()
                .map(|(language, notice)| (language.clone(), notice.ai.clone()))
                .collect(),
            made_by_ai: shared.made_by_ai,
            client_hours: self.client_hours.hours(shared.country),
            staff,
            priorities: PriorityPolicy::default(),
            tier: self.tier,
            schedules: self.schedules,
            chasing: ChaserPolicy {
                remind_after: self.remind_after,
                escalate_after: self.escalate_after,
                hour: self.remind_hour,
                calendar: Calendar::of(Some(shared.country)),
                zone: zone(shared.country),
            },
            checks,
            rework: ReworkPolicy {
                rounds: self.rework_rounds,
                cost: Money::from_minor(i64::from(self.rework_cost) * minor, currency),
            },
            revision_rounds: self.revision_rounds,
            messages_a_day: self.messages_a_day,
            deemed_accepted_days: self.deemed_accepted_days,
            feedback_days: self.feedback_days,
            alerts: AlertPolicy {
                percent: self.warn_percent,
                days_before: self.warn_days_before,
            },
            market: shared.market.to_owned(),
            auto_people: shared.auto_people,
            review_hours: self.review_hours,
        })
    }
}

impl StaffSettings {
    fn member(&self, country: Country) -> Result<StaffMember, BusinessError> {
        let (worker, hours) = match (&self.person, &self.tool) {
            (Some(name), None) => (WorkerIdentity::person(name), self.hours.hours(country)),
            // The tools that ship have the family's version.
            (None, Some(name)) => (
                WorkerIdentity::tool(name, env!("CARGO_PKG_VERSION")),
                Hours::Always,
            ),
            _ => {
                return Err(part("delivery.staff")(
                    &"each member is either `person = \"name\"` or `tool = \"name\"`",
                ));
            }
        };
        Ok(StaffMember {
            worker,
            skills: self.skills.clone(),
            parallel: self.parallel,
            hours,
        })
    }
}

/// Every task must find somebody, and what somebody made must find somebody else who judges it.
fn covered(staff: &[StaffMember], catalogue: &Catalogue) -> Result<(), BusinessError> {
    for service in catalogue.services() {
        for (_, task) in service.tasks() {
            let skill = task.skill.as_str();
            if !staff.iter().any(|m| m.skills.contains(skill)) {
                return Err(part("delivery.staff")(&format!(
                    "nobody has the skill `{skill}`, which task `{}` of service `{}` needs",
                    task.id, service.id
                )));
            }
        }
    }
    if !staff.iter().any(|m| m.worker.is_person()) {
        return Err(part("delivery.staff")(
            &"there is no person; somebody must judge what tools make",
        ));
    }
    Ok(())
}

fn known(checks: &BTreeMap<String, AutoCheck>, catalogue: &Catalogue) -> Result<(), BusinessError> {
    for service in catalogue.services() {
        for criterion in &service.criteria {
            if let Some(check) = &criterion.check
                && !checks.contains_key(check.as_str())
            {
                return Err(part("delivery.checks")(&format!(
                    "criterion `{}` of service `{}` names the check `{check}`, which is not there",
                    criterion.id, service.id
                )));
            }
        }
    }
    Ok(())
}

/// The templates as written, with the standard ones for letters of projects that are missing.
pub(super) fn with_standard(mut written: TemplatesParams) -> TemplatesParams {
    for standard in standard_templates().templates {
        let there = written
            .templates
            .iter()
            .any(|t| t.id == standard.id && t.kind == standard.kind);
        if !there {
            written.templates.push(standard);
        }
    }
    written
}
