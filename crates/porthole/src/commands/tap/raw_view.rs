//! What a raw relay shows of its connections, on a thread of its own, so that a slow terminal does not slow the relay.

use std::collections::HashMap;
use std::io::{self, Write};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use porthole_model::{ConnectionId, ContainerNames};
use porthole_render::exchange::LineWriter;
use porthole_render::json::{self, CloseWord, SideWord};
use porthole_render::raw::{self, Dump, Ending, Piece, Totals};
use porthole_render::text::TextSettings;
use porthole_tap::{CloseReason, ConnectionClosed, Event, Part, PartContent};
use porthole_wire::http::Side;
use tokio::sync::mpsc::Receiver;

use super::gather::Gather;
use super::parting::Parting;
use crate::error::CommandError;
use crate::output::Output;

/// Pieces of one direction that follow each other within this time share a title.
const TOGETHER: Duration = Duration::from_millis(100);

/// What is shown, and how.
pub(super) struct RawView {
    pub(super) output: Output,
    pub(super) dump: Option<Dump>,
    pub(super) settings: TextSettings,
    pub(super) out: Box<dyn Write + Send>,
    pub(super) parting: Parting,
}

/// A view at work.
pub(super) struct RawViewing(JoinHandle<io::Result<Totals>>);

impl RawView {
    /// Takes events until the relay is gone, or until nobody reads any more: then `unread` is called.
    pub(super) fn start(
        self,
        mut events: Receiver<Event>,
        unread: impl FnOnce() + Send + 'static,
    ) -> RawViewing {
        RawViewing(std::thread::spawn(move || {
            let mut lines = Lines {
                writer: LineWriter::new(Gather::new(self.out), self.settings),
                output: self.output,
                dump: self.dump,
                names: ContainerNames::default(),
                totals: Totals::default(),
                shown: HashMap::new(),
                title: None,
            };
            let mut shown = Ok(());
            while let (true, Some(event)) = (shown.is_ok(), events.blocking_recv()) {
                if !(matches!(event, Event::Part(_)) && self.parting.is_over()) {
                    shown = lines.event(&event).and_then(|()| lines.writer.out().release());
                }
            }
            unread();
            shown.map(|()| lines.totals)
        }))
    }
}

impl RawViewing {
    /// Waits for the last event.
    pub(super) fn end(self) -> Result<Totals, CommandError> {
        let seen = self.0.join();
        let seen =
            seen.map_err(|_panic| CommandError::new("showing the bytes ended in a defect of porthole"))?;
        seen.map_err(|error| CommandError::unwritten("cannot show the bytes", error))
    }
}

/// The lines that go out.
struct Lines {
    writer: LineWriter<Gather>,
    output: Output,
    dump: Option<Dump>,
    /// None: no engine is asked.
    names: ContainerNames,
    totals: Totals,
    /// How many bytes of each side came to be shown.
    shown: HashMap<ConnectionId, Shown>,
    /// Whose pieces the last lines are.
    title: Option<(ConnectionId, SideWord, Instant)>,
}

#[derive(Default)]
struct Shown {
    client: u64,
    server: u64,
}

impl Lines {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Opened { connection, at, client } => {
                self.totals.connections += 1;
                self.title = None;
                match self.output {
                    Output::Text => self.writer.lines([raw::opened(*connection, *at, client, &self.names)]),
                    Output::Json => {
                        self.writer.text(&json::raw_opened(*connection, *at, client, &self.names))
                    }
                }
            }
            Event::Part(part) => self.part(part),
            Event::Closed(closed) => self.closed(closed),
            Event::AcceptFailed { cause, .. } => {
                self.warning(&format!("a client could not be let in: {cause}"))
            }
            Event::HandshakeFailed { address, fault, .. } => {
                self.warning(&format!("a client at {address} was not let in: {fault}"))
            }
            Event::Finished(_) | Event::Opaque { .. } => Ok(()),
        }
    }

    fn warning(&mut self, words: &str) -> io::Result<()> {
        match self.output {
            Output::Text => self.writer.doc(&porthole_render::error::warning(words)),
            Output::Json => Ok(()),
        }
    }

    fn part(&mut self, part: &Part) -> io::Result<()> {
        let (Some(dump), PartContent::Body(kept)) = (self.dump, &part.content) else { return Ok(()) };
        let piece = Piece {
            connection: part.connection,
            at: part.at,
            side: side(part.side),
            offset: part.offset,
            bytes: kept.bytes(),
        };
        match self.output {
            Output::Json => self.writer.text(&json::raw_data(&piece, dump)),
            Output::Text => self.piece(&piece, dump),
        }
    }

    fn piece(&mut self, piece: &Piece<'_>, dump: Dump) -> io::Result<()> {
        let end = piece.offset + piece.bytes.len() as u64;
        let shown = self.shown.entry(piece.connection).or_default();
        let shown = match piece.side {
            SideWord::Client => &mut shown.client,
            SideWord::Server => &mut shown.server,
        };
        let missing = piece.offset.saturating_sub(std::mem::replace(shown, end));
        let mut lines = Vec::new();
        if missing > 0 {
            lines.push(raw::missing(piece.connection, piece.at, piece.side, missing));
        }
        if missing > 0 || !self.goes_on(piece) {
            lines.push(raw::piece_title(piece));
        }
        self.writer.lines(lines)?;
        self.writer.doc(&raw::piece(piece, dump))
    }

    /// Whether a piece goes on where the last one ended.
    fn goes_on(&mut self, piece: &Piece<'_>) -> bool {
        let now = Instant::now();
        let last = self.title.replace((piece.connection, piece.side, now));
        last.is_some_and(|(connection, side, at)| {
            (connection, side) == (piece.connection, piece.side) && now.duration_since(at) < TOGETHER
        })
    }

    fn closed(&mut self, closed: &ConnectionClosed) -> io::Result<()> {
        self.title = None;
        self.shown.remove(&closed.connection);
        let ending = ending(closed);
        self.totals.failed += u64::from(ending.cause.is_some());
        self.totals.from_clients += closed.from_client;
        self.totals.from_server += closed.from_engine;
        match self.output {
            Output::Text => self.writer.lines([raw::closed(&ending)]),
            Output::Json => self.writer.text(&json::raw_closed(&ending)),
        }
    }
}

fn side(side: Side) -> SideWord {
    match side {
        Side::Client => SideWord::Client,
        Side::Engine => SideWord::Server,
    }
}

fn ending(closed: &ConnectionClosed) -> Ending<'_> {
    let (reason, cause) = match &closed.reason {
        CloseReason::ClientClosed => (CloseWord::ClientClosed, None),
        CloseReason::EngineClosed => (CloseWord::ServerClosed, None),
        CloseReason::ClientLost(cause) => (CloseWord::ClientLost, Some(cause.as_str())),
        CloseReason::EngineLost(cause) => (CloseWord::ServerLost, Some(cause.as_str())),
        CloseReason::EngineUnreachable(cause) => (CloseWord::ServerUnreachable, Some(cause.as_str())),
        CloseReason::Stopped => (CloseWord::Stopped, None),
    };
    Ending {
        connection: closed.connection,
        at: closed.at,
        duration: closed.duration,
        from_client: closed.from_client,
        from_server: closed.from_engine,
        reason,
        cause,
        dropped_pieces: closed.dropped_parts,
    }
}
