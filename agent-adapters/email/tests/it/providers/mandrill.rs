use std::sync::Arc;
use std::time::Duration;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::error::{PortErrorKind as Kind, Retry};
use dealwright_core::mail::BounceClass;
use dealwright_core::process::EffectClass;
use dealwright_core::trust::{Messenger as _, SentLog as _};
use dealwright_email::mandrill::{MandrillMessenger, MandrillSettings};
use dealwright_email::{Secret, lint_mime};
use dealwright_simulation::VirtualClock;
use serde_json::json;

use super::fake::{Fake, MANDRILL_KEY, Trouble, mandrill_error};
use super::mime::Parts;
use super::office::{Office, letter, noon, rich};

pub(crate) fn settings(base: &str) -> MandrillSettings {
    MandrillSettings {
        base: base.to_owned(),
        timeout: Duration::from_secs(20),
        ..MandrillSettings::new(Secret::new(MANDRILL_KEY))
    }
}

pub(crate) fn messenger(settings: MandrillSettings, blobs: &Arc<MemoryBlobs>) -> MandrillMessenger {
    let blobs: Arc<MemoryBlobs> = Arc::clone(blobs);
    MandrillMessenger::new(settings, blobs, VirtualClock::new(noon())).unwrap()
}

fn office(fake: &Fake) -> Office {
    Office::new(messenger(settings(&fake.base), &Arc::default()))
}

#[tokio::test]
async fn a_letter_is_taken_whole_and_its_id_kept() {
    let fake = Fake::start().await;
    let blobs = Arc::<MemoryBlobs>::default();
    let messenger = messenger(settings(&fake.base), &blobs);
    assert_eq!(messenger.class(), EffectClass::AtMostOnce);
    let office = Office::new(messenger);
    for letter in [letter("plain"), rich("rich", &blobs).await] {
        let tried = office.send(letter).await;
        let receipt = tried.outcome.as_ref().unwrap();
        let seen = fake.world().seen.last().unwrap().clone();
        let booked = fake.world().booked.last().unwrap().clone();
        assert_eq!((&receipt.provider_id, receipt.at), (&booked.id, noon()));
        assert_eq!(booked.along["dealwright_effect"], tried.key.to_hex());
        assert_eq!(booked.along["dealwright_letter"], tried.letter.message_id);
        let parts = Parts::mandrill(&seen.body);
        assert_eq!(lint_mime(&tried.letter, &parts.mail()), [], "{}", seen.body);
        for header in [
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "X-AI-Generated",
            "Message-ID",
        ] {
            let lame = Parts::mandrill(&seen.body).without(header).mail();
            assert_ne!(lint_mime(&tried.letter, &lame), [], "without {header}");
        }
        for adds in [
            "track_opens",
            "track_clicks",
            "auto_text",
            "auto_html",
            "inline_css",
            "merge",
        ] {
            assert_eq!(seen.body["message"][adds], false, "{adds}");
        }
        assert_eq!(seen.body["async"], false);
    }
    assert_eq!(office.unknown().await, 0);
}

/// Mandrill keeps 200 bytes of metadata, and our key must be among them.
#[tokio::test]
async fn a_long_message_id_does_not_crowd_the_key_out() {
    let fake = Fake::start().await;
    let office = office(&fake);
    let mut long = letter("one");
    long.message_id = format!("{}@agency.example", "x".repeat(200));
    let tried = office.send(long).await;
    tried.outcome.unwrap();
    let along = fake.world().booked[0].along.clone();
    assert_eq!(along, json!({ "dealwright_effect": tried.key.to_hex() }));
}

#[tokio::test]
async fn each_error_says_whether_the_letter_was_taken() {
    let again = Retry::Transient { after: None };
    let wait = Retry::Transient {
        after: Some(Duration::from_secs(9)),
    };
    // Mandrill gives most of its errors the status 500.
    for (status, name, kind, retry) in [
        (500, "ValidationError", Kind::Invalid, Retry::Never),
        (422, "ValidationError", Kind::Invalid, Retry::Never),
        (500, "Invalid_Key", Kind::PermissionDenied, Retry::Never),
        (402, "PaymentRequired", Kind::PermissionDenied, Retry::Never),
        (500, "PaymentRequired", Kind::PermissionDenied, Retry::Never),
        (404, "Unknown_Subaccount", Kind::Invalid, Retry::Never),
        (429, "RequestLimitExceeded", Kind::RateLimited, wait),
        (503, "ServiceUnavailable", Kind::Unavailable, again),
        (500, "GeneralError", Kind::Timeout, Retry::Never),
        (502, "", Kind::Timeout, Retry::Never),
        (418, "", Kind::Unexpected, Retry::Never),
    ] {
        let fake = Fake::start().await;
        let office = office(&fake);
        let headers = vec![("Retry-After", "9".to_owned())];
        fake.next(Trouble::Answer(
            status,
            headers,
            mandrill_error(name, "It is not."),
        ));
        let tried = office.send(letter("one")).await;
        let failure = tried.failure();
        assert_eq!(
            (failure.kind, failure.retry),
            (kind, retry),
            "{status} {name}"
        );
        let lost = matches!(kind, Kind::Timeout | Kind::Unexpected);
        assert_eq!(office.unknown().await, usize::from(lost), "{status} {name}");
        let refusal = failure.refusal.as_ref().unwrap();
        assert_eq!((refusal.provider, refusal.status), ("mandrill", status));
        assert!(refusal.text.inspect(|text| text == "It is not."));
    }
}

#[tokio::test]
async fn a_letter_that_is_turned_down_says_why() {
    use BounceClass::{Block, Hard, Soft};
    for (reason, kind, class) in [
        ("hard-bounce", Kind::Invalid, Some(Hard)),
        ("invalid", Kind::Invalid, Some(Hard)),
        ("soft-bounce", Kind::Invalid, Some(Soft)),
        ("spam", Kind::PermissionDenied, Some(Block)),
        ("unsub", Kind::PermissionDenied, Some(Block)),
        ("custom", Kind::PermissionDenied, Some(Block)),
        ("unsigned", Kind::PermissionDenied, None),
        ("test-mode-limit", Kind::PermissionDenied, None),
    ] {
        let fake = Fake::start().await;
        let office = office(&fake);
        fake.world()
            .denied
            .insert("one@bakery.example".to_owned(), reason);
        let tried = office.send(letter("one")).await;
        let failure = tried.failure();
        assert_eq!(failure.kind, kind, "{reason}");
        let refusal = failure.refusal.as_ref().unwrap();
        assert_eq!(
            (refusal.name.as_deref(), refusal.class),
            (Some(reason), class)
        );
        assert_eq!(office.unknown().await, 0, "it is known not to have left");
        assert!(fake.world().taken().is_empty());
    }
}

#[tokio::test]
async fn a_loss_before_the_request_is_a_try_and_after_it_unknown() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let closed = Office::new(messenger(settings(&base), &Arc::default()));
    let tried = closed.send(letter("one")).await;
    assert_eq!(tried.failure().kind, Kind::Unavailable, "{tried:?}");
    assert_eq!(closed.unknown().await, 0);
    for (trouble, taken) in [
        (Trouble::LostBefore, 0),
        (Trouble::LostAfter, 1),
        (Trouble::Silent, 1),
        (Trouble::Cut, 1),
        (Trouble::Said(200, "<html>welcome</html>"), 1),
        (Trouble::Said(200, "[]"), 1),
        (Trouble::Said(200, r#"[{"status":"moved","_id":"x"}]"#), 1),
        (Trouble::Said(200, r#"[{"status":"sent"}]"#), 1),
    ] {
        let fake = Fake::start().await;
        let patience = match trouble {
            Trouble::Silent => Duration::from_millis(300),
            _ => Duration::from_secs(20),
        };
        let settings = MandrillSettings {
            timeout: patience,
            ..settings(&fake.base)
        };
        let office = Office::new(messenger(settings, &Arc::default()));
        fake.next(trouble.clone());
        let tried = office.send(letter("one")).await;
        assert_eq!(tried.failure().kind, Kind::Timeout, "{trouble:?}");
        assert_eq!(fake.world().taken().len(), taken, "{trouble:?}");
        assert_eq!(office.unknown().await, 1, "{trouble:?}");
        assert_eq!(office.tries().len(), 1, "never again by itself");
    }
}

#[tokio::test]
async fn the_search_finds_a_letter_by_our_key_and_never_swears_that_there_is_none() {
    let fake = Fake::start().await;
    let log = messenger(settings(&fake.base), &Arc::default());
    let office = office(&fake);
    fake.next(Trouble::LostAfter);
    let lost = office.send(letter("lost")).await.key;
    fake.next(Trouble::LostBefore);
    let never = office.send(letter("never")).await.key;
    fake.world()
        .denied
        .insert("down@bakery.example".to_owned(), "custom");
    let down = office.send(letter("down")).await.key;
    let found = log.find(lost).await.unwrap().unwrap();
    assert_eq!(found.provider_id, fake.world().booked[0].id);
    assert_eq!(found.at, noon());
    assert_eq!(
        log.find(down).await.unwrap(),
        None,
        "Mandrill itself says that it did not go"
    );
    let nothing = log.find(never).await.unwrap_err();
    assert_eq!(
        nothing.kind(),
        Kind::NotFound,
        "what a search does not find may be there"
    );
    fake.world().indexed = false;
    assert_eq!(log.find(lost).await.unwrap_err().kind(), Kind::NotFound);
    for (trouble, kind) in [
        (Trouble::LostAfter, Kind::Unavailable),
        (Trouble::Said(200, "{}"), Kind::Unavailable),
        (
            Trouble::Answer(500, vec![], mandrill_error("GeneralError", "")),
            Kind::Unavailable,
        ),
        (
            Trouble::Answer(429, vec![], mandrill_error("RequestLimitExceeded", "")),
            Kind::RateLimited,
        ),
        (
            Trouble::Answer(500, vec![], mandrill_error("Invalid_Key", "")),
            Kind::PermissionDenied,
        ),
    ] {
        fake.next(trouble.clone());
        assert_eq!(
            log.find(lost).await.unwrap_err().kind(),
            kind,
            "{trouble:?}"
        );
    }
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let fake = Fake::start().await;
    let log = messenger(settings(&fake.base), &Arc::default());
    let shown = format!("{log:?} {:?}", settings(&fake.base));
    assert!(!shown.contains(MANDRILL_KEY), "{shown}");
    let office = office(&fake);
    let said = mandrill_error(
        "ValidationError",
        &format!("no: {{\"key\":\"{MANDRILL_KEY}\"}}"),
    );
    fake.next(Trouble::Answer(500, vec![], said));
    let tried = office.send(letter("one")).await;
    let chain = &tried.failure().chain;
    assert!(
        chain.contains("<key>") && !chain.contains(MANDRILL_KEY),
        "{chain}"
    );
}
