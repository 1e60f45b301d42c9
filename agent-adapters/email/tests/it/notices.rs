//! Letters that came back, in the forms of twelve mail systems; machines that answer; complaints.

use dealwright_core::mail::{BounceClass, MailEventKind};
use dealwright_email::inbound::{InboundKind, InboundLimits, InboundMail};
use dealwright_simulation::start;

const NOTICES: &str = include_str!("notices.tsv");
const LETTER: &str = "7@agency.example";

struct Notice {
    form: &'static str,
    class: BounceClass,
    status: &'static str,
    said: String,
    address: String,
}

fn notices() -> Vec<Notice> {
    let lines = NOTICES.lines().filter(|l| !l.starts_with('#'));
    lines
        .enumerate()
        .map(|(n, line)| {
            let parts: Vec<&str> = line.split('\t').collect();
            let [form, class, status, said] = parts.as_slice() else {
                panic!("line {n}: `{line}`")
            };
            let address = format!("office-{n}@bakery.example");
            Notice {
                form,
                class: match *class {
                    "hard" => BounceClass::Hard,
                    "soft" => BounceClass::Soft,
                    "block" => BounceClass::Block,
                    other => panic!("line {n}: no class `{other}`"),
                },
                status,
                said: said.replace('@', &address),
                address,
            }
        })
        .collect()
}

fn enclosed() -> String {
    format!(
        "From: Mara <mara@agency.example>\nSubject: Your listing\nMessage-ID: <{LETTER}>\n\nWe could mend it.\n"
    )
}

impl Notice {
    /// The standard report, with the system's own words before it.
    fn report(&self, from: &str, subject: &str, words: &str) -> String {
        let status = if self.status.is_empty() {
            "5.0.0"
        } else {
            self.status
        };
        format!(
            "From: {from}\nTo: mara@agency.example\nSubject: {subject}\nMIME-Version: 1.0\nAuto-Submitted: auto-replied\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{words}\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.agency.example\n\n\
             Final-Recipient: rfc822; {}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {}\n\n\
             --b\nContent-Type: message/rfc822\n\n{}\n--b--\n",
            self.address,
            self.said,
            enclosed()
        )
    }

    fn plain(&self, from: &str, subject: &str, more: &str, words: &str) -> String {
        format!(
            "From: {from}\nTo: mara@agency.example\nSubject: {subject}\n{more}Content-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\n{words}\n\n{}",
            enclosed()
        )
    }

    fn mail(&self) -> String {
        let (address, said) = (&self.address, &self.said);
        let daemon = "Mail Delivery Subsystem <MAILER-DAEMON@mx.agency.example>";
        match self.form {
            "postfix" => self.report(
                "MAILER-DAEMON@mx.agency.example (Mail Delivery System)",
                "Undelivered Mail Returned to Sender",
                &format!("This is the mail system at host mx.agency.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<{address}>: host mx.bakery.example[192.0.2.7] said: {said}"),
            ),
            "exim" => self.plain(
                "Mail Delivery System <Mailer-Daemon@mx.agency.example>",
                "Mail delivery failed: returning message to sender",
                &format!("X-Failed-Recipients: {address}\nAuto-Submitted: auto-replied\n"),
                &format!("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {address}\n    {said}\n\n------ This is a copy of the message, including all the headers. ------"),
            ),
            "exchange" => self.report(
                "Microsoft Outlook <postmaster@agency.example>",
                "Undeliverable: Your listing",
                &format!("Delivery has failed to these recipients or groups:\n\n{address}\n\nDiagnostic information for administrators:\n\nRemote Server returned '{said}'"),
            ),
            "gmail" => self.report(
                "Mail Delivery Subsystem <mailer-daemon@mail.example>",
                "Delivery Status Notification (Failure)",
                &format!("** Message not delivered **\n\nYour message to {address} couldn't be delivered.\n\nThe response from the remote server was:\n{said}"),
            ),
            "sendmail" => self.report(
                daemon,
                "Returned mail: see transcript for details",
                &format!("The original message was received at Tue, 3 Mar 2026 10:12:00 GMT\n\n   ----- The following addresses had permanent fatal errors -----\n<{address}>\n    (reason: {said})\n\n   ----- Transcript of session follows -----\n{said}"),
            ),
            "qmail" => self.plain(
                "MAILER-DAEMON@mx.agency.example",
                "failure notice",
                "",
                &format!("Hi. This is the qmail-send program at mx.agency.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{address}>:\n{said}\n\n--- Below this line is a copy of the message.\n"),
            ),
            "ses" => self.report(
                "MAILER-DAEMON@amazonses.example",
                "Delivery Status Notification (Failure)",
                &format!("An error occurred while trying to deliver the mail to the following recipients:\n{address}"),
            ),
            "yahoo" => self.plain(
                "MAILER-DAEMON@yahoo.example",
                "Failure Notice",
                "",
                &format!("Sorry, we were unable to deliver your message to the following address.\n\n<{address}>:\n{said}\n\n--- Below this line is a copy of the message.\n"),
            ),
            "german" => self.report(
                "Mailzustellsystem <mailer-daemon@mx.agency.example>",
                "Unzustellbar: Ihr Eintrag",
                &format!("Dies ist eine automatisch erzeugte Nachricht.\n\nIhre E-Mail konnte nicht zugestellt werden an:\n\n{address}\n\nAntwort des Servers: {said}"),
            ),
            "japanese" => self.report(
                daemon,
                "配信不能通知",
                &format!("メールを配信できませんでした。\n\n{address}\n{said}"),
            ),
            "domino" => self.report(
                "Postmaster@mx.agency.example",
                "DELIVERY FAILURE: see the reason below",
                &format!("Your message\n\n  Subject: Your listing\n\nwas not delivered to:\n\n  {address}\n\nbecause:\n\n  {said}"),
            ),
            "courier" => self.report(
                "\"Courier mail server at mx.agency.example\" <@>",
                "NOTICE: mail delivery status.",
                &format!("This is a delivery status notification from mx.agency.example.\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<{address}>:\n    {said}"),
            ),
            other => panic!("no form `{other}`"),
        }
    }
}

fn read(text: &str) -> InboundMail {
    let raw = text.replace('\n', "\r\n");
    InboundMail::read(raw.as_bytes(), &InboundLimits::default()).unwrap()
}

fn events(text: &str) -> Vec<MailEventKind> {
    let raw = text.replace('\n', "\r\n");
    let events = read(text).events(raw.as_bytes(), start(), "test");
    events.into_iter().map(|e| e.what).collect()
}

// covers: OU-11, DS-1
#[test]
fn what_came_back_is_hard_soft_or_a_block_in_the_forms_of_twelve_systems() {
    let notices = notices();
    assert!(notices.len() >= 60, "{}", notices.len());
    let mut wrong = Vec::new();
    for notice in &notices {
        let mail = read(&notice.mail());
        let InboundKind::Bounce(bounce) = &mail.kind else {
            wrong.push(format!(
                "{} `{}`: {:?}",
                notice.form, notice.said, mail.kind
            ));
            continue;
        };
        let found: Vec<_> = bounce
            .recipients
            .iter()
            .map(|r| (r.address.to_string(), r.class))
            .collect();
        if found != [(notice.address.clone(), notice.class)] {
            wrong.push(format!("{} `{}`: {found:?}", notice.form, notice.said));
        }
        if bounce.letter.as_deref() != Some(LETTER) {
            wrong.push(format!(
                "{} `{}`: letter {:?}",
                notice.form, notice.said, bounce.letter
            ));
        }
        // A refusal by policy says nothing of the person, so nothing follows for them.
        if notice.status.starts_with("5.7.") {
            assert_eq!(notice.class.news().suppression(), None, "{}", notice.said);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        notices.len(),
        wrong.join("\n")
    );
}

// covers: DS-1
#[test]
fn a_complaint_is_an_opt_out_of_who_complained() {
    let report = "From: fbl@provider.example\nTo: abuse@agency.example\nSubject: complaint\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
        --b\nContent-Type: text/plain\n\nThis is an abuse report.\n\
        --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: provider/1\nVersion: 1\nOriginal-Rcpt-To: <office@bakery.example>\n\n\
        --b\nContent-Type: message/rfc822\n\nMessage-ID: <7@agency.example>\nSubject: s\n\nx\n\n--b--\n";
    assert_eq!(events(report), [MailEventKind::Complained]);
    let news = dealwright_core::trust::News::Complaint;
    assert!(news.suppression().is_some());
}

/// RFC 3834, section 2: what is never answered. Each is what a machine sends; the last is a
/// person's, and the only one that counts as said by somebody.
// covers: AR-1
#[test]
fn what_a_machine_sent_is_never_an_answer_of_a_person() {
    let machines = [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated\n",
        "Auto-Submitted: auto-notified; owner-email=\"x@y.example\"\n",
        "Return-Path: <>\n",
        "Precedence: bulk\n",
        "Precedence: list\n",
        "Precedence: junk\n",
        "List-Id: <news.bakery.example>\n",
        "List-Unsubscribe: <https://bakery.example/u>\n",
        "X-Autoreply: yes\n",
    ];
    let mail = |header: &str| {
        format!(
            "{header}From: kim@bakery.example\nMessage-ID: <1@bakery.example>\nSubject: Re: Your listing\n\nThank you for your mail.\n"
        )
    };
    let automatic = |header: &str| {
        let all = events(&mail(header));
        match all.as_slice() {
            [MailEventKind::Answered { automatic, .. }] => Some(*automatic),
            _ => None,
        }
    };
    let wrong: Vec<_> = machines
        .iter()
        .filter(|h| automatic(h) != Some(true))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for person in ["", "Auto-Submitted: no\n", "Precedence: first-class\n"] {
        assert_eq!(automatic(person), Some(false), "{person:?}");
    }
}
