//! `agency run`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dealwright_runtime::{Runtime, RuntimeOptions};
use dealwright_system::SystemClock;
use indicatif::ProgressBar;
use serde_json::json;

use crate::home::{self, told};

/// Works on what is due.
pub(crate) fn run(home: &Path, until_idle: bool, json: bool) -> Result<String, String> {
    let business = home::read(home)?;
    let read_websites = business.read_websites;
    let example_account = business.deal.pay_to.is_example();
    let agency = home::wire(home, business, true)?;
    let bar = ProgressBar::new_spinner();
    let runtime = Runtime::new(
        agency.host().clone(),
        Arc::new(SystemClock),
        RuntimeOptions::default(),
    );
    let stop = runtime.stopper();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| format!("the runtime cannot start: {e}"))?;
    let progress = tokio.block_on(async {
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::SeqCst);
            }
        });
        runtime
            .run(until_idle, |p| {
                if p.steps % 100 == 0 {
                    bar.set_message(format!("{} steps", p.steps));
                    bar.tick();
                }
            })
            .await
    });
    bar.finish_and_clear();
    let progress = progress.map_err(told)?;
    if read_websites {
        eprintln!(
            "note: `read_websites` is on, but this program reads no websites yet: letters rest on what the directories say"
        );
    }
    if example_account {
        eprintln!(
            "note: `pay_to` is still the example's account: put your own into agency.toml before an invoice leaves"
        );
    }
    Ok(if json {
        json!({"steps": progress.steps, "performed": progress.performed, "unknown": progress.unknown}).to_string()
    } else {
        format!(
            "{} steps, {} effects performed, {} to be tried again, {} unknown\nnext: agency --home {} status",
            progress.steps,
            progress.performed,
            progress.retried,
            progress.unknown,
            home.display()
        )
    })
}
