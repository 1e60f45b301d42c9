//! Letters to fakes of SendGrid and Mandrill that keep books, their published request schemas, and
//! what their webhooks deliver.

mod events;
mod fake;
mod mandrill;
mod mime;
pub(crate) mod office;
mod sendgrid;
mod settle;
mod signed;
mod spec;
