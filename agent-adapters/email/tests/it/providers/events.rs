//! What deliveries say, once it is known who sent them. They are made by hand after the providers'
//! documentation.

use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::process::EffectKey;
use dealwright_email::ProviderNews;
use dealwright_email::inbound::{InboundLimits, InboundMail};
use serde_json::{Value, json};

use super::office::noon;
use super::signed::{MandrillSigner, SendgridSigner};

fn effect() -> EffectKey {
    EffectKey::from_hex(&"5a".repeat(32)).unwrap()
}

/// The one event of a delivery to each of the two doors.
fn told(sendgrid: &Value, mandrill: &Value) -> (MailEvent, MailEvent) {
    let one = |news: Vec<ProviderNews>| match <[_; 1]>::try_from(news) {
        Ok([ProviderNews::Event(event)]) => event,
        other => panic!("{other:?}"),
    };
    let mut whole = json!({
        "email": "kim@bakery.example", "timestamp": 1_772_000_000, "sg_event_id": "e1",
        "sg_message_id": "m1.recvd-5f54b5d587-pczjm-1-67BADEEA-6.0",
        "smtp-id": "<7@agency.example>", "dealwright_letter": "7@agency.example",
        "dealwright_effect": effect().to_hex(),
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(sendgrid.as_object().unwrap().clone());
    let mut message = json!({
        "_id": "m1", "email": "kim@bakery.example", "ts": 1_771_999_999,
        "metadata": { "dealwright_effect": effect().to_hex(), "dealwright_letter": "7@agency.example" },
    });
    message
        .as_object_mut()
        .unwrap()
        .extend(mandrill["msg"].as_object().cloned().unwrap_or_default());
    let event =
        json!({ "event": mandrill["event"], "_id": "m1", "ts": 1_772_000_000, "msg": message });
    (
        one(SendgridSigner::new(7).news(&json!([whole]))),
        one(MandrillSigner.news(&json!([event]))),
    )
}

/// The same thing told by either provider is the same event, but for who tells it and its key.
#[test]
fn in_2_whoever_tells_it_it_is_one_kind_of_event() {
    use BounceClass::{Block, Hard, Soft};
    use MailEventKind::{Bounced, Complained, Delayed, Delivered, OptedOut, Taken};
    let provider_id = "m1".to_owned();
    let stories: Vec<(Value, Value, MailEventKind)> = vec![
        (
            json!({ "event": "processed" }),
            json!({ "event": "send" }),
            Taken { provider_id },
        ),
        (
            json!({ "event": "deferred", "response": "450 4.2.0 try again", "attempt": "5" }),
            json!({ "event": "deferral" }),
            Delayed,
        ),
        (
            json!({ "event": "delivered", "response": "250 OK" }),
            json!({ "event": "delivered" }),
            Delivered,
        ),
        (
            json!({ "event": "bounce", "type": "bounce", "status": "5.1.1",
                    "reason": "550 5.1.1 user unknown", "bounce_classification": "Invalid Address" }),
            json!({ "event": "hard_bounce", "msg": { "bounce_description": "bad_mailbox",
                    "diag": "smtp;550 5.1.1 The email account that you tried to reach does not exist." } }),
            Bounced(Hard),
        ),
        (
            json!({ "event": "bounce", "type": "blocked", "status": "5.2.2",
                    "reason": "552 5.2.2 The email account is over quota" }),
            json!({ "event": "soft_bounce", "msg": { "bounce_description": "mailbox_full",
                    "diag": "smtp;552 5.2.2 Over Quota" } }),
            Bounced(Soft),
        ),
        (
            json!({ "event": "bounce", "type": "blocked", "status": "5.7.1",
                    "reason": "550 5.7.1 message rejected by policy", "bounce_classification": "Reputation" }),
            json!({ "event": "soft_bounce", "msg": { "bounce_description": "spam",
                    "diag": "smtp;550 5.7.1 message rejected by policy" } }),
            Bounced(Block),
        ),
        (
            json!({ "event": "dropped", "reason": "Bounced Address" }),
            json!({ "event": "reject", "msg": { "state": "rejected", "reject": { "reason": "hard-bounce" } } }),
            Bounced(Hard),
        ),
        (
            json!({ "event": "dropped", "reason": "Spam Content" }),
            json!({ "event": "reject", "msg": { "reject": { "reason": "rule" } } }),
            Bounced(Block),
        ),
        (
            json!({ "event": "dropped", "reason": "Unsubscribed Address" }),
            json!({ "event": "reject", "msg": { "reject": { "reason": "unsub" } } }),
            OptedOut,
        ),
        (
            json!({ "event": "dropped", "reason": "Spam Reporting Address" }),
            json!({ "event": "reject", "msg": { "reject": { "reason": "spam" } } }),
            Complained,
        ),
        (
            json!({ "event": "spamreport" }),
            json!({ "event": "spam" }),
            Complained,
        ),
        (
            json!({ "event": "unsubscribe" }),
            json!({ "event": "unsub" }),
            OptedOut,
        ),
    ];
    for (sendgrid, mandrill, what) in stories {
        let (mut one, other) = told(&sendgrid, &mandrill);
        assert_eq!(
            (one.source.as_str(), other.source.as_str()),
            ("sendgrid", "mandrill")
        );
        assert_eq!(one.key, "e1");
        let word = mandrill["event"].as_str().unwrap();
        assert_eq!(other.key, format!("{word}-m1-1772000000"));
        assert_eq!(one.what, what, "{sendgrid}");
        assert_eq!(one.letters, ["7@agency.example"]);
        assert_eq!(one.effect, Some(effect()));
        assert_eq!(one.address.as_ref().unwrap().as_str(), "kim@bakery.example");
        assert_eq!(one.at.timestamp(), 1_772_000_000);
        one.key.clone_from(&other.key);
        one.source.clone_from(&other.source);
        assert_eq!(one, other, "{sendgrid} {mandrill}");
    }
}

#[test]
fn bounces_are_classed_by_the_provider_s_word_and_the_other_server_s() {
    use BounceClass::{Block, Hard, Soft};
    let sendgrid = |event: Value| match told(&event, &json!({ "event": "send" })).0.what {
        MailEventKind::Bounced(class) => class,
        other => panic!("{other:?}"),
    };
    for (kind, classification, status, reason, class) in [
        ("bounce", "", "", "", Hard),
        ("bounce", "Unclassified", "5.0.0", "550 no such user", Hard),
        (
            "bounce",
            "Mailbox Unavailable",
            "5.2.2",
            "mailbox full",
            Soft,
        ),
        ("bounce", "Technical", "5.4.4", "no mx", Soft),
        ("bounce", "Content", "5.6.0", "contains a virus", Block),
        ("bounce", "", "", "550 5.7.26 unauthenticated mail", Block),
        // In SendGrid's words the address is good.
        (
            "blocked",
            "Unclassified",
            "",
            "unable to get mx info",
            Block,
        ),
        ("blocked", "Invalid Address", "5.1.1", "user unknown", Block),
        (
            "blocked",
            "Frequency or Volume Too High",
            "4.7.0",
            "slow down",
            Block,
        ),
        ("expired", "", "", "unable to deliver for 72 hours", Soft),
    ] {
        let event = json!({
            "event": "bounce", "type": kind, "status": status, "reason": reason,
            "bounce_classification": classification,
        });
        assert_eq!(sendgrid(event), class, "{kind} {classification} {reason}");
    }
    let mandrill = |word: &str, diag: Value| {
        let event = json!({ "event": word, "msg": { "diag": diag } });
        match told(&json!({ "event": "processed" }), &event).1.what {
            MailEventKind::Bounced(class) => class,
            other => panic!("{other:?}"),
        }
    };
    for (word, diag, class) in [
        ("hard_bounce", Value::Null, Hard),
        ("hard_bounce", json!(""), Hard),
        (
            "hard_bounce",
            json!("smtp;550 5.7.1 blocked by policy"),
            Block,
        ),
        ("soft_bounce", Value::Null, Soft),
        ("soft_bounce", json!("smtp;550 5.1.1 user unknown"), Soft),
        (
            "soft_bounce",
            json!("smtp;421 4.7.0 too many connections"),
            Block,
        ),
    ] {
        assert_eq!(mandrill(word, diag.clone()), class, "{word} {diag}");
    }
}

#[test]
fn what_is_no_news_of_a_letter_is_passed_over_and_hides_nothing() {
    let delivered = json!({ "event": "delivered", "email": "kim@bakery.example" });
    let all = json!([
        { "event": "open", "email": "kim@bakery.example" }, { "event": "click" },
        { "event": "group_resubscribe" }, { "event": "account_status_change" }, { "event": "new_one" },
        { "event": 7 }, 7, null, [], {}, delivered,
    ]);
    let news = SendgridSigner::new(7).news(&all);
    let [ProviderNews::Event(event)] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert_eq!(event.what, MailEventKind::Delivered);
    assert_eq!(event.at, noon(), "a time that is missing is now");
    assert_eq!(
        event.key.len(),
        64,
        "an event without an id is known by what it says"
    );
    assert_eq!(
        SendgridSigner::new(7).news(&json!([delivered])),
        news,
        "and is the same again"
    );
    let message = json!({ "_id": "m1", "email": "kim@bakery.example" });
    let all = json!([
        { "event": "open", "msg": message }, { "event": "click", "msg": message },
        { "type": "blacklist", "action": "add", "reject": {} }, { "event": "send" }, 7, {},
        { "event": "spam", "msg": message, "ts": "soon" },
    ]);
    let news = MandrillSigner.news(&all);
    let [ProviderNews::Event(event)] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert_eq!(event.what, MailEventKind::Complained);
    assert_eq!((event.key.len(), event.at), (64, noon()));
    assert_eq!((event.effect, event.letters.len()), (None, 0));
}

const MAIL: &str = "From: Kim <kim@bakery.example>\r\nTo: answers@agency.example\r\nMessage-ID: <r1@bakery.example>\r\n\
    In-Reply-To: <7@agency.example>\r\nSubject: Re: Hours\r\n\r\nYes, please.\r\n\r\n> Shall we?\r\n";

/// A mail that a provider received for us is read like one from a mailbox.
#[test]
fn in_2_a_mail_that_a_provider_received_is_an_answer() {
    let form = format!(
        "--xYzZY\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nanswers@agency.example\r\n\
         --xYzZY\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n{MAIL}\r\n--xYzZY--\r\n"
    );
    let media = "multipart/form-data; boundary=xYzZY";
    let by_sendgrid = SendgridSigner::new(7).read(form.as_bytes(), media);
    let inbound = json!([{ "event": "inbound", "ts": 1, "msg": { "raw_msg": MAIL, "email": "answers@agency.example" } }]);
    for (news, source) in [
        (by_sendgrid.unwrap(), "sendgrid"),
        (MandrillSigner.news(&inbound), "mandrill"),
    ] {
        let [ProviderNews::Mail(raw)] = news.as_slice() else {
            panic!("{news:?}")
        };
        assert_eq!(raw, MAIL.as_bytes());
        let mail = InboundMail::read(raw, &InboundLimits::default()).unwrap();
        let events = mail.events(raw, noon(), source);
        let [event] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(event.letters, ["7@agency.example"]);
        assert_eq!(
            (event.key.as_str(), event.source.as_str()),
            ("r1@bakery.example", source)
        );
        let MailEventKind::Answered { text, automatic } = &event.what else {
            panic!("{event:?}")
        };
        assert!(text.inspect(|text| text == "Yes, please.") && !automatic);
    }
    // Parsed posts, without the raw mail, are refused with what to change.
    let parsed = form.replace("name=\"email\"", "name=\"text\"");
    let refused = SendgridSigner::new(7).read(parsed.as_bytes(), media);
    assert!(refused.unwrap_err().to_string().contains("raw, full MIME"));
}
