use serde_json::Value;

use crate::home::Home;

const GERMAN: &str = "\
id,Name,Street,Zip,City,Phone,Mail
g1,Perlmutt Optik GmbH,Lindenweg 4,05117,Merrau,+49 30 23125 777,post@perlmutt.example
";

/// A home in which a German firm was lost to the law, beside the others.
fn with_a_lost_lead() -> Home {
    let home = Home::drafted();
    let map = std::fs::read_to_string(home.path("map.toml")).unwrap();
    home.write("german.toml", &map.replace("\"US\"", "\"DE\""));
    home.write("german.csv", GERMAN);
    home.ok(&["import", "german.csv", "--map", "german.toml"]);
    home.run();
    home
}

#[test]
fn a_lost_lead_says_by_which_rule_and_why_and_leads_on_to_its_deal_and_letter() {
    let home = with_a_lost_lead();
    let lead = home.json(&["show", "perlmutt optik gmbh"]);
    assert_eq!(
        (&lead["kind"], &lead["standing"]),
        (&"lead".into(), &"lost".into()),
        "{lead}"
    );
    let end = &lead["end"];
    assert_eq!(end["rule"], "EP-4", "{end}");
    assert!(end["source"].as_str().unwrap().contains("UWG"), "{end}");
    assert!(
        end["why"]
            .as_str()
            .unwrap()
            .contains("no prior express consent"),
        "{end}"
    );
    // The links go both ways.
    let deal = lead["links"]["deals"][0].as_str().unwrap();
    let letter = lead["links"]["letters"][0].as_str().unwrap();
    let shown = home.json(&["show", deal]);
    assert_eq!(shown["links"]["lead"], lead["id"], "{shown}");
    assert_eq!(shown["end"]["rule"], "EP-4");
    let refused = home.json(&["show", letter]);
    assert_eq!(refused["standing"]["rule"], "EP-4", "{refused}");
    assert_eq!(refused["why"]["asker"], deal);
    assert_eq!(refused["lead"]["id"], lead["id"]);
    assert_eq!(refused["to"]["address"], "post@perlmutt.example");
    // Oldest first, each with its number; the reason stands where the end's number says.
    let steps = lead["timeline"].as_array().unwrap();
    let times: Vec<&str> = steps.iter().map(|s| s["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let said = |event: &Value| {
        let step = steps.iter().find(|s| s["event"] == *event);
        step.unwrap_or_else(|| panic!("no {event} in {steps:?}"))["what"]
            .as_str()
            .unwrap()
    };
    assert_eq!(said(&end["event"]), "the sale was lost: refused-EP-4");
    assert!(said(&"lead@1.0".into()).starts_with("recorded from town-register#g1"));
    assert!(said(&"recipient@1.1".into()).contains("EP-4: UWG § 7(2) no. 2"));
    let text = home.ok(&["show", "perlmutt optik gmbh"]);
    for part in [
        "because   the letter was refused by rule EP-4, advertising by mail needs prior express",
        "no prior express consent, and not an existing customer\n",
        deal,
        letter,
        "lead@1.0       recorded from town-register#g1 [operator]\n",
    ] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn a_case_is_found_by_the_beginning_of_its_id_or_by_its_name() {
    let home = Home::drafted();
    let lead = home.json(&["show", "WACHOLDER yoga llc"]);
    let id = lead["id"].as_str().unwrap();
    let deal = lead["links"]["deals"][0].as_str().unwrap();
    let letter = lead["links"]["letters"][0].as_str().unwrap();
    for (words, is) in [
        (id, id),
        (&id[..id.len() - 3], id),
        (&id["lead_".len()..], id),
        (&id.to_uppercase()["lead_".len()..24], id),
        ("wacholder", id),
        (&deal[..20], deal),
        (letter, letter),
        (&letter[..10], letter),
    ] {
        assert_eq!(home.json(&["show", words])["id"], is, "{words}");
    }
    // A name that two firms share in part is no answer; both are named by what tells them apart.
    let told = home.refused(&["show", "kranich"]);
    assert!(told.contains("is 2 things"), "{told}");
    assert!(told.contains("Kranich Florist LLC") && told.contains("Kranich Cycles Inc."));
    let short = told.split("lead_").nth(1).unwrap();
    let short = format!("lead_{}", short.split(' ').next().unwrap());
    assert!(
        home.json(&["show", &short])["name"]
            .as_str()
            .unwrap()
            .starts_with("Kranich")
    );
    let told = home.refused(&["show", "lead_"]);
    assert!(told.contains("is 8 things") && told.len() < 700, "{told}");
    for nothing in ["nobody of that name", "lead_0", "0000", "deal_zz", " "] {
        assert!(
            home.refused(&["show", nothing])
                .contains("nothing is called"),
            "{nothing}"
        );
    }
}

#[test]
fn a_lead_without_an_address_says_what_holds_it_up() {
    let home = Home::empty();
    home.write("rows.csv", "id,Name,Street,Zip,City,Phone,Mail\nr1,Ahorn Books LLC,Depot Street 11,49997,Port Merrow,,\n");
    home.ok(&["import", "rows.csv", "--map", "map.toml"]);
    home.run();
    let lead = home.json(&["show", "Ahorn Books LLC"]);
    assert_eq!(lead["standing"], "no address", "{lead}");
    let reason = lead["end"]["reason"].as_str().unwrap();
    assert!(reason.contains("address"), "{reason}");
    assert_eq!(lead["links"]["deals"], Value::Array(Vec::new()));
}
