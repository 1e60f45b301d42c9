//! Letters that did not arrive: the standard report, and what is told in words alone.

use dealwright_core::mail::BounceClass;
use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;

use super::event::Event;
use super::mime::Walked;
use super::phrases;

/// Recipients of one bounce that are looked at.
const MOST: usize = 50;

/// An enhanced status code (RFC 3463): `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode {
    /// 2 for success, 4 for now, 5 for good.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl StatusCode {
    /// The first code in a text.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let codes = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
        codes
            .map(|code| code.trim_matches('.'))
            .find_map(Self::parse)
    }

    fn parse(code: &str) -> Option<Self> {
        let mut parts = code.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let small = |part: &str| part.len() <= 3;
        let whole = parts.next().is_none() && small(subject) && small(detail);
        let class: u8 = class
            .parse()
            .ok()
            .filter(|class| matches!(class, 2 | 4 | 5))?;
        whole.then_some(Self {
            class,
            subject: subject.parse().ok()?,
            detail: detail.parse().ok()?,
        })
    }
}

/// One recipient that did not get it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedRecipient {
    /// Who.
    pub address: EmailAddress,
    /// What it means.
    pub class: BounceClass,
    /// The code, where there is one.
    pub status: Option<StatusCode>,
    /// What the other side said.
    pub diagnostic: Option<Untrusted<String>>,
}

/// A letter that did not arrive, or is late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounce {
    /// Whom it did not reach; empty where the mail names nobody.
    pub recipients: Vec<FailedRecipient>,
    /// The `Message-ID` of the letter, where it is enclosed.
    pub letter: Option<String>,
}

/// The standard report. `None` where there is none, or where it tells that all went well.
pub(super) fn reported(mail: &Walked) -> Option<Bounce> {
    let reports = mail.reports.iter().filter(|(media, _)| {
        matches!(
            media.as_str(),
            "message/delivery-status" | "message/global-delivery-status"
        )
    });
    let text: Vec<&str> = reports.map(|(_, text)| text.as_str()).collect();
    let typed = mail.report_type.as_deref() == Some("delivery-status");
    if text.is_empty() && !typed {
        return None;
    }
    let mut recipients = Vec::new();
    let mut good = 0_usize;
    for block in text.iter().flat_map(|text| blocks(text)) {
        // The address that we wrote to comes first, then what became of it on the way.
        let named = [
            "original-recipient",
            "final-recipient",
            "x-actual-recipient",
        ];
        let address = named.iter().find_map(|name| {
            let value = field(&block, name)?;
            addresses(&value).into_iter().next()
        });
        let action = field(&block, "action").map(|action| action.to_lowercase());
        if matches!(
            action.as_deref(),
            Some("delivered" | "relayed" | "expanded")
        ) {
            good += 1;
            continue;
        }
        let Some(address) = address else { continue };
        let diagnostic = field(&block, "diagnostic-code");
        let status = field(&block, "status").and_then(|status| StatusCode::find(&status));
        let late = action.as_deref() == Some("delayed");
        add(&mut recipients, failed(address, status, diagnostic, late));
    }
    if recipients.is_empty() && good > 0 {
        return None;
    }
    if recipients.is_empty() {
        return worded(mail);
    }
    Some(Bounce {
        recipients,
        letter: letter(mail),
    })
}

/// The same as an event.
pub(super) fn notified(mail: &Walked) -> Option<Bounce> {
    let event = Event::of(mail, "Bounce")?;
    let list = event.list("bouncedRecipients")?;
    let for_now = event.says("bounceType", "Transient");
    let mut recipients = Vec::new();
    for address in addresses(list) {
        let status = StatusCode::find(list);
        let diagnostic = Some(list.to_owned());
        add(
            &mut recipients,
            failed(address, status, diagnostic, for_now),
        );
    }
    Some(Bounce {
        recipients,
        letter: None,
    })
}

/// Whether a mail without a report tells of a failure.
pub(super) fn told(mail: &Walked, automatic: bool) -> bool {
    if mail.header("x-failed-recipients").is_some() {
        return true;
    }
    let daemon = phrases::is_daemon(&mail.sender);
    let nobody = mail.return_path.as_deref() == Some("");
    let subject = phrases::subject_of_failure(&mail.subject);
    let text = phrases::tells_failure(own_words(mail));
    (daemon && (subject || text))
        || (subject && text)
        || (nobody && phrases::surely_failed(own_words(mail)))
        || (automatic && text && subject)
}

/// What such a mail tells.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is an alternative to `reported`"
)]
pub(super) fn worded(mail: &Walked) -> Option<Bounce> {
    let words = own_words(mail);
    let ours: Vec<&EmailAddress> = mail.from.iter().chain(&mail.to).collect();
    let named = mail.header("x-failed-recipients").map(addresses);
    let mut found = named.unwrap_or_default();
    if found.is_empty() {
        let fields = ["final-recipient", "original-recipient"];
        let mut values = fields.iter().filter_map(|name| field(words, name));
        found = values
            .find_map(|value| addresses(&value).into_iter().next())
            .into_iter()
            .collect();
    }
    if found.is_empty() {
        // What was said to the other server names the recipient, whatever else stands there.
        let told = words.lines().filter_map(|line| {
            let at = line.to_lowercase().find("rcpt to:")?;
            line.get(at..)
        });
        found = told.flat_map(addresses).collect();
        found.dedup();
    }
    if found.is_empty() {
        found = near_failure(words);
    }
    if found.is_empty() {
        found = addresses(words);
    }
    // Our own address and the system's stand there too; unless they are all there is.
    let others =
        |address: &&EmailAddress| !ours.contains(address) && !phrases::is_daemon(address.as_str());
    let failed_ones: Vec<EmailAddress> = found.iter().filter(others).cloned().collect();
    if !failed_ones.is_empty() {
        found = failed_ones;
    }
    if found.is_empty()
        && let Some(to) = mail.enclosed.as_deref().and_then(|head| field(head, "to"))
    {
        found = addresses(&to);
    }
    let mut recipients = Vec::new();
    let late = phrases::tells_delay(&mail.subject) || phrases::tells_delay(words);
    for address in found.into_iter().take(MOST) {
        let about = lines_about(words, address.as_str());
        let status = StatusCode::find(&about);
        let diagnostic = (!about.is_empty()).then_some(about);
        add(&mut recipients, failed(address, status, diagnostic, late));
    }
    Some(Bounce {
        recipients,
        letter: letter(mail),
    })
}

fn failed(
    address: EmailAddress,
    status: Option<StatusCode>,
    diagnostic: Option<String>,
    late: bool,
) -> FailedRecipient {
    let said = diagnostic.as_deref().unwrap_or_default();
    // What the other side said is more exact than `5.0.0`.
    let status = match status {
        Some(code) if code.detail == 0 => StatusCode::find(said).or(Some(code)),
        other => other.or_else(|| StatusCode::find(said)),
    };
    FailedRecipient {
        address,
        class: class_of(status, said, late),
        status,
        diagnostic: diagnostic.map(Untrusted::new),
    }
}

/// What a failure means for the next letter, by its code and by what the other side said.
pub(crate) fn class_of(status: Option<StatusCode>, said: &str, late: bool) -> BounceClass {
    let code = status.map(|s| (s.class, s.subject, s.detail));
    match code {
        Some((_, 7, _)) => BounceClass::Block,
        Some((_, 2, 2)) => BounceClass::Soft,
        Some((5, 1, _)) => BounceClass::Hard,
        Some((4, _, _)) => BounceClass::Soft,
        _ if phrases::tells_policy(said) => BounceClass::Block,
        _ if late || phrases::tells_full(said) || phrases::tells_given_up(said) => {
            BounceClass::Soft
        }
        Some((5, 3 | 4, _)) => BounceClass::Soft,
        None if reply_code(said).is_some_and(|code| (400..500).contains(&code)) => {
            BounceClass::Soft
        }
        _ => BounceClass::Hard,
    }
}

/// The first three-digit answer of a mail server.
fn reply_code(said: &str) -> Option<u16> {
    let words = said.split(|c: char| !c.is_ascii_digit());
    words
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse().ok())
        .find(|code| (400..600).contains(code))
}

/// Blocks of a report, parted by empty lines.
fn blocks(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let lines = text.lines().map(str::trim_end);
    let mut blocks = vec![String::new()];
    for line in lines {
        match blocks.last_mut() {
            Some(last) if line.is_empty() && last.is_empty() => {}
            Some(last) if !line.is_empty() => {
                last.push_str(line);
                last.push('\n');
            }
            _ => blocks.push(String::new()),
        }
    }
    blocks
}

/// The value of a field in a block of headers, unfolded.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines();
    let first = lines.by_ref().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.trim().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let mut value = first.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value)
}

/// The `Message-ID` in a block of headers, without brackets.
pub(super) fn message_id(head: &str) -> Option<String> {
    let id = field(head, "message-id")?;
    let id = id.trim().trim_matches(['<', '>']);
    (!id.is_empty()).then(|| id.to_owned())
}

fn letter(mail: &Walked) -> Option<String> {
    let headers = [
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    ];
    let kept = headers.iter().filter_map(|media| mail.report(media));
    mail.enclosed
        .as_deref()
        .into_iter()
        .chain(kept)
        .chain(enclosed_in_text(mail))
        .find_map(message_id)
}

/// Addresses in a text, each once.
pub(super) fn addresses(text: &str) -> Vec<EmailAddress> {
    let sign = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let mut found: Vec<EmailAddress> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + 1..).unwrap_or_default();
        let start = before.rfind(|c| !sign(c)).map_or(0, |i| {
            i + before
                .get(i..)
                .and_then(|r| r.chars().next())
                .map_or(1, char::len_utf8)
        });
        let end = after
            .find(|c: char| !(c.is_alphanumeric() || ".-".contains(c)))
            .unwrap_or(after.len());
        let local = before.get(start..).unwrap_or_default();
        let domain = after
            .get(..end)
            .unwrap_or_default()
            .trim_end_matches(['.', '-']);
        let address = format!("{}@{domain}", local.trim_start_matches(['.', '\'', '/']));
        if let Ok(address) = EmailAddress::parse(&address)
            && !found.contains(&address)
        {
            found.push(address);
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// Addresses that stand alone on a line, or with what was said of them: how failures list theirs.
fn near_failure(words: &str) -> Vec<EmailAddress> {
    let mut found: Vec<EmailAddress> = Vec::new();
    let mut told = false;
    for line in words.lines() {
        let line = line.trim();
        let here = addresses(line);
        let listed = line.starts_with(['<', '>', '*'])
            || line.split_whitespace().count() <= 2
            || line.ends_with(':');
        let failure = phrases::tells_failure(line) || reply_code(line).is_some();
        told |= failure;
        if (told && listed) || failure {
            for address in here {
                if !found.contains(&address) {
                    found.push(address);
                }
            }
        }
    }
    found
}

/// The lines that name an address and the two after each, as one.
fn lines_about(words: &str, address: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).collect();
    let mut about: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.to_lowercase().contains(&address.to_lowercase()) {
            about.extend(lines.iter().skip(at).take(4).filter(|l| !l.is_empty()));
        }
    }
    about.truncate(8);
    about.join(" ")
}

/// The text up to where the letter is enclosed.
fn own_words(mail: &Walked) -> &str {
    let end = enclosed_at(&mail.text).unwrap_or(mail.text.len());
    mail.text.get(..end).unwrap_or(&mail.text)
}

fn enclosed_in_text(mail: &Walked) -> Option<&str> {
    mail.text.get(enclosed_at(&mail.text)?..)
}

/// Where the headers of a letter begin in a text: at a line that says so, or at the first header
/// line of three.
fn enclosed_at(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut headers = 0;
    let mut first = 0;
    for line in text.split_inclusive('\n') {
        let low = line.trim().to_lowercase();
        if phrases::begins_enclosed(&low) {
            return Some(at);
        }
        let header = low.split_once(':').is_some_and(|(name, _)| {
            matches!(
                name,
                "received"
                    | "return-path"
                    | "message-id"
                    | "mime-version"
                    | "content-type"
                    | "x-mailer"
                    | "dkim-signature"
                    | "subject"
                    | "from"
                    | "to"
                    | "date"
            )
        });
        if header {
            if headers == 0 {
                first = at;
            }
            headers += 1;
            if headers >= 3 {
                return Some(first);
            }
        } else if !line.starts_with([' ', '\t']) {
            headers = 0;
        }
        at += line.len();
    }
    None
}

fn add(recipients: &mut Vec<FailedRecipient>, recipient: FailedRecipient) {
    let known = |r: &FailedRecipient| r.address == recipient.address;
    if recipients.len() < MOST && !recipients.iter().any(known) {
        recipients.push(recipient);
    }
}
