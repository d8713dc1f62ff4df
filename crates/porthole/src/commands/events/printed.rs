//! Lines that go out on a thread of their own: a reader that is slow must not make the engine wait, which then throws
//! events away.

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use porthole_model::EventNews;
use porthole_render::doc::Doc;
use porthole_render::events::{Told, told};
use porthole_render::json;
use porthole_render::text;

use crate::error::CommandError;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// How many events may wait to be written: a reader that sleeps for hours loses none.
const WAITING: usize = 100_000;

/// How long a reader has when porthole is asked to stop.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines that go out.
pub(super) struct Printed {
    sender: SyncSender<EventNews>,
    writer: JoinHandle<io::Result<()>>,
    dropped: u64,
}

impl Printed {
    pub(super) fn begin(printer: Printer, output: Output) -> Result<Self, CommandError> {
        let (sender, receiver) = sync_channel(WAITING);
        let spawned = std::thread::Builder::new().spawn(move || write(&receiver, printer, output));
        let writer = spawned.map_err(|error| CommandError::caused_by("cannot start a thread", error))?;
        Ok(Self { sender, writer, dropped: 0 })
    }

    /// Lets it go out; whether there is still somebody who reads.
    pub(super) fn tell(&mut self, news: EventNews) -> bool {
        if self.dropped > 0 && self.sender.try_send(EventNews::Dropped { events: self.dropped }).is_ok() {
            self.dropped = 0;
        }
        match self.sender.try_send(news) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped += 1;
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// Waits until everything is written; who was `interrupted` does not wait long for a reader that sleeps.
    pub(super) fn finish(self, interrupted: bool) -> Result<(), CommandError> {
        drop(self.sender);
        let patience = Instant::now() + PATIENCE;
        while interrupted && !self.writer.is_finished() {
            if Instant::now() > patience {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let written = self.writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer failed")));
        written.map_err(|error| CommandError::unwritten("cannot write to standard output", error))
    }
}

fn write(receiver: &Receiver<EventNews>, printer: Printer, output: Output) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout());
    while let Ok(first) = receiver.recv() {
        // What came together goes out together.
        for news in std::iter::once(first).chain(receiver.try_iter()) {
            line(&mut out, &news, printer, output)?;
        }
        out.flush()?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, news: &EventNews, printer: Printer, output: Output) -> io::Result<()> {
    if output == Output::Json {
        return writeln!(out, "{}", json::event_news(news, World::now()));
    }
    match told(news) {
        Told::Line(line) => {
            let mut doc = Doc::new();
            doc.paragraph(line);
            text::print(&doc, &printer.text_settings(), out)
        }
        Told::Beside(doc) => {
            out.flush()?;
            printer.note(&doc);
            Ok(())
        }
    }
}
