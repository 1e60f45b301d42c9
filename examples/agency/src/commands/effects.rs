//! Effects whose outcome is not known, and the kill switch.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::party::Channel;
use dealwright_core::process::{Actor, WorkKey};
use dealwright_core::time::Clock;
use dealwright_runtime::unknown_works;
use dealwright_system::SystemClock;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::home::{self, told};

/// Effects whose outcome is not known.
pub(crate) fn unknown(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadCase)?;
    let works = block_on(unknown_works(agency.host())).map_err(told)?;
    if json {
        let keys: Vec<&str> = works.iter().map(|w| w.key.as_str()).collect();
        return Ok(json!(keys).to_string());
    }
    let mut text = format!("{} effects are unknown\n", works.len());
    for work in works {
        text.push_str(&format!(
            "  {}  {}\n",
            work.key,
            work.note.unwrap_or_default()
        ));
    }
    Ok(text)
}

/// A person's word on an effect.
pub(crate) fn reconcile(home: &Path, id: &str, sent: bool, by: &str) -> Result<String, String> {
    let agency = home::open(home, false)?;
    block_on(async {
        let key = WorkKey::from_stored(id);
        let works = unknown_works(agency.host()).await.map_err(told)?;
        let work = works.iter().find(|w| w.key == key).ok_or_else(|| {
            format!("`{id}` is not unknown; `agency unknown` lists those that are")
        })?;
        agency
            .reconcile(&Actor::person(by), work, sent, SystemClock.now())
            .await
            .map_err(told)
    })?;
    let what = if sent { "sent" } else { "not sent" };
    Ok(format!("{id} is settled as {what}"))
}

/// The kill switch and its release.
pub(crate) fn switch(
    home: &Path,
    stop: bool,
    channel: Option<&str>,
    by: &str,
) -> Result<String, String> {
    let channel = channel
        .map(|name| {
            serde_json::from_value::<Channel>(Value::String(name.to_owned()))
                .map_err(|_| format!("`{name}` is no channel; say for example `--channel email`"))
        })
        .transpose()?;
    let agency = home::open(home, false)?;
    let (by, now) = (Actor::person(by), SystemClock.now());
    block_on(async {
        if stop {
            agency.stop_sending(&by, channel, now).await
        } else {
            agency.resume_sending(&by, channel, now).await
        }
    })
    .map_err(told)?;
    Ok(if stop { "stopped" } else { "resumed" }.to_owned())
}
