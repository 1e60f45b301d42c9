use std::collections::BTreeSet;

use dealwright_core::id::{LineId, RequirementId};
use serde::{Deserialize, Serialize};

use super::Quote;

/// Whether every requirement is answered and every line is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Requirements that no line answers, in the order of the request.
    pub unanswered: Vec<RequirementId>,
    /// Lines that answer no requirement of the request, in the order of the offer.
    pub untraced: Vec<LineId>,
}

impl Coverage {
    pub(super) fn of(quote: &Quote) -> Self {
        let asked: BTreeSet<_> = quote.request().requirements.iter().collect();
        let answered: BTreeSet<_> = quote.lines().iter().flat_map(|l| &l.requirements).collect();
        Self {
            unanswered: asked_in_order(quote, &answered),
            untraced: quote
                .lines()
                .iter()
                .filter(|l| !l.requirements.iter().any(|r| asked.contains(r)))
                .map(|l| l.id)
                .collect(),
        }
    }

    /// Whether nothing is left over on either side.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unanswered.is_empty() && self.untraced.is_empty()
    }
}

fn asked_in_order(quote: &Quote, answered: &BTreeSet<&RequirementId>) -> Vec<RequirementId> {
    quote
        .request()
        .requirements
        .iter()
        .filter(|r| !answered.contains(r))
        .copied()
        .collect()
}
