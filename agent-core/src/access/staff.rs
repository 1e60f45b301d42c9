use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Action, Authorizer, Denied, Role};
use crate::process::{Actor, ProcessKey};

/// The cases that a person works on: their need to know.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// Every case of the agency.
    #[default]
    All,
    /// These alone. The desk and the market are cases too.
    Only(BTreeSet<ProcessKey>),
}

impl Reach {
    fn holds(&self, on: &ProcessKey) -> bool {
        match self {
            Self::All => true,
            Self::Only(cases) => cases.contains(on),
        }
    }
}

/// A person of the agency.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    roles: BTreeSet<Role>,
    #[serde(default)]
    reach: Reach,
}

impl Member {
    /// Somebody with `roles` who works on every case.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        Self {
            roles: roles.into_iter().collect(),
            reach: Reach::All,
        }
    }

    /// The same person on `cases` alone.
    #[must_use]
    pub fn only(mut self, cases: impl IntoIterator<Item = ProcessKey>) -> Self {
        self.reach = Reach::Only(cases.into_iter().collect());
        self
    }

    /// What they are.
    #[must_use]
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.roles
    }
}

/// The people of an agency by account name. An empty one lets no person do anything.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Staff {
    people: BTreeMap<String, Member>,
}

impl Staff {
    /// Adds a person; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, member: Member) -> Self {
        self.people.insert(name.into(), member);
        self
    }

    /// The people, by name.
    #[must_use]
    pub fn people(&self) -> &BTreeMap<String, Member> {
        &self.people
    }
}

impl Authorizer for Staff {
    fn allow(&self, actor: &Actor, action: Action, on: &ProcessKey) -> Result<(), Denied> {
        let allowed = action.allowed();
        let Actor::Person(name) = actor else {
            return match allowed.principal(actor) {
                Some(true) => Ok(()),
                _ => Err(Denied::Role {
                    who: described(actor),
                    action,
                }),
            };
        };
        let member = self
            .people
            .get(name)
            .ok_or_else(|| Denied::Unknown(name.clone()))?;
        if !allowed.roles.iter().any(|r| member.roles.contains(r)) {
            return Err(Denied::Role {
                who: format!("`{name}`"),
                action,
            });
        }
        if !member.reach.holds(on) {
            return Err(Denied::Reach {
                who: name.clone(),
                on: on.to_string(),
            });
        }
        Ok(())
    }
}

fn described(actor: &Actor) -> String {
    match actor {
        Actor::System => "the library".to_owned(),
        Actor::Agent => "the AI agent".to_owned(),
        Actor::Outside(channel) => format!("somebody outside, by {channel},"),
        Actor::Person(name) => format!("`{name}`"),
    }
}
