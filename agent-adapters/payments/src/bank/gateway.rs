use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, ChargeLog, ChargeReceipt, PaymentGateway};
use serde::{Deserialize, Serialize};

use super::reference::CreditorReference;

const CHARGE: &str = "ask for a transfer";
const OPEN: &str = "open transfer book";

/// One line of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    key: String,
    reference: String,
    bill: Bill,
    at: Timestamp,
}

/// Asks for money by bank transfer: gives each invoice a reference to pay under.
///
/// Nothing leaves by it; the letter that asks carries the reference, and goes through its own
/// gate. What was asked for stands in a book, so that a repeat answers the first receipt, and so
/// that [`find_match`](super::find_match) knows what is open.
#[derive(Clone, Debug)]
pub struct TransferGateway {
    book: Arc<Mutex<Book>>,
}

#[derive(Debug)]
struct Book {
    asked: BTreeMap<String, Asked>,
    file: Option<File>,
}

/// A bill that was asked for by transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedTransfer {
    /// The bill.
    pub bill: Bill,
    /// What to pay it under.
    pub reference: CreditorReference,
    /// When it was asked for.
    pub at: Timestamp,
}

impl TransferGateway {
    /// A book in memory: for tests, and where another one is kept.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(BTreeMap::new(), None)
    }

    /// A book in a file, one line of JSON a bill, each written to disk before it is answered. It
    /// is made where there is none. Only one process may have it open.
    ///
    /// # Errors
    ///
    /// `Unavailable` where the file cannot be read or locked, `Corrupt` where a line is none; a
    /// last line that was cut off by a crash was never answered, and is taken out.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, PortError> {
        let path = path.as_ref().to_owned();
        let opened = tokio::task::spawn_blocking(move || read(&path)).await;
        let (asked, file) = opened
            .map_err(|e| PortError::new(OPEN, PortErrorKind::Unexpected).with_source(e))??;
        Ok(Self::of(asked, Some(file)))
    }

    fn of(asked: BTreeMap<String, Asked>, file: Option<File>) -> Self {
        Self {
            book: Arc::new(Mutex::new(Book { asked, file })),
        }
    }

    /// Every bill that was asked for, by key.
    ///
    /// # Errors
    ///
    /// `Corrupt` where a line of the book has a reference that is none.
    pub fn asked(&self) -> Result<Vec<AskedTransfer>, PortError> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.asked
            .values()
            .map(|asked| {
                Ok(AskedTransfer {
                    bill: asked.bill.clone(),
                    reference: CreditorReference::parse(&asked.reference)
                        .map_err(|e| PortError::new(OPEN, PortErrorKind::Corrupt).with_source(e))?,
                    at: asked.at,
                })
            })
            .collect()
    }
}

#[async_trait]
impl PaymentGateway for TransferGateway {
    fn class(&self) -> EffectClass {
        EffectClass::Idempotent
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let bill = charge.bill();
        let invalid = |why: String| PortError::new(CHARGE, PortErrorKind::Invalid).with_source(why);
        if !bill.amount.is_positive() {
            return Err(invalid(format!(
                "{} cannot be asked for; money goes back by a person, in the bank's own program",
                bill.amount
            )));
        }
        let reference = CreditorReference::for_invoice(&bill.number, bill.invoice)
            .map_err(|e| invalid(e.to_string()))?;
        let asked = Asked {
            key: charge.key().to_hex(),
            reference: reference.as_str().to_owned(),
            bill: bill.clone(),
            at: charge.opened_at(),
        };
        let book = Arc::clone(&self.book);
        let entered = tokio::task::spawn_blocking(move || enter(&book, asked)).await;
        entered.map_err(|e| PortError::new(CHARGE, PortErrorKind::Unexpected).with_source(e))?
    }
}

#[async_trait]
impl ChargeLog for TransferGateway {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(book.asked.get(&key.to_hex()).map(receipt))
    }
}

fn enter(book: &Mutex<Book>, asked: Asked) -> Result<ChargeReceipt, PortError> {
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = book.asked.get(&asked.key) {
        return Ok(receipt(known));
    }
    let same = book
        .asked
        .values()
        .find(|known| known.reference == asked.reference);
    if same.is_some_and(|known| known.bill.invoice != asked.bill.invoice) {
        // 36^4 tails a number: two invoices of one number, and an odd chance besides.
        let why = "another invoice has this payment reference";
        return Err(PortError::new(CHARGE, PortErrorKind::Invalid).with_source(why));
    }
    if let Some(file) = &mut book.file {
        // What was written in part may stand in the file, so nobody knows.
        let failed =
            |e: std::io::Error| PortError::new(CHARGE, PortErrorKind::Timeout).with_source(e);
        let mut line = serde_json::to_vec(&asked)
            .map_err(|e| PortError::new(CHARGE, PortErrorKind::Unexpected).with_source(e))?;
        line.push(b'\n');
        file.write_all(&line).map_err(failed)?;
        file.sync_data().map_err(failed)?;
    }
    let receipt = receipt(&asked);
    book.asked.insert(asked.key.clone(), asked);
    Ok(receipt)
}

fn receipt(asked: &Asked) -> ChargeReceipt {
    ChargeReceipt {
        provider_id: asked.reference.clone(),
        at: asked.at,
    }
}

fn read(path: &Path) -> Result<(BTreeMap<String, Asked>, File), PortError> {
    let unavailable = |what: &'static str| {
        move |e: std::io::Error| {
            PortError::new(OPEN, PortErrorKind::Unavailable).with_source(format!("{what}: {e}"))
        }
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(unavailable("the file cannot be opened"))?;
    file.try_lock().map_err(|e| {
        PortError::new(OPEN, PortErrorKind::Unavailable)
            .with_source(format!("another process has the book open: {e}"))
    })?;
    let mut asked = BTreeMap::new();
    let mut reader = BufReader::new(&file);
    let (mut whole, mut line, mut number) = (0_u64, Vec::new(), 0_usize);
    loop {
        line.clear();
        number += 1;
        let length = reader
            .read_until(b'\n', &mut line)
            .map_err(unavailable("the file cannot be read"))?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let entry: Asked = serde_json::from_slice(&line).map_err(|e| {
            PortError::new(OPEN, PortErrorKind::Corrupt)
                .with_source(format!("line {number} of the book is none: {e}"))
        })?;
        asked.entry(entry.key.clone()).or_insert(entry);
        whole += u64::try_from(length).unwrap_or(0);
    }
    file.set_len(whole)
        .map_err(unavailable("the file cannot be mended"))?;
    Ok((asked, file))
}
