use dealwright_core::id::TaskId;
use dealwright_core::knowledge::Slug;
use serde::{Deserialize, Serialize};

use super::Estimate;

/// A node of the work breakdown: the whole, a service, or a phase of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WbsElement {
    /// Its place in the tree: `1`, `1.2`, `1.2.1`.
    pub code: String,
    /// Its name, for people.
    pub name: String,
    /// What all below it comes to.
    pub estimate: Estimate,
    /// What it consists of.
    pub content: WbsContent,
}

/// What a [`WbsElement`] consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WbsContent {
    /// Smaller elements.
    Elements(Vec<WbsElement>),
    /// A leaf.
    Package(WorkPackage),
}

/// A leaf of the work breakdown: the unit that is estimated and accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkPackage {
    /// The service it belongs to.
    pub service: Slug,
    /// The phase of the service.
    pub phase: Slug,
    /// What must hold before it counts as done; never empty.
    pub done_when: Vec<String>,
    /// Its tasks, in order.
    pub tasks: Vec<TaskId>,
}

impl WbsElement {
    /// All work packages below it, in order.
    #[must_use]
    pub fn packages(&self) -> Vec<&WorkPackage> {
        match &self.content {
            WbsContent::Package(package) => vec![package],
            WbsContent::Elements(elements) => elements.iter().flat_map(Self::packages).collect(),
        }
    }
}
