//! `agency show`: a letter, lead, deal or project, found by what a person knows of it.

mod case;
mod letter;

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::process::{Actor, ProcessKey};
use dealwright_core::time::Clock;
use dealwright_runtime::{Match, MatchKind};
use dealwright_system::SystemClock;
use futures::executor::block_on;

use crate::home::{self, told};

/// How many answers are listed where one was wanted.
const LISTED: usize = 8;

/// One lead, deal, project or letter.
pub(crate) fn show(home: &Path, words: &str, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadPersons)?;
    let by = Actor::person(by);
    block_on(async {
        let found = agency.find(&by, words).await.map_err(told)?;
        let found = match found.as_slice() {
            [one] => one,
            [] => {
                return Err(format!(
                    "nothing is called `{words}`; give an id or its beginning, or a name, as `agency leads`, `deals`, `projects` and `drafts` list them"
                ));
            }
            several => return Err(which(words, several)),
        };
        if found.kind == MatchKind::Letter {
            letter::show(&agency, &by, &found.id, SystemClock.now(), json).await
        } else {
            let tenant = agency.host().tenant();
            let key = ProcessKey::new(tenant, found.kind.word(), &found.id);
            case::show(&agency, &by, &key, json).await
        }
    })
}

/// The letter of a `Message-ID`: whence its address, on what basis it went, by which gates.
pub(crate) fn why(home: &Path, message_id: &str, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadPersons)?;
    let by = Actor::person(by);
    block_on(async {
        let found = agency.letter_sent_as(&by, message_id).await.map_err(told)?;
        let letter = found.ok_or_else(|| {
            format!("no letter left here as `{message_id}`; give the Message-ID line of the mail as it came")
        })?;
        letter::show(&agency, &by, &letter.id, SystemClock.now(), json).await
    })
}

/// All on one line, as errors are, each by the shortest id that tells it from the others.
fn which(words: &str, several: &[Match]) -> String {
    let listed: Vec<String> = several
        .iter()
        .take(LISTED)
        .map(|m| match m.name.as_str() {
            "" => format!("{} ({})", short(m, several), m.standing),
            name => format!("{} ({name}, {})", short(m, several), m.standing),
        })
        .collect();
    let more = match several.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "`{words}` is {} things: {}{more}; give more of one's id or name",
        several.len(),
        listed.join(", ")
    )
}

fn short<'a>(one: &'a Match, all: &[Match]) -> &'a str {
    let least = one.id.find('_').map_or(8, |at| at + 9);
    (least..one.id.len())
        .filter_map(|n| one.id.get(..n))
        .find(|start| all.iter().filter(|m| m.id.starts_with(start)).count() == 1)
        .unwrap_or(&one.id)
}
