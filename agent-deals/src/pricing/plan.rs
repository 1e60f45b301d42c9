use std::collections::BTreeMap;

use dealwright_core::id::{DealId, LineId, MilestoneId};
use dealwright_core::knowledge::{Billing, PaymentTerms, Slug};
use dealwright_core::money::{Currency, Money, Rate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Line, PricingError, Quote};

/// What makes an instalment due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstalmentKind {
    /// The signature, before work begins.
    Deposit,
    /// The acceptance of a service's results.
    Milestone {
        /// The milestone; the same deal and service give the same.
        milestone: MilestoneId,
        /// The service.
        service: Slug,
        /// What to call it.
        name: String,
    },
    /// A month of a committed term.
    Retainer {
        /// Which month, from 1.
        month: u16,
    },
}

/// The part of a line that an instalment bills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalmentLine {
    /// The line.
    pub line: LineId,
    /// The part, before tax.
    pub net: Money,
}

/// The tax that an instalment bills by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalmentTax {
    /// The rule.
    pub rule: Slug,
    /// The net sum of its lines.
    pub base: Money,
    /// The tax.
    pub tax: Money,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Its number, from 1.
    pub number: u32,
    /// What makes it due.
    pub kind: InstalmentKind,
    /// What it bills.
    pub lines: Vec<InstalmentLine>,
    /// Its tax by rule.
    pub taxes: Vec<InstalmentTax>,
    /// Before tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// What is paid.
    pub gross: Money,
    /// Days to pay after the invoice.
    pub due_days: u16,
}

/// Deposit, milestones and months whose sums are those of the quote, to the cent.
///
/// Every line is allocated over its instalments. Tax is reckoned on all that was billed so far,
/// less the tax billed before, so that it sums to the tax of the quote; an instalment's own tax
/// may differ by one minor unit from its base times the rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPlan {
    instalments: Vec<Instalment>,
    net: Money,
    tax: Money,
    gross: Money,
}

impl PaymentPlan {
    /// The plan of a quote by these terms: what is set up is paid at signature, what is done
    /// once is paid by deposit and on acceptance of its service, what runs is paid by the month.
    /// Instalments of nothing are left out.
    ///
    /// # Errors
    ///
    /// [`PricingError::Discount`] for a deposit outside 0 to 100 %, [`PricingError::Money`].
    pub fn new(quote: &Quote, terms: &PaymentTerms) -> Result<Self, PricingError> {
        let weights = deposit_weights(terms.deposit)?;
        let mut shares: BTreeMap<Slot, Vec<InstalmentLine>> = BTreeMap::new();
        for line in quote.lines() {
            for (slot, net) in parts(quote, line, &weights)? {
                if !net.is_zero() {
                    let line = line.id;
                    shares
                        .entry(slot)
                        .or_default()
                        .push(InstalmentLine { line, net });
                }
            }
        }
        let mut billed: BTreeMap<Slug, (Money, Money)> = BTreeMap::new();
        let mut instalments = Vec::new();
        for (number, (slot, lines)) in (1_u32..).zip(shares) {
            let taxes = taxes(quote, &lines, &mut billed)?;
            let net = Money::sum(quote.currency(), lines.iter().map(|l| l.net))?;
            let tax = Money::sum(quote.currency(), taxes.iter().map(|t| t.tax))?;
            instalments.push(Instalment {
                number,
                due_days: match slot {
                    Slot::Deposit => terms.deposit_due_days,
                    Slot::Milestone(_) | Slot::Month(_) => terms.due_days,
                },
                kind: slot.kind(quote),
                lines,
                taxes,
                net,
                tax,
                gross: net.checked_add(tax)?,
            });
        }
        let totals = quote.totals();
        Ok(Self {
            instalments,
            net: totals.net,
            tax: totals.tax,
            gross: totals.gross,
        })
    }

    /// The milestone that the acceptance of a service reaches: the same for deal and service.
    #[must_use]
    pub fn milestone(deal: DealId, service: &Slug) -> MilestoneId {
        MilestoneId::derive(&[deal.uuid().as_bytes(), service.as_bytes()])
    }

    /// The payments, in order.
    #[must_use]
    pub fn instalments(&self) -> &[Instalment] {
        &self.instalments
    }

    /// The payment of that number.
    #[must_use]
    pub fn instalment(&self, number: u32) -> Option<&Instalment> {
        self.instalments.iter().find(|i| i.number == number)
    }

    /// All payments before tax.
    #[must_use]
    pub fn net(&self) -> Money {
        self.net
    }

    /// All taxes.
    #[must_use]
    pub fn tax(&self) -> Money {
        self.tax
    }

    /// All payments.
    #[must_use]
    pub fn gross(&self) -> Money {
        self.gross
    }
}

/// Where a part of a line is billed, in the order of payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Deposit,
    /// The place of the service in the quote.
    Milestone(usize),
    Month(u16),
}

impl Slot {
    fn kind(self, quote: &Quote) -> InstalmentKind {
        match self {
            Self::Deposit => InstalmentKind::Deposit,
            Self::Month(month) => InstalmentKind::Retainer { month },
            Self::Milestone(place) => match quote.items().get(place) {
                None => InstalmentKind::Deposit,
                Some(item) => InstalmentKind::Milestone {
                    milestone: PaymentPlan::milestone(quote.request().deal, &item.service),
                    service: item.service.clone(),
                    name: item.name.clone(),
                },
            },
        }
    }
}

fn deposit_weights(deposit: Rate) -> Result<[u64; 2], PricingError> {
    let first = deposit.fraction();
    let second = Decimal::ONE - first;
    if first.is_sign_negative() && !first.is_zero() || second.is_sign_negative() {
        return Err(PricingError::Discount);
    }
    // Both at the scale of the first, which is at most twelve digits.
    let scale = first.scale();
    let whole = |mut part: Decimal| {
        part.rescale(scale);
        u64::try_from(part.mantissa()).map_err(|_| PricingError::Inexact)
    };
    Ok([whole(first)?, whole(second)?])
}

fn parts(
    quote: &Quote,
    line: &Line,
    deposit: &[u64; 2],
) -> Result<Vec<(Slot, Money)>, PricingError> {
    Ok(match line.billing {
        Billing::Setup => vec![(Slot::Deposit, line.net)],
        Billing::Monthly { months } => {
            let weights = vec![1; usize::from(months.max(1))];
            let shares = line.net.allocate(&weights)?;
            (1..).map(Slot::Month).zip(shares).collect()
        }
        _ => {
            let place = quote.items().iter().position(|i| i.service == line.service);
            let slots = [Slot::Deposit, Slot::Milestone(place.unwrap_or(0))];
            slots.into_iter().zip(line.net.allocate(deposit)?).collect()
        }
    })
}

fn taxes(
    quote: &Quote,
    lines: &[InstalmentLine],
    billed: &mut BTreeMap<Slug, (Money, Money)>,
) -> Result<Vec<InstalmentTax>, PricingError> {
    let currency: Currency = quote.currency();
    let mut taxes = Vec::new();
    for rule in quote.taxes() {
        let mine = lines.iter().filter(|part| {
            let line = quote.line(part.line);
            line.is_some_and(|l| l.tax_rule == rule.rule)
        });
        let base = Money::sum(currency, mine.map(|part| part.net))?;
        if base.is_zero() {
            continue;
        }
        let (base_before, tax_before) = billed
            .get(&rule.rule)
            .copied()
            .unwrap_or((Money::zero(currency), Money::zero(currency)));
        let base_now = base_before.checked_add(base)?;
        let tax_now = base_now.apply(rule.rate, quote.rounding())?;
        billed.insert(rule.rule.clone(), (base_now, tax_now));
        taxes.push(InstalmentTax {
            rule: rule.rule.clone(),
            base,
            tax: tax_now.checked_sub(tax_before)?,
        });
    }
    Ok(taxes)
}
