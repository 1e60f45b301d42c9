//! Tests of the rules: for each at least one letter that it lets pass and one that it refuses.

use chrono::{Duration, Months};
use proptest::prelude::*;

use super::*;
use crate::party::{EmailAddress, Language, LegalForm};
use crate::personal::Personal;
use crate::process::{
    Actor, Context, Decision, PlainSealer, Process, ProcessKey, Refusal, Revision, Sealer, Tenant,
    WorkKey,
};
use crate::trust::tests::{address, draft, noon, rules_policy};
use crate::trust::{
    AskSend, Content, News, OptOut, Paragraph, Recipient, RecipientInput, RecipientPolicy,
    RecipientState, Thread, lint,
};

struct Case {
    draft: Draft,
    past: Past,
    policy: RulesPolicy,
}

impl Case {
    fn base() -> Self {
        Self {
            draft: draft("touch-1"),
            past: Past::default(),
            policy: rules_policy(),
        }
    }

    fn question(&self) -> Question<'_> {
        Question {
            draft: &self.draft,
            past: &self.past,
            policy: &self.policy,
            now: noon(),
        }
    }

    fn content(&mut self, change: impl FnOnce(&mut Content)) {
        let mut content = self.draft.letter.content.reveal(Purpose::Contact).clone();
        change(&mut content);
        self.draft.letter.content = Personal::new(content, "subject-1");
    }
}

type Change = fn(&mut Case);

fn country(case: &mut Case, code: &str) {
    case.draft.facts.country = Country::parse(code).ok();
}

fn consent() -> Consent {
    Consent {
        at: noon() - Duration::days(3),
        source: "web form".to_owned(),
        wording: "newsletter-2".to_owned(),
        recorded_by: "form".to_owned(),
    }
}

fn suppression(class: SuppressionClass) -> Suppression {
    Suppression {
        class,
        reason: "opt-out".to_owned(),
        at: noon() - Duration::days(400),
        source: "reply".to_owned(),
    }
}

fn service(case: &mut Case) {
    case.draft.letter.class = LetterClass::Service;
    case.content(|c| c.paragraphs[0].promotional = false);
}

const PASSES: bool = true;
const REFUSED: bool = false;

/// Rule, what is special about the letter, whether it passes.
const FIXTURES: &[(&str, &str, Change, bool)] = &[
    ("CS-6a", "nothing stands against it", |_| {}, PASSES),
    (
        "CS-6a",
        "a choice about marketing does not stop what a contract needs",
        |c| {
            service(c);
            c.past.suppressions = vec![suppression(SuppressionClass::Marketing)];
        },
        PASSES,
    ),
    (
        "CS-6a",
        "opted out a year ago",
        |c| c.past.suppressions = vec![suppression(SuppressionClass::Marketing)],
        REFUSED,
    ),
    (
        "CS-6a",
        "a dead mailbox stops all",
        |c| {
            service(c);
            c.past.suppressions = vec![suppression(SuppressionClass::Mailbox)];
        },
        REFUSED,
    ),
    ("CO-1", "a basis is recorded", |_| {}, PASSES),
    (
        "CO-1",
        "none is, but they agreed",
        |c| {
            c.draft.facts.basis = None;
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    ("CO-1", "no basis", |c| c.draft.facts.basis = None, REFUSED),
    ("TS-1", "the terms allow it", |_| {}, PASSES),
    (
        "TS-1",
        "no current terms record",
        |c| c.draft.facts.source_allowed = false,
        REFUSED,
    ),
    ("CS-9", "a listed address", |_| {}, PASSES),
    (
        "CS-9",
        "a listed address in France",
        |c| country(c, "FR"),
        PASSES,
    ),
    (
        "CS-9",
        "a guessed address",
        |c| c.draft.facts.guessed = true,
        REFUSED,
    ),
    (
        "CS-9",
        "the source forbids it",
        |c| c.draft.facts.no_solicitation = true,
        REFUSED,
    ),
    (
        "CS-9",
        "a guessed address in France",
        |c| {
            country(c, "FR");
            c.draft.facts.guessed = true;
        },
        REFUSED,
    ),
    (
        "CS-9",
        "a guessed address in Canada",
        |c| {
            country(c, "CA");
            c.draft.facts.guessed = true;
        },
        REFUSED,
    ),
    (
        "EP-4",
        "Germany, with consent",
        |c| {
            country(c, "DE");
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    (
        "EP-4",
        "Germany, an existing customer",
        |c| {
            country(c, "DE");
            c.past.customer = Some(noon() - Duration::days(90));
        },
        PASSES,
    ),
    (
        "EP-4",
        "Germany, an invoice",
        |c| {
            country(c, "DE");
            service(c);
        },
        PASSES,
    ),
    (
        "EP-4",
        "Germany, cold, to a company",
        |c| {
            country(c, "DE");
            c.draft.facts.legal_form = LegalForm::Limited;
        },
        REFUSED,
    ),
    (
        "EP-4",
        "nobody knows where: the strictest applies",
        |c| c.draft.facts.country = None,
        REFUSED,
    ),
    (
        "EP-1",
        "a limited company in Britain",
        |c| {
            country(c, "GB");
            c.draft.facts.legal_form = LegalForm::Limited;
        },
        PASSES,
    ),
    (
        "EP-1",
        "a sole trader who agreed",
        |c| {
            country(c, "GB");
            c.draft.facts.legal_form = LegalForm::SoleTrader;
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    (
        "EP-1",
        "a sole trader",
        |c| {
            country(c, "GB");
            c.draft.facts.legal_form = LegalForm::SoleTrader;
        },
        REFUSED,
    ),
    (
        "EP-1",
        "a firm of unknown form",
        |c| country(c, "FR"),
        REFUSED,
    ),
    (
        "CA-1",
        "asked us a month ago",
        |c| {
            country(c, "CA");
            c.past.inquiry = noon().checked_sub_months(Months::new(1));
        },
        PASSES,
    ),
    (
        "CA-1",
        "bought a year ago",
        |c| {
            country(c, "CA");
            c.draft.facts.basis = Some(LegalBasis::Customer {
                since: noon() - Duration::days(365),
            });
        },
        PASSES,
    ),
    (
        "CA-1",
        "agreed",
        |c| {
            country(c, "CA");
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    (
        "CA-1",
        "neither asked nor bought",
        |c| country(c, "CA"),
        REFUSED,
    ),
    (
        "CA-1",
        "asked seven months ago",
        |c| {
            country(c, "CA");
            c.past.inquiry = noon().checked_sub_months(Months::new(7));
        },
        REFUSED,
    ),
    (
        "CA-1",
        "bought three years ago",
        |c| {
            country(c, "CA");
            c.past.customer = noon().checked_sub_months(Months::new(36));
        },
        REFUSED,
    ),
    ("GD-6", "the assessment is on record", |_| {}, PASSES),
    (
        "GD-6",
        "another basis needs none",
        |c| c.draft.facts.basis = Some(LegalBasis::Contract),
        PASSES,
    ),
    (
        "GD-6",
        "no such assessment",
        |c| c.policy.assessments.clear(),
        REFUSED,
    ),
    ("CS-1", "our proven domain", |_| {}, PASSES),
    (
        "CS-1",
        "a sender nobody proved",
        |c| c.draft.letter.sender.address = EmailAddress::parse("mara@other.example").unwrap(),
        REFUSED,
    ),
    (
        "CS-1",
        "answers go elsewhere",
        |c| c.draft.letter.sender.reply_to = EmailAddress::parse("mara@other.example").unwrap(),
        REFUSED,
    ),
    ("CS-2", "a plain subject", |_| {}, PASSES),
    (
        "CS-2",
        "an answer in its thread",
        |c| {
            c.content(|c| c.subject = "Re: Opening hours".to_owned());
            c.draft.letter.thread = Some(Thread {
                in_reply_to: "1@bakery.example".to_owned(),
                references: Vec::new(),
            });
        },
        PASSES,
    ),
    (
        "CS-2",
        "feigns an answer",
        |c| c.content(|c| c.subject = "RE: our call".to_owned()),
        REFUSED,
    ),
    (
        "CS-2",
        "feigns one in German",
        |c| c.content(|c| c.subject = " AW: Angebot".to_owned()),
        REFUSED,
    ),
    (
        "CS-2",
        "no subject",
        |c| c.content(|c| c.subject = " ".to_owned()),
        REFUSED,
    ),
    ("CS-3", "says that it is an advertisement", |_| {}, PASSES),
    (
        "CS-3",
        "they asked for it",
        |c| {
            c.draft.letter.notices.advertisement = None;
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    (
        "CS-3",
        "does not say it",
        |c| c.draft.letter.notices.advertisement = None,
        REFUSED,
    ),
    ("CS-4", "street and place", |_| {}, PASSES),
    (
        "CS-4",
        "no address",
        |c| c.draft.letter.sender.postal.clear(),
        REFUSED,
    ),
    (
        "CS-4",
        "an empty line for a place",
        |c| c.draft.letter.sender.postal[1] = " ".to_owned(),
        REFUSED,
    ),
    ("CS-5", "explains how", |_| {}, PASSES),
    (
        "CS-5",
        "no opt-out",
        |c| c.draft.letter.notices.opt_out = None,
        REFUSED,
    ),
    (
        "CS-5",
        "an address without a word",
        |c| c.draft.letter.notices.opt_out.as_mut().unwrap().text = String::new(),
        REFUSED,
    ),
    ("R8-1", "one HTTPS address", |_| {}, PASSES),
    (
        "R8-1",
        "no opt-out",
        |c| c.draft.letter.notices.opt_out = None,
        REFUSED,
    ),
    (
        "R8-1",
        "plain HTTP",
        |c| {
            c.draft.letter.notices.opt_out.as_mut().unwrap().url =
                "http://agency.example/o/1".to_owned()
        },
        REFUSED,
    ),
    (
        "R8-1",
        "two addresses in one",
        |c| {
            c.draft.letter.notices.opt_out.as_mut().unwrap().url =
                "https://a.example/1,https://a.example/2".to_owned()
        },
        REFUSED,
    ),
    (
        "R8-1",
        "a header in it",
        |c| {
            c.draft.letter.notices.opt_out.as_mut().unwrap().url =
                "https://a.example/1\r\nBcc: x@a.example".to_owned()
        },
        REFUSED,
    ),
    ("CS-7", "for the company that sends", |_| {}, PASSES),
    (
        "CS-7",
        "for another",
        |c| c.draft.letter.sender.principal = "someone-else".to_owned(),
        REFUSED,
    ),
    (
        "CS-7",
        "for nobody",
        |c| {
            c.draft.letter.sender.principal = String::new();
            c.policy.principal = String::new();
        },
        REFUSED,
    ),
    (
        "CS-8",
        "a service letter that sells nothing",
        service,
        PASSES,
    ),
    ("CS-8", "marketing that says so", |_| {}, PASSES),
    (
        "CS-8",
        "an invoice that mostly sells",
        |c| c.draft.letter.class = LetterClass::Service,
        REFUSED,
    ),
    ("AI-1", "says that a machine writes", |_| {}, PASSES),
    (
        "AI-1",
        "a person wrote it",
        |c| {
            c.draft.letter.made_by_ai = false;
            c.draft.letter.notices.ai = None;
        },
        PASSES,
    ),
    (
        "AI-1",
        "does not say it",
        |c| c.draft.letter.notices.ai = None,
        REFUSED,
    ),
    ("AI-2", "at the head", |_| {}, PASSES),
    (
        "AI-2",
        "nowhere",
        |c| c.draft.letter.notices.ai = None,
        REFUSED,
    ),
    (
        "AI-2",
        "a blank line at the head",
        |c| c.draft.letter.notices.ai = Some("  ".to_owned()),
        REFUSED,
    ),
    ("AI-7", "claims nothing about itself", |_| {}, PASSES),
    (
        "AI-7",
        "denies it",
        |c| c.content(|c| c.paragraphs[0].text = "No worries, I'm not a bot.".to_owned()),
        REFUSED,
    ),
    ("GD-10", "names the source", |_| {}, PASSES),
    (
        "GD-10",
        "not the first letter",
        |c| {
            c.draft.letter.notices.source = None;
            c.past.contacted = true;
        },
        PASSES,
    ),
    (
        "GD-10",
        "they gave the address",
        |c| {
            c.draft.letter.notices.source = None;
            c.draft.facts.self_supplied = true;
        },
        PASSES,
    ),
    (
        "GD-10",
        "no source",
        |c| c.draft.letter.notices.source = None,
        REFUSED,
    ),
    ("GD-16", "shows the right to object", |_| {}, PASSES),
    (
        "GD-16",
        "does not",
        |c| c.draft.letter.notices.rights = None,
        REFUSED,
    ),
    ("CO-10", "links the notice", |_| {}, PASSES),
    (
        "CO-10",
        "does not",
        |c| c.draft.letter.notices.data_use = None,
        REFUSED,
    ),
    ("GD-18", "no tracking", |_| {}, PASSES),
    (
        "GD-18",
        "tracking they agreed to",
        |c| {
            c.draft.letter.tracking = true;
            c.past.consents = vec![consent()];
        },
        PASSES,
    ),
    (
        "GD-18",
        "tracking",
        |c| c.draft.letter.tracking = true,
        REFUSED,
    ),
    ("DW-1", "has something to say", |_| {}, PASSES),
    (
        "DW-1",
        "empty",
        |c| c.content(|c| c.paragraphs.clear()),
        REFUSED,
    ),
    (
        "DW-1",
        "an unfilled variable",
        |c| c.content(|c| c.paragraphs[0].text = "Dear {{name}},".to_owned()),
        REFUSED,
    ),
];

// covers: CS-1, CS-2, CS-3, CS-4, CS-5, CS-6a, CS-7, CS-8, CS-9, R8-1, TS-1
// covers: AI-1, AI-2, AI-7, EP-1, EP-4, CA-1, GD-6, GD-10, GD-16, GD-18, CO-1, CO-10
#[test]
fn each_rule_lets_pass_and_refuses_what_it_should() {
    for (rule, what, change, passes) in FIXTURES {
        let mut case = Case::base();
        change(&mut case);
        let question = case.question();
        let applied: Vec<_> = all()
            .into_iter()
            .filter(|r| r.id == *rule && r.applies(&question))
            .collect();
        assert!(
            !applied.is_empty(),
            "{rule}, {what}: the rule does not apply"
        );
        let refused: Vec<_> = applied
            .iter()
            .filter_map(|r| r.refuses(&question))
            .collect();
        assert_eq!(refused.is_empty(), *passes, "{rule}, {what}: {refused:?}");
        assert!(
            refused
                .iter()
                .all(|f| f.rule == *rule && !f.what.is_empty())
        );
        let verdict = judge(&question);
        assert_eq!(
            verdict.refused.iter().any(|f| f.rule == *rule),
            !passes,
            "{rule}, {what}"
        );
        if *passes {
            assert!(
                verdict.passed.iter().any(|p| p == rule),
                "a decision names what it passed"
            );
        }
    }
}

#[test]
fn no_rule_is_without_fixtures() {
    for rule in all() {
        let mut seen = [false, false];
        for (id, _, change, _) in FIXTURES.iter().filter(|f| f.0 == rule.id) {
            let mut case = Case::base();
            change(&mut case);
            let question = case.question();
            assert_eq!(*id, rule.id);
            if rule.applies(&question) {
                seen[usize::from(rule.refuses(&question).is_some())] = true;
            }
        }
        let of = rule.profiles;
        assert!(seen[0], "{} {of:?} has no fixture that passes", rule.id);
        assert!(seen[1], "{} {of:?} has no fixture that is refused", rule.id);
        assert!(!rule.source.is_empty() && !rule.title.is_empty());
        assert!(
            chrono::NaiveDate::parse_from_str(rule.effective, "%Y-%m-%d").is_ok(),
            "{}",
            rule.id
        );
    }
    assert!(
        FIXTURES.iter().all(|f| all().iter().any(|r| r.id == f.0)),
        "a fixture of no rule"
    );
}

/// A few words from a list, by the bits of a number.
fn pick<'a>(words: &[&'a str], n: usize) -> &'a str {
    words[n % words.len()]
}

fn generated(n: usize) -> Case {
    let mut case = Case::base();
    let names = [
        "Zoë Ruiz",
        "O'Neil & Sons",
        "<b>Bold</b> Bakery",
        "Łukasz \"Luke\"",
        "Müller",
    ];
    let lines = [
        "Two directories list other opening hours than your door.",
        "Your page takes 9 s to load; half of it is one picture.",
        "5 < 7 & 7 > 5: the numbers on your menu do not add up.",
        "Übrigens: the map pin stands two streets away.",
    ];
    let language = pick(&["en", "de", "fr", "es"], n);
    case.draft.letter.language = Language::parse(language).unwrap();
    case.draft.letter.step = format!("touch-{n}");
    case.draft.letter.sender.name = pick(&names, n / 3).to_owned();
    case.draft.letter.sender.organisation = format!("{} Ltd", pick(&names, n / 5));
    case.draft.letter.notices.source = Some(format!(
        "Your address came from list {n} of the Example Directory."
    ));
    if n.is_multiple_of(7) {
        case.draft.letter.thread = Some(Thread {
            in_reply_to: format!("{n}@bakery.example"),
            references: Vec::new(),
        });
    }
    case.content(|c| {
        c.subject = format!("{} ({n})", pick(&lines, n / 2));
        c.paragraphs = (0..=n % 4)
            .map(|p| Paragraph {
                text: format!("{}\n{}", pick(&lines, n + p), pick(&names, n / 11 + p)),
                promotional: p % 2 == 0,
            })
            .collect();
        c.signature = pick(&names, n / 2).to_owned();
    });
    case
}

// covers: CO-2
#[test]
fn a_thousand_letters_have_no_findings_and_none_may_lack_an_element() {
    let remove: [(&str, Change); 10] = [
        ("CS-3", |c| c.draft.letter.notices.advertisement = None),
        ("CS-4", |c| c.draft.letter.sender.postal.truncate(1)),
        ("CS-5", |c| c.draft.letter.notices.opt_out = None),
        ("R8-1", |c| {
            let text = c.draft.letter.notices.opt_out.take().unwrap().text;
            c.draft.letter.notices.opt_out = Some(OptOut {
                text,
                url: String::new(),
                mailto: None,
            });
        }),
        ("CS-7", |c| c.draft.letter.sender.principal.clear()),
        ("AI-1", |c| c.draft.letter.notices.ai = None),
        ("GD-10", |c| c.draft.letter.notices.source = None),
        ("GD-16", |c| c.draft.letter.notices.rights = None),
        ("CO-10", |c| c.draft.letter.notices.data_use = None),
        ("CS-2", |c| c.content(|c| c.subject.clear())),
    ];
    for n in 0..1_000 {
        let case = generated(n);
        let findings = lint(&case.question());
        assert!(findings.is_empty(), "letter {n}: {findings:?}");
        let (rule, change) = remove[n % remove.len()];
        let mut bare = generated(n);
        change(&mut bare);
        let findings = judge(&bare.question()).refused;
        assert!(
            findings.iter().any(|f| f.rule == rule),
            "letter {n} without {rule}: {findings:?}"
        );
    }
}

// covers: CO-4, AI-7
#[test]
fn a_letter_that_denies_being_written_by_a_machine_is_refused_in_any_language() {
    for text in [
        "I'm human, promise.",
        "I’m a real person",
        "Keine Sorge, ich bin ein Mensch.",
        "Hier schreibt kein Bot.",
        "Je suis humain.",
        "No soy un robot.",
        "Soy una persona real",
        "Ik ben een mens",
        "Não sou um robô",
        "Nie jestem botem",
        "NON SONO UN ROBOT",
    ] {
        assert!(denies_being_a_machine(text), "{text}");
        let mut case = Case::base();
        case.content(|c| c.paragraphs[0].text = text.to_owned());
        assert!(
            judge(&case.question())
                .refused
                .iter()
                .any(|f| f.rule == "AI-7"),
            "{text}"
        );
    }
    for text in [
        "This letter was written by an AI agent.",
        "A person answers if you wish.",
        "bottles of human size",
    ] {
        assert!(!denies_being_a_machine(text), "{text}");
    }
}

/// A recipient alone: decides and applies, without a store.
struct Alone {
    key: ProcessKey,
    state: RecipientState,
    policy: RecipientPolicy,
    revision: u64,
}

impl Alone {
    fn new() -> Self {
        let tenant = Tenant::parse("t").unwrap();
        let policy = RecipientPolicy {
            rules: rules_policy(),
            approval_hours: 72,
            desk: "main".to_owned(),
            ..RecipientPolicy::default()
        };
        Self {
            key: ProcessKey::new(&tenant, "recipient", "r"),
            state: RecipientState::default(),
            policy,
            revision: 0,
        }
    }

    fn step(&mut self, input: &RecipientInput) -> Result<Decision<Recipient>, Refusal> {
        let origin = WorkKey::from_stored("t/recipient/r/i/x");
        let actor = Actor::System;
        let revision = Revision::new(self.revision);
        let cx = Context::testing(noon(), &self.key, revision, &self.policy, &actor, &origin);
        let decision = Recipient::decide(&self.state, input, &cx)?;
        for event in decision.events() {
            self.state = Recipient::apply(std::mem::take(&mut self.state), event);
        }
        self.revision += 1;
        Ok(decision)
    }

    /// Asks for a letter; answers whether a place was asked for.
    fn ask(&mut self, step: &str) -> bool {
        let ask = RecipientInput::Ask {
            asker: ProcessKey::new(self.key.tenant(), "deal", "d"),
            ask: Box::new(AskSend {
                step: step.to_owned(),
                draft: draft(step),
                lane: crate::orchestration::Lane::Normal,
            }),
        };
        self.step(&ask)
            .is_ok_and(|d| d.messages.iter().any(|m| m.contract == "ask-slot"))
    }
}

fn news(news: News) -> RecipientInput {
    RecipientInput::Received {
        news,
        address: Personal::new(address(), "subject-1"),
        answers: None,
        text: None,
        message_id: None,
        source: "reply".to_owned(),
        until: None,
    }
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Ask,
    ImportAsCustomer,
    Reply,
    OptOut,
    Objection,
    Complaint,
    Consent,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    use Turn::*;
    let turn = prop_oneof![
        4 => Just(Ask),
        2 => Just(ImportAsCustomer),
        2 => Just(Reply),
        2 => Just(OptOut),
        1 => Just(Objection),
        1 => Just(Complaint),
        1 => Just(Turn::Consent),
    ];
    prop::collection::vec(turn, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    // covers: LG-7, GD-16
    #[test]
    fn once_opted_out_always_suppressed_until_a_recorded_consent(turns in turns()) {
        let mut alone = Alone::new();
        let (mut marketing_off, mut mailbox_off) = (false, false);
        for (n, turn) in turns.iter().enumerate() {
            match turn {
                Turn::Ask => {
                    let asked = alone.ask(&format!("touch-{n}"));
                    prop_assert_eq!(asked, !marketing_off && !mailbox_off, "turn {} of {:?}", n, turns);
                }
                Turn::ImportAsCustomer => {
                    let _ = alone.step(&RecipientInput::BecameCustomer);
                }
                Turn::Reply => {
                    let _ = alone.step(&news(News::Reply));
                }
                Turn::OptOut => {
                    marketing_off = true;
                    let _ = alone.step(&news(News::OptOut));
                }
                Turn::Objection => {
                    marketing_off = true;
                    let _ = alone.step(&news(News::Objection));
                }
                Turn::Complaint => {
                    mailbox_off = true;
                    let _ = alone.step(&news(News::Complaint));
                }
                Turn::Consent => {
                    marketing_off = false;
                    prop_assert!(alone.step(&RecipientInput::Consented(consent())).is_ok());
                }
            }
            prop_assert_eq!(alone.state.is_suppressed(LetterClass::Marketing), marketing_off || mailbox_off);
            prop_assert_eq!(alone.state.is_suppressed(LetterClass::Service), mailbox_off);
        }
    }
}

// covers: GD-7
#[test]
fn a_consent_without_its_wording_lifts_nothing() {
    let mut alone = Alone::new();
    alone.step(&news(News::OptOut)).unwrap();
    let mut bare = consent();
    bare.wording = " ".to_owned();
    let refusal = alone.step(&RecipientInput::Consented(bare)).unwrap_err();
    assert_eq!(refusal.rule(), "GD-7");
    assert!(!alone.ask("touch-2"));
}

/// Keys people as a real sealer does, and has forgotten one of them.
#[derive(Debug)]
struct Forgetful(u64, std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Sealer for Forgetful {
    fn seal(
        &self,
        s: &str,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<crate::process::Sealed, crate::error::PortError> {
        PlainSealer::default().seal(s, aad, plain)
    }
    fn open(
        &self,
        s: &str,
        aad: &[u8],
        sealed: &crate::process::Sealed,
    ) -> Result<Vec<u8>, crate::error::PortError> {
        if self.1.load(std::sync::atomic::Ordering::SeqCst) && s == "subject-1" {
            return Err(crate::error::PortError::new(
                "open",
                crate::error::PortErrorKind::NotFound,
            ));
        }
        PlainSealer::default().open(s, aad, sealed)
    }
    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        PlainSealer::seeded(self.0).commit(plain)
    }
}

// covers: GD-25, LG-7
#[test]
fn an_address_that_comes_again_after_erasure_is_still_suppressed() {
    use crate::process::suite::run;
    use crate::process::{Claim, Handled, Host, MemoryStore, NoPerformer, Store};
    use crate::trust::{Desk, DeskPolicy, MessengerPerformer};

    let erased = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let store = std::sync::Arc::new(MemoryStore::new());
    let policy = Alone::new().policy;
    let host = Host::builder(
        Tenant::parse("t").unwrap(),
        store.clone(),
        Forgetful(9, erased.clone()),
    )
    .process::<Recipient>(policy, MessengerPerformer::new(Vec::new()))
    .unwrap()
    .process::<Desk>(DeskPolicy::default(), NoPerformer)
    .unwrap()
    .build();
    let handle = |dedupe: &str, input: &RecipientInput| {
        run(async {
            let key = host.recipient(&address());
            host.offer::<Recipient>(key.id(), dedupe, Actor::System, noon(), input)
                .await
                .unwrap();
            let claim = Claim {
                now: noon(),
                worker: "w".to_owned(),
                kinds: vec!["recipient".to_owned()],
                shares: Vec::new(),
                lease: Duration::minutes(1),
                n: 10,
                exclusive: false,
            };
            let work = store.claim(claim).await.unwrap().works.remove(0);
            host.handle(work, noon()).await.unwrap()
        })
    };
    handle("opt-out", &news(News::OptOut));
    erased.store(true, std::sync::atomic::Ordering::SeqCst);

    // The same address in another spelling leads to the same record, under a key that does not
    // show it and that another tenant's secret would not give.
    let key = host.recipient(&address());
    let spelled = EmailAddress::parse("Owner@BAKERY.example").unwrap();
    assert_eq!(host.recipient(&spelled), key);
    for part in ["owner", "bakery", "example"] {
        assert!(!key.to_string().contains(part), "{key}");
    }
    let plain = crate::canonical::Digest32::of(address().as_str().as_bytes()).to_hex();
    assert!(
        !plain.starts_with(key.id()),
        "an unkeyed hash could be looked up"
    );
    let stranger = Host::builder(
        Tenant::parse("t").unwrap(),
        MemoryStore::new(),
        Forgetful(10, erased),
    )
    .build();
    assert_ne!(stranger.recipient(&address()), key);

    let mut again = draft("touch-9");
    again.letter.to = Personal::new(spelled, "subject-2");
    again.letter.content = Personal::new(
        again.letter.content.reveal(Purpose::Contact).clone(),
        "subject-2",
    );
    let ask = RecipientInput::Ask {
        asker: ProcessKey::new(host.tenant(), "deal", "d"),
        ask: Box::new(AskSend {
            step: "touch-9".to_owned(),
            draft: again,
            lane: crate::orchestration::Lane::Normal,
        }),
    };
    assert!(matches!(handle("import", &ask), Handled::Stepped { .. }));
    let (_, state) = run(host.state::<Recipient>(&key)).unwrap().unwrap();
    assert!(state.is_suppressed(LetterClass::Marketing));
    let phases: Vec<_> = state.intents().values().map(|i| i.phase.clone()).collect();
    assert_eq!(
        phases,
        [crate::trust::Phase::Refused {
            rule: "CS-6a".to_owned()
        }]
    );
}
