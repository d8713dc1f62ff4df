//! The network database of Docker (`local-kv.db`): a bolt file whose values are a number and JSON.
//!
//! Keys and fields follow moby's `libnetwork` (`store.go`, `network.go`, `endpoint.go`, `sandbox_store.go` and the
//! drivers' `*_store.go`) from 20.10 to 28; what another version adds is kept as it is.

mod fields;
mod record;

use porthole_model::{DatabaseFault, Gap, NetworkDatabase, Observed, Secrets};

use crate::bolt::{self, Entry};

/// The bucket that libnetwork uses.
const BUCKET: &[u8] = b"libnetwork";

/// What the bytes of the file at `path` hold. Never fails: what cannot be read is a fault.
pub fn read(path: &str, file: &[u8], secrets: Secrets) -> NetworkDatabase {
    let walk = bolt::walk(file);
    let mut database = NetworkDatabase {
        path: path.to_owned(),
        size: file.len() as u64,
        page_size: walk.meta.and_then(|meta| u32::try_from(meta.page_size).ok()),
        transaction: walk.meta.map(|meta| meta.transaction),
        records: Vec::new(),
        faults: walk.faults,
        lock_holders: Observed::Missing(Gap::not_asked("holders of the database's lock")),
    };
    for entry in &walk.entries {
        match record::of(entry, secrets) {
            Ok(record) => database.records.push(record),
            Err(problem) => {
                let size = walk.meta.map(|meta| meta.page_size as u64);
                let offset = size.and_then(|size| entry.page.checked_mul(size));
                database.faults.push(DatabaseFault { page: Some(entry.page), offset, problem });
            }
        }
    }
    database
}

/// The key with its buckets, where it is in another than libnetwork's own.
fn key_of(entry: &Entry<'_>) -> String {
    let mut parts: Vec<_> = match entry.buckets.as_slice() {
        [BUCKET] => Vec::new(),
        buckets => buckets.iter().map(|bucket| String::from_utf8_lossy(bucket).into_owned()).collect(),
    };
    parts.push(String::from_utf8_lossy(entry.key).into_owned());
    parts.join(" > ")
}

#[cfg(test)]
mod tests;
