//! The reference program: thin, no rule lives here.

mod checkpoints;
mod cli;
mod commands;
#[cfg(feature = "mongodb")]
mod database;
mod files;
mod home;
mod sending;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use cli::{AuditCommand, Cli, Command, MailCommand, Verify};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // A database's driver works on threads of its own, whoever waits for it.
    #[cfg(feature = "mongodb")]
    let threads = match tokio::runtime::Runtime::new() {
        Ok(threads) => threads,
        Err(e) => {
            eprintln!("error: no threads can be started: {e}");
            return ExitCode::from(1);
        }
    };
    #[cfg(feature = "mongodb")]
    let _within = threads.enter();
    match run(&cli) {
        Ok(text) => {
            if !text.is_empty() {
                // Who closes the pipe early has read what they wanted.
                let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", error.replace('\n', " "));
            ExitCode::from(1)
        }
    }
}

fn run(cli: &Cli) -> Result<String, String> {
    let (json, by) = (cli.json, cli.by.as_str());
    match &cli.command {
        Command::Score(args) => commands::score::run(args, json),
        Command::Dedupe(args) => commands::dedupe::run(args, json),
        Command::Simulate(args) => commands::simulate::run(args, json),
        Command::Provider(args) => commands::simulate::provider(args),
        Command::Demo(args) => commands::demo::run(args, json),
        Command::Init { dir } => home::init(dir),
        Command::Import(args) => commands::import::run(&cli.home, args, by, json),
        Command::Run(args) => commands::run::run(&cli.home, args, json),
        Command::Mail(MailCommand::Read { files, text }) => {
            commands::mail::read(files, *text, json)
        }
        Command::Mail(MailCommand::Take { paths }) => {
            commands::mail::take(&cli.home, paths, by, json)
        }
        Command::Status => commands::status::status(&cli.home, by, json),
        Command::Leads { top } => commands::leads::leads(&cli.home, *top, by, json),
        Command::Join { keep, gone, why } => commands::join::join(&cli.home, keep, gone, why, by),
        Command::Deals => commands::deals::deals(&cli.home, by, json),
        Command::Projects => commands::projects::list(&cli.home, by, json),
        Command::Drafts(args) => commands::drafts::list(&cli.home, args, by, json),
        Command::Show { id } => commands::show::show(&cli.home, id, by, json),
        Command::Approve { id } => commands::drafts::approve(&cli.home, id, by),
        Command::Refuse { id, why } => commands::drafts::refuse(&cli.home, id, why, by),
        Command::Unknown => commands::effects::unknown(&cli.home, by, json),
        Command::Reconcile { id, sent, .. } => {
            commands::effects::reconcile(&cli.home, id, *sent, by)
        }
        Command::Stop { channel } => {
            commands::effects::switch(&cli.home, true, channel.as_deref(), by)
        }
        Command::Resume => commands::effects::switch(&cli.home, false, None, by),
        Command::Audit(AuditCommand::Checkpoint) => {
            commands::audit::checkpoint(&cli.home, by, json)
        }
        Command::Audit(AuditCommand::RotateKey) => commands::audit::rotate_key(&cli.home, by, json),
        Command::Verify {
            what: Verify::Audit { against },
        } => commands::verify::audit(&cli.home, against, by, json),
    }
}
