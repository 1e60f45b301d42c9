#![doc = include_str!("../README.md")]

mod eml;
#[cfg(any(feature = "smtp", feature = "sendgrid", feature = "mandrill"))]
mod free_mail;
mod headers;
#[cfg(feature = "imap")]
pub mod imap;
pub mod inbound;
mod lint;
#[cfg(feature = "mandrill")]
pub mod mandrill;
mod outbox;
mod prepare;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
mod provider;
mod render;
#[cfg(any(
    feature = "imap",
    feature = "smtp",
    feature = "sendgrid",
    feature = "mandrill"
))]
mod secret;
#[cfg(feature = "sendgrid")]
pub mod sendgrid;
#[cfg(any(feature = "imap", feature = "smtp"))]
mod settings;
#[cfg(feature = "smtp")]
pub mod smtp;

pub use eml::EmlMessenger;
pub use lint::lint_mime;
pub use outbox::Outbox;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
pub use provider::{EventRefusal, ProviderNews, ProviderRefusal};
pub use render::{RenderError, render};
#[cfg(any(
    feature = "imap",
    feature = "smtp",
    feature = "sendgrid",
    feature = "mandrill"
))]
pub use secret::Secret;
#[cfg(any(feature = "imap", feature = "smtp"))]
pub use settings::Security;
