//! Answers that are none: what kind of error they are, and what they cost.

use dealwright_core::error::{PortErrorKind, Retry};
use dealwright_core::model::{LanguageModel, Suggestion, SuggestionError};
use dealwright_core::money::{Currency, Money};
use dealwright_models::{Dialect, Fault, LimitParams, ModelError, cost_of};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Does, Fake, READ, WROTE};
use crate::{DIALECTS, GOOD, asking, model_at, request};

fn fault(error: &dealwright_core::error::PortError) -> &Fault {
    let source = std::error::Error::source(error).expect("a source");
    source.downcast_ref::<ModelError>().expect("ours").fault()
}

#[tokio::test]
async fn every_status_is_an_error_of_the_right_kind_and_costs_nothing() {
    use PortErrorKind as Kind;
    for (status, code, kind, passes) in [
        (301, "moved", Kind::Unexpected, false),
        (400, "invalid_request_error", Kind::Invalid, false),
        (401, "invalid_api_key", Kind::PermissionDenied, false),
        (402, "billing_error", Kind::PermissionDenied, false),
        (403, "permission_error", Kind::PermissionDenied, false),
        (404, "model_not_found", Kind::NotFound, false),
        (408, "timeout", Kind::Unavailable, true),
        (409, "conflict", Kind::Unavailable, true),
        (413, "request_too_large", Kind::Invalid, false),
        (422, "unprocessable", Kind::Invalid, false),
        (429, "rate_limit_exceeded", Kind::RateLimited, true),
        (429, "insufficient_quota", Kind::PermissionDenied, false),
        (500, "api_error", Kind::Unavailable, true),
        (502, "bad_gateway", Kind::Unavailable, true),
        (503, "unavailable", Kind::Unavailable, true),
        (504, "timeout", Kind::Unavailable, true),
        (529, "overloaded_error", Kind::Unavailable, true),
    ] {
        for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
            let body = json!({"error": {"message": "you sent: Our site is slow", "type": code}});
            let fake = Fake::doing(dialect, [Does::status(status, body)]).await;
            let error = fake.model().read(&request()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {code}");
            let transient = matches!(error.retry(), Retry::Transient { .. });
            assert_eq!(transient, passes, "{status} {code}");
            let said = error.chain();
            let names_both = said.contains(&status.to_string()) && said.contains(code);
            assert!(names_both, "{said}");
            assert!(!format!("{said} {error:?}").contains("Our site"), "{said}");
            let cost = cost_of(&error).unwrap();
            assert_eq!((cost.money.minor(), cost.tokens, cost.calls), (0, 0, 1));
            assert_eq!(fake.asked().len(), 1, "asked once");
        }
    }
}

#[tokio::test]
async fn a_code_that_is_a_sentence_is_not_repeated() {
    for error in [
        json!({"error": {"type": "you sent: Our site is slow"}}),
        json!({"error": "Our site is slow"}),
        json!({"error": {"type": "x".repeat(65)}}),
        json!("Our site is slow"),
        Value::Null,
    ] {
        let fake = Fake::doing(Dialect::Vllm, [Does::status(500, error)]).await;
        let error = fake.model().read(&request()).await.unwrap_err();
        let expected = "read failed: unavailable: the server answered with status 500";
        assert!(error.chain().starts_with(expected), "{}", error.chain());
        assert!(!error.chain().contains("Our site"));
        assert!(!error.chain().contains("xxx"));
    }
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_in_the_error() {
    let busy = |after: &str| {
        let template = ResponseTemplate::new(429)
            .insert_header("retry-after", after)
            .insert_header("date", "Sun, 01 Mar 2026 12:00:00 GMT");
        Does::Answers(template)
    };
    for (after, seconds) in [
        ("17", Some(17)),
        ("Sun, 01 Mar 2026 12:01:00 GMT", Some(60)),
        ("soon", None),
    ] {
        let fake = Fake::doing(Dialect::OpenAi, [busy(after)]).await;
        let error = fake.model().read(&request()).await.unwrap_err();
        let Retry::Transient { after: wait } = error.retry() else {
            panic!("{error:?}");
        };
        assert_eq!(wait.map(|w| w.as_secs()), seconds, "{after}");
    }
}

#[tokio::test]
async fn an_answer_that_was_not_finished_is_an_error_and_was_paid() {
    for dialect in DIALECTS {
        for streams in [true, false] {
            for (text, end, kind, says) in [
                ("", "stop", PortErrorKind::Corrupt, "nothing"),
                (" \n ", "stop", PortErrorKind::Corrupt, "nothing"),
                (GOOD, "length", PortErrorKind::Corrupt, "answer_tokens"),
                ("", "refusal", PortErrorKind::PermissionDenied, "refuses"),
                ("", "tool", PortErrorKind::Corrupt, "tool"),
            ] {
                let does = Does::Says(text.to_owned(), end);
                let fake = Fake::doing(dialect, [does]).await;
                let model = fake.model();
                let model = if streams { model } else { model.in_one_piece() };
                let error = model.read(&request()).await.unwrap_err();
                let what = format!("{dialect:?} {streams} {end}: {}", error.chain());
                assert_eq!(error.kind(), kind, "{what}");
                assert_eq!(error.retry(), Retry::Never, "{what}");
                assert!(error.chain().contains(says), "{what}");
                let cost = cost_of(&error).unwrap();
                // A tool breaks a stream off before it was counted.
                let most = model.ceiling(&request()).tokens;
                let known = cost.tokens == READ + WROTE;
                assert!(known || (end == "tool" && cost.tokens <= most), "{what}");
                assert_eq!(fake.asked().len(), 1, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_none_of_the_specification_is_corrupt() {
    for (dialect, body) in [
        (Dialect::OpenAi, "".to_owned()),
        (Dialect::OpenAi, "<html>Our site is slow</html>".to_owned()),
        (Dialect::OpenAi, "[]".to_owned()),
        (Dialect::OpenAi, r#"{"choices": []}"#.to_owned()),
        (Dialect::OpenAi, r#"{"choices": {}}"#.to_owned()),
        (
            Dialect::OpenAi,
            r#"{"choices":[{"message":{"content":7},"finish_reason":"stop"}]}"#.to_owned(),
        ),
        (
            Dialect::Ollama,
            r#"{"choices":[{"message":{"content":"x"},"finish_reason":"elsewhere"}]}"#.to_owned(),
        ),
        (Dialect::Anthropic, r#"{"content": "x"}"#.to_owned()),
        (
            Dialect::Anthropic,
            r#"{"content":[{"type":"text","text":["x"]}],"stop_reason":"end_turn"}"#.to_owned(),
        ),
        (Dialect::Vllm, "[".repeat(100_000)),
    ] {
        let template = ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json");
        let fake = Fake::doing(dialect, [Does::Answers(template)]).await;
        let error = fake.model().read(&request()).await.unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt, "{body:.80}");
        assert!(matches!(fault(&error), Fault::Malformed(_)), "{error:?}");
        assert!(!error.chain().contains("Our site"));
        // It may have been charged: the most it can have cost.
        let most = cost_of(&error).unwrap().tokens;
        assert!(most > 1_024 && most <= fake.model().ceiling(&request()).tokens);
    }
}

#[tokio::test]
async fn an_answer_too_long_is_left_in_the_middle() {
    for dialect in DIALECTS {
        let fake = Fake::doing(dialect, [Does::says(&"x".repeat(20_000))]).await;
        for model in [fake.model(), fake.model().in_one_piece()] {
            let error = model.read(&request()).await.unwrap_err();
            assert_eq!(error.kind(), PortErrorKind::Corrupt);
            assert!(matches!(fault(&error), Fault::TooLong(_)), "{error:?}");
        }
    }
    let huge =
        ResponseTemplate::new(200).set_body_raw("x".repeat(3 * 1024 * 1024), "application/json");
    let fake = Fake::doing(Dialect::OpenAi, [Does::Answers(huge)]).await;
    let error = fake.model().read(&request()).await.unwrap_err();
    assert!(matches!(fault(&error), Fault::TooLong(_)), "{error:?}");
}

// covers: AI-7
#[tokio::test]
async fn an_answer_that_is_no_suggestion_is_asked_for_once_more() {
    for dialect in DIALECTS {
        let fake = Fake::doing(dialect, [Does::says("Sure!"), Does::says(GOOD)]).await;
        let request = request();
        let answer = fake.model().read(&request).await.unwrap();
        assert!(Suggestion::parse(&answer.text, &request).is_ok());
        assert_eq!(
            (answer.cost.tokens, answer.cost.calls),
            (2 * (READ + WROTE), 2)
        );
        let asked = fake.asked();
        assert_eq!(asked.len(), 2);
        let second = asked[1].to_string();
        assert!(second.contains("A first answer was refused"), "{second}");
        assert!(second.contains("another shape"), "{second}");
        assert!(!second.contains("Sure!"), "what was said is not repeated");
        assert!(asked[0].to_string().len() < second.len());
    }
}

#[tokio::test]
async fn and_no_more_than_once() {
    let bad = r#"{"intent":"accepts","needs":[]}"#;
    let fake = Fake::doing(Dialect::OpenAi, [Does::says("Sure!"), Does::says(bad)]).await;
    let request = request();
    let answer = fake.model().read(&request).await.unwrap();
    let refused = Suggestion::parse(&answer.text, &request).unwrap_err();
    assert_eq!(refused, SuggestionError::Shape);
    assert_eq!((fake.asked().len(), answer.cost.calls), (2, 2));
    let most = fake.model().ceiling(&request);
    assert!(answer.cost.tokens <= most.tokens && most.calls == 2);
}

#[tokio::test]
async fn a_second_call_that_fails_leaves_the_first_answer_and_both_costs() {
    let busy = Does::status(429, Value::Null);
    let fake = Fake::doing(Dialect::Anthropic, [Does::says("Sure!"), busy]).await;
    let answer = fake.model().read(&request()).await.unwrap();
    assert!(Suggestion::parse(&answer.text, &request()).is_err());
    assert_eq!((answer.cost.tokens, answer.cost.calls), (READ + WROTE, 2));
}

#[tokio::test]
async fn a_long_text_is_read_once_since_twice_would_cost_more_than_was_set_aside() {
    let long = asking(&"ü".repeat(8_000));
    let fake = Fake::doing(Dialect::OpenAi, [Does::says("Sure!")]).await;
    let answer = fake.model().read(&long).await.unwrap();
    assert!(Suggestion::parse(&answer.text, &long).is_err());
    assert_eq!((fake.asked().len(), answer.cost.calls), (1, 1));
    assert!(fake.model().ceiling(&long).tokens <= long.token_ceiling());
}

// covers: OR-5
#[tokio::test]
async fn a_reading_costs_what_the_table_says_rounded_up_once() {
    let fake = Fake::doing(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let answer = fake.model().read(&request()).await.unwrap();
    // 120 tokens at a dollar and 40 at four dollars a million: 0.028 cents.
    assert_eq!(answer.cost.money, Money::from_minor(1, Currency::USD));
    assert_eq!((answer.cost.tokens, answer.cost.calls), (READ + WROTE, 1));
    assert_eq!(fake.model().name(), "openai/small-2026-01-15");
}

#[tokio::test]
async fn a_count_that_is_missing_or_absurd_is_the_most_it_can_be() {
    for usage in [
        Value::Null,
        json!({}),
        json!({"prompt_tokens": 12_000_000_000_u64, "completion_tokens": 5}),
    ] {
        let mut body = crate::server::whole(Dialect::Vllm, GOOD, "stop");
        body["usage"] = usage;
        let template = ResponseTemplate::new(200).set_body_json(body);
        let fake = Fake::doing(Dialect::Vllm, [Does::Answers(template)]).await;
        let answer = fake.model().read(&request()).await.unwrap();
        let most = fake.model().ceiling(&request());
        assert!(answer.cost.tokens > 1_024 && answer.cost.tokens <= most.tokens);
        assert_eq!(answer.cost.calls, 1);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_costs_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let model = model_at(Dialect::OpenAi, &format!("http://{address}/v1"));
    let error = model.read(&request()).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    assert!(matches!(error.retry(), Retry::Transient { .. }));
    assert_eq!(cost_of(&error).unwrap().tokens, 0);
    assert!(
        !error.chain().contains(&address.to_string()),
        "{}",
        error.chain()
    );
}

#[tokio::test]
async fn too_many_needs_are_refused_before_anything_is_sent() {
    let fake = Fake::doing(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let text = dealwright_core::text::Untrusted::new("short".to_owned());
    let needs = (0..9_000).map(|n| format!("need-{n}"));
    let many = dealwright_core::model::ReadRequest::new(&text, needs);
    let error = fake.model().read(&many).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid);
    assert!(error.chain().contains("offer fewer"), "{}", error.chain());
    assert_eq!(fake.asked().len(), 0);
}

#[test]
fn limits_outside_their_range_are_refused_by_name() {
    let params = LimitParams {
        answer_tokens: 9_000,
        ..LimitParams::default()
    };
    let refused = params.check().unwrap_err().to_string();
    assert_eq!(refused, "`answer_tokens` is 9000, it must be 64 to 8192");
    assert!(LimitParams::default().check().is_ok());
}
