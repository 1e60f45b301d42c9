//! Every interleaving of ask, grant, opt-out, lease, start, crash and lapse.

mod approvals;
mod caps;
mod money;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{Duration, TimeZone, Utc};
use futures::executor::block_on;

use super::rules::RulesPolicy;
use super::*;
use crate::error::{PortError, PortErrorKind};
use crate::orchestration::Lane;
use crate::party::{Channel, Country, DomainName, EmailAddress, Language, LegalForm};
use crate::personal::Personal;
use crate::process::*;
use crate::time::Timestamp;

/// Lets everybody do everything, so that what still holds is held by the gates themselves.
#[derive(Debug)]
pub(super) struct Anybody;

impl crate::access::Authorizer for Anybody {
    fn allow(
        &self,
        _: &Actor,
        _: crate::access::Action,
        _: &ProcessKey,
    ) -> Result<(), crate::access::Denied> {
        Ok(())
    }
}

pub(super) fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 3, 17, 0, 0).unwrap()
}

pub(super) fn address() -> EmailAddress {
    EmailAddress::parse("owner@bakery.example").unwrap()
}

pub(super) fn draft(step: &str) -> Draft {
    let us = EmailAddress::parse("mara@agency.example").unwrap();
    Draft {
        letter: Letter {
            class: LetterClass::Marketing,
            channel: Channel::Email,
            campaign: "first-contact".to_owned(),
            step: step.to_owned(),
            sender: Sender {
                principal: "agency".to_owned(),
                organisation: "Example Agency Ltd".to_owned(),
                name: "Mara of Example Agency".to_owned(),
                address: us.clone(),
                reply_to: us,
                postal: vec![
                    "1 Example Street".to_owned(),
                    "Springfield, IL 62701".to_owned(),
                ],
                contact: "+1 555 0100".to_owned(),
            },
            to: Personal::new(address(), "subject-1"),
            to_name: None,
            language: Language::parse("en").unwrap(),
            content: Personal::new(
                Content {
                    subject: "Your opening hours differ between two directories".to_owned(),
                    paragraphs: vec![Paragraph {
                        text: "Two directories list different opening hours for you.".to_owned(),
                        promotional: true,
                    }],
                    signature: "Example Agency".to_owned(),
                },
                "subject-1",
            ),
            notices: Notices {
                opt_out: Some(OptOut {
                    text: "Write STOP or follow this address and we will not write again."
                        .to_owned(),
                    url: "https://agency.example/o/3f9a".to_owned(),
                    mailto: None,
                }),
                advertisement: Some("This is an advertisement.".to_owned()),
                ai: Some("This letter was written by an AI agent.".to_owned()),
                source: Some("We found your address in the Example Directory.".to_owned()),
                rights: Some("You may object to any further letter at any time.".to_owned()),
                data_use: Some("https://agency.example/data-use".to_owned()),
            },
            thread: None,
            message_id: format!("{step}@agency.example"),
            attachments: Vec::new(),
            made_by_ai: true,
            approved: false,
            tracking: false,
        },
        facts: RecipientFacts {
            country: Some(Country::parse("US").unwrap()),
            zone: Some("America/Chicago".to_owned()),
            legal_form: LegalForm::Unknown,
            basis: Some(LegalBasis::LegitimateInterest {
                assessment: "lia-1".to_owned(),
            }),
            source: "example-directory".to_owned(),
            source_allowed: true,
            no_solicitation: false,
            guessed: false,
            self_supplied: false,
            company: None,
        },
        drafted_at: noon(),
    }
}

pub(super) fn rules_policy() -> RulesPolicy {
    RulesPolicy {
        principal: "agency".to_owned(),
        verified_domains: [DomainName::parse("agency.example").unwrap()].into(),
        assessments: ["lia-1".to_owned()].into(),
        approval: ApprovalMode::Autonomous,
        promotional_percent: 30,
    }
}

#[derive(Debug)]
struct Post {
    class: EffectClass,
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
    fail_after: bool,
}

#[async_trait]
impl Messenger for Post {
    fn channel(&self) -> Channel {
        Channel::Email
    }
    fn class(&self) -> EffectClass {
        self.class
    }
    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let at = sendable.opened_at();
        let (letter, key) = sendable.take(at)?;
        let mut taken = self.taken.lock().unwrap();
        let count = taken.entry(letter.intent()).or_default();
        if self.class == EffectClass::AtMostOnce || *count == 0 {
            *count += 1;
        }
        if self.fail_after {
            return Err(PortError::new("send", PortErrorKind::Timeout));
        }
        Ok(Receipt {
            provider_id: key.to_hex(),
            at,
        })
    }
}

/// Fails the test when an effect starts after an opt-out was committed.
#[derive(Debug)]
struct Watch {
    store: MemoryStore,
    recipient: ProcessKey,
    violations: Arc<Mutex<u32>>,
}

impl Watch {
    async fn is_suppressed(&self) -> bool {
        self.store
            .load(&self.recipient)
            .await
            .unwrap()
            .is_some_and(|s| !s.state["suppressions"].as_array().unwrap().is_empty())
    }
}

#[async_trait]
impl Store for Watch {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        self.store.load(key).await
    }
    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        self.store.history(key).await
    }
    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        self.store.commit(commit).await
    }
    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        self.store.offer(inputs).await
    }
    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        self.store.claim(claim).await
    }
    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        let starts = matches!(mark, Mark::Started { .. });
        self.store.mark(key, token, mark).await?;
        if starts && self.is_suppressed().await {
            *self.violations.lock().unwrap() += 1;
        }
        Ok(())
    }
    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        self.store.feed(after, n).await
    }
    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        self.store.find(find).await
    }
    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        self.store.works(query).await
    }
    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        self.store.resolve(key, proof).await
    }
}

struct World {
    host: Host,
    crashing: Host,
    store: Arc<Watch>,
    recipient: ProcessKey,
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
    violations: Arc<Mutex<u32>>,
    now: Timestamp,
    held: Option<Work>,
    opted_out: bool,
    lapses: u32,
    crashes: u32,
}

/// What can happen next.
#[derive(Clone, Debug, PartialEq)]
enum Move {
    Handle(WorkKey),
    Hold(WorkKey),
    UseHeld,
    CrashAfterStart(WorkKey),
    CrashAfterSend(WorkKey),
    OptOut,
    Lapse,
}

impl World {
    fn new(class: EffectClass) -> Self {
        let tenant = Tenant::parse("t").unwrap();
        let recipient = ProcessKey::new(&tenant, "recipient", "r");
        let violations = Arc::new(Mutex::new(0));
        let store = Arc::new(Watch {
            store: MemoryStore::new(),
            recipient: recipient.clone(),
            violations: Arc::clone(&violations),
        });
        let taken = Arc::new(Mutex::new(BTreeMap::new()));
        let host = |fail_after| {
            let policy = RecipientPolicy {
                rules: rules_policy(),
                approval_hours: 72,
                marketing_cap: 3,
                marketing_cap_days: 30,
                desk: "main".to_owned(),
                ..RecipientPolicy::default()
            };
            let post: Arc<dyn Messenger> = Arc::new(Post {
                class,
                taken: Arc::clone(&taken),
                fail_after,
            });
            Host::builder(tenant.clone(), Arc::clone(&store), PlainSealer::default())
                .authorizer(Anybody)
                .process::<Recipient>(policy, MessengerPerformer::new(vec![post]))
                .unwrap()
                .process::<Desk>(DeskPolicy::default(), NoPerformer)
                .unwrap()
                .build()
        };
        let world = Self {
            host: host(false),
            crashing: host(true),
            store: Arc::clone(&store),
            recipient,
            taken,
            violations,
            now: noon(),
            held: None,
            opted_out: false,
            lapses: 0,
            crashes: 0,
        };
        let ask = RecipientInput::Ask {
            asker: ProcessKey::new(&tenant, "desk", "nobody-asks"),
            ask: Box::new(AskSend {
                step: "touch-1".to_owned(),
                draft: draft("touch-1"),
                lane: Lane::Normal,
            }),
        };
        let key = world.recipient.id().to_owned();
        block_on(
            world
                .host
                .offer::<Recipient>(key, "ask", Actor::System, world.now, &ask),
        )
        .unwrap();
        world
    }

    fn ready(&self) -> Vec<Work> {
        let works = block_on(self.store.works(WorkQuery {
            n: 100,
            ..WorkQuery::default()
        }))
        .unwrap();
        works
            .into_iter()
            .filter(|w| w.is_claimable(self.now) && w.receiver.id() != "nobody-asks")
            .collect()
    }

    fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        for work in self.ready() {
            let effect = work.kind == WorkKind::Effect && work.state == WorkState::Ready;
            moves.push(Move::Handle(work.key.clone()));
            if effect && self.crashes == 0 {
                moves.push(Move::CrashAfterStart(work.key.clone()));
                moves.push(Move::CrashAfterSend(work.key.clone()));
            }
            if effect && self.held.is_none() && self.lapses == 0 {
                moves.push(Move::Hold(work.key.clone()));
            }
        }
        if self.held.is_some() {
            moves.push(Move::UseHeld);
        }
        if !self.opted_out {
            moves.push(Move::OptOut);
        }
        let leased = self.held.is_some() || self.crashes > 0;
        if leased && self.lapses == 0 {
            moves.push(Move::Lapse);
        }
        moves
    }

    fn claim(&self, key: &WorkKey) -> Option<Work> {
        let claims = block_on(self.store.claim(Claim {
            now: self.now,
            worker: "w".to_owned(),
            kinds: Vec::new(),
            shares: Vec::new(),
            lease: Duration::minutes(1),
            n: 100,
            exclusive: false,
        }))
        .unwrap();
        let mut wanted = None;
        for work in claims.works {
            if work.key == *key {
                wanted = Some(work);
            } else {
                let back = Mark::Retry {
                    due: work.due,
                    certain: true,
                    note: String::new(),
                };
                let applied = block_on(self.store.mark(&work.key, work.token, back));
                if applied.is_err() {
                    // Settled rows cannot be given back; they are handled at once instead.
                    block_on(self.host.handle(work, self.now)).unwrap();
                }
            }
        }
        wanted
    }

    fn play(&mut self, step: &Move) {
        match step {
            Move::Handle(key) => {
                if let Some(work) = self.claim(key) {
                    block_on(self.host.handle(work, self.now)).unwrap();
                }
            }
            Move::Hold(key) => self.held = self.claim(key),
            Move::UseHeld => {
                if let Some(work) = self.held.take() {
                    block_on(self.host.handle(work, self.now)).unwrap();
                }
            }
            Move::CrashAfterStart(key) => {
                self.crashes += 1;
                if let Some(work) = self.claim(key) {
                    let started = Mark::Started { at: self.now };
                    block_on(self.store.mark(&work.key, work.token, started)).unwrap();
                }
            }
            Move::CrashAfterSend(key) => {
                self.crashes += 1;
                if let Some(work) = self.claim(key) {
                    block_on(self.crashing.handle(work, self.now)).unwrap();
                }
            }
            Move::OptOut => {
                self.opted_out = true;
                let input = RecipientInput::Received {
                    news: News::OptOut,
                    address: Personal::new(address(), "subject-1"),
                    answers: None,
                    text: None,
                    message_id: None,
                    source: "one-click".to_owned(),
                    until: None,
                };
                let key = self.recipient.id().to_owned();
                block_on(self.host.offer::<Recipient>(
                    key,
                    "opt-out",
                    Actor::Outside("one-click".to_owned()),
                    self.now,
                    &input,
                ))
                .unwrap();
            }
            Move::Lapse => {
                self.lapses += 1;
                self.now += Duration::minutes(2);
                // A claim that wants nothing still lets leases lapse.
                block_on(self.store.claim(Claim {
                    now: self.now,
                    worker: "w".to_owned(),
                    kinds: vec!["nothing".to_owned()],
                    shares: Vec::new(),
                    lease: Duration::minutes(1),
                    n: 1,
                    exclusive: false,
                }))
                .unwrap();
            }
        }
    }

    fn check(&self, path: &[Move]) {
        assert_eq!(
            *self.violations.lock().unwrap(),
            0,
            "an effect started after the opt-out was committed: {path:?}"
        );
        for (intent, count) in &*self.taken.lock().unwrap() {
            assert!(*count <= 1, "{intent} was sent {count} times: {path:?}");
        }
    }
}

fn explore(class: EffectClass) -> usize {
    let mut paths = 0;
    let mut stack: Vec<Vec<Move>> = vec![Vec::new()];
    while let Some(path) = stack.pop() {
        let mut world = World::new(class);
        for step in &path {
            world.play(step);
        }
        world.check(&path);
        let moves = world.moves();
        if moves.is_empty() {
            paths += 1;
        }
        for next in moves {
            let mut longer = path.clone();
            longer.push(next);
            stack.push(longer);
        }
    }
    paths
}

// covers: OU-6, OU-7, X-3, CS-6a
#[test]
fn no_interleaving_sends_after_an_opt_out_or_twice() {
    for class in [EffectClass::AtMostOnce, EffectClass::Idempotent] {
        let paths = explore(class);
        assert!(paths > 300, "only {paths} interleavings were explored");
        println!("{class:?}: {paths} interleavings");
    }
}

#[test]
fn a_letter_with_nothing_in_its_way_is_sent_once() {
    let mut world = World::new(EffectClass::AtMostOnce);
    while let Some(work) = world.ready().first() {
        let key = work.key.clone();
        world.play(&Move::Handle(key));
    }
    assert_eq!(world.taken.lock().unwrap().values().sum::<u32>(), 1);
    let (_, state) = block_on(world.host.state::<Recipient>(&world.recipient))
        .unwrap()
        .unwrap();
    let intent = state.intents().values().next().unwrap();
    assert!(matches!(intent.phase, Phase::Sent { .. }));
    assert!(
        intent.draft.is_none(),
        "a letter that left is not kept in the state"
    );
}
