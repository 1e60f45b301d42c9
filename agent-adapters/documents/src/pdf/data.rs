//! The document as the JSON that the template reads: all values already words, all words
//! plain.

use dealwright_core::document::{
    Align, Block, Cell, Column, Document, DocumentKind, Identity, Inline, Label, Paper, Row,
    Signature, Span, Table, Tone, Value, Wording,
};
use dealwright_core::text::Context;
use serde_json::{Value as Json, json};

use crate::color::Tint;
use crate::html;
use crate::svg::Drawing;

pub(super) fn of(document: &Document, drawings: &[Drawing], wording: &Wording) -> Json {
    let meta = document.meta();
    let accent = document.accent();
    let tones = [
        ("bad", Tone::Bad),
        ("good", Tone::Good),
        ("note", Tone::Note),
        ("neutral", Tone::Neutral),
        ("warning", Tone::Warning),
    ];
    let tones: serde_json::Map<_, _> = tones
        .into_iter()
        .map(|(name, tone)| (name.to_owned(), Tint::of_tone(tone, accent).hex().into()))
        .collect();
    let facts: Vec<Json> = html::facts(meta, wording)
        .into_iter()
        .map(|(label, value)| json!([plain(&label), plain(&value)]))
        .collect();
    let references: Vec<Json> = meta
        .references()
        .iter()
        .map(|reference| json!([plain(reference.label()), reference.digest().to_hex()]))
        .collect();
    let mut figures = drawings.iter().enumerate();
    let blocks: Vec<Json> = document
        .blocks()
        .iter()
        .zip(document.numbers())
        .map(|(block, number)| {
            let figure = matches!(block, Block::Figure(_))
                .then(|| figures.next())
                .flatten();
            block_of(block, number, figure, wording)
        })
        .collect();
    let language = document.language().code();
    json!({
        "lang": language,
        "kind": wording.kind(document.kind()),
        "title": plain(document.title()),
        "subtitle": document.subtitle().map(plain),
        "accent": accent.to_string(),
        "tones": tones,
        "paper": match meta.paper() { Paper::Letter => "us-letter", _ => "a4" },
        "justify": document.kind() == DocumentKind::Contract,
        "draft": meta.is_draft().then(|| wording.label(Label::Draft)),
        "date": meta.date().map(|date| date.format("%Y-%m-%d").to_string()),
        "number": meta.number().map(plain),
        "sender": meta.sender().map(identity),
        "recipient": meta.recipient().map(identity),
        "facts": facts,
        "references_label": wording.label(Label::References),
        "references": references,
        "page": wording.page_pattern(),
        "keywords": document.mark().map(|mark| vec![mark.keyword()]).unwrap_or_default(),
        "notice": document.mark().map(|mark| wording.notice(mark)).as_deref().map(plain),
        "blocks": blocks,
    })
}

fn identity(party: &Identity) -> Json {
    let lines = |lines: &[String]| lines.iter().map(|line| plain(line)).collect::<Vec<_>>();
    json!({
        "name": plain(party.name()),
        "lines": lines(party.lines()),
        "details": lines(party.details()),
    })
}

fn block_of(
    block: &Block,
    number: Option<String>,
    figure: Option<(usize, &Drawing)>,
    wording: &Wording,
) -> Json {
    match block {
        Block::Heading(heading) => json!({
            "t": "heading", "level": heading.level(), "number": number,
            "text": plain(heading.text()),
        }),
        Block::Paragraph(words) => json!({"t": "paragraph", "spans": spans(words, wording)}),
        Block::SmallPrint(words) => json!({"t": "small", "spans": spans(words, wording)}),
        Block::List(list) => {
            let items: Vec<Json> = list
                .items()
                .iter()
                .map(|item| {
                    let points = item.points().iter().map(|point| spans(point, wording));
                    json!({
                        "spans": spans(item.text(), wording),
                        "points": points.collect::<Vec<_>>(),
                    })
                })
                .collect();
            json!({"t": "list", "ordered": list.is_ordered(), "items": items})
        }
        Block::Facts(facts) => {
            let facts: Vec<Json> = facts
                .iter()
                .map(|fact| json!([plain(fact.label()), value(fact.value(), wording)]))
                .collect();
            json!({"t": "facts", "facts": facts})
        }
        Block::Metrics(metrics) => {
            let metrics: Vec<Json> = metrics
                .iter()
                .map(|metric| {
                    json!({
                        "label": plain(metric.label()),
                        "value": value(metric.value(), wording),
                        "note": metric.note().map(plain),
                        "tone": tone(metric.tone()),
                    })
                })
                .collect();
            json!({"t": "metrics", "metrics": metrics})
        }
        Block::Callout(callout) => json!({
            "t": "callout", "tone": tone(callout.tone()), "title": plain(callout.title()),
            "spans": spans(callout.body(), wording),
        }),
        Block::Passage(passage) => json!({
            "t": "passage", "text": plain(passage.text()), "source": passage.source().map(plain),
        }),
        Block::Code(code) => json!({"t": "code", "text": plain(code)}),
        Block::Table(table) => table_of(table, wording),
        Block::Figure(chart) => json!({
            "t": "figure", "title": plain(chart.title()), "unit": chart.unit().map(plain),
            "alt": plain(chart.alt()), "caption": chart.caption().map(plain),
            "file": figure.map(|(at, _)| format!("chart-{at}.svg")),
            // In thousandths, so that no float is written.
            "aspect": figure.map(|(_, drawing)| (drawing.aspect() * 1_000.0).round() as i64),
        }),
        Block::PageBreak => json!({"t": "break"}),
        Block::Signatures(signatures) => {
            let parties: Vec<Json> = signatures
                .iter()
                .map(|one| signature(one, wording))
                .collect();
            json!({"t": "signatures", "parties": parties})
        }
        _ => json!({"t": "paragraph", "spans": [{"k": "text", "s": "[?]"}]}),
    }
}

fn signature(signature: &Signature, wording: &Wording) -> Json {
    let signed = signature.record().map(|record| {
        json!({
            "text": format!(
                "{} {}", wording.label(Label::SignedOn), wording.date(record.day())
            ),
            "label": wording.label(Label::Record),
            "record": record.record().to_hex(),
        })
    });
    json!({
        "party": plain(signature.party()),
        "signatory": signature.signatory().map(plain),
        "label": wording.label(Label::Signature),
        "signed": signed,
    })
}

fn table_of(table: &Table, wording: &Wording) -> Json {
    let columns: Vec<Json> = table
        .columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            json!({
                "title": plain(column.title()),
                "align": match column.align() {
                    Align::Center => "center",
                    Align::End => "end",
                    _ => "start",
                },
                "share": share(table, at, column, wording),
            })
        })
        .collect();
    let rows: Vec<Json> = table
        .rows()
        .iter()
        .map(|row| match row {
            Row::Cells(cells) => json!({"r": "cells", "cells": cells_of(cells, wording)}),
            Row::Totals(cells) => json!({"r": "totals", "cells": cells_of(cells, wording)}),
            Row::Group(title) => json!({"r": "group", "title": plain(title)}),
            Row::Sum {
                label,
                value: sum,
                grand,
            } => json!({
                "r": "sum", "label": plain(label), "value": value(sum, wording), "grand": grand,
            }),
            _ => json!({"r": "group", "title": "[?]"}),
        })
        .collect();
    json!({
        "t": "table", "caption": table.caption().map(plain), "columns": columns, "rows": rows,
    })
}

/// How much of the free width a column gets; nothing where its content sets the width.
///
/// Shares that the author left open follow the longest text in the column, within bounds.
fn share(table: &Table, at: usize, column: &Column, wording: &Wording) -> Option<usize> {
    if let Some(share) = column.share() {
        return Some(usize::from(share).max(1));
    }
    if column.align() != Align::Start {
        return None;
    }
    let longest = table
        .rows()
        .iter()
        .filter_map(|row| match row {
            Row::Cells(cells) | Row::Totals(cells) => cells.get(at),
            _ => None,
        })
        .map(|cell| {
            let value = cell.value().to_plain(wording).chars().count();
            value.max(cell.note().map_or(0, |note| note.chars().count() / 2))
        })
        .max()
        .unwrap_or_default();
    // Beside shares that the author set, those that follow the text would be of another size.
    if table.columns().iter().any(|c| c.share().is_some()) {
        return (longest > 24).then_some(1);
    }
    (longest > 16 || at == 0).then(|| longest.clamp(10, 44))
}

fn cells_of(cells: &[Cell], wording: &Wording) -> Vec<Json> {
    cells
        .iter()
        .map(|cell| {
            json!({
                "spans": value(cell.value(), wording),
                "note": cell.note().map(plain),
                "tone": (cell.tone() != Tone::Neutral).then(|| tone(cell.tone())),
            })
        })
        .collect()
}

fn value(value: &Value, wording: &Wording) -> Vec<Json> {
    match value {
        Value::Empty => Vec::new(),
        Value::Text(words) => spans(words, wording),
        other => vec![json!({"k": "text", "s": plain(&other.to_plain(wording))})],
    }
}

fn spans(words: &Inline, wording: &Wording) -> Vec<Json> {
    words
        .spans()
        .iter()
        .map(|span| {
            let kind = match span {
                Span::Break => "break",
                Span::Code(_) => "code",
                Span::Emphasis(_) => "emphasis",
                Span::Link { .. } => "link",
                Span::Strong(_) => "strong",
                _ => "text",
            };
            let to = match span {
                Span::Link { to, .. } => Some(to.as_str()),
                _ => None,
            };
            json!({"k": kind, "s": plain(&span.words(wording)), "to": to})
        })
        .collect()
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Good => "good",
        Tone::Note => "note",
        Tone::Warning => "warning",
        _ => "neutral",
    }
}

/// Without control characters and marks that turn the direction of writing.
fn plain(text: &str) -> String {
    Context::PlainText.encode(text)
}
