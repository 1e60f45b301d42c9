//! Where an invoice comes from, back to the first time the client was seen.

use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Actor, Envelope, Process, ProcessKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Instalment, Payer, PayerEvent};
use dealwright_deals::deal::{Deal, DealEvent, DealState};
use dealwright_discovery::lead::{Lead, LeadEvent};

use crate::Agency;

/// One link of a [`Lineage`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LineageStep {
    /// What it is: `invoice`, `milestone`, `contract`, `offer`, `deal`, `hand-over`, `score`,
    /// `record`.
    pub what: &'static str,
    /// Its id or natural key.
    pub id: String,
    /// When it came to be.
    pub at: Timestamp,
}

/// The chain from an invoice back to the first record of the client; no link is missing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Lineage {
    steps: Vec<LineageStep>,
}

impl Lineage {
    /// The links, the invoice first, the oldest record last.
    #[must_use]
    pub fn steps(&self) -> &[LineageStep] {
        &self.steps
    }
}

impl Agency {
    /// Where the invoice of this number comes from, for `by` to see; `None` where there is none of
    /// that number.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see money; `Corrupt` where a link is missing, naming it; those of the store.
    pub async fn lineage(&self, by: &Actor, number: &str) -> Result<Option<Lineage>, PortError> {
        let host = self.host();
        let found = self.under(Payer::KIND, "invoice-number", number).await?;
        let Some(payer) = found else {
            return Ok(None);
        };
        host.allow(by, Action::ReadMoney, &payer)?;
        let mut steps = Vec::new();
        let instalment = self.invoice(&payer, number, &mut steps).await?;
        let deal = instalment.asker;
        let state = host
            .state::<Deal>(&deal)
            .await?
            .map(|(_, state)| state)
            .ok_or_else(|| gap("deal", deal.id()))?;
        self.sale(&deal, &state, &mut steps).await?;
        let lead = state
            .lead()
            .map(|l| l.lead().to_string())
            .ok_or_else(|| gap("lead", deal.id()))?;
        self.discovery(&lead, deal.id(), &mut steps).await?;
        Ok(Some(Lineage { steps }))
    }

    async fn invoice(
        &self,
        payer: &ProcessKey,
        number: &str,
        steps: &mut Vec<LineageStep>,
    ) -> Result<Instalment, PortError> {
        for (envelope, event) in self.log::<Payer>(payer).await? {
            if let PayerEvent::Asked { instalment, .. } = event
                && instalment.bill.number == number
            {
                steps.push(LineageStep {
                    what: "invoice",
                    id: instalment.bill.invoice.to_string(),
                    at: envelope.at,
                });
                return Ok(*instalment);
            }
        }
        Err(gap("invoice", number))
    }

    /// From the latest to the first: acceptance of the work, contract, offer, deal.
    async fn sale(
        &self,
        deal: &ProcessKey,
        state: &DealState,
        steps: &mut Vec<LineageStep>,
    ) -> Result<(), PortError> {
        let mut chain = Vec::new();
        let offer = state
            .current_offer()
            .map(|v| v.id())
            .ok_or_else(|| gap("offer", deal.id()))?;
        let invoiced = steps.first().map(|s| s.at);
        for (envelope, event) in self.log::<Deal>(deal).await? {
            if invoiced.is_some_and(|at| envelope.at > at) {
                break;
            }
            let (what, id) = match event {
                DealEvent::Opened { deal, .. } => ("deal", deal.to_string()),
                DealEvent::Issued { version, .. } if version.id() == offer => {
                    ("offer", offer.to_string())
                }
                DealEvent::Signed { contract, .. } => ("contract", contract.to_string()),
                DealEvent::MilestoneAccepted(told) => ("milestone", told.milestone.to_string()),
                _ => continue,
            };
            chain.push(LineageStep {
                what,
                id,
                at: envelope.at,
            });
        }
        for what in ["deal", "offer", "contract"] {
            if !chain.iter().any(|step| step.what == what) {
                return Err(gap(what, deal.id()));
            }
        }
        chain.reverse();
        steps.extend(chain);
        Ok(())
    }

    /// The hand-over to this deal, the score it rested on, and every record before it.
    async fn discovery(
        &self,
        lead: &str,
        deal: &str,
        steps: &mut Vec<LineageStep>,
    ) -> Result<(), PortError> {
        let key = self.host().key::<Lead>(lead);
        let mut chain = Vec::new();
        let mut handed = false;
        for (envelope, event) in self.log::<Lead>(&key).await? {
            let (what, id) = match event {
                LeadEvent::Recorded { record, .. } => ("record", record.natural_key()),
                LeadEvent::Judged(judged) => {
                    chain.retain(|step: &LineageStep| step.what != "score");
                    ("score", judged.score.to_string())
                }
                LeadEvent::HandedOver { deal: to, .. } if to.to_string() == deal => {
                    handed = true;
                    ("hand-over", lead.to_owned())
                }
                _ => continue,
            };
            chain.push(LineageStep {
                what,
                id,
                at: envelope.at,
            });
            if handed {
                break;
            }
        }
        if !handed || chain.first().is_none_or(|step| step.what != "record") {
            return Err(gap("record", lead));
        }
        chain.reverse();
        steps.extend(chain);
        Ok(())
    }

    async fn log<P: Process>(
        &self,
        key: &ProcessKey,
    ) -> Result<Vec<(Envelope, P::Event)>, PortError> {
        let mut log = Vec::new();
        for envelope in self.host().store().history(key).await? {
            for event in self.host().events::<P>(&envelope)? {
                log.push((envelope.clone(), event));
            }
        }
        Ok(log)
    }
}

fn gap(what: &str, of: &str) -> PortError {
    PortError::new("trace invoice", PortErrorKind::Corrupt)
        .with_source(format!("the chain breaks: `{of}` has no {what}"))
}
