//! Where it is measured: a real engine with something to save, load and run, and a mock beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_lab::{Engine, Lab};

use super::contender::Programs;
use super::mock;
use crate::args::Args;
use crate::error::BenchError;

/// Loading and saving half a gigabyte on a busy machine takes its time.
const TIME_LIMIT: Duration = Duration::from_mins(10);

/// The container that programs are run in.
const CONTAINER: &str = "runner";

/// The running engines.
pub(crate) struct Stage {
    pub(crate) programs: Programs,
    lab: Lab,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Engine,
    Mock,
}

impl Server {
    /// As a row names it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Mock => "mock",
        }
    }
}

impl Stage {
    /// Starts both, with an image of `large` bytes and one of `small`.
    pub(crate) fn start(args: &Args, large: u64, small: u64) -> Result<Self, BenchError> {
        let this = std::env::current_exe().map_err(BenchError::io("find this program"))?;
        let porthole = args.porthole.clone().unwrap_or_else(|| this.with_file_name("porthole"));
        if !porthole.is_file() {
            return Err(BenchError::NoPorthole(porthole));
        }
        let lab = Lab::builder(Engine::newest()).time_limit(TIME_LIMIT).start()?;
        let stage = Self { programs: Programs { this, porthole }, lab };
        mock::serve(&stage.socket(Server::Mock))?;
        stage.fill(large, small)?;
        Ok(stage)
    }

    fn fill(&self, large: u64, small: u64) -> Result<(), BenchError> {
        self.sh("docker run --detach --name runner bb:1 sleep 1000000")?;
        for (image, bytes) in [("large", large), ("small", small)] {
            self.sh(&format!(
                "cd /run && mkdir {image} && head -c {bytes} /dev/urandom > {image}/file && \
                 tar -c -C {image} . | docker import - {image}:1 && \
                 docker save -o /run/{image}.tar {image}:1 && rm -r {image}"
            ))?;
        }
        Ok(())
    }

    fn sh(&self, script: &str) -> Result<String, BenchError> {
        Ok(self.lab.sh(script).ok()?)
    }

    /// What the `docker` client prints.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String, BenchError> {
        Ok(self.lab.docker(arguments).ok()?)
    }

    /// Where a server listens.
    pub(crate) fn socket(&self, server: Server) -> PathBuf {
        match server {
            Server::Engine => self.lab.socket(),
            Server::Mock => self.directory().join("mock.sock"),
        }
    }

    /// A directory in memory, which goes with the lab.
    pub(crate) fn directory(&self) -> PathBuf {
        self.lab.directory().join("run")
    }

    /// An image as `docker save` wrote it.
    pub(crate) fn saved(&self, image: &str) -> PathBuf {
        self.directory().join(format!("{image}.tar"))
    }

    /// Makes an exec of a shell script, not started yet; gives its id.
    pub(crate) fn exec(&self, script: &str) -> Result<String, BenchError> {
        let body = serde_json::json!({
            "AttachStdin": true, "AttachStdout": true, "Cmd": ["sh", "-c", script],
        });
        let url = format!("http://docker/v1.41/containers/{CONTAINER}/exec");
        let answer = curl(&self.socket(Server::Engine), &url, &body.to_string())?;
        let id = serde_json::from_str::<serde_json::Value>(&answer)?["Id"].as_str().map(str::to_owned);
        id.ok_or(BenchError::Answer { command: url, problem: answer })
    }

    /// Ends the lab, and says if something of it could not be removed.
    pub(crate) fn end(self) -> Result<(), BenchError> {
        Ok(self.lab.down()?)
    }
}

fn curl(socket: &Path, url: &str, body: &str) -> Result<String, BenchError> {
    let mut command = std::process::Command::new("curl");
    command.args(["--silent", "--show-error", "--unix-socket"]).arg(socket);
    command.args(["--header", "Content-Type: application/json", "--data", body, url]);
    let output = command.output().map_err(BenchError::io("run curl"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
