//! Documents as Markdown: the renderer that needs no tool.

use std::fmt::Write as _;

use super::{
    Align, Block, Cell, Chart, Document, DocumentRenderer, Format, Inline, Label, Row, Signature,
    Span, Table, Value, Wording,
};
use crate::error::{PortError, PortErrorKind};
use crate::text::Context;

/// Writes Markdown (CommonMark with tables), and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainRenderer;

impl DocumentRenderer for PlainRenderer {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        let invalid = || PortError::new("render document", PortErrorKind::Invalid);
        document
            .check()
            .map_err(|error| invalid().with_source(error))?;
        match format {
            Format::Markdown => Ok(markdown(document).into_bytes()),
            _ => Err(invalid().with_source(format!(
                "`{format}` is not made here; ask for md, or use a renderer that makes it"
            ))),
        }
    }
}

fn markdown(document: &Document) -> String {
    let wording = Wording::of(document.language());
    let mut out = String::new();
    if let Some(mark) = document.mark() {
        out.push_str(&format!("---\n{}\n---\n\n", mark.keyword()));
    }
    head(document, &wording, &mut out);
    for (block, number) in document.blocks().iter().zip(document.numbers()) {
        write_block(block, number.as_deref(), &wording, &mut out);
    }
    foot(document, &wording, &mut out);
    let mut text = out.trim_end().to_owned();
    text.push('\n');
    text
}

fn head(document: &Document, wording: &Wording, out: &mut String) {
    let meta = document.meta();
    line(out, &format!("# {}", escape(document.title())));
    if let Some(subtitle) = document.subtitle() {
        line(out, &format!("*{}*", escape(subtitle)));
    }
    let kind = wording.kind(document.kind());
    let draft = if meta.is_draft() {
        format!(" ({})", wording.label(Label::Draft))
    } else {
        String::new()
    };
    let mut facts = vec![format!("**{kind}**{draft}")];
    if let Some(number) = meta.number() {
        facts.push(pair(wording.label(Label::Number), &escape(number)));
    }
    if let Some(date) = meta.date() {
        facts.push(pair(wording.label(Label::Date), &wording.date(date)));
    }
    if let Some(version) = meta.version() {
        facts.push(pair(wording.label(Label::Version), &version.to_string()));
    }
    for fact in meta.facts() {
        let value = value(fact.value(), wording);
        facts.push(pair(&escape(fact.label()), &value));
    }
    for (label, party) in [
        (None, meta.sender()),
        (Some(wording.label(Label::To)), meta.recipient()),
    ] {
        let Some(party) = party else { continue };
        let parts: Vec<String> = std::iter::once(party.name())
            .chain(party.lines().iter().map(String::as_str))
            .chain(party.details().iter().map(String::as_str))
            .map(escape)
            .collect();
        let parts = parts.join(" · ");
        facts.push(label.map_or_else(|| parts.clone(), |label| pair(label, &parts)));
    }
    line(out, &facts.join("  \n"));
}

fn foot(document: &Document, wording: &Wording, out: &mut String) {
    let references = document.meta().references();
    if !references.is_empty() {
        line(out, &format!("**{}**", wording.label(Label::References)));
        for reference in references {
            let _ = writeln!(
                out,
                "- {}: `{}`",
                escape(reference.label()),
                reference.digest()
            );
        }
        out.push('\n');
    }
    if let Some(mark) = document.mark() {
        line(out, &format!("*{}*", escape(&wording.notice(mark))));
    }
}

fn write_block(block: &Block, number: Option<&str>, wording: &Wording, out: &mut String) {
    match block {
        Block::Heading(heading) => {
            let hashes = "#".repeat(usize::from(heading.level()) + 1);
            let number = number
                .map(|number| format!("{number} "))
                .unwrap_or_default();
            line(out, &format!("{hashes} {number}{}", escape(heading.text())));
        }
        Block::Paragraph(text) | Block::SmallPrint(text) => line(out, &inline(text, wording)),
        Block::List(list) => {
            for (at, item) in list.items().iter().enumerate() {
                let sign = if list.is_ordered() {
                    format!("{}.", at + 1)
                } else {
                    "-".to_owned()
                };
                let _ = writeln!(out, "{sign} {}", inline(item.text(), wording));
                let indent = " ".repeat(sign.len() + 1);
                for point in item.points() {
                    let _ = writeln!(out, "{indent}- {}", inline(point, wording));
                }
            }
            out.push('\n');
        }
        Block::Facts(facts) => {
            for fact in facts {
                let value = value(fact.value(), wording);
                let _ = writeln!(out, "- {}", pair(&escape(fact.label()), &value));
            }
            out.push('\n');
        }
        Block::Metrics(metrics) => {
            for metric in metrics {
                let value = value(metric.value(), wording);
                let note = metric.note().map(|note| format!(" ({})", escape(note)));
                let _ = writeln!(
                    out,
                    "- {}{}",
                    pair(&escape(metric.label()), &value),
                    note.unwrap_or_default()
                );
            }
            out.push('\n');
        }
        Block::Callout(callout) => line(
            out,
            &format!(
                "> **{}**\n>\n> {}",
                escape(callout.title()),
                inline(callout.body(), wording).replace('\n', "\n> ")
            ),
        ),
        Block::Passage(passage) => {
            let source = passage
                .source()
                .map(|source| format!("\n>\n> — {}", escape(source)));
            line(
                out,
                &format!("> {}{}", escape(passage.text()), source.unwrap_or_default()),
            );
        }
        Block::Code(text) => line(out, &fenced(text)),
        Block::Table(table) => line(out, &pipes(table, wording)),
        Block::Figure(chart) => line(out, &figure(chart, wording)),
        Block::PageBreak => line(out, "---"),
        Block::Signatures(signatures) => {
            for signature in signatures {
                line(out, &signed(signature, wording));
            }
        }
    }
}

fn figure(chart: &Chart, wording: &Wording) -> String {
    let unit = chart.unit().map(|unit| format!(" ({})", escape(unit)));
    let caption = chart
        .caption()
        .map(|text| format!("\n\n*{}*", escape(text)));
    format!(
        "**{}**{}\n\n{}\n\n{}{}",
        escape(chart.title()),
        unit.unwrap_or_default(),
        escape(chart.alt()),
        pipes(&chart.to_table(wording), wording),
        caption.unwrap_or_default()
    )
}

fn signed(signature: &Signature, wording: &Wording) -> String {
    let who = signature
        .signatory()
        .map(|who| format!(", {}", escape(who)));
    let state = signature.record().map_or_else(
        || format!("{}: ____________________", wording.label(Label::Signature)),
        |record| {
            format!(
                "{} {}, {} `{}`",
                wording.label(Label::SignedOn),
                wording.date(record.day()),
                wording.label(Label::Record),
                record.record()
            )
        },
    );
    format!(
        "**{}**{}  \n{state}",
        escape(signature.party()),
        who.unwrap_or_default()
    )
}

fn pipes(table: &Table, wording: &Wording) -> String {
    let mut out = String::new();
    if let Some(caption) = table.caption() {
        let _ = write!(out, "**{}**\n\n", escape(caption));
    }
    let mut row = |fields: &[String]| {
        let _ = writeln!(out, "| {} |", fields.join(" | "));
    };
    let columns = table.columns();
    row(&columns
        .iter()
        .map(|column| escape(column.title()))
        .collect::<Vec<_>>());
    let rules = columns.iter().map(|column| {
        let rule = match column.align() {
            Align::Start => "---",
            Align::Center => ":-:",
            Align::End => "--:",
        };
        rule.to_owned()
    });
    row(&rules.collect::<Vec<_>>());
    for line in table.rows() {
        let mut fields = match line {
            Row::Cells(cells) => cells.iter().map(|one| cell(one, wording)).collect(),
            Row::Totals(cells) => cells.iter().map(|one| bold(&cell(one, wording))).collect(),
            Row::Group(title) => vec![bold(&escape(title))],
            Row::Sum {
                label,
                value: sum,
                grand,
            } => {
                let (label, sum) = (escape(label), value(sum, wording));
                let (label, sum) = if *grand {
                    (bold(&label), bold(&sum))
                } else {
                    (label, sum)
                };
                // With a single column there is no place of its own for the label.
                if columns.len() == 1 {
                    vec![format!("{label} {sum}")]
                } else {
                    let mut fields = vec![String::new(); columns.len() - 2];
                    fields.insert(0, label);
                    fields.push(sum);
                    fields
                }
            }
        };
        fields.resize(columns.len(), String::new());
        row(&fields);
    }
    out.truncate(out.trim_end().len());
    out
}

fn cell(cell: &Cell, wording: &Wording) -> String {
    let text = value(cell.value(), wording).replace("  \n", " ");
    match cell.note() {
        Some(note) => format!("{text} ({})", escape(note)),
        None => text,
    }
}

fn value(value: &Value, wording: &Wording) -> String {
    match value {
        Value::Text(text) => inline(text, wording),
        other => escape(&other.to_plain(wording)),
    }
}

fn inline(text: &Inline, wording: &Wording) -> String {
    text.spans()
        .iter()
        .map(|span| match span {
            Span::Break => "  \n".to_owned(),
            Span::Strong(text) => bold(&escape(text)),
            Span::Emphasis(text) => format!("*{}*", escape(text)),
            Span::Code(text) => code(text),
            Span::Link { text, to } => format!("[{}](<{}>)", escape(text), to.as_str()),
            other => escape(&other.words(wording)),
        })
        .collect()
}

fn bold(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("**{text}**")
}

fn pair(label: &str, value: &str) -> String {
    format!("**{label}:** {value}")
}

/// Text that is read letter by letter, between backticks that it does not contain.
fn code(text: &str) -> String {
    let text = Context::PlainText
        .encode(text)
        .replace(['\n', '`'], " ")
        .replace('|', "\\|");
    format!("`{text}`")
}

fn fenced(text: &str) -> String {
    let text = Context::PlainText.encode(text);
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

/// One line of text of which no character is taken for Markdown or HTML.
fn escape(text: &str) -> String {
    let text = Context::PlainText.encode(text).replace(['\n', '\t'], " ");
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let begins = out.is_empty();
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '-' | '+' | '=' if begins => {
                out.push('\\');
                out.push(c);
            }
            // `1.` at the beginning of a line would begin a list.
            '.' | ')'
                if !begins
                    && text
                        .get(..at)
                        .is_some_and(|head| head.chars().all(|c| c.is_ascii_digit()))
                    && text.get(at + 1..).is_some_and(|rest| rest.starts_with(' ')) =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}
