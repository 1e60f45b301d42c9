use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::MessageId;
use dealwright_core::money::{Currency, Money};
use dealwright_core::text::Untrusted;
use serde::Deserialize;

use super::*;

const WRITING: &str = include_str!("../../fixtures/dialogues/writing.toml");
const FRESH: &str = include_str!("../../fixtures/dialogues/fresh.toml");
const FRESH_2: &str = include_str!("../../fixtures/dialogues/fresh-2.toml");
const FRESH_3: &str = include_str!("../../fixtures/dialogues/fresh-3.toml");
const FRESH_4: &str = include_str!("../../fixtures/dialogues/fresh-4.toml");
const HELD_OUT: &str = include_str!("../../fixtures/dialogues/held-out.toml");

#[derive(Deserialize)]
struct File {
    dialogue: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    id: String,
    #[serde(default)]
    needs: BTreeSet<String>,
    #[serde(default)]
    implied: BTreeSet<String>,
    #[serde(default)]
    drivers: BTreeMap<String, i64>,
    budget: Option<LabelledBudget>,
    deadline: Option<String>,
    role: Option<String>,
    #[serde(default)]
    machine_text: bool,
    message: Vec<LabelledMessage>,
}

#[derive(Deserialize)]
struct LabelledBudget {
    from: Option<i64>,
    to: Option<i64>,
    currency: String,
}

#[derive(Deserialize)]
struct LabelledMessage {
    from: String,
    at: String,
    asks: Option<String>,
    text: String,
}

fn dialogues(file: &str) -> Vec<Labelled> {
    toml::from_str::<File>(file).unwrap().dialogue
}

fn messages(dialogue: &Labelled) -> Vec<Message> {
    let message = |(n, m): (usize, &LabelledMessage)| Message {
        id: MessageId::derive(&[dialogue.id.as_bytes(), &n.to_be_bytes()]),
        at: m.at.parse().unwrap(),
        by: match m.from.as_str() {
            "client" => Speaker::Client,
            _ => Speaker::Us {
                asks: m.asks.clone().map(Field::Driver),
            },
        },
        text: Untrusted::new(m.text.clone()),
    };
    dialogue.message.iter().enumerate().map(message).collect()
}

fn reader() -> NeedsReader {
    NeedsReader::new(Lexicon::standard().unwrap())
}

/// Right, wrong and missing, of one kind of thing.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missing: usize,
}

impl Score {
    fn count<T: Ord + std::fmt::Debug>(
        &mut self,
        id: &str,
        what: &str,
        expected: &BTreeSet<T>,
        got: &BTreeSet<T>,
    ) {
        self.right += expected.intersection(got).count();
        self.wrong += got.difference(expected).count();
        self.missing += expected.difference(got).count();
        for extra in got.difference(expected) {
            println!("{id}: {what}: too much: {extra:?}");
        }
        for absent in expected.difference(got) {
            println!("{id}: {what}: missing: {absent:?}");
        }
    }

    fn precision_permille(&self) -> usize {
        self.right * 1_000 / (self.right + self.wrong).max(1)
    }

    fn recall_permille(&self) -> usize {
        self.right * 1_000 / (self.right + self.missing).max(1)
    }
}

fn measure(dialogues: &[Labelled]) -> BTreeMap<&'static str, Score> {
    let reader = reader();
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    for d in dialogues {
        let heard = reader.read(&messages(d));
        let mut count = |what: &'static str, expected: BTreeSet<String>, got: BTreeSet<String>| {
            scores
                .entry(what)
                .or_default()
                .count(&d.id, what, &expected, &got);
        };
        count(
            "requirements",
            d.needs.union(&d.implied).cloned().collect(),
            heard
                .requirements()
                .iter()
                .map(|r| r.need.clone())
                .collect(),
        );
        count(
            "drivers",
            d.drivers.iter().map(|(k, v)| format!("{k}={v}")).collect(),
            heard
                .drivers()
                .iter()
                .map(|(k, v)| format!("{k}={}", v.value))
                .collect(),
        );
        let money = |amount: Option<i64>, currency: &str| {
            amount.map(|a| Money::from_minor(a * 100, Currency::parse(currency).unwrap()))
        };
        count(
            "budget",
            d.budget
                .iter()
                .map(|b| {
                    format!(
                        "{:?}..{:?}",
                        money(b.from, &b.currency),
                        money(b.to, &b.currency)
                    )
                })
                .collect(),
            heard
                .budget()
                .iter()
                .map(|b| format!("{:?}..{:?}", b.value.from, b.value.to))
                .collect(),
        );
        count(
            "deadline",
            d.deadline.iter().cloned().collect(),
            heard
                .deadline()
                .iter()
                .map(|s| s.value.to_string())
                .collect(),
        );
        let role = |role: Role| match role {
            Role::Decides => "decides".to_owned(),
            Role::AsksOthers => "asks_others".to_owned(),
            Role::PassesOn => "passes_on".to_owned(),
        };
        count(
            "role",
            d.role.iter().cloned().collect(),
            heard.role().iter().map(|s| role(s.value)).collect(),
        );
        assert_eq!(heard.has_machine_text(), d.machine_text, "{}", d.id);
    }
    for (what, score) in &scores {
        println!(
            "{what}: precision .{:03}, recall .{:03} ({} right, {} wrong, {} missing)",
            score.precision_permille(),
            score.recall_permille(),
            score.right,
            score.wrong,
            score.missing
        );
    }
    scores
}

#[test]
fn the_rules_read_the_dialogues_they_were_written_from() {
    let scores = measure(&dialogues(WRITING));
    assert!(scores["requirements"].precision_permille() >= 950);
}

// covers: NA-1
#[test]
fn held_out_dialogues_are_read_well_enough() {
    println!("held out:");
    let held_out = measure(&dialogues(HELD_OUT));
    assert!(held_out["requirements"].precision_permille() >= 900);
    assert!(held_out["requirements"].recall_permille() >= 700);
    println!("all sixty:");
    let mut all = dialogues(WRITING);
    all.extend(dialogues(HELD_OUT));
    assert_eq!(all.len(), 60);
    let scores = measure(&all);
    assert!(scores["requirements"].precision_permille() >= 900);
    assert!(scores["requirements"].recall_permille() >= 700);
}

// covers: NA-1
#[test]
fn every_quotation_stands_in_a_stored_message() {
    let reader = reader();
    for d in dialogues(WRITING).iter().chain(&dialogues(HELD_OUT)) {
        let messages = messages(d);
        let heard = reader.read(&messages);
        assert!(
            heard.requirements().iter().all(|r| !r.evidence.is_empty()),
            "{}",
            d.id
        );
        for quote in heard.quotations() {
            let message = messages.iter().find(|m| m.id == quote.message).unwrap();
            assert_eq!(message.by, Speaker::Client, "{}", d.id);
            let there = message.text.inspect(|raw| {
                raw.get(quote.start as usize..quote.end as usize)
                    .map(str::to_owned)
            });
            assert_eq!(
                there,
                quote.text.inspect(|words| Some(words.clone())),
                "{}",
                d.id
            );
        }
        // The same messages give the same result.
        assert_eq!(heard, reader.read(&messages));
    }
}

#[test]
fn dialogues_written_after_the_first_rules_are_measured() {
    for (name, file) in [
        ("fresh", FRESH),
        ("fresh-2", FRESH_2),
        ("fresh-3", FRESH_3),
        ("fresh-4", FRESH_4),
    ] {
        println!("{name}:");
        let scores = measure(&dialogues(file));
        println!("{name}: {} needs found", scores["requirements"].right);
    }
}
