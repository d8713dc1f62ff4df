//! PH107: the kernel killed a container, or a process in it, for want of memory.

use porthole_model::{CheckCode, Container, ContainerState, Engine, Gap, MemoryUse, Severity, Snapshot};

use super::concern::{about_container, client, resources_of};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(107);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container ran out of memory",
    documentation: Documentation {
        checks: "Whether the engine says that a container was killed for memory (`OOMKilled`), and for running ones \
                 whether the kernel killed a process in their control group: `oom_kill` of `memory.events`, or of \
                 `memory.oom_control` where control groups are of version 1.",
        why: "A container that reaches its memory limit loses a process: the kernel picks the largest. If that is the \
              first one, the container ends with code 137; if it is another, such as a worker, the container lives on \
              with a part missing, and nothing in `docker ps` tells.",
        mend: "Give it more memory (`docker update --memory`), or make the program use less: a Java heap, a worker \
               count, a cache are often set for the whole host's memory.",
        example: "A web server with eight workers and `-m 256m`: every few hours one worker dies, and some requests end \
                  with 502.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()? {
        if container.is_alive() {
            found.part(lost_a_process(snapshot, engine, container));
        } else if container.out_of_memory {
            found.concerns.push(killed(engine, container));
        }
    }
    Ok(found)
}

/// Newer engines set `OOMKilled` for any process of a container; the code tells whether it was the first.
fn killed(engine: &Engine, container: &Container) -> Concern {
    const KILLED: i64 = 137;
    let name = &container.name;
    let again = if container.state == ContainerState::Restarting { ", and is started again" } else { "" };
    let (severity, summary) = if container.exit_code == Some(KILLED) {
        let summary = format!("container '{name}' was killed because it used more memory than it may{again}");
        (Severity::Error, summary)
    } else {
        let summary = format!("container '{name}' lost processes for want of memory before it ended{again}");
        (Severity::Warning, summary)
    };
    let mut concern = Concern::new(CODE, severity, about_container(container), summary)
        .evidence(format!("container '{name}', State.OOMKilled"), "true");
    if let Some(code) = container.exit_code {
        concern = concern.evidence(format!("container '{name}', State.ExitCode"), code.to_string());
    }
    remedies(engine, container, concern)
}

fn lost_a_process(
    snapshot: &Snapshot,
    engine: &Engine,
    container: &Container,
) -> Result<Option<Concern>, Gap> {
    let Some(resources) = resources_of(snapshot, container)? else { return Ok(None) };
    let memory = resources.memory.known()?;
    Ok((memory.kills > 0).then(|| remedies(engine, container, wounded(container, *memory))))
}

fn wounded(container: &Container, memory: MemoryUse) -> Concern {
    let name = &container.name;
    let summary = format!(
        "the kernel killed processes of container '{name}' for want of memory, and it runs on without them"
    );
    let limit = memory.limit.map_or_else(|| "no limit".to_owned(), mebibytes);
    Concern::new(CODE, Severity::Warning, about_container(container), summary)
        .evidence(
            format!("control group of container '{name}', oom_kill"),
            format!("{} since it started", memory.kills),
        )
        .evidence(
            format!("control group of container '{name}', memory"),
            format!("{} in use, limit {limit}", mebibytes(memory.used)),
        )
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn remedies(engine: &Engine, container: &Container, concern: Concern) -> Concern {
    let (client, name) = (client(engine), word(&container.name));
    concern
        .remedy(
            "see what it may use, and what it uses",
            vec![
                format!("{client} inspect --format '{{{{.HostConfig.Memory}}}}' {name}"),
                format!("{client} stats --no-stream {name}"),
            ],
        )
        .remedy("let it use more", vec![format!("{client} update --memory 512m --memory-swap 512m {name}")])
}
