use serde::{Deserialize, Serialize};

use super::index::Index;
use super::matches::{Level, Match};
use super::normal::one_slip;
use super::params::CheckedParams;
use super::points::Points;
use super::prepared::Prepared;
use super::record::{Record, Role};
use super::words::{Asked, Word};

/// Something that names a company, in which two records contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Anchor {
    /// [`Role::Website`] (also the domains of e-mail addresses) or [`Role::Registration`].
    pub role: Role,
    /// What the record we hold has, in its compared form.
    pub ours: Vec<String>,
    /// What the record has that is matched against it.
    pub theirs: Vec<String>,
}

/// Who a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide each case"
)]
pub enum Identity {
    /// Nobody we know.
    New,
    /// The same as the matched record.
    Same(Match),
    /// By its name one we know, but its anchors say another company: nothing may be written
    /// to either on the strength of the other.
    Blocked {
        /// Who it looks like.
        like: Match,
        /// What contradicts.
        anchors: Vec<Anchor>,
    },
}

/// Whether `theirs`, found for `ours`, speaks of the same company: the gate before anything
/// found outside is written to a record.
///
/// Stricter than matching: a conflicting domain or registration blocks whatever else agrees.
#[must_use]
pub fn identify(params: &CheckedParams, ours: &Record, theirs: &Record) -> Identity {
    let mut index = Index::new(params.clone());
    // An empty index takes any record.
    let taken = index.insert(ours);
    debug_assert!(taken.is_ok(), "an empty index takes any record");
    match index.compare(ours.id(), theirs) {
        Some(found) if !found.conflicts().is_empty() && resembles(&found) => {
            let anchors = found.conflicts().to_vec();
            Identity::Blocked {
                like: found,
                anchors,
            }
        }
        Some(found) if found.points() >= params.params().threshold => Identity::Same(found),
        _ => Identity::New,
    }
}

/// The best match decides whose group the record fits. A conflict is overruled where two other
/// things agree that tell one from another: shops change domains, numbers have slips.
pub(super) fn decide(
    threshold: Points,
    matches: Vec<Match>,
    fits: impl Fn(&Match) -> bool,
) -> Identity {
    let mut blocked = None;
    for found in matches {
        let strong = [Role::Street, Role::Phone, Role::Email, Role::BirthDate];
        let agreeing = strong.iter().filter(|role| agrees(&found, **role)).count();
        if found.conflicts().is_empty() || agreeing >= 2 {
            // Half a name in the same town is many firms.
            let own = [Role::Website, Role::Registration];
            let anchored = agreeing >= 1 || own.iter().any(|role| agrees(&found, *role));
            let named = match level(&found, Role::Name) {
                Some(Level::Same) | None => true,
                Some(Level::Close | Level::Contained) => anchored,
                Some(_) => agreeing >= 2,
            };
            if named && found.points() >= threshold && fits(&found) {
                return Identity::Same(found);
            }
        } else if blocked.is_none() && resembles(&found) {
            blocked = Some(found);
        }
    }
    match blocked {
        Some(like) => Identity::Blocked {
            anchors: like.conflicts().to_vec(),
            like,
        },
        None => Identity::New,
    }
}

fn agrees(found: &Match, role: Role) -> bool {
    level(found, role).is_some_and(|level| matches!(level, Level::Same | Level::Close))
}

/// Whether the names alone would let one take them for the same.
fn resembles(found: &Match) -> bool {
    level(found, Role::Name)
        .is_some_and(|level| matches!(level, Level::Same | Level::Close | Level::Contained))
}

fn level(found: &Match, role: Role) -> Option<Level> {
    found
        .reasons()
        .iter()
        .find(|reason| reason.field == Some(role))?
        .level
}

/// Where both records have anchors of a kind and share none.
pub(super) fn conflicts(asked: &Asked<'_>, ours: &Prepared, theirs: &Prepared) -> Vec<Anchor> {
    let mut anchors = Vec::new();
    let kinds: [(Role, &[Word], &[Word]); 2] = [
        (Role::Website, &ours.domains, &theirs.domains),
        (Role::Registration, &ours.numbers, &theirs.numbers),
    ];
    for (role, own, other) in kinds {
        let apart = !own
            .iter()
            .any(|word| other.iter().any(|there| alike(asked, *word, *there)));
        if apart && !own.is_empty() && !other.is_empty() {
            let texts = |words: &[Word]| {
                words
                    .iter()
                    .map(|word| asked.text(*word).to_owned())
                    .collect()
            };
            anchors.push(Anchor {
                role,
                ours: texts(own),
                theirs: texts(other),
            });
        }
    }
    anchors
}

/// Equal but for one slip in something long.
fn alike(asked: &Asked<'_>, a: Word, b: Word) -> bool {
    let (x, y) = (asked.text(a), asked.text(b));
    a == b || (x.len().min(y.len()) >= 6 && one_slip(x, y))
}
