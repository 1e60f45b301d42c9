use std::collections::BTreeSet;

use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{DealId, LeadId, ProjectId};
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Envelope, Outcome, Process, ProcessKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Payer, Recipient, RecipientEvent, rules};
use dealwright_deals::deal::{Deal, DealEvent};
use dealwright_delivery::project::Project;
use dealwright_delivery::setup::project_of;
use dealwright_discovery::lead::{Lead, LeadEvent, LeadPhase, LeadState};
use serde::Serialize;

use super::letters::letter_id;
use super::words::{self, Money};
use crate::Agency;

/// A lead, a deal or a project with what belongs to it, how it ended, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Case {
    /// What belongs together.
    pub links: CaseLinks,
    /// How it ended, or what holds it up; `None` while it goes on.
    pub end: Option<CaseEnd>,
    /// What happened, the oldest first.
    pub steps: Vec<CaseStep>,
}

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseLinks {
    /// The lead it began with.
    pub lead: Option<LeadId>,
    /// The sales to it, the first one first.
    pub deals: Vec<DealId>,
    /// What they became, where they were won.
    pub projects: Vec<ProjectId>,
    /// Letters of these, by id, in order of first ask.
    pub letters: Vec<String>,
}

/// How a case ended, or what holds it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseEnd {
    /// The reason, in words.
    pub reason: String,
    /// The rule behind it, by id, where one decided.
    pub rule: Option<String>,
    /// What that rule asks for.
    pub title: Option<String>,
    /// The law or standard that it rests on.
    pub source: Option<String>,
    /// What it found here.
    pub why: Option<String>,
    /// The event that says so, as [`CaseStep::event`] names it.
    pub event: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseStep {
    /// When.
    pub at: Timestamp,
    /// The event's number within its process: `deal@5.0` is the first of what the deal's fifth
    /// step recorded.
    pub event: String,
    /// The process, by id.
    pub process: String,
    /// On whose behalf.
    pub by: String,
    /// What happened, in words, without a person's data.
    pub what: String,
}

/// Processes of a case, in the order in which steps of one instant are told.
const ORDER: [&str; 5] = ["lead", "deal", "recipient", "payer", "project"];

impl Agency {
    /// The case behind a lead, a deal or a project, for `by` to see. Amounts are told to those who
    /// may see money.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see persons; `NotFound` where nothing has this key;
    /// those of the store.
    pub async fn case(&self, by: &Actor, key: &ProcessKey) -> Result<Case, PortError> {
        self.host().allow(by, Action::ReadPersons, key)?;
        let money = match self.host().allow(by, Action::ReadMoney, key) {
            Ok(()) => Money::Shown,
            Err(_) => Money::Hidden,
        };
        let history = self.host().store().history(key).await?;
        if history.is_empty() {
            return Err(PortError::new("show case", PortErrorKind::NotFound)
                .with_source(format!("there is no `{}`", key.id())));
        }
        let mut links = self.links(key, &history).await?;
        let askers = self.processes_of(key, &links);
        let mut steps: Vec<(usize, CaseStep)> = Vec::new();
        for (place, kind) in ORDER.iter().enumerate() {
            for process in askers.iter().filter(|k| k.kind() == *kind) {
                let told = self.told(process, money).await?;
                steps.extend(told.into_iter().map(|step| (place, step)));
            }
        }
        for recipient in self.recipients(&askers).await? {
            let (letters, told) = self.told_of_letters(&recipient, &askers).await?;
            links.letters.extend(letters);
            let place = ORDER.iter().position(|k| *k == "recipient").unwrap_or(0);
            steps.extend(told.into_iter().map(|step| (place, step)));
        }
        // Of one process the order stays: sorting is stable.
        steps.sort_by_key(|(place, step)| (step.at, *place));
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        let end = self.end(key, &links).await?;
        Ok(Case { links, end, steps })
    }

    async fn links(&self, key: &ProcessKey, history: &[Envelope]) -> Result<CaseLinks, PortError> {
        let host = self.host();
        let mut links = CaseLinks::default();
        match key.kind() {
            Lead::KIND => {
                for envelope in history {
                    for event in host.events::<Lead>(envelope)? {
                        match event {
                            LeadEvent::Recorded { lead, .. } => links.lead = Some(lead),
                            LeadEvent::HandedOver { deal, .. } => links.deals.push(deal),
                            _ => {}
                        }
                    }
                }
            }
            Deal::KIND => {
                if let Some((_, deal)) = host.state::<Deal>(key).await? {
                    links.lead = deal.lead().map(|l| l.lead());
                    links.deals.extend(deal.id());
                }
            }
            Project::KIND => {
                if let Some((_, project)) = host.state::<Project>(key).await?
                    && let Some(deal) = project.deal()
                {
                    links.lead = deal.parts().lead;
                    links.deals.push(deal.deal());
                }
            }
            kind => {
                return Err(PortError::new("show case", PortErrorKind::Invalid)
                    .with_source(format!("a {kind} is no case")));
            }
        }
        for deal in &links.deals {
            let project = project_of(*deal);
            let key = host.key::<Project>(project.to_string());
            if host.store().load(&key).await?.is_some() {
                links.projects.push(project);
            }
        }
        Ok(links)
    }

    /// Whose steps are told: of a lead all, of a deal its own, its money's and its project's.
    fn processes_of(&self, key: &ProcessKey, links: &CaseLinks) -> BTreeSet<ProcessKey> {
        let host = self.host();
        let mut keys = BTreeSet::from([key.clone()]);
        if key.kind() == Project::KIND {
            return keys;
        }
        for deal in &links.deals {
            keys.insert(host.key::<Deal>(deal.to_string()));
            keys.insert(host.key::<Payer>(deal.to_string()));
        }
        let projects = links.projects.iter();
        keys.extend(projects.map(|p| host.key::<Project>(p.to_string())));
        keys
    }

    /// The addresses that a case's processes write to.
    async fn recipients(
        &self,
        askers: &BTreeSet<ProcessKey>,
    ) -> Result<BTreeSet<ProcessKey>, PortError> {
        let host = self.host();
        let mut recipients = BTreeSet::new();
        for key in askers {
            let address = match key.kind() {
                Deal::KIND => host
                    .state::<Deal>(key)
                    .await?
                    .and_then(|(_, s)| Some(s.lead()?.address().clone())),
                Project::KIND => host
                    .state::<Project>(key)
                    .await?
                    .and_then(|(_, s)| s.deal()?.parts().contact.clone()),
                _ => None,
            };
            recipients.extend(address.map(|a| host.recipient(a.reveal(Purpose::Display))));
        }
        Ok(recipients)
    }

    async fn told(&self, key: &ProcessKey, money: Money) -> Result<Vec<CaseStep>, PortError> {
        let host = self.host();
        let mut steps = Vec::new();
        for envelope in host.store().history(key).await? {
            let said = match key.kind() {
                Lead::KIND => words::all(&envelope, host.events::<Lead>(&envelope)?, words::lead),
                Deal::KIND => words::all(&envelope, host.events::<Deal>(&envelope)?, |event| {
                    words::deal(event, money)
                }),
                Payer::KIND => words::all(&envelope, host.events::<Payer>(&envelope)?, |event| {
                    words::payer(event, money)
                }),
                _ => words::all(
                    &envelope,
                    host.events::<Project>(&envelope)?,
                    words::project,
                ),
            };
            steps.extend(said.into_iter().map(|(n, what)| step(&envelope, n, what)));
        }
        Ok(steps)
    }

    /// The letters to an address that `askers` asked for, and what the address itself said.
    async fn told_of_letters(
        &self,
        recipient: &ProcessKey,
        askers: &BTreeSet<ProcessKey>,
    ) -> Result<(Vec<String>, Vec<CaseStep>), PortError> {
        let host = self.host();
        let (mut ids, mut steps) = (Vec::new(), Vec::new());
        let mut ours: Vec<(String, String)> = Vec::new();
        for envelope in host.store().history(recipient).await? {
            let input = host.consumed::<Recipient>(&envelope)?;
            let events = host.events::<Recipient>(&envelope)?;
            for (n, event) in events.iter().enumerate() {
                if let RecipientEvent::Asked { intent, record, .. } = event {
                    if !askers.contains(&record.asker) {
                        continue;
                    }
                    let id = letter_id(record.hash);
                    ours.retain(|(known, _)| known != intent);
                    ours.push((intent.clone(), id.clone()));
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                let letter = words::intent_of(event)
                    .map(|intent| ours.iter().find(|(known, _)| known == intent));
                let letter = match letter {
                    // Somebody else's letter to the same address.
                    Some(None) => continue,
                    Some(Some((_, id))) => Some(id.as_str()),
                    None => None,
                };
                if let Some(what) = words::letter(event, &input, letter) {
                    steps.push(step(&envelope, n, what));
                }
            }
            if let Outcome::Refused { rule, reason } = &envelope.outcome {
                steps.push(step(&envelope, 0, format!("refused by {rule}: {reason}")));
            }
        }
        if ids.is_empty() {
            // Nothing of this case was ever written there.
            steps.clear();
        }
        Ok((ids, steps))
    }

    async fn end(&self, key: &ProcessKey, links: &CaseLinks) -> Result<Option<CaseEnd>, PortError> {
        let host = self.host();
        match key.kind() {
            Lead::KIND => {
                let Some((_, state)) = host.state::<Lead>(key).await? else {
                    return Ok(None);
                };
                let Some(end) = end_of_lead(&state) else {
                    return Ok(None);
                };
                let event = self
                    .last::<Lead>(key, |e| {
                        matches!(e, LeadEvent::Closed { .. } | LeadEvent::Judged(_))
                    })
                    .await?;
                let found = match links.deals.last() {
                    Some(deal) if end.rule.is_some() => {
                        let deal = host.key::<Deal>(deal.to_string());
                        self.stopped_by(&deal, end.rule.as_deref()).await?
                    }
                    _ => None,
                };
                Ok(Some(CaseEnd {
                    why: found.or(end.why),
                    event,
                    ..end
                }))
            }
            Deal::KIND => {
                let Some((_, state)) = host.state::<Deal>(key).await? else {
                    return Ok(None);
                };
                let Some(closed) = state.closed() else {
                    return Ok(state.needs_person().map(waits));
                };
                let end = lost_or_won(closed.won, &closed.reason);
                let found = self.stopped_by(key, end.rule.as_deref()).await?;
                let event = self
                    .last::<Deal>(key, |e| matches!(e, DealEvent::Closed(_)))
                    .await?;
                Ok(Some(CaseEnd {
                    why: found,
                    event,
                    ..end
                }))
            }
            _ => {
                let Some((_, state)) = host.state::<Project>(key).await? else {
                    return Ok(None);
                };
                Ok(match state.closed() {
                    Some((true, _)) => Some(CaseEnd::of("everything was delivered")),
                    Some((false, _)) => Some(CaseEnd::of("it ended before all was delivered")),
                    None => state.needs_person().map(waits),
                })
            }
        }
    }

    /// What the letter that `rule` stopped was told, or why a person stopped the deal.
    async fn stopped_by(
        &self,
        deal: &ProcessKey,
        rule: Option<&str>,
    ) -> Result<Option<String>, PortError> {
        let mut found = None;
        for envelope in self.host().store().history(deal).await? {
            for event in self.host().events::<Deal>(&envelope)? {
                match event {
                    DealEvent::LetterStopped { rule: by, why, .. } if Some(&*by) == rule => {
                        found = Some(why);
                    }
                    DealEvent::StoppedByHand { why } => found = Some(why),
                    _ => {}
                }
            }
        }
        Ok(found)
    }

    async fn last<P: Process>(
        &self,
        key: &ProcessKey,
        wanted: impl Fn(&P::Event) -> bool,
    ) -> Result<Option<String>, PortError> {
        let mut last = None;
        for envelope in self.host().store().history(key).await? {
            for (n, event) in self.host().events::<P>(&envelope)?.iter().enumerate() {
                if wanted(event) {
                    last = Some(number(&envelope, n));
                }
            }
        }
        Ok(last)
    }
}

impl CaseEnd {
    fn of(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            rule: None,
            title: None,
            source: None,
            why: None,
            event: None,
        }
    }
}

fn waits(why: &str) -> CaseEnd {
    CaseEnd::of(format!("waits for a person: {why}"))
}

/// What ended a lead or holds it up; `None` where it goes on by itself.
fn end_of_lead(state: &LeadState) -> Option<CaseEnd> {
    let reasons = || {
        let assessment = state.judgement().assessment();
        assessment.map(|a| a.reasons().join("; "))
    };
    match state.phase() {
        LeadPhase::New
        | LeadPhase::Enriching
        | LeadPhase::AwaitsPriors
        | LeadPhase::HandedOver { .. } => None,
        LeadPhase::NotQualified => Some(CaseEnd {
            why: reasons(),
            ..CaseEnd::of("it is not a client we want")
        }),
        LeadPhase::NeedsReview => Some(CaseEnd {
            why: reasons(),
            ..CaseEnd::of("a person must look at it")
        }),
        LeadPhase::Waits => Some(CaseEnd::of(
            "its score is too low for now, or no service fits it",
        )),
        LeadPhase::NoAddress => Some(CaseEnd::of(
            "no source knows an address that may be written to",
        )),
        LeadPhase::Lost { reason } => Some(lost_or_won(false, reason)),
        LeadPhase::Client => Some(lost_or_won(true, "won")),
        LeadPhase::Joined { into } => {
            Some(CaseEnd::of(format!("it is the same business as {into}")))
        }
    }
}

/// A deal's end in words, with the rule where a rule ended it.
fn lost_or_won(won: bool, reason: &str) -> CaseEnd {
    if won {
        return CaseEnd::of("won");
    }
    if let Some(id) = reason.strip_prefix("refused-") {
        let rule = rules::all().into_iter().find(|rule| rule.id == id);
        let text = match id {
            "refused-by-person" => "a person refused the letter".to_owned(),
            "failed" => "the provider did not take the letter".to_owned(),
            _ => format!("the letter was refused by rule {id}"),
        };
        return CaseEnd {
            rule: Some(id.to_owned()),
            title: rule.map(|r| r.title.to_owned()),
            source: rule.map(|r| r.source.to_owned()),
            ..CaseEnd::of(text)
        };
    }
    CaseEnd::of(match reason {
        "no-answer" => "nobody answered",
        "no-decision" => "the offer ended without an answer",
        "declined" => "they said no",
        "not-now" => "they said not now",
        "opt-out" => "they asked not to be written to",
        "stopped" => "a person stopped it",
        other => other,
    })
}

fn step(envelope: &Envelope, n: usize, what: String) -> CaseStep {
    CaseStep {
        at: envelope.at,
        event: number(envelope, n),
        process: envelope.process.id().to_owned(),
        by: envelope.input.actor.name().to_owned(),
        what,
    }
}

fn number(envelope: &Envelope, n: usize) -> String {
    format!("{}@{}.{n}", envelope.process.kind(), envelope.revision)
}
