//! What people decide about letters, money, leads and deals. Each service takes the [`Actor`] that
//! it is done for, and is refused where they may not.

use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{DealId, LeadId};
use dealwright_core::money::Money;
use dealwright_core::party::Channel;
use dealwright_core::process::{Actor, Host, Process, ProcessKey, Work, WorkQuery, WorkState};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    ChargeReceipt, Desk, DeskInput, Payer, PayerInput, Phase, Receipt, Recipient, RecipientInput,
    WideSuppression,
};
use dealwright_deals::deal::{Deal, DealInput};
use dealwright_discovery::lead::{Lead, LeadInput};
use dealwright_discovery::qualify::Verdict;

use crate::Agency;

/// Effects whose outcome is not known, in order of key.
///
/// # Errors
///
/// Those of the store.
pub async fn unknown_works(host: &Host) -> Result<Vec<Work>, PortError> {
    let query = WorkQuery {
        state: Some(WorkState::Unknown),
        n: usize::MAX,
        ..WorkQuery::default()
    };
    host.store().works(query).await
}

/// The id of the one desk of a tenant.
const DESK: &str = "main";

impl Agency {
    /// Lets the letter `intent` go for `by`, who saw the content of this `hash`. Answers whether
    /// this was the first yes to that content: one that waits again, since an earlier yes ran out
    /// before there was room, may be approved again.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn approve_letter(
        &self,
        by: &Actor,
        recipient: &ProcessKey,
        intent: &str,
        hash: Digest32,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = RecipientInput::Approve {
            intent: intent.to_owned(),
            hash,
        };
        let wait = self.wait_of(recipient, intent).await?;
        let dedupe = Self::approval_step(intent, hash, wait);
        self.put::<Recipient>(by, recipient.id(), &dedupe, now, &input)
            .await
    }

    /// Keeps the letter `intent` from going, for `by`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn refuse_letter(
        &self,
        by: &Actor,
        recipient: &ProcessKey,
        intent: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = RecipientInput::Refuse {
            intent: intent.to_owned(),
            why: why.to_owned(),
        };
        let wait = self.wait_of(recipient, intent).await?;
        let dedupe = Self::refusal_step(intent, wait);
        self.put::<Recipient>(by, recipient.id(), &dedupe, now, &input)
            .await
    }

    /// Lets the charge of `amount` for `invoice` go, for `by`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn approve_charge(
        &self,
        by: &Actor,
        payer: &str,
        invoice: &str,
        amount: Money,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = PayerInput::Approve {
            invoice: invoice.to_owned(),
            amount,
        };
        let dedupe = format!("approve-{invoice}-{amount}");
        self.put::<Payer>(by, payer, &dedupe, now, &input).await
    }

    /// Stops all sending, or that by one channel, for `by`. What has not started by then does not
    /// leave.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn stop_sending(
        &self,
        by: &Actor,
        channel: Option<Channel>,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.switch(by, &DeskInput::Stop(channel), now).await
    }

    /// Begins sending again, for `by`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn resume_sending(
        &self,
        by: &Actor,
        channel: Option<Channel>,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.switch(by, &DeskInput::Resume(channel), now).await
    }

    /// Writes to a company, domain or list no more, for `by`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn suppress(
        &self,
        by: &Actor,
        what: WideSuppression,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.switch(by, &DeskInput::Suppress(what), now).await
    }

    /// Judges a lead otherwise than the criteria do, for `by`; `None` takes an earlier word back.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn overrule_lead(
        &self,
        by: &Actor,
        lead: LeadId,
        verdict: Option<Verdict>,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = LeadInput::Overrule {
            verdict,
            why: why.to_owned(),
        };
        let dedupe = format!("overrule-{}", now.timestamp_micros());
        self.put::<Lead>(by, &lead.to_string(), &dedupe, now, &input)
            .await
    }

    /// Ends a deal, for `by`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store.
    pub async fn stop_deal(
        &self,
        by: &Actor,
        deal: DealId,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let input = DealInput::Stop {
            why: why.to_owned(),
        };
        self.put::<Deal>(by, &deal.to_string(), "stop", now, &input)
            .await
    }

    /// Settles an effect whose outcome nobody knows by the word of `by`: it `happened`, or it did
    /// not and is done again.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; `Conflict` where the outcome is known by now;
    /// `Invalid` where the effect is neither a letter nor a charge and is said to have happened:
    /// only these can be told from their receipt; those of the store.
    pub async fn reconcile(
        &self,
        by: &Actor,
        work: &Work,
        happened: bool,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let (host, note) = (self.host(), "a person's word");
        if !happened {
            return host.prove_not_performed(by, work, now, note).await;
        }
        // It happened when it began, as far as anybody knows.
        let at = work.started_at.unwrap_or(now);
        let provider_id = format!("by the word of {}", by.name());
        match work.receiver.kind() {
            Recipient::KIND => {
                let effect = host.effect_of::<Recipient>(work)?;
                let outcome = effect.sent(Receipt { provider_id, at });
                host.prove_performed::<Recipient>(by, work, &outcome, now, note)
                    .await
            }
            Payer::KIND => {
                let effect = host.effect_of::<Payer>(work)?;
                let outcome = effect.taken(ChargeReceipt { provider_id, at });
                host.prove_performed::<Payer>(by, work, &outcome, now, note)
                    .await
            }
            kind => Err(
                PortError::new("reconcile", PortErrorKind::Invalid).with_source(format!(
                    "`{}` is work of a {kind}; only letters and charges can be said to have \
                     happened",
                    work.key
                )),
            ),
        }
    }

    /// Until when the letter waits for a person, where it does.
    async fn wait_of(
        &self,
        recipient: &ProcessKey,
        intent: &str,
    ) -> Result<Option<Timestamp>, PortError> {
        let state = self.host().state::<Recipient>(recipient).await?;
        let phase = state.and_then(|(_, s)| s.intents().get(intent).map(|i| i.phase.clone()));
        Ok(match phase {
            Some(Phase::AwaitsApproval { expires }) => Some(expires),
            _ => None,
        })
    }

    /// The name of a yes to a letter's content, which is given once in each wait.
    pub(crate) fn approval_step(intent: &str, hash: Digest32, wait: Option<Timestamp>) -> String {
        format!("approve-{intent}-{}{}", hash.to_hex(), waiting(wait))
    }

    /// The name of a no to a letter, which is given once in each wait.
    pub(crate) fn refusal_step(intent: &str, wait: Option<Timestamp>) -> String {
        format!("refuse-{intent}{}", waiting(wait))
    }

    async fn switch(
        &self,
        by: &Actor,
        input: &DeskInput,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let dedupe = format!("switch-{}", now.timestamp_micros());
        self.put::<Desk>(by, DESK, &dedupe, now, input).await
    }

    async fn put<P: Process>(
        &self,
        by: &Actor,
        id: &str,
        dedupe: &str,
        now: Timestamp,
        input: &P::Input,
    ) -> Result<bool, PortError> {
        self.host()
            .offer::<P>(id, dedupe, by.clone(), now, input)
            .await
    }
}

fn waiting(until: Option<Timestamp>) -> String {
    until.map_or_else(String::new, |until| {
        format!("-{}", until.timestamp_micros())
    })
}
