use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;

use super::class::{BounceSeverity, MailClass};
use super::mail::{InboundMail, ReportKind};
use super::phrases::ReplyPhrases;
use crate::words::Text;

/// Reads the machine-readable parts; they say more than any words.
pub(super) fn report(mail: &InboundMail, phrases: &ReplyPhrases) -> Option<MailClass> {
    let report = mail.reports().iter().next()?;
    Some(match report.kind() {
        ReportKind::Feedback => {
            let kind = report.groups().iter().find_map(|g| g.get("feedback-type"));
            // `abuse`, `fraud`, `virus`, `other`: whoever reports does not want more of it.
            let harmless = kind.is_some_and(|k| is(k, "not-spam"));
            if harmless {
                MailClass::Automatic
            } else {
                MailClass::Complaint
            }
        }
        ReportKind::Disposition => MailClass::Automatic,
        ReportKind::DeliveryStatus => {
            delivery(report.groups(), phrases).unwrap_or(MailClass::Automatic)
        }
    })
}

type Group = std::collections::BTreeMap<String, Untrusted<String>>;

/// The worst of what is said about the recipients; `None` where it arrived.
fn delivery(groups: &[Group], phrases: &ReplyPhrases) -> Option<MailClass> {
    groups
        .iter()
        .filter(|group| {
            group
                .get("action")
                .is_none_or(|a| is(a, "failed") || is(a, "delayed"))
                && group.contains_key("status")
        })
        .map(|group| {
            let words = group
                .get("diagnostic-code")
                .map(|d| d.inspect(|raw| Text::read(raw)));
            let status = group.get("status").and_then(|s| s.inspect(|raw| code(raw)));
            let inner = group
                .get("diagnostic-code")
                .and_then(|d| d.inspect(|raw| code(raw)));
            let recipient = group
                .get("final-recipient")
                .or_else(|| group.get("original-recipient"))
                .and_then(|r| r.inspect(|raw| address(raw)));
            let severity = severity(status, inner, words.as_ref(), phrases);
            let delayed = group.get("action").is_some_and(|a| is(a, "delayed"));
            let severity = if delayed && severity == BounceSeverity::Hard {
                BounceSeverity::Soft
            } else {
                severity
            };
            (severity, recipient)
        })
        .min_by_key(|(severity, _)| *severity)
        .map(|(severity, recipient)| MailClass::Bounce {
            severity,
            recipient,
        })
}

/// Whether the headers say that no person wrote this.
pub(super) fn is_machine(mail: &InboundMail) -> bool {
    let told = |name: &str| mail.header(name);
    told("auto-submitted")
        .is_some_and(|v| !v.inspect(|raw| raw.trim().to_ascii_lowercase().starts_with("no")))
        || [
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-response",
            "x-vacation",
            "x-mail-autoreply",
        ]
        .iter()
        .any(|name| told(name).is_some_and(|v| !is(v, "no")))
        || told("x-auto-response-suppress").is_some()
        || told("precedence").is_some_and(|v| {
            ["auto_reply", "auto-reply", "bulk", "junk", "list"]
                .iter()
                .any(|p| is(v, p))
        })
        || told("list-id").is_some()
        || told("list-unsubscribe").is_some()
        || has_null_sender(mail)
}

fn has_null_sender(mail: &InboundMail) -> bool {
    mail.header("return-path").is_some_and(|v| is(v, "<>"))
}

/// A returned letter without a report: by its sender and its words.
pub(super) fn bounce(
    mail: &InboundMail,
    subject: &Text,
    text: &Text,
    phrases: &ReplyPhrases,
) -> Option<MailClass> {
    let daemon = mail.from().is_none()
        || mail.from().is_some_and(|from| {
            let local = from.local().to_ascii_lowercase();
            local.starts_with("mailer-daemon") || local == "postmaster" || local == "mailerdaemon"
        });
    let failed = mail.header("x-failed-recipients");
    let says =
        phrases.bounce.first_in(subject).is_some() || phrases.bounce.first_in(text).is_some();
    if failed.is_none()
        && !(daemon && says)
        && !(has_null_sender(mail) && phrases.bounce.first_in(subject).is_some())
    {
        return None;
    }
    let inner = mail.text().inspect(|raw| code(raw));
    let recipient = failed
        .and_then(|f| f.inspect(|raw| address(raw)))
        .or_else(|| {
            mail.text()
                .inspect(|raw| addresses(raw).into_iter().find(|a| !mail.to().contains(a)))
        });
    Some(MailClass::Bounce {
        severity: severity(None, inner, Some(text), phrases),
        recipient,
    })
}

/// What an enhanced status code (RFC 3463) and the words around it say.
///
/// A refusal by policy is never held against the address, whatever code stands beside it; and
/// what nobody explains is temporary.
fn severity(
    status: Option<(u8, u16, u16)>,
    inner: Option<(u8, u16, u16)>,
    words: Option<&Text>,
    phrases: &ReplyPhrases,
) -> BounceSeverity {
    use BounceSeverity::{Block, Hard, Soft};
    let says =
        |list: &crate::words::Phrases| words.is_some_and(|text| list.first_in(text).is_some());
    let specific = status
        .filter(|(_, subject, detail)| (*subject, *detail) != (0, 0))
        .or(inner);
    if says(&phrases.bounce_block) {
        return Block;
    }
    match specific {
        Some((_, 7, _)) | Some((5, 1, 7 | 8)) => Block,
        Some((4, _, _)) => Soft,
        Some((5, 1, _)) | Some((5, 2, 1)) | Some((5, 4, 4)) => Hard,
        Some((5, subject, _)) if subject != 0 => Soft,
        _ if says(&phrases.bounce_soft) => Soft,
        _ if says(&phrases.bounce_hard) => Hard,
        _ => Soft,
    }
}

/// The first `5.1.1` in a text.
fn code(raw: &str) -> Option<(u8, u16, u16)> {
    raw.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find_map(|word| {
            let mut parts = word.trim_end_matches('.').split('.');
            let class: u8 = parts.next().filter(|p| p.len() == 1)?.parse().ok()?;
            let subject = parts.next().filter(|p| p.len() <= 2)?.parse().ok()?;
            let detail = parts.next().filter(|p| p.len() <= 3)?.parse().ok()?;
            (matches!(class, 2 | 4 | 5) && parts.next().is_none())
                .then_some((class, subject, detail))
        })
}

/// The first address in a text such as `rfc822; ada@shop.example`.
fn address(raw: &str) -> Option<EmailAddress> {
    addresses(raw).into_iter().next()
}

/// The addresses in a text, in their order.
pub(super) fn addresses(raw: &str) -> Vec<EmailAddress> {
    raw.split(|c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | ';' | ',' | '"' | '(' | ')' | '[' | ']')
    })
    .filter(|word| word.contains('@'))
    .map(|word| {
        word.trim_start_matches("mailto:")
            .trim_matches(['.', ':', '!', '?', '\''])
    })
    .filter_map(|word| EmailAddress::parse(word).ok())
    .take(8)
    .collect()
}

fn is(value: &Untrusted<String>, wanted: &str) -> bool {
    value.inspect(|raw| raw.trim().eq_ignore_ascii_case(wanted))
}
