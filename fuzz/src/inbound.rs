//! Mail of any bytes: reading it never panics and reads the same twice, what is kept is bounded, and
//! a reply is never longer than its text.

use dealwright_email::inbound::{InboundKind, InboundLimits, InboundMail};

/// Reads `data` as a mail.
pub fn run(data: &[u8]) {
    let limits = InboundLimits {
        bytes: 64 * 1024,
        parts: 50,
        text: 4_000,
    };
    let Ok(mail) = InboundMail::read(data, &limits) else {
        return;
    };
    assert_eq!(InboundMail::read(data, &limits).as_ref(), Ok(&mail));
    let length = |text: &String| text.chars().count();
    let text = mail.text.inspect(length);
    assert!(text <= limits.text + 1, "{text} characters are kept");
    assert!(mail.reply.inspect(length) <= text, "a reply grew");
    if let InboundKind::Bounce(bounce) = &mail.kind {
        assert!(bounce.recipients.len() <= 50);
    }
    let _ = mail.answers(|id| id.ends_with("@agency.example"));
}

/// A reply, a report of a failure, one told in words, a complaint and an absence note.
pub fn seeds() -> Vec<Vec<u8>> {
    let report = "From: MAILER-DAEMON@a.example\r\nReturn-Path: <>\r\nSubject: Undelivered\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n--b\r\n\
        Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example\r\n\r\n\
        Final-Recipient: rfc822; x@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nMessage-ID: <1@agency.example>\r\nTo: x@b.example\r\n\r\nhi\r\n--b--\r\n";
    let words = "From: Mail Delivery System <postmaster@a.example>\r\nSubject: failure notice\r\n\r\n\
        I was unable to deliver your message.\r\n\r\n<x@b.example>:\r\n550 5.2.2 mailbox full\r\n\r\n\
        --- Below this line is a copy of the message.\r\n\r\nTo: x@b.example\r\n";
    let complaint = "From: fbl@c.example\r\nSubject: FW\r\n\
        Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n\
        Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: x@b.example\r\n--b--\r\n";
    let reply = "From: Mara <m@b.example>\r\nTo: us@agency.example\r\nIn-Reply-To: <1@agency.example>\r\n\
        References: <0@agency.example> <1@agency.example>\r\nSubject: Re: x\r\n\r\nYes.\r\n\r\n\
        Am 13.12.2025 21:11 schrieb \"Us\" <us@agency.example>:\r\n> Shall we?\r\n-- \r\nMara\r\n";
    let away = "From: m@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack on Monday.\r\n";
    [report, words, complaint, reply, away]
        .map(|mail| mail.as_bytes().to_vec())
        .to_vec()
}
