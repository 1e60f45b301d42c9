use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contracts::grant_life;
use super::rules::{self, Past, Question, RulesPolicy};
use super::{
    Approval, ApprovalMode, AskSend, AskSlot, Consent, DeskNews, Draft, Heard, LegalBasis, Letter,
    LetterClass, LintFinding, News, Receipt, Scope, SendAnswer, SendOutcome, SlotAnswer, SlotDone,
    SlotVerdict, Suppression, SuppressionClass, Withdraw,
};
use crate::access::Action;
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind};
use crate::handoff;
use crate::orchestration::Lane;
use crate::party::EmailAddress;
use crate::personal::Personal;
use crate::process::{
    Actor, Bug, Context, Decision, IndexEntry, IndexPart, Process, ProcessKey, Record, Refusal,
    Unsettled, bug,
};
use crate::text::Untrusted;
use crate::time::Timestamp;

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
}

impl RecipientState {
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

/// What can happen to a recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecipientInput {
    /// A process wants a letter sent.
    Ask {
        /// Who.
        asker: ProcessKey,
        /// What.
        ask: Box<AskSend>,
    },
    /// The desk answered.
    Slot(SlotAnswer),
    /// The desk takes a grant back.
    Withdraw(Withdraw),
    /// A person says yes to one content.
    Approve {
        /// Which letter.
        intent: String,
        /// The content they saw.
        hash: Digest32,
    },
    /// A person says no.
    Refuse {
        /// Which letter.
        intent: String,
        /// Why.
        why: String,
    },
    /// Nobody said yes or no in time.
    ApprovalLapsed {
        /// Which letter.
        intent: String,
        /// Which wait.
        expires: Timestamp,
    },
    /// A provider took the letter.
    Sent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// The provider's word.
        receipt: Receipt,
    },
    /// The letter was not sent.
    Unsent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// Why.
        how: Unsettled,
    },
    /// Something came back from the person.
    Received {
        /// What kind of thing.
        news: News,
        /// From which address.
        address: Personal<EmailAddress>,
        /// The `Message-ID` it answers, where it says so.
        answers: Option<String>,
        /// What it says, without quotes and signature.
        text: Option<Personal<Untrusted<String>>>,
        /// Its own `Message-ID`.
        message_id: Option<String>,
        /// By which way it came.
        source: String,
        /// When a person who is away is back.
        until: Option<Timestamp>,
    },
    /// They said yes to marketing.
    Consented(Consent),
    /// They are a customer now.
    BecameCustomer,
}

/// What a recipient records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecipientEvent {
    /// A letter was asked for and passed the rules.
    Asked {
        /// Which letter.
        intent: String,
        /// All of it.
        record: Box<Intent>,
        /// The address.
        address: Personal<EmailAddress>,
    },
    /// A letter was refused.
    Refused {
        /// Which letter.
        intent: String,
        /// Who asked.
        asker: ProcessKey,
        /// The asker's own name for it.
        step: String,
        /// The rules that refused it.
        findings: Vec<LintFinding>,
    },
    /// A person said yes.
    Approved {
        /// Which letter.
        intent: String,
        /// The approval.
        approval: Approval,
    },
    /// A place was booked.
    Booked {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// Not begun after this.
        expires: Timestamp,
    },
    /// There was no room.
    Deferred {
        /// Which letter.
        intent: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is proven that it did not leave, and its place is asked for once more.
    Returned {
        /// Which letter.
        intent: String,
    },
    /// The effect is being taken back.
    Stopping {
        /// Which letter.
        intent: String,
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It is off, before it left.
    Dropped {
        /// Which letter.
        intent: String,
        /// The rule.
        rule: String,
    },
    /// It left.
    Sent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
        /// The provider's id for it.
        provider_id: String,
    },
    /// It was tried and did not go.
    Failed {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
    },
    /// The address is not written to any more.
    Suppressed(Suppression),
    /// Something came back.
    Heard {
        /// What kind of thing.
        news: News,
        /// The letter it answers, where that is known.
        intent: Option<String>,
        /// From which address.
        address: Personal<EmailAddress>,
    },
    /// They asked us something of their own accord.
    Inquired {
        /// When.
        at: Timestamp,
    },
    /// They said yes to marketing, which also lifts an earlier no to it.
    Consented(Consent),
    /// They are a customer.
    BecameCustomer {
        /// Since when.
        at: Timestamp,
    },
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
    const STATE_VERSION: u32 = 2;
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

    fn apply(mut state: RecipientState, event: &RecipientEvent) -> RecipientState {
        let mut phase = |intent: &str, phase: Phase| {
            if let Some(found) = state.intents.get_mut(intent) {
                let open = matches!(
                    phase,
                    Phase::AwaitsApproval { .. }
                        | Phase::AwaitsSlot
                        | Phase::Booked { .. }
                        | Phase::Stopping { .. }
                );
                if !open {
                    found.draft = None;
                }
                found.phase = phase;
            }
        };
        match event {
            RecipientEvent::Asked {
                intent,
                record,
                address,
            } => {
                state.intents.insert(intent.clone(), (**record).clone());
                state.address = Some(address.clone());
            }
            RecipientEvent::Refused {
                intent, findings, ..
            } => {
                let rule = findings
                    .first()
                    .map_or_else(String::new, |f| f.rule.clone());
                phase(intent, Phase::Refused { rule });
            }
            RecipientEvent::Approved { intent, approval } => {
                state.approvals.insert(intent.clone(), approval.clone());
                phase(intent, Phase::AwaitsSlot);
            }
            RecipientEvent::Booked {
                intent,
                attempt,
                expires,
            } => {
                phase(intent, Phase::Booked { expires: *expires });
                if let Some(found) = state.intents.get_mut(intent) {
                    found.attempt = *attempt;
                }
            }
            RecipientEvent::Returned { intent } => phase(intent, Phase::AwaitsSlot),
            RecipientEvent::Deferred { intent, until } => {
                phase(intent, Phase::Deferred { until: *until });
            }
            RecipientEvent::Stopping { intent, rule, why } => phase(
                intent,
                Phase::Stopping {
                    rule: rule.clone(),
                    why: why.clone(),
                },
            ),
            RecipientEvent::Dropped { intent, rule } => {
                phase(intent, Phase::Refused { rule: rule.clone() });
            }
            RecipientEvent::Sent {
                intent,
                at,
                message_id,
                ..
            } => {
                phase(
                    intent,
                    Phase::Sent {
                        at: *at,
                        message_id: message_id.clone(),
                    },
                );
                state.first_contact.get_or_insert(*at);
                if let Some(approval) = state.approvals.get_mut(intent) {
                    approval.used = true;
                }
                let marketing = state
                    .intents
                    .get(intent)
                    .is_some_and(|i| i.class == LetterClass::Marketing);
                if marketing {
                    state.marketing_sent.push(*at);
                }
            }
            RecipientEvent::Failed { intent, .. } => phase(intent, Phase::Failed),
            RecipientEvent::Suppressed(suppression) => {
                let known = state
                    .suppressions
                    .iter()
                    .any(|s| s.class == suppression.class && s.reason == suppression.reason);
                if !known {
                    state.suppressions.push(suppression.clone());
                }
            }
            RecipientEvent::Heard { news, address, .. } => {
                if *news == News::Reply && state.address.is_none() {
                    state.address = Some(address.clone());
                }
            }
            RecipientEvent::Inquired { at } => {
                state.inquiry = state.inquiry.max(Some(*at));
            }
            RecipientEvent::Consented(consent) => {
                state
                    .suppressions
                    .retain(|s| s.class != SuppressionClass::Marketing);
                state.consents.push(consent.clone());
            }
            RecipientEvent::BecameCustomer { at } => state.customer = Some(*at),
        }
        if let RecipientEvent::Suppressed(s) = event
            && s.class == SuppressionClass::Marketing
        {
            // A no withdraws every earlier yes; what was agreed to stays on record.
            let mut consents = std::mem::take(&mut state.consents);
            state.withdrawn.append(&mut consents);
        }
        state
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
                    "message-id",
                    vec![IndexPart::Text(message_id.clone())],
                ));
            }
        }
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

fn asked(state: &RecipientState, asker: &ProcessKey, ask: &AskSend, cx: &Cx<'_>) -> Answer {
    // An inquiry that came in by another way, as a lead, arrives with the first letter about it.
    let brought = match ask.draft.facts.basis {
        Some(LegalBasis::Inquiry { at }) if ask.draft.facts.self_supplied => Some(at),
        _ => None,
    };
    let brought = brought.filter(|at| *at <= cx.now() && Some(*at) > state.inquiry);
    let inquired = brought.map_or_else(Decision::nothing, |at| {
        Decision::nothing().event(RecipientEvent::Inquired { at })
    });
    Ok(inquired.and(judged(state, asker, ask, cx)?))
}

fn judged(state: &RecipientState, asker: &ProcessKey, ask: &AskSend, cx: &Cx<'_>) -> Answer {
    let letter = &ask.draft.letter;
    let name = letter.intent();
    let earlier = state.intents.get(&name);
    let refusal = |rule: &str, why: String| -> Answer {
        let outcome = SendOutcome::Refused {
            rule: rule.to_owned(),
            why: why.clone(),
        };
        Err(Refusal::new(rule.to_owned(), why).answering(
            asker.clone(),
            &cx.step(&ask.step),
            &SendAnswer {
                step: ask.step.clone(),
                outcome,
            },
        ))
    };
    if let Some(earlier) = earlier
        && !matches!(
            earlier.phase,
            Phase::Deferred { .. } | Phase::Refused { .. } | Phase::Failed
        )
    {
        return refusal("I2", "this step was already asked for or sent".to_owned());
    }
    let hash = letter
        .content_hash()
        .map_err(|e| Refusal::new("DW-2", e.chain()))?;
    let question = Question {
        draft: &ask.draft,
        past: &state.past(),
        policy: &cx.policy().rules,
        now: cx.now(),
    };
    let verdict = rules::judge(&question);
    let class = question.class();
    let mut findings = verdict.refused;
    if let Some(finding) = over_cap(state, class, cx) {
        findings.push(finding);
    }
    let mut record = Intent {
        asker: asker.clone(),
        step: ask.step.clone(),
        hash,
        class,
        scopes: scopes(&ask.draft),
        attempt: earlier.map_or(0, |e| e.attempt),
        phase: Phase::AwaitsSlot,
        draft: Some(ask.draft.clone()),
        passed: verdict.passed,
        lane: ask.lane,
    };
    let address = letter.to.clone();
    if let Some(first) = findings.first().cloned() {
        record.phase = Phase::Refused {
            rule: first.rule.clone(),
        };
        record.draft = None;
        return Ok(Decision::nothing()
            .event(RecipientEvent::Asked {
                intent: name.clone(),
                record: Box::new(record),
                address,
            })
            .event(RecipientEvent::Refused {
                intent: name,
                asker: asker.clone(),
                step: ask.step.clone(),
                findings,
            })
            .and(answer(
                asker,
                &ask.step,
                cx,
                SendOutcome::Refused {
                    rule: first.rule,
                    why: first.what,
                },
            )));
    }
    let approved = state
        .approvals
        .get(&name)
        .is_some_and(|a| a.covers(hash, cx.now()));
    let mode = cx
        .policy()
        .approval
        .get(&letter.campaign)
        .copied()
        .unwrap_or(cx.policy().rules.approval);
    let needs_person = match mode {
        ApprovalMode::DraftOnly | ApprovalMode::ApproveEach => true,
        // An approved template is a decision of the asker's policy; here it counts as approved.
        ApprovalMode::ApproveTemplate | ApprovalMode::Autonomous => false,
    };
    if needs_person && !approved {
        let expires = hours_from(cx.now(), cx.policy().approval_hours);
        record.phase = Phase::AwaitsApproval { expires };
        return Ok(Decision::nothing()
            .event(RecipientEvent::Asked {
                intent: name.clone(),
                record: Box::new(record),
                address,
            })
            .timer(
                cx.step("approval-lapses"),
                expires,
                RecipientInput::ApprovalLapsed {
                    intent: name,
                    expires,
                },
            )
            .and(answer(asker, &ask.step, cx, SendOutcome::AwaitsApproval)));
    }
    let ask_desk = ask_slot(&name, &record, cx);
    Ok(Decision::nothing()
        .event(RecipientEvent::Asked {
            intent: name,
            record: Box::new(record),
            address,
        })
        .and(ask_desk))
}

fn over_cap(state: &RecipientState, class: LetterClass, cx: &Cx<'_>) -> Option<LintFinding> {
    let policy = cx.policy();
    if class != LetterClass::Marketing || policy.marketing_cap == 0 || bug(Bug::CapsIgnored) {
        return None;
    }
    let window = Duration::days(i64::from(policy.marketing_cap_days));
    let sent = state
        .marketing_sent
        .iter()
        .filter(|at| cx.now().signed_duration_since(**at) < window)
        .count();
    // Letters that may still leave count as well: two askers at once must not exceed the cap.
    let waiting = state
        .intents
        .values()
        .filter(|i| i.class == LetterClass::Marketing)
        .filter(|i| {
            matches!(
                i.phase,
                Phase::AwaitsApproval { .. }
                    | Phase::AwaitsSlot
                    | Phase::Booked { .. }
                    | Phase::Stopping { .. }
            )
        })
        .count();
    let recent = sent.saturating_add(waiting);
    (recent >= usize::try_from(policy.marketing_cap).unwrap_or(usize::MAX)).then(|| LintFinding {
        rule: "OU-4".to_owned(),
        what: format!(
            "{recent} marketing letters to this person within {} days",
            policy.marketing_cap_days
        ),
    })
}

fn scopes(draft: &Draft) -> Vec<Scope> {
    let letter = &draft.letter;
    let mut scopes = vec![
        Scope::Mailbox(letter.sender.address.as_str().to_owned()),
        Scope::SendingDomain(letter.sender.address.domain().as_str().to_owned()),
        Scope::Campaign(letter.campaign_family()),
    ];
    if let Some(company) = &draft.facts.company {
        scopes.push(Scope::Company(company.as_str().to_owned()));
    }
    let address = letter.to.reveal(crate::personal::Purpose::Contact);
    scopes.push(Scope::RecipientDomain(address.domain().as_str().to_owned()));
    scopes
}

fn ask_slot(name: &str, record: &Intent, cx: &Cx<'_>) -> Decision<Recipient> {
    let Some(draft) = &record.draft else {
        return Decision::nothing();
    };
    let attempt = record.attempt.saturating_add(1);
    Decision::nothing().tell_in(
        record.lane,
        desk(cx),
        cx.step(name),
        &AskSlot {
            intent: name.to_owned(),
            attempt,
            class: record.class,
            channel: draft.letter.channel,
            scopes: record.scopes.clone(),
            zone: draft.facts.zone.clone(),
            country: draft.facts.country,
        },
    )
}

fn slot(state: &RecipientState, answer_: &SlotAnswer, cx: &Cx<'_>) -> Answer {
    let name = &answer_.intent;
    let give_back = || {
        Decision::nothing().tell(
            desk(cx),
            cx.step(name),
            &SlotDone {
                intent: name.clone(),
                attempt: answer_.attempt,
                used: false,
            },
        )
    };
    let waiting = state
        .intents
        .get(name)
        .filter(|i| i.phase == Phase::AwaitsSlot && i.attempt.saturating_add(1) == answer_.attempt);
    let Some(intent) = waiting else {
        // Taken back while the desk was thinking: the place goes back.
        return Ok(match answer_.verdict {
            SlotVerdict::Granted { .. } | SlotVerdict::Deferred { .. } => give_back(),
            SlotVerdict::Denied { .. } => Decision::nothing(),
        });
    };
    match &answer_.verdict {
        SlotVerdict::Granted { expires } => {
            let Some(draft) = &intent.draft else {
                return Ok(give_back());
            };
            let mut letter = draft.letter.clone();
            letter.approved = state
                .approvals
                .get(name)
                .is_some_and(|a| a.hash == intent.hash);
            let expires = (*expires).min(cx.now() + grant_life());
            Ok(Decision::nothing()
                .event(RecipientEvent::Booked {
                    intent: name.clone(),
                    attempt: answer_.attempt,
                    expires,
                })
                .effect_with(
                    name.clone(),
                    answer_.attempt,
                    intent.lane,
                    None,
                    Some(expires),
                    SendEffect {
                        intent: name.clone(),
                        attempt: answer_.attempt,
                        letter,
                    },
                ))
        }
        SlotVerdict::Deferred { until, why } => Ok(Decision::nothing()
            .event(RecipientEvent::Deferred {
                intent: name.clone(),
                until: *until,
            })
            .and(answer(
                &intent.asker,
                &intent.step,
                cx,
                SendOutcome::Deferred {
                    until: *until,
                    why: why.clone(),
                },
            ))),
        SlotVerdict::Denied { rule, why } => Ok(drop_it(name, intent, rule, why, cx)),
    }
}

fn withdrawn(state: &RecipientState, withdraw: &Withdraw, cx: &Cx<'_>) -> Answer {
    let name = &withdraw.intent;
    let give_back = Decision::nothing().tell(
        desk(cx),
        cx.step(name),
        &SlotDone {
            intent: name.clone(),
            attempt: withdraw.attempt,
            used: false,
        },
    );
    let overtaken = state.intents.get(name).filter(|i| {
        i.phase == Phase::AwaitsSlot && i.attempt.saturating_add(1) == withdraw.attempt
    });
    if let Some(intent) = overtaken {
        // The withdrawal is urgent and came before the grant it takes back: the grant must find
        // nothing that waits for it.
        return Ok(give_back.and(drop_it(name, intent, &withdraw.rule, &withdraw.why, cx)));
    }
    let intent = state
        .intents
        .get(name)
        .filter(|i| i.attempt == withdraw.attempt);
    match intent.map(|i| (i, &i.phase)) {
        Some((_, Phase::Booked { .. })) => {
            Ok(stop(name, withdraw.attempt, &withdraw.rule, &withdraw.why))
        }
        // Its end is on the way and acknowledges by itself.
        Some((_, Phase::Stopping { .. } | Phase::Sent { .. })) => Ok(Decision::nothing()),
        _ => Ok(give_back),
    }
}

fn approve(state: &RecipientState, name: &str, hash: Digest32, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new("I14", "only a person may approve"));
    };
    let Some(intent) = state.intents.get(name) else {
        return Err(Refusal::new("OR-6", "there is no such letter"));
    };
    let Phase::AwaitsApproval { expires } = intent.phase else {
        return Err(Refusal::new("OR-6", "it does not wait for approval"));
    };
    if cx.now() >= expires {
        return Err(Refusal::new("OR-6", "the time to approve it is over"));
    }
    if intent.hash != hash {
        return Err(Refusal::new(
            "OR-6",
            "the letter has changed since it was looked at",
        ));
    }
    let approval = Approval {
        by: by.clone(),
        at: cx.now(),
        expires: hours_from(cx.now(), cx.policy().approval_hours),
        hash,
        used: false,
    };
    Ok(Decision::nothing()
        .event(RecipientEvent::Approved {
            intent: name.to_owned(),
            approval,
        })
        .and(ask_slot(name, intent, cx)))
}

fn refuse(state: &RecipientState, name: &str, why: &str, cx: &Cx<'_>) -> Answer {
    if !cx.actor().is_person() {
        return Err(Refusal::new("I14", "only a person may refuse"));
    }
    match state.intents.get(name) {
        Some(intent) if matches!(intent.phase, Phase::AwaitsApproval { .. }) => {
            Ok(drop_it(name, intent, "refused-by-person", why, cx))
        }
        _ => Err(Refusal::new("OR-6", "it does not wait for approval")),
    }
}

fn lapsed(state: &RecipientState, name: &str, expires: Timestamp) -> Answer {
    match state.intents.get(name) {
        Some(intent) if intent.phase == (Phase::AwaitsApproval { expires }) => {
            Ok(Decision::nothing().event(RecipientEvent::Dropped {
                intent: name.to_owned(),
                rule: "approval-lapsed".to_owned(),
            }))
        }
        _ => Ok(Decision::nothing()),
    }
}

fn sent(
    state: &RecipientState,
    name: &str,
    attempt: u32,
    receipt: &Receipt,
    cx: &Cx<'_>,
) -> Answer {
    let Some(intent) = state.intents.get(name) else {
        return Err(Refusal::new(
            "I7",
            "a receipt for a letter that was never asked for",
        ));
    };
    if matches!(intent.phase, Phase::Sent { .. }) {
        return Err(Refusal::new("I7", "a second receipt for the same letter"));
    }
    let message_id = intent
        .draft
        .as_ref()
        .map_or_else(String::new, |d| d.letter.message_id.clone());
    Ok(Decision::nothing()
        .event(RecipientEvent::Sent {
            intent: name.to_owned(),
            attempt,
            at: receipt.at,
            message_id: message_id.clone(),
            provider_id: receipt.provider_id.clone(),
        })
        .tell(
            desk(cx),
            cx.step(name),
            &SlotDone {
                intent: name.to_owned(),
                attempt,
                used: true,
            },
        )
        .and(answer(
            &intent.asker,
            &intent.step,
            cx,
            SendOutcome::Sent {
                at: receipt.at,
                message_id,
                provider_id: receipt.provider_id.clone(),
            },
        )))
}

fn unsent(state: &RecipientState, name: &str, attempt: u32, how: Unsettled, cx: &Cx<'_>) -> Answer {
    let Some(intent) = state.intents.get(name).filter(|i| i.attempt == attempt) else {
        return Err(Refusal::new(
            "I7",
            "an outcome for a letter that is not on its way",
        ));
    };
    let done = Decision::nothing().tell(
        desk(cx),
        cx.step(name),
        &SlotDone {
            intent: name.to_owned(),
            attempt,
            used: false,
        },
    );
    if let Phase::Stopping { rule, why } = &intent.phase {
        return Ok(done.and(drop_it(name, intent, rule, why, cx)));
    }
    if !matches!(intent.phase, Phase::Booked { .. }) {
        return Err(Refusal::new(
            "I7",
            "an outcome for a letter that is not on its way",
        ));
    }
    if how == Unsettled::NotPerformed && intent.draft.is_some() {
        // Proof that it never left: it goes again, as the next booking on the same place.
        return Ok(Decision::nothing()
            .event(RecipientEvent::Returned {
                intent: name.to_owned(),
            })
            .and(ask_slot(name, intent, cx)));
    }
    Ok(done.and(match how {
        Unsettled::Expired | Unsettled::NotPerformed | Unsettled::Cancelled => {
            let until = cx.now() + grant_life();
            Decision::nothing()
                .event(RecipientEvent::Deferred {
                    intent: name.to_owned(),
                    until,
                })
                .and(answer(
                    &intent.asker,
                    &intent.step,
                    cx,
                    SendOutcome::Deferred {
                        until,
                        why: "it was not begun in time".to_owned(),
                    },
                ))
        }
        Unsettled::Exhausted => Decision::nothing()
            .event(RecipientEvent::Failed {
                intent: name.to_owned(),
                attempt,
            })
            .and(answer(
                &intent.asker,
                &intent.step,
                cx,
                SendOutcome::Failed {
                    why: "the provider did not take it".to_owned(),
                },
            )),
    }))
}

fn received(state: &RecipientState, input: &RecipientInput, cx: &Cx<'_>) -> Answer {
    let RecipientInput::Received {
        news,
        address,
        answers,
        text,
        message_id,
        source,
        until,
    } = input
    else {
        return Ok(Decision::nothing());
    };
    let sent_under = |id: &String| {
        state
            .intents
            .iter()
            .find(|(_, i)| matches!(&i.phase, Phase::Sent { message_id, .. } if message_id == id))
    };
    // Without a thread, news is about the latest letter.
    let latest = || {
        state
            .intents
            .iter()
            .filter_map(|(name, i)| match &i.phase {
                Phase::Sent { at, .. } => Some((*at, name, i)),
                _ => None,
            })
            .max_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)))
            .map(|(_, name, i)| (name, i))
    };
    let about = answers.as_ref().and_then(sent_under).or_else(latest);
    let mut decision = Decision::nothing().event(RecipientEvent::Heard {
        news: news.clone(),
        intent: about.map(|(name, _)| name.clone()),
        address: address.clone(),
    });
    // Who writes without a letter of ours to answer asks of their own accord. An answer is none:
    // it may say no, and what it says is for the asker to read.
    if *news == News::Reply && about.is_none() && answers.is_none() {
        decision = decision.event(RecipientEvent::Inquired { at: cx.now() });
    }
    if let Some(class) = news.suppression() {
        decision = decision.event(RecipientEvent::Suppressed(Suppression {
            class,
            reason: news.word().to_owned(),
            at: cx.now(),
            source: source.clone(),
        }));
        let why = format!("{} at {}", news.word(), cx.now().date_naive());
        for (name, intent) in &state.intents {
            if class == SuppressionClass::Marketing && intent.class != LetterClass::Marketing {
                continue;
            }
            decision = decision.and(match intent.phase {
                Phase::AwaitsApproval { .. } | Phase::AwaitsSlot => {
                    drop_it(name, intent, "CS-6a", &why, cx)
                }
                Phase::Booked { .. } if !bug(Bug::OptOutKeepsSends) => {
                    stop(name, intent.attempt, "CS-6a", &why)
                }
                _ => Decision::nothing(),
            });
        }
    }
    if let Some((_, intent)) = about {
        decision = decision.tell(
            desk(cx),
            cx.step("news"),
            &DeskNews {
                news: news.clone(),
                at: cx.now(),
                scopes: intent.scopes.clone(),
            },
        );
    }
    let heard = |step: Option<String>| Heard {
        news: news.clone(),
        step,
        at: cx.now(),
        text: text.clone(),
        message_id: message_id.clone(),
        until: *until,
    };
    let mut askers = BTreeSet::new();
    if let Some((_, intent)) = about {
        askers.insert(intent.asker.clone());
        decision = decision.tell(
            intent.asker.clone(),
            cx.step("heard"),
            &heard(Some(intent.step.clone())),
        );
    }
    if news.suppression().is_some() {
        // Everybody who writes to this address must know.
        for intent in state.intents.values() {
            if askers.insert(intent.asker.clone()) {
                decision = decision.tell(intent.asker.clone(), cx.step("heard"), &heard(None));
            }
        }
    }
    Ok(decision)
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
