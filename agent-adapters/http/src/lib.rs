#![doc = include_str!("../README.md")]

mod body;
mod front;
mod hook;
mod inquiry;
mod lead_hook;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
mod mail_hook;
mod page;
mod selftest;
mod words;

pub use front::{Front, FrontError, serve};
pub use hook::{Delivery, HookRefusal, Webhook};
pub use inquiry::{Inquiries, InquiryForm};
pub use lead_hook::LeadHook;
#[cfg(any(feature = "sendgrid", feature = "mandrill"))]
pub use mail_hook::MailHook;
pub use selftest::{PublicAddress, PublicGate};
