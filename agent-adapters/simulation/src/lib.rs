#![doc = include_str!("../README.md")]

mod chaos;
mod clock;
mod driver;
mod mail;
mod money;
mod provider;
mod rng;

pub use chaos::{Chaos, ChaosGateway, ChaosMessenger, ChaosStore, Fault, FaultCounts, FaultPlan};
pub use clock::VirtualClock;
pub use driver::{Hook, NoHook, SequentialDriver, Step};
pub use mail::{BookedLetter, FakeMailProvider, MailBooks};
pub use money::{BookedCharge, FakePaymentProvider, MoneyBooks};
pub use provider::{ProviderOptions, RemoteProvider, serve_provider};
pub use rng::SeededRng;
