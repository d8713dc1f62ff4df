//! Signals and children of the processes that look after a session. They let no signal disturb them: every one is
//! blocked, and those that concern them are read from a descriptor.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::process;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, set_parent_process_death_signal, setpgid, wait};

use super::line::Line;

/// What woke a process that looks after others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Woken {
    /// It is to end: asked to, its parent is gone, or the client is.
    pub(super) to_end: bool,
    /// The client says something.
    pub(super) to_hear: bool,
}

/// What is waited for beside signals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched<'a> {
    /// The line, for its end.
    pub(super) line: Option<&'a Line>,
    /// Whether what the client says on the line is heard.
    pub(super) hears: bool,
    /// Whether standard input is a terminal whose closing is the end: the kernel tells the command of it, which may not mind.
    pub(super) terminal: bool,
}

/// Blocks every signal.
pub(super) fn block() -> io::Result<()> {
    set_mask(&full_set())
}

/// The descriptor that blocked signals are read from: those of children, and SIGTERM.
#[derive(Debug)]
pub(super) struct Signals(OwnedFd);

impl Signals {
    /// Those of the process that calls this, and not of one that it forks.
    pub(super) fn of_this_process() -> io::Result<Self> {
        signal_descriptor(&set_of(&[libc::SIGCHLD, libc::SIGTERM])).map(Self)
    }

    /// Waits until a child's state changed or `limit` is over, and for what `watched` brings.
    pub(super) fn wait(&self, watched: Watched<'_>, limit: Option<Timespec>) -> io::Result<Woken> {
        let wanted = if watched.hears { PollFlags::IN } else { PollFlags::empty() };
        let input = io::stdin();
        let mut ready = vec![PollFd::new(&self.0, PollFlags::IN)];
        ready.extend(watched.line.map(|line| PollFd::new(line, wanted)));
        ready.extend(watched.terminal.then(|| PollFd::new(&input, PollFlags::empty())));
        poll(&mut ready, limit.as_ref())?;
        let asked = ready[0].revents().contains(PollFlags::IN) && self.read()?;
        let gone = ready[1..].iter().any(|each| each.revents().intersects(PollFlags::HUP | PollFlags::ERR));
        let says = watched.hears && ready.get(1).is_some_and(|line| line.revents().contains(PollFlags::IN));
        Ok(Woken { to_end: asked || gone, to_hear: says })
    }

    /// Takes one signal; whether it asks for the end.
    fn read(&self) -> io::Result<bool> {
        // signalfd(2): the number is the first field of signalfd_siginfo.
        let mut bytes = [0; size_of::<libc::signalfd_siginfo>()];
        rustix::io::read(&self.0, &mut bytes)?;
        let number = i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(number == libc::SIGTERM)
    }
}

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fork {
    /// The new process.
    Child,
    /// The old one, with the number of the new.
    Parent(Pid),
}

/// Forks. The child is told to end, by SIGTERM, when its parent is gone.
///
/// Only for a process of one thread.
#[expect(unsafe_code, reason = "no library forks safely, for what threads could have held")]
pub(super) fn fork() -> io::Result<Fork> {
    // SAFETY: this process was started anew as a keeper and has one thread, so nothing is held by another.
    match unsafe { libc::fork() } {
        0 => {
            set_parent_process_death_signal(Some(Signal::TERM))?;
            Ok(Fork::Child)
        }
        child => {
            Pid::from_raw(child).filter(|_| child > 0).map(Fork::Parent).ok_or_else(io::Error::last_os_error)
        }
    }
}

/// Leaves the process group of the client and its command, so that a signal to that does not reach it.
pub(super) fn stand_aside() {
    // A session leader has a group of its own.
    let _leads_already = setpgid(None, None);
}

/// The next child that changed, without waiting. `Err(ECHILD)` where there is no child left.
pub(super) fn changed_child(options: WaitOptions) -> rustix::io::Result<Option<(Pid, WaitStatus)>> {
    wait(options | WaitOptions::NOHANG)
}

/// As a shell gives it.
pub(super) fn code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Lets every signal through again, as a command expects it.
pub(super) fn unblock() -> io::Result<()> {
    set_mask(&set_of(&[]))
}

/// Does `work` while SIGTTOU is blocked: who blocks it may give the terminal away from the background.
pub(crate) fn without_terminal_stop<T>(work: impl FnOnce() -> T) -> T {
    let before = add_to_mask(&set_of(&[libc::SIGTTOU]));
    let done = work();
    if let Ok(before) = before {
        let _unchanged = set_mask(&before);
    }
    done
}

/// Ends this process as `code` says, without what the parent's copy of the program would do at its end.
pub(super) fn exit(code: u8) -> ! {
    process::exit(i32::from(code))
}

#[expect(unsafe_code, reason = "rustix has no signal sets")]
fn set_of(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset(3) makes the set; sigaddset(3) takes one that is made, and a number that exists.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}

#[expect(unsafe_code, reason = "rustix has no signal sets")]
fn full_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigfillset(3) makes the set.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}

fn set_mask(set: &libc::sigset_t) -> io::Result<()> {
    change_mask(libc::SIG_SETMASK, set).map(drop)
}

fn add_to_mask(set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    change_mask(libc::SIG_BLOCK, set)
}

/// Changes which signals this thread lets through, and gives which it blocked before.
#[expect(unsafe_code, reason = "rustix has no signal masks")]
fn change_mask(how: i32, set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut before = MaybeUninit::uninit();
    // SAFETY: both point to a set, the first of which is made and the second is written where it succeeds.
    match unsafe { libc::pthread_sigmask(how, set, before.as_mut_ptr()) } {
        // SAFETY: it succeeded.
        0 => Ok(unsafe { before.assume_init() }),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[expect(unsafe_code, reason = "rustix has no signalfd")]
fn signal_descriptor(set: &libc::sigset_t) -> io::Result<OwnedFd> {
    // SAFETY: the set is made, and signalfd(2) reads it only.
    let descriptor = unsafe { libc::signalfd(-1, set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made it, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
