//! The client database: what comes in is matched against all there is, and nothing is lost when
//! records join.

#[cfg(test)]
mod tests;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::LeadId;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Cursor, Find, Host, IndexRange, Offered};
use dealwright_core::time::Timestamp;

use crate::lead::{IntakeRecord, Lead, LeadInput, LeadPhase, Resemblance};
use crate::resolve::{CheckedParams, Pair, Points, Record, Resolution, Role, resolve_firms};

pub use timeline::{TimelineEntry, Timelines, in_words};

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
    /// Pairs of leads that are alike, though not so surely that they were joined: each is told of
    /// the other, and a person may [`join`](ImportLeads::join) them.
    pub doubts: u64,
}

/// From how many points on a record joins a lead: 20 to 1. A letter goes to the address of the
/// record that joined, so this is more than a list of possible duplicates asks for.
const SURE: Points = 13;

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
        let all: Vec<&IntakeRecord> = existing.iter().map(|(_, r)| r).chain(&fresh).collect();
        let contrary = |a: usize, b: usize| match (all.get(a), all.get(b)) {
            (Some(a), Some(b)) => usize::from(other_trade(a, b)),
            _ => 0,
        };
        let mailbox = |at: usize| {
            let email = all.get(at)?.email.as_ref()?;
            Some(email.reveal(Purpose::Matching).identity_key())
        };
        let resolution = resolve_firms(&self.params, SURE, &table, contrary, mailbox)
            .map_err(|e| PortError::new("import", PortErrorKind::Invalid).with_source(e))?;
        let mut leads: BTreeSet<LeadId> = known.values().copied().collect();
        let mut offers = Vec::new();
        let mut lead_at = vec![None; table.len()];
        for group in resolution.groups() {
            let lead = self.lead_of(&group, &existing, &fresh);
            let Some(lead) = lead else { continue };
            for place in group {
                if let Some(at) = lead_at.get_mut(place) {
                    *at = Some(lead);
                }
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
        let (places, offers): (Vec<LeadId>, Vec<_>) = offers.into_iter().unzip();
        let doubts = self.doubts(by, &resolution, &lead_at, &all, now)?;
        report.doubts = doubts.len() as u64 / 2;
        let taken = self.offer(offers).await?;
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
        self.offer(doubts).await?;
        Ok(report)
    }

    /// Offers some at a time; answers of each whether it is new.
    async fn offer(&self, mut offers: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        let mut taken = Vec::with_capacity(offers.len());
        while !offers.is_empty() {
            let rest = offers.split_off(offers.len().min(500));
            taken.extend(self.host.store().offer(offers).await?);
            offers = rest;
        }
        Ok(taken)
    }

    /// What tells each of two leads that it is like the other.
    fn doubts(
        &self,
        by: &Actor,
        resolution: &Resolution,
        lead_at: &[Option<LeadId>],
        all: &[&IntakeRecord],
        now: Timestamp,
    ) -> Result<Vec<Offered>, PortError> {
        let mut best: BTreeMap<(LeadId, LeadId), Pair> = BTreeMap::new();
        let lead = |at: usize| lead_at.get(at).copied().flatten();
        for pair in resolution.doubts() {
            let (Some(a), Some(b)) = (lead(pair.a), lead(pair.b)) else {
                continue;
            };
            // A person has joined them since.
            if a == b {
                continue;
            }
            let kept = best.entry((a.min(b), a.max(b))).or_insert(*pair);
            if pair.points > kept.points {
                *kept = *pair;
            }
        }
        let mut inputs = Vec::with_capacity(best.len() * 2);
        for pair in best.values() {
            let (Some(first), Some(second)) = (all.get(pair.a), all.get(pair.b)) else {
                continue;
            };
            let (one, other) = (first.natural_key(), second.natural_key());
            let why = resolution
                .index()
                .explain(&one, &other)
                .map_or_else(String::new, |found| found.explain());
            let ends = [(pair.a, pair.b, second), (pair.b, pair.a, first)];
            for (ours, theirs, record) in ends {
                let (Some(ours), Some(theirs)) = (lead(ours), lead(theirs)) else {
                    continue;
                };
                inputs.push(self.host.input::<Lead>(
                    ours.to_string(),
                    &format!("resembles-{theirs}"),
                    by.clone(),
                    now,
                    &LeadInput::Resembles(Resemblance {
                        lead: theirs,
                        name: record.name.clone().unwrap_or_default(),
                        points: pair.points,
                        why: why.clone(),
                    }),
                )?);
            }
        }
        Ok(inputs)
    }

    /// Joins `gone` to `keep` on a person's word: its records move there, and it stands as an
    /// entry that says where they went.
    ///
    /// # Errors
    ///
    /// `Invalid` where one of them is not there, where both are the same, or where `gone` has a
    /// sale that runs or has ended; those of the store.
    pub async fn join(
        &self,
        by: &Actor,
        keep: LeadId,
        gone: LeadId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let refuse = |why: String| {
            Err(PortError::new("join leads", PortErrorKind::Invalid).with_source(why))
        };
        if keep == gone {
            return refuse("a lead cannot join itself".to_owned());
        }
        for lead in [keep, gone] {
            let key = self.host.key::<Lead>(lead.to_string());
            let Some((_, state)) = self.host.state::<Lead>(&key).await? else {
                return refuse(format!("there is no lead {lead}"));
            };
            if let LeadPhase::Joined { into } = state.phase() {
                return refuse(format!("lead {lead} has joined {into} already"));
            }
            if lead == gone && state.phase().is_settled() {
                return refuse(format!(
                    "lead {lead} is `{}`: its sale goes on where it is; join the other one to it",
                    state.phase().word()
                ));
            }
        }
        let dedupe = format!("join-{keep}");
        let input = LeadInput::JoinInto {
            lead: keep,
            why: why.to_owned(),
        };
        self.host
            .offer::<Lead>(gone.to_string(), &dedupe, by.clone(), now, &input)
            .await?;
        Ok(())
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
                    && !matches!(state.phase(), LeadPhase::Joined { .. })
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

/// Whether one list calls them two trades; lists have their own words, so two of them say nothing.
fn other_trade(a: &IntakeRecord, b: &IntakeRecord) -> bool {
    let named = a.sector.is_some() && b.sector.is_some();
    named && a.source == b.source && a.sector != b.sector
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
