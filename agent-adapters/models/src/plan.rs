//! What a reading will send, and the most that it can cost, before anything is sent.

use dealwright_core::model::{ReadRequest, SuggestionError};
use serde_json::Value;

use crate::endpoint::Dialect;
use crate::limits::Limits;
use crate::price::Usage;
use crate::redact::{Redacted, redact};
use crate::schema;

/// Tokens that the server's own words around ours take: roles, beginnings and ends.
const AROUND: u64 = 256;

/// What one call says.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    /// Ours: what is to be done.
    pub(crate) instruction: String,
    /// Ours: what was wrong with the first answer.
    pub(crate) note: Option<String>,
    /// Theirs, fenced.
    pub(crate) data: String,
    pub(crate) schema: Value,
    pub(crate) answer_tokens: u32,
}

impl Prompt {
    /// The most tokens, counting one a byte: no byte makes two.
    pub(crate) fn most(&self) -> Usage {
        let note = self.note.as_ref().map_or(0, String::len);
        let schema = self.schema.to_string().len();
        let bytes = self.instruction.len() + note + self.data.len() + schema;
        Usage {
            input: u64::try_from(bytes)
                .unwrap_or(u64::MAX)
                .saturating_add(AROUND),
            output: u64::from(self.answer_tokens),
        }
    }
}

/// A reading: one call, and a second where the first answer is no suggestion.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) redacted: Redacted,
    first: Prompt,
    room: u64,
}

impl Plan {
    pub(crate) fn new(request: &ReadRequest, dialect: Dialect, limits: Limits) -> Self {
        let redacted = redact(request.text());
        let sent = ReadRequest::new(&redacted.text, request.needs().iter().cloned());
        let bounds = !matches!(dialect, Dialect::OpenAi | Dialect::Anthropic);
        let first = Prompt {
            instruction: sent.instruction(),
            note: None,
            data: sent.data(),
            schema: schema::of_answer(&sent, bounds),
            answer_tokens: limits.answer_tokens(),
        };
        Self {
            redacted,
            first,
            room: request.token_ceiling(),
        }
    }

    pub(crate) fn first(&self) -> &Prompt {
        &self.first
    }

    /// Tokens that the first call could take beyond what the caller has set aside.
    pub(crate) fn over(&self) -> Option<u64> {
        let over = self.first.most().total().saturating_sub(self.room);
        (over > 0).then_some(over)
    }

    /// The second call, where both together stay within what the caller has set aside. Only what
    /// was wrong is said, in our words, in a part of its own; the first answer is not repeated, as
    /// it would be somebody's text among ours.
    pub(crate) fn second(&self, wrong: &SuggestionError) -> Option<Prompt> {
        let note = format!(
            "A first answer was refused: {wrong}. Answer again, exactly in the form asked for, \
             with quotations copied letter by letter."
        );
        // Not by the length of this note: what was planned for is what may be spent.
        self.repaired("x".repeat(NOTE))?;
        self.repaired(note)
    }

    fn repaired(&self, note: String) -> Option<Prompt> {
        let second = Prompt {
            note: Some(note),
            ..self.first.clone()
        };
        let both = self.first.most().plus(second.most()).total();
        (both <= self.room).then_some(second)
    }

    /// The most that the reading can take, and in how many calls.
    pub(crate) fn most(&self) -> (Usage, u64) {
        match self.repaired("x".repeat(NOTE)) {
            Some(second) => (self.first.most().plus(second.most()), 2),
            None => (self.first.most(), 1),
        }
    }
}

/// The longest note in bytes: our sentences around an error of ours that names two numbers.
const NOTE: usize = 300;

#[cfg(test)]
mod tests {
    use dealwright_core::text::Untrusted;

    use super::*;

    fn request(text: &str) -> ReadRequest {
        let text = Untrusted::new(text.to_owned());
        ReadRequest::new(&text, ["website-audit".to_owned()])
    }

    #[test]
    fn a_reading_never_takes_more_than_its_caller_has_set_aside() {
        for text in ["", "short", &"ü".repeat(9_000), &"\u{10ffff}".repeat(9_000)] {
            for answer_tokens in [64, 1_024, 8_192] {
                let params = crate::LimitParams {
                    answer_tokens,
                    ..crate::LimitParams::default()
                };
                for dialect in [Dialect::OpenAi, Dialect::LlamaCpp, Dialect::Anthropic] {
                    let request = request(text);
                    let plan = Plan::new(&request, dialect, params.check().unwrap());
                    assert_eq!(plan.over(), None);
                    let (most, calls) = plan.most();
                    assert!(
                        most.total() <= request.token_ceiling(),
                        "{calls} {answer_tokens}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_longest_note_fits_into_the_ceiling() {
        let plan = Plan::new(&request("short"), Dialect::OpenAi, Limits::default());
        for wrong in [
            SuggestionError::TooLong(usize::MAX),
            SuggestionError::Shape,
            SuggestionError::TooMany(usize::MAX),
            SuggestionError::UnknownNeed(usize::MAX),
            SuggestionError::Misquoted(usize::MAX),
        ] {
            let second = plan.second(&wrong).unwrap();
            assert!(second.note.as_ref().unwrap().len() <= NOTE);
            let both = plan.first().most().plus(second.most()).total();
            assert!(both <= plan.most().0.total());
        }
    }

    #[test]
    fn too_many_needs_are_noticed_before_anything_is_sent() {
        let needs = (0..9_000).map(|n| format!("need-{n}"));
        let text = Untrusted::new("short".to_owned());
        let plan = Plan::new(
            &ReadRequest::new(&text, needs),
            Dialect::OpenAi,
            Limits::default(),
        );
        assert!(plan.over().is_some());
    }
}
