use serde_json::Value;

use crate::home::Home;

/// The waiting letter to this address.
#[track_caller]
fn to(home: &Home, address: &str) -> String {
    let list = home.json(&["drafts", "--limit", "0"]);
    let drafts = list["drafts"].as_array().unwrap();
    let found = drafts.iter().find(|d| d["to"] == address);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

fn letter_of(home: &Home, id: &str) -> Value {
    home.json(&["show", id])
}

fn time(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn whoever_approves_sees_to_whom_why_whence_and_what_a_yes_is_bound_to() {
    let home = Home::drafted();
    let id = to(&home, "post@nordwind.example");
    let shown = home.json(&["show", &id]);
    assert_eq!(shown["to"]["address"], "post@nordwind.example", "{shown}");
    assert_eq!(shown["to"]["company"], "Nordwind Bakery LLC");
    assert_eq!(
        shown["why"]["basis"]["legitimate_interest"]["assessment"],
        "lia-2026-01"
    );
    // Whence: source, row and time.
    let origin = &shown["address_from"][0];
    assert_eq!(
        (&origin["source"], &origin["row"]),
        (&"town-register".into(), &"r2".into())
    );
    assert!(origin["retrieved_at"].is_string(), "{origin}");
    // The lead, its score as the sum of its reasons, and the rows that became one.
    let lead = &shown["lead"];
    assert!(lead["id"].as_str().unwrap().starts_with("lead_"), "{lead}");
    let reasons = lead["reasons"].as_array().unwrap();
    let sum: i64 = reasons.iter().map(|r| r["points"].as_i64().unwrap()).sum();
    assert_eq!(lead["score"], sum, "{lead}");
    assert!(!reasons.is_empty());
    let rows = lead["records"].as_array().unwrap().iter();
    let mut rows: Vec<&str> = rows.map(|r| r["row"].as_str().unwrap()).collect();
    rows.sort_unstable();
    assert_eq!(rows, ["r2", "r9"]);
    // The gate's rules, each once with its law, and what a yes is bound to.
    let passed = shown["gate"]["passed"].as_array().unwrap();
    let mut ids: Vec<&str> = passed.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"CO-1") && ids.contains(&"R8-1"), "{ids:?}");
    assert!(
        passed
            .iter()
            .all(|r| r["title"].is_string() && r["source"].is_string())
    );
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(
        shown["bound_to"]["hash"].as_str().unwrap().starts_with(&id),
        "{shown}"
    );
    assert_eq!(shown["bound_to"]["expires"], shown["standing"]["expires"]);
    // The same for people.
    let text = home.ok(&["show", &id]);
    let lead = lead["id"].as_str().unwrap();
    let hash = shown["bound_to"]["hash"].as_str().unwrap();
    for part in [
        "post@nordwind.example (Nordwind Bakery LLC, US)",
        "from town-register (directory, row r2), read 20",
        "they are told: We found your address in: Town register.",
        lead,
        "2 merged into this lead",
        "town-register#r9",
        hash,
        "Subject: ",
        "CO-1   a legal basis stands on record",
    ] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn every_draft_is_on_one_page_of_the_list() {
    let home = Home::drafted();
    let all = home.listed(&["drafts", "--limit", "0"]);
    assert_eq!(all.len(), 8);
    let status = home.json(&["status"]);
    assert_eq!(status["drafts"], all.len());
    let mut seen = Vec::new();
    for page in 1..=3 {
        let page = page.to_string();
        seen.extend(home.listed(&["drafts", "--limit", "3", "--page", &page]));
    }
    assert_eq!(seen, all);
    let text = home.ok(&["drafts", "--limit", "3"]);
    assert!(
        text.starts_with("8 letters waiting for approval\n"),
        "{text}"
    );
    let next = "… and 5 more: agency --home home drafts --limit 3 --page 2";
    assert!(text.contains(next), "{text}");
    assert!(
        home.refused(&["drafts", "--limit", "3", "--page", "4"])
            .contains("1 to 3")
    );
    assert!(
        !home
            .ok(&["drafts", "--limit", "3", "--page", "3"])
            .contains("more:")
    );
}

#[test]
fn an_approved_letter_is_on_the_list_of_those_that_leave_until_it_has_left() {
    let home = Home::drafted();
    let id = to(&home, "post@safran.example");
    assert!(home.listed(&["drafts", "--approved"]).is_empty());
    let said = home.ok(&["approve", &id]);
    assert!(said.contains("office hours, from 20"), "{said}");
    let leaving = |when: &str| {
        let list = home.json(&["drafts", "--approved"]);
        let letter = &list["drafts"][0];
        assert_eq!(letter["id"], id.as_str(), "{when}: {list}");
        assert_eq!(letter["approved_by"], "operator", "{when}");
        assert!(!home.listed(&["drafts"]).contains(&id), "{when}");
        let status = home.json(&["status"]);
        assert_eq!(
            (&status["drafts"], &status["waiting_to_leave"]),
            (&7.into(), &1.into()),
            "{when}"
        );
        assert_eq!(status["opens"], letter["opens"], "{when}");
        time(&letter["opens"])
    };
    // Before the agency has worked on the yes, and after the desk has put the letter off.
    let opens = leaving("before the run");
    home.run();
    assert!(leaving("after the run") >= opens);
    assert!(opens > time(&letter_of(&home, &id)["asked_at"]));
    let shown = home.json(&["show", &id]);
    assert_eq!(shown["standing"]["is"], "put_off", "{shown}");
    assert_eq!(shown["standing"]["why"], "outside the recipient's hours");
    assert_eq!(shown["approval"]["by"], "operator");
    let text = home.ok(&["status"]);
    assert!(
        text.contains("1 letter waiting to leave, the first from 20"),
        "{text}"
    );
    // A second yes is told what became of the first.
    let told = home.refused(&["approve", &id]);
    assert!(told.contains("waits to leave"), "{told}");
}

#[test]
fn the_id_of_a_letter_that_was_refused_resolves_for_ever() {
    let home = Home::drafted();
    let by_hand = to(&home, "post@falken.example");
    home.ok(&["refuse", &by_hand, "--why", "we know them"]);
    // Also while the no waits for the next run.
    assert!(home.json(&["show", &by_hand])["word"]["yes"] == Value::Bool(false));
    assert!(
        home.refused(&["approve", &by_hand])
            .contains("operator refused it")
    );
    home.run();
    let shown = home.json(&["show", &by_hand]);
    assert_eq!(shown["standing"]["is"], "refused", "{shown}");
    assert_eq!(shown["standing"]["why"], "we know them");
    assert!(shown["text"].as_str().unwrap().len() > 100, "{shown}");
    let told = home.refused(&["approve", &by_hand]);
    assert!(told.contains("`refused`"), "{told}");
    assert!(
        home.refused(&["approve", "0123456789ab"])
            .contains("agency drafts")
    );
    // The deal, and with it the lead, ended by that word.
    let deal = home.json(&["show", shown["why"]["asker"].as_str().unwrap()]);
    assert_eq!(deal["standing"], "closed");
    assert_eq!(
        deal["end"]["reason"], "a person refused the letter",
        "{deal}"
    );
    assert_eq!(deal["end"]["why"], "we know them");
}

#[test]
fn who_may_not_see_persons_sees_how_many_letters_wait_and_none_of_them() {
    let home = Home::drafted();
    let status = home.ok(&["--by", "kim", "status"]);
    assert!(status.ends_with("8 drafts wait for approval\n"), "{status}");
    for args in [
        &["drafts"][..],
        &["show", "Falken Joinery LLC"],
        &["approve", "0123"],
    ] {
        let args = [&["--by", "kim"], args].concat();
        assert!(home.refused(&args).contains("may not"), "{args:?}");
    }
}
