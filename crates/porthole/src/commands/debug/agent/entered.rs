//! The command in a container that is entered before.

use std::fs::File;
use std::io;
use std::process::Stdio;

use porthole_host::{EntryPlan, LinuxHost, Report, Request, Roots, Session};
use porthole_model::ContainerId;
use porthole_wire::session::Plan;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UnixStream;

use super::process::{Refusal, Step};

/// A session within the container, and what is reported of it.
pub(super) struct Entered {
    session: Option<Session>,
    reports: Lines<BufReader<UnixStream>>,
}

impl Entered {
    /// Starts what is planned, with pipes or with the other end of a terminal.
    pub(super) fn start(
        plan: &Plan,
        entry: &serde_json::Value,
        terminal: Option<&File>,
    ) -> Result<Self, Refusal> {
        let entry = located(plan, entry)?;
        let session = match terminal {
            Some(terminal) => {
                let stream = || terminal.try_clone().map(Stdio::from);
                Session::start(&entry, stream()?, stream()?, stream()?)
            }
            None => Session::start(&entry, Stdio::piped(), Stdio::piped(), Stdio::piped()),
        }?;
        let reports = session.reports()?;
        reports.set_nonblocking(true)?;
        let reports = BufReader::new(UnixStream::from_std(reports)?).lines();
        Ok(Self { session: Some(session), reports })
    }

    /// The session, while it lasts.
    pub(super) fn session(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// A signal for the command.
    pub(super) fn signal(&self, number: u8) {
        self.ask(Request::Signal(number.into()));
    }

    /// Lets a command that was stopped go on, with its terminal.
    pub(super) fn go_on(&self) {
        self.ask(Request::Continue { in_foreground: true });
    }

    /// The next thing that happens to the command. May be dropped and called again without a loss.
    pub(super) async fn step(&mut self) -> Step {
        let report = match self.reports.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).map_err(io::Error::other),
            Ok(None) => return self.cut_off(),
            Err(error) => Err(error),
        };
        match report {
            Ok(Report::Entered) => Step::Begun,
            Ok(Report::NotRun { cause }) => Step::NotRun(cause),
            Ok(Report::Stopped) => Step::Stopped,
            Ok(Report::Ended { code }) => self.over(Step::Exited(code)),
            Ok(Report::Failed(failure)) if failure.is_refusal() => {
                self.over(Step::Refused(failure.to_string()))
            }
            Ok(Report::Failed(failure)) => self.over(Step::Failed(failure.to_string())),
            Err(error) => self.over(Step::Failed(format!("the session's keeper is gone: {error}"))),
        }
    }

    fn ask(&self, request: Request) {
        if let Some(session) = &self.session {
            session.ask(request);
        }
    }

    /// Whoever tells of the command's end was killed, most often with the whole container: the keeper's own code is what
    /// is known.
    fn cut_off(&mut self) -> Step {
        match self.session.take().map(Session::end) {
            Some(Ok(code)) => Step::Exited(code),
            Some(Err(error)) => Step::Failed(format!("the session's keeper is gone: {error}")),
            None => Step::Failed("the session's keeper is gone".to_owned()),
        }
    }

    /// The keeper, which holds the command's streams too, ends.
    fn over(&mut self, step: Step) -> Step {
        self.session = None;
        step
    }
}

/// The plan for the container's first process as it is numbered here.
fn located(plan: &Plan, entry: &serde_json::Value) -> Result<EntryPlan, Refusal> {
    let mut entry: EntryPlan =
        serde_json::from_value(entry.clone()).map_err(|error| Refusal::Place(error.to_string()))?;
    if let Some(container) = &plan.container {
        let host = LinuxHost::new(Roots::default());
        let first = host.first_process_of(&ContainerId(container.clone()));
        entry.process = first.map_err(|gap| Refusal::Place(gap.to_string()))?;
    }
    Ok(entry)
}
