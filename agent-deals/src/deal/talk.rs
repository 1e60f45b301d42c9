use dealwright_core::handoff::RequirementStatus;
use dealwright_core::id::MessageId;
use dealwright_core::knowledge::StopRule;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Heard, LetterClass, News};

use super::letters::{self, LetterSpec};
use super::{
    Answer, Cx, Deal, DealEvent, DealStage, DealState, DocumentKey, assess, close, consult, offer,
    outreach,
};
use crate::negotiation::{Ask, Percent};
use crate::outreach::SequenceInput;
use crate::reply::{Asked, Escalation, InboundMail, Intent, MailClass, ReplyReader};

/// What a message of a client comes to. A closed set: nothing else of the text has any effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes to what stands.
    Accepts,
    /// They sign the contract.
    Signs,
    /// Too dear, with what they ask for where they say so.
    TooDear(Ask),
    /// No.
    Declines,
    /// Not now.
    Later,
    /// They want to be left alone.
    OptsOut,
    /// They are away, or a machine answers for them.
    Away(Option<Timestamp>),
    /// Are you a machine?
    AsksIfMachine,
    /// Something that a person has to deal with.
    ForPerson(&'static str),
    /// Anything else: interest, a question, information.
    Talks,
}

impl Said {
    fn word(&self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Signs => "signs",
            Self::TooDear(_) => "asks for less",
            Self::Declines => "declines",
            Self::Later => "not now",
            Self::OptsOut => "opts out",
            Self::Away(_) => "is away",
            Self::AsksIfMachine => "asks whether a machine writes",
            Self::ForPerson(_) => "needs a person",
            Self::Talks => "talks",
        }
    }
}

pub(super) fn heard(state: &DealState, heard: &Heard, cx: &Cx<'_>) -> Answer {
    let news = |until| SequenceInput::of_news(&heard.news, until);
    let outreach = |input: Option<SequenceInput>| {
        input.map_or_else(Decision::nothing, |input| {
            outreach::advance(state, &input, heard.at, cx)
        })
    };
    if state.stage().is_closed() {
        return Ok(outreach(news(None)));
    }
    match heard.news {
        News::OptOut | News::Objection | News::Complaint | News::HardBounce => {
            let decision = outreach(news(None));
            // Who has a contract keeps it; everybody else is left alone.
            let bound = state.stage().is_won() || state.stage() == DealStage::Contracting;
            Ok(if bound {
                decision.event(DealEvent::NeedsPerson {
                    why: format!("a client under contract: {}", heard.news.word()),
                })
            } else {
                decision.and(close::lost(state, &heard.news.word().replace(' ', "-"), cx))
            })
        }
        News::OutOfOffice => Ok(outreach(news(heard.until))),
        News::SoftBounce | News::PolicyBlock => Ok(Decision::nothing()),
        _ => replied(state, heard, cx),
    }
}

fn replied(state: &DealState, heard: &Heard, cx: &Cx<'_>) -> Answer {
    let text = heard
        .text
        .as_ref()
        .ok_or_else(|| Refusal::new("NA-1", "an answer without words"))?
        .reveal(Purpose::Contact);
    let said = text.inspect(|raw| read(raw, heard.at));
    if let Said::Away(until) = said {
        // A machine answered for them: nothing was said, and no sequence stops for it.
        let away = SequenceInput::Away { until };
        return Ok(outreach::advance(state, &away, heard.at, cx));
    }
    let requirements = assess::requirements(state, heard, cx)?;
    let learnt = requirements != state.requirements();
    let reply = SequenceInput::Stop {
        cause: StopRule::Reply,
    };
    let mut decision = outreach::advance(state, &reply, heard.at, cx);
    let event = DealEvent::ClientSaid {
        intent: said.word().to_owned(),
        message_id: heard.message_id.clone(),
        at: heard.at,
        requirements,
    };
    let next = state.clone().after(&event);
    decision = decision.event(event);
    if let Some(consultation) = consult::begin(&next, &said, learnt, heard, cx) {
        return Ok(decision.and(consultation));
    }
    Ok(decision.and(follow(&next, said, cx)?))
}

pub(super) fn follow(state: &DealState, said: Said, cx: &Cx<'_>) -> Answer {
    let step = |name: &str| format!("{name}-{}", state.heard_count());
    let answer = |template: &str| {
        letters::ask(
            state,
            &step(template),
            LetterSpec::new(template, LetterClass::Answer).answering(state.last_heard()),
            0,
            cx,
        )
    };
    let settles = matches!(
        said,
        Said::Accepts | Said::Signs | Said::Declines | Said::Later | Said::OptsOut
    );
    if state.heard_lately() > cx.policy().messages_a_day && !settles {
        // Two machines could go on like this for ever.
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: "messages come faster than people write; a machine may be answering".to_owned(),
        }));
    }
    match (state.stage(), said) {
        (_, Said::ForPerson(why)) => Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: why.to_owned(),
        })),
        (DealStage::Contracting | DealStage::Won, Said::OptsOut) => {
            Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: "a client under contract wants no more letters".to_owned(),
            }))
        }
        (_, Said::AsksIfMachine) => Ok(answer("about-ai")?.and(outreach::patience(state, cx))),
        (DealStage::Contracting, Said::Signs | Said::Accepts) => {
            let document = state
                .current_offer()
                .and_then(|v| state.document(&DocumentKey::Contract(v.number())));
            match document {
                Some(document) => close::signed(state, document, "by reply", cx),
                None => Ok(Decision::nothing()),
            }
        }
        (DealStage::Won, _) => Ok(Decision::nothing()),
        (_, Said::OptsOut) => Ok(close::lost(state, "opt-out", cx)),
        (DealStage::Contracting, Said::Declines) => Ok(close::lost(state, "declined", cx)),
        (DealStage::Contracting, _) => Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: "a client asks something about the contract".to_owned(),
        })),
        (_, Said::Declines) => Ok(close::lost(state, "declined", cx)),
        (_, Said::Later) => Ok(close::lost(state, "not-now", cx)),
        (DealStage::Proposed, Said::Accepts | Said::Signs) => offer::accept(state, cx),
        (DealStage::Proposed, Said::TooDear(ask)) => offer::negotiate(state, &ask, cx),
        (DealStage::Proposed, Said::Talks) if offer::is_outdated(state, cx) => {
            offer::renew(state, cx)
        }
        (DealStage::Proposed, Said::Talks) => {
            Ok(answer("about-proposal")?.and(outreach::patience(state, cx)))
        }
        _ => settle(state, cx),
    }
}

/// Asks the next best question, or makes the offer.
fn settle(state: &DealState, cx: &Cx<'_>) -> Answer {
    let policy = cx.policy();
    let asked = u32::try_from(state.questioned().len()).unwrap_or(u32::MAX);
    if asked < policy.questions
        && let Some((about, question)) = assess::open_question(state, cx)?
    {
        let spec = LetterSpec::new("question", LetterClass::Answer)
            .value("question", question)
            .answering(state.last_heard());
        return Ok(Decision::nothing()
            .event(DealEvent::Questioned { about })
            .and(letters::ask(
                state,
                &format!("question-{asked}"),
                spec,
                0,
                cx,
            )?)
            .and(outreach::patience(state, cx)));
    }
    let known = state
        .requirements()
        .iter()
        .any(|r| r.status != RequirementStatus::Dropped);
    if !known {
        // An offer rests on what they said they need; without that a person reads on.
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: "what they need is not clear from their answers".to_owned(),
        }));
    }
    offer::first(state, cx)
}

/// The id of a message in evidence.
pub(super) fn message_id(heard: &Heard, cx: &Cx<'_>) -> MessageId {
    let name = heard
        .message_id
        .clone()
        .unwrap_or_else(|| heard.at.to_string());
    MessageId::derive(&[cx.process().to_string().as_bytes(), name.as_bytes()])
}

/// Reads a message into the closed set.
///
/// What binds is read more strictly than the rest: an acceptance takes a plain phrase and a
/// reading that it depends on nothing, a signature a sentence that says just that.
pub(super) fn read(raw: &str, at: Timestamp) -> Said {
    let Some(reader) = ReplyReader::standard() else {
        return Said::ForPerson("the phrases of replies cannot be read");
    };
    let mail = InboundMail::new(MessageId::derive(&[raw.as_bytes()]), at, "", raw);
    let reading = reader.read(&mail);
    if reading.escalations().contains(&Escalation::Legal) {
        return Said::ForPerson("lawyers, courts or authorities are named");
    }
    let (intent, also) = match reading.class() {
        MailClass::Human { intent, also } => (intent, also),
        MailClass::NotNow { .. } => return Said::Later,
        MailClass::LeftCompany { .. } | MailClass::WrongPerson { .. } => {
            return Said::ForPerson("somebody else is responsible there");
        }
        MailClass::OptOut | MailClass::Complaint => return Said::OptsOut,
        MailClass::OutOfOffice { .. } | MailClass::Bounce { .. } | MailClass::Automatic => {
            return Said::Away(reading.class().back_from());
        }
    };
    if *intent == Intent::AskIfBot || also.contains(&Intent::AskIfBot) {
        return Said::AsksIfMachine;
    }
    let own = reading.own_text();
    if own.inspect(|own| signs(own)) {
        return Said::Signs;
    }
    match intent {
        Intent::Decline(_) => Said::Declines,
        Intent::PriceObjection(asked) => Said::TooDear(ask(asked.as_ref())),
        Intent::Accept if own.inspect(|own| accepts(own)) => Said::Accepts,
        Intent::Meeting => Said::ForPerson("they want to speak with somebody"),
        _ => Said::Talks,
    }
}

fn ask(asked: Option<&Asked>) -> Ask {
    match asked {
        Some(Asked::Discount(hundredths)) => u16::try_from(*hundredths)
            .ok()
            .and_then(|h| Percent::from_hundredths(h).ok())
            .map_or(Ask::Cheaper, |percent| Ask::Discount { percent }),
        Some(Asked::Price(amount)) => Ask::TotalAtMost {
            amount: *amount,
            with_tax: false,
        },
        _ => Ask::Cheaper,
    }
}

/// Whether the words hold one of the phrases that accept an offer.
fn accepts(own: &str) -> bool {
    let text = own.to_lowercase().replace('\u{2019}', "'");
    [
        "we accept",
        "i accept",
        "please go ahead",
        "let's do it",
        "we agree",
        "wir nehmen an",
        "nehmen wir an",
        "einverstanden",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

/// Whether a sentence signs, and nothing said beside it asks or makes a condition.
fn signs(own: &str) -> bool {
    let text = own.to_lowercase().replace('\u{2019}', "'");
    let plain = |word: &str| {
        !matches!(
            word,
            "if" | "but"
                | "unless"
                | "before"
                | "once"
                | "when"
                | "not"
                | "until"
                | "wenn"
                | "aber"
                | "bevor"
                | "sobald"
                | "nicht"
                | "falls"
        )
    };
    let sentence = |sentence: &str| {
        matches!(
            sentence.trim(),
            "i sign"
                | "i hereby sign"
                | "i sign the contract"
                | "i hereby sign the contract"
                | "we sign"
                | "we sign the contract"
                | "we hereby sign the contract"
                | "ich unterschreibe"
                | "ich unterschreibe den vertrag"
                | "hiermit unterschreibe ich den vertrag"
        )
    };
    !text.contains('?')
        && text
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .all(plain)
        && text.split(['.', '!', ';', '\n']).any(sentence)
}

/// A client of a running sale has been silent for as long as we wait.
pub(super) fn silent(state: &DealState, heard_by_then: u32, cx: &Cx<'_>) -> Answer {
    let moved = state.heard_count() >= heard_by_then;
    let waiting = matches!(
        state.stage(),
        DealStage::Contacting | DealStage::Assessing | DealStage::Contracting
    );
    if moved || !waiting {
        return Ok(Decision::nothing());
    }
    let decision: Decision<Deal> = close::lost(state, "no-answer", cx);
    Ok(decision)
}
