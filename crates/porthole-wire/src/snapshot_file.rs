//! The file a snapshot is kept in: a JSON document with a format name and a schema version, compressed by zstd
//! (RFC 8878).

use std::io::{self, Read, Write};

use porthole_model::Snapshot;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The schema version that this porthole writes; it reads this one and older ones.
pub const SCHEMA_VERSION: u32 = 1;

/// What the document says it is.
const FORMAT: &str = "porthole-snapshot";

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest document that is read, in bytes: far above any host's, far below a decompression bomb's.
const LARGEST_DOCUMENT: u64 = 2 << 30;

/// The compression level: beyond it, files of hosts hardly shrink.
const LEVEL: i32 = 6;

/// Why a file is not a snapshot that can be read.
#[derive(Debug, Error)]
pub enum SnapshotFileError {
    /// It is something else.
    #[error("this is not a snapshot of porthole: {0}")]
    Foreign(&'static str),
    /// It ends too early or was damaged.
    #[error("the snapshot is damaged or cut off")]
    Damaged(#[source] io::Error),
    /// A newer porthole wrote it.
    #[error("the snapshot has schema version {found}; this porthole reads up to {SCHEMA_VERSION}")]
    Newer {
        /// The version that the file says.
        found: u32,
    },
    /// It is a snapshot, but its content is not what its version promises.
    #[error("the snapshot's content does not fit its schema version")]
    Content(#[source] serde_json::Error),
    /// It could not be written.
    #[error("failed to write the snapshot")]
    Write(#[source] io::Error),
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'a str,
    schema_version: u32,
    snapshot: &'a Snapshot,
}

#[derive(Deserialize)]
struct Envelope {
    format: Option<String>,
    schema_version: Option<u32>,
}

#[derive(Deserialize)]
struct Content {
    snapshot: Snapshot,
}

/// Writes `snapshot` into `file`.
pub fn write(snapshot: &Snapshot, file: &mut dyn Write) -> Result<(), SnapshotFileError> {
    let mut encoder = zstd::Encoder::new(file, LEVEL).map_err(SnapshotFileError::Write)?;
    encoder.include_checksum(true).map_err(SnapshotFileError::Write)?;
    let document = Document { format: FORMAT, schema_version: SCHEMA_VERSION, snapshot };
    serde_json::to_writer(&mut encoder, &document).map_err(|error| SnapshotFileError::Write(error.into()))?;
    encoder.finish().map_err(SnapshotFileError::Write)?;
    Ok(())
}

/// Reads a snapshot from the bytes of a file.
pub fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotFileError> {
    if bytes.is_empty() {
        return Err(SnapshotFileError::Foreign("it is empty"));
    }
    if !bytes.starts_with(&ZSTD_MAGIC) {
        return Err(SnapshotFileError::Foreign("it does not begin like a zstd file"));
    }
    let document = decompress(bytes).map_err(SnapshotFileError::Damaged)?;
    check_envelope(&document)?;
    let content: Content = serde_json::from_slice(&document).map_err(SnapshotFileError::Content)?;
    Ok(content.snapshot)
}

fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut document = Vec::new();
    let mut decoder = zstd::Decoder::new(bytes)?.take(LARGEST_DOCUMENT + 1);
    decoder.read_to_end(&mut document)?;
    if document.len() as u64 > LARGEST_DOCUMENT {
        return Err(io::Error::other(format!("it holds more than {LARGEST_DOCUMENT} bytes")));
    }
    Ok(document)
}

fn check_envelope(document: &[u8]) -> Result<(), SnapshotFileError> {
    let foreign = SnapshotFileError::Foreign;
    let envelope: Envelope =
        serde_json::from_slice(document).map_err(|_| foreign("it does not hold JSON of porthole"))?;
    if envelope.format.as_deref() != Some(FORMAT) {
        return Err(foreign("its JSON does not say that it is one"));
    }
    match envelope.schema_version {
        Some(found) if found > SCHEMA_VERSION => Err(SnapshotFileError::Newer { found }),
        Some(_) => Ok(()),
        None => Err(foreign("its JSON has no schema version")),
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::{Gap, GapKind, Observed, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn snapshot() -> Snapshot {
        let gap = Gap::new(GapKind::EngineUnreachable, "engine", "no socket").with_remedy("start it");
        Snapshot {
            porthole_version: "0.1.0".into(),
            observed_at: Timestamp(1_700_000_000_123),
            host: Observed::Missing(gap.clone()),
            engine: Observed::Missing(gap.clone()),
            settings_of_silent_engine: Snapshot::answered(),
            storage: Observed::Missing(gap),
            network_database: Observed::Missing(Gap::not_asked("network database")),
            names: Observed::Missing(Gap::not_asked("names")),
            probes: Snapshot::untried(),
        }
    }

    fn file() -> Vec<u8> {
        let mut file = Vec::new();
        write(&snapshot(), &mut file).unwrap();
        file
    }

    fn compressed(document: &str) -> Vec<u8> {
        zstd::encode_all(document.as_bytes(), 1).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read(&file()).unwrap(), snapshot());
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        let file = file();
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "{length} of {} bytes", file.len());
        }
    }

    #[test]
    fn other_files_are_foreign() {
        for bytes in [&b""[..], b"PK\x03\x04", &compressed("[]"), &compressed("{\"format\":\"x\"}")] {
            assert!(matches!(read(bytes), Err(SnapshotFileError::Foreign(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_newer_schema_is_named() {
        let newer = compressed(r#"{"format":"porthole-snapshot","schema_version":7,"other":1}"#);
        let error = read(&newer).unwrap_err();
        assert_eq!(error.to_string(), "the snapshot has schema version 7; this porthole reads up to 1");
    }

    #[test]
    fn content_that_does_not_fit_is_an_error() {
        let wrong = compressed(r#"{"format":"porthole-snapshot","schema_version":1,"snapshot":{"host":3}}"#);
        assert!(matches!(read(&wrong), Err(SnapshotFileError::Content(_))));
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(position in 0_usize..200, value: u8) {
            let mut file = file();
            let position = position % file.len();
            file[position] = value;
            let _outcome = read(&file);
        }
    }
}
