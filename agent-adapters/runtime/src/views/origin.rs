use dealwright_core::error::PortError;
use dealwright_core::id::LeadId;
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Purpose;
use dealwright_core::process::Actor;
use dealwright_core::provenance::SourceKind;
use dealwright_core::time::Timestamp;
use dealwright_discovery::lead::Lead;
use serde::Serialize;

use crate::Agency;

/// Who told us an address, and when that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AddressOrigin {
    /// The source, in the terms register; of a website its domain.
    pub source: String,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// The record's key there, for example the id of a directory's row.
    pub row: Option<String>,
    /// Where exactly, where the source says more than its name.
    pub place: Option<String>,
    /// When it was read.
    pub retrieved_at: Timestamp,
}

impl Agency {
    /// Where an address of a lead comes from, for `by` to see: everybody who told us, the one
    /// whose word counts first.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see persons; those of the store.
    pub async fn address_origins(
        &self,
        by: &Actor,
        lead: LeadId,
        address: &EmailAddress,
    ) -> Result<Vec<AddressOrigin>, PortError> {
        self.may_see_persons(by)?;
        let key = self.host().key::<Lead>(lead.to_string());
        let Some((_, state)) = self.host().state::<Lead>(&key).await? else {
            return Ok(Vec::new());
        };
        let profile = state.profile();
        let wanted = address.identity_key();
        let chosen = profile.email.choose().map(|c| c.value());
        let mut values: Vec<_> = profile
            .email
            .values()
            .iter()
            .filter(|v| v.value().reveal(Purpose::Display).identity_key() == wanted)
            .collect();
        values.sort_by_key(|v| (chosen != Some(*v), v.retrieved_at()));
        let origins = values.into_iter().map(|value| {
            let source = value.source();
            let row = state
                .records()
                .iter()
                .find(|r| source.url() == Some(r.natural_key().as_str()));
            AddressOrigin {
                source: source.name().to_owned(),
                kind: source.kind(),
                row: row.map(|r| r.key.clone()),
                place: source.url().map(str::to_owned),
                retrieved_at: value.retrieved_at(),
            }
        });
        Ok(origins.collect())
    }
}
