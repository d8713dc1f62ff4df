//! The outside world of a lab, which has the lab host inside: its processes are not seen by the host.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};

use nix::unistd::{Pid, sethostname};

use crate::{init, network};

const NAMESPACES: &[&str] = &[
    "--fork",
    "--kill-child=SIGKILL",
    "--pid",
    "--mount",
    "--net",
    "--uts",
    "--ipc",
    "--cgroup",
    "--propagation",
    "private",
    "--",
];

/// Makes the lab host and the wire to it, and ends when the host ends.
///
/// Prints `ready HOST OUTSIDE`: the first processes of both, as numbered on the real machine.
pub(crate) fn world(arguments: &[&str]) -> io::Result<ExitCode> {
    sethostname("outside")?;
    let own = std::fs::read_link("/proc/self")?;
    let (host, mut words) = start_host(arguments)?;
    let first = next(&mut words)?;
    network::connect(&first)?;
    if next(&mut words)? != "mounted" {
        return Err(io::Error::other("the lab host did not come up"));
    }
    println!("ready {first} {}", own.display());
    init::reap_until(Some(Pid::from_raw(i32::try_from(host.id()).map_err(io::Error::other)?)))
}

fn start_host(arguments: &[&str]) -> io::Result<(Child, BufReader<ChildStdout>)> {
    let mut child = Command::new("unshare")
        .args(NAMESPACES)
        .arg(std::env::current_exe()?)
        .arg("init")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()?;
    let pipe = child.stdout.take().ok_or_else(|| io::Error::other("no pipe from the lab host"))?;
    Ok((child, BufReader::new(pipe)))
}

fn next(words: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    words.read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
