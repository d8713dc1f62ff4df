//! Starting a program again: same file, words, environment, directory, place, limits and output.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit, setsid};

use super::RunningProgram;

/// A program that was started again.
#[derive(Debug)]
pub struct StartedProgram {
    child: Child,
}

impl RunningProgram {
    /// Starts the same program once more, in a session of its own. It stays when porthole ends.
    pub fn start_again(&self) -> io::Result<StartedProgram> {
        // A thread of its own, since it may be in other namespaces afterwards.
        let started = thread::scope(|scope| scope.spawn(|| self.start_here()).join());
        let started = started.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        started.map(|child| StartedProgram { child })
    }

    fn start_here(&self) -> io::Result<Child> {
        self.place.enter()?;
        let Some((name, arguments)) = self.words.split_first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it was started without a word"));
        };
        let mut command = Command::new(self.program());
        command.arg0(name).args(arguments).current_dir(&self.directory);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(self.output.try_clone()?).stderr(self.errors.try_clone()?);
        prepare(&mut command, self.open_files);
        command.spawn()
    }

    /// A file that was replaced by an update is marked as deleted; the new one has its place.
    fn program(&self) -> &Path {
        let text = self.executable.to_str().and_then(|text| text.strip_suffix(" (deleted)"));
        Path::new(text.map_or(self.executable.as_os_str(), std::ffi::OsStr::new))
    }
}

impl StartedProgram {
    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }
}

/// Leaves the terminal, and takes the limits that the program had before it raised them itself.
#[expect(unsafe_code, reason = "a session is left and limits are set between fork and exec")]
fn prepare(command: &mut Command, open_files: Option<(u64, u64)>) {
    let settle = move || {
        setsid()?;
        if let Some((soft, hard)) = open_files {
            let known = |limit: u64| (limit != u64::MAX).then_some(limit);
            // A limit that may not be raised again stays as it is.
            let _unchanged =
                setrlimit(Resource::Nofile, Rlimit { current: known(soft), maximum: known(hard) });
        }
        Ok(())
    };
    // SAFETY: two system calls that allocate nothing and take no lock.
    unsafe { command.pre_exec(settle) };
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{LinuxHost, Roots};
    use porthole_model::Pid;

    #[test]
    fn a_program_is_ended_and_started_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let script = "echo \"$0 $1 $WORD $(pwd)\"; while :; do sleep 0.1; done";
        let output = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script, "name", "one two"]).env("WORD", "said").current_dir(directory.path());
        let mut first = command.stdout(output).spawn().unwrap();
        let lines = || std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        let wait = |count: usize| {
            let deadline = Instant::now() + Duration::from_secs(20);
            while lines().len() < count && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(20));
            }
        };
        wait(1);
        let host = LinuxHost::new(Roots::default());
        let program = host.running_program(Pid(first.id()), &[]).unwrap();
        let reaper = thread::spawn(move || first.wait());
        host.end_program(&program, Duration::from_secs(20)).unwrap();
        reaper.join().unwrap().unwrap();
        let mut second = program.start_again().unwrap();
        wait(2);
        assert_eq!(second.has_ended(), None);
        let said = lines();
        assert_eq!(said[0], format!("name one two said {}", directory.path().display()));
        assert_eq!(said[1], said[0]);
        second.child.kill().unwrap();
        second.child.wait().unwrap();
    }
}
