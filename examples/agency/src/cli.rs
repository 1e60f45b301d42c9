//! The command line: what is asked for, and how answers and errors are shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{
    Arg, Args, Command as Line, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};

use crate::commands::{dedupe::DedupeArgs, score::ScoreArgs};

/// An agency that finds clients, wins them and does their work.
#[derive(Debug, Parser)]
#[command(name = "agency", version, about)]
pub(crate) struct Cli {
    /// The folder with configuration, store and artefacts, for commands that work on an agency
    #[arg(long, global = true, default_value = "./agency", value_name = "DIR")]
    pub(crate) home: PathBuf,
    /// For whom: a name among the `[people]` of agency.toml, whose roles say what they may do
    #[arg(long, global = true, default_value = "operator", value_name = "NAME")]
    pub(crate) by: String,
    /// One JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What stands before or behind any command, and is listed where a command uses it.
const SHARED: [&str; 3] = ["home", "by", "json"];

impl Cli {
    /// Reads the command line.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let line = Self::command();
        let shared: Vec<Arg> = line
            .get_arguments()
            .filter(|arg| SHARED.contains(&arg.get_id().as_str()))
            .cloned()
            .collect();
        Self::from_arg_matches(&listed(line, &shared).try_get_matches()?)
    }
}

/// Hides from each command's help what the command does not use. It is taken all the same, so that
/// scripts may say `agency --json --home mine ...` whatever follows.
fn listed(line: Line, shared: &[Arg]) -> Line {
    let used = used(line.get_name());
    // What a command has of its own is not handed down to it by the program.
    let hidden = shared
        .iter()
        .filter(|arg| used.is_some_and(|used| !used.contains(&arg.get_id().as_str())))
        .map(|arg| arg.clone().hide(true));
    line.args(hidden)
        .mut_subcommands(|inner| listed(inner, shared))
}

/// What of [`SHARED`] a command uses; `None` for the program itself, whose help lists all.
fn used(command: &str) -> Option<&'static [&'static str]> {
    Some(match command {
        "agency" => return None,
        "init" | "provider" => &[],
        "score" | "train" | "apply" | "dedupe" | "simulate" | "demo" => &["json"],
        "run" => &["home", "json"],
        "approve" | "refuse" | "join" | "reconcile" | "stop" | "resume" => &["home", "by"],
        // Commands on a kept agency, and those that are new here.
        _ => &SHARED,
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A simulated business from first letter to payment, with nothing set up
    Demo(DemoArgs),
    /// Writes a business to start from
    Init {
        /// Where
        dir: PathBuf,
    },
    /// Takes leads in from a file, deduplicated against all there is
    Import(ImportArgs),
    /// Works on what is due, on the real clock
    Run(RunArgs),
    /// Mails that came in: what they are and say, and taking them in
    #[command(subcommand)]
    Mail(MailCommand),
    /// How far everything is
    Status,
    /// Leads, best first
    Leads {
        /// How many
        #[arg(long, default_value_t = 20)]
        top: usize,
    },
    /// Says that two leads are one business; `show` tells which look alike
    Join {
        /// The lead that stays: id, its beginning, or name
        keep: String,
        /// The lead whose records move to it
        gone: String,
        /// Why
        #[arg(long)]
        why: String,
    },
    /// Deals
    Deals,
    /// Projects, with their plan and what waits for a person
    Projects,
    /// Letters that wait: for a person's word, or approved and for their time to leave
    Drafts(DraftsArgs),
    /// What there is of one lead, deal, project or letter, with reasons and history
    Show {
        /// An id (`lead_...`, `deal_...`, `project_...`, a letter's number) or its beginning, or the name of a business
        id: String,
    },
    /// Lets a waiting letter go
    Approve {
        /// The draft's id, as `drafts` lists it
        id: String,
    },
    /// Refuses a waiting letter
    Refuse {
        /// The draft's id
        id: String,
        /// Why
        #[arg(long)]
        why: String,
    },
    /// Effects whose outcome is not known
    Unknown,
    /// A person's word on one of them
    Reconcile {
        /// The effect's key
        id: String,
        /// It did happen
        #[arg(
            long,
            conflicts_with = "not_sent",
            required_unless_present = "not_sent"
        )]
        sent: bool,
        /// It did not happen
        #[arg(long)]
        not_sent: bool,
    },
    /// The kill switch
    Stop {
        /// Only this channel, for example `email`
        #[arg(long)]
        channel: Option<String>,
    },
    /// Its release
    Resume,
    /// Learns and applies scorecards
    Score(ScoreArgs),
    /// Which records speak of the same
    Dedupe(DedupeArgs),
    /// A business on the virtual clock, every invariant checked
    Simulate(SimulateArgs),
    /// A mail provider in a process of its own, which keeps books
    Provider(ProviderArgs),
    /// Checkpoints: how far the log has come, signed and kept beside the store
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Offline checks
    Verify {
        #[command(subcommand)]
        what: Verify,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verify {
    /// The log's chains, and its Merkle tree against the checkpoints that were signed of it
    Audit {
        /// Checkpoints that were copied elsewhere, as `agency audit checkpoint` prints them
        #[arg(long, value_name = "FILE")]
        against: Vec<PathBuf>,
    },
}

/// What to do about checkpoints.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Signs the log as it is and prints the newest checkpoint, to be copied elsewhere
    Checkpoint,
    /// Signs with a new key from now on; what the old one signed still counts
    RotateKey,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Stop once nothing is due
    #[arg(long)]
    pub(crate) until_idle: bool,
    /// Take opt-outs and inquiries over HTTP at this address, for example 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: Option<SocketAddr>,
    /// Seconds between two checkpoints of the log; one is signed at the beginning and at the end
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) checkpoint_every: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where letters and documents go; refused where it is not empty
    #[arg(long, default_value = "./agency-demo", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What everything follows from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DraftsArgs {
    /// Those that are approved, with the time from which they may leave
    #[arg(long)]
    pub(crate) approved: bool,
    /// How many on a page; 0 for all
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
    /// Which page, from 1
    #[arg(long, default_value_t = 1)]
    pub(crate) page: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The table, CSV with a header
    pub(crate) file: PathBuf,
    /// What its columns hold, and the terms of its sources
    #[arg(long, value_name = "MAP.toml")]
    pub(crate) map: Option<PathBuf>,
    /// The source, where no column names it
    #[arg(long)]
    pub(crate) source: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Days on the virtual clock
    #[arg(long)]
    pub(crate) days: u32,
    /// Leads that come in
    #[arg(long)]
    pub(crate) leads: u32,
    /// What everything follows from
    #[arg(long)]
    pub(crate) seed: u64,
    /// Let ports fail
    #[arg(long)]
    pub(crate) faults: bool,
    /// `memory`, or a folder that keeps the run and goes on where it stopped
    #[arg(long, default_value = "memory", value_name = "DIR|memory")]
    pub(crate) store: String,
    /// The provider that letters and charges go to, as `agency provider` prints it
    #[arg(long, value_name = "ADDR")]
    pub(crate) provider: Option<std::net::SocketAddr>,
    /// Settle by the provider's books what is not known, and go on
    #[arg(long)]
    pub(crate) reconcile: bool,
    /// Seconds between two lines that say how far it is, where stderr is no terminal
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) progress_every: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ProviderArgs {
    /// Where to listen, for example 127.0.0.1:2525, or port 0 for any; the address is printed
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: std::net::SocketAddr,
    /// Where the books are kept
    #[arg(long, value_name = "FILE")]
    pub(crate) books: PathBuf,
    /// Deliver whatever is handed over, also under a key that was seen
    #[arg(long)]
    pub(crate) no_keys: bool,
    /// Wait between booking and answering
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub(crate) pause_before_answer: u64,
}

/// What to do with mails.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Says what mails are (bounce, complaint, automatic, human) and what they say without quotes
    Read {
        /// Mails as they came
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The files are bare texts, without headers
        #[arg(long)]
        text: bool,
    },
    /// Hears mails: answers, bounces, complaints; those heard before change nothing
    Take {
        /// Mails as they came, folders of them, or Maildirs
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}
