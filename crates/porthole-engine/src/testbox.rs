//! The known-good container: porthole's own program as an image, run under the name of its tool `testbox`.

mod container;
mod error;

use std::io;

use porthole_model::{Container, Port, Secrets, TransportProtocol};
use porthole_wire::multiplexed::{Demultiplexer, StreamKind};

use crate::client::{Client, HijackedStream};
use crate::helper::{Creation, Leftover, OneFileImage};
use crate::request_error::RequestError;

pub use error::TestboxError;

/// What the program says once it serves.
const READY: &str = "ready";

/// What testbox is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestboxOrder {
    /// The container's name.
    pub name: String,
    /// The network, as `docker run --network` takes it; the engine's default without.
    pub network: Option<String>,
    /// What is published.
    pub published: Vec<Publication>,
    /// The words for the program, after its name.
    pub words: Vec<String>,
    /// Whether it stays when this process ends.
    pub stays: bool,
}

/// A port that is to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The host's address; all of them without.
    pub host_address: Option<std::net::IpAddr>,
    /// The host's port; the engine chooses without.
    pub host_port: Option<Port>,
    /// The port in the container.
    pub container_port: Port,
    /// Its protocol.
    pub protocol: TransportProtocol,
}

/// A testbox that serves. Dropping it removes the container.
pub struct Testbox {
    /// The container, as the engine describes it.
    pub container: Container,
    leftover: Leftover,
    output: Output,
}

impl Testbox {
    /// Runs `program`, a static binary, and waits until it serves; `tools` are the names it can be called by there.
    pub async fn start(
        client: &Client,
        program: &[u8],
        tools: &[&str],
        order: &TestboxOrder,
    ) -> Result<Self, TestboxError> {
        let image =
            OneFileImage { repository: "porthole-testbox", kind: Creation::Testbox, program, names: tools };
        let image = image.provide(client).await?;
        let mut leftover = Leftover::new(client.endpoint(), client.limit());
        match Self::run(client, &mut leftover, &image, order).await {
            Ok((container, output)) => Ok(Self { container, leftover, output }),
            Err(error) => {
                // What cannot be removed now has porthole's label.
                let _left = leftover.remove(client).await;
                Err(error)
            }
        }
    }

    async fn run(
        client: &Client,
        leftover: &mut Leftover,
        image: &str,
        order: &TestboxOrder,
    ) -> Result<(Container, Output), TestboxError> {
        let refused = |source| error::of_creation(order, source);
        let id = container::create(client, leftover.container(), image, order).await.map_err(refused)?;
        // Renamed only now: whatever already has the name is never taken for ours.
        leftover.is_known_as(&id);
        let rename = format!("/containers/{id}/rename?name={}", crate::helper::encoded(&order.name));
        client.command(&rename).await.map_err(refused)?;
        let stdin = u8::from(!order.stays);
        let attach = format!("/containers/{id}/attach?stream=1&stdin={stdin}&stdout=1&stderr=1");
        let attached = client.hijack(&attach).await;
        let mut output = Output::of(attached.map_err(TestboxError::during("attach to the testbox"))?);
        let started = client.command(&format!("/containers/{id}/start")).await;
        started.map_err(|source| error::of_start(order, source))?;
        output.until_ready().await?;
        let container = crate::inspect(client, &id, Secrets::Mask).await;
        Ok((container.map_err(TestboxError::during("inspect the testbox"))?, output))
    }

    /// The next line that the program says; `None` when it has ended.
    pub async fn next_line(&mut self) -> Result<Option<String>, TestboxError> {
        self.output.next_line().await
    }

    /// Lets the container stay.
    pub fn stay(self) {
        self.leftover.stay();
    }

    /// Removes the container.
    pub async fn remove(self, client: &Client) -> Result<(), RequestError> {
        self.leftover.remove(client).await
    }
}

/// The testboxes of an engine, running or not.
pub async fn testboxes(client: &Client) -> Result<Vec<Container>, RequestError> {
    let mut found = Vec::new();
    for listed in crate::helper::made(client, Creation::Testbox).await? {
        match crate::inspect(client, &listed.id, Secrets::Mask).await {
            Ok(container) => found.push(container),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Removes a testbox by its name or id; refuses any other container.
pub async fn remove_testbox(client: &Client, reference: &str) -> Result<(), TestboxError> {
    let container = crate::inspect(client, reference, Secrets::Mask).await;
    let container = container.map_err(TestboxError::during("find the testbox"))?;
    if container.labels.get(crate::helper::LABEL).is_none_or(|kind| kind.as_str() != Creation::Testbox.word())
    {
        return Err(TestboxError::NotATestbox { name: reference.to_owned() });
    }
    let removed = crate::helper::remove(client, &container.id.0).await;
    removed.map_err(TestboxError::during("remove the testbox"))
}

/// What the program says, line by line.
struct Output {
    stream: HijackedStream,
    demultiplexer: Demultiplexer,
    said: Vec<u8>,
    complaints: Vec<u8>,
}

impl Output {
    fn of(stream: HijackedStream) -> Self {
        Self { stream, demultiplexer: Demultiplexer::default(), said: Vec::new(), complaints: Vec::new() }
    }

    async fn until_ready(&mut self) -> Result<(), TestboxError> {
        while let Some(line) = self.next_line().await? {
            if line == READY {
                return Ok(());
            }
        }
        Err(TestboxError::Ended { said: String::from_utf8_lossy(&self.complaints).trim().to_owned() })
    }

    async fn next_line(&mut self) -> Result<Option<String>, TestboxError> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            if let Some(end) = self.said.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.said.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(line.trim_ascii_end()).into_owned()));
            }
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                return Ok(None);
            }
            self.take(&buffer[..length])?;
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), TestboxError> {
        let pieces = self.demultiplexer.push(bytes).map_err(io::Error::other)?;
        for piece in pieces {
            match piece.stream {
                StreamKind::Output => self.said.extend(piece.bytes),
                StreamKind::Input | StreamKind::Error | StreamKind::Engine => {
                    self.complaints.extend(piece.bytes);
                }
            }
        }
        Ok(())
    }
}
