use std::io;

use handlebars::{Handlebars, RenderErrorReason};
use serde_json::Value;

use super::OutputKind;

/// Most bytes of output; of a header, most characters.
const LARGEST: usize = 256 * 1024;
const LONGEST_HEADER: usize = 1_000;
/// Most values in the input.
const MOST_VALUES: usize = 20_000;

/// Why a template did not render. Nothing is rendered in part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// There is no such template.
    #[error("there is no template `{template}` ({kind}); add it")]
    NoTemplate {
        /// Its name.
        template: String,
        /// What it should yield.
        kind: OutputKind,
    },
    /// A variable is not there.
    #[error("template `{template}` ({kind}) needs `{variable}`, which is missing")]
    Missing {
        /// The template.
        template: String,
        /// What it yields.
        kind: OutputKind,
        /// The variable, as the template writes it.
        variable: String,
    },
    /// A variable is there and empty.
    #[error("template `{template}` ({kind}) needs `{variable}`, which is empty")]
    Empty {
        /// The template.
        template: String,
        /// What it yields.
        kind: OutputKind,
        /// The variable, as the template writes it.
        variable: String,
    },
    /// A variable is of the wrong form.
    #[error("template `{template}` ({kind}) needs `{variable}` to be {form}")]
    Wrong {
        /// The template.
        template: String,
        /// What it yields.
        kind: OutputKind,
        /// The variable, as the template writes it.
        variable: String,
        /// What it should be.
        form: &'static str,
    },
    /// Input or output is beyond its bound.
    #[error("template `{template}` ({kind}) is beyond its bounds: {what}")]
    TooLarge {
        /// The template.
        template: String,
        /// What it yields.
        kind: OutputKind,
        /// The bound.
        what: &'static str,
    },
    /// Anything else that the engine refuses.
    #[error("template `{template}` ({kind}) does not render: {reason}")]
    Failed {
        /// The template.
        template: String,
        /// What it yields.
        kind: OutputKind,
        /// What the engine said.
        reason: String,
    },
}

/// What a helper found wrong with a variable; carried through the engine.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{0}` is empty")]
    Empty(String),
    #[error("`{0}` must be {1}")]
    Wrong(String, &'static str),
}

pub(super) fn render(
    registry: Option<&Handlebars<'static>>,
    kind: OutputKind,
    id: &str,
    input: &Value,
) -> Result<String, RenderError> {
    let template = id.to_owned();
    let registry = registry.filter(|r| r.has_template(id));
    let Some(registry) = registry else {
        return Err(RenderError::NoTemplate { template, kind });
    };
    if values(input, MOST_VALUES) == 0 {
        return Err(RenderError::TooLarge {
            template,
            kind,
            what: "more than 20000 values of input",
        });
    }
    let mut out = Bounded(Vec::new());
    if let Err(error) = registry.render_to_write(id, input, &mut out) {
        return Err(explain(&error, template, kind));
    }
    let text = String::from_utf8(out.0).map_err(|_| RenderError::Failed {
        template: template.clone(),
        kind,
        reason: "the output is not text".to_owned(),
    })?;
    if kind != OutputKind::Header {
        return Ok(text);
    }
    let line = text.trim().to_owned();
    if line.is_empty() {
        return Err(RenderError::Empty {
            template,
            kind,
            variable: "the whole line".to_owned(),
        });
    }
    if line.chars().count() > LONGEST_HEADER {
        return Err(RenderError::TooLarge {
            template,
            kind,
            what: "more than 1000 characters of header",
        });
    }
    Ok(line)
}

/// What is left of `budget` after counting the values inside; 0 where it does not suffice.
fn values(value: &Value, budget: usize) -> usize {
    let left = budget.saturating_sub(1);
    match value {
        Value::Array(items) => items.iter().fold(left, |left, item| match left {
            0 => 0,
            left => values(item, left),
        }),
        Value::Object(fields) => fields.values().fold(left, |left, item| match left {
            0 => 0,
            left => values(item, left),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => left,
    }
}

fn explain(error: &handlebars::RenderError, template: String, kind: OutputKind) -> RenderError {
    match error.reason() {
        RenderErrorReason::NestedError(inner) => match inner.downcast_ref::<Problem>() {
            Some(Problem::Missing(variable)) => RenderError::Missing {
                template,
                kind,
                variable: variable.clone(),
            },
            Some(Problem::Empty(variable)) => RenderError::Empty {
                template,
                kind,
                variable: variable.clone(),
            },
            Some(Problem::Wrong(variable, form)) => RenderError::Wrong {
                template,
                kind,
                variable: variable.clone(),
                form,
            },
            None => failed(error, template, kind),
        },
        RenderErrorReason::MissingVariable(variable) => RenderError::Missing {
            template,
            kind,
            variable: variable.clone().unwrap_or_else(|| "a value".to_owned()),
        },
        RenderErrorReason::IOError(_) => RenderError::TooLarge {
            template,
            kind,
            what: "more than 256 KiB of output",
        },
        _ => failed(error, template, kind),
    }
}

fn failed(error: &handlebars::RenderError, template: String, kind: OutputKind) -> RenderError {
    RenderError::Failed {
        template,
        kind,
        reason: error.reason().to_string(),
    }
}

struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > LARGEST {
            return Err(io::Error::other("output too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
