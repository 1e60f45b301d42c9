//! Templates: strict, bounded, and escaped for where their output goes.

mod helpers;
mod load;
mod render;

pub use helpers::listed;
pub use load::TemplateError;
pub use render::RenderError;

use std::collections::BTreeMap;
use std::fmt;

use handlebars::Handlebars;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Slug;
use crate::party::Language;

/// What a template yields; each kind has a registry and escaping of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputKind {
    /// HTML: values are escaped; links take `{{url x}}` only.
    Html,
    /// Text: values stand as they are.
    Text,
    /// One header line, such as a subject: a value with a line break is refused.
    Header,
}

impl OutputKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Html, Self::Text, Self::Header];
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "html",
            Self::Text => "text",
            Self::Header => "header",
        })
    }
}

/// A template as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// Its name; a letter's subject, text and HTML share one.
    pub id: Slug,
    /// What it yields.
    pub kind: OutputKind,
    /// The handlebars source, at most 64 KiB.
    pub body: String,
}

/// A set of templates as it is written; not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplatesParams {
    /// The templates.
    #[serde(default)]
    pub templates: Vec<TemplateSource>,
}

impl TemplatesParams {
    /// Compiles and checks all templates.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for the first that is too large, too deep, malformed, or uses a
    /// construct outside the documented set.
    pub fn check(self) -> Result<Templates, TemplateError> {
        let mut registries = BTreeMap::new();
        for kind in OutputKind::ALL {
            registries.insert(kind, load::registry(kind, &self.templates)?);
        }
        Ok(Templates {
            params: self,
            registries,
        })
    }
}

/// Templates that render completely or not at all.
///
/// # Language
///
/// Handlebars with `if`, `unless`, `else`, `each`, `with`, the comparisons `eq ne gt gte lt lte
/// and or not`, `len`, and four helpers: `{{money x}}` (a money value; `lang="de"` for another
/// way of writing), `{{date x}}` (a day or instant; `lang`, `zone`), `{{list xs}}` (`a, b and
/// c`; `and="und"`), `{{url x}}` (http, https or mailto). No partials, decorators, raw blocks
/// or unescaped output.
///
/// A template whose name ends in a language, `hello-de`, is `hello` in that language.
///
/// # Bounds
///
/// 64 KiB of source, 16 nested blocks of which two `each`, 20,000 values of input, 256 KiB of
/// output (1,000 characters for a header).
///
/// ```
/// use dealwright_core::knowledge::{OutputKind, Slug, TemplateSource, TemplatesParams};
/// let templates = TemplatesParams {
///     templates: vec![TemplateSource {
///         id: Slug::parse("hello")?,
///         kind: OutputKind::Html,
///         body: "<p>Dear {{name}}</p>".to_owned(),
///     }],
/// }
/// .check()?;
/// let html = templates.render(OutputKind::Html, "hello", &serde_json::json!({"name": "A & B"}))?;
/// assert_eq!(html, "<p>Dear A &amp; B</p>");
/// let error = templates.render(OutputKind::Html, "hello", &serde_json::json!({})).unwrap_err();
/// assert_eq!(error.to_string(), "template `hello` (html) needs `name`, which is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Templates {
    params: TemplatesParams,
    registries: BTreeMap<OutputKind, Handlebars<'static>>,
}

impl Templates {
    /// Whether there is a template of that name and kind.
    #[must_use]
    pub fn has(&self, kind: OutputKind, id: &str) -> bool {
        self.registries
            .get(&kind)
            .is_some_and(|r| r.has_template(id))
    }

    /// The name of `id` in `language`: `hello-de` where there is one of that name and kind, else
    /// `hello` itself.
    #[must_use]
    pub fn in_language(&self, kind: OutputKind, id: &str, language: Language) -> String {
        let own = format!("{id}-{}", language.code());
        if self.has(kind, &own) {
            own
        } else {
            id.to_owned()
        }
    }

    /// Renders, or says what is missing.
    ///
    /// # Errors
    ///
    /// [`RenderError::Missing`] and [`RenderError::Empty`] name the variable; nothing is
    /// rendered in part.
    pub fn render(&self, kind: OutputKind, id: &str, input: &Value) -> Result<String, RenderError> {
        render::render(self.registries.get(&kind), kind, id, input)
    }

    /// The templates as they were written.
    #[must_use]
    pub fn params(&self) -> &TemplatesParams {
        &self.params
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.params.templates.iter().map(|t| (&t.id, t.kind)))
            .finish()
    }
}

impl Clone for Templates {
    fn clone(&self) -> Self {
        Self {
            params: self.params.clone(),
            registries: self.registries.clone(),
        }
    }
}

impl PartialEq for Templates {
    fn eq(&self, other: &Self) -> bool {
        self.params == other.params
    }
}

impl Eq for Templates {}

impl Serialize for Templates {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.params.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Templates {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TemplatesParams::deserialize(deserializer)?
            .check()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
