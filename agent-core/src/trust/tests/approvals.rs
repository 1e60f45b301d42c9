//! Who may say yes, to what, how long and how often; and what a withdrawal takes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::Duration;

use super::*;
use crate::canonical::Digest32;
use crate::process::suite::run;

struct Office {
    host: Host,
    store: Arc<MemoryStore>,
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
    recipient: ProcessKey,
}

fn office_on(
    store: Arc<MemoryStore>,
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
    mode: ApprovalMode,
    cap: u32,
) -> Office {
    let tenant = Tenant::parse("t").unwrap();
    let mut rules = rules_policy();
    rules.approval = mode;
    let policy = RecipientPolicy {
        rules,
        approval_hours: 72,
        marketing_cap: cap,
        marketing_cap_days: 30,
        desk: "main".to_owned(),
        ..RecipientPolicy::default()
    };
    let post: Arc<dyn Messenger> = Arc::new(Post {
        class: EffectClass::AtMostOnce,
        taken: Arc::clone(&taken),
        fail_after: false,
    });
    let host = Host::builder(tenant.clone(), Arc::clone(&store), PlainSealer::default())
        .authorizer(Anybody)
        .process::<Recipient>(policy, MessengerPerformer::new(vec![post]))
        .unwrap()
        .process::<Desk>(DeskPolicy::default(), NoPerformer)
        .unwrap()
        .build();
    Office {
        host,
        store,
        taken,
        recipient: ProcessKey::new(&tenant, "recipient", "r"),
    }
}

fn office(mode: ApprovalMode) -> Office {
    office_on(Arc::new(MemoryStore::new()), Arc::default(), mode, 0)
}

impl Office {
    /// The same business after a restart of the program.
    fn restarted(self, mode: ApprovalMode) -> Self {
        office_on(self.store, self.taken, mode, 0)
    }

    fn offer(&self, dedupe: &str, actor: Actor, at: Timestamp, input: &RecipientInput) {
        run(self.host.offer::<Recipient>("r", dedupe, actor, at, input)).unwrap();
    }

    fn ask(&self, draft: Draft, dedupe: &str, at: Timestamp) {
        self.ask_as("asker", draft, dedupe, at);
    }

    fn ask_as(&self, asker: &str, draft: Draft, dedupe: &str, at: Timestamp) {
        let ask = RecipientInput::Ask {
            asker: ProcessKey::new(self.host.tenant(), "outside", asker),
            ask: Box::new(AskSend {
                step: draft.letter.step.clone(),
                draft,
                lane: Lane::Normal,
            }),
        };
        self.offer(dedupe, Actor::Agent, at, &ask);
    }

    fn claimable(&self, now: Timestamp) -> Vec<Work> {
        // The lease ends at once, so what is not handled is free for the next look.
        let claims = run(self.store.claim(Claim {
            now,
            worker: "w".to_owned(),
            kinds: vec!["recipient".to_owned(), "desk".to_owned()],
            shares: Vec::new(),
            lease: Duration::zero(),
            n: 100,
            exclusive: false,
        }));
        claims.unwrap().works
    }

    /// Handles what is due, first come first served; answers the rules that refused.
    fn drain(&self, now: Timestamp) -> Vec<String> {
        let mut refused = Vec::new();
        while let Some(work) = self.claimable(now).into_iter().next() {
            if let Handled::Stepped {
                refused: Some(rule),
                ..
            } = run(self.host.handle(work, now)).unwrap()
            {
                refused.push(rule);
            }
        }
        refused
    }

    fn state(&self) -> RecipientState {
        run(self.host.state::<Recipient>(&self.recipient))
            .unwrap()
            .unwrap()
            .1
    }

    fn hash(&self) -> Digest32 {
        self.state().intents().values().next().unwrap().hash
    }

    fn sent(&self) -> u32 {
        self.taken.lock().unwrap().values().sum()
    }

    fn outstanding(&self) -> usize {
        let key = self.host.key::<Desk>("main");
        run(self.host.state::<Desk>(&key))
            .unwrap()
            .map_or(0, |(_, s)| s.outstanding())
    }

    fn approve(&self, dedupe: &str, actor: Actor, hash: Digest32, at: Timestamp) -> Vec<String> {
        let intent = self.state().intents().keys().next().unwrap().clone();
        self.offer(dedupe, actor, at, &RecipientInput::Approve { intent, hash });
        self.drain(at)
    }
}

fn mara() -> Actor {
    Actor::Person("mara".to_owned())
}

// covers: OU-10, OR-6
#[test]
fn nothing_leaves_until_a_person_says_yes_to_exactly_this() {
    for mode in [ApprovalMode::ApproveEach, ApprovalMode::DraftOnly] {
        let office = office(mode);
        office.ask(draft("touch-1"), "ask", noon());
        office.drain(noon());
        assert_eq!(office.sent(), 0);
        let hash = office.hash();
        let table: [(&str, Actor, Digest32, &str); 5] = [
            ("agent", Actor::Agent, hash, "I14"),
            ("system", Actor::System, hash, "I14"),
            ("client", Actor::Outside("client".to_owned()), hash, "I14"),
            ("other content", mara(), Digest32::of(b"other"), "OR-6"),
            (
                "agent and other content",
                Actor::Agent,
                Digest32::of(b"other"),
                "I14",
            ),
        ];
        for (who, actor, hash, rule) in table {
            assert_eq!(office.approve(who, actor, hash, noon()), [rule], "{who}");
            assert_eq!(office.sent(), 0, "{who}");
        }
        assert!(office.approve("mara", mara(), hash, noon()).is_empty());
        assert_eq!(office.sent(), 1);
        // A second yes has nothing to say yes to, and nothing leaves again.
        assert_eq!(office.approve("mara again", mara(), hash, noon()), ["OR-6"]);
        office.ask(draft("touch-1"), "ask again", noon());
        assert_eq!(office.drain(noon()), ["I2"]);
        assert_eq!(office.sent(), 1);
    }
}

// covers: OU-10
#[test]
fn within_the_policy_no_person_is_asked() {
    for mode in [ApprovalMode::Autonomous, ApprovalMode::ApproveTemplate] {
        let office = office(mode);
        office.ask(draft("touch-1"), "ask", noon());
        office.drain(noon());
        assert_eq!(office.sent(), 1, "{mode:?}");
    }
    assert_eq!(
        ApprovalMode::default(),
        ApprovalMode::ApproveEach,
        "asking is the default"
    );
}

// covers: OR-6
#[test]
fn a_changed_letter_needs_a_yes_of_its_own() {
    let office = office(ApprovalMode::ApproveEach);
    office.ask(draft("touch-1"), "ask", noon());
    office.drain(noon());
    let old = office.hash();
    // Refused by a person, written anew under the same step.
    let intent = office.state().intents().keys().next().unwrap().clone();
    let refuse = RecipientInput::Refuse {
        intent,
        why: "too long".to_owned(),
    };
    office.offer("no", mara(), noon(), &refuse);
    office.offer("no by agent", Actor::Agent, noon(), &refuse);
    assert_eq!(office.drain(noon()), ["I14"]);
    let mut other = draft("touch-1");
    other.letter.sender.contact = "+1 555 0199".to_owned();
    office.ask(other, "ask again", noon());
    office.drain(noon());
    assert_ne!(office.hash(), old);
    assert_eq!(office.approve("the old one", mara(), old, noon()), ["OR-6"]);
    assert_eq!(office.sent(), 0);
    assert!(
        office
            .approve("the new one", mara(), office.hash(), noon())
            .is_empty()
    );
    assert_eq!(office.sent(), 1);
}

// covers: OR-6
#[test]
fn a_wait_ends_at_its_deadline_and_outlives_a_restart() {
    let waiting = office(ApprovalMode::ApproveEach);
    waiting.ask(draft("touch-1"), "ask", noon());
    waiting.drain(noon());
    let waiting = waiting.restarted(ApprovalMode::ApproveEach);
    let state = waiting.state();
    let phase = &state.intents().values().next().unwrap().phase;
    assert_eq!(
        *phase,
        Phase::AwaitsApproval {
            expires: noon() + Duration::hours(72)
        }
    );
    let found = run(waiting.store.find(Find {
        tenant: waiting.host.tenant().clone(),
        kind: "recipient".to_owned(),
        index: "approvals".to_owned(),
        range: IndexRange::default(),
        after: None,
        n: 10,
    }));
    assert_eq!(found.unwrap().0.len(), 1, "people find what waits for them");
    // One minute before the deadline it may still be approved, in a copy of the business.
    let late = noon() + Duration::hours(72);
    let hash = waiting.hash();
    assert_eq!(waiting.approve("too late", mara(), hash, late), ["OR-6"]);
    let end = waiting
        .state()
        .intents()
        .values()
        .next()
        .unwrap()
        .phase
        .clone();
    assert_eq!(
        end,
        Phase::Refused {
            rule: "approval-lapsed".to_owned()
        }
    );
    assert_eq!(waiting.sent(), 0);

    let waiting = office(ApprovalMode::ApproveEach);
    waiting.ask(draft("touch-1"), "ask", noon());
    waiting.drain(noon());
    let waiting = waiting.restarted(ApprovalMode::ApproveEach);
    // A working hour of the recipient, within the deadline.
    let in_time = noon() + Duration::hours(24);
    assert!(waiting.approve("in time", mara(), hash, in_time).is_empty());
    assert_eq!(waiting.sent(), 1);
}

#[test]
fn an_approval_covers_one_content_for_its_time_once() {
    let hash = Digest32::of(b"letter");
    let approval = Approval {
        by: "mara".to_owned(),
        at: noon(),
        expires: noon() + Duration::hours(1),
        hash,
        used: false,
    };
    assert!(approval.covers(hash, noon()));
    assert!(!approval.covers(Digest32::of(b"other"), noon()));
    assert!(!approval.covers(hash, noon() + Duration::hours(1)));
    assert!(
        !Approval {
            used: true,
            ..approval
        }
        .covers(hash, noon())
    );
}

// covers: OU-4
#[test]
fn two_campaigns_at_once_stay_within_a_persons_cap() {
    let office = office_on(
        Arc::new(MemoryStore::new()),
        Arc::default(),
        ApprovalMode::Autonomous,
        1,
    );
    for campaign in ["spring", "summer", "autumn"] {
        let mut draft = draft("touch-1");
        draft.letter.campaign = campaign.to_owned();
        office.ask(draft, campaign, noon());
    }
    let mut now = noon();
    for _ in 0..200 {
        office.drain(now);
        now += Duration::hours(1);
    }
    assert_eq!(office.sent(), 1);
}

// covers: OU-4
#[test]
fn while_one_sale_writes_to_a_person_no_other_one_begins() {
    let office = office(ApprovalMode::Autonomous);
    office.ask_as("deal-1", draft("touch-1"), "first", noon());
    office.drain(noon());
    assert_eq!(office.sent(), 1);
    let ask = |at: Timestamp, dedupe: &str| {
        office.ask_as("deal-2", draft("touch-2"), dedupe, at);
        office.drain(at);
    };
    ask(noon() + Duration::days(29), "second");
    assert_eq!(office.sent(), 1, "the first one still talks to them");
    ask(noon() + Duration::days(31), "third");
    assert_eq!(office.sent(), 2, "that talk is over");
}

fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        usize::try_from(x % u64::try_from(below).unwrap()).unwrap()
    }
}

// covers: CS-6a, GD-16, OU-7
#[test]
fn a_withdrawal_beats_a_grant_in_any_order() {
    let inputs = [
        DeskInput::Stop(None),
        DeskInput::Stop(Some(Channel::Email)),
        DeskInput::Suppress(WideSuppression {
            scope: Scope::RecipientDomain("bakery.example".to_owned()),
            reason: "they asked for the whole company".to_owned(),
        }),
    ];
    let mut stopped_in_time = 0;
    for seed in 0..600_u64 {
        let mut number = numbers(seed);
        let office = office(ApprovalMode::Autonomous);
        office.ask(draft("touch-1"), "ask", noon());
        let at = number(7);
        let mut heard = None;
        for turn in 0..60 {
            if turn == at {
                let input = &inputs[usize::try_from(seed % 3).unwrap()];
                run(office
                    .host
                    .offer::<Desk>("main", "stop", mara(), noon(), input))
                .unwrap();
            }
            let mut works = office.claimable(noon());
            if works.is_empty() && turn > at {
                break;
            }
            if works.is_empty() {
                continue;
            }
            let work = works.remove(number(works.len()));
            let withdraws = work
                .contract
                .as_ref()
                .is_some_and(|(name, _)| name == "withdraw");
            run(office.host.handle(work, noon())).unwrap();
            if withdraws {
                heard = Some(office.sent());
            }
        }
        assert!(
            office.claimable(noon()).is_empty(),
            "seed {seed} came to no end"
        );
        assert_eq!(
            office.outstanding(),
            0,
            "seed {seed}: a place is never given back"
        );
        if let Some(before) = heard {
            assert_eq!(
                office.sent(),
                before,
                "seed {seed}: sent after the withdrawal was taken in"
            );
            stopped_in_time += usize::from(before == 0);
        }
        assert!(office.sent() <= 1, "seed {seed}");
    }
    assert!(
        stopped_in_time > 50,
        "the race was hardly run: {stopped_in_time}"
    );
}

// covers: CS-6a
#[test]
fn a_company_that_wants_no_advertising_gets_none_and_a_mail_provider_is_no_company() {
    for (company, stopped) in [("bakery.example", true), ("gmail.com", false)] {
        let office = office(ApprovalMode::Autonomous);
        let mut draft = draft("touch-1");
        draft.facts.company = Some(DomainName::parse(company).unwrap());
        let leave = LeaveCompany {
            company: DomainName::parse(company).unwrap(),
            reason: "complaint after step first".to_owned(),
        };
        let input = DeskInput::Leave(leave);
        run(office
            .host
            .offer::<Desk>("main", "leave", Actor::System, noon(), &input))
        .unwrap();
        office.drain(noon());
        office.ask(draft, "ask", noon());
        office.drain(noon());
        assert_eq!(office.sent() == 0, stopped, "{company}");
    }
}

// covers: OU-7
#[test]
fn only_a_person_releases_the_kill_switch() {
    let office = office(ApprovalMode::Autonomous);
    let desk = |dedupe: &str, actor, input: &DeskInput| {
        run(office
            .host
            .offer::<Desk>("main", dedupe, actor, noon(), input))
        .unwrap();
        office.drain(noon())
    };
    assert!(
        desk("stop", Actor::Agent, &DeskInput::Stop(None)).is_empty(),
        "anybody may stop"
    );
    office.ask(draft("touch-1"), "ask", noon());
    office.drain(noon());
    assert_eq!(office.sent(), 0);
    assert_eq!(
        desk("go by agent", Actor::Agent, &DeskInput::Resume(None)),
        ["I14"]
    );
    assert!(desk("go", mara(), &DeskInput::Resume(None)).is_empty());
    office.ask(draft("touch-1"), "ask again", noon());
    office.drain(noon());
    assert_eq!(office.sent(), 1);
}

/// A cold letter to Canada, on any basis but an inquiry.
fn to_canada(step: &str) -> Draft {
    let mut draft = draft(step);
    draft.facts.country = Some(Country::parse("CA").unwrap());
    draft.facts.zone = Some("America/Toronto".to_owned());
    draft
}

// covers: CA-1, CA-2
#[test]
fn writing_to_us_first_opens_half_a_year_in_canada_and_an_answer_does_not() {
    let write = |office: &Office, dedupe: &str, answers: Option<String>, at| {
        let received = RecipientInput::Received {
            news: News::Reply,
            address: Personal::new(address(), "r"),
            answers,
            text: None,
            message_id: Some(format!("{dedupe}@bakery.example")),
            source: "email".to_owned(),
            until: None,
        };
        office.offer(dedupe, Actor::Outside("email".to_owned()), at, &received);
        office.drain(at);
    };
    // Without a word from them nothing goes, and neither does it after an answer to a letter.
    let office_ = office(ApprovalMode::Autonomous);
    office_.ask(to_canada("cold"), "ask-cold", noon());
    office_.drain(noon());
    assert_eq!(office_.sent(), 0);
    let thread = Some("other@agency.example".to_owned());
    write(&office_, "an-answer", thread, noon());
    office_.ask(to_canada("after-answer"), "ask-after-answer", noon());
    office_.drain(noon());
    assert_eq!(office_.sent(), 0, "an answer is no inquiry");
    // They ask of their own accord: six months are open, and not a day more.
    write(&office_, "an-inquiry", None, noon());
    office_.ask(to_canada("invited"), "ask-invited", noon());
    office_.drain(noon());
    assert_eq!(office_.sent(), 1);
    let late = noon() + Duration::days(185);
    office_.ask(to_canada("too-late"), "ask-too-late", late);
    office_.drain(late);
    assert_eq!(office_.sent(), 1);
    assert_eq!(
        run(office_.host.redecide(&office_.recipient)).unwrap(),
        None
    );
}

// covers: CA-1
#[test]
fn an_inquiry_that_came_in_as_a_lead_is_remembered_for_later_letters() {
    let office_ = office(ApprovalMode::Autonomous);
    let asked = noon() - Duration::days(100);
    let mut first = to_canada("first");
    first.facts.basis = Some(LegalBasis::Inquiry { at: asked });
    first.facts.self_supplied = true;
    office_.ask(first, "ask-first", noon());
    office_.drain(noon());
    // The next campaign knows nothing of it, and need not.
    let soon = noon() + Duration::weeks(6);
    office_.ask(to_canada("second"), "ask-second", soon);
    office_.drain(soon);
    assert_eq!(office_.sent(), 2);
    let late = asked + Duration::days(185);
    office_.ask(to_canada("third"), "ask-third", late);
    office_.drain(late);
    assert_eq!(office_.sent(), 2, "half a year after they asked it is over");
}
