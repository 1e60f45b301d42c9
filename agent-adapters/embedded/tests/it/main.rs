//! What the embedded store owes, on real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod bad_input;
mod kill;

use std::path::Path;
use std::sync::Arc;

use dealwright_core::process::suite::{Probe, ProbePerformer, Rig};
use dealwright_core::process::{Host, PlainSealer, Store, Tenant};
use dealwright_embedded::{EmbeddedStore, Options};

fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path, Options::default()).unwrap()
}

fn host(store: impl Store + 'static) -> Host {
    Host::builder(
        Tenant::parse("suite").unwrap(),
        store,
        PlainSealer::default(),
    )
    .process::<Probe>((), ProbePerformer)
    .unwrap()
    .build()
}

mod contract {
    use super::*;

    fn rig() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        Rig::with_reopen(open(&path), move |store| {
            assert_eq!(
                Arc::strong_count(&store),
                1,
                "somebody still holds the store"
            );
            drop(store);
            // The folder lives as long as this closure.
            Arc::new(open(&folder.path().join("store.db")))
        })
    }

    // covers: DB-3
    dealwright_core::store_conformance!(#[test] fn { rig() });
}

mod blobs {
    use dealwright_embedded::FileBlobs;

    dealwright_core::blobs_conformance!(
        #[tokio::test]
        async {
            FileBlobs::open(
                &tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
                    .unwrap()
                    .keep(),
            )
            .unwrap()
        }
    );
}
