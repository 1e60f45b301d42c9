use std::collections::BTreeMap;

use dealwright_core::knowledge::Criterion;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::execute::{FactValue, Facts};

/// What must hold of measured facts. Data, so that a catalogue can bring its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Predicate {
    /// A number is at least this.
    AtLeast(String, i64),
    /// A number is at most this.
    AtMost(String, i64),
    /// A fact is exactly this.
    Is(String, FactValue),
    /// A fact is one of these.
    OneOf(String, Vec<FactValue>),
    /// One number is at least another.
    NotBelow(String, String),
    /// Two facts are equal.
    Same(String, String),
    /// All hold.
    All(Vec<Predicate>),
    /// At least one holds.
    Any(Vec<Predicate>),
}

/// A check that code can make, by the name that criteria call it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoCheck {
    /// The name; a criterion's `check` is one of these.
    pub name: String,
    /// What must hold.
    pub holds: Predicate,
}

/// What the automatic checks came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Criteria with a result.
    pub results: BTreeMap<String, Verdict>,
    /// Criteria that a person must judge, with why: no such check, or a fact was not measured.
    /// They stay without a result, so that the gate does not open.
    pub open: BTreeMap<String, String>,
}

/// Makes the checks of those criteria that name one.
#[must_use]
pub fn run_checks<'a>(
    criteria: impl IntoIterator<Item = &'a Criterion>,
    checks: &BTreeMap<String, AutoCheck>,
    facts: &Facts,
) -> Checked {
    let mut done = Checked::default();
    for criterion in criteria {
        let id = criterion.id.to_string();
        let Some(name) = &criterion.check else {
            done.open.insert(id, "a person judges it".to_owned());
            continue;
        };
        match checks.get(name.as_str()) {
            None => drop(done.open.insert(id, format!("there is no check `{name}`"))),
            Some(check) => match check.holds.judge(facts) {
                Judged::Holds(because) => {
                    done.results.insert(id, Verdict::Pass { because });
                }
                Judged::Not(because) => {
                    done.results.insert(id, Verdict::Fail { because });
                }
                Judged::Unknown(what) => drop(done.open.insert(id, what)),
            },
        }
    }
    done
}

/// Unknown is neither met nor not met.
enum Judged {
    Holds(String),
    Not(String),
    Unknown(String),
}

impl Predicate {
    fn judge(&self, facts: &Facts) -> Judged {
        match self {
            Self::AtLeast(name, least) => number(facts, name, |n| {
                (
                    n >= *least,
                    format!("{name} is {n}, at least {least} wanted"),
                )
            }),
            Self::AtMost(name, most) => number(facts, name, |n| {
                (n <= *most, format!("{name} is {n}, at most {most} wanted"))
            }),
            Self::Is(name, wanted) => value(facts, name, |found| {
                let because = format!("{name} is {}, {} wanted", shown(found), shown(wanted));
                (found == wanted, because)
            }),
            Self::OneOf(name, wanted) => value(facts, name, |found| {
                let list: Vec<String> = wanted.iter().map(shown).collect();
                let because = format!(
                    "{name} is {}, one of {} wanted",
                    shown(found),
                    list.join(", ")
                );
                (wanted.contains(found), because)
            }),
            Self::NotBelow(name, other) => {
                number(facts, name, |n| (true, n.to_string())).then(|| {
                    number(facts, other, |least| {
                        let n = facts.get(name).and_then(as_number).unwrap_or(i64::MIN);
                        (n >= least, format!("{name} is {n}, {other} is {least}"))
                    })
                })
            }
            Self::Same(name, other) => value(facts, name, |_| (true, String::new())).then(|| {
                value(facts, other, |right| {
                    let left = facts.get(name);
                    let text = left.map(shown).unwrap_or_default();
                    (
                        left == Some(right),
                        format!("{name} is {text}, {other} is {}", shown(right)),
                    )
                })
            }),
            Self::All(all) => {
                let judged = all.iter().map(|p| p.judge(facts));
                judged.fold(Judged::Holds(String::new()), |sum, one| match (sum, one) {
                    (Judged::Not(why), _) | (_, Judged::Not(why)) => Judged::Not(why),
                    (Judged::Unknown(why), _) | (_, Judged::Unknown(why)) => Judged::Unknown(why),
                    (Judged::Holds(a), Judged::Holds(b)) => Judged::Holds(joined(a, &b)),
                })
            }
            Self::Any(any) => {
                let judged = any.iter().map(|p| p.judge(facts));
                judged.fold(Judged::Not(String::new()), |sum, one| match (sum, one) {
                    (Judged::Holds(why), _) | (_, Judged::Holds(why)) => Judged::Holds(why),
                    (Judged::Unknown(why), _) | (_, Judged::Unknown(why)) => Judged::Unknown(why),
                    (Judged::Not(a), Judged::Not(b)) => Judged::Not(joined(a, &b)),
                })
            }
        }
    }
}

impl Judged {
    /// The next question, where this one is answered.
    fn then(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Holds(_) => next(),
            other => other,
        }
    }
}

fn number(facts: &Facts, name: &str, test: impl Fn(i64) -> (bool, String)) -> Judged {
    match facts.get(name).map(|f| (f, as_number(f))) {
        None => Judged::Unknown(format!("`{name}` was not measured")),
        Some((found, None)) => Judged::Not(format!("{name} is {}, a number wanted", shown(found))),
        Some((_, Some(n))) => judged(test(n)),
    }
}

fn value(facts: &Facts, name: &str, test: impl Fn(&FactValue) -> (bool, String)) -> Judged {
    match facts.get(name) {
        None => Judged::Unknown(format!("`{name}` was not measured")),
        Some(found) => judged(test(found)),
    }
}

fn judged((holds, because): (bool, String)) -> Judged {
    if holds {
        Judged::Holds(because)
    } else {
        Judged::Not(because)
    }
}

fn as_number(fact: &FactValue) -> Option<i64> {
    match fact {
        FactValue::Number(n) => Some(*n),
        FactValue::Text(_) => None,
    }
}

fn shown(fact: &FactValue) -> String {
    match fact {
        FactValue::Number(n) => n.to_string(),
        FactValue::Text(text) => format!("`{text}`"),
    }
}

fn joined(a: String, b: &str) -> String {
    if a.is_empty() {
        b.to_owned()
    } else {
        format!("{a}; {b}")
    }
}
