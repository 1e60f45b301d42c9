#![doc = include_str!("../README.md")]

mod chaos;
mod clients;
mod clock;
mod driver;
mod invariants;
mod mail;
mod market;
mod model;
mod money;
mod provider;
mod providers;
mod rng;
mod site_server;
mod sites;
mod staff;
mod world;

pub use chaos::{Chaos, ChaosGateway, ChaosMessenger, ChaosStore, Fault, FaultCounts, FaultPlan};
pub use clients::{Persona, SimClients};
pub use clock::VirtualClock;
pub use driver::{Hook, NoHook, OnUnknown, SequentialDriver, Step};
pub use invariants::{check_invariants, check_world};
pub use mail::{BookedLetter, FakeMailProvider, MailBooks};
pub use market::{bakery, market};
pub use model::ObedientModel;
pub use money::{BookedCharge, FakePaymentProvider, MoneyBooks};
pub use provider::{ProviderOptions, RemoteProvider, serve_provider};
pub use providers::{Fakes, Providers, reconcile};
pub use rng::SeededRng;
pub use site_server::{Encryption, Site, SiteError, SiteServer};
pub use sites::SyntheticSites;
pub use staff::SimStaff;
pub use world::{
    Funnel, SimOptions, SimPorts, SimProgress, SimReport, SimStage, funnel, processes, simulate,
    simulate_on, simulate_watched, start,
};

#[cfg(test)]
mod tests;
