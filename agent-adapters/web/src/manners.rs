//! What we remember of each host: when it may be asked again, and its robots.txt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::robots::Robots;

/// What a host's robots.txt means for us.
#[derive(Clone, Debug)]
pub(crate) enum RobotsVerdict {
    /// Its rules apply.
    Rules(Arc<Robots>),
    /// There is none: 4xx.
    AllowAll,
    /// It could not be read (5xx, unreachable) or asks who we are (401, 403).
    DenyAll(&'static str),
}

#[derive(Debug, Default)]
struct Host {
    /// When the next request may start.
    next: Option<Instant>,
    /// By origin: the rules of `https` are not those of `http`.
    robots: BTreeMap<String, (Instant, RobotsVerdict)>,
    /// Taken while the robots.txt is read, so that it is read once.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The memory of all hosts. Bounded: the oldest name goes when there are too many,
/// which costs one more look at its robots.txt.
#[derive(Debug, Default)]
pub(crate) struct Manners(Mutex<BTreeMap<String, Host>>);

/// Hosts that are remembered.
const HOSTS: usize = 10_000;

impl Manners {
    /// Takes the next turn at a host: how long to wait for it, or, where that would be
    /// longer than `max_wait`, `Err` with the wait and no turn taken.
    pub(crate) fn turn(
        &self,
        host: &str,
        pause: Duration,
        max_wait: Duration,
    ) -> Result<Duration, Duration> {
        self.with(host, |host| {
            let now = Instant::now();
            let start = host.next.map_or(now, |next| next.max(now));
            let wait = start - now;
            if wait > max_wait {
                return Err(wait);
            }
            host.next = start.checked_add(pause);
            Ok(wait)
        })
    }

    /// Leaves a host alone for a while.
    pub(crate) fn back_off(&self, host: &str, pause: Duration) {
        self.with(host, |host| {
            let until = Instant::now().checked_add(pause);
            host.next = host.next.max(until);
        });
    }

    /// The robots verdict of an origin, where it is fresh.
    pub(crate) fn robots(&self, host: &str, origin: &str) -> Option<RobotsVerdict> {
        self.with(host, |host| {
            let (until, verdict) = host.robots.get(origin)?;
            (*until > Instant::now()).then(|| verdict.clone())
        })
    }

    /// Remembers the verdict for a while.
    pub(crate) fn remember(&self, host: &str, origin: &str, verdict: RobotsVerdict, age: Duration) {
        self.with(host, |host| {
            if let Some(until) = Instant::now().checked_add(age) {
                host.robots.insert(origin.to_owned(), (until, verdict));
            }
        });
    }

    /// The lock to hold while the robots.txt of a host is read.
    pub(crate) fn reading(&self, host: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.with(host, |host| host.reading.clone())
    }

    fn with<R>(&self, name: &str, act: impl FnOnce(&mut Host) -> R) -> R {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS && !hosts.contains_key(name) {
            // A host that is waited for keeps its place.
            let now = Instant::now();
            let idle = |host: &Host| host.next.is_none_or(|next| next <= now);
            let gone = hosts
                .iter()
                .find(|(_, host)| idle(host))
                .map(|(name, _)| name.clone());
            if let Some(gone) = gone {
                hosts.remove(&gone);
            }
        }
        act(hosts.entry(name.to_owned()).or_default())
    }
}

/// The wait a `Retry-After` asks for: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: chrono::DateTime<chrono::Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(30 * 86_400)));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: RB-2
    #[tokio::test(start_paused = true)]
    async fn rb_2_turns_keep_their_distance() {
        let manners = Manners::default();
        let (pause, patience) = (Duration::from_secs(1), Duration::from_secs(2));
        let turn = || manners.turn("a.example", pause, patience);
        assert_eq!(turn(), Ok(Duration::ZERO));
        assert_eq!(turn(), Ok(pause));
        assert_eq!(turn(), Ok(pause * 2));
        assert_eq!(
            turn(),
            Err(pause * 3),
            "no turn is taken when the wait is too long"
        );
        assert_eq!(turn(), Err(pause * 3));
        assert_eq!(
            manners.turn("b.example", pause, patience),
            Ok(Duration::ZERO)
        );
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(turn(), Ok(Duration::ZERO));
        manners.back_off("a.example", Duration::from_secs(60));
        assert!(turn().is_err());
    }

    // covers: RB-2
    #[test]
    fn rb_2_retry_after_is_seconds_or_a_date() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        let date = "Sun, 01 Mar 2026 12:05:00 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(300)));
        let past = "Sun, 01 Mar 2026 11:00:00 GMT";
        assert_eq!(retry_after(past, now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
