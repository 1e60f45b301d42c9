#![doc = include_str!("../README.md")]

mod chaos;
mod clients;
mod clock;
mod driver;
mod mail;
mod money;
mod provider;
mod rng;
mod world;

pub use chaos::{Chaos, ChaosGateway, ChaosMessenger, ChaosStore, Fault, FaultCounts, FaultPlan};
pub use clients::{Persona, SimClients};
pub use clock::VirtualClock;
pub use driver::{Hook, NoHook, SequentialDriver, Step};
pub use mail::{BookedLetter, FakeMailProvider, MailBooks};
pub use money::{BookedCharge, FakePaymentProvider, MoneyBooks};
pub use provider::{ProviderOptions, RemoteProvider, serve_provider};
pub use rng::SeededRng;
pub use world::{
    Funnel, SimOptions, SimReport, check_invariants, funnel, market, processes, simulate,
    simulate_on, start,
};

#[cfg(test)]
mod tests;
