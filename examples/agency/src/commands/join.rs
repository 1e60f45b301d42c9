//! `agency join`: a person's word that two leads are one business.

use std::path::Path;

use dealwright_core::id::LeadId;
use dealwright_core::process::Actor;
use dealwright_core::time::Clock;
use dealwright_discovery::client::ImportLeads;
use dealwright_discovery::resolve::Params;
use dealwright_runtime::{Agency, MatchKind};
use dealwright_system::SystemClock;
use futures::executor::block_on;

use crate::home::{self, told};

/// Moves the records of `gone` to `keep`.
pub(crate) fn join(
    home: &Path,
    keep: &str,
    gone: &str,
    why: &str,
    by: &str,
) -> Result<String, String> {
    let agency = home::open(home, true)?;
    let by = Actor::person(by);
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let leads = ImportLeads::new(agency.host().clone(), params);
    block_on(async {
        let keep = lead(&agency, &by, keep).await?;
        let gone = lead(&agency, &by, gone).await?;
        leads
            .join(&by, keep, gone, why, SystemClock.now())
            .await
            .map_err(told)?;
        Ok(format!(
            "{gone} joins {keep} with the next `agency run`; `show` tells it of both"
        ))
    })
}

async fn lead(agency: &Agency, by: &Actor, words: &str) -> Result<LeadId, String> {
    let found = agency.find(by, words).await.map_err(told)?;
    let mut leads = found.iter().filter(|m| m.kind == MatchKind::Lead);
    match (leads.next(), leads.next()) {
        (Some(one), None) => one
            .id
            .parse()
            .map_err(|e| format!("`{}` is no lead: {e}", one.id)),
        (None, _) => Err(format!(
            "no lead is called `{words}`; `agency leads` lists them"
        )),
        (Some(_), Some(_)) => Err(format!("`{words}` is several leads; give more of one's id")),
    }
}
