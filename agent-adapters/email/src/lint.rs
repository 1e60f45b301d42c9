use dealwright_core::personal::Purpose;
use dealwright_core::trust::{Letter, LetterClass, LintFinding};
use mail_parser::{HeaderValue, MessageParser};

/// Reads rendered bytes as a receiver would, and lists what the letter promised and the bytes do
/// not hold. Empty means that nothing was lost on the way.
#[must_use]
pub fn lint_mime(letter: &Letter, bytes: &[u8]) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    let mut missing = |rule: &str, what: &str| {
        findings.push(LintFinding {
            rule: rule.to_owned(),
            what: what.to_owned(),
        });
    };
    let Some(message) = MessageParser::default().parse(bytes) else {
        missing("RFC5322", "the bytes are no message");
        return findings;
    };
    let address_of = |list: Option<&mail_parser::Address<'_>>| {
        list.and_then(|l| l.first())
            .and_then(|a| a.address())
            .map(str::to_owned)
    };
    if address_of(message.from()).as_deref() != Some(letter.sender.address.as_str()) {
        missing("CS-1", "`From` is not the sender");
    }
    if address_of(message.reply_to()).as_deref() != Some(letter.sender.reply_to.as_str()) {
        missing("CS-1", "`Reply-To` is not the monitored mailbox");
    }
    let recipients = message.to().map_or(0, |to| to.iter().count());
    let to = address_of(message.to());
    if recipients != 1
        || to.as_deref() != Some(letter.to.reveal(Purpose::Contact).as_str())
        || message.cc().is_some()
        || message.bcc().is_some()
    {
        missing("I15", "the message goes to somebody else than the letter");
    }
    if message.message_id() != Some(letter.message_id.as_str()) {
        missing("OU-5", "`Message-ID` differs");
    }
    if message.subject() != Some(letter.subject().as_str()) {
        missing("CS-2", "the subject differs");
    }
    let text = message
        .body_text(0)
        .map(|t| t.replace("\r\n", "\n"))
        .unwrap_or_default();
    let html = message
        .body_html(0)
        .map(|t| t.replace("\r\n", "\n"))
        .unwrap_or_default();
    if text.trim_end() != letter.text().trim_end() {
        missing("CO-2", "the plain part differs from the letter");
    }
    if html.trim_end() != letter.html().trim_end() {
        missing("CO-2", "the html part differs from the letter");
    }
    let raw = |name: &str| -> Vec<String> {
        message
            .headers()
            .iter()
            .filter(|h| h.name().eq_ignore_ascii_case(name))
            .map(|h| match h.value() {
                HeaderValue::Text(text) => text.trim().to_owned(),
                _ => bytes
                    .get(h.offset_start as usize..h.offset_end as usize)
                    .map(|b| {
                        String::from_utf8_lossy(b)
                            .replace("\r\n", "")
                            .trim()
                            .to_owned()
                    })
                    .unwrap_or_default(),
            })
            .collect()
    };
    let (unsubscribe, post) = (raw("List-Unsubscribe"), raw("List-Unsubscribe-Post"));
    match &letter.notices.opt_out {
        Some(opt_out) => {
            let https = unsubscribe.join(" ").matches("https://").count();
            if unsubscribe.len() != 1 || https != 1 || !unsubscribe.join("").contains(&opt_out.url)
            {
                missing(
                    "R8-1",
                    "there is not exactly one `List-Unsubscribe` with the one https address",
                );
            }
            if post != ["List-Unsubscribe=One-Click"] {
                missing(
                    "R8-1",
                    "there is not exactly one `List-Unsubscribe-Post: List-Unsubscribe=One-Click`",
                );
            }
        }
        None if letter.class == LetterClass::Marketing => {
            missing("R8-1", "marketing without an opt-out address");
        }
        None => {}
    }
    let tracks = html.contains("<img") || html.contains("<script") || html.contains("url(");
    if tracks && !letter.tracking {
        missing("GD-18", "the html part loads remote content");
    }
    let marked = raw("X-AI-Generated").iter().any(|v| v == "true");
    if letter.made_by_ai != marked {
        missing(
            "AI-3",
            "the machine-readable mark of AI does not fit the letter",
        );
    }
    let automatic = !raw("Auto-Submitted").is_empty();
    if automatic != (letter.made_by_ai && !letter.approved) {
        missing(
            "AR-2",
            "`Auto-Submitted` does not fit who approved the letter",
        );
    }
    findings
}
