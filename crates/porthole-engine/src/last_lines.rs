//! The end of a container's log.

use hyper::Method;
use porthole_model::{Gap, GapKind};
use porthole_wire::multiplexed::Demultiplexer;

use crate::client::Client;

/// How many lines are read.
const LINES: usize = 8;

/// The last lines that a container wrote, both streams in the order in which they were written.
///
/// `is_terminal`: whether it has a terminal, so that its log is one stream.
pub(crate) async fn last_lines(client: &Client, id: &str, is_terminal: bool) -> Result<Vec<String>, Gap> {
    let what = "log";
    let path = format!("/containers/{id}/logs?stdout=1&stderr=1&tail={LINES}");
    let stream = client.stream(Method::GET, &path).await.map_err(|error| error.gap(what))?;
    let bytes = stream.rest().await.map_err(|error| error.gap(what))?;
    let text = if is_terminal { bytes } else { joined(&bytes)? };
    Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}

fn joined(bytes: &[u8]) -> Result<Vec<u8>, Gap> {
    let pieces = Demultiplexer::default().push(bytes);
    let pieces = pieces.map_err(|error| Gap::new(GapKind::Failed, "log", error.to_string()))?;
    Ok(pieces.into_iter().flat_map(|piece| piece.bytes).collect())
}
