//! What people look at: letters with all they rest on, cases with their history in words, and how
//! either is found. Everything here is read from the log; nothing is changed.

mod case;
mod find;
mod letters;
mod origin;
mod words;

use std::collections::BTreeSet;

use dealwright_core::error::PortError;
use dealwright_core::process::{Cursor, Find, IndexPart, IndexRange, ProcessKey};

pub use case::{Case, CaseEnd, CaseLinks, CaseStep};
pub use find::{Match, MatchKind};
pub use letters::{GivenWord, LetterCounts, LetterStanding, LetterView};
pub use origin::AddressOrigin;

use crate::Agency;

/// Entries that are read at once.
const PAGE: usize = 500;

impl Agency {
    /// The first process of `kind` that stands in `index` under `text`.
    pub(crate) async fn under(
        &self,
        kind: &str,
        index: &str,
        text: &str,
    ) -> Result<Option<ProcessKey>, PortError> {
        let host = self.host();
        let find = Find {
            tenant: host.tenant().clone(),
            kind: kind.to_owned(),
            index: index.to_owned(),
            range: IndexRange {
                prefix: vec![IndexPart::Text(text.to_owned())],
                descending: false,
            },
            after: None,
            n: 1,
        };
        let (found, _) = host.store().find(find).await?;
        Ok(found.into_iter().next().map(|f| f.process))
    }

    /// The processes of `kind` that stand in `index`, each once.
    async fn indexed(&self, kind: &str, index: &str) -> Result<BTreeSet<ProcessKey>, PortError> {
        let host = self.host();
        let mut keys = BTreeSet::new();
        let mut after: Option<Cursor> = None;
        loop {
            let (found, next) = host
                .store()
                .find(Find {
                    tenant: host.tenant().clone(),
                    kind: kind.to_owned(),
                    index: index.to_owned(),
                    range: IndexRange::default(),
                    after,
                    n: PAGE,
                })
                .await?;
            keys.extend(found.into_iter().map(|f| f.process));
            after = next;
            if after.is_none() {
                return Ok(keys);
            }
        }
    }

    /// The processes of `kind` that have a log, whether an index names them or not.
    async fn logged(&self, kind: &str) -> Result<BTreeSet<ProcessKey>, PortError> {
        let host = self.host();
        let mut keys = BTreeSet::new();
        let mut after: Option<Cursor> = None;
        loop {
            let (page, next) = host.store().feed(after, PAGE).await?;
            if page.is_empty() {
                return Ok(keys);
            }
            let ours = page.into_iter().map(|e| e.process);
            keys.extend(ours.filter(|k| k.kind() == kind && k.tenant() == host.tenant()));
            after = next;
        }
    }
}
