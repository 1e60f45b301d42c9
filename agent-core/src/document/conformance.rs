//! One function for each clause of the contract of [`DocumentRenderer`], and the specimen
//! that they are tried on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a conformance suite reports by panicking"
)]

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    AiMark, AiScope, Bar, Block, Callout, Cell, Chart, ChartData, Column, Dial, Document,
    DocumentKind, DocumentRenderer, Fact, Format, Href, Identity, Inline, List, Meta, Metric,
    Milestone, Passage, Series, Signature, Stage, Table, TaskBar, Tone, Value,
};
use crate::canonical::Digest32;
use crate::error::PortErrorKind;
use crate::money::{Currency, Money};
use crate::party::Language;

/// Text that breaks out of HTML, Markdown and Typst where it is not escaped.
pub const HOSTILE: &str = "</style><script>alert(1)</script> \"' onload=x [a](javascript:b) `c` \
     $d$ #import \"e\": * \\ #sys.inputs <!-- f -->";

/// The same bytes, twice from one renderer and once from another.
pub fn same_document_gives_same_bytes(
    renderer: &dyn DocumentRenderer,
    second: &dyn DocumentRenderer,
    format: Format,
) {
    let specimen = specimen("word");
    let first = renderer.render(&specimen, format).unwrap();
    assert!(!first.is_empty());
    for other in [renderer, second] {
        assert!(
            other.render(&specimen, format).unwrap() == first,
            "{format} changed between two calls"
        );
    }
}

/// Text that would break out of the markup stays text. `read` yields what a reader sees of the
/// file, with white space as it comes.
pub fn text_is_never_markup(
    renderer: &dyn DocumentRenderer,
    format: Format,
    read: impl Fn(&[u8]) -> String,
) {
    let bytes = renderer.render(&specimen(HOSTILE), format).unwrap();
    let source = match format {
        Format::Markdown => outside_fences(&String::from_utf8_lossy(&bytes)),
        // Strings of a PDF are delimited, not escaped: what stands in them runs nowhere.
        Format::Pdf => String::new(),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    };
    let mut breakouts = vec!["<script", "</style><", "<!-- f"];
    if format == Format::Markdown {
        breakouts.push("[a](javascript");
    }
    for breakout in breakouts {
        assert!(
            !source.contains(breakout),
            "{format} lets `{breakout}` through"
        );
    }
    let seen = squeeze(&read(&bytes));
    assert!(
        seen.contains(&squeeze("#sys.inputs")) && seen.contains(&squeeze("<script>alert(1)")),
        "{format} does not show the text as it is: {seen}"
    );
}

/// Each block of the specimen is seen by the reader.
pub fn every_block_is_shown(
    renderer: &dyn DocumentRenderer,
    format: Format,
    read: impl Fn(&[u8]) -> String,
) {
    let bytes = renderer.render(&specimen("word"), format).unwrap();
    let seen = squeeze(&read(&bytes));
    for wanted in SEEN {
        assert!(
            seen.contains(&squeeze(wanted)),
            "{format} does not show `{wanted}`:\n{seen}"
        );
    }
}

/// A chart that is not there, and a format that is not made, is refused as invalid.
pub fn unsupported_format_is_invalid(renderer: &dyn DocumentRenderer) {
    let specimen = specimen("word");
    let missing = Format::Svg { chart: 9_999 };
    let refused = renderer.render(&specimen, missing).unwrap_err();
    assert_eq!(refused.kind(), PortErrorKind::Invalid, "missing chart");
    for format in [
        Format::Html,
        Format::Markdown,
        Format::Pdf,
        Format::Svg { chart: 0 },
    ] {
        match renderer.render(&specimen, format) {
            Ok(bytes) => assert!(!bytes.is_empty(), "{format} is empty"),
            Err(error) => assert_eq!(error.kind(), PortErrorKind::Invalid, "{format}"),
        }
    }
}

/// A document that fails its check is refused as invalid.
pub fn unsound_document_is_invalid(renderer: &dyn DocumentRenderer, format: Format) {
    let narrow = Table::new([Column::text("a"), Column::text("b")]).row([Cell::from("alone")]);
    let unsound = Document::new(DocumentKind::Report, "Report", Language::EN).block(narrow);
    match renderer.render(&unsound, format) {
        Ok(_) => panic!("{format} was made of a table with a row too short"),
        Err(error) => assert_eq!(error.kind(), PortErrorKind::Invalid),
    }
}

/// The mark is found where it was set, as it was set, and nowhere else.
pub fn mark_is_found(renderer: &dyn DocumentRenderer, format: Format) {
    let plain = specimen(&AiMark::new(AiScope::Whole).keyword());
    let bytes = renderer.render(&plain, format).unwrap();
    assert_eq!(AiMark::find(&bytes), None, "{format} has a mark nobody set");
    for scope in [AiScope::Parts, AiScope::Whole] {
        let mark = AiMark::new(scope).with_generator("drafter").reviewed();
        let bytes = renderer
            .render(&specimen("word").with_mark(mark), format)
            .unwrap();
        assert_eq!(AiMark::find(&bytes), Some(scope), "{format}");
    }
}

/// What a reader of the specimen must see, one for each kind of block and field.
const SEEN: &[&str] = &[
    "Specimen title",
    "Specimen subtitle",
    "SP-0001",
    "14 March 2026",
    "Sender Studio",
    "Recipient Bakery",
    "Fact of the head",
    "First heading",
    "Second heading",
    "Paragraph word",
    "strong words",
    "stressed words",
    "field_name",
    "a link",
    "$1,234.50",
    "Bullet point",
    "Point below",
    "Numbered point",
    "Fact label",
    "Fact value",
    "Metric label",
    "87",
    "Metric note",
    "Callout title",
    "Callout body",
    "Passage words",
    "Passage source",
    "structured = data",
    "Table caption",
    "Column of words",
    "Column of figures",
    "Group title",
    "Cell of words",
    "Cell note",
    "€138.66",
    "Intermediate sum",
    "Grand total",
    "€165.01",
    "Totals row",
    "19%",
    "Bars title",
    "Stacked title",
    "Lines title",
    "Gantt title",
    "Gauge title",
    "Funnel title",
    "Chart caption",
    "Signing party",
    "Signatory name",
    "Signed party",
    "Small print",
    "Reference label",
];

/// A document with every kind of block; `text` stands in each of its free texts.
#[must_use]
pub fn specimen(text: &str) -> Document {
    let eur = Currency::parse("EUR").unwrap();
    let usd = Currency::parse("USD").unwrap();
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let digest = Digest32::of(b"specimen");
    let meta = Meta::new()
        .with_sender(
            Identity::new(format!("Sender Studio {text}"))
                .with_line("1 Quay Street")
                .with_detail("hello@studio.example"),
        )
        .with_recipient(Identity::new(format!("Recipient Bakery {text}")).with_line("2 Mill Lane"))
        .with_number("SP-0001")
        .with_date(day(14))
        .with_version(2)
        .with_fact("Fact of the head", text)
        .with_reference(format!("Reference label {text}"), digest);
    let link = Href::parse("https://studio.example/terms?a=1&b=2").unwrap();
    let inline = Inline::new()
        .text(format!("Paragraph {text} with "))
        .strong("strong words")
        .text(", ")
        .emphasis("stressed words")
        .text(", ")
        .code("field_name")
        .text(", ")
        .link(format!("a link {text}"), link)
        .text(" and ")
        .money(Money::from_minor(123_450, usd))
        .span(super::Span::Break)
        .text("after a break.");
    let mut document = Document::new(
        DocumentKind::Report,
        format!("Specimen title {text}"),
        Language::EN,
    )
    .with_subtitle(format!("Specimen subtitle {text}"))
    .with_meta(meta)
    .heading(1, format!("First heading {text}"))
    .paragraph(inline)
    .block(
        List::bullets()
            .item(format!("Bullet point {text}"))
            .item_with("With points", [format!("Point below {text}")]),
    )
    .block(List::numbered().item(format!("Numbered point {text}")))
    .heading(2, format!("Second heading {text}"))
    .block(Block::Facts(vec![Fact::new(
        format!("Fact label {text}"),
        format!("Fact value {text}"),
    )]))
    .block(Block::Metrics(vec![
        Metric::new(format!("Metric label {text}"), 87_i64)
            .with_note(format!("Metric note {text}"))
            .with_tone(Tone::Good),
    ]))
    .block(Callout::new(
        Tone::Warning,
        format!("Callout title {text}"),
        format!("Callout body {text}"),
    ))
    .block(
        Passage::new(format!("Passage words {text}")).with_source(format!("Passage source {text}")),
    )
    .block(Block::Code(format!("structured = data\n{text}")))
    .block(
        Table::new([
            Column::text(format!("Column of words {text}")),
            Column::centered("Mark"),
            Column::figures("Column of figures"),
        ])
        .with_caption(format!("Table caption {text}"))
        .group(format!("Group title {text}"))
        .row([
            Cell::new(format!("Cell of words {text}")).with_note(format!("Cell note {text}")),
            Cell::new("checked").with_tone(Tone::Good),
            Money::from_minor(13_866, eur).into(),
        ])
        .totals([
            "Totals row".into(),
            Cell::default(),
            Value::Percent(19.into()).into(),
        ])
        .sum("Intermediate sum", Money::from_minor(13_866, eur))
        .grand_total("Grand total", Money::from_minor(16_501, eur)),
    );
    for chart in charts(text) {
        document.push(chart);
    }
    document
        .block(Block::PageBreak)
        .block(Block::Signatures(vec![
            Signature::new(format!("Signing party {text}"))
                .with_signatory(format!("Signatory name {text}")),
            Signature::new(format!("Signed party {text}")).signed(day(15), digest),
        ]))
        .block(Block::SmallPrint(format!("Small print {text}").into()))
}

/// A chart of each kind.
#[must_use]
pub fn charts(text: &str) -> Vec<Chart> {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let names = || {
        vec![
            format!("Monday {text}"),
            "Tuesday".to_owned(),
            "Wednesday".to_owned(),
        ]
    };
    let series = || {
        vec![
            Series::new(format!("Search {text}"), [12, 18, 7]),
            Series::new("Direct", [4, 9, 16]),
        ]
    };
    let alt = format!("What there is to see {text}");
    vec![
        Chart::new(
            format!("Bars title {text}"),
            &*alt,
            ChartData::Bars(vec![
                Bar::new(format!("Home {text}"), Decimal::new(1_250, 1)).with_tone(Tone::Bad),
                Bar::new("Menu", 40).with_tone(Tone::Good),
                Bar::new("Contact", 0),
            ]),
        )
        .with_unit("ms")
        .with_caption(format!("Chart caption {text}")),
        Chart::new(
            format!("Stacked title {text}"),
            &*alt,
            ChartData::StackedBars {
                names: names(),
                series: series(),
            },
        ),
        Chart::new(
            format!("Lines title {text}"),
            &*alt,
            ChartData::Lines {
                steps: names(),
                series: series(),
            },
        ),
        Chart::new(
            format!("Gantt title {text}"),
            &*alt,
            ChartData::Gantt {
                tasks: vec![
                    TaskBar::new(format!("Survey {text}"), day(2), day(5))
                        .in_group(format!("Phase {text}"))
                        .with_progress(100),
                    TaskBar::new("Build", day(6), day(20))
                        .with_progress(40)
                        .critical(),
                ],
                milestones: vec![Milestone::new(format!("Hand-over {text}"), day(20))],
                today: Some(day(14)),
            },
        ),
        Chart::new(
            format!("Gauge title {text}"),
            &*alt,
            ChartData::Gauges(vec![
                Dial::new(format!("Speed {text}"), 64, 100).with_tone(Tone::Warning),
                Dial::new("Found", 5, 5).with_tone(Tone::Good),
            ]),
        ),
        Chart::new(
            format!("Funnel title {text}"),
            &*alt,
            ChartData::Funnel(vec![
                Stage::new(format!("Found {text}"), 300),
                Stage::new("Written to", 120),
                Stage::new("Won", 8),
            ]),
        ),
    ]
}

/// The file without the code blocks of Markdown, where text stands as it is.
fn outside_fences(source: &str) -> String {
    let mut inside = false;
    let lines = source.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Characters without white space and without escapes of Markdown, so that line breaks and
/// hyphenation do not matter.
fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\\' | '\u{ad}'))
        .collect()
}
