use std::collections::BTreeSet;

use handlebars::template::{HelperTemplate, Parameter, Subexpression, Template, TemplateElement};
use handlebars::{Handlebars, no_escape};

use super::helpers::{self, NEED, PRESENT};
use super::{OutputKind, TemplateSource};
use crate::knowledge::Slug;
use crate::text::Context;

/// Largest source, in bytes.
const LARGEST: usize = 64 * 1024;
/// Deepest nesting of blocks, and of `each` among them.
const DEEPEST: usize = 16;
const DEEPEST_EACH: usize = 2;

const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];
const VALUES: [&str; 4] = ["money", "date", "list", "url"];
const TESTS: [&str; 10] = [
    "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len",
];

/// Why a template was refused at load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template `{template}` ({kind}) {what}")]
pub struct TemplateError {
    template: Slug,
    kind: OutputKind,
    what: String,
}

/// The registry of one kind.
pub(super) fn registry(
    kind: OutputKind,
    sources: &[TemplateSource],
) -> Result<Handlebars<'static>, TemplateError> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    match kind {
        OutputKind::Html => registry.register_escape_fn(|text| Context::HtmlText.encode(text)),
        OutputKind::Text | OutputKind::Header => registry.register_escape_fn(no_escape),
    }
    helpers::register(&mut registry, kind);
    let mut names = BTreeSet::new();
    for source in sources.iter().filter(|s| s.kind == kind) {
        let refuse = |what: String| TemplateError {
            template: source.id.clone(),
            kind,
            what,
        };
        if !names.insert(&source.id) {
            return Err(refuse("stands there twice; give each its own name".into()));
        }
        let template = compile(source).map_err(refuse)?;
        registry.register_template(&source.id, template);
    }
    Ok(registry)
}

fn compile(source: &TemplateSource) -> Result<Template, String> {
    if source.body.len() > LARGEST {
        return Err("has more than 64 KiB; shorten it".to_owned());
    }
    if source.kind == OutputKind::Header && source.body.trim_end().contains(['\r', '\n']) {
        return Err("has a line break; a header is one line".to_owned());
    }
    shallow(&source.body)?;
    let mut template = Template::compile(&source.body).map_err(|e| {
        let reason = e.reason().to_string();
        let line = reason.lines().map(str::trim).rfind(|l| !l.is_empty());
        match e.pos() {
            Some((line_number, _)) => format!(
                "is malformed at line {line_number}: {}",
                line.unwrap_or_default()
            ),
            None => format!("is malformed: {}", line.unwrap_or_default()),
        }
    })?;
    template.name = Some(source.id.to_string());
    Walk { kind: source.kind }.template(&mut template, 0)?;
    Ok(template)
}

/// Bounds nesting before the parser, which recurses, sees the text.
fn shallow(body: &str) -> Result<(), String> {
    if body.contains("{{{") {
        return Err("uses `{{{`; there is no unescaped output".to_owned());
    }
    let mut depth = 0_usize;
    for (number, part) in body.split("{{").enumerate() {
        if number == 0 {
            continue;
        }
        let inside = part.split("}}").next().unwrap_or_default();
        let tag = inside.trim_start_matches('~').trim_start();
        if tag.starts_with('#') || tag.starts_with('^') {
            depth += 1;
        } else if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        }
        let nested = inside.matches(['(', '[', '{']).count();
        if depth > DEEPEST || nested > DEEPEST {
            return Err("nests more than 16 deep; flatten it".to_owned());
        }
    }
    Ok(())
}

/// Refuses what is outside the language and makes every variable a checked one.
struct Walk {
    kind: OutputKind,
}

impl Walk {
    fn template(&self, template: &mut Template, each: usize) -> Result<(), String> {
        let mut before = String::new();
        for element in &mut template.elements {
            match element {
                TemplateElement::RawString(text) => {
                    before.clone_from(text);
                    continue;
                }
                TemplateElement::Comment(_) => continue,
                TemplateElement::Expression(helper) => {
                    self.expression(helper)?;
                    self.place(helper, &before)?;
                }
                TemplateElement::HelperBlock(helper) => self.block(helper, each)?,
                TemplateElement::HtmlExpression(_) => {
                    return Err("uses unescaped output; there is none".to_owned());
                }
                TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                    return Err("uses a decorator; there are none".to_owned());
                }
                TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
                    return Err("uses a partial; write the text out".to_owned());
                }
                _ => return Err("uses a construct that is not known here".to_owned()),
            }
            before.clear();
        }
        Ok(())
    }

    /// `{{x}}` becomes a call that insists on a value; `{{helper x}}` has to be a known one.
    fn expression(&self, helper: &mut HelperTemplate) -> Result<(), String> {
        let bare = helper.params.is_empty() && helper.hash.is_empty();
        if bare {
            let name = std::mem::replace(&mut helper.name, Parameter::Name(NEED.to_owned()));
            let Some(path) = as_path(name) else {
                return Err("prints something that is not a variable".to_owned());
            };
            helper.params.push(path);
            return Ok(());
        }
        let name = name_of(helper)?;
        if VALUES.contains(&name.as_str()) || name == "len" {
            self.parameters(helper)
        } else {
            Err(format!(
                "uses `{name}`, which is not one of its helpers: money, date, list, url"
            ))
        }
    }

    fn block(&self, helper: &mut HelperTemplate, each: usize) -> Result<(), String> {
        let name = name_of(helper)?;
        if !BLOCKS.contains(&name.as_str()) {
            return Err(format!(
                "opens `{name}`, which is not one of its blocks: if, unless, each, with"
            ));
        }
        let each = each + usize::from(name == "each");
        if each > DEEPEST_EACH {
            return Err("nests more than two `each`; flatten it".to_owned());
        }
        self.parameters(helper)?;
        if name == "if" || name == "unless" {
            // A misspelt condition would silently be false: insist that it is there.
            for param in &mut helper.params {
                if let Parameter::Path(_) = param {
                    let path = param.clone();
                    *param = Parameter::Subexpression(Subexpression::new(
                        Parameter::Name(PRESENT.to_owned()),
                        vec![path],
                        std::collections::HashMap::new(),
                    ));
                }
            }
        }
        let parts = [&mut helper.template, &mut helper.inverse];
        for template in parts.into_iter().flatten() {
            self.template(template, each)?;
        }
        Ok(())
    }

    fn parameters(&self, helper: &mut HelperTemplate) -> Result<(), String> {
        for parameter in helper.params.iter_mut().chain(helper.hash.values_mut()) {
            self.parameter(parameter)?;
        }
        Ok(())
    }

    fn parameter(&self, parameter: &mut Parameter) -> Result<(), String> {
        let Parameter::Subexpression(inner) = parameter else {
            return Ok(());
        };
        let TemplateElement::Expression(helper) = inner.element.as_mut() else {
            return Err("has a parameter it cannot have".to_owned());
        };
        let name = name_of(helper)?;
        if !TESTS.contains(&name.as_str()) && !VALUES.contains(&name.as_str()) {
            return Err(format!("calls `{name}`, which is not one of its helpers"));
        }
        self.parameters(helper)
    }

    /// Escaping does not make a link harmless, so links go through `url`, and no value stands
    /// outside quotes inside a tag.
    fn place(&self, helper: &HelperTemplate, before: &str) -> Result<(), String> {
        if self.kind != OutputKind::Html {
            return Ok(());
        }
        let inside = before
            .rfind('<')
            .is_some_and(|open| before.rfind('>').is_none_or(|close| close < open));
        if !inside {
            return Ok(());
        }
        let Some((left, quote)) = before.char_indices().next_back() else {
            return Ok(());
        };
        let attribute = before
            .get(..left)
            .and_then(|text| text.trim_end().strip_suffix('='));
        let name = attribute.map(|text| {
            let start = text.rfind(|c: char| c.is_whitespace()).map_or(0, |i| i + 1);
            text.get(start..).unwrap_or_default().to_ascii_lowercase()
        });
        match name {
            Some(name) if quote == '"' || quote == '\'' => {
                let link = matches!(name.as_str(), "href" | "src" | "action" | "formaction");
                if link && helper.name.as_name() != Some("url") {
                    return Err(format!(
                        "puts a value into `{name}`; use `{{{{url x}}}}` there"
                    ));
                }
                if name == "style" || name.starts_with("on") {
                    return Err(format!(
                        "puts a value into `{name}`; values cannot stand there"
                    ));
                }
                Ok(())
            }
            _ if quote == '=' => Err("puts a value into an attribute without quotes".to_owned()),
            _ => Ok(()),
        }
    }
}

fn as_path(parameter: Parameter) -> Option<Parameter> {
    match parameter {
        Parameter::Path(_) => Some(parameter),
        Parameter::Name(name) => Parameter::parse(&name)
            .ok()
            .filter(|p| matches!(p, Parameter::Path(_))),
        _ => None,
    }
}

fn name_of(helper: &HelperTemplate) -> Result<String, String> {
    helper
        .name
        .as_name()
        .map(str::to_owned)
        .ok_or_else(|| "calls something that has no name".to_owned())
}
