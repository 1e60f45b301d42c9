//! An answer as it grows, whoever gives it.

use serde::Deserialize;
use serde_json::Value;

use crate::endpoint::Dialect;
use crate::error::Fault;
use crate::price::Usage;
use crate::sse::{Event, Sse};
use crate::{anthropic, openai};

/// The longest answer in bytes that is kept.
pub(crate) const ANSWER: usize = 16 * 1024;
/// The most bytes of a whole body, and of a stream, which wraps every few letters.
const BODY: usize = 1024 * 1024;
const STREAM: usize = 8 * 1024 * 1024;
/// More tokens than any call has; a server that says so is not believed.
const BELIEVED: u64 = 10_000_000;

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Done,
    Length,
    Refused,
    Tool,
}

/// What there is of an answer.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    pub(crate) text: String,
    pub(crate) refused: bool,
    pub(crate) stop: Option<Stop>,
    input: Option<u64>,
    output: Option<u64>,
    /// The server said that nothing more comes.
    pub(crate) ended: bool,
}

impl Fold {
    pub(crate) fn say(&mut self, words: &str) -> Result<(), Fault> {
        if self.text.len() + words.len() > ANSWER {
            return Err(Fault::TooLong(ANSWER));
        }
        self.text.push_str(words);
        Ok(())
    }

    /// The last count stands: streams repeat it as it grows.
    pub(crate) fn count(&mut self, input: Option<u64>, output: Option<u64>) {
        let believed = |n: &u64| *n <= BELIEVED;
        self.input = input.filter(believed).or(self.input);
        self.output = output.filter(believed).or(self.output);
    }

    /// What the server says that was used, where it says both.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let (input, output) = (self.input?, self.output?);
        Some(Usage { input, output })
    }

    /// The words of a complete answer.
    pub(crate) fn words(self, answer_tokens: u32) -> Result<String, Fault> {
        if self.refused {
            return Err(Fault::Refused);
        }
        match self.stop {
            None => Err(Fault::Cut),
            Some(Stop::Length) => Err(Fault::CutOff(answer_tokens)),
            Some(Stop::Refused) => Err(Fault::Refused),
            Some(Stop::Tool) => Err(Fault::Tool),
            Some(Stop::Done) if self.text.trim().is_empty() => Err(Fault::Empty),
            Some(Stop::Done) => Ok(self.text),
        }
    }
}

/// Reads the body of an answer of one server as it comes.
#[derive(Debug)]
pub(crate) struct Reader {
    dialect: Dialect,
    body: Body,
    seen: usize,
    pub(crate) fold: Fold,
}

#[derive(Debug)]
enum Body {
    Whole(Vec<u8>),
    Stream(Sse),
}

impl Reader {
    /// What the server says it sends decides, not what it was asked for: some do not stream.
    pub(crate) fn new(dialect: Dialect, media_type: &str) -> Self {
        let body = if media_type == "text/event-stream" {
            Body::Stream(Sse::default())
        } else {
            Body::Whole(Vec::new())
        };
        Self {
            dialect,
            body,
            seen: 0,
            fold: Fold::default(),
        }
    }

    /// Reads on. Nothing more is needed once the fold has ended.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        self.seen = self.seen.saturating_add(chunk.len());
        match &mut self.body {
            Body::Whole(_) if self.seen > BODY => Err(Fault::TooLong(BODY)),
            Body::Whole(all) => {
                all.extend_from_slice(chunk);
                Ok(())
            }
            Body::Stream(_) if self.seen > STREAM => Err(Fault::TooLong(STREAM)),
            Body::Stream(sse) => {
                for event in sse.feed(chunk)? {
                    if !self.fold.ended {
                        take_event(self.dialect, &mut self.fold, &event)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        if let Body::Whole(all) = &self.body {
            let value: Value =
                serde_json::from_slice(all).map_err(|_| Fault::Malformed("the body is no JSON"))?;
            match self.dialect {
                Dialect::Anthropic => anthropic::whole(&mut self.fold, &value)?,
                _ => openai::whole(&mut self.fold, &value)?,
            }
        }
        Ok(())
    }
}

fn take_event(dialect: Dialect, fold: &mut Fold, event: &Event) -> Result<(), Fault> {
    match dialect {
        Dialect::Anthropic => anthropic::event(fold, event),
        _ => openai::event(fold, event),
    }
}

/// Reads a JSON text into the type that the specification gives it.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str, what: &'static str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Malformed(what))
}

/// The server's own word for a trouble, where it is a plain one: what it says in sentences may
/// repeat what it was sent.
pub(crate) fn code(error: &Value) -> Option<String> {
    let plain = |text: &str| {
        let fits = (1..=64).contains(&text.len());
        fits && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    let error = error.get("error").unwrap_or(error);
    ["code", "type"].into_iter().find_map(|key| {
        let word = error.get(key)?.as_str()?;
        plain(word).then(|| word.to_owned())
    })
}
