//! A command for each event, some at once, each with its time.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use porthole_model::{EngineEvent, EventNews};
use porthole_render::error::warning;
use porthole_render::events::{Told, told};
use porthole_render::json;
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::running::{Running, shell, stopping};
use crate::printer::Printer;
use crate::world::World;

/// How many events may wait for their command.
const WAITING: usize = 100_000;

/// What is run, and how.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// For `sh -c`.
    pub(super) command: String,
    /// How long each may take.
    pub(super) limit: Duration,
    /// How many run at once; with one, they run in the order of the events.
    pub(super) at_once: usize,
}

/// Commands that run, and events that wait for theirs.
pub(super) struct Runner {
    printer: Printer,
    sender: Sender<EngineEvent>,
    workers: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    failed: Arc<AtomicBool>,
    dropped: u64,
}

/// What each of those shares that run commands.
#[derive(Clone)]
struct Shared {
    order: Order,
    printer: Printer,
    events: Arc<Mutex<Receiver<EngineEvent>>>,
    stop: watch::Receiver<bool>,
    failed: Arc<AtomicBool>,
}

impl Runner {
    /// Begins; needs the event loop.
    pub(super) fn begin(printer: Printer, order: &Order) -> Self {
        let (sender, events) = channel(WAITING);
        let (stop, is_stopping) = watch::channel(false);
        let failed = Arc::new(AtomicBool::new(false));
        let shared = Shared {
            order: order.clone(),
            printer,
            events: Arc::new(Mutex::new(events)),
            stop: is_stopping,
            failed: failed.clone(),
        };
        let workers = (0..order.at_once).map(|_| tokio::spawn(shared.clone().work())).collect();
        Self { printer, sender, workers, stop, failed, dropped: 0 }
    }

    /// Has the command run for an event, and says everything else.
    pub(super) fn tell(&mut self, news: EventNews) {
        if self.dropped > 0 && self.sender.capacity() > 0 {
            let events = std::mem::take(&mut self.dropped);
            self.failed.store(true, Ordering::Relaxed);
            self.say(&EventNews::Dropped { events });
        }
        match news {
            EventNews::Event(event) => {
                if let Err(TrySendError::Full(_)) = self.sender.try_send(event) {
                    self.dropped += 1;
                }
            }
            other => self.say(&other),
        }
    }

    /// Waits for every command that is still to run, or, at once, asks those that run to end; whether all went well.
    pub(super) async fn finish(self, at_once: bool) -> bool {
        drop(self.sender);
        self.stop.send_replace(at_once);
        for worker in self.workers {
            // It fails where a command could not be waited for, which was said.
            let _said = worker.await;
        }
        self.dropped == 0 && !self.failed.load(Ordering::Relaxed)
    }

    fn say(&self, news: &EventNews) {
        if let Told::Beside(doc) = told(news) {
            self.printer.note(&doc);
        }
    }
}

impl Shared {
    async fn work(mut self) {
        while let Some(event) = self.next().await {
            let of = format!("{} {}", event.action.as_str(), event.name().unwrap_or(&event.id));
            if let Err(trouble) = self.run(event).await {
                self.failed.store(true, Ordering::Relaxed);
                self.printer.note(&warning(&format!("the command for {of} {trouble}")));
            }
        }
    }

    async fn next(&mut self) -> Option<EngineEvent> {
        tokio::select! {
            biased;
            () = stopping(&mut self.stop) => None,
            event = async { self.events.lock().await.recv().await } => event,
        }
    }

    /// Runs it; how it failed, in words.
    async fn run(&mut self, event: EngineEvent) -> Result<(), String> {
        let running = Running::start(command(&self.order.command, &event));
        let mut running = running.map_err(|error| format!("did not start: {error}"))?;
        let said = json::event_news(&EventNews::Event(event), World::now());
        running.ended(&format!("{said}\n"), self.order.limit, stopping(&mut self.stop)).await
    }
}

fn command(command: &str, event: &EngineEvent) -> Command {
    let variables = [
        ("PORTHOLE_TYPE", event.kind.as_str()),
        ("PORTHOLE_ACTION", event.action.as_str()),
        ("PORTHOLE_ID", event.id.as_str()),
        ("PORTHOLE_NAME", event.name().unwrap_or_default()),
    ];
    let mut shell = shell(command);
    shell.envs(variables).stdin(Stdio::piped());
    shell
}
