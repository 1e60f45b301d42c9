use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealwright_core::canonical::Digest32;
use dealwright_core::document::Wording;
use dealwright_core::handoff::DealWon;
use dealwright_core::knowledge::OutputKind;
use dealwright_core::orchestration::Lane;
use dealwright_core::party::{Channel, DomainName, Language, LegalForm, spoken_name};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::Refusal;
use dealwright_core::trust::{
    AskSend, Attachment, Content, Draft, LegalBasis, Letter, LetterClass, Notices, Paragraph,
    RecipientFacts, SendAnswer, SendOutcome, Thread,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::step::Step;
use super::{ProjectEvent, Reminder, accept};

/// What a letter is made of: enough to write it again when there was no room for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSpec {
    /// The template of text and subject.
    pub template: String,
    /// What it is for.
    pub class: LetterClass,
    /// Values of its own for the template.
    pub values: BTreeMap<String, String>,
    /// What goes with it.
    pub files: Vec<SpecFile>,
    /// Which letter it answers.
    pub answers: Option<String>,
}

/// A file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes, in `Blobs`.
    pub blob: Digest32,
    /// Whether a trained model made it.
    pub made_by_ai: bool,
}

impl LetterSpec {
    pub(super) fn service(template: &str) -> Self {
        Self {
            template: template.to_owned(),
            class: LetterClass::Service,
            values: BTreeMap::new(),
            files: Vec::new(),
            answers: None,
        }
    }

    pub(super) fn value(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn files(mut self, files: Vec<SpecFile>) -> Self {
        self.files = files;
        self
    }

    /// Makes it an answer to what the client wrote.
    pub(super) fn answering(mut self, message_id: Option<&str>) -> Self {
        self.class = LetterClass::Answer;
        self.answers = message_id.map(str::to_owned);
        self
    }
}

/// Asks the recipient's gate for the letter `name`; a second try keeps the name, so that it is
/// sent at most once.
pub(super) fn ask(
    step: &mut Step<'_, '_>,
    name: &str,
    spec: LetterSpec,
    tries: u32,
) -> Result<(), Refusal> {
    let draft = compose(step, name, &spec)?;
    let recipient = step.cx.recipient(draft.letter.to.reveal(Purpose::Contact));
    let lane = if spec.class == LetterClass::Answer {
        Lane::Urgent
    } else {
        Lane::Normal
    };
    step.record(ProjectEvent::Asked {
        step: name.to_owned(),
        spec: Box::new(spec),
        tries,
    });
    let asked = AskSend {
        step: name.to_owned(),
        draft,
        lane,
    };
    step.emit(|out| out.tell_in(lane, recipient, format!("{name}~{tries}"), &asked));
    Ok(())
}

/// What the gate's answer to a letter means.
pub(super) fn answered(step: &mut Step<'_, '_>, answer: &SendAnswer) -> Result<(), Refusal> {
    let name = answer.step.clone();
    let Some(letter) = step.state.letters().get(&name).cloned() else {
        return Err(Refusal::new(
            "I7",
            "an answer to a letter that was not asked for",
        ));
    };
    match &answer.outcome {
        SendOutcome::AwaitsApproval => step.record(ProjectEvent::AwaitsApproval { step: name }),
        SendOutcome::Sent { at, message_id, .. } => {
            step.record(ProjectEvent::LetterSent {
                step: name.clone(),
                at: *at,
                message_id: message_id.clone(),
            });
            accept::reached(step, &name, *at);
        }
        SendOutcome::Deferred { until, .. } => {
            let tries = letter.tries.saturating_add(1);
            step.record(ProjectEvent::LetterDeferred {
                step: name.clone(),
                until: *until,
            });
            step.timer(
                format!("again-{name}~{tries}"),
                *until,
                Reminder::AskAgain { step: name, tries },
            );
        }
        SendOutcome::Refused { rule, why } => stopped(step, &name, rule, why)?,
        SendOutcome::Failed { why } => stopped(step, &name, "failed", why)?,
    }
    Ok(())
}

pub(super) fn ask_again(step: &mut Step<'_, '_>, name: &str, tries: u32) -> Result<(), Refusal> {
    let Some(letter) = step.state.letters().get(name).cloned() else {
        return Ok(());
    };
    let over = letter.sent.is_some() || letter.stopped.is_some();
    if over || step.state.closed().is_some() {
        return Ok(());
    }
    ask(step, name, letter.spec, tries)
}

fn stopped(step: &mut Step<'_, '_>, name: &str, rule: &str, why: &str) -> Result<(), Refusal> {
    step.record(ProjectEvent::LetterStopped {
        step: name.to_owned(),
        rule: rule.to_owned(),
        why: why.to_owned(),
    });
    if step.state.closed().is_none() {
        // What a contract needs must reach the client by another way.
        step.needs_person(format!(
            "letter `{name}` could not be sent ({rule}): reach the client another way"
        ));
        accept::not_reached(step, name)?;
    }
    Ok(())
}

fn compose(step: &Step<'_, '_>, name: &str, spec: &LetterSpec) -> Result<Draft, Refusal> {
    let (cx, policy) = (step.cx, step.cx.policy());
    let deal = step
        .state
        .deal()
        .ok_or_else(|| Refusal::new("I7", "a project without a deal"))?;
    let parts = deal.parts();
    let to = parts
        .contact
        .clone()
        .ok_or_else(|| Refusal::new("DF-2", "the hand-off names nobody to write to"))?;
    let language = language(deal);
    let notice = policy
        .ai_notices
        .get(language.code())
        .or_else(|| policy.ai_notices.get("en"));
    if policy.made_by_ai && notice.is_none() {
        return Err(Refusal::new("CO-2", "no sentence about AI is set for `en`"));
    }
    let input = values(step, spec);
    let render = |kind| {
        let template = policy.templates.in_language(kind, &spec.template, language);
        policy
            .templates
            .render(kind, &template, &input)
            .map_err(|e| Refusal::new("OU-8", e.to_string()))
    };
    let subject = render(OutputKind::Header)?;
    let paragraphs = render(OutputKind::Text)?
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| Paragraph {
            text: p.to_owned(),
            promotional: false,
        })
        .collect();
    let message_id = {
        let digest = Digest32::of_parts(&[cx.process().to_string().as_bytes(), name.as_bytes()]);
        let hex = digest.to_hex();
        let short = hex.get(..24).unwrap_or(&hex);
        format!("{short}@{}", policy.sender.address.domain().as_str())
    };
    let letter = Letter {
        class: spec.class,
        channel: Channel::Email,
        campaign: format!("project/{}", cx.process().id()),
        step: name.to_owned(),
        sender: policy.sender.clone(),
        to_name: parts.contact_name.clone(),
        language,
        content: Personal::new(
            Content {
                subject,
                paragraphs,
                signature: format!("{}\n{}", policy.sender.name, policy.sender.organisation),
            },
            to.subject().to_owned(),
        ),
        notices: Notices {
            ai: notice.filter(|_| policy.made_by_ai).cloned(),
            ..Notices::default()
        },
        thread: spec.answers.clone().map(|in_reply_to| Thread {
            references: step
                .state
                .last_sent()
                .map(str::to_owned)
                .into_iter()
                .collect(),
            in_reply_to,
        }),
        message_id,
        attachments: spec
            .files
            .iter()
            .map(|file| Attachment {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                blob: file.blob,
                made_by_ai: file.made_by_ai,
            })
            .collect(),
        made_by_ai: policy.made_by_ai,
        approved: false,
        tracking: false,
        to,
    };
    Ok(Draft {
        letter,
        facts: RecipientFacts {
            country: parts.country,
            zone: parts.zone.clone(),
            legal_form: LegalForm::Unknown,
            basis: Some(LegalBasis::Contract),
            source: "contract".to_owned(),
            source_allowed: true,
            no_solicitation: false,
            guessed: false,
            self_supplied: true,
            company: parts
                .website
                .as_deref()
                .and_then(|site| DomainName::parse(site).ok()),
        },
        drafted_at: cx.now(),
    })
}

/// What templates may use: our own data, never text from outside.
/// A day as this client reads it.
pub(super) fn day(day: NaiveDate, step: &Step<'_, '_>) -> String {
    Wording::of(step.state.deal().map_or(Language::EN, language)).date(day)
}

/// The language that the client is written to in.
pub(super) fn language(deal: &DealWon) -> Language {
    deal.parts().language.unwrap_or(Language::EN)
}

fn values(step: &Step<'_, '_>, spec: &LetterSpec) -> Value {
    let mut values = serde_json::Map::new();
    if let Some(deal) = step.state.deal() {
        let parts = deal.parts();
        let client = parts.client.clone().unwrap_or_default();
        let greeting = match &parts.contact_name {
            Some(name) => name.reveal(Purpose::Contact).clone(),
            None => spoken_name(&client),
        };
        values.insert("business".to_owned(), json!(spoken_name(&client)));
        values.insert("registered".to_owned(), json!(client));
        values.insert("greeting".to_owned(), json!(greeting));
    }
    let sender = &step.cx.policy().sender;
    values.insert("sender".to_owned(), json!(sender.name));
    values.insert("organisation".to_owned(), json!(sender.organisation));
    for (name, value) in &spec.values {
        values.insert(name.clone(), json!(value));
    }
    Value::Object(values)
}
