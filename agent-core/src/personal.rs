//! A person's data: redacted everywhere but at its purpose.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::canonical::Digest32;

/// What a person's data is being used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// Writing to them.
    Contact,
    /// Making or keeping a contract with them.
    Contract,
    /// Billing them, and keeping the books.
    Invoice,
    /// Doing the work they ordered.
    Delivery,
    /// Answering their own requests: access, correction, erasure.
    SubjectRights,
    /// Telling whether two records are the same person.
    Matching,
    /// Refusing to write to them.
    Suppression,
    /// Showing them to a person who works here.
    Display,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 8] = [
        Self::Contact,
        Self::Contract,
        Self::Invoice,
        Self::Delivery,
        Self::SubjectRights,
        Self::Matching,
        Self::Suppression,
        Self::Display,
    ];
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contact => "contact",
            Self::Contract => "contract",
            Self::Invoice => "invoice",
            Self::Delivery => "delivery",
            Self::SubjectRights => "subject rights",
            Self::Matching => "matching",
            Self::Suppression => "suppression",
            Self::Display => "display",
        })
    }
}

/// The purpose is not among those the value was collected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this value may not be read for {purpose}; it was collected for other purposes")]
pub struct PurposeError {
    purpose: Purpose,
}

/// What stands in for a value of this type once it was erased.
///
/// It must be of no use: an address that nobody has, a text without words. What asks whether a
/// value [was erased](Personal::is_erased) needs no look at it.
pub trait Placeholder {
    /// The value that stands in.
    fn placeholder() -> Self;
}

impl Placeholder for String {
    fn placeholder() -> Self {
        "[erased]".to_owned()
    }
}

impl<T> Placeholder for Vec<T> {
    fn placeholder() -> Self {
        Self::new()
    }
}

/// A value about a person, with whose it is and what it may be read for.
///
/// `Debug` and `Serialize` write `[personal]`; there is no `Display`. The store's codec, and
/// it alone, writes the value inside [`stored`], where its typed layer seals it.
///
/// ```
/// use dealwright_core::personal::{Personal, Purpose};
/// let name = Personal::new("Ada Example".to_owned(), "contact_1");
/// assert_eq!(format!("{name:?}"), "[personal]");
/// assert_eq!(name.reveal(Purpose::Contact), "Ada Example");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T> {
    value: T,
    subject: String,
    purposes: BTreeSet<Purpose>,
    // Rare, so it takes no more room than it must.
    erased: Option<Box<Digest32>>,
}

impl<T> Personal<T> {
    /// A value about `subject`, an opaque key (an id, never a name or an address), readable
    /// for every purpose until [`only_for`](Self::only_for) says less.
    #[must_use]
    pub fn new(value: T, subject: impl Into<String>) -> Self {
        Self {
            value,
            subject: subject.into(),
            purposes: Purpose::ALL.into(),
            erased: None,
        }
    }

    /// Whether the value was erased, and only a placeholder stands here.
    ///
    /// An erased value may be read for no purpose; [`reveal`](Self::reveal) answers the
    /// placeholder.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased.is_some()
    }

    /// Binds the value to the purposes it was collected for.
    #[must_use]
    pub fn only_for(mut self, purposes: impl IntoIterator<Item = Purpose>) -> Self {
        self.purposes = purposes.into_iter().collect();
        self
    }

    /// The value, at the place that names what it is for.
    ///
    /// Naming the purpose is what makes uses searchable; where the value came with purposes
    /// of its own, [`reveal_if`](Self::reveal_if) also checks them.
    #[must_use]
    pub fn reveal(&self, purpose: Purpose) -> &T {
        let _ = purpose;
        &self.value
    }

    /// The value, if it may be read for `purpose`.
    ///
    /// # Errors
    ///
    /// [`PurposeError`] where it was collected for other purposes.
    pub fn reveal_if(&self, purpose: Purpose) -> Result<&T, PurposeError> {
        if self.allows(purpose) {
            Ok(&self.value)
        } else {
            Err(PurposeError { purpose })
        }
    }

    /// Whether it may be read for `purpose`.
    #[must_use]
    pub fn allows(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose)
    }

    /// What it may be read for.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose> {
        self.purposes.iter().copied()
    }

    /// Whose it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Another value about the same person, for the same purposes.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Personal<U> {
        Personal {
            value: change(self.value),
            subject: self.subject,
            purposes: self.purposes,
            erased: self.erased,
        }
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// What stands where the value may not.
pub const REDACTED: &str = "[personal]";

/// The key of the stored form: `{"$personal":{"subject":…,"purposes":[…],"value":…}}`. Where the
/// value was erased, `"erased":…` stands in its place, the commitment to what it was.
pub const STORED_KEY: &str = "$personal";

thread_local! {
    // A scope, not a setting: serde gives no way to hand a context down to a field. It decides
    // how a value is written, never what is decided, and its default is the safe form.
    static STORED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `write` with personal values written in their stored form.
///
/// For the codec between processes and their store only: what it writes is sealed next. The
/// scope ends with the call, also by panic, and is not seen by other threads.
pub fn stored<R>(write: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            STORED.with(|scope| scope.set(self.0));
        }
    }
    let _restore = Restore(STORED.with(|scope| scope.replace(true)));
    write()
}

#[derive(Serialize)]
struct StoredRef<'a, T> {
    subject: &'a str,
    purposes: &'a BTreeSet<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<Digest32>,
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !STORED.with(Cell::get) {
            return serializer.serialize_str(REDACTED);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(
            STORED_KEY,
            &StoredRef {
                subject: &self.subject,
                purposes: &self.purposes,
                value: self.erased.is_none().then_some(&self.value),
                erased: self.erased.as_deref().copied(),
            },
        )?;
        map.end()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
struct StoredOwned<T> {
    subject: String,
    purposes: BTreeSet<Purpose>,
    // Two layers, so that a value that is itself `null` is told from none.
    #[serde(default = "Option::default", deserialize_with = "given")]
    value: Option<T>,
    #[serde(default)]
    erased: Option<Digest32>,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

struct Reader<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de> + Placeholder> de::Visitor<'de> for Reader<T> {
    type Value = Personal<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("personal data in its stored form")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Err(E::custom(if text == REDACTED {
            "the personal value was redacted when this was written and cannot be read back; \
             write it inside `personal::stored`"
        } else {
            "personal data came as plain text instead of its stored form"
        }))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key::<String>()? {
            Some(key) if key == STORED_KEY => {}
            _ => return Err(de::Error::missing_field(STORED_KEY)),
        }
        let stored: StoredOwned<T> = map.next_value()?;
        if map.next_key::<String>()?.is_some() {
            return Err(de::Error::custom(
                "personal data in its stored form has one key only",
            ));
        }
        let value = match (stored.value, stored.erased) {
            (Some(value), None) => value,
            (None, Some(_)) => T::placeholder(),
            _ => {
                return Err(de::Error::custom(
                    "personal data in its stored form is either there or erased",
                ));
            }
        };
        Ok(Personal {
            value,
            subject: stored.subject,
            purposes: stored.purposes,
            erased: stored.erased.map(Box::new),
        })
    }
}

impl<'de, T: Deserialize<'de> + Placeholder> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-7f3a";

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Card {
        name: Personal<String>,
        size: u32,
    }

    fn card() -> Card {
        Card {
            name: Personal::new(CANARY.to_owned(), "contact_1"),
            size: 3,
        }
    }

    #[test]
    fn the_value_is_in_no_debug_and_no_json_outside_of_the_scope() {
        let card = card();
        let seen = [
            format!("{card:?}"),
            format!("{card:#?}"),
            serde_json::to_string(&card).unwrap(),
            serde_json::to_value(&card).unwrap().to_string(),
            format!("{:?}", card.name.reveal_if(Purpose::Contact).map(|_| ())),
        ];
        for text in seen {
            assert!(!text.contains(CANARY), "{text}");
        }
        assert_eq!(
            serde_json::to_string(&card).unwrap(),
            r#"{"name":"[personal]","size":3}"#
        );
    }

    #[test]
    fn the_stored_form_comes_back_and_stays() {
        let mut card = card();
        card.name = card.name.only_for([Purpose::Invoice, Purpose::Contact]);
        let text = stored(|| serde_json::to_string(&card).unwrap());
        assert_eq!(
            text,
            r#"{"name":{"$personal":{"subject":"contact_1","purposes":["contact","invoice"],"value":"canary-7f3a"}},"size":3}"#
        );
        assert_eq!(serde_json::from_str::<Card>(&text).unwrap(), card);
        let value = stored(|| serde_json::to_value(&card).unwrap());
        assert_eq!(serde_json::from_value::<Card>(value).unwrap(), card);
    }

    #[test]
    fn the_scope_ends_with_the_call_also_by_panic_and_on_other_threads() {
        let json = || serde_json::to_string(&card()).unwrap();
        let panicked = std::panic::catch_unwind(|| stored(|| panic!("on purpose")));
        assert!(panicked.is_err());
        assert!(!json().contains(CANARY));
        stored(|| {
            stored(|| ());
            assert!(json().contains(CANARY));
            let other = std::thread::spawn(move || serde_json::to_string(&card()).unwrap());
            assert!(!other.join().unwrap().contains(CANARY));
        });
        assert!(!json().contains(CANARY));
    }

    #[test]
    fn redacted_and_plain_values_are_not_read_back() {
        let read = |text: &str| serde_json::from_str::<Personal<String>>(text);
        let redacted = read(r#""[personal]""#).unwrap_err().to_string();
        assert!(redacted.contains("redacted"), "{redacted}");
        let plain = read(r#""Ada""#).unwrap_err().to_string();
        assert!(
            plain.contains("plain text") && !plain.contains("Ada"),
            "{plain}"
        );
        assert!(read("{}").is_err() && read("7").is_err());
        assert!(read(r#"{"$personal":{"subject":"s","purposes":[],"value":"v"},"x":1}"#).is_err());
    }

    #[test]
    fn an_erased_value_is_a_placeholder_that_comes_back_as_one() {
        let was = Digest32::of(b"what it was");
        let text = format!(
            r#"{{"name":{{"$personal":{{"subject":"contact_1","purposes":[],"erased":"{}"}}}},"size":3}}"#,
            was.to_hex()
        );
        let read: Card = serde_json::from_str(&text).unwrap();
        assert!(read.name.is_erased() && !card().name.is_erased());
        assert_eq!(read.name.reveal(Purpose::Contact), "[erased]");
        assert!(read.name.reveal_if(Purpose::Contact).is_err());
        assert_eq!(stored(|| serde_json::to_string(&read).unwrap()), text);
        let both = text.replace("\"purposes\"", "\"value\":\"x\",\"purposes\"");
        assert!(serde_json::from_str::<Card>(&both).is_err());
        let none: Option<Personal<String>> = serde_json::from_str("null").unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn reading_for_another_purpose_is_denied() {
        let name = card().name.only_for([Purpose::Invoice]);
        assert!(name.allows(Purpose::Invoice) && name.reveal_if(Purpose::Invoice).is_ok());
        let denied = name.reveal_if(Purpose::Contact).unwrap_err().to_string();
        assert_eq!(
            denied,
            "this value may not be read for contact; it was collected for other purposes"
        );
        let length = name.clone().map(|name| name.len());
        assert_eq!(
            (length.subject(), length.purposes().count()),
            ("contact_1", 1)
        );
    }
}
