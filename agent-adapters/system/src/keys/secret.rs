//! Keys in files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::Random;

use crate::SystemRandom;

/// 32 bytes that nobody may see.
#[derive(Clone, Default)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

/// A key of the system's randomness.
pub(crate) fn random() -> Result<Secret, PortError> {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    if bytes == [0; 32] {
        return Err(PortError::new("make key", PortErrorKind::Unexpected)
            .with_source("the system gave no randomness"));
    }
    Ok(Secret(bytes))
}

/// Options of a file that only its owner may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Writes `bytes` to `name` in `folder`, whole and durable or not at all. Where there is one and
/// `over` is not said, it fails.
pub(crate) fn write_private(folder: &Path, name: &str, bytes: &[u8], over: bool) -> io::Result<()> {
    let path = folder.join(name);
    if over {
        let beside = folder.join(format!(".{name}.part"));
        let mut file = private().create(true).truncate(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
    } else {
        let mut file = private().create_new(true).open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads 64 hexadecimal digits.
pub(crate) fn read_hex(path: &Path) -> Result<Secret, PortError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|e| {
            PortError::new("open key", PortErrorKind::PermissionDenied)
                .with_source(format!("`{}`: {e}", path.display()))
        })?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
        PortError::new("open key", PortErrorKind::Corrupt)
            .with_source(format!("`{}` is not 64 hexadecimal digits", path.display()))
    })?;
    Ok(Secret(bytes))
}

/// What a wrapping key is called: 16 digits that follow from it and say nothing of it.
pub(super) fn name_of(wrap: &Secret) -> String {
    let hash = hex::encode(super::mac(&wrap.0, "wrapping key", &[]));
    hash.get(..16).unwrap_or_default().to_owned()
}

fn file_of(name: &str) -> String {
    format!("wrap-{name}.key")
}

/// A new wrapping key, durable, and its name.
pub(super) fn make_wrap(folder: &Path) -> Result<(Secret, String), PortError> {
    let wrap = random()?;
    let name = name_of(&wrap);
    let text = hex::encode(wrap.0);
    write_private(folder, &file_of(&name), text.as_bytes(), false)
        .map_err(|e| PortError::new("make key", PortErrorKind::PermissionDenied).with_source(e))?;
    Ok((wrap, name))
}

/// The wrapping key of this name.
pub(super) fn read_wrap(folder: &Path, name: &str) -> Result<Secret, PortError> {
    let wrap = read_hex(&folder.join(file_of(name)))?;
    if name_of(&wrap) == name {
        return Ok(wrap);
    }
    Err(PortError::new("open key", PortErrorKind::Corrupt)
        .with_source(format!("`{}` holds another key", file_of(name))))
}

/// Overwrites and removes a wrapping key.
pub(super) fn destroy_wrap(folder: &Path, name: &str) -> Result<(), PortError> {
    let path = folder.join(file_of(name));
    let gone = |e| PortError::new("destroy key", PortErrorKind::Unavailable).with_source(e);
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&[b'0'; 64]).and_then(|()| file.sync_all()))
        .map_err(gone)?;
    fs::remove_file(&path).map_err(gone)?;
    sync_folder(folder).map_err(gone)
}
