//! Mail that comes in, against collections of real mails and replies; mail that goes out, against
//! a server that follows a script.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod corpora;
#[cfg(all(feature = "imap", feature = "smtp"))]
mod imap;
mod notices;
#[cfg(feature = "smtp")]
mod postfix;
#[cfg(all(feature = "sendgrid", feature = "mandrill"))]
mod providers;
#[cfg(all(feature = "sendgrid", feature = "mandrill"))]
mod rendered;
#[cfg(feature = "smtp")]
#[allow(dead_code, reason = "other tests use what these do not")]
mod servers;
#[cfg(feature = "smtp")]
mod smtp;
