//! A server to speak to. The reference program's tests use this file too.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of the tests' own, killed with it.
pub(crate) struct Instance {
    child: Child,
    pub(crate) port: u16,
}

impl Instance {
    /// Starts one on a port and a folder, and waits until it listens. `None` where there is none,
    /// which is said.
    pub(crate) fn start(folder: &Path, port: Option<u16>, more: &[&str]) -> Option<Self> {
        // `secantusd-py`, or anything that takes its arguments.
        let Ok(command) = std::env::var("DEALWRIGHT_MONGOD") else {
            println!("skipped: no server to start, set DEALWRIGHT_MONGOD (scripts/servers)");
            return None;
        };
        let port = port.unwrap_or_else(free_port);
        // Ends with the test's process however that ends: then the pipe closes.
        let child = Command::new("sh")
            .args([
                "-c",
                r#""$@" & server=$!; cat >/dev/null; kill -9 $server; wait"#,
            ])
            .args(["sh", &command])
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .arg("--storage-path")
            .arg(folder)
            .args(["--log-level", "ERROR"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let instance = Self { child, port };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "no server");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(instance)
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A server for whole databases: `MONGODB_URI`, else an instance of the tests' own.
pub(crate) struct Server {
    uri: String,
    _own: Option<(Instance, tempfile::TempDir)>,
}

impl Server {
    /// `None` where there is no server, which is said.
    pub(crate) fn start() -> Option<Self> {
        if let Ok(uri) = std::env::var("MONGODB_URI") {
            return Some(Self { uri, _own: None });
        }
        let folder = tempfile::tempdir().unwrap();
        let instance = Instance::start(folder.path(), None, &[])?;
        Some(Self {
            uri: instance.uri(),
            _own: Some((instance, folder)),
        })
    }

    /// The URI of a database that no other run uses.
    pub(crate) fn database(&self, name: &str) -> String {
        let short: String = name.chars().take(40).collect();
        format!("{}/t{}_{short}", self.uri, std::process::id())
    }
}
