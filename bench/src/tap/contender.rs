//! Who stands between client and engine: nobody, a copy, socat, porthole; and one of them at work.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::usage::{self, Usage};
use crate::error::BenchError;

/// How long a contender may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who stands between client and engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Direct,
    Bare,
    Socat,
    SocatVerbose,
    Viewing,
    Recording,
}

impl Contender {
    /// In the order of the columns.
    pub(crate) const ALL: [Self; 6] =
        [Self::Direct, Self::Bare, Self::Socat, Self::SocatVerbose, Self::Viewing, Self::Recording];

    /// Those that must reach the targets.
    pub(crate) const PORTHOLE: [Self; 2] = [Self::Viewing, Self::Recording];

    /// As a column's title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Bare => "bare relay",
            Self::Socat => "`socat`",
            Self::SocatVerbose => "`socat -v`",
            Self::Viewing => "porthole viewing",
            Self::Recording => "porthole recording",
        }
    }

    /// How it is started; nothing has to be for who goes direct.
    fn command(self, programs: &Programs, places: &Places) -> Option<Command> {
        let socat = |options: &[&str]| {
            let mut command = Command::new("socat");
            // Without a long -t it cuts off what comes after a half-close.
            command.args(options).args(["-t", "86400"]);
            command.arg(format!("UNIX-LISTEN:{},fork,backlog=1024", places.socket.display()));
            command.arg(format!("UNIX-CONNECT:{}", places.engine.display()));
            command
        };
        let porthole = || {
            let mut command = Command::new(&programs.porthole);
            command.env("DOCKER_HOST", format!("unix://{}", places.engine.display()));
            command.args(["tap", "--listen", &format!("unix://{}", places.socket.display())]);
            command
        };
        match self {
            Self::Direct => None,
            Self::Bare => {
                let mut command = Command::new(&programs.this);
                command.arg("relay").args([&places.socket, &places.engine]);
                Some(command)
            }
            Self::Socat => Some(socat(&[])),
            Self::SocatVerbose => Some(socat(&["-v"])),
            Self::Viewing => Some(porthole()),
            Self::Recording => {
                let mut command = porthole();
                command.arg("--record").arg(&places.recording);
                Some(command)
            }
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) this: PathBuf,
    pub(crate) porthole: PathBuf,
}

/// Where a contender listens, connects and writes.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) socket: PathBuf,
    pub(crate) engine: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) recording: PathBuf,
}

impl Places {
    fn new(directory: &Path, engine: &Path, contender: Contender) -> Self {
        let place = |ending: &str| directory.join(format!("{contender:?}.{ending}"));
        Self {
            socket: place("sock"),
            engine: engine.to_owned(),
            log: place("log"),
            recording: place("recording"),
        }
    }

    fn clear(&self) -> Result<(), BenchError> {
        for path in [&self.socket, &self.log, &self.recording] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(BenchError::at("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A contender at work. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) contender: Contender,
    pub(crate) places: Places,
    child: Option<Child>,
}

impl Running {
    /// Starts it before `engine`; it listens when this returns.
    pub(crate) fn start(
        contender: Contender,
        programs: &Programs,
        directory: &Path,
        engine: &Path,
    ) -> Result<Self, BenchError> {
        let places = Places::new(directory, engine, contender);
        places.clear()?;
        let mut child = None;
        if let Some(mut command) = contender.command(programs, &places) {
            let log = File::create(&places.log).map_err(BenchError::at("create", &places.log))?;
            let errors = log.try_clone().map_err(BenchError::at("open", &places.log))?;
            command.stdin(Stdio::null()).stdout(log).stderr(errors);
            child = Some(command.spawn().map_err(BenchError::io(format!("start {}", contender.title())))?);
        }
        let mut running = Self { contender, places, child };
        running.wait_for_socket()?;
        Ok(running)
    }

    /// Where clients connect.
    pub(crate) fn socket(&self) -> &Path {
        if self.child.is_some() { &self.places.socket } else { &self.places.engine }
    }

    /// What it used so far, once it has come to rest; nothing for who goes direct.
    pub(crate) fn usage(&self) -> Result<Option<Usage>, BenchError> {
        self.child.as_ref().map(|child| usage::at_rest(child.id())).transpose()
    }

    /// Asks it to end and waits for that.
    pub(crate) fn end(mut self) -> Result<(), BenchError> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)
                .map_err(|error| BenchError::io("end a contender")(error.into()))?;
        }
        let status = wait(&mut child)?;
        let is_porthole = Contender::PORTHOLE.contains(&self.contender);
        if is_porthole && !status.success() {
            return Err(self.failed(status));
        }
        Ok(())
    }

    fn wait_for_socket(&mut self) -> Result<(), BenchError> {
        let begin = Instant::now();
        loop {
            match UnixStream::connect(self.socket()) {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > PATIENCE => {
                    return Err(BenchError::io(format!("reach {}", self.contender.title()))(error));
                }
                Err(_) => {}
            }
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return Err(self.failed(status));
            }
            sleep(Duration::from_millis(5));
        }
    }

    fn failed(&self, status: ExitStatus) -> BenchError {
        let log = std::fs::read_to_string(&self.places.log).unwrap_or_default();
        BenchError::Failed {
            command: self.contender.title().to_owned(),
            status: format!("{status}: {}", log.lines().last().unwrap_or_default()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

fn wait(child: &mut Child) -> Result<ExitStatus, BenchError> {
    let begin = Instant::now();
    loop {
        match child.try_wait().map_err(BenchError::io("wait for a contender"))? {
            Some(status) => return Ok(status),
            None if begin.elapsed() > PATIENCE => {
                let _gone = child.kill();
            }
            None => sleep(Duration::from_millis(5)),
        }
    }
}
