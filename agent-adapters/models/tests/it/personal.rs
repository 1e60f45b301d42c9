//! What of a person leaves the machine, and what comes back.

use dealwright_core::model::{LanguageModel, Suggestion};
use serde_json::{Value, json};

use crate::server::{Does, Fake};
use crate::{DIALECTS, asking};

/// Planted in the text; none of them may be in a request, an error or a cassette.
const CANARIES: [&str; 6] = [
    "jane.canary@amsel.example",
    "+49 30 901820-77",
    "(555) 010-4477",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "canary [at] amsel.example",
];

fn letter() -> String {
    format!(
        "Our site is slow. Write to {} or {}, or call {} or {}. Card {}, account {}. Best, J.",
        CANARIES[0], CANARIES[5], CANARIES[1], CANARIES[2], CANARIES[3], CANARIES[4]
    )
}

fn answer(quote: &str) -> String {
    let need = json!({"need": "website-audit", "quote": quote});
    json!({"intent": "interested", "needs": [need]}).to_string()
}

// covers: I11, FI-5
#[tokio::test]
async fn no_address_and_no_number_of_a_person_leaves_the_machine() {
    for dialect in DIALECTS {
        let fake = Fake::doing(dialect, [Does::says("no suggestion")]).await;
        let request = asking(&letter());
        fake.model().read(&request).await.unwrap();
        let asked = fake.asked();
        assert_eq!(asked.len(), 2, "with the second call");
        for body in asked {
            let sent = body.to_string();
            for canary in CANARIES {
                assert!(
                    !sent.contains(canary),
                    "{dialect:?} was sent {canary}: {sent}"
                );
            }
            for name in [
                "[mail-1]",
                "[mail-2]",
                "[phone-1]",
                "[phone-2]",
                "[card-1]",
                "[account-1]",
            ] {
                assert!(sent.contains(name), "{name}: {sent}");
            }
        }
        for sent in fake.requests().await {
            let head = format!("{:?} {}", sent.headers, sent.url);
            assert!(
                CANARIES.iter().all(|canary| !head.contains(canary)),
                "{head}"
            );
        }
    }
}

#[tokio::test]
async fn a_quotation_names_what_it_quotes() {
    let quote = "Write to [mail-1] or [mail-2], or call [phone-1]";
    for dialect in DIALECTS {
        let fake = Fake::doing(dialect, [Does::says(&answer(quote))]).await;
        let request = asking(&letter());
        let answer = fake.model().read(&request).await.unwrap();
        let found = Suggestion::parse(&answer.text, &request).unwrap();
        let expected = format!(
            "Write to {} or {}, or call {}",
            CANARIES[0], CANARIES[5], CANARIES[1]
        );
        assert!(found.needs[0].quote.inspect(|quote| *quote == expected));
        let start = found.needs[0].start as usize;
        assert!(letter()[start..].starts_with(&expected));
    }
}

#[tokio::test]
async fn nothing_comes_back_anywhere_else() {
    for said in [
        "Write to [mail-1]!".to_owned(),
        r#"{"intent":"interested","needs":[],"to":"[mail-1]"}"#.to_owned(),
        r#"{"intent":"[mail-1]","needs":[]}"#.to_owned(),
        r#"{"intent":"interested","needs":[{"need":"[mail-1]","quote":"site"}]}"#.to_owned(),
    ] {
        let fake = Fake::doing(dealwright_models::Dialect::OpenAi, [Does::says(&said)]).await;
        let request = asking(&letter());
        let answer = fake.model().read(&request).await.unwrap();
        assert!(Suggestion::parse(&answer.text, &request).is_err(), "{said}");
        assert!(
            answer.text.inspect(|text| !text.contains("canary")),
            "{said}"
        );
    }
}

#[tokio::test]
async fn one_persons_placeholders_name_nobody_in_anothers_text() {
    let fake = Fake::doing(
        dealwright_models::Dialect::OpenAi,
        [Does::says(&answer("[mail-2]"))],
    )
    .await;
    let model = fake.model();
    model.read(&asking(&letter())).await.unwrap();
    let other = asking("My address is only@me.example, and our site is slow.");
    let answer = model.read(&other).await.unwrap();
    assert!(Suggestion::parse(&answer.text, &other).is_err());
    assert!(answer.text.inspect(|text| !text.contains("canary")));
}

#[tokio::test]
async fn a_key_goes_into_its_header_and_nowhere_else() {
    for (dialect, header, value) in [
        (
            dealwright_models::Dialect::OpenAi,
            "authorization",
            "Bearer sk-canary-77",
        ),
        (
            dealwright_models::Dialect::Anthropic,
            "x-api-key",
            "sk-canary-77",
        ),
    ] {
        let fake = Fake::doing(dialect, [Does::status(401, Value::Null)]).await;
        let key = dealwright_models::ApiKey::new("sk-canary-77").unwrap();
        let model = fake.model().with_key(key).unwrap();
        let error = model.read(&asking("Hello")).await.unwrap_err();
        let said = format!("{model:?} {error:?} {}", error.chain());
        assert!(!said.contains("canary"), "{said}");
        let sent = &fake.requests().await[0];
        assert_eq!(sent.headers.get(header).unwrap(), value);
        assert!(!String::from_utf8_lossy(&sent.body).contains("canary"));
        assert!(!sent.url.as_str().contains("canary"));
        if dialect == dealwright_models::Dialect::Anthropic {
            assert_eq!(sent.headers.get("anthropic-version").unwrap(), "2023-06-01");
            assert!(sent.url.path().ends_with("/v1/messages"));
        }
    }
}
