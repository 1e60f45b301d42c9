use chrono::Days;
use dealwright_core::knowledge::{Catalogue, RateCard, Slug};
use dealwright_core::money::Money;
use serde::{Deserialize, Serialize};

use super::alternatives::Target;
use super::scope::{drop_option, drop_service, set_driver};
use super::{Alternative, Ask, Authority, Bought, Concession, Excess, Move};
use crate::pricing::{PricingError, Quote, QuoteRequest, quote};
use crate::proposal::OfferTerms;

/// The offer that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its price.
    pub quote: Quote,
    /// Its terms.
    pub terms: OfferTerms,
}

/// Why a person must answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EscalationReason {
    /// What they want is nothing this module knows.
    NotUnderstood,
    /// They name something that the offer or the catalogue does not have.
    Unknown {
        /// The name.
        id: Slug,
    },
    /// What they want goes beyond authority, and nothing nearer is inside it.
    BeyondAuthority {
        /// In which ways.
        excess: Vec<Excess>,
    },
    /// No trade comes nearer to what they want.
    NoAlternative,
    /// The clause is not approved.
    Clause {
        /// The clause.
        clause: Slug,
    },
}

/// The answer to an ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "response", rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    clippy::large_enum_variant,
    reason = "every caller must decide all three; an answer is made once and kept"
)]
pub enum Response {
    /// They get it; the offer becomes a new version, which they must accept.
    Accept {
        /// The new offer.
        offer: Alternative,
    },
    /// They get it in another way.
    Counter {
        /// At least one, best first, none dominated.
        alternatives: Vec<Alternative>,
    },
    /// A person answers.
    Escalate {
        /// Why; at least one reason.
        why: Vec<EscalationReason>,
    },
}

/// Answers asks by the catalogue, the rate card and the limits. Pure: the same ask about the
/// same offer gets the same answer, so asking again wins nothing.
#[derive(Clone, Copy, Debug)]
pub struct Negotiation<'a> {
    catalogue: &'a Catalogue,
    card: &'a RateCard,
    authority: &'a Authority,
}

impl<'a> Negotiation<'a> {
    /// A negotiation by these rules.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, card: &'a RateCard, authority: &'a Authority) -> Self {
        Self {
            catalogue,
            card,
            authority,
        }
    }

    pub(super) fn catalogue(&self) -> &'a Catalogue {
        self.catalogue
    }

    pub(super) fn card(&self) -> &'a RateCard {
        self.card
    }

    pub(super) fn authority(&self) -> &'a Authority {
        self.authority
    }

    /// What to answer. Whatever is accepted or offered lies inside authority: below a floor
    /// nothing comes out of here, and a person's approval is bound to the hash of one draft.
    ///
    /// # Errors
    ///
    /// [`PricingError`] where the offer that stands cannot be priced any more, for example
    /// because the rate card ended.
    pub fn respond(&self, standing: &Standing, ask: &Ask) -> Result<Response, PricingError> {
        match ask {
            Ask::Discount { percent } => self.price(standing, Target::Discount(percent.rate())),
            Ask::TotalAtMost { amount, with_tax } => {
                if amount.currency() != standing.quote.currency() {
                    return Ok(escalate(EscalationReason::NotUnderstood));
                }
                let target = Target::Total {
                    amount: *amount,
                    with_tax: *with_tax,
                };
                self.price(standing, target)
            }
            Ask::Cheaper => self.price(standing, Target::Cheaper),
            Ask::DueDays { days } => {
                let most = self.authority.params().max_due_days;
                self.terms(standing, *days <= most, (*days).min(most), |terms, days| {
                    terms.payment.due_days = days;
                    Move::DueDays { days }
                })
            }
            Ask::Deposit { percent } => {
                let least = self.authority.params().min_deposit;
                let meets = percent.rate() >= least;
                self.terms(
                    standing,
                    meets,
                    percent.rate().max(least),
                    |terms, percent| {
                        terms.payment.deposit = percent;
                        Move::Deposit { percent }
                    },
                )
            }
            Ask::StartWithin { days } => {
                let earliest = self.authority.earliest_start(standing.quote.on());
                let wanted = standing.quote.on();
                let wanted = wanted.checked_add_days(Days::new(u64::from(*days)));
                let wanted = wanted.unwrap_or(earliest).min(standing.terms.start);
                self.terms(
                    standing,
                    wanted >= earliest,
                    wanted.max(earliest),
                    |terms, on| {
                        terms.start = on;
                        Move::Start { on }
                    },
                )
            }
            Ask::Clause { clause } => {
                if !self.authority.params().clauses.contains(clause) {
                    let clause = clause.clone();
                    return Ok(escalate(EscalationReason::Clause { clause }));
                }
                self.terms(standing, true, clause.clone(), |terms, clause| {
                    terms.clauses.insert(clause.clone());
                    Move::Clause { clause }
                })
            }
            Ask::DropOption { service, option } => {
                let item = standing.quote.request().item(service);
                if item.is_none_or(|i| !i.options.contains(option)) {
                    return Ok(unknown(option));
                }
                let moved = Move::DropOption {
                    service: service.clone(),
                    option: option.clone(),
                };
                self.scope(standing, moved, true, |r| drop_option(r, service, option))
            }
            Ask::AddOption { service, option } => {
                let template = self.catalogue.service(service);
                let known = template.is_some_and(|s| s.option(option).is_some());
                if !known || standing.quote.request().item(service).is_none() {
                    return Ok(unknown(option));
                }
                let moved = Move::AddOption {
                    service: service.clone(),
                    option: option.clone(),
                };
                self.scope(standing, moved, true, |r| {
                    if let Some(item) = r.item_mut(service) {
                        item.options.insert(option.clone());
                    }
                })
            }
            Ask::ChangeDriver {
                service,
                driver,
                to,
            } => {
                let template = self
                    .catalogue
                    .service(service)
                    .and_then(|s| s.driver(driver));
                let priced = standing
                    .quote
                    .items()
                    .iter()
                    .find(|i| i.service == *service);
                let from = priced.and_then(|i| i.drivers.get(driver).copied());
                let (Some(template), Some(from)) = (template, from) else {
                    return Ok(unknown(driver));
                };
                let nearest = (*to).clamp(template.min, template.max);
                let moved = Move::Driver {
                    service: service.clone(),
                    driver: driver.clone(),
                    from,
                    to: nearest,
                };
                self.scope(standing, moved, nearest == *to, |r| {
                    set_driver(r, service, driver, nearest);
                })
            }
            Ask::DropService { service } => {
                let request = standing.quote.request();
                if request.item(service).is_none() || request.items.len() < 2 {
                    return Ok(unknown(service));
                }
                let moved = Move::DropService {
                    service: service.clone(),
                };
                self.scope(standing, moved, true, |r| drop_service(r, service))
            }
            Ask::Other => Ok(escalate(EscalationReason::NotUnderstood)),
        }
    }

    fn price(&self, standing: &Standing, target: Target) -> Result<Response, PricingError> {
        if let Some(offer) = self.for_their_yes(standing, target)? {
            return Ok(Response::Accept { offer });
        }
        let alternatives = self.alternatives(standing, target)?;
        Ok(if alternatives.is_empty() {
            escalate(EscalationReason::NoAlternative)
        } else {
            Response::Counter { alternatives }
        })
    }

    /// A change of terms: granted as asked, or as far as authority goes.
    fn terms<T>(
        &self,
        standing: &Standing,
        meets: bool,
        value: T,
        change: impl FnOnce(&mut OfferTerms, T) -> Move,
    ) -> Result<Response, PricingError> {
        let mut terms = standing.terms.clone();
        let gave = change(&mut terms, value);
        let excess = self.authority.excess(&standing.quote, &terms)?;
        if !excess.is_empty() {
            return Ok(escalate(EscalationReason::BeyondAuthority { excess }));
        }
        let offer = Alternative {
            quote: standing.quote.clone(),
            terms,
            moves: vec![gave.clone()],
            concessions: vec![Concession {
                gave,
                worth: Money::zero(standing.quote.currency()),
                bought: Bought::Acceptance {
                    within_days: self.authority.params().acceptance_days,
                },
            }],
            meets,
        };
        Ok(answer(offer, standing))
    }

    /// A change of scope: priced anew with the discount that stands.
    fn scope(
        &self,
        standing: &Standing,
        moved: Move,
        meets: bool,
        edit: impl FnOnce(&mut QuoteRequest),
    ) -> Result<Response, PricingError> {
        let mut request = standing.quote.request().clone();
        edit(&mut request);
        let quote = match quote(self.catalogue, self.card, &request) {
            Ok(quote) => quote,
            Err(PricingError::Discount | PricingError::NoLines { .. }) => {
                return Ok(escalate(EscalationReason::NoAlternative));
            }
            Err(error) => return Err(error),
        };
        let excess = self.authority.excess(&quote, &standing.terms)?;
        if !excess.is_empty() {
            return Ok(escalate(EscalationReason::BeyondAuthority { excess }));
        }
        let offer = Alternative {
            quote,
            terms: standing.terms.clone(),
            moves: vec![moved],
            concessions: Vec::new(),
            meets,
        };
        Ok(answer(offer, standing))
    }
}

/// Accepts what meets the ask; offers what comes nearer; an offer that changes nothing is none.
fn answer(offer: Alternative, standing: &Standing) -> Response {
    if offer.meets {
        Response::Accept { offer }
    } else if offer.quote == standing.quote && offer.terms == standing.terms {
        escalate(EscalationReason::NoAlternative)
    } else {
        Response::Counter {
            alternatives: vec![offer],
        }
    }
}

fn escalate(reason: EscalationReason) -> Response {
    Response::Escalate { why: vec![reason] }
}

fn unknown(id: &Slug) -> Response {
    escalate(EscalationReason::Unknown { id: id.clone() })
}
