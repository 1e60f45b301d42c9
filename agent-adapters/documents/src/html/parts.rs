//! The blocks of a document as elements of HTML.

use std::fmt::Write as _;

use dealwright_core::document::{
    Accent, Align, Block, Cell, Chart, Column, Inline, Label, List, Metric, Row, Signature, Span,
    Table, Tone, Value, Wording,
};
use dealwright_core::text::Context;

use super::text;
use crate::svg::{self, Look};

/// What a block needs to know about where it stands.
pub(super) struct Place<'a> {
    pub(super) number: Option<&'a str>,
    pub(super) figure: usize,
    pub(super) accent: Accent,
    pub(super) wording: &'a Wording,
}

pub(super) fn block(block: &Block, place: &Place<'_>, out: &mut String) {
    let wording = place.wording;
    match block {
        Block::Heading(heading) => {
            let level = heading.level() + 1;
            let number = place
                .number
                .map(|number| format!("<span class=\"no\">{number}</span>"))
                .unwrap_or_default();
            let _ = write!(out, "<h{level}>{number}{}</h{level}>", text(heading.text()));
        }
        Block::Paragraph(words) => {
            let _ = write!(out, "<p>{}</p>", inline(words, wording));
        }
        Block::SmallPrint(words) => {
            let _ = write!(
                out,
                "<p class=\"small-print\">{}</p>",
                inline(words, wording)
            );
        }
        Block::List(points) => list(points, wording, out),
        Block::Facts(facts) => {
            out.push_str("<dl class=\"pairs\">");
            for fact in facts {
                let value = value(fact.value(), wording);
                let _ = write!(out, "<dt>{}</dt><dd>{value}</dd>", text(fact.label()));
            }
            out.push_str("</dl>");
        }
        Block::Metrics(metrics) => {
            out.push_str("<ul class=\"metrics\">");
            for one in metrics {
                out.push_str(&metric(one, wording));
            }
            out.push_str("</ul>");
        }
        Block::Callout(callout) => {
            let _ = write!(
                out,
                "<div class=\"callout {}\" role=\"note\"><p class=\"title\">{}</p><p>{}</p></div>",
                class(callout.tone()),
                text(callout.title()),
                inline(callout.body(), wording)
            );
        }
        Block::Passage(passage) => {
            let source = passage
                .source()
                .map(|source| format!("<footer>{}</footer>", text(source)));
            let _ = write!(
                out,
                "<blockquote>{}{}</blockquote>",
                text(passage.text()),
                source.unwrap_or_default()
            );
        }
        Block::Code(code) => {
            let _ = write!(out, "<pre tabindex=\"0\"><code>{}</code></pre>", text(code));
        }
        Block::Table(rows) => table(rows, wording, out),
        Block::Figure(chart) => figure(chart, place, out),
        Block::PageBreak => out.push_str("<div class=\"page-break\"></div>"),
        Block::Signatures(signatures) => {
            out.push_str("<section class=\"signatures\">");
            for one in signatures {
                out.push_str(&signature(one, wording));
            }
            out.push_str("</section>");
        }
        // A kind that is newer than this crate is better seen as missing than passed over.
        _ => out.push_str("<p class=\"callout bad\">[?]</p>"),
    }
    out.push('\n');
}

fn list(points: &List, wording: &Wording, out: &mut String) {
    let tag = if points.is_ordered() { "ol" } else { "ul" };
    let _ = write!(out, "<{tag}>");
    for item in points.items() {
        let _ = write!(out, "<li>{}", inline(item.text(), wording));
        if !item.points().is_empty() {
            out.push_str("<ul>");
            for point in item.points() {
                let _ = write!(out, "<li>{}</li>", inline(point, wording));
            }
            out.push_str("</ul>");
        }
        out.push_str("</li>");
    }
    let _ = write!(out, "</{tag}>");
}

fn metric(metric: &Metric, wording: &Wording) -> String {
    let note = metric
        .note()
        .map(|note| format!("<span class=\"note\">{}</span>", text(note)));
    let class = match metric.tone() {
        Tone::Neutral => "",
        tone => class(tone),
    };
    format!(
        "<li class=\"{class}\"><span class=\"label\">{}</span><span class=\"value\">{}</span>{}</li>",
        text(metric.label()),
        value(metric.value(), wording),
        note.unwrap_or_default()
    )
}

fn figure(chart: &Chart, place: &Place<'_>, out: &mut String) {
    let look = Look {
        accent: place.accent,
        wording: place.wording,
        font: "",
    };
    let unit = chart
        .unit()
        .map(|unit| format!(" <span class=\"unit\">({})</span>", text(unit)));
    let caption = chart
        .caption()
        .map(|caption| format!("<figcaption>{}</figcaption>", text(caption)));
    let _ = write!(
        out,
        "<figure><p class=\"title\">{}{}</p>{}{}<details><summary>{}</summary>",
        text(chart.title()),
        unit.unwrap_or_default(),
        svg::draw(chart, &look).inline(chart, &format!("chart-{}", place.figure)),
        caption.unwrap_or_default(),
        place.wording.label(Label::Data)
    );
    table(&chart.to_table(place.wording), place.wording, out);
    out.push_str("</details></figure>");
}

fn table(table: &Table, wording: &Wording, out: &mut String) {
    // A table that is wider than the window scrolls by itself, with the keyboard too.
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"group\"><table>");
    if let Some(caption) = table.caption() {
        let _ = write!(out, "<caption>{}</caption>", text(caption));
    }
    let columns = table.columns();
    out.push_str("<thead><tr>");
    for column in columns {
        let (tag, title) = (
            if column.title().is_empty() {
                "td"
            } else {
                "th scope=\"col\""
            },
            text(column.title()),
        );
        let end = tag.split(' ').next().unwrap_or_default();
        let _ = write!(out, "<{tag}{}>{title}</{end}>", aligned(column));
    }
    out.push_str("</tr></thead><tbody>");
    for row in table.rows() {
        match row {
            Row::Cells(cells) => cells_row(cells, columns, "", wording, out),
            Row::Totals(cells) => cells_row(cells, columns, " class=\"totals\"", wording, out),
            Row::Group(title) => {
                let _ = write!(
                    out,
                    "<tr class=\"group\"><th scope=\"colgroup\" colspan=\"{}\">{}</th></tr>",
                    columns.len(),
                    text(title)
                );
            }
            Row::Sum {
                label,
                value: sum,
                grand,
            } => {
                let class = if *grand { "sum grand" } else { "sum" };
                let _ = write!(
                    out,
                    "<tr class=\"{class}\"><th scope=\"row\" colspan=\"{}\">{}</th><td class=\"end\">{}</td></tr>",
                    columns.len().saturating_sub(1).max(1),
                    text(label),
                    value(sum, wording)
                );
            }
            _ => {}
        }
    }
    out.push_str("</tbody></table></div>");
}

fn cells_row(cells: &[Cell], columns: &[Column], class: &str, wording: &Wording, out: &mut String) {
    let _ = write!(out, "<tr{class}>");
    for (place, (cell, column)) in cells.iter().zip(columns).enumerate() {
        let shown = value(cell.value(), wording);
        let shown = match cell.tone() {
            Tone::Neutral => shown,
            tone => format!("<span class=\"tag {}\">{shown}</span>", self::class(tone)),
        };
        let note = cell
            .note()
            .map(|note| format!("<span class=\"note\">{}</span>", text(note)))
            .unwrap_or_default();
        let align = aligned(column);
        // The first words of a row name it.
        let names = place == 0 && column.align() == Align::Start;
        if names && !shown.is_empty() {
            let _ = write!(out, "<th scope=\"row\"{align}>{shown}{note}</th>");
        } else {
            let _ = write!(out, "<td{align}>{shown}{note}</td>");
        }
    }
    out.push_str("</tr>");
}

fn aligned(column: &Column) -> &'static str {
    match column.align() {
        Align::Center => " class=\"center\"",
        Align::End => " class=\"end\"",
        _ => "",
    }
}

fn signature(signature: &Signature, wording: &Wording) -> String {
    let who = signature
        .signatory()
        .map(|who| format!("<p>{}</p>", text(who)))
        .unwrap_or_default();
    let party = text(signature.party());
    match signature.record() {
        None => format!(
            "<div><p class=\"party\">{party}</p><div class=\"line\"></div>\
             <p class=\"small\">{}</p>{who}</div>",
            wording.label(Label::Signature)
        ),
        Some(record) => format!(
            "<div><p class=\"party\">{party}</p>{who}<p>{} {}</p>\
             <p class=\"small\">{}: <code>{}</code></p></div>",
            wording.label(Label::SignedOn),
            text(&wording.date(record.day())),
            wording.label(Label::Record),
            record.record()
        ),
    }
}

fn value(value: &Value, wording: &Wording) -> String {
    match value {
        Value::Text(words) => inline(words, wording),
        other => text(&other.to_plain(wording)),
    }
}

fn inline(words: &Inline, wording: &Wording) -> String {
    words
        .spans()
        .iter()
        .map(|span| match span {
            Span::Break => "<br>".to_owned(),
            Span::Strong(words) => format!("<strong>{}</strong>", text(words)),
            Span::Emphasis(words) => format!("<em>{}</em>", text(words)),
            Span::Code(words) => format!("<code>{}</code>", text(words)),
            Span::Link { text: words, to } => format!(
                "<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>",
                // The address is a parsed URL: it has no quotes, and its scheme was checked.
                // Encoding the ampersand and the equals sign is all that is left to do.
                Context::HtmlAttr.encode(to.as_str()),
                text(words)
            ),
            other => text(&other.words(wording)),
        })
        .collect()
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Note => "note-tone",
        _ => "neutral",
    }
}
