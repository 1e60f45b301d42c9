use std::ops::Range;

use chrono::{Days, NaiveDate};
use dealwright_core::money::Currency;
use dealwright_core::party::EmailAddress;

use super::class::{Asked, DeclineReason, Intent, MailClass};
use super::machine::addresses;
use super::mail::InboundMail;
use super::phrases::ReplyPhrases;
use crate::words::{Amount, DateReader, Text, number_at};

/// Words that turn what stands within three words behind them.
const NOT: [&str; 22] = [
    "not", "no", "cant", "cannot", "dont", "wont", "never", "couldnt", "wouldnt", "nicht", "kein",
    "keine", "keinen", "pas", "non", "niet", "geen", "nao", "nie", "unable", "nothing", "ni",
];
/// Words that make a yes depend on something.
const IF: [&str; 12] = [
    "if", "unless", "wenn", "falls", "sofern", "si", "se", "als", "indien", "jesli", "jezeli",
    "provided",
];

/// Words with which somebody says yes before they say to what.
const AFFIRMS: &[&str] = &[
    "yes",
    "yep",
    "yeah",
    "sure",
    "ja",
    "gern",
    "gerne",
    "oui",
    "volontiers",
    "si",
    "claro",
    "tak",
];
/// Words of a question for the price.
const PRICE: &[&str] = &[
    "price", "prices", "cost", "charge", "much", "preis", "kosten", "kostet", "prix", "combien",
    "coute", "precio", "cuanto", "cuesta", "costa",
];

/// A mail's own words, as they are read.
pub(super) struct Letter<'a> {
    pub(super) mail: &'a InboundMail,
    pub(super) own: &'a str,
    pub(super) text: &'a Text,
    pub(super) phrases: &'a ReplyPhrases,
}

impl Letter<'_> {
    /// What a person's words come to, opt-out and complaint aside.
    pub(super) fn class(&self) -> MailClass {
        let p = self.phrases;
        let asks_bot = p.bot.first_in(self.text).is_some() && self.own.contains('?')
            || self.asks_bot_without_mark();
        let mut intents: Vec<Intent> = Vec::new();
        if asks_bot {
            intents.push(Intent::AskIfBot);
        }
        let moved = p.left.first_in(self.text).is_some();
        let other = p.wrong_person.first_in(self.text).is_some();
        let accept = self.accepts();
        // Who is served elsewhere and asks for a price wants something else of us.
        let decline = self.hit(&p.decline) && !(self.supplier() && self.asks_price());
        let price = self.hit(&p.price);
        let later = self.hit(&p.not_now);
        let meeting = self.hit(&p.meeting) && !decline;
        let interested = !decline
            && p.interested
                .first_in(self.text)
                .is_some_and(|at| !self.negated(&at));
        if !asks_bot {
            if moved && !accept && !interested {
                return MailClass::LeftCompany {
                    referral: self.referral(),
                };
            }
            let has_supplier = decline && self.referral().is_none() && self.supplier();
            if other && !accept && !price && !has_supplier {
                return MailClass::WrongPerson {
                    referral: self.referral(),
                };
            }
        }
        if decline && (!later || self.final_no()) {
            intents.push(Intent::Decline(self.reason(price)));
        } else if accept {
            intents.push(Intent::Accept);
        } else if price && !later {
            intents.push(Intent::PriceObjection(self.asked()));
        } else if later && intents.is_empty() && !interested_now(meeting, interested) {
            return MailClass::NotNow {
                until: self.until(),
            };
        }
        let declined = intents.iter().any(|i| matches!(i, Intent::Decline(_)));
        if meeting && !declined {
            intents.push(Intent::Meeting);
        }
        if interested && !declined && intents.is_empty() {
            intents.push(Intent::Interested);
        }
        if !asks_bot && !declined && self.own.contains('?') {
            intents.push(Intent::Question);
        }
        if intents.is_empty() && p.provides.first_in(self.text).is_some() {
            intents.push(Intent::ProvideInfo);
        }
        let affirms = !decline && AFFIRMS.contains(&self.text.word(0));
        let asks_only = intents.as_slice() == [Intent::Question];
        if affirms && (intents.is_empty() || asks_only && self.asks_price()) {
            intents.insert(0, Intent::Interested);
        }
        let mut intents = intents.into_iter();
        MailClass::Human {
            intent: intents.next().unwrap_or(Intent::Unclear),
            also: intents.collect(),
        }
    }

    /// The first day somebody away is back.
    pub(super) fn returns(&self) -> Option<NaiveDate> {
        let reader = DateReader::new(self.mail.received_at().date_naive());
        let mut until = None;
        let mut any = None;
        for sentence in self.text.sentences() {
            let range = sentence.tokens.clone();
            for dated in reader.find(self.text, range.clone()) {
                let led = |words: &[&str]| self.led(&range, dated.tokens.start, words);
                if led(&BACK) {
                    return Some(dated.first);
                }
                let after = dated.last.checked_add_days(Days::new(1));
                if led(&UNTIL) {
                    until = until.or(after);
                } else {
                    any = any.or(Some(dated.first));
                }
            }
        }
        until.or(any)
    }

    /// Whether one of the words stands shortly before a place.
    fn led(&self, sentence: &Range<usize>, at: usize, words: &[&str]) -> bool {
        (at.saturating_sub(4).max(sentence.start)..at).any(|i| words.contains(&self.text.word(i)))
            || at.checked_sub(5).is_none() && words.contains(&self.text.word(sentence.start))
    }

    /// The first day to ask again, from the sentences that put it off or stand beside them.
    fn until(&self) -> Option<NaiveDate> {
        let today = self.mail.received_at().date_naive();
        let all = 0..self.text.tokens().len();
        DateReader::new(today)
            .find(self.text, all)
            .into_iter()
            .map(|d| d.first.max(today))
            .next()
    }

    /// An address in the writer's words that is neither theirs nor ours.
    pub(super) fn referral(&self) -> Option<EmailAddress> {
        addresses(self.own)
            .into_iter()
            .find(|found| self.mail.from() != Some(found) && !self.mail.to().contains(found))
    }

    fn hit(&self, phrases: &crate::words::Phrases) -> bool {
        phrases.first_in(self.text).is_some()
    }

    /// A yes, and no word that takes it back: an acceptance binds, so every doubt counts.
    fn accepts(&self) -> bool {
        let p = self.phrases;
        let yes = self.text.sentences().iter().any(|sentence| {
            let range = sentence.tokens.clone();
            let Some(at) = p.accept.first(self.text, range.clone()) else {
                return false;
            };
            let conditional = range
                .clone()
                .any(|i| IF.contains(&self.text.word(i)) && !self.is_accept_word(i, &at));
            let asked = self.ends_as_question(&range);
            let turned = range.clone().any(|i| NOT.contains(&self.text.word(i)));
            !conditional && !asked && !turned
        });
        yes && !self.hit(&p.price) && !self.hit(&p.not_now) && !self.strong_no()
    }

    /// Whether a question is for the price.
    fn asks_price(&self) -> bool {
        self.text.sentences().iter().any(|sentence| {
            let range = sentence.tokens.clone();
            self.ends_as_question(&range)
                && range
                    .into_iter()
                    .any(|at| PRICE.contains(&self.text.word(at)))
        })
    }

    fn is_accept_word(&self, at: usize, accept: &Range<usize>) -> bool {
        accept.contains(&at)
    }

    fn strong_no(&self) -> bool {
        self.hit(&self.phrases.decline) && !self.hit(&self.phrases.accept)
    }

    fn ends_as_question(&self, sentence: &Range<usize>) -> bool {
        let Some(bytes) = self.text.bytes(sentence.clone()) else {
            return false;
        };
        self.own.get(bytes.end..).is_some_and(|rest| {
            rest.chars()
                .take_while(|c| !c.is_alphanumeric() && *c != '\n')
                .any(|c| c == '?')
        })
    }

    /// Whether a "not" stands within three words before a place.
    fn negated(&self, at: &Range<usize>) -> bool {
        let same = self.text.token(at.start).map(|t| t.clause);
        (at.start.saturating_sub(3)..at.start).any(|i| {
            NOT.contains(&self.text.word(i)) && self.text.token(i).map(|t| t.clause) == same
        })
    }

    /// "are u real or a machine", without a question mark.
    fn asks_bot_without_mark(&self) -> bool {
        self.text.tokens().len() <= 14 && self.hit(&self.phrases.bot)
    }

    /// No in so many words, so that "maybe next year" is politeness.
    fn final_no(&self) -> bool {
        self.supplier() || self.hit(&self.phrases.decline_closing)
    }

    fn supplier(&self) -> bool {
        self.hit(&self.phrases.decline_supplier)
    }

    fn reason(&self, price: bool) -> DeclineReason {
        let p = self.phrases;
        if price {
            DeclineReason::TooExpensive
        } else if self.supplier() {
            DeclineReason::HasSupplier
        } else if self.hit(&p.decline_closing) {
            DeclineReason::Closing
        } else if self.hit(&p.decline_no_need) {
            DeclineReason::NoNeed
        } else {
            DeclineReason::Unstated
        }
    }

    /// The discount or price that is asked for.
    fn asked(&self) -> Option<Asked> {
        let tokens = self.text.tokens();
        for at in 0..tokens.len() {
            let Some((milli, len)) = number_at(tokens, at) else {
                continue;
            };
            if matches!(
                self.text.word(at + len),
                "%" | "percent" | "prozent" | "procent" | "percento"
            ) || matches!(
                (self.text.word(at + len), self.text.word(at + len + 1)),
                ("por", "ciento") | ("per", "cent" | "cento") | ("pour", "cent")
            ) {
                let hundredths = u32::try_from(milli / 10)
                    .ok()
                    .filter(|h| (1..10_000).contains(h));
                return hundredths.map(Asked::Discount);
            }
        }
        let amount = Amount::find(self.text, 0..tokens.len())
            .into_iter()
            .next()?;
        let currency = amount.currency.or_else(|| Currency::parse("USD").ok())?;
        amount.money(currency).map(Asked::Price)
    }
}

fn interested_now(meeting: bool, interested: bool) -> bool {
    meeting && interested
}

const BACK: [&str; 30] = [
    "back",
    "return",
    "returning",
    "returns",
    "again",
    "ab",
    "wieder",
    "zuruck",
    "retour",
    "vuelvo",
    "volvere",
    "regreso",
    "regresare",
    "reincorporo",
    "rientro",
    "rientrero",
    "tornero",
    "torno",
    "terug",
    "vanaf",
    "weer",
    "volto",
    "voltarei",
    "regressarei",
    "regresso",
    "retorno",
    "wracam",
    "wroce",
    "from_then",
    "powrot",
];
const UNTIL: [&str; 22] = [
    "until", "till", "til", "through", "to", "bis", "jusqu", "jusque", "hasta", "fino", "al", "au",
    "tot", "ate", "do", "t", "m", "a", "en", "zum", "and", "und",
];

impl Letter<'_> {
    /// Whether the words speak of coming back.
    pub(super) fn returns_words(&self) -> bool {
        self.returns().is_some()
            && self
                .text
                .tokens()
                .iter()
                .any(|t| BACK.contains(&t.word.as_str()))
    }
}
