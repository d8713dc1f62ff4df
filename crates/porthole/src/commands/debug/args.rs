//! What can be typed behind `porthole debug`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;
use porthole_host::{Placement, SessionMount};
use porthole_wire::capability;

use super::kept::{KeepArgs, KeptCommand};
use super::stopped::StoppedArgs;
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
    /// Show a file or directory of this host there, to this session alone
    #[arg(short = 'v', long = "volume", value_name = "SOURCE:DESTINATION[:ro]", value_parser = mount)]
    pub(crate) volumes: Vec<SessionMount>,
    /// Run the container's own shell instead of porthole's
    #[arg(long, value_name = "PATH", conflicts_with = "command")]
    pub(crate) shell: Option<PathBuf>,
    /// Freeze the container as long as the session lasts
    #[arg(long)]
    pub(crate) pause: bool,
    /// Give this capability to another user than root, too, or ALL of them
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

fn mount(text: &str) -> Result<SessionMount, String> {
    let (paths, read_only) = match text.rsplit_once(':') {
        Some((paths, "ro")) => (paths, true),
        Some((paths, "rw")) => (paths, false),
        _ => (text, false),
    };
    let (source, destination) =
        paths.rsplit_once(':').ok_or("two paths with a colon between them, as in ./tools:/mnt")?;
    if !destination.starts_with('/') {
        return Err(
            "the second path is in the container and begins with a slash, as in ./tools:/mnt".to_owned()
        );
    }
    let source = std::fs::canonicalize(source).map_err(|error| format!("{source}: {error}"))?;
    Ok(SessionMount { source, destination: destination.into(), read_only })
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
    fn volumes_are_typed_as_for_docker() {
        let typed = |text: &str| mount(text).map(|mount| (mount.destination, mount.read_only));
        assert_eq!(typed("/:/mnt"), Ok(("/mnt".into(), false)));
        assert_eq!(typed("/:/mnt:ro"), Ok(("/mnt".into(), true)));
        assert!(typed("/").is_err());
        assert!(typed("/:mnt").is_err());
        assert!(typed("/no/such:/mnt").unwrap_err().contains("No such file"));
    }

    #[test]
    fn variables_have_values_or_pass_them_on() {
        assert_eq!(variable("A=b=c"), Ok(Variable::Set("A".into(), "b=c".into())));
        assert_eq!(variable("A"), Ok(Variable::PassedOn("A".into())));
        assert!(variable("=b").is_err());
    }
}
