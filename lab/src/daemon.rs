//! The engine's process: started with a log, ready when it answers, and watched for an early end.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;

use crate::host::Attached;
use crate::process::{ProcessId, children, program_pid, wait_until};
use crate::{LabError, fetch};

const READY: Duration = Duration::from_secs(90);
const STOP: Duration = Duration::from_mins(1);

/// A started engine.
#[derive(Debug)]
pub(crate) struct Daemon {
    wrapper: Child,
    process: ProcessId,
}

impl Daemon {
    /// Starts the engine and waits until it answers, or ends.
    pub(crate) fn start(host: &Attached, arguments: &[String]) -> Result<Self, LabError> {
        let log = log(&host.directory);
        // In so small a process namespace the number in a left-over file soon is somebody else's.
        std::fs::remove_file(host.directory.join("run/docker.pid")).ok();
        std::fs::remove_file(socket(&host.directory)).ok();
        let written =
            File::options().append(true).create(true).open(&log).map_err(LabError::at("open", &log))?;
        let copy = written.try_clone().map_err(LabError::at("open", &log))?;
        let mut command = host.engine_command();
        command.args(arguments).stdin(Stdio::null()).stdout(written).stderr(copy);
        let wrapper = command.spawn().map_err(LabError::io("start the engine"))?;
        Self::wait_ready(host, wrapper)
    }

    fn wait_ready(host: &Attached, mut wrapper: Child) -> Result<Self, LabError> {
        let mut ended = None;
        let answered = wait_until(READY, || {
            ended = wrapper.try_wait().ok().flatten();
            ended.is_some() || answers(&socket(&host.directory))
        });
        if let Some(status) = ended {
            return Err(failed(host, &format!("ended while starting ({status})")));
        }
        let process = program_pid(&wrapper).and_then(ProcessId::of);
        if let Some(process) = process.filter(|_| answered) {
            return Ok(Self { wrapper, process });
        }
        wrapper.kill().and_then(|()| wrapper.wait()).ok();
        Err(failed(host, &format!("did not answer within {} s", READY.as_secs())))
    }

    /// The engine's process: the one that was started, or the one that somebody in the lab started in its place.
    pub(crate) fn process(&self, host: &Attached) -> ProcessId {
        if self.process.is_alive() { self.process } else { successor(host).unwrap_or(self.process) }
    }

    /// Ends the engine with `signal` and waits for it; afterwards its children, such as containerd, are gone too.
    pub(crate) fn end(mut self, host: &Attached, signal: Signal) -> Result<(), LabError> {
        let process = self.process(host);
        let helpers: Vec<ProcessId> = managed(process.pid).into_iter().filter_map(ProcessId::of).collect();
        process.signal(signal);
        let mut gone = wait_until(STOP, || matches!(self.wrapper.try_wait(), Ok(Some(_))));
        gone &= process.wait_gone(STOP);
        gone &= helpers.into_iter().all(|helper| helper.wait_gone(STOP));
        if gone { Ok(()) } else { Err(failed(host, "did not end")) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.wrapper.kill().and_then(|()| self.wrapper.wait()).ok();
    }
}

pub(crate) fn socket(directory: &Path) -> PathBuf {
    directory.join("run/docker.sock")
}

pub(crate) fn log(directory: &Path) -> PathBuf {
    directory.join("engine.log")
}

/// Who listens on the engine's socket now. The kernel numbers it as the real machine does.
fn successor(host: &Attached) -> Option<ProcessId> {
    let stream = UnixStream::connect(socket(&host.directory)).ok()?;
    let peer = getsockopt(&stream, PeerCredentials).ok()?;
    ProcessId::of(peer.pid())
}

/// The engine's own containerd, which ends with it, late.
fn managed(engine: i32) -> Vec<i32> {
    let is_containerd = |pid: &i32| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "containerd")
    };
    children(engine).into_iter().filter(is_containerd).collect()
}

fn answers(socket: &Path) -> bool {
    ping(socket).is_ok_and(|answer| answer.starts_with("HTTP/1.") && answer.contains(" 200 "))
}

fn ping(socket: &Path) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")?;
    let mut answer = [0; 64];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn failed(host: &Attached, what: &str) -> LabError {
    LabError::Daemon {
        engine: host.engine,
        name: host.name.clone(),
        what: what.to_owned(),
        log: fetch::tail(&log(&host.directory)),
    }
}
