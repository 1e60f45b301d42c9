//! A model helps to read what rules do not understand.
//!
//! It is asked only where the rules found nothing to go by, under a budget that is checked before
//! the call, and for minutes: an answer that does not come, or is not as asked for, leaves the
//! rules' reading. What it suggests can make the deal ask, write less or end; it can accept
//! nothing, sign nothing, name no price and no recipient, because a [`Suggestion`] has no room for
//! these.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use dealwright_core::handoff::{Quotation, Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::{MessageId, RequirementId};
use dealwright_core::model::{Intent, ReadRequest, Suggestion};
use dealwright_core::money::{Rounding, UnitPrice};
use dealwright_core::orchestration::{Budget, BudgetLedger, Cost, Lane};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::provenance::Confidence;
use dealwright_core::text::Untrusted;
use dealwright_core::trust::Heard;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::talk::{self, Said};
use super::{Answer, Cx, Deal, DealEffect, DealEvent, DealStage, DealState, offer};

/// How long an answer of the model is waited for.
const MINUTES: i64 = 10;
/// How sure we are of a need that a model found and no rule did.
const SUGGESTED: Confidence = Confidence::saturating(50);
/// The one scope of a deal's budget.
const SCOPE: &str = "deal";

/// How far a model may help to read the answers of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingPolicy {
    /// What reading may cost a deal, in money, tokens and calls.
    pub budget: Budget,
    /// What a thousand tokens cost at most.
    pub per_thousand_tokens: UnitPrice,
}

/// A message that a model is reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consultation {
    /// The call, for the budget.
    pub call: String,
    /// Which of the client's messages it is, counted from 1.
    pub heard: u32,
    /// Its id in evidence.
    pub message: MessageId,
    /// What may be spent in all.
    pub budget: Budget,
    /// The most that this call can cost.
    pub most: Cost,
}

/// What came of a consultation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsultationAnswer {
    /// The call.
    pub call: String,
    /// Which model answered, with its version.
    pub model: String,
    /// What it suggests; `None` where the answer was not as asked for.
    pub suggestion: Option<Personal<Suggestion>>,
    /// What was wrong with it.
    pub refused: Option<String>,
    /// What it cost.
    pub cost: Cost,
}

/// The calls of a deal and what they may and did cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    ledger: BudgetLedger,
    waiting: Option<Consultation>,
}

impl Readings {
    /// The message that is being read, where one is.
    #[must_use]
    pub fn waiting(&self) -> Option<&Consultation> {
        self.waiting.as_ref()
    }

    /// What was spent and is held.
    #[must_use]
    pub fn ledger(&self) -> &BudgetLedger {
        &self.ledger
    }

    pub(super) fn begin(&mut self, consultation: &Consultation) {
        // `decide` has reserved the same on the same ledger before it said so.
        self.ledger.set(SCOPE, consultation.budget);
        let _ = self
            .ledger
            .reserve(&consultation.call, [SCOPE], consultation.most);
        self.waiting = Some(consultation.clone());
    }

    pub(super) fn end(&mut self, call: &str, cost: Option<Cost>) {
        // A cost that cannot be booked stays held: nothing more is spent then.
        let _ = match cost {
            Some(cost) => self.ledger.settle(call, cost),
            None => self.ledger.release(call),
        };
        if self.waiting.as_ref().is_some_and(|w| w.call == call) {
            self.waiting = None;
        }
    }
}

/// Has a model read the message, where the rules are at a loss and the budget allows it. `next` is
/// the state in which the message was heard.
pub(super) fn begin(
    next: &DealState,
    said: &Said,
    learnt: bool,
    heard: &Heard,
    cx: &Cx<'_>,
) -> Option<Decision<Deal>> {
    let policy = cx.policy().reading.as_ref()?;
    let open = matches!(next.stage(), DealStage::Assessing | DealStage::Proposed);
    if *said != Said::Talks || learnt || !open {
        return None;
    }
    let text = heard.text.as_ref()?;
    let needs: BTreeSet<String> = cx
        .policy()
        .catalogue
        .services()
        .flat_map(|service| service.needs.iter().map(|need| need.as_str().to_owned()))
        .collect();
    let request = ReadRequest::new(text.reveal(Purpose::Contact), needs.clone());
    let tokens = request.token_ceiling();
    let money = policy
        .per_thousand_tokens
        .extend(
            Decimal::from(tokens) / Decimal::ONE_THOUSAND,
            Rounding::HalfUp,
        )
        .ok()?;
    let consultation = Consultation {
        call: format!("read-{}", next.heard_count()),
        heard: next.heard_count(),
        message: talk::message_id(heard, cx),
        budget: policy.budget,
        most: Cost::of(money).with_tokens(tokens),
    };
    let mut ledger = next.readings().ledger().clone();
    ledger.set(SCOPE, consultation.budget);
    ledger
        .reserve(&consultation.call, [SCOPE], consultation.most)
        .ok()?;
    let effect = DealEffect::Consult {
        call: consultation.call.clone(),
        text: text.clone(),
        needs,
    };
    let expires = cx.now() + Duration::minutes(MINUTES);
    Some(
        Decision::nothing()
            .event(DealEvent::Consulted(Box::new(consultation.clone())))
            .effect_with(
                consultation.call,
                0,
                Lane::Urgent,
                None,
                Some(expires),
                effect,
            ),
    )
}

/// The model answered, or did not: then the rules' reading stands.
pub(super) fn ended(
    state: &DealState,
    call: &str,
    answer: Option<&ConsultationAnswer>,
    cx: &Cx<'_>,
) -> Answer {
    let waiting = state
        .readings()
        .waiting()
        .filter(|w| w.call == call)
        .ok_or_else(|| Refusal::new("NA-1", "no message is being read under this call"))?
        .clone();
    let suggestion = answer
        .and_then(|a| a.suggestion.as_ref())
        .map(|s| s.reveal(Purpose::Contact));
    let event = DealEvent::Understood {
        call: call.to_owned(),
        model: answer.map(|a| a.model.clone()),
        intent: suggestion.map(|s| s.intent),
        refused: answer.and_then(|a| a.refused.clone()),
        cost: answer.map(|a| a.cost),
        requirements: suggestion.map_or_else(
            || state.requirements().to_vec(),
            |s| with_needs(state, s, &waiting, cx),
        ),
    };
    let next = state.clone().after(&event);
    let decision = Decision::nothing().event(event);
    // Who wrote again meanwhile is answered on that.
    let overtaken = state.heard_count() != waiting.heard;
    if overtaken || state.stage().is_closed() {
        return Ok(decision);
    }
    let said = suggestion.map_or(Said::Talks, |s| said(s.intent));
    Ok(decision.and(talk::follow(&next, said, cx)?))
}

/// What an intent comes to. Whatever binds the client has no word here.
fn said(intent: Intent) -> Said {
    match intent {
        Intent::NotNow => Said::Later,
        Intent::Declines => Said::Declines,
        Intent::OptOut => Said::OptsOut,
        Intent::AsksIfMachine => Said::AsksIfMachine,
        Intent::WrongPerson => Said::ForPerson("somebody else may be responsible there"),
        _ => Said::Talks,
    }
}

/// The requirements, with what the model found. What it found follows from what was said and is
/// open; what the client said in so many words, or took back, stays as it is.
fn with_needs(
    state: &DealState,
    suggestion: &Suggestion,
    waiting: &Consultation,
    cx: &Cx<'_>,
) -> Vec<Requirement> {
    let mut all = state.requirements().to_vec();
    for found in &suggestion.needs {
        let quotation = quotation(&found.quote, found.start, waiting.message);
        if let Some(known) = all.iter_mut().find(|r| r.need == found.need) {
            if known.status != RequirementStatus::Dropped {
                known.evidence.push(quotation);
            }
            continue;
        }
        let Some(service) = offer::catalogue(state, cx).answering(&found.need).next() else {
            continue;
        };
        all.push(Requirement {
            id: RequirementId::derive(&[waiting.message.uuid().as_bytes(), found.need.as_bytes()]),
            need: found.need.clone(),
            statement: service.summary.clone(),
            kind: RequirementKind::Implicit,
            evidence: vec![quotation],
            confidence: SUGGESTED,
            status: RequirementStatus::Open,
            owner: None,
            drivers: BTreeMap::new(),
        });
    }
    all
}

fn quotation(words: &Untrusted<String>, start: u32, message: MessageId) -> Quotation {
    let length = u32::try_from(words.len()).unwrap_or(u32::MAX);
    Quotation {
        message,
        start,
        end: start.saturating_add(length),
        text: words.clone(),
    }
}
