//! PH106: a container is started again and again, and ends again and again.

use porthole_model::{
    Aftermath, CheckCode, Container, ContainerState, Engine, Gap, Observed, Severity, Timestamp,
};

use super::concern::{about_container, about_storage, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::exit_code;
use crate::shell::word;

const CODE: CheckCode = CheckCode(106);

/// So many restarts, the last of them within a minute, are no accident. The engine waits up to a minute between two.
const RESTARTS: u64 = 3;
const LATELY: i64 = 60_000;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container keeps restarting",
    documentation: Documentation {
        checks: "Whether a container waits for its next restart, or was restarted three times or more and last within \
                 the minute before.",
        why: "Its program ends soon after every start, and the restart policy starts it anew, with longer and longer \
              waits in between: the service is gone most of the time, and the log fills. The exit code says how it \
              ended: 126 and 127 that the command is wrong, 137 that it was killed (often for want of memory), 139 \
              that it crashed, 1 that it gave up, and then its log says why.",
        mend: "Read the last lines of its log, which are in the evidence, and look at its files in the state in which it \
               ends: `porthole debug` enters containers that do not run, too. Stop it while you mend it.",
        example: "`docker run -d --restart=always app` with a database address that is not right: exit code 1, every \
                  minute.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let loops = |container: &&Container| keeps_restarting(container, snapshot.observed_at);
    let concerns = engine.containers.known()?.iter().filter(loops).map(|each| concern(engine, each));
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

pub(super) fn keeps_restarting(container: &Container, now: Timestamp) -> bool {
    let lately = container.started.is_some_and(|started| now.0 - started.0 < LATELY);
    match container.state {
        ContainerState::Restarting => true,
        ContainerState::Running => container.restart_count >= RESTARTS && lately,
        _ => false,
    }
}

fn concern(engine: &Engine, container: &Container) -> Concern {
    let (client, name) = (client(engine), word(&container.name));
    let summary = format!("container '{}' ends soon after each start and is started again", container.name);
    let is_no_command = matches!(container.exit_code, Some(126 | 127));
    let mut concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .related_to((!is_no_command).then(about_storage))
        .evidence(
            format!("container '{}', RestartCount", container.name),
            container.restart_count.to_string(),
        );
    if let Some(code) = container.exit_code {
        concern = concern
            .evidence(format!("container '{}', State.ExitCode", container.name), exit_code::in_words(code));
    }
    if let Some(error) = &container.error {
        concern = concern.evidence(format!("container '{}', State.Error", container.name), error);
    }
    with_log(concern, container)
        .remedy("read why it ends", vec![format!("{client} logs --tail 50 {name}")])
        .remedy(
            "look at its files, and try its command by hand, with porthole's tools",
            vec![format!("porthole debug {name}")],
        )
        .remedy("stop it until it is mended", vec![format!("{client} stop {name}")])
}

/// Adds the last lines of the log, or why there are none.
fn with_log(concern: Concern, container: &Container) -> Concern {
    let source = format!("log of container '{}'", container.name);
    let lines =
        container.aftermath.known().and_then(|Aftermath { last_lines, .. }| last_lines.known().cloned());
    match Observed::from(lines) {
        Observed::Known(lines) if lines.is_empty() => concern.evidence(source, "empty"),
        Observed::Known(lines) => {
            let lines: Vec<_> = lines.iter().rev().take(3).rev().map(|line| line.as_str().trim()).collect();
            concern.evidence(source, lines.join(" | "))
        }
        Observed::Missing(gap) => concern.evidence(source, format!("not known: {}", gap.cause)),
    }
}
