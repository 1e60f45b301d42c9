#![doc = include_str!("../README.md")]

mod eml;
mod headers;
#[cfg(feature = "imap")]
pub mod imap;
pub mod inbound;
mod lint;
#[cfg(feature = "mandrill")]
pub mod mandrill;
mod outbox;
mod render;
#[cfg(feature = "sendgrid")]
pub mod sendgrid;
#[cfg(feature = "smtp")]
pub mod smtp;

#[cfg(test)]
mod tests;

pub use eml::EmlMessenger;
pub use lint::lint_mime;
pub use outbox::Outbox;
pub use render::{RenderError, render};
