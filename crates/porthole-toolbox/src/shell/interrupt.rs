//! What an interrupt does to a shell that nobody is typing at: it ends, as bash does, unless a program that it waits for
//! takes the interrupt of the terminal for itself.

use std::io;
use std::time::Duration;

use procfs::process::{Process, Status};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a shell has to notice. One that is busy with itself alone never does.
const GRACE: Duration = Duration::from_millis(200);

/// Looks out for interrupts, in a task of its own.
pub(super) struct Interrupts {
    lookout: JoinHandle<()>,
    ending: oneshot::Receiver<()>,
}

impl Interrupts {
    /// From now on an interrupt ends this shell, unless it was started to ignore it.
    pub(super) fn watch() -> io::Result<Option<Self>> {
        if status(Process::myself()).is_some_and(|status| holds(status.sigign)) {
            return Ok(None);
        }
        let mut interrupts = signal(SignalKind::interrupt())?;
        let (tell, ending) = oneshot::channel();
        let lookout = tokio::spawn(async move {
            while interrupts.recv().await.is_some() {
                // What the terminal sends goes to the programs that the shell waits for as well.
                if !porthole_host::is_in_foreground() || !is_taken_by_a_child() {
                    break;
                }
            }
            let _noticed = tell.send(());
            tokio::time::sleep(GRACE).await;
            end();
        });
        Ok(Some(Self { lookout, ending }))
    }

    /// Ends when the shell is to end. Whoever waits has to see to that from then on.
    pub(super) async fn wait_for_the_end(&mut self) {
        if (&mut self.ending).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.lookout.abort();
    }
}

/// Ends this process as the signal itself would have, so that who waits for it knows.
pub(super) fn end() {
    porthole_host::end_by(Signal::INT)
}

/// Whether a program that the shell waits for does something else at an interrupt than to end.
fn is_taken_by_a_child() -> bool {
    let tasks = Process::myself().and_then(|shell| shell.tasks());
    let children = tasks.into_iter().flatten().flatten().filter_map(|task| task.children().ok()).flatten();
    children
        .filter_map(|child| status(Process::new(i32::try_from(child).ok()?)))
        .any(|status| holds(status.sigcgt) || holds(status.sigign))
}

fn status(process: procfs::ProcResult<Process>) -> Option<Status> {
    process.and_then(|process| process.status()).ok()
}

/// Whether a set of signals has SIGINT in it: the bit of signal N is N - 1.
fn holds(set: u64) -> bool {
    let bit = u64::from(Signal::INT.as_raw().unsigned_abs() - 1);
    set & (1 << bit) != 0
}
