//! A mail provider in a process of its own, so that ours can be killed beside it.
//!
//! The protocol is one JSON document a line, each answered by one line:
//! `{"send":{"key":..,"recipient":..,"step":..,"at":..}}` and `{"find":{"key":..}}`, answered by
//! `{"at":..}`, or `null` for a key that was never taken. Every letter is synced to the books
//! before it is answered.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::Channel;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Messenger, Receipt, Sendable, SentLog};
use serde::{Deserialize, Serialize};

use crate::mail::provider_id;

/// How a provider behaves.
#[derive(Clone, Debug, Default)]
pub struct ProviderOptions {
    /// Delivers every hand-over, also under a key it has seen.
    pub no_keys: bool,
    /// Waits after it has booked a letter and before it answers.
    pub pause_before_answer: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    Send(Entry),
    Find { key: String },
}

/// One line of the books.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    key: String,
    recipient: String,
    step: String,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    at: Timestamp,
}

struct Books {
    file: File,
    first: BTreeMap<String, Timestamp>,
}

/// Serves until the listener fails. `ready` is told the address that was bound.
///
/// # Errors
///
/// Those of the file and of the listener.
pub fn serve_provider(
    bind: SocketAddr,
    books: &Path,
    options: &ProviderOptions,
    ready: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    let mut first = BTreeMap::new();
    if books.exists() {
        for line in BufReader::new(File::open(books)?).lines() {
            // A torn last line was never answered.
            if let Ok(entry) = serde_json::from_str::<Entry>(&line?) {
                first.entry(entry.key).or_insert(entry.at);
            }
        }
    }
    let file = OpenOptions::new().create(true).append(true).open(books)?;
    let books = Arc::new(Mutex::new(Books { file, first }));
    let listener = TcpListener::bind(bind)?;
    ready(listener.local_addr()?);
    for stream in listener.incoming() {
        let (books, options) = (Arc::clone(&books), options.clone());
        let stream = stream?;
        std::thread::spawn(move || {
            // A client that was killed leaves a broken connection; that is its affair.
            let _ = serve_one(&stream, &books, &options);
        });
    }
    Ok(())
}

fn serve_one(
    stream: &TcpStream,
    books: &Mutex<Books>,
    options: &ProviderOptions,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let answer = match serde_json::from_str(&line?)? {
            Request::Send(entry) => {
                let at = book(books, &entry, options.no_keys)?;
                std::thread::sleep(options.pause_before_answer);
                Some(Answer { at })
            }
            Request::Find { key } => books
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .first
                .get(&key)
                .map(|at| Answer { at: *at }),
        };
        let mut text = serde_json::to_string(&answer)?;
        text.push('\n');
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn book(books: &Mutex<Books>, entry: &Entry, no_keys: bool) -> std::io::Result<Timestamp> {
    let mut books = books.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(at) = books.first.get(&entry.key)
        && !no_keys
    {
        return Ok(*at);
    }
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    books.file.write_all(line.as_bytes())?;
    books.file.sync_data()?;
    let at = *books.first.entry(entry.key.clone()).or_insert(entry.at);
    Ok(at)
}

/// The messenger that hands letters to a provider in another process.
#[derive(Clone, Debug)]
pub struct RemoteProvider {
    address: SocketAddr,
    class: EffectClass,
}

impl RemoteProvider {
    /// Speaks to the provider at `address`, which honours keys or not.
    #[must_use]
    pub fn new(address: SocketAddr, class: EffectClass) -> Self {
        Self { address, class }
    }

    fn ask(&self, operation: &'static str, request: &Request) -> Result<Option<Answer>, PortError> {
        let unavailable = |e| PortError::new(operation, PortErrorKind::Unavailable).with_source(e);
        // From the moment the request may have left, nobody knows what came of it.
        let lost = |e| PortError::new(operation, PortErrorKind::Timeout).with_source(e);
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))
            .map_err(unavailable)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .map_err(unavailable)?;
        let mut line = serde_json::to_string(request)
            .map_err(|e| PortError::new(operation, PortErrorKind::Invalid).with_source(e))?;
        line.push('\n');
        (&stream).write_all(line.as_bytes()).map_err(lost)?;
        let mut answer = String::new();
        BufReader::new(&stream)
            .read_line(&mut answer)
            .map_err(lost)?;
        serde_json::from_str(&answer)
            .map_err(|e| PortError::new(operation, PortErrorKind::Timeout).with_source(e))
    }
}

#[async_trait]
impl Messenger for RemoteProvider {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn class(&self) -> EffectClass {
        self.class
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let at = sendable.opened_at();
        let (letter, key) = sendable.take(at)?;
        let key = key.to_hex();
        let entry = Entry {
            key: key.clone(),
            recipient: letter.to.subject().to_owned(),
            step: letter.intent(),
            at,
        };
        let answer = self.ask("send", &Request::Send(entry))?;
        let at = answer
            .map(|a| a.at)
            .ok_or_else(|| PortError::new("send", PortErrorKind::Unexpected))?;
        Ok(Receipt {
            provider_id: provider_id(&key),
            at,
        })
    }
}

#[async_trait]
impl SentLog for RemoteProvider {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        let key = key.to_hex();
        let answer = self.ask("find", &Request::Find { key: key.clone() })?;
        Ok(answer.map(|a| Receipt {
            provider_id: provider_id(&key),
            at: a.at,
        }))
    }
}
