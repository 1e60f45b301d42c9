//! Documents as structure: proposals, contracts, invoices, plans and reports before they are
//! HTML, PDF or Markdown.
//!
//! A [`Document`] holds words, amounts, dates and figures, and no markup. Every text in it is
//! plain: renderers escape it for where it stands, so a title that reads
//! `<script>` or `#import` is printed as those characters. Amounts stay
//! [`Money`](crate::money::Money) until they are printed, in one place ([`Wording`]), so that
//! every form of a document shows the same figures.

mod block;
mod chart;
mod check;
mod figures;
mod inline;
mod mark;
mod meta;
mod plain;
mod render;
mod table;
mod wording;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::block::{
    Block, Callout, Fact, Heading, List, ListItem, Metric, Passage, Signature, Signed, Tone,
};
pub use self::chart::{Bar, Chart, ChartData, Dial, Milestone, Series, Stage, TaskBar};
pub use self::check::DocumentError;
pub use self::inline::{Href, HrefError, Inline, Span};
pub use self::mark::{AiMark, AiScope};
pub use self::meta::{Accent, AccentError, Identity, Meta, Paper, Reference};
pub use self::plain::PlainRenderer;
#[cfg(any(test, feature = "testing"))]
pub use self::render::MockDocumentRenderer;
pub use self::render::{DocumentRenderer, Format};
pub use self::table::{Align, Cell, Column, Row, Table, Value};
pub use self::wording::{Label, Wording};

use crate::canonical::{self, CanonicalError, Digest32};
use crate::party::Language;

/// What a document is for. It sets the word above the title and how strictly it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DocumentKind {
    /// What an analysis of a website found.
    AuditReport,
    /// What a finished project achieved.
    CaseStudy,
    /// What both sides sign.
    Contract,
    /// A bill taken back, whole or in part.
    CreditNote,
    /// A bill.
    Invoice,
    /// A letter.
    Letter,
    /// Structured data about a business, before and after.
    Listing,
    /// What will be done, by whom and when.
    Plan,
    /// Scope, terms and one quote.
    Proposal,
    /// What was done, and what it cost.
    Report,
}

/// A document: head, blocks in reading order, and the mark it carries where AI made it.
///
/// ```
/// use dealwright_core::document::{Document, DocumentKind, DocumentRenderer, Format, PlainRenderer};
/// use dealwright_core::party::Language;
///
/// let report = Document::new(DocumentKind::Report, "Status in March", Language::EN)
///     .heading(1, "Done")
///     .paragraph("The new site is live.");
/// let bytes = PlainRenderer.render(&report, Format::Markdown)?;
/// assert!(String::from_utf8(bytes)?.contains("## Done"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    kind: DocumentKind,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subtitle: Option<String>,
    language: Language,
    #[serde(default)]
    meta: Meta,
    #[serde(default)]
    accent: Accent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<AiMark>,
    #[serde(default)]
    numbered: bool,
    blocks: Vec<Block>,
}

impl Document {
    /// A document without content, dated and addressed to nobody.
    #[must_use]
    pub fn new(kind: DocumentKind, title: impl Into<String>, language: Language) -> Self {
        Self {
            kind,
            title: title.into(),
            subtitle: None,
            language,
            meta: Meta::default(),
            accent: Accent::default(),
            mark: None,
            numbered: false,
            blocks: Vec::new(),
        }
    }

    /// Sets the line below the title.
    #[must_use]
    pub fn with_subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// Sets parties, number, date and references.
    #[must_use]
    pub fn with_meta(mut self, meta: Meta) -> Self {
        self.meta = meta;
        self
    }

    /// Sets the one colour of the sender's house.
    #[must_use]
    pub fn with_accent(mut self, accent: Accent) -> Self {
        self.accent = accent;
        self
    }

    /// Marks the document as made by AI, for readers and for machines.
    #[must_use]
    pub fn with_mark(mut self, mark: AiMark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Numbers the headings (1, 1.1, 1.1.1), as contracts need it.
    #[must_use]
    pub fn numbered(mut self) -> Self {
        self.numbered = true;
        self
    }

    /// Adds a block at the end.
    #[must_use]
    pub fn block(mut self, block: impl Into<Block>) -> Self {
        self.push(block);
        self
    }

    /// Adds a heading; `level` 1 is the highest below the title, 3 the lowest.
    #[must_use]
    pub fn heading(self, level: u8, text: impl Into<String>) -> Self {
        self.block(Heading::new(level, text))
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<Inline>) -> Self {
        self.block(Block::Paragraph(text.into()))
    }

    /// Adds a block at the end, in place.
    pub fn push(&mut self, block: impl Into<Block>) {
        self.blocks.push(block.into());
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The line below the title.
    #[must_use]
    pub fn subtitle(&self) -> Option<&str> {
        self.subtitle.as_deref()
    }

    /// The language it is written in; labels, dates and amounts follow it.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Parties, number, date and references.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The one colour.
    #[must_use]
    pub fn accent(&self) -> Accent {
        self.accent
    }

    /// The mark, where AI had a part in it.
    #[must_use]
    pub fn mark(&self) -> Option<&AiMark> {
        self.mark.as_ref()
    }

    /// The blocks in reading order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The charts in reading order; [`Format::Svg`] counts in this order, from 0.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure(chart) => Some(chart),
            _ => None,
        })
    }

    /// For each block the number that stands before it: of headings, where they are numbered.
    #[must_use]
    pub fn numbers(&self) -> Vec<Option<String>> {
        let mut counts = [0_u32; 3];
        self.blocks
            .iter()
            .map(|block| match block {
                Block::Heading(heading) if self.numbered => {
                    let depth = usize::from(heading.level().clamp(1, 3));
                    if let Some(count) = counts.get_mut(depth - 1) {
                        *count += 1;
                    }
                    counts.iter_mut().skip(depth).for_each(|count| *count = 0);
                    let parts: Vec<String> =
                        counts.iter().take(depth).map(u32::to_string).collect();
                    Some(parts.join("."))
                }
                _ => None,
            })
            .collect()
    }

    /// The hash that an approval, a signature or a manifest is bound to: SHA-256 of the
    /// canonical JSON. Equal documents have equal hashes, whatever they were rendered to.
    ///
    /// # Errors
    ///
    /// [`CanonicalError`] where a field cannot be written canonically; none of today's can fail.
    pub fn content_hash(&self) -> Result<Digest32, CanonicalError> {
        canonical::hash_of(self)
    }

    /// Whether every renderer can show it: rows as wide as their table, headings without a
    /// skipped level, charts whose series fit, alt texts present.
    ///
    /// Renderers call this first, so a caller may leave it to them.
    ///
    /// # Errors
    ///
    /// The first [`DocumentError`] in reading order.
    pub fn check(&self) -> Result<(), DocumentError> {
        check::check(self)
    }
}

impl fmt::Debug for Document {
    /// The outline only: documents are full of names and prices.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind)
            .field("language", &self.language)
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
