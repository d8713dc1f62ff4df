//! Sessions in containers: porthole's agent runs on the engine's host, and this end speaks with it over the stream that
//! the engine gives to the agent's standard input and output.
//!
//! The agent is the same wherever it runs: in a [sidecar] beside the target, or in the target itself by an [exec].
//! In both the engine makes no terminal (the agent does), so that the agent's input ends when this end is gone, whatever
//! took it away.

mod exec;
mod kept;
mod mounts;
mod pull;
mod sidecar;

use std::io;
use std::marker::PhantomData;

use porthole_wire::multiplexed::{Demultiplexer, NotMultiplexed, StreamKind};
use porthole_wire::session::{FromAgent, FromClient, GREETING, Message, Messages, NotASession};
use porthole_wire::tar::TarError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::client::{Client, HijackedStream};
use crate::helper::{HelperError, Leftover};
use crate::request_error::RequestError;

pub use exec::{ExecRequest, start_exec};
pub use kept::KeptSidecar;
pub use mounts::{MountedFrom, SidecarMount};
pub use pull::{Pull, PullProgress, provide_image};
pub use sidecar::{SidecarPlace, SidecarRequest, ToolImage, start_sidecar};

/// The word that makes porthole an agent.
pub const AGENT: &str = "porthole-agent";

/// The word that makes porthole the process of a kept session.
pub const KEPT: &str = "porthole-kept";

/// The word that makes porthole the line between an exec's streams and a kept session's socket.
pub const RELAY: &str = "porthole-relay";

/// Why there is no session, or no longer one.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The engine refused a step.
    #[error("failed to {step}: {source}")]
    Engine {
        /// The step.
        step: &'static str,
        /// Why it failed.
        source: RequestError,
    },
    /// The image with porthole's own program could not be made.
    #[error(transparent)]
    Image(#[from] HelperError),
    /// The image could not be pulled.
    #[error("failed to pull {image}: {message}")]
    Pull {
        /// Its name.
        image: String,
        /// The engine's words.
        message: String,
        /// Why nothing may have been shown to the registry although the user has logged in.
        credentials: Option<String>,
    },
    /// A volume that is to be shown is not there.
    #[error("the engine has no volume named {0}")]
    NoVolume(String),
    /// The program could not be packed.
    #[error("failed to pack porthole's own program: {0}")]
    Pack(#[from] TarError),
    /// The connection failed.
    #[error("the connection with the session broke: {0}")]
    Broken(#[from] io::Error),
    /// The connection ended before the session did.
    #[error("the session ended without a word{}", said(.0))]
    Silent(String),
    /// The engine's framing is not what it promises.
    #[error("the session's stream cannot be read: {0}")]
    Framing(#[from] NotMultiplexed),
    /// What speaks is no agent.
    #[error("what runs in the container is no agent of porthole's: {0}")]
    Stranger(#[from] NotASession),
}

impl SessionError {
    /// Whether the engine answered that it will not have such a container: a policy, a plugin, or a runtime that cannot
    /// give what is asked for. Something that asks for less may pass.
    pub fn is_refusal(&self) -> bool {
        let Self::Engine { step, source: RequestError::Status { status, .. } } = self else { return false };
        match *step {
            // What cannot be, such as a mount of nothing, is wrong for every container.
            sidecar::MAKE => !matches!(status, 400 | 404 | 409),
            sidecar::START => !matches!(status, 404 | 409),
            _ => false,
        }
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

/// A session that was begun, with what its ends say to each other. Dropping it ends it.
pub struct Session<Said = FromClient, Heard = FromAgent> {
    // The order matters: the agent is left before its container is looked after.
    /// What is said to the agent.
    pub input: SessionInput<Said>,
    /// What the agent says.
    pub output: SessionOutput<Heard>,
    leftover: Option<Leftover>,
}

impl<Said: Message, Heard: Message> Session<Said, Heard> {
    async fn begin(stream: HijackedStream, leftover: Option<Leftover>) -> io::Result<Self> {
        let (reader, writer) = stream.split();
        let halves = (Box::new(reader) as Box<_>, Box::new(writer) as Box<_>);
        Self::greet(halves, Some(Demultiplexer::default()), leftover).await
    }

    /// A session whose agent is at the other end of this stream, no engine between.
    pub async fn over(stream: tokio::net::UnixStream) -> io::Result<Self> {
        let (reader, writer) = stream.into_split();
        Self::greet((Box::new(reader), Box::new(writer)), None, None).await
    }

    async fn greet(
        (stream, mut writer): (Reader, Writer),
        demultiplexer: Option<Demultiplexer>,
        leftover: Option<Leftover>,
    ) -> io::Result<Self> {
        writer.write_all(&GREETING).await?;
        let output =
            SessionOutput { stream, demultiplexer, messages: Messages::default(), aside: Vec::new() };
        Ok(Self { input: SessionInput { stream: writer, messages: PhantomData }, output, leftover })
    }

    /// Leaves the agent, which then ends, and waits until its container is gone.
    pub async fn end(self, client: &Client) -> Result<(), SessionError> {
        drop((self.input, self.output));
        let Some(leftover) = self.leftover else { return Ok(()) };
        let failed = |source| SessionError::Engine { step: "remove the session's container", source };
        leftover.remove(client).await.map_err(failed)
    }
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// What is said to the agent.
pub struct SessionInput<Said = FromClient> {
    stream: Writer,
    messages: PhantomData<fn(Said)>,
}

impl<Said: Message> SessionInput<Said> {
    /// Says something.
    pub async fn say(&mut self, message: &Said) -> io::Result<()> {
        self.stream.write_all(&message.encode()).await?;
        self.stream.flush().await
    }
}

/// What the agent says.
pub struct SessionOutput<Heard = FromAgent> {
    stream: Reader,
    /// Where an engine is between.
    demultiplexer: Option<Demultiplexer>,
    messages: Messages<Heard>,
    aside: Vec<u8>,
}

/// More of what a runtime says when it cannot start a program helps nobody.
const ASIDE: usize = 4096;

impl<Heard: Message> SessionOutput<Heard> {
    /// The next message. May be dropped and asked again without a loss.
    pub async fn hear(&mut self) -> Result<Heard, SessionError> {
        let mut buffer = vec![0; 32 * 1024];
        loop {
            if let Some(message) = self.messages.take()? {
                return Ok(message);
            }
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                return Err(SessionError::Silent(String::from_utf8_lossy(&self.aside).trim().to_owned()));
            }
            self.sort(&buffer[..length])?;
        }
    }

    /// The agent speaks on its standard output alone; on the other stream a runtime says why it cannot start it.
    fn sort(&mut self, mut bytes: &[u8]) -> Result<(), NotMultiplexed> {
        let Some(demultiplexer) = &mut self.demultiplexer else {
            self.messages.push(bytes);
            return Ok(());
        };
        while !bytes.is_empty() {
            match demultiplexer.step(&mut bytes)? {
                Some((StreamKind::Output, payload)) => self.messages.push(payload),
                Some((_, payload)) => {
                    let room = ASIDE.saturating_sub(self.aside.len()).min(payload.len());
                    self.aside.extend_from_slice(&payload[..room]);
                }
                None => {}
            }
        }
        Ok(())
    }
}
