use std::sync::Arc;
use std::time::Duration;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::error::{PortError, PortErrorKind as Kind, Retry};
use dealwright_core::party::EmailAddress;
use dealwright_core::process::EffectClass;
use dealwright_core::trust::Messenger as _;
use dealwright_email::sendgrid::{SendgridMessenger, SendgridSettings};
use dealwright_email::{Secret, lint_mime};
use dealwright_simulation::VirtualClock;
use serde_json::{Value, json};

use super::fake::{Fake, Headers, SENDGRID_KEY, Trouble};
use super::mime::Parts;
use super::office::{Office, letter, noon, rich};

pub(crate) fn settings(base: &str) -> SendgridSettings {
    SendgridSettings {
        base: base.to_owned(),
        timeout: Duration::from_secs(20),
        ..SendgridSettings::new(Secret::new(SENDGRID_KEY))
    }
}

pub(crate) fn messenger(
    settings: SendgridSettings,
    blobs: &Arc<MemoryBlobs>,
) -> Result<SendgridMessenger, PortError> {
    let blobs: Arc<MemoryBlobs> = Arc::clone(blobs);
    SendgridMessenger::new(settings, blobs, VirtualClock::new(noon()))
}

fn office(settings: SendgridSettings) -> Office {
    Office::new(messenger(settings, &Arc::default()).unwrap())
}

#[tokio::test]
async fn a_letter_is_taken_whole_and_its_id_kept() {
    let fake = Fake::start().await;
    let blobs = Arc::<MemoryBlobs>::default();
    let messenger = messenger(settings(&fake.base), &blobs).unwrap();
    assert_eq!(messenger.class(), EffectClass::AtMostOnce);
    let office = Office::new(messenger);
    for letter in [letter("plain"), rich("rich", &blobs).await] {
        let tried = office.send(letter).await;
        let receipt = tried.outcome.as_ref().unwrap();
        assert_eq!(receipt.at, noon());
        let seen = fake.world().seen.last().unwrap().clone();
        let booked = fake.world().booked.last().unwrap().clone();
        assert_eq!(receipt.provider_id, booked.id);
        assert_eq!(
            seen.headers["authorization"],
            format!("Bearer {SENDGRID_KEY}")
        );
        assert_eq!(booked.along["dealwright_effect"], tried.key.to_hex());
        assert_eq!(booked.along["dealwright_letter"], tried.letter.message_id);
        let parts = Parts::sendgrid(&seen.body);
        assert_eq!(lint_mime(&tried.letter, &parts.mail()), [], "{}", seen.body);
        for header in [
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "X-AI-Generated",
            "Message-ID",
        ] {
            let lame = Parts::sendgrid(&seen.body).without(header).mail();
            assert_ne!(lint_mime(&tried.letter, &lame), [], "without {header}");
        }
        // The account's own settings add nothing.
        for tracked in seen.body["tracking_settings"].as_object().unwrap().values() {
            assert_eq!(tracked["enable"], false);
        }
        assert_eq!(seen.body["mail_settings"]["footer"]["enable"], false);
        assert_eq!(seen.body["mail_settings"]["sandbox_mode"]["enable"], false);
    }
    assert_eq!(fake.world().taken().len(), 2);
    assert_eq!(office.unknown().await, 0);
}

#[tokio::test]
async fn a_thread_and_files_go_along() {
    let fake = Fake::start().await;
    let blobs = Arc::<MemoryBlobs>::default();
    let office = Office::new(messenger(settings(&fake.base), &blobs).unwrap());
    let tried = office.send(rich("rich", &blobs).await).await;
    tried.outcome.unwrap();
    let body = fake.world().seen[0].body.clone();
    let parts = Parts::sendgrid(&body);
    assert_eq!(parts.header("In-Reply-To"), Some("<2@bakery.example>"));
    assert_eq!(
        parts.header("References"),
        Some("<1@agency.example> <2@bakery.example>")
    );
    assert_eq!(
        parts.header("X-AI-Generated-Files"),
        Some("=?utf-8?B?QW5nZWJvdCBHcsO2w59lIC1BLS5wZGY=?=")
    );
    assert_eq!(parts.to.1, "Jörg Müßig, Bäcker");
    assert_eq!(
        body["attachments"],
        json!([
            { "filename": "Angebot Größe -A-.pdf", "type": "application/pdf",
              "content": "JVBERi0xLjcA", "disposition": "attachment" },
            { "filename": "..-..-hours.csv", "type": "text/csv; charset=utf-8",
              "content": "ZGF5LGZyb20NCg==", "disposition": "attachment" },
        ])
    );
}

/// A letter whose files are gone has not left, and the error says so.
#[tokio::test]
async fn a_letter_without_its_files_stays_here() {
    let fake = Fake::start().await;
    let office = office(settings(&fake.base));
    let elsewhere = MemoryBlobs::default();
    let tried = office.send(rich("rich", &elsewhere).await).await;
    assert_eq!(tried.failure().kind, Kind::Invalid, "{tried:?}");
    assert_eq!(office.unknown().await, 0);
    assert!(fake.world().seen.is_empty());
}

#[tokio::test]
async fn each_status_says_whether_the_letter_was_taken() {
    let wait = |seconds| Retry::Transient {
        after: Some(Duration::from_secs(seconds)),
    };
    let again = Retry::Transient { after: None };
    let reset = (noon().timestamp() + 40).to_string();
    let long_ago = (noon().timestamp() - 40).to_string();
    let cases: Vec<(u16, Headers, Kind, Retry)> = vec![
        (400, vec![], Kind::Invalid, Retry::Never),
        (401, vec![], Kind::PermissionDenied, Retry::Never),
        (403, vec![], Kind::PermissionDenied, Retry::Never),
        (404, vec![], Kind::Invalid, Retry::Never),
        (413, vec![], Kind::Invalid, Retry::Never),
        (429, vec![], Kind::RateLimited, again),
        (
            429,
            vec![("Retry-After", "17".to_owned())],
            Kind::RateLimited,
            wait(17),
        ),
        (
            429,
            vec![("X-RateLimit-Reset", reset)],
            Kind::RateLimited,
            wait(40),
        ),
        (
            429,
            vec![("X-RateLimit-Reset", long_ago)],
            Kind::RateLimited,
            wait(0),
        ),
        (
            429,
            vec![("Retry-After", "99999999".to_owned())],
            Kind::RateLimited,
            wait(86_400),
        ),
        (
            429,
            vec![("Retry-After", "soon".to_owned())],
            Kind::RateLimited,
            again,
        ),
        (408, vec![], Kind::Timeout, Retry::Never),
        (500, vec![], Kind::Timeout, Retry::Never),
        (502, vec![], Kind::Timeout, Retry::Never),
        // A wait in an answer that leaves the letter unknown is no leave to send it again.
        (
            503,
            vec![("Retry-After", "5".to_owned())],
            Kind::Timeout,
            Retry::Never,
        ),
        (
            302,
            vec![("Location", "http://127.0.0.1:1/".to_owned())],
            Kind::Unexpected,
            Retry::Never,
        ),
        // It says yes, and not that it took the letter.
        (200, vec![], Kind::Timeout, Retry::Never),
    ];
    for (status, headers, kind, retry) in cases {
        let fake = Fake::start().await;
        let office = office(settings(&fake.base));
        let said = json!({ "errors": [{
            "message": "The from address does not match a verified Sender Identity of mara@agency.example",
            "field": "from",
        }] });
        fake.next(Trouble::Answer(status, headers.clone(), said));
        let tried = office.send(letter("one")).await;
        let failure = tried.failure();
        assert_eq!(
            (failure.kind, failure.retry),
            (kind, retry),
            "{status} {headers:?}"
        );
        let lost = matches!(kind, Kind::Timeout | Kind::Unexpected);
        assert_eq!(office.unknown().await, usize::from(lost), "{status}");
        if status != 200 {
            let refusal = failure.refusal.clone().unwrap();
            assert_eq!((refusal.provider, refusal.status), ("sendgrid", status));
            assert_eq!(
                refusal.to_string(),
                format!(
                    "sendgrid answered {status} `from`: The from address does not match a verified Sender Identity of <address>"
                )
            );
        }
    }
}

#[tokio::test]
async fn a_loss_before_the_request_is_a_try_and_after_it_unknown() {
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let closed = office(settings(&base));
    let tried = closed.send(letter("one")).await;
    assert_eq!(tried.failure().kind, Kind::Unavailable, "{tried:?}");
    assert_eq!(tried.failure().retry, Retry::Transient { after: None });
    assert_eq!(closed.unknown().await, 0);
    for (trouble, taken) in [
        (Trouble::LostBefore, 0),
        (Trouble::LostAfter, 1),
        (Trouble::Silent, 1),
        (Trouble::Said(202, ""), 1),
    ] {
        let fake = Fake::start().await;
        let patience = match trouble {
            Trouble::Silent => Duration::from_millis(300),
            _ => Duration::from_secs(20),
        };
        let office = office(SendgridSettings {
            timeout: patience,
            ..settings(&fake.base)
        });
        fake.next(trouble.clone());
        let tried = office.send(letter("one")).await;
        assert_eq!(fake.world().taken().len(), taken, "{trouble:?}");
        if let Trouble::Said(..) = trouble {
            // No id of the provider's own: the letter's stands in.
            assert_eq!(tried.outcome.unwrap().provider_id, "one@agency.example");
            continue;
        }
        assert_eq!(tried.failure().kind, Kind::Timeout, "{trouble:?}");
        assert_eq!(office.unknown().await, 1, "{trouble:?}");
        assert_eq!(office.tries().len(), 1, "never again by itself");
    }
}

/// What answers 202 has taken the letter, whatever becomes of the rest of the answer.
#[tokio::test]
async fn an_answer_that_breaks_off_has_answered() {
    let fake = Fake::start().await;
    let office = office(settings(&fake.base));
    fake.next(Trouble::Cut);
    let tried = office.send(letter("one")).await;
    assert_eq!(
        tried.outcome.unwrap().provider_id,
        fake.world().booked[0].id
    );
}

#[tokio::test]
async fn the_sandbox_checks_and_sends_nothing() {
    let fake = Fake::start().await;
    let office = office(SendgridSettings {
        sandbox: true,
        ..settings(&fake.base)
    });
    let tried = office.send(letter("one")).await;
    let receipt = tried.outcome.unwrap();
    assert_eq!(receipt.provider_id, "sandbox:one@agency.example");
    assert!(fake.world().booked.is_empty());
    assert_eq!(fake.world().seen.len(), 1);
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let fake = Fake::start().await;
    let messenger = messenger(settings(&fake.base), &Arc::default()).unwrap();
    let shown = format!("{messenger:?} {:?}", settings(&fake.base));
    assert!(!shown.contains(SENDGRID_KEY), "{shown}");
    let office = Office::new(messenger);
    let said =
        json!({ "errors": [{ "message": format!("bad key {SENDGRID_KEY}, of <kim@x.example>") }] });
    fake.next(Trouble::Answer(401, vec![], said));
    let tried = office.send(letter("one")).await;
    let shown = format!("{} {:?}", tried.failure().chain, tried.failure().refusal);
    assert!(
        !shown.contains(SENDGRID_KEY) && !shown.contains("kim@"),
        "{shown}"
    );
    assert!(shown.contains("bad key <key>, of <address>"), "{shown}");
}

#[test]
fn settings_that_would_leak_the_key_are_refused() {
    let made = |base: &str, key: &str| {
        let settings = SendgridSettings {
            key: Secret::new(key),
            base: base.to_owned(),
            ..SendgridSettings::new(Secret::new(key))
        };
        messenger(settings, &Arc::default())
            .map(drop)
            .map_err(|e| (e.kind(), e.chain()))
    };
    assert_eq!(made("https://api.eu.sendgrid.com", "SG.x"), Ok(()));
    assert_eq!(made("http://127.0.0.1:9", "SG.x"), Ok(()));
    for base in [
        "http://api.sendgrid.com",
        "http://10.0.0.1",
        "ftp://x",
        "nonsense",
    ] {
        assert_eq!(made(base, "SG.x").unwrap_err().0, Kind::Invalid, "{base}");
    }
    for key in ["", "SG.x\r\nX-Evil: 1", "SG x"] {
        let (kind, chain) = made("https://api.sendgrid.com", key).unwrap_err();
        assert_eq!(kind, Kind::Invalid, "{key:?}");
        assert!(key.is_empty() || !chain.contains(key));
    }
}

/// GY-4: a free-mail sender through another's transport is refused.
// covers: GY-4
#[tokio::test]
async fn gy_4_free_mail_does_not_leave_by_a_provider() {
    let fake = Fake::start().await;
    let office = office(settings(&fake.base));
    let mut free = letter("one");
    free.sender.address = EmailAddress::parse("mara@gmail.com").unwrap();
    let tried = office.send(free).await;
    assert!(tried.failure().chain.contains("GY-4"), "{tried:?}");
    assert_eq!(tried.failure().kind, Kind::Invalid);
    assert!(fake.world().seen.is_empty());
}

#[tokio::test]
async fn a_wrong_key_is_a_matter_of_permission() {
    let fake = Fake::start().await;
    let office = office(SendgridSettings {
        key: Secret::new("SG.another"),
        ..settings(&fake.base)
    });
    let tried = office.send(letter("one")).await;
    assert_eq!(tried.failure().kind, Kind::PermissionDenied);
    assert_eq!(
        fake.world().seen[0].body["key"],
        Value::Null,
        "it stands in the header alone"
    );
}
