//! PDF by Typst: the template is ours and fixed, the document reaches it as a JSON file, and
//! charts as pictures beside it. No text of a document is ever part of the template.

mod data;
mod world;

use dealwright_core::document::{Document, Wording};
use dealwright_core::error::{PortError, PortErrorKind};
use typst::comemo;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use self::world::{Job, Shelf};
use crate::svg::{self, Look};

/// How many more documents a piece of layout is remembered for.
const KEPT: usize = 3;

/// What all documents share: fonts, library and template.
pub(crate) struct Press {
    shelf: Shelf,
}

impl Press {
    pub(crate) fn new() -> Self {
        Self {
            shelf: Shelf::new(),
        }
    }

    /// The PDF, by PDF/UA-1 and PDF/A-2a where the document allows: a character that no font
    /// here has, or a document without a date, allows neither, and yields a plain PDF.
    pub(crate) fn pdf(&self, document: &Document) -> Result<Vec<u8>, PortError> {
        let wording = Wording::of(document.language());
        let look = Look {
            accent: document.accent(),
            wording: &wording,
            font: "'Libertinus Serif'",
        };
        let drawings: Vec<_> = document
            .charts()
            .map(|chart| svg::draw(chart, &look))
            .collect();
        let pictures = drawings.iter().map(|drawing| drawing.picture(&look));
        let data = data::of(document, &drawings, &wording);
        let job = Job::new(&self.shelf, data.to_string(), pictures);
        let made = print(&job);
        comemo::evict(KEPT);
        made
    }
}

fn print(job: &Job<'_>) -> Result<Vec<u8>, PortError> {
    let laid_out = typst::compile(job).output.map_err(|found| failed(&found))?;
    let archival = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|found| unexpected(found.message()))?;
    let options = |standards| PdfOptions {
        // The time of day and the version of a tool have no place in equal bytes.
        creator: Smart::Custom(Some("dealwright".to_owned())),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&laid_out, &options(archival))
        .or_else(|_| typst_pdf::pdf(&laid_out, &options(PdfStandards::default())))
        .map_err(|found| failed(&found))
}

fn failed(found: &[SourceDiagnostic]) -> PortError {
    let messages: Vec<_> = found.iter().map(|one| one.message.as_str()).collect();
    unexpected(&messages.join("; "))
}

fn unexpected(message: &str) -> PortError {
    PortError::new("typeset document", PortErrorKind::Unexpected).with_source(message.to_owned())
}
