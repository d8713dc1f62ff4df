//! The lab host that everything is measured on: a real engine, 30 containers, and the contenders.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use porthole_lab::{Engine, Lab};

use crate::args::Args;
use crate::error::BenchError;
use crate::race::{Contender, Ground, Moment};
use crate::sample::Sample;

/// How many containers the host has where nothing else is said.
pub(crate) const CONTAINERS: usize = 30;

/// This program on the lab host.
pub(crate) const RUNNER: &str = "/usr/local/bin/porthole-bench";

/// A slow command on a busy machine; netstat takes its time with very many sockets.
const TIME_LIMIT: Duration = Duration::from_mins(5);

/// The running lab.
pub(crate) struct Host {
    lab: Lab,
}

impl Host {
    /// The newest engine there is, with porthole and the machine's netstat and ethtool beside it.
    pub(crate) fn start(args: &Args) -> Result<Self, BenchError> {
        let this = env::current_exe().map_err(BenchError::io("find this program"))?;
        let porthole = args.porthole.clone().unwrap_or_else(|| this.with_file_name("porthole"));
        if !porthole.is_file() {
            return Err(BenchError::NoPorthole(porthole));
        }
        let lab = Lab::builder(Engine::newest())
            .time_limit(TIME_LIMIT)
            .bind(this, RUNNER)
            .bind(porthole, "/usr/local/bin/porthole")
            .bind(tool("netstat")?, "/usr/local/bin/netstat")
            .bind(tool("ethtool")?, "/usr/local/bin/ethtool")
            .start()?;
        Ok(Self { lab })
    }

    /// Web servers on three networks; those of the default network publish a port.
    pub(crate) fn fill(&self, containers: usize) -> Result<(), BenchError> {
        eprintln!("starting {containers} containers");
        for network in ["front", "back"] {
            self.docker(&["network", "create", network])?;
        }
        for number in 0..containers {
            let (name, published) = (format!("web{number}"), format!("{}:80", 8000 + number));
            let options: &[&str] = match number % 3 {
                0 => &["--publish", &published],
                1 => &["--network", "front"],
                _ => &["--network", "back"],
            };
            self.run(&name, options, &["bb:1", "httpd", "-f", "-p", "80"])?;
        }
        Ok(())
    }

    /// Adds rules to the host's firewall, in the words of iptables-save.
    pub(crate) fn lay(&self, ruleset: &str) -> Result<(), BenchError> {
        let failed = || BenchError::io("run iptables-nft-restore");
        let mut command = self.lab.command("iptables-nft-restore");
        let mut child = command.arg("--noflush").stdin(Stdio::piped()).spawn().map_err(failed())?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(ruleset.as_bytes()).map_err(failed())?;
        }
        let status = child.wait().map_err(failed())?;
        if status.success() { Ok(()) } else { Err(BenchError::Rules("they could not be laid".to_owned())) }
    }

    /// Starts a container.
    pub(crate) fn run(&self, name: &str, options: &[&str], image: &[&str]) -> Result<(), BenchError> {
        let begin = ["run", "--detach", "--stop-timeout", "1", "--name", name];
        self.docker(&[&begin, options, image].concat()).map(drop)
    }

    /// What the `docker` client prints.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String, BenchError> {
        Ok(self.lab.docker(arguments).ok()?)
    }

    /// What a script on the host prints.
    pub(crate) fn shell(&self, script: &str) -> Result<String, BenchError> {
        Ok(self.lab.sh(script).ok()?)
    }

    /// What a command on the host prints.
    pub(crate) fn output(&self, command: &[String]) -> Result<String, BenchError> {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        Ok(self.lab.exec(&words).ok()?)
    }

    /// Ends the lab, and says if something of it could not be removed.
    pub(crate) fn end(self) -> Result<(), BenchError> {
        Ok(self.lab.down()?)
    }
}

impl Ground for Host {
    /// The command is run and measured on the lab host.
    fn measure(&self, contender: &Contender) -> Result<Sample, BenchError> {
        let mut runner = self.lab.command(RUNNER);
        match contender.moment {
            Moment::End => runner.args(["measure", &format!("--row={}", contender.row), "--"]),
            Moment::Answer => runner.args(["prompt", "--"]),
        };
        runner.args(&contender.command);
        let json = self.lab.run_command(runner, &["measure", &contender.command.join(" ")]).ok()?;
        Ok(serde_json::from_str(&json)?)
    }
}

/// Where the machine has a program that the lab's file tree lacks.
fn tool(name: &'static str) -> Result<PathBuf, BenchError> {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        .iter()
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.is_file())
        .ok_or(BenchError::NoTool(name))
}
