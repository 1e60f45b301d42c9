//! Who may do what.
//!
//! Every input that comes from outside a process names its [`Action`], and a
//! [`Host`](crate::process::Host) asks its [`Authorizer`] before it takes the input: what is not
//! allowed is never stored. The shipped authorizer is [`Staff`]: people with [`Role`]s and a
//! [`Reach`]. Whoever is not in it may do nothing.
//!
//! The table of roles and actions is [`Action::allowed`]; `docs/authorisation.md` shows it.
//!
//! This is the first of two checks. Where a decision needs a person (an approval, a judgement, a
//! word that overrules), the process itself looks at the actor once more, so that an authorizer
//! that says yes to everything still lets no agent approve its own letter.

mod action;
mod staff;
#[cfg(test)]
mod tests;

pub use action::{Action, Allowed};
pub use staff::{Member, Reach, Staff};

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::process::{Actor, ProcessKey};

/// What a person is to the agency. A person may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Answers for the agency.
    Owner,
    /// Runs its daily business.
    Manager,
    /// Finds and judges clients.
    Researcher,
    /// Wins them.
    Seller,
    /// Does the work.
    Producer,
    /// Judges the work.
    Reviewer,
    /// Looks after the money.
    Bookkeeper,
    /// Looks and changes nothing.
    Auditor,
}

impl Role {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Owner,
        Self::Manager,
        Self::Researcher,
        Self::Seller,
        Self::Producer,
        Self::Reviewer,
        Self::Bookkeeper,
        Self::Auditor,
    ];

    /// The name it has in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Researcher => "researcher",
            Self::Seller => "seller",
            Self::Producer => "producer",
            Self::Reviewer => "reviewer",
            Self::Bookkeeper => "bookkeeper",
            Self::Auditor => "auditor",
        }
    }
}

/// Says who may do what. Asked before an input is taken and before a case is shown.
///
/// It is no authentication: whoever calls has made sure that the [`Actor`] is who they say.
pub trait Authorizer: Debug + Send + Sync {
    /// Whether `actor` may do `action` to the process `on`.
    ///
    /// # Errors
    ///
    /// [`Denied`] says why not. What an implementation does not know it denies.
    fn allow(&self, actor: &Actor, action: Action, on: &ProcessKey) -> Result<(), Denied>;
}

impl<A: Authorizer + ?Sized> Authorizer for std::sync::Arc<A> {
    fn allow(&self, actor: &Actor, action: Action, on: &ProcessKey) -> Result<(), Denied> {
        (**self).allow(actor, action, on)
    }
}

/// Why somebody may not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The name is not among the people of the agency.
    #[error("`{0}` is not among the people of the agency; add them with a role first")]
    Unknown(String),
    /// None of their roles allows it.
    #[error("{who} may not {action}; it takes {takes}", takes = takes(*action))]
    Role {
        /// Who asked: a person's name, or what else they are.
        who: String,
        /// What they wanted to do.
        action: Action,
    },
    /// The case is not among those that they work on.
    #[error("`{who}` does not work on `{on}`; give them the case first")]
    Reach {
        /// Who asked.
        who: String,
        /// What it was about.
        on: String,
    },
    /// The process belongs to another tenant.
    #[error("`{0}` belongs to another tenant")]
    Tenant(String),
}

/// The roles that an action takes, in words.
fn takes(action: Action) -> String {
    let names: Vec<&str> = action.allowed().roles.iter().map(|r| r.name()).collect();
    match names.as_slice() {
        [] => "no person: it is done by the agency's own processes".to_owned(),
        [one] => format!("the role {one}"),
        [more @ .., last] => format!("one of the roles {} and {last}", more.join(", ")),
    }
}
