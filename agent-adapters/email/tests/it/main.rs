//! Mail that comes in, against collections of real mails and replies.

mod corpora;
