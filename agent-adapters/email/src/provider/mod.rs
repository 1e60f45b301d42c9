//! What the providers that are spoken to by JSON over HTTPS have in common.

mod api;
mod news;
mod outgoing;
mod refusal;

pub(crate) use api::{Answer, Api, Failed};
#[cfg(feature = "sendgrid")]
pub(crate) use news::fresh;
pub use news::{EventRefusal, ProviderNews};
pub(crate) use news::{Fields, letters};
pub(crate) use outgoing::{EFFECT, File, LETTER, Outgoing, with};
pub use refusal::ProviderRefusal;
pub(crate) use refusal::{lost, refused, unread};
