use std::collections::BTreeMap;

use dealwright_core::id::MessageId;
use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A mail that came in, as an adapter took it apart. Nothing in it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMail {
    id: MessageId,
    received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<EmailAddress>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<EmailAddress>,
    subject: Untrusted<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Untrusted<String>>,
    text: Untrusted<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reports: Vec<ReportPart>,
}

impl InboundMail {
    /// A mail with its plain text; HTML was turned into text before.
    pub fn new(
        id: MessageId,
        received_at: Timestamp,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            id,
            received_at,
            from: None,
            to: Vec::new(),
            subject: Untrusted::new(subject.into()),
            headers: BTreeMap::new(),
            text: Untrusted::new(text.into()),
            in_reply_to: None,
            references: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Sets the writer; returned mail may have none.
    #[must_use]
    pub fn from_address(mut self, from: EmailAddress) -> Self {
        self.from = Some(from);
        self
    }

    /// Adds a recipient, one of our own addresses.
    #[must_use]
    pub fn to_address(mut self, to: EmailAddress) -> Self {
        self.to.push(to);
        self
    }

    /// Adds a header; of several of one name the last stays.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .insert(name.to_ascii_lowercase(), Untrusted::new(value.into()));
        self
    }

    /// Says which message it answers: `Message-ID` without angle brackets, and the chain before.
    #[must_use]
    pub fn answering(mut self, in_reply_to: impl Into<String>, references: Vec<String>) -> Self {
        self.in_reply_to = Some(in_reply_to.into());
        self.references = references;
        self
    }

    /// Adds a machine-readable part.
    #[must_use]
    pub fn with_report(mut self, report: ReportPart) -> Self {
        self.reports.push(report);
        self
    }

    /// Its id; quotations name it.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// When it came; dates in it count from there.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Who wrote it, by the `From` header.
    #[must_use]
    pub fn from(&self) -> Option<&EmailAddress> {
        self.from.as_ref()
    }

    /// Whom it was written to.
    #[must_use]
    pub fn to(&self) -> &[EmailAddress] {
        &self.to
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Untrusted<String> {
        &self.subject
    }

    /// A header by its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&Untrusted<String>> {
        self.headers.get(&name.to_ascii_lowercase())
    }

    /// The plain text as it came, with quotes and signature.
    #[must_use]
    pub fn text(&self) -> &Untrusted<String> {
        &self.text
    }

    /// The `Message-ID` it answers, without angle brackets.
    #[must_use]
    pub fn in_reply_to(&self) -> Option<&str> {
        self.in_reply_to.as_deref()
    }

    /// The chain before it, oldest first.
    #[must_use]
    pub fn references(&self) -> &[String] {
        &self.references
    }

    /// Its machine-readable parts.
    #[must_use]
    pub fn reports(&self) -> &[ReportPart] {
        &self.reports
    }
}

/// What kind of report a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportKind {
    /// `message/delivery-status` of RFC 3464.
    DeliveryStatus,
    /// `message/feedback-report` of RFC 5965.
    Feedback,
    /// `message/disposition-notification` of RFC 8098.
    Disposition,
}

/// A machine-readable part: its groups of fields, names in lower case, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPart {
    kind: ReportKind,
    groups: Vec<BTreeMap<String, Untrusted<String>>>,
}

impl ReportPart {
    /// A part of that kind without fields.
    #[must_use]
    pub fn new(kind: ReportKind) -> Self {
        Self {
            kind,
            groups: Vec::new(),
        }
    }

    /// Adds a group of fields: of a delivery status the first is about the message, each
    /// further one about a recipient.
    #[must_use]
    pub fn with_group<N: AsRef<str>, V: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let group = fields
            .into_iter()
            .map(|(name, value)| {
                (
                    name.as_ref().to_ascii_lowercase(),
                    Untrusted::new(value.into()),
                )
            })
            .collect();
        self.groups.push(group);
        self
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> ReportKind {
        self.kind
    }

    /// Its groups of fields.
    #[must_use]
    pub fn groups(&self) -> &[BTreeMap<String, Untrusted<String>>] {
        &self.groups
    }
}
