//! What is shown of a forward: where it listens, and a line for each connection that ended.

use std::io;
use std::time::Duration;

use porthole_model::ClientAddress;
use porthole_render::exchange::LineWriter;
use porthole_render::forward::{self, Ends, Passed};
use porthole_render::json;
use porthole_tap::{CloseReason, ConnectionClosed};

use crate::error::CommandError;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// A connection that ended, and by which forward it came.
#[derive(Debug)]
pub(super) struct Happening {
    pub(super) route: usize,
    pub(super) passage: Passage,
}

/// What passed on a connection.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) client: String,
    pub(super) duration: Duration,
    pub(super) from_client: u64,
    pub(super) from_container: u64,
    pub(super) cause: Option<String>,
}

impl Passage {
    pub(super) fn of_connection(client: String, closed: ConnectionClosed) -> Self {
        let cause = match closed.reason {
            CloseReason::ClientClosed | CloseReason::EngineClosed | CloseReason::Stopped => None,
            CloseReason::ClientLost(cause) => Some(format!("the client was gone: {cause}")),
            CloseReason::EngineLost(cause) => Some(format!("the container's side was gone: {cause}")),
            CloseReason::EngineUnreachable(cause) => Some(cause),
        };
        Self {
            client,
            duration: closed.duration,
            from_client: closed.from_client,
            from_container: closed.from_engine,
            cause,
        }
    }
}

/// A client's address in words.
pub(super) fn client(address: ClientAddress) -> String {
    match address {
        ClientAddress::Tcp(address) => address.to_string(),
        ClientAddress::Unix { pid: Some(pid), .. } => format!("process {pid}"),
        ClientAddress::Unix { pid: None, uid, .. } => format!("user {uid}"),
    }
}

/// Both ends of each forward, in words.
pub(super) struct View {
    output: Output,
    printer: Printer,
    ends: Vec<(String, String)>,
}

impl View {
    pub(super) fn new(output: Output, printer: Printer, ends: Vec<(String, String)>) -> Self {
        Self { output, printer, ends }
    }

    /// Says where clients connect.
    pub(super) fn listening(&self) -> Result<(), CommandError> {
        for route in 0..self.ends.len() {
            let ends = self.ends_of(route);
            self.print(|| forward::listening(ends), || json::forward_listening(ends))?;
        }
        Ok(())
    }

    /// Says what passed.
    pub(super) fn passed(&self, happening: &Happening) -> Result<(), CommandError> {
        let passage = &happening.passage;
        let passed = Passed {
            at: World::now(),
            ends: self.ends_of(happening.route),
            client: &passage.client,
            duration: passage.duration,
            from_client: passage.from_client,
            from_container: passage.from_container,
            cause: passage.cause.as_deref(),
        };
        self.print(|| forward::passed(&passed), || json::forward_passed(&passed))
    }

    fn ends_of(&self, route: usize) -> Ends<'_> {
        let (from, to) = &self.ends[route];
        Ends { from, to }
    }

    fn print(
        &self,
        text: impl FnOnce() -> porthole_render::doc::Line,
        json: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        match self.output {
            Output::Json => Printer::text(&json()),
            Output::Text => LineWriter::new(io::stdout(), self.printer.text_settings())
                .lines([text()])
                .map_err(|error| CommandError::unwritten("cannot write to standard output", error)),
        }
    }
}
