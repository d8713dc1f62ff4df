//! An empty root directory with the toolbox in it, and tools run there in namespaces of their own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{PORTHOLE, parse};

/// Mounts what a container has, and goes in. `$1` is the root directory, the rest the command.
const ENTER: &str = "mount -t proc proc \"$1/proc\" && mount --rbind /dev \"$1/dev\" && \
    exec chroot \"$1\" /bin/env -i PATH=/bin TERM=xterm \"${@:2}\"";

/// The root directory.
pub(super) struct Root {
    directory: TempDir,
}

impl Root {
    /// A directory with the binary and a link for each tool.
    pub(super) fn new() -> Self {
        let root = Self { directory: tempfile::tempdir().unwrap() };
        for name in ["bin", "dev", "etc", "proc", "tmp"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let binary = root.path().join("bin/porthole");
        // A link takes no time, where both lie in one file system.
        fs::hard_link(PORTHOLE, &binary).or_else(|_| fs::copy(PORTHOLE, &binary).map(|_| ())).unwrap();
        for tool in tools() {
            symlink("porthole", root.path().join("bin").join(tool)).unwrap();
        }
        root
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A command that goes in.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "enter"]);
        command.arg(self.path()).args(words);
        command
    }

    /// Runs a tool in it.
    pub(super) fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().expect("unshare runs")
    }

    /// Runs a tool in it that reads this.
    pub(super) fn run_with(&self, words: &[&str], input: &str) -> Output {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("unshare runs");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What commands of the shell print, and their exit code.
    pub(super) fn shell(&self, commands: &str) -> (String, i32) {
        let output = self.run(&["sh", "-c", commands]);
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }
}

/// The names of all tools.
fn tools() -> Vec<String> {
    let output = Command::new(PORTHOLE).args(["toolbox", "ls", "--output", "json"]).output().unwrap();
    let list = parse(&String::from_utf8(output.stdout).unwrap());
    let tools = list["tools"].as_array().expect("tools").iter();
    tools.map(|tool| tool["name"].as_str().expect("name").to_owned()).collect()
}
