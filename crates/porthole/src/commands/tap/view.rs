//! What becomes of each event: a line for people or programs, a place in the recording, a part of the summary.

use std::io::{self, Write};
use std::thread::JoinHandle;

use porthole_analysis::{EngineApi, Filter, TrafficTally};
use porthole_model::{ContainerNames, TrafficSummary};
use porthole_render::exchange::LineWriter;
use porthole_render::text::TextSettings;
use porthole_tap::record::RecordSink;
use porthole_tap::{Event, Sink};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;

use super::batches::batches;
use super::gather::Gather;
use super::live::{Live, Manner};
use super::parting::Parting;
use super::printed::Printed;
use crate::error::CommandError;
use crate::output::Output;

/// How many of the slowest and of the failed calls the summary shows.
const SHOWN: usize = 5;

/// What is shown, and how.
pub(super) struct View {
    pub(super) output: Output,
    /// How heads and bodies are shown; `None` for lines alone.
    pub(super) manner: Option<Manner>,
    pub(super) settings: TextSettings,
    pub(super) out: Box<dyn Write + Send>,
    pub(super) filter: Option<Filter>,
    pub(super) names: ContainerNames,
    pub(super) api: Option<EngineApi>,
    pub(super) record: Option<RecordSink>,
    pub(super) parting: Parting,
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
            seen.map_err(|error| CommandError::unwritten("cannot show the calls", error))
        }))
    }

    fn watch(self, events: Receiver<Event>, handle: &Handle) -> io::Result<Seen> {
        let Self { output, manner, settings, out, filter, mut names, api, record, parting } = self;
        let (mut events, lines) = batches(events, out, manner.is_none());
        let writer = LineWriter::new(Gather::new(Box::new(lines)), settings);
        let writer = if manner.is_some() { writer.numbered() } else { writer };
        let mut printed = Printed::new(writer, output, api);
        let mut live = manner.map(|manner| Live::new(manner, filter.clone()));
        let mut tally = TrafficTally::new(SHOWN);
        while let Some(event) = events.next()? {
            match &event {
                Event::Finished(finished) => {
                    let exchange = &finished.exchange;
                    names.learn(exchange);
                    let wants = |filter: &Filter| filter.matches_named(exchange, &names);
                    let is_wanted = filter.as_ref().is_none_or(wants);
                    if let Some(live) = &mut live {
                        live.finish(exchange, is_wanted, &mut printed)?;
                    }
                    if !is_wanted {
                        continue;
                    }
                    tally.add(exchange);
                    printed.exchange(finished, &names)?;
                }
                Event::Closed(closed) => printed.dropped(closed)?,
                _ => {}
            }
            printed.trouble(&event)?;
            match (event, &mut live, &record) {
                (Event::Part(_), ..) if parting.is_over() => {}
                (Event::Part(part), Some(live), _) => live.part(part, &names, &mut printed)?,
                (event, _, Some(record)) => {
                    if let Err(event) = record.offer(event) {
                        handle.block_on(record.insist(event));
                    }
                }
                _ => {}
            }
            printed.release()?;
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
