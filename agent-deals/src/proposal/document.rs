use dealwright_core::document::{
    AiMark, AiScope, Block, Callout, Cell, Column, Document, DocumentKind, Fact, Heading, Identity,
    Inline, List, Meta, Metric, Row, Table, Tone, Value,
};
use dealwright_core::knowledge::Billing;
use dealwright_core::money::{Money, UnitPrice};
use dealwright_core::party::Language;

use super::words::{Word, word};
use super::{ProposalVersion, ScopeEntry};
use crate::pricing::{Instalment, InstalmentKind, Line, PaymentPlan, Quote};

impl ProposalVersion {
    /// The proposal as it is read: scope, what it does not include, price, tax, options, dates,
    /// payments and how to accept. The same version gives the same document.
    #[must_use]
    pub fn document(&self, sender: Identity, recipient: Identity) -> Document {
        let content = self.content();
        let language = content.language;
        let say = |w| word(w, language);
        let title = content
            .scope
            .iter()
            .map(|entry| entry.name.as_str())
            .collect::<Vec<_>>()
            .join(" · ");
        let meta = Meta::new()
            .with_sender(sender)
            .with_recipient(recipient)
            .with_number(format!("P-{}", self.id().short()))
            .with_version(self.number())
            .with_date(self.issued_at().date_naive())
            .with_fact(say(Word::ValidUntil), self.valid_until().date_naive());
        let mut document = Document::new(DocumentKind::Proposal, title, language)
            .with_subtitle(content.client.clone())
            .with_meta(meta)
            .block(Block::Metrics(vec![
                Metric::new(say(Word::TotalNet), self.quote().totals().net),
                Metric::new(say(Word::Gross), self.quote().totals().gross),
                Metric::new(say(Word::Start), self.terms().start),
            ]))
            .heading(1, say(Word::Scope));
        for entry in &content.scope {
            scope(&mut document, entry, language);
        }
        exclusions(&mut document, self, language);
        document.push(Heading::new(1, say(Word::Price)));
        document.push(price_table(self.quote(), language));
        tax_notes(&mut document, self.quote());
        options(&mut document, self, language);
        document.push(Heading::new(1, say(Word::Timeline)));
        document.push(timeline(self, language));
        document.push(Heading::new(1, say(Word::Payment)));
        document.push(plan_table(&content.plan, language));
        document.push(Block::SmallPrint(say(Word::PaymentIntro).into()));
        document.push(Block::Facts(terms(self, language)));
        document.push(Heading::new(1, say(Word::Accept)));
        let until = Inline::new()
            .text(format!("{} ", say(Word::ReplyBy)))
            .date(self.reply_by().date_naive())
            .text(format!(". {} ", say(Word::ValidUntil)))
            .date(self.valid_until().date_naive())
            .text(".");
        document.push(Callout::new(Tone::Note, say(Word::YourAnswer), until));
        if content.scope.iter().any(|entry| entry.ai_made) {
            document = document.with_mark(AiMark::new(AiScope::Parts));
        }
        document
    }
}

fn scope(document: &mut Document, entry: &ScopeEntry, language: Language) {
    let say = |w| word(w, language);
    document.push(Heading::new(2, entry.name.clone()));
    document.push(Block::Paragraph(entry.summary.as_str().into()));
    if !entry.answers.is_empty() {
        let mut list = List::bullets();
        let statements = entry.answers.iter().map(|a| a.statement.as_str());
        list = list.item_with(Inline::new().strong(say(Word::AnswersNeed)), statements);
        let outcomes = entry.outcomes.iter().map(String::as_str);
        list = list.item_with(Inline::new().strong(say(Word::Outcomes)), outcomes);
        document.push(list);
    }
    let mut facts: Vec<Fact> = entry
        .drivers
        .iter()
        .map(|d| Fact::new(d.name.clone(), d.value))
        .collect();
    facts.extend(
        entry
            .options
            .iter()
            .map(|option| Fact::new(option.clone(), "✓")),
    );
    if !facts.is_empty() {
        document.push(Block::Facts(facts));
    }
    let mut table = Table::new([
        Column::text(say(Word::Deliverables)).with_share(2),
        Column::text(say(Word::Criteria)).with_share(3),
    ]);
    for deliverable in &entry.deliverables {
        let name = Cell::new(deliverable.name.as_str())
            .with_note(deliverable.format.as_str().to_uppercase());
        let criteria = deliverable.criteria.join(" ");
        table = table.row([name, Cell::new(criteria)]);
    }
    document.push(table);
    if entry.ai_made {
        document.push(Block::SmallPrint(say(Word::AiMade).into()));
    }
}

fn exclusions(document: &mut Document, version: &ProposalVersion, language: Language) {
    let say = |w| word(w, language);
    let content = version.content();
    document.push(Heading::new(1, say(Word::Excluded)));
    document.push(Block::Paragraph(say(Word::ExcludedIntro).into()));
    let mut list = List::bullets();
    for entry in &content.scope {
        let name = Inline::new().strong(entry.name.as_str());
        list = list.item_with(name, entry.limits.iter().map(String::as_str));
    }
    if !content.unanswered.is_empty() {
        let statements = content.unanswered.iter().map(|u| u.statement.as_str());
        list = list.item_with(Inline::new().strong(say(Word::Unanswered)), statements);
    }
    document.push(list);
    if !content.assumptions.is_empty() {
        document.push(Heading::new(2, say(Word::Assumptions)));
        document.push(Block::Paragraph(say(Word::AssumptionsIntro).into()));
        document.push(Block::Facts(
            content
                .assumptions
                .iter()
                .map(|a| Fact::new(a.name.clone(), a.value))
                .collect(),
        ));
    }
}

/// The lines with their sums: what the client pays, to the cent, and how it comes about.
pub(crate) fn price_table(quote: &Quote, language: Language) -> Table {
    let say = |w| word(w, language);
    let discounted = !quote.totals().discount.is_zero();
    let mut columns = vec![
        Column::text(say(Word::Description)).with_share(5),
        Column::figures(say(Word::Quantity)).with_share(2),
        Column::figures(say(Word::UnitPrice)).with_share(2),
    ];
    if discounted {
        columns.push(Column::figures(say(Word::Discount)).with_share(2));
    }
    columns.push(Column::figures(say(Word::Net)).with_share(2));
    let mut table = Table::new(columns);
    for item in quote.items() {
        table.push(Row::Group(item.name.clone()));
        for line in quote.lines().iter().filter(|l| l.service == item.service) {
            table.push(Row::Cells(price_row(quote, line, discounted, language)));
        }
    }
    let totals = quote.totals();
    if discounted {
        table = table.sum(say(Word::Subtotal), totals.list);
        let taken = totals.discount.checked_neg().unwrap_or(totals.discount);
        table = table.sum(say(Word::Discount), taken);
    }
    table = table.sum(say(Word::TotalNet), totals.net);
    for tax in quote.taxes() {
        table = table.sum(format!("{} {}", say(Word::Tax), tax.rate), tax.tax);
    }
    if quote.taxes().len() > 1 {
        table = table.sum(say(Word::TaxTotal), totals.tax);
    }
    table.grand_total(say(Word::Gross), totals.gross)
}

fn price_row(quote: &Quote, line: &Line, discounted: bool, language: Language) -> Vec<Cell> {
    let label = match line.billing {
        Billing::Monthly { months } => Cell::new(line.label.as_str())
            .with_note(format!("{months} {}", word(Word::MonthsTerm, language))),
        _ => Cell::new(line.label.as_str()),
    };
    let quantity = if line.unit.is_empty() {
        Cell::default()
    } else {
        Cell::new(Value::Number(line.quantity)).with_note(line.unit.clone())
    };
    let unit_price = match line.unit_price {
        Some(price) if !line.unit.is_empty() => match Money::new(price, quote.currency()) {
            Ok(price) => Cell::new(price),
            // Finer than the currency: €0.0125.
            Err(_) => UnitPrice::new(price.normalize(), quote.currency())
                .map_or_else(|_| Cell::default(), |price| Cell::new(Value::Price(price))),
        },
        _ => Cell::default(),
    };
    let mut cells = vec![label, quantity, unit_price];
    if discounted {
        cells.push(line.discount.as_ref().map_or_else(Cell::default, |d| {
            Cell::new(Value::Money(d.amount.checked_neg().unwrap_or(d.amount)))
        }));
    }
    cells.push(Cell::new(Value::Money(line.net)));
    cells
}

/// The words that the law wants beside a tax of nothing.
pub(crate) fn tax_notes(document: &mut Document, quote: &Quote) {
    for note in quote.taxes().iter().filter_map(|t| t.note.as_deref()) {
        document.push(Block::SmallPrint(note.into()));
    }
}

fn options(document: &mut Document, version: &ProposalVersion, language: Language) {
    let say = |w| word(w, language);
    let options = &version.content().options;
    if options.is_empty() {
        return;
    }
    document.push(Heading::new(2, say(Word::Options)));
    let mut table = Table::new([
        Column::text(say(Word::Options)).with_share(5),
        Column::figures(say(Word::Cost)).with_share(2),
    ]);
    for option in options {
        let name = Cell::new(option.name.as_str()).with_note(option.summary.clone());
        table = table.row([name, Cell::new(Value::Money(option.price))]);
    }
    document.push(table);
    document.push(Block::SmallPrint(say(Word::OptionsIntro).into()));
}

fn timeline(version: &ProposalVersion, language: Language) -> Table {
    let say = |w| word(w, language);
    let mut table = Table::new([
        Column::text(say(Word::Timeline)).with_share(4),
        Column::figures(say(Word::When)).with_share(2),
    ])
    .row([
        Cell::new(say(Word::Start)),
        Cell::new(version.terms().start),
    ]);
    for entry in &version.content().timeline {
        table = table.row([Cell::new(entry.name.as_str()), Cell::new(entry.due)]);
    }
    table
}

fn terms(version: &ProposalVersion, language: Language) -> Vec<Fact> {
    let say = |w| word(w, language);
    let payment = &version.terms().payment;
    let mut facts = vec![Fact::new(say(Word::DaysToPay), u32::from(payment.due_days))];
    if !payment.deposit.is_zero() {
        let days = u32::from(payment.deposit_due_days);
        facts.push(Fact::new(say(Word::DaysToPayDeposit), days));
    }
    let clauses: Vec<String> = version
        .terms()
        .clauses
        .iter()
        .map(|clause| clause.replace('-', " "))
        .collect();
    if !clauses.is_empty() {
        facts.push(Fact::new(say(Word::Clauses), clauses.join(", ")));
    }
    facts
}

/// The payments with their sums.
pub(crate) fn plan_table(plan: &PaymentPlan, language: Language) -> Table {
    let say = |w| word(w, language);
    let mut table = Table::new([
        Column::text(say(Word::Part)).with_share(4),
        Column::figures(say(Word::Net)).with_share(2),
        Column::figures(say(Word::Tax)).with_share(2),
        Column::figures(say(Word::Gross)).with_share(2),
    ]);
    for instalment in plan.instalments() {
        table = table.row([
            instalment_name(instalment, language),
            Cell::new(instalment.net),
            Cell::new(instalment.tax),
            Cell::new(instalment.gross),
        ]);
    }
    table.totals([
        Cell::new(say(Word::Gross)),
        Cell::new(plan.net()),
        Cell::new(plan.tax()),
        Cell::new(plan.gross()),
    ])
}

pub(crate) fn instalment_name(instalment: &Instalment, language: Language) -> Cell {
    let say = |w| word(w, language);
    match &instalment.kind {
        InstalmentKind::Deposit => {
            Cell::new(say(Word::Deposit)).with_note(say(Word::DueOnSignature))
        }
        InstalmentKind::Milestone { name, .. } => {
            Cell::new(name.as_str()).with_note(say(Word::DueOnAcceptance))
        }
        InstalmentKind::Retainer { month } => Cell::new(format!("{} {month}", say(Word::Month))),
    }
}
