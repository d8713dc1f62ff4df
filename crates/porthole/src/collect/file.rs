//! A snapshot from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use porthole_model::Snapshot;
use porthole_wire::snapshot_file::{self, SnapshotFileError};

use crate::error::CommandError;

/// Reads the snapshot in `path`; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Snapshot, CommandError> {
    let failed = format!("cannot read the snapshot {}", path.display());
    let bytes = bytes(path).map_err(|error| CommandError::caused_by(failed.as_str(), error))?;
    snapshot_file::read(&bytes).map_err(|error| {
        let hint = hint(&error);
        CommandError::caused_by(failed, error).hint(hint)
    })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn hint(error: &SnapshotFileError) -> &'static str {
    match error {
        SnapshotFileError::Newer { .. } => "use the porthole that wrote it, or a newer one",
        SnapshotFileError::Damaged(_) => {
            "copy the file again, or make a new one with porthole snapshot -o FILE"
        }
        _ => "make one with porthole snapshot -o FILE",
    }
}
