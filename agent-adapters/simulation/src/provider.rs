//! A mail and payment provider in a process of its own, so that ours can be killed beside it.
//!
//! The protocol is one JSON document a line, each answered by one line: `"hello"` by
//! `{"keys":true}` where keys are honoured; `{"send":{"key":..,"letter":..,"at":..}}`,
//! `{"charge":{"key":..,"bill":..,"at":..}}` and `{"find":{"key":..}}` by `{"at":..}`, or `null`
//! for a key that was never taken; `"books"` by every entry there is. An entry is synced to the
//! books before it is answered.

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
use dealwright_core::personal;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    Bill, Charge, ChargeLog, ChargeReceipt, Letter, Messenger, PaymentGateway, Receipt, Sendable,
    SentLog,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{MailBooks, MoneyBooks, Providers, mail, money};

/// How a provider behaves.
#[derive(Clone, Debug, Default)]
pub struct ProviderOptions {
    /// Takes every hand-over anew, also under a key it has seen.
    pub no_keys: bool,
    /// Waits after it has booked an entry and before it answers.
    pub pause_before_answer: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Request {
    Hello,
    Books,
    Find {
        key: String,
    },
    #[serde(untagged)]
    Book(Entry),
}

/// One line of the books.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Send {
        key: String,
        letter: Box<Letter>,
        at: Timestamp,
    },
    Charge {
        key: String,
        bill: Box<Bill>,
        at: Timestamp,
    },
}

impl Entry {
    fn key(&self) -> &str {
        match self {
            Self::Send { key, .. } | Self::Charge { key, .. } => key,
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Send { at, .. } | Self::Charge { at, .. } => *at,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Hello {
    keys: bool,
}

#[derive(Serialize, Deserialize)]
struct Taken {
    at: Timestamp,
}

struct Books {
    file: File,
    entries: Vec<Entry>,
    first: BTreeMap<String, Timestamp>,
}

impl Books {
    fn open(path: &Path) -> std::io::Result<Self> {
        let mut entries = Vec::new();
        if path.exists() {
            for line in BufReader::new(File::open(path)?).lines() {
                // A torn last line was never answered.
                entries.extend(serde_json::from_str::<Entry>(&line?).ok());
            }
        }
        let mut first = BTreeMap::new();
        for entry in &entries {
            first.entry(entry.key().to_owned()).or_insert(entry.at());
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file,
            entries,
            first,
        })
    }

    fn book(&mut self, entry: Entry, no_keys: bool) -> std::io::Result<Timestamp> {
        if let Some(at) = self.first.get(entry.key())
            && !no_keys
        {
            return Ok(*at);
        }
        self.file.write_all(line_of(&entry)?.as_bytes())?;
        self.file.sync_data()?;
        let at = *self
            .first
            .entry(entry.key().to_owned())
            .or_insert(entry.at());
        self.entries.push(entry);
        Ok(at)
    }
}

/// One line of the protocol. What a provider is handed is for it to read, names included.
fn line_of(value: &impl Serialize) -> std::io::Result<String> {
    let mut line = personal::stored(|| serde_json::to_string(value))?;
    line.push('\n');
    Ok(line)
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
    let books = Arc::new(Mutex::new(Books::open(books)?));
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
    let lock = || books.lock().unwrap_or_else(PoisonError::into_inner);
    for line in BufReader::new(stream).lines() {
        let answer = match serde_json::from_str(&line?)? {
            Request::Hello => line_of(&Hello {
                keys: !options.no_keys,
            })?,
            Request::Books => line_of(&lock().entries)?,
            Request::Find { key } => line_of(&lock().first.get(&key).map(|at| Taken { at: *at }))?,
            Request::Book(entry) => {
                let at = lock().book(entry, options.no_keys)?;
                std::thread::sleep(options.pause_before_answer);
                line_of(&Some(Taken { at }))?
            }
        };
        out.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The provider in another process.
#[derive(Clone, Debug)]
pub struct RemoteProvider {
    address: SocketAddr,
    class: EffectClass,
}

impl RemoteProvider {
    /// Asks the provider at `address` whether it honours keys.
    ///
    /// # Errors
    ///
    /// `Unavailable` where nobody answers there.
    pub fn connect(address: SocketAddr) -> Result<Self, PortError> {
        let mut provider = Self {
            address,
            class: EffectClass::AtMostOnce,
        };
        let hello: Hello = provider.ask("greet the provider", &Request::Hello)?;
        if hello.keys {
            provider.class = EffectClass::Idempotent;
        }
        Ok(provider)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: &Request,
    ) -> Result<T, PortError> {
        let unavailable = |e| {
            PortError::new(operation, PortErrorKind::Unavailable)
                .with_source(format!("the provider at {}: {e}", self.address))
        };
        // From the moment the request may have left, nobody knows what came of it.
        let lost = |e| PortError::new(operation, PortErrorKind::Timeout).with_source(e);
        let line = line_of(request).map_err(unavailable)?;
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))
            .map_err(unavailable)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .map_err(unavailable)?;
        (&stream).write_all(line.as_bytes()).map_err(lost)?;
        let mut answer = String::new();
        BufReader::new(&stream)
            .read_line(&mut answer)
            .map_err(lost)?;
        serde_json::from_str(&answer)
            .map_err(|e| PortError::new(operation, PortErrorKind::Timeout).with_source(e))
    }

    fn book(&self, operation: &'static str, entry: Entry) -> Result<Timestamp, PortError> {
        let taken: Option<Taken> = self.ask(operation, &Request::Book(entry))?;
        taken
            .map(|taken| taken.at)
            .ok_or_else(|| PortError::new(operation, PortErrorKind::Unexpected))
    }

    fn taken(&self, operation: &'static str, key: &str) -> Result<Option<Timestamp>, PortError> {
        let request = Request::Find {
            key: key.to_owned(),
        };
        let taken: Option<Taken> = self.ask(operation, &request)?;
        Ok(taken.map(|taken| taken.at))
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
        let entry = Entry::Send {
            key: key.clone(),
            letter: Box::new(letter),
            at,
        };
        Ok(Receipt {
            at: self.book("send", entry)?,
            provider_id: mail::provider_id(&key),
        })
    }
}

#[async_trait]
impl PaymentGateway for RemoteProvider {
    fn class(&self) -> EffectClass {
        self.class
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let key = charge.key().to_hex();
        let entry = Entry::Charge {
            key: key.clone(),
            bill: Box::new(charge.bill().clone()),
            at: charge.opened_at(),
        };
        Ok(ChargeReceipt {
            at: self.book("charge", entry)?,
            provider_id: money::provider_id(&key),
        })
    }
}

#[async_trait]
impl SentLog for RemoteProvider {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        let key = key.to_hex();
        let at = self.taken("find letter", &key)?;
        Ok(at.map(|at| Receipt {
            provider_id: mail::provider_id(&key),
            at,
        }))
    }
}

#[async_trait]
impl ChargeLog for RemoteProvider {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        let key = key.to_hex();
        let at = self.taken("find charge", &key)?;
        Ok(at.map(|at| ChargeReceipt {
            provider_id: money::provider_id(&key),
            at,
        }))
    }
}

#[async_trait]
impl Providers for RemoteProvider {
    fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::new(self.clone())
    }

    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.clone())
    }

    async fn books(&self) -> Result<(MailBooks, MoneyBooks), PortError> {
        let (mut mail, mut money) = (MailBooks::default(), MoneyBooks::default());
        let entries: Vec<Entry> = self.ask("read the provider's books", &Request::Books)?;
        for entry in entries {
            // With keys, a repeat is no entry; without, each entry went out.
            match entry {
                Entry::Send { key, letter, at } => mail.enter(&key, *letter, at, true),
                Entry::Charge { key, bill, at } => money.enter(&key, *bill, at, true),
            }
        }
        Ok((mail, money))
    }
}
