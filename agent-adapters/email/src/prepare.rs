//! What every messenger does before a letter leaves.

use dealwright_core::blobs::Blobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::Letter;
use lettre::Message;

use crate::{lint_mime, render};

const OPERATION: &str = "send letter";

/// The letter as a message, with its files.
pub(crate) async fn message(
    letter: &Letter,
    blobs: &dyn Blobs,
    date: Timestamp,
) -> Result<Message, PortError> {
    let mut files = Vec::new();
    for attachment in &letter.attachments {
        let bytes = blobs.get(attachment.blob).await?.ok_or_else(|| {
            PortError::new(OPERATION, PortErrorKind::NotFound)
                .with_source(format!("no bytes for attachment `{}`", attachment.name))
        })?;
        files.push(bytes);
    }
    render::message(letter, &files, date).map_err(|e| invalid(e.to_string()))
}

/// Its bytes, looked at once more as a receiver would see them.
pub(crate) fn bytes(letter: &Letter, message: &Message) -> Result<Vec<u8>, PortError> {
    let bytes = message.formatted();
    match lint_mime(letter, &bytes).into_iter().next() {
        Some(finding) => Err(invalid(format!("{}: {}", finding.rule, finding.what))),
        None => Ok(bytes),
    }
}

pub(crate) fn invalid(what: impl Into<String>) -> PortError {
    PortError::new(OPERATION, PortErrorKind::Invalid).with_source(what.into())
}
