//! What people see and say at the program's edge: letters before they leave, cases with their
//! reasons, and what a command prints beside its result.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod audit;
mod cases;
mod home;
mod letters;
mod manners;
