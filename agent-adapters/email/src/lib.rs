#![doc = include_str!("../README.md")]

mod eml;
mod headers;
pub mod inbound;
mod lint;
mod outbox;
mod prepare;
mod render;
#[cfg(feature = "smtp")]
pub mod smtp;

#[cfg(test)]
mod tests;

pub use eml::EmlMessenger;
pub use lint::lint_mime;
pub use outbox::Outbox;
pub use render::{RenderError, render};
