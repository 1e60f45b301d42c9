#![doc = include_str!("../README.md")]

mod anthropic;
mod budget;
mod cassette;
mod chain;
mod client;
mod endpoint;
mod error;
mod fold;
mod limits;
mod openai;
mod plan;
mod price;
mod redact;
mod retry;
mod schema;
mod sse;
mod wire;

pub use self::budget::Budgeted;
pub use self::cassette::{Cassettes, RECORD};
pub use self::chain::{Chain, Tally};
pub use self::client::ChatModel;
pub use self::endpoint::{ApiKey, Dialect, Server, SetupError};
pub use self::error::{Fault, ModelError, cost_of};
pub use self::limits::{LimitParams, Limits};
pub use self::price::{PriceTable, TokenPrice};
pub use self::retry::{Patience, Retrying};
