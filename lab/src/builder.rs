//! What a lab is to be like.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::contents::Contents;
use crate::{Clients, Engine, Lab, LabError, start, systemd, users};

/// A lab to be started; see [`Lab::builder`].
#[derive(Debug, Clone)]
pub struct LabBuilder {
    pub(crate) engine: Engine,
    pub(crate) arguments: Vec<String>,
    pub(crate) time_limit: Duration,
    pub(crate) name: Option<String>,
    pub(crate) daemon_json: Option<Value>,
    pub(crate) binds: Vec<(PathBuf, String)>,
    pub(crate) clients: Vec<Clients>,
    leave_out: Vec<Part>,
    extras: Vec<Extra>,
}

/// What a lab has unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Engine,
    Images,
    Slot,
}

/// What a lab has only when told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    LegacyIptables,
    Registry,
    RemappedUsers,
    Rootless,
    Systemd,
    RegistryLogin,
}

impl LabBuilder {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            arguments: Vec::new(),
            time_limit: Duration::from_mins(1),
            name: None,
            daemon_json: None,
            binds: Vec::new(),
            clients: Vec::new(),
            leave_out: Vec::new(),
            extras: Vec::new(),
        }
    }

    /// The content of `/etc/docker/daemon.json`.
    #[must_use]
    pub fn daemon_json(mut self, content: Value) -> Self {
        self.daemon_json = Some(content);
        self
    }

    /// One more argument on the engine's command line.
    #[must_use]
    pub fn engine_argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// `iptables` is `iptables-legacy` on the lab host.
    #[must_use]
    pub fn legacy_iptables(mut self) -> Self {
        self.extras.push(Extra::LegacyIptables);
        self
    }

    /// The engine's containers have users of their own: their root is user 100000 of the lab host (`userns-remap`).
    #[must_use]
    pub fn remapped_users(mut self) -> Self {
        self.extras.push(Extra::RemappedUsers);
        self.engine_argument(users::REMAP)
    }

    /// The engine is run by user 1000 of the lab host, in a user namespace of his own, as `dockerd-rootless.sh` does.
    ///
    /// Its socket is linked to from where it usually is.
    #[must_use]
    pub fn rootless(mut self) -> Self {
        self.extras.push(Extra::Rootless);
        self
    }

    /// systemd is the first process of the lab host, and the engine its `docker.service`, behind its `docker.socket`.
    ///
    /// What starts and stops the engine is `systemctl` on the host, and not [`Lab::stop_engine`] and its like.
    #[must_use]
    pub fn with_systemd(mut self) -> Self {
        self.extras.push(Extra::Systemd);
        self
    }

    /// The engine is not started (and no image imported); [`Lab::start_engine`] can do it later.
    #[must_use]
    pub fn without_engine(mut self) -> Self {
        self.leave_out.push(Part::Engine);
        self
    }

    /// No images are imported.
    #[must_use]
    pub fn without_images(mut self) -> Self {
        self.leave_out.push(Part::Images);
        self
    }

    /// An image registry runs on the lab host; see [`Lab::push`].
    #[must_use]
    pub fn with_registry(mut self) -> Self {
        self.extras.push(Extra::Registry);
        self
    }

    /// The same registry, at 127.0.0.1:5000, for a user who has logged in as `porthole` with the password `sesame`.
    #[must_use]
    pub fn with_registry_login(mut self) -> Self {
        self.extras.extend([Extra::Registry, Extra::RegistryLogin]);
        self
    }

    /// The lab does not count among those that may run at once.
    ///
    /// A test that has two labs takes this for the second, or two such tests could wait for each other.
    #[must_use]
    pub fn without_slot(mut self) -> Self {
        self.leave_out.push(Part::Slot);
        self
    }

    /// Shows a file or directory of the real machine on the lab host, read-only.
    #[must_use]
    pub fn bind(mut self, host_path: impl AsRef<Path>, lab_path: &str) -> Self {
        self.binds.push((host_path.as_ref().to_owned(), lab_path.to_owned()));
        self
    }

    /// Has these clients on the lab host, too; see [`Lab::client_sh`].
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.clients.push(clients);
        self
    }

    /// The lab's name, which is also its host name; one is made up otherwise.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// How long each command in the lab may take, 60 s if not set.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Starts the lab; a start that fails is undone and tried again, three times in all.
    pub fn start(self) -> Result<Lab, LabError> {
        start::start(&self)
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        !self.leave_out.contains(&part)
    }

    /// What the lab's tree is made of.
    pub(crate) fn contents(&self) -> Contents {
        let contents = self.engine.contents();
        if self.wants(Extra::Systemd) {
            systemd::contents(contents)
        } else if self.wants(Extra::Rootless) {
            users::for_rootless(contents)
        } else {
            contents
        }
    }

    pub(crate) fn wants(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }
}
