//! Port: large things by the hash of their bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::canonical::Digest32;
use crate::error::PortError;

/// Port: content-addressed store of letters, contracts, pages and deliverables.
///
/// # Contract
///
/// - `put` answers the SHA-256 of the bytes; what it answered for can be had from then on.
/// - The same bytes put again are one blob.
/// - `get` answers exactly the bytes that were put, also where there are none of them.
/// - What was never put is `None` and not had; it is no error.
///
/// Implementors prove this with `blobs_conformance!` (feature `testing`).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Blobs: Debug + Send + Sync {
    /// Keeps bytes and answers their address.
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError>;

    /// The bytes at an address.
    async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError>;

    /// Whether there are bytes at an address.
    async fn has(&self, address: Digest32) -> Result<bool, PortError>;
}

/// Port: blobs that can be taken away again, for the data of a person who was erased.
///
/// # Contract
///
/// - What was removed is absent, as if it had never been put, and may be put again.
/// - Removing what is absent answers `false`. Other blobs are not touched.
///
/// Implementors prove this with [`conformance::what_is_removed_is_absent`] (feature `testing`).
#[async_trait]
pub trait ErasableBlobs: Blobs {
    /// Takes the bytes at an address away; answers whether there were any.
    async fn remove(&self, address: Digest32) -> Result<bool, PortError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: ErasableBlobs + ?Sized> ErasableBlobs for $pointer {
            async fn remove(&self, address: Digest32) -> Result<bool, PortError> {
                (**self).remove(address).await
            }
        }

        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Blobs + ?Sized> Blobs for $pointer {
            async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
                (**self).put(bytes).await
            }

            async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
                (**self).get(address).await
            }

            async fn has(&self, address: Digest32) -> Result<bool, PortError> {
                (**self).has(address).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);

/// Blobs in memory, for tests and programs that keep nothing.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    kept: Mutex<BTreeMap<Digest32, Vec<u8>>>,
}

impl MemoryBlobs {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many different blobs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.with(|kept| kept.len())
    }

    fn with<R>(&self, work: impl FnOnce(&mut BTreeMap<Digest32, Vec<u8>>) -> R) -> R {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
        let address = Digest32::of(&bytes);
        self.with(|kept| {
            kept.entry(address).or_insert(bytes);
        });
        Ok(address)
    }

    async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.with(|kept| kept.get(&address).cloned()))
    }

    async fn has(&self, address: Digest32) -> Result<bool, PortError> {
        Ok(self.with(|kept| kept.contains_key(&address)))
    }
}

#[async_trait]
impl ErasableBlobs for MemoryBlobs {
    async fn remove(&self, address: Digest32) -> Result<bool, PortError> {
        Ok(self.with(|kept| kept.remove(&address).is_some()))
    }
}

/// One function for each clause of the contract of [`Blobs`].
#[cfg(any(test, feature = "testing"))]
pub mod conformance {
    use super::{Blobs, Digest32, ErasableBlobs};

    /// What was removed is absent and may come again; what is beside it stays.
    pub async fn what_is_removed_is_absent(blobs: &dyn ErasableBlobs) {
        let (gone, stays) = (Digest32::of(b"gone"), Digest32::of(b"stays"));
        for bytes in [b"gone".to_vec(), b"stays".to_vec()] {
            assert!(blobs.put(bytes).await.is_ok());
        }
        assert_eq!(blobs.remove(gone).await.ok(), Some(true));
        assert_eq!(blobs.remove(gone).await.ok(), Some(false));
        assert_eq!(blobs.has(gone).await.ok(), Some(false));
        assert_eq!(blobs.get(gone).await.ok(), Some(None));
        assert_eq!(blobs.get(stays).await.ok(), Some(Some(b"stays".to_vec())));
        assert_eq!(blobs.put(b"gone".to_vec()).await.ok(), Some(gone));
        assert_eq!(blobs.get(gone).await.ok(), Some(Some(b"gone".to_vec())));
    }

    /// The address is the hash, and what was put can be had.
    pub async fn put_is_addressed_by_its_hash(blobs: &dyn Blobs) {
        let bytes = b"a letter".to_vec();
        let address = blobs.put(bytes.clone()).await.ok();
        assert_eq!(address, Some(Digest32::of(&bytes)));
        let address = Digest32::of(&bytes);
        assert_eq!(blobs.has(address).await.ok(), Some(true));
        assert_eq!(blobs.get(address).await.ok(), Some(Some(bytes)));
    }

    /// The same bytes twice are one blob.
    pub async fn the_same_bytes_are_one_blob(blobs: &dyn Blobs) {
        let first = blobs.put(vec![7; 10]).await.ok();
        assert!(first.is_some());
        assert_eq!(blobs.put(vec![7; 10]).await.ok(), first);
        assert_eq!(
            blobs.get(Digest32::of(&[7; 10])).await.ok(),
            Some(Some(vec![7; 10]))
        );
    }

    /// Any bytes come back as they were: none, each value there is, a megabyte.
    pub async fn any_bytes_come_back(blobs: &dyn Blobs) {
        for bytes in [Vec::new(), (0..=255).collect(), vec![0; 1 << 20]] {
            let address = Digest32::of(&bytes);
            assert_eq!(blobs.put(bytes.clone()).await.ok(), Some(address));
            assert!(blobs.get(address).await.ok() == Some(Some(bytes)));
        }
    }

    /// What was never put is absent, without an error.
    pub async fn what_was_never_put_is_absent(blobs: &dyn Blobs) {
        let address = Digest32::of(b"never put");
        assert_eq!(blobs.has(address).await.ok(), Some(false));
        assert_eq!(blobs.get(address).await.ok(), Some(None));
    }
}

/// Makes a test of each clause: `blobs_conformance!(#[tokio::test] async { Blobs::open() })`.
///
/// The block makes a fresh, empty instance and is awaited.
#[cfg(any(test, feature = "testing"))]
#[macro_export]
macro_rules! blobs_conformance {
    (#[$test:meta] async $make:block) => {
        $crate::blobs_conformance!(@ #[$test] $make put_is_addressed_by_its_hash
            the_same_bytes_are_one_blob any_bytes_come_back what_was_never_put_is_absent);
    };
    (@ #[$test:meta] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let blobs = async { $make }.await;
            $crate::blobs::conformance::$clause(&blobs).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::error::PortErrorKind;

    // No runtime here, so the attribute is an empty one and the functions are run below.
    crate::blobs_conformance!(
        #[cfg(all())]
        async {
            Arc::new(MemoryBlobs::new())
        }
    );

    #[test]
    fn memory_keeps_the_contract() {
        block_on(async {
            put_is_addressed_by_its_hash().await;
            the_same_bytes_are_one_blob().await;
            any_bytes_come_back().await;
            what_was_never_put_is_absent().await;
        });
        block_on(conformance::what_is_removed_is_absent(&MemoryBlobs::new()));
        let blobs = MemoryBlobs::new();
        block_on(conformance::the_same_bytes_are_one_blob(&blobs));
        assert_eq!(blobs.count(), 1);
    }

    /// Breaks one clause at a time.
    #[derive(Debug)]
    struct Broken(MemoryBlobs, &'static str);

    #[async_trait]
    impl Blobs for Broken {
        async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
            match self.1 {
                "forgets" => Ok(Digest32::of(&bytes)),
                "twice" if self.0.has(Digest32::of(&bytes)).await? => {
                    Err(PortError::new("put a blob", PortErrorKind::AlreadyExists))
                }
                "cuts" => {
                    let address = Digest32::of(&bytes);
                    let cut = bytes.iter().copied().take(1_000).collect();
                    self.0.with(|kept| kept.insert(address, cut));
                    Ok(address)
                }
                _ => self.0.put(bytes).await,
            }
        }

        async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
            match (self.1, self.0.get(address).await?) {
                ("absent", None) => Err(PortError::new("get a blob", PortErrorKind::NotFound)),
                (_, found) => Ok(found),
            }
        }

        async fn has(&self, address: Digest32) -> Result<bool, PortError> {
            self.0.has(address).await
        }
    }

    fn fails(how: &'static str) -> Vec<&'static str> {
        let fresh = || Broken(MemoryBlobs::new(), how);
        let run = |clause: &'static str| {
            std::panic::catch_unwind(|| {
                let blobs = fresh();
                block_on(async {
                    match clause {
                        "hash" => conformance::put_is_addressed_by_its_hash(&blobs).await,
                        "one" => conformance::the_same_bytes_are_one_blob(&blobs).await,
                        "any" => conformance::any_bytes_come_back(&blobs).await,
                        _ => conformance::what_was_never_put_is_absent(&blobs).await,
                    }
                });
            })
            .is_err()
        };
        ["hash", "one", "any", "absent"]
            .into_iter()
            .filter(|clause| run(clause))
            .collect()
    }

    #[test]
    fn broken_stores_are_caught() {
        assert_eq!(fails("forgets"), ["hash", "one", "any"]);
        assert_eq!(fails("twice"), ["one"]);
        assert_eq!(fails("cuts"), ["any"]);
        assert_eq!(fails("absent"), ["absent"]);
    }
}
