//! What a model may add to the reading of an answer, and what it may not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::model::{Intent, LanguageModel, ModelAnswer, ReadRequest};
use dealwright_core::money::{Currency, Money, UnitPrice};
use dealwright_core::orchestration::{Budget, Cost};
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::process::{Actor, EffectClass, Host};
use dealwright_core::text::Untrusted;
use dealwright_core::trust::{ApprovalMode, News};
use dealwright_deals::deal::{Deal, DealEvent, DealState};
use dealwright_discovery::lead::Inquiry;
use dealwright_runtime::{Agency, Business, ReadingSettings};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, Hook, SequentialDriver, VirtualClock, bakery,
    check_world, processes, start,
};
use futures::executor::block_on;

const ADDRESS: &str = "office@amsel-bakery.example";
/// Words from which the rules learn nothing.
const ODD: &str = "The ovens were cold on Monday and our web pages take ages to come up.";

/// Answers each reading with the next of its answers; with none left it is not to be had.
#[derive(Clone, Debug)]
struct Scripted(Arc<Mutex<Vec<String>>>);

impl Scripted {
    fn new(answers: &[&str]) -> Self {
        let answers = answers.iter().rev().map(|a| (*a).to_owned()).collect();
        Self(Arc::new(Mutex::new(answers)))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl LanguageModel for Scripted {
    fn name(&self) -> String {
        "scripted/1".to_owned()
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        Cost::of(Money::from_minor(2, Currency::EUR)).with_tokens(request.token_ceiling())
    }

    async fn read(&self, _: &ReadRequest) -> Result<ModelAnswer, PortError> {
        match self.0.lock().unwrap().pop() {
            Some(text) => Ok(ModelAnswer {
                text: Untrusted::new(text),
                cost: Cost::of(Money::from_minor(2, Currency::EUR)).with_tokens(900),
            }),
            None => Err(PortError::new("read", PortErrorKind::Unavailable)),
        }
    }
}

/// Says each of its texts, one after each letter that comes.
struct Client {
    agency: Agency,
    mail: FakeMailProvider,
    says: Vec<&'static str>,
    heard: usize,
}

#[async_trait]
impl Hook for Client {
    async fn look(&mut self, _: &Host) -> Result<(), PortError> {
        let books = self.mail.books();
        let mut letters: Vec<_> = books.letters().values().collect();
        letters.sort_by_key(|b| b.at);
        for booked in letters.into_iter().skip(self.heard) {
            let Some(text) = self.says.get(self.heard) else {
                return Ok(());
            };
            self.heard += 1;
            let from = EmailAddress::parse(ADDRESS).unwrap();
            let (key, at) = (
                format!("said-{}", self.heard),
                booked.at + Duration::hours(1),
            );
            let answers = Some(booked.letter.message_id.clone());
            self.agency
                .hear(
                    &from,
                    &key,
                    News::Reply,
                    Some((*text).to_owned()),
                    answers,
                    at,
                )
                .await?;
        }
        Ok(())
    }
}

struct Sale {
    state: DealState,
    events: Vec<DealEvent>,
    letters: usize,
}

impl Sale {
    fn consultations(&self) -> usize {
        let asked = |e: &&DealEvent| matches!(e, DealEvent::Consulted(_));
        self.events.iter().filter(asked).count()
    }

    /// What the model took each message for, and what was wrong with its answer.
    fn understood(&self) -> Vec<(Option<Intent>, Option<&str>)> {
        self.events
            .iter()
            .filter_map(|e| match e {
                DealEvent::Understood {
                    intent, refused, ..
                } => Some((*intent, refused.as_deref())),
                _ => None,
            })
            .collect()
    }
}

fn reading(calls: u64) -> ReadingSettings {
    ReadingSettings {
        budget: Budget {
            money: None,
            tokens: None,
            calls: Some(calls),
        },
        per_thousand_tokens: UnitPrice::new("0.002".parse().unwrap(), Currency::EUR).unwrap(),
        page_tokens: None,
    }
}

/// A sale to somebody who wrote first and then says these things.
fn sale(model: &Scripted, settings: Option<ReadingSettings>, says: &[&'static str]) -> Sale {
    let clock = VirtualClock::new(start());
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    let money = FakePaymentProvider::new(EffectClass::Idempotent);
    let mut business = Business::starter().unwrap();
    business.auto_people = true;
    business.law.approval = ApprovalMode::Autonomous;
    business.read_websites = false;
    business.reading = settings;
    let agency = Agency::builder(business.clone())
        .model(model.clone())
        .messenger(mail.clone())
        .gateway(money.clone())
        .build()
        .unwrap();
    let mut record = bakery(1, &EmailAddress::parse(ADDRESS).unwrap()).unwrap();
    record.inquiry = Some(Inquiry {
        at: start(),
        text: Personal::new(
            Untrusted::new("Please tell us more.".to_owned()),
            "person-1",
        ),
    });
    let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
    let mut client = Client {
        agency: agency.clone(),
        mail: mail.clone(),
        says: says.to_vec(),
        heard: 0,
    };
    block_on(async {
        let host = agency.host();
        agency
            .intake(&Actor::System, lead, record, start())
            .await
            .unwrap();
        SequentialDriver::new(host.clone(), clock.clone())
            .run_until(start() + Duration::days(9), &mut client)
            .await
            .unwrap();
        let keys = processes(host).await.unwrap();
        let checked = business.check().unwrap();
        let (letters, charges) = (mail.books(), money.books());
        let violations = check_world(&agency, &checked, &keys, &letters, &charges)
            .await
            .unwrap();
        assert_eq!(violations, Vec::<String>::new());
        let key = keys.iter().find(|k| k.kind() == "deal").expect("a deal");
        let (_, state) = host.state::<Deal>(key).await.unwrap().unwrap();
        let mut events = Vec::new();
        for envelope in host.store().history(key).await.unwrap() {
            events.extend(host.events::<Deal>(&envelope).unwrap());
        }
        Sale {
            state,
            events,
            letters: mail.books().letters().len(),
        }
    })
}

#[test]
fn without_a_budget_no_model_is_asked() {
    let model = Scripted::new(&[r#"{"intent":"declines"}"#]);
    let sale = sale(&model, None, &[ODD]);
    assert_eq!((sale.consultations(), model.left()), (0, 1));
    assert!(sale.state.closed().is_none());
}

// covers: AI-7
#[test]
fn what_a_model_understands_can_end_a_sale_and_is_on_record() {
    let model = Scripted::new(&[r#"{"intent":"not_now"}"#]);
    let sale = sale(&model, Some(reading(3)), &[ODD]);
    assert_eq!(sale.understood(), [(Some(Intent::NotNow), None)]);
    assert_eq!(sale.state.closed().unwrap().reason, "not-now");
    let spent = sale.state.readings().ledger().spent("deal").unwrap();
    assert_eq!((spent.calls, spent.tokens), (1, 900));
    assert_eq!(spent.money, Some(Money::from_minor(2, Currency::EUR)));
}

#[test]
fn a_need_that_it_finds_is_open_and_rests_on_the_clients_own_words() {
    let need = r#"{"need":"website-audit","quote":"our web pages take ages to come up"}"#;
    let answer = format!(r#"{{"intent":"interested","needs":[{need}]}}"#);
    let model = Scripted::new(&[&answer]);
    let sale = sale(&model, Some(reading(3)), &[ODD]);
    let found = sale
        .state
        .requirements()
        .iter()
        .find(|r| r.need == "website-audit")
        .expect("the need");
    let [words] = found.evidence.as_slice() else {
        panic!("one quotation: {found:?}");
    };
    let (from, to) = (words.start as usize, words.end as usize);
    assert_eq!(&ODD[from..to], "our web pages take ages to come up");
}

// covers: X-13, AI-7
#[test]
fn an_answer_that_goes_beyond_the_question_leaves_what_rules_read() {
    let beyond = r#"{"intent":"interested","needs":[],"discount":99}"#;
    let model = Scripted::new(&[beyond]);
    let (with, without) = (
        sale(&model, Some(reading(3)), &[ODD]),
        sale(&Scripted::new(&[]), None, &[ODD]),
    );
    let [(None, Some(why))] = with.understood()[..] else {
        panic!("{:?}", with.understood());
    };
    assert!(why.contains("another shape"), "{why}");
    assert_eq!(with.state.requirements(), without.state.requirements());
    assert_eq!(with.state.stage(), without.state.stage());
    assert_eq!(with.letters, without.letters);
}

#[test]
fn a_model_that_is_not_to_be_had_holds_nothing_up_and_costs_nothing() {
    let gone = Scripted::new(&[]);
    let (with, without) = (
        sale(&gone, Some(reading(3)), &[ODD]),
        sale(&gone, None, &[ODD]),
    );
    assert_eq!(with.understood(), [(None, None)]);
    assert_eq!(with.letters, without.letters);
    let ledger = with.state.readings().ledger();
    assert_eq!(ledger.spent("deal").unwrap().calls, 0);
    assert_eq!(ledger.under_way().count(), 0);
}

// covers: OR-5
#[test]
fn the_budget_is_checked_before_the_call() {
    let unclear = r#"{"intent":"unclear"}"#;
    let model = Scripted::new(&[unclear, unclear, unclear]);
    let more = "And the cat is well, thank you, so are the pages.";
    let sale = sale(&model, Some(reading(1)), &[ODD, more]);
    assert_eq!((sale.consultations(), model.left()), (1, 2));
    let cheap = ReadingSettings {
        budget: Budget {
            money: None,
            tokens: Some(10),
            calls: None,
        },
        ..reading(1)
    };
    assert_eq!(consultations_under(cheap), 0);
}

fn consultations_under(settings: ReadingSettings) -> usize {
    let model = Scripted::new(&[r#"{"intent":"unclear"}"#]);
    sale(&model, Some(settings), &[ODD]).consultations()
}
