//! Letters of the test's own wording through the real gate: a recipient that books them, a desk that
//! grants a slot, and the messenger under test behind both.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{Duration, TimeZone as _, Utc};
use dealwright_core::access::{Action, Authorizer, Denied};
use dealwright_core::blobs::{Blobs as _, MemoryBlobs};
use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::orchestration::Lane;
use dealwright_core::party::{Channel, Country, DomainName, EmailAddress, Language, LegalForm};
use dealwright_core::personal::Personal;
use dealwright_core::process::{
    Actor, Claim, EffectClass, EffectKey, Host, MemoryStore, NoPerformer, PlainSealer,
    Process as _, ProcessKey, Tenant, WorkQuery, WorkState,
};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::rules::RulesPolicy;
use dealwright_core::trust::{
    ApprovalMode, AskSend, Attachment, Caps, Content, Desk, DeskPolicy, Draft, LegalBasis, Letter,
    LetterClass, Messenger, MessengerPerformer, Notices, OptOut, Paragraph, Receipt, Recipient,
    RecipientFacts, RecipientInput, RecipientPolicy, Sendable, Sender, Thread,
};
use dealwright_email::ProviderRefusal;

/// What came of one try.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) letter: Letter,
    pub(crate) key: EffectKey,
    pub(crate) outcome: Result<Receipt, Failure>,
}

impl Tried {
    pub(crate) fn failure(&self) -> &Failure {
        self.outcome.as_ref().unwrap_err()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: PortErrorKind,
    pub(crate) retry: Retry,
    pub(crate) chain: String,
    pub(crate) refusal: Option<ProviderRefusal>,
}

/// Writes down what the messenger answers.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    messenger: Arc<dyn Messenger>,
    pub(crate) tries: Arc<Mutex<Vec<Tried>>>,
}

impl Watched {
    pub(crate) fn new(messenger: impl Messenger + 'static) -> Self {
        Self {
            messenger: Arc::new(messenger),
            tries: Arc::default(),
        }
    }
}

#[async_trait]
impl Messenger for Watched {
    fn channel(&self) -> Channel {
        self.messenger.channel()
    }

    fn class(&self) -> EffectClass {
        self.messenger.class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let (letter, key) = (sendable.letter().clone(), sendable.key());
        let outcome = self.messenger.send(sendable).await;
        let told = outcome.as_ref().map(Clone::clone).map_err(|e| Failure {
            kind: e.kind(),
            retry: e.retry(),
            chain: e.chain(),
            refusal: ProviderRefusal::of(e).cloned(),
        });
        let tried = Tried {
            letter,
            key,
            outcome: told,
        };
        self.tries.lock().unwrap().push(tried);
        outcome
    }
}

#[derive(Debug)]
struct Anybody;

impl Authorizer for Anybody {
    fn allow(&self, _: &Actor, _: Action, _: &ProcessKey) -> Result<(), Denied> {
        Ok(())
    }
}

/// A host with one recipient a letter.
#[derive(Debug)]
pub(crate) struct Office {
    host: Host,
    watched: Watched,
}

impl Office {
    pub(crate) fn new(messenger: impl Messenger + 'static) -> Self {
        let watched = Watched::new(messenger);
        let rules = RulesPolicy {
            principal: "agency".to_owned(),
            verified_domains: ["agency.example", "gmail.com"]
                .map(|domain| DomainName::parse(domain).unwrap())
                .into(),
            assessments: ["lia-1".to_owned()].into(),
            approval: ApprovalMode::Autonomous,
            promotional_percent: 30,
        };
        let policy = RecipientPolicy {
            rules,
            approval_hours: 72,
            marketing_cap: 3,
            marketing_cap_days: 30,
            desk: "main".to_owned(),
            ..RecipientPolicy::default()
        };
        let caps = Caps {
            gap_seconds: 0,
            recipient_domain: 50,
            ..Caps::default()
        };
        let desk = DeskPolicy {
            caps,
            ..DeskPolicy::default()
        };
        let performer = MessengerPerformer::new(vec![Arc::new(watched.clone())]);
        let tenant = Tenant::parse("office").unwrap();
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .authorizer(Anybody)
            .process::<Recipient>(policy, performer)
            .unwrap()
            .process::<Desk>(desk, NoPerformer)
            .unwrap()
            .build();
        Self { host, watched }
    }

    /// Has the letter sent once, and answers what came of that.
    pub(crate) async fn send(&self, letter: Letter) -> Tried {
        let before = self.tries().len();
        let step = letter.step.clone();
        let ask = RecipientInput::Ask {
            asker: ProcessKey::new(self.host.tenant(), "desk", "nobody-asks"),
            ask: Box::new(AskSend {
                step: step.clone(),
                draft: draft(letter),
                lane: Lane::Normal,
            }),
        };
        self.host
            .offer::<Recipient>(step.clone(), "ask", Actor::System, noon(), &ask)
            .await
            .unwrap();
        for _ in 0..8 {
            let claim = Claim {
                now: noon(),
                worker: "office".to_owned(),
                kinds: vec![Recipient::KIND.to_owned(), Desk::KIND.to_owned()],
                shares: Vec::new(),
                lease: Duration::minutes(1),
                n: 1,
                exclusive: true,
            };
            for work in self.host.store().claim(claim).await.unwrap().works {
                // What nobody asked for is answered to nobody.
                let _ = self.host.handle(work, noon()).await;
            }
            if let Some(tried) = self.tries().get(before) {
                return tried.clone();
            }
        }
        let recipient = ProcessKey::new(self.host.tenant(), Recipient::KIND, &step);
        let state = self.host.state::<Recipient>(&recipient).await.unwrap();
        panic!("the letter never left the gate: {state:?}");
    }

    pub(crate) fn tries(&self) -> Vec<Tried> {
        self.watched.tries.lock().unwrap().clone()
    }

    /// How many letters nobody knows of.
    pub(crate) async fn unknown(&self) -> usize {
        let query = WorkQuery {
            state: Some(WorkState::Unknown),
            n: 100,
            ..WorkQuery::default()
        };
        self.host.store().works(query).await.unwrap().len()
    }
}

pub(crate) fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 3, 17, 0, 0).unwrap()
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// A first letter, as an AI writes it.
pub(crate) fn letter(step: &str) -> Letter {
    let us = address("mara@agency.example");
    let content = Content {
        subject: "Your opening hours differ between two directories".to_owned(),
        paragraphs: vec![Paragraph {
            text: "Two directories list different opening hours for you.\n<b>*|MERGE|*</b> -name- & more"
                .to_owned(),
            promotional: true,
        }],
        signature: "Example Agency".to_owned(),
    };
    Letter {
        class: LetterClass::Marketing,
        channel: Channel::Email,
        campaign: "first-contact".to_owned(),
        step: step.to_owned(),
        sender: Sender {
            principal: "agency".to_owned(),
            organisation: "Example Agency Ltd".to_owned(),
            name: "Mara of Example Agency".to_owned(),
            address: us.clone(),
            reply_to: address("answers@agency.example"),
            postal: vec![
                "1 Example Street".to_owned(),
                "Springfield, IL 62701".to_owned(),
            ],
            contact: "+1 555 0100".to_owned(),
        },
        to: Personal::new(address(&format!("{step}@bakery.example")), step),
        to_name: None,
        language: Language::parse("en").unwrap(),
        content: Personal::new(content, step),
        notices: Notices {
            opt_out: Some(OptOut {
                text: "Write STOP or follow this address and we will not write again.".to_owned(),
                url: "https://agency.example/o/3f9a".to_owned(),
                mailto: Some(us),
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
    }
}

/// A letter with all that a letter can have: a name beyond ASCII, a thread, files.
pub(crate) async fn rich(step: &str, blobs: &MemoryBlobs) -> Letter {
    let mut rich = letter(step);
    rich.to_name = Some(Personal::new("Jörg Müßig, Bäcker".to_owned(), step));
    rich.sender.principal = "agency".to_owned();
    rich.sender.name = "Mara von Übermut".to_owned();
    rich.thread = Some(Thread {
        in_reply_to: "2@bakery.example".to_owned(),
        references: vec!["1@agency.example".to_owned()],
    });
    for (name, media_type, bytes, made_by_ai) in [
        (
            "Angebot Größe \"A\".pdf",
            "application/pdf",
            b"%PDF-1.7\0".to_vec(),
            true,
        ),
        (
            "../../hours.csv",
            "text/csv; charset=utf-8",
            b"day,from\r\n".to_vec(),
            false,
        ),
    ] {
        rich.attachments.push(Attachment {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            blob: blobs.put(bytes).await.unwrap(),
            made_by_ai,
        });
    }
    rich
}

fn draft(letter: Letter) -> Draft {
    Draft {
        letter,
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
