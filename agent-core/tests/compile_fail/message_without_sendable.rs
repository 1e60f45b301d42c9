//! A messenger takes a `Sendable` and nothing else.
use dealwright_core::trust::{Letter, Messenger};

async fn send(messenger: &dyn Messenger, letter: Letter) {
    let _ = messenger.send(letter).await;
}

fn main() {}
