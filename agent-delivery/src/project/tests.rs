use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::blobs::{Blobs, MemoryBlobs};
use dealwright_core::document::{Document, DocumentRenderer, Format};
use dealwright_core::handoff::{DealWonParts, Listed};
use dealwright_core::id::DealId;
use dealwright_core::page::{MemoryFetcher, Page, PageFacts, PageUrl, Snapshot, SourceName};
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::process::{
    Actor, Claim, Handled, Host, MemoryStore, NoEffects, NoPerformer, PlainSealer, ProcessKey,
    Tenant, Work, WorkQuery,
};
use dealwright_core::provenance::{Source, SourceKind};
use dealwright_core::text::Untrusted;
use dealwright_core::time::{Calendar, Zone};
use dealwright_core::trust::{AskSend, News, SendOutcome};
use futures::executor::block_on;

use super::*;
use crate::execute::testing as clauses;
use crate::execute::{Facts, Method, Spent, Worker, WorkerProfile};
use crate::review::shipped_checks;
use crate::schedule::WorkingWeek;
use crate::setup::project_of;
use crate::setup::tests::{at, catalogue, deal_parts, eur};
use crate::work::listing::ListingField;

/// A recipient's gate without rules, and the client behind it.
#[derive(Debug)]
enum Client {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ClientState {
    letters: Vec<(String, Vec<String>, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum ClientInput {
    Ask(ProcessKey, Box<AskSend>),
    Say(ProcessKey, String, String),
}

/// Lets everybody do everything, so that what still holds is held by the project itself.
#[derive(Debug)]
struct Anybody;

impl dealwright_core::access::Authorizer for Anybody {
    fn allow(
        &self,
        _: &Actor,
        _: dealwright_core::access::Action,
        _: &ProcessKey,
    ) -> Result<(), dealwright_core::access::Denied> {
        Ok(())
    }
}

/// What the client answers to a letter, by its step; to hand-overs otherwise nothing.
#[derive(Clone, Debug, Default, Serialize)]
struct ClientPolicy {
    answers: BTreeMap<String, String>,
    refuses: BTreeSet<String>,
    /// How long an answer takes; a day's work where not given.
    minutes: Option<i64>,
}

impl Process for Client {
    const KIND: &'static str = "recipient";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;
    type State = ClientState;
    type Input = ClientInput;
    type Event = (String, Vec<String>, String);
    type Effect = NoEffects;
    type Policy = ClientPolicy;

    fn action(_: &ClientInput) -> dealwright_core::access::Action {
        dealwright_core::access::Action::Progress
    }

    fn decide(
        _: &ClientState,
        input: &ClientInput,
        cx: &Context<'_, ClientPolicy>,
    ) -> Result<Decision<Self>, Refusal> {
        match input {
            ClientInput::Ask(asker, ask) => {
                let name = ask.step.clone();
                let letter = &ask.draft.letter;
                let files = letter.attachments.iter().map(|a| a.name.clone());
                let text = letter.text();
                if cx.policy().refuses.contains(&name) {
                    let answer = SendAnswer {
                        step: name.clone(),
                        outcome: SendOutcome::Refused {
                            rule: "CS-6a".to_owned(),
                            why: "the mailbox is gone".to_owned(),
                        },
                    };
                    return Ok(Decision::nothing().tell(
                        asker.clone(),
                        format!("refused-{name}"),
                        &answer,
                    ));
                }
                let answer = SendAnswer {
                    step: name.clone(),
                    outcome: SendOutcome::Sent {
                        at: cx.now(),
                        message_id: letter.message_id.clone(),
                        provider_id: "1".to_owned(),
                    },
                };
                let mut decision = Decision::nothing()
                    .event((name.clone(), files.collect(), text))
                    .tell(asker.clone(), format!("sent-{name}"), &answer);
                if let Some(words) = cx.policy().answers.get(&name) {
                    decision = decision.timer(
                        format!("say-{name}"),
                        cx.now() + Duration::minutes(cx.policy().minutes.unwrap_or(20 * 60)),
                        ClientInput::Say(asker.clone(), name, words.clone()),
                    );
                }
                Ok(decision)
            }
            ClientInput::Say(asker, name, words) => Ok(Decision::nothing().tell(
                asker.clone(),
                format!("said-{name}"),
                &Heard {
                    news: News::Reply,
                    step: Some(name.clone()),
                    at: cx.now(),
                    text: Some(Personal::new(Untrusted::new(words.clone()), "client")),
                    message_id: Some(format!("{name}@client.example")),
                    until: None,
                },
            )),
        }
    }

    fn apply(mut state: ClientState, event: &Self::Event) -> ClientState {
        state.letters.push(event.clone());
        state
    }

    fn index(_: &ClientState) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(effect: NoEffects, _: Unsettled) -> ClientInput {
        match effect {}
    }

    fn receive(record: &Record<'_>) -> Result<ClientInput, PortError> {
        let ask = handoff::read(record.contract, record.version, record.body)?;
        Ok(ClientInput::Ask(record.sender.clone(), Box::new(ask)))
    }

    fn business(_: &ClientState) -> Value {
        Value::Null
    }

    fn upcast(_: u32, body: Value) -> Result<Value, PortError> {
        Ok(body)
    }
}

#[derive(Debug)]
struct Paper;

impl DocumentRenderer for Paper {
    fn render(&self, document: &Document, _: Format) -> Result<Vec<u8>, PortError> {
        Ok(serde_json::to_vec(document).unwrap())
    }
}

/// Audits by making things up; the first `bad` reports lack a page.
#[derive(Debug)]
struct Fake {
    blobs: Arc<dyn Blobs>,
    bad: u32,
    reports: AtomicU32,
}

#[async_trait]
impl Worker for Fake {
    fn describe(&self) -> WorkerProfile {
        WorkerProfile {
            identity: WorkerIdentity::tool("website-audit", "1"),
            skills: ["web".to_owned(), "writing".to_owned()].into(),
            parallel: 1,
        }
    }

    async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError> {
        let mut parts = Vec::new();
        let mut facts = Facts::new();
        for deliverable in &order.produces {
            let tries = self.reports.fetch_add(1, Ordering::SeqCst);
            let bytes = format!("{deliverable} {:?} {:?}", order.drivers, order.faults);
            parts.push(ProducedPart {
                deliverable: deliverable.clone(),
                name: format!("{deliverable}.pdf"),
                media_type: "application/pdf".to_owned(),
                bytes: u64::try_from(bytes.len()).unwrap(),
                digest: self.blobs.put(bytes.into_bytes()).await?,
            });
            let read = if tries < self.bad { 0 } else { 10 };
            facts.insert("pages-read".to_owned(), read.into());
            facts.insert("pages-ordered".to_owned(), 10.into());
        }
        Ok(TaskResult {
            parts,
            facts,
            method: Method {
                name: "made-up".to_owned(),
                why: "for a test".to_owned(),
                instead_of: Vec::new(),
            },
            spent: Spent {
                money: eur(100),
                minutes: 30,
                tokens: 0,
            },
        })
    }
}

fn member(worker: WorkerIdentity, skills: &[&str], hours: Hours) -> StaffMember {
    StaffMember {
        worker,
        skills: skills.iter().map(ToString::to_string).collect(),
        parallel: 1,
        hours,
    }
}

fn policy() -> ProjectPolicy {
    let office = || Hours::Week(WorkingWeek::office(Zone::UTC, Calendar::default()));
    ProjectPolicy {
        catalogue: catalogue(),
        templates: standard_templates().check().unwrap(),
        template_sources: standard_templates(),
        sender: Sender {
            principal: "agency".to_owned(),
            organisation: "Amsel Agency".to_owned(),
            name: "Amsel".to_owned(),
            address: EmailAddress::parse("hello@amsel.example").unwrap(),
            reply_to: EmailAddress::parse("hello@amsel.example").unwrap(),
            postal: vec!["1 Main Street".to_owned()],
            contact: "+1 555 0100".to_owned(),
        },
        ai_notices: [("en".to_owned(), "An AI wrote this.".to_owned())].into(),
        made_by_ai: true,
        staff: vec![
            member(
                WorkerIdentity::tool("website-audit", "1"),
                &["web", "writing"],
                Hours::Always,
            ),
            member(
                WorkerIdentity::person("kim"),
                &["web", "writing", "data"],
                office(),
            ),
            member(WorkerIdentity::person("lee"), &["writing"], office()),
        ],
        client_hours: office(),
        priorities: PriorityPolicy::default(),
        tier: ClientTier::New,
        schedules: 20,
        chasing: ChaserPolicy::default(),
        checks: shipped_checks(),
        rework: ReworkPolicy {
            rounds: 2,
            cost: eur(100_000),
        },
        revision_rounds: 1,
        messages_a_day: 6,
        deemed_accepted_days: 10,
        feedback_days: 5,
        alerts: AlertPolicy::default(),
        market: "main".to_owned(),
        auto_people: true,
        review_hours: 4,
    }
}

struct World {
    host: Host,
    key: ProcessKey,
    now: Timestamp,
    refused: Vec<String>,
}

impl World {
    fn new(policy: ProjectPolicy, client: ClientPolicy, bad: u32) -> Self {
        let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
        let fake: Arc<dyn Worker> = Arc::new(Fake {
            blobs: blobs.clone(),
            bad,
            reports: AtomicU32::new(0),
        });
        let performer = ProjectPerformer::new(
            [("website-audit".to_owned(), fake)].into(),
            Arc::new(Paper),
            Format::Pdf,
            blobs,
        );
        let tenant = Tenant::parse("t").unwrap();
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .authorizer(Anybody)
            .process::<Project>(policy, performer)
            .unwrap()
            .process::<Client>(client, NoPerformer)
            .unwrap()
            .build();
        let id = project_of(DealId::derive(&[b"deal"]));
        Self {
            key: host.key::<Project>(id.to_string()),
            host,
            now: at("2026-03-02T08:00:00Z"),
            refused: Vec::new(),
        }
    }

    fn give(&self, name: &str, actor: Actor, input: &ProjectInput) {
        let id = self.key.id().to_owned();
        block_on(self.host.offer::<Project>(id, name, actor, self.now, input)).unwrap();
    }

    fn won(&self, name: &str, parts: DealWonParts) {
        let deal = DealWon::try_from(parts).unwrap();
        self.give(name, Actor::System, &ProjectInput::Won(Box::new(deal)));
    }

    fn run(&mut self) {
        for _ in 0..5_000 {
            let claims = block_on(self.host.store().claim(Claim {
                now: self.now,
                worker: "w".to_owned(),
                kinds: vec!["project".to_owned(), "recipient".to_owned()],
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
            } else if let Some(next) = claims.next_due {
                self.now = next;
            } else {
                return;
            }
        }
        panic!("no end: {:?}", self.state().phase());
    }

    fn state(&self) -> ProjectState {
        block_on(self.host.state::<Project>(&self.key))
            .unwrap()
            .unwrap()
            .1
    }

    fn letters(&self) -> Vec<(String, Vec<String>, String)> {
        let address = EmailAddress::parse("hello@baeckerei-sommer.example").unwrap();
        let key = self.host.recipient(&address);
        let found = block_on(self.host.state::<Client>(&key)).unwrap();
        found.unwrap().1.letters
    }

    /// The contracts that another process was told.
    fn told(&self, kind: &str, id: &str) -> Vec<(String, Value)> {
        let tenant = Tenant::parse("t").unwrap();
        let query = WorkQuery {
            receiver: Some(ProcessKey::new(&tenant, kind, id)),
            n: 100,
            ..WorkQuery::default()
        };
        let works: Vec<Work> = block_on(self.host.store().works(query)).unwrap();
        works
            .into_iter()
            .map(|w| (w.contract.unwrap().0, w.body))
            .collect()
    }

    fn unchanged(&self) {
        assert_eq!(block_on(self.host.redecide(&self.key)).unwrap(), None);
    }
}

fn answers(list: &[(&str, &str)]) -> ClientPolicy {
    ClientPolicy {
        answers: list
            .iter()
            .map(|(step, words)| ((*step).to_owned(), (*words).to_owned()))
            .collect(),
        ..ClientPolicy::default()
    }
}

// covers: PS-1, PS-3, TX-2, QR-2, CR-1, CR-3, DF-3
#[test]
fn a_project_runs_from_the_contract_to_the_feedback() {
    let client = answers(&[
        ("handover-1-1", "We accept, thank you."),
        ("handover-2-1", "Looks good."),
        ("report", "5 of 5"),
    ]);
    let mut world = World::new(policy(), client, 0);
    world.won("first", deal_parts());
    world.won("second", deal_parts());
    world.run();
    assert_eq!(world.refused, ["PS-1"]);
    let state = world.state();
    assert_eq!(
        state.phase(),
        ProjectPhase::Closed,
        "{:?}",
        state.needs_person()
    );
    assert_eq!(state.closed().map(|c| c.0), Some(true));
    assert_eq!(state.satisfaction(), Some(5));
    // Every finished task has its entry.
    for task in state.tasks() {
        assert!(
            state.decisions().of_task(task.id()).count() >= 1,
            "{}",
            task.name()
        );
    }
    // Nobody judged their own work.
    for made in state.made().values() {
        let released = made.released.as_ref().unwrap();
        for result in released.review().results().values() {
            for producer in released.manifest().producers() {
                assert!(result.by.differs_from(producer));
            }
        }
    }
    let letters = world.letters();
    let steps: Vec<&str> = letters.iter().map(|l| l.0.as_str()).collect();
    assert_eq!(steps.first(), Some(&"input-logo-0"));
    assert_eq!(steps.last(), Some(&"report"));
    assert!(
        letters
            .iter()
            .any(|l| l.1.contains(&"report.pdf".to_owned()))
    );
    let plan = letters.iter().find(|l| l.0 == "plan").unwrap();
    assert!(plan.1[0].starts_with("project-plan."), "{plan:?}");
    let deal = DealId::derive(&[b"deal"]).to_string();
    let told: Vec<String> = world.told("deal", &deal).into_iter().map(|t| t.0).collect();
    assert_eq!(
        told.iter().filter(|t| *t == "milestone-accepted").count(),
        2
    );
    assert_eq!(told.iter().filter(|t| *t == "project-closed").count(), 1);
    let feedback = world.told("market", "main");
    assert_eq!(feedback.len(), 1);
    assert!(
        feedback[0].1.to_string().contains("\"satisfaction\":5"),
        "{feedback:?}"
    );
    world.unchanged();
}

#[test]
fn silence_counts_as_acceptance_and_says_so() {
    let mut world = World::new(policy(), ClientPolicy::default(), 0);
    world.won("first", deal_parts());
    world.run();
    let state = world.state();
    assert_eq!(
        state.phase(),
        ProjectPhase::Closed,
        "{:?}",
        state.needs_person()
    );
    assert_eq!(state.satisfaction(), None);
    let silent = |h: &HandOver| {
        matches!(
            h.accepted,
            Some((AcceptedBy::Silence { working_days: 10 }, _))
        )
    };
    assert!(state.hand_overs().values().all(silent));
    let letters = world.letters();
    let deemed = letters.iter().filter(|l| l.0.starts_with("deemed-"));
    assert_eq!(deemed.count(), 2);
    assert_eq!(
        letters
            .iter()
            .filter(|l| l.0 == "feedback-reminder")
            .count(),
        1
    );
    world.unchanged();
}

// covers: QR-3
#[test]
fn rework_is_bounded_then_a_person_decides() {
    let mut good = World::new(policy(), ClientPolicy::default(), 1);
    good.won("first", deal_parts());
    good.run();
    let made = good
        .state()
        .made()
        .values()
        .find(|m| m.template == "report")
        .cloned();
    let made = made.unwrap();
    assert_eq!((made.version, made.rework.rounds()), (2, 1));
    let mut bad = World::new(policy(), ClientPolicy::default(), 99);
    bad.won("first", deal_parts());
    bad.run();
    let made = bad
        .state()
        .made()
        .values()
        .find(|m| m.template == "report")
        .cloned();
    let made = made.unwrap();
    assert_eq!((made.version, made.rework.rounds()), (3, 2));
    assert!(made.escalated.is_some());
    let waived = made.released.unwrap();
    let result = &waived.review().results()["all-pages"];
    assert!(matches!(result.verdict, Verdict::Waived { .. }) && result.by.is_person());
    bad.unchanged();
}

// covers: QR-4
#[test]
fn a_change_makes_a_new_version_and_one_too_many_a_change_order() {
    let client = answers(&[
        ("handover-1-1", "Please change the title."),
        ("handover-1-2", "The title is wrong again."),
    ]);
    let mut world = World::new(policy(), client, 0);
    world.won("first", deal_parts());
    world.run();
    let state = world.state();
    let report = state
        .made()
        .values()
        .find(|m| m.template == "report")
        .unwrap();
    assert_eq!(report.version, 2);
    assert!(
        world
            .letters()
            .iter()
            .any(|l| l.0.starts_with("change-order-"))
    );
    assert_eq!(state.phase(), ProjectPhase::Delivered);
    let open = state.milestones()[0].0.id;
    assert!(state.hand_overs()[&open].accepted.is_none());
    // Only a person of the agency writes down what the client said elsewhere.
    world.give(
        "a",
        Actor::Agent,
        &ProjectInput::Accepted { milestone: open },
    );
    world.run();
    assert_eq!(world.refused.last().map(String::as_str), Some("I14"));
    let person = Actor::Person("kim".to_owned());
    world.give("b", person, &ProjectInput::Accepted { milestone: open });
    world.run();
    assert_eq!(world.state().phase(), ProjectPhase::Closed);
    world.unchanged();
}

#[test]
fn a_question_is_answered_and_the_time_to_answer_begins_anew() {
    let client = answers(&[("handover-1-1", "Who made this?")]);
    let mut world = World::new(policy(), client, 0);
    world.won("first", deal_parts());
    world.run();
    assert!(world.letters().iter().any(|l| l.0.starts_with("status-")));
    assert_eq!(world.state().phase(), ProjectPhase::Closed);
    world.unchanged();
}

#[test]
fn a_machine_that_answers_every_letter_is_left_to_a_person() {
    // It answers each status letter within minutes, and would do so for ever.
    let steps: Vec<String> = (1..=40).map(|n| format!("status-{n}")).collect();
    let mut list: Vec<(&str, &str)> = steps
        .iter()
        .map(|step| (step.as_str(), "Which file is it, please?"))
        .collect();
    list.push(("handover-1-1", "Which file is it, please?"));
    let client = ClientPolicy {
        minutes: Some(10),
        ..answers(&list)
    };
    let mut world = World::new(policy(), client, 0);
    world.won("first", deal_parts());
    world.run();
    let answered = |l: &&(String, Vec<String>, String)| l.0.starts_with("status-");
    assert_eq!(world.letters().iter().filter(answered).count(), 6);
    let state = world.state();
    assert!(state.needs_person().unwrap().contains("faster"));
    // What was handed over is still accepted in time, by silence.
    assert_eq!(state.phase(), ProjectPhase::Closed);
    world.unchanged();
}

#[test]
fn slow_questions_are_answered_however_many_they_are() {
    let steps: Vec<String> = (1..=9).map(|n| format!("status-{n}")).collect();
    let mut list: Vec<(&str, &str)> = steps
        .iter()
        .map(|step| (step.as_str(), "Which file is it, please?"))
        .collect();
    list.push(("handover-1-1", "Which file is it, please?"));
    let mut world = World::new(policy(), answers(&list), 0);
    world.won("first", deal_parts());
    world.run();
    let answered = |l: &&(String, Vec<String>, String)| l.0.starts_with("status-");
    assert_eq!(world.letters().iter().filter(answered).count(), 10);
    world.unchanged();
}

#[test]
fn a_client_who_cannot_be_reached_becomes_a_task_for_people() {
    let client = ClientPolicy {
        refuses: ["handover-1-1".to_owned(), "report".to_owned()].into(),
        ..ClientPolicy::default()
    };
    let mut world = World::new(policy(), client, 0);
    world.won("first", deal_parts());
    world.run();
    let state = world.state();
    assert!(state.needs_person().unwrap().contains("another way"));
    assert_eq!(state.phase(), ProjectPhase::Closed);
    world.give("seen", Actor::Person("kim".to_owned()), &ProjectInput::Seen);
    world.run();
    assert_eq!(world.state().needs_person(), None);
    world.unchanged();
}

// covers: PS-3
#[test]
fn without_timers_for_people_the_work_waits_for_them() {
    let mut policy = policy();
    policy.auto_people = false;
    let mut world = World::new(policy, ClientPolicy::default(), 0);
    world.won("first", deal_parts());
    world.run();
    let state = world.state();
    let run = |name: &str| {
        let task = state
            .tasks()
            .iter()
            .find(|t| t.template().as_str() == name)
            .unwrap();
        (task.id(), state.run(task.id()).unwrap().status)
    };
    assert_eq!(run("crawl").1, TaskStatus::Done);
    assert_eq!(run("write").1, TaskStatus::Waiting);
    let (compare, status) = run("compare");
    assert_eq!(status, TaskStatus::Running);
    assert!(state.needs_person().unwrap().contains("logo"));
    let mut result = clauses::result(500);
    result.parts.clear();
    let finished = ProjectInput::TaskFinished {
        task: compare,
        result: Box::new(result),
    };
    let logo = ProjectInput::InputGiven {
        name: Slug::parse("logo").unwrap(),
        value: "on file".to_owned(),
    };
    world.give("agent", Actor::Agent, &finished);
    world.give("kim", Actor::Person("kim".to_owned()), &finished);
    world.give("logo", Actor::Outside("portal".to_owned()), &logo);
    world.run();
    assert_eq!(world.refused, ["I14"]);
    let state = world.state();
    let done = |name: &str| {
        let task = state
            .tasks()
            .iter()
            .find(|t| t.template().as_str() == name)
            .unwrap();
        state.run(task.id()).unwrap().status
    };
    assert_eq!(
        (done("compare"), done("write")),
        (TaskStatus::Done, TaskStatus::Done)
    );
    world.unchanged();
}

#[test]
fn one_changed_requirement_changes_plan_and_deliverable() {
    let run = |change: &dyn Fn(&mut DealWonParts)| {
        let mut parts = deal_parts();
        change(&mut parts);
        let mut world = World::new(policy(), ClientPolicy::default(), 0);
        world.won("first", parts);
        world.run();
        world.state()
    };
    let hashes = |state: &ProjectState| -> Vec<(String, Digest32)> {
        let made = state.made().values();
        made.map(|m| {
            (
                m.template.clone(),
                m.released.as_ref().unwrap().manifest().hash(),
            )
        })
        .collect()
    };
    let minutes = |state: &ProjectState| state.breakdown().unwrap().estimate().mean();
    let (plain, same) = (run(&|_| ()), run(&|_| ()));
    assert_eq!(
        (hashes(&plain), minutes(&plain)),
        (hashes(&same), minutes(&same))
    );
    let larger = run(&|p| {
        p.orders[0].drivers.insert("pages".to_owned(), 60);
    });
    assert!(minutes(&larger) > minutes(&plain));
    assert_eq!(plain.plan_document(), same.plan_document());
    assert_ne!(plain.plan_document(), larger.plan_document());
    let report = |state: &ProjectState| {
        hashes(state)
            .into_iter()
            .find(|(name, _)| name == "report")
            .map(|(_, hash)| hash)
    };
    assert_ne!(report(&larger), report(&plain));
    let more = run(&|p| p.orders[0].options.push("rescan".to_owned()));
    assert!(
        hashes(&more)
            .iter()
            .any(|(name, _)| name == "second-report")
    );
}

fn audit_worker(blobs: Arc<dyn Blobs>) -> WebsiteAuditWorker {
    let url = PageUrl::parse("https://baeckerei-sommer.example/").unwrap();
    let snapshot = Snapshot::new(
        url.clone(),
        200,
        "<html></html>".to_owned(),
        at("2026-03-02T08:00:00Z"),
    );
    let page = Page::new(snapshot, Some(PageFacts::empty(url, 200, 13)));
    WebsiteAuditWorker::new(
        Arc::new(MemoryFetcher::new().with_page(page)),
        SourceName::parse("client-order").unwrap(),
        Arc::new(Paper),
        Format::Pdf,
        blobs,
    )
}

fn repair_order() -> TaskOrder {
    let mut order = clauses::order();
    order.skill = "data".to_owned();
    let listed =
        |name: &str, at: Timestamp| Listed::new(Source::new(name, SourceKind::Directory), at);
    let listings = vec![
        listed("town-guide", at("2026-02-01T08:00:00Z"))
            .with(ListingField::Name, Some("Sommer"))
            .with(ListingField::PostalCode, Some("05117"))
            .with(ListingField::City, Some("Merrau"))
            .with(ListingField::Phone, Some("+49 30 23125 100")),
        listed("maps", at("2026-02-03T08:00:00Z"))
            .with(ListingField::Phone, Some("+49 30 23125 101")),
    ];
    order.listings = Some(Personal::new(listings, "sommer"));
    order
}

#[test]
fn shipped_workers_keep_the_contract_and_pass_their_checks() {
    let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
    let audit = audit_worker(blobs.clone());
    let repair = ListingRepairWorker::new(Arc::new(Paper), Format::Pdf, blobs.clone());
    let list: [(&dyn Worker, TaskOrder); 2] =
        [(&audit, clauses::order()), (&repair, repair_order())];
    for (worker, order) in list {
        block_on(async {
            clauses::describes_itself_the_same(worker, order.clone()).await;
            clauses::the_same_order_yields_the_same(worker, order.clone()).await;
            clauses::what_it_cannot_do_is_refused(worker, order.clone()).await;
            clauses::results_are_accounted_for(worker, order.clone()).await;
        });
        let result = block_on(worker.work(order)).unwrap();
        assert!(!result.parts.is_empty());
        for part in &result.parts {
            assert!(block_on(blobs.has(part.digest)).unwrap(), "{}", part.name);
        }
    }
    let done = block_on(repair.work(repair_order())).unwrap();
    let names: Vec<&str> = done.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "report-business.jsonld",
            "report-corrected.csv",
            "report-before-after.csv",
            "report.pdf"
        ]
    );
    assert_eq!(done.facts["changes-against-decision"], 0.into());
    // Every field that was handed over is read, and what decides is when it was.
    let file = |name: &str| {
        let part = done.parts.iter().find(|p| p.name == name).unwrap();
        String::from_utf8(block_on(blobs.get(part.digest)).unwrap().unwrap()).unwrap()
    };
    assert_eq!(
        file("report-corrected.csv"),
        "name,postal_code,city,phone\r\n\"Sommer\",\"05117\",\"Merrau\",\"'+49 30 23125 101\"\r\n"
    );
    assert!(file("report-before-after.csv").contains(",newest,yes"));
}
