use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::payment::{Bill, ChargeReceipt};
use super::{AskCharge, ChargeAnswer, ChargeOutcome};
use crate::access::Action;
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind};
use crate::handoff;
use crate::id::ContractId;
use crate::money::Money;
use crate::process::{
    Actor, Context, Decision, IndexEntry, IndexPart, Process, ProcessKey, Record, Refusal,
    Unsettled,
};
use crate::time::Timestamp;

/// One payer: what was accepted, asked for, paid and given back.
#[derive(Clone, Copy, Debug)]
pub enum Payer {}

/// What people set for money.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PayerPolicy {
    /// Whether charges stop for now.
    pub stopped: bool,
    /// Charges above this many minor units wait for a person, by currency code; none waits where
    /// the currency is not named.
    pub approve_above: BTreeMap<String, i64>,
}

/// What a payer knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PayerState {
    contracts: BTreeMap<ContractId, Accepted>,
    instalments: BTreeMap<String, Instalment>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Accepted {
    offer: Digest32,
    total: Money,
}

impl PayerState {
    /// What was asked for, by invoice.
    #[must_use]
    pub fn instalments(&self) -> &BTreeMap<String, Instalment> {
        &self.instalments
    }

    /// Contract by contract, what was accepted.
    pub fn accepted(&self) -> impl Iterator<Item = (ContractId, Money)> {
        self.contracts.iter().map(|(id, a)| (*id, a.total))
    }
}

/// One invoice on its way to being paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Who asked.
    pub asker: ProcessKey,
    /// The asker's own name for it.
    pub step: String,
    /// What is asked for.
    pub bill: Bill,
    /// How often it was put out; part of the effect key.
    pub attempt: u32,
    /// What came in so far.
    pub paid: Money,
    /// The provider events that were counted.
    pub seen: Vec<String>,
    /// Where it stands.
    pub phase: InstalmentPhase,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every rule must decide every phase"
)]
pub enum InstalmentPhase {
    /// A person must say yes.
    AwaitsApproval,
    /// The effect is out.
    Asked,
    /// The client was asked for the money.
    Requested,
    /// All of it came.
    Paid,
    /// It was tried and did not go.
    Failed,
}

/// What can happen to a payer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PayerInput {
    /// A process wants money asked for.
    Ask {
        /// Who.
        asker: ProcessKey,
        /// What.
        ask: Box<AskCharge>,
    },
    /// A person says yes to one amount.
    Approve {
        /// Which invoice, by id.
        invoice: String,
        /// The amount they saw.
        amount: Money,
    },
    /// The provider took the charge.
    Taken {
        /// Which invoice, by id.
        step: String,
        /// Which try.
        attempt: u32,
        /// The provider's word.
        receipt: ChargeReceipt,
    },
    /// The charge was not taken.
    Untaken {
        /// Which invoice, by id.
        step: String,
        /// Which try.
        attempt: u32,
        /// Why.
        how: Unsettled,
    },
    /// Money came in, as the provider's own object says.
    Received {
        /// Which invoice, by id.
        invoice: String,
        /// How much.
        amount: Money,
        /// The provider's id of the payment; counted once.
        event: String,
        /// When.
        at: Timestamp,
    },
}

/// What a payer records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PayerEvent {
    /// An amount was asked for within what was accepted.
    Asked {
        /// All of it.
        instalment: Box<Instalment>,
        /// The total it stays within.
        accepted_total: Money,
    },
    /// A person said yes.
    Approved {
        /// Which invoice, by id.
        invoice: String,
        /// Who.
        by: String,
    },
    /// The client was asked for the money.
    Requested {
        /// Which invoice, by id.
        invoice: String,
        /// The provider's word.
        receipt: ChargeReceipt,
    },
    /// It is proven that a try was not taken, and the next one is out.
    Repeated {
        /// Which invoice, by id.
        invoice: String,
        /// Which try.
        attempt: u32,
    },
    /// Money came in.
    Received {
        /// Which invoice, by id.
        invoice: String,
        /// How much.
        amount: Money,
        /// The provider's id of the payment.
        event: String,
        /// When.
        at: Timestamp,
    },
    /// It was tried and did not go.
    Failed {
        /// Which invoice, by id.
        invoice: String,
        /// Why.
        how: Unsettled,
    },
}

/// What a payer asks of a gateway. Its fields are read by the gate alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChargeEffect {
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) bill: Bill,
}

impl ChargeEffect {
    /// The invoice, by id.
    #[must_use]
    pub fn invoice(&self) -> &str {
        &self.step
    }

    /// The outcome that a provider's receipt makes, for settling an `Unknown`.
    #[must_use]
    pub fn taken(&self, receipt: ChargeReceipt) -> PayerInput {
        PayerInput::Taken {
            step: self.step.clone(),
            attempt: self.attempt,
            receipt,
        }
    }
}

type Cx<'a> = Context<'a, PayerPolicy>;
type Answer = Result<Decision<Payer>, Refusal>;

impl Process for Payer {
    const KIND: &'static str = "payer";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;

    type State = PayerState;
    type Input = PayerInput;
    type Event = PayerEvent;
    type Effect = ChargeEffect;
    type Policy = PayerPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            PayerInput::Ask { .. } => Action::Propose,
            PayerInput::Approve { .. } => Action::ApproveCharge,
            PayerInput::Received { .. } => Action::Hear,
            PayerInput::Taken { .. } | PayerInput::Untaken { .. } => Action::Progress,
        }
    }

    fn decide(state: &PayerState, input: &PayerInput, cx: &Cx<'_>) -> Answer {
        match input {
            PayerInput::Ask { asker, ask } => asked(state, asker, ask, cx),
            PayerInput::Approve { invoice, amount } => approve(state, invoice, *amount, cx),
            PayerInput::Taken {
                step,
                attempt,
                receipt,
            } => taken(state, step, *attempt, receipt, cx),
            PayerInput::Untaken { step, attempt, how } => untaken(state, step, *attempt, *how, cx),
            PayerInput::Received {
                invoice,
                amount,
                event,
                at,
            } => received(state, invoice, *amount, event, *at, cx),
        }
    }

    fn apply(mut state: PayerState, event: &PayerEvent) -> PayerState {
        match event {
            PayerEvent::Asked {
                instalment,
                accepted_total,
            } => {
                state
                    .contracts
                    .entry(instalment.bill.contract)
                    .or_insert_with(|| Accepted {
                        offer: instalment.bill.offer,
                        total: *accepted_total,
                    });
                state
                    .instalments
                    .insert(instalment.bill.invoice.to_string(), (**instalment).clone());
            }
            PayerEvent::Approved { invoice, .. } => {
                set(&mut state, invoice, |i| i.phase = InstalmentPhase::Asked);
            }
            PayerEvent::Requested { invoice, .. } => set(&mut state, invoice, |i| {
                if i.phase != InstalmentPhase::Paid {
                    i.phase = InstalmentPhase::Requested;
                }
            }),
            PayerEvent::Received {
                invoice,
                amount,
                event,
                ..
            } => set(&mut state, invoice, |i| {
                i.paid = i.paid.checked_add(*amount).unwrap_or(i.paid);
                i.seen.push(event.clone());
                if i.paid == i.bill.amount {
                    i.phase = InstalmentPhase::Paid;
                }
            }),
            PayerEvent::Repeated { invoice, attempt } => {
                set(&mut state, invoice, |i| i.attempt = *attempt);
            }
            PayerEvent::Failed { invoice, .. } => {
                set(&mut state, invoice, |i| i.phase = InstalmentPhase::Failed);
            }
        }
        state
    }

    fn index(state: &PayerState) -> Vec<IndexEntry> {
        state
            .instalments
            .values()
            .map(|i| {
                IndexEntry::new(
                    "invoice-number",
                    vec![IndexPart::Text(i.bill.number.clone())],
                )
            })
            .collect()
    }

    fn unsettled(effect: ChargeEffect, how: Unsettled) -> PayerInput {
        PayerInput::Untaken {
            step: effect.step,
            attempt: effect.attempt,
            how,
        }
    }

    fn receive(record: &Record<'_>) -> Result<PayerInput, PortError> {
        match record.contract {
            "ask-charge" => Ok(PayerInput::Ask {
                asker: record.sender.clone(),
                ask: Box::new(handoff::read(record.contract, record.version, record.body)?),
            }),
            name => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a payer knows no contract `{name}`"))),
        }
    }

    fn business(state: &PayerState) -> Value {
        let instalments: BTreeMap<_, _> = state
            .instalments
            .iter()
            .map(|(id, i)| (id.clone(), json!([i.bill.amount, i.paid, i.phase])))
            .collect();
        json!(instalments)
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("payer events have no version {version}")))
    }
}

fn set(state: &mut PayerState, invoice: &str, change: impl FnOnce(&mut Instalment)) {
    if let Some(found) = state.instalments.get_mut(invoice) {
        change(found);
    }
}

fn asked(state: &PayerState, asker: &ProcessKey, ask: &AskCharge, cx: &Cx<'_>) -> Answer {
    let bill = &ask.bill;
    let id = bill.invoice.to_string();
    let refuse = |rule: &'static str, why: String| -> Answer {
        Err(Refusal::new(rule, why.clone()).answering(
            asker.clone(),
            &cx.step(&ask.step),
            &ChargeAnswer {
                step: ask.step.clone(),
                outcome: ChargeOutcome::Refused {
                    rule: rule.to_owned(),
                    why,
                },
            },
        ))
    };
    let earlier = state.instalments.get(&id);
    if earlier.is_some_and(|e| e.phase != InstalmentPhase::Failed) {
        return refuse(
            "I6",
            format!("invoice {} was asked for already", bill.number),
        );
    }
    if cx.policy().stopped {
        return refuse("TRUST-15", "charging is stopped".to_owned());
    }
    if let Some(accepted) = state.contracts.get(&bill.contract)
        && (accepted.offer != bill.offer || accepted.total != ask.accepted_total)
    {
        return refuse(
            "I5",
            "the charge rests on another offer than the accepted one".to_owned(),
        );
    }
    if bill.amount.minor() <= 0 {
        return refuse("I5", "the amount is not above zero".to_owned());
    }
    if earlier.is_some_and(|e| e.paid.minor() > bill.amount.minor()) {
        return refuse("I5", "more has come in for this invoice already".to_owned());
    }
    let others = state
        .instalments
        .iter()
        .filter(|(other, i)| i.bill.contract == bill.contract && **other != id)
        .map(|(_, i)| i.bill.amount);
    let sum = Money::sum(
        ask.accepted_total.currency(),
        others.chain(std::iter::once(bill.amount)),
    );
    match sum {
        Ok(sum) if sum.minor() <= ask.accepted_total.minor() => {}
        Ok(sum) => {
            return refuse(
                "I5",
                format!(
                    "{sum} would be asked for, {} was accepted",
                    ask.accepted_total
                ),
            );
        }
        Err(error) => return refuse("I5", error.to_string()),
    }
    let waits = cx
        .policy()
        .approve_above
        .get(bill.amount.currency().code())
        .is_some_and(|limit| bill.amount.minor() > *limit);
    let attempt = earlier.map_or(0, |e| e.attempt.saturating_add(1));
    let instalment = Instalment {
        asker: asker.clone(),
        step: ask.step.clone(),
        bill: bill.clone(),
        attempt,
        // What came in before a failed try stays counted.
        paid: earlier.map_or(Money::zero(bill.amount.currency()), |e| e.paid),
        seen: earlier.map_or_else(Vec::new, |e| e.seen.clone()),
        phase: if waits {
            InstalmentPhase::AwaitsApproval
        } else {
            InstalmentPhase::Asked
        },
    };
    let decision = Decision::nothing().event(PayerEvent::Asked {
        instalment: Box::new(instalment),
        accepted_total: ask.accepted_total,
    });
    Ok(if waits {
        decision.and(tell(asker, &ask.step, cx, ChargeOutcome::AwaitsApproval))
    } else {
        decision.and(charge(&id, attempt, bill))
    })
}

fn charge(id: &str, attempt: u32, bill: &Bill) -> Decision<Payer> {
    Decision::nothing().effect_with(
        id,
        attempt,
        crate::orchestration::Lane::Normal,
        None,
        None,
        ChargeEffect {
            step: id.to_owned(),
            attempt,
            bill: bill.clone(),
        },
    )
}

fn approve(state: &PayerState, invoice: &str, amount: Money, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new("I14", "only a person may approve"));
    };
    match state.instalments.get(invoice) {
        Some(i) if i.phase == InstalmentPhase::AwaitsApproval && i.bill.amount == amount => {
            Ok(Decision::nothing()
                .event(PayerEvent::Approved {
                    invoice: invoice.to_owned(),
                    by: by.clone(),
                })
                .and(charge(invoice, i.attempt, &i.bill)))
        }
        Some(i) if i.phase == InstalmentPhase::AwaitsApproval => {
            Err(Refusal::new("OR-6", "the amount is not the one that waits"))
        }
        _ => Err(Refusal::new("OR-6", "it does not wait for approval")),
    }
}

fn taken(
    state: &PayerState,
    invoice: &str,
    attempt: u32,
    receipt: &ChargeReceipt,
    cx: &Cx<'_>,
) -> Answer {
    match state.instalments.get(invoice) {
        Some(i)
            if i.attempt == attempt
                && matches!(i.phase, InstalmentPhase::Asked | InstalmentPhase::Paid) =>
        {
            Ok(Decision::nothing()
                .event(PayerEvent::Requested {
                    invoice: invoice.to_owned(),
                    receipt: receipt.clone(),
                })
                .and(tell(
                    &i.asker,
                    &i.step,
                    cx,
                    ChargeOutcome::Requested {
                        at: receipt.at,
                        provider_id: receipt.provider_id.clone(),
                    },
                )))
        }
        _ => Err(Refusal::new("I7", "a receipt for a charge that is not out")),
    }
}

fn untaken(state: &PayerState, invoice: &str, attempt: u32, how: Unsettled, cx: &Cx<'_>) -> Answer {
    let Some(i) = state
        .instalments
        .get(invoice)
        .filter(|i| i.attempt == attempt && i.phase == InstalmentPhase::Asked)
    else {
        return Err(Refusal::new(
            "I7",
            "an outcome for a charge that is not out",
        ));
    };
    if how == Unsettled::NotPerformed && !cx.policy().stopped {
        // Proof that it was never taken: it goes again, as the next try.
        let attempt = attempt.saturating_add(1);
        return Ok(Decision::nothing()
            .event(PayerEvent::Repeated {
                invoice: invoice.to_owned(),
                attempt,
            })
            .and(charge(invoice, attempt, &i.bill)));
    }
    Ok(Decision::nothing()
        .event(PayerEvent::Failed {
            invoice: invoice.to_owned(),
            how,
        })
        .and(tell(
            &i.asker,
            &i.step,
            cx,
            ChargeOutcome::Failed {
                why: "the provider did not take it".to_owned(),
            },
        )))
}

fn received(
    state: &PayerState,
    invoice: &str,
    amount: Money,
    event: &str,
    at: Timestamp,
    cx: &Cx<'_>,
) -> Answer {
    let Some(i) = state.instalments.get(invoice) else {
        return Err(Refusal::new(
            "CF-4",
            "money for an invoice that is not known",
        ));
    };
    if i.seen.iter().any(|seen| seen == event) {
        return Err(Refusal::new("CF-4", "this payment was counted already"));
    }
    if amount.minor() <= 0 {
        return Err(Refusal::new("I5", format!("a payment of {amount} is none")));
    }
    let paid = i
        .paid
        .checked_add(amount)
        .map_err(|e| Refusal::new("I5", e.to_string()))?;
    if paid.minor() > i.bill.amount.minor() {
        return Err(Refusal::new(
            "I5",
            format!("{paid} came in, {} was asked for", i.bill.amount),
        ));
    }
    let decision = Decision::nothing().event(PayerEvent::Received {
        invoice: invoice.to_owned(),
        amount,
        event: event.to_owned(),
        at,
    });
    Ok(if paid == i.bill.amount {
        decision.and(tell(
            &i.asker,
            &i.step,
            cx,
            ChargeOutcome::Paid { at, amount: paid },
        ))
    } else {
        decision
    })
}

fn tell(asker: &ProcessKey, step: &str, cx: &Cx<'_>, outcome: ChargeOutcome) -> Decision<Payer> {
    Decision::nothing().tell(
        asker.clone(),
        cx.step(step),
        &ChargeAnswer {
            step: step.to_owned(),
            outcome,
        },
    )
}
