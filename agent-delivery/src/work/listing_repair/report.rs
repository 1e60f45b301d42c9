//! The repair as a sheet for the client: before, after, and why.

use dealwright_core::document::{
    Bar, Block, Callout, Cell, Chart, ChartData, Column, Document, DocumentKind, Heading, List,
    Meta, Metric, Table, Tone,
};
use dealwright_core::party::Language;
use dealwright_core::text::{Context, Untrusted};
use rust_decimal::Decimal;

use super::{Change, ListingRepair, Rule, json_ld_script};
use crate::work::listing::ListingField;
use crate::work::tongue::Tongue;

/// The before/after sheet of a repair, with the corrected data ready to be put on the
/// site.
///
/// It is written in German or English, whichever is closer to `language`; `meta` brings
/// sender, recipient, number and date.
#[must_use]
pub fn report(repair: &ListingRepair, meta: Meta, language: Language) -> Document {
    let tongue = Tongue::of(language);
    let title = tongue.say("Listing repair", "Eintragskorrektur");
    let mut document =
        Document::new(DocumentKind::Listing, title, tongue.language()).with_meta(meta);
    if let Some(name) = repair.name() {
        document = document.with_subtitle(plain(name));
    }
    summary(&mut document, repair, tongue);
    changes(&mut document, repair, tongue);
    decisions(&mut document, repair, tongue);
    open_points(&mut document, repair, tongue);
    let words = tongue.say(
        "Structured data for your site",
        "Strukturierte Daten für Ihre Website",
    );
    document
        .heading(1, words)
        .paragraph(tongue.say(
            "Put this into the head of every page, in a script element of type \
             application/ld+json.",
            "In den Kopf jeder Seite setzen, in ein script-Element vom Typ application/ld+json.",
        ))
        .block(Block::Code(json_ld_script(repair)))
}

fn summary(document: &mut Document, repair: &ListingRepair, tongue: Tongue) {
    let wrong = repair
        .changes
        .iter()
        .filter(|change| change.before.is_some())
        .count();
    let confirm = repair
        .fields
        .iter()
        .filter(|one| one.needs_confirmation())
        .count();
    let metric = |label, number: usize| Metric::new(label, count(number));
    document.push(Block::Metrics(vec![
        metric(
            tongue.say("Fields in conflict", "Widersprüche"),
            repair.conflicts(),
        ),
        metric(tongue.say("Wrong values", "Falsche Werte"), wrong),
        metric(
            tongue.say("Missing values", "Fehlende Werte"),
            repair.changes.len() - wrong,
        ),
        metric(tongue.say("To be confirmed", "Zu bestätigen"), confirm),
    ]));
    let mut sources: Vec<(&str, usize)> = Vec::new();
    for change in &repair.changes {
        match sources.last_mut() {
            Some((name, number)) if *name == change.source => *number += 1,
            _ => sources.push((&change.source, 1)),
        }
    }
    if sources.is_empty() {
        let title = tongue.say("All listings agree", "Alle Einträge stimmen überein");
        let body = tongue.say(
            "There is nothing to correct.",
            "Es gibt nichts zu berichtigen.",
        );
        document.push(Callout::new(Tone::Good, title, body));
        return;
    }
    let said: Vec<String> = sources
        .iter()
        .map(|(name, number)| format!("{name}: {number}"))
        .collect();
    let bars = sources.iter().take(40).map(|(name, number)| {
        Bar::new(*name, Decimal::from(count(*number))).with_tone(Tone::Warning)
    });
    let title = tongue.say("Corrections by source", "Korrekturen je Quelle");
    document.push(Chart::new(
        title,
        said.join("; "),
        ChartData::Bars(bars.collect()),
    ));
}

fn changes(document: &mut Document, repair: &ListingRepair, tongue: Tongue) {
    if repair.changes.is_empty() {
        return;
    }
    let mut table = Table::new([
        Column::text(tongue.say("Field", "Feld")),
        Column::text(tongue.say("Before", "Vorher")).with_share(2),
        Column::text(tongue.say("After", "Nachher")).with_share(2),
    ]);
    let mut source = None;
    for Change {
        source: name,
        field,
        before,
        after,
    } in &repair.changes
    {
        if source != Some(name) {
            table = table.group(name.as_str());
            source = Some(name);
        }
        let nothing = tongue.say("nothing", "nichts");
        let old = before.as_ref().map_or_else(
            || Cell::from(nothing).with_tone(Tone::Warning),
            |before| Cell::from(plain(before)).with_tone(Tone::Bad),
        );
        let new = Cell::from(plain(after)).with_tone(Tone::Good);
        table = table.row([Cell::from(field_name(*field, tongue)), old, new]);
    }
    document.push(Heading::new(
        1,
        tongue.say("Before and after", "Vorher und nachher"),
    ));
    document.push(table);
    if !repair.left_out.is_empty() {
        let names = repair.left_out.join(", ");
        let text = match tongue {
            Tongue::English => {
                format!("Not part of this order, though not correct either: {names}.")
            }
            Tongue::German => format!("Nicht Teil dieses Auftrags, aber auch fehlerhaft: {names}."),
        };
        document.push(Block::SmallPrint(text.into()));
    }
}

fn decisions(document: &mut Document, repair: &ListingRepair, tongue: Tongue) {
    let mut table = Table::new([
        Column::text(tongue.say("Field", "Feld")),
        Column::text(tongue.say("Right value", "Richtiger Wert")).with_share(2),
        Column::text(tongue.say("Decided by", "Entschieden nach")).with_share(1),
        Column::text(tongue.say("Given otherwise by", "Anders angegeben von")).with_share(2),
    ]);
    for one in &repair.fields {
        let others: Vec<String> = one
            .others
            .iter()
            .map(|other| format!("{} ({})", plain(&other.value), other.sources.join(", ")))
            .collect();
        let rule = Cell::from(rule_name(one.rule, tongue));
        table = table.row([
            Cell::from(field_name(one.field, tongue)),
            Cell::from(plain(&one.chosen.value)).with_note(one.chosen.sources.join(", ")),
            if one.needs_confirmation() {
                rule.with_tone(Tone::Warning)
            } else {
                rule
            },
            Cell::from(others.join("; ")),
        ]);
    }
    document.push(Heading::new(
        1,
        tongue.say("Why this is right", "Warum das richtig ist"),
    ));
    document.push(table);
}

fn open_points(document: &mut Document, repair: &ListingRepair, tongue: Tongue) {
    let unsure = repair.fields.iter().filter(|one| one.needs_confirmation());
    let mut points: Vec<String> = unsure
        .map(|one| {
            let (field, value) = (field_name(one.field, tongue), plain(&one.chosen.value));
            let others: Vec<String> = one.others.iter().map(|o| plain(&o.value)).collect();
            let said = format!("{value} · {}", others.join(" · "));
            match (tongue, one.rule) {
                (Tongue::English, Rule::Open) => format!("{field}: which is right? {said}"),
                (Tongue::German, Rule::Open) => format!("{field}: Was stimmt? {said}"),
                (Tongue::English, _) => format!("{field}: is `{value}` still right?"),
                (Tongue::German, _) => format!("{field}: Stimmt „{value}“ noch?"),
            }
        })
        .collect();
    points.extend(repair.missing.iter().map(|field| {
        let field = field_name(*field, tongue);
        match tongue {
            Tongue::English => format!("{field}: nobody gives it; please tell us."),
            Tongue::German => format!("{field}: Niemand nennt es; bitte teilen Sie es uns mit."),
        }
    }));
    if !points.is_empty() {
        document.push(Heading::new(
            1,
            tongue.say("Please confirm", "Bitte bestätigen"),
        ));
        document.push(List::of(points));
    }
}

fn field_name(field: ListingField, tongue: Tongue) -> &'static str {
    match field {
        ListingField::Name => tongue.say("Name", "Name"),
        ListingField::Street => tongue.say("Street", "Straße"),
        ListingField::PostalCode => tongue.say("Postal code", "Postleitzahl"),
        ListingField::City => tongue.say("Town", "Ort"),
        ListingField::Region => tongue.say("Region", "Region"),
        ListingField::Country => tongue.say("Country", "Land"),
        ListingField::Phone => tongue.say("Telephone", "Telefon"),
        ListingField::Email => tongue.say("E-mail", "E-Mail"),
        ListingField::Website => tongue.say("Website", "Website"),
        ListingField::Hours => tongue.say("Opening hours", "Öffnungszeiten"),
        ListingField::Category => tongue.say("Category", "Branche"),
    }
}

fn rule_name(rule: Rule, tongue: Tongue) -> &'static str {
    match rule {
        Rule::Agreement => tongue.say("all agree", "alle stimmen überein"),
        Rule::OwnWord => tongue.say("your own word", "Ihr eigenes Wort"),
        Rule::OwnSite => tongue.say("your own site", "Ihre eigene Website"),
        Rule::Register => tongue.say("public register", "öffentliches Register"),
        Rule::Majority => tongue.say("majority", "Mehrheit"),
        Rule::Newest => tongue.say("newest, please confirm", "neueste Angabe, bitte bestätigen"),
        Rule::Open => tongue.say("open: please tell us", "offen: bitte sagen Sie es uns"),
    }
}

/// Outside words as text of the document; its renderers encode them for their format.
fn plain(text: &Untrusted<String>) -> String {
    text.render_for(Context::Header)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
