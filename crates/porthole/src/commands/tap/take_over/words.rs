//! What a take-over says on standard error.

use porthole_host::{LinuxHost, Mounted, MountedChange, SocketPlace};
use porthole_model::{ContainerNames, Observed, Pid};
use porthole_render::take_over as render;

use crate::error::CommandError;
use crate::printer::Printer;
use crate::world::World;

/// What a take-over says.
pub(super) struct Words {
    printer: Printer,
    host: LinuxHost,
    path: String,
    names: ContainerNames,
}

impl Words {
    pub(super) fn new(world: &World, place: &SocketPlace, names: ContainerNames) -> Self {
        Self {
            printer: world.printer,
            host: world.host.clone(),
            path: place.path().display().to_string(),
            names,
        }
    }

    pub(super) fn taken(&self) {
        self.printer.note(&render::taken(&self.path));
    }

    pub(super) fn taken_again(&self) {
        self.printer.note(&render::taken_again(&self.path));
    }

    pub(super) fn given_back(&self) {
        self.printer.note(&render::given_back(&self.path));
    }

    pub(super) fn trouble(&self, error: &CommandError) {
        self.printer.error(error);
    }

    /// What became of a mount of the socket.
    pub(super) fn mounted(&self, mounted: &Mounted) {
        let (holder, point) = (self.holder(mounted.pid), mounted.point.display().to_string());
        self.printer.note(&match &mounted.change {
            Ok(MountedChange::Covered) => render::switched(&holder, &point),
            Ok(MountedChange::Replaced) => render::replaced(&holder, &point),
            Ok(MountedChange::Uncovered) => return,
            Err(gap) => porthole_render::error::warning(&format!(
                "{holder} holds the socket at {point} and keeps its direct line, unseen: {}",
                gap.cause
            )),
        });
    }

    fn holder(&self, pid: Pid) -> String {
        match self.host.container_of(pid) {
            Observed::Known(Some(container)) => match self.names.name(&container) {
                Some(name) => format!("container {name}"),
                None => format!("container {}", container.short()),
            },
            _ => format!("process {pid}"),
        }
    }
}
