//! The routes, asked as browsers, mail programs, scanners and forgers ask them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use dealwright_core::error::PortErrorKind;
use dealwright_core::id::LeadId;
use dealwright_core::page::SourceName;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Actor, EffectClass, Random};
use dealwright_core::time::Clock as _;
use dealwright_core::trust::{ApprovalMode, Letter, LetterClass, Messenger, Recipient};
use dealwright_discovery::lead::IntakeRecord;
use dealwright_discovery::resolve::Params;
use dealwright_http::{
    Front, FrontError, Inquiries, InquiryForm, LeadHook, PublicAddress, PublicGate, serve,
};
use dealwright_payments::stripe::SigningSecret;
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, bakery,
    processes, start,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tower::ServiceExt as _;

const ADDRESS: &str = "office@amsel-bakery.example";

/// Counts, so that no two nonces agree.
#[derive(Debug, Default)]
struct Counter(std::sync::atomic::AtomicU8);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    }
}

struct Rig {
    agency: Agency,
    mail: FakeMailProvider,
    clock: VirtualClock,
    front: Front,
}

impl Rig {
    /// An agency that wrote one letter.
    async fn new() -> Self {
        let clock = VirtualClock::new(start());
        let mail = FakeMailProvider::new(EffectClass::Idempotent);
        let agency = agency(mail.clone());
        let record = record();
        let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
        agency
            .intake(&Actor::System, lead, record, start())
            .await
            .unwrap();
        let inquiries = Inquiries::new(
            SourceName::parse("website-form").unwrap(),
            Params::default().check().unwrap(),
        );
        let front = Front::new(
            agency.clone(),
            clock.clone(),
            "Example & Sons",
            "https://agency.example/o/",
        )
        .unwrap()
        .with_inquiries(InquiryForm::new(inquiries.clone(), Counter::default()))
        .with_hook("leads", LeadHook::new(secret(), inquiries))
        .unwrap();
        let mut rig = Self {
            agency,
            mail,
            clock,
            front,
        };
        rig.days(3).await;
        rig
    }

    async fn days(&mut self, days: i64) {
        let end = self.clock.now() + Duration::days(days);
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        driver.run_until(end, &mut NoHook).await.unwrap();
        self.clock.move_to(end);
    }

    fn letter(&self) -> Letter {
        let books = self.mail.books();
        books
            .letters()
            .values()
            .next()
            .expect("a letter")
            .letter
            .clone()
    }

    fn path(&self) -> String {
        let opt_out = self.letter().notices.opt_out.unwrap();
        opt_out
            .url
            .strip_prefix("https://agency.example")
            .unwrap()
            .to_owned()
    }

    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.front.router().oneshot(request).await.unwrap()
    }

    async fn post(&self, path: &str, media: &str, body: &str) -> Response<Body> {
        let request = Request::post(path).header("content-type", media);
        self.ask(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    async fn stopped(&self, class: LetterClass) -> bool {
        let host = self.agency.host();
        let key = host.recipient(&EmailAddress::parse(ADDRESS).unwrap());
        let state = host.state::<Recipient>(&key).await.unwrap();
        state.is_some_and(|(_, state)| state.is_suppressed(class))
    }

    async fn leads(&self) -> usize {
        let keys = processes(self.agency.host()).await.unwrap();
        keys.iter().filter(|k| k.kind() == "lead").count()
    }
}

fn agency(messenger: impl Messenger + 'static) -> Agency {
    let mut business = Business::starter().unwrap();
    business.law.approval = ApprovalMode::Autonomous;
    business.read_websites = false;
    Agency::builder(business)
        .messenger(messenger)
        .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
        .build()
        .unwrap()
}

fn record() -> IntakeRecord {
    bakery(1, &EmailAddress::parse(ADDRESS).unwrap()).unwrap()
}

fn secret() -> SigningSecret {
    SigningSecret::standard(&STANDARD.encode([7; 24])).unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

/// R8-5: scanners fetch links; a thousand of them opt nobody out.
// covers: R8-5
#[tokio::test]
async fn r8_5_fetching_changes_nothing() {
    let mut rig = Rig::new().await;
    let path = rig.path();
    for n in 0..1_000 {
        let method = if n % 2 == 0 {
            Method::GET
        } else {
            Method::HEAD
        };
        let request = Request::builder().method(method).uri(&path);
        let answer = rig.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("set-cookie").is_none());
    }
    rig.days(1).await;
    assert!(!rig.stopped(LetterClass::Marketing).await);
}

/// R8-4: one POST without cookie or login, no redirect, and again the same. CS-6c: nothing is asked
/// but a press.
// covers: R8-4, CS-6c
#[tokio::test]
async fn r8_4_one_post_opts_out_and_never_redirects() {
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (media, body) in [
        (FORM, "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", multipart),
        (FORM, "confirm=yes"),
    ] {
        let mut rig = Rig::new().await;
        let path = rig.path();
        for _ in 0..2 {
            let answer = rig.post(&path, media, body).await;
            assert!(answer.status().is_success(), "{media}: {}", answer.status());
            assert!(answer.headers().get("location").is_none());
            assert!(answer.headers().get("set-cookie").is_none());
            rig.days(1).await;
            assert!(rig.stopped(LetterClass::Marketing).await, "{media}");
        }
        assert!(!rig.stopped(LetterClass::Service).await);
        let page = text(
            rig.ask(Request::get(&path).body(Body::empty()).unwrap())
                .await,
        )
        .await;
        assert!(
            page.contains("no more advertising letters") && !page.contains("<form"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn the_page_has_one_button_and_loads_nothing() {
    let rig = Rig::new().await;
    let request = Request::get(rig.path()).header("accept-language", "de-DE, en;q=0.5");
    let answer = rig.ask(request.body(Body::empty()).unwrap()).await;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let page = text(answer).await;
    assert_eq!(page.matches("<button").count(), 1);
    assert_eq!(page.matches("<input").count(), 0, "CS-6c: no field");
    assert!(page.contains("lang=\"de\"") && page.contains("Keine Briefe mehr"));
    assert!(page.contains("Example &amp; Sons"));
    assert!(
        !page.contains("http") && !page.contains("<script"),
        "nothing from elsewhere"
    );
}

/// R8-3: the address alone names recipient and list, does not show whose it is, and cannot be
/// forged.
// covers: R8-3
#[tokio::test]
async fn r8_3_a_tampered_address_changes_nothing() {
    let mut rig = Rig::new().await;
    let path = rig.path();
    let token = path.strip_prefix("/o/").unwrap().to_owned();
    assert!(
        !path.contains('@') && !path.contains("amsel") && token.len() >= 32,
        "{path}"
    );
    let mut wrong: Vec<String> = (0..token.len())
        .map(|at| {
            let flip = if token.as_bytes()[at] == b'0' {
                "1"
            } else {
                "0"
            };
            format!("{}{flip}{}", &token[..at], &token[at + 1..])
        })
        .collect();
    wrong.extend([
        token[1..].to_owned(),
        format!("{token}0"),
        "x".repeat(5_000),
        "%2e%2e".to_owned(),
    ]);
    for token in wrong {
        let path = format!("/o/{token}");
        let answer = rig.post(&path, FORM, "List-Unsubscribe=One-Click").await;
        assert!(
            answer.status().is_client_error(),
            "{token}: {}",
            answer.status()
        );
        let answer = rig
            .ask(Request::get(&path).body(Body::empty()).unwrap())
            .await;
        assert!(answer.status().is_client_error());
    }
    rig.days(1).await;
    assert!(!rig.stopped(LetterClass::Marketing).await);
}

/// CS-6b: the mechanism works thirty days after the letter, and four hundred. CA-5: sixty.
// covers: CS-6b, CA-5
#[tokio::test]
async fn cs_6b_an_old_letter_s_address_still_works() {
    for days in [30, 60, 400] {
        let mut rig = Rig::new().await;
        let path = rig.path();
        rig.days(days).await;
        let answer = rig.post(&path, FORM, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status(), StatusCode::OK, "{days}");
        rig.days(1).await;
        assert!(rig.stopped(LetterClass::Marketing).await, "{days}");
    }
}

#[tokio::test]
async fn a_post_that_says_nothing_or_too_much_changes_nothing() {
    let mut rig = Rig::new().await;
    let path = rig.path();
    let long = format!("List-Unsubscribe=One-Click&x={}", "y".repeat(5_000));
    for (body, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("List-Unsubscribe=Two-Clicks", StatusCode::BAD_REQUEST),
        ("confirm=no", StatusCode::BAD_REQUEST),
        (long.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(
            rig.post(&path, FORM, body).await.status(),
            status,
            "{body:.20}"
        );
    }
    rig.days(1).await;
    assert!(!rig.stopped(LetterClass::Marketing).await);
}

#[test]
fn an_opt_out_base_that_letters_may_not_name_is_refused() {
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    let agency = agency(mail);
    for base in [
        "http://agency.example/o/",
        "https://agency.example/o",
        "https://agency.example/o/?t=",
        "https://agency.example/{x}/",
        "nonsense",
    ] {
        let front = Front::new(agency.clone(), VirtualClock::new(start()), "X", base);
        assert!(matches!(front, Err(FrontError::OptOutBase(_))), "{base}");
    }
}

fn token_of(page: &str) -> String {
    let from = page.split("name=\"token\" value=\"").nth(1).unwrap();
    from.split('"').next().unwrap().to_owned()
}

fn filled(token: &str, more: &str) -> String {
    format!(
        "token={token}&business=Cedar+Flowers&email=kim%40cedar.example&message=What+does+an+audit+cost%3F{more}"
    )
}

#[tokio::test]
async fn a_form_is_signed_and_counts_once() {
    let mut rig = Rig::new().await;
    let get = || Request::get("/contact").body(Body::empty()).unwrap();
    let token = token_of(&text(rig.ask(get()).await).await);
    let before = rig.leads().await;
    // Sent within a moment, as programs do.
    assert_eq!(
        rig.post("/contact", FORM, &filled(&token, ""))
            .await
            .status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    rig.clock.move_to(rig.clock.now() + Duration::seconds(20));
    for forged in [
        "",
        "1.2.3",
        &token.replacen('1', "2", 1),
        &format!("{token}0"),
    ] {
        let answer = rig.post("/contact", FORM, &filled(forged, "")).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{forged}"
        );
    }
    // A field that only programs see: thanked, and nothing taken.
    assert_eq!(
        rig.post("/contact", FORM, &filled(&token, "&url=x"))
            .await
            .status(),
        StatusCode::OK
    );
    rig.days(0).await;
    assert_eq!(rig.leads().await, before);
    for _ in 0..3 {
        let answer = rig.post("/contact", FORM, &filled(&token, "")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        rig.days(0).await;
    }
    assert_eq!(rig.leads().await, before + 1);
    let answer = rig
        .post(
            "/contact",
            FORM,
            &format!("token={token}&business=%3Cb%3E&email=kim&message=x"),
        )
        .await;
    let page = text(answer).await;
    assert!(
        page.contains("value=\"&lt;b&gt;\"") && page.contains("e-mail address that we can answer"),
        "{page}"
    );
    rig.days(2).await;
    let late = rig.post("/contact", FORM, &filled(&token, "")).await;
    assert_eq!(late.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

fn signed(id: &str, at: i64, body: &str, key: &[u8]) -> Request<Body> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Request::post("/hooks/leads")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", format!("v1,{signature}"))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// LG-5: a replayed delivery is one lead, and what is not signed, or not freshly, is none.
// covers: LG-5
#[tokio::test]
async fn lg_5_a_delivery_is_signed_fresh_and_counts_once() {
    let mut rig = Rig::new().await;
    let before = rig.leads().await;
    let now = rig.clock.now().timestamp();
    let body = "{\"business\":\"Cedar Flowers\",\"email\":\"kim@cedar.example\",\"message\":\"What does an audit cost?\"}";
    let key = [7; 24];
    for (request, status) in [
        (
            signed("msg_1", now, body, &[8; 24]),
            StatusCode::UNAUTHORIZED,
        ),
        (
            signed("msg_1", now - 400, body, &key),
            StatusCode::UNAUTHORIZED,
        ),
        (
            Request::post("/hooks/leads")
                .body(Body::from(body))
                .unwrap(),
            StatusCode::UNAUTHORIZED,
        ),
        (
            signed("msg_2", now, "{\"business\":1}", &key),
            StatusCode::BAD_REQUEST,
        ),
        (
            signed("msg_3", now, &"x".repeat(70_000), &key),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            Request::post("/hooks/other").body(Body::empty()).unwrap(),
            StatusCode::NOT_FOUND,
        ),
    ] {
        assert_eq!(rig.ask(request).await.status(), status);
    }
    rig.days(0).await;
    assert_eq!(rig.leads().await, before, "nothing was taken");
    for n in 0..3 {
        let answer = rig.ask(signed("msg_1", now + n, body, &key)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        rig.days(0).await;
    }
    assert_eq!(rig.leads().await, before + 1);
}

/// No letter with an opt-out leaves while the public address does not lead to this agency.
#[tokio::test]
async fn letters_that_sell_wait_until_the_public_address_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/o/", listener.local_addr().unwrap());
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    // A second wiring of the same tenant and key: the gate needs a host to know its proof.
    let prover = agency(mail.clone());
    let address = |base: &str| {
        PublicAddress::new(base, None, prover.host().clone(), Counter::default()).unwrap()
    };
    let error = address("http://127.0.0.1:1/").test().await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    assert!(
        error.chain().contains("does not answer"),
        "{}",
        error.chain()
    );

    let clock = VirtualClock::new(start());
    let gated = agency(PublicGate::new(mail.clone(), address(&base), clock.clone()));
    let record = record();
    let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
    gated
        .intake(&Actor::System, lead, record, start())
        .await
        .unwrap();
    let mut driver = SequentialDriver::new(gated.host().clone(), clock.clone());
    // Somebody else answers at that address.
    let other = axum::Router::new().route(
        "/self-test/{nonce}",
        axum::routing::get(|| async { "hello" }),
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let until = async {
            let _ = stopped.await;
        };
        axum::serve(listener, other)
            .with_graceful_shutdown(until)
            .await
            .unwrap();
    });
    // Into the window of sending, and one minute into the tries.
    let mut until = start();
    while mail.books().letters().is_empty() && until < start() + Duration::hours(40) {
        until += Duration::hours(1);
        driver.run_until(until, &mut NoHook).await.unwrap();
    }
    assert!(mail.books().letters().is_empty(), "the letter left");
    let said = address(&base).test().await.unwrap_err().chain();
    assert!(said.contains("somebody else"), "{said}");
    stop.send(()).unwrap();
    server.await.unwrap();

    // Now the agency itself.
    let bound = base
        .trim_start_matches("http://")
        .trim_end_matches("/o/")
        .to_owned();
    let listener = tokio::net::TcpListener::bind(&bound).await.unwrap();
    let front = Front::new(
        gated.clone(),
        clock.clone(),
        "X",
        "https://agency.example/o/",
    )
    .unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let until = async {
            let _ = stopped.await;
        };
        serve(listener, &front, until).await.unwrap();
    });
    address(&base).test().await.unwrap();
    driver
        .run_until(until + Duration::days(4), &mut NoHook)
        .await
        .unwrap();
    assert_eq!(
        mail.books().letters().len(),
        1,
        "it leaves once the address answers"
    );
    stop.send(()).unwrap();
    server.await.unwrap();
}
