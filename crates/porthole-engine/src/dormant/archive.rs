//! Files of a container, whether it runs or not, as the engine packs and unpacks them (`/containers/ID/archive`).

use std::time::Duration;

use hyper::Method;
use porthole_model::TarEntry;
use porthole_wire::executable;
use porthole_wire::tar::TarReader;

use super::encoded;
use crate::client::Client;
use crate::request_error::RequestError;

/// As long as a large file over a slow line takes.
const TRANSFER_LIMIT: Duration = Duration::from_mins(10);

/// A file's entry, and the beginning of its content.
pub(super) struct Beginning {
    pub(super) entry: TarEntry,
    pub(super) content: Vec<u8>,
}

/// What is at `path`, links in its last part not followed; `None`, where nothing is.
pub(super) async fn beginning(
    client: &Client,
    id: &str,
    path: &str,
) -> Result<Option<Beginning>, RequestError> {
    let mut stream = match client.stream(Method::GET, &archive(id, path)).await {
        Err(error) if error.is_not_found() => return Ok(None),
        stream => stream?,
    };
    let mut reader = TarReader::default();
    let mut found: Option<Beginning> = None;
    while let Some(piece) = stream.next().await? {
        let mut rest = &*piece;
        while found.is_none() && !rest.is_empty() {
            let Ok(entry) = reader.step(&mut rest) else { return Ok(None) };
            found = entry.map(|entry| Beginning { entry, content: Vec::new() });
        }
        // The rest of the archive, which may be a whole tree, is not waited for.
        if let Some(found) = &mut found
            && found.take(rest)
        {
            break;
        }
    }
    Ok(found)
}

impl Beginning {
    /// Takes what belongs to the content; says whether that is enough.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let size = usize::try_from(self.entry.size).unwrap_or(usize::MAX);
        let wanted = size.min(executable::ENOUGH).saturating_sub(self.content.len());
        self.content.extend_from_slice(&bytes[..wanted.min(bytes.len())]);
        wanted <= bytes.len()
    }
}

/// The archive of what is at `path`.
pub(super) async fn read(client: &Client, id: &str, path: &str) -> Result<Vec<u8>, RequestError> {
    client.stream(Method::GET, &archive(id, path)).await?.rest().await
}

/// Unpacks an archive in a directory.
pub(super) async fn write(
    client: &Client,
    id: &str,
    directory: &str,
    archive_of_it: Vec<u8>,
) -> Result<(), RequestError> {
    let path = archive(id, directory);
    client
        .upload(Method::PUT, &path, ("application/x-tar", archive_of_it.into()), TRANSFER_LIMIT)
        .await
        .map(drop)
}

fn archive(id: &str, path: &str) -> String {
    format!("/containers/{id}/archive?path={}", encoded(path))
}
