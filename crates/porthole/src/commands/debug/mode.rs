//! Which container or process is meant, and which way leads inside.

use porthole_analysis::target::{self as names, Named, Target, TargetError};
use porthole_engine::{Client, ContainerSummary, Dormant, RequestError};
use porthole_host::Admission;
use porthole_model::{Container, Gap, GapKind, Observed};

use super::way::Way;
use crate::commands::sockets::target::is_process;
use crate::error::CommandError;
use crate::world::World;

/// How to get inside.
pub(super) enum Mode {
    /// By the namespaces of a process of this host, which need not be of any container.
    Local {
        /// The process.
        admission: Admission,
        /// The container it is of, and its engine.
        container: Option<Inspected>,
    },
    /// Through the engine, since there is no way from here.
    Sidecar {
        /// The container and its engine.
        container: Inspected,
        /// Why there is none.
        reason: Gap,
    },
    /// It has no process; there are only its files.
    Stopped {
        /// The container and its engine.
        container: Inspected,
    },
    /// It is no container but an image.
    Image {
        /// The engine.
        client: Client,
        /// The image.
        image: Dormant,
    },
}

/// A container, and the engine that told of it.
pub(super) struct Inspected {
    /// The engine.
    pub(super) client: Client,
    /// The container.
    pub(super) container: Container,
}

impl From<&Inspected> for Named {
    fn from(inspected: &Inspected) -> Self {
        Self::from(&inspected.container)
    }
}

/// The way into what `text` names.
pub(super) fn choose(text: &str, way: Way, world: &World) -> Result<Mode, CommandError> {
    if is_process(text) {
        return process(text, world);
    }
    let client = world.engine()?;
    let container = match find(&client, text, world)? {
        Ok(container) => container,
        Err(error) => return image(client, text, error, world),
    };
    let inspected = Inspected { client, container };
    if !inspected.container.is_alive() {
        return Ok(Mode::Stopped { container: inspected });
    }
    if matches!(way, Way::Sidecar | Way::Plain) {
        return Ok(Mode::Sidecar { container: inspected, reason: Gap::not_asked("way in from this host") });
    }
    Ok(match admission(&inspected.client, &inspected.container, world)? {
        Ok(admission) => Mode::Local { admission, container: Some(inspected) },
        Err(reason) => Mode::Sidecar { container: inspected, reason },
    })
}

/// The way into a container from this host, or why there is none.
pub(super) fn admission(
    client: &Client,
    container: &Container,
    world: &World,
) -> Result<Result<Admission, Gap>, CommandError> {
    let found = match here(container, world) {
        Ok(found) => found,
        Err(gap) => return Ok(Err(gap)),
    };
    // Between the engine's answer and the look at the process, the process may have become another one.
    let again = world.block_on(porthole_engine::inspect(client, &container.id.0, world.settings.secrets))?;
    let is_same = again.is_ok_and(|again| again.pid == container.pid);
    Ok(if is_same { Ok(found) } else { Err(restarted(container)) })
}

fn here(container: &Container, world: &World) -> Result<Admission, Gap> {
    let what = || format!("way into container '{}'", container.name);
    if world.settings.through_engine {
        return Err(Gap::new(GapKind::NotAsked, what(), "--through-engine goes another way"));
    }
    let pid = container.pid.ok_or_else(|| restarted(container))?;
    match world.host.container_of(pid) {
        Observed::Known(found) if found.as_ref() == Some(&container.id) => world.host.admission(pid),
        Observed::Known(_) => {
            let cause = format!("process {pid} of this host is not in it: the engine runs on another host");
            Err(Gap::new(GapKind::Elsewhere, what(), cause))
        }
        Observed::Missing(gap) => Err(gap),
    }
}

fn restarted(container: &Container) -> Gap {
    let what = format!("way into container '{}'", container.name);
    Gap::new(GapKind::Vanished, what, "it ended or started anew meanwhile").with_remedy("try again")
}

fn process(text: &str, world: &World) -> Result<Mode, CommandError> {
    match names::resolve(&[], text)? {
        Target::Process(pid) => Ok(Mode::Local { admission: world.host.admission(pid)?, container: None }),
        Target::Container(named) => Err(TargetError::NotFound { text: named.name, near: Vec::new() }.into()),
    }
}

/// What is no container may be an image.
fn image(client: Client, text: &str, error: TargetError, world: &World) -> Result<Mode, CommandError> {
    if !matches!(error, TargetError::NotFound { .. }) {
        return Err(error.into());
    }
    match world.block_on(porthole_engine::dormant_image(&client, text))?.map_err(asked)? {
        Some(image) => Ok(Mode::Image { client, image }),
        None => Err(error.into()),
    }
}

/// Most often the text is a whole name or id, which the engine finds by itself.
fn find(client: &Client, text: &str, world: &World) -> Result<Result<Container, TargetError>, CommandError> {
    let inspect =
        |reference: &str| world.block_on(porthole_engine::inspect(client, reference, world.settings.secrets));
    match inspect(text)? {
        Err(error) if error.is_not_found() => {}
        inspected => return inspected.map(Ok).map_err(asked),
    }
    let listed = world.block_on(porthole_engine::containers_only(client))?.map_err(asked)?;
    let name = |summary: ContainerSummary| Named { name: summary.name, id: summary.id, state: summary.state };
    match names::resolve(&listed.into_iter().map(name).collect::<Vec<_>>(), text) {
        Ok(Target::Container(named)) => inspect(&named.id.0)?.map(Ok).map_err(asked),
        Ok(Target::Process(_)) => Ok(Err(TargetError::NotAProcess { text: text.to_owned() })),
        Err(error) => Ok(Err(error)),
    }
}

pub(super) fn asked(error: RequestError) -> CommandError {
    CommandError::caused_by("cannot ask the engine for its containers", error)
}
