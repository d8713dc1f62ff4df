//! By the layers, where they are on this host: mounted as the engine would, for nobody else to see.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use porthole_engine::{Client, Dormant, Layers};
use porthole_host::{HeldRoot, MountSource, PlannedMount, RootAccess, RootPlan};
use porthole_model::{ContainerState, Mount, MountKind};

use super::warden::Warden;
use super::{Access, Double, runs, state};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Puts the root together; else says why that is not to be done here.
pub(super) fn hold(dormant: &Dormant, access: Access) -> Result<HeldRoot, String> {
    let layers = dormant.layers.as_ref().map_err(ToString::to_string)?;
    are_here(layers)?;
    are_of_root(layers)?;
    let plan = plan(dormant, layers, access);
    HeldRoot::hold(&plan, &dormant.environment)
        .map_err(|error| format!("the layers of {} cannot be mounted: {error}", dormant.name))
}

/// Enters it, and minds that nobody starts the container while its own layer is written to.
pub(super) fn run(
    held: &HeldRoot,
    world: &World,
    client: &Client,
    dormant: &Dormant,
    access: Access,
    enter: impl FnOnce(&Double) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    for left_out in held.not_mounted() {
        world.printer.note(&porthole_render::error::warning(&format!("not mounted: {left_out}")));
    }
    let double = Double::Process(held.pid());
    if access != Access::WriteBack {
        return enter(&double);
    }
    let warden = Warden::watch(client.endpoint(), world, dormant)?;
    // Started between the first look and the mount, it would not be seen by the warden.
    if matches!(state(world, client, dormant)?, ContainerState::Running | ContainerState::Paused) {
        return Err(runs(&dormant.name));
    }
    let exit = enter(&double);
    warden.dismiss();
    exit
}

/// The names of layers are random: where they are, they are those that the engine means.
fn are_here(layers: &Layers) -> Result<(), String> {
    let own = layers.own.iter().map(|(upper, _)| upper);
    for layer in own.chain(&layers.lower) {
        std::fs::metadata(layer).map_err(|error| {
            format!("its layers cannot be reached from here: {}: {error}", layer.display())
        })?;
    }
    Ok(())
}

/// The engine gives the layers it makes to the root of its containers. Where that is another user than this host's root,
/// what is written here would be nobody's there.
fn are_of_root(layers: &Layers) -> Result<(), String> {
    let (directory, owner): (_, fn(&Metadata) -> u32) = match (&layers.own, layers.lower.first()) {
        (Some((_, work)), _) => (Some(work.as_path()), Metadata::uid),
        (None, lower) => (lower.and_then(|lower| lower.parent()), Metadata::gid),
    };
    let Some(directory) = directory else { return Ok(()) };
    let metadata = std::fs::metadata(directory)
        .map_err(|error| format!("its layers cannot be looked at: {}: {error}", directory.display()))?;
    match owner(&metadata) {
        0 => Ok(()),
        other => Err(format!("root in its containers is {other} on this host")),
    }
}

fn plan(dormant: &Dormant, layers: &Layers, access: Access) -> RootPlan {
    let (layers, access) = match (&layers.own, access) {
        (Some((upper, work)), Access::WriteBack) => {
            (layers.lower.clone(), RootAccess::WriteBack { upper: upper.clone(), work: work.clone() })
        }
        (own, Access::ReadOnly) => (with_own(own.as_ref(), &layers.lower), RootAccess::ReadOnly),
        (own, _) => (with_own(own.as_ref(), &layers.lower), RootAccess::ThrowAway),
    };
    RootPlan {
        layers,
        access,
        mounts: mounts(dormant),
        hostname: dormant.hostname.clone(),
        working_directory: Path::new("/").join(&dormant.working_directory),
    }
}

fn with_own(own: Option<&(PathBuf, PathBuf)>, lower: &[PathBuf]) -> Vec<PathBuf> {
    own.map(|(upper, _)| upper).into_iter().chain(lower).cloned().collect()
}

/// The engine's own files first: a mount of the user's may cover them.
fn mounts(dormant: &Dormant) -> Vec<PlannedMount> {
    let own = dormant.own_files.iter().map(|(name, path)| PlannedMount {
        destination: Path::new("/etc").join(name),
        source: MountSource::Host { path: path.clone(), is_writable: false },
    });
    own.chain(dormant.mounts.iter().map(planned)).collect()
}

fn planned(mount: &Mount) -> PlannedMount {
    let source = match mount.kind {
        MountKind::Tmpfs => MountSource::Memory,
        _ => MountSource::Host { path: mount.source.clone().into(), is_writable: !mount.read_only },
    };
    PlannedMount { destination: mount.destination.clone().into(), source }
}
