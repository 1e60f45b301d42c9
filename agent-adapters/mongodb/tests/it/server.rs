//! The server that most tests share, and the runtime of their clients.

use std::sync::OnceLock;

use dealwright_mongodb::{MongoStore, Options};
use tokio::runtime::Runtime;

use super::instance::Server;

/// The runtime on which all clients live.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    })
}

/// `None` where there is no server, which is said.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref()
}

/// Opens a store from wherever the caller stands, on the runtime that outlives the test.
pub(crate) fn open(uri: &str) -> MongoStore {
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| runtime().block_on(MongoStore::open(uri, Options::default())));
        opened.join().unwrap().unwrap()
    })
}
