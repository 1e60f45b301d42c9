//! Budgets that are checked before a call, and waits that are kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dealwright_core::error::{PortErrorKind, Retry};
use dealwright_core::model::LanguageModel;
use dealwright_core::money::{Currency, Money};
use dealwright_core::orchestration::Budget;
use dealwright_core::time::{Clock, Timestamp};
use dealwright_models::{Budgeted, Dialect, Patience, Retrying, cost_of};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Does, Fake, READ, WROTE};
use crate::{GOOD, request};

/// A clock that is set by hand.
#[derive(Clone, Debug)]
struct Hand(Arc<Mutex<Timestamp>>);

impl Hand {
    fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    fn set(&self, text: &str) {
        *self.0.lock().unwrap() = text.parse().unwrap();
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn tokens(tokens: u64) -> Budget {
    Budget {
        tokens: Some(tokens),
        ..Budget::default()
    }
}

// covers: OR-5
#[tokio::test]
async fn nothing_is_sent_that_the_day_cannot_pay() {
    let fake = Fake::doing(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let clock = Hand::at("2026-03-02T18:00:00Z");
    let most = fake.model().ceiling(&request());
    // Room for the ceiling once, and for what one reading did cost beside it once.
    let room = tokens(most.tokens + READ + WROTE);
    let model = Budgeted::new(fake.model(), room, clock.clone());
    assert!(model.read(&request()).await.is_ok());
    assert!(model.read(&request()).await.is_ok());
    let error = model.read(&request()).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::RateLimited);
    let after = Some(Duration::from_secs(6 * 3_600));
    assert_eq!(error.retry(), Retry::Transient { after });
    assert!(
        error.chain().contains("day:2026-03-02"),
        "{}",
        error.chain()
    );
    assert_eq!(cost_of(&error).unwrap().tokens, 0);
    assert_eq!(fake.asked().len(), 2);
    let spent = model.ledger().spent("day:2026-03-02").unwrap();
    assert_eq!((spent.tokens, spent.calls), (2 * (READ + WROTE), 2));
    // The next day has its own.
    clock.set("2026-03-03T00:00:00Z");
    assert!(model.read(&request()).await.is_ok());
}

// covers: OR-5
#[tokio::test]
async fn money_and_calls_are_limited_too() {
    let fake = Fake::doing(Dialect::Anthropic, [Does::says(GOOD)]).await;
    let clock = Hand::at("2026-03-02T18:00:00Z");
    let money = |minor| Some(Money::from_minor(minor, Currency::USD));
    let most = fake.model().ceiling(&request()).money.minor();
    assert!(most >= 1);
    for (budget, asked) in [
        (
            Budget {
                money: money(most - 1),
                ..Budget::default()
            },
            0,
        ),
        (
            Budget {
                money: money(most),
                ..Budget::default()
            },
            1,
        ),
        (
            Budget {
                calls: Some(2),
                ..Budget::default()
            },
            1,
        ),
        (
            Budget {
                calls: Some(1),
                ..Budget::default()
            },
            0,
        ),
    ] {
        let model = Budgeted::new(fake.model(), budget, clock.clone());
        let read = model.read(&request()).await;
        assert_eq!(read.is_ok(), asked == 1, "{budget:?}");
        assert_eq!(fake.asked().len(), asked, "{budget:?}");
    }
    // Another currency than the price's is a mistake of the settings, not a matter of waiting.
    let euros = Budget {
        money: Some(Money::from_minor(100, Currency::EUR)),
        ..Budget::default()
    };
    let error = Budgeted::new(fake.model(), euros, clock)
        .read(&request())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (PortErrorKind::Invalid, Retry::Never)
    );
}

#[tokio::test]
async fn a_failed_reading_is_booked_with_what_it_did_or_may_have_cost() {
    let clock = Hand::at("2026-03-02T18:00:00Z");
    let cut = ResponseTemplate::new(200).set_body_raw("data: {", "text/event-stream");
    for (does, least) in [
        (Does::status(503, Value::Null), 0),
        (Does::Says(GOOD.to_owned(), "length"), READ + WROTE),
        (Does::Answers(cut), 1_024),
    ] {
        let fake = Fake::doing(Dialect::OpenAi, [does]).await;
        let model = Budgeted::new(fake.model(), tokens(100_000), clock.clone());
        let error = model.read(&request()).await.unwrap_err();
        let spent = model.ledger().spent("day:2026-03-02").unwrap();
        assert_eq!(spent.tokens, cost_of(&error).unwrap().tokens);
        assert!(
            spent.tokens >= least && (least > 0 || spent.tokens == 0),
            "{error:?}"
        );
        assert_eq!(model.ledger().under_way().count(), 0);
    }
}

#[tokio::test]
async fn a_dropped_reading_stays_held_and_a_day_outlives_the_process() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    let fake = Fake::doing(Dialect::OpenAi, [Does::Answers(slow)]).await;
    let clock = Hand::at("2026-03-02T18:00:00Z");
    let most = fake.model().ceiling(&request()).tokens;
    let model = Budgeted::new(fake.model(), tokens(2 * most - 1), clock.clone());
    let text = request();
    let reading = tokio::time::timeout(Duration::from_millis(300), model.read(&text));
    assert!(reading.await.is_err());
    let kept = serde_json::to_string(&model.ledger()).unwrap();
    let ledger = serde_json::from_str(&kept).unwrap();
    let model = Budgeted::resume(fake.model(), tokens(2 * most - 1), clock, ledger);
    assert_eq!(model.ledger().under_way().count(), 1);
    let error = model.read(&request()).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::RateLimited);
}

fn busy(after: &str) -> Does {
    Does::Answers(ResponseTemplate::new(429).insert_header("retry-after", after))
}

#[tokio::test]
async fn a_wait_is_kept_within_its_bound() {
    let patience = Patience::new(3, Duration::from_secs(3)).unwrap();
    let fake = Fake::doing(Dialect::OpenAi, [busy("1"), busy("1"), Does::says(GOOD)]).await;
    let begun = std::time::Instant::now();
    let answer = Retrying::new(fake.model(), patience)
        .read(&request())
        .await
        .unwrap();
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    assert_eq!((answer.cost.calls, fake.asked().len()), (1, 3));
}

#[tokio::test]
async fn a_wait_beyond_the_bound_goes_to_the_caller_at_once() {
    let patience = Patience::new(3, Duration::from_secs(3)).unwrap();
    let fake = Fake::doing(Dialect::OpenAi, [busy("60")]).await;
    let begun = std::time::Instant::now();
    let error = Retrying::new(fake.model(), patience)
        .read(&request())
        .await
        .unwrap_err();
    let after = Some(Duration::from_secs(60));
    assert_eq!(error.retry(), Retry::Transient { after });
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(fake.asked().len(), 1);
    assert!(Patience::new(0, Duration::ZERO).is_err());
    assert!(Patience::new(1, Duration::from_secs(601)).is_err());
}

#[tokio::test]
async fn only_what_may_pass_and_was_free_is_asked_again() {
    let patience = Patience::new(5, Duration::from_secs(30)).unwrap();
    let cut = ResponseTemplate::new(200).set_body_raw("data: {", "text/event-stream");
    for does in [
        Does::status(401, json!({})),
        Does::Says(String::new(), "refusal"),
        // It may pass, and it may have been charged.
        Does::Answers(cut),
    ] {
        let fake = Fake::doing(Dialect::OpenAi, [does]).await;
        let model = Retrying::new(fake.model(), patience);
        assert!(model.read(&request()).await.is_err());
        assert_eq!(fake.asked().len(), 1);
    }
}
