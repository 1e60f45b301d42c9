//! The client database: what comes in is matched against all there is, and nothing is lost when
//! records join.

#[cfg(test)]
mod tests;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::id::LeadId;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Cursor, Find, Host, IndexRange};
use dealwright_core::time::Timestamp;

use crate::lead::{IntakeRecord, Lead, LeadInput};
use crate::resolve::{CheckedParams, Record, Role, resolve};

pub use timeline::{TimelineEntry, Timelines};

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Records that were read.
    pub rows: u64,
    /// Leads that are new.
    pub new: u64,
    /// Records that joined a lead, of this import or from before.
    pub merged: u64,
    /// Records that were there already.
    pub known: u64,
    /// Leads in the store afterwards.
    pub leads: u64,
}

/// Takes records in as leads: those that speak of the same business join one lead.
#[derive(Clone, Debug)]
pub struct ImportLeads {
    host: Host,
    params: CheckedParams,
}

impl ImportLeads {
    /// Imports into the leads of `host`, matched by `params`.
    #[must_use]
    pub fn new(host: Host, params: CheckedParams) -> Self {
        Self { host, params }
    }

    /// Imports `records` for `by`. Records whose source and key are known already are passed over, so that
    /// a second import of the same file adds nothing.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may take nothing in; those of the store; what was offered until then stays, and importing again completes it.
    pub async fn run(
        &self,
        by: &Actor,
        records: Vec<IntakeRecord>,
        now: Timestamp,
    ) -> Result<ImportReport, PortError> {
        let mut report = ImportReport {
            rows: records.len() as u64,
            ..ImportReport::default()
        };
        let existing = self.existing().await?;
        let known: BTreeMap<String, LeadId> = existing
            .iter()
            .map(|(lead, record)| (record.natural_key(), *lead))
            .collect();
        let mut seen = BTreeSet::new();
        let fresh: Vec<IntakeRecord> = records
            .into_iter()
            .filter(|r| !known.contains_key(&r.natural_key()) && seen.insert(r.natural_key()))
            .collect();
        report.known = report.rows - fresh.len() as u64;
        let mut table: Vec<Record> = existing.iter().map(|(_, r)| comparable(r)).collect();
        table.extend(fresh.iter().map(comparable));
        let resolution = resolve(&self.params, &[&table]).map_err(|e| {
            PortError::new("import", dealwright_core::error::PortErrorKind::Invalid).with_source(e)
        })?;
        let mut leads: BTreeSet<LeadId> = known.values().copied().collect();
        let mut offers = Vec::new();
        for group in resolution.groups() {
            let lead = self.lead_of(&group, &existing, &fresh);
            let Some(lead) = lead else { continue };
            for place in group {
                let Some(record) = place
                    .checked_sub(existing.len())
                    .and_then(|at| fresh.get(at))
                else {
                    continue;
                };
                let dedupe = format!("intake-{}", record.natural_key());
                let offer = self.host.input::<Lead>(
                    lead.to_string(),
                    &dedupe,
                    by.clone(),
                    now,
                    &LeadInput::Intake {
                        lead,
                        record: Box::new(record.clone()),
                    },
                )?;
                offers.push((lead, offer));
            }
        }
        let (places, mut offers): (Vec<LeadId>, Vec<_>) = offers.into_iter().unzip();
        let mut taken = Vec::with_capacity(places.len());
        while !offers.is_empty() {
            let rest = offers.split_off(offers.len().min(500));
            taken.extend(self.host.store().offer(offers).await?);
            offers = rest;
        }
        // What an earlier import offered and nobody has worked on yet is known as well.
        for (lead, _) in places.iter().zip(&taken).filter(|(_, fresh)| !**fresh) {
            report.known += 1;
            leads.insert(*lead);
        }
        for (lead, _) in places.iter().zip(&taken).filter(|(_, fresh)| **fresh) {
            if leads.insert(*lead) {
                report.new += 1;
            } else {
                report.merged += 1;
            }
        }
        report.leads = leads.len() as u64;
        Ok(report)
    }

    /// The lead of a group: the one that is there, else one that follows from its first record.
    fn lead_of(
        &self,
        group: &[usize],
        existing: &[(LeadId, IntakeRecord)],
        fresh: &[IntakeRecord],
    ) -> Option<LeadId> {
        let there = group
            .iter()
            .filter_map(|at| existing.get(*at))
            .map(|(lead, _)| *lead)
            .min();
        there.or_else(|| {
            group
                .iter()
                .filter_map(|at| at.checked_sub(existing.len()).and_then(|at| fresh.get(at)))
                .map(IntakeRecord::natural_key)
                .min()
                .map(|key| {
                    LeadId::derive(&[self.host.tenant().as_str().as_bytes(), key.as_bytes()])
                })
        })
    }

    pub(crate) async fn existing(&self) -> Result<Vec<(LeadId, IntakeRecord)>, PortError> {
        let mut records = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let (found, next) = self
                .host
                .store()
                .find(Find {
                    tenant: self.host.tenant().clone(),
                    kind: "lead".to_owned(),
                    index: "phase".to_owned(),
                    range: IndexRange::default(),
                    after,
                    n: 500,
                })
                .await?;
            for lead in found {
                if let Some((_, state)) = self.host.state::<Lead>(&lead.process).await?
                    && let Some(id) = state.id()
                {
                    records.extend(state.records().iter().map(|r| (id, r.clone())));
                }
            }
            after = next;
            if after.is_none() {
                return Ok(records);
            }
        }
    }
}

/// What of a record is compared.
fn comparable(record: &IntakeRecord) -> Record {
    let mut compared = Record::new(record.natural_key());
    let mut add = |role, value: Option<&str>| {
        if let Some(value) = value {
            compared.add(role, value);
        }
    };
    add(Role::Name, record.name.as_deref());
    add(Role::Street, record.street.as_deref());
    add(Role::PostalCode, record.postal_code.as_deref());
    add(Role::City, record.locality.as_deref());
    let purpose = Purpose::Matching;
    add(
        Role::Phone,
        record.phone.as_ref().map(|p| p.reveal(purpose).as_str()),
    );
    add(
        Role::Email,
        record.email.as_ref().map(|e| e.reveal(purpose).as_str()),
    );
    add(Role::Website, record.website.as_ref().map(|w| w.as_str()));
    compared
}
