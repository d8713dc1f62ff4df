//! What can be typed about kept sessions.

use clap::Subcommand;

use super::super::conversation::DetachKeys;
use super::name::SessionName;
use crate::output::OutputArgs;

/// How a session is kept.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sessions that are kept")]
pub(crate) struct KeepArgs {
    /// Keep the session under this name: it goes on when you detach, or the terminal or the connection goes away
    ///
    /// porthole debug attach NAME comes back to it, porthole debug ls lists all of them, and porthole debug rm NAME ends
    /// it. It has a terminal of its own, so standard error is shown as output.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["all", "filters", "pause", "as_target", "write_back", "read_only"])]
    pub(crate) keep: Option<SessionName>,
    /// Only start it
    #[arg(short, long, requires = "keep")]
    pub(crate) detach: bool,
}

/// What can be done with sessions that are kept.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeptCommand {
    /// List the sessions that are kept, on this host and beside the containers of the engine
    Ls(OutputArgs),
    /// Come back to one: see what it showed last, and type
    ///
    /// When the command ends meanwhile, its exit code is porthole's. So it is for one that has ended already, which is
    /// then forgotten.
    Attach(AttachArgs),
    /// End sessions that are kept
    Rm(RemoveArgs),
}

/// `porthole debug attach`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AttachArgs {
    /// The session
    #[arg(value_name = "NAME")]
    pub(super) name: SessionName,
    /// Where somebody else is attached, take that place
    #[arg(long)]
    pub(super) take_over: bool,
    /// The keys that leave it
    #[arg(long, value_name = "KEYS", default_value = "ctrl-p,ctrl-q")]
    pub(super) detach_keys: DetachKeys,
}

/// `porthole debug rm`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    /// The sessions
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub(super) names: Vec<SessionName>,
    /// All of them
    #[arg(short, long)]
    pub(super) all: bool,
    /// Even those that somebody is attached to, or that do not answer; none of that name is no error
    #[arg(short, long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}
