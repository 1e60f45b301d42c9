use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::{DocumentRenderer, Format};
use dealwright_core::error::PortError;
use dealwright_core::model::{LanguageModel, NoModel, ReadRequest, Suggestion};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{EffectClass, Lease, Performer};
use dealwright_core::text::Untrusted;

use super::{ConsultationAnswer, Deal, DealEffect, DealInput};

/// Makes the documents of deals and keeps their bytes.
#[derive(Clone, Debug)]
pub struct DealPerformer {
    renderer: Arc<dyn DocumentRenderer>,
    format: Format,
    blobs: Arc<dyn Blobs>,
    model: Arc<dyn LanguageModel>,
}

impl DealPerformer {
    /// Renders by `renderer` in `format`, keeps in `blobs`.
    #[must_use]
    pub fn new(renderer: Arc<dyn DocumentRenderer>, format: Format, blobs: Arc<dyn Blobs>) -> Self {
        Self {
            renderer,
            format,
            blobs,
            model: Arc::new(NoModel),
        }
    }

    /// Has `model` read what rules cannot, where the policy allows it.
    #[must_use]
    pub fn with_model(mut self, model: Arc<dyn LanguageModel>) -> Self {
        self.model = model;
        self
    }

    async fn consult(
        &self,
        call: String,
        text: &Personal<Untrusted<String>>,
        needs: BTreeSet<String>,
    ) -> Result<DealInput, PortError> {
        let request = ReadRequest::new(text.reveal(Purpose::Contact), needs);
        let answer = self.model.read(&request).await?;
        let parsed = Suggestion::parse(&answer.text, &request);
        let (suggestion, refused) = match parsed {
            Ok(suggestion) => (Some(Personal::new(suggestion, text.subject())), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Ok(DealInput::Read(Box::new(ConsultationAnswer {
            call,
            model: self.model.name(),
            suggestion,
            refused,
            cost: answer.cost,
        })))
    }
}

#[async_trait]
impl Performer<Deal> for DealPerformer {
    fn class(&self, _effect: &DealEffect) -> EffectClass {
        // The same document gives the same bytes, kept under their own hash; reading changes
        // nothing outside.
        EffectClass::Idempotent
    }

    fn gated(&self, _effect: &DealEffect) -> bool {
        false
    }

    async fn perform(&self, effect: DealEffect, _lease: Lease) -> Result<DealInput, PortError> {
        let (key, document) = match effect {
            DealEffect::Render { key, document } => (key, document),
            DealEffect::Consult { call, text, needs } => {
                return self.consult(call, &text, needs).await;
            }
        };
        let bytes = self.renderer.render(&document, self.format)?;
        let blob = self.blobs.put(bytes).await?;
        Ok(DealInput::Rendered {
            document: key,
            blob,
        })
    }
}
