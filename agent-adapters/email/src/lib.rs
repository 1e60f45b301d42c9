#![doc = include_str!("../README.md")]

mod eml;
mod headers;
#[cfg(feature = "imap")]
pub mod imap;
pub mod inbound;
mod lint;
mod outbox;
mod prepare;
mod render;
#[cfg(any(feature = "imap", feature = "smtp"))]
mod settings;
#[cfg(feature = "smtp")]
pub mod smtp;

#[cfg(test)]
mod tests;

pub use eml::EmlMessenger;
pub use lint::lint_mime;
pub use outbox::Outbox;
pub use render::{RenderError, render};
#[cfg(any(feature = "imap", feature = "smtp"))]
pub use settings::{Secret, Security};
