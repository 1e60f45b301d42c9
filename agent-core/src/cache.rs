//! Port: things that may be forgotten at any time.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::PortError;
use crate::time::Timestamp;

/// Port: a cache. Nothing may depend on what it remembers; flushing it loses time only.
///
/// Keys carry the tenant; the caller gives the time, so that simulated time expires entries.
///
/// # Contract
///
/// - `get` answers the last value put, or `None`; never an older one and never another key's.
/// - From `now + ttl` of the put on it answers `None`.
/// - What is deleted is `None`; deleting what is not there is no error.
///
/// Implementors prove this with `cache_conformance!` (feature `testing`).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Cache: Debug + Send + Sync {
    /// What was put under a key and has not expired by `now`.
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, PortError>;

    /// Remembers a value until `now + ttl`, in place of what was there.
    async fn put(
        &self,
        key: &str,
        value: Vec<u8>,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(), PortError>;

    /// Forgets a key.
    async fn delete(&self, key: &str) -> Result<(), PortError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Cache + ?Sized> Cache for $pointer {
            async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, PortError> {
                (**self).get(key, now).await
            }

            async fn put(
                &self,
                key: &str,
                value: Vec<u8>,
                now: Timestamp,
                ttl: Duration,
            ) -> Result<(), PortError> {
                (**self).put(key, value, now, ttl).await
            }

            async fn delete(&self, key: &str) -> Result<(), PortError> {
                (**self).delete(key).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);

/// A cache in memory that holds so many entries and then forgets the one to expire first.
#[derive(Debug)]
pub struct MemoryCache {
    capacity: usize,
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    value: Vec<u8>,
    until: Timestamp,
}

impl MemoryCache {
    /// A cache of at most `capacity` entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            kept: Mutex::default(),
        }
    }

    fn with<R>(&self, work: impl FnOnce(&mut BTreeMap<String, Kept>) -> R) -> R {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for MemoryCache {
    /// Ten thousand entries.
    fn default() -> Self {
        Self::new(10_000)
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.with(|kept| {
            kept.get(key)
                .filter(|entry| now < entry.until)
                .map(|entry| entry.value.clone())
        }))
    }

    async fn put(
        &self,
        key: &str,
        value: Vec<u8>,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(), PortError> {
        let until = chrono::TimeDelta::from_std(ttl)
            .ok()
            .and_then(|ttl| now.checked_add_signed(ttl))
            .unwrap_or(Timestamp::MAX_UTC);
        self.with(|kept| {
            kept.insert(key.to_owned(), Kept { value, until });
            if kept.len() > self.capacity {
                kept.retain(|_, entry| now < entry.until);
            }
            while kept.len() > self.capacity {
                let first = kept
                    .iter()
                    .min_by_key(|(key, entry)| (entry.until, key.as_str()))
                    .map(|(key, _)| key.clone());
                let Some(first) = first else { break };
                kept.remove(&first);
            }
        });
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.with(|kept| kept.remove(key));
        Ok(())
    }
}

/// One function for each clause of the contract of [`Cache`].
#[cfg(any(test, feature = "testing"))]
pub mod conformance {
    use super::{Cache, Duration, Timestamp};

    const MINUTE: Duration = Duration::from_secs(60);

    fn start() -> Timestamp {
        Timestamp::from_timestamp(1_767_225_600, 0).unwrap_or_default()
    }

    /// The last value put is answered, and no other key's.
    pub async fn the_last_value_is_answered(cache: &dyn Cache) {
        let now = start();
        assert_eq!(cache.get("a", now).await.ok(), Some(None));
        for value in [b"1", b"2"] {
            assert!(cache.put("a", value.to_vec(), now, MINUTE).await.is_ok());
        }
        assert!(cache.put("b", b"3".to_vec(), now, MINUTE).await.is_ok());
        assert_eq!(cache.get("a", now).await.ok(), Some(Some(b"2".to_vec())));
        assert_eq!(cache.get("b", now).await.ok(), Some(Some(b"3".to_vec())));
        assert_eq!(cache.get("A", now).await.ok(), Some(None));
    }

    /// A value is gone once its time is over, by the given clock, and a later put renews it.
    pub async fn values_expire_by_the_given_time(cache: &dyn Cache) {
        let (now, end) = (start(), start() + MINUTE);
        let last = end - Duration::from_millis(1);
        assert!(cache.put("a", b"1".to_vec(), now, MINUTE).await.is_ok());
        assert_eq!(cache.get("a", last).await.ok(), Some(Some(b"1".to_vec())));
        assert_eq!(cache.get("a", end).await.ok(), Some(None));
        assert!(cache.put("a", b"2".to_vec(), end, MINUTE).await.is_ok());
        assert_eq!(cache.get("a", end).await.ok(), Some(Some(b"2".to_vec())));
    }

    /// What is deleted is gone, and deleting again is no error.
    pub async fn deleted_values_are_gone(cache: &dyn Cache) {
        let now = start();
        assert!(cache.put("a", b"1".to_vec(), now, MINUTE).await.is_ok());
        assert!(cache.delete("a").await.is_ok());
        assert_eq!(cache.get("a", now).await.ok(), Some(None));
        assert!(cache.delete("a").await.is_ok());
    }
}

/// Makes a test of each clause: `cache_conformance!(#[tokio::test] async { Redis::open() })`.
///
/// The block makes a fresh, empty instance and is awaited.
#[cfg(any(test, feature = "testing"))]
#[macro_export]
macro_rules! cache_conformance {
    (#[$test:meta] async $make:block) => {
        $crate::cache_conformance!(@ #[$test] $make the_last_value_is_answered
            values_expire_by_the_given_time deleted_values_are_gone);
    };
    (@ #[$test:meta] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let cache = async { $make }.await;
            $crate::cache::conformance::$clause(&cache).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    // No runtime here, so the attribute is an empty one and the functions are run below.
    crate::cache_conformance!(
        #[cfg(all())]
        async {
            Arc::new(MemoryCache::default())
        }
    );

    #[test]
    fn memory_keeps_the_contract() {
        block_on(async {
            the_last_value_is_answered().await;
            values_expire_by_the_given_time().await;
            deleted_values_are_gone().await;
        });
    }

    #[test]
    fn a_full_cache_forgets_what_expires_first() {
        let cache = MemoryCache::new(2);
        let now = Timestamp::from_timestamp(1_767_225_600, 0).unwrap();
        block_on(async {
            for (key, seconds) in [("a", 60), ("b", 30), ("c", 90)] {
                let ttl = Duration::from_secs(seconds);
                cache.put(key, vec![1], now, ttl).await.unwrap();
            }
            assert_eq!(cache.get("b", now).await.unwrap(), None);
            assert!(cache.get("a", now).await.unwrap().is_some());
            assert!(cache.get("c", now).await.unwrap().is_some());
        });
    }

    /// Never expires, or never forgets.
    #[derive(Debug)]
    struct Broken(MemoryCache, &'static str);

    #[async_trait]
    impl Cache for Broken {
        async fn get(&self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, PortError> {
            let now = if self.1 == "expiry" {
                Timestamp::MIN_UTC
            } else {
                now
            };
            let key = if self.1 == "keys" { "one" } else { key };
            self.0.get(key, now).await
        }

        async fn put(
            &self,
            key: &str,
            value: Vec<u8>,
            now: Timestamp,
            ttl: Duration,
        ) -> Result<(), PortError> {
            let key = if self.1 == "keys" { "one" } else { key };
            self.0.put(key, value, now, ttl).await
        }

        async fn delete(&self, key: &str) -> Result<(), PortError> {
            match self.1 {
                "delete" => Ok(()),
                "keys" => self.0.delete("one").await,
                _ => self.0.delete(key).await,
            }
        }
    }

    #[test]
    fn broken_caches_are_caught() {
        for (how, caught) in [("keys", 0), ("expiry", 1), ("delete", 2)] {
            let failed = [0, 1, 2].into_iter().filter(|clause| {
                std::panic::catch_unwind(|| {
                    let cache = Broken(MemoryCache::default(), how);
                    block_on(async {
                        match clause {
                            0 => conformance::the_last_value_is_answered(&cache).await,
                            1 => conformance::values_expire_by_the_given_time(&cache).await,
                            _ => conformance::deleted_values_are_gone(&cache).await,
                        }
                    });
                })
                .is_err()
            });
            assert_eq!(failed.collect::<Vec<_>>(), [caught], "{how}");
        }
    }
}
