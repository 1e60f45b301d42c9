use super::*;

#[test]
fn the_starter_holds_together() {
    Business::starter().unwrap().check().unwrap();
}

fn with(from: &str, to: &str) -> Result<CheckedBusiness, BusinessError> {
    assert!(STARTER_AGENCY.contains(from) || STARTER_SERVICES.contains(from));
    Business::read(
        &STARTER_AGENCY.replace(from, to),
        &STARTER_SERVICES.replace(from, to),
        STARTER_TEMPLATES,
    )
    .and_then(Business::check)
}

#[test]
fn delivery_that_cannot_be_done_is_refused_with_what_it_lacks() {
    for (from, to, why) in [
        ("\"data\"", "\"date\"", "nobody has the skill"),
        (
            "check = \"all-pages\"",
            "check = \"no-pages\"",
            "names the check",
        ),
        ("tool = \"website-audit\"\n", "", "either `person"),
    ] {
        let from_staff = STARTER_AGENCY.replace(from, to);
        let refused = if why.contains("skill") {
            Business::read(&from_staff, STARTER_SERVICES, STARTER_TEMPLATES)
                .and_then(Business::check)
        } else {
            with(from, to)
        };
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let nobody = STARTER_AGENCY.split("[[delivery.staff]]").next().unwrap();
    let error = Business::read(nobody, STARTER_SERVICES, STARTER_TEMPLATES)
        .and_then(Business::check)
        .unwrap_err();
    assert!(
        error.to_string().contains("nobody has the skill"),
        "{error}"
    );
}

#[test]
fn letters_of_projects_are_there_even_where_a_business_never_wrote_them() {
    let before = STARTER_TEMPLATES
        .split("# Letters of running projects.")
        .next()
        .unwrap();
    let checked = Business::read(STARTER_AGENCY, STARTER_SERVICES, before)
        .and_then(Business::check)
        .unwrap();
    let kind = dealwright_core::knowledge::OutputKind::Text;
    for name in ["project-handover", "project-report", "project-input"] {
        assert!(checked.project.templates.has(kind, name), "{name}");
    }
}
