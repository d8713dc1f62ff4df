//! How an engine is stopped and started: by systemd, or the way its process was started.

use std::process::Command;
use std::time::Duration;

use porthole_analysis::shell_word;
use porthole_host::{RunningProgram, StartedProgram};
use porthole_model::{Gap, Pid, Uid};

use crate::error::CommandError;
use crate::world::World;

/// What systemd leaves where it runs.
const SYSTEMD: &str = "/run/systemd/system";
/// Docker's own unit, where nothing runs that tells another.
const UNIT: &str = "docker.service";
/// What ends with the engine, late, and must be gone before the next one starts.
const HELPERS: [&str; 1] = ["containerd"];
/// What it takes to start a service: one that failed often of late is not started otherwise.
const START: [&str; 2] = ["reset-failed", "start"];
/// How long an engine with many containers may take to stop.
const STOPPING: Duration = Duration::from_mins(3);

/// How the engine is stopped and started.
pub(super) enum Way {
    /// By systemd: the service, the sockets that would start it again at once, and its process while it runs.
    Service { unit: String, sockets: Vec<String>, program: Option<Box<RunningProgram>> },
    /// Its own program, as it was started, and the command line for people to read.
    Program { program: Box<RunningProgram>, command: String },
    /// It does not run, and nothing tells how it is started.
    Unknown,
}

impl Way {
    /// The way of the engine whose process is `daemon`, or of one that does not run.
    pub(super) fn of(daemon: Option<Pid>, world: &World) -> Result<Self, CommandError> {
        let program = daemon.map(|pid| world.host.running_program(pid, &HELPERS)).transpose()?;
        if let Some(other) = program.as_ref().filter(|program| program.user != Uid(0)) {
            let refused =
                format!("the engine (process {}) runs as user {}, without root", other.pid(), other.user);
            return Err(CommandError::new(refused).hint(
                "porthole does not restart rootless engines: porthole netdb backup, systemctl --user stop docker, \
                 move the file away, systemctl --user start docker, porthole netdb restore",
            ));
        }
        let unit = program.as_ref().and_then(|program| program.unit.clone());
        let unit = if program.is_none() { Some(UNIT.to_owned()) } else { unit };
        match (unit.filter(|_| std::path::Path::new(SYSTEMD).is_dir()), program) {
            (Some(unit), program) if loads(&unit) => {
                let program = program.map(Box::new);
                Ok(Self::Service { sockets: sockets(&unit), unit, program })
            }
            (_, Some(program)) => {
                let command = command_line(&program, world);
                Ok(Self::Program { program: Box::new(program), command })
            }
            (_, None) => Ok(Self::Unknown),
        }
    }

    /// Whether nothing tells how it is started.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Where it says why it does not start.
    pub(super) fn log_words(&self) -> Option<String> {
        match self {
            Self::Service { unit, .. } => Some(format!("journalctl -u {unit}")),
            Self::Program { .. } | Self::Unknown => None,
        }
    }

    /// What is run to stop it.
    pub(super) fn stop_words(&self) -> Vec<String> {
        match self {
            Self::Service { unit, sockets, .. } => {
                vec![systemctl_words("stop", sockets.iter().chain([unit]))]
            }
            Self::Program { program, .. } => vec![format!("kill {}", program.pid())],
            Self::Unknown => vec!["nothing: it does not run".to_owned()],
        }
    }

    /// What is run to start it.
    pub(super) fn start_words(&self) -> Vec<String> {
        match self {
            Self::Service { unit, sockets, .. } => {
                START.map(|verb| systemctl_words(verb, sockets.iter().chain([unit]))).to_vec()
            }
            Self::Program { command, .. } => vec![command.clone()],
            Self::Unknown => vec!["nothing: start it yourself afterwards".to_owned()],
        }
    }

    /// Stops it and waits until its process is gone.
    pub(super) fn stop(&self, world: &World) -> Result<(), CommandError> {
        match self {
            Self::Service { unit, sockets, program } => {
                systemctl("stop", sockets.iter().chain([unit]))?;
                let gone = program.as_ref().map(|program| world.host.await_end(program, STOPPING));
                Ok(gone.transpose().map(drop).map_err(|gap| not_gone(&gap))?)
            }
            Self::Program { program, .. } => {
                Ok(world.host.end_program(program, STOPPING).map_err(|gap| not_gone(&gap))?)
            }
            Self::Unknown => Ok(()),
        }
    }

    /// Ends what is left of a start that failed: systemd tries again by itself, with whatever files are there.
    pub(super) fn give_up(&self) -> Result<(), CommandError> {
        match self {
            Self::Service { unit, sockets, .. } => systemctl("stop", sockets.iter().chain([unit])),
            Self::Program { .. } | Self::Unknown => Ok(()),
        }
    }

    /// Starts it; a program that porthole itself started can be watched.
    pub(super) fn start(&self) -> Result<Option<StartedProgram>, CommandError> {
        match self {
            Self::Service { unit, sockets, .. } => {
                let done = START.iter().try_for_each(|verb| systemctl(verb, sockets.iter().chain([unit])));
                done.map(|()| None)
            }
            Self::Program { program, .. } => {
                let started = program.start_again().map(Some);
                started.map_err(|error| CommandError::caused_by("cannot start the engine again", error))
            }
            Self::Unknown => Ok(None),
        }
    }
}

fn not_gone(gap: &Gap) -> CommandError {
    CommandError::caused_by("the engine did not stop", gap.to_string())
        .hint("it may still be stopping its containers; run this again when it is gone")
}

/// The command line, masked, with the directory where that is another than the root.
fn command_line(program: &RunningProgram, world: &World) -> String {
    let words = world.host.arguments_of(program.pid());
    let words: Vec<_> = words.value().into_iter().flatten().map(|word| typed(word.as_str())).collect();
    let directory = program.directory.to_string_lossy();
    let before = if directory == "/" { String::new() } else { format!("cd {} && ", shell_word(&directory)) };
    format!("{before}{}", words.join(" "))
}

/// A word of a command line; an option stands as it is.
fn typed(word: &str) -> String {
    let name = word.trim_start_matches('-');
    let dashes = &word[..word.len() - name.len()];
    if name.is_empty() { shell_word(word).into_owned() } else { format!("{dashes}{}", shell_word(name)) }
}

/// Whether systemd knows the unit.
fn loads(unit: &str) -> bool {
    property(unit, "LoadState").is_some_and(|state| state == "loaded")
}

/// The sockets whose next connection would start the service again.
fn sockets(unit: &str) -> Vec<String> {
    let triggers = property(unit, "TriggeredBy").unwrap_or_default();
    let sockets = triggers.split_whitespace().filter(|unit| unit.ends_with(".socket"));
    sockets.map(str::to_owned).collect()
}

fn property(unit: &str, name: &str) -> Option<String> {
    let output = Command::new("systemctl").args(["show", "--value", "-p", name, unit]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn systemctl_words<'a>(verb: &str, units: impl Iterator<Item = &'a String>) -> String {
    let units: Vec<_> = units.map(String::as_str).collect();
    format!("systemctl {verb} {}", units.join(" "))
}

fn systemctl<'a>(verb: &str, units: impl Iterator<Item = &'a String>) -> Result<(), CommandError> {
    let units: Vec<_> = units.collect();
    let failed = || format!("systemctl cannot {verb} the engine");
    let output = Command::new("systemctl")
        .arg(verb)
        .args(&units)
        .output()
        .map_err(|error| CommandError::caused_by(failed(), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    Err(CommandError::caused_by(failed(), said))
}
