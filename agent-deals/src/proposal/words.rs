//! The fixed words of proposals, contracts and invoices, in English and German.

use dealwright_core::party::Language;

/// A fixed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Accept,
    AiMade,
    AnswersNeed,
    Assumptions,
    AssumptionsIntro,
    Balance,
    Clauses,
    ContractIntro,
    Cost,
    Credit,
    CreditIntro,
    Criteria,
    DaysToPay,
    DaysToPayDeposit,
    Deliverables,
    Deposit,
    Description,
    Discount,
    DueDate,
    DueOnAcceptance,
    DueOnSignature,
    Excluded,
    ExcludedIntro,
    Gross,
    InvoiceFor,
    InvoiceNumber,
    Law,
    Month,
    MonthsTerm,
    Net,
    Options,
    OptionsIntro,
    Outcomes,
    Part,
    Parties,
    Payable,
    Payment,
    PaymentIntro,
    Price,
    Quantity,
    ReplyBy,
    Scope,
    Signatures,
    Start,
    Subtotal,
    Supply,
    Tax,
    TaxTotal,
    Timeline,
    TotalNet,
    UnitPrice,
    Unanswered,
    ValidUntil,
    VatId,
    When,
    YourAnswer,
}

pub(crate) fn word(word: Word, language: Language) -> &'static str {
    let [english, german] = both(word);
    if language == Language::DE {
        german
    } else {
        english
    }
}

fn both(word: Word) -> [&'static str; 2] {
    match word {
        Word::Accept => ["How to accept", "So nehmen Sie an"],
        Word::AiMade => [
            "Results of this service are made with the help of artificial intelligence and are marked as such.",
            "Ergebnisse dieser Leistung entstehen mit Hilfe künstlicher Intelligenz und sind als solche gekennzeichnet.",
        ],
        Word::AnswersNeed => ["What you need", "Ihr Bedarf"],
        Word::Assumptions => ["What we assumed", "Unsere Annahmen"],
        Word::AssumptionsIntro => [
            "You have not told us these figures yet. If they differ, the price changes by the same rules.",
            "Diese Angaben liegen uns noch nicht vor. Weichen sie ab, ändert sich der Preis nach denselben Regeln.",
        ],
        Word::Balance => ["On acceptance", "Bei Abnahme"],
        Word::Clauses => ["Terms", "Bedingungen"],
        Word::ContractIntro => [
            "The parties agree on the services below, at the prices and terms of the accepted offer.",
            "Die Parteien vereinbaren die folgenden Leistungen zu den Preisen und Bedingungen des angenommenen Angebots.",
        ],
        Word::Cost => ["Price", "Preis"],
        Word::Credit => ["Credit note", "Gutschrift"],
        Word::CreditIntro => [
            "This credit note cancels invoice",
            "Diese Gutschrift storniert die Rechnung",
        ],
        Word::Criteria => ["Accepted when", "Abgenommen, wenn"],
        Word::DaysToPay => ["Days to pay an invoice", "Zahlungsziel in Tagen"],
        Word::DaysToPayDeposit => [
            "Days to pay the deposit",
            "Zahlungsziel der Anzahlung in Tagen",
        ],
        Word::Deliverables => ["What you receive", "Was Sie erhalten"],
        Word::Deposit => ["Deposit", "Anzahlung"],
        Word::Description => ["Description", "Leistung"],
        Word::Discount => ["Discount", "Rabatt"],
        Word::DueDate => ["Payable by", "Zahlbar bis"],
        Word::DueOnAcceptance => [
            "when its results are accepted",
            "bei Abnahme der Ergebnisse",
        ],
        Word::DueOnSignature => [
            "at signature, before work begins",
            "bei Vertragsschluss, vor Arbeitsbeginn",
        ],
        Word::Excluded => ["What this does not include", "Was nicht enthalten ist"],
        Word::ExcludedIntro => [
            "So that nobody is surprised, these are the limits of what we offer.",
            "Damit niemand überrascht wird: Das sind die Grenzen unseres Angebots.",
        ],
        Word::Gross => ["Total", "Gesamtbetrag"],
        Word::InvoiceFor => ["Billed", "Berechnet"],
        Word::InvoiceNumber => ["Invoice number", "Rechnungsnummer"],
        Word::Law => ["Governing law", "Anwendbares Recht"],
        Word::Month => ["Month", "Monat"],
        Word::MonthsTerm => ["months", "Monate"],
        Word::Net => ["Net", "Netto"],
        Word::Options => ["What you could add", "Was Sie hinzunehmen können"],
        Word::OptionsIntro => [
            "Not part of the price; before discount and tax.",
            "Nicht im Preis enthalten; vor Rabatt und Steuer.",
        ],
        Word::Outcomes => ["What you have afterwards", "Was Sie danach haben"],
        Word::Part => ["Part", "Teil"],
        Word::Parties => ["Parties", "Parteien"],
        Word::Payable => ["Please pay", "Bitte zahlen Sie"],
        Word::Payment => ["Payment", "Zahlung"],
        Word::PaymentIntro => [
            "The parts sum to the total, to the cent.",
            "Die Teile ergeben auf den Cent den Gesamtbetrag.",
        ],
        Word::Price => ["What it costs", "Was es kostet"],
        Word::Quantity => ["Quantity", "Menge"],
        Word::ReplyBy => [
            "We look forward to your answer by",
            "Wir freuen uns auf Ihre Antwort bis",
        ],
        Word::Scope => ["What we will do", "Was wir tun"],
        Word::Signatures => ["Signatures", "Unterschriften"],
        Word::Start => ["Start of work", "Arbeitsbeginn"],
        Word::Subtotal => ["Subtotal before discount", "Zwischensumme vor Rabatt"],
        Word::Supply => ["Service date", "Leistungszeitpunkt"],
        Word::Tax => ["VAT", "USt."],
        Word::TaxTotal => ["VAT in all", "USt. gesamt"],
        Word::Timeline => ["When", "Wann"],
        Word::TotalNet => ["Net total", "Nettobetrag"],
        Word::UnitPrice => ["Unit price", "Einzelpreis"],
        Word::Unanswered => ["Not part of this offer", "Nicht Teil dieses Angebots"],
        Word::ValidUntil => ["This offer is valid until", "Dieses Angebot gilt bis"],
        Word::VatId => ["VAT id", "USt-IdNr."],
        Word::When => ["Due", "Fällig"],
        Word::YourAnswer => ["Your answer", "Ihre Antwort"],
    }
}
