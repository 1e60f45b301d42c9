use serde_json::{Value, json};

use super::*;
use crate::party::Language;

pub(in crate::knowledge) fn audit() -> Value {
    json!({
        "needs": [{
            "id": "website-audit", "name": "Website audit",
            "statement": "Wants to know what is wrong with the website.", "keywords": ["audit"]
        }],
        "services": [{
            "id": "website-audit", "name": "Website audit", "summary": "A measured look at the website.",
            "outcomes": ["A list of faults, worst first."],
            "limits": ["It repairs nothing."],
            "needs": ["website-audit"],
            "deliverables": [
                {"id": "report", "name": "Report", "format": "pdf"},
                {"id": "second-report", "name": "Second report", "format": "pdf", "option": "rescan"}
            ],
            "criteria": [
                {"id": "all-pages", "deliverable": "report", "text": "Every page is listed.", "check": "all-pages"},
                {"id": "compares", "deliverable": "second-report", "text": "Each fault says whether it is gone."}
            ],
            "phases": [{
                "id": "look", "name": "Look", "done_when": ["The report was accepted."],
                "tasks": [
                    {"id": "crawl", "name": "Crawl", "role": "analyst", "skill": "web",
                     "base": {"min": 10, "likely": 15, "max": 30},
                     "per": [{"driver": "pages", "each": {"min": 1, "likely": 2, "max": 4}}],
                     "requires": ["website"]},
                    {"id": "write", "name": "Write", "role": "analyst", "skill": "writing",
                     "base": {"min": 60, "likely": 90, "max": 240}, "after": ["crawl"], "produces": ["report"]},
                    {"id": "again", "name": "Look again", "role": "analyst", "skill": "web", "option": "rescan",
                     "base": {"min": 30, "likely": 60, "max": 90}, "after": ["write"], "produces": ["second-report"]}
                ]
            }],
            "worker": {"kind": "tool", "name": "website-audit"},
            "drivers": [{"id": "pages", "name": "Pages", "unit": "page", "min": 1, "max": 500, "default": 20,
                         "ask": "How many pages does your website have?"}],
            "options": [{"id": "rescan", "name": "Second look", "summary": "We look again after a month."}],
            "lead_time_days": 5
        }]
    })
}

fn load(value: Value) -> Result<Catalogue, CatalogueError> {
    serde_json::from_value::<CatalogueParams>(value)
        .unwrap()
        .check()
}

/// `audit()` with one place changed; `null` removes it.
fn with(path: &str, value: Value) -> Value {
    let mut all = audit();
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = all.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), Value::Null) => drop(fields.remove(key)),
        (parent, value) => parent[key] = value,
    }
    all
}

#[test]
fn a_whole_catalogue_loads_and_survives_being_stored() {
    let catalogue = load(audit()).unwrap();
    let service = catalogue.service("website-audit").unwrap();
    assert_eq!(catalogue.answering("website-audit").count(), 1);
    let slug = |s| Slug::parse(s).unwrap();
    let effort = service.effort(&[(slug("pages"), 10)].into(), &[].into());
    assert_eq!(
        effort,
        Effort {
            min: 80,
            likely: 125,
            max: 310
        }
    );
    assert_eq!(effort.expected(), 149);
    let more = service.effort(&[].into(), &[slug("rescan")].into());
    assert_eq!(more.likely, 15 + 2 * 20 + 90 + 60);
    let back: Catalogue =
        serde_json::from_value(serde_json::to_value(&catalogue).unwrap()).unwrap();
    assert_eq!(back, catalogue);
}

// covers: CO-9
#[test]
fn a_service_that_does_not_say_what_it_does_not_do_is_refused() {
    for limits in [Value::Null, json!([])] {
        let error = load(with("/services/0/limits", limits)).unwrap_err();
        assert!(matches!(error, CatalogueError::NoLimits { .. }), "{error}");
    }
    assert!(load(with("/services/0/limits", json!(["  "]))).is_err());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let task = "/services/0/phases/0/tasks/0";
    for (path, value, word) in [
        ("/services/0/needs".to_owned(), json!(["other"]), "other"),
        ("/services/0/criteria".to_owned(), json!([]), "criteria"),
        (
            "/services/0/drivers/0/default".to_owned(),
            json!(0),
            "pages",
        ),
        (
            "/services/0/phases/0/done_when".to_owned(),
            json!([]),
            "done_when",
        ),
        (
            "/services/0/lead_time_days".to_owned(),
            json!(0),
            "lead_time_days",
        ),
        (
            format!("{task}/after"),
            json!(["again"]),
            "waits for itself",
        ),
        (format!("{task}/after"), json!(["nothing"]), "nothing"),
        (format!("{task}/base/min"), json!(16), "crawl"),
        (format!("{task}/per/0/driver"), json!("words"), "words"),
        (
            "/services/0/phases/0/tasks/1/produces".to_owned(),
            json!([]),
            "report",
        ),
        (
            "/services/0/phases/0/tasks/1/id".to_owned(),
            json!("crawl"),
            "twice",
        ),
        ("/services/0/options".to_owned(), json!([]), "rescan"),
    ] {
        let error = load(with(&path, value)).unwrap_err().to_string();
        assert!(error.contains(word), "{path}: {error}");
    }
}

#[test]
fn services_of_a_pack_that_is_off_are_not_offered() {
    let mut all = with("/services/0/packs", json!(["dental"]));
    assert!(
        load(all.clone())
            .unwrap()
            .service("website-audit")
            .is_none()
    );
    all["packs"] = json!(["dental"]);
    assert!(load(all).unwrap().service("website-audit").is_some());
}

#[test]
fn a_language_is_spoken_wholly_or_refused() {
    let german = json!({
        "needs": {"website-audit": {"name": "Prüfung", "statement": "Will wissen, was nicht stimmt."}},
        "services": {"website-audit": {
            "name": "Website-Prüfung", "summary": "Ein gemessener Blick.",
            "outcomes": ["Eine Liste der Fehler."], "limits": ["Repariert wird nichts."],
            "deliverables": {"report": "Bericht", "second-report": "Zweiter Bericht"},
            "criteria": {"all-pages": "Jede Seite steht darin.", "compares": "Jeder Fehler sagt, ob er weg ist."},
            "drivers": {"pages": {"name": "Seiten", "unit": "Seite", "ask": "Wie viele Seiten?"}},
            "options": {"rescan": {"name": "Zweiter Blick", "summary": "Nach einem Monat noch einmal."}},
            "phases": {"look": {"name": "Ansehen", "done_when": ["Der Bericht ist abgenommen."]}},
            "tasks": {"crawl": {"name": "Lesen"}, "write": {"name": "Schreiben"}, "again": {"name": "Noch einmal"}}
        }}
    });
    let with_words = |words: Value| {
        let mut all = audit();
        all["words"] = json!({"de": words});
        load(all)
    };
    let catalogue = with_words(german.clone()).unwrap();
    let name = |language| {
        let spoken = catalogue.spoken(language);
        spoken.service("website-audit").unwrap().name.clone()
    };
    assert_eq!(name(Language::DE), "Website-Prüfung");
    assert_eq!(name(Language::FR), "Website audit", "as it was written");
    assert!(catalogue.speaks(Language::DE) && !catalogue.speaks(Language::FR));
    let spoken = catalogue
        .spoken(Language::DE)
        .service("website-audit")
        .unwrap();
    assert_eq!(spoken.driver("pages").unwrap().ask, "Wie viele Seiten?");
    assert_eq!(
        spoken.driver("pages").unwrap().min,
        1,
        "nothing else is changed"
    );
    // What lacks and what is too much is named by its place.
    let mut lacks = german.clone();
    lacks["services"]["website-audit"]["limits"] = json!([]);
    let error = with_words(lacks).unwrap_err().to_string();
    assert!(error.contains("in `de`"), "{error}");
    assert!(error.contains("services.website-audit.limits.1"), "{error}");
    assert!(error.contains("It repairs nothing."), "{error}");
    let mut more = german;
    more["services"]["website-audit"]["tasks"]["crwl"] = json!({"name": "Lesen"});
    let error = with_words(more).unwrap_err().to_string();
    assert!(
        error.contains("services.website-audit.tasks.crwl.name"),
        "{error}"
    );
}
