//! The port that turns documents into files.

use std::fmt::{self, Debug};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Document;
use crate::error::PortError;
#[cfg(doc)]
use crate::error::PortErrorKind;

/// What a document is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// One page of HTML that needs no other file.
    Html,
    /// CommonMark with tables.
    Markdown,
    /// PDF.
    Pdf,
    /// One chart of the document.
    Svg {
        /// Which, in reading order from 0.
        chart: usize,
    },
}

impl Format {
    /// The ending of a file name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Pdf => "pdf",
            Self::Svg { .. } => "svg",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Svg { .. } => "image/svg+xml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// Port: turns a document into a file.
///
/// # Contract
///
/// - The same document gives the same bytes, on any machine and at any time.
/// - No text of a document is ever taken for markup or code.
/// - Every kind of block is shown; none is dropped in silence.
/// - A format that is not made here, and a chart that is not there, is
///   [`PortErrorKind::Invalid`].
/// - A document that fails [`Document::check`] is [`PortErrorKind::Invalid`].
/// - The mark of what AI made is in the file, where [`AiMark::find`](super::AiMark::find)
///   finds it; a document without a mark yields a file without one.
///
/// Implementors prove this with [`conformance`](super::conformance).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait DocumentRenderer: Debug + Send + Sync {
    /// Makes the file.
    ///
    /// # Errors
    ///
    /// [`PortErrorKind::Invalid`] as the contract says; [`PortErrorKind::Unexpected`] where
    /// the tool behind it fails.
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError>;
}

#[deny(clippy::missing_trait_methods)]
impl<T: DocumentRenderer + ?Sized> DocumentRenderer for &T {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        (**self).render(document, format)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: DocumentRenderer + ?Sized> DocumentRenderer for Arc<T> {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        (**self).render(document, format)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: DocumentRenderer + ?Sized> DocumentRenderer for Box<T> {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        (**self).render(document, format)
    }
}
