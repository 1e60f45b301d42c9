use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason,
    ScopedJson,
};
use serde_json::Value;

use super::OutputKind;
use super::render::Problem;
use crate::money::Money;

/// What `{{x}}` is compiled to; the name cannot be written in a template.
pub(super) const NEED: &str = "@need";
/// What the condition of `{{#if x}}` is wrapped in.
pub(super) const PRESENT: &str = "@present";

pub(super) fn register(registry: &mut Handlebars<'static>, kind: OutputKind) {
    for (name, what) in [
        (NEED, What::Need),
        (PRESENT, What::Present),
        ("money", What::Money),
        ("date", What::Date),
        ("list", What::List),
        ("url", What::Url),
    ] {
        registry.register_helper(name, Box::new(Value1 { what, kind }));
    }
}

#[derive(Clone, Copy)]
enum What {
    Need,
    Present,
    Money,
    Date,
    List,
    Url,
}

/// A helper of one value; its text is escaped by the registry like any other value.
struct Value1 {
    what: What,
    kind: OutputKind,
}

impl HelperDef for Value1 {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let param = helper.param(0);
        let name = param
            .and_then(|p| p.relative_path().cloned())
            .unwrap_or_else(|| "a value".to_owned());
        let given = param.filter(|p| !p.is_value_missing());
        let value = given.ok_or_else(|| fail(Problem::Missing(name.clone())))?;
        let value = value.value();
        if let What::Present = self.what {
            return Ok(ScopedJson::Derived(value.clone()));
        }
        let hash = |key: &str| helper.hash_get(key).and_then(|p| p.value().as_str());
        let text = match self.what {
            What::Need | What::Present => plain(value, &name),
            What::Money => money(value, hash("lang").unwrap_or("en"), &name),
            What::Date => date(value, hash("lang").unwrap_or("en"), hash("zone"), &name),
            What::List => list(value, hash("and").unwrap_or("and"), &name),
            What::Url => url(value, &name),
        }
        .map_err(fail)?;
        if text.trim().is_empty() {
            return Err(fail(Problem::Empty(name)));
        }
        if self.kind == OutputKind::Header && text.chars().any(char::is_control) {
            return Err(fail(Problem::Wrong(
                name,
                "one line without control characters",
            )));
        }
        Ok(ScopedJson::Derived(Value::String(text)))
    }
}

fn fail(problem: Problem) -> RenderError {
    RenderErrorReason::NestedError(Box::new(problem)).into()
}

fn plain(value: &Value, name: &str) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Err(Problem::Empty(name.to_owned())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(Problem::Wrong(name.to_owned(), "a text or a number"))
        }
    }
}

/// `1,234.50 EUR`, or `1.234,50 EUR` in languages that write it so.
fn money(value: &Value, lang: &str, name: &str) -> Result<String, Problem> {
    let money: Money = serde_json::from_value(value.clone())
        .map_err(|_| Problem::Wrong(name.to_owned(), "an amount of money"))?;
    let amount = money.amount().abs().to_string();
    let (whole, part) = amount.split_once('.').unwrap_or((amount.as_str(), ""));
    let (group, point) = match lang {
        "en" => (',', '.'),
        "fr" | "pl" | "sv" | "cs" => ('\u{a0}', ','),
        _ => ('.', ','),
    };
    let mut text = String::from(if money.is_negative() { "-" } else { "" });
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(group);
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push(point);
        text.push_str(part);
    }
    // Writing to a String cannot fail.
    let _ = write!(text, " {}", money.currency());
    Ok(text)
}

const MONTHS: [(&str, [&str; 12]); 3] = [
    (
        "en",
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
    ),
    (
        "de",
        [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
    ),
    (
        "fr",
        [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    ),
];

/// `4 March 2026`; in languages without a table `2026-03-04`.
fn date(value: &Value, lang: &str, zone: Option<&str>, name: &str) -> Result<String, Problem> {
    let wrong = || Problem::Wrong(name.to_owned(), "a day or an instant");
    let text = value.as_str().ok_or_else(wrong)?;
    let day = match text.parse::<NaiveDate>() {
        Ok(day) => day,
        Err(_) => {
            let instant: DateTime<Utc> = text.parse().map_err(|_| wrong())?;
            match zone {
                None => instant.date_naive(),
                Some(zone) => {
                    let zone: Tz = zone
                        .parse()
                        .map_err(|_| Problem::Wrong("zone".to_owned(), "an IANA zone name"))?;
                    instant.with_timezone(&zone).date_naive()
                }
            }
        }
    };
    let months = MONTHS.iter().find(|(code, _)| *code == lang);
    let month = months.and_then(|(_, names)| names.get(day.month0() as usize));
    Ok(match month {
        Some(month) if lang == "de" => format!("{}. {month} {}", day.day(), day.year()),
        Some(month) => format!("{} {month} {}", day.day(), day.year()),
        None => day.to_string(),
    })
}

/// `a`, `a and b`, `a, b and c`.
fn list(value: &Value, and: &str, name: &str) -> Result<String, Problem> {
    let items = value
        .as_array()
        .ok_or_else(|| Problem::Wrong(name.to_owned(), "a list"))?;
    let texts = items
        .iter()
        .map(|item| plain(item, name))
        .collect::<Result<Vec<_>, _>>()?;
    if texts.iter().any(|t| t.trim().is_empty()) {
        return Err(Problem::Empty(name.to_owned()));
    }
    Ok(listed(&texts, and))
}

/// Words in a row as a sentence has them, with the language's own `and`.
///
/// ```
/// use dealwright_core::knowledge::listed;
/// assert_eq!(listed(&["logo", "texts", "photos"], "and"), "logo, texts and photos");
/// assert_eq!(listed(&["Logo", "Texte"], "und"), "Logo und Texte");
/// ```
#[must_use]
pub fn listed<T: AsRef<str>>(words: &[T], and: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} {and} {last}", rest.join(", ")),
    }
}

fn url(value: &Value, name: &str) -> Result<String, Problem> {
    let wrong = || Problem::Wrong(name.to_owned(), "a http, https or mailto link");
    let parsed = url::Url::parse(value.as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
    match parsed.scheme() {
        "http" | "https" | "mailto" => Ok(parsed.to_string()),
        _ => Err(wrong()),
    }
}
