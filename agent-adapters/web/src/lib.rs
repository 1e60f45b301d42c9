#![doc = include_str!("../README.md")]

mod agent;
mod crawl;
pub mod egress;
mod extract;
mod feed;
mod fetcher;
mod leads;
mod manners;
mod policy;
pub mod robots;
mod wire;

pub use self::agent::{Agent, AgentError};
pub use self::crawl::CrawlSite;
pub use self::extract::read_page;
pub use self::feed::{FeedSource, read_feed};
pub use self::fetcher::{FetchRefusal, WebFetcher};
pub use self::leads::PageLeadSource;
pub use self::policy::{FetchParams, FetchParamsError, FetchPolicy};
