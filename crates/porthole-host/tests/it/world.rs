//! Namespaces for a test, each held by a process that ends with the test, and processes that play a role in them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use porthole_host::{LinuxHost, Roots};
use porthole_model::{Host, NetnsId, NetworkNamespace, NetworkStack, Pid, Scope, Topic};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

pub(crate) fn host() -> LinuxHost {
    LinuxHost::new(Roots::default())
}

pub(crate) fn collect(topics: &[Topic]) -> Host {
    host().collect(&Scope::of(topics))
}

/// A process; it is killed at the end of the test.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command and waits until its process has become `program`.
    pub(crate) fn start(command: &[&str], program: &str) -> Self {
        let child = Command::new(command[0]).args(&command[1..]).stdin(Stdio::piped()).spawn().unwrap();
        let process = Self(child);
        wait_until(|| fs::read_to_string(format!("/proc/{}/comm", process.pid())).unwrap().trim() == program);
        process
    }

    /// Starts this test binary in a role, by way of `prefix`, and waits until it says that it is ready.
    pub(crate) fn play(prefix: &[&str], role: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = role_command(prefix, role, settings);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(output.any(|line| line.unwrap().ends_with("ready")), "{role} is not ready");
        Self(child)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid(self.0.id())
    }

    pub(crate) fn end(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command that runs a role of [`crate::roles`] in a process of its own.
pub(crate) fn role_command(prefix: &[&str], role: &str, settings: &[(&str, &str)]) -> Command {
    let own = std::env::current_exe().unwrap();
    let name = format!("roles::{role}");
    let mut words: Vec<&str> = prefix.to_vec();
    words.extend([own.to_str().unwrap(), "--exact", &name, "--ignored", "--nocapture", "--test-threads=1"]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).envs(settings.iter().copied());
    command
}

/// A network namespace (and a mount namespace) with a process in it.
pub(crate) struct Namespace {
    process: Process,
}

impl Namespace {
    pub(crate) fn new() -> Self {
        let process = Process::start(&["unshare", "--net", "--mount", "sleep", "infinity"], "sleep");
        let namespace = Self { process };
        namespace.run("ip link set lo up");
        namespace
    }

    pub(crate) fn pid(&self) -> Pid {
        self.process.pid()
    }

    pub(crate) fn id(&self) -> NetnsId {
        let link = fs::read_link(format!("/proc/{}/ns/net", self.pid())).unwrap();
        NetnsId(link.to_str().unwrap().trim_matches(|byte: char| !byte.is_ascii_digit()).parse().unwrap())
    }

    /// Runs a command of simple words in it.
    pub(crate) fn run(&self, line: &str) {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.pid())).args(["--net", "--mount"]);
        let status = command.args(line.split(' ')).status().unwrap();
        assert!(status.success(), "{line}");
    }

    /// What a command of simple words prints in it.
    pub(crate) fn answer(&self, line: &str) -> String {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.pid())).args(["--net", "--mount"]);
        let output = command.args(line.split(' ')).output().unwrap();
        assert!(output.status.success(), "{line}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A process of this test binary in it.
    pub(crate) fn play(&self, role: &str, settings: &[(&str, &str)]) -> Process {
        Process::play(&["nsenter", &format!("--net=/proc/{}/ns/net", self.pid())], role, settings)
    }

    pub(crate) fn seen_in<'a>(&self, host: &'a Host) -> &'a NetworkNamespace {
        host.namespace(self.id()).expect("the namespace is seen")
    }

    pub(crate) fn stack_in<'a>(&self, host: &'a Host) -> &'a NetworkStack {
        self.seen_in(host).stack.known().unwrap()
    }
}

pub(crate) fn wait_until(mut condition: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("it did not come about");
}

/// Does something in the network namespace of a process.
pub(crate) fn inside<T: Send>(process: Pid, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let inside = scope.spawn(move || {
            let door = fs::File::open(format!("/proc/{process}/ns/net")).unwrap();
            move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        inside.join().unwrap()
    })
}
