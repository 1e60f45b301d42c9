mod apply;
mod ask;
mod hear;
mod messages;
mod send;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::Action;
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind};
use crate::handoff;
use crate::orchestration::Lane;
use crate::party::EmailAddress;
use crate::personal::Personal;
use crate::process::{
    Context, Decision, IndexEntry, IndexPart, Process, ProcessKey, Record, Refusal, Unsettled,
};
use crate::time::Timestamp;
use crate::trust::rules::{Past, RulesPolicy};
use crate::trust::{
    Approval, ApprovalMode, Consent, Draft, Letter, LetterClass, News, Receipt, Scope, SendAnswer,
    SendOutcome, Suppression, SuppressionClass, rules,
};
use apply::applied;
use ask::asked;
use hear::{objected, received};
pub use messages::{RecipientEvent, RecipientInput};
use send::{approve, lapsed, refuse, sent, slot, unsent, withdrawn};

/// One address: whether it may be written to, and what is on its way to it.
#[derive(Clone, Copy, Debug)]
pub enum Recipient {}

/// What people set for recipients.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RecipientPolicy {
    /// The rules' own settings.
    pub rules: RulesPolicy,
    /// Who must say yes, by campaign; others follow [`RulesPolicy::approval`].
    pub approval: BTreeMap<String, ApprovalMode>,
    /// How many hours an approval and a wait for one last.
    pub approval_hours: u32,
    /// The most marketing letters to one person within the days.
    pub marketing_cap: u32,
    /// The days that the cap is counted over.
    pub marketing_cap_days: u32,
    /// The desk's id.
    pub desk: String,
}

/// What a recipient knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RecipientState {
    address: Option<Personal<EmailAddress>>,
    suppressions: Vec<Suppression>,
    consents: Vec<Consent>,
    withdrawn: Vec<Consent>,
    inquiry: Option<Timestamp>,
    customer: Option<Timestamp>,
    first_contact: Option<Timestamp>,
    marketing_sent: Vec<Timestamp>,
    intents: BTreeMap<String, Intent>,
    approvals: BTreeMap<String, Approval>,
    opt_outs: BTreeSet<String>,
}

impl RecipientState {
    /// The index under which a recipient is found by what their opt-out addresses end in.
    pub const OPT_OUT_INDEX: &'static str = "opt-out";
    /// The index under which a recipient is found by the `Message-ID` of a letter that left.
    pub const MESSAGE_ID_INDEX: &'static str = "message-id";

    /// When a letter last left for them.
    #[must_use]
    pub fn last_sent(&self) -> Option<Timestamp> {
        let sent = self.intents.values().filter_map(|i| match i.phase {
            Phase::Sent { at, .. } => Some(at),
            _ => None,
        });
        sent.max()
    }

    /// What stands against writing.
    #[must_use]
    pub fn suppressions(&self) -> &[Suppression] {
        &self.suppressions
    }

    /// Whether a letter of `class` may not be written.
    #[must_use]
    pub fn is_suppressed(&self, class: LetterClass) -> bool {
        rules::stopping(&self.suppressions, class).is_some()
    }

    /// What is or was on its way, by intent.
    #[must_use]
    pub fn intents(&self) -> &BTreeMap<String, Intent> {
        &self.intents
    }

    /// What they agreed to and did not withdraw.
    #[must_use]
    pub fn consents(&self) -> &[Consent] {
        &self.consents
    }

    /// The address, once a letter was asked for or something came from it.
    #[must_use]
    pub fn address(&self) -> Option<&Personal<EmailAddress>> {
        self.address.as_ref()
    }

    fn past(&self) -> Past {
        Past {
            suppressions: self.suppressions.clone(),
            consents: self.consents.clone(),
            inquiry: self.inquiry,
            customer: self.customer,
            contacted: self.first_contact.is_some(),
        }
    }
}

/// One letter on its way, from the first ask to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Who asked.
    pub asker: ProcessKey,
    /// The asker's own name for it.
    pub step: String,
    /// The content that was asked for.
    pub hash: Digest32,
    /// Its class by primary purpose.
    pub class: LetterClass,
    /// The scopes it counts against.
    pub scopes: Vec<Scope>,
    /// How often a place was booked for it; part of the effect key.
    pub attempt: u32,
    /// Where it stands.
    pub phase: Phase,
    /// The letter, as long as it may still leave.
    pub draft: Option<Draft>,
    /// The rules it passed, by id.
    pub passed: Vec<String>,
    /// How urgent it is.
    pub lane: Lane,
}

/// Where a letter stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every rule must decide every phase"
)]
pub enum Phase {
    /// A person must say yes.
    AwaitsApproval {
        /// Not after this.
        expires: Timestamp,
    },
    /// The desk was asked.
    AwaitsSlot,
    /// The effect is out.
    Booked {
        /// Not begun after this.
        expires: Timestamp,
    },
    /// The effect was out and is taken back; its end is not known yet.
    Stopping {
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It left.
    Sent {
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
    },
    /// There was no room; the asker asks again.
    Deferred {
        /// No sooner than this.
        until: Timestamp,
    },
    /// It may not go.
    Refused {
        /// The rule.
        rule: String,
    },
    /// It was tried and did not go.
    Failed,
}

/// What a recipient asks of a messenger. Its fields are read by the gate alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendEffect {
    pub(crate) intent: String,
    pub(crate) attempt: u32,
    pub(crate) letter: Letter,
}

impl SendEffect {
    /// Which letter.
    #[must_use]
    pub fn intent(&self) -> &str {
        &self.intent
    }

    /// Which booking.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The outcome that a provider's receipt makes, for settling an `Unknown`.
    #[must_use]
    pub fn sent(&self, receipt: Receipt) -> RecipientInput {
        RecipientInput::Sent {
            intent: self.intent.clone(),
            attempt: self.attempt,
            receipt,
        }
    }
}

type Cx<'a> = Context<'a, RecipientPolicy>;
type Answer = Result<Decision<Recipient>, Refusal>;

impl Process for Recipient {
    const KIND: &'static str = "recipient";
    const STATE_VERSION: u32 = 3;
    const EVENT_VERSION: u32 = 1;

    type State = RecipientState;
    type Input = RecipientInput;
    type Event = RecipientEvent;
    type Effect = SendEffect;
    type Policy = RecipientPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            RecipientInput::Ask { .. } => Action::Propose,
            RecipientInput::Approve { .. } => Action::ApproveLetter,
            RecipientInput::Refuse { .. } => Action::RefuseLetter,
            RecipientInput::Received { .. } | RecipientInput::Consented(_) => Action::Hear,
            RecipientInput::Object { .. } => Action::Suppress,
            RecipientInput::Erase { .. } => Action::EraseSubject,
            RecipientInput::Slot(_)
            | RecipientInput::Withdraw(_)
            | RecipientInput::ApprovalLapsed { .. }
            | RecipientInput::Sent { .. }
            | RecipientInput::Unsent { .. }
            | RecipientInput::BecameCustomer => Action::Progress,
        }
    }

    fn decide(state: &RecipientState, input: &RecipientInput, cx: &Cx<'_>) -> Answer {
        match input {
            RecipientInput::Ask { asker, ask } => asked(state, asker, ask, cx),
            RecipientInput::Slot(answer) => slot(state, answer, cx),
            RecipientInput::Withdraw(withdraw) => withdrawn(state, withdraw, cx),
            RecipientInput::Approve { intent, hash } => approve(state, intent, *hash, cx),
            RecipientInput::Refuse { intent, why } => refuse(state, intent, why, cx),
            RecipientInput::ApprovalLapsed { intent, expires } => lapsed(state, intent, *expires),
            RecipientInput::Sent {
                intent,
                attempt,
                receipt,
            } => sent(state, intent, *attempt, receipt, cx),
            RecipientInput::Unsent {
                intent,
                attempt,
                how,
            } => unsent(state, intent, *attempt, *how, cx),
            RecipientInput::Received { .. } => received(state, input, cx),
            RecipientInput::Object { source } => Ok(objected(
                state,
                News::Objection.suppression(),
                News::Objection.word(),
                source,
                cx,
            )),
            RecipientInput::Erase { source } => Ok(objected(
                state,
                Some(SuppressionClass::Mailbox),
                "erasure",
                source,
                cx,
            )),
            RecipientInput::Consented(consent) => {
                if consent.wording.trim().is_empty() {
                    return Err(Refusal::new(
                        "GD-7",
                        "a consent without its wording proves nothing",
                    ));
                }
                Ok(Decision::nothing().event(RecipientEvent::Consented(consent.clone())))
            }
            RecipientInput::BecameCustomer => {
                Ok(Decision::nothing().event(RecipientEvent::BecameCustomer { at: cx.now() }))
            }
        }
    }

    fn apply(state: RecipientState, event: &RecipientEvent) -> RecipientState {
        applied(state, event)
    }

    fn index(state: &RecipientState) -> Vec<IndexEntry> {
        let mut entries = BTreeSet::new();
        for (name, intent) in &state.intents {
            if let Phase::AwaitsApproval { expires } = intent.phase {
                entries.insert(IndexEntry::new(
                    "approvals",
                    vec![IndexPart::Time(expires), IndexPart::Text(name.clone())],
                ));
            }
            if let Phase::Sent { message_id, .. } = &intent.phase {
                entries.insert(IndexEntry::new(
                    RecipientState::MESSAGE_ID_INDEX,
                    vec![IndexPart::Text(message_id.clone())],
                ));
            }
        }
        // For as long as the recipient is known: an opt-out address never runs out.
        entries.extend(state.opt_outs.iter().map(|token| {
            IndexEntry::new(
                RecipientState::OPT_OUT_INDEX,
                vec![IndexPart::Text(token.clone())],
            )
        }));
        entries.into_iter().collect()
    }

    fn unsettled(effect: SendEffect, how: Unsettled) -> RecipientInput {
        RecipientInput::Unsent {
            intent: effect.intent,
            attempt: effect.attempt,
            how,
        }
    }

    fn receive(record: &Record<'_>) -> Result<RecipientInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "ask-send" => Ok(RecipientInput::Ask {
                asker: record.sender.clone(),
                ask: Box::new(handoff::read(name, version, body)?),
            }),
            "slot-answer" => handoff::read(name, version, body).map(RecipientInput::Slot),
            "withdraw" => handoff::read(name, version, body).map(RecipientInput::Withdraw),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a recipient knows no contract `{name}`"))),
        }
    }

    fn business(state: &RecipientState) -> Value {
        // Attempts, and the times that depend on when a repeat was tried, are not business.
        let intents: BTreeMap<_, _> = state
            .intents
            .iter()
            .map(|(name, intent)| {
                let end = match &intent.phase {
                    Phase::AwaitsApproval { .. } => "awaits approval",
                    Phase::AwaitsSlot | Phase::Deferred { .. } | Phase::Booked { .. } => "waits",
                    Phase::Stopping { .. } | Phase::Refused { .. } => "off",
                    Phase::Sent { .. } => "sent",
                    Phase::Failed => "failed",
                };
                (name.clone(), end)
            })
            .collect();
        let stops: Vec<_> = state
            .suppressions
            .iter()
            .map(|s| json!([s.class, s.reason]))
            .collect();
        json!({
            "intents": intents,
            "suppressions": stops,
            "consents": state.consents.len(),
            "customer": state.customer.is_some(),
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("recipient events have no version {version}")))
    }
}

fn stop(name: &str, attempt: u32, rule: &str, why: &str) -> Decision<Recipient> {
    Decision::nothing()
        .event(RecipientEvent::Stopping {
            intent: name.to_owned(),
            rule: rule.to_owned(),
            why: why.to_owned(),
        })
        .cancel_effect(name, attempt)
}

fn drop_it(name: &str, intent: &Intent, rule: &str, why: &str, cx: &Cx<'_>) -> Decision<Recipient> {
    Decision::nothing()
        .event(RecipientEvent::Dropped {
            intent: name.to_owned(),
            rule: rule.to_owned(),
        })
        .and(answer(
            &intent.asker,
            &intent.step,
            cx,
            SendOutcome::Refused {
                rule: rule.to_owned(),
                why: why.to_owned(),
            },
        ))
}

fn answer(
    asker: &ProcessKey,
    step: &str,
    cx: &Cx<'_>,
    outcome: SendOutcome,
) -> Decision<Recipient> {
    Decision::nothing().tell(
        asker.clone(),
        cx.step(step),
        &SendAnswer {
            step: step.to_owned(),
            outcome,
        },
    )
}

fn desk(cx: &Cx<'_>) -> ProcessKey {
    ProcessKey::new(cx.process().tenant(), "desk", cx.policy().desk.clone())
}

fn hours_from(now: Timestamp, hours: u32) -> Timestamp {
    now + Duration::hours(i64::from(hours.max(1)))
}
