//! Who sent a delivery is asked before what it says. The deliveries are signed here, but for
//! SendGrid's own signed sample.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use dealwright_core::mail::{BounceClass, MailEventKind};
use dealwright_core::time::Timestamp;
use dealwright_email::mandrill::MandrillDoor;
use dealwright_email::sendgrid::{SendgridDoor, SendgridKey};
use dealwright_email::{EventRefusal, ProviderNews, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use proptest::prelude::*;
use serde_json::Value;
use sha1::Sha1;
use url::form_urlencoded;

use super::office::noon;

const URL: &str = "https://agency.example/hooks/mandrill?x=1";
const HOOK_KEY: &str = "k-0123456789";

/// Signs as SendGrid does.
pub(crate) struct SendgridSigner(SigningKey);

impl SendgridSigner {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    fn key(&self) -> SendgridKey {
        let der = self.0.verifying_key().to_public_key_der().unwrap();
        SendgridKey::parse(&STANDARD.encode(der.as_bytes())).unwrap()
    }

    fn sign(&self, at: &str, body: &[u8]) -> String {
        let signature: DerSignature = self.0.sign(&[at.as_bytes(), body].concat());
        STANDARD.encode(signature.as_bytes())
    }

    /// What a door makes of a delivery of these events.
    pub(crate) fn news(&self, events: &Value) -> Vec<ProviderNews> {
        self.read(events.to_string().as_bytes(), "application/json")
            .unwrap()
    }

    pub(crate) fn read(&self, body: &[u8], media: &str) -> Result<Vec<ProviderNews>, EventRefusal> {
        let at = noon().timestamp().to_string();
        let signature = self.sign(&at, body);
        SendgridDoor::new(self.key()).read((&signature, &at, media), body, noon())
    }
}

/// Signs as Mandrill does.
pub(crate) struct MandrillSigner;

impl MandrillSigner {
    fn sign(key: &str, url: &str, fields: &[(&str, &str)]) -> String {
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(url.as_bytes());
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        STANDARD.encode(mac.finalize().into_bytes())
    }

    pub(crate) fn news(&self, events: &Value) -> Vec<ProviderNews> {
        self.read(&events.to_string()).unwrap()
    }

    fn read(&self, events: &str) -> Result<Vec<ProviderNews>, EventRefusal> {
        let fields = [("mandrill_events", events)];
        door().read(&Self::sign(HOOK_KEY, URL, &fields), &form(&fields), noon())
    }
}

fn door() -> MandrillDoor {
    MandrillDoor::new(URL, Secret::new(HOOK_KEY)).unwrap()
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish().into_bytes()
}

/// The delivery that SendGrid's own libraries are tested with (sendgrid-python, MIT): its key, its
/// time, its signature, its body to the line end.
#[test]
fn sendgrid_s_own_sample_is_let_in_and_no_other_byte() {
    let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    let signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    let at = "1600112502";
    let body = concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
        r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
        r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
        r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n"
    );
    let door = SendgridDoor::new(SendgridKey::parse(key).unwrap());
    let now = Timestamp::from_timestamp(1_600_112_510, 0).unwrap();
    let read = |at: &str, body: &[u8]| door.read((signature, at, "application/json"), body, now);
    let news = read(at, body.as_bytes()).unwrap();
    let [ProviderNews::Event(event)] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert_eq!(event.what, MailEventKind::Bounced(BounceClass::Hard));
    assert_eq!(
        event.key,
        "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA"
    );
    assert_eq!(event.at.timestamp(), 1_600_112_492);
    let bytes = body.as_bytes();
    assert_eq!(
        read(at, &bytes[..bytes.len() - 2]),
        Err(EventRefusal::Signature)
    );
    assert_eq!(read("1600112503", bytes), Err(EventRefusal::Signature));
    for n in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[n] ^= 1;
        assert_eq!(read(at, &flipped), Err(EventRefusal::Signature), "byte {n}");
    }
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
    assert_eq!(
        SendgridKey::parse(&pem).unwrap(),
        SendgridKey::parse(key).unwrap()
    );
    for none in ["", "none", &key[..40], &STANDARD.encode([4; 65])] {
        assert!(SendgridKey::parse(none).is_err(), "{none}");
    }
}

#[test]
fn sendgrid_s_signature_and_age_come_before_the_body() {
    let (ours, other) = (SendgridSigner::new(7), SendgridSigner::new(8));
    let door = SendgridDoor::new(ours.key());
    let body = br#"[{"event":"delivered","email":"kim@bakery.example","sg_event_id":"e1"}]"#;
    let seconds = |by: i64| (noon().timestamp() + by).to_string();
    let at = seconds(0);
    let good = ours.sign(&at, body);
    let read = |signature: &str, at: &str, body: &[u8]| {
        let read = door.read((signature, at, "application/json"), body, noon());
        read.map(|news| news.len())
    };
    let signed = |by: i64| read(&ours.sign(&seconds(by), body), &seconds(by), body);
    assert_eq!(read(&good, &at, body), Ok(1));
    assert_eq!(
        read(&other.sign(&at, body), &at, body),
        Err(EventRefusal::Signature)
    );
    assert_eq!(
        read(&good, &seconds(1), body),
        Err(EventRefusal::Signature),
        "another time"
    );
    assert_eq!(
        read(&good, &at, b"not even json"),
        Err(EventRefusal::Signature),
        "nothing is read before it is known who wrote it"
    );
    for (signature, time) in [
        ("", at.as_str()),
        (&good[..20], &at),
        ("%%%", &at),
        (&"A".repeat(1_000), &at),
        (&good, ""),
        (&good, "-5"),
        (&good, "noon"),
        (&good, &"1".repeat(30)),
    ] {
        let refused = read(signature, time, body).unwrap_err();
        assert!(
            matches!(refused, EventRefusal::Header(_)),
            "{signature} {time}: {refused}"
        );
    }
    // A day of repeats is let in, more is not, nor what comes from the future.
    assert_eq!(signed(-25 * 3_600), Ok(1));
    let stale = |seconds| Err(EventRefusal::Stale { seconds });
    assert_eq!(signed(-25 * 3_600 - 1), stale(25 * 3_600 + 1));
    assert_eq!(signed(300), Ok(1));
    assert_eq!(signed(301), stale(-301));
    let strict = door.clone().with_past(Duration::minutes(5));
    let at = seconds(-301);
    let signature = ours.sign(&at, body);
    assert_eq!(
        strict.read((&signature, &at, ""), body, noon()),
        Err(EventRefusal::Stale { seconds: 301 })
    );
    let both = door.clone().with_key(other.key());
    let at = seconds(0);
    let signature = other.sign(&at, body);
    assert!(
        both.read((&signature, &at, ""), body, noon()).is_ok(),
        "while keys change"
    );
    assert_eq!(
        ours.read(b"{}", "application/json"),
        Err(EventRefusal::Malformed(
            "the body is no JSON list of events"
        ))
    );
    assert!(!format!("{door:?}").contains("83"), "{door:?}");
}

#[test]
fn mandrill_s_signature_comes_before_the_events() {
    let events = r#"[{"event":"send","ts":1384954004,"_id":"abc","msg":{"_id":"abc","email":"kim@bakery.example","metadata":{}}}]"#;
    let fields = [("mandrill_events", events), ("also", "a b&c=ü")];
    let body = form(&fields);
    // Reckoned elsewhere: base64(hmac_sha1(key, url + "also" + .. + "mandrill_events" + ..)).
    let good = "0XQNeKz9hTm2Rl5f6S4vxEYyHTE=";
    let read = |signature: &str, body: &[u8]| door().read(signature, body, noon());
    assert_eq!(read(good, &body).unwrap().len(), 1);
    let reversed = form(&[fields[1], fields[0]]);
    assert_eq!(
        read(good, &reversed).unwrap().len(),
        1,
        "fields are sorted before they are signed"
    );
    let other_key = MandrillSigner::sign("another", URL, &fields);
    let other_url =
        MandrillSigner::sign(HOOK_KEY, "https://agency.example/hooks/mandrill", &fields);
    for signature in [
        other_key.as_str(),
        &other_url,
        "UYiKrtrdbJbZh38/3JT0NDHLlUo=",
    ] {
        assert_eq!(read(signature, &body), Err(EventRefusal::Signature));
    }
    for signature in ["", "%%%", &"A".repeat(1_000)] {
        assert!(matches!(
            read(signature, &body),
            Err(EventRefusal::Header(_))
        ));
    }
    let changed = form(&[
        ("mandrill_events", &events.replace("kim@", "tim@")),
        fields[1],
    ]);
    assert_eq!(read(good, &changed), Err(EventRefusal::Signature));
    let more = form(&[fields[0], fields[1], ("and", "more")]);
    assert_eq!(read(good, &more), Err(EventRefusal::Signature));
    // Two lists of events: whichever was meant, it was not this.
    let two = [("mandrill_events", "[]"), ("mandrill_events", "[]")];
    let signature = MandrillSigner::sign(HOOK_KEY, URL, &two);
    assert!(matches!(
        read(&signature, &form(&two)),
        Err(EventRefusal::Malformed(_))
    ));
    assert!(matches!(
        MandrillSigner.read("{}"),
        Err(EventRefusal::Malformed(_))
    ));
    let shown = format!("{:?}", door());
    assert!(!shown.contains(HOOK_KEY), "{shown}");
}

/// Mandrill asks once whether there is a webhook, under a key that everybody knows: that opens
/// nothing but the empty delivery.
#[test]
fn the_key_that_everybody_knows_opens_an_empty_delivery_only() {
    let signed = |fields: &[(&str, &str)], url: &str| {
        let signature = MandrillSigner::sign("test-webhook", url, fields);
        door().read(&signature, &form(fields), noon())
    };
    assert_eq!(signed(&[("mandrill_events", "[]")], URL), Ok(Vec::new()));
    let question = "UYiKrtrdbJbZh38/3JT0NDHLlUo=";
    let body = form(&[("mandrill_events", "[]")]);
    assert_eq!(door().read(question, &body, noon()), Ok(Vec::new()));
    let event = r#"[{"event":"unsub","_id":"a","ts":1,"msg":{"email":"kim@bakery.example"}}]"#;
    for fields in [
        vec![("mandrill_events", event)],
        vec![("mandrill_events", "[]"), ("mandrill_events", event)],
        vec![("mandrill_events", "[]"), ("more", "x")],
        vec![("other", "[]")],
        vec![],
    ] {
        assert_eq!(
            signed(&fields, URL),
            Err(EventRefusal::Signature),
            "{fields:?}"
        );
    }
    assert_eq!(
        signed(&[("mandrill_events", "[]")], "https://x.example/"),
        Err(EventRefusal::Signature)
    );
    for key in ["", "test-webhook"] {
        assert!(MandrillDoor::new(URL, Secret::new(key)).is_err());
    }
    for url in ["", "agency.example", "http://agency.example/hooks/mandrill"] {
        assert!(MandrillDoor::new(url, Secret::new(HOOK_KEY)).is_err());
    }
}

proptest! {
    #[test]
    fn no_delivery_breaks_a_door(
        signature in ".{0,120}", at in "[0-9a-z-]{0,22}", body in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let signer = SendgridSigner::new(7);
        let door_s = SendgridDoor::new(signer.key());
        prop_assert!(door_s.read((&signature, &at, "application/json"), &body, noon()).is_err());
        prop_assert!(door().read(&signature, &body, noon()).is_err());
        // Signed nonsense is refused as such, or holds nothing.
        let _ = signer.read(&body, "application/json");
        let _ = signer.read(&body, "multipart/form-data; boundary=x");
        let text = String::from_utf8_lossy(&body);
        let _ = MandrillSigner.read(&text);
    }
}
