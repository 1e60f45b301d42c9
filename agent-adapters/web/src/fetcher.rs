//! The fetcher: terms, egress guard, robots, rate, and only then the request.

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::page::{FetchRequest, Page, PageFetcher, PageUrl, Redirect, Snapshot};
use dealwright_core::time::Clock;
use dealwright_discovery::source::{TermsRefusal, TermsRegister};

use crate::agent::Agent;
use crate::egress::{EgressGuard, EgressRefusal, LoopbackGrant, Resolve, SystemResolver};
use crate::extract::read_page;
use crate::manners::{Manners, RobotsVerdict, retry_after};
use crate::policy::FetchPolicy;
use crate::robots::{ROBOTS_BYTES, Robots};
use crate::wire::{self, Answer, Wanted};

const OPERATION: &str = "fetch page";

/// For how long a robots.txt that could not be read keeps a host closed.
const CLOSED: Duration = Duration::from_secs(3_600);
/// The pause where a host asks for one and does not say how long.
const PAUSE: Duration = Duration::from_secs(60);

/// Why a page was not asked for. It stands as the source of a
/// [`PortErrorKind::PermissionDenied`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchRefusal {
    /// The source's terms.
    #[error(transparent)]
    Terms(#[from] TermsRefusal),
    /// The egress guard.
    #[error(transparent)]
    Egress(#[from] EgressRefusal),
    /// A rule of the robots.txt.
    #[error("robots.txt of `{0}` forbids it")]
    Robots(String),
    /// The robots.txt could not be read as the rules ask.
    #[error("robots.txt of `{host}` {why}, so the whole host is closed")]
    Closed {
        /// The origin.
        host: String,
        /// What happened.
        why: &'static str,
    },
    /// The page wants to know who we are; we do not log in.
    #[error("`{0}` asks for a login")]
    LoginWall(String),
    /// A redirect led nowhere we go.
    #[error("a redirect of `{host}` {why}")]
    Redirect {
        /// The host that answered.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl From<FetchRefusal> for PortError {
    fn from(refusal: FetchRefusal) -> Self {
        PortError::new(OPERATION, PortErrorKind::PermissionDenied).with_source(refusal)
    }
}

/// Fetches pages over HTTP by the rules: see the crate's documentation.
///
/// Cheap to clone; clones share what they remember of hosts.
#[derive(Clone, Debug)]
pub struct WebFetcher {
    agent: Agent,
    policy: FetchPolicy,
    terms: Arc<TermsRegister>,
    guard: EgressGuard,
    clock: Arc<dyn Clock>,
    manners: Arc<Manners>,
}

impl WebFetcher {
    /// A fetcher with the default policy and the system's resolver.
    #[must_use]
    pub fn new(agent: Agent, terms: TermsRegister, clock: impl Clock + 'static) -> Self {
        Self {
            agent,
            policy: FetchPolicy::default(),
            terms: Arc::new(terms),
            guard: EgressGuard::new(SystemResolver),
            clock: Arc::new(clock),
            manners: Arc::default(),
        }
    }

    /// Sets how hard and how long it asks.
    #[must_use]
    pub fn with_policy(mut self, policy: FetchPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the resolver; grants made before are lost.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.guard = EgressGuard::new(resolver);
        self
    }

    /// Lets one host and port be reached on this machine.
    #[must_use]
    pub fn with_grant(mut self, grant: LoopbackGrant) -> Self {
        self.guard = self.guard.with_grant(grant);
        self
    }

    /// Follows a request through its redirects. `free` requests are those for a
    /// robots.txt itself, which no robots rule can forbid.
    async fn follow(
        &self,
        start: &PageUrl,
        wanted: Wanted,
        free: bool,
    ) -> Result<(PageUrl, Vec<Redirect>, Answer), PortError> {
        let (mut url, mut way) = (start.clone(), Vec::new());
        loop {
            let addresses = self.guard.check(&url).await.map_err(FetchRefusal::from)?;
            let pause = if free || is_robots_txt(&url) {
                self.policy.min_interval()
            } else {
                self.admit(&url).await?
            };
            self.wait(&url, pause).await?;
            // A granted site stands behind the end of its own encryption, on this machine.
            let spoken = match url.is_https() && self.guard.is_granted(&url) {
                true => url.with_https(false),
                false => url.clone(),
            };
            let answer = wire::get(&spoken, &addresses, &self.agent, &self.policy, wanted).await?;
            self.mind_the_pause(&url, &answer)?;
            let Some(to) = target(&url, &answer)? else {
                return Ok((url, way, answer));
            };
            if way.len() >= self.policy.redirects() {
                let why = "leads to too many others";
                return Err(redirect_refused(&url, why));
            }
            way.push(Redirect {
                from: url,
                status: answer.status,
                to: to.clone(),
            });
            url = to;
        }
    }

    /// Asks the host's robots.txt; gives the pause to keep.
    async fn admit(&self, url: &PageUrl) -> Result<Duration, PortError> {
        let token = self.agent.token();
        match self.robots(url).await? {
            RobotsVerdict::AllowAll => Ok(self.policy.min_interval()),
            RobotsVerdict::DenyAll(why) => Err(FetchRefusal::Closed {
                host: url.origin(),
                why,
            }
            .into()),
            RobotsVerdict::Rules(robots) if robots.allows(token, &url.path_and_query()) => {
                let asked = robots.crawl_delay(token).unwrap_or_default();
                Ok(asked.max(self.policy.min_interval()))
            }
            RobotsVerdict::Rules(_) => Err(FetchRefusal::Robots(url.origin()).into()),
        }
    }

    async fn robots(&self, url: &PageUrl) -> Result<RobotsVerdict, PortError> {
        let (host, origin) = (url.host(), url.origin());
        if let Some(verdict) = self.manners.robots(host, &origin) {
            return Ok(verdict);
        }
        let reading = self.manners.reading(host);
        let _turn = reading.lock().await;
        if let Some(verdict) = self.manners.robots(host, &origin) {
            return Ok(verdict);
        }
        let wanted = Wanted {
            cap: ROBOTS_BYTES,
            text_only: false,
        };
        // Boxed because `follow` and this call each other in the types, though not in fact.
        let answer = Box::pin(self.follow(&url.at_path("/robots.txt"), wanted, true)).await;
        let verdict = match answer {
            Ok((_, _, answer)) => match answer.status {
                200..=299 => RobotsVerdict::Rules(Arc::new(Robots::parse(&answer.body))),
                401 | 403 => RobotsVerdict::DenyAll("asks who we are"),
                400..=499 => RobotsVerdict::AllowAll,
                _ => RobotsVerdict::DenyAll("answered with an error"),
            },
            // To be asked again once the wait is over; nothing is remembered.
            Err(error) if error.kind() == PortErrorKind::RateLimited => return Err(error),
            Err(_) => RobotsVerdict::DenyAll("could not be reached"),
        };
        let age = match verdict {
            RobotsVerdict::DenyAll(_) => self.policy.robots_age().min(CLOSED),
            _ => self.policy.robots_age(),
        };
        self.manners.remember(host, &origin, verdict.clone(), age);
        Ok(verdict)
    }

    async fn wait(&self, url: &PageUrl, pause: Duration) -> Result<(), PortError> {
        match self.manners.turn(url.host(), pause, self.policy.max_wait()) {
            Ok(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Err(wait) => Err(rate_limited(wait)),
        }
    }

    /// 429, and 503 with a date to come back, close the host until then.
    fn mind_the_pause(&self, url: &PageUrl, answer: &Answer) -> Result<(), PortError> {
        let asked = answer
            .header("retry-after")
            .and_then(|value| retry_after(value, self.clock.now()));
        let pause = match (answer.status, asked) {
            (429, asked) => asked.unwrap_or(PAUSE),
            (503, Some(asked)) => asked,
            _ => return Ok(()),
        };
        self.manners.back_off(url.host(), pause);
        Err(rate_limited(pause))
    }
}

#[async_trait]
impl PageFetcher for WebFetcher {
    async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError> {
        let now = self.clock.now();
        self.terms
            .permit(request.source(), request.purpose(), true, now)
            .map_err(FetchRefusal::from)?;
        let wanted = Wanted {
            cap: self.policy.body_bytes(),
            text_only: true,
        };
        let (url, way, answer) = self.follow(request.url(), wanted, false).await?;
        if matches!(answer.status, 401 | 403 | 407) {
            return Err(FetchRefusal::LoginWall(url.origin()).into());
        }
        let body = wire::decode(&answer);
        let snapshot = Snapshot::new(url, answer.status, body, self.clock.now())
            .with_redirects(way)
            .with_headers(answer.headers)
            .with_bytes(&answer.body, answer.truncated);
        let facts = read_page(&snapshot);
        Ok(Page::new(snapshot, facts))
    }
}

fn is_robots_txt(url: &PageUrl) -> bool {
    url.path() == "/robots.txt"
}

/// Where an answer redirects to; `None` where it is no redirect.
fn target(url: &PageUrl, answer: &Answer) -> Result<Option<PageUrl>, PortError> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.header("location") else {
        return Ok(None);
    };
    match url.join(location) {
        Ok(to) => Ok(Some(to)),
        Err(_) => Err(redirect_refused(url, "leads to something that is no page")),
    }
}

fn redirect_refused(url: &PageUrl, why: &'static str) -> PortError {
    let host = url.host().to_owned();
    FetchRefusal::Redirect { host, why }.into()
}

fn rate_limited(wait: Duration) -> PortError {
    PortError::new(OPERATION, PortErrorKind::RateLimited).retry_after(wait)
}
