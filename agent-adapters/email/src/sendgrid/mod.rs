//! SendGrid: letters by its API (`/v3/mail/send`), its signed webhooks.
//!
//! Its events say what became of a letter, and are the only proof of one that is `Unknown`: the API
//! has no search that every account may use. Turn the signed event webhook on, with `processed`,
//! `deferred`, `delivered`, `bounce`, `dropped`, `spamreport` and both kinds of unsubscribe.

mod body;
mod door;
mod events;
mod form;
mod messenger;

pub use door::{SendgridDoor, SendgridKey};
pub use messenger::{SendgridMessenger, SendgridSettings};

/// Who tells it, in events and errors.
const NAME: &str = "sendgrid";
