//! A lab: commands on its host and outside it, its engine, and its end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::builder::LabBuilder;
use crate::claim::Claim;
use crate::command::{Output, run, typed};
use crate::daemon::{self, Daemon};
use crate::host::{Attached, Identity};
use crate::slot::Slot;
use crate::{Clients, Engine, LabError, outside, registry};

/// A running Docker or Podman host. Dropping it ends it and removes all of it.
#[derive(Debug)]
pub struct Lab {
    // The order matters: the lab ends before its engine's wrapper is waited for and its slot is given back.
    claim: Claim,
    daemon: Mutex<Option<Daemon>>,
    pub(crate) slot: Option<Slot>,
    host: Attached,
    arguments: Vec<String>,
    time_limit: Duration,
}

impl Lab {
    /// A host with that engine running and the images `bb:1` and `peer:1` imported.
    pub fn start(engine: Engine) -> Result<Self, LabError> {
        Self::builder(engine).start()
    }

    /// A host that is to differ from the usual one.
    pub fn builder(engine: Engine) -> LabBuilder {
        LabBuilder::new(engine)
    }

    pub(crate) fn new(claim: Claim, host: Attached, arguments: Vec<String>, time_limit: Duration) -> Self {
        Self { claim, daemon: Mutex::new(None), slot: None, host, arguments, time_limit }
    }

    /// The engine that the lab was started with.
    pub fn engine(&self) -> Engine {
        self.host.engine
    }

    /// The lab's name, which is also its host name.
    pub fn name(&self) -> &str {
        &self.host.name
    }

    /// The lab's first process, as numbered on the real machine.
    pub fn pid(&self) -> i32 {
        self.host.init.pid
    }

    /// The engine's socket, as seen from the real machine.
    pub fn socket(&self) -> PathBuf {
        daemon::socket(self.directory())
    }

    /// The lab's directory on the real machine; `run` in it is the lab's `/run`.
    pub fn directory(&self) -> &Path {
        &self.host.directory
    }

    /// Runs a command on the lab host.
    pub fn exec(&self, words: &[&str]) -> Output {
        let (program, arguments) = split(words);
        let mut command = self.command(program);
        command.args(arguments);
        self.run_command(command, words)
    }

    /// [`Lab::exec`] of a command that must succeed; gives its trimmed standard output.
    ///
    /// # Panics
    /// With code, standard output and standard error when it fails.
    #[track_caller]
    pub fn exec_ok(&self, words: &[&str]) -> String {
        self.exec(words).expect_ok()
    }

    /// Runs a shell script on the lab host.
    pub fn sh(&self, script: &str) -> Output {
        self.exec(&["sh", "-c", script])
    }

    /// [`Lab::sh`] of a script that must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn sh_ok(&self, script: &str) -> String {
        self.sh(script).expect_ok()
    }

    /// Runs a shell script in the system of clients that the lab was started with.
    pub fn client_sh(&self, clients: Clients, script: &str) -> Output {
        self.exec(&["chroot", &clients.place(), "sh", "-c", script])
    }

    /// A command to spawn in the system of clients that the lab was started with; see [`Lab::command`].
    pub fn client_command(&self, clients: Clients, program: &str) -> Command {
        let mut command = self.command("chroot");
        command.args([&clients.place(), program]);
        command
    }

    /// Runs the `docker` client on the lab host.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        self.exec(&[&["docker"], arguments].concat())
    }

    /// [`Lab::docker`] for what must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn docker_ok(&self, arguments: &[&str]) -> String {
        self.docker(arguments).expect_ok()
    }

    /// Runs a command of the real machine in the outside world.
    pub fn outside(&self, words: &[&str]) -> Output {
        let (program, arguments) = split(words);
        let mut command = self.outside_command(program);
        command.args(arguments);
        self.run_command(command, words)
    }

    /// [`Lab::outside`] of a command that must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn outside_ok(&self, words: &[&str]) -> String {
        self.outside(words).expect_ok()
    }

    /// Runs the program `peer` in the outside world.
    pub fn outside_peer(&self, arguments: &[&str]) -> Output {
        let peer = self.host.peer.to_string_lossy();
        self.outside(&[&[peer.as_ref()], arguments].concat())
    }

    /// `peer` with a role, to spawn outside.
    pub fn outside_peer_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.outside_command(&self.host.peer.to_string_lossy());
        command.args(arguments);
        command
    }

    /// Starts `peer` with a role that goes on, such as `http 8080`, outside; it listens when this returns.
    pub fn outside_service(&mut self, arguments: &[&str]) -> Result<(), LabError> {
        let peer = self.host.peer.to_string_lossy().into_owned();
        let words: Vec<String> =
            std::iter::once(peer).chain(arguments.iter().map(|word| (*word).to_owned())).collect();
        let child = outside::service(&self.host, &words)?;
        self.claim.reap(child);
        Ok(())
    }

    /// A command to spawn on the lab host, killed with it. Its environment is a new one.
    ///
    /// The child is a wrapper that ends as the program ends, passes signals on, and takes the program with it when
    /// it is killed. The program's own number is [`crate::program_pid`].
    pub fn command(&self, program: &str) -> Command {
        self.host.command(program)
    }

    /// [`Lab::command`] as another user.
    pub fn command_as(&self, identity: &Identity, program: &str) -> Command {
        self.host.command_as(identity, program)
    }

    /// A command of the real machine to spawn in the outside world.
    pub fn outside_command(&self, program: &str) -> Command {
        self.host.outside_command(program)
    }

    /// Runs a command made by [`Lab::command`] and its like under the lab's time limit, without input.
    pub fn run_command(&self, mut command: Command, words: &[&str]) -> Output {
        command.stdin(Stdio::null());
        run(command, &typed(words), self.time_limit)
    }

    /// Changes how long each command may take.
    pub fn set_time_limit(&mut self, limit: Duration) {
        self.time_limit = limit;
    }

    /// `docker run --detach --stop-timeout 1 --name NAME OPTIONS IMAGE COMMAND`; gives the container's id.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn run(&self, name: &str, options: &[&str], image: &str, command: &[&str]) -> String {
        let begin = ["run", "--detach", "--stop-timeout", "1", "--name", name];
        self.docker_ok(&[&begin, options, &[image], command].concat())
    }

    /// Pushes a local image into the lab's registry, so that `docker pull NAME` gets it; see
    /// [`LabBuilder::with_registry`]. The image stays under its local name only.
    pub fn push(&self, image: &str, name: &str) -> Result<(), LabError> {
        let path = if name.contains('/') { name.to_owned() } else { format!("library/{name}") };
        let address = format!("{}/{path}", registry::ADDRESS);
        self.docker(&["tag", image, &address]).ok()?;
        self.docker(&["push", &address]).ok()?;
        self.docker(&["rmi", &address]).ok().map(|_| ())
    }

    /// Asks the engine to end and waits for it.
    pub fn stop_engine(&self) -> Result<(), LabError> {
        self.end_engine(Signal::SIGTERM)
    }

    /// Kills the engine; its containers are left to themselves.
    pub fn kill_engine(&self) -> Result<(), LabError> {
        self.end_engine(Signal::SIGKILL)
    }

    /// Starts the engine and waits until it answers.
    pub fn start_engine(&self) -> Result<(), LabError> {
        let daemon = Daemon::start(&self.host, &self.arguments)?;
        *self.daemon() = Some(daemon);
        Ok(())
    }

    /// [`Lab::stop_engine`], then [`Lab::start_engine`].
    pub fn restart_engine(&self) -> Result<(), LabError> {
        self.stop_engine()?;
        self.start_engine()
    }

    /// The engine's process, as numbered on the real machine, while it lives; also one that was started again from
    /// within the lab.
    pub fn engine_pid(&self) -> Option<i32> {
        self.daemon()
            .as_ref()
            .map(|daemon| daemon.process(&self.host))
            .filter(|process| process.is_alive())
            .map(|process| process.pid)
    }

    /// Everything that the engine wrote since the lab's start.
    pub fn engine_log(&self) -> String {
        let bytes = std::fs::read(daemon::log(self.directory())).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The DNS server's log: each query it got, and its answer.
    pub fn dns_log(&self) -> String {
        let bytes = std::fs::read(self.directory().join("dns.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Ends the lab, and says if something of it could not be removed.
    pub fn down(mut self) -> Result<(), LabError> {
        self.claim.end()
    }

    /// The lab as other processes find it.
    pub fn attached(&self) -> &Attached {
        &self.host
    }

    fn daemon(&self) -> std::sync::MutexGuard<'_, Option<Daemon>> {
        self.daemon.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn end_engine(&self, signal: Signal) -> Result<(), LabError> {
        let daemon = self.daemon().take();
        daemon.map_or(Ok(()), |daemon| daemon.end(&self.host, signal))
    }
}

fn split<'words>(words: &'words [&'words str]) -> (&'words str, &'words [&'words str]) {
    words.split_first().map_or(("true", &[]), |(program, arguments)| (*program, arguments))
}
