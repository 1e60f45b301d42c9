use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Source, SourceKind, Sourced};

/// All that sources say about one thing, side by side.
///
/// A source replaces what it said itself, and only by something newer; nobody replaces what a
/// person said but a person. What disagrees with a person stands beside it as a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Field<T> {
    values: Vec<Sourced<T>>,
}

/// What became of a value offered to a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Added {
    /// The first value, or one more beside the others.
    Beside,
    /// It replaced what the same source said before.
    Replaced,
    /// It disagrees with a person and waits for one to decide.
    Proposed,
    /// The same source said something at the same time or later.
    Outdated,
}

/// Which value counts, and what made it count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a, T> {
    value: &'a Sourced<T>,
    over: Option<&'a Sourced<T>>,
    because: Because,
}

/// The first thing in which a chosen value was better than the best of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// Nobody says anything else.
    Undisputed,
    /// A person said it.
    Person,
    /// Its source is surer.
    Confidence,
    /// It was read later.
    Freshness,
    /// Its kind of source is trusted more.
    SourceOrder,
    /// Nothing sets them apart but the names of their sources.
    Name,
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

impl<T: PartialEq> Field<T> {
    /// A field of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field with one value.
    #[must_use]
    pub fn of(value: Sourced<T>) -> Self {
        Self {
            values: vec![value],
        }
    }

    /// Takes what a source says; no value of another source is lost by it.
    pub fn add(&mut self, value: Sourced<T>) -> Added {
        let disputed = self
            .choose()
            .is_some_and(|choice| is_person(choice.value) && choice.value.value() != value.value());
        let same = |known: &Sourced<T>| same_source(known.source(), value.source());
        if let Some(known) = self.values.iter_mut().find(|known| same(known)) {
            if known.retrieved_at() >= value.retrieved_at() {
                return Added::Outdated;
            }
            *known = value;
            return Added::Replaced;
        }
        let proposed = disputed && !is_person(&value);
        self.values.push(value);
        if proposed {
            Added::Proposed
        } else {
            Added::Beside
        }
    }

    /// All values, as they came.
    #[must_use]
    pub fn values(&self) -> &[Sourced<T>] {
        &self.values
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value that counts: a person's, else the surest, the freshest, the one of the more
    /// trusted kind of source (as [`SourceKind`] orders them), the first by name.
    #[must_use]
    pub fn choose(&self) -> Option<Choice<'_, T>> {
        let value = self.values.iter().min_by(|left, right| rank(left, right))?;
        let over = self
            .values
            .iter()
            .filter(|other| other.value() != value.value())
            .min_by(|left, right| rank(left, right));
        let because = over.map_or(Because::Undisputed, |over| reason(value, over));
        Some(Choice {
            value,
            over,
            because,
        })
    }

    /// Whether sources disagree.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.choose().is_some_and(|choice| choice.over.is_some())
    }

    /// What disagrees with a person and was read after them: for that person to look at.
    pub fn proposals(&self) -> impl Iterator<Item = &Sourced<T>> {
        let person = self
            .choose()
            .map(|choice| choice.value)
            .filter(|value| is_person(value));
        self.values.iter().filter(move |other| {
            person.is_some_and(|person| {
                other.value() != person.value() && other.retrieved_at() > person.retrieved_at()
            })
        })
    }
}

impl<'a, T> Choice<'a, T> {
    /// The value that counts.
    #[must_use]
    pub fn value(&self) -> &'a Sourced<T> {
        self.value
    }

    /// The best of those that say something else.
    #[must_use]
    pub fn over(&self) -> Option<&'a Sourced<T>> {
        self.over
    }

    /// What made it count.
    #[must_use]
    pub fn because(&self) -> Because {
        self.because
    }
}

impl<T> fmt::Display for Choice<'_, T> {
    /// The reason as a sentence, with the sources but without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.value.source().name();
        let Some(over) = self.over else {
            return write!(f, "`{name}` says so and nobody disagrees");
        };
        let other = over.source().name();
        match self.because {
            Because::Undisputed => write!(f, "`{name}` says so and nobody disagrees"),
            Because::Person => write!(f, "`{name}` is a person, `{other}` is not"),
            Because::Confidence => write!(
                f,
                "`{name}` is surer ({}) than `{other}` ({})",
                self.value.confidence(),
                over.confidence()
            ),
            Because::Freshness => write!(
                f,
                "`{name}` was read on {}, `{other}` on {}",
                self.value.retrieved_at().date_naive(),
                over.retrieved_at().date_naive()
            ),
            Because::SourceOrder => {
                write!(f, "`{name}` is of a more trusted kind than `{other}`")
            }
            Because::Name => write!(f, "`{name}` and `{other}` tie; the first by name counts"),
        }
    }
}

/// What is better comes first.
fn rank<T>(left: &Sourced<T>, right: &Sourced<T>) -> Ordering {
    is_person(right)
        .cmp(&is_person(left))
        .then_with(|| by_person_age(left, right))
        .then_with(|| right.confidence().cmp(&left.confidence()))
        .then_with(|| right.retrieved_at().cmp(&left.retrieved_at()))
        .then_with(|| left.source().kind().cmp(&right.source().kind()))
        .then_with(|| left.source().cmp(right.source()))
}

/// Between two persons the later one counts, however sure the earlier one was.
fn by_person_age<T>(left: &Sourced<T>, right: &Sourced<T>) -> Ordering {
    if is_person(left) && is_person(right) {
        right.retrieved_at().cmp(&left.retrieved_at())
    } else {
        Ordering::Equal
    }
}

fn reason<T>(best: &Sourced<T>, over: &Sourced<T>) -> Because {
    if is_person(best) && !is_person(over) {
        Because::Person
    } else if is_person(best) && best.retrieved_at() != over.retrieved_at() {
        Because::Freshness
    } else if best.confidence() != over.confidence() {
        Because::Confidence
    } else if best.retrieved_at() != over.retrieved_at() {
        Because::Freshness
    } else if best.source().kind() != over.source().kind() {
        Because::SourceOrder
    } else {
        Because::Name
    }
}

fn is_person<T>(value: &Sourced<T>) -> bool {
    value.source().kind() == SourceKind::Person
}

/// One record of one source: what it says later replaces what it said. Another page or row of
/// the same source is a statement of its own.
fn same_source(left: &Source, right: &Source) -> bool {
    left.name() == right.name() && left.kind() == right.kind() && left.url() == right.url()
}
