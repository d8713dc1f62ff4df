//! The command of a session: its words, its environment, and the last steps before it runs.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{chdir, getpid, set_parent_process_death_signal, setpgid};
use rustix::termios::tcsetpgrp;

use super::identity::Identity;
use super::line::{EntryFailure, Line, Report};
use super::plan::{EntryPlan, SessionTerminal};
use super::signals::{exit, unblock};
use super::toolbox::Toolbox;

/// Where programs are, for a process that does not say.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What runs where no command is given.
const SHELL: &str = "sh";

/// As a shell gives it for a program that is not there.
const NOT_FOUND: u8 = 127;

/// As a shell gives it for what cannot be run.
const NOT_RUN: u8 = 126;

/// A command that is ready to run.
#[derive(Debug)]
pub(super) struct Prepared {
    words: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    directory: Option<PathBuf>,
    identity: Identity,
    capabilities: u64,
    /// Whether it takes the terminal that is its standard input.
    takes_terminal: bool,
    /// Keeps the tools in place for as long as the session runs.
    _toolbox: Toolbox,
}

impl Prepared {
    pub(super) fn new(
        plan: &EntryPlan,
        inherited: Vec<(OsString, OsString)>,
        toolbox: Toolbox,
        identity: Identity,
    ) -> Result<Self, EntryFailure> {
        let home = toolbox.home_of(&identity)?;
        let words = if plan.command.is_empty() { vec![SHELL.into()] } else { plan.command.clone() };
        Ok(Self {
            words,
            environment: environment(plan, inherited, &identity, &toolbox.programs(), &home),
            directory: plan.directory.clone(),
            identity,
            capabilities: plan.capabilities,
            takes_terminal: plan.terminal != SessionTerminal::Shared,
            _toolbox: toolbox,
        })
    }

    /// Whether the command has a process group of its own, in the foreground of its terminal.
    pub(super) fn takes_terminal(&self) -> bool {
        self.takes_terminal
    }

    /// Becomes the command. Where that fails, it is told, and this process ends.
    pub(super) fn run(&self, line: &Line) -> ! {
        let failed = match self.settle() {
            Ok(()) => Failed::at(&self.become_program(), &format!("run {}", self.words[0].display())),
            Err(failed) => failed,
        };
        line.tell(&Report::NotRun { cause: failed.cause });
        exit(failed.code)
    }

    fn settle(&self) -> Result<(), Failed> {
        let ready = set_parent_process_death_signal(None)
            .map_err(io::Error::from)
            .and_then(|()| self.take_terminal());
        ready.map_err(|error| Failed::at(&error, "take the terminal"))?;
        if let Some(directory) = &self.directory {
            chdir(directory)
                .map_err(|error| Failed::at(&error.into(), &format!("start in {}", directory.display())))?;
        }
        self.identity
            .assume(self.capabilities)
            .map_err(|error| Failed::at(&error.into(), "become the user"))?;
        unblock().map_err(|error| Failed::at(&error, "unblock signals"))
    }

    /// While signals are blocked, so that the terminal can be taken from the background.
    fn take_terminal(&self) -> io::Result<()> {
        if self.takes_terminal {
            setpgid(None, None)?;
            tcsetpgrp(io::stdin(), getpid())?;
        }
        Ok(())
    }

    fn become_program(&self) -> io::Error {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).env_clear().envs(&self.environment);
        command.exec()
    }
}

/// Why the command does not run, and the code that says so.
struct Failed {
    code: u8,
    cause: String,
}

impl Failed {
    fn at(error: &io::Error, step: &str) -> Self {
        let is_absent = error.kind() == io::ErrorKind::NotFound;
        Self { code: if is_absent { NOT_FOUND } else { NOT_RUN }, cause: format!("cannot {step}: {error}") }
    }
}

/// What the process was started with, then what the session needs, then what was asked for; the tools before all else.
fn environment(
    plan: &EntryPlan,
    inherited: Vec<(OsString, OsString)>,
    identity: &Identity,
    programs: &Path,
    home: &Path,
) -> BTreeMap<OsString, OsString> {
    let mut all: BTreeMap<_, _> = inherited.into_iter().collect();
    let own_home = identity.home().filter(|_| plan.user.is_some() || !all.contains_key(OsStr::new("HOME")));
    if let Some(own_home) = own_home {
        all.insert("HOME".into(), own_home.into());
    }
    // The toolbox's shell takes no HISTFILE, which may be the container's own; another shell knows nothing else.
    for history in ["HISTFILE", "PORTHOLE_HISTORY"] {
        all.insert(history.into(), home.join("history").into());
    }
    all.extend(plan.environment.iter().cloned());
    let others = all.get(OsStr::new("PATH")).map_or(OsStr::new(USUAL_PATH), OsString::as_os_str);
    let mut path = programs.as_os_str().to_owned();
    path.push(":");
    path.push(others);
    all.insert("PATH".into(), path);
    all
}
