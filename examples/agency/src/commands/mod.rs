//! One file a command or family of commands.

pub(crate) mod dedupe;
pub(crate) mod demo;
pub(crate) mod import;
pub(crate) mod projects;
pub(crate) mod score;
pub(crate) mod simulate;
pub(crate) mod work;
