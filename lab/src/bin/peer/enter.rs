//! Running a command in a lab: in its control groups and namespaces, with signals passed on and its end passed back.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus};

use nix::sched::{CloneFlags, setns};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use crate::init;

const PASSED_ON: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];

/// `siginfo.si_code` of a signal that a process sent, which the terminal did not; see sigaction(2).
const SENT_BY_PROCESS: i32 = 0;

/// `words`: the namespaces, the process that is in them, control groups, `--`, the command.
pub(crate) fn enter(words: &[&str]) -> io::Result<ExitCode> {
    let (place, mut command) = init::split(words)?;
    let [namespaces, pid, groups @ ..] = place else { return Err(io::Error::other("no namespaces")) };
    init::join_groups(groups);
    let opened: io::Result<Vec<File>> =
        namespaces.split(',').map(|namespace| File::open(format!("/proc/{pid}/ns/{namespace}"))).collect();
    for namespace in opened? {
        setns(namespace, CloneFlags::empty())?;
    }
    let signals = catch()?;
    end_like(watch(command.spawn()?, &signals)?)
}

/// Takes signals as usual again, which [`enter`] and its caller may have blocked, and becomes the command.
pub(crate) fn run(words: &[&str]) -> io::Result<ExitCode> {
    SigSet::empty().thread_set_mask()?;
    let [program, arguments @ ..] = words else { return Err(io::Error::other("no command")) };
    Err(Command::new(program).args(arguments).exec())
}

/// Blocks what is passed on; before the command starts, or an early signal would end this wrapper instead.
fn catch() -> io::Result<SignalFd> {
    let mut signals: SigSet = PASSED_ON.into_iter().collect();
    signals.add(Signal::SIGCHLD);
    signals.thread_block()?;
    Ok(SignalFd::new(&signals)?)
}

/// Passes signals on until the command ends. Ctrl-C is not one: the terminal gives it to the command itself.
///
/// No thread can be started here any more: it would be in another process namespace than its process's children.
fn watch(mut child: Child, incoming: &SignalFd) -> io::Result<ExitStatus> {
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let Some(signal) = incoming.read_signal()? else { continue };
        let number = i32::try_from(signal.ssi_signo).map_err(io::Error::other)?;
        let which = Signal::try_from(number)?;
        if which != Signal::SIGCHLD && signal.ssi_code == SENT_BY_PROCESS {
            kill(pid, which).ok();
        }
    }
}

fn end_like(status: ExitStatus) -> io::Result<ExitCode> {
    if let Some(number) = status.signal() {
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        SigSet::empty().thread_set_mask()?;
        raise(Signal::try_from(number)?)?;
    }
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
