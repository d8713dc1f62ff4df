//! PH111: what is mounted into a container is not there, or a directory stands where a file was meant.

use porthole_model::{
    CheckCode, Container, Engine, Gap, Mount, MountKind, PathFacts, PathKind, Severity, Snapshot, Storage,
    Timestamp,
};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(111);

/// What the engine and its runtime say of a mount that does not fit.
const COMPLAINTS: [&str; 3] =
    ["Are you trying to mount a directory onto a file", "not a directory", "bind source path does not exist"];

/// Endings of names that only files have.
const FILE_ENDINGS: [&str; 21] = [
    "cfg",
    "cnf",
    "conf",
    "crt",
    "css",
    "env",
    "html",
    "ini",
    "js",
    "json",
    "key",
    "lua",
    "pem",
    "properties",
    "py",
    "sh",
    "sql",
    "toml",
    "xml",
    "yaml",
    "yml",
];

/// The engine makes a directory for a source that is missing when the container is made.
const WITH_THE_CONTAINER: i64 = 10_000;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a mounted file is missing, or a directory stands in its place",
    documentation: Documentation {
        checks: "For containers that could not be started: whether the engine complains of a bind mount. For running \
                 ones: whether the source of a bind mount is an empty directory that came into being with the \
                 container, while the name it is mounted to is that of a file (`.conf`, `.json`, `.yml`, …).",
        why: "`-v SOURCE:TARGET` with a source that is missing does not fail: the engine makes an empty directory of that \
              name. If the image has a file at the target, the container does not start (`not a directory`); if it \
              has none, the program finds a directory where its configuration should be, and fails in its own words \
              or runs without it. A typing error does it, or a relative path, or a file that was made after the \
              container.",
        mend: "Remove the container and the empty directory, put the file in its place, and make the container anew. \
               With `--mount type=bind` instead of `-v` a source that is missing is an error at once.",
        example: "`docker run -v ./nginx.conf:/etc/nginx/nginx.conf nginx` in the wrong directory: `Are you trying to \
                  mount a directory onto a file (or vice-versa)?`",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()? {
        if container.is_alive() {
            let storage = snapshot.storage.known();
            found.part(storage.map(|storage| stand_ins(engine, container, storage)));
        } else {
            found.concerns.extend(refused(snapshot, engine, container));
        }
    }
    Ok(found)
}

/// A container that the engine could not start because of a mount.
fn refused(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Option<Concern> {
    let error = container.error.as_ref()?;
    let complains = COMPLAINTS.iter().any(|complaint| error.contains(complaint));
    let binds = container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind);
    let mut blamed =
        binds.filter(|mount| error.contains(&mount.source) || error.contains(&mount.destination));
    let mount = blamed.next().filter(|_| complains)?;
    let summary = format!(
        "container '{}' cannot start: {} of the host does not fit what it is mounted to, {}",
        container.name, mount.source, mount.destination
    );
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("container '{}', State.Error", container.name), error);
    let facts = snapshot.storage.value().and_then(|storage| storage.paths.get(&mount.source)?.value());
    let concern = match facts {
        Some(facts) => concern.evidence(&mount.source, in_words(facts.kind)),
        None => concern,
    };
    Some(remedies(engine, container, mount, concern))
}

fn in_words(kind: PathKind) -> &'static str {
    match kind {
        PathKind::Missing => "nothing is there",
        PathKind::File => "a file",
        PathKind::Directory { is_empty: true } => "an empty directory",
        PathKind::Directory { is_empty: false } => "a directory with files",
        PathKind::Special => "a special file",
    }
}

/// Empty directories that the engine made where files were meant.
fn stand_ins(engine: &Engine, container: &Container, storage: &Storage) -> Vec<Concern> {
    let binds =
        container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind && is_named_as_file(mount));
    let empty = binds.filter_map(|mount| {
        let facts = storage.paths.get(&mount.source)?.value()?;
        let came_with_it =
            container.created.zip(facts.modified).is_some_and(|(made, modified)| near(made, modified));
        (facts.kind == PathKind::Directory { is_empty: true } && came_with_it).then_some((mount, facts))
    });
    empty.map(|(mount, facts)| stand_in(engine, container, mount, *facts)).collect()
}

fn near(made: Timestamp, modified: Timestamp) -> bool {
    (made.0 - modified.0).abs() < WITH_THE_CONTAINER
}

fn is_named_as_file(mount: &Mount) -> bool {
    let name = mount.destination.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending);
    ending.is_some_and(|ending| FILE_ENDINGS.contains(&ending))
}

fn stand_in(engine: &Engine, container: &Container, mount: &Mount, facts: PathFacts) -> Concern {
    let summary = format!(
        "container '{}' finds an empty directory at {}, where a file is meant: {} was missing when it was made",
        container.name, mount.destination, mount.source
    );
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .likely()
        .evidence(
            format!("{} on the host", mount.source),
            format!("{}, as old as the container", in_words(facts.kind)),
        )
        .evidence(format!("container '{}', Mounts", container.name), format!("at {}", mount.destination));
    remedies(engine, container, mount, concern)
}

fn remedies(engine: &Engine, container: &Container, mount: &Mount, concern: Concern) -> Concern {
    let (client, name) = (client(engine), word(&container.name));
    concern.remedy("see what is there", vec![format!("ls -ld {}", word(&mount.source))]).remedy(
        "remove the container and the directory, put the file in its place, and make the container anew",
        vec![format!("{client} rm -f {name}"), format!("rmdir {}", word(&mount.source))],
    )
}
