//! `agency run`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dealwright_core::error::PortError;
use dealwright_core::page::SourceName;
use dealwright_core::process::Host;
use dealwright_discovery::resolve::Params;
use dealwright_http::{Front, Inquiries, InquiryForm, serve};
use dealwright_runtime::{Agency, Runtime, RuntimeOptions};
use dealwright_system::{SystemClock, SystemRandom};
use indicatif::ProgressBar;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::checkpoints::Keeper;
use crate::cli::RunArgs;
use crate::home::{self, told};
use crate::sending::wire_to_send;

/// Works on what is due.
pub(crate) fn run(home: &Path, args: &RunArgs, json: bool) -> Result<String, String> {
    let business = home::read(home)?;
    let read_websites = business.read_websites;
    let example_account = business.deal.pay_to.is_example();
    let organisation = business.sender.organisation.clone();
    let opt_out_base = business.law.opt_out_base.clone();
    let (agency, public) = wire_to_send(home, business)?;
    let front = args
        .bind
        .map(|at| Ok::<_, String>((at, front(&agency, &organisation, &opt_out_base)?)))
        .transpose()?;
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
        let served = match front {
            Some((at, front)) => Some(Served::start(at, front).await?),
            None => None,
        };
        // Before any work: a log that was set back is told as that only until it grows again.
        let mut keeper = keeper(home, agency.host(), &bar).await;
        let work = runtime.run(args.until_idle, |p| {
            if p.steps % 100 == 0 {
                bar.set_message(format!("{} steps", p.steps));
                bar.tick();
            }
        });
        // Said at once, and not only when a letter has waited for it; no work waits for it.
        let test = async {
            if let Some(public) = &public
                && let Err(error) = public.test().await
            {
                bar.suspend(|| eprintln!("note: {}", told(error)));
            }
        };
        let work = async { tokio::join!(work, test).0 };
        let progress = tokio::select! {
            progress = work => progress,
            never = signing(&mut keeper, Duration::from_secs(args.checkpoint_every), &bar) => never,
        };
        // Also where the work broke off: what was committed stands.
        sign(&mut keeper, &bar).await;
        if let Some(served) = served {
            served.stop().await?;
        }
        progress.map_err(told)
    });
    bar.finish_and_clear();
    let progress = progress?;
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

/// Who signs how far the log has come; nobody where the log or what was signed of it was changed,
/// which is said at once and found again by `agency verify audit`.
async fn keeper(home: &Path, host: &Host, bar: &ProgressBar) -> Option<Keeper> {
    match Keeper::begin(home, host).await {
        Ok(keeper) => {
            let mut keeper = Some(keeper);
            sign(&mut keeper, bar).await;
            keeper
        }
        Err(error) => {
            bar.suspend(|| {
                eprintln!(
                    "note: {error}; until then no checkpoint is signed: `agency --home {} verify audit`",
                    home.display()
                );
            });
            None
        }
    }
}

/// Signs time and again.
async fn signing(keeper: &mut Option<Keeper>, every: Duration, bar: &ProgressBar) -> ! {
    loop {
        tokio::time::sleep(every).await;
        sign(keeper, bar).await;
    }
}

async fn sign(keeper: &mut Option<Keeper>, bar: &ProgressBar) {
    let Some(signing) = keeper else {
        return;
    };
    if let Err(error) = signing.keep().await {
        bar.suspend(|| eprintln!("note: no checkpoint of the log was signed: {error}"));
    }
}

/// What the outside reaches of the agency.
fn front(agency: &Agency, organisation: &str, opt_out_base: &str) -> Result<Front, String> {
    let source = SourceName::parse("contact-form").map_err(|e| e.to_string())?;
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let form = InquiryForm::new(Inquiries::new(source, params), SystemRandom);
    let front = Front::new(agency.clone(), SystemClock, organisation, opt_out_base);
    front
        .map(|front| front.with_inquiries(form))
        .map_err(|e| format!("agency.toml, `opt_out_base` under `[law]`: {e}"))
}

/// The server beside the work.
struct Served {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), PortError>>,
}

impl Served {
    async fn start(at: SocketAddr, front: Front) -> Result<Self, String> {
        let taken = |e| {
            format!(
                "`--bind {at}` cannot be used: {e}; name an address of this machine with a free port"
            )
        };
        let listener = TcpListener::bind(at).await.map_err(taken)?;
        let at = listener.local_addr().map_err(taken)?;
        eprintln!("listening on http://{at}: opt-outs, and inquiries at http://{at}/contact");
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            serve(listener, &front, until).await
        });
        Ok(Self { stop, task })
    }

    async fn stop(self) -> Result<(), String> {
        let _ = self.stop.send(());
        match self.task.await {
            Ok(served) => served.map_err(told),
            Err(error) => Err(format!("the server broke off: {error}")),
        }
    }
}
