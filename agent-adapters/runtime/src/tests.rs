use super::*;

#[test]
fn the_starter_holds_together() {
    Business::starter().unwrap().check().unwrap();
}

fn with(from: &str, to: &str) -> Result<CheckedBusiness, BusinessError> {
    assert!(STARTER_AGENCY.contains(from) || STARTER_SERVICES.contains(from));
    Business::read(&BusinessFiles {
        agency: STARTER_AGENCY.replace(from, to),
        services: STARTER_SERVICES.replace(from, to),
        ..BusinessFiles::starter()
    })
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
            Business::read(&BusinessFiles {
                agency: from_staff,
                ..BusinessFiles::starter()
            })
            .and_then(Business::check)
        } else {
            with(from, to)
        };
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let nobody = STARTER_AGENCY.split("[[delivery.staff]]").next().unwrap();
    let error = Business::read(&BusinessFiles {
        agency: nobody.to_owned(),
        ..BusinessFiles::starter()
    })
    .and_then(Business::check)
    .unwrap_err();
    assert!(
        error.to_string().contains("nobody has the skill"),
        "{error}"
    );
}

#[test]
fn letters_of_projects_are_there_even_where_a_business_never_wrote_them() {
    let mut files = BusinessFiles::starter();
    files.words.clear();
    files
        .templates
        .retain(|(name, _)| name.ends_with("en.toml"));
    for (_, text) in &mut files.templates {
        *text = text
            .split("# Letters of running projects.")
            .next()
            .unwrap()
            .to_owned();
    }
    let checked = Business::read(&files).and_then(Business::check).unwrap();
    let kind = dealwright_core::knowledge::OutputKind::Text;
    for name in ["project-handover", "project-report", "project-input"] {
        assert!(checked.project.templates.has(kind, name), "{name}");
    }
}

#[test]
fn a_letter_in_another_language_is_held_to_the_same_values() {
    let mut files = BusinessFiles::starter();
    let (_, german) = files
        .templates
        .iter_mut()
        .find(|(name, _)| name.ends_with("de.toml"))
        .unwrap();
    *german = german.replace("über {{amount}}", "über {{amont}}");
    let error = Business::read(&files)
        .and_then(Business::check)
        .unwrap_err()
        .to_string();
    for part in ["templates/de.toml", "`invoice-de`", "no `amont`"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_playbook_that_is_not_there_is_named() {
    let files = BusinessFiles {
        playbooks: Vec::new(),
        ..BusinessFiles::starter()
    };
    let error = Business::read(&files).unwrap_err().to_string();
    assert!(error.contains("`outreach`"), "{error}");
}

#[test]
fn a_language_that_is_half_spoken_is_refused() {
    let files = BusinessFiles::starter();
    let told = |files: BusinessFiles| {
        let checked = Business::read(&files).and_then(Business::check);
        checked.unwrap_err().to_string()
    };
    let without_clause = {
        let at = files.agency.find("title = \"Abnahme\"").unwrap();
        let from = files.agency[..at].rfind("[[clauses]]").unwrap();
        let until = at + files.agency[at..].find("\n\n").unwrap();
        BusinessFiles {
            agency: format!("{}{}", &files.agency[..from], &files.agency[until..]),
            ..files.clone()
        }
    };
    let error = told(without_clause);
    assert!(error.contains("the clause `acceptance`"), "{error}");
    let mut letters = files.clone();
    let (_, german) = letters
        .templates
        .iter_mut()
        .find(|(name, _)| name.ends_with("de.toml"))
        .unwrap();
    *german = german.replace("\"invoice-de\"", "\"rechnung-de\"");
    let error = told(letters);
    assert!(
        error.contains("the letter `invoice` is not written in it"),
        "{error}"
    );
    let words = BusinessFiles {
        words: Vec::new(),
        ..files
    };
    let error = told(words);
    assert!(error.contains("add `words/de.toml`"), "{error}");
}

#[test]
fn an_account_with_a_slip_is_refused_at_its_line() {
    let error = with("DE89 3704", "DE98 3704").unwrap_err().to_string();
    assert!(
        error.contains("not an iban") && error.contains("line"),
        "{error}"
    );
    let account = Business::starter().unwrap().deal.pay_to;
    assert!(account.is_example());
}
