//! From outside come inputs made by a host, and no effects.
use dealwright_core::process::{Offered, Work};

fn forge(work: Work) -> Offered {
    Offered { work }
}

fn main() {}
