use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::{DocumentRenderer, Format};
use dealwright_core::error::PortError;
use dealwright_core::process::{EffectClass, Lease, Performer};

use super::{Deal, DealEffect, DealInput};

/// Makes the documents of deals and keeps their bytes.
#[derive(Clone, Debug)]
pub struct DealPerformer {
    renderer: Arc<dyn DocumentRenderer>,
    format: Format,
    blobs: Arc<dyn Blobs>,
}

impl DealPerformer {
    /// Renders by `renderer` in `format`, keeps in `blobs`.
    #[must_use]
    pub fn new(renderer: Arc<dyn DocumentRenderer>, format: Format, blobs: Arc<dyn Blobs>) -> Self {
        Self {
            renderer,
            format,
            blobs,
        }
    }
}

#[async_trait]
impl Performer<Deal> for DealPerformer {
    fn class(&self, _effect: &DealEffect) -> EffectClass {
        // The same document gives the same bytes, kept under their own hash.
        EffectClass::Idempotent
    }

    fn gated(&self, _effect: &DealEffect) -> bool {
        false
    }

    async fn perform(&self, effect: DealEffect, _lease: Lease) -> Result<DealInput, PortError> {
        let DealEffect::Render { key, document } = effect;
        let bytes = self.renderer.render(&document, self.format)?;
        let blob = self.blobs.put(bytes).await?;
        Ok(DealInput::Rendered {
            document: key,
            blob,
        })
    }
}
