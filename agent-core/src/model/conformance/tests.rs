use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use futures::executor::block_on;

use super::*;
use crate::model::ModelAnswer;
use crate::money::{Currency, Money};
use crate::orchestration::Cost;

/// A model that says what it is told to, with one fault or none.
#[derive(Debug)]
struct Scripted {
    backend: Mutex<Backend>,
    asked: Mutex<Vec<Asked>>,
    fault: &'static str,
    readings: Mutex<u32>,
}

impl Scripted {
    fn new(fault: &'static str) -> Arc<Self> {
        Arc::new(Self {
            backend: Mutex::new(Backend::SaysNothing),
            asked: Mutex::default(),
            fault,
            readings: Mutex::new(0),
        })
    }

    fn put(&self, request: &ReadRequest) {
        let mut asked = Asked {
            instructions: vec![request.instruction()],
            data: vec![request.data()],
            tools: usize::from(self.fault == "reaching"),
        };
        if self.fault == "mixing" {
            asked.instructions.push(request.data());
        }
        if self.fault == "adding" {
            asked.data[0].push_str(" Be kind.");
        }
        self.asked.lock().unwrap().push(asked);
    }
}

fn failed(kind: PortErrorKind) -> PortError {
    PortError::new("read", kind)
}

#[async_trait]
impl LanguageModel for Scripted {
    fn name(&self) -> String {
        match self.fault {
            "renaming" => format!("scripted/{}", self.readings.lock().unwrap()),
            _ => "scripted/1".to_owned(),
        }
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        let tokens = if self.fault == "spending" {
            10
        } else {
            request.token_ceiling()
        };
        Cost::of(Money::from_minor(5, Currency::EUR)).with_tokens(tokens)
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        *self.readings.lock().unwrap() += 1;
        self.put(request);
        let backend = self.backend.lock().unwrap().clone();
        let text = match backend {
            Backend::Says(text) if self.fault == "trusting" => {
                text.replace(r#","discount":99"#, "")
            }
            Backend::Says(text) if self.fault == "shortening" => text.chars().take(30).collect(),
            Backend::Says(text) => text,
            Backend::CutOff(text) if self.fault == "hasty" => text,
            Backend::CutOff(text) if self.fault == "gossiping" => {
                return Err(failed(PortErrorKind::Corrupt).with_source(text));
            }
            Backend::CutOff(_) | Backend::SaysNothing => {
                return Err(failed(PortErrorKind::Corrupt));
            }
            Backend::Refuses => return Err(failed(PortErrorKind::PermissionDenied)),
            Backend::Down => return Err(failed(PortErrorKind::Unavailable)),
            Backend::Busy(_) if self.fault == "impatient" => {
                return Err(failed(PortErrorKind::RateLimited));
            }
            Backend::Busy(wait) => {
                return Err(failed(PortErrorKind::RateLimited).retry_after(wait));
            }
            Backend::Denies => return Err(failed(PortErrorKind::PermissionDenied)),
        };
        Ok(ModelAnswer {
            text: Untrusted::new(text),
            cost: Cost::of(Money::from_minor(5, Currency::EUR)).with_tokens(900),
        })
    }
}

#[async_trait]
impl Rig for Arc<Scripted> {
    fn model(&self) -> Arc<dyn LanguageModel> {
        Arc::<Scripted>::clone(self)
    }

    async fn set(&self, backend: Backend) {
        *self.backend.lock().unwrap() = backend;
    }

    async fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

const CLAUSES: [&str; 9] = [
    "name",
    "ceiling",
    "apart",
    "reach",
    "suggestion",
    "beyond",
    "unsaid",
    "trouble",
    "errors",
];

async fn run(clause: &str, rig: &dyn Rig) {
    match clause {
        "name" => name_is_the_same_each_time(rig).await,
        "ceiling" => no_reading_costs_more_than_its_ceiling(rig).await,
        "apart" => instruction_and_text_travel_apart(rig).await,
        "reach" => nothing_is_within_reach(rig).await,
        "suggestion" => a_suggestion_comes_back(rig).await,
        "beyond" => what_goes_beyond_is_no_suggestion(rig).await,
        "unsaid" => what_was_not_said_is_no_suggestion(rig).await,
        "trouble" => trouble_says_whether_it_may_pass(rig).await,
        _ => errors_repeat_nothing(rig).await,
    }
}

fn failing(fault: &'static str) -> Vec<&'static str> {
    let fails = |clause: &&str| {
        let rig = Scripted::new(fault);
        catch_unwind(AssertUnwindSafe(|| block_on(run(clause, &rig)))).is_err()
    };
    CLAUSES.into_iter().filter(fails).collect()
}

#[test]
fn a_model_without_faults_keeps_the_contract() {
    assert_eq!(failing("none"), [""; 0]);
}

#[test]
fn every_faulty_model_is_caught_by_its_clause() {
    for (fault, caught) in [
        ("renaming", vec!["name"]),
        ("spending", vec!["ceiling"]),
        ("mixing", vec!["apart"]),
        ("adding", vec!["apart"]),
        ("reaching", vec!["reach"]),
        ("trusting", vec!["beyond"]),
        ("hasty", vec!["unsaid"]),
        ("gossiping", vec!["errors"]),
    ] {
        assert_eq!(failing(fault), caught, "{fault}");
    }
    // These fail to come back with a suggestion at all, which other clauses ask for too.
    assert_eq!(failing("shortening"), ["suggestion", "trouble"]);
    assert_eq!(failing("impatient"), ["trouble"]);
}
