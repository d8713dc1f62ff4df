//! The first process of a lab host, and how a command gets into the lab's control groups.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, sethostname};

use crate::{mounts, network};

/// Moves into the control groups before `--` and becomes the command behind it.
pub(crate) fn join(words: &[&str]) -> io::Result<ExitCode> {
    let (groups, mut command) = split(words)?;
    join_groups(groups);
    Err(command.exec())
}

/// What comes before `--`, and the command behind it.
pub(crate) fn split<'word, 'words>(
    words: &'words [&'word str],
) -> io::Result<(&'words [&'word str], Command)> {
    let end = words.iter().position(|word| *word == "--").ok_or_else(|| io::Error::other("no `--`"))?;
    let [program, arguments @ ..] = &words[end + 1..] else {
        return Err(io::Error::other("no command after `--`"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    Ok((&words[..end], command))
}

/// Without one of them the command still runs: the lab is ended by its namespaces.
pub(crate) fn join_groups(groups: &[&str]) {
    for group in groups {
        fs::write(Path::new(group).join("cgroup.procs"), "0").ok();
    }
}

/// Runs in new namespaces with the real machine's file system still in view, which it leaves.
///
/// Prints its number on the real machine, and `mounted` when the host is complete but for its links.
pub(crate) fn init(name: &str, directory: &Path, tree: &str, binds: &[&str]) -> io::Result<ExitCode> {
    println!("{}", fs::read_link("/proc/self")?.display());
    network::settings()?;
    mounts::enter(directory, tree, binds)?;
    sethostname(name)?;
    println!("mounted");
    reap_until(None)
}

/// Reaps all that is left to this first process, and ends with the child that matters.
pub(crate) fn reap_until(last: Option<Pid>) -> io::Result<ExitCode> {
    loop {
        match waitid(Id::All, WaitPidFlag::WEXITED) {
            Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _)) if Some(pid) == last => {
                return Ok(ExitCode::SUCCESS);
            }
            // A lab host without a process keeps running.
            Err(Errno::ECHILD) => std::thread::sleep(std::time::Duration::from_millis(20)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
