//! `agency demo`: a simulated business whose letters and documents are written to a folder.

use std::fs;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::Format;
use dealwright_core::process::{EffectClass, PlainSealer};
use dealwright_core::trust::{ApprovalMode, Payer};
use dealwright_deals::deal::{Deal, DocumentKey};
use dealwright_documents::Typesetter;
use dealwright_embedded::{EmbeddedStore, FileBlobs, Options};
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, SeededRng, SequentialDriver, SimClients, VirtualClock,
    check_invariants, funnel, market, processes, start,
};
use futures::executor::block_on;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::DemoArgs;

/// How many businesses the market has, and how many days the demo runs.
const LEADS: u32 = 60;
const DAYS: u32 = 75;

pub(crate) fn run(args: &DemoArgs, json: bool) -> Result<String, String> {
    let out = &args.out;
    if fs::read_dir(out).is_ok_and(|mut d| d.next().is_some()) {
        return Err(format!(
            "`{}` is not empty; choose another with --out DIR",
            out.display()
        ));
    }
    block_on(work(args, json))
}

async fn work(args: &DemoArgs, json: bool) -> Result<String, String> {
    let out = &args.out;
    let told = |e: dealwright_core::error::PortError| e.chain();
    let blobs: Arc<dyn Blobs> = Arc::new(FileBlobs::open(&out.join("blobs")).map_err(told)?);
    let store = EmbeddedStore::open(&out.join("store.sqlite"), Options::default()).map_err(told)?;
    let mut business = Business::starter().map_err(|e| e.to_string())?;
    business.law.approval = ApprovalMode::Autonomous;
    business.read_websites = false;
    let mail = FakeMailProvider::new(EffectClass::Idempotent);
    let money = FakePaymentProvider::new(EffectClass::Idempotent);
    let agency = Agency::builder(business)
        .store(store)
        .sealer(PlainSealer::seeded(args.seed))
        .blobs(Arc::clone(&blobs))
        .messenger(mail.clone())
        .gateway(money.clone())
        .renderer(Typesetter::new(), Format::Pdf)
        .build()
        .map_err(|e| e.to_string())?;
    let rng = SeededRng::new(args.seed);
    for (lead, record, at) in market(rng, LEADS, DAYS) {
        agency.intake(lead, record, at).await.map_err(told)?;
    }
    let mut driver = SequentialDriver::new(agency.host().clone(), VirtualClock::new(start()));
    let mut people = SimClients::new(agency.clone(), rng);
    let bar = ProgressBar::new(u64::from(DAYS));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} day {pos} of {len}") {
        bar.set_style(style);
    }
    for day in 1..=DAYS {
        driver
            .run_until(start() + Duration::days(i64::from(day)), &mut people)
            .await
            .map_err(told)?;
        bar.set_position(u64::from(day));
    }
    bar.finish_and_clear();

    let host = agency.host();
    let keys = processes(host).await.map_err(told)?;
    let funnel = funnel(host, &keys).await.map_err(told)?;
    let violations = check_invariants(host, &keys, &mail, &money)
        .await
        .map_err(told)?;
    let hash = driver.log_hash().await.map_err(told)?;

    // Letters and documents, for looking at.
    let failed = |e: std::io::Error| format!("`{}` cannot be written: {e}", out.display());
    fs::create_dir_all(out.join("letters")).map_err(failed)?;
    fs::create_dir_all(out.join("documents")).map_err(failed)?;
    for booked in mail.books().letters().values() {
        let mut files = Vec::new();
        for attachment in &booked.letter.attachments {
            files.push(
                blobs
                    .get(attachment.blob)
                    .await
                    .map_err(told)?
                    .unwrap_or_default(),
            );
        }
        let bytes = dealwright_email::render(&booked.letter, &files, booked.at)
            .map_err(|e| e.to_string())?;
        let short: String = booked.letter.message_id.chars().take(8).collect();
        let name = format!(
            "{}-{}-{short}.eml",
            booked.at.format("%Y-%m-%d"),
            booked.letter.step
        );
        fs::write(out.join("letters").join(name), bytes).map_err(failed)?;
    }
    let (mut contracted, mut invoiced, mut paid, mut first) = (0i64, 0i64, 0i64, None);
    for key in &keys {
        match key.kind() {
            "deal" => {
                let Some((_, state)) = host.state::<Deal>(key).await.map_err(told)? else {
                    continue;
                };
                let short: String = key.id().chars().skip(5).take(8).collect();
                let mut named = Vec::new();
                if let Some(version) = state.current_offer() {
                    named.push(DocumentKey::Proposal(version.number()));
                    named.push(DocumentKey::Contract(version.number()));
                    if state.signed().is_some() {
                        contracted += version.content().plan.gross().minor();
                    }
                }
                named.extend(state.invoices().keys().map(|n| DocumentKey::Invoice(*n)));
                for document in named {
                    let Some(blob) = state.document(&document) else {
                        continue;
                    };
                    let bytes = blobs.get(blob).await.map_err(told)?.unwrap_or_default();
                    let name = format!("{short}-{}.pdf", document.name());
                    if matches!(document, DocumentKey::Contract(_)) && first.is_none() {
                        first = Some(short.clone());
                    }
                    fs::write(out.join("documents").join(name), bytes).map_err(failed)?;
                }
            }
            "payer" => {
                let Some((_, state)) = host.state::<Payer>(key).await.map_err(told)? else {
                    continue;
                };
                for instalment in state.instalments().values() {
                    invoiced += instalment.bill.amount.minor();
                    paid += instalment.paid.minor();
                }
            }
            _ => {}
        }
    }
    let cents = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    if json {
        return Ok(json!({
            "funnel": funnel,
            "money": {"EUR": {"contracted": cents(contracted), "invoiced": cents(invoiced), "paid": cents(paid),
                              "refunded": "0.00", "outstanding": cents(invoiced - paid)}},
            "behaviours": people.behaviours(),
            "violations": violations.len(),
            "hash": hash,
            "out": out.display().to_string(),
        })
        .to_string());
    }
    let mut text = format!(
        "{DAYS} days of business, seed {}\n\nfound      {:>5}\nqualified  {:>5}\ncontacted  {:>5}\nanswered   {:>5}\nproposed   {:>5}\nwon        {:>5}\npaid       {:>5}\n\n",
        args.seed,
        funnel.found,
        funnel.qualified,
        funnel.contacted,
        funnel.answered,
        funnel.proposed,
        funnel.won,
        funnel.paid
    );
    text.push_str(&format!(
        "contracted {:>12} EUR\ninvoiced   {:>12} EUR\npaid       {:>12} EUR\n\n",
        cents(contracted),
        cents(invoiced),
        cents(paid)
    ));
    for (behaviour, count) in people.behaviours() {
        text.push_str(&format!(
            "{count:>4} times a client {}\n",
            behaviour.replace('_', " ")
        ));
    }
    text.push_str(&format!(
        "\n{} violations of the invariants\nlog hash {hash}\n\nopen {}/letters\n",
        violations.len(),
        out.display()
    ));
    if let Some(short) = first {
        text.push_str(&format!("open {0}/documents/{short}-proposal-1.pdf\nopen {0}/documents/{short}-contract-1.pdf\n", out.display()));
    }
    if violations.is_empty() {
        Ok(text)
    } else {
        Err(format!(
            "{} invariants do not hold, the first: {}",
            violations.len(),
            violations.first().cloned().unwrap_or_default()
        ))
    }
}
