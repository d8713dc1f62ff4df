//! The container or process that a command works on, and where it runs.

use porthole_analysis::target::{self, Named, Target};
use porthole_engine::{Client, ContainerSummary, RequestError};
use porthole_host::LinuxHost;
use porthole_model::{Container, Gap, GapKind, Observed, Pid};

use super::sockets::target::is_process;
use crate::error::CommandError;
use crate::world::World;

/// What a user named.
pub(crate) enum Subject {
    /// A process of this host, with no engine in between.
    Process(Pid),
    /// A container in any state, and the engine that has it.
    Container(Box<Container>, Box<Client>),
}

/// The container or process that `text` names, whatever its state.
pub(crate) fn find(world: &World, text: &str) -> Result<Subject, CommandError> {
    if is_process(text) {
        let Target::Process(pid) = target::resolve(&[], text)? else {
            return Err(CommandError::new(format!("{text} names no process")));
        };
        return Ok(Subject::Process(pid));
    }
    let client = world.engine()?;
    let listed = world.block_on(porthole_engine::containers_only(&client))?.map_err(asked)?;
    let name = |summary: ContainerSummary| Named { name: summary.name, id: summary.id, state: summary.state };
    let listed: Vec<_> = listed.into_iter().map(name).collect();
    let Target::Container(named) = target::resolve(&listed, text)? else {
        return Err(CommandError::new(format!("{text} names no container")));
    };
    let inspected = porthole_engine::inspect(&client, &named.id.0, world.settings.secrets);
    let container = world.block_on(inspected)?.map_err(asked)?;
    Ok(Subject::Container(Box::new(container), Box::new(client)))
}

/// The first process of a running or paused container, where it is one of this host.
pub(crate) fn local_process(host: &LinuxHost, container: &Container) -> Result<Pid, Gap> {
    let what = format!("process of container '{}'", container.name);
    let pid = container.pid.filter(|_| container.is_alive()).ok_or_else(|| {
        Gap::new(GapKind::Vanished, what.as_str(), format!("it is not running but {}", container.state))
    })?;
    match host.container_of(pid) {
        Observed::Known(Some(found)) if found == container.id => Ok(pid),
        Observed::Known(_) => {
            let cause = format!("process {pid} of this host is not in it: the engine runs on another host");
            Err(Gap::new(GapKind::Elsewhere, what, cause))
        }
        Observed::Missing(gap) => Err(gap),
    }
}

fn asked(error: RequestError) -> CommandError {
    CommandError::caused_by("cannot ask the engine for its containers", error)
}
