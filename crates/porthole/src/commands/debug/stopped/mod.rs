//! Containers that do not run, and images: their files are put together where they can be entered like those of a
//! running container, by a process of this host or by a replica on the engine.

mod hold;
mod local;
mod replica;
mod warden;

use porthole_engine::{Client, Dormant, DormantKind};
use porthole_model::{ContainerState, Pid};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

pub(crate) use hold::held;

/// What becomes of changes to something that does not run.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Containers that do not run, and images")]
pub(crate) struct StoppedArgs {
    /// Keep what is changed: mend the file that keeps a container from starting
    ///
    /// Without it a container that does not run, or an image, is entered as a throw-away copy: everything looks
    /// writable, and nothing of it is kept.
    #[arg(long, conflicts_with_all = ["all", "filters"])]
    pub(crate) write_back: bool,
    /// Refuse changes
    #[arg(long, conflicts_with_all = ["write_back", "all", "filters"])]
    pub(crate) read_only: bool,
}

/// What becomes of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadOnly,
    ThrowAway,
    WriteBack,
}

/// What is entered in the place of something that does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Double {
    /// A process of this host.
    Process(Pid),
    /// A container that runs on the engine.
    Container(String),
}

impl StoppedArgs {
    /// Refuses what cannot be done to a container that runs.
    pub(super) fn allow_running(self, name: &str) -> Result<(), CommandError> {
        let option = match self.access() {
            Access::ThrowAway => return Ok(()),
            Access::ReadOnly => "--read-only",
            Access::WriteBack => "--write-back",
        };
        Err(CommandError::new(format!("{option} is for containers that do not run, and '{name}' runs"))
            .hint("leave it away: what is changed in a container that runs is changed at once")
            .hint(format!("or stop it first: docker stop {name}")))
    }

    fn access(self) -> Access {
        match (self.write_back, self.read_only) {
            (true, _) => Access::WriteBack,
            (_, true) => Access::ReadOnly,
            _ => Access::ThrowAway,
        }
    }
}

/// Enters what does not run. `is_interactive` says whether a person is shown a prompt, and so facts before it; `enter`
/// does the entering.
pub(super) fn run(
    args: StoppedArgs,
    world: &World,
    client: &Client,
    dormant: Dormant,
    is_interactive: bool,
    enter: impl FnOnce(&Double) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let access = args.access();
    allow(access, world, client, &dormant)?;
    if is_interactive {
        introduce(world, client, &dormant, access)?;
    }
    match local::hold(&dormant, access) {
        Ok(held) => local::run(&held, world, client, &dormant, access, enter),
        Err(reason) => {
            let words = format!("{reason}; the engine makes a replica of it instead");
            world.printer.note(&porthole_render::error::note(&words));
            replica::run(world, client, dormant, access, enter)
        }
    }
}

fn allow(access: Access, world: &World, client: &Client, dormant: &Dormant) -> Result<(), CommandError> {
    if access != Access::WriteBack {
        return Ok(());
    }
    let name = &dormant.name;
    if dormant.kind == DormantKind::Image {
        return Err(CommandError::new(format!("'{name}' is an image, and images do not change"))
            .hint("without --write-back it is entered as a throw-away copy"));
    }
    match state(world, client, dormant)? {
        ContainerState::Running | ContainerState::Paused => Err(runs(name)),
        ContainerState::Restarting => {
            Err(CommandError::new(format!("'{name}' is restarted again and again"))
                .hint(format!("stop that first: docker stop {name}")))
        }
        _ => Ok(()),
    }
}

fn runs(name: &str) -> CommandError {
    CommandError::new(format!("'{name}' runs, and its files are not written back to behind its back"))
        .hint(format!("stop it first: docker stop {name}"))
}

fn state(world: &World, client: &Client, dormant: &Dormant) -> Result<ContainerState, CommandError> {
    world.block_on(porthole_engine::state_of(client, &dormant.id))?.map_err(|error| {
        CommandError::caused_by(format!("cannot learn the state of {}", dormant.name), error)
    })
}

/// How a container ended, and what becomes of changes.
fn introduce(world: &World, client: &Client, dormant: &Dormant, access: Access) -> Result<(), CommandError> {
    if dormant.kind == DormantKind::Container {
        let ending = world.block_on(async {
            let container = porthole_engine::inspect(client, &dormant.id, world.settings.secrets).await?;
            porthole_engine::ending(client, container).await
        })?;
        let ending = ending.map_err(|error| {
            CommandError::caused_by(format!("cannot learn how {} ended", dormant.name), error)
        })?;
        world.printer.note(&porthole_render::ending::doc(&ending));
    }
    let name = &dormant.name;
    let words = match access {
        Access::ReadOnly => format!("the files of {name}, read-only"),
        Access::ThrowAway if dormant.kind == DormantKind::Image => {
            format!("a throw-away copy of {name}: nothing that is changed here is kept")
        }
        Access::ThrowAway => {
            format!(
                "a throw-away copy of {name}: nothing that is changed here is kept (--write-back keeps it)"
            )
        }
        Access::WriteBack => format!("the files of {name} itself: what is changed here is kept"),
    };
    world.printer.note(&porthole_render::error::note(&words));
    Ok(())
}
