use serde::{Deserialize, Serialize};

use crate::canonical::Digest32;
use crate::time::Timestamp;

/// Who must say yes before a letter leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApprovalMode {
    /// Nothing leaves; drafts are for people to look at.
    DraftOnly,
    /// A person approves each letter. The default.
    #[default]
    ApproveEach,
    /// A person approved the template; letters made from it leave.
    ApproveTemplate,
    /// Letters leave within the policy.
    Autonomous,
}

/// A person's yes to exactly one content. Single use, expiring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who approved, by account name.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Not after this.
    pub expires: Timestamp,
    /// The content it is for; any change makes it void.
    pub hash: Digest32,
    /// Whether it was used.
    pub used: bool,
}

impl Approval {
    /// Whether it lets content with `hash` pass at `now`.
    #[must_use]
    pub fn covers(&self, hash: Digest32, now: Timestamp) -> bool {
        !self.used && self.hash == hash && now < self.expires
    }
}
