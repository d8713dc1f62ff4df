//! The command as a process: started where the agent is, or in a container that is entered before.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use porthole_host::{Cells, Descendants, PseudoTerminal, begin_with_terminal, signal_group};
use porthole_model::Pid;
use porthole_wire::session::{FromAgent, FromClient, Plan, WindowSize};
use tokio::io::AsyncWrite;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::entered::Entered;
use super::in_time;
use super::input::Input;
use super::line::Mouth;
use super::streams::{self, Sink, Source, Terminal};

/// A command that runs, and its streams.
pub(in super::super) struct Running {
    pub(in super::super) input: Input,
    pub(in super::super) output: Option<Source>,
    pub(super) errors: Option<Source>,
    pub(in super::super) process: Process,
    terminal: Option<Terminal>,
}

/// Why a command does not run.
pub(in super::super) enum Refusal {
    /// There is no such program, or it cannot be run; as a shell says it.
    Program(OsString, io::Error),
    /// Nothing could be run here.
    Place(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Place(error.to_string())
    }
}

impl Refusal {
    /// Tells why, and gives the last message.
    pub(in super::super) fn tell(self, mouth: &mut Mouth<impl AsyncWrite + Unpin>) -> FromAgent {
        match self {
            Self::Place(words) => FromAgent::Failed(words),
            Self::Program(program, error) => {
                let is_missing = error.kind() == ErrorKind::NotFound;
                let cause = if is_missing { "command not found".to_owned() } else { error.to_string() };
                let words = format!("porthole: {}: {cause}\n", program.display());
                mouth.say(&FromAgent::Error(words.into_bytes()));
                FromAgent::Exited(if is_missing { 127 } else { 126 })
            }
        }
    }
}

impl Running {
    /// Starts what is planned.
    pub(in super::super) fn start(plan: &Plan) -> Result<Self, Refusal> {
        let descendants = Descendants::adopt()?;
        let children = signal(SignalKind::child())?;
        let (terminal, other_end) = match &plan.terminal {
            Some(terminal) => {
                PseudoTerminal::open(cells(terminal.size)).map(|(end, other)| (Some(end), Some(other)))?
            }
            None => (None, None),
        };
        let (kind, pipes) = match &plan.entry {
            Some(entry) => inside(Entered::start(plan, entry, other_end.as_ref())?),
            None => here(plan, other_end)?,
        };
        let process = Process { kind, children, descendants };
        match terminal {
            Some(terminal) => Self::on_terminal(process, terminal),
            None => Self::on_pipes(process, pipes),
        }
    }

    fn on_terminal(process: Process, terminal: PseudoTerminal) -> Result<Self, Refusal> {
        let terminal = streams::watched(terminal)?;
        Ok(Self {
            input: Input::into(Some(Sink::Terminal(Rc::clone(&terminal)))),
            output: Some(Source::Terminal(Rc::clone(&terminal))),
            errors: None,
            process,
            terminal: Some(terminal),
        })
    }

    fn on_pipes(process: Process, pipes: Pipes) -> Result<Self, Refusal> {
        let source = |pipe: Option<OwnedFd>| pipe.map(pipe::Receiver::from_owned_fd).transpose();
        let sink = pipes.input.map(pipe::Sender::from_owned_fd).transpose()?;
        Ok(Self {
            input: Input::into(sink.map(Sink::Pipe)),
            output: source(pipes.output)?.map(Source::Pipe),
            errors: source(pipes.errors)?.map(Source::Pipe),
            process,
            terminal: None,
        })
    }

    /// Does what the client says.
    pub(in super::super) fn obey(&mut self, message: FromClient) {
        match message {
            FromClient::Input(bytes) => self.input.add(&bytes),
            FromClient::EndOfInput => self.input.end(),
            FromClient::Signal(number) => self.process.signal(number),
            FromClient::Continue => self.process.go_on(),
            FromClient::Resized(size) => {
                if let Some(terminal) = &self.terminal {
                    // A terminal that nobody uses any more has no size.
                    let _over = terminal.get_ref().resize(cells(size));
                }
            }
            // A session begins once; those that are kept hear the others.
            FromClient::Begin(_) | FromClient::Join(_) | FromClient::Describe | FromClient::End => {}
        }
    }

    /// Ends all that is left of the command, after it had this time to end when its input did.
    pub(in super::super) async fn end(mut self, orderly: Option<Duration>) {
        if let Some(limit) = orderly {
            self.input.end();
            let _late = in_time(limit, self.process.last_step()).await;
        }
        self.process.end();
    }
}

/// The command's process, and all that comes from it.
pub(in super::super) struct Process {
    kind: Kind,
    children: Signal,
    descendants: Descendants,
}

enum Kind {
    /// Where the agent is.
    Here { leader: Pid, has_begun: bool },
    /// In a container that was entered.
    Inside(Entered),
    /// Over.
    Ended,
}

/// What happened to a command.
pub(in super::super) enum Step {
    Begun,
    NotRun(String),
    Stopped,
    Exited(u8),
    Failed(String),
    Refused(String),
}

impl Step {
    /// Tells the client; gives the last message, which is said when all output is.
    pub(super) fn tell(self, mouth: &mut Mouth<impl AsyncWrite + Unpin>) -> Option<FromAgent> {
        match self {
            Self::Begun => mouth.say(&FromAgent::Begun),
            Self::NotRun(cause) => mouth.say(&FromAgent::Error(format!("porthole: {cause}\n").into_bytes())),
            Self::Stopped => mouth.say(&FromAgent::Stopped),
            Self::Exited(code) => return Some(FromAgent::Exited(code)),
            Self::Failed(words) => return Some(FromAgent::Failed(words)),
            Self::Refused(words) => return Some(FromAgent::Refused(words)),
        }
        None
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Exited(_) | Self::Failed(_) | Self::Refused(_))
    }
}

impl Process {
    /// The next thing that happens to the command. When it has ended, what it left running is ended too: the session
    /// is over. May be dropped and called again without a loss.
    pub(in super::super) async fn step(&mut self) -> Step {
        let step = match &mut self.kind {
            Kind::Here { has_begun, .. } if !*has_begun => {
                *has_begun = true;
                Step::Begun
            }
            Kind::Here { leader, .. } => {
                let leader = *leader;
                Step::Exited(self.ended(leader).await)
            }
            Kind::Inside(entered) => entered.step().await,
            Kind::Ended => std::future::pending().await,
        };
        if step.is_last() {
            self.end();
        }
        step
    }

    /// Waits for the end.
    async fn last_step(&mut self) {
        while !matches!(self.kind, Kind::Ended) {
            self.step().await;
        }
    }

    fn signal(&self, number: u8) {
        match &self.kind {
            Kind::Here { leader, .. } => signal_group(*leader, number),
            Kind::Inside(entered) => entered.signal(number),
            Kind::Ended => {}
        }
    }

    /// A command that was started here leads the session of its terminal, and keys stop no leader.
    fn go_on(&self) {
        if let Kind::Inside(entered) = &self.kind {
            entered.go_on();
        }
    }

    /// Ends all that is left.
    fn end(&mut self) {
        // Who entered ends what is inside, in the order that leaves nothing.
        self.kind = Kind::Ended;
        self.descendants.end();
    }

    async fn ended(&mut self, leader: Pid) -> u8 {
        loop {
            let ended = self.descendants.ended();
            if let Some((_, code)) = ended.into_iter().find(|(pid, _)| *pid == leader) {
                return code;
            }
            self.children.recv().await;
        }
    }
}

/// The ends of a command's pipes; none of one with a terminal.
#[derive(Default)]
struct Pipes {
    input: Option<OwnedFd>,
    output: Option<OwnedFd>,
    errors: Option<OwnedFd>,
}

fn inside(mut entered: Entered) -> (Kind, Pipes) {
    let pipes = entered.session().map(|session| {
        let (output, errors) = session.outputs();
        let input = session.input().map(Into::into);
        Pipes { input, output: output.map(Into::into), errors: errors.map(Into::into) }
    });
    (Kind::Inside(entered), pipes.unwrap_or_default())
}

fn here(plan: &Plan, terminal: Option<File>) -> Result<(Kind, Pipes), Refusal> {
    let mut command = command(plan)?;
    if let Some(terminal) = terminal {
        command.stdin(terminal.try_clone()?).stdout(terminal.try_clone()?).stderr(terminal);
        begin_with_terminal(&mut command);
    } else {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    }
    let child = command.spawn().map_err(|error| Refusal::Program(command.get_program().into(), error))?;
    let leader = Pid(child.id());
    let pipes = Pipes {
        input: child.stdin.map(Into::into),
        output: child.stdout.map(Into::into),
        errors: child.stderr.map(Into::into),
    };
    Ok((Kind::Here { leader, has_begun: false }, pipes))
}

fn command(plan: &Plan) -> Result<Command, Refusal> {
    let mut words = plan.command.iter().cloned().map(OsString::from_vec);
    let mut command = Command::new(words.next().unwrap_or_else(|| "sh".into()));
    command.args(words);
    if let Some(tools) = &plan.tools {
        let mut path = OsString::from_vec(tools.clone());
        if let Some(others) = std::env::var_os("PATH").filter(|others| !others.is_empty()) {
            path.push(":");
            path.push(others);
        }
        command.env("PATH", path);
    }
    if let Some(terminal) = &plan.terminal {
        command.env("TERM", OsString::from_vec(terminal.kind.clone()));
    }
    for (name, value) in &plan.environment {
        command.env(OsString::from_vec(name.clone()), OsString::from_vec(value.clone()));
    }
    if let Some(directory) = &plan.directory {
        let directory = PathBuf::from(OsString::from_vec(directory.clone()));
        if !directory.is_dir() {
            return Err(Refusal::Place(format!("there is no directory {}", directory.display())));
        }
        command.current_dir(directory);
    }
    Ok(command)
}

fn cells(size: WindowSize) -> Cells {
    Cells { rows: size.rows, columns: size.columns }
}
