//! A letter as whoever approves it must see it: to whom, why to them, whence the address, and
//! what a yes is bound to.

use dealwright_core::handoff::ReasonPoints;
use dealwright_core::id::LeadId;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Process};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{LegalBasis, rules};
use dealwright_deals::deal::Deal;
use dealwright_delivery::project::Project;
use dealwright_discovery::lead::{IntakeRecord, Lead, LeadState};
use dealwright_runtime::{AddressOrigin, Agency, LetterStanding, LetterView};
use serde_json::{Value, json};

use crate::commands::words::minute;
use crate::home::told;

/// A letter and what it rests on.
struct Shown {
    letter: LetterView,
    lead: Option<(LeadId, LeadState)>,
    company: Option<String>,
    origins: Vec<AddressOrigin>,
    offer: Option<(String, i64, Vec<ReasonPoints>)>,
    now: Timestamp,
}

pub(super) async fn show(
    agency: &Agency,
    by: &Actor,
    id: &str,
    now: Timestamp,
    json: bool,
) -> Result<String, String> {
    let letter = agency.letter(by, id).await.map_err(told)?.ok_or_else(|| {
        format!("there is no letter `{id}`; `agency drafts` lists those that wait")
    })?;
    let (host, asker) = (agency.host(), &letter.asker);
    let (mut lead, mut company, mut offer) = (None, None, None);
    match asker.kind() {
        Deal::KIND => {
            if let Some((_, deal)) = host.state::<Deal>(asker).await.map_err(told)?
                && let Some(handed) = deal.lead()
            {
                lead = Some(handed.lead());
                company = handed.parts().account_name.clone();
                let best = handed.parts().services.first();
                offer = best.map(|s| (s.service.clone(), s.points, s.reasons.clone()));
            }
        }
        Project::KIND => {
            if let Some((_, project)) = host.state::<Project>(asker).await.map_err(told)?
                && let Some(deal) = project.deal()
            {
                lead = deal.parts().lead;
                company = deal.parts().client.clone();
            }
        }
        _ => {}
    }
    let mut origins = Vec::new();
    let mut known = None;
    if let Some(lead) = lead {
        let to = letter.draft.letter.to.reveal(Purpose::Display);
        origins = agency.address_origins(by, lead, to).await.map_err(told)?;
        let key = host.key::<Lead>(lead.to_string());
        let state = host.state::<Lead>(&key).await.map_err(told)?;
        known = state.map(|(_, state)| (lead, state));
    }
    let shown = Shown {
        letter,
        lead: known,
        company,
        origins,
        offer,
        now,
    };
    Ok(if json {
        shown.json().to_string()
    } else {
        shown.text()
    })
}

impl Shown {
    fn json(&self) -> Value {
        let letter = &self.letter;
        let (draft, facts) = (&letter.draft, &letter.draft.facts);
        json!({
            "id": letter.id,
            "kind": "letter",
            "intent": letter.intent,
            "standing": letter.standing,
            "opens": letter.opens(self.now).filter(|_| letter.awaits_leaving()),
            "word": letter.word,
            "to": {
                "address": draft.letter.to.reveal(Purpose::Display).as_str(),
                "name": draft.letter.to_name.as_ref().map(|n| n.reveal(Purpose::Display)),
                "company": self.company,
                "country": facts.country.map(|c| c.code().to_owned()),
                "legal_form": facts.legal_form,
            },
            "why": {
                "basis": facts.basis,
                "words": basis(facts.basis.as_ref()),
                "class": letter.class,
                "step": letter.step,
                "asker": letter.asker.id(),
                "offer": self.offer.as_ref().map(|(service, points, reasons)| json!({
                    "service": service, "points": points, "reasons": reasons,
                })),
            },
            "address_from": self.origins,
            "told_to_them": draft.letter.notices.source,
            "lead": self.lead.as_ref().map(|(id, state)| json!({
                "id": id,
                "name": state.profile().display_name(),
                "score": state.score(),
                "tier": state.tier(),
                "reasons": state.reasons(),
                "records": state.records().iter().map(record_json).collect::<Vec<_>>(),
            })),
            "gate": {
                "passed": letter.passed.iter().map(|id| rule_json(id)).collect::<Vec<_>>(),
                "refused": letter.findings,
            },
            "bound_to": {
                "hash": letter.hash.to_hex(),
                "expires": self.expires(),
            },
            "approval": letter.approval,
            "asked_at": letter.asked_at,
            "subject": draft.letter.subject(),
            "text": draft.letter.text(),
            "attachments": draft.letter.attachments.iter().map(|a| &a.name).collect::<Vec<_>>(),
        })
    }

    /// When the wait for a yes, or a yes that was given, runs out.
    fn expires(&self) -> Option<Timestamp> {
        match (&self.letter.standing, &self.letter.approval) {
            (LetterStanding::AwaitsApproval { expires }, _) => Some(*expires),
            (_, Some(approval)) => Some(approval.expires),
            _ => None,
        }
    }

    fn text(&self) -> String {
        let letter = &self.letter;
        let (draft, facts) = (&letter.draft, &letter.draft.facts);
        let mut rows: Vec<(&str, String)> = vec![("letter", self.standing())];
        let address = draft.letter.to.reveal(Purpose::Display);
        let name = draft.letter.to_name.as_ref();
        let who = [
            name.map(|n| n.reveal(Purpose::Display).clone()),
            self.company.clone(),
            facts.country.map(|c| c.code().to_owned()),
        ];
        let who: Vec<String> = who.into_iter().flatten().collect();
        rows.push(("to", format!("{address} ({})", who.join(", "))));
        rows.push((
            "why",
            format!(
                "{}; {} of {}",
                basis(facts.basis.as_ref()),
                letter.step,
                letter.asker.id()
            ),
        ));
        if let Some((service, points, reasons)) = &self.offer {
            rows.push(("offers", format!("{service}, {points:+}")));
            rows.extend(reasons.iter().map(|r| ("", reason(r))));
        }
        for (n, origin) in self.origins.iter().enumerate() {
            rows.push((if n == 0 { "address" } else { "" }, self::origin(origin)));
        }
        if self.origins.is_empty() {
            let source = &facts.source;
            rows.push(("address", format!("from {source}; no record of it is left")));
        }
        if let Some(notice) = &draft.letter.notices.source {
            rows.push(("", format!("they are told: {notice}")));
        }
        if let Some((id, state)) = &self.lead {
            let tier = state
                .tier()
                .map_or_else(String::new, |t| format!(", tier {t}"));
            rows.push(("lead", format!("{id}, score {}{tier}", state.score())));
            rows.extend(state.reasons().iter().map(|r| ("", reason(r))));
            rows.push(("rows", rows_of(state)));
            rows.extend(state.records().iter().map(|r| ("", record(r))));
        }
        let until = self
            .expires()
            .map_or_else(String::new, |at| format!(", not after {}", minute(at)));
        rows.push((
            "bound to",
            format!("sha256 {}{until}", letter.hash.to_hex()),
        ));
        let mut text = String::new();
        for (name, value) in rows {
            text.push_str(&format!("{name:<9} {value}\n"));
        }
        let attached = draft.letter.attachments.iter();
        for file in attached {
            text.push_str(&format!("{:<9} {}\n", "attached", file.name));
        }
        text.push_str(&format!(
            "\nSubject: {}\n\n{}\n",
            draft.letter.subject(),
            draft.letter.text().trim_end()
        ));
        text.push('\n');
        for finding in &letter.findings {
            text.push_str(&format!(
                "refused by {}, {}: {}\n",
                finding.rule,
                title(&finding.rule),
                finding.what
            ));
        }
        text.push_str(&format!(
            "passed {} rules; opt-outs, caps and hours are looked at again when it leaves\n",
            letter.passed.len()
        ));
        for id in &letter.passed {
            text.push_str(&format!("  {id:<6} {}\n", title(id)));
        }
        text
    }

    fn standing(&self) -> String {
        let letter = &self.letter;
        let mut text = format!("{}, {}", letter.id, letter.standing.word());
        match &letter.standing {
            LetterStanding::AwaitsApproval { expires } => {
                text.push_str(&format!(" until {}", minute(*expires)));
            }
            LetterStanding::Sent { at, message_id } => {
                text.push_str(&format!(" {} as <{message_id}>", minute(*at)));
            }
            LetterStanding::Refused { rule, why } | LetterStanding::Stopping { rule, why } => {
                text.push_str(&format!(" {} by {rule}: {why}", minute(letter.since)));
            }
            LetterStanding::PutOff { why, .. } => text.push_str(&format!(": {why}")),
            LetterStanding::Replaced { by } => text.push_str(&format!(" by {by}")),
            _ => {}
        }
        if let Some(word) = &letter.word {
            let what = if word.yes { "approved" } else { "refused" };
            let at = minute(word.at);
            text.push_str(&format!("; {what} by {} {at}, for the next run", word.by));
        } else if let Some(approval) = &letter.approval {
            let at = minute(approval.at);
            text.push_str(&format!("; approved by {} {at}", approval.by));
        }
        if let Some(opens) = letter.opens(self.now).filter(|_| letter.awaits_leaving()) {
            text.push_str(&format!("; may leave from {}", minute(opens)));
        }
        text
    }
}

fn basis(basis: Option<&LegalBasis>) -> String {
    match basis {
        Some(LegalBasis::Consent) => "they agreed".to_owned(),
        Some(LegalBasis::Inquiry { at }) => format!("they asked us {}", minute(*at)),
        Some(LegalBasis::Customer { since }) => format!("a customer since {}", minute(*since)),
        Some(LegalBasis::Contract) => "a contract with them".to_owned(),
        Some(LegalBasis::LegitimateInterest { assessment }) => {
            format!("legitimate interest, by assessment `{assessment}`")
        }
        _ => "no legal basis is recorded".to_owned(),
    }
}

fn origin(origin: &AddressOrigin) -> String {
    let kind = serde_json::to_value(origin.kind).unwrap_or_default();
    let kind = kind.as_str().unwrap_or("source").to_owned();
    let place = match (&origin.row, &origin.place) {
        (Some(row), _) => format!(", row {row}"),
        (None, Some(place)) => format!(", {place}"),
        (None, None) => String::new(),
    };
    let read = minute(origin.retrieved_at);
    format!("from {} ({kind}{place}), read {read}", origin.source)
}

pub(super) fn rows_of(state: &LeadState) -> String {
    match state.records() {
        [_] => "1, not merged with another".to_owned(),
        records => format!("{} merged into this lead", records.len()),
    }
}

pub(super) fn reason(reason: &ReasonPoints) -> String {
    format!(
        "{:>+5}  {} ({})",
        reason.points, reason.rule, reason.because
    )
}

/// A row of a source in one line, without the persons in it.
pub(super) fn record(record: &IntakeRecord) -> String {
    let said = [
        &record.name,
        &record.street,
        &record.postal_code,
        &record.locality,
    ];
    let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
    let read = minute(record.read_at);
    format!("{}  {}, read {read}", record.natural_key(), said.join(", "))
}

pub(super) fn record_json(record: &IntakeRecord) -> Value {
    json!({
        "source": record.source.as_str(),
        "row": record.key,
        "read_at": record.read_at,
        "name": record.name,
        "street": record.street,
        "postal_code": record.postal_code,
        "locality": record.locality,
        "email": record.email.as_ref().map(|e| e.reveal(Purpose::Display).as_str()),
        "phone": record.phone.as_ref().map(|p| p.reveal(Purpose::Display).as_str()),
        "website": record.website.as_ref().map(|w| w.as_str()),
    })
}

fn title(id: &str) -> &'static str {
    let rule = rules::all().into_iter().find(|rule| rule.id == id);
    rule.map_or("", |rule| rule.title)
}

fn rule_json(id: &str) -> Value {
    let rule = rules::all().into_iter().find(|rule| rule.id == id);
    json!({
        "id": id,
        "title": rule.map(|r| r.title),
        "source": rule.map(|r| r.source),
    })
}
