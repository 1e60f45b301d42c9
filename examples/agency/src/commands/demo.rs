//! `agency demo`: a business in an invented region, from messy directories to paid invoices, whose
//! letters and documents are written to a folder.

mod folder;
mod pages;
mod story;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::Format;
use dealwright_core::error::PortError;
use dealwright_core::process::{Actor, EffectClass, PlainSealer, Store};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::ApprovalMode;
use dealwright_discovery::client::ImportLeads;
use dealwright_discovery::lead::IntakeRecord;
use dealwright_discovery::research::{Lexicon, ReadSignals};
use dealwright_discovery::resolve::Params;
use dealwright_discovery::source::TermsRegister;
use dealwright_documents::Typesetter;
use dealwright_embedded::{EmbeddedStore, FileBlobs, Options};
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, SeededRng, SequentialDriver, SimClients, SiteServer,
    VirtualClock, check_world, funnel, processes, start,
};
use dealwright_web::{Agent, WebFetcher};
use indicatif::{ProgressBar, ProgressStyle};

use self::story::{Directory, Story};
use crate::cli::DemoArgs;
use crate::world;

/// How many days the demo runs: long enough for a late payer to be reminded.
const DAYS: i64 = 75;

pub(crate) fn run(args: &DemoArgs, json: bool) -> Result<String, String> {
    let out = &args.out;
    if fs::read_dir(out).is_ok_and(|mut d| d.next().is_some()) {
        return Err(format!(
            "`{}` is not empty; choose another with --out DIR",
            out.display()
        ));
    }
    let bar = ProgressBar::new(DAYS.unsigned_abs() + 2);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {msg}") {
        bar.set_style(style);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| format!("the demo cannot start: {e}"))?;
    let story = runtime.block_on(async {
        let store = EmbeddedStore::open(&out.join("store.sqlite"), Options::default());
        let blobs = FileBlobs::open(&out.join("blobs")).map_err(told)?;
        let story = play(args.seed, store.map_err(told)?, Arc::new(blobs), &bar).await?;
        bar.set_message("writing letters and documents");
        folder::write(out, &story)?;
        Ok::<_, String>(story)
    })?;
    bar.finish_and_clear();
    if let Some(first) = story.violations.first() {
        return Err(format!(
            "{} invariants do not hold, the first: {first}",
            story.violations.len()
        ));
    }
    Ok(if json {
        story.json(out).to_string()
    } else {
        text(out, args.seed, &story)
    })
}

fn told(error: PortError) -> String {
    error.chain()
}

/// The starter's business as the demo runs it: nobody stands by to approve letters.
fn business() -> Result<Business, String> {
    let mut business = Business::starter().map_err(|e| e.to_string())?;
    // Nobody of this agency exists: their tasks are done and approved by the clock.
    business.auto_people = true;
    business.law.approval = ApprovalMode::Autonomous;
    business.caps.gap_seconds = 60;
    Ok(business)
}

/// How documents are made: set as PDF, or as plain text where only what happens matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paper {
    Set,
    #[cfg(test)]
    Plain,
}

async fn play(
    seed: u64,
    store: impl Store + 'static,
    blobs: Arc<dyn Blobs>,
    bar: &ProgressBar,
) -> Result<Story, String> {
    play_with(seed, store, blobs, bar, Paper::Set).await
}

/// Runs the demo's business to its end. The same seed gives the same log, whatever the ports of
/// the sites and however long anything takes.
async fn play_with(
    seed: u64,
    store: impl Store + 'static,
    blobs: Arc<dyn Blobs>,
    bar: &ProgressBar,
    paper: Paper,
) -> Result<Story, String> {
    let clock = VirtualClock::new(start());
    let terms = world::terms()?;
    let server = SiteServer::start(world::sites()?)
        .map_err(|e| format!("the demo's websites cannot be served: {e}"))?;
    let us = Agent::new("https://agency.example/bot", "web@agency.example");
    let fetcher = server
        .fetcher(us.map_err(|e| e.to_string())?, terms.clone(), clock.clone())
        .map_err(|e| e.to_string())?;
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    let money = FakePaymentProvider::new(EffectClass::Idempotent);
    let business = business()?;
    let checked = business.clone().check().map_err(|e| e.to_string())?;
    let typesetter = Typesetter::new();
    let builder = Agency::builder(business);
    let builder = match paper {
        Paper::Set => builder.renderer(typesetter.clone(), Format::Pdf),
        #[cfg(test)]
        Paper::Plain => builder,
    };
    let agency = builder
        .store(store)
        .sealer(PlainSealer::seeded(seed))
        .blobs(Arc::clone(&blobs))
        .fetcher(fetcher.clone())
        .messenger(mail.clone())
        .gateway(money.clone())
        .build()
        .map_err(|e| e.to_string())?;
    let host = agency.host().clone();
    let mut driver = SequentialDriver::new(host.clone(), clock);
    let mut people = SimClients::new(agency.clone(), SeededRng::new(seed))
        .with_cast(world::cast()?)
        .with_sizes(world::sizes()?);

    bar.set_message("reading three directories");
    let directories = import(&agency).await?;
    let first_hour = start() + Duration::hours(1);
    driver
        .run_until(first_hour, &mut people)
        .await
        .map_err(told)?;
    bar.inc(1);
    bar.set_message("reading feeds and posts");
    let signals = research(&agency, terms, fetcher, first_hour).await?;
    bar.inc(1);
    let mut inbox = world::inbox()?;
    for day in 1..=DAYS {
        bar.set_message(format!("day {day} of {DAYS}"));
        let end = start() + Duration::days(day);
        let (now, later) = inbox.into_iter().partition(|record| record.read_at < end);
        inbox = later;
        for record in now {
            let at = record.read_at;
            driver.run_until(at, &mut people).await.map_err(told)?;
            take_in(&agency, vec![record], at).await?;
        }
        driver.run_until(end, &mut people).await.map_err(told)?;
        bar.inc(1);
    }

    let keys = processes(&host).await.map_err(told)?;
    let mut story = Story {
        funnel: funnel(&host, &keys).await.map_err(told)?,
        violations: check_world(&agency, &checked, &keys, &mail.books(), &money.books())
            .await
            .map_err(told)?,
        behaviours: people.behaviours().clone(),
        hash: driver.log_hash().await.map_err(told)?,
        directories,
        signals,
        sites: server.hosts().len() as u64,
        ..Story::default()
    };
    story.collect(&agency, &keys, &mail.books()).await?;
    story
        .market(&agency, &checked.market, &typesetter, driver.clock())
        .await?;
    story.picture(&typesetter)?;
    Ok(story)
}

/// All directories at once, so that what they say of one firm joins.
async fn import(agency: &Agency) -> Result<Vec<Directory>, String> {
    let mut records = Vec::new();
    let mut directories = Vec::new();
    for (name, table) in world::directories(start())? {
        directories.push(Directory {
            name,
            rows: table.read,
            refused: table.refused,
        });
        records.extend(table.records);
    }
    take_in(agency, records, start()).await?;
    Ok(directories)
}

async fn take_in(
    agency: &Agency,
    records: Vec<IntakeRecord>,
    now: Timestamp,
) -> Result<(), String> {
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let import = ImportLeads::new(agency.host().clone(), params);
    import
        .run(&Actor::System, records, now)
        .await
        .map_err(told)?;
    Ok(())
}

/// Reads feeds and posts; answers how many signals each source gave.
async fn research(
    agency: &Agency,
    terms: TermsRegister,
    fetcher: WebFetcher,
    now: Timestamp,
) -> Result<BTreeMap<String, u64>, String> {
    let lexicon = Lexicon::standard().map_err(|e| e.to_string())?;
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let mut reader = ReadSignals::new(agency.host().clone(), "main", lexicon, terms, params);
    for (settings, source) in world::signals(fetcher, now)? {
        reader = reader.with_source(settings, source);
    }
    let report = reader.run(now).await.map_err(told)?;
    let mut signals = BTreeMap::new();
    for line in report.sources {
        if let Some(why) = line.failed {
            return Err(format!("`{}` could not be read: {why}", line.source));
        }
        signals.insert(line.source.as_str().to_owned(), line.signals);
    }
    Ok(signals)
}

fn text(out: &Path, seed: u64, story: &Story) -> String {
    let mut text = format!("{DAYS} days of business in four invented towns, seed {seed}\n\n");
    for directory in &story.directories {
        text.push_str(&format!(
            "{:<18}{:>5} rows, {} refused\n",
            directory.name,
            directory.rows,
            directory.refused.len()
        ));
    }
    text.push('\n');
    let most = story.stages().first().map_or(1, |(_, count)| *count).max(1);
    for (stage, count) in story.stages() {
        let width = usize::try_from(count * 40 / most).unwrap_or(0);
        text.push_str(&format!("{stage:<12}{count:>5}  {}\n", "#".repeat(width)));
    }
    text.push('\n');
    for (currency, sums) in &story.money {
        for (what, sum) in sums.lines() {
            text.push_str(&format!("{what:<12}{:>12} {currency}\n", story::cents(sum)));
        }
    }
    text.push('\n');
    for (behaviour, count) in &story.behaviours {
        text.push_str(&format!("{count:>5}  {}\n", story::said(behaviour)));
    }
    for (rule, count) in &story.refused {
        text.push_str(&format!("{count:>5}  letters refused by rule {rule}\n"));
    }
    let out = out.display();
    text.push_str(&format!(
        "\n0 violations of the invariants\nlog hash {}\n\nopen {out}/index.html\n",
        story.hash
    ));
    if let Some(client) = story.clients.iter().find(|c| c.documents.len() > 3) {
        text.push_str(&format!("open {out}/clients/{}/index.html\n", client.slug));
    }
    text.push_str(&format!(
        "look at {out}/store.sqlite: every event of it, one file\n"
    ));
    text
}

#[cfg(test)]
mod tests;
