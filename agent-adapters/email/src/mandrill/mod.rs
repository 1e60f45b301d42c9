//! Mandrill (Mailchimp Transactional): letters by its API (`/api/1.0/messages/send`), its webhooks.
//!
//! Our key travels in the metadata of a letter. Events give it back; the search finds it only once
//! the field `dealwright_effect` is among the custom metadata that the account indexes (Settings,
//! Custom Metadata).
//!
//! There is no switch per letter for trying things out: a key that was made as a test key sends
//! nothing, and Mandrill answers as if it did.

mod body;
mod door;
mod events;
mod messenger;

pub use door::MandrillDoor;
pub use messenger::{MandrillMessenger, MandrillSettings};

/// Who tells it, in events and errors.
const NAME: &str = "mandrill";
