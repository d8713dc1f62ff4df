//! PH023: a container asks for a neighbour by a name that it does not have there.

use porthole_model::{
    CheckCode, Container, ContainerState, Engine, Gap, HealthStatus, MaskedText, Severity, Timestamp,
};

use super::concern::{about_container, client};
use super::ph106_restart_loop::keeps_restarting;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::{Obstacle, Party, awake, missed_names, obstacle, past};
use crate::exit_code;
use crate::places::has_own_namespace;

const CODE: CheckCode = CheckCode(23);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container asks for a neighbour that has no name there",
    documentation: Documentation {
        checks: "For every container that ended badly, keeps restarting or fails its health check: whether the last \
                 lines of its log, or what its health check wrote, say that a name was not found which is the name or \
                 an alias of another container, and that one does not run, or the two share no network on which \
                 containers have names.",
        why: "Names of containers are known on networks that were made with `docker network create` or by compose, and \
              there to their members alone, and while they run. On the default bridge no container has a name, in the \
              host's network neither, and a container on another network is not found, even where the engine knows it. \
              That a container has such a name in its settings proves nothing: only one that says it asked for it is \
              named here. `porthole dns CONTAINER NAME` asks.",
        mend: "Start the other one, or connect both to one network that was made for them. A container that waits for \
               its next start cannot be connected: connect the other one, or stop it for that.",
        example: "`docker run -d --name db postgres` and `docker run -e DB_HOST=db app` on the default bridge: `could not \
                  translate host name \"db\" to address`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let now = snapshot.observed_at;
    let asking = containers.iter().filter(|container| has_own_namespace(container) || is_on_host(container));
    let concerns = asking.filter_map(|container| {
        let lines = complaints(container, now);
        lines.into_iter().find_map(|(source, line)| {
            let names = missed_names(line.as_str());
            let missed = names.iter().find_map(|name| missed(containers, container, name, now))?;
            Some(concern(engine, (container, &missed), now, (&source, line.as_str())))
        })
    });
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

fn is_on_host(container: &Container) -> bool {
    container.network_mode == "host"
}

/// What a container in trouble wrote last, newest first, and where.
fn complaints(container: &Container, now: Timestamp) -> Vec<(String, &MaskedText)> {
    let mut lines = Vec::new();
    let is_unhealthy = |health: &&porthole_model::Health| health.status == HealthStatus::Unhealthy;
    if let Some(probe) =
        container.health.as_ref().filter(is_unhealthy).and_then(|health| health.last_probe.as_ref())
    {
        lines.push((format!("container '{}', State.Health.Log", container.name), &probe.output));
    }
    if !container.is_alive() || keeps_restarting(container, now) {
        let last = container.aftermath.value().and_then(|aftermath| aftermath.last_lines.value());
        let source = || format!("log of container '{}'", container.name);
        lines.extend(last.into_iter().flatten().rev().map(|line| (source(), line)));
    }
    lines
}

/// A container that bears a name that was not found, and why it was not.
struct Missed<'a> {
    name: &'a str,
    neighbour: &'a Container,
    /// What would keep it from being found if it ran; else it is only that it does not run.
    obstacle: Option<Obstacle>,
}

/// Why `name` was not found by `container`, where containers bear it and none of them can be found.
fn missed<'a>(
    containers: &'a [Container],
    container: &Container,
    name: &'a str,
    now: Timestamp,
) -> Option<Missed<'a>> {
    if bears(container, name) {
        return None;
    }
    let asker = party(container, now);
    let bearers = containers.iter().filter(|other| bears(other, name));
    let missed: Vec<_> = bearers
        .map(|neighbour| Missed { name, neighbour, obstacle: obstacle(&asker, &party(neighbour, now), name) })
        .collect();
    if missed.iter().any(|each| each.obstacle.is_none() && !was_away(each.neighbour, container, now)) {
        return None;
    }
    missed.into_iter().min_by_key(|each| each.obstacle.is_some())
}

fn bears(container: &Container, name: &str) -> bool {
    let is_it = |own: &String| own.eq_ignore_ascii_case(name);
    is_it(&container.name) || container.attachments.iter().any(|at| at.aliases.iter().any(is_it))
}

/// Whether `neighbour` does not run, and did not while `container` last did.
fn was_away(neighbour: &Container, container: &Container, now: Timestamp) -> bool {
    let ended_before = || match (neighbour.finished, container.started) {
        (None, _) => neighbour.started.is_none(),
        (Some(ended), Some(began)) => ended <= began,
        (Some(_), None) => false,
    };
    !neighbour.is_alive() && (container.is_alive() || keeps_restarting(container, now) || ended_before())
}

fn party(container: &Container, now: Timestamp) -> Party<'_> {
    Party::of(container, keeps_restarting(container, now))
}

fn concern(
    engine: &Engine,
    (container, missed): (&Container, &Missed<'_>),
    now: Timestamp,
    (source, line): (&str, &str),
) -> Concern {
    let (own, neighbour) = (&container.name, missed.neighbour);
    let other = &neighbour.name;
    let reason = missed.obstacle.map_or_else(|| rest(neighbour), |obstacle| why(obstacle, missed.name));
    let summary = format!("container '{own}' does not find container '{other}' by name: {reason}");
    let is_over = !container.is_alive() && container.state != ContainerState::Restarting;
    let severity = if is_over { Severity::Warning } else { Severity::Error };
    let concern = Concern::new(CODE, severity, about_container(container), summary)
        .likely()
        .needs((!neighbour.is_alive()).then(|| about_container(neighbour)))
        .evidence(source, line.trim())
        .evidence(format!("networks of container '{own}'"), networks(container))
        .evidence(format!("networks of container '{other}'"), networks(neighbour));
    mended(engine, with_state(concern, neighbour), container, missed, now)
}

/// Why a container that would be found does not run.
fn rest(neighbour: &Container) -> String {
    match neighbour.state {
        ContainerState::Created => "that one was never started".to_owned(),
        ContainerState::Restarting => {
            "that one ends soon after each start, and has no name in between".to_owned()
        }
        _ => "that one does not run, and only a container that runs has a name".to_owned(),
    }
}

fn why(obstacle: Obstacle, name: &str) -> String {
    let words = match obstacle {
        Obstacle::AskerOnHost => "it is in the host's network, where containers have no names",
        Obstacle::AskerAlone => "it has no network",
        Obstacle::OtherOnHost => "that one is in the host's network, and has no name for containers",
        Obstacle::OtherAlone => "that one has no network, and so no name",
        Obstacle::OtherBeside => "that one is in another container's network, and has no name of its own",
        Obstacle::DefaultNetwork => "containers have no names for each other on the default network",
        Obstacle::Apart => "the two are on no network together",
        Obstacle::OtherName => {
            return format!("'{name}' is not its name on the network that both are on");
        }
    };
    words.to_owned()
}

fn networks(container: &Container) -> String {
    let names: Vec<_> = container.attachments.iter().map(|at| at.network_name.as_str()).collect();
    if !names.is_empty() {
        return names.join(", ");
    }
    match container.network_mode.strip_prefix("container:") {
        Some(owner) => format!("that of container {}", owner.get(..12).unwrap_or(owner)),
        None => "none".to_owned(),
    }
}

/// How a neighbour that does not run came to that.
fn with_state(mut concern: Concern, neighbour: &Container) -> Concern {
    let source = |field: &str| format!("container '{}', {field}", neighbour.name);
    if neighbour.is_alive() {
        return concern;
    }
    concern = concern.evidence(source("State.Status"), neighbour.state.to_string());
    if let Some(code) = neighbour.exit_code {
        concern = concern.evidence(source("State.ExitCode"), exit_code::in_words(code));
    }
    match &neighbour.error {
        Some(error) => concern.evidence(source("State.Error"), error),
        None => concern,
    }
}

fn mended(
    engine: &Engine,
    concern: Concern,
    container: &Container,
    missed: &Missed<'_>,
    now: Timestamp,
) -> Concern {
    let (asker, other) = (party(container, now), party(missed.neighbour, now));
    let client = client(engine);
    let is_taken =
        |name: &str| engine.networks.value().into_iter().flatten().any(|network| network.name == name);
    let advice = match missed.obstacle {
        Some(obstacle) => Some(past(obstacle, client, (&asker, &other), missed.name, is_taken)),
        None => awake(client, &other),
    };
    match advice {
        Some((explanation, commands)) => concern.remedy(explanation, commands),
        None => concern,
    }
}
