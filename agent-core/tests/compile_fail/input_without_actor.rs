//! Nothing is offered but on somebody's behalf, and no process leaves open what its inputs do.
use dealwright_core::process::{Host, Process};
use dealwright_core::time::Timestamp;

async fn offer<P: Process>(host: Host, input: P::Input, now: Timestamp) {
    let _ = host.offer::<P>("id", "key", now, &input).await;
}

struct Silent;

impl Process for Silent {
    const KIND: &'static str = "silent";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;
    type State = ();
    type Input = ();
    type Event = ();
    type Effect = ();
    type Policy = ();
    fn decide(
        _: &(),
        _: &(),
        _: &dealwright_core::process::Context<'_, ()>,
    ) -> Result<dealwright_core::process::Decision<Self>, dealwright_core::process::Refusal> {
        todo!()
    }
    fn apply(_: (), _: &()) {}
    fn index(_: &()) -> Vec<dealwright_core::process::IndexEntry> {
        Vec::new()
    }
    fn unsettled(_: (), _: dealwright_core::process::Unsettled) {}
    fn receive(
        _: &dealwright_core::process::Record,
    ) -> Result<(), dealwright_core::error::PortError> {
        Ok(())
    }
    fn business(_: &()) -> serde_json::Value {
        todo!()
    }
    fn upcast(
        _: u32,
        body: serde_json::Value,
    ) -> Result<serde_json::Value, dealwright_core::error::PortError> {
        Ok(body)
    }
}

fn main() {}
