//! One page of HTML that needs no other file and runs nothing.

mod parts;

use std::fmt::Write as _;

use dealwright_core::document::{
    Accent, AiMark, Block, Document, Identity, Label, Meta, Tone, Wording,
};
use dealwright_core::text::Context;

use crate::color::{HAIR, INK, MUTED, Tint};

const STYLE: &str = include_str!("style.css");

/// The page; the document has passed its check.
pub(crate) fn page(document: &Document) -> String {
    let wording = Wording::of(document.language());
    let mut out = String::with_capacity(32_768);
    out.push_str("<!doctype html>\n<html lang=\"");
    out.push_str(document.language().code());
    out.push_str("\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Should a text ever get past the escaping, there is still nothing it may load or run.
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n",
    );
    if let Some(mark) = document.mark() {
        let _ = writeln!(out, "{}", mark.meta_element());
    }
    let _ = writeln!(out, "<title>{}</title>", text(document.title()));
    let _ = writeln!(
        out,
        "<style>\n{}{STYLE}</style>",
        variables(document.accent())
    );
    out.push_str("</head>\n<body>\n<article>\n");
    head(document, &wording, &mut out);
    out.push_str("<main>\n");
    let mut figures = 0;
    for (block, number) in document.blocks().iter().zip(document.numbers()) {
        let place = parts::Place {
            number: number.as_deref(),
            figure: figures,
            accent: document.accent(),
            wording: &wording,
        };
        parts::block(block, &place, &mut out);
        figures += usize::from(matches!(block, Block::Figure(_)));
    }
    out.push_str("</main>\n");
    foot(document, &wording, &mut out);
    out.push_str("</article>\n</body>\n</html>\n");
    out
}

fn variables(accent: Accent) -> String {
    let mut out = format!(
        ":root{{--accent:{accent};--wash:{};--ink:{INK};--muted:{MUTED};--hair:{HAIR}",
        Tint::of(accent).on_white(7).hex()
    );
    for (name, tone) in [
        ("bad", Tone::Bad),
        ("good", Tone::Good),
        ("warning", Tone::Warning),
    ] {
        let tint = Tint::of_tone(tone, accent);
        let pale = tint.on_white(10).hex();
        let _ = write!(out, ";--{name}:{};--{name}-tint:{pale}", tint.hex());
    }
    out.push_str("}\n");
    out
}

fn head(document: &Document, wording: &Wording, out: &mut String) {
    let meta = document.meta();
    out.push_str("<header>\n");
    if let Some(sender) = meta.sender() {
        let _ = writeln!(
            out,
            "<div class=\"letterhead\"><div class=\"name\">{}</div><address>{}</address></div>",
            text(sender.name()),
            lines(sender.lines().iter().chain(sender.details()))
        );
    }
    let facts = facts(meta, wording);
    if meta.recipient().is_some() || !facts.is_empty() {
        out.push_str("<div class=\"parties\">");
        if let Some(recipient) = meta.recipient() {
            out.push_str(&addressee(recipient));
        }
        if !facts.is_empty() {
            out.push_str("<dl class=\"facts-head\">");
            for (label, value) in facts {
                let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", text(&label), text(&value));
            }
            out.push_str("</dl>");
        }
        out.push_str("</div>\n");
    }
    let draft = if meta.is_draft() {
        format!(
            "<span class=\"draft\">{}</span>",
            wording.label(Label::Draft)
        )
    } else {
        String::new()
    };
    let _ = writeln!(
        out,
        "<p class=\"kind\">{}{draft}</p>\n<h1>{}</h1>",
        text(wording.kind(document.kind())),
        text(document.title())
    );
    if let Some(subtitle) = document.subtitle() {
        let _ = writeln!(out, "<p class=\"subtitle\">{}</p>", text(subtitle));
    }
    out.push_str("</header>\n");
}

/// What stands beside the recipient, as labels and values.
pub(crate) fn facts(meta: &Meta, wording: &Wording) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |label: &str, value: String| facts.push((label.to_owned(), value));
    if let Some(number) = meta.number() {
        add(wording.label(Label::Number), number.to_owned());
    }
    if let Some(date) = meta.date() {
        add(wording.label(Label::Date), wording.date(date));
    }
    if let Some(version) = meta.version() {
        add(wording.label(Label::Version), version.to_string());
    }
    for fact in meta.facts() {
        add(fact.label(), fact.value().to_plain(wording));
    }
    facts
}

fn addressee(party: &Identity) -> String {
    format!(
        "<address><strong>{}</strong>{}</address>",
        text(party.name()),
        lines(party.lines().iter().chain(party.details()))
    )
}

fn foot(document: &Document, wording: &Wording, out: &mut String) {
    let references = document.meta().references();
    if !references.is_empty() {
        let _ = write!(
            out,
            "<section class=\"hashes\"><h2>{}</h2><dl>",
            wording.label(Label::References)
        );
        for reference in references {
            let _ = write!(
                out,
                "<dt>{}</dt><dd><code>{}</code></dd>",
                text(reference.label()),
                reference.digest()
            );
        }
        out.push_str("</dl></section>\n");
    }
    if let Some(mark) = document.mark() {
        out.push_str(&notice(mark, wording));
    }
    if let Some(sender) = document.meta().sender() {
        let parts = std::iter::once(sender.name())
            .chain(sender.lines().iter().map(String::as_str))
            .chain(sender.details().iter().map(String::as_str))
            .map(text);
        let parts = parts.collect::<Vec<_>>().join(" · ");
        let _ = writeln!(out, "<footer>{parts}</footer>");
    }
}

fn notice(mark: &AiMark, wording: &Wording) -> String {
    format!("<p class=\"made-by\">{}</p>\n", text(&wording.notice(mark)))
}

fn lines<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    lines
        .map(|line| text(line))
        .collect::<Vec<_>>()
        .join("<br>")
}

/// Text between tags.
fn text(text: &str) -> String {
    Context::HtmlText.encode(text)
}
