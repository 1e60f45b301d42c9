//! Mail that comes in, against collections of real mails and replies.

#![expect(clippy::unwrap_used, reason = "tests")]

mod corpora;
