//! A store in a MongoDB database.

use std::sync::Arc;

use dealwright_core::error::PortError;
use dealwright_mongodb::{MongoStore, Options};

use crate::home::Kept;

/// Opens the store and asks that it be bound to `what`; answers what it is bound to.
pub(crate) async fn open(uri: &str, what: &str) -> Result<(MongoStore, String), PortError> {
    let store = MongoStore::open(uri, Options::default()).await?;
    let bound = store.bind(what).await?;
    Ok((store, bound))
}

/// The store, and the blobs in the same database.
pub(crate) fn kept(store: MongoStore) -> Kept {
    let blobs = store.blobs();
    (Arc::new(store), Arc::new(blobs))
}
