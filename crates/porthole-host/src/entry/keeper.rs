//! The keeper: porthole under another name, with one thread, that goes in and keeps the session.

use std::ffi::OsString;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::process::{ioctl_tiocsctty, setsid};

use super::command::Prepared;
use super::identity::Identity;
use super::line::{EntryFailure, Line, Report};
use super::namespaces::Door;
use super::plan::{EntryPlan, Extent, Placement, SessionTerminal};
use super::session::KEEPER;
use super::toolbox::{Program, Toolbox};
use super::{beside, signals, view, watcher};

/// The code of a keeper that found no way in.
const NOT_ENTERED: u8 = 125;

/// The line of a process that was started as a keeper.
pub fn kept_line(mut arguments: impl Iterator<Item = OsString>) -> Option<RawFd> {
    let name = arguments.next()?;
    if name == KEEPER { arguments.next()?.to_str()?.parse().ok().filter(|number| *number > 2) } else { None }
}

/// The keeper itself: hears the plan and carries it out; gives the command's exit code.
pub fn keep(line: RawFd) -> u8 {
    match own(line).and_then(told) {
        Ok((plan, line)) => conduct(&plan, line),
        // There is nobody to tell.
        Err(_) => NOT_ENTERED,
    }
}

/// Carries a plan out in this very process, which must have one thread and nothing else to do. `line` is as a keeper's:
/// what happens is told there, and the session ends when its other end is closed. Gives the command's exit code.
pub fn carry_out(plan: &EntryPlan, line: OwnedFd) -> u8 {
    conduct(plan, Line::from(line))
}

/// What it is called in a list of processes.
const PROCESS_NAME: &std::ffi::CStr = c"porthole";

fn told(mut line: Line) -> io::Result<(EntryPlan, Line)> {
    rustix::thread::set_name(PROCESS_NAME)?;
    let plan = line.hear()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((plan, line))
}

/// The socket that was inherited under this number.
#[expect(unsafe_code, reason = "an inherited descriptor is known by its number alone")]
fn own(number: RawFd) -> io::Result<Line> {
    // SAFETY: only the client starts a keeper, and the number it gives is that of the socket it left open for it.
    let line = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl_setfd(&line, fcntl_getfd(&line)? | FdFlags::CLOEXEC)?;
    Ok(Line::from(line))
}

fn conduct(plan: &EntryPlan, mut line: Line) -> u8 {
    match enter(plan) {
        Ok(command) => watcher::keep(&command, &mut line),
        Err(failure) => {
            line.tell(&Report::Failed(failure));
            NOT_ENTERED
        }
    }
}

/// Goes in. What is outside is opened before, what is inside is looked up after.
fn enter(plan: &EntryPlan) -> Result<Prepared, EntryFailure> {
    signals::block().map_err(EntryFailure::at("block signals"))?;
    if plan.terminal == SessionTerminal::Own {
        take_terminal().map_err(EntryFailure::at("take the terminal"))?;
    }
    match plan.extent {
        Extent::Namespaces => join(plan),
        Extent::Root => beside::enter(plan, true),
        Extent::Client => beside::enter(plan, false),
    }
}

fn join(plan: &EntryPlan) -> Result<Prepared, EntryFailure> {
    let program = Program::open()?;
    let mounts = view::open(&plan.mounts)?;
    let door = Door::open(plan.process, plan.started)?;
    let inherited = door.environment()?;
    door.enter()?;
    if !mounts.is_empty() || plan.placement == Placement::Mounted {
        view::make_private()?;
    }
    let toolbox = Toolbox::make(&program, plan)?;
    view::attach(mounts)?;
    let identity = Identity::find(plan.user.as_deref())?;
    Prepared::new(plan, inherited, toolbox, identity)
}

/// Makes standard input the terminal of a session that this process leads.
fn take_terminal() -> io::Result<()> {
    setsid()?;
    Ok(ioctl_tiocsctty(io::stdin())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_name_makes_a_keeper() {
        let line = |words: [&str; 2]| kept_line(words.map(OsString::from).into_iter());
        assert_eq!(line([KEEPER, "7"]), Some(7));
        assert_eq!(line([KEEPER, "1"]), None);
        assert_eq!(line(["porthole", "7"]), None);
    }
}
