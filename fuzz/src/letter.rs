//! Letters of any words: rendering never panics, and what is rendered goes to the letter's
//! recipient alone and has no header that the letter does not ask for.

use chrono::{DateTime, Utc};
use dealwright_core::canonical::Digest32;
use dealwright_core::party::{Channel, Country, EmailAddress, Language, LegalForm};
use dealwright_core::personal::Personal;
use dealwright_core::trust::{
    Attachment, Content, Draft, LegalBasis, Letter, LetterClass, Notices, OptOut, Paragraph,
    RecipientFacts, Sender, Thread,
};
use dealwright_email::{lint_mime, render};
use mail_parser::MessageParser;

const ALLOWED: [&str; 18] = [
    "from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
    "list-unsubscribe", "list-unsubscribe-post", "auto-submitted", "ai-generated",
    "x-ai-generated", "x-principal",
];

/// Renders a letter made of `data`.
pub fn run(data: &[u8]) {
    let letter = letter(data);
    let files: Vec<Vec<u8>> = letter.attachments.iter().map(|_| data.to_vec()).collect();
    let _ = letter.intent();
    let html = letter.html();
    assert!(!html.contains("<script"), "a script in the html part");
    let date = DateTime::<Utc>::UNIX_EPOCH;
    let Ok(bytes) = render(&letter, &files, date) else {
        return;
    };
    assert_eq!(render(&letter, &files, date).ok().as_ref(), Some(&bytes), "rendered twice");
    let findings = lint_mime(&letter, &bytes);
    assert!(
        findings.iter().all(|f| f.rule != "I15"),
        "it goes to somebody else: {findings:?}\n{}",
        String::from_utf8_lossy(&bytes)
    );
    let message = MessageParser::default().parse(&bytes).expect("rendered bytes are a message");
    let mut once = std::collections::BTreeSet::new();
    for header in message.headers() {
        let name = header.name().to_ascii_lowercase();
        let known = ALLOWED.contains(&name.as_str()) || name.starts_with("x-dealwright");
        assert!(known, "a header `{name}` came from nowhere\n{}", String::from_utf8_lossy(&bytes));
        assert!(once.insert(name.clone()), "`{name}` stands twice");
    }
}

/// Plain letters, by themselves and with the fields that break things.
pub fn seeds() -> Vec<Vec<u8>> {
    let plain: Vec<&[u8]> = vec![
        b"Opening hours", b"Two directories list different hours.", b"Mara", b"Mara of Example",
        b"agency", b"Example Agency Ltd", b"Bo", b"1 Example Street", b"Springfield, IL 62701",
        b"Write STOP", b"https://agency.example/o/1", b"An advertisement.", b"Written by an AI.",
        b"From a directory.", b"You may object.", b"https://agency.example/d", b"1@agency.example",
        b"0@bakery.example", b"offer.pdf", b"application/pdf", b"\x01\x02\x03",
    ];
    let mut seeds = vec![plain.join(&0xff)];
    for at in 0..plain.len() {
        for word in [&b"\r\nBcc: x@y.example"[..], b"a\nb", "Grüße <b>&\u{2028}".as_bytes(), b""] {
            let mut fields = plain.clone();
            fields[at] = word;
            seeds.push(fields.join(&0xff));
        }
    }
    seeds
}

/// A letter whose fields are the parts of `data` between bytes of 255.
pub fn letter(data: &[u8]) -> Letter {
    let mut fields = data.split(|b| *b == 0xff).map(|f| String::from_utf8_lossy(f).into_owned());
    let mut next = || fields.next().unwrap_or_default();
    let optional = |text: String| Some(text).filter(|t| !t.is_empty());
    let us = EmailAddress::parse("mara@agency.example").expect("an address");
    let to = EmailAddress::parse("owner@bakery.example").expect("an address");
    let (subject, body, signature) = (next(), next(), next());
    let sender = Sender {
        name: next(),
        principal: next(),
        organisation: next(),
        address: us.clone(),
        reply_to: us,
        contact: "+1 555 0100".to_owned(),
        postal: Vec::new(),
    };
    let to_name = optional(next());
    let postal = vec![next(), next()];
    let (text, url) = (next(), next());
    let notices = Notices {
        opt_out: optional(url).map(|url| OptOut { text, url, mailto: None }),
        advertisement: optional(next()),
        ai: optional(next()),
        source: optional(next()),
        rights: optional(next()),
        data_use: optional(next()),
    };
    let message_id = next();
    let thread = optional(next()).map(|id| Thread {
        references: vec![id.clone(), "2@bakery.example".to_owned()],
        in_reply_to: id,
    });
    let (name, media_type) = (next(), next());
    let switches = next().len();
    Letter {
        class: [LetterClass::Marketing, LetterClass::Answer, LetterClass::Service][switches % 3],
        channel: Channel::Email,
        campaign: "outreach/1".to_owned(),
        step: "touch-1".to_owned(),
        sender: Sender { postal, ..sender },
        to: Personal::new(to, "subject-1"),
        to_name: to_name.map(|name| Personal::new(name, "subject-1")),
        language: Language::parse("en").expect("a language"),
        content: Personal::new(
            Content {
                subject,
                paragraphs: body
                    .split('\u{1}')
                    .map(|text| Paragraph { text: text.to_owned(), promotional: true })
                    .collect(),
                signature,
            },
            "subject-1",
        ),
        notices,
        thread,
        message_id,
        attachments: optional(name)
            .map(|name| Attachment {
                name,
                media_type,
                blob: Digest32::of(data),
                made_by_ai: switches % 2 == 0,
            })
            .into_iter()
            .collect(),
        made_by_ai: switches % 5 != 0,
        approved: switches % 7 == 0,
        tracking: false,
    }
}

/// The same as a draft, with what the rules ask for.
pub fn draft(data: &[u8]) -> Draft {
    Draft {
        letter: letter(data),
        facts: RecipientFacts {
            country: Country::parse("US").ok(),
            zone: Some("America/Chicago".to_owned()),
            legal_form: LegalForm::Limited,
            basis: Some(LegalBasis::Contract),
            source: "example-directory".to_owned(),
            source_allowed: true,
            no_solicitation: false,
            guessed: false,
            self_supplied: false,
            company: None,
        },
        drafted_at: DateTime::UNIX_EPOCH,
    }
}
