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
    let files = files(letter, blobs).await?;
    message_with(letter, &files, date)
}

/// The same with files that were read.
pub(crate) fn message_with(
    letter: &Letter,
    files: &[Vec<u8>],
    date: Timestamp,
) -> Result<Message, PortError> {
    render::message(letter, files, date).map_err(|e| invalid(e.to_string()))
}

/// The bytes of a letter's files, in its order.
///
/// Whatever goes wrong here, the letter has not left: the error says so by its kind.
pub(crate) async fn files(letter: &Letter, blobs: &dyn Blobs) -> Result<Vec<Vec<u8>>, PortError> {
    let mut files = Vec::new();
    for attachment in &letter.attachments {
        let read = blobs
            .get(attachment.blob)
            .await
            .map_err(|e| PortError::new(OPERATION, PortErrorKind::Unavailable).with_source(e))?;
        let missing = || invalid(format!("no bytes for attachment `{}`", attachment.name));
        files.push(read.ok_or_else(missing)?);
    }
    Ok(files)
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
