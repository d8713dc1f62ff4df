//! What becomes of each event: a line for people or programs, a place in the recording, a part of the summary.

use std::borrow::Cow;
use std::io::{self, Write};
use std::thread::JoinHandle;

use porthole_analysis::{EngineApi, Filter, TrafficTally, version_trouble};
use porthole_model::{ContainerId, ContainerNames, Exchange, ResourceKind, Secrets, TrafficSummary};
use porthole_render::exchange::LineWriter;
use porthole_render::export::{Content, Missing};
use porthole_render::json;
use porthole_render::text::TextSettings;
use porthole_tap::record::RecordSink;
use porthole_tap::{CloseReason, Event, Finished, Message, Sink};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;

use crate::error::CommandError;
use crate::output::Output;

/// How many of the slowest and of the failed calls the summary shows.
const SHOWN: usize = 5;

/// What is shown, and how.
pub(super) struct View {
    pub(super) output: Output,
    pub(super) verbose: bool,
    pub(super) secrets: Secrets,
    pub(super) settings: TextSettings,
    pub(super) out: Box<dyn Write + Send>,
    pub(super) filter: Option<Filter>,
    pub(super) names: ContainerNames,
    pub(super) api: Option<EngineApi>,
    pub(super) record: Option<RecordSink>,
}

/// What was seen in the end.
pub(super) struct Seen {
    pub(super) traffic: TrafficSummary,
    pub(super) names: ContainerNames,
}

/// A view at work on a thread of its own, so that a slow terminal does not slow the relay.
pub(super) struct Viewing(JoinHandle<Result<Seen, CommandError>>);

impl View {
    /// Takes events until the relay is gone, or until nobody reads any more: then `unread` is called.
    pub(super) fn start(self, events: Receiver<Event>, unread: impl FnOnce() + Send + 'static) -> Viewing {
        let handle = Handle::current();
        Viewing(std::thread::spawn(move || {
            let seen = self.watch(events, &handle);
            unread();
            seen.map_err(|error| CommandError::caused_by("cannot show the calls", error))
        }))
    }

    fn watch(self, mut events: Receiver<Event>, handle: &Handle) -> io::Result<Seen> {
        let Self { output, verbose, secrets, settings, out, filter, mut names, api, record } = self;
        let mut printed = Printed { writer: LineWriter::new(out, settings), output, api, secrets };
        let mut tally = TrafficTally::new(SHOWN);
        while let Some(event) = events.blocking_recv() {
            if let Event::Finished(finished) = &event {
                learn(&mut names, &finished.exchange);
                let is_wanted = |filter: &Filter| filter.matches_named(&finished.exchange, &names);
                if !filter.as_ref().is_none_or(is_wanted) {
                    continue;
                }
                tally.add(&finished.exchange);
                printed.exchange(&finished.exchange, &names)?;
                if verbose {
                    printed.messages(finished)?;
                }
            }
            printed.trouble(&event)?;
            if let Some(record) = &record
                && let Err(event) = record.offer(event)
            {
                handle.block_on(record.insist(event));
            }
        }
        Ok(Seen { traffic: tally.summary(), names })
    }
}

impl Viewing {
    /// Waits for the last event.
    pub(super) fn end(self) -> Result<Seen, CommandError> {
        let seen = self.0.join();
        seen.unwrap_or_else(|_panic| {
            Err(CommandError::new("showing the calls ended in a defect of porthole"))
        })
    }
}

/// The lines that go out.
struct Printed {
    writer: LineWriter<Box<dyn Write + Send>>,
    output: Output,
    api: Option<EngineApi>,
    secrets: Secrets,
}

impl Printed {
    fn exchange(&mut self, exchange: &Exchange, names: &ContainerNames) -> io::Result<()> {
        match self.output {
            Output::Json => self.writer.text(&json::exchange(exchange, names)),
            Output::Text => {
                self.writer.exchange(exchange, names)?;
                match version_trouble(exchange, self.api) {
                    Some(trouble) => self.writer.doc(&porthole_render::error::warning(&trouble)),
                    None => Ok(()),
                }
            }
        }
    }

    /// What was kept of the heads and bodies.
    fn messages(&mut self, finished: &Finished) -> io::Result<()> {
        for (title, message) in [("Request", &finished.request), ("Answer", &finished.answer)] {
            let body = message.as_ref().map(|message| self.shown(message.body.bytes()));
            let content = message.as_ref().zip(body.as_deref()).map(|(message, body)| content(message, body));
            self.writer.doc(&porthole_render::tap::message(title, content))?;
        }
        Ok(())
    }

    fn shown<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        match self.secrets {
            Secrets::Mask => porthole_tap::masked(body),
            Secrets::Show => Cow::Borrowed(body),
        }
    }

    /// What goes wrong beside the calls is said between their lines.
    fn trouble(&mut self, event: &Event) -> io::Result<()> {
        let trouble = match event {
            Event::Opaque { reason, .. } => {
                format!("from here on a connection passes without being understood: {reason}")
            }
            Event::AcceptFailed { cause, .. } => format!("a client could not be let in: {cause}"),
            Event::Closed(closed) => match &closed.reason {
                CloseReason::EngineUnreachable(cause) => format!("the engine could not be reached: {cause}"),
                _ => return Ok(()),
            },
            Event::Opened { .. } | Event::Part(_) | Event::Finished(_) => return Ok(()),
        };
        match self.output {
            Output::Text => self.writer.doc(&porthole_render::error::warning(&trouble)),
            Output::Json => Ok(()),
        }
    }
}

fn content<'a>(message: &'a Message, body: &'a [u8]) -> Content<'a> {
    let missing = if message.withheld {
        Some(Missing::Withheld)
    } else {
        message.body.is_truncated().then_some(Missing::Truncated)
    };
    Content { head: message.head.bytes(), body, sha256: None, missing }
}

/// A container that was made while we looked has a name, too.
fn learn(names: &mut ContainerNames, exchange: &Exchange) {
    if let Some(resource) = &exchange.resource
        && resource.kind == ResourceKind::Container
        && exchange.operation.as_deref() == Some("ContainerCreate")
        && let Some(id) = &resource.id
    {
        names.insert(ContainerId(id.clone()), resource.name.clone());
    }
}
