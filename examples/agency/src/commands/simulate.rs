//! `agency simulate` and `agency provider`.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::process::{EffectClass, MemoryStore};
use dealwright_embedded::{EmbeddedStore, FileBlobs, Options};
use dealwright_simulation::{
    Fakes, OnUnknown, ProviderOptions, Providers, RemoteProvider, SimOptions, SimPorts, SimReport,
    serve_provider, simulate_watched,
};
use futures::executor::block_on;
use serde_json::json;

use crate::cli::{ProviderArgs, SimulateArgs};
use crate::commands::progress::Progress;
use crate::files;
use crate::home::Kept;

pub(crate) fn run(args: &SimulateArgs, json: bool) -> Result<String, String> {
    let options = SimOptions {
        days: args.days,
        leads: args.leads,
        seed: args.seed,
        faults: args.faults,
    };
    let (store, blobs) = kept(args)?;
    let providers: Arc<dyn Providers> = match args.provider {
        Some(address) => Arc::new(RemoteProvider::connect(address).map_err(|e| {
            format!(
                "{}; start one with `agency provider --bind {address} --books FILE`",
                e.chain()
            )
        })?),
        None => Arc::new(Fakes::new(EffectClass::Idempotent)),
    };
    let unknown = match (args.reconcile, args.provider) {
        (true, _) => OnUnknown::Reconcile,
        (false, Some(_)) => OnUnknown::Stop,
        (false, None) => OnUnknown::GoOn,
    };
    let ports = SimPorts {
        store,
        blobs,
        providers,
        unknown,
    };
    let mut progress = Progress::new(Duration::from_secs(args.progress_every.max(1)));
    let report = block_on(simulate_watched(options, ports, |p| progress.tell(p)));
    progress.end();
    let report = report.map_err(|e| chain(&e))?;
    if let Some(first) = report.violations.first() {
        return Err(format!(
            "{} invariants do not hold, the first: {first}",
            report.violations.len()
        ));
    }
    if json {
        return serde_json::to_string(&report).map_err(|e| e.to_string());
    }
    Ok(text(args, &report))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// The store and blobs of a run; a folder is bound to the run that began it.
fn kept(args: &SimulateArgs) -> Result<Kept, String> {
    if args.store == "memory" {
        return Ok((
            Arc::new(MemoryStore::new()),
            Arc::new(MemoryBlobs::default()),
        ));
    }
    let run =
        json!({"days": args.days, "leads": args.leads, "seed": args.seed, "faults": args.faults})
            .to_string();
    if let Some((scheme, _)) = args.store.split_once("://") {
        if !matches!(scheme, "mongodb" | "mongodb+srv") {
            return Err(format!(
                "a store at `{scheme}://` is not known to this program; give a folder, `memory` or mongodb://HOST:PORT/DATABASE"
            ));
        }
        return on_server(&args.store, &run);
    }
    let folder = Path::new(&args.store);
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let file = folder.join("run.json");
    match fs::read_to_string(&file) {
        Ok(begun) if begun == run => {}
        Ok(begun) => {
            return Err(format!(
                "{} holds another run, {begun}; name that one or another folder",
                folder.display()
            ));
        }
        Err(_) => files::replace(&file, |out| out.write_all(run.as_bytes()).map_err(failed))?,
    }
    let store = EmbeddedStore::open(&folder.join("agency.db"), Options::default())
        .map_err(|e| e.chain())?;
    let blobs = FileBlobs::open(&folder.join("blobs")).map_err(|e| e.chain())?;
    Ok((Arc::new(store), Arc::new(blobs)))
}

#[cfg(not(feature = "mongodb"))]
fn on_server(_: &str, _: &str) -> Result<Kept, String> {
    Err("this program was built without MongoDB; build it with `--features mongodb`".to_owned())
}

/// The same in a database, which this process takes over.
#[cfg(feature = "mongodb")]
fn on_server(uri: &str, run: &str) -> Result<Kept, String> {
    use crate::database;

    block_on(async {
        let (store, begun) = database::open(uri, run).await.map_err(|e| e.chain())?;
        if begun != run {
            return Err(format!(
                "the database holds another run, {begun}; name that one or another database"
            ));
        }
        let store = store.alone().await.map_err(|e| e.chain())?;
        Ok(database::kept(store))
    })
}

fn text(args: &SimulateArgs, report: &SimReport) -> String {
    let f = report.funnel;
    let mut text = format!(
        "{} days, {} leads, seed {}\nhash        {}\nstate hash  {}\nevents      {}\n\n\
         found {} · merged {} · qualified {} · contacted {} · answered {} · proposed {} · won {} \
         · delivered {} · paid {}\n",
        args.days,
        args.leads,
        args.seed,
        report.hash,
        report.state_hash,
        report.events,
        f.found,
        f.merged,
        f.qualified,
        f.contacted,
        f.answered,
        f.proposed,
        f.won,
        f.delivered,
        f.paid
    );
    text.push_str(&format!("opt-outs racing a letter: {}\n", report.races));
    for (fault, count) in &report.faults {
        text.push_str(&format!("fault {fault}: {count}\n"));
    }
    if !report.finished {
        text.push_str(&format!(
            "stopped: the outcome of {} effects is not known; run again with --reconcile\n",
            report.unknown
        ));
    }
    text.push_str("0 violations\n");
    text
}

pub(crate) fn provider(args: &ProviderArgs) -> Result<String, String> {
    let options = ProviderOptions {
        no_keys: args.no_keys,
        pause_before_answer: Duration::from_millis(args.pause_before_answer),
    };
    serve_provider(args.bind, &args.books, &options, |address| {
        println!("{address}");
        eprintln!(
            "listening on {address}, books in {}; Ctrl-C ends it",
            args.books.display()
        );
    })
    .map_err(|e| format!("the provider at {} stopped: {e}", args.bind))?;
    Ok(String::new())
}
