//! `agency drafts`, `approve` and `refuse`: the human gate.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::personal::Purpose;
use dealwright_core::process::Actor;
use dealwright_core::time::{Clock, Timestamp};
use dealwright_runtime::{Agency, LetterStanding, LetterView};
use dealwright_system::SystemClock;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::cli::DraftsArgs;
use crate::commands::words::{counted, minute};
use crate::home::{self, told};

/// Letters that wait: for a person's word, or approved and for their time to leave.
pub(crate) fn list(home: &Path, args: &DraftsArgs, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadPersons)?;
    let now = SystemClock.now();
    let letters = block_on(async {
        let by = Actor::person(by);
        if args.approved {
            leaving(&agency, &by, now).await
        } else {
            agency.waiting_letters(&by).await.map_err(told)
        }
    })?;
    let limit = if args.limit == 0 {
        letters.len().max(1)
    } else {
        args.limit
    };
    let pages = letters.len().div_ceil(limit).max(1);
    if args.page == 0 || args.page > pages {
        return Err(format!(
            "there is no page {}; give `--page` 1 to {pages}",
            args.page
        ));
    }
    let shown = letters.iter().skip((args.page - 1) * limit).take(limit);
    if json {
        let shown: Vec<Value> = shown.map(|l| row(l, now)).collect();
        return Ok(json!({
            "waiting": letters.len(), "page": args.page, "pages": pages, "drafts": shown,
        })
        .to_string());
    }
    let what = if args.approved {
        "approved, waiting to leave"
    } else {
        "waiting for approval"
    };
    let mut text = format!("{} {what}\n", counted(letters.len(), "letter"));
    for letter in shown {
        text.push_str(&format!("  {}\n", line(letter, now)));
    }
    if args.page < pages {
        let more = letters.len() - args.page * limit;
        let approved = if args.approved { " --approved" } else { "" };
        text.push_str(&format!(
            "… and {more} more: agency --home {} drafts{approved} --limit {limit} --page {}\n",
            home.display(),
            args.page + 1
        ));
    }
    Ok(text)
}

/// What is approved and did not leave yet, what may leave first before what may later.
pub(crate) async fn leaving(
    agency: &Agency,
    by: &Actor,
    now: Timestamp,
) -> Result<Vec<LetterView>, String> {
    let mut letters = agency.letters(by).await.map_err(told)?;
    letters.retain(LetterView::awaits_leaving);
    letters.sort_by_cached_key(|l| (l.opens(now), l.id.clone()));
    Ok(letters)
}

/// A letter in one line: id, time, subject, and for one that leaves who let it go.
pub(crate) fn line(letter: &LetterView, now: Timestamp) -> String {
    let subject = letter.draft.letter.subject();
    match (&letter.standing, letter.awaits_leaving()) {
        (LetterStanding::AwaitsApproval { expires }, false) => {
            format!("{}  until {}  {subject}", letter.id, minute(*expires))
        }
        (standing, true) => {
            let opens = letter.opens(now).map_or_else(String::new, minute);
            let why = match standing {
                LetterStanding::PutOff { why, .. } => format!(" ({why})"),
                LetterStanding::AwaitsApproval { .. } => " (the next `agency run`)".to_owned(),
                _ => String::new(),
            };
            format!("{}  from {opens}{why}  {subject}", letter.id)
        }
        _ => format!("{}  {subject}", letter.id),
    }
}

fn row(letter: &LetterView, now: Timestamp) -> Value {
    let draft = &letter.draft;
    json!({
        "id": letter.id,
        "to": draft.letter.to.reveal(Purpose::Display).as_str(),
        "subject": draft.letter.subject(),
        "class": letter.class,
        "step": letter.step,
        "asker": letter.asker.id(),
        "standing": letter.standing,
        "opens": letter.opens(now).filter(|_| letter.awaits_leaving()),
        "approved_by": letter.approval.as_ref().map(|a| &a.by)
            .or_else(|| letter.word.as_ref().filter(|w| w.yes).map(|w| &w.by)),
        "hash": letter.hash.to_hex(),
    })
}

/// A person lets a letter go.
pub(crate) fn approve(home: &Path, id: &str, by: &str) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ApproveLetter)?;
    let (actor, now) = (Actor::person(by), SystemClock.now());
    let opens = block_on(async {
        let letter = waiting(&agency, &actor, id).await?;
        let (to, intent) = (&letter.recipient, &letter.intent);
        agency
            .approve_letter(&actor, to, intent, letter.hash, now)
            .await
            .map_err(told)?;
        Ok::<_, String>(letter.opens(now).map_or_else(String::new, minute))
    })?;
    Ok(format!(
        "approved {id}; it leaves with `agency run`, in the recipient's office hours, from {opens}"
    ))
}

/// A person refuses a letter.
pub(crate) fn refuse(home: &Path, id: &str, why: &str, by: &str) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::RefuseLetter)?;
    let (actor, now) = (Actor::person(by), SystemClock.now());
    block_on(async {
        let letter = waiting(&agency, &actor, id).await?;
        let (to, intent) = (&letter.recipient, &letter.intent);
        agency
            .refuse_letter(&actor, to, intent, why, now)
            .await
            .map_err(told)
    })?;
    Ok(format!("refused {id}"))
}

/// The letter that a person's word is for. The whole id is asked for: it stands for what they saw.
async fn waiting(agency: &Agency, by: &Actor, id: &str) -> Result<LetterView, String> {
    let letter = agency.letter(by, id).await.map_err(told)?.ok_or_else(|| {
        format!("there is no draft `{id}`; `agency drafts` lists those that wait for approval")
    })?;
    if letter.awaits_word() {
        return Ok(letter);
    }
    let stands = match &letter.word {
        Some(word) if word.yes => format!("{} approved it, and it waits to leave", word.by),
        Some(word) => format!("{} refused it", word.by),
        None => format!("it stands as `{}`", letter.standing.word()),
    };
    Err(format!(
        "`{id}` does not wait for approval: {stands}; `agency show {id}` says more"
    ))
}
