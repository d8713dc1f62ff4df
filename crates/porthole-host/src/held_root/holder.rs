//! The holder from outside: started in new namespaces, told its plan, and ended.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use porthole_model::Pid;
use rustix::thread::UnshareFlags;

use super::plan::RootPlan;
use super::process::{Answer, NAME};

/// A root that a process holds. It ends, and all that was started in it, when this is dropped or porthole is gone.
#[derive(Debug)]
pub struct HeldRoot {
    process: Child,
    /// The holder lives until the other end of its standard input is gone.
    lifeline: Option<ChildStdin>,
    not_mounted: Vec<String>,
}

/// Why a root could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The process for it could not be started.
    #[error("cannot start a process in namespaces of its own: {0}")]
    Start(io::Error),
    /// Its process ended before it answered.
    #[error("the process that was to hold it ended: {0}")]
    Ended(io::Error),
    /// The kernel refused a step.
    #[error("{0}")]
    Mount(String),
}

impl HeldRoot {
    /// Puts the root together; its process, the first of a pid namespace, has `environment` (`NAME=value`) and the
    /// plan's working directory.
    pub fn hold(plan: &RootPlan, environment: &[String]) -> Result<Self, HoldError> {
        let mut process = start(environment).map_err(HoldError::Start)?;
        let (lifeline, answers) = (process.stdin.take(), process.stdout.take());
        let mut held = Self { process, lifeline, not_mounted: Vec::new() };
        held.not_mounted = held.tell(plan, answers)?;
        Ok(held)
    }

    /// The process, whose namespaces, root, environment and working directory are those of the held root.
    pub fn pid(&self) -> Pid {
        Pid(self.process.id())
    }

    /// What of the plan's mounts could not be mounted, in words.
    pub fn not_mounted(&self) -> &[String] {
        &self.not_mounted
    }

    fn tell(&mut self, plan: &RootPlan, answers: Option<impl Read>) -> Result<Vec<String>, HoldError> {
        let ended = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (Some(lifeline), Some(answers)) = (&mut self.lifeline, answers) else {
            return Err(HoldError::Ended(ended()));
        };
        let mut line = serde_json::to_vec(plan).map_err(|error| HoldError::Ended(error.into()))?;
        line.push(b'\n');
        lifeline.write_all(&line).map_err(HoldError::Ended)?;
        let mut answer = String::new();
        BufReader::new(answers).read_line(&mut answer).map_err(HoldError::Ended)?;
        match serde_json::from_str(&answer) {
            Ok(Answer::Holds { not_mounted }) => Ok(not_mounted),
            Ok(Answer::Failed(cause)) => Err(HoldError::Mount(cause)),
            Err(_) => Err(HoldError::Ended(ended())),
        }
    }
}

impl Drop for HeldRoot {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // The end of the first process of a pid namespace is the end of all in it.
        let _has_ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Starts the holder from a thread that has left the namespaces of porthole, so that no other thread is ever moved.
fn start(environment: &[String]) -> io::Result<Child> {
    thread::scope(|scope| {
        let starter = thread::Builder::new().spawn_scoped(scope, || {
            leave_namespaces()?;
            command(environment).spawn()
        })?;
        starter.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn command(environment: &[String]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    // In a process group of its own, Ctrl-Z does not stop it.
    command.arg0(NAME).env_clear().process_group(0);
    command.envs(environment.iter().filter_map(|text| text.split_once('=')));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[expect(unsafe_code, reason = "rustix marks unshare as unsafe, for what else it can unshare")]
fn leave_namespaces() -> io::Result<()> {
    let flags = UnshareFlags::FS
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWNET;
    // SAFETY: only this thread's root, working directory and namespaces are no longer shared; no memory or descriptor is.
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}
