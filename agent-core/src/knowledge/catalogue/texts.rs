use super::{CatalogueParams, Service};
use crate::knowledge::words::listed;

/// Everything in a catalogue that people read, by place. Keywords are not among it: they are for
/// reading what clients write, in whatever language.
pub(super) fn texts(catalogue: &mut CatalogueParams) -> Vec<(String, &mut String)> {
    let mut all = Vec::new();
    for need in &mut catalogue.needs {
        let place = format!("needs.{}", need.id);
        all.push((format!("{place}.name"), &mut need.name));
        all.push((format!("{place}.statement"), &mut need.statement));
    }
    for service in &mut catalogue.services {
        of_service(service, &mut all);
    }
    all
}

fn of_service<'a>(service: &'a mut Service, all: &mut Vec<(String, &'a mut String)>) {
    let place = format!("services.{}", service.id);
    all.push((format!("{place}.name"), &mut service.name));
    all.push((format!("{place}.summary"), &mut service.summary));
    all.extend(listed(&format!("{place}.outcomes"), &mut service.outcomes));
    all.extend(listed(&format!("{place}.limits"), &mut service.limits));
    for one in &mut service.deliverables {
        all.push((format!("{place}.deliverables.{}", one.id), &mut one.name));
    }
    for one in &mut service.criteria {
        all.push((format!("{place}.criteria.{}", one.id), &mut one.text));
    }
    for driver in &mut service.drivers {
        let place = format!("{place}.drivers.{}", driver.id);
        all.push((format!("{place}.name"), &mut driver.name));
        all.push((format!("{place}.unit"), &mut driver.unit));
        if let Some(units) = &mut driver.units {
            all.push((format!("{place}.units"), units));
        }
        all.push((format!("{place}.ask"), &mut driver.ask));
    }
    for option in &mut service.options {
        let place = format!("{place}.options.{}", option.id);
        all.push((format!("{place}.name"), &mut option.name));
        all.push((format!("{place}.summary"), &mut option.summary));
    }
    for phase in &mut service.phases {
        let of_phase = format!("{place}.phases.{}", phase.id);
        all.push((format!("{of_phase}.name"), &mut phase.name));
        all.extend(listed(
            &format!("{of_phase}.done_when"),
            &mut phase.done_when,
        ));
        for task in &mut phase.tasks {
            let of_task = format!("{place}.tasks.{}", task.id);
            all.push((format!("{of_task}.name"), &mut task.name));
            all.extend(listed(&format!("{of_task}.checklist"), &mut task.checklist));
        }
    }
}
