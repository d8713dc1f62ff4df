//! The command after a change: one at a time, once more when something changed while it ran, and again when it failed.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use porthole_render::error::warning;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;

use super::order::NotifyOrder;
use crate::commands::events::running::{Running, shell, stopping};
use crate::printer::Printer;

/// How much of its last words is kept.
const LAST: usize = 4096;

/// How long is waited for last words after its end: what it started may hold its standard error for ever.
const LATE: Duration = Duration::from_millis(200);

/// What runs the command.
pub(super) struct Notifier {
    shared: Shared,
    finish: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    order: NotifyOrder,
    printer: Printer,
    changed: Arc<Notify>,
    /// The last one failed.
    failed: Arc<AtomicBool>,
}

impl Notifier {
    /// Begins; needs the event loop.
    pub(super) fn begin(printer: Printer, order: NotifyOrder) -> Self {
        let (finish, is_finishing) = watch::channel(false);
        let (stop, is_stopping) = watch::channel(false);
        let shared = Shared { order, printer, changed: Arc::default(), failed: Arc::default() };
        let task = tokio::spawn(shared.clone().work(is_finishing, is_stopping));
        Self { shared, finish, stop, task }
    }

    /// The files were made anew, and something of them changed or not: a command that failed is owed.
    pub(super) fn looked(&self, is_changed: bool) {
        if is_changed || self.shared.failed.load(Ordering::Relaxed) {
            self.shared.changed.notify_one();
        }
    }

    /// Waits for a command that is still to run and, at `stop`, asks it to end; whether the last one went well.
    pub(super) async fn finish(mut self, stop: impl Future<Output = ()>) -> bool {
        self.finish.send_replace(true);
        // It fails where the command could not be waited for, which was said.
        let _said = tokio::select! {
            biased;
            () = stop => {
                self.stop.send_replace(true);
                self.task.await
            }
            ended = &mut self.task => ended,
        };
        !self.shared.failed.load(Ordering::Relaxed)
    }
}

impl Shared {
    async fn work(self, mut finish: watch::Receiver<bool>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                () = stopping(&mut stop) => return,
                () = self.changed.notified() => {}
                () = stopping(&mut finish) => return,
            }
            let outcome = self.run(&mut stop).await;
            self.failed.store(outcome.is_err(), Ordering::Relaxed);
            if let Err(trouble) = outcome {
                self.printer.note(&warning(&format!("the command of --notify {trouble}")));
            }
        }
    }

    /// Runs it; how it failed, with its last words.
    async fn run(&self, stop: &mut watch::Receiver<bool>) -> Result<(), String> {
        let mut command = shell(&self.order.command);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running::start(command).map_err(|error| format!("did not start: {error}"))?;
        let words = running.child.stderr.take().map(LastWords::of);
        let outcome = running.ended("", self.order.limit, stopping(stop)).await;
        let Err(trouble) = outcome else { return Ok(()) };
        Err(match words {
            Some(words) => match words.last_line().await {
                Some(line) => format!("{trouble}: {line}"),
                None => trouble,
            },
            None => trouble,
        })
    }
}

/// What a command writes to its standard error, passed on, and the end of it.
struct LastWords {
    reader: JoinHandle<()>,
    end: Arc<Mutex<Vec<u8>>>,
}

impl LastWords {
    /// Reads as long as anybody holds the other end: what the command left behind must not fail for want of a reader.
    fn of(mut pipe: ChildStderr) -> Self {
        let end: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = end.clone();
        let reader = tokio::spawn(async move {
            let mut piece = vec![0; LAST];
            while let Ok(read @ 1..) = pipe.read(&mut piece).await {
                let piece = piece.get(..read).unwrap_or_default();
                Printer::aside(piece);
                let mut kept = kept.lock().await;
                kept.extend_from_slice(piece);
                let superfluous = kept.len().saturating_sub(LAST);
                kept.drain(..superfluous);
            }
        });
        Self { reader, end }
    }

    async fn last_line(self) -> Option<String> {
        let _still_open = tokio::time::timeout(LATE, self.reader).await;
        let end = self.end.lock().await;
        let text = String::from_utf8_lossy(&end);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        line.map(str::to_owned)
    }
}
