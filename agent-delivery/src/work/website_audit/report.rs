//! The audit as a document for the client.

use dealwright_core::document::{
    Bar, Block, Callout, Cell, Chart, ChartData, Column, Dial, Document, DocumentKind, Heading,
    Href, Inline, List, Meta, Metric, Table, Tone,
};
use dealwright_core::page::PageUrl;
use dealwright_core::party::Language;
use dealwright_core::text::{Context, Untrusted};
use rust_decimal::Decimal;

use super::{Audit, CheckResult, Evidence, Verdict, texts};
use crate::work::tongue::Tongue;

/// The report on an audit: score and categories as charts, what to do in which order,
/// every check with its points, and the passages behind every fault.
///
/// It is written in German or English, whichever is closer to `language`; `meta` brings
/// sender, recipient, number and date.
#[must_use]
pub fn report(audit: &Audit, meta: Meta, language: Language) -> Document {
    let tongue = Tongue::of(language);
    let title = tongue.say("Website audit", "Website-Analyse");
    let mut document = Document::new(DocumentKind::AuditReport, title, tongue.language())
        .with_subtitle(audit.start.host())
        .with_meta(meta);
    summary(&mut document, audit, tongue);
    to_do(&mut document, audit, tongue);
    all_checks(&mut document, audit, tongue);
    findings(&mut document, audit, tongue);
    method(&mut document, audit, tongue);
    document
}

fn summary(document: &mut Document, audit: &Audit, tongue: Tongue) {
    let tone = tone_of_share(audit.score, 100);
    let host = audit.start.host();
    let metric = |label, value: u32| Metric::new(label, value);
    document.push(Block::Metrics(vec![
        metric(tongue.say("Score of 100", "Punkte von 100"), audit.score).with_tone(tone),
        metric(tongue.say("Pages read", "Gelesene Seiten"), audit.pages),
        metric(
            tongue.say("Things to do", "Aufgaben"),
            count(audit.recommendations.len()),
        ),
        metric(
            tongue.say("Hours for all of them", "Stunden für alle"),
            audit.hours(),
        ),
    ]));
    let good = audit
        .results
        .iter()
        .filter(|one| one.verdict == Verdict::Pass)
        .count();
    let (all, first) = (audit.results.len(), audit.recommendations.first());
    let first = first.map_or("", |one| {
        let [_, _, fix] = texts::check(one.check, tongue);
        fix
    });
    let body = match tongue {
        Tongue::English => format!("{good} of {all} checks are as they should be. {first}"),
        Tongue::German => format!("{good} von {all} Prüfungen sind in Ordnung. {first}"),
    };
    let judgement = match tone {
        Tone::Good => tongue.say("In good shape", "In gutem Zustand"),
        Tone::Warning => tongue.say("Sound, with gaps", "Solide, mit Lücken"),
        _ => tongue.say("Much to gain", "Viel zu gewinnen"),
    };
    document.push(Callout::new(tone, judgement, body));

    let score = tongue.say("Score", "Punktzahl");
    let alt = match tongue {
        Tongue::English => format!("{host} scores {} of 100 points.", audit.score),
        Tongue::German => format!("{host} erreicht {} von 100 Punkten.", audit.score),
    };
    let dial = Dial::new(host, audit.score, 100).with_tone(tone);
    document.push(Chart::new(score, alt, ChartData::Gauges(vec![dial])));

    let shares: Vec<(&str, u32)> = audit
        .by_category()
        .into_iter()
        .filter(|(_, (_, of))| *of > 0)
        .map(|(category, (points, of))| (texts::category(category, tongue), points * 100 / of))
        .collect();
    if !shares.is_empty() {
        let said: Vec<String> = shares
            .iter()
            .map(|(name, share)| format!("{name}: {share} %"))
            .collect();
        let bars = shares.iter().map(|(name, share)| {
            Bar::new(*name, Decimal::from(*share)).with_tone(tone_of_share(*share, 100))
        });
        let title = tongue.say(
            "Share of the possible points",
            "Anteil der möglichen Punkte",
        );
        let chart = Chart::new(title, said.join("; "), ChartData::Bars(bars.collect()));
        document.push(chart.with_unit("%"));
    }
}

fn to_do(document: &mut Document, audit: &Audit, tongue: Tongue) {
    if audit.recommendations.is_empty() {
        return;
    }
    let mut table = Table::new([
        Column::figures("#"),
        Column::text(tongue.say("What to do", "Was zu tun ist")),
        Column::figures(tongue.say("Points", "Punkte")),
        Column::figures(tongue.say("Places", "Stellen")),
        Column::text(tongue.say("Work", "Aufwand")),
    ])
    .with_caption(tongue.say(
        "The most points for an hour of work come first.",
        "Was je Arbeitsstunde am meisten bringt, steht zuerst.",
    ));
    for (number, one) in (1u32..).zip(&audit.recommendations) {
        let [name, _, fix] = texts::check(one.check, tongue);
        table = table.row([
            Cell::from(number),
            Cell::from(name).with_note(fix),
            Cell::from(format!("+{}", one.gain)),
            Cell::from(one.places),
            Cell::from(texts::effort(one.effort, tongue)),
        ]);
    }
    let words = tongue.say(
        "What to do, in this order",
        "Was zu tun ist, in dieser Reihenfolge",
    );
    document.push(Heading::new(1, words));
    document.push(table);
}

fn all_checks(document: &mut Document, audit: &Audit, tongue: Tongue) {
    if audit.results.is_empty() {
        let none = tongue.say(
            "The site could not be read.",
            "Die Website war nicht lesbar.",
        );
        document.push(Block::Paragraph(none.into()));
        return;
    }
    let mut table = Table::new([
        Column::text(tongue.say("Check", "Prüfung")),
        Column::text(tongue.say("Result", "Ergebnis")),
        Column::figures(tongue.say("In order", "In Ordnung")),
        Column::figures(tongue.say("Points", "Punkte")),
    ]);
    for (category, (points, of)) in audit.by_category() {
        let name = texts::category(category, tongue);
        table = table.group(format!("{name} ({points} / {of})"));
        for one in audit
            .results
            .iter()
            .filter(|one| one.check.category() == category)
        {
            let [name, _, _] = texts::check(one.check, tongue);
            table = table.row([
                Cell::from(name),
                Cell::from(texts::verdict(one.verdict, tongue)).with_tone(tone(one.verdict)),
                Cell::from(format!("{} / {}", one.good, one.seen)),
                Cell::from(format!("{} / {}", one.points, one.of_points)),
            ]);
        }
    }
    let total = format!("{} / 100", audit.score);
    table = table.grand_total(tongue.say("Score", "Punktzahl"), total);
    document.push(Heading::new(1, tongue.say("All checks", "Alle Prüfungen")));
    document.push(table);
}

fn findings(document: &mut Document, audit: &Audit, tongue: Tongue) {
    let poor: Vec<&CheckResult> = audit
        .results
        .iter()
        .filter(|one| one.verdict != Verdict::Pass)
        .collect();
    if poor.is_empty() {
        return;
    }
    document.push(Heading::new(
        1,
        tongue.say("What we saw", "Was wir gesehen haben"),
    ));
    for one in poor {
        let [name, why, fix] = texts::check(one.check, tongue);
        document.push(Heading::new(2, name));
        document.push(Block::Paragraph(why.into()));
        let bullets = one
            .evidence
            .iter()
            .fold(List::bullets(), |list, seen| list.item(quote(seen)));
        document.push(bullets);
        let more = (one.seen - one.good).saturating_sub(count(one.evidence.len()));
        if more > 0 {
            let text = match tongue {
                Tongue::English => format!("And {more} more of the same kind."),
                Tongue::German => format!("Und {more} weitere dieser Art."),
            };
            document.push(Block::SmallPrint(text.into()));
        }
        document.push(Block::Paragraph(Inline::new().strong(fix)));
    }
}

fn quote(evidence: &Evidence) -> Inline {
    let inline = link(Inline::new(), &evidence.page);
    inline.text(": ").code(plain(&evidence.passage))
}

fn link(inline: Inline, page: &PageUrl) -> Inline {
    match Href::parse(page.as_str()) {
        Ok(href) => inline.link(page.path_and_query(), href),
        Err(_) => inline.code(page.path_and_query()),
    }
}

fn method(document: &mut Document, audit: &Audit, tongue: Tongue) {
    let start = audit.start.as_str();
    let (pages, unseen) = (audit.pages, audit.unseen);
    let text = match tongue {
        Tongue::English => format!(
            "Read from {start}: {pages} pages. {unseen} addresses were closed to us or gave no \
             answer. Each check counts what is in order among all it looked at; its points are \
             its share of 100 by weight, rounded down, and the score is their sum."
        ),
        Tongue::German => format!(
            "Gelesen ab {start}: {pages} Seiten. {unseen} Adressen waren uns verschlossen oder \
             antworteten nicht. Jede Prüfung zählt, was von allem Betrachteten in Ordnung ist; \
             ihre Punkte sind ihr Anteil an 100 nach Gewicht, abgerundet, und die Punktzahl ist \
             deren Summe."
        ),
    };
    document.push(Heading::new(
        1,
        tongue.say("How we measured", "Wie gemessen wurde"),
    ));
    document.push(Block::Paragraph(text.into()));
    if audit.cut {
        let text = tongue.say(
            "The site has more pages than were ordered; those beyond were not read.",
            "Die Website hat mehr Seiten als bestellt; die übrigen wurden nicht gelesen.",
        );
        document.push(Block::SmallPrint(text.into()));
    }
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Warn => Tone::Warning,
        Verdict::Fail => Tone::Bad,
    }
}

fn tone_of_share(points: u32, of: u32) -> Tone {
    if points * 100 >= of * 85 {
        Tone::Good
    } else if points * 100 >= of * 60 {
        Tone::Warning
    } else {
        Tone::Bad
    }
}

/// Outside words as text of the document; its renderers encode them for their format.
fn plain(text: &Untrusted<String>) -> String {
    text.render_for(Context::Header)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
