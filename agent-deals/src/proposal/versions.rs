use dealwright_core::canonical::{self, CanonicalError, Digest32};
use dealwright_core::id::{DealId, OfferId};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::Approval;
use serde::{Deserialize, Serialize};

use super::{OfferTerms, ProposalContent};
use crate::negotiation::{Authority, Excess};
use crate::pricing::{PricingError, Quote};

/// Everything a version says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The price.
    pub quote: Quote,
    /// The terms.
    pub terms: OfferTerms,
    /// The content.
    pub content: ProposalContent,
    /// The instant by which an answer is expected.
    pub reply_by: Timestamp,
    /// The instant from which it can no longer be accepted; not before `reply_by`.
    pub valid_until: Timestamp,
}

/// A version that was not issued yet: its number and hash are fixed, so that it can be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DraftParts", into = "DraftParts")]
pub struct Draft {
    id: OfferId,
    deal: DealId,
    number: u32,
    offer: Offer,
    hash: Digest32,
}

#[derive(Serialize, Deserialize)]
struct DraftParts {
    deal: DealId,
    number: u32,
    offer: Offer,
    hash: Digest32,
}

impl Draft {
    fn new(deal: DealId, number: u32, offer: Offer) -> Result<Self, CanonicalError> {
        let hash = canonical::hash_of(&(deal, number, &offer))?;
        Ok(Self {
            id: OfferId::derive(&[
                deal.uuid().as_bytes(),
                &number.to_be_bytes(),
                hash.as_bytes(),
            ]),
            deal,
            number,
            offer,
            hash,
        })
    }

    /// Its id, which follows from deal, number and hash.
    #[must_use]
    pub fn id(&self) -> OfferId {
        self.id
    }

    /// The deal.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.deal
    }

    /// Its number within the deal, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What it says.
    #[must_use]
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// What an approval is bound to: SHA-256 over deal, number and everything it says.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        self.hash
    }
}

impl TryFrom<DraftParts> for Draft {
    type Error = ProposalError;

    fn try_from(parts: DraftParts) -> Result<Self, Self::Error> {
        let draft = Self::new(parts.deal, parts.number, parts.offer)?;
        if draft.hash == parts.hash {
            Ok(draft)
        } else {
            Err(ProposalError::Altered)
        }
    }
}

impl From<Draft> for DraftParts {
    fn from(draft: Draft) -> Self {
        Self {
            deal: draft.deal,
            number: draft.number,
            offer: draft.offer,
            hash: draft.hash,
        }
    }
}

/// An issued version; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalVersion {
    draft: Draft,
    issued_at: Timestamp,
    approval: Option<Approval>,
}

impl ProposalVersion {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> OfferId {
        self.draft.id
    }

    /// The deal.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.draft.deal
    }

    /// Its number within the deal, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.draft.number
    }

    /// Everything it says.
    #[must_use]
    pub fn offer(&self) -> &Offer {
        &self.draft.offer
    }

    /// The price.
    #[must_use]
    pub fn quote(&self) -> &Quote {
        &self.draft.offer.quote
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &ProposalContent {
        &self.draft.offer.content
    }

    /// The terms.
    #[must_use]
    pub fn terms(&self) -> &OfferTerms {
        &self.draft.offer.terms
    }

    /// What acceptances are bound to.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        self.draft.hash
    }

    /// When it was issued.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The instant from which it can no longer be accepted.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.draft.offer.valid_until
    }

    /// The instant by which an answer is expected.
    #[must_use]
    pub fn reply_by(&self) -> Timestamp {
        self.draft.offer.reply_by
    }

    /// The approval it needed, now used.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref()
    }
}

/// Why a version cannot be drafted or issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// The offer is about another deal.
    #[error("the offer belongs to another deal")]
    OtherDeal,
    /// Another version was issued meanwhile.
    #[error("version {number} was drafted before another one was issued; draft it again")]
    Stale {
        /// The draft's number.
        number: u32,
    },
    /// The dates do not fit.
    #[error("an offer needs issue < reply_by <= valid_until")]
    Dates,
    /// A person must approve it first.
    #[error("version {number} goes beyond authority; a person must approve its hash {hash}")]
    NeedsApproval {
        /// The draft's number.
        number: u32,
        /// What the approval must be bound to.
        hash: Digest32,
        /// In which ways it goes beyond.
        excess: Vec<Excess>,
    },
    /// A stored draft is not what its hash says.
    #[error("the stored draft is not what its hash says")]
    Altered,
    /// The offer cannot be hashed.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The offer's figures do not fit.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}

/// That a client accepted one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The version.
    pub offer: OfferId,
    /// Its number.
    pub number: u32,
    /// Its hash.
    pub hash: Digest32,
    /// When.
    pub at: Timestamp,
    /// How it was heard, as a name: `link`, `reply`.
    pub through: dealwright_core::knowledge::Slug,
}

/// Why a version cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AcceptRefusal {
    /// There is no such version.
    #[error("{offer} is no version of this proposal")]
    Unknown {
        /// What was given.
        offer: OfferId,
    },
    /// What they saw is not what was issued.
    #[error("version {number} was not issued with that content")]
    OtherContent {
        /// The version.
        number: u32,
    },
    /// A later version took its place.
    #[error("version {number} was superseded by version {by}; accept that one")]
    Superseded {
        /// The version.
        number: u32,
        /// The latest.
        by: u32,
    },
    /// Its time is over.
    #[error("version {number} was valid until {until}; ask for a new one")]
    Expired {
        /// The version.
        number: u32,
        /// The end of its time.
        until: Timestamp,
    },
    /// It was accepted before.
    #[error("version {number} was accepted at {at} already")]
    Already {
        /// The version.
        number: u32,
        /// When.
        at: Timestamp,
    },
    /// It was withdrawn.
    #[error("the proposal was withdrawn")]
    Withdrawn,
}

/// The versions of a proposal. What is decided (`issue`, `accept`) changes nothing; what
/// happened is recorded (`record_…`) and cannot fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposals {
    deal: DealId,
    versions: Vec<ProposalVersion>,
    acceptance: Option<Acceptance>,
    withdrawn: bool,
}

impl Proposals {
    /// A deal without versions.
    #[must_use]
    pub fn new(deal: DealId) -> Self {
        Self {
            deal,
            versions: Vec::new(),
            acceptance: None,
            withdrawn: false,
        }
    }

    /// All versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[ProposalVersion] {
        &self.versions
    }

    /// The version of that id.
    #[must_use]
    pub fn version(&self, offer: OfferId) -> Option<&ProposalVersion> {
        self.versions.iter().find(|v| v.id() == offer)
    }

    /// The latest version.
    #[must_use]
    pub fn latest(&self) -> Option<&ProposalVersion> {
        self.versions.last()
    }

    /// The accepted version with its acceptance, if it is still the latest: a change after
    /// acceptance makes a new version, which binds nobody until it is accepted itself.
    #[must_use]
    pub fn binding(&self) -> Option<(&ProposalVersion, &Acceptance)> {
        let latest = self.latest()?;
        let acceptance = self.acceptance.as_ref()?;
        (acceptance.offer == latest.id() && acceptance.hash == latest.hash())
            .then_some((latest, acceptance))
    }

    /// The next version, to be approved or issued.
    ///
    /// # Errors
    ///
    /// [`ProposalError::OtherDeal`], [`ProposalError::Dates`].
    pub fn draft(&self, offer: Offer) -> Result<Draft, ProposalError> {
        if offer.quote.request().deal != self.deal {
            return Err(ProposalError::OtherDeal);
        }
        if offer.valid_until < offer.reply_by {
            return Err(ProposalError::Dates);
        }
        Ok(Draft::new(self.deal, self.next(), offer)?)
    }

    /// The draft as an issued version. Beyond authority it needs an approval bound to its hash,
    /// unexpired and unused, which it keeps as used.
    ///
    /// # Errors
    ///
    /// [`ProposalError::NeedsApproval`] with the hash to approve, [`ProposalError::Stale`],
    /// [`ProposalError::Dates`].
    pub fn issue(
        &self,
        draft: Draft,
        authority: &Authority,
        approval: Option<&Approval>,
        now: Timestamp,
    ) -> Result<ProposalVersion, ProposalError> {
        if draft.deal != self.deal {
            return Err(ProposalError::OtherDeal);
        }
        if draft.number != self.next() {
            return Err(ProposalError::Stale {
                number: draft.number,
            });
        }
        if draft.offer.reply_by <= now {
            return Err(ProposalError::Dates);
        }
        let excess = authority.excess(&draft.offer.quote, &draft.offer.terms)?;
        let approval = if excess.is_empty() {
            None
        } else {
            let covering = approval.filter(|a| a.covers(draft.hash, now));
            let Some(approval) = covering else {
                return Err(ProposalError::NeedsApproval {
                    number: draft.number,
                    hash: draft.hash,
                    excess,
                });
            };
            let mut used = approval.clone();
            used.used = true;
            Some(used)
        };
        Ok(ProposalVersion {
            draft,
            issued_at: now,
            approval,
        })
    }

    /// Records an issued version; one that is not the next is left out.
    pub fn record_issued(&mut self, version: ProposalVersion) {
        if version.number() == self.next() && version.deal() == self.deal {
            self.versions.push(version);
        }
    }

    /// Whether a version may be accepted now by somebody who saw content of that hash.
    ///
    /// # Errors
    ///
    /// [`AcceptRefusal`] says why not.
    pub fn accept(
        &self,
        offer: OfferId,
        hash: Digest32,
        at: Timestamp,
        through: dealwright_core::knowledge::Slug,
    ) -> Result<Acceptance, AcceptRefusal> {
        let version = self
            .version(offer)
            .ok_or(AcceptRefusal::Unknown { offer })?;
        let number = version.number();
        if version.hash() != hash {
            return Err(AcceptRefusal::OtherContent { number });
        }
        let latest = self.next() - 1;
        if number < latest {
            return Err(AcceptRefusal::Superseded { number, by: latest });
        }
        if self.withdrawn {
            return Err(AcceptRefusal::Withdrawn);
        }
        if let Some((_, earlier)) = self.binding() {
            return Err(AcceptRefusal::Already {
                number,
                at: earlier.at,
            });
        }
        if at >= version.valid_until() {
            return Err(AcceptRefusal::Expired {
                number,
                until: version.valid_until(),
            });
        }
        Ok(Acceptance {
            offer,
            number,
            hash,
            at,
            through,
        })
    }

    /// Records an acceptance.
    pub fn record_accepted(&mut self, acceptance: Acceptance) {
        self.acceptance = Some(acceptance);
    }

    /// Records that the proposal was withdrawn.
    pub fn record_withdrawn(&mut self) {
        self.withdrawn = true;
    }

    fn next(&self) -> u32 {
        u32::try_from(self.versions.len()).map_or(u32::MAX, |n| n.saturating_add(1))
    }
}
