//! What the client needs, and what to ask next: the deal's side of [`needs`](crate::needs).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dealwright_core::handoff::{Requirement, RequirementStatus};
use dealwright_core::personal::Purpose;
use dealwright_core::process::Refusal;
use dealwright_core::trust::Heard;

use super::{Cx, DealStage, DealState, offer, talk};
use crate::needs::assessment::{
    Assessment, AssessmentParams, AssessmentPolicy, Known, Next, Question, next,
};
use crate::needs::{Field, Lexicon, Message, NeedsReader, Speaker};
use crate::pricing::{QuoteRequest, quote};

/// The question whose answer moves the price most, with what it is about; `None` where every
/// number is known or was asked for.
pub(super) fn open_question(
    state: &DealState,
    cx: &Cx<'_>,
) -> Result<Option<(String, String)>, Refusal> {
    let needed = offer::needed(state, cx);
    // What was inferred is confirmed by the proposal, where it stands line by line.
    let confirmed = needed.iter().cloned().map(|mut requirement| {
        requirement.status = RequirementStatus::Confirmed;
        requirement
    });
    let known = Known::of(confirmed, asked(state));
    let policy = policy(state, cx)?;
    let sketch = |needs: &[&str], drivers: &BTreeMap<String, i64>| {
        net_minor(state, &needed, needs, drivers, cx)
    };
    let Next::Ask(Question {
        field: Field::Driver(driver),
        words: Some(words),
        ..
    }) = next(&Assessment::Listening { known }, &policy, &sketch)
    else {
        return Ok(None);
    };
    let owner = needed.iter().find(|requirement| {
        let shape = policy.service(&requirement.need);
        shape.is_some_and(|s| s.drivers.iter().any(|d| d.id == driver))
    });
    Ok(owner.map(|requirement| (format!("{}/{driver}", requirement.need), words)))
}

/// What these needs would cost with these numbers, tax aside, in minor units.
fn net_minor(
    state: &DealState,
    needed: &[Requirement],
    needs: &[&str],
    drivers: &BTreeMap<String, i64>,
    cx: &Cx<'_>,
) -> Option<i64> {
    let requirements: Vec<Requirement> = needed
        .iter()
        .filter(|requirement| needs.contains(&requirement.need.as_str()))
        .cloned()
        .map(|mut requirement| {
            requirement.drivers.clone_from(drivers);
            requirement
        })
        .collect();
    let (catalogue, rates) = (offer::catalogue(state, cx), offer::rates(state, cx));
    let request = QuoteRequest::for_requirements(
        catalogue,
        state.id()?,
        cx.now().date_naive(),
        offer::tax(state, cx),
        &requirements,
    );
    let priced = quote(catalogue, rates, &request).ok()?;
    Some(priced.totals().net.minor())
}

/// The numbers that were asked for, once each: what nobody answers is assumed, and the proposal
/// says so.
fn policy(state: &DealState, cx: &Cx<'_>) -> Result<AssessmentPolicy, Refusal> {
    let params = AssessmentParams {
        required: std::collections::BTreeSet::new(),
        most_asks: 1,
        ..AssessmentParams::of_catalogue(offer::catalogue(state, cx))
    };
    params
        .check()
        .map_err(|e| Refusal::new("NA-2", e.to_string()))
}

fn asked(state: &DealState) -> impl Iterator<Item = Field> {
    let driver = |about: &String| {
        let (_, driver) = about.rsplit_once('/')?;
        Some(Field::Driver(driver.to_owned()))
    };
    state.questioned().iter().filter_map(driver)
}

/// The requirements after this message: what was known, and what these words add or take back.
/// A bare number answers the question that we put last.
pub(super) fn requirements(
    state: &DealState,
    heard: &Heard,
    cx: &Cx<'_>,
) -> Result<Vec<Requirement>, Refusal> {
    let text = heard
        .text
        .as_ref()
        .map(|t| t.reveal(Purpose::Contact).clone())
        .ok_or_else(|| Refusal::new("NA-1", "an answer without words"))?;
    let id = talk::message_id(heard, cx);
    let client = Message {
        id,
        at: heard.at,
        by: Speaker::Client,
        text,
    };
    let open = matches!(state.stage(), DealStage::Contacting | DealStage::Assessing);
    let question = asked(state).last().filter(|_| open).map(|field| Message {
        by: Speaker::Us { asks: Some(field) },
        ..client.clone()
    });
    let messages: Vec<Message> = question.into_iter().chain([client]).collect();
    let read = reader()
        .map_err(|why| Refusal::new("NA-1", why))?
        .read(&messages);
    let known = Known::of(state.requirements().iter().cloned(), asked(state)).after(&read);
    let mut all = known.requirements(&policy(state, cx)?);
    let place = |list: &[Requirement], need: &str| {
        let at = list.iter().position(|r| r.need == need);
        at.unwrap_or(usize::MAX)
    };
    all.sort_by_key(|r| {
        let before = place(state.requirements(), &r.need);
        (before, place(read.requirements(), &r.need))
    });
    Ok(all)
}

/// The reader of needs with the standard lexicon. It never changes, and making it takes longer
/// than reading a message.
fn reader() -> Result<&'static NeedsReader, String> {
    static READER: OnceLock<Result<NeedsReader, String>> = OnceLock::new();
    let made = READER.get_or_init(|| {
        let lexicon = Lexicon::standard().map_err(|e| e.to_string())?;
        Ok(NeedsReader::new(lexicon))
    });
    made.as_ref().map_err(String::clone)
}
