//! The machine-readable mark of what AI made.

use serde::{Deserialize, Serialize};

/// Says that AI made a document, or parts of it.
///
/// Every format carries the mark twice: in words, and for machines as the
/// [digital source type](AiScope::uri) of IPTC. [`AiMark::find`] reads it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiMark {
    scope: AiScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generator: Option<String>,
    reviewed: bool,
}

/// How much of a document AI made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a reader of the mark must decide both cases"
)]
pub enum AiScope {
    /// Parts of it, beside what people or plain rules wrote.
    Parts,
    /// All of it.
    Whole,
}

impl AiScope {
    /// The term of IPTC's vocabulary of digital source types.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Parts => {
                "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
            }
            Self::Whole => "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        }
    }
}

impl AiMark {
    /// The mark of a document that nobody has reviewed yet.
    #[must_use]
    pub const fn new(scope: AiScope) -> Self {
        Self {
            scope,
            generator: None,
            reviewed: false,
        }
    }

    /// Names the system that made it.
    #[must_use]
    pub fn with_generator(mut self, generator: impl Into<String>) -> Self {
        self.generator = Some(generator.into());
        self
    }

    /// States that a person read it before it was released.
    #[must_use]
    pub fn reviewed(mut self) -> Self {
        self.reviewed = true;
        self
    }

    /// How much of the document it is about.
    #[must_use]
    pub const fn scope(&self) -> AiScope {
        self.scope
    }

    /// The system that made it.
    #[must_use]
    pub fn generator(&self) -> Option<&str> {
        self.generator.as_deref()
    }

    /// Whether a person read it.
    #[must_use]
    pub const fn is_reviewed(&self) -> bool {
        self.reviewed
    }

    /// Name under which the mark stands in every format.
    pub const NAME: &'static str = "digital-source-type";

    /// The mark as one keyword, `digital-source-type: <uri>`: a line of a Markdown head, a
    /// keyword of a PDF.
    #[must_use]
    pub fn keyword(&self) -> String {
        format!("{}: {}", Self::NAME, self.scope.uri())
    }

    /// The mark as an element of HTML: `<meta name=".." content="..">`.
    #[must_use]
    pub fn meta_element(&self) -> String {
        format!(
            "<meta name=\"{}\" content=\"{}\">",
            Self::NAME,
            self.scope.uri()
        )
    }

    /// Reads the mark back from a released file: PDF, HTML, SVG or Markdown.
    ///
    /// Words of the document itself cannot fake it: in HTML and SVG they stand escaped, in a
    /// PDF outside of its keywords, in Markdown below the head.
    #[must_use]
    pub fn find(bytes: &[u8]) -> Option<AiScope> {
        [AiScope::Parts, AiScope::Whole].into_iter().find(|scope| {
            let mark = Self::new(*scope);
            if bytes.starts_with(b"%PDF-") {
                // The one place of XMP where nothing but keywords stands.
                let keywords = format!("<pdf:Keywords>{}</pdf:Keywords>", mark.keyword());
                contains(bytes, keywords.as_bytes())
            } else if let Some(rest) = bytes.strip_prefix(b"---\n") {
                let head = rest
                    .windows(5)
                    .position(|at| at == b"\n---\n")
                    .and_then(|end| rest.get(..end));
                let line = mark.keyword();
                head.unwrap_or_default()
                    .split(|byte| *byte == b'\n')
                    .any(|found| found == line.as_bytes())
            } else {
                contains(bytes, mark.meta_element().as_bytes())
            }
        })
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|at| at == wanted)
}
