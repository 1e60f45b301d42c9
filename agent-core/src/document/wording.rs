//! The words, amounts and dates that renderers add, in the document's language.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{AiMark, AiScope, DocumentKind};
use crate::money::{Currency, Money, UnitPrice};
use crate::party::Language;

/// How one language writes labels, numbers, amounts and dates.
///
/// English, German, French and Spanish are known; every other language gets English labels
/// and figures, so that a document is never half translated.
///
/// ```
/// use dealwright_core::document::Wording;
/// use dealwright_core::money::{Currency, Money};
/// use dealwright_core::party::Language;
/// let amount = Money::from_minor(123_450, Currency::parse("EUR")?);
/// assert_eq!(Wording::of(Language::EN).money(amount), "€1,234.50");
/// assert_eq!(Wording::of(Language::DE).money(amount), "1.234,50\u{a0}€");
/// # Ok::<(), dealwright_core::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording(Tongue);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    De,
    En,
    Es,
    Fr,
}

/// A word that renderers add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Label {
    /// Of tasks that delay the end when they are late.
    Critical,
    /// Above the data of a chart.
    Data,
    /// Before the day a document bears.
    Date,
    /// Of the part of a task that is done.
    Done,
    /// On a document that binds nobody yet.
    Draft,
    /// Above a column of last days.
    End,
    /// Before a milestone.
    Milestone,
    /// Before the number of a document.
    Number,
    /// Of the part of a task that lies ahead.
    Planned,
    /// Above the hashes a document rests on.
    References,
    /// Before the hash of a signature's record.
    Record,
    /// Below the line to sign on.
    Signature,
    /// Before the day of a signature.
    SignedOn,
    /// Above a column of first days.
    Start,
    /// Before the recipient.
    To,
    /// The present day in a plan.
    Today,
    /// Before a version.
    Version,
}

impl Wording {
    /// The wording of a language.
    #[must_use]
    pub fn of(language: Language) -> Self {
        Self(match language.code() {
            "de" => Tongue::De,
            "es" => Tongue::Es,
            "fr" => Tongue::Fr,
            _ => Tongue::En,
        })
    }

    /// The language of the labels themselves, for hyphenation and screen readers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.pick(["de", "en", "es", "fr"])
    }

    /// The word above the title.
    #[must_use]
    pub fn kind(&self, kind: DocumentKind) -> &'static str {
        self.pick(match kind {
            DocumentKind::AuditReport => [
                "Prüfbericht",
                "Audit report",
                "Informe de auditoría",
                "Rapport d’audit",
            ],
            DocumentKind::CaseStudy => {
                ["Fallstudie", "Case study", "Caso de éxito", "Étude de cas"]
            }
            DocumentKind::Contract => ["Vertrag", "Contract", "Contrato", "Contrat"],
            DocumentKind::CreditNote => [
                "Rechnungskorrektur",
                "Credit note",
                "Factura rectificativa",
                "Avoir",
            ],
            DocumentKind::Invoice => ["Rechnung", "Invoice", "Factura", "Facture"],
            DocumentKind::Letter => ["Schreiben", "Letter", "Carta", "Lettre"],
            DocumentKind::Listing => [
                "Eintragsblatt",
                "Listing sheet",
                "Ficha de datos",
                "Fiche de données",
            ],
            DocumentKind::Plan => [
                "Projektplan",
                "Project plan",
                "Plan de proyecto",
                "Plan de projet",
            ],
            DocumentKind::Proposal => ["Angebot", "Proposal", "Propuesta", "Proposition"],
            DocumentKind::Report => ["Bericht", "Report", "Informe", "Rapport"],
        })
    }

    /// A word.
    #[must_use]
    pub fn label(&self, label: Label) -> &'static str {
        self.pick(match label {
            Label::Critical => [
                "kritischer Pfad",
                "critical path",
                "ruta crítica",
                "chemin critique",
            ],
            Label::Data => ["Daten", "Data", "Datos", "Données"],
            Label::Date => ["Datum", "Date", "Fecha", "Date"],
            Label::Done => ["erledigt", "done", "hecho", "fait"],
            Label::Draft => ["Entwurf", "Draft", "Borrador", "Projet"],
            Label::End => ["Ende", "End", "Fin", "Fin"],
            Label::Milestone => ["Meilenstein", "Milestone", "Hito", "Jalon"],
            Label::Number => ["Nummer", "Number", "Número", "Numéro"],
            Label::Planned => ["geplant", "planned", "previsto", "prévu"],
            Label::References => [
                "Prüfsummen",
                "Hashes",
                "Sumas de verificación",
                "Empreintes",
            ],
            Label::Record => ["Nachweis", "Record", "Registro", "Preuve"],
            Label::Signature => [
                "Ort, Datum, Unterschrift",
                "Place, date, signature",
                "Lugar, fecha, firma",
                "Lieu, date, signature",
            ],
            Label::SignedOn => ["Unterzeichnet am", "Signed on", "Firmado el", "Signé le"],
            Label::Start => ["Beginn", "Start", "Inicio", "Début"],
            Label::To => ["An", "To", "Para", "À"],
            Label::Today => ["heute", "today", "hoy", "aujourd’hui"],
            Label::Version => ["Fassung", "Version", "Versión", "Version"],
        })
    }

    /// The foot of a page, with `{page}` and `{pages}` to be filled in.
    #[must_use]
    pub fn page_pattern(&self) -> &'static str {
        self.pick([
            "Seite {page} von {pages}",
            "Page {page} of {pages}",
            "Página {page} de {pages}",
            "Page {page} sur {pages}",
        ])
    }

    /// The sentence that tells a reader of the mark.
    #[must_use]
    pub fn notice(&self, mark: &AiMark) -> String {
        let made = self.pick(match mark.scope() {
            AiScope::Whole => [
                "Dieses Dokument wurde mit KI erzeugt",
                "This document was generated by AI",
                "Este documento fue generado con IA",
                "Ce document a été généré par une IA",
            ],
            AiScope::Parts => [
                "Teile dieses Dokuments wurden mit KI erzeugt",
                "Parts of this document were generated by AI",
                "Partes de este documento fueron generadas con IA",
                "Des parties de ce document ont été générées par une IA",
            ],
        });
        let by = mark
            .generator()
            .map(|name| format!(" ({name})"))
            .unwrap_or_default();
        let reviewed = if mark.is_reviewed() {
            self.pick([
                " Ein Mensch hat es vor der Freigabe geprüft.",
                " A person reviewed it before it was released.",
                " Una persona lo revisó antes de su entrega.",
                " Une personne l’a relu avant sa remise.",
            ])
        } else {
            ""
        };
        format!("{made}{by}.{reviewed}")
    }

    /// A number with its digits grouped: `12,345.6`.
    #[must_use]
    pub fn number(&self, number: Decimal) -> String {
        let text = number.to_string();
        let (sign, digits) = text
            .strip_prefix('-')
            .map_or(("", &*text), |rest| ("−", rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (group, point) = match self.0 {
            Tongue::En => (",", "."),
            Tongue::De | Tongue::Es => (".", ","),
            Tongue::Fr => ("\u{202f}", ","),
        };
        let mut out = String::from(sign);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push_str(group);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push_str(point);
            out.push_str(fraction);
        }
        out
    }

    /// A share: `19%`, `19 %`.
    #[must_use]
    pub fn percent(&self, percent: Decimal) -> String {
        let space = self.pick(["\u{a0}", "", "\u{a0}", "\u{a0}"]);
        format!("{}{space}%", self.number(percent.normalize()))
    }

    /// An amount, with all the digits of its currency. Signs stand only for currencies that
    /// nobody can mistake (`€`, `£`); the others are named by code.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        self.with_currency(&self.number(amount.amount()), amount.currency())
    }

    /// The price of one unit with all its digits, the sign where [`money`](Self::money) has it.
    #[must_use]
    pub fn price(&self, price: UnitPrice) -> String {
        self.with_currency(&self.number(price.amount()), price.currency())
    }

    fn with_currency(&self, figure: &str, currency: Currency) -> String {
        let code = currency.code();
        let sign = match code {
            "EUR" => Some("€"),
            "GBP" => Some("£"),
            "USD" if self.0 == Tongue::En => Some("$"),
            _ => None,
        };
        match (sign, self.0) {
            (Some(sign), Tongue::En) => match figure.strip_prefix('−') {
                Some(rest) => format!("−{sign}{rest}"),
                None => format!("{sign}{figure}"),
            },
            (Some(sign), _) => format!("{figure}\u{a0}{sign}"),
            (None, _) => format!("{figure}\u{a0}{code}"),
        }
    }

    /// A day: `14 March 2026`, `14. März 2026`.
    #[must_use]
    pub fn date(&self, day: NaiveDate) -> String {
        let (number, month, year) = (day.day(), self.month(day), day.year());
        match self.0 {
            Tongue::De => format!("{number}.\u{a0}{month} {year}"),
            Tongue::En => format!("{number}\u{a0}{month} {year}"),
            Tongue::Es => format!("{number} de {month} de {year}"),
            Tongue::Fr if number == 1 => format!("1er\u{a0}{month} {year}"),
            Tongue::Fr => format!("{number}\u{a0}{month} {year}"),
        }
    }

    /// A day without its year, short: `14 Mar`.
    #[must_use]
    pub fn short_date(&self, day: NaiveDate) -> String {
        let month = self.month(day);
        let short: String = match (self.0, month.chars().count()) {
            (_, ..=4) => month.to_owned(),
            (Tongue::En | Tongue::Es, _) => month.chars().take(3).collect(),
            (Tongue::De, _) => month.chars().take(3).chain(['.']).collect(),
            (Tongue::Fr, _) => month.chars().take(4).chain(['.']).collect(),
        };
        let dot = self.pick([".", "", "", ""]);
        format!("{}{dot}\u{a0}{short}", day.day())
    }

    fn month(&self, day: NaiveDate) -> &'static str {
        let names = self.pick([
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
            "January February March April May June July August September October November December",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        ]);
        names
            .split(' ')
            .nth(day.month0() as usize)
            .unwrap_or_default()
    }

    /// The entry of `[de, en, es, fr]`.
    fn pick<T>(&self, [de, en, es, fr]: [T; 4]) -> T {
        match self.0 {
            Tongue::De => de,
            Tongue::En => en,
            Tongue::Es => es,
            Tongue::Fr => fr,
        }
    }
}
