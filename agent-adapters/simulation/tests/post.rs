//! What comes back by mail, by a provider's event and by an opt-out's link, held against what was
//! sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::party::{Channel, EmailAddress};
use dealwright_core::process::{Actor, EffectClass};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    ApprovalMode, Letter, LetterClass, Messenger, News, Receipt, Recipient, RecipientState,
    Sendable,
};
use dealwright_deals::deal::Deal;
use dealwright_runtime::{Agency, Business, OptOutToken, Stray, Taken, unknown_works};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, bakery,
    processes, start,
};
use futures::executor::block_on;

/// An agency that wrote its first letter to `n` bakeries.
struct Rig {
    agency: Agency,
    mail: FakeMailProvider,
    clock: VirtualClock,
    day: i64,
}

impl Rig {
    fn new(n: usize) -> Self {
        let mail = FakeMailProvider::new(EffectClass::Idempotent);
        Self::with(n, mail.clone(), mail)
    }

    /// The same by another messenger before the provider `mail`.
    fn with(n: usize, mail: FakeMailProvider, messenger: impl Messenger + 'static) -> Self {
        let clock = VirtualClock::new(start());
        let mut business = Business::starter().unwrap();
        business.law.approval = ApprovalMode::Autonomous;
        business.read_websites = false;
        let agency = Agency::builder(business)
            .messenger(messenger)
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .build()
            .unwrap();
        for i in 0..n {
            let record = bakery(u32::try_from(i).unwrap() + 1, &address(i)).unwrap();
            let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
            block_on(agency.intake(&Actor::System, lead, record, start())).unwrap();
        }
        let mut rig = Self {
            agency,
            mail,
            clock,
            day: 0,
        };
        rig.days(3);
        assert_eq!(rig.letters().len(), n, "one first letter each");
        rig
    }

    fn days(&mut self, days: i64) {
        self.day += days;
        let end = start() + Duration::days(self.day);
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        block_on(driver.run_until(end, &mut NoHook)).unwrap();
    }

    fn now(&self) -> Timestamp {
        start() + Duration::days(self.day)
    }

    fn letters(&self) -> Vec<Letter> {
        let books = self.mail.books();
        let mut letters: Vec<_> = books.letters().values().collect();
        letters.sort_by_key(|b| (b.at, b.letter.message_id.clone()));
        letters.into_iter().map(|b| b.letter.clone()).collect()
    }

    fn letter_to(&self, n: usize) -> Letter {
        let to = address(n);
        let ours = |l: &Letter| *l.to.reveal(dealwright_core::personal::Purpose::Contact) == to;
        self.letters().into_iter().find(ours).expect("a letter")
    }

    fn event(&self, key: &str, what: MailEventKind) -> MailEvent {
        MailEvent {
            key: key.to_owned(),
            what,
            letters: Vec::new(),
            effect: None,
            address: None,
            at: self.now(),
            source: "imap".to_owned(),
        }
    }

    /// An answer in these words to the letter for the `n`-th.
    fn answer(&self, n: usize, text: &str, automatic: bool) -> MailEvent {
        let what = MailEventKind::Answered {
            text: Untrusted::new(text.to_owned()),
            automatic,
        };
        let mut event = self.event("answer-1", what);
        event.letters = vec![self.letter_to(n).message_id];
        event
    }

    fn mail(&self, event: &MailEvent) -> Taken {
        block_on(self.agency.mail(event)).unwrap()
    }

    fn recipient(&self, address: &EmailAddress) -> RecipientState {
        let key = self.agency.host().recipient(address);
        let state = block_on(self.agency.host().state::<Recipient>(&key)).unwrap();
        state.map(|(_, state)| state).unwrap_or_default()
    }

    fn stopped(&self, n: usize, class: LetterClass) -> bool {
        self.recipient(&address(n)).is_suppressed(class)
    }
}

fn address(n: usize) -> EmailAddress {
    EmailAddress::parse(&format!("office@bakery-{n}.example")).unwrap()
}

#[test]
fn a_hard_bounce_and_a_complaint_stop_everything_and_a_block_stops_nothing() {
    let mut rig = Rig::new(3);
    let kinds = [
        MailEventKind::Bounced(BounceClass::Hard),
        MailEventKind::Complained,
        MailEventKind::Bounced(BounceClass::Block),
    ];
    for (n, what) in kinds.into_iter().enumerate() {
        let mut event = rig.event(&format!("dsn-{n}"), what);
        event.letters = vec![
            "other@elsewhere.example".to_owned(),
            rig.letter_to(n).message_id,
        ];
        assert!(
            matches!(rig.mail(&event), Taken::Heard { new: true, .. }),
            "{n}"
        );
        // Told again, nothing new is heard.
        assert!(
            matches!(rig.mail(&event), Taken::Heard { new: false, .. }),
            "{n}"
        );
    }
    rig.days(1);
    assert!(rig.stopped(0, LetterClass::Service), "the mailbox is gone");
    assert!(rig.stopped(1, LetterClass::Service), "they complained");
    assert!(
        !rig.stopped(2, LetterClass::Marketing),
        "OU-11: a policy block says nothing of them"
    );
}

#[test]
fn a_forged_bounce_suppresses_nobody() {
    let mut rig = Rig::new(1);
    let stranger = EmailAddress::parse("ceo@victim.example").unwrap();
    let mut forged = rig.event("forged-1", MailEventKind::Bounced(BounceClass::Hard));
    forged.address = Some(stranger.clone());
    forged.letters = vec!["made-up@agency.example".to_owned()];
    assert_eq!(rig.mail(&forged), Taken::Stray(Stray::NotSent));
    forged.key = "forged-2".to_owned();
    forged.address = None;
    forged.letters.clear();
    assert_eq!(rig.mail(&forged), Taken::Stray(Stray::Nameless));
    // Of somebody written to it is believed for a week after the last letter, no longer.
    let sent = rig.recipient(&address(0)).last_sent().unwrap();
    forged.address = Some(address(0));
    forged.at = sent + Duration::days(8);
    assert_eq!(rig.mail(&forged), Taken::Stray(Stray::NotSent));
    rig.days(1);
    assert!(
        !rig.recipient(&stranger)
            .is_suppressed(LetterClass::Marketing)
    );
    assert!(!rig.stopped(0, LetterClass::Marketing));
    forged.at = sent + Duration::days(6);
    assert!(matches!(rig.mail(&forged), Taken::Heard { .. }));
}

#[test]
fn an_answer_finds_its_letter_from_another_address_too_and_a_stranger_s_is_stray() {
    let mut rig = Rig::new(1);
    let mut event = rig.answer(0, "Please take me off your list.", false);
    let letters = std::mem::take(&mut event.letters);
    let assistant = EmailAddress::parse("kim@somewhere.example").unwrap();
    event.address = Some(assistant.clone());
    assert_eq!(rig.mail(&event), Taken::Stray(Stray::Unasked));
    event.letters = letters;
    let heard = rig.mail(&event);
    assert!(
        matches!(
            heard,
            Taken::Heard {
                news: News::OptOut,
                ..
            }
        ),
        "{heard:?}"
    );
    rig.days(1);
    assert!(
        rig.stopped(0, LetterClass::Marketing),
        "the one who was written to"
    );
    assert!(
        rig.recipient(&assistant)
            .is_suppressed(LetterClass::Marketing),
        "the one who wrote"
    );
}

#[test]
fn a_machine_s_answer_is_no_opt_out_and_no_yes() {
    let mut rig = Rig::new(1);
    let words = "I am away. To unsubscribe from my newsletter, write STOP.";
    let event = rig.answer(0, words, true);
    let heard = rig.mail(&event);
    assert!(
        matches!(
            heard,
            Taken::Heard {
                news: News::OutOfOffice,
                ..
            }
        ),
        "{heard:?}"
    );
    rig.days(1);
    assert!(!rig.stopped(0, LetterClass::Marketing));
}

/// CS-6b: the link works long after the letter; CS-6a: from then on nothing sold is written.
#[test]
fn an_opt_out_address_works_400_days_later_and_stops_what_sells() {
    let mut rig = Rig::new(1);
    let letter = rig.letter_to(0);
    let token = OptOutToken::parse(letter.notices.opt_out.unwrap().token()).unwrap();
    assert_eq!(block_on(rig.agency.opted_out(&token)).unwrap(), Some(false));
    rig.days(400);
    let at = rig.now();
    let unknown = OptOutToken::parse(&"0".repeat(64)).unwrap();
    assert_eq!(
        block_on(rig.agency.opt_out(&unknown, "one-click", at)).unwrap(),
        None
    );
    for _ in 0..2 {
        let taken = block_on(rig.agency.opt_out(&token, "one-click", at)).unwrap();
        assert_eq!(taken, Some(()));
    }
    rig.days(1);
    assert_eq!(block_on(rig.agency.opted_out(&token)).unwrap(), Some(true));
    assert!(rig.stopped(0, LetterClass::Marketing));
    assert!(
        !rig.stopped(0, LetterClass::Service),
        "a choice, not a fact about the mailbox"
    );
    let stops = rig.recipient(&address(0)).suppressions().len();
    block_on(rig.agency.opt_out(&token, "page", at)).unwrap();
    rig.days(1);
    assert_eq!(rig.recipient(&address(0)).suppressions().len(), stops);
}

/// What an answer does to the deal: it is read, and no further touch goes out.
#[test]
fn an_answer_moves_the_deal_and_stops_the_sequence() {
    let mut rig = Rig::new(1);
    let text = "That sounds useful. We need a website audit. What would it cost?";
    let mut event = rig.answer(0, text, false);
    event.address = Some(address(0));
    assert!(matches!(
        rig.mail(&event),
        Taken::Heard {
            news: News::Reply,
            ..
        }
    ));
    rig.days(30);
    let steps: Vec<String> = rig.letters().into_iter().map(|l| l.step).collect();
    let touches = steps.iter().filter(|s| s.starts_with("touch")).count();
    assert_eq!(touches, 1, "{steps:?}");
    assert!(steps.len() > 1, "they are answered: {steps:?}");
    let keys = block_on(processes(rig.agency.host())).unwrap();
    let deal = keys.iter().find(|k| k.kind() == "deal").unwrap();
    let (_, deal) = block_on(rig.agency.host().state::<Deal>(deal))
        .unwrap()
        .unwrap();
    assert!(!deal.requirements().is_empty());
}

/// Takes letters and never says so.
#[derive(Debug)]
struct Mute(FakeMailProvider);

#[async_trait]
impl Messenger for Mute {
    fn channel(&self) -> Channel {
        self.0.channel()
    }

    fn class(&self) -> EffectClass {
        EffectClass::AtMostOnce
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        self.0.send(sendable).await?;
        Err(PortError::new("send letter", PortErrorKind::Timeout))
    }
}

#[test]
fn a_provider_s_event_settles_a_letter_that_nobody_knew_of() {
    let mail = FakeMailProvider::new(EffectClass::AtMostOnce);
    let mut rig = Rig::with(1, mail.clone(), Mute(mail));
    let unknown = |rig: &Rig| block_on(unknown_works(rig.agency.host())).unwrap();
    let works = unknown(&rig);
    let [work] = works.as_slice() else {
        panic!("{works:?}")
    };
    let provider_id = "mail-1".to_owned();
    let mut event = rig.event("processed-1", MailEventKind::Taken { provider_id });
    assert_eq!(
        rig.mail(&event),
        Taken::Noted,
        "without our key it is nobody's"
    );
    event.effect = Some(work.effect_key());
    assert_eq!(rig.mail(&event), Taken::Settled(work.key.clone()));
    assert_eq!(rig.mail(&event), Taken::Noted, "once");
    rig.days(1);
    assert!(unknown(&rig).is_empty());
    assert!(
        rig.recipient(&address(0)).last_sent().is_some(),
        "it counts as sent"
    );
}
