use std::collections::{BTreeMap, BTreeSet};

use super::{CatalogueParams, Phase, Service, TaskTemplate};
use crate::knowledge::{Slug, WordsError};
use crate::party::Language;

/// Longest text of one field, in characters.
const LONGEST_TEXT: usize = 2_000;
/// No driver value, bound or effort is beyond this.
const LARGEST_NUMBER: i64 = 1_000_000;

/// Why a catalogue was refused; says where and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// A service does not say what it does not do.
    #[error("service `{service}` states no limits; say in `limits` what it does not do")]
    NoLimits {
        /// The service.
        service: Slug,
    },
    /// A part that must be there is not.
    #[error("{place} has no {part}; add it")]
    Missing {
        /// Where.
        place: String,
        /// What is missing.
        part: &'static str,
    },
    /// Two things of one name.
    #[error("{place}: `{id}` stands there twice; give each its own name")]
    Twice {
        /// Where.
        place: String,
        /// The name.
        id: Slug,
    },
    /// A name that nothing in the catalogue has.
    #[error("{place} names the {kind} `{id}`, which does not exist; add it or correct the name")]
    Unknown {
        /// Where.
        place: String,
        /// What kind of thing it should be.
        kind: &'static str,
        /// The name.
        id: Slug,
    },
    /// Numbers that contradict each other or are out of range.
    #[error("{place}: {what}")]
    Number {
        /// Where.
        place: String,
        /// What does not fit, and what to do.
        what: &'static str,
    },
    /// Tasks that wait for each other.
    #[error("service `{service}`: task `{task}` waits for itself; break the circle in `after`")]
    Circle {
        /// The service.
        service: Slug,
        /// A task on the circle.
        task: Slug,
    },
    /// A translation that does not fit.
    #[error("in `{language}`: {what}")]
    Words {
        /// Its language.
        language: Language,
        /// What does not fit, and what to do.
        what: WordsError,
    },
}

pub(super) fn check(catalogue: &CatalogueParams) -> Result<(), CatalogueError> {
    let needs = unique("needs", catalogue.needs.iter().map(|n| &n.id))?;
    unique("services", catalogue.services.iter().map(|s| &s.id))?;
    for need in &catalogue.needs {
        let place = || format!("need `{}`", need.id);
        texts(place, "name", [&need.name])?;
        texts(place, "statement", [&need.statement])?;
        texts(place, "keyword", &need.keywords)?;
    }
    for service in &catalogue.services {
        service_holds(service, &needs)?;
        work_holds(service)?;
    }
    Ok(())
}

fn service_holds(service: &Service, needs: &BTreeSet<&Slug>) -> Result<(), CatalogueError> {
    let place = || format!("service `{}`", service.id);
    if service.limits.is_empty() {
        return Err(CatalogueError::NoLimits {
            service: service.id.clone(),
        });
    }
    texts(place, "name", [&service.name])?;
    texts(place, "summary", [&service.summary])?;
    texts(place, "text in `limits`", &service.limits)?;
    texts(place, "text in `outcomes`", &service.outcomes)?;
    for (part, empty) in [
        ("outcomes", service.outcomes.is_empty()),
        ("needs", service.needs.is_empty()),
        ("deliverables", service.deliverables.is_empty()),
        ("criteria", service.criteria.is_empty()),
        ("phases", service.phases.is_empty()),
        ("lead_time_days above zero", service.lead_time_days == 0),
    ] {
        if empty {
            return Err(CatalogueError::Missing {
                place: place(),
                part,
            });
        }
    }
    known(place, "need", needs, &service.needs)?;
    unique(&place(), service.drivers.iter().map(|d| &d.id))?;
    for driver in &service.drivers {
        let place = || format!("driver `{}` of service `{}`", driver.id, service.id);
        texts(place, "name", [&driver.name])?;
        texts(place, "unit", [&driver.unit])?;
        texts(place, "plural in `units`", &driver.units)?;
        texts(place, "question in `ask`", [&driver.ask])?;
        let ordered = 0 <= driver.min
            && driver.min <= driver.default
            && driver.default <= driver.max
            && driver.max <= LARGEST_NUMBER;
        if !ordered {
            return Err(CatalogueError::Number {
                place: place(),
                what: "needs 0 <= min <= default <= max <= 1000000",
            });
        }
    }
    let options = unique(&place(), service.options.iter().map(|o| &o.id))?;
    for option in &service.options {
        let place = || format!("option `{}` of service `{}`", option.id, service.id);
        texts(place, "name", [&option.name])?;
        texts(place, "summary", [&option.summary])?;
    }
    let deliverables = unique(&place(), service.deliverables.iter().map(|d| &d.id))?;
    for deliverable in &service.deliverables {
        let place = || {
            format!(
                "deliverable `{}` of service `{}`",
                deliverable.id, service.id
            )
        };
        texts(place, "name", [&deliverable.name])?;
        known(place, "option", &options, &deliverable.option)?;
        if !service
            .criteria
            .iter()
            .any(|c| c.deliverable == deliverable.id)
        {
            return Err(CatalogueError::Missing {
                place: place(),
                part: "acceptance criterion",
            });
        }
    }
    unique(&place(), service.criteria.iter().map(|c| &c.id))?;
    for criterion in &service.criteria {
        let place = || format!("criterion `{}` of service `{}`", criterion.id, service.id);
        texts(place, "text", [&criterion.text])?;
        known(
            place,
            "deliverable",
            &deliverables,
            [&criterion.deliverable],
        )?;
    }
    Ok(())
}

fn work_holds(service: &Service) -> Result<(), CatalogueError> {
    let place = || format!("service `{}`", service.id);
    let drivers: BTreeSet<&Slug> = service.drivers.iter().map(|d| &d.id).collect();
    let options: BTreeSet<&Slug> = service.options.iter().map(|o| &o.id).collect();
    let results: BTreeSet<&Slug> = service.deliverables.iter().map(|d| &d.id).collect();
    unique(&place(), service.phases.iter().map(|p| &p.id))?;
    let tasks = unique(&place(), service.tasks().map(|(_, t)| &t.id))?;
    for phase in &service.phases {
        phase_holds(service, phase)?;
    }
    for (_, task) in service.tasks() {
        let place = || format!("task `{}` of service `{}`", task.id, service.id);
        texts(place, "name", [&task.name])?;
        texts(place, "text in `checklist`", &task.checklist)?;
        known(place, "task", &tasks, &task.after)?;
        known(place, "deliverable", &results, &task.produces)?;
        known(place, "option", &options, &task.option)?;
        known(
            place,
            "driver",
            &drivers,
            task.per.iter().map(|p| &p.driver),
        )?;
        let efforts = || task.per.iter().map(|p| p.each).chain([task.base]);
        if !efforts().all(|e| e.is_ordered() && e.max <= LARGEST_NUMBER) {
            return Err(CatalogueError::Number {
                place: place(),
                what: "efforts need 0 <= min <= likely <= max, in minutes",
            });
        }
        if !efforts().any(|e| e.likely > 0) {
            return Err(CatalogueError::Missing {
                place: place(),
                part: "effort above zero",
            });
        }
    }
    for deliverable in &service.deliverables {
        let made = service.tasks().any(|(_, t)| {
            t.produces.contains(&deliverable.id)
                && (t.option.is_none() || t.option == deliverable.option)
        });
        if !made {
            return Err(CatalogueError::Missing {
                place: format!(
                    "deliverable `{}` of service `{}`",
                    deliverable.id, service.id
                ),
                part: "task that produces it",
            });
        }
    }
    acyclic(service)
}

fn phase_holds(service: &Service, phase: &Phase) -> Result<(), CatalogueError> {
    let place = || format!("phase `{}` of service `{}`", phase.id, service.id);
    texts(place, "name", [&phase.name])?;
    texts(place, "text in `done_when`", &phase.done_when)?;
    for (part, empty) in [
        ("done_when", phase.done_when.is_empty()),
        ("tasks", phase.tasks.is_empty()),
    ] {
        if empty {
            return Err(CatalogueError::Missing {
                place: place(),
                part,
            });
        }
    }
    Ok(())
}

/// Takes away tasks nothing waits for until none is left; what cannot be taken is a circle.
fn acyclic(service: &Service) -> Result<(), CatalogueError> {
    let mut left: BTreeMap<&Slug, &TaskTemplate> =
        service.tasks().map(|(_, t)| (&t.id, t)).collect();
    while !left.is_empty() {
        let free: Vec<&Slug> = left
            .values()
            .filter(|t| t.after.iter().all(|a| !left.contains_key(a)))
            .map(|t| &t.id)
            .collect();
        if free.is_empty() {
            return left.keys().next().map_or(Ok(()), |task| {
                Err(CatalogueError::Circle {
                    service: service.id.clone(),
                    task: (*task).clone(),
                })
            });
        }
        for id in free {
            left.remove(id);
        }
    }
    Ok(())
}

fn unique<'a>(
    place: &str,
    ids: impl IntoIterator<Item = &'a Slug>,
) -> Result<BTreeSet<&'a Slug>, CatalogueError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(CatalogueError::Twice {
                place: place.to_owned(),
                id: id.clone(),
            });
        }
    }
    Ok(seen)
}

fn known<'a>(
    place: impl Fn() -> String,
    kind: &'static str,
    all: &BTreeSet<&Slug>,
    ids: impl IntoIterator<Item = &'a Slug>,
) -> Result<(), CatalogueError> {
    match ids.into_iter().find(|id| !all.contains(id)) {
        None => Ok(()),
        Some(id) => Err(CatalogueError::Unknown {
            place: place(),
            kind,
            id: id.clone(),
        }),
    }
}

fn texts<'a>(
    place: impl Fn() -> String,
    part: &'static str,
    texts: impl IntoIterator<Item = &'a String>,
) -> Result<(), CatalogueError> {
    for text in texts {
        if text.trim().is_empty() {
            return Err(CatalogueError::Missing {
                place: place(),
                part,
            });
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(CatalogueError::Number {
                place: place(),
                what: "a text has more than 2000 characters; shorten it",
            });
        }
    }
    Ok(())
}
