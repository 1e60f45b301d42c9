//! The whole way of a deal through its engine, with a gate and a payer that do as they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use dealwright_core::access::{Authorizer, Denied};
use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::document::{DocumentRenderer, Format, PlainRenderer};
use dealwright_core::handoff::{
    LeadQualifiedParts, ReasonPoints, RecommendedService, RequirementStatus,
};
use dealwright_core::id::{AccountId, ContactId, LeadId, MilestoneId, ProjectId};
use dealwright_core::party::{Channel, EmailAddress, Language, PostalAddress};
use dealwright_core::process::{
    Actor, Claim, Handled, Host, MemoryStore, NoEffects, NoPerformer, PlainSealer, ProcessKey,
    Tenant, WorkQuery,
};
use dealwright_core::trust::{
    AskCharge, AskSend, ChargeOutcome, LegalBasis, LetterClass, News, SendOutcome,
};
use futures::executor::block_on;

use super::*;
use crate::negotiation::tests::authority;
use crate::pricing::fixtures::{card, catalogue};

/// A recipient's gate, or a payer's: keeps what it was asked for and answers as it is told.
#[derive(Debug)]
enum Gate {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    /// Step, class and text.
    letters: Vec<(String, LetterClass, String)>,
    bills: Vec<AskCharge>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Asked {
    Letter(ProcessKey, Box<AskSend>),
    Bill(ProcessKey, Box<AskCharge>),
}

#[derive(Clone, Debug, Default, Serialize)]
struct Rules {
    /// Steps that are refused, with the rule.
    refuses: BTreeMap<String, String>,
    /// Steps for which there is no room at their first try.
    defers: BTreeSet<String>,
}

impl Process for Gate {
    const KIND: &'static str = "recipient";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;
    type State = Seen;
    type Input = Asked;
    type Event = Asked;
    type Effect = NoEffects;
    type Policy = Rules;

    fn action(_: &Asked) -> Action {
        Action::Progress
    }

    fn decide(
        seen: &Seen,
        input: &Asked,
        cx: &Context<'_, Rules>,
    ) -> Result<Decision<Self>, Refusal> {
        let decision = Decision::nothing().event(input.clone());
        Ok(match input {
            Asked::Letter(asker, ask) => {
                let step = ask.step.clone();
                let again = seen.letters.iter().any(|(known, ..)| *known == step);
                let outcome = match cx.policy().refuses.get(&step) {
                    Some(rule) => SendOutcome::Refused {
                        rule: rule.clone(),
                        why: "told so".to_owned(),
                    },
                    None if cx.policy().defers.contains(&step) && !again => SendOutcome::Deferred {
                        until: cx.now() + Duration::hours(5),
                        why: "no room".to_owned(),
                    },
                    None => SendOutcome::Sent {
                        at: cx.now(),
                        message_id: ask.draft.letter.message_id.clone(),
                        provider_id: "1".to_owned(),
                    },
                };
                let name = format!("answer-{step}-{}", seen.letters.len());
                decision.tell(asker.clone(), name, &SendAnswer { step, outcome })
            }
            Asked::Bill(asker, ask) => {
                let answer = ChargeAnswer {
                    step: ask.step.clone(),
                    outcome: ChargeOutcome::Requested {
                        at: cx.now(),
                        provider_id: "1".to_owned(),
                    },
                };
                decision.tell(asker.clone(), format!("answer-{}", ask.step), &answer)
            }
        })
    }

    fn apply(mut seen: Seen, event: &Asked) -> Seen {
        match event {
            Asked::Letter(_, ask) => {
                let letter = &ask.draft.letter;
                let (class, text) = (letter.class, letter.text());
                seen.letters.push((ask.step.clone(), class, text));
            }
            Asked::Bill(_, ask) => seen.bills.push((**ask).clone()),
        }
        seen
    }

    fn index(_: &Seen) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(effect: NoEffects, _: Unsettled) -> Asked {
        match effect {}
    }

    fn receive(record: &Record<'_>) -> Result<Asked, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        let asker = record.sender.clone();
        if name == "ask-charge" {
            let ask = handoff::read(name, version, body)?;
            return Ok(Asked::Bill(asker, Box::new(ask)));
        }
        let ask = handoff::read(name, version, body)?;
        Ok(Asked::Letter(asker, Box::new(ask)))
    }

    fn business(_: &Seen) -> Value {
        Value::Null
    }

    fn upcast(_: u32, body: Value) -> Result<Value, PortError> {
        Ok(body)
    }
}

/// Lets everybody do everything, so that what still holds is held by the deal itself.
#[derive(Debug)]
struct Anybody;

impl Authorizer for Anybody {
    fn allow(&self, _: &Actor, _: Action, _: &ProcessKey) -> Result<(), Denied> {
        Ok(())
    }
}

#[derive(Debug)]
struct Paper;

impl DocumentRenderer for Paper {
    fn render(&self, document: &Document, _: Format) -> Result<Vec<u8>, PortError> {
        PlainRenderer.render(document, Format::Markdown)
    }
}

fn templates() -> TemplatesParams {
    let letters = [
        (
            "first-contact",
            "Hello {{greeting}}.{{#if findings}} {{findings}}{{/if}}",
        ),
        ("second-contact", "Once more: {{service}}"),
        ("inquiry", "Thank you. {{question}}"),
        ("question", "{{question}}"),
        ("proposal", "It comes to {{total}}."),
        ("counter-offer", "It comes to {{total}}, for {{given}}."),
        ("proposal-reminder", "Until {{reply_by}}."),
        ("about-ai", "Yes, an AI."),
        ("about-proposal", "It stands."),
        ("contract", "Fingerprint {{document}}."),
        ("invoice", "{{number}} over {{amount}}"),
        ("invoice-reminder", "{{number}} is open"),
    ];
    let sources: Vec<Value> = letters
        .iter()
        .flat_map(|(id, text)| {
            [
                json!({"id": id, "kind": "header", "body": id}),
                json!({"id": id, "kind": "text", "body": text}),
            ]
        })
        .collect();
    serde_json::from_value(json!({"templates": sources})).unwrap()
}

fn policy() -> DealPolicy {
    let address = EmailAddress::parse("hello@amsel.example").unwrap();
    let notice = Notice {
        opt_out: "No more letters:".to_owned(),
        advertisement: "Advertisement.".to_owned(),
        ai: "An AI wrote this.".to_owned(),
        rights: "You may object.".to_owned(),
    };
    let agency = PostalAddress::new("Lane 1", "Musterstadt", "12345", Country::DE).unwrap();
    DealPolicy {
        catalogue: catalogue(),
        rates: card(),
        templates: templates().check().unwrap(),
        template_sources: templates(),
        playbook: serde_json::from_value(json!({
            "id": "outreach",
            "steps": [
                {"id": "first", "delay": 0, "channel": "email", "template": "first-contact"},
                {"id": "second", "delay": 5, "channel": "email", "template": "second-contact"}
            ],
            "proposal": {"reply_by": 10, "reminders": [4, 8], "valid_for": 15,
                         "template": "proposal-reminder"}
        }))
        .unwrap(),
        desk: "main".to_owned(),
        authority: authority(),
        sender: Sender {
            principal: "agency".to_owned(),
            organisation: "Amsel Agency".to_owned(),
            name: "Amsel".to_owned(),
            address: address.clone(),
            reply_to: address,
            postal: vec!["1 Main Street".to_owned()],
            contact: "+1 555 0100".to_owned(),
        },
        notices: [("en".to_owned(), notice)].into(),
        opt_out_base: "https://amsel.example/o/".to_owned(),
        data_use: "https://amsel.example/data".to_owned(),
        service_levels: vec![ServiceLevel {
            measure: "first-response".to_owned(),
            at_most: 16,
            unit: "working hours".to_owned(),
        }],
        questions: 2,
        versions: 3,
        messages_a_day: 6,
        patience_days: 10,
        agency: Party {
            name: "Amsel Agency".to_owned(),
            address: agency,
            vat_id: Some("DE000000001".to_owned()),
            signatory: None,
        },
        clauses: serde_json::from_value(json!({"clauses": [
            {"id": "liability", "title": "Liability", "text": "Each side is liable by law.",
             "language": "en", "standing": true}
        ]}))
        .unwrap(),
        law: Country::DE,
        pay_to: vec!["Amsel Agency".to_owned()],
        dunning: serde_json::from_value(json!({"steps": [
            {"id": "friendly", "after": 3, "template": "invoice-reminder"},
            {"id": "last", "after": 13, "template": "invoice-reminder", "person": true}
        ]}))
        .unwrap(),
        start_days: 14,
        made_by_ai: true,
        reading: None,
    }
}

fn lead() -> LeadQualifiedParts {
    let reason = ReasonPoints {
        rule: "fits".to_owned(),
        because: "It fits.".to_owned(),
        points: 50,
    };
    LeadQualifiedParts {
        lead: Some(LeadId::derive(&[b"lead"])),
        occurrence: 1,
        account: Some(AccountId::derive(&[b"account"])),
        account_name: Some("BAKERY CRUMB GMBH".to_owned()),
        contact: Some(ContactId::derive(&[b"contact"])),
        address: Some(Personal::new(
            EmailAddress::parse("info@crumb.example").unwrap(),
            "contact_1",
        )),
        country: Some(Country::DE),
        zone: Some("Europe/Berlin".to_owned()),
        language: Some(Language::EN),
        channel: Some(Channel::Email),
        source_notice: Some("Your address is from the town guide.".to_owned()),
        source: Some("town-guide".to_owned()),
        score: Some(50),
        reasons: vec![reason],
        services: vec![RecommendedService {
            service: "website-audit".to_owned(),
            points: 1,
            reasons: Vec::new(),
        }],
        facts: [
            ("street", "Mill Road 2"),
            ("locality", "Musterstadt"),
            ("postal-code", "12345"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        basis: Some(LegalBasis::Consent),
        ..LeadQualifiedParts::default()
    }
}

struct World {
    host: Host,
    key: ProcessKey,
    now: Timestamp,
    given: u32,
    refused: Vec<String>,
}

impl World {
    /// A deal that has begun, with its first letter on its way.
    fn new(rules: Rules) -> Self {
        Self::of(lead(), policy(), rules)
    }

    fn of(lead: LeadQualifiedParts, policy: DealPolicy, rules: Rules) -> Self {
        let performer =
            DealPerformer::new(Arc::new(Paper), Format::Pdf, Arc::new(MemoryBlobs::new()));
        let tenant = Tenant::parse("t").unwrap();
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .authorizer(Anybody)
            .process::<Deal>(policy, performer)
            .unwrap()
            .process::<Gate>(rules, NoPerformer)
            .unwrap()
            .build();
        let mut world = Self {
            key: host.key::<Deal>(DealId::derive(&[b"deal"]).to_string()),
            host,
            now: "2026-03-02T08:00:00Z".parse::<DateTime<Utc>>().unwrap(),
            given: 0,
            refused: Vec::new(),
        };
        let lead = LeadQualified::try_from(lead).unwrap();
        world.give(Actor::System, &DealInput::Qualified(Box::new(lead)));
        assert_eq!(world.refused, [""; 0]);
        world
    }

    fn give(&mut self, actor: Actor, input: &DealInput) {
        let (id, name) = (self.key.id().to_owned(), format!("given-{}", self.given));
        self.given += 1;
        block_on(self.host.offer::<Deal>(id, &name, actor, self.now, input)).unwrap();
        self.run(Duration::zero());
    }

    fn hear(&mut self, news: News, text: Option<&str>) {
        let heard = Heard {
            news,
            step: None,
            at: self.now,
            text: text.map(|t| Personal::new(Untrusted::new(t.to_owned()), "contact_1")),
            message_id: Some(format!("{}@crumb.example", self.given)),
            until: None,
        };
        self.give(Actor::System, &DealInput::Heard(heard));
    }

    /// The client writes, an hour after what was before.
    fn say(&mut self, text: &str) {
        self.run(Duration::hours(1));
        self.hear(News::Reply, Some(text));
    }

    /// Does everything that is due within `time`.
    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..2_000 {
            let claims = block_on(self.host.store().claim(Claim {
                now: self.now,
                worker: "w".to_owned(),
                kinds: vec!["deal".to_owned(), "recipient".to_owned()],
                shares: Vec::new(),
                lease: Duration::minutes(5),
                n: 1,
                exclusive: true,
            }))
            .unwrap();
            if let Some(work) = claims.works.into_iter().next() {
                let name = work.step.clone();
                match block_on(self.host.handle(work, self.now)).unwrap() {
                    Handled::Stepped {
                        refused: Some(rule),
                        ..
                    } => self.refused.push(rule),
                    Handled::Quarantined(key) => panic!("quarantined {key:?} {name}"),
                    _ => {}
                }
                continue;
            }
            match claims.next_due.filter(|due| *due <= until) {
                Some(due) => self.now = due.max(self.now),
                None => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("no end: {:?}", self.state().stage());
    }

    fn days(&mut self, days: i64) {
        self.run(Duration::days(days));
    }

    fn state(&self) -> DealState {
        let found = block_on(self.host.state::<Deal>(&self.key)).unwrap();
        found.unwrap().1
    }

    fn stage(&self) -> DealStage {
        self.state().stage()
    }

    fn reason(&self) -> String {
        let state = self.state();
        state.closed().map(|c| c.reason.clone()).unwrap_or_default()
    }

    /// Steps, classes and texts of all letters that were asked for.
    fn letters(&self) -> Vec<(String, LetterClass, String)> {
        let address = EmailAddress::parse("info@crumb.example").unwrap();
        let found = block_on(self.host.state::<Gate>(&self.host.recipient(&address))).unwrap();
        found.map(|f| f.1.letters).unwrap_or_default()
    }

    fn steps(&self) -> Vec<String> {
        self.letters().into_iter().map(|(step, ..)| step).collect()
    }

    fn has(&self, step: &str) -> bool {
        self.steps().iter().any(|s| s == step)
    }

    /// The rows that another process was told.
    fn told(&self, kind: &str, id: &str) -> Vec<String> {
        let tenant = Tenant::parse("t").unwrap();
        let query = WorkQuery {
            receiver: Some(ProcessKey::new(&tenant, kind, id)),
            n: 100,
            ..WorkQuery::default()
        };
        let works = block_on(self.host.store().works(query)).unwrap();
        let contracts = works.into_iter().filter_map(|w| w.contract);
        contracts.map(|contract| contract.0).collect()
    }

    fn person(&self) -> String {
        let state = self.state();
        state.needs_person().unwrap_or_default().to_owned()
    }

    /// The payer's gate answers for an invoice.
    fn charge(&mut self, instalment: u32, outcome: ChargeOutcome) {
        let step = format!("invoice-{instalment}");
        self.give(
            Actor::System,
            &DealInput::Charge(ChargeAnswer { step, outcome }),
        );
    }

    fn requested(&mut self, instalment: u32) {
        let at = self.now;
        let provider_id = "1".to_owned();
        self.charge(instalment, ChargeOutcome::Requested { at, provider_id });
    }

    fn paid(&mut self, instalment: u32) {
        let (at, amount) = (self.now, self.state().invoices()[&instalment].gross);
        self.charge(instalment, ChargeOutcome::Paid { at, amount });
    }

    fn unchanged(&self) {
        assert_eq!(block_on(self.host.redecide(&self.key)).unwrap(), None);
    }

    /// With an offer on the table.
    fn proposed() -> Self {
        let mut world = Self::new(Rules::default());
        world.say("Yes please: a website audit, 120 pages. What would it cost?");
        assert_eq!(world.stage(), DealStage::Proposed);
        world
    }

    /// With a contract that waits for its signature.
    fn contracting() -> Self {
        let mut world = Self::proposed();
        world.say("We accept your proposal, please go ahead.");
        assert_eq!(world.stage(), DealStage::Contracting);
        world
    }

    fn won() -> Self {
        let mut world = Self::contracting();
        world.say("I sign.");
        assert_eq!(world.refused, [""; 0]);
        assert_eq!(world.stage(), DealStage::Won);
        world
    }
}

fn refusing(step: &str, rule: &str) -> Rules {
    Rules {
        refuses: [(step.to_owned(), rule.to_owned())].into(),
        ..Rules::default()
    }
}

#[test]
fn a_deal_goes_from_the_first_letter_to_the_last_payment() {
    let mut world = World::won();
    assert_eq!(
        world.steps(),
        ["touch-0", "proposal-1", "contract"],
        "the answers came with the first letter"
    );
    let project = ProjectId::derive(&[
        b"project of deal",
        DealId::derive(&[b"deal"]).uuid().as_bytes(),
    ]);
    assert_eq!(world.told("project", &project.to_string()), ["deal-won"]);
    let deal = DealId::derive(&[b"deal"]).to_string();
    assert_eq!(world.told("payer", &deal), ["ask-charge"], "the deposit");
    world.requested(1);
    assert!(world.has("invoice-1"));
    world.paid(1);
    let version = world.state().current_offer().unwrap().clone();
    let milestones: Vec<MilestoneId> = version
        .content()
        .timeline
        .iter()
        .map(|entry| entry.milestone)
        .collect();
    for milestone in milestones {
        let accepted = MilestoneAccepted {
            project,
            deal: DealId::derive(&[b"deal"]),
            milestone,
            at: world.now,
            manifest: Digest32::of(b"manifest"),
            counted: BTreeMap::new(),
        };
        world.give(Actor::System, &DealInput::Milestone(accepted));
    }
    let instalments = version.content().plan.instalments().len();
    assert_eq!(world.state().invoices().len(), instalments);
    let closed = ProjectClosed {
        project,
        deal: DealId::derive(&[b"deal"]),
        completed: true,
        at: world.now,
    };
    world.give(Actor::System, &DealInput::ProjectClosed(closed));
    assert_eq!(world.stage(), DealStage::Won, "something is unpaid");
    for instalment in 2..=u32::try_from(instalments).unwrap() {
        world.requested(instalment);
        world.paid(instalment);
    }
    assert_eq!(
        (world.stage(), world.reason().as_str()),
        (DealStage::Closed, "won")
    );
    let billed: i64 = world
        .state()
        .invoices()
        .values()
        .map(|i| i.gross.minor())
        .sum();
    assert_eq!(billed, version.content().plan.gross().minor());
    assert!(world.refused.is_empty());
    world.unchanged();
}

#[test]
fn silence_gets_each_letter_once_and_then_none() {
    let mut world = World::new(Rules::default());
    assert_eq!(world.steps(), ["touch-0"]);
    world.days(6);
    assert_eq!(world.steps(), ["touch-0"], "five working days are not over");
    world.days(2);
    assert_eq!(world.steps(), ["touch-0", "touch-1"]);
    world.days(60);
    assert_eq!(world.steps(), ["touch-0", "touch-1"]);
    assert_eq!(world.reason(), "no-answer");
    world.unchanged();
}

#[test]
fn a_letter_without_room_is_asked_for_again_under_its_name() {
    let mut world = World::new(Rules {
        defers: ["touch-0".to_owned()].into(),
        ..Rules::default()
    });
    world.run(Duration::hours(4));
    assert!(world.state().touches()["touch-0"].sent.is_none());
    world.run(Duration::hours(2));
    assert_eq!(world.steps(), ["touch-0", "touch-0"]);
    assert!(world.state().touches()["touch-0"].sent.is_some());
    // Who answers before there was room gets no letter of the sequence any more.
    let mut world = World::new(Rules {
        defers: ["touch-0".to_owned()].into(),
        ..Rules::default()
    });
    world.say("Who are you?");
    world.days(30);
    assert_eq!(
        world
            .steps()
            .iter()
            .filter(|s| s.starts_with("touch"))
            .count(),
        1
    );
}

// covers: OU-1
#[test]
fn who_is_away_is_written_to_when_they_are_back() {
    let mut world = World::new(Rules::default());
    let back = world.now + Duration::days(21);
    let heard = Heard {
        news: News::OutOfOffice,
        step: None,
        at: world.now,
        text: None,
        message_id: None,
        until: Some(back),
    };
    world.give(Actor::System, &DealInput::Heard(heard));
    world.days(21);
    assert_eq!(world.steps(), ["touch-0"], "nobody reads it there");
    world.days(3);
    assert_eq!(world.steps(), ["touch-0", "touch-1"]);
    world.unchanged();
}

// covers: OU-1
#[test]
fn a_complaint_stops_the_whole_company_where_the_playbook_says_so() {
    let reason = |state: &DealState| {
        let stop = state.outreach().and_then(crate::outreach::Sequence::stop);
        stop.map(|stop| stop.reason.clone()).unwrap_or_default()
    };
    for (news, wide) in [(News::Complaint, true), (News::OptOut, false)] {
        let mut policy = policy();
        let mut playbook = serde_json::to_value(&policy.playbook).unwrap();
        playbook["stops_company"] = json!(["complaint"]);
        policy.playbook = serde_json::from_value(playbook).unwrap();
        let lead = LeadQualifiedParts {
            website: Some("crumb.example".to_owned()),
            ..lead()
        };
        let mut world = World::of(lead, policy, Rules::default());
        world.days(10);
        world.hear(news.clone(), None);
        let told = world.told("desk", "main");
        assert_eq!(told, if wide { vec!["leave-company"] } else { vec![] });
        let reason = reason(&world.state());
        assert!(reason.ends_with("after step second"), "{reason}");
    }
}

// covers: OU-1, CS-6a
#[test]
fn who_wants_no_letters_gets_none_at_any_stage() {
    for news in [
        News::OptOut,
        News::Objection,
        News::Complaint,
        News::HardBounce,
    ] {
        for begin in [
            || World::new(Rules::default()),
            || {
                let mut world = World::new(Rules::default());
                world.say("Yes: a website audit.");
                assert_eq!(world.stage(), DealStage::Assessing);
                world
            },
            World::proposed,
        ] {
            let mut world = begin();
            let before = world.letters().len();
            world.hear(news.clone(), None);
            assert_eq!(world.reason(), news.word().replace(' ', "-"));
            world.days(90);
            assert_eq!(world.letters().len(), before, "{news:?}");
            world.unchanged();
        }
        // A contract is kept, by a person.
        for begin in [World::contracting, World::won] {
            let mut world = begin();
            let stage = world.stage();
            world.hear(news.clone(), None);
            assert_eq!(world.stage(), stage);
            assert!(world.person().contains("under contract"), "{news:?}");
        }
    }
}

#[test]
fn an_opt_out_in_words_counts_like_one_by_link() {
    let mut world = World::proposed();
    let before = world.letters().len();
    world.say("Please remove me from your list.");
    assert_eq!(world.reason(), "opt-out");
    world.days(90);
    assert_eq!(world.letters().len(), before);
    let mut world = World::won();
    world.say("Please remove me from your list.");
    assert_eq!(world.stage(), DealStage::Won);
    assert!(world.person().contains("no more letters"));
}

#[test]
fn a_gate_that_refuses_ends_the_outreach_and_under_contract_calls_a_person() {
    for (rule, reason) in [("CS-6a", "opt-out"), ("CO-9", "refused-CO-9")] {
        let mut world = World::new(refusing("touch-0", rule));
        assert_eq!(world.reason(), reason);
        world.days(60);
        assert_eq!(world.letters().len(), 1);
    }
    let mut world = World::proposed();
    world.say("No thank you, not interested.");
    assert_eq!(world.reason(), "declined");
    let mut world = World::of(lead(), policy(), refusing("contract", "CO-9"));
    world.say("Yes please: a website audit, 120 pages. What would it cost?");
    world.say("We accept your proposal, please go ahead.");
    assert_eq!(world.stage(), DealStage::Contracting);
    assert!(world.person().contains("another way"));
}

// covers: NA-3
#[test]
fn the_question_is_the_one_that_moves_the_price_most() {
    let mut world = World::new(Rules::default());
    world.say("Yes: a website audit and correct directory listings. What would it cost?");
    // The audit is the first need; listings move the price further than its pages do.
    let about = |world: &World| world.state().questioned().to_vec();
    assert_eq!(about(&world), ["listing-repair/listings"]);
    let asked = &world.letters()[1];
    assert_eq!(asked.0, "question-0");
    assert!(
        asked.2.contains("How many listings are there?"),
        "{}",
        asked.2
    );
    // A bare number answers the question that was put.
    world.say("About 40.");
    let listings = |world: &World| {
        let state = world.state();
        let found = state
            .requirements()
            .iter()
            .find(|r| r.need == "listing-repair");
        found.and_then(|r| r.drivers.get("listings").copied())
    };
    assert_eq!(listings(&world), Some(40));
    assert_eq!(about(&world)[1..], ["website-audit/pages"]);
    // Two questions are enough: what is not answered now is assumed, and the offer goes out.
    world.say("I do not know, sorry.");
    assert_eq!(world.stage(), DealStage::Proposed);
    let state = world.state();
    let assumed = state.current_offer().unwrap().quote().assumptions();
    assert!(!assumed.is_empty());
    world.unchanged();
}

// covers: AI-7
#[test]
fn whoever_asks_is_told_that_an_ai_writes_and_nothing_else_changes() {
    let mut world = World::proposed();
    world.say("Before I answer: are you a bot?");
    assert!(world.has("about-ai-2"));
    assert_eq!(world.stage(), DealStage::Proposed);
    assert_eq!(world.state().proposals().unwrap().versions().len(), 1);
}

#[test]
fn an_inquiry_is_answered_and_not_advertised_to() {
    let inbound = LeadQualifiedParts {
        inbound: true,
        basis: Some(LegalBasis::Inquiry {
            at: "2026-03-01T08:00:00Z".parse().unwrap(),
        }),
        ..lead()
    };
    let world = World::of(inbound, policy(), Rules::default());
    let letters = world.letters();
    assert_eq!(letters[0].1, LetterClass::Answer);
    assert!(
        letters[0]
            .2
            .contains("Thank you. How many pages are there?"),
        "{}",
        letters[0].2
    );
    assert!(!letters[0].2.contains("Advertisement."));
    assert_eq!(world.state().questioned(), ["website-audit/pages"]);
    // A cold letter is one, and says so.
    let cold = World::new(Rules::default()).letters();
    assert_eq!(cold[0].1, LetterClass::Marketing);
    assert!(cold[0].2.contains("Advertisement."));
    assert!(cold[0].2.contains("Hello Bakery Crumb."), "{}", cold[0].2);
}

#[test]
fn haggling_goes_to_the_edge_of_authority_and_then_to_a_person() {
    let mut world = World::proposed();
    let net = |world: &World| {
        let state = world.state();
        state.current_offer().unwrap().quote().totals().net.minor()
    };
    let first = net(&world);
    let mut least = first;
    for _ in 0..6 {
        world.days(2);
        world.say("That is too expensive for us. Could you give us a 60% discount?");
        assert!(net(&world) <= least);
        least = net(&world);
    }
    assert!(world.state().proposals().unwrap().versions().len() <= 3);
    assert!(!world.person().is_empty());
    // Ten percent is the most that may be traded on price; less than that only for less work.
    let state = world.state();
    let offer = state.current_offer().unwrap();
    assert!(state.concessions().len() >= state.proposals().unwrap().versions().len() - 1);
    let margin = offer.quote().totals().net.minor() - cost(offer);
    assert!(
        margin * 10 >= offer.quote().totals().net.minor() * 4,
        "40% at least"
    );
    world.unchanged();
}

fn cost(version: &ProposalVersion) -> i64 {
    version.quote().lines().iter().map(|l| l.cost.minor()).sum()
}

#[test]
fn an_offer_is_reminded_of_and_ends_at_its_time() {
    let mut world = World::proposed();
    world.days(20);
    assert!(world.has("proposal-1-reminder-1") && world.has("proposal-1-reminder-2"));
    world.days(20);
    assert_eq!(world.reason(), "no-decision");
    let before = world.letters().len();
    // A yes after that binds nobody.
    world.say("We accept your proposal, please go ahead.");
    assert_eq!(world.stage(), DealStage::Closed);
    assert!(world.state().contract().is_none());
    assert_eq!(world.letters().len(), before);
    world.unchanged();
}

#[test]
fn a_contract_waits_for_the_words_that_sign_exactly_it() {
    let mut world = World::contracting();
    for words in [
        "I sign if you take 20% off.",
        "Before I sign, please explain the payment plan.",
    ] {
        world.say(words);
        assert_eq!(world.stage(), DealStage::Contracting, "{words}");
        assert!(world.state().signed().is_none());
    }
    assert!(!world.person().is_empty());
    // Another document than the one that went out is none.
    let signed = DealInput::Signed {
        document: Digest32::of(b"another"),
        signer: "Ada".to_owned(),
    };
    world.give(Actor::Person("kim".to_owned()), &signed);
    assert_eq!(world.refused, ["CF-1"]);
    world.say("I sign.");
    assert_eq!(world.stage(), DealStage::Won);
    let again = DealInput::Signed {
        document: world.state().signed().unwrap().0,
        signer: "Ada".to_owned(),
    };
    world.give(Actor::Person("kim".to_owned()), &again);
    assert_eq!(world.refused, ["CF-1", "I7"]);
    let mut world = World::contracting();
    world.say("No thank you, not interested.");
    assert_eq!(world.reason(), "declined");
    let mut world = World::contracting();
    world.days(60);
    assert_eq!(world.reason(), "no-answer");
}

#[test]
fn a_late_payment_is_reminded_of_and_ends_with_a_person() {
    let mut world = World::won();
    world.requested(1);
    world.days(20);
    assert!(world.has("invoice-1-reminder-1"));
    assert_eq!(world.person(), "");
    world.days(30);
    assert!(world.person().contains("unpaid"), "{}", world.person());
    assert!(!world.has("invoice-1-reminder-2"));
    // Paid after all: no more of it.
    let mut world = World::won();
    world.requested(1);
    world.days(3);
    world.paid(1);
    world.days(60);
    assert!(!world.has("invoice-1-reminder-1"));
    assert_eq!(world.person(), "");
}

#[test]
fn a_machine_that_answers_every_letter_is_left_to_a_person() {
    let mut world = World::proposed();
    for _ in 0..30 {
        world.run(Duration::minutes(10));
        world.hear(News::Reply, Some("What does the second line mean?"));
    }
    let answers = world
        .steps()
        .iter()
        .filter(|s| s.starts_with("about-proposal-"))
        .count();
    assert_eq!(
        answers, 5,
        "six messages a day, one of which asked for the offer"
    );
    assert!(world.person().contains("faster"));
    // What settles the sale counts all the same.
    world.say("We accept your proposal, please go ahead.");
    assert_eq!(world.stage(), DealStage::Contracting);
}

#[test]
fn only_a_person_stops_a_deal_and_it_stays_stopped() {
    let mut world = World::new(Rules::default());
    let stop = DealInput::Stop {
        why: "a friend of the house".to_owned(),
    };
    world.give(Actor::Agent, &stop);
    assert_eq!(world.refused, ["I14"]);
    world.give(Actor::Person("kim".to_owned()), &stop);
    assert_eq!(world.reason(), "stopped");
    world.days(60);
    assert_eq!(world.steps(), ["touch-0"]);
    let lead = LeadQualified::try_from(lead()).unwrap();
    world.give(Actor::System, &DealInput::Qualified(Box::new(lead)));
    assert_eq!(world.refused, ["I14", "I7"]);
}

#[test]
fn a_need_that_changes_after_the_offer_makes_a_new_version_that_alone_can_be_accepted() {
    let mut world = World::proposed();
    let net = |world: &World| {
        let state = world.state();
        state.current_offer().unwrap().quote().totals().net.minor()
    };
    let first = net(&world);
    world.say("Please also fix our listings. We have 20 listings.");
    let state = world.state();
    assert_eq!(state.proposals().unwrap().versions().len(), 2);
    assert!(net(&world) > first);
    assert!(world.has("proposal-2"));
    // The reminders of the first version are silent now.
    world.days(9);
    assert!(!world.steps().iter().any(|s| s.starts_with("proposal-1-")));
    assert!(world.has("proposal-2-reminder-1"));
    // A question that changes nothing makes no version.
    world.say("What does the second line mean?");
    assert_eq!(world.state().proposals().unwrap().versions().len(), 2);
    world.say("We accept your proposal, please go ahead.");
    world.say("I sign.");
    assert_eq!(world.stage(), DealStage::Won);
    let state = world.state();
    let services: Vec<&str> = state
        .current_offer()
        .unwrap()
        .quote()
        .items()
        .iter()
        .map(|i| i.service.as_str())
        .collect();
    assert_eq!(services, ["website-audit", "listing-repair"]);
    assert_eq!(world.refused, [""; 0]);
    world.unchanged();
}

#[test]
fn what_is_dropped_between_offer_and_signature_does_not_lose_the_signature() {
    let mut world = World::new(Rules::default());
    world.say(
        "Yes please: a website audit, 120 pages, and listing repair, 20 listings, 1 language.",
    );
    if world.stage() == DealStage::Assessing {
        world.say("One language.");
    }
    assert_eq!(world.stage(), DealStage::Proposed);
    world.say("We accept your proposal, please go ahead.");
    assert_eq!(world.stage(), DealStage::Contracting);
    world.say("No directory listings, please.");
    let state = world.state();
    let dropped = state
        .requirements()
        .iter()
        .filter(|r| r.status == RequirementStatus::Dropped);
    assert_eq!(dropped.count(), 1);
    assert!(world.person().contains("contract"));
    world.say("I sign.");
    assert_eq!((world.stage(), world.refused.len()), (DealStage::Won, 0));
}

// covers: NA-1
#[test]
fn what_is_wanted_instead_is_not_dropped_with_what_is_refused() {
    for (words, kept, gone) in [
        (
            "We don't want the listing repair any more, only the audit.",
            "website-audit",
            "listing-repair",
        ),
        (
            "We no longer need the website audit, just the listing repair.",
            "listing-repair",
            "website-audit",
        ),
        (
            "Wir brauchen keinen Website-Check mehr, nur die Verzeichniseinträge.",
            "listing-repair",
            "website-audit",
        ),
    ] {
        let mut world = World::new(Rules::default());
        world.say("Yes please: a website audit, 120 pages, and listing repair, 20 listings.");
        world.say(words);
        let state = world.state();
        let status = |need: &str| {
            let found = state.requirements().iter().find(|r| r.need == need);
            found.map(|r| r.status)
        };
        assert_ne!(status(kept), Some(RequirementStatus::Dropped), "{words}");
        assert!(status(kept).is_some(), "{words}");
        assert_eq!(status(gone), Some(RequirementStatus::Dropped), "{words}");
    }
}

#[test]
fn more_than_is_sold_by_rule_is_left_to_a_person() {
    let mut world = World::new(Rules::default());
    world.say("Yes please: a website audit, 9000 pages. What would it cost?");
    assert_eq!(world.refused, [""; 0]);
    assert_eq!(world.stage(), DealStage::Assessing);
    assert!(world.person().contains("no price"), "{}", world.person());
}
