use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealwright_core::id::MessageId;
use dealwright_core::money::{Currency, Money};
use dealwright_core::party::EmailAddress;
use dealwright_core::trust::News;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Texts {
    reply: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    id: String,
    language: String,
    class: String,
    #[serde(default = "ours")]
    subject: String,
    text: String,
    returns: Option<NaiveDate>,
    until: Option<NaiveDate>,
    referral: Option<String>,
    percent: Option<u32>,
    amount: Option<String>,
    reason: Option<String>,
}

fn ours() -> String {
    "Re: Your website".to_owned()
}

#[derive(Deserialize)]
struct Mails {
    mail: Vec<LabelledMail>,
}

#[derive(Deserialize)]
struct LabelledMail {
    id: String,
    class: String,
    subject: String,
    from: Option<String>,
    text: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    report: Vec<LabelledReport>,
    returns: Option<NaiveDate>,
    referral: Option<String>,
    recipient: Option<String>,
}

#[derive(Deserialize)]
struct LabelledReport {
    kind: String,
    groups: Vec<BTreeMap<String, String>>,
}

fn texts() -> Vec<Labelled> {
    toml::from_str::<Texts>(include_str!("../../fixtures/replies/texts.toml"))
        .unwrap()
        .reply
}

fn reader() -> ReplyReader {
    ReplyReader::new(ReplyPhrases::standard().unwrap())
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn mail(subject: &str, text: &str) -> InboundMail {
    InboundMail::new(
        MessageId::derive(&[subject.as_bytes(), text.as_bytes()]),
        "2026-05-04T10:00:00Z".parse().unwrap(),
        subject,
        text,
    )
    .to_address(address("anna@agency.example"))
}

fn said(text: &str) -> Reading {
    reader().read(&mail("Re: Your website", text).from_address(address("joan@cafe.example")))
}

fn word(class: &MailClass) -> String {
    match class {
        MailClass::Human { intent, .. } => match intent {
            Intent::AskIfBot => "bot",
            Intent::Decline(_) => "decline",
            Intent::PriceObjection(_) => "price",
            Intent::Accept => "accept",
            Intent::Meeting => "meeting",
            Intent::Question => "question",
            Intent::Interested => "interested",
            Intent::ProvideInfo => "provides",
            Intent::Unclear => "unclear",
        },
        MailClass::OutOfOffice { .. } => "out_of_office",
        MailClass::LeftCompany { .. } => "left_company",
        MailClass::NotNow { .. } => "not_now",
        MailClass::WrongPerson { .. } => "wrong_person",
        MailClass::Bounce {
            severity: BounceSeverity::Hard,
            ..
        } => "bounce_hard",
        MailClass::Bounce {
            severity: BounceSeverity::Soft,
            ..
        } => "bounce_soft",
        MailClass::Bounce {
            severity: BounceSeverity::Block,
            ..
        } => "bounce_block",
        MailClass::OptOut => "opt_out",
        MailClass::Complaint => "complaint",
        MailClass::Automatic => "automatic",
    }
    .to_owned()
}

fn details(reading: &Reading, r: &Labelled) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, expected: String, got: String| {
        if expected != got {
            wrong.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    let opt = |a: &Option<EmailAddress>| format!("{:?}", a.as_ref().map(|a| a.as_str().to_owned()));
    match &reading.class {
        MailClass::OutOfOffice { returns } => check(
            "returns",
            format!("{:?}", r.returns),
            format!("{returns:?}"),
        ),
        MailClass::NotNow { until } => {
            check("until", format!("{:?}", r.until), format!("{until:?}"))
        }
        MailClass::WrongPerson { referral } | MailClass::LeftCompany { referral } => {
            check("referral", format!("{:?}", r.referral), opt(referral));
        }
        MailClass::Human {
            intent: Intent::PriceObjection(asked),
            ..
        } => {
            let expected = r.percent.map(|p| Asked::Discount(p * 100)).or_else(|| {
                let (amount, currency) = r.amount.as_deref()?.split_once(' ')?;
                let currency = Currency::parse(currency).ok()?;
                Some(Asked::Price(Money::from_minor(
                    amount.parse::<i64>().ok()? * 100,
                    currency,
                )))
            });
            check("asked", format!("{expected:?}"), format!("{asked:?}"));
        }
        MailClass::Human {
            intent: Intent::Decline(reason),
            ..
        } => {
            let got = serde_json::to_value(reason)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned();
            check("reason", r.reason.clone().unwrap_or_default(), got);
        }
        _ => {}
    }
    wrong
}

#[test]
fn every_labelled_text_is_read() {
    let all = texts();
    let (mut right, mut wrong) = (0, Vec::new());
    for r in &all {
        let reading =
            reader().read(&mail(&r.subject, &r.text).from_address(address("joan@cafe.example")));
        let mut faults = details(&reading, r);
        if word(reading.class()) != r.class {
            faults.push(format!("expected {}, got {:?}", r.class, reading.class()));
        }
        if faults.is_empty() {
            right += 1;
        } else {
            println!(
                "{} {} {:?}: {}",
                r.id,
                r.language,
                r.text.trim(),
                faults.join("; ")
            );
            wrong.push(r.id.clone());
        }
    }
    println!("answers: {right} of {} read right", all.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn machines_are_known_by_their_headers_and_reports() {
    let all = toml::from_str::<Mails>(include_str!("../../fixtures/replies/machine.toml"))
        .unwrap()
        .mail;
    let mut wrong = Vec::new();
    for m in &all {
        let mut inbound = mail(&m.subject, &m.text);
        if let Some(from) = &m.from {
            inbound = inbound.from_address(address(from));
        }
        for (name, value) in &m.headers {
            inbound = inbound.with_header(name, value);
        }
        for report in &m.report {
            let kind = match report.kind.as_str() {
                "delivery-status" => ReportKind::DeliveryStatus,
                "feedback" => ReportKind::Feedback,
                _ => ReportKind::Disposition,
            };
            let part = report
                .groups
                .iter()
                .fold(ReportPart::new(kind), |part, group| part.with_group(group));
            inbound = inbound.with_report(part);
        }
        let reading = reader().read(&inbound);
        let class = match word(reading.class()).as_str() {
            "interested" => "human".to_owned(),
            other => other.to_owned(),
        };
        let detail = match reading.class() {
            MailClass::OutOfOffice { returns } => *returns == m.returns,
            MailClass::LeftCompany { referral } => {
                referral.as_ref().map(EmailAddress::as_str) == m.referral.as_deref()
            }
            MailClass::Bounce { recipient, .. } => {
                recipient.as_ref().map(EmailAddress::as_str) == m.recipient.as_deref()
            }
            _ => true,
        };
        if class != m.class || !detail {
            println!("{}: expected {}, got {:?}", m.id, m.class, reading.class());
            wrong.push(m.id.clone());
        }
    }
    println!(
        "machine mails: {} of {} read right",
        all.len() - wrong.len(),
        all.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}

// covers: CO-4, AI-7
#[test]
fn fifty_ways_to_ask_for_a_machine_are_heard_in_eight_languages() {
    let all: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("../../fixtures/replies/bot-questions.toml")).unwrap();
    assert_eq!(all.len(), 8);
    assert_eq!(all.values().map(Vec::len).sum::<usize>(), 50);
    let missed: Vec<_> = all
        .values()
        .flatten()
        .filter(|q| said(q).intent() != Some(&Intent::AskIfBot))
        .map(|q| (q, said(q).class().clone()))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn no_machine_that_answers_for_somebody_away_is_a_person_and_no_opt_out_is_missed() {
    let (mut away, mut outs) = (0, 0);
    for r in texts() {
        let reading =
            reader().read(&mail(&r.subject, &r.text).from_address(address("joan@cafe.example")));
        match r.class.as_str() {
            "out_of_office" => {
                away += 1;
                assert_eq!(reading.class().news(), Some(News::OutOfOffice), "{}", r.id);
            }
            "opt_out" => {
                outs += 1;
                assert_eq!(reading.class().news(), Some(News::OptOut), "{}", r.id);
                assert!(reading.escalations().contains(&Escalation::OptOut));
            }
            _ => assert_ne!(reading.class().news(), Some(News::OptOut), "{}", r.id),
        }
    }
    println!("away {away}, opt-outs {outs}");
    assert!(away >= 20 && outs >= 30);
}

#[test]
fn a_wish_to_be_left_alone_wins_over_everything_else_a_person_says() {
    for friendly in [
        "We accept your offer.",
        "Are you a bot?",
        "Can you call me tomorrow?",
        "I am on holiday until Monday.",
    ] {
        for wish in [
            "Please remove me from your list.",
            "Keine weiteren Mails bitte.",
            "No me escriban más.",
        ] {
            for text in [
                format!("{friendly} {wish}"),
                format!("{wish}\n\n{friendly}"),
            ] {
                assert_eq!(*said(&text).class(), MailClass::OptOut, "{text}");
            }
        }
    }
    // Our own words, quoted back, are nobody's wish.
    let quoted = "Sounds good, tell me more.\n\nOn Mon, 4 May 2026, Anna wrote:\n> Answer STOP to unsubscribe.";
    assert_eq!(said(quoted).intent(), Some(&Intent::Interested));
    assert_eq!(
        said(quoted).own_text().inspect(String::len),
        "Sounds good, tell me more.".len()
    );
}

#[test]
fn lawyers_and_doubts_call_a_person() {
    let why = |text: &str| said(text).escalations().iter().copied().collect::<Vec<_>>();
    assert_eq!(
        why("Stop writing to us or you will hear from our lawyer."),
        [Escalation::OptOut, Escalation::Legal]
    );
    assert_eq!(
        why("This is spam, our solicitor will be in touch."),
        [Escalation::Complaint, Escalation::Legal]
    );
    assert_eq!(why("The heron stands in the reeds."), [Escalation::Unsure]);
    assert!(why("We accept your offer.").is_empty());
}

#[test]
fn an_acceptance_with_a_doubt_is_none() {
    for text in [
        "We cannot accept your offer.",
        "If you add the newsletter we accept.",
        "Do we have to accept by Friday?",
        "Wir nehmen das Angebot nicht an.",
        "We accept if the price comes down.",
        "I would accept, but it is too expensive.",
    ] {
        assert_ne!(said(text).intent(), Some(&Intent::Accept), "{text}");
    }
}
