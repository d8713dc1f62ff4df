//! PH108: the file system of the engine's data is full, or a log is about to fill it.

use porthole_model::{
    CheckCode, Container, Engine, Gap, PathKind, Severity, Space, Storage, Subject, SubjectKind,
};

use super::concern::{about_container, about_storage, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(108);

const MEBIBYTE: u64 = 1 << 20;
/// So many of the containers that could not start are shown with their error.
const MOST: usize = 3;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the disk of the engine's data is full",
    documentation: Documentation {
        checks: "How full the file system of the engine's data root is, in bytes and in inodes, whether a container's log \
                 without a limit of its size has grown larger than what is left, and which containers could not start \
                 for want of room.",
        why: "When it is full, nothing that writes works: images are not pulled, containers do not start, databases \
              stop, and the engine itself cannot save its state. A container that it cannot write for is not started \
              again, whatever its restart policy, even when there is room again. Logs are the usual cause: the \
              `json-file` driver, which is the default, never begins a new file unless `max-size` is set.",
        mend: "Make room: `docker system df` says what takes it, `docker system prune` removes what nothing uses. Start \
               the containers that ended for it. Give logs a limit in `/etc/docker/daemon.json` (`log-opts`: \
               `max-size`, `max-file`); it holds for containers made after that.",
        example: "`no space left on device`, and a log of 180 GB below `/var/lib/docker/containers`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let storage = snapshot.storage.known()?;
    let space = storage.data_root.known()?;
    let containers = engine.containers.known()?;
    let ended: Vec<_> = containers.iter().filter(|each| could_not_start(engine, each)).collect();
    let mut found = Found::default();
    match full(engine, storage, *space) {
        Some(concern) => found.concerns.push(with_ended(engine, concern, &ended)),
        None => found.concerns.extend(ended.into_iter().map(|each| left_behind(engine, each))),
    }
    for container in containers {
        found.part(log_trouble(engine, container, storage, *space));
    }
    Ok(found)
}

/// Whether the engine could not write its files: other file systems, and limits of the kernel's, have the same words.
fn could_not_start(engine: &Engine, container: &Container) -> bool {
    let is_of_data_root = |error: &String| {
        error.contains("no space left on device")
            && engine.info.value().is_some_and(|info| error.contains(&info.data_root))
    };
    !container.is_alive() && container.error.as_ref().is_some_and(is_of_data_root)
}

fn with_ended(engine: &Engine, concern: Concern, ended: &[&Container]) -> Concern {
    if ended.is_empty() {
        return concern;
    }
    let errors =
        ended.iter().take(MOST).map(|each| (error_source(each), each.error.clone().unwrap_or_default()));
    let concern = errors.fold(concern, |concern, (source, error)| concern.evidence(source, error));
    concern
        .remedy("then start what ended for it, as the engine does not try again", vec![start(engine, ended)])
}

/// A container that still is not running when there is room again.
fn left_behind(engine: &Engine, container: &Container) -> Concern {
    let is_wanted = container.restart_policy != "no";
    let severity = if is_wanted { Severity::Error } else { Severity::Warning };
    let summary = format!(
        "container '{}' does not run since the engine's disk was full, and the engine does not start it again",
        container.name
    );
    Concern::new(CODE, severity, about_container(container), summary)
        .evidence(error_source(container), container.error.clone().unwrap_or_default())
        .evidence(
            format!("container '{}', HostConfig.RestartPolicy", container.name),
            &container.restart_policy,
        )
        .remedy("start it: there is room again", vec![start(engine, &[container])])
}

fn error_source(container: &Container) -> String {
    format!("container '{}', State.Error", container.name)
}

fn start(engine: &Engine, containers: &[&Container]) -> String {
    let names: Vec<_> = containers.iter().map(|each| word(&each.name)).collect();
    format!("{} start {}", client(engine), names.join(" "))
}

/// Bytes or inodes, whichever is shorter.
fn full(engine: &Engine, storage: &Storage, space: Space) -> Option<Concern> {
    let has_no_inodes = space.inodes > 0 && space.free_inodes == 0;
    let (severity, what) =
        if space.free_bytes < MEBIBYTE.max(space.bytes / 200) && space.free_bytes < 100 * MEBIBYTE {
            (Severity::Error, "has no room left")
        } else if has_no_inodes {
            (Severity::Error, "can hold no more files")
        } else if space.free_bytes < space.bytes / 20 && space.free_bytes < 2048 * MEBIBYTE {
            (Severity::Warning, "is nearly full")
        } else {
            return None;
        };
    let path = engine.info.value().map_or("the data root", |info| info.data_root.as_str());
    let subject = Subject { kind: SubjectKind::Engine, name: format!("data root {path}") };
    let concern =
        Concern::new(CODE, severity, subject, format!("the disk that holds the engine's data {what}"))
            .related_to((severity == Severity::Error).then(about_storage))
            .evidence(
                format!("statvfs {path}"),
                format!(
                    "{} of {} MiB and {} of {} inodes are free",
                    space.free_bytes / MEBIBYTE,
                    space.bytes / MEBIBYTE,
                    space.free_inodes,
                    space.inodes
                ),
            );
    let client = client(engine);
    Some(with_largest_log(engine, storage, concern).remedy(
        "see what takes the room, and remove what nothing uses",
        vec![format!("{client} system df"), format!("{client} system prune")],
    ))
}

fn with_largest_log(engine: &Engine, storage: &Storage, concern: Concern) -> Concern {
    let containers = engine.containers.value().into_iter().flatten();
    let logs = containers.filter_map(|container| Some((container, log_size(container, storage)?)));
    match logs.max_by_key(|(_, size)| *size) {
        Some((container, size)) if size >= MEBIBYTE => {
            let source = format!("largest log, of container '{}'", container.name);
            concern.evidence(source, format!("{} MiB", size / MEBIBYTE))
        }
        _ => concern,
    }
}

fn log_size(container: &Container, storage: &Storage) -> Option<u64> {
    let facts = storage.paths.get(container.log.path.as_ref()?)?.value()?;
    (facts.kind == PathKind::File).then_some(facts.size)
}

/// A log without a limit that is larger than what is left of the disk.
fn log_trouble(
    engine: &Engine,
    container: &Container,
    storage: &Storage,
    space: Space,
) -> Result<Option<Concern>, Gap> {
    let Some(path) = container.log.path.as_ref().filter(|_| container.log.max_size.is_none()) else {
        return Ok(None);
    };
    let Some(facts) = storage.paths.get(path) else { return Ok(None) };
    let size = facts.known()?.size;
    Ok((size > space.free_bytes && size >= 100 * MEBIBYTE)
        .then(|| log_concern(engine, container, path, size, space)))
}

fn log_concern(engine: &Engine, container: &Container, path: &str, size: u64, space: Space) -> Concern {
    let name = &container.name;
    let summary =
        format!("the log of container '{name}' has no limit, and is larger than what is left of its disk");
    Concern::new(CODE, Severity::Warning, about_container(container), summary)
        .evidence(path, format!("{} MiB; free: {} MiB", size / MEBIBYTE, space.free_bytes / MEBIBYTE))
        .evidence(
            format!("container '{name}', HostConfig.LogConfig"),
            format!("{} without max-size", container.log.driver),
        )
        .remedy("empty it; what it holds is lost", vec![format!("truncate -s 0 {}", word(path))])
        .remedy(
            "make the container anew with a limit",
            vec![format!("{} run --log-opt max-size=10m --log-opt max-file=3 …", client(engine))],
        )
}
