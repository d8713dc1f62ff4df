//! PH110: a container is at its limit of processes, or one of its processes at its limit of open files.

use porthole_model::{
    CheckCode, Container, ContainerResources, DescriptorUse, Engine, Gap, Severity, TaskUse,
};

use super::concern::{about_container, client, resources_of};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(110);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container is at its limit of processes or open files",
    documentation: Documentation {
        checks: "For running containers: whether as many processes and threads run as may (`pids.current` and \
                 `pids.max`), whether more were refused before (`pids.events`), and whether one of its processes has as \
                 many files open as it may (`/proc/PID/fd` and `/proc/PID/limits`).",
        why: "At the limit of processes, nothing can be started in the container: forks and threads fail with \
              `Resource temporarily unavailable`, `docker exec` too. At the limit of open files, connections are not \
              accepted and files not opened: `Too many open files`.",
        mend: "Find what uses them up: a leak is not mended by a higher limit. Raise the limit of processes with \
               `docker update --pids-limit`, that of open files by making the container anew with `--ulimit nofile=`.",
        example: "`docker run --pids-limit 100` and a program that starts a thread for each connection.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()?.iter().filter(|container| container.is_alive()) {
        match resources_of(snapshot, container) {
            Ok(Some(resources)) => judge(engine, container, resources, &mut found),
            Ok(None) => {}
            Err(gap) => found.gap(gap),
        }
    }
    Ok(found)
}

fn judge(engine: &Engine, container: &Container, resources: &ContainerResources, found: &mut Found) {
    found.part(resources.tasks.known().map(|tasks| tasks_concern(engine, container, *tasks)));
    found.part(resources.descriptors.known().map(|nearest| {
        nearest
            .filter(|nearest| nearest.open >= nearest.limit)
            .map(|full| descriptors_concern(container, full))
    }));
}

fn tasks_concern(engine: &Engine, container: &Container, tasks: TaskUse) -> Option<Concern> {
    let limit = tasks.limit?;
    let name = &container.name;
    let (severity, summary) = if tasks.current >= limit {
        (
            Severity::Error,
            format!("container '{name}' runs as many processes as it may: it can start no more"),
        )
    } else if tasks.refused > 0 {
        let summary =
            format!("container '{name}' reached its limit of processes before, and failed to start more");
        (Severity::Warning, summary)
    } else {
        return None;
    };
    let (client, word) = (client(engine), word(name));
    let concern = Concern::new(CODE, severity, about_container(container), summary)
        .evidence(
            format!("control group of container '{name}', pids"),
            format!("{} processes and threads, limit {limit}, {} refused", tasks.current, tasks.refused),
        )
        .remedy("see what runs in it", vec![format!("{client} top {word}")])
        .remedy(
            "if it needs more, raise the limit",
            vec![format!("{client} update --pids-limit {} {word}", limit.saturating_mul(2))],
        );
    Some(concern)
}

fn descriptors_concern(container: &Container, full: DescriptorUse) -> Concern {
    let name = &container.name;
    let summary = format!(
        "process {} of container '{name}' has as many files open as it may: it can accept and open no more",
        full.pid
    );
    Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("/proc/{}/fd", full.pid), format!("{} open", full.open))
        .evidence(format!("/proc/{}/limits, Max open files", full.pid), full.limit.to_string())
        .remedy("see what it has open", vec![format!("porthole debug {} -- lsof -p 1", word(name))])
        .remedy(
            "if it needs more, raise the limit until it ends, and make the container anew with --ulimit nofile=",
            vec![format!("prlimit --pid {} --nofile={}:", full.pid, full.limit.saturating_mul(4))],
        )
}
