//! The bare relay: copies, and does nothing else. What it costs is the limit for all who also look.

use std::path::Path;

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{UnixListener, UnixStream};

use crate::error::BenchError;

/// As much as porthole reads at once.
const PIECE: usize = 64 * 1024;

/// Relays until it is killed.
pub(crate) fn run(socket: &Path, engine: &Path) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("start the event loop"))?;
    runtime.block_on(async {
        let listener = UnixListener::bind(socket).map_err(BenchError::at("listen on", socket))?;
        loop {
            let (client, _) = listener.accept().await.map_err(BenchError::io("accept a client"))?;
            let engine = engine.to_owned();
            tokio::spawn(async move { copy(client, &engine).await });
        }
    })
}

/// A client that leaves early, or an engine that is gone, ends the connection and no more.
async fn copy(mut client: UnixStream, engine: &Path) {
    if let Ok(mut engine) = UnixStream::connect(engine).await {
        let _gone = copy_bidirectional_with_sizes(&mut client, &mut engine, PIECE, PIECE).await;
    }
}
