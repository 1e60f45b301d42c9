use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::document::{DocumentRenderer, Format};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{EffectClass, Lease, Performer};

use super::{Project, ProjectEffect, ProjectInput};
use crate::execute::Worker;

/// Gives tasks to workers, makes documents and keeps their bytes.
#[derive(Clone, Debug)]
pub struct ProjectPerformer {
    workers: BTreeMap<String, Arc<dyn Worker>>,
    renderer: Arc<dyn DocumentRenderer>,
    format: Format,
    blobs: Arc<dyn Blobs>,
}

impl ProjectPerformer {
    /// Asks `workers` by their names in the catalogue; renders by `renderer` in `format`, keeps
    /// in `blobs`.
    #[must_use]
    pub fn new(
        workers: BTreeMap<String, Arc<dyn Worker>>,
        renderer: Arc<dyn DocumentRenderer>,
        format: Format,
        blobs: Arc<dyn Blobs>,
    ) -> Self {
        Self {
            workers,
            renderer,
            format,
            blobs,
        }
    }
}

#[async_trait]
impl Performer<Project> for ProjectPerformer {
    fn class(&self, _effect: &ProjectEffect) -> EffectClass {
        // The same order yields the same, the same document gives the same bytes.
        EffectClass::Idempotent
    }

    fn gated(&self, _effect: &ProjectEffect) -> bool {
        false
    }

    async fn perform(
        &self,
        effect: ProjectEffect,
        _lease: Lease,
    ) -> Result<ProjectInput, PortError> {
        match effect {
            ProjectEffect::Work { worker, order } => {
                let found = self.workers.get(&worker).ok_or_else(|| {
                    PortError::new("work", PortErrorKind::Invalid)
                        .with_source(format!("no worker `{worker}` is registered"))
                })?;
                let (task, attempt) = (order.task, order.attempt);
                let result = found.work(*order).await?;
                Ok(ProjectInput::Worked {
                    task,
                    attempt,
                    worker: found.describe().identity,
                    result: Box::new(result),
                })
            }
            ProjectEffect::Render { key, document } => {
                let made = self.renderer.render(&document, self.format)?;
                let bytes = u64::try_from(made.len()).unwrap_or(u64::MAX);
                Ok(ProjectInput::Rendered {
                    document: key,
                    blob: self.blobs.put(made).await?,
                    bytes,
                    media_type: self.format.media_type().to_owned(),
                    extension: self.format.extension().to_owned(),
                })
            }
        }
    }
}
