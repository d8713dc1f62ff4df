//! What is mounted into a container.

use porthole_model::{Mount, MountKind};

use crate::raw::{RawMap, RawMount};

/// `Mounts`, and the `--tmpfs` ones, which only `HostConfig.Tmpfs` has.
pub(crate) fn mounts(raw: Vec<RawMount>, tmpfs: &RawMap<String>) -> Vec<Mount> {
    let mut mounts: Vec<_> = raw.into_iter().map(mount).collect();
    for (destination, options) in tmpfs {
        if mounts.iter().all(|mount| mount.destination != *destination) {
            let read_only = options.split(',').any(|option| option == "ro");
            let destination = destination.clone();
            mounts.push(Mount { kind: MountKind::Tmpfs, source: String::new(), destination, read_only });
        }
    }
    // Docker lists them in the order of a Go map: another one each time.
    mounts.sort_by(|one, other| one.destination.cmp(&other.destination));
    mounts
}

fn mount(raw: RawMount) -> Mount {
    let kind = match raw.kind.as_str() {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Tmpfs,
        _ => MountKind::Other(raw.kind),
    };
    Mount { kind, source: raw.source, destination: raw.destination, read_only: !raw.writable }
}
