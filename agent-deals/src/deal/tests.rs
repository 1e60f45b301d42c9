//! Tests of the deal.

use chrono::DateTime;

use super::talk::{Said, read};
use crate::negotiation::Percent;

fn said(raw: &str) -> Said {
    read(raw, DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

#[test]
fn plain_answers_are_read_for_what_they_are() {
    let ten = Percent::from_hundredths(1_000).unwrap();
    for (raw, want) in [
        (
            "That sounds useful. We would like a website audit and correct directory listings. \
             What would it cost?",
            Said::Talks,
        ),
        (
            "About 30 pages, and we are listed in 6 directories.",
            Said::Talks,
        ),
        (
            "That is too expensive for us. Could you give us a 10% discount?",
            Said::TooDear(Some(ten)),
        ),
        ("We accept your proposal, please go ahead.", Said::Accepts),
        ("I sign.", Said::Signs),
        ("No thank you, not interested.", Said::Declines),
        ("Before I answer: are you a bot?", Said::AsksIfMachine),
    ] {
        assert_eq!(said(raw), want, "{raw}");
    }
}

#[test]
fn a_yes_that_depends_on_something_accepts_nothing() {
    for raw in [
        "We accept if you start in May.",
        "We cannot say that we accept this.",
    ] {
        assert_eq!(said(raw), Said::Talks, "{raw}");
    }
}
