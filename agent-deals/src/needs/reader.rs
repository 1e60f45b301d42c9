use std::collections::BTreeMap;
use std::ops::Range;

use dealwright_core::handoff::{Quotation, Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::RequirementId;
use dealwright_core::money::Currency;
use dealwright_core::provenance::Confidence;
use dealwright_core::text::Untrusted;

use super::heard::{Declined, Field, Heard, Message, Role, Speaker, Stated};
use super::lexicon::Lexicon;
use super::scope::{Mention, Scopes, Stance};
use super::{figures, terms};
use crate::words::{Text, own_words};

/// Longest text that is quoted, in bytes; longer sentences are quoted by their clause.
const LONGEST_QUOTE: usize = 240;

/// Reads requirements out of messages by rules, without a model.
///
/// Pure: the same messages give the same result. A requirement rests on words of the client
/// and names their place in the stored message; a need that the client refuses, has already,
/// puts off or asks for somebody else is none. Later words win over earlier ones, said ones
/// over inferred ones.
#[derive(Clone, Debug)]
pub struct NeedsReader {
    lexicon: Lexicon,
    dollar: Option<Currency>,
    plain: Option<Currency>,
}

impl NeedsReader {
    /// A reader that takes a bare `$` for US dollars and amounts without currency for nothing.
    #[must_use]
    pub fn new(lexicon: Lexicon) -> Self {
        Self {
            lexicon,
            dollar: Some(Currency::USD),
            plain: None,
        }
    }

    /// Says which dollar `$` is where this client lives.
    #[must_use]
    pub fn with_dollar(mut self, currency: Currency) -> Self {
        self.dollar = Some(currency);
        self
    }

    /// Says what an amount without a currency is in; it counts only beside the word "budget".
    #[must_use]
    pub fn with_currency(mut self, currency: Currency) -> Self {
        self.plain = Some(currency);
        self
    }

    /// The lexicon.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Reads a dialogue, oldest message first.
    #[must_use]
    pub fn read(&self, messages: &[Message]) -> Heard {
        let mut heard = Heard::default();
        let mut found: BTreeMap<&str, Found> = BTreeMap::new();
        let mut asked: Option<&Field> = None;
        for message in messages {
            match &message.by {
                Speaker::Us { asks } => asked = asks.as_ref(),
                Speaker::Client => {
                    message
                        .text
                        .inspect(|raw| self.read_one(message, raw, asked, &mut heard, &mut found));
                    asked = None;
                }
            }
        }
        self.settle(&mut heard, found);
        heard
    }

    fn read_one<'a>(
        &'a self,
        message: &Message,
        raw: &str,
        asked: Option<&Field>,
        heard: &mut Heard,
        found: &mut BTreeMap<&'a str, Found>,
    ) {
        let own = own_words(raw);
        let text = Text::read(&own);
        let scopes = Scopes::read(&self.lexicon, &text);
        heard.machine_text |=
            scopes.has_machine_text() || own.len() == raw.len() && raw.contains("<!--");
        if scopes.is_selling() {
            heard.selling = true;
            return;
        }
        let page = Page {
            message,
            raw,
            text: &text,
        };
        for need in &self.lexicon.needs {
            let entry = found.entry(need.id.as_str()).or_default();
            for mention in scopes.mentions(need) {
                entry.hear(mention, &page);
            }
        }
        let spoken = |need: &str| {
            found
                .get(need)
                .is_some_and(|f| f.said.is_some() || f.implied.is_some())
        };
        figures::read(
            &self.lexicon,
            &page,
            &scopes,
            asked,
            &spoken,
            &mut heard.drivers,
        );
        terms::budget(
            &self.lexicon,
            &page,
            &scopes,
            (self.dollar, self.plain),
            &mut heard.budget,
        );
        terms::deadline(&self.lexicon, &page, &scopes, &mut heard.deadline);
        terms::role(&self.lexicon, &page, &scopes, &mut heard.role);
        if let Some((answer, tokens, sentence)) = scopes.yes_or_no() {
            let quote = page.quote(tokens, sentence);
            match (asked, quote) {
                (Some(Field::Confirm(need)), Some(quote)) => {
                    if let Some(need) = self.lexicon.needs.iter().find(|known| known.id == *need) {
                        found
                            .entry(need.id.as_str())
                            .or_default()
                            .answer(answer, quote);
                    }
                }
                (Some(Field::Decider), Some(quote)) if heard.role.is_none() => {
                    let value = if answer {
                        Role::Decides
                    } else {
                        Role::AsksOthers
                    };
                    heard.role = Some(Stated { value, quote });
                }
                _ => {}
            }
        }
    }

    /// Turns what was found into requirements, in the lexicon's order.
    fn settle(&self, heard: &mut Heard, found: BTreeMap<&str, Found>) {
        for need in &self.lexicon.needs {
            let Some(found) = found.get(need.id.as_str()) else {
                continue;
            };
            let Some((kind, confidence, evidence)) = found.outcome() else {
                if let Some(declined) = &found.declined {
                    heard.declined.insert(need.id.clone(), declined.clone());
                }
                continue;
            };
            let drivers = need
                .drivers
                .iter()
                .filter_map(|id| {
                    heard
                        .drivers
                        .get(id)
                        .map(|stated| (id.clone(), stated.value))
                })
                .collect();
            let Some(first) = evidence.first() else {
                continue;
            };
            heard.requirements.push(Requirement {
                id: RequirementId::derive(&[first.message.uuid().as_bytes(), need.id.as_bytes()]),
                need: need.id.clone(),
                statement: need.statement.clone(),
                kind,
                confidence: Confidence::saturating(confidence),
                status: RequirementStatus::Open,
                owner: None,
                drivers,
                evidence: evidence.clone(),
            });
        }
    }
}

/// What was heard about one need.
#[derive(Debug, Default)]
struct Found {
    /// Said, how surely, with the words.
    said: Option<(u8, Vec<Quotation>)>,
    implied: Option<Vec<Quotation>>,
    declined: Option<Stated<Declined>>,
}

impl Found {
    fn hear(&mut self, mention: Mention, page: &Page<'_>) {
        let Some(quote) = page.quote(mention.tokens.clone(), mention.sentence.clone()) else {
            return;
        };
        match mention.stance {
            Stance::Asked | Stance::Wished => {
                let surely = if mention.stance == Stance::Asked {
                    90
                } else {
                    80
                };
                let (best, quotes) = self.said.get_or_insert_with(|| (surely, Vec::new()));
                *best = (*best).max(surely);
                add(quotes, quote);
                self.declined = None;
            }
            Stance::Implied => add(self.implied.get_or_insert_with(Vec::new), quote),
            Stance::Declined(why) => {
                // Only the same or a later message takes back what was said.
                self.said = None;
                self.declined = Some(Stated { value: why, quote });
            }
        }
    }

    /// A yes or no to our question whether it is needed.
    fn answer(&mut self, yes: bool, quote: Quotation) {
        if yes {
            add(
                &mut self.said.get_or_insert_with(|| (100, Vec::new())).1,
                quote,
            );
            self.declined = None;
        } else if self.said.is_none() {
            self.declined = Some(Stated {
                value: Declined::Refused,
                quote,
            });
        }
    }

    fn outcome(&self) -> Option<(RequirementKind, u8, &Vec<Quotation>)> {
        match (&self.said, &self.implied, &self.declined) {
            (Some((surely, quotes)), _, _) => Some((RequirementKind::Explicit, *surely, quotes)),
            (None, Some(quotes), None) => Some((RequirementKind::Implicit, 60, quotes)),
            _ => None,
        }
    }
}

fn add(quotes: &mut Vec<Quotation>, quote: Quotation) {
    if quotes.len() < 4 && !quotes.contains(&quote) {
        quotes.push(quote);
    }
}

/// A message with its text taken apart.
pub(super) struct Page<'a> {
    pub(super) message: &'a Message,
    raw: &'a str,
    pub(super) text: &'a Text,
}

impl Page<'_> {
    /// Quotes the sentence, or where it is long only `tokens`.
    pub(super) fn quote(&self, tokens: Range<usize>, sentence: Range<usize>) -> Option<Quotation> {
        let whole = self
            .text
            .bytes(sentence)
            .filter(|bytes| bytes.len() <= LONGEST_QUOTE);
        let bytes = match whole {
            Some(bytes) => bytes,
            None => self.text.bytes(tokens)?,
        };
        Some(Quotation {
            message: self.message.id,
            start: u32::try_from(bytes.start).ok()?,
            end: u32::try_from(bytes.end).ok()?,
            text: Untrusted::new(self.raw.get(bytes)?.to_owned()),
        })
    }
}
