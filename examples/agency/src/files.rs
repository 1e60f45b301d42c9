//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Writes a file beside its place and renames it, so that nobody ever sees half of it.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), String>,
) -> Result<(), String> {
    let told = |what: String| {
        format!(
            "{what}, {}, check the folder and the space left",
            path.display()
        )
    };
    let name = path.file_name().ok_or_else(|| {
        format!(
            "the output has no file name, {}, name a file",
            path.display()
        )
    })?;
    let beside = path.with_file_name(format!(
        ".{}.{}.part",
        name.to_string_lossy(),
        std::process::id()
    ));
    let file = File::create(&beside).map_err(|error| told(format!("cannot write ({error})")))?;
    let mut out = BufWriter::new(file);
    let written = write(&mut out).and_then(|()| {
        let synced = out.flush().and_then(|()| out.get_ref().sync_all());
        synced
            .and_then(|()| fs::rename(&beside, path))
            .map_err(|error| told(format!("cannot write ({error})")))
    });
    if written.is_err() {
        // Best effort: what failed has been told already.
        let _ = fs::remove_file(&beside);
    }
    written
}
