//! What can be typed behind `porthole debug`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;
use porthole_host::Placement;
use porthole_wire::capability;

use super::kept::{KeepArgs, KeptCommand};
use super::stopped::StoppedArgs;
use super::volume::{self, Volume};
use super::way::WayArgs;

/// `porthole debug`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct DebugArgs {
    #[command(subcommand)]
    pub(crate) kept: Option<KeptCommand>,
    /// The container: a name, an id, a unique prefix of either, or pid:N; or an image
    #[arg(value_name = "CONTAINER", required_unless_present_any = ["all", "filters"], conflicts_with_all = ["all", "filters"])]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) way: WayArgs,
    /// What to run there instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    /// As whom, by the container's own names or by numbers; without it, as root
    #[arg(short, long, value_name = "USER[:GROUP]")]
    pub(crate) user: Option<String>,
    /// Where to start, instead of where the container does
    #[arg(short, long, value_name = "DIRECTORY")]
    pub(crate) workdir: Option<PathBuf>,
    /// Set a variable, or pass on the one that is set here
    #[arg(short, long = "env", value_name = "NAME[=VALUE]", value_parser = variable)]
    pub(crate) environment: Vec<Variable>,
    /// Show a file, a directory or a volume there, to this session alone
    ///
    /// SOURCE is what it is for docker run: a path, of this host or of the host that the engine runs on, or the name of one
    /// of the engine's volumes. It must be there, and so must DESTINATION in the container.
    #[arg(short = 'v', long = "volume", value_name = "SOURCE:DESTINATION[:ro]", value_parser = volume::parse)]
    pub(crate) volumes: Vec<Volume>,
    /// Run the container's own shell instead of porthole's
    #[arg(long, value_name = "PATH", conflicts_with = "command")]
    pub(crate) shell: Option<PathBuf>,
    /// Freeze the container as long as the session lasts
    #[arg(long)]
    pub(crate) pause: bool,
    /// Give this capability to another user than root, too, or ALL of them
    ///
    /// Root has every capability that its way in gives it. Through the engine that is the engine's usual set, so that there
    /// this also adds to root's, as docker run --cap-add does, and the engine may refuse it.
    #[arg(long = "cap-add", value_name = "CAPABILITY", value_parser = capability_set)]
    pub(crate) capabilities: Vec<u64>,
    /// How the tools get inside, instead of the best way that there is
    #[arg(long, hide = true, value_name = "WAY")]
    pub(crate) placement: Option<PlacementName>,
    /// Run the command in every container that runs
    #[arg(short, long, requires = "command")]
    pub(crate) all: bool,
    /// Run the command in every container that runs and that this lets through, as in docker ps
    #[arg(long = "filter", value_name = "KEY=VALUE", value_parser = filter, requires = "command")]
    pub(crate) filters: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) keeping: KeepArgs,
    #[command(flatten)]
    pub(crate) stopped: StoppedArgs,
}

impl DebugArgs {
    /// Whether only the engine can do what is asked for.
    pub(super) fn needs_engine(&self) -> bool {
        self.way.needs_engine() || self.volumes.iter().any(Volume::needs_engine)
    }
}

/// How the tools get inside, for who wants to see each way work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlacementName {
    /// Attached nowhere, as a mount.
    Bound,
    /// Attached nowhere, as a copy.
    Copied,
    /// Mounted for the session alone.
    Mounted,
}

impl From<PlacementName> for Placement {
    fn from(name: PlacementName) -> Self {
        match name {
            PlacementName::Bound => Self::Bound,
            PlacementName::Copied => Self::Copied,
            PlacementName::Mounted => Self::Mounted,
        }
    }
}

/// A variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// With this value.
    Set(String, String),
    /// With the value that it has here.
    PassedOn(String),
}

fn variable(text: &str) -> Result<Variable, String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    match value {
        _ if name.is_empty() => Err("a name comes first, as in DEBUG=1".to_owned()),
        Some(value) => Ok(Variable::Set(name.to_owned(), value.to_owned())),
        None => Ok(Variable::PassedOn(name.to_owned())),
    }
}

fn capability_set(text: &str) -> Result<u64, String> {
    capability::set(text)
        .ok_or_else(|| "not a capability: capabilities(7) lists them, as in NET_RAW".to_owned())
}

fn filter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a key and a value, as in label=tier=web")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_values_or_pass_them_on() {
        assert_eq!(variable("A=b=c"), Ok(Variable::Set("A".into(), "b=c".into())));
        assert_eq!(variable("A"), Ok(Variable::PassedOn("A".into())));
        assert!(variable("=b").is_err());
    }
}
