//! Fictional documents of every kind, as an agency would send them.

use chrono::NaiveDate;
use dealwright_core::canonical::Digest32;
use dealwright_core::document::{
    AiMark, AiScope, Bar, Block, Callout, Cell, Chart, ChartData, Column, Dial, Document,
    DocumentKind, Fact, Href, Identity, Inline, List, Meta, Metric, Milestone, Passage, Series,
    Signature, Span, Stage, Table, TaskBar, Tone, Value,
};
use dealwright_core::money::{Currency, Money};
use dealwright_core::party::Language;
use rust_decimal::Decimal;

/// All of them, by the name of their file.
pub(crate) fn all() -> Vec<(&'static str, Document)> {
    vec![
        ("proposal", proposal()),
        ("contract", contract()),
        ("invoice", invoice()),
        ("audit", audit()),
        ("plan", plan()),
        ("report", report()),
        ("listing", listing()),
    ]
}

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("EUR").unwrap())
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn studio() -> Identity {
    Identity::new("Harbour & Pine Studio")
        .with_line("14 Quayside Lane")
        .with_line("Cork T12 X000, Ireland")
        .with_detail("hello@harbourpine.example")
        .with_detail("+44 20 7946 0123")
        .with_detail("VAT IE0000000XX")
}

fn bakery() -> Identity {
    Identity::new("Marlow Street Bakery")
        .with_line("Ms Edith Farrow")
        .with_line("7 Marlow Street")
        .with_line("Cork T23 X000")
}

fn proposal() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_number("P-2026-0031")
        .with_date(day(3, 2))
        .with_version(2)
        .with_fact("Valid until", day(3, 23))
        .with_reference(
            "Requirements, as agreed on 26 February",
            Digest32::of(b"needs"),
        );
    let item = |title: &str, note: &str, quantity: i64, unit: i64| {
        [
            Cell::new(title).with_note(note),
            quantity.into(),
            eur(unit).into(),
            eur(unit * quantity).into(),
        ]
    };
    Document::new(
        DocumentKind::Proposal,
        "A website that takes orders while you bake",
        Language::EN,
    )
    .with_subtitle("New site with ordering for Marlow Street Bakery")
    .with_meta(meta)
    .with_mark(
        AiMark::new(AiScope::Parts)
            .with_generator("proposal writer 1.2")
            .reviewed(),
    )
    .paragraph(
        Inline::new()
            .text("Dear Ms Farrow, thank you for the talk last Thursday. You told us what keeps you from the oven: ")
            .strong("the telephone")
            .text(". This proposal says what we would build, what we would not, what it costs, and when it stands."),
    )
    .heading(1, "What we understood")
    .block(
        Passage::new("Between six and nine I pick up the phone forty times, and half of the callers want what we have already sold out.")
            .with_source("Ms Farrow, 26 February"),
    )
    .block(
        Table::new([
            Column::text("Need").with_share(5),
            Column::text("What answers it").with_share(6),
            Column::centered("Lines"),
        ])
        .row(["Orders without a call".into(), "Order form with collection time".into(), "2, 3".into()])
        .row(["Nobody orders what is sold out".into(), "Daily stock list, edited from a phone".into(), "3".into()])
        .row(["Opening hours right everywhere".into(), "Structured data and listing repair".into(), "4".into()]),
    )
    .heading(1, "What we deliver")
    .block(
        List::bullets()
            .item(Inline::new().strong("Five pages").text(": home, range, ordering, about, contact; written by us, corrected by you."))
            .item_with(
                Inline::new().strong("Ordering").text(" for collection:"),
                ["up to 60 products with daily stock", "confirmation by e-mail to both sides"],
            )
            .item(Inline::new().strong("Listing repair").text(" in the four directories you are in.")),
    )
    .block(Callout::new(
        Tone::Note,
        "Not part of this",
        "Delivery, online payment and photographs. We name them so that nobody counts on them; each can be added later at a price of its own.",
    ))
    .heading(1, "Price")
    .block(
        Table::new([
            Column::text("Item"),
            Column::figures("Quantity"),
            Column::figures("Unit price"),
            Column::figures("Amount"),
        ])
        .row(item("Concept and design", "two rounds of corrections", 1, 98_000))
        .row(item("Pages", "five, built and filled", 5, 22_000))
        .row(item("Ordering with daily stock", "complexity: medium, 60 products", 1, 145_000))
        .row(item("Listing repair", "a directory each", 4, 9_500))
        .sum("Sum", eur(391_000))
        .sum("Discount for combined order, 5%", eur(-19_550))
        .sum("Net", eur(371_450))
        .sum("VAT 23%", eur(85_434))
        .grand_total("Total", eur(456_884)),
    )
    .heading(2, "Option")
    .block(
        Table::new([Column::text("Option"), Column::figures("Amount, net")]).row([
            Cell::new("Care for a year").with_note("updates, backups, changes of up to one hour a month"),
            eur(72_000).into(),
        ]),
    )
    .heading(1, "How it goes")
    .block(Chart::new(
        "Six weeks from your yes",
        "A plan of four phases from 30 March to 8 May, with the hand-over on 8 May.",
        ChartData::Gantt {
            tasks: vec![
                TaskBar::new("Concept and design", day(3, 30), day(4, 10)).critical(),
                TaskBar::new("Pages", day(4, 13), day(4, 24)).critical(),
                TaskBar::new("Ordering", day(4, 13), day(5, 1)).critical(),
                TaskBar::new("Listing repair", day(4, 20), day(4, 24)),
                TaskBar::new("Trial run with you", day(5, 4), day(5, 7)).critical(),
            ],
            milestones: vec![Milestone::new("Hand-over", day(5, 8))],
            today: None,
        },
    ))
    .paragraph(
        Inline::new()
            .text("To accept, answer this letter or open ")
            .link("your proposal online", Href::parse("https://harbourpine.example/p/0031?v=2").unwrap())
            .text(" by ")
            .date(day(3, 23))
            .text(". Payment: 40% at the start, 60% after you have accepted the work."),
    )
    .block(Block::SmallPrint(
        "All amounts in euro. The offer rests on the requirements named above; what changes them changes the price, in writing and before the work is done.".into(),
    ))
}

fn contract() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_number("C-2026-0017")
        .with_date(day(3, 20))
        .with_version(1)
        .with_reference("Proposal P-2026-0031, version 2", Digest32::of(b"proposal"))
        .with_reference("Statement of work", Digest32::of(b"work"));
    let clauses = [
        (
            "Subject",
            "The contractor builds a website with ordering for the client, as the statement of work describes it. The statement of work is part of this contract; its hash stands at the end of this document, and no other version of it has force.",
        ),
        (
            "Price",
            "The client pays the fixed price named in the payment plan. Travel and other expenses are included. Value added tax is added at the rate in force on the day of each invoice.",
        ),
        (
            "Acceptance",
            "The client tests each deliverable within ten working days after it was handed over, against the acceptance criteria of the statement of work, and accepts it or names what is missing. Defects that do not hinder use do not stand in the way of acceptance; they are repaired without delay.",
        ),
        (
            "Changes",
            "Either side may propose a change. It binds both only when it states its effect on price and dates and both have agreed to it in text form.",
        ),
        (
            "Rights",
            "On full payment the client receives the right to use the results without limit of time and place. What the contractor brought along stays his; the client may use it as part of the results.",
        ),
        (
            "Liability",
            "Each side is liable without limit for intent and gross negligence and for injury to life, body or health; otherwise for foreseeable damage up to the price of this contract.",
        ),
        (
            "Termination",
            "Either side may end this contract for good cause, at once and in text form. What was done until then is paid by its share of the price.",
        ),
    ];
    let mut contract = Document::new(
        DocumentKind::Contract,
        "Contract for work on a website",
        Language::EN,
    )
    .with_meta(meta)
    .numbered()
    .paragraph(
        Inline::new()
            .text("between ")
            .strong("Harbour & Pine Studio")
            .text(", the contractor, and ")
            .strong("Marlow Street Bakery")
            .text(", the client."),
    );
    for (title, text) in clauses {
        contract = contract.heading(1, title).paragraph(text);
        if title == "Price" {
            contract = contract.heading(2, "Payment plan").block(
                Table::new([
                    Column::text("Instalment"),
                    Column::text("Due"),
                    Column::figures("Net"),
                    Column::figures("VAT 23%"),
                    Column::figures("Gross"),
                ])
                .row([
                    "First".into(),
                    "at signature".into(),
                    eur(148_580).into(),
                    eur(34_173).into(),
                    eur(182_753).into(),
                ])
                .row([
                    "Second".into(),
                    "after acceptance".into(),
                    eur(222_870).into(),
                    eur(51_261).into(),
                    eur(274_131).into(),
                ])
                .totals([
                    "Total".into(),
                    Cell::default(),
                    eur(371_450).into(),
                    eur(85_434).into(),
                    eur(456_884).into(),
                ]),
            );
        }
    }
    contract
        .heading(1, "Signatures")
        .paragraph("Signed by those who may sign for their side.")
        .block(Block::Signatures(vec![
            Signature::new("Harbour & Pine Studio")
                .with_signatory("Rowan Achterberg, director")
                .signed(day(3, 20), Digest32::of(b"signature")),
            Signature::new("Marlow Street Bakery").with_signatory("Edith Farrow, owner"),
        ]))
}

fn invoice() -> Document {
    let sender = Identity::new("Atelier Sandkrug")
        .with_line("Kranweg 12")
        .with_line("20457 Hamburg")
        .with_detail("rechnung@sandkrug.example")
        .with_detail("USt-IdNr. DE000000000");
    let recipient = Identity::new("Gärtnerei Überwald")
        .with_line("Frau Jördis Maßmann")
        .with_line("Am Fließ 3")
        .with_line("15345 Rehfelde");
    let meta = Meta::new()
        .with_sender(sender)
        .with_recipient(recipient)
        .with_number("RE-2026-0108")
        .with_date(day(3, 14))
        .with_fact("Leistungszeitraum", "Februar 2026")
        .with_fact("Zahlbar bis", day(3, 28))
        .with_fact("Vertrag", "V-2026-0009");
    let line = |number: i64, title: &str, note: &str, hours: &str, unit: i64, sum: i64| {
        [
            number.into(),
            Cell::new(title).with_note(note),
            hours.parse::<Decimal>().unwrap().into(),
            eur(unit).into(),
            eur(sum).into(),
        ]
    };
    Document::new(DocumentKind::Invoice, "Rechnung RE-2026-0108", Language::DE)
        .with_meta(meta)
        .paragraph("Sehr geehrte Frau Maßmann, für die Arbeit an Ihrer Website berechnen wir wie vereinbart:")
        .block(
            Table::new([
                Column::figures("Pos."),
                Column::text("Leistung"),
                Column::figures("Menge"),
                Column::figures("Einzelpreis"),
                Column::figures("Betrag"),
            ])
            .row(line(1, "Prüfung der Website", "Bericht vom 9. Februar 2026", "1", 6_900, 6_900))
            .row(line(2, "Korrektur der Einträge", "drei Verzeichnisse, Nachweis liegt bei", "2.5", 2_786, 6_966))
            .sum("Zwischensumme", eur(13_866))
            .sum("Umsatzsteuer 19 %", eur(2_635))
            .grand_total("Zu zahlen", eur(16_501)),
        )
        .paragraph(
            Inline::new()
                .text("Bitte überweisen Sie ")
                .strong("165,01 €")
                .text(" bis zum ")
                .date(day(3, 28))
                .text(" unter Angabe der Rechnungsnummer. Vielen Dank für Ihren Auftrag."),
        )
        .block(Block::Facts(vec![
            Fact::new("Verwendungszweck", Inline::new().code("RE-2026-0108")),
            Fact::new("Zahlungsziel", "14 Tage ohne Abzug"),
        ]))
        .block(Block::SmallPrint(
            "Gehen innerhalb von 30 Tagen nach Fälligkeit und Zugang dieser Rechnung keine Zahlungen ein, kommen Sie auch ohne Mahnung in Verzug.".into(),
        ))
}

/// An invoice that shares little with the next one, as the invoices of an agency do.
pub(crate) fn invoice_to(number: u32) -> Document {
    let money = |times: u32| eur(i64::from(number * 7_919 % 90_000 + 1_000) * i64::from(times));
    let recipient = Identity::new(format!("Nursery {number} & Daughters"))
        .with_line(format!("{} Mill Lane", number * 3 + 1))
        .with_line(format!("Cork T{} X000", 10 + number % 80));
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(recipient)
        .with_number(format!("INV-2026-{number:04}"))
        .with_date(day(1 + number % 12, 1 + number % 28));
    let line = |title: String, times: u32| {
        let cells: [Cell; 4] = [
            title.into(),
            times.into(),
            money(1).into(),
            money(times).into(),
        ];
        cells
    };
    Document::new(
        DocumentKind::Invoice,
        format!("Invoice INV-2026-{number:04}"),
        Language::EN,
    )
    .with_meta(meta)
    .paragraph(format!(
        "Dear customer {number}, we bill what we did for site {number} as agreed."
    ))
    .block(
        Table::new([
            Column::text("Item"),
            Column::figures("Quantity"),
            Column::figures("Unit price"),
            Column::figures("Amount"),
        ])
        .row(line(format!("Audit of site {number}"), 1))
        .row(line(format!("Repair of entries, round {number}"), 3))
        .row(line(format!("Care in month {}", number % 12), 2))
        .sum("Net", money(6))
        .grand_total("Total", money(6)),
    )
    .paragraph(format!(
        "Please pay by the end of the month and name INV-2026-{number:04}."
    ))
}

fn audit() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_number("A-2026-0044")
        .with_date(day(3, 9))
        .with_fact("Pages read", 23_i64)
        .with_reference("Snapshot of the pages", Digest32::of(b"pages"));
    let finding = |title: &str, note: &str, tone, word: &str, pages: i64, effort: &str| {
        [
            Cell::new(title).with_note(note),
            Cell::new(word).with_tone(tone),
            pages.into(),
            effort.into(),
        ]
    };
    let weight = |name: &str, kilobytes: i64, tone| Bar::new(name, kilobytes).with_tone(tone);
    Document::new(
        DocumentKind::AuditReport,
        "Website audit: marlowbakery.example",
        Language::EN,
    )
    .with_subtitle("What visitors and search engines meet, measured on 9 March 2026")
    .with_meta(meta)
    .block(Callout::new(
        Tone::Warning,
        "In one sentence",
        "The site looks good and says what matters, but it is heavy on a phone, and three pages that customers look for cannot be found at all.",
    ))
    .block(Chart::new(
        "Scores",
        "Five scores out of 100: speed 41, found by search 58, accessible 83, safe 72, contact 95.",
        ChartData::Gauges(vec![
            Dial::new("Speed on a phone", 41, 100).with_tone(Tone::Bad),
            Dial::new("Found by search engines", 58, 100).with_tone(Tone::Warning),
            Dial::new("Accessible", 83, 100).with_tone(Tone::Good),
            Dial::new("Safe", 72, 100).with_tone(Tone::Warning),
            Dial::new("Easy to contact", 95, 100).with_tone(Tone::Good),
        ]),
    ))
    .block(Block::Metrics(vec![
        Metric::new("Pages read", 23_i64).with_note("of 23 found"),
        Metric::new("Broken links", 7_i64).with_note("on 4 pages").with_tone(Tone::Bad),
        Metric::new("Mean weight", "2.4 MB").with_note("1 MB would be good").with_tone(Tone::Warning),
        Metric::new("Images with text", Value::Percent(91.into())).with_note("21 of 23").with_tone(Tone::Good),
    ]))
    .heading(1, "What to repair first")
    .block(
        Table::new([
            Column::text("Finding"),
            Column::text("Weight"),
            Column::figures("Pages"),
            Column::text("Effort"),
        ])
        .group("Speed")
        .row(finding("Photographs are sent in full size", "4,000 pixels wide where 800 are shown", Tone::Bad, "severe", 11, "2 hours"))
        .row(finding("No caching", "each visit loads everything again", Tone::Warning, "medium", 23, "1 hour"))
        .group("Search")
        .row(finding("Three pages are excluded", "robots.txt forbids /range, /orders and /about", Tone::Bad, "severe", 3, "10 minutes"))
        .row(finding("Titles are all alike", "“Home – Marlow” on nine pages", Tone::Warning, "medium", 9, "1 hour"))
        .row(finding("Opening hours as structured data", "present and right", Tone::Good, "fine", 1, "–")),
    )
    .heading(1, "Measurements")
    .block(
        Chart::new(
            "Weight of the heaviest pages",
            "Seven pages by weight; the gallery leads with 8,120 kB, the contact page has 310 kB.",
            ChartData::Bars(vec![
                weight("Gallery", 8_120, Tone::Bad),
                weight("Home", 4_310, Tone::Bad),
                weight("Wedding cakes and other orders made to measure", 3_905, Tone::Warning),
                weight("Range", 2_240, Tone::Warning),
                weight("About", 980, Tone::Good),
                weight("News", 640, Tone::Good),
                weight("Contact", 310, Tone::Good),
            ]),
        )
        .with_unit("kB")
        .with_caption("Transferred bytes at first visit, without cache."),
    )
    .block(Chart::new(
        "What the weight consists of",
        "Stacked bars for five pages: pictures make up most of each, then scripts, styles and text.",
        ChartData::StackedBars {
            names: ["Home", "Gallery", "Range", "Wedding cakes", "Contact"].map(str::to_owned).to_vec(),
            series: vec![
                Series::new("Pictures", [3_400, 7_500, 1_500, 3_300, 40]),
                Series::new("Scripts", [620, 410, 500, 420, 160]),
                Series::new("Styles and fonts", [210, 160, 190, 140, 80]),
                Series::new("Text", [80, 50, 50, 45, 30]),
            ],
        },
    ).with_unit("kB"))
    .block(
        Chart::new(
            "Time to first byte over a day",
            "A line over 24 hours between 180 and 940 milliseconds with a peak at 8 in the morning.",
            ChartData::Lines {
                steps: (0..24).map(|hour| format!("{hour:02}:00")).collect(),
                series: vec![Series::new(
                    "time",
                    [210, 190, 185, 180, 200, 260, 480, 820, 940, 760, 520, 430, 410, 380, 360, 350, 340, 420, 460, 390, 310, 270, 240, 220],
                )],
            },
        )
        .with_unit("ms"),
    )
    .heading(1, "How we measured")
    .block(
        List::numbered()
            .item("Pages were fetched one at a time, by the rules of robots.txt, on 9 March 2026.")
            .item(Inline::new().text("Each was read as a phone sees it, 390 pixels wide, with headers such as ").code("Cache-Control: no-store").text(" noted."))
            .item("Nothing was sent, filled in or changed."),
    )
}

fn plan() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_number("PL-2026-0017")
        .with_date(day(4, 14))
        .with_version(3);
    let task = |group: &str, name: &str, from, to, done| {
        TaskBar::new(name, from, to)
            .in_group(group)
            .with_progress(done)
    };
    Document::new(DocumentKind::Plan, "Plan for the new website", Language::EN)
        .with_meta(meta.as_draft())
        .paragraph("State on 14 April: design is accepted, the pages are under way, ordering begins on time.")
        .block(Chart::new(
            "Tasks and milestones",
            "Nine tasks in three phases from 30 March to 8 May; design done, pages at 60 percent.",
            ChartData::Gantt {
                tasks: vec![
                    task("Design", "Survey of products and hours", day(3, 30), day(4, 1), 100),
                    task("Design", "Concept", day(4, 2), day(4, 7), 100).critical(),
                    task("Design", "Two drafts", day(4, 7), day(4, 10), 100).critical(),
                    task("Build", "Five pages", day(4, 13), day(4, 24), 60),
                    task("Build", "Ordering with daily stock", day(4, 13), day(5, 1), 15).critical(),
                    task("Build", "Confirmation by e-mail", day(4, 27), day(4, 29), 0),
                    task("Release", "Listing repair in four directories", day(4, 20), day(4, 24), 0),
                    task("Release", "Trial run with the bakery", day(5, 4), day(5, 7), 0).critical(),
                    task("Release", "Hand-over and training", day(5, 8), day(5, 8), 0).critical(),
                ],
                milestones: vec![
                    Milestone::new("Design accepted", day(4, 10)).reached(),
                    Milestone::new("Ordering ready", day(5, 1)),
                    Milestone::new("Live", day(5, 8)),
                ],
                today: Some(day(4, 14)),
            },
        ))
        .heading(1, "Work packages")
        .block(
            Table::new([
                Column::text("Package"),
                Column::text("Answers"),
                Column::figures("Days, likely"),
                Column::figures("90%"),
                Column::text("Who"),
            ])
            .row(["Five pages".into(), "R-1, R-2".into(), Decimal::new(65, 1).into(), Decimal::new(90, 1).into(), "M. Sorrel".into()])
            .row(["Ordering with daily stock".into(), "R-3, R-4".into(), Decimal::new(110, 1).into(), Decimal::new(150, 1).into(), "J. Okonjo-Lind".into()])
            .row(["Listing repair".into(), "R-5".into(), Decimal::new(15, 1).into(), Decimal::new(25, 1).into(), "worker".into()])
            .totals(["Sum".into(), Cell::default(), Decimal::new(190, 1).into(), Decimal::new(265, 1).into(), Cell::default()]),
        )
        .heading(1, "What could go wrong")
        .block(
            Table::new([Column::text("Risk"), Column::text("Then"), Column::text("State")])
                .row(["Product texts come late".into(), "Pages with three sample products first".into(), Cell::new("watched").with_tone(Tone::Warning)])
                .row(["Directory takes long to answer".into(), "Not on the critical path".into(), Cell::new("fine").with_tone(Tone::Good)]),
        )
}

fn report() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_number("R-2026-0019")
        .with_date(day(5, 12))
        .with_fact("Period", "30 March to 8 May 2026");
    Document::new(DocumentKind::Report, "Final report: new website", Language::EN)
        .with_meta(meta)
        .block(Block::Metrics(vec![
            Metric::new("Delivered", "12 of 12").with_note("acceptance criteria").with_tone(Tone::Good),
            Metric::new("On time", "8 May").with_note("as agreed").with_tone(Tone::Good),
            Metric::new("Price", eur(456_884)).with_note("gross, as agreed"),
            Metric::new("Weight of the home page", "0.6 MB").with_note("4.3 MB before").with_tone(Tone::Good),
        ]))
        .heading(1, "What was done")
        .block(List::of([
            "Five pages, written and corrected twice",
            "Ordering with daily stock, 58 products at hand-over",
            "Opening hours repaired in four directories",
        ]))
        .heading(1, "What it brings")
        .block(
            Chart::new(
                "Orders and calls, by week",
                "Two lines over eight weeks: orders on the site rise from 0 to 74, calls fall from 210 to 96.",
                ChartData::Lines {
                    steps: (12..20).map(|week| format!("week {week}")).collect(),
                    series: vec![
                        Series::new("Calls in the morning", [210, 205, 214, 208, 199, 160, 121, 96]),
                        Series::new("Orders on the site", [0, 0, 0, 0, 6, 31, 58, 74]),
                    ],
                },
            )
            .with_caption("Calls as counted by the bakery; orders from the log of the site."),
        )
        .block(Chart::new(
            "From visit to collection",
            "A funnel of four stages: 1,840 visits, 412 carts, 169 orders, 163 collected.",
            ChartData::Funnel(vec![
                Stage::new("Visits", 1_840),
                Stage::new("Carts filled", 412),
                Stage::new("Orders placed", 169),
                Stage::new("Collected", 163),
            ]),
        ))
        .heading(1, "Hours and money")
        .block(
            Table::new([
                Column::text("Package"),
                Column::figures("Planned h"),
                Column::figures("Spent h"),
                Column::figures("Difference"),
            ])
            .row(["Concept and design".into(), 14_i64.into(), 13_i64.into(), Value::Percent(Decimal::new(-71, 1)).into()])
            .row(["Pages".into(), 16_i64.into(), 17_i64.into(), Value::Percent(Decimal::new(63, 1)).into()])
            .row(["Ordering".into(), 21_i64.into(), 24_i64.into(), Value::Percent(Decimal::new(143, 1)).into()])
            .totals(["Sum".into(), 51_i64.into(), 54_i64.into(), Value::Percent(Decimal::new(59, 1)).into()]),
        )
        .block(Callout::new(
            Tone::Good,
            "Accepted",
            "Ms Farrow accepted all deliverables on 11 May 2026. The last invoice is paid.",
        ))
}

fn listing() -> Document {
    let meta = Meta::new()
        .with_sender(studio())
        .with_recipient(bakery())
        .with_date(day(4, 24));
    Document::new(DocumentKind::Listing, "Your entry, before and after", Language::EN)
        .with_meta(meta)
        .block(
            Table::new([Column::text("Field"), Column::text("Before"), Column::text("After"), Column::text("State")])
                .row(["Name".into(), "Marlow st. bakery!!".into(), "Marlow Street Bakery".into(), Cell::new("changed").with_tone(Tone::Note)])
                .row(["Telephone".into(), Cell::default(), "+44 20 7946 0188".into(), Cell::new("added").with_tone(Tone::Good)])
                .row(["Saturday".into(), "closed".into(), "07:00–13:00".into(), Cell::new("changed").with_tone(Tone::Note)]),
        )
        .heading(1, "For your site")
        .paragraph(Inline::new().text("Put this into the head of the home page.").span(Span::Break).text("It is what search engines read."))
        .block(Block::Code("<script type=\"application/ld+json\">\n{\n  \"@context\": \"https://schema.org\",\n  \"@type\": \"Bakery\",\n  \"name\": \"Marlow Street Bakery\",\n  \"telephone\": \"+44 20 7946 0188\"\n}\n</script>".to_owned()))
}
