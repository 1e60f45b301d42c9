//! `agency simulate` and `agency provider`.

use std::time::Duration;

use dealwright_simulation::{ProviderOptions, SimOptions, serve_provider, simulate};
use futures::executor::block_on;

use crate::cli::{ProviderArgs, SimulateArgs};

pub(crate) fn run(args: &SimulateArgs, json: bool) -> Result<String, String> {
    let report = block_on(simulate(SimOptions {
        days: args.days,
        leads: args.leads,
        seed: args.seed,
        faults: args.faults,
    }))
    .map_err(|e| e.to_string())?;
    let text = if json {
        serde_json::to_string(&report).map_err(|e| e.to_string())?
    } else {
        let f = report.funnel;
        let mut text = format!(
            "{} days, {} leads, seed {}\nhash        {}\nstate hash  {}\ncommits     {}\n\nfound {} · qualified {} · contacted {} · answered {} · proposed {} · won {} · paid {}\n",
            args.days,
            args.leads,
            args.seed,
            report.hash,
            report.state_hash,
            report.events,
            f.found,
            f.qualified,
            f.contacted,
            f.answered,
            f.proposed,
            f.won,
            f.paid
        );
        text.push_str(&format!("opt-outs racing a letter: {}\n", report.races));
        for (fault, count) in &report.faults {
            text.push_str(&format!("fault {fault}: {count}\n"));
        }
        for violation in &report.violations {
            text.push_str(&format!("VIOLATION {violation}\n"));
        }
        text
    };
    if report.violations.is_empty() {
        Ok(text)
    } else {
        Err(format!(
            "{} invariants do not hold, the first: {}",
            report.violations.len(),
            report.violations.first().cloned().unwrap_or_default()
        ))
    }
}

pub(crate) fn provider(args: &ProviderArgs) -> Result<String, String> {
    let options = ProviderOptions {
        no_keys: args.no_keys,
        pause_before_answer: Duration::from_millis(args.pause_before_answer),
    };
    serve_provider(args.bind, &args.books, &options, |address| {
        eprintln!("listening on {address}");
    })
    .map_err(|e| format!("the provider at {} stopped: {e}", args.bind))?;
    Ok(String::new())
}
