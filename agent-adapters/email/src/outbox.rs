use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::EmailAddress;
use dealwright_core::subject::{Held, SubjectData};
use mail_parser::MessageParser;

/// The folder that [`EmlMessenger`](crate::EmlMessenger) writes to, as a place where letters to a
/// person are held.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// The letters in `folder`; where there is none, it holds nothing.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    fn letters_to(&self, address: &EmailAddress) -> Result<Vec<(PathBuf, Vec<u8>)>, PortError> {
        let failed = |path: &Path, e: std::io::Error| {
            PortError::new("read outbox", PortErrorKind::Unavailable)
                .with_source(format!("`{}`: {e}", path.display()))
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(&self.folder, e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| failed(&self.folder, e))?.path();
            // Also one that was being written when the program ended.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !(name.ends_with(".eml") || name.ends_with(".eml.part")) {
                continue;
            }
            let bytes = fs::read(&path).map_err(|e| failed(&path, e))?;
            if is_to(&bytes, address) {
                found.push((path, bytes));
            }
        }
        found.sort();
        Ok(found)
    }
}

fn is_to(bytes: &[u8], address: &EmailAddress) -> bool {
    let Some(message) = MessageParser::default().parse_headers(bytes) else {
        return false;
    };
    [message.to(), message.cc(), message.bcc()]
        .into_iter()
        .flatten()
        .flat_map(mail_parser::Address::iter)
        .filter_map(|one| EmailAddress::parse(one.address()?).ok())
        .any(|one| one.identity_key() == address.identity_key())
}

#[async_trait]
impl SubjectData for Outbox {
    fn name(&self) -> &'static str {
        "outbox"
    }

    async fn held(&self, address: &EmailAddress) -> Result<Vec<Held>, PortError> {
        let letters = self.letters_to(address)?;
        Ok(letters
            .into_iter()
            .map(|(path, bytes)| Held {
                place: path.display().to_string(),
                what: "letter".to_owned(),
                bytes,
            })
            .collect())
    }

    async fn erase(&self, address: &EmailAddress) -> Result<Vec<String>, PortError> {
        let mut gone = Vec::new();
        for (path, _) in self.letters_to(address)? {
            fs::remove_file(&path).map_err(|e| {
                PortError::new("erase letter", PortErrorKind::Unavailable)
                    .with_source(format!("`{}`: {e}", path.display()))
            })?;
            gone.push(path.display().to_string());
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn letters_to_one_person_are_found_and_erased_alone() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, to: &str| {
            let text =
                format!("From: us@agency.example\r\nTo: {to}\r\nSubject: s\r\n\r\nHello.\r\n");
            fs::write(dir.path().join(name), text).unwrap();
        };
        write("1.eml", "Ada <Ada+news@Bakery.example>");
        write("2.eml", "bob@bakery.example");
        write(".3.eml.part", "ada@bakery.example");
        write("note.txt", "ada@bakery.example");
        let outbox = Outbox::new(dir.path());
        let ada = EmailAddress::parse("ada@bakery.example").unwrap();
        let held = block_on(outbox.held(&ada)).unwrap();
        assert_eq!(held.len(), 2);
        assert!(held.iter().all(|h| h.bytes.ends_with(b"Hello.\r\n")));
        assert_eq!(block_on(outbox.erase(&ada)).unwrap().len(), 2);
        assert!(block_on(outbox.held(&ada)).unwrap().is_empty());
        assert!(block_on(outbox.erase(&ada)).unwrap().is_empty());
        assert!(dir.path().join("2.eml").exists() && dir.path().join("note.txt").exists());
        let nowhere = Outbox::new(&dir.path().join("none"));
        assert!(block_on(nowhere.held(&ada)).unwrap().is_empty());
    }
}
