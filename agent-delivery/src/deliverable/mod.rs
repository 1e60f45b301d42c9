//! Deliverable preparation: parts under a manifest of hashes, checked for form, released only
//! through a review.
//!
//! A [`Deliverable<Draft>`] becomes a [`Deliverable<Released>`] by consuming a
//! [`ReviewPassed`], which only the gate of a review makes, and only for the manifest with the
//! same hash. There is no other way, and the compiler says so.

mod format;
mod manifest;

pub use format::{FormatCheck, FormatFault, Formats};
pub use manifest::{
    Manifest, ManifestError, ManifestFile, ManifestHead, Mismatch, Origin, Part, deliverable_of,
};

use std::collections::BTreeMap;
use std::fmt::Debug;

use dealwright_core::canonical::Digest32;
use dealwright_core::id::DeliverableId;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::review::{ReviewPassed, ReviewRecord};

/// Assembled and not released: nobody outside sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft(());

/// Released after review: the client may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    review: ReviewRecord,
    at: Timestamp,
}

/// A checkable result in one of its two stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliverable<S> {
    manifest: Manifest,
    stage: S,
}

/// Why a draft was not released.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The review was of something else.
    #[error("the review passed manifest {reviewed}, the draft's is {draft}; review the draft")]
    OtherManifest {
        /// What was reviewed.
        reviewed: Digest32,
        /// What was to be released.
        draft: Digest32,
    },
}

impl<S> Deliverable<S> {
    /// What it consists of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

impl Deliverable<Draft> {
    /// A draft of these parts.
    #[must_use]
    pub fn draft(manifest: Manifest) -> Self {
        Self {
            manifest,
            stage: Draft(()),
        }
    }

    /// Releases the draft that was reviewed.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::OtherManifest`] where the review was of another draft or version.
    pub fn release(
        self,
        passed: ReviewPassed,
        at: Timestamp,
    ) -> Result<Deliverable<Released>, ReleaseError> {
        let review = passed.into_record();
        if review.manifest() != self.manifest.hash() {
            return Err(ReleaseError::OtherManifest {
                reviewed: review.manifest(),
                draft: self.manifest.hash(),
            });
        }
        Ok(Deliverable {
            manifest: self.manifest,
            stage: Released { review, at },
        })
    }
}

impl Deliverable<Released> {
    /// When it was released.
    #[must_use]
    pub fn released_at(&self) -> Timestamp {
        self.stage.at
    }

    /// The review it passed.
    #[must_use]
    pub fn review(&self) -> &ReviewRecord {
        &self.stage.review
    }

    /// The release as it is written into an event.
    #[must_use]
    pub fn into_record(self) -> ReleaseRecord {
        ReleaseRecord {
            manifest: self.manifest,
            review: self.stage.review,
            at: self.stage.at,
        }
    }
}

/// That something was released, as it is kept. It proves nothing by itself: a stored record is
/// worth what the store is worth, and it turns into no [`Deliverable`] again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRecord {
    manifest: Manifest,
    review: ReviewRecord,
    at: Timestamp,
}

impl ReleaseRecord {
    /// What was released.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The review it passed.
    #[must_use]
    pub fn review(&self) -> &ReviewRecord {
        &self.review
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// What a client sees: of each deliverable the last released version, and nothing that is not
/// released.
#[must_use]
pub fn visible(releases: &[ReleaseRecord]) -> BTreeMap<DeliverableId, &ReleaseRecord> {
    let mut last: BTreeMap<DeliverableId, &ReleaseRecord> = BTreeMap::new();
    for release in releases {
        let shown = last
            .entry(release.manifest.head().deliverable)
            .or_insert(release);
        if release.manifest.head().version >= shown.manifest.head().version {
            *shown = release;
        }
    }
    last
}

#[cfg(test)]
pub(crate) mod tests;
