//! One file a command or family of commands.

pub(crate) mod audit;
pub(crate) mod deals;
pub(crate) mod dedupe;
pub(crate) mod demo;
pub(crate) mod drafts;
pub(crate) mod effects;
pub(crate) mod import;
pub(crate) mod join;
pub(crate) mod leads;
pub(crate) mod mail;
pub(crate) mod progress;
pub(crate) mod projects;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod show;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod verify;
pub(crate) mod words;
