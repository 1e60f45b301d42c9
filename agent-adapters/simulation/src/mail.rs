use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::party::Channel;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Letter, Messenger, Receipt, Sendable, SentLog};

/// A letter as the provider took it.
#[derive(Clone, Debug)]
pub struct BookedLetter {
    /// The letter.
    pub letter: Letter,
    /// When it was taken first.
    pub at: Timestamp,
    /// How often it left for the recipient.
    pub deliveries: u32,
    /// How often it was handed over, repeats under the same key included.
    pub handed_over: u32,
}

/// What a mail provider knows that it took, by key. It knows nothing of our store.
#[derive(Clone, Debug, Default)]
pub struct MailBooks {
    letters: BTreeMap<String, BookedLetter>,
}

impl MailBooks {
    /// The letters, by key in hexadecimal digits.
    #[must_use]
    pub fn letters(&self) -> &BTreeMap<String, BookedLetter> {
        &self.letters
    }

    /// Enters a letter that was handed over, and whether it left for the recipient.
    pub(crate) fn enter(&mut self, key: &str, letter: Letter, at: Timestamp, again: bool) {
        let booked = self
            .letters
            .entry(key.to_owned())
            .or_insert_with(|| BookedLetter {
                letter,
                at,
                deliveries: 0,
                handed_over: 0,
            });
        booked.handed_over += 1;
        if again || booked.deliveries == 0 {
            booked.deliveries += 1;
        }
    }
}

/// A mail provider that takes every letter and keeps books.
#[derive(Clone, Debug)]
pub struct FakeMailProvider {
    class: EffectClass,
    books: Arc<Mutex<MailBooks>>,
}

impl FakeMailProvider {
    /// One that honours keys (`Idempotent`) or delivers whatever it is handed (`AtMostOnce`).
    #[must_use]
    pub fn new(class: EffectClass) -> Self {
        Self {
            class,
            books: Arc::default(),
        }
    }

    /// A copy of the books.
    #[must_use]
    pub fn books(&self) -> MailBooks {
        self.lock().clone()
    }

    /// The letter taken under `key`.
    #[must_use]
    pub fn letter(&self, key: &str) -> Option<BookedLetter> {
        self.lock().letters.get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, MailBooks> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Messenger for FakeMailProvider {
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
        let mut books = self.lock();
        books.enter(&key, letter, at, self.class == EffectClass::AtMostOnce);
        let at = books.letters.get(&key).map_or(at, |booked| booked.at);
        Ok(Receipt {
            provider_id: provider_id(&key),
            at,
        })
    }
}

#[async_trait]
impl SentLog for FakeMailProvider {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        let key = key.to_hex();
        Ok(self.lock().letters.get(&key).map(|booked| Receipt {
            provider_id: provider_id(&key),
            at: booked.at,
        }))
    }
}

/// The provider's own id follows from the key, so that a run with kills reads like one without.
pub(crate) fn provider_id(key: &str) -> String {
    format!("mail-{}", key.get(..16).unwrap_or(key))
}
