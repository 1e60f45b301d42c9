use std::collections::BTreeSet;
use std::sync::OnceLock;

use dealwright_core::text::Untrusted;

use super::class::{Escalation, Intent, MailClass, Reading};
use super::machine;
use super::mail::InboundMail;
use super::person::Letter;
use super::phrases::ReplyPhrases;
use crate::words::{Text, own_words};

/// An own text of at most so many words may be an opt-out by a single word.
const TERSE: usize = 4;

/// Reads what came in by rules, without a model.
///
/// Pure: the same mail gives the same reading. Headers and report parts are believed before
/// words; a wish to be left alone wins over everything else a person says, and is heard from a
/// machine as well; a machine that answers for somebody who is away is never taken for a person.
#[derive(Clone, Debug)]
pub struct ReplyReader {
    phrases: ReplyPhrases,
}

impl ReplyReader {
    /// A reader with these phrases.
    #[must_use]
    pub fn new(phrases: ReplyPhrases) -> Self {
        Self { phrases }
    }

    /// The reader with the phrases that come with the library. It never changes, and making it
    /// takes longer than reading a mail. `None` in no released version; a test reads the phrases.
    #[must_use]
    pub fn standard() -> Option<&'static Self> {
        static READER: OnceLock<Option<ReplyReader>> = OnceLock::new();
        READER
            .get_or_init(|| ReplyPhrases::standard().ok().map(Self::new))
            .as_ref()
    }

    /// Reads a mail.
    #[must_use]
    pub fn read(&self, mail: &InboundMail) -> Reading {
        let own = mail.text().inspect(|raw| own_words(raw));
        let text = Text::read(&own);
        let subject = mail.subject().inspect(|raw| Text::read(raw));
        let class = self.class(mail, &own, &text, &subject);
        let escalations = self.escalations(&class, &text);
        Reading {
            class,
            own: Untrusted::new(own.trim().to_owned()),
            escalations,
        }
    }

    fn class(&self, mail: &InboundMail, own: &str, text: &Text, subject: &Text) -> MailClass {
        let p = &self.phrases;
        if let Some(class) = machine::report(mail, p) {
            return class;
        }
        let letter = Letter {
            mail,
            own,
            text,
            phrases: p,
        };
        let machine = machine::is_machine(mail);
        let whole = mail.text().inspect(|raw| Text::read(raw));
        if let Some(class) = machine::bounce(mail, subject, &whole, p) {
            return class;
        }
        if machine {
            return self.of_machine(&letter, subject);
        }
        if self.opts_out(mail, text, subject) {
            return MailClass::OptOut;
        }
        let absent_subject = p.away.first_in(subject).is_some();
        if absent_subject {
            return self.of_machine(&letter, subject);
        }
        if p.complaint.first_in(text).is_some() {
            return MailClass::Complaint;
        }
        let said = letter.class();
        if p.away.first_in(text).is_some() && !wants_something(&said) {
            return MailClass::OutOfOffice {
                returns: letter.returns(),
            };
        }
        let terse_machine = matches!(
            said,
            MailClass::Human {
                intent: Intent::Unclear | Intent::ProvideInfo,
                ..
            }
        );
        if terse_machine && p.automatic.first_in(text).is_some() {
            return MailClass::Automatic;
        }
        said
    }

    /// What a machine says for a person.
    fn of_machine(&self, letter: &Letter<'_>, subject: &Text) -> MailClass {
        let p = &self.phrases;
        let bulk = letter.mail.header("list-unsubscribe").is_some()
            || letter.mail.header("list-id").is_some();
        if bulk {
            return MailClass::Automatic;
        }
        if p.opt_out.first_in(letter.text).is_some()
            && p.opt_out_not.first_in(letter.text).is_none()
        {
            return MailClass::OptOut;
        }
        if p.left.first_in(letter.text).is_some() {
            return MailClass::LeftCompany {
                referral: letter.referral(),
            };
        }
        if p.away.first_in(letter.text).is_some()
            || p.away.first_in(subject).is_some()
            || letter.returns_words()
        {
            return MailClass::OutOfOffice {
                returns: letter.returns(),
            };
        }
        MailClass::Automatic
    }

    /// Whether the writer does not want to be written to.
    fn opts_out(&self, mail: &InboundMail, text: &Text, subject: &Text) -> bool {
        let p = &self.phrases;
        let excused = p.opt_out_not.first_in(text).is_some();
        let said = p.opt_out.first_in(text).is_some();
        let tokens = text.tokens().len();
        let alone = |text: &Text| {
            text.sentences().iter().any(|s| {
                p.opt_out_alone
                    .match_at(text, s.tokens.start, s.tokens.end)
                    .is_some_and(|hit| hit == s.tokens)
            })
        };
        let ours = mail.subject().inspect(|raw| is_reply(raw));
        let by_subject = !ours && (p.opt_out.first_in(subject).is_some() || alone(subject));
        said && !excused
            || tokens <= TERSE && alone(text)
            || by_subject
            || alone(text) && tokens <= 12
    }

    fn escalations(&self, class: &MailClass, text: &Text) -> BTreeSet<Escalation> {
        let mut found = BTreeSet::new();
        let person = class.is_from_person() || *class == MailClass::Complaint;
        if *class == MailClass::OptOut {
            found.insert(Escalation::OptOut);
        }
        if *class == MailClass::Complaint
            || class.is_from_person() && self.phrases.complaint.first_in(text).is_some()
        {
            found.insert(Escalation::Complaint);
        }
        if person && self.phrases.legal.first_in(text).is_some() {
            found.insert(Escalation::Legal);
        }
        if matches!(
            class,
            MailClass::Human {
                intent: Intent::Unclear,
                ..
            }
        ) {
            found.insert(Escalation::Unsure);
        }
        found
    }
}

/// Whether a person wants something of us now, so that words of absence are only part of it.
fn wants_something(class: &MailClass) -> bool {
    match class {
        MailClass::Human { intent, .. } => !matches!(intent, Intent::Unclear | Intent::ProvideInfo),
        MailClass::NotNow { .. }
        | MailClass::WrongPerson { .. }
        | MailClass::LeftCompany { .. } => true,
        _ => false,
    }
}

/// `Re:` and what other languages write: the words behind it are ours.
fn is_reply(subject: &str) -> bool {
    const MARKS: [&str; 12] = [
        "re", "aw", "sv", "vs", "rv", "ref", "odp", "r", "antw", "ynt", "res", "fwd",
    ];
    subject
        .trim()
        .split_once(':')
        .is_some_and(|(mark, _)| MARKS.contains(&mark.trim().to_lowercase().as_str()))
}
