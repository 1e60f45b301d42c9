//! What mail providers deliver, taken in by a front: signed or not, once or twice, from people and
//! strangers.
#![cfg(all(feature = "sendgrid", feature = "mandrill"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use dealwright_core::id::LeadId;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Actor, EffectClass, ProcessKey};
use dealwright_core::time::Clock as _;
use dealwright_core::trust::{ApprovalMode, LetterClass, Recipient};
use dealwright_email::Secret;
use dealwright_email::mandrill::MandrillDoor;
use dealwright_email::sendgrid::{SendgridDoor, SendgridKey};
use dealwright_http::{Front, MailHook};
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, bakery, start,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Value, json};
use sha1::Sha1;
use tower::ServiceExt as _;

const ADDRESS: &str = "office@amsel-bakery.example";
const URL: &str = "https://agency.example/hooks/mandrill";
const HOOK_KEY: &str = "k-0123456789";

/// An agency that wrote one letter, behind a front with a hook for each provider.
struct Rig {
    agency: Agency,
    clock: VirtualClock,
    front: Front,
    folder: tempfile::TempDir,
    /// The `Message-ID` of the letter.
    letter: String,
}

impl Rig {
    async fn new() -> Self {
        let clock = VirtualClock::new(start());
        let mail = FakeMailProvider::new(EffectClass::Idempotent);
        let mut business = Business::starter().unwrap();
        business.law.approval = ApprovalMode::Autonomous;
        business.read_websites = false;
        let agency = Agency::builder(business)
            .messenger(mail.clone())
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .build()
            .unwrap();
        let record = bakery(1, &EmailAddress::parse(ADDRESS).unwrap()).unwrap();
        let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
        agency
            .intake(&Actor::System, lead, record, start())
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let front = front(&agency, &clock, folder.path().join("strays"));
        let mut rig = Self {
            agency,
            clock,
            front,
            folder,
            letter: String::new(),
        };
        rig.days(3).await;
        let books = mail.books();
        let booked = books.letters().values().next().expect("a letter");
        rig.letter.clone_from(&booked.letter.message_id);
        rig
    }

    async fn days(&self, days: i64) {
        let end = self.clock.now() + Duration::days(days);
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        driver.run_until(end, &mut NoHook).await.unwrap();
        self.clock.move_to(end);
    }

    fn recipient(&self) -> ProcessKey {
        let address = EmailAddress::parse(ADDRESS).unwrap();
        self.agency.host().recipient(&address)
    }

    async fn stopped(&self, class: LetterClass) -> bool {
        let recipient = self.recipient();
        let state = self.agency.host().state::<Recipient>(&recipient);
        state.await.unwrap().unwrap().1.is_suppressed(class)
    }

    /// All that the recipient ever heard, a day later.
    async fn heard(&self) -> usize {
        self.days(1).await;
        let history = self.agency.host().store().history(&self.recipient()).await;
        history.unwrap().len()
    }

    async fn ask(&self, request: Request<Body>) -> StatusCode {
        let answer = self.front.router().oneshot(request).await.unwrap();
        answer.status()
    }

    /// Signed and delivered as SendGrid does, now.
    async fn sendgrid(&self, media: &str, body: &str) -> StatusCode {
        let at = self.clock.now().timestamp();
        self.ask(sendgrid(&signer(), at, media, body)).await
    }

    async fn mandrill(&self, events: &Value) -> StatusCode {
        self.ask(mandrill(HOOK_KEY, &events.to_string())).await
    }

    /// The mails that were left for a person.
    fn strays(&self) -> Vec<String> {
        let folder = self.folder.path().join("strays");
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let read =
            |e: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(e.unwrap().path());
        entries.map(|e| read(e).unwrap()).collect()
    }
}

fn front(agency: &Agency, clock: &VirtualClock, strays: PathBuf) -> Front {
    let der = signer().verifying_key().to_public_key_der().unwrap();
    let key = SendgridKey::parse(&STANDARD.encode(der.as_bytes())).unwrap();
    let sendgrid = MailHook::sendgrid(SendgridDoor::new(key), strays.clone());
    let door = MandrillDoor::new(URL, Secret::new(HOOK_KEY)).unwrap();
    let mandrill = MailHook::mandrill(door, strays).with_limit(64 * 1024);
    Front::new(
        agency.clone(),
        clock.clone(),
        "Example & Sons",
        "https://agency.example/o/",
    )
    .unwrap()
    .with_hook("sendgrid", sendgrid)
    .unwrap()
    .with_hook("mandrill", mandrill)
    .unwrap()
}

fn signer() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn sendgrid(signer: &SigningKey, at: i64, media: &str, body: &str) -> Request<Body> {
    let signature: DerSignature = signer.sign(format!("{at}{body}").as_bytes());
    Request::post("/hooks/sendgrid")
        .header("content-type", media)
        .header(
            "x-twilio-email-event-webhook-signature",
            STANDARD.encode(signature.as_bytes()),
        )
        .header("x-twilio-email-event-webhook-timestamp", at)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn mandrill(key: &str, events: &str) -> Request<Body> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{URL}mandrill_events{events}").as_bytes());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("mandrill_events", events);
    Request::post("/hooks/mandrill")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "x-mandrill-signature",
            STANDARD.encode(mac.finalize().into_bytes()),
        )
        .body(Body::from(form.finish()))
        .unwrap()
}

fn bounce(letter: &str, at: i64) -> String {
    json!([{
        "event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 user unknown",
        "email": ADDRESS, "timestamp": at, "sg_event_id": "bounce-1", "dealwright_letter": letter,
    }])
    .to_string()
}

/// The address is dead by SendGrid's word, however often it gives it.
#[tokio::test]
async fn in_2_an_event_stops_an_address_and_counts_once() {
    let rig = Rig::new().await;
    let body = bounce(&rig.letter, rig.clock.now().timestamp());
    assert!(!rig.stopped(LetterClass::Service).await);
    assert_eq!(
        rig.sendgrid("application/json", &body).await,
        StatusCode::OK
    );
    let once = rig.heard().await;
    assert!(
        rig.stopped(LetterClass::Service).await,
        "a dead address gets nothing at all"
    );
    assert_eq!(
        rig.sendgrid("application/json", &body).await,
        StatusCode::OK
    );
    assert_eq!(rig.heard().await, once, "a repeat is heard once");
}

#[tokio::test]
async fn in_2_an_unsubscribe_stops_what_sells_and_nothing_else() {
    let rig = Rig::new().await;
    let event = json!({
        "event": "unsub", "_id": "m1", "ts": rig.clock.now().timestamp(),
        "msg": { "_id": "m1", "email": ADDRESS, "metadata": { "dealwright_letter": rig.letter } },
    });
    // One that changes nothing stands before it.
    let all = json!([{ "event": "open", "msg": {} }, event]);
    assert_eq!(rig.mandrill(&all).await, StatusCode::OK);
    let once = rig.heard().await;
    assert!(rig.stopped(LetterClass::Marketing).await);
    assert!(!rig.stopped(LetterClass::Service).await);
    assert_eq!(rig.mandrill(&all).await, StatusCode::OK);
    assert_eq!(rig.heard().await, once);
}

#[tokio::test]
async fn what_is_forged_stale_or_makes_no_sense_changes_nothing() {
    let rig = Rig::new().await;
    let before = rig.heard().await;
    let now = rig.clock.now().timestamp();
    let body = bounce(&rig.letter, now);
    let other = SigningKey::from_slice(&[8; 32]).unwrap();
    let json = "application/json";
    let forged = StatusCode::UNAUTHORIZED;
    assert_eq!(rig.ask(sendgrid(&other, now, json, &body)).await, forged);
    let stale = now - 26 * 3_600;
    assert_eq!(
        rig.ask(sendgrid(&signer(), stale, json, &body)).await,
        forged
    );
    let mut twice = sendgrid(&signer(), now, json, &body);
    let signature = twice.headers()["x-twilio-email-event-webhook-signature"].clone();
    twice
        .headers_mut()
        .append("x-twilio-email-event-webhook-signature", signature);
    assert_eq!(
        rig.ask(twice).await,
        forged,
        "of two signatures nobody knows which was meant"
    );
    let bare = Request::post("/hooks/sendgrid")
        .body(Body::from(body.clone()))
        .unwrap();
    assert_eq!(rig.ask(bare).await, forged);
    assert_eq!(rig.sendgrid(json, "{}").await, StatusCode::BAD_REQUEST);
    let event = json!([{ "event": "spam", "_id": "m1", "ts": now, "msg": { "email": ADDRESS } }]);
    assert_eq!(
        rig.ask(mandrill("another", &event.to_string())).await,
        forged
    );
    assert_eq!(
        rig.ask(mandrill("test-webhook", &event.to_string())).await,
        forged
    );
    assert_eq!(
        rig.ask(mandrill(HOOK_KEY, "{}")).await,
        StatusCode::BAD_REQUEST
    );
    let long = " ".repeat(64 * 1024);
    assert_eq!(
        rig.ask(mandrill(HOOK_KEY, &long)).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(rig.heard().await, before);
    assert!(!rig.stopped(LetterClass::Marketing).await);
}

#[tokio::test]
async fn mandrill_may_ask_whether_the_webhook_is_there() {
    let rig = Rig::new().await;
    assert_eq!(
        rig.ask(mandrill("test-webhook", "[]")).await,
        StatusCode::OK
    );
}

fn posted(mail: &str) -> String {
    format!(
        "--xYzZY\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n{mail}\r\n--xYzZY--\r\n"
    )
}

const FORM: &str = "multipart/form-data; boundary=xYzZY";

#[tokio::test]
async fn in_2_an_answer_that_a_provider_received_is_heard() {
    let rig = Rig::new().await;
    let mail = format!(
        "From: Kim <{ADDRESS}>\r\nMessage-ID: <r1@bakery.example>\r\nIn-Reply-To: <{}>\r\nSubject: Re: x\r\n\r\n\
         Please do not write to us again.\r\n",
        rig.letter
    );
    assert_eq!(rig.sendgrid(FORM, &posted(&mail)).await, StatusCode::OK);
    let once = rig.heard().await;
    assert!(rig.stopped(LetterClass::Marketing).await);
    // The same mail by the other provider is the same mail.
    let inbound = json!([{ "event": "inbound", "ts": 1, "msg": { "raw_msg": mail } }]);
    assert_eq!(rig.mandrill(&inbound).await, StatusCode::OK);
    assert_eq!(rig.heard().await, once);
    assert!(rig.strays().is_empty());
}

#[tokio::test]
async fn a_stranger_s_mail_is_left_for_a_person() {
    let rig = Rig::new().await;
    let mail = "From: who@else.example\r\nSubject: Hello\r\n\r\nDo you do logos?\r\n";
    for _ in 0..2 {
        assert_eq!(rig.sendgrid(FORM, &posted(mail)).await, StatusCode::OK);
    }
    assert_eq!(rig.strays(), [mail], "once, byte for byte");
    let unread = json!([{ "event": "inbound", "ts": 1, "msg": { "raw_msg": "no mail at all" } }]);
    assert_eq!(rig.mandrill(&unread).await, StatusCode::OK);
    assert_eq!(rig.strays().len(), 2);
}

/// What cannot be kept is not answered as taken: the provider delivers it again.
#[tokio::test]
async fn a_mail_that_cannot_be_left_is_asked_for_again() {
    let rig = Rig::new().await;
    let file = rig.folder.path().join("strays");
    std::fs::write(&file, "a file where the folder should be").unwrap();
    let mail = "From: who@else.example\r\nSubject: Hello\r\n\r\nDo you do logos?\r\n";
    let again = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(rig.sendgrid(FORM, &posted(mail)).await, again);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(rig.sendgrid(FORM, &posted(mail)).await, StatusCode::OK);
    assert_eq!(rig.strays(), [mail]);
}
