//! What carries a stream through a tunnel, the same at both ends.

use std::io;

use porthole_wire::session::Said;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connections::{Connection, Ears, Voice};

/// How much is read at once.
const PIECE: usize = 32 * 1024;

/// Why a stream was not carried to its end.
enum Fault {
    /// This end lost it, or nobody is there any more; the other end does not know yet.
    Here(String),
    /// The other end lost it, or the tunnel did.
    There(String),
}

/// Carries both directions until both have ended, or `deserted` says that nobody uses the stream any more. What was read
/// is sent in any case.
pub(super) async fn carry(
    connection: &mut Connection,
    stream: impl AsyncRead + AsyncWrite,
    deserted: impl Future<Output = ()>,
) -> Result<(), String> {
    let (reader, writer) = tokio::io::split(stream);
    let (voice, ears) = connection.split();
    let incoming = async {
        tokio::select! {
            written = write(ears, writer) => written.map(|()| true),
            () = deserted => Ok(false),
        }
    };
    let fault = match tokio::try_join!(read(voice, reader), incoming) {
        Ok(((), true)) => {
            voice.is_over();
            return Ok(());
        }
        Ok(((), false)) => Fault::Here("whom it was for is gone".to_owned()),
        Err(fault) => fault,
    };
    match fault {
        Fault::There(words) => Err(words),
        Fault::Here(words) => {
            // Where the tunnel was lost meanwhile, nobody waits for that.
            let _untold = voice.say(Said::Lost(words.clone())).await;
            Err(words)
        }
    }
}

async fn read(voice: &Voice, mut reader: impl AsyncRead + Unpin) -> Result<(), Fault> {
    loop {
        let mut piece = vec![0; PIECE];
        let length = reader.read(&mut piece).await.map_err(|error| here(&error))?;
        if length == 0 {
            return voice.say(Said::End).await.map_err(|error| there(&error));
        }
        piece.truncate(length);
        voice.send(piece).await.map_err(|error| there(&error))?;
    }
}

async fn write(mut ears: Ears<'_>, mut writer: impl AsyncWrite + Unpin) -> Result<(), Fault> {
    loop {
        match ears.hear().await.map_err(|error| there(&error))? {
            Said::Data(bytes) => {
                writer.write_all(&bytes).await.map_err(|error| here(&error))?;
                ears.voice.passed(bytes.len()).await.map_err(|error| there(&error))?;
            }
            Said::End => return writer.shutdown().await.map_err(|error| here(&error)),
            Said::Lost(words) => return Err(Fault::There(words)),
            Said::Open(_) | Said::Opened | Said::Passed(_) => {}
        }
    }
}

fn here(error: &io::Error) -> Fault {
    Fault::Here(error.to_string())
}

fn there(error: &io::Error) -> Fault {
    Fault::There(error.to_string())
}
