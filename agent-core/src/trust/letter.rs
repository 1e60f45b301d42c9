use serde::{Deserialize, Serialize};

use super::LegalBasis;
use crate::canonical::{self, Digest32};
use crate::error::{PortError, PortErrorKind};
use crate::party::{Channel, Country, DomainName, EmailAddress, Language, LegalForm};
use crate::personal::{self, Personal, Purpose};
use crate::text::{Context, Untrusted};
use crate::time::Timestamp;

/// What a letter is for; the rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LetterClass {
    /// Meant to sell.
    Marketing,
    /// An answer to what a person asked us.
    Answer,
    /// What a contract or a running project needs: contracts, invoices, reports.
    Service,
}

/// Who writes. The library writes for somebody, never for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The embedding company's id; every send carries it.
    pub principal: String,
    /// The organisation as it is registered.
    pub organisation: String,
    /// The name in `From`.
    pub name: String,
    /// The address in `From`.
    pub address: EmailAddress,
    /// Where answers go; a monitored mailbox.
    pub reply_to: EmailAddress,
    /// Street or box, place and country, as lines.
    pub postal: Vec<String>,
    /// How to reach a person there, for example a telephone number.
    pub contact: String,
}

/// One paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    /// The words.
    pub text: String,
    /// Whether it sells something.
    pub promotional: bool,
}

/// The words of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The subject.
    pub subject: String,
    /// The body.
    pub paragraphs: Vec<Paragraph>,
    /// The name under it.
    pub signature: String,
}

impl crate::personal::Placeholder for Content {
    fn placeholder() -> Self {
        Self {
            subject: String::placeholder(),
            paragraphs: Vec::new(),
            signature: String::new(),
        }
    }
}

impl Content {
    /// Promotional characters of the body in percent.
    #[must_use]
    pub fn promotional_percent(&self) -> u32 {
        let count = |p: &Paragraph| p.text.chars().count();
        let all: usize = self.paragraphs.iter().map(count).sum();
        let selling: usize = self
            .paragraphs
            .iter()
            .filter(|p| p.promotional)
            .map(count)
            .sum();
        let percent = selling.saturating_mul(100) / all.max(1);
        u32::try_from(percent).unwrap_or(100)
    }
}

/// How to be left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    /// The sentence that explains it; stands in both parts.
    pub text: String,
    /// The one-click address: HTTPS, opaque, names recipient and list by itself.
    pub url: String,
    /// The mailbox that takes the same wish.
    pub mailto: Option<EmailAddress>,
}

impl OptOut {
    /// The part of the address that names recipient and list: what stands behind its last slash,
    /// whatever host the address was made for.
    #[must_use]
    pub fn token(&self) -> &str {
        self.url
            .rsplit_once('/')
            .map_or(self.url.as_str(), |(_, token)| token)
    }
}

/// The sentences that law and fairness ask for; each stands in both parts of the letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// How to be left alone.
    pub opt_out: Option<OptOut>,
    /// That this is an advertisement.
    pub advertisement: Option<String>,
    /// That an AI wrote it.
    pub ai: Option<String>,
    /// Where the address came from.
    pub source: Option<String>,
    /// The right to object and the other rights, in a block of their own.
    pub rights: Option<String>,
    /// Where the data-use notice stands.
    pub data_use: Option<String>,
}

/// Which letter this answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The `Message-ID` it answers, without angle brackets.
    pub in_reply_to: String,
    /// The chain before it, oldest first.
    pub references: Vec<String>,
}

/// A file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name, without path.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its content, in `Blobs`.
    pub blob: Digest32,
    /// Whether an AI made it; the renderer marks it machine-readably.
    pub made_by_ai: bool,
}

/// The canonical letter: all that a renderer needs, and all that the lint looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What it is for.
    pub class: LetterClass,
    /// The channel it goes by.
    pub channel: Channel,
    /// The campaign or contract it belongs to.
    pub campaign: String,
    /// The step of it; with campaign, recipient and channel it is sent at most once.
    pub step: String,
    /// Who writes.
    pub sender: Sender,
    /// To whom.
    pub to: Personal<EmailAddress>,
    /// Their name, where known.
    pub to_name: Option<Personal<String>>,
    /// The language.
    pub language: Language,
    /// The words.
    pub content: Personal<Content>,
    /// The notices.
    pub notices: Notices,
    /// Which letter this answers.
    pub thread: Option<Thread>,
    /// Its own `Message-ID`, without angle brackets.
    pub message_id: String,
    /// What goes with it.
    pub attachments: Vec<Attachment>,
    /// Whether an AI wrote it.
    pub made_by_ai: bool,
    /// Whether a person approved it; if not, it is marked as automatic.
    pub approved: bool,
    /// Whether it holds a pixel or links that tell of opening.
    pub tracking: bool,
}

impl Letter {
    /// The name under which it is sent at most once to a recipient.
    #[must_use]
    pub fn intent(&self) -> String {
        format!("{}/{}/{}", self.campaign, self.step, self.channel.name())
    }

    /// The hash that an approval is bound to: everything but the approval itself.
    ///
    /// # Errors
    ///
    /// `Invalid` where the letter has no canonical form.
    pub fn content_hash(&self) -> Result<Digest32, PortError> {
        let mut plain = self.clone();
        plain.approved = false;
        let invalid = || PortError::new("hash letter", PortErrorKind::Invalid);
        let value = personal::stored(|| serde_json::to_value(&plain))
            .map_err(|e| invalid().with_source(e))?;
        canonical::hash(&value).map_err(|e| invalid().with_source(e))
    }

    /// The subject as it will stand in the header.
    #[must_use]
    pub fn subject(&self) -> String {
        Untrusted::new(self.content.reveal(Purpose::Contact).subject.clone())
            .render_for(Context::Header)
    }

    /// The plain part.
    #[must_use]
    pub fn text(&self) -> String {
        let content = self.content.reveal(Purpose::Contact);
        let mut blocks: Vec<String> = Vec::new();
        if let Some(notice) = &self.notices.ai {
            blocks.push(notice.clone());
        }
        blocks.extend(content.paragraphs.iter().map(|p| p.text.clone()));
        blocks.push(content.signature.clone());
        let mut foot = vec!["--".to_owned(), self.sender.organisation.clone()];
        foot.extend(self.sender.postal.iter().cloned());
        foot.push(self.sender.contact.clone());
        blocks.push(foot.join("\n"));
        blocks.extend(self.footer());
        if let Some(opt_out) = &self.notices.opt_out {
            blocks.push(format!("{}\n{}", opt_out.text, opt_out.url));
        }
        if let Some(url) = &self.notices.data_use {
            blocks.push(url.clone());
        }
        let mut text = blocks.join("\n\n");
        text.push('\n');
        text
    }

    /// The HTML part: the same words, no remote content.
    #[must_use]
    pub fn html(&self) -> String {
        let escape = |text: &str| Untrusted::new(text.to_owned()).render_for(Context::HtmlText);
        let attribute = |text: &str| Untrusted::new(text.to_owned()).render_for(Context::HtmlAttr);
        let lines = |text: &str| text.lines().map(escape).collect::<Vec<_>>().join("<br>\n");
        let content = self.content.reveal(Purpose::Contact);
        let mut html = String::from("<!DOCTYPE html>\n<html lang=\"");
        html.push_str(&attribute(self.language.code()));
        html.push_str("\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
        html.push_str(&escape(&content.subject));
        html.push_str("</title></head>\n<body style=\"margin:0;background:#ffffff\">\n<div style=\"max-width:36em;margin:0 auto;padding:1.5em;font:16px/1.55 Georgia,serif;color:#1d2733\">\n");
        let small = "<p style=\"font:13px/1.5 Helvetica,Arial,sans-serif;color:#5a6673\">";
        let mut paragraph = |open: &str, inner: &str| {
            html.push_str(open);
            html.push_str(inner);
            html.push_str("</p>\n");
        };
        if let Some(notice) = &self.notices.ai {
            paragraph(small, &lines(notice));
        }
        for p in &content.paragraphs {
            paragraph("<p>", &lines(&p.text));
        }
        paragraph("<p>", &lines(&content.signature));
        let mut foot = vec![escape(&self.sender.organisation)];
        foot.extend(self.sender.postal.iter().map(|l| escape(l)));
        foot.push(escape(&self.sender.contact));
        paragraph(
            "<p style=\"font:13px/1.5 Helvetica,Arial,sans-serif;color:#5a6673;border-top:1px solid #d5dbe1;padding-top:1em\">",
            &foot.join("<br>\n"),
        );
        for notice in self.footer() {
            paragraph(small, &lines(&notice));
        }
        if let Some(opt_out) = &self.notices.opt_out {
            paragraph(
                small,
                &format!(
                    "{}<br>\n<a href=\"{}\">{}</a>",
                    lines(&opt_out.text),
                    attribute(&opt_out.url),
                    escape(&opt_out.url)
                ),
            );
        }
        if let Some(url) = &self.notices.data_use {
            paragraph(
                small,
                &format!("<a href=\"{}\">{}</a>", attribute(url), escape(url)),
            );
        }
        html.push_str("</div>\n</body>\n</html>\n");
        html
    }

    fn footer(&self) -> Vec<String> {
        [
            &self.notices.advertisement,
            &self.notices.source,
            &self.notices.rights,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
    }
}

/// What the rules need to know of a recipient, as the asker knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientFacts {
    /// Whose law applies; `None` means the strictest.
    pub country: Option<Country>,
    /// Their zone, an IANA name, where known.
    pub zone: Option<String>,
    /// Their legal form; unknown counts as an individual.
    pub legal_form: LegalForm,
    /// Why we may write.
    pub basis: Option<LegalBasis>,
    /// The source of the address, in the terms register.
    pub source: String,
    /// Whether the source's terms allow this use now.
    pub source_allowed: bool,
    /// Whether the source forbids harvesting or solicitation.
    pub no_solicitation: bool,
    /// Whether the address was guessed from a pattern.
    pub guessed: bool,
    /// Whether they gave us the address themselves.
    pub self_supplied: bool,
    /// Their company's domain, for wide suppression and caps.
    pub company: Option<DomainName>,
}

/// A letter that a process wants sent, with what the rules need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The letter.
    pub letter: Letter,
    /// What the rules need to know.
    pub facts: RecipientFacts,
    /// When it was drafted.
    pub drafted_at: Timestamp,
}

impl Letter {
    /// The campaign without the case it runs for: what campaign caps count.
    #[must_use]
    pub fn campaign_family(&self) -> String {
        self.campaign
            .split_once('/')
            .map_or(self.campaign.as_str(), |(family, _)| family)
            .to_owned()
    }
}
