//! Answers kept in files.

use std::fs;
use std::path::Path;
use std::process::Command;

use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::model::{LanguageModel, Suggestion};
use dealwright_models::{ApiKey, Cassettes, Dialect, LimitParams, RECORD, cost_of};
use serde_json::Value;
use wiremock::ResponseTemplate;

use crate::server::{Does, Fake, READ, WROTE};
use crate::{DIALECTS, GOOD, asking, model_at, request};

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

/// A folder with one cassette, of a server that is gone.
async fn recorded(dialect: Dialect, does: impl IntoIterator<Item = Does>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::doing(dialect, does).await;
    let key = ApiKey::new("sk-canary").unwrap();
    let model = fake.model().with_key(key).unwrap();
    let model = model.with_cassettes(Cassettes::recording(folder.path()).unwrap());
    let _ = model.read(&request()).await;
    folder
}

async fn missed(folder: &Path, text: &str) -> PortError {
    let model = model_at(Dialect::OpenAi, "http://127.0.0.1:9/v1");
    let model = model.with_cassettes(Cassettes::open(folder).unwrap());
    model.read(&asking(text)).await.unwrap_err()
}

// covers: IN-4
#[tokio::test]
async fn what_was_recorded_is_played_without_a_server() {
    for dialect in DIALECTS {
        for streams in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let fake = Fake::doing(dialect, [Does::says("Sure!"), Does::says(GOOD)]).await;
            let of = |model: dealwright_models::ChatModel| {
                if streams { model } else { model.in_one_piece() }
            };
            let recording =
                of(fake.model()).with_cassettes(Cassettes::recording(folder.path()).unwrap());
            let first = recording.read(&request()).await.unwrap();
            assert_eq!(files(folder.path()).len(), 2, "one a call");
            // Recorded once: the second time nobody is asked.
            assert_eq!(recording.read(&request()).await.unwrap(), first);
            assert_eq!(fake.asked().len(), 2);
            let playing = of(model_at(dialect, "http://127.0.0.1:9/v1"))
                .with_cassettes(Cassettes::open(folder.path()).unwrap());
            let played = playing.read(&request()).await.unwrap();
            assert_eq!(played, first);
            assert_eq!(played.cost.tokens, 2 * (READ + WROTE));
            assert!(Suggestion::parse(&played.text, &request()).is_ok());
        }
    }
}

#[tokio::test]
async fn trouble_is_recorded_and_played_too() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "7");
    let folder = recorded(Dialect::OpenAi, [Does::Answers(busy)]).await;
    let model = model_at(Dialect::OpenAi, "http://127.0.0.1:9/v1")
        .with_cassettes(Cassettes::open(folder.path()).unwrap());
    let error = model.read(&request()).await.unwrap_err();
    let after = Some(std::time::Duration::from_secs(7));
    assert_eq!(error.retry(), Retry::Transient { after });
    // What broke on the way is not an answer to keep.
    let cut = ResponseTemplate::new(200).set_body_raw("data: {", "text/event-stream");
    let folder = recorded(Dialect::OpenAi, [Does::Answers(cut)]).await;
    assert_eq!(files(folder.path()).len(), 0);
}

// covers: IN-4
#[tokio::test]
async fn a_changed_request_is_a_loud_miss_that_shows_what_differs() {
    let folder = recorded(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let error = missed(folder.path(), "Our site is slow. What can you do?!").await;
    assert_eq!(
        (error.kind(), error.retry()),
        (PortErrorKind::NotFound, Retry::Never)
    );
    assert_eq!(cost_of(&error).unwrap().tokens, 0);
    let said = error.chain();
    // Theirs: where, and not what.
    assert!(
        said.contains("`/body/messages/1/content` parts at character 14"),
        "{said}"
    );
    assert!(!said.contains("slow"), "{said}");
    assert!(said.contains(RECORD), "{said}");
    // Ours: both.
    let limits = LimitParams {
        answer_tokens: 999,
        ..LimitParams::default()
    };
    let other = model_at(Dialect::OpenAi, "http://127.0.0.1:9/v1")
        .with_limits(limits.check().unwrap())
        .unwrap()
        .with_cassettes(Cassettes::open(folder.path()).unwrap());
    let said = other.read(&request()).await.unwrap_err().chain();
    let expected = "`/body/max_completion_tokens`: `1024` was recorded, `999` is asked";
    assert!(said.contains(expected), "{said}");
    let needs = ["website-repair".to_owned()];
    let text =
        dealwright_core::text::Untrusted::new("Our site is slow. What can you do?".to_owned());
    let other = dealwright_core::model::ReadRequest::new(&text, needs);
    let model = model_at(Dialect::OpenAi, "http://127.0.0.1:9/v1")
        .with_cassettes(Cassettes::open(folder.path()).unwrap());
    let said = model.read(&other).await.unwrap_err().chain();
    assert!(said.contains("/body/messages/0/content"), "{said}");
    assert!(
        said.contains("website-audit") && said.contains("website-repair"),
        "{said}"
    );
    let empty = tempfile::tempdir().unwrap();
    let said = missed(empty.path(), "Hello").await.chain();
    assert!(said.contains("holds none at all"), "{said}");
}

#[tokio::test]
async fn a_cassette_holds_no_key_and_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::doing(Dialect::Anthropic, [Does::says(GOOD)]).await;
    let key = ApiKey::new("sk-canary").unwrap();
    let model = fake.model().with_key(key).unwrap();
    let model = model.with_cassettes(Cassettes::recording(folder.path()).unwrap());
    let _ = model
        .read(&asking(
            "Our site is slow. Write to jane.canary@amsel.example",
        ))
        .await;
    for file in files(folder.path()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("[mail-1]"));
    }
}

#[tokio::test]
async fn a_cassette_that_was_meddled_with_is_an_error() {
    let folder = recorded(Dialect::OpenAi, [Does::says(GOOD)]).await;
    let file = files(folder.path()).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    for broken in [
        text[..text.len() / 2].to_owned(),
        text.replace("What can you do", "What do you cost"),
        String::new(),
    ] {
        assert_ne!(broken, text);
        fs::write(&file, broken).unwrap();
        let error = missed(folder.path(), "Our site is slow. What can you do?").await;
        assert_eq!(error.kind(), PortErrorKind::Corrupt, "{}", error.chain());
        assert!(error.chain().contains(".json"), "{}", error.chain());
    }
}

/// Set by the test below, which runs this one in a process of its own.
const FOLDER: &str = "DEALWRIGHT_TEST_CASSETTES";

#[tokio::test]
async fn opened_as_the_variable_says() {
    let Ok(folder) = std::env::var(FOLDER) else {
        let missing = Cassettes::open("/nonexistent/cassettes")
            .unwrap_err()
            .to_string();
        assert!(missing.contains("it is not there"), "{missing}");
        return;
    };
    let fake = Fake::doing(Dialect::OpenAi, [Does::status(404, Value::Null)]).await;
    if let Ok(cassettes) = Cassettes::open(folder) {
        let _ = fake
            .model()
            .with_cassettes(cassettes)
            .read(&request())
            .await;
    }
}

#[test]
fn a_variable_turns_recording_on() {
    for (value, expected) in [("1", 1), ("", 0), ("0", 0)] {
        let folder = tempfile::tempdir().unwrap();
        let test = "cassettes::opened_as_the_variable_says";
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(RECORD, value)
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!(files(folder.path()).len(), expected, "{value:?}");
    }
}
