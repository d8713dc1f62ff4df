//! The file of a network backup: a tar archive, compressed by zstd, of a description as JSON and the database as it was.
//!
//! `tar --zstd -xf FILE` takes it apart without porthole: `networks.json` and `local-kv.db`.

use std::fmt::Write;
use std::io::Read;

use porthole_model::NetworkBackup;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::tar;

/// The schema version that this porthole writes; it reads this one and older ones.
pub const SCHEMA_VERSION: u32 = 1;

const FORMAT: &str = "porthole-network-backup";
const DESCRIPTION: &str = "networks.json";
const DATABASE: &str = "local-kv.db";
const LEVEL: i32 = 6;
/// The largest archive that is read: far above any host's, far below a decompression bomb's.
const LARGEST: u64 = 1 << 30;

/// Why a file is not a backup that can be used.
#[derive(Debug, Error)]
pub enum BackupFileError {
    /// It is something else.
    #[error("this is not a network backup of porthole: {0}")]
    Foreign(&'static str),
    /// It ends too early or was altered.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// A newer porthole wrote it.
    #[error("the backup has schema version {found}; this porthole reads up to {SCHEMA_VERSION}")]
    Newer {
        /// The version that the file says.
        found: u32,
    },
    /// It could not be written.
    #[error("failed to put the backup together: {0}")]
    Write(String),
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'a str,
    schema_version: u32,
    #[serde(flatten)]
    backup: &'a NetworkBackup,
}

#[derive(Deserialize)]
struct Envelope {
    format: Option<String>,
    schema_version: Option<u32>,
}

/// The digest of a database, in hexadecimal digits.
pub fn digest(database: &[u8]) -> String {
    Sha256::digest(database).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(digits, "{byte:02x}");
        digits
    })
}

/// The bytes of the file.
pub fn write(backup: &NetworkBackup, database: Option<&[u8]>) -> Result<Vec<u8>, BackupFileError> {
    let failed = |error: &dyn std::error::Error| BackupFileError::Write(error.to_string());
    let document = Document { format: FORMAT, schema_version: SCHEMA_VERSION, backup };
    let description = serde_json::to_vec_pretty(&document).map_err(|error| failed(&error))?;
    let mut files = vec![(DESCRIPTION, description.as_slice())];
    files.extend(database.map(|database| (DATABASE, database)));
    let archive = tar::of_private_files(&files).map_err(|error| failed(&error))?;
    zstd::encode_all(archive.as_slice(), LEVEL).map_err(|error| failed(&error))
}

/// The backup in the bytes of a file, and the database beside it, whose digest is right.
pub fn read(file: &[u8]) -> Result<(NetworkBackup, Option<Vec<u8>>), BackupFileError> {
    let archive = decompress(file)?;
    let files =
        tar::files(&archive).ok_or_else(|| BackupFileError::Damaged("its archive ends early".into()))?;
    let find = |name: &str| files.iter().find(|(found, _)| found == name).map(|(_, content)| *content);
    let description = find(DESCRIPTION).ok_or(BackupFileError::Foreign("it holds no networks.json"))?;
    check_envelope(description)?;
    let backup: NetworkBackup =
        serde_json::from_slice(description).map_err(|error| BackupFileError::Damaged(error.to_string()))?;
    let database = find(DATABASE);
    if database.map(digest) != backup.database_sha256 {
        return Err(BackupFileError::Damaged(
            "the database in it does not have the digest that was noted".to_owned(),
        ));
    }
    Ok((backup, database.map(<[u8]>::to_vec)))
}

fn decompress(file: &[u8]) -> Result<Vec<u8>, BackupFileError> {
    let foreign = |_| BackupFileError::Foreign("it is not compressed by zstd");
    let mut decoder = zstd::Decoder::new(file).map_err(foreign)?.take(LARGEST);
    let mut first = [0];
    // The first byte tells whether it is zstd at all.
    decoder.read_exact(&mut first).map_err(foreign)?;
    let mut archive = first.to_vec();
    decoder.read_to_end(&mut archive).map_err(|error| BackupFileError::Damaged(error.to_string()))?;
    Ok(archive)
}

fn check_envelope(description: &[u8]) -> Result<(), BackupFileError> {
    let foreign = BackupFileError::Foreign;
    let envelope: Envelope =
        serde_json::from_slice(description).map_err(|_| foreign("its networks.json is not JSON"))?;
    if envelope.format.as_deref() != Some(FORMAT) {
        return Err(foreign("its networks.json does not say that it is one"));
    }
    match envelope.schema_version {
        Some(found) if found > SCHEMA_VERSION => Err(BackupFileError::Newer { found }),
        Some(_) => Ok(()),
        None => Err(foreign("its networks.json has no schema version")),
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::{SavedNetwork, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn backup(database: Option<&[u8]>) -> NetworkBackup {
        NetworkBackup {
            made_at: Timestamp(1_700_000_000_123),
            porthole_version: "0.1.0".into(),
            engine_id: "WXYZ".into(),
            host_name: "host".into(),
            engine_version: "28.5.2".into(),
            database_path: "/var/lib/docker/network/files/local-kv.db".into(),
            database_sha256: database.map(digest),
            transaction: Some(7),
            networks: vec![SavedNetwork { name: "app".into(), ..SavedNetwork::default() }],
            memberships: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for database in [None, Some(&b"bolt"[..])] {
            let file = write(&backup(database), database).unwrap();
            let (read, found) = read(&file).unwrap();
            assert_eq!((read, found.as_deref()), (backup(database), database));
        }
    }

    #[test]
    fn an_altered_database_is_noticed() {
        let file = write(&backup(Some(b"bolt")), Some(b"BOLT")).unwrap();
        assert!(matches!(read(&file), Err(BackupFileError::Damaged(_))));
    }

    #[test]
    fn other_files_are_told_apart() {
        assert!(matches!(read(b""), Err(BackupFileError::Foreign(_))));
        assert!(matches!(read(b"a text"), Err(BackupFileError::Foreign(_))));
        let other = zstd::encode_all(&tar::of_private_files(&[("x", b"y")]).unwrap()[..], 1).unwrap();
        assert!(matches!(read(&other), Err(BackupFileError::Foreign(_))));
        let newer = br#"{"format":"porthole-network-backup","schema_version":99}"#;
        let newer = tar::of_private_files(&[(DESCRIPTION, newer)]).unwrap();
        let newer = zstd::encode_all(&newer[..], 1).unwrap();
        assert!(matches!(read(&newer), Err(BackupFileError::Newer { found: 99 })));
        let whole = write(&backup(Some(b"bolt")), Some(b"bolt")).unwrap();
        assert!(read(&whole[..whole.len() / 2]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = read(&bytes).is_ok();
            let _ = read(&zstd::encode_all(&bytes[..], 1).unwrap()).is_ok();
        }
    }
}
