use chrono::NaiveDate;
use dealwright_core::document::{
    Block, Callout, Cell, Column, Document, DocumentKind, Inline, Meta, Table, Tone, Wording,
};
use dealwright_core::knowledge::TaxCategory;
use dealwright_core::party::Language;

use super::Party;
use crate::pricing::{InstalmentKind, Invoice, InvoiceKind};
use crate::proposal::words::{Word, word};

/// What an invoice needs beside its amounts.
#[derive(Clone, Debug)]
pub struct InvoiceFrame<'a> {
    /// Who bills.
    pub seller: &'a Party,
    /// Who is billed.
    pub client: &'a Party,
    /// The language of the fixed words.
    pub language: Language,
    /// When the service was done, or is due to be; for a deposit, when it is to be paid.
    pub supplied: NaiveDate,
    /// How to pay, line by line.
    pub pay_to: &'a [String],
}

/// Something that the VAT Directive wants on an invoice (Art. 226) and that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the invoice lacks {what} (art. 226 no. {number} of directive 2006/112/ec); add it")]
pub struct InvoiceContentError {
    number: &'static str,
    what: &'static str,
}

/// The invoice or credit note as it is read, with what Art. 226 of the VAT Directive asks for:
/// date (1), number (2), VAT numbers (3, 4), names and addresses (5), what was done (6), when
/// (7), base by rate (8), rate (9), tax (10), reason where there is none (11, 11a).
///
/// # Errors
///
/// [`InvoiceContentError`] names what is missing and its number in the article.
pub fn invoice_document(
    invoice: &Invoice,
    frame: &InvoiceFrame<'_>,
) -> Result<Document, InvoiceContentError> {
    complete(invoice, frame)?;
    let say = |w| word(w, frame.language);
    let credit = matches!(invoice.kind(), InvoiceKind::CreditNote { .. });
    let vat = say(Word::VatId);
    let mut meta = Meta::new()
        .with_sender(frame.seller.identity(vat, frame.language))
        .with_recipient(frame.client.identity(vat, frame.language))
        .with_number(invoice.number().as_str())
        .with_date(invoice.issued())
        .with_fact(say(Word::Supply), frame.supplied);
    if !credit {
        meta = meta.with_fact(say(Word::DueDate), invoice.due());
    }
    let (kind, title) = if credit {
        (DocumentKind::CreditNote, say(Word::Credit))
    } else {
        (DocumentKind::Invoice, say(Word::InvoiceNumber))
    };
    let title = format!("{title} {}", invoice.number());
    let mut document = Document::new(kind, title, frame.language)
        .with_subtitle(occasion(invoice, frame.language))
        .with_meta(meta);
    if let InvoiceKind::CreditNote { corrects } = invoice.kind() {
        document.push(Block::Paragraph(
            format!("{} {corrects}.", say(Word::CreditIntro)).into(),
        ));
    }
    document.push(lines(invoice, frame.language));
    for note in invoice.taxes().iter().filter_map(|t| t.note.as_deref()) {
        document.push(Block::Paragraph(note.into()));
    }
    if !credit {
        let pay = Inline::new()
            .text(format!("{} ", say(Word::Payable)))
            .money(invoice.gross())
            .text(format!(" · {} ", say(Word::DueDate)))
            .date(invoice.due())
            .text(format!(
                " · {} {}",
                say(Word::InvoiceNumber),
                invoice.number()
            ));
        document.push(Callout::new(Tone::Note, say(Word::Payment), pay));
        for line in frame.pay_to {
            document.push(Block::Paragraph(line.as_str().into()));
        }
    }
    Ok(document)
}

fn complete(invoice: &Invoice, frame: &InvoiceFrame<'_>) -> Result<(), InvoiceContentError> {
    let blank = |text: &str| text.trim().is_empty();
    let no_id = |party: &Party| party.vat_id.as_deref().is_none_or(blank);
    let reverse = invoice
        .taxes()
        .iter()
        .any(|t| t.category == TaxCategory::ReverseCharge);
    let unexplained = invoice.taxes().iter().any(|t| {
        let explained = matches!(t.category, TaxCategory::Standard | TaxCategory::Zero);
        !explained && t.note.as_deref().is_none_or(blank)
    });
    let lineless = invoice.lines().is_empty() || invoice.lines().iter().any(|l| blank(&l.label));
    for (missing, number, what) in [
        (no_id(frame.seller), "3", "the seller's vat or tax number"),
        (
            reverse && no_id(frame.client),
            "4",
            "the client's vat number for reverse charge",
        ),
        (blank(&frame.seller.name), "5", "the seller's name"),
        (blank(&frame.client.name), "5", "the client's name"),
        (lineless, "6", "what was done"),
        (unexplained, "11", "the reason why there is no tax"),
    ] {
        if missing {
            return Err(InvoiceContentError { number, what });
        }
    }
    Ok(())
}

fn occasion(invoice: &Invoice, language: Language) -> String {
    let say = |w| word(w, language);
    match invoice.occasion() {
        InstalmentKind::Deposit => say(Word::Deposit).to_owned(),
        InstalmentKind::Milestone { name, .. } => format!("{name}: {}", say(Word::Balance)),
        InstalmentKind::Retainer { month } => format!("{} {month}", say(Word::Month)),
    }
}

fn lines(invoice: &Invoice, language: Language) -> Table {
    let say = |w| word(w, language);
    let mut table = Table::new([
        Column::text(say(Word::Description)).with_share(5),
        Column::figures(say(Word::Cost)).with_share(2),
        Column::figures(say(Word::Tax)).with_share(1),
        Column::figures(say(Word::InvoiceFor)).with_share(2),
    ]);
    for line in invoice.lines() {
        let rate = invoice.taxes().iter().find(|t| t.rule == line.tax_rule);
        let rate = rate.map_or_else(String::new, |t| t.rate.to_string());
        table = table.row([
            Cell::new(line.label.as_str()),
            Cell::new(line.whole),
            Cell::new(rate),
            Cell::new(line.net),
        ]);
    }
    table = table.sum(say(Word::TotalNet), invoice.net());
    for tax in invoice.taxes() {
        // The base stands beside each rate, as no. 8 wants it.
        let label = format!(
            "{} {} · {} {}",
            say(Word::Tax),
            tax.rate,
            say(Word::Net),
            Wording::of(language).money(tax.base)
        );
        table = table.sum(label, tax.tax);
    }
    if invoice.taxes().len() > 1 {
        table = table.sum(say(Word::TaxTotal), invoice.tax());
    }
    table.grand_total(say(Word::Gross), invoice.gross())
}
