//! Port: the mailbox that mail comes back to.

use std::fmt::{self, Debug};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::PortError;

/// How far a mailbox was read (RFC 9051, 2.3.1.1).
///
/// Its text is `VALIDITY.LAST`, for example `1732440000.17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the two numbers of the protocol; adapters make it"
)]
pub struct MailboxPlace {
    /// The numbering that `last` is of. A mailbox that numbers its mails anew has another one.
    pub validity: u32,
    /// The number of the last mail that was read.
    pub last: u32,
}

impl fmt::Display for MailboxPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.validity, self.last)
    }
}

/// The text is no place in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place in a mailbox; it is two numbers with a dot, as `1732440000.17`")]
pub struct PlaceError(String);

impl FromStr for MailboxPlace {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let parts = text.split_once('.').and_then(|(validity, last)| {
            Some(Self {
                validity: validity.parse().ok()?,
                last: last.parse().ok()?,
            })
        });
        parts.ok_or_else(|| PlaceError(text.to_owned()))
    }
}

/// Why a mail was left in the mailbox unread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is larger than is taken.
    #[error("it has {size} bytes, and at most {limit} are read")]
    TooLarge {
        /// Its size, in bytes.
        size: u64,
        /// The most that is taken.
        limit: u64,
    },
    /// The server cannot give it, or gives something that is none.
    #[error("the server does not give it: {0}")]
    NotGiven(String),
}

/// A mail in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what there is of a mail before it is read; adapters make it"
)]
pub struct Arrived {
    /// Where reading goes on after it.
    pub place: MailboxPlace,
    /// Its bytes as they came.
    pub mail: Result<Vec<u8>, Unreadable>,
}

/// Port: a mailbox that mail comes back to.
///
/// # Contract
///
/// - `after` answers what came after a place, oldest first, at most `n`, each mail once; with the
///   place of the last one given again it goes on behind it, and answers nothing where there is
///   nothing. Without a place, or with one of another numbering, it begins with the first mail.
/// - A mail that cannot be read is answered as [`Unreadable`] and keeps no other back.
/// - Reading changes nothing: who reads again from the same place gets the same.
/// - `wait` returns at once where there is something after the place, soon once something comes,
///   and at the latest when the time is over.
/// - An error means that nothing is known, never that there is no mail: `PermissionDenied` where
///   the mailbox does not let us in, `NotFound` where there is none of that name, `Unavailable` or
///   `Timeout` where it may be tried again.
///
/// Implementors prove this with `inbox_conformance!` (feature `testing`).
#[async_trait]
pub trait Inbox: Debug + Send + Sync {
    /// What came after a place.
    async fn after(&self, place: Option<MailboxPlace>, n: usize)
    -> Result<Vec<Arrived>, PortError>;

    /// Until there is something after a place, `at_most` so long.
    async fn wait(&self, place: Option<MailboxPlace>, at_most: Duration) -> Result<(), PortError>;
}

/// A mailbox in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryInbox {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    validity: u32,
    mails: Vec<(u32, Result<Vec<u8>, Unreadable>)>,
}

impl MemoryInbox {
    /// An empty mailbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a mail in.
    pub fn deliver(&self, mail: Result<Vec<u8>, Unreadable>) {
        self.with(|kept| {
            let last = kept.mails.last();
            let number = last.map_or(1, |(last, _)| last.saturating_add(1));
            kept.mails.push((number, mail));
        });
    }

    /// Numbers its mails anew, from 1.
    pub fn renumber(&self) {
        self.with(|kept| {
            kept.validity = kept.validity.wrapping_add(1);
            for ((number, _), new) in kept.mails.iter_mut().zip(1..) {
                *number = new;
            }
        });
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn after(
        &self,
        place: Option<MailboxPlace>,
        n: usize,
    ) -> Result<Vec<Arrived>, PortError> {
        Ok(self.with(|kept| {
            let validity = kept.validity;
            let last = place
                .filter(|p| p.validity == validity)
                .map_or(0, |p| p.last);
            let later = kept.mails.iter().filter(|(number, _)| *number > last);
            later
                .take(n)
                .map(|(number, mail)| Arrived {
                    place: MailboxPlace {
                        validity,
                        last: *number,
                    },
                    mail: mail.clone(),
                })
                .collect()
        }))
    }

    async fn wait(&self, _: Option<MailboxPlace>, _: Duration) -> Result<(), PortError> {
        Ok(())
    }
}

/// One function for each clause of the contract of [`Inbox`].
#[cfg(any(test, feature = "testing"))]
pub mod conformance {
    use std::time::Duration;

    use async_trait::async_trait;

    use super::{Arrived, Inbox, MailboxPlace};

    /// A mailbox as a test sees it from outside.
    #[async_trait]
    pub trait Mailbox: Send + Sync {
        /// How the adapter reads it.
        fn inbox(&self) -> &dyn Inbox;

        /// Lets a mail arrive whose last line is `text`. It is there once this returns.
        async fn deliver(&self, text: &str);
    }

    async fn read(inbox: &dyn Inbox, place: Option<MailboxPlace>, n: usize) -> Vec<Arrived> {
        match inbox.after(place, n).await {
            Ok(arrived) => arrived,
            Err(error) => unreachable!("the mailbox can be read: {}", error.chain()),
        }
    }

    /// The last lines of the mails.
    fn lines(arrived: &[Arrived]) -> Vec<String> {
        let last = |mail: &Vec<u8>| {
            let text = String::from_utf8_lossy(mail);
            let last = text.trim_end().lines().last();
            last.unwrap_or_default().to_owned()
        };
        arrived
            .iter()
            .filter_map(|a| a.mail.as_ref().ok().map(last))
            .collect()
    }

    fn end(arrived: &[Arrived]) -> Option<MailboxPlace> {
        arrived.last().map(|a| a.place)
    }

    /// Mails come oldest first, each once, and reading goes on where it ended.
    pub async fn each_mail_comes_once_in_order(mailbox: &dyn Mailbox) {
        let inbox = mailbox.inbox();
        assert!(read(inbox, None, 10).await.is_empty(), "an empty mailbox");
        for text in ["one", "two", "three"] {
            mailbox.deliver(text).await;
        }
        let first = read(inbox, None, 2).await;
        assert_eq!(lines(&first), ["one", "two"], "at most two");
        let rest = read(inbox, end(&first), 10).await;
        assert_eq!(lines(&rest), ["three"]);
        let none = read(inbox, end(&rest), 10).await;
        assert!(none.is_empty(), "what was read comes again");
        mailbox.deliver("four").await;
        assert_eq!(lines(&read(inbox, end(&rest), 10).await), ["four"]);
    }

    /// Reading changes nothing.
    pub async fn reading_again_gives_the_same(mailbox: &dyn Mailbox) {
        mailbox.deliver("one").await;
        mailbox.deliver("two").await;
        let inbox = mailbox.inbox();
        let first = read(inbox, None, 10).await;
        assert_eq!(lines(&first), ["one", "two"]);
        assert_eq!(read(inbox, None, 10).await, first);
    }

    /// A place of another numbering is none.
    pub async fn another_numbering_begins_anew(mailbox: &dyn Mailbox) {
        mailbox.deliver("one").await;
        mailbox.deliver("two").await;
        let inbox = mailbox.inbox();
        let Some(now) = end(&read(inbox, None, 10).await) else {
            unreachable!("two mails are there");
        };
        let old = MailboxPlace {
            validity: now.validity.wrapping_add(1),
            last: now.last,
        };
        let anew = read(inbox, Some(old), 10).await;
        assert_eq!(lines(&anew), ["one", "two"]);
    }

    /// Waiting ends where something is there, where something came, and where nothing does. How
    /// soon is for the adapter's own tests, which have a clock.
    pub async fn waiting_ends(mailbox: &dyn Mailbox) {
        let inbox = mailbox.inbox();
        mailbox.deliver("one").await;
        let patience = Duration::from_secs(10);
        assert!(
            inbox.wait(None, patience).await.is_ok(),
            "there is something"
        );
        let place = end(&read(inbox, None, 10).await);
        let waited = inbox.wait(place, Duration::from_secs(1)).await;
        assert!(waited.is_ok(), "nothing comes");
        mailbox.deliver("two").await;
        assert!(inbox.wait(place, patience).await.is_ok(), "something came");
        assert_eq!(lines(&read(inbox, place, 10).await), ["two"]);
    }
}

/// Makes a test of each clause:
/// `inbox_conformance!(#[tokio::test] async { MyMailbox::start().await })`.
///
/// The block makes a fresh, empty [`Mailbox`](crate::mail::inbox_conformance::Mailbox) and is
/// awaited.
#[cfg(any(test, feature = "testing"))]
#[macro_export]
macro_rules! inbox_conformance {
    (#[$test:meta] async $make:block) => {
        $crate::inbox_conformance!(@ #[$test] $make each_mail_comes_once_in_order
            reading_again_gives_the_same another_numbering_begins_anew waiting_ends);
    };
    (@ #[$test:meta] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let mailbox = async { $make }.await;
            $crate::mail::inbox_conformance::$clause(&mailbox).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::conformance::Mailbox;
    use super::*;
    use crate::error::PortErrorKind;

    /// Breaks one clause.
    #[derive(Debug)]
    struct Broken(MemoryInbox, &'static str);

    #[async_trait]
    impl Inbox for Broken {
        async fn after(
            &self,
            place: Option<MailboxPlace>,
            n: usize,
        ) -> Result<Vec<Arrived>, PortError> {
            let all = self.0.after(None, usize::MAX).await?;
            let found = self.0.after(place, n).await?;
            Ok(match self.1 {
                // As `UID FETCH n:*` does, which always has the last one.
                "repeats the last" if found.is_empty() => all.into_iter().rev().take(1).collect(),
                "newest first" => found.into_iter().rev().collect(),
                "ignores n" => self.0.after(place, usize::MAX).await?,
                "takes away" => {
                    self.0.with(|kept| kept.mails.clear());
                    found
                }
                "ignores the numbering" => all
                    .into_iter()
                    .filter(|a| place.is_none_or(|p| a.place.last > p.last))
                    .take(n)
                    .collect(),
                _ => found,
            })
        }

        async fn wait(&self, _: Option<MailboxPlace>, _: Duration) -> Result<(), PortError> {
            if self.1 == "hangs up" {
                return Err(PortError::new("wait for mail", PortErrorKind::Unavailable));
            }
            Ok(())
        }
    }

    #[async_trait]
    impl Mailbox for Broken {
        fn inbox(&self) -> &dyn Inbox {
            self
        }

        async fn deliver(&self, text: &str) {
            self.0.deliver(Ok(text.as_bytes().to_vec()));
        }
    }

    fn fails(how: &'static str) -> Vec<&'static str> {
        let clauses = ["order", "again", "numbering", "waiting"];
        let broken = |clause: &&str| {
            let played = std::panic::catch_unwind(|| {
                let mailbox = Broken(MemoryInbox::new(), how);
                block_on(async {
                    match *clause {
                        "order" => conformance::each_mail_comes_once_in_order(&mailbox).await,
                        "again" => conformance::reading_again_gives_the_same(&mailbox).await,
                        "numbering" => conformance::another_numbering_begins_anew(&mailbox).await,
                        _ => conformance::waiting_ends(&mailbox).await,
                    }
                });
            });
            played.is_err()
        };
        clauses.into_iter().filter(broken).collect()
    }

    #[test]
    fn the_kit_passes_what_is_sound_and_catches_what_is_broken() {
        assert_eq!(fails(""), [""; 0]);
        assert_eq!(fails("repeats the last"), ["order"]);
        assert!(fails("newest first").contains(&"order"));
        assert_eq!(fails("ignores n"), ["order"]);
        assert!(fails("takes away").contains(&"again"));
        assert_eq!(fails("ignores the numbering"), ["numbering"]);
        assert_eq!(fails("hangs up"), ["waiting"]);
    }

    #[test]
    fn a_mailbox_that_numbers_anew_is_read_anew_and_a_bad_mail_keeps_none_back() {
        let inbox = MemoryInbox::new();
        inbox.deliver(Ok(b"one".to_vec()));
        inbox.deliver(Err(Unreadable::TooLarge { size: 9, limit: 3 }));
        inbox.deliver(Ok(b"three".to_vec()));
        let read = |place| block_on(inbox.after(place, 9)).unwrap();
        let all = read(None);
        assert_eq!(all.len(), 3);
        let why = all[1].mail.as_ref().unwrap_err().to_string();
        assert_eq!(why, "it has 9 bytes, and at most 3 are read");
        assert!(read(Some(all[2].place)).is_empty());
        inbox.renumber();
        assert_eq!(read(Some(all[2].place)).len(), 3);
    }

    #[test]
    fn a_place_is_two_numbers() {
        let place = MailboxPlace {
            validity: 1_732_440_000,
            last: 17,
        };
        assert_eq!("1732440000.17".parse(), Ok(place));
        assert_eq!(place.to_string(), "1732440000.17");
        for wrong in ["", "17", "1.2.3", "-1.2", "1.4294967296"] {
            assert!(wrong.parse::<MailboxPlace>().is_err(), "{wrong}");
        }
    }
}
