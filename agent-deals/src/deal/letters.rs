use std::collections::BTreeMap;

use dealwright_core::canonical::Digest32;
use dealwright_core::document::Wording;
use dealwright_core::knowledge::OutputKind;
use dealwright_core::money::Money;
use dealwright_core::orchestration::Lane;
use dealwright_core::party::{DomainName, EmailAddress, Language, LegalForm, spoken_name};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    AskSend, Attachment, Content, Draft, Letter, LetterClass, Notices, OptOut, Paragraph,
    RecipientFacts, Thread,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::findings::findings;
use super::{Cx, Deal, DealEvent, DealState, offer};

/// The sentences that law and fairness ask for, in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// How to be left alone.
    pub opt_out: String,
    /// That this is an advertisement.
    pub advertisement: String,
    /// That an AI wrote it.
    pub ai: String,
    /// The right to object and the other rights.
    pub rights: String,
}

/// What a letter is made of: enough to write it again when there was no room for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSpec {
    /// The template of text and subject.
    pub template: String,
    /// What it is for.
    pub class: LetterClass,
    /// Values of its own for the template.
    pub values: BTreeMap<String, String>,
    /// A file that goes with it: name and bytes.
    pub attachment: Option<(String, Digest32)>,
    /// Which letter it answers.
    pub answers: Option<String>,
}

impl LetterSpec {
    pub(super) fn new(template: impl Into<String>, class: LetterClass) -> Self {
        Self {
            template: template.into(),
            class,
            values: BTreeMap::new(),
            attachment: None,
            answers: None,
        }
    }

    pub(super) fn value(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn file(mut self, name: impl Into<String>, blob: Digest32) -> Self {
        self.attachment = Some((name.into(), blob));
        self
    }

    pub(super) fn answering(mut self, message_id: Option<&str>) -> Self {
        self.answers = message_id.map(str::to_owned);
        self
    }
}

/// Asks the recipient's gate for the letter `step`; a second try keeps the step's name, so that
/// it is sent at most once.
pub(super) fn ask(
    state: &DealState,
    step: &str,
    spec: LetterSpec,
    tries: u32,
    cx: &Cx<'_>,
) -> Result<Decision<Deal>, Refusal> {
    let draft = compose(state, step, &spec, cx)?;
    let recipient = cx.recipient(draft.letter.to.reveal(Purpose::Contact));
    let lane = if spec.class == LetterClass::Marketing {
        Lane::Normal
    } else {
        Lane::Urgent
    };
    Ok(Decision::nothing()
        .event(DealEvent::Asked {
            step: step.to_owned(),
            spec: Box::new(spec),
            tries,
        })
        .tell_in(
            lane,
            recipient,
            format!("{step}~{tries}"),
            &AskSend {
                step: step.to_owned(),
                draft,
                lane,
            },
        ))
}

fn compose(
    state: &DealState,
    step: &str,
    spec: &LetterSpec,
    cx: &Cx<'_>,
) -> Result<Draft, Refusal> {
    let policy = cx.policy();
    let lead = state
        .lead()
        .ok_or_else(|| Refusal::new("I7", "a deal without a lead"))?;
    let parts = lead.parts();
    let id = cx.process().id();
    let language = state.language();
    let notice = policy
        .notices
        .get(language.code())
        .or_else(|| policy.notices.get("en"))
        .ok_or_else(|| Refusal::new("CO-2", "no notices are set for `en`"))?;
    let input = values(state, spec, language, cx);
    let render = |kind| {
        let template = policy.templates.in_language(kind, &spec.template, language);
        policy
            .templates
            .render(kind, &template, &input)
            .map_err(|e| Refusal::new("OU-8", e.to_string()))
    };
    let subject = render(OutputKind::Header)?;
    let text = render(OutputKind::Text)?;
    let marketing = spec.class == LetterClass::Marketing;
    let paragraphs = text
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| Paragraph {
            text: p.to_owned(),
            promotional: marketing,
        })
        .collect();
    let subject_key = lead.address().subject().to_owned();
    let first = state.last_sent().is_none();
    let token = cx.keyed(
        "opt-out",
        &format!(
            "{id} {}",
            lead.address().reveal(Purpose::Contact).identity_key()
        ),
    );
    let thread = spec.answers.clone().map(|in_reply_to| Thread {
        references: state.last_sent().map(str::to_owned).into_iter().collect(),
        in_reply_to,
    });
    let letter = Letter {
        class: spec.class,
        channel: parts
            .channel
            .unwrap_or(dealwright_core::party::Channel::Email),
        campaign: if marketing {
            format!("outreach/{id}")
        } else {
            format!("deal/{id}")
        },
        step: step.to_owned(),
        sender: policy.sender.clone(),
        to: lead.address().clone(),
        to_name: parts.contact_name.clone(),
        language,
        content: Personal::new(
            Content {
                subject,
                paragraphs,
                signature: format!("{}\n{}", policy.sender.name, policy.sender.organisation),
            },
            subject_key,
        ),
        notices: Notices {
            opt_out: marketing.then(|| OptOut {
                text: notice.opt_out.clone(),
                url: format!("{}{token}", policy.opt_out_base),
                mailto: None,
            }),
            advertisement: marketing.then(|| notice.advertisement.clone()),
            ai: policy.made_by_ai.then(|| notice.ai.clone()),
            source: if first {
                parts.source_notice.clone()
            } else {
                None
            },
            rights: first.then(|| notice.rights.clone()),
            data_use: first.then(|| policy.data_use.clone()),
        },
        thread,
        message_id: message_id(step, &policy.sender.address, cx),
        attachments: spec
            .attachment
            .iter()
            .map(|(name, blob)| Attachment {
                name: name.clone(),
                media_type: "application/pdf".to_owned(),
                blob: *blob,
                made_by_ai: policy.made_by_ai,
            })
            .collect(),
        made_by_ai: policy.made_by_ai,
        approved: false,
        tracking: false,
    };
    let may_write = parts
        .facts
        .iter()
        .all(|(name, value)| name != "may-write" || value == "yes");
    Ok(Draft {
        letter,
        facts: RecipientFacts {
            country: parts.country,
            zone: parts.zone.clone(),
            legal_form: parts.legal_form.unwrap_or(LegalForm::Unknown),
            basis: parts.basis.clone(),
            source: parts.source.clone().unwrap_or_default(),
            source_allowed: may_write || parts.inbound,
            no_solicitation: false,
            guessed: false,
            self_supplied: parts.inbound,
            company: parts
                .website
                .as_deref()
                .and_then(|site| DomainName::parse(site).ok()),
        },
        drafted_at: cx.now(),
    })
}

/// What templates may use: our own data and checked facts, never text from outside.
fn values(state: &DealState, spec: &LetterSpec, language: Language, cx: &Cx<'_>) -> Value {
    let mut values = serde_json::Map::new();
    let mut set = |name: &str, value: Value| {
        values.insert(name.to_owned(), value);
    };
    if let Some(lead) = state.lead() {
        let parts = lead.parts();
        set(
            "business",
            json!(parts.account_name.as_deref().map(spoken_name)),
        );
        set("registered", json!(parts.account_name));
        set(
            "greeting",
            match &parts.contact_name {
                Some(name) => json!(name.reveal(Purpose::Contact)),
                None => json!(parts.account_name.as_deref().map(spoken_name)),
            },
        );
        set("findings", json!(findings(parts, language)));
        set("sender", json!(cx.policy().sender.name));
        set("organisation", json!(cx.policy().sender.organisation));
        if let Some(best) = parts.services.first()
            && let Some(service) = offer::catalogue(state, cx).service(&best.service)
        {
            set("service", json!(service.name));
            set("service_summary", json!(service.summary));
            if let Some(outcome) = service.outcomes.first() {
                set("outcome", json!(outcome));
            }
        }
        for (name, value) in &parts.facts {
            set(&format!("fact_{}", name.replace('-', "_")), json!(value));
        }
    }
    for (name, value) in &spec.values {
        set(name, json!(value));
    }
    Value::Object(values)
}

/// A day as this client reads it.
pub(super) fn day(at: Timestamp, state: &DealState) -> String {
    Wording::of(state.language()).date(at.date_naive())
}

/// An amount as this client reads it.
pub(super) fn sum(amount: Money, state: &DealState) -> String {
    Wording::of(state.language()).money(amount)
}

fn message_id(step: &str, from: &EmailAddress, cx: &Cx<'_>) -> String {
    let digest = Digest32::of_parts(&[cx.process().to_string().as_bytes(), step.as_bytes()]);
    let hex = digest.to_hex();
    format!(
        "{}@{}",
        hex.get(..24).unwrap_or(&hex),
        from.domain().as_str()
    )
}
