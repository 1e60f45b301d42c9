use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::conformance::{self as suite, specimen};
use super::*;
use crate::error::PortError;
use crate::money::{Currency, Money};

fn read_markdown(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

// covers: PC-7, DP-3, AI-3
#[test]
fn plain_renderer_keeps_the_contract() {
    let plain = &PlainRenderer;
    suite::same_document_gives_same_bytes(plain, plain, Format::Markdown);
    suite::text_is_never_markup(plain, Format::Markdown, read_markdown);
    suite::every_block_is_shown(plain, Format::Markdown, read_markdown);
    suite::unsupported_format_is_invalid(plain);
    suite::unsound_document_is_invalid(plain, Format::Markdown);
    suite::mark_is_found(plain, Format::Markdown);
}

/// The plain renderer with one fault.
#[derive(Debug)]
enum Broken {
    Counting(AtomicUsize),
    Dropping,
    Markless,
    Trusting,
    Unchecking,
    Unescaping,
}

impl DocumentRenderer for Broken {
    fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>, PortError> {
        let made = match self {
            Self::Dropping => {
                let mut less = document.clone();
                less.blocks
                    .retain(|block| !matches!(block, Block::Callout(_)));
                PlainRenderer.render(&less, format)
            }
            Self::Unchecking if document.check().is_err() => return Ok(b"anything".to_vec()),
            Self::Trusting if format != Format::Markdown => return Ok(Vec::new()),
            _ => PlainRenderer.render(document, format),
        }?;
        let text = String::from_utf8(made).unwrap();
        let text = match self {
            Self::Counting(calls) => format!("{text}{}", calls.fetch_add(1, Ordering::Relaxed)),
            Self::Markless => text.replace("digital-source-type", "source"),
            Self::Unescaping => text.replace("&lt;", "<"),
            _ => text,
        };
        Ok(text.into_bytes())
    }
}

#[test]
fn suite_catches_every_broken_renderer() {
    let fails = |broken: Broken, clause: &dyn Fn(&Broken)| {
        let name = format!("{broken:?}");
        let outcome = catch_unwind(AssertUnwindSafe(|| clause(&broken)));
        assert!(outcome.is_err(), "{name} passed");
    };
    let format = Format::Markdown;
    fails(Broken::Counting(AtomicUsize::new(0)), &|it| {
        suite::same_document_gives_same_bytes(it, it, format);
    });
    fails(Broken::Dropping, &|it| {
        suite::every_block_is_shown(it, format, read_markdown);
    });
    fails(Broken::Unescaping, &|it| {
        suite::text_is_never_markup(it, format, read_markdown);
    });
    fails(Broken::Trusting, &|it| {
        suite::unsupported_format_is_invalid(it)
    });
    fails(Broken::Unchecking, &|it| {
        suite::unsound_document_is_invalid(it, format);
    });
    fails(Broken::Markless, &|it| suite::mark_is_found(it, format));
}

#[test]
fn document_is_stored_and_read_back_the_same() {
    let before = specimen("word")
        .with_mark(AiMark::new(AiScope::Parts))
        .numbered();
    let json = serde_json::to_string(&before).unwrap();
    let after: Document = serde_json::from_str(&json).unwrap();
    assert_eq!(after, before);
    assert_eq!(
        after.content_hash().unwrap(),
        before.content_hash().unwrap()
    );
}

// covers: CF-1
#[test]
fn any_change_changes_the_hash() {
    let hash = |document: &Document| document.content_hash().unwrap();
    let document = specimen("word");
    assert_eq!(hash(&document), hash(&document.clone()));
    assert_ne!(hash(&document), hash(&specimen("words")));
    assert_ne!(hash(&document), hash(&document.clone().numbered()));
    assert_ne!(hash(&document), hash(&document.clone().paragraph("more")));
}

#[test]
fn headings_are_numbered_by_their_depth() {
    let document = Document::new(DocumentKind::Contract, "Contract", Language::EN)
        .numbered()
        .heading(1, "a")
        .paragraph("text")
        .heading(2, "b")
        .heading(2, "c")
        .heading(1, "d")
        .heading(2, "e");
    let numbers: Vec<_> = document.numbers().into_iter().flatten().collect();
    assert_eq!(numbers, ["1", "1.1", "1.2", "2", "2.1"]);
}

#[test]
fn unsound_documents_say_what_is_wrong() {
    let document = || Document::new(DocumentKind::Report, "Report", Language::EN);
    let refused = |document: Document| document.check().unwrap_err().to_string();
    assert!(specimen("word").check().is_ok());
    assert_eq!(
        refused(document().heading(1, "One").heading(3, "Three")),
        "heading `Three` has level 3 after level 1; go down one level at a time, from 1 to 3"
    );
    assert_eq!(
        refused(
            document().block(
                Table::new([Column::text("a"), Column::text("b")])
                    .with_caption("Prices")
                    .row([Cell::from("only")])
            )
        ),
        "row 1 of table `Prices` has 1 cells where the table has 2 columns"
    );
    let chart = |data| document().block(Chart::new("Visits", "visits by day", data));
    assert_eq!(
        refused(chart(ChartData::Lines {
            steps: vec!["a".into(), "b".into()],
            series: vec![Series::new("s", [1])],
        })),
        "chart `Visits` cannot be drawn: a series has not as many values as there are names"
    );
    assert_eq!(
        refused(chart(ChartData::Gauges(vec![Dial::new("Speed", 101, 100)]))),
        "chart `Visits` cannot be drawn: a score lies outside 0 to its maximum"
    );
    assert_eq!(
        refused(Document::new(DocumentKind::Report, "  ", Language::EN)),
        "the document has no title; give it one"
    );
}

#[test]
fn only_web_and_mail_addresses_are_linked() {
    for good in [
        "https://a.example/b?c#d",
        "http://a.example",
        "mailto:a@b.example",
    ] {
        assert!(Href::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://user:secret@a.example/",
        "/relative",
        "",
    ] {
        assert!(Href::parse(bad).is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<Href>("\"javascript:x\"").is_err());
    let quoted = Href::parse("https://a.example/\"><b>").unwrap();
    assert!(!quoted.as_str().contains(['"', '<', '>']));
}

#[test]
fn pale_accents_are_refused() {
    assert_eq!(Accent::parse("#1c4e63").unwrap().to_string(), "#1c4e63");
    assert!(matches!(
        Accent::parse("#ffe900"),
        Err(AccentError::Pale(_))
    ));
    assert!(matches!(Accent::parse("teal"), Err(AccentError::Form(_))));
}

// covers: PC-1
#[test]
fn figures_are_printed_to_the_cent_in_every_language() {
    let in_language = |code| Wording::of(Language::parse(code).unwrap());
    let money = |minor, code| Money::from_minor(minor, Currency::parse(code).unwrap());
    let table = [
        ("en", 16_501, "EUR", "€165.01"),
        ("en", -123_456_789, "GBP", "−£1,234,567.89"),
        ("en", 100, "USD", "$1.00"),
        ("en", 100_000, "CAD", "1,000.00\u{a0}CAD"),
        ("de", 123_456, "EUR", "1.234,56\u{a0}€"),
        ("de", 123_456, "USD", "1.234,56\u{a0}USD"),
        (
            "fr",
            123_456_700,
            "EUR",
            "1\u{202f}234\u{202f}567,00\u{a0}€",
        ),
        ("es", 99, "EUR", "0,99\u{a0}€"),
        ("pl", 150_000, "JPY", "150,000\u{a0}JPY"),
        ("en", 1_234_567, "BHD", "1,234.567\u{a0}BHD"),
    ];
    for (language, minor, code, expected) in table {
        assert_eq!(in_language(language).money(money(minor, code)), expected);
    }
    let en = in_language("en");
    assert_eq!(en.percent(Decimal::new(1_900, 2)), "19%");
    assert_eq!(en.number(Decimal::new(-5, 1)), "−0.5");
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    let dates: Vec<_> = ["en", "de", "fr", "es"]
        .map(in_language)
        .map(|wording| wording.date(day).replace('\u{a0}', " "))
        .to_vec();
    assert_eq!(
        dates,
        [
            "1 March 2026",
            "1. März 2026",
            "1er mars 2026",
            "1 de marzo de 2026"
        ]
    );
    assert_eq!(in_language("de").short_date(day), "1.\u{a0}März");
    assert_eq!(en.short_date(day), "1\u{a0}Mar");
}

#[test]
fn debug_shows_no_content() {
    let shown = format!("{:?}", specimen("secret"));
    assert!(
        !shown.contains("secret") && !shown.contains("Bakery"),
        "{shown}"
    );
}

#[test]
fn markdown_of_the_specimen() {
    let marked = specimen("1. *word*").with_mark(AiMark::new(AiScope::Whole).reviewed());
    let bytes = PlainRenderer.render(&marked, Format::Markdown).unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}
