//! The contract of the renderer, and documents as an agency sends them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod samples;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Instant;

use dealwright_core::canonical::Digest32;
use dealwright_core::document::conformance as suite;
use dealwright_core::document::{AiMark, DocumentRenderer as _, Format};
use dealwright_documents::Typesetter;

static TYPESETTER: LazyLock<Typesetter> = LazyLock::new(Typesetter::new);

// covers: PC-7, DP-3, AI-3
#[test]
fn html_keeps_the_contract() {
    let format = Format::Html;
    suite::same_document_gives_same_bytes(&*TYPESETTER, &Typesetter::new(), format);
    suite::text_is_never_markup(&*TYPESETTER, format, read_html);
    suite::every_block_is_shown(&*TYPESETTER, format, read_html);
    suite::unsound_document_is_invalid(&*TYPESETTER, format);
    suite::mark_is_found(&*TYPESETTER, format);
}

// covers: PC-7, DP-3, AI-3
#[test]
fn pdf_keeps_the_contract() {
    let format = Format::Pdf;
    suite::same_document_gives_same_bytes(&*TYPESETTER, &Typesetter::new(), format);
    suite::unsound_document_is_invalid(&*TYPESETTER, format);
    suite::mark_is_found(&*TYPESETTER, format);
    if read_pdf(b"").is_none() {
        eprintln!("skipped: reading the text needs pdftotext (poppler-utils)");
        return;
    }
    let read = |bytes: &[u8]| read_pdf(bytes).unwrap();
    suite::text_is_never_markup(&*TYPESETTER, format, read);
    suite::every_block_is_shown(&*TYPESETTER, format, read);
}

#[test]
fn other_formats_keep_the_contract() {
    for chart in 0..6 {
        let format = Format::Svg { chart };
        suite::same_document_gives_same_bytes(&*TYPESETTER, &Typesetter::new(), format);
        suite::mark_is_found(&*TYPESETTER, format);
    }
    suite::same_document_gives_same_bytes(&*TYPESETTER, &*TYPESETTER, Format::Markdown);
    suite::unsupported_format_is_invalid(&*TYPESETTER);
}

// covers: PC-1
#[test]
fn an_invoice_shows_the_same_cents_in_every_form() {
    let (_, invoice) = samples::all().swap_remove(2);
    let render = |format| TYPESETTER.render(&invoice, format).unwrap();
    let mut texts = vec![
        String::from_utf8(render(Format::Markdown)).unwrap(),
        read_html(&render(Format::Html)),
    ];
    texts.extend(read_pdf(&render(Format::Pdf)));
    for text in texts {
        for figure in ["138,66", "26,35", "165,01"] {
            assert!(text.contains(figure), "{figure} is missing in {text}");
        }
    }
}

/// The bytes of PDF and HTML, pinned: a second machine that gets others fails here. They change
/// with the template, the style and the version of Typst; the failing test prints the new ones.
// covers: PC-7
#[test]
fn samples_have_their_pinned_hashes() {
    let mut lines = String::new();
    for (name, document) in samples::all() {
        for format in [Format::Html, Format::Pdf] {
            let bytes = TYPESETTER.render(&document, format).unwrap();
            let hash = Digest32::of(&bytes).to_hex();
            lines.push_str(&format!("{name}.{format} {hash}\n"));
        }
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn html_of_the_contract() {
    let (_, contract) = samples::all().swap_remove(1);
    let html = String::from_utf8(TYPESETTER.render(&contract, Format::Html).unwrap()).unwrap();
    let body = html.split("</style>").nth(1).unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn samples_can_be_laid_out_for_looking_at() {
    let Ok(folder) = std::env::var("DEALWRIGHT_SAMPLES") else {
        eprintln!("skipped: name a folder in DEALWRIGHT_SAMPLES to get the files");
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    let mut all = samples::all();
    all.push(("specimen", suite::specimen(suite::HOSTILE)));
    for (name, document) in all {
        let charts = (0..document.charts().count()).map(|chart| Format::Svg { chart });
        let formats = [Format::Html, Format::Markdown, Format::Pdf];
        for format in formats.into_iter().chain(charts) {
            let begun = Instant::now();
            let bytes = TYPESETTER.render(&document, format).unwrap();
            let took = begun.elapsed();
            let number = match format {
                Format::Svg { chart } => format!("-{chart}"),
                _ => String::new(),
            };
            let path = format!("{folder}/{name}{number}.{format}");
            std::fs::write(&path, &bytes).unwrap();
            eprintln!(
                "{path}: {} bytes, {took:?}, mark {:?}",
                bytes.len(),
                AiMark::find(&bytes)
            );
        }
    }
}

/// How long a hundred different invoices take; printed, not judged.
#[test]
fn a_hundred_invoices() {
    let begun = Instant::now();
    let typesetter = Typesetter::new();
    let ready = begun.elapsed();
    let count = if std::env::var_os("DEALWRIGHT_SAMPLES").is_some() {
        100
    } else {
        3
    };
    let begun = Instant::now();
    for number in 0..count {
        let invoice = samples::invoice_to(number);
        typesetter.render(&invoice, Format::Pdf).unwrap();
    }
    let each = begun.elapsed() / count;
    eprintln!("fonts and library {ready:?}, then {each:?} a document");
}

/// What a reader sees: the text between tags, entities resolved.
fn read_html(bytes: &[u8]) -> String {
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    let body = html.split("<body>").nth(1).unwrap();
    let mut seen = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => seen.push(c),
            _ => {}
        }
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#96;", "`"),
        ("&#61;", "="),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(seen, |seen, (from, to)| seen.replace(from, to))
}

/// The text of a PDF by `pdftotext`, where that is installed.
fn read_pdf(bytes: &[u8]) -> Option<String> {
    let mut child = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // A reader that refuses an empty file closes its end early.
    let _ = child.stdin.take()?.write_all(bytes);
    let output = child.wait_with_output().ok()?;
    String::from_utf8(output.stdout).ok()
}
