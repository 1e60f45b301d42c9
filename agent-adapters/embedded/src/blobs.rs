use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use dealwright_core::blobs::{Blobs, ErasableBlobs};
use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};

/// Blobs as files under their own hash, in a folder.
#[derive(Debug)]
pub struct FileBlobs {
    folder: PathBuf,
    written: AtomicU64,
}

impl FileBlobs {
    /// Opens or creates the folder.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` or `Unexpected` where it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, PortError> {
        fs::create_dir_all(folder).map_err(|e| failed("open blobs", e))?;
        Ok(Self {
            folder: folder.to_owned(),
            written: AtomicU64::new(0),
        })
    }

    fn path(&self, address: Digest32) -> PathBuf {
        let hex = address.to_hex();
        let (head, tail) = hex.split_at(2);
        self.folder.join(head).join(tail)
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
        let address = Digest32::of(&bytes);
        let path = self.path(address);
        if path.exists() {
            return Ok(address);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|e| failed("put blob", e))?;
        let turn = self.written.fetch_add(1, Ordering::Relaxed);
        let beside = folder.join(format!(
            ".{}-{}-{turn}",
            address.to_hex(),
            std::process::id()
        ));
        // Written beside, synced and renamed: a reader sees all of it or nothing.
        let done = File::create(&beside)
            .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, &path))
            .and_then(|()| File::open(folder)?.sync_all());
        if let Err(error) = done {
            let _ = fs::remove_file(&beside);
            return Err(failed("put blob", error));
        }
        Ok(address)
    }

    async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
        match fs::read(self.path(address)) {
            Ok(bytes) if Digest32::of(&bytes) == address => Ok(Some(bytes)),
            Ok(_) => Err(PortError::new("get blob", PortErrorKind::Corrupt)
                .with_source(format!("the file of {} has changed", address.to_hex()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("get blob", error)),
        }
    }

    async fn has(&self, address: Digest32) -> Result<bool, PortError> {
        Ok(self.path(address).exists())
    }
}

#[async_trait]
impl ErasableBlobs for FileBlobs {
    async fn remove(&self, address: Digest32) -> Result<bool, PortError> {
        let path = self.path(address);
        let folder = path.parent().unwrap_or(&self.folder);
        match fs::remove_file(&path) {
            Ok(()) => {
                let synced = File::open(folder).and_then(|f| f.sync_all());
                synced.map_err(|e| failed("remove blob", e)).map(|()| true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove blob", error)),
        }
    }
}

fn failed(operation: &'static str, error: std::io::Error) -> PortError {
    let kind = match error.kind() {
        std::io::ErrorKind::PermissionDenied => PortErrorKind::PermissionDenied,
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => PortErrorKind::Full,
        _ => PortErrorKind::Unexpected,
    };
    PortError::new(operation, kind).with_source(error)
}
