//! PH109: a container's health check fails.

use porthole_model::{CheckCode, Container, Engine, Gap, Health, HealthProbe, HealthStatus, Severity};

use super::concern::{about_container, about_its_networks, about_storage, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::exit_code;
use crate::shell::word;

const CODE: CheckCode = CheckCode(109);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container's health check fails",
    documentation: Documentation {
        checks: "Whether a running container is `unhealthy`, with the exit code and the output of the last try of its \
                 health check; and whether the check could be run at all.",
        why: "Load balancers, `depends_on` of compose and Swarm take an unhealthy container out of use, and Swarm \
              replaces it. The cause is either the program, which does not answer as it should, or the check itself: \
              very often its command (`curl`, `wget`, a shell) is not in the image, and then the container is \
              unhealthy however well its program works.",
        mend: "Where the check's command is missing, use one that is in the image, or let the program check itself. \
               Where the program does not answer, the check's output and the log say more.",
        example: "`HEALTHCHECK CMD curl -f http://localhost/` in an image without curl: exit code 127 or -1, `curl: not \
                  found`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let living = engine.containers.known()?.iter().filter(|container| container.is_alive());
    let unhealthy = living.filter_map(|container| {
        let health = container.health.as_ref().filter(|health| health.status == HealthStatus::Unhealthy)?;
        Some(concern(engine, container, health))
    });
    Ok(Found { concerns: unhealthy.collect(), gaps: Vec::new() })
}

/// -1 is the engine's own code for a check that it could not start.
fn could_not_run(probe: &HealthProbe) -> bool {
    let output = probe.output.as_str();
    let is_told = ["not found", "no such file or directory", "permission denied"]
        .iter()
        .any(|told| output.to_ascii_lowercase().contains(told));
    matches!(probe.exit_code, 126 | 127) || (probe.exit_code == -1 && is_told)
}

/// Whether it complains of the container's own loopback, or was refused: then somebody was reached, and no network
/// has to do with it. 127.0.0.11 is the engine's resolver.
fn asks_itself(probe: &HealthProbe) -> bool {
    let output = probe.output.as_str().to_ascii_lowercase().replace("127.0.0.11", "");
    ["127.0.0.1", "localhost", "::1", "refused"].iter().any(|own| output.contains(own))
}

fn concern(engine: &Engine, container: &Container, health: &Health) -> Concern {
    let (client, name) = (client(engine), word(&container.name));
    let probe = health.last_probe.as_ref();
    let could_not_run = probe.is_some_and(could_not_run);
    let summary = if could_not_run {
        format!("the health check of container '{}' cannot be run, so it counts as unhealthy", container.name)
    } else {
        format!("container '{}' is unhealthy: its health check fails", container.name)
    };
    let asks_itself = probe.is_some_and(asks_itself);
    let networks = about_its_networks(container).filter(|_| !asks_itself);
    let mut concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .related_to(networks)
        .alone_if(could_not_run)
        .related(about_storage())
        .evidence(
            format!("container '{}', State.Health", container.name),
            format!("unhealthy, {} failures in a row", health.failing_streak),
        );
    if let Some(probe) = probe {
        let output = probe.output.as_str();
        let output = if output.is_empty() { "nothing" } else { output };
        concern = concern.evidence(
            "the last try",
            format!("exit code {}, it wrote: {output}", exit_code::in_words(probe.exit_code)),
        );
    }
    concern
        .remedy(
            "see what the check runs",
            vec![format!("{client} inspect --format '{{{{json .Config.Healthcheck}}}}' {name}")],
        )
        .remedy("try it by hand as the container does", vec![format!("porthole debug --as-target {name}")])
}
