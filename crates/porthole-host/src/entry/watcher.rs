//! The processes between client and command: each looks after the next, and leaves nothing behind.

use std::fs;
use std::io;

use rustix::event::Timespec;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, set_child_subreaper,
};
use rustix::termios::tcsetpgrp;

use super::command::Prepared;
use super::line::{Line, Report, Request};
use super::signals::{Fork, Signals, Watched, changed_child, code, exit, fork, stand_aside};

/// How often processes that do not end at once are looked for again.
const AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// The code of a session that could not be looked after.
const LOST: u8 = 255;

/// Runs the command, and stays outside until nothing of it is left; gives its exit code.
///
/// There are two processes inside, so that whichever is killed the other one still ends what is below it.
pub(super) fn keep(command: &Prepared, line: &mut Line) -> u8 {
    line.tell(&Report::Entered);
    watch_over(Role::Keeper, line, |line| {
        watch_over(Role::Outer, line, |line| {
            watch_over(Role::Inner { has_terminal: command.takes_terminal() }, line, |line| command.run(line))
        })
    })
}

/// Forks a process that does `below`, and looks after it until it has ended.
fn watch_over(role: Role, line: &mut Line, below: impl FnOnce(&mut Line) -> u8) -> u8 {
    if role != Role::Keeper && set_child_subreaper(Some(rustix::process::getpid())).is_err() {
        return LOST;
    }
    match fork() {
        Ok(Fork::Child) => exit(below(line)),
        Ok(Fork::Parent(child)) => {
            stand_aside();
            let code =
                Signals::of_this_process().and_then(|signals| Watch { role, child, signals, line }.run());
            code.unwrap_or(LOST)
        }
        Err(_) => LOST,
    }
}

/// Which of the processes this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The one outside of the pid namespace.
    Keeper,
    /// The upper one inside.
    Outer,
    /// The parent of the command, which talks with the client.
    Inner {
        /// Whether the command has the terminal.
        has_terminal: bool,
    },
}

impl Role {
    fn hears(self) -> bool {
        matches!(self, Self::Inner { .. })
    }

    /// What the command does matters only to its parent, and its stops only where the client does not stop as well.
    fn options(self) -> WaitOptions {
        if self == (Self::Inner { has_terminal: true }) {
            WaitOptions::UNTRACED
        } else {
            WaitOptions::empty()
        }
    }
}

/// A process at its work.
struct Watch<'a> {
    role: Role,
    child: Pid,
    signals: Signals,
    line: &'a mut Line,
}

impl Watch<'_> {
    fn run(mut self) -> io::Result<u8> {
        let mut is_ending = false;
        loop {
            if let Some(code) = self.ended_child()? {
                self.clear_up()?;
                if self.role.hears() {
                    self.line.tell(&Report::Ended { code });
                }
                return Ok(code);
            }
            let woken = self.signals.wait(self.watched(is_ending), None)?;
            if woken.to_end && !is_ending {
                is_ending = true;
                self.end();
            } else if woken.to_hear {
                self.hear()?;
            }
        }
    }

    /// Once it is ending, the end of the line would be seen again and again.
    fn watched(&self, is_ending: bool) -> Watched<'_> {
        if is_ending {
            return Watched::default();
        }
        let terminal = self.role == (Role::Inner { has_terminal: true });
        Watched { line: Some(&*self.line), hears: self.role.hears(), terminal }
    }

    /// Reaps what has ended; the code of the child once it is among them.
    fn ended_child(&self) -> io::Result<Option<u8>> {
        loop {
            match changed_child(self.role.options()) {
                Ok(Some((child, status))) if child == self.child && !status.stopped() => {
                    return Ok(Some(code(status)));
                }
                Ok(Some((child, status))) => self.stopped(child, status),
                Ok(None) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn stopped(&self, child: Pid, status: WaitStatus) {
        if child == self.child && status.stopped() {
            self.line.tell(&Report::Stopped);
        }
    }

    /// Ends the child: another watcher clears up for itself, a command is killed with all that is below it.
    fn end(&self) {
        if self.role.hears() {
            kill_all_below(self.child);
        } else {
            send(self.child, Signal::TERM);
        }
    }

    fn clear_up(&self) -> io::Result<()> {
        if self.role == Role::Keeper {
            return Ok(());
        }
        loop {
            match changed_child(WaitOptions::empty()) {
                Err(Errno::CHILD) => return Ok(()),
                Err(error) => return Err(error.into()),
                Ok(Some(_)) => {}
                Ok(None) => {
                    kill_all_below(self.child);
                    self.signals.wait(Watched::default(), Some(AGAIN))?;
                }
            }
        }
    }

    fn hear(&mut self) -> io::Result<()> {
        loop {
            match self.line.hear()? {
                Some(Request::Signal(number)) => self.pass_on(number),
                Some(Request::Continue { in_foreground }) => self.go_on(in_foreground),
                // The end of the line is seen where it is waited for.
                None => return Ok(()),
            }
            if !self.line.has_more() {
                return Ok(());
            }
        }
    }

    fn pass_on(&self, number: i32) {
        let Some(signal) = Signal::from_named_raw(number) else { return };
        match self.role {
            Role::Inner { has_terminal: true } => send_to_group(self.child, signal),
            _ => send(self.child, signal),
        }
    }

    fn go_on(&self, in_foreground: bool) {
        if in_foreground {
            // A terminal that is gone ends the command by a signal of its own.
            let _gone = tcsetpgrp(io::stdin(), self.child);
        }
        send_to_group(self.child, Signal::CONT);
    }
}

/// Kills every process below this one; where these cannot be listed, the group of `child`.
fn kill_all_below(child: Pid) {
    if let Ok(all) = below() {
        for pid in all {
            send(pid, Signal::KILL);
        }
    } else {
        send(child, Signal::KILL);
        send_to_group(child, Signal::KILL);
    }
}

/// The children of this process, theirs, and so on.
fn below() -> io::Result<Vec<Pid>> {
    let mut all = children("thread-self")?;
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        // One that has ended meanwhile has none.
        all.extend(children(&format!("{pid}/task/{pid}")).unwrap_or_default());
        next += 1;
    }
    Ok(all)
}

/// `proc_tid_children(5)`.
fn children(thread: &str) -> io::Result<Vec<Pid>> {
    let text = fs::read_to_string(format!("/proc/{thread}/children"))?;
    Ok(text.split_whitespace().filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect())
}

/// A process that has ended meanwhile needs no signal.
fn send(pid: Pid, signal: Signal) {
    let _ended = kill_process(pid, signal);
}

fn send_to_group(group: Pid, signal: Signal) {
    let _ended = kill_process_group(group, signal);
}
