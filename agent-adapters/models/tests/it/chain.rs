//! One model after another.

use dealwright_core::error::{PortErrorKind, Retry};
use dealwright_core::model::{LanguageModel, NoModel, Suggestion};
use dealwright_core::money::Currency;
use dealwright_models::{
    Chain, ChatModel, Dialect, PriceTable, Server, SetupError, TokenPrice, cost_of,
};
use serde_json::Value;
use wiremock::ResponseTemplate;

use crate::server::{Does, Fake, READ, WROTE};
use crate::{GOOD, MODEL, asking, request};

#[tokio::test]
async fn the_next_one_answers_what_the_first_does_not() {
    for (first, paid) in [
        (Does::status(500, Value::Null), 0),
        (Does::status(401, Value::Null), 0),
        (Does::Says(String::new(), "refusal"), READ + WROTE),
        (Does::Says(GOOD.to_owned(), "length"), READ + WROTE),
        (Does::says("Sure!"), 2 * (READ + WROTE)),
    ] {
        let dear = Fake::doing(Dialect::Anthropic, [first]).await;
        let local = Fake::doing(Dialect::LlamaCpp, [Does::says(GOOD)]).await;
        let chain = Chain::new(dear.model()).or(local.model()).unwrap();
        let request = request();
        let answer = chain.read(&request).await.unwrap();
        assert!(Suggestion::parse(&answer.text, &request).is_ok());
        assert_eq!(answer.cost.tokens, paid + READ + WROTE);
        let most = chain.ceiling(&request);
        assert!(answer.cost.tokens <= most.tokens && answer.cost.calls <= most.calls);
        let tallies = chain.tallies();
        assert_eq!(tallies[0].failures + tallies[0].others, 1);
        assert_eq!(tallies[1].suggestions, 1);
        assert_eq!(tallies[0].name, "anthropic/small-2026-01-15");
    }
}

#[tokio::test]
async fn a_first_that_answers_is_enough() {
    let first = Fake::doing(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let second = Fake::doing(Dialect::Vllm, [Does::says(GOOD)]).await;
    let chain = Chain::new(first.model()).or(second.model()).unwrap();
    assert!(chain.read(&request()).await.is_ok());
    assert_eq!(second.asked().len(), 0);
    assert_eq!(
        chain.name(),
        "openai/small-2026-01-15 or vllm/small-2026-01-15"
    );
}

#[tokio::test]
async fn where_none_answers_all_of_them_are_named() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "9");
    let first = Fake::doing(Dialect::OpenAi, [Does::Answers(busy)]).await;
    let second = Fake::doing(Dialect::Vllm, [Does::status(401, Value::Null)]).await;
    let chain = Chain::new(first.model()).or(second.model()).unwrap();
    let error = chain.read(&request()).await.unwrap_err();
    let after = Some(std::time::Duration::from_secs(9));
    assert_eq!(error.retry(), Retry::Transient { after });
    let said = error.chain();
    for part in ["openai/", "429", "vllm/", "401"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(cost_of(&error).unwrap().calls, 2);
    assert!(
        chain.tallies()[1]
            .last_failure
            .as_ref()
            .unwrap()
            .contains("401")
    );
    // Where none may pass, all together may not.
    let never = Chain::new(second.model()).or(second.model()).unwrap();
    let error = never.read(&request()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (PortErrorKind::PermissionDenied, Retry::Never)
    );
}

#[tokio::test]
async fn all_of_them_stay_within_what_was_set_aside() {
    let long = asking(&"ü".repeat(8_000));
    // Charged, and not known how much: the most it can be.
    let cut = ResponseTemplate::new(200).set_body_raw("data: {", "text/event-stream");
    let first = Fake::doing(Dialect::OpenAi, [Does::Answers(cut)]).await;
    let second = Fake::doing(Dialect::Vllm, [Does::says(GOOD)]).await;
    let chain = Chain::new(first.model()).or(second.model()).unwrap();
    assert!(chain.read(&long).await.is_err());
    assert_eq!(second.asked().len(), 0);
    assert!(chain.ceiling(&long).tokens <= long.token_ceiling());
}

#[tokio::test]
async fn two_currencies_are_refused_and_what_is_free_has_none() {
    let server = |n: u16| Server::new(Dialect::Vllm, &format!("http://127.0.0.1:{n}/v1")).unwrap();
    let model = |n, currency| {
        let price = TokenPrice {
            input: 1.into(),
            output: 1.into(),
        };
        let table = PriceTable::new(currency).with(MODEL, price).unwrap();
        ChatModel::new(server(n), MODEL, &table).unwrap()
    };
    let chain = Chain::new(model(1, Currency::USD));
    let refused = chain.clone().or(model(2, Currency::EUR)).unwrap_err();
    assert_eq!(refused, SetupError::Currencies);
    assert!(chain.or(NoModel).is_ok());
}

#[tokio::test]
async fn with_no_model_at_the_end_a_reading_never_fails() {
    let down = Fake::doing(Dialect::OpenAi, [Does::status(500, Value::Null)]).await;
    let chain = Chain::new(down.model()).or(NoModel).unwrap();
    let answer = chain.read(&request()).await.unwrap();
    assert!(Suggestion::parse(&answer.text, &request()).is_ok());
}
