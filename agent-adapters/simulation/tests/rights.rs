//! The rights of the people written to: what is kept of them is found whole, they are left alone at
//! once, and once forgotten nothing brings them back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::blobs::{Blobs, MemoryBlobs};
use dealwright_core::error::PortErrorKind;
use dealwright_core::id::LeadId;
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{Actor, EffectClass, MemoryStore, Store};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{ApprovalMode, LetterClass, Recipient};
use dealwright_deals::deal::{Deal, DealStage, DealState, DocumentKey};
use dealwright_embedded::{EmbeddedStore, Options};
use dealwright_runtime::{Agency, Business, ExportedValue, SubjectExport};
use dealwright_simulation::{
    BookedLetter, FakeMailProvider, FakePaymentProvider, NoHook, SeededRng, SequentialDriver,
    SimClients, SyntheticSites, VirtualClock, bakery, processes, start,
};
use dealwright_system::Keyring;
use futures::executor::block_on;

const KEY: [u8; 32] = [7; 32];

/// An agency with keys that can be destroyed, and what it is made of.
struct Rig {
    agency: Agency,
    blobs: Arc<MemoryBlobs>,
    mail: FakeMailProvider,
    clock: VirtualClock,
    clients: SimClients,
    day: i64,
}

fn agency(
    store: Arc<dyn Store>,
    blobs: &Arc<MemoryBlobs>,
    mail: &FakeMailProvider,
    clock: &VirtualClock,
    keys: Keyring,
) -> Agency {
    let mut business = Business::starter().unwrap();
    business.law.approval = ApprovalMode::Autonomous;
    business.auto_people = true;
    Agency::builder(business)
        .fetcher(SyntheticSites::new(SeededRng::new(3), clock.clone()))
        .store(store)
        .erasable_blobs(Arc::clone(blobs))
        .keys(keys)
        .messenger(mail.clone())
        .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
        .build()
        .unwrap()
}

impl Rig {
    fn new(n: u32) -> Self {
        Self::on(n, Arc::new(MemoryStore::default()), Keyring::new(KEY))
    }

    fn on(n: u32, store: Arc<dyn Store>, keys: Keyring) -> Self {
        let mail = FakeMailProvider::new(EffectClass::Idempotent);
        let blobs = Arc::default();
        let clock = VirtualClock::new(start());
        let agency = agency(store, &blobs, &mail, &clock, keys);
        let rig = Self {
            clients: SimClients::new(agency.clone(), SeededRng::new(3)),
            agency,
            blobs,
            mail,
            clock,
            day: 0,
        };
        for i in 0..n {
            rig.import(i, &format!("person-{i}"));
        }
        rig
    }

    fn import(&self, n: u32, subject: &str) {
        let mut record = bakery(n + 1, &address(n)).unwrap();
        record.person = Some(Personal::new(format!("Canary {n} Holder"), subject));
        record.email = Some(Personal::new(address(n), subject));
        record.key = format!("row-{n}-{subject}");
        let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
        block_on(self.agency.intake(&operator(), lead, record, self.now())).unwrap();
    }

    /// Days in which clients do as clients do.
    fn days(&mut self, days: i64) {
        self.day += days;
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        block_on(driver.run_until(self.now(), &mut self.clients)).unwrap();
    }

    /// Days in which nobody says anything.
    fn quiet(&mut self, days: i64) {
        self.day += days;
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        block_on(driver.run_until(self.now(), &mut NoHook)).unwrap();
    }

    fn now(&self) -> Timestamp {
        start() + Duration::days(self.day)
    }

    fn letters_to(&self, address: &EmailAddress) -> usize {
        let books = self.mail.books();
        let mine = |b: &&BookedLetter| is_to(b, address);
        books.letters().values().filter(mine).count()
    }

    fn export(&self, n: u32) -> SubjectExport {
        block_on(
            self.agency
                .subject_export(&operator(), &address(n), self.now()),
        )
        .unwrap()
    }

    /// The deals and whom each is with.
    fn deals(&self) -> Vec<(EmailAddress, DealState)> {
        let keys = block_on(processes(self.agency.host())).unwrap();
        keys.iter()
            .filter(|k| k.kind() == "deal")
            .filter_map(|k| block_on(self.agency.host().state::<Deal>(k)).unwrap())
            .filter_map(|(_, deal)| {
                let address = deal.lead()?.parts().address.as_ref()?;
                let to = address.reveal(Purpose::Contact).clone();
                Some((to, deal))
            })
            .collect()
    }

    fn suppressed(&self, address: &EmailAddress, class: LetterClass) -> bool {
        let key = self.agency.host().recipient(address);
        let state = block_on(self.agency.host().state::<Recipient>(&key)).unwrap();
        state.is_some_and(|(_, state)| state.is_suppressed(class))
    }

    /// Everything that the store and the blobs hold, as somebody with the keys reads it.
    fn readable(&self, agency: &Agency, n: u32) -> String {
        let found = block_on(agency.subject_export(&operator(), &address(n), self.now())).unwrap();
        let values: Vec<_> = found.values.iter().map(|v| &v.value).collect();
        serde_json::to_string(&values).unwrap()
    }
}

fn is_to(booked: &BookedLetter, address: &EmailAddress) -> bool {
    booked.letter.to.reveal(Purpose::Contact) == address
}

fn operator() -> Actor {
    Actor::person("operator")
}

fn address(n: u32) -> EmailAddress {
    EmailAddress::parse(&format!("canary-{n}@bakery-{n}.example")).unwrap()
}

// covers: CO-3
#[test]
fn an_export_holds_every_value_of_a_person_and_none_of_another() {
    let mut rig = Rig::new(3);
    rig.quiet(3);
    let found = rig.export(1);
    let text = serde_json::to_string(&found).unwrap();
    for canary in ["Canary 1 Holder", "canary-1@bakery-1.example"] {
        assert!(text.contains(canary), "{canary}: {text}");
    }
    for other in ["canary-0@", "canary-2@", "Canary 0", "Canary 2"] {
        assert!(!text.contains(other), "{other}: {text}");
    }
    // In the lead's input and state, in the deal that it was handed to, and at the gate.
    for kind in ["lead", "deal", "recipient"] {
        let there = |v: &ExportedValue| v.places.iter().any(|p| p.process.contains(kind));
        assert!(found.values.iter().any(there), "nothing from {kind}");
    }
    let letter = rig
        .mail
        .books()
        .letters()
        .values()
        .find(|b| is_to(b, &address(1)))
        .unwrap()
        .letter
        .clone();
    assert!(text.contains(&letter.subject()), "the letter that they got");
    let why = block_on(
        rig.agency
            .letter_sent_as(&operator(), &format!("<{}>", letter.message_id)),
    );
    let why = why.unwrap().expect("the letter under its Message-ID");
    assert_eq!(*why.draft.letter.to.reveal(Purpose::Contact), address(1));
    assert!(!why.passed.is_empty(), "by which gates");
    assert_eq!(found.judgements.len(), 1);
    assert!(!found.judgements[0].reasons.as_array().unwrap().is_empty());
    assert!(
        found
            .values
            .iter()
            .any(|v| v.source.as_deref() == Some("example-directory"))
    );
    let nobody = EmailAddress::parse("nobody@elsewhere.example").unwrap();
    let none = block_on(rig.agency.subject_export(&operator(), &nobody, rig.now())).unwrap();
    assert!(none.values.is_empty() && none.standing.is_none());
    let stranger = block_on(rig.agency.subject_export(
        &Actor::person("nobody"),
        &address(1),
        rig.now(),
    ));
    assert_eq!(
        stranger.unwrap_err().kind(),
        PortErrorKind::PermissionDenied
    );
}

// covers: CO-3
#[test]
fn an_objection_stops_marketing_at_once_and_nothing_else() {
    let mut rig = Rig::new(2);
    rig.quiet(3);
    assert_eq!(rig.letters_to(&address(0)), 1);
    block_on(
        rig.agency
            .subject_object(&operator(), &address(0), rig.now()),
    )
    .unwrap();
    rig.quiet(60);
    assert_eq!(rig.letters_to(&address(0)), 1, "no second touch");
    assert!(
        rig.letters_to(&address(1)) > 1,
        "the other one is written to as before"
    );
    assert!(rig.suppressed(&address(0), LetterClass::Marketing));
    assert!(!rig.suppressed(&address(0), LetterClass::Service));
}

// covers: CO-3, GD-13
#[test]
fn who_is_forgotten_is_nowhere_and_no_import_brings_them_back() {
    let dir = tempfile::tempdir().unwrap();
    let open = |folder: &Path| {
        Arc::new(EmbeddedStore::open(&folder.join("store.sqlite"), Options::default()).unwrap())
    };
    let keys = || Keyring::open_or_create(&dir.path().join("keys/master.key")).unwrap();
    let mut rig = Rig::on(2, open(dir.path()), keys());
    rig.quiet(3);
    let backup = dir.path().join("backup");
    fs::create_dir(&backup).unwrap();
    for file in ["store.sqlite", "store.sqlite-wal"] {
        fs::copy(dir.path().join(file), backup.join(file)).unwrap();
    }
    let before = rig.readable(&rig.agency, 0);
    assert!(before.contains("canary-0@") && before.contains("Canary 0 Holder"));
    let report = block_on(
        rig.agency
            .subject_erase(&operator(), &address(0), rig.now()),
    )
    .unwrap();
    assert!(report.erased, "{report:?}");
    assert!(
        report.gone.iter().any(|g| g.what == "keys" && g.count > 0),
        "{report:?}"
    );
    assert!(
        !report.stays.is_empty(),
        "that nothing is written to them is kept"
    );
    assert!(
        !rig.readable(&rig.agency, 0).contains("anary"),
        "in the store"
    );
    // The copy of the store from before, with the keys as they are now.
    let old = agency(open(&backup), &rig.blobs, &rig.mail, &rig.clock, keys());
    assert!(
        !rig.readable(&old, 0).contains("anary"),
        "in a copy from before (I12)"
    );
    assert!(
        rig.readable(&old, 1).contains("canary-1@"),
        "the other one is there"
    );
    // Work goes on with what is left, and the same person comes in by two more ways.
    let written = rig.letters_to(&address(0));
    rig.quiet(1);
    rig.import(0, "person-0");
    rig.import(0, "person-by-another-source");
    rig.quiet(60);
    assert_eq!(
        rig.letters_to(&address(0)),
        written,
        "never written to again"
    );
    assert!(rig.letters_to(&address(1)) > 1);
    let again = block_on(
        rig.agency
            .subject_erase(&operator(), &address(0), rig.now()),
    )
    .unwrap();
    assert!(again.erased);
    assert!(
        !rig.readable(&rig.agency, 0).contains("anary"),
        "what came in since is gone as well"
    );
}

// covers: CO-3, GD-13
#[test]
fn a_running_contract_waits_and_a_paid_one_leaves_its_invoices() {
    let mut rig = Rig::new(12);
    let mut held = false;
    for _ in 0..40 {
        rig.days(5);
        let running = rig
            .deals()
            .into_iter()
            .find(|(_, d)| d.stage() == DealStage::Won);
        if let (Some((to, _)), false) = (&running, held) {
            let report = block_on(rig.agency.subject_erase(&operator(), to, rig.now())).unwrap();
            assert!(!report.erased && report.gone.is_empty(), "{report:?}");
            assert!(
                report.stays.iter().any(|s| s.why.contains("Art. 17(3)")),
                "{report:?}"
            );
            held = true;
        }
    }
    assert!(held, "nobody was won");
    let stages: Vec<_> = rig.deals().iter().map(|(_, d)| d.stage()).collect();
    let over = |d: &DealState| {
        d.stage().is_closed() && d.stage() != DealStage::Won && !d.invoices().is_empty()
    };
    let (to, deal) = rig
        .deals()
        .into_iter()
        .find(|(_, d)| over(d))
        .unwrap_or_else(|| panic!("{stages:?}"));
    let paper = |deal: &DealState| {
        let number = *deal.invoices().keys().next().unwrap();
        deal.document(&DocumentKey::Invoice(number)).unwrap()
    };
    let invoice = paper(&deal);
    let report = block_on(rig.agency.subject_erase(&operator(), &to, rig.now())).unwrap();
    assert!(report.erased, "{report:?}");
    let kept: Vec<_> = report.stays.iter().filter(|s| s.until.is_some()).collect();
    assert!(
        kept.iter().any(|s| s.what.starts_with("invoice")),
        "{report:?}"
    );
    assert!(
        block_on(rig.blobs.has(invoice)).unwrap(),
        "the invoice itself"
    );
}
