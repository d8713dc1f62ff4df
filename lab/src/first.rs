//! The first process of a lab, started so that it ends with this program and with nothing less.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex};

use crate::process::ProcessId;
use crate::{LabError, fetch};

/// The outside world, with the lab host in it: each process of the chain is killed when the one before it dies.
pub(crate) const OUTSIDE: &[&str] = &[
    "setpriv",
    "--pdeathsig",
    "KILL",
    "--",
    "unshare",
    "--fork",
    "--kill-child=SIGKILL",
    "--pid",
    "--net",
    "--uts",
    "--",
];

/// What a start gives.
pub(crate) struct First {
    pub(crate) wrapper: Child,
    pub(crate) init: ProcessId,
    pub(crate) outside: ProcessId,
}

/// Starts the lab's first process and reads from it who it and the outside world are.
pub(crate) fn start(mut command: Command, log: &Path, name: &str) -> Result<First, LabError> {
    let written = File::create(log).map_err(LabError::at("create", log))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(written);
    let mut wrapper = spawn_for_good(command).map_err(LabError::io("start the lab's first process"))?;
    let mut line = String::new();
    if let Some(pipe) = wrapper.stdout.take() {
        BufReader::new(pipe).read_line(&mut line).ok();
    }
    let mut pids = line.strip_prefix("ready ").unwrap_or_default().split_whitespace();
    let mut next = || pids.next().and_then(|pid| pid.parse().ok()).and_then(ProcessId::of);
    if let Some((init, outside)) = next().zip(next()) {
        return Ok(First { wrapper, init, outside });
    }
    wrapper.kill().and_then(|()| wrapper.wait()).ok();
    Err(LabError::Host { name: name.to_owned(), reason: fetch::tail(log) })
}

/// Starts a process from a thread that lasts as long as this program.
///
/// The parent-death signal comes when the *thread* that started the process ends: see `PR_SET_PDEATHSIG`.
fn spawn_for_good(command: Command) -> io::Result<Child> {
    type Job = (Command, Sender<io::Result<Child>>);
    static STARTER: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
        let (sender, jobs) = channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, answer) in jobs {
                answer.send(command.spawn()).ok();
            }
        });
        Mutex::new(sender)
    });
    let gone = || io::Error::other("the starting thread is gone");
    let (sender, answer) = channel();
    STARTER.lock().map_err(|_| gone())?.send((command, sender)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}
