use dealwright_core::canonical::Digest32;
use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::party::EmailAddress;
use dealwright_core::time::Timestamp;

use super::{InboundKind, InboundMail};

impl InboundMail {
    /// What the mail tells of letters: an answer, a complaint, or a bounce for each address that it
    /// names. `raw` is the mail as it came, `at` when it was taken in, `source` by which way.
    ///
    /// Its key is its `Message-ID`, or the hash of its bytes where it has none, so that a mail that
    /// is read twice is heard once.
    #[must_use]
    pub fn events(&self, raw: &[u8], at: Timestamp, source: &str) -> Vec<MailEvent> {
        let key = self
            .message_id
            .clone()
            .unwrap_or_else(|| Digest32::of(raw).to_hex());
        let mut letters: Vec<String> = Vec::new();
        for letter in self.letters() {
            if !letters.iter().any(|known| known == letter) {
                letters.push(letter.to_owned());
            }
        }
        let event = |key: String, what: MailEventKind, address: Option<EmailAddress>| MailEvent {
            key,
            what,
            letters: letters.clone(),
            effect: None,
            address,
            at,
            source: source.to_owned(),
        };
        match &self.kind {
            InboundKind::Reply | InboundKind::Automatic => {
                let what = MailEventKind::Answered {
                    text: self.reply.clone(),
                    automatic: self.kind == InboundKind::Automatic,
                };
                vec![event(key, what, self.from.clone())]
            }
            InboundKind::Complaint(complaint) => {
                let wish = complaint.feedback.as_deref() == Some("opt-out");
                let what = if wish {
                    MailEventKind::OptedOut
                } else {
                    MailEventKind::Complained
                };
                vec![event(key, what, complaint.recipient.clone())]
            }
            InboundKind::Bounce(bounce) if bounce.recipients.is_empty() => {
                // It names nobody: what is not known to last is taken for passing.
                vec![event(key, MailEventKind::Bounced(BounceClass::Soft), None)]
            }
            InboundKind::Bounce(bounce) => {
                let all = bounce.recipients.iter().enumerate();
                all.map(|(n, failed)| {
                    event(
                        format!("{key}#{n}"),
                        MailEventKind::Bounced(failed.class),
                        Some(failed.address.clone()),
                    )
                })
                .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::InboundLimits;

    fn events(raw: &str) -> Vec<MailEvent> {
        let raw = raw.replace('\n', "\r\n");
        let mail = InboundMail::read(raw.as_bytes(), &InboundLimits::default()).unwrap();
        mail.events(raw.as_bytes(), Timestamp::UNIX_EPOCH, "file")
    }

    #[test]
    fn an_answer_names_its_letters_the_likeliest_first() {
        let all = events(
            "From: Kim <kim@bakery.example>\nMessage-ID: <r1@bakery.example>\nIn-Reply-To: <2@agency.example>\n\
             References: <1@agency.example> <2@agency.example>\nSubject: Re: x\n\nYes.\n\n> Shall we?\n",
        );
        let [one] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!(one.letters, ["2@agency.example", "1@agency.example"]);
        assert_eq!(
            (one.key.as_str(), one.address.as_ref().unwrap().as_str()),
            ("r1@bakery.example", "kim@bakery.example")
        );
        let MailEventKind::Answered { text, automatic } = &one.what else {
            panic!("{one:?}")
        };
        assert!(text.inspect(|t| t == "Yes.") && !automatic);
    }

    #[test]
    fn a_machine_s_answer_says_so() {
        let all = events(
            "From: kim@bakery.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n",
        );
        assert!(
            matches!(
                all.as_slice(),
                [MailEvent {
                    what: MailEventKind::Answered {
                        automatic: true,
                        ..
                    },
                    ..
                }]
            ),
            "{all:?}"
        );
        assert_eq!(
            all.first().unwrap().key.len(),
            64,
            "a mail without an id is known by its bytes"
        );
    }

    /// OU-11: hard, soft and block, by the status of each recipient; a policy block is no word on
    /// the person.
    #[test]
    fn a_report_is_one_event_a_recipient_with_its_class() {
        let all = events(
            "From: MAILER-DAEMON@mx.example\nMessage-ID: <d1@mx.example>\nSubject: Undelivered\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; gone@bakery.example\nAction: failed\nStatus: 5.1.1\n\n\
             Final-Recipient: rfc822; full@bakery.example\nAction: failed\nStatus: 5.2.2\n\n\
             Final-Recipient: rfc822; barred@bakery.example\nAction: failed\nStatus: 5.7.1\n\n\
             --b\nContent-Type: message/rfc822-headers\n\nMessage-ID: <7@agency.example>\nSubject: x\n\n--b--\n",
        );
        let told: Vec<_> = all
            .iter()
            .map(|e| (e.address.as_ref().unwrap().as_str(), e.what.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "gone@bakery.example",
                    MailEventKind::Bounced(BounceClass::Hard)
                ),
                (
                    "full@bakery.example",
                    MailEventKind::Bounced(BounceClass::Soft)
                ),
                (
                    "barred@bakery.example",
                    MailEventKind::Bounced(BounceClass::Block)
                ),
            ]
        );
        assert!(all.iter().all(|e| e.letters == ["7@agency.example"]));
        let mut keys: Vec<_> = all.iter().map(|e| e.key.clone()).collect();
        keys.dedup();
        assert_eq!(keys.len(), 3, "each is heard");
    }

    #[test]
    fn a_complaint_is_one_and_an_opt_out_by_report_is_the_other() {
        let report = |kind: &str| {
            events(&format!(
                "From: fbl@isp.example\nMessage-ID: <f1@isp.example>\nSubject: Report\nMIME-Version: 1.0\n\
                 Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nReport.\n\
                 --b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nOriginal-Rcpt-To: kim@bakery.example\n\n\
                 --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <7@agency.example>\n\n--b--\n"
            ))
        };
        for (kind, what) in [
            ("abuse", MailEventKind::Complained),
            ("opt-out", MailEventKind::OptedOut),
        ] {
            let all = report(kind);
            let [one] = all.as_slice() else {
                panic!("{all:?}")
            };
            assert_eq!(one.what, what);
            assert_eq!(one.letters, ["7@agency.example"]);
        }
    }
}
