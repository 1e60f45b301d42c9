use super::{About, Question, Rule};
use crate::personal::Purpose;
use crate::trust::LetterClass;

const OURS: &str = "our own rule, on top of the law";

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "CS-1",
        title: "the sender is who it says",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(1); PECR reg. 23",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            let sender = &q.draft.letter.sender;
            for address in [&sender.address, &sender.reply_to] {
                if !q.policy.verified_domains.contains(address.domain()) {
                    return Err(format!(
                        "domain `{}` is not proven to be ours",
                        address.domain().as_str()
                    ));
                }
            }
            Ok(())
        },
    },
    Rule {
        id: "CS-2",
        title: "the subject does not feign an earlier exchange",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(2)",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            let subject = q.draft.letter.subject().trim_start().to_lowercase();
            if subject.is_empty() {
                return Err("the subject is empty".to_owned());
            }
            let feigned = ["re:", "fw:", "fwd:", "aw:", "wg:", "antw:", "tr:", "rv:"]
                .iter()
                .any(|p| subject.starts_with(p));
            if feigned && q.draft.letter.thread.is_none() {
                Err("the subject says it is an answer and there is nothing it answers".to_owned())
            } else {
                Ok(())
            }
        },
    },
    Rule {
        id: "CS-3",
        title: "an advertisement says that it is one",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(5)(A)(i)",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            if !q.is_marketing() || q.has_consent() {
                return Ok(());
            }
            in_both(
                q,
                q.draft.letter.notices.advertisement.as_deref(),
                "the notice that this is an advertisement",
            )
        },
    },
    Rule {
        id: "CS-4",
        title: "a postal address stands in both parts",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(5)(A)(iii); 16 CFR 316.2(p)",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            let lines = &q.draft.letter.sender.postal;
            if lines.len() < 2 {
                return Err(
                    "the sender has no postal address (street or box, and place)".to_owned(),
                );
            }
            for line in lines {
                in_both(q, Some(line), "a line of the postal address")?;
            }
            Ok(())
        },
    },
    Rule {
        id: "CS-5",
        title: "how to opt out is explained in both parts",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(3), (5)(A)(ii)",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            if !q.is_marketing() {
                return Ok(());
            }
            let text = q
                .draft
                .letter
                .notices
                .opt_out
                .as_ref()
                .map(|o| o.text.as_str());
            in_both(q, text, "the sentence that explains how to opt out")
        },
    },
    Rule {
        id: "R8-1",
        title: "one-click opt-out by one HTTPS address",
        profiles: &[],
        source: "RFC 8058 section 3.1",
        effective: "2017-01-01",
        about: About::Letter,
        check: |q| {
            if !q.is_marketing() {
                return Ok(());
            }
            let Some(opt_out) = &q.draft.letter.notices.opt_out else {
                return Err("there is no opt-out address".to_owned());
            };
            let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | '"');
            let rest = opt_out.url.strip_prefix("https://").unwrap_or("");
            if rest.is_empty() || !opt_out.url.chars().all(plain) {
                return Err("the opt-out address is not a plain HTTPS address".to_owned());
            }
            in_both(q, Some(&opt_out.url), "the opt-out address")
        },
    },
    Rule {
        id: "CS-7",
        title: "every letter names the company it is sent for",
        profiles: &[],
        source: "15 U.S.C. 7702(9), (16)",
        effective: "2004-01-01",
        about: About::Letter,
        check: |q| {
            let principal = &q.draft.letter.sender.principal;
            if principal.is_empty() || *principal != q.policy.principal {
                Err(format!(
                    "sent for `{principal}`, which is not the company that sends here"
                ))
            } else {
                Ok(())
            }
        },
    },
    Rule {
        id: "CS-8",
        title: "a letter that sells is marketing, whatever it is called",
        profiles: &[],
        source: "16 CFR 316.3 (primary purpose)",
        effective: "2005-03-28",
        about: About::Letter,
        check: |q| {
            if q.draft.letter.class != LetterClass::Marketing && q.is_marketing() {
                Err("more of it sells than a service letter may; send it as marketing".to_owned())
            } else {
                Ok(())
            }
        },
    },
    Rule {
        id: "AI-1",
        title: "people are told that a machine writes",
        profiles: &[],
        source: "Regulation (EU) 2024/1689 Art. 50(1); applied everywhere",
        effective: "2026-08-02",
        about: About::Letter,
        check: |q| {
            if !q.draft.letter.made_by_ai {
                return Ok(());
            }
            in_both(
                q,
                q.draft.letter.notices.ai.as_deref(),
                "the notice that an AI wrote this",
            )
        },
    },
    Rule {
        id: "AI-2",
        title: "the notice stands at the head, in words",
        profiles: &[],
        source: "Regulation (EU) 2024/1689 Art. 50(5)",
        effective: "2026-08-02",
        about: About::Letter,
        check: |q| {
            let letter = &q.draft.letter;
            let at_head = letter.notices.ai.as_ref().is_some_and(|notice| {
                !notice.trim().is_empty() && letter.text().starts_with(notice.as_str())
            });
            if letter.made_by_ai && !at_head {
                return Err("no AI notice stands at the head of the text".to_owned());
            }
            Ok(())
        },
    },
    Rule {
        id: "AI-7",
        title: "no letter denies that a machine wrote it",
        profiles: &[],
        source: "California B&P Code § 17941; Regulation (EU) 2024/1689 Art. 50",
        effective: "2019-07-01",
        about: About::Letter,
        check: |q| {
            let content = q.draft.letter.content.reveal(Purpose::Contact);
            let denies = content
                .paragraphs
                .iter()
                .any(|p| denies_being_a_machine(&p.text));
            if denies && q.draft.letter.made_by_ai {
                Err("it denies that a machine wrote it".to_owned())
            } else {
                Ok(())
            }
        },
    },
    Rule {
        id: "GD-10",
        title: "the first letter says where the address came from",
        profiles: &[],
        source: "GDPR Art. 14(2)(f), 14(3)(b)",
        effective: "2018-05-25",
        about: About::Letter,
        check: |q| {
            if q.past.contacted || q.draft.facts.self_supplied {
                return Ok(());
            }
            in_both(
                q,
                q.draft.letter.notices.source.as_deref(),
                "where the address came from",
            )
        },
    },
    Rule {
        id: "GD-16",
        title: "the first letter shows the right to object, apart from the rest",
        profiles: &[],
        source: "GDPR Art. 21(4)",
        effective: "2018-05-25",
        about: About::Letter,
        check: |q| {
            if q.past.contacted {
                return Ok(());
            }
            in_both(
                q,
                q.draft.letter.notices.rights.as_deref(),
                "the right to object",
            )
        },
    },
    Rule {
        id: "CO-10",
        title: "the first letter links the data-use notice",
        profiles: &[],
        source: "GDPR Art. 13, 14",
        effective: "2018-05-25",
        about: About::Letter,
        check: |q| {
            if q.past.contacted {
                return Ok(());
            }
            in_both(
                q,
                q.draft.letter.notices.data_use.as_deref(),
                "the address of the data-use notice",
            )
        },
    },
    Rule {
        id: "GD-18",
        title: "no tracking without consent",
        profiles: &[],
        source: "GDPR Art. 25(2); Directive 2002/58/EC Art. 5(3)",
        effective: "2018-05-25",
        about: About::Letter,
        check: |q| {
            if q.draft.letter.tracking && !q.has_consent() {
                Err("it tracks opening, and there is no consent".to_owned())
            } else {
                Ok(())
            }
        },
    },
    Rule {
        id: "DW-1",
        title: "the letter has something to say",
        profiles: &[],
        source: OURS,
        effective: "2026-01-01",
        about: About::Letter,
        check: |q| {
            let content = q.draft.letter.content.reveal(Purpose::Contact);
            let empty = content.paragraphs.iter().all(|p| p.text.trim().is_empty());
            let gap = content.paragraphs.iter().any(|p| p.text.contains("{{"));
            if empty || gap {
                Err("it is empty or holds an unfilled variable".to_owned())
            } else {
                Ok(())
            }
        },
    },
];

fn in_both(q: &Question<'_>, words: Option<&str>, what: &str) -> Result<(), String> {
    match words {
        Some(words) if q.is_in_both_parts(words) => Ok(()),
        Some(_) => Err(format!("{what} does not stand in both parts")),
        None => Err(format!("{what} is missing")),
    }
}

/// Whether `text` claims that no machine is at work.
#[must_use]
pub fn denies_being_a_machine(text: &str) -> bool {
    const CLAIMS: &[&str] = &[
        "not a bot",
        "not a robot",
        "not an ai",
        "no bot",
        "i am human",
        "i'm human",
        "i am a human",
        "i'm a human",
        "a real person wrote",
        "i am a real person",
        "i'm a real person",
        "written by a human",
        "kein bot",
        "keine ki",
        "kein roboter",
        "ich bin ein mensch",
        "echter mensch",
        "pas un robot",
        "pas une ia",
        "je suis humain",
        "no soy un bot",
        "no soy un robot",
        "no soy una ia",
        "soy humano",
        "soy una persona real",
        "non sono un bot",
        "non sono un robot",
        "sono una persona reale",
        "geen bot",
        "geen robot",
        "ik ben een mens",
        "não sou um bot",
        "não sou um robô",
        "sou humano",
        "nie jestem botem",
        "nie jestem robotem",
        "jestem człowiekiem",
    ];
    let text = text.to_lowercase().replace('’', "'");
    CLAIMS.iter().any(|claim| text.contains(claim))
}
