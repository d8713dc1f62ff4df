//! What can be typed about the way that leads into a container.

use clap::ValueEnum;
use porthole_engine::Pull;

use super::conversation::DetachKeys;

/// Which way leads in.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WayArgs {
    /// Which way leads in: by this host's namespaces, or through the engine alone
    ///
    /// Without it porthole enters from this host where it may, and through the engine where the engine is on another
    /// host or porthole is not run by root: then it uploads itself once as an image of one file, and runs beside the
    /// container in one of its own, which is removed at the end. Where the engine lets no container enter another one,
    /// the container's processes and network are shared alone, and its files where the kernel shows them.
    #[arg(long, value_name = "WAY", default_value = "auto")]
    pub(crate) mode: Way,
    /// Be what the application is: its user, capabilities, seccomp filter, environment and control group
    ///
    /// The tools are attached at /dev/.porthole in the container, read-only, for as long as the session lasts, and the
    /// engine runs them there as docker exec does.
    #[arg(long, conflicts_with = "image")]
    pub(crate) as_target: bool,
    /// Use the tools of this image instead of porthole's own
    ///
    /// Runs it beside the container, in its process and network namespaces; the container's files are at /proc/1/root.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// When to pull that image
    #[arg(long, value_name = "WHEN", default_value = "missing", requires = "image")]
    pub(crate) pull: PullPolicy,
    /// The keys that leave a session which goes through the engine, and end it
    #[arg(long, value_name = "KEYS", default_value = "ctrl-p,ctrl-q")]
    pub(crate) detach_keys: DetachKeys,
}

impl WayArgs {
    /// Whether only the engine can do what is asked for.
    pub(super) fn needs_engine(&self) -> bool {
        self.as_target || self.image.is_some()
    }
}

/// Which way leads in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// The first of the others that is open.
    Auto,
    /// By the namespaces of this host.
    Local,
    /// Through the engine, with the rights to enter.
    Sidecar,
    /// Through the engine, in the container's process and network namespaces, with no right beyond the usual ones.
    Plain,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PullPolicy {
    /// When the engine does not have it.
    Missing,
    /// Every time.
    Always,
    /// Never.
    Never,
}

impl From<PullPolicy> for Pull {
    fn from(policy: PullPolicy) -> Self {
        match policy {
            PullPolicy::Missing => Self::Missing,
            PullPolicy::Always => Self::Always,
            PullPolicy::Never => Self::Never,
        }
    }
}
