use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::Channel;
use dealwright_core::process::EffectClass;
use dealwright_core::trust::{Messenger, Receipt, Sendable};

use crate::prepare;

/// Writes each letter to a folder as an `.eml` file instead of sending it.
///
/// The file is named after the day and the key, so a repeat under the same key writes the same
/// file: `Idempotent`.
#[derive(Debug)]
pub struct EmlMessenger {
    folder: PathBuf,
    blobs: Arc<dyn Blobs>,
}

impl EmlMessenger {
    /// Writes to `folder`; attachments come from `blobs`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where the folder cannot be made.
    pub fn open(folder: &Path, blobs: Arc<dyn Blobs>) -> Result<Self, PortError> {
        fs::create_dir_all(folder).map_err(|e| {
            PortError::new("open mail folder", PortErrorKind::PermissionDenied).with_source(e)
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            blobs,
        })
    }
}

#[async_trait]
impl Messenger for EmlMessenger {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn class(&self) -> EffectClass {
        EffectClass::Idempotent
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let at = sendable.opened_at();
        let first = sendable.first_started().unwrap_or(at);
        let (letter, key) = sendable.take(at)?;
        let message = prepare::message(&letter, &*self.blobs, first).await?;
        let bytes = prepare::bytes(&letter, &message)?;
        let hex = key.to_hex();
        let short = hex.get(..12).unwrap_or(&hex);
        let name = format!(
            "{}-{}-{short}.eml",
            first.format("%Y-%m-%d"),
            safe(&letter.step)
        );
        let path = self.folder.join(&name);
        let beside = self.folder.join(format!(".{name}.part"));
        File::create(&beside)
            .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(|e| {
                let kind = match e.kind() {
                    std::io::ErrorKind::StorageFull => PortErrorKind::Full,
                    _ => PortErrorKind::Unavailable,
                };
                PortError::new("send letter", kind).with_source(e)
            })?;
        Ok(Receipt {
            provider_id: name,
            at: first,
        })
    }
}

fn safe(step: &str) -> String {
    step.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .take(40)
        .collect()
}
