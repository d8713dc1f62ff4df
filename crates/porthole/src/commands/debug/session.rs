//! The client's side of a session: it waits for the end, passes signals on, and minds the terminal.

use std::io::{self, IsTerminal};
use std::process::Stdio;
use std::time::Duration;

use porthole_host::{
    EntryFailure, EntryPlan, Foreground, Report, Request, Session, SessionTerminal, stop_as_terminal_does,
};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// How long a command may take to end when porthole is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the session on porthole's own terminal and files, and gives the exit code of its command, or why there was no
/// way in.
pub(super) fn run(mut plan: EntryPlan, world: &World) -> Result<Result<Exit, EntryFailure>, CommandError> {
    let foreground = Foreground::of_this_process();
    if foreground.as_ref().is_some_and(Foreground::give) {
        plan.terminal = SessionTerminal::HandedOver;
    }
    let session =
        Session::start(&plan, Stdio::inherit(), Stdio::inherit(), Stdio::inherit()).map_err(cannot_start)?;
    let attendant = Attendant { session: &session, foreground: foreground.as_ref(), printer: world.printer };
    let ended = world.serve(attendant.until_the_end());
    let code =
        session.end().map_err(|error| CommandError::caused_by("cannot wait for the session", error))?;
    drop(foreground);
    Ok(ended?.map(|told| Exit::Passed(told.unwrap_or(code))))
}

pub(super) fn cannot_start(error: io::Error) -> CommandError {
    CommandError::caused_by("cannot start a second porthole that goes inside", error)
}

/// What a session's keeper tells, one after the other.
pub(super) struct Reports(Lines<BufReader<UnixStream>>);

impl Reports {
    /// Those of that session. Needs the event loop.
    pub(super) fn of(session: &Session) -> io::Result<Self> {
        let line = session.reports()?;
        line.set_nonblocking(true)?;
        Ok(Self(BufReader::new(UnixStream::from_std(line)?).lines()))
    }

    /// The next one; `None` once nothing of the session is left.
    pub(super) async fn next(&mut self) -> io::Result<Option<Report>> {
        match self.0.next_line().await? {
            Some(text) => Ok(Some(serde_json::from_str(&text)?)),
            None => Ok(None),
        }
    }
}

/// What looks after a session from outside.
struct Attendant<'a> {
    session: &'a Session,
    /// The terminal, where the command has it.
    foreground: Option<&'a Foreground>,
    printer: Printer,
}

impl Attendant<'_> {
    /// The command's exit code; `None` where there is none to be had, and an error where there was no way in.
    async fn until_the_end(&self) -> Result<Result<Option<u8>, EntryFailure>, CommandError> {
        let heard = |error| CommandError::caused_by("cannot follow the session", error);
        let mut reports = Reports::of(self.session).map_err(heard)?;
        let mut signals = Signals::new().map_err(heard)?;
        let mut patience: Option<Instant> = None;
        loop {
            tokio::select! {
                report = reports.next() => match report.map_err(heard)? {
                    Some(Report::Entered) => {}
                    Some(Report::Stopped) => self.stop(),
                    Some(Report::NotRun { cause }) => self.printer.error(&not_run(cause)),
                    Some(Report::Ended { code }) => return Ok(Ok(Some(code))),
                    Some(Report::Failed(failure)) => return Ok(Err(failure)),
                    None => return Ok(Ok(None)),
                },
                asked = signals.next() => match asked {
                    Asked::Continue => self.go_on(),
                    Asked::Interrupt(number) => if self.passes_on_interrupts() {
                        self.session.ask(Request::Signal(number));
                    },
                    Asked::End(_) if patience.is_some() => return Ok(Ok(None)),
                    Asked::End(number) => {
                        self.session.ask(Request::Signal(number));
                        patience = Some(Instant::now() + GRACE);
                    }
                },
                () = run_out(patience) => return Ok(Ok(None)),
            }
        }
    }

    /// The command stopped and has the terminal: porthole stops as well, so that the user's shell goes on.
    fn stop(&self) {
        if let Some(foreground) = self.foreground {
            foreground.take_back();
            stop_as_terminal_does();
            self.go_on();
        }
    }

    fn go_on(&self) {
        let in_foreground = self.foreground.is_some_and(Foreground::give);
        self.session.ask(Request::Continue { in_foreground });
    }

    /// A command in the same process group gets what the terminal sends by itself.
    fn passes_on_interrupts(&self) -> bool {
        let on_terminal =
            io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
        self.foreground.is_some() || !on_terminal
    }
}

pub(super) fn not_run(cause: String) -> CommandError {
    CommandError::new(cause)
        .hint("porthole toolbox ls lists the tools that are there beside the container's own")
}

async fn run_out(patience: Option<Instant>) {
    match patience {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// What a signal asks for.
enum Asked {
    /// To go on after a stop.
    Continue,
    /// What the command may want to know of.
    Interrupt(i32),
    /// The end.
    End(i32),
}

struct Signals {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    hang_up: Signal,
    go_on: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        /// `SIGCONT`, for which tokio has no name.
        const CONTINUE: i32 = 18;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            go_on: signal(SignalKind::from_raw(CONTINUE))?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt(SignalKind::interrupt().as_raw_value()),
            _ = self.quit.recv() => Asked::Interrupt(SignalKind::quit().as_raw_value()),
            _ = self.terminate.recv() => Asked::End(SignalKind::terminate().as_raw_value()),
            _ = self.hang_up.recv() => Asked::End(SignalKind::hangup().as_raw_value()),
            _ = self.go_on.recv() => Asked::Continue,
        }
    }
}
