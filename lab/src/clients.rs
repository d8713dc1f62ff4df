//! Clients of other versions than the lab's engine, each in a system of its own on the lab host.

use std::fmt;
use std::time::Duration;

use crate::command::run;
use crate::contents::Contents;
use crate::host::Attached;
use crate::settings::Settings;
use crate::{Engine, LabError, tree};

/// A system with client programs. On the lab host it lies below `/clients`, with the host's `/run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// The docker CLI 20.10, of bookworm.
    Docker20,
    /// The docker CLI 28 or newer, compose, buildx and docker-py, and two load balancers, of forky.
    Newest,
}

impl Clients {
    /// All of them, the oldest first.
    pub const ALL: [Self; 2] = [Self::Docker20, Self::Newest];

    /// Those that this machine has or can fetch; what is missing is fetched now, and what cannot be had is said.
    pub fn available() -> Vec<Self> {
        let settings = Settings::from_environment();
        let mut clients = Self::ALL.to_vec();
        clients.retain(|clients| tree::obtain_or_complain(&settings, &clients.contents()));
        clients
    }

    /// The name in the cache and below `/clients`.
    pub fn name(self) -> &'static str {
        self.contents().name
    }

    pub(crate) fn contents(self) -> Contents {
        match self {
            Self::Docker20 => Engine::Docker20.contents(),
            Self::Newest => Contents {
                name: "clients",
                suite: "forky",
                packages: vec![
                    "docker-cli",
                    "docker-buildx",
                    "docker-compose",
                    "python3-docker",
                    "haproxy",
                    "nginx",
                ],
            },
        }
    }

    /// Where the lab host has it.
    pub(crate) fn place(self) -> String {
        format!("/clients/{}", self.name())
    }

    /// Gives the system, which is read-only, the host's sockets and processes and room to write.
    pub(crate) fn furnish(self, host: &Attached) -> Result<(), LabError> {
        let script = "cd \"$1\" && mount --bind /run run && mount -t proc proc proc && mount --rbind /dev dev \
                      && mount -t tmpfs tmpfs tmp && mount -t tmpfs tmpfs root";
        let mut command = host.command("sh");
        command.args(["-c", script, "sh", &self.place()]);
        run(command, script, Duration::from_mins(1)).ok().map(|_| ())
    }
}

impl fmt::Display for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
