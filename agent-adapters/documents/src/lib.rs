#![doc = include_str!("../README.md")]

mod color;
mod html;
mod pdf;
mod svg;

use std::fmt;
use std::sync::Arc;

use dealwright_core::document::{Document, DocumentRenderer, Format, PlainRenderer, Wording};
use dealwright_core::error::{PortError, PortErrorKind};

use self::pdf::Press;
use self::svg::Look;

/// Makes PDF, HTML, SVG and Markdown of documents.
///
/// It holds the fonts and the library of Typst, which are read once: make one and share it.
/// Clones share what they hold. It reads no file, asks no clock and reaches no network.
#[derive(Clone)]
pub struct Typesetter {
    press: Arc<Press>,
}

impl Typesetter {
    /// Reads the fonts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            press: Arc::new(Press::new()),
        }
    }
}

impl Default for Typesetter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Typesetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typesetter")
    }
}

impl DocumentRenderer for Typesetter {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        let invalid = || PortError::new("render document", PortErrorKind::Invalid);
        document
            .check()
            .map_err(|error| invalid().with_source(error))?;
        match format {
            Format::Html => Ok(html::page(document).into_bytes()),
            Format::Markdown => PlainRenderer.render(document, format),
            Format::Pdf => self.press.pdf(document),
            Format::Svg { chart } => {
                let wording = Wording::of(document.language());
                let look = Look {
                    accent: document.accent(),
                    wording: &wording,
                    font: "ui-sans-serif, system-ui, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif",
                };
                let found = document.charts().nth(chart).ok_or_else(|| {
                    invalid().with_source(format!("the document has no chart {chart}"))
                })?;
                let drawing = svg::draw(found, &look);
                Ok(drawing.file(found, &look, document.mark()).into_bytes())
            }
            _ => Err(invalid().with_source(format!("`{format}` is not made here"))),
        }
    }
}
