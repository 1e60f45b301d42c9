#![doc = include_str!("../README.md")]

mod eml;
#[cfg(any(feature = "smtp", feature = "sendgrid", feature = "mandrill"))]
mod free_mail;
mod headers;
pub mod inbound;
mod lint;
#[cfg(feature = "mandrill")]
pub mod mandrill;
mod prepare;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
mod provider;
mod render;
#[cfg(any(feature = "smtp", feature = "sendgrid", feature = "mandrill"))]
mod secret;
#[cfg(feature = "sendgrid")]
pub mod sendgrid;
#[cfg(feature = "smtp")]
pub mod smtp;

#[cfg(test)]
mod tests;

pub use eml::EmlMessenger;
pub use lint::lint_mime;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
pub use provider::{EventRefusal, ProviderNews, ProviderRefusal};
pub use render::{RenderError, render};
#[cfg(any(feature = "smtp", feature = "sendgrid", feature = "mandrill"))]
pub use secret::Secret;
