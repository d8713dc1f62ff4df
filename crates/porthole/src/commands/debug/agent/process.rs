//! The command as a process: started where the agent is, or in a container that is entered before.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use porthole_host::{Cells, Descendants, PseudoTerminal, begin_with_terminal, signal_group};
use porthole_model::Pid;
use porthole_wire::session::{FromAgent, FromClient, Plan, WindowSize};
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::in_time;
use super::input::Input;
use super::line::Mouth;
use super::streams::{Sink, Source, Terminal, TerminalEnd};

/// A command that runs, and its streams.
pub(super) struct Running {
    pub(super) input: Input,
    pub(super) output: Option<Source>,
    pub(super) errors: Option<Source>,
    pub(super) process: Process,
    terminal: Option<Terminal>,
}

/// Why a command does not run.
pub(super) enum Refusal {
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
    pub(super) fn tell(self, mouth: &mut Mouth) -> FromAgent {
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
    pub(super) fn start(plan: &Plan) -> Result<Self, Refusal> {
        let descendants = Descendants::adopt()?;
        let children = signal(SignalKind::child())?;
        let mut streams = Streams::new(plan.terminal.as_ref().map(|terminal| terminal.size))?;
        let mut command = command(plan);
        streams.give(&mut command)?;
        let child = command.spawn().map_err(|error| Refusal::Program(command.get_program().into(), error))?;
        let process = Process { leader: Pid(child.id()), has_begun: false, children, descendants };
        drop(command);
        streams.running(process, child)
    }

    /// Does what the client says.
    pub(super) fn obey(&mut self, message: FromClient) {
        match message {
            FromClient::Input(bytes) => self.input.add(&bytes),
            FromClient::EndOfInput => self.input.end(),
            FromClient::Signal(number) => signal_group(self.process.leader, number),
            FromClient::Resized(size) => {
                if let Some(terminal) = &self.terminal {
                    // A terminal that nobody uses any more has no size.
                    let _over = terminal.get_ref().0.resize(cells(size));
                }
            }
            // A session begins once.
            FromClient::Begin(_) => {}
        }
    }

    /// Ends all that is left of the command, after it had this time to end when its input did.
    pub(super) async fn end(mut self, orderly: Option<Duration>) {
        if let Some(limit) = orderly {
            self.input.end();
            let _late = in_time(limit, self.process.ended()).await;
        }
        self.process.descendants.end();
    }
}

/// The command's process.
pub(super) struct Process {
    leader: Pid,
    has_begun: bool,
    children: Signal,
    descendants: Descendants,
}

/// What happened to a command.
pub(super) enum Step {
    Begun,
    Exited(u8),
}

impl Step {
    /// Tells the client; gives the last message, which is said when all output is.
    pub(super) fn tell(self, mouth: &mut Mouth) -> Option<FromAgent> {
        match self {
            Self::Begun => {
                mouth.say(&FromAgent::Begun);
                None
            }
            Self::Exited(code) => Some(FromAgent::Exited(code)),
        }
    }
}

impl Process {
    /// The next thing that happens to the command. When it has ended, what it left running is ended too: the session
    /// is over.
    pub(super) async fn step(&mut self) -> Step {
        if !self.has_begun {
            self.has_begun = true;
            return Step::Begun;
        }
        let code = self.ended().await;
        self.descendants.end();
        Step::Exited(code)
    }

    async fn ended(&mut self) -> u8 {
        loop {
            let ended = self.descendants.ended();
            if let Some((_, code)) = ended.into_iter().find(|(pid, _)| *pid == self.leader) {
                return code;
            }
            self.children.recv().await;
        }
    }
}

/// The streams of a command that is to be started.
enum Streams {
    Pipes,
    Terminal { end: PseudoTerminal, other: Option<std::fs::File> },
}

impl Streams {
    fn new(size: Option<WindowSize>) -> io::Result<Self> {
        let Some(size) = size else { return Ok(Self::Pipes) };
        let (end, other) = PseudoTerminal::open(cells(size))?;
        Ok(Self::Terminal { end, other: Some(other) })
    }

    fn give(&mut self, command: &mut Command) -> io::Result<()> {
        match self {
            Self::Pipes => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                command.process_group(0);
            }
            Self::Terminal { other, .. } => {
                let Some(other) = other.take() else { return Ok(()) };
                command.stdin(other.try_clone()?).stdout(other.try_clone()?).stderr(other);
                begin_with_terminal(command);
            }
        }
        Ok(())
    }

    fn running(self, process: Process, child: std::process::Child) -> Result<Running, Refusal> {
        match self {
            Self::Pipes => {
                let source = |pipe: Option<OwnedFd>| pipe.map(pipe::Receiver::from_owned_fd).transpose();
                let sink = child.stdin.map(|pipe| pipe::Sender::from_owned_fd(pipe.into())).transpose()?;
                Ok(Running {
                    input: Input::into(sink.map(Sink::Pipe)),
                    output: source(child.stdout.map(Into::into))?.map(Source::Pipe),
                    errors: source(child.stderr.map(Into::into))?.map(Source::Pipe),
                    process,
                    terminal: None,
                })
            }
            Self::Terminal { end, .. } => {
                let terminal = Rc::new(AsyncFd::new(TerminalEnd(end))?);
                Ok(Running {
                    input: Input::into(Some(Sink::Terminal(Rc::clone(&terminal)))),
                    output: Some(Source::Terminal(Rc::clone(&terminal))),
                    errors: None,
                    process,
                    terminal: Some(terminal),
                })
            }
        }
    }
}

fn command(plan: &Plan) -> Command {
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
        command.current_dir(OsString::from_vec(directory.clone()));
    }
    command
}

fn cells(size: WindowSize) -> Cells {
    Cells { rows: size.rows, columns: size.columns }
}
