//! What comes back by mail, by a provider's event and by an opt-out's link, held against what was
//! sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

use chrono::Duration;
use dealwright_core::id::LeadId;
use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::page::SourceName;
use dealwright_core::party::{Country, EmailAddress, LegalForm};
use dealwright_core::personal::Personal;
use dealwright_core::process::{Actor, EffectClass};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{ApprovalMode, Letter, LetterClass, News, Recipient, RecipientState};
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::IntakeRecord;
use dealwright_runtime::{Agency, Business, OptOutToken, Stray, Taken};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, processes, start,
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
        let clock = VirtualClock::new(start());
        let mail = FakeMailProvider::new(EffectClass::Idempotent);
        let mut business = Business::starter().unwrap();
        business.law.approval = ApprovalMode::Autonomous;
        business.read_websites = false;
        let agency = Agency::builder(business)
            .messenger(mail.clone())
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .build()
            .unwrap();
        for i in 0..n {
            let record = record(i);
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

fn record(n: usize) -> IntakeRecord {
    let source = SourceName::parse("example-directory").unwrap();
    let mut record = IntakeRecord::new(source, format!("row-{n}"), start());
    record.name = Some(format!(
        "{} Bakery Ltd",
        ["Amsel", "Birke", "Cedar", "Drossel"].get(n % 4).unwrap()
    ));
    record.email = Some(Personal::new(address(n), format!("person-{n}")));
    record.street = Some(format!("{} Example Street", n + 1));
    record.locality = Some("Springfield".to_owned());
    record.postal_code = Some("62701".to_owned());
    record.country = Country::parse("US").ok();
    record.zone = Some("America/Chicago".to_owned());
    record.sector = Some("bakery".to_owned());
    record.legal_form = LegalForm::from_name("Example Ltd");
    record.source_notice = "We found your address in the Example Directory.".to_owned();
    record.contact_allowed = true;
    record
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
    let text = Untrusted::new("Please take me off your list.".to_owned());
    let what = MailEventKind::Answered {
        text,
        automatic: false,
    };
    let mut event = rig.event("answer-1", what);
    let assistant = EmailAddress::parse("kim@somewhere.example").unwrap();
    event.address = Some(assistant.clone());
    assert_eq!(rig.mail(&event), Taken::Stray(Stray::Unasked));
    event.letters = vec![rig.letter_to(0).message_id];
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
    let text =
        Untrusted::new("I am away. To unsubscribe from my newsletter, write STOP.".to_owned());
    let what = MailEventKind::Answered {
        text,
        automatic: true,
    };
    let mut event = rig.event("auto-1", what);
    event.letters = vec![rig.letter_to(0).message_id];
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
    let what = MailEventKind::Answered {
        text: Untrusted::new(text.to_owned()),
        automatic: false,
    };
    let mut event = rig.event("answer-1", what);
    event.letters = vec![rig.letter_to(0).message_id];
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
