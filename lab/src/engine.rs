//! The engines a lab can have, each from the Debian suite that ships it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::contents::Contents;
use crate::settings::Settings;
use crate::tree;

/// One engine, named after the line of versions that its suite had when this was written.
///
/// Suites move: a test reads [`Engine::version`] and never expects a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Docker 20.10, of bookworm.
    Docker20,
    /// Docker 26.1, of trixie.
    Docker26,
    /// Docker 28 or newer, of forky.
    Docker28,
    /// Podman's Docker-compatible service, of trixie.
    Podman,
}

const BASE: &[&str] = &["iptables", "nftables", "iproute2", "mount", "curl", "procps", "conntrack"];

impl Engine {
    /// Every engine, the oldest Docker first.
    pub const ALL: [Self; 4] = [Self::Docker20, Self::Docker26, Self::Docker28, Self::Podman];

    /// The engines that this machine has or can fetch; what is missing is fetched now.
    ///
    /// # Panics
    /// When what every run of the tests needs is not to be had: Docker 20, and Docker 26 or 28.
    pub fn available() -> Vec<Self> {
        match tree::available(&Settings::from_environment()) {
            Ok(engines) => engines,
            Err(error) => panic!("{error}"),
        }
    }

    /// The newest Docker of [`Engine::available`].
    pub fn newest() -> Self {
        let available = Self::available();
        if available.contains(&Self::Docker28) { Self::Docker28 } else { Self::Docker26 }
    }

    /// The version of the engine's package, such as `20.10.24`.
    pub fn version(self) -> Result<String, LabError> {
        tree::version(&Settings::from_environment(), self)
    }

    /// The name used on the command line and in the cache.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker20 => "docker20",
            Self::Docker26 => "docker26",
            Self::Docker28 => "docker28",
            Self::Podman => "podman",
        }
    }

    /// The engine with this [`Engine::name`].
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// What the engine's tree is made of.
    pub(crate) fn contents(self) -> Contents {
        let suite = match self {
            Self::Docker20 => "bookworm",
            Self::Docker26 | Self::Podman => "trixie",
            Self::Docker28 => "forky",
        };
        Contents { name: self.name(), suite, packages: self.packages() }
    }

    /// The package whose version is the engine's.
    pub(crate) fn package(self) -> &'static str {
        if self == Self::Podman { "podman" } else { "docker.io" }
    }

    /// Packages of the tree; bookworm's `docker.io` has the client inside.
    fn packages(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Self::Docker20 => &["docker.io", "containerd", "runc"],
            Self::Docker26 | Self::Docker28 => {
                &["docker.io", "docker-cli", "docker-buildx", "containerd", "runc"]
            }
            Self::Podman => &["podman", "crun", "conmon", "netavark", "aardvark-dns", "docker-cli"],
        };
        [own, BASE].concat()
    }

    /// The engine's own command line inside the lab.
    pub(crate) fn command_line(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Podman => ("podman", &["system", "service", "--time=0", "unix:///run/docker.sock"]),
            _ => ("dockerd", &["--host", "unix:///run/docker.sock"]),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
