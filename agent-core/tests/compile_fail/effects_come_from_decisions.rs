//! What a recipient asks of a messenger, and a payer of a gateway, only they can ask.
use dealwright_core::trust::{Bill, ChargeEffect, Letter, SendEffect};

fn letter(letter: Letter) -> SendEffect {
    SendEffect { intent: "x".to_owned(), attempt: 0, letter }
}

fn charge(bill: Bill) -> ChargeEffect {
    ChargeEffect { step: "x".to_owned(), attempt: 0, bill }
}

fn main() {}
