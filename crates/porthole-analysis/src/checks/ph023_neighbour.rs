//! PH023: a container asks for a neighbour by a name that it does not have there.

use porthole_model::{CheckCode, Container, Engine, Gap, HealthStatus, MaskedText, Severity, Timestamp};

use super::concern::{about_container, client};
use super::ph106_restart_loop::keeps_restarting;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::{has_names, missed_names};
use crate::places::has_own_namespace;
use crate::shell::word;

const CODE: CheckCode = CheckCode(23);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container asks for a neighbour that has no name there",
    documentation: Documentation {
        checks: "For every container that ended badly, keeps restarting or fails its health check: whether the last \
                 lines of its log, or what its health check wrote, say that a name was not found which is the name or \
                 an alias of another container, and the two share no network on which containers have names.",
        why: "Names of containers are known on networks that were made with `docker network create` or by compose, and \
              there to their members alone. On the default bridge no container has a name, in the host's network \
              neither, and a container on another network is not found, even where the engine knows it. That a \
              container has such a name in its settings proves nothing: only one that says it asked for it is named \
              here. `porthole dns CONTAINER NAME` asks.",
        mend: "Connect both to one network that was made for them.",
        example: "`docker run -d --name db postgres` and `docker run -e DB_HOST=db app` on the default bridge: `could not \
                  translate host name \"db\" to address`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let asking = containers.iter().filter(|container| has_own_namespace(container) || is_on_host(container));
    let concerns = asking.filter_map(|container| {
        let lines = complaints(container, snapshot.observed_at);
        lines.into_iter().find_map(|(source, line)| {
            let names = missed_names(line.as_str());
            let neighbour = names.iter().find_map(|name| unseen(containers, container, name))?;
            Some(concern(engine, container, neighbour, (&source, line.as_str())))
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

/// The container of that name, where none that bears it can be seen from `container`.
fn unseen<'a>(containers: &'a [Container], container: &Container, name: &str) -> Option<&'a Container> {
    let bears = |other: &Container| {
        let is_it = |own: &String| own.eq_ignore_ascii_case(name);
        is_it(&other.name) || other.attachments.iter().any(|at| at.aliases.iter().any(is_it))
    };
    if bears(container) {
        return None;
    }
    let mut bearers = containers.iter().filter(|other| bears(other)).peekable();
    let first = *bearers.peek()?;
    bearers.all(|other| !share_names(container, other)).then_some(first)
}

fn share_names(one: &Container, other: &Container) -> bool {
    named_networks(one).any(|network| named_networks(other).any(|each| each == network))
}

fn named_networks(container: &Container) -> impl Iterator<Item = &str> {
    let networks = container.attachments.iter().map(|at| at.network_name.as_str());
    networks.filter(|network| has_names(network))
}

fn concern(
    engine: &Engine,
    container: &Container,
    neighbour: &Container,
    (source, line): (&str, &str),
) -> Concern {
    let (own, other) = (&container.name, &neighbour.name);
    let reason = if is_on_host(container) {
        "it is in the host's network, where containers have no names"
    } else if named_networks(container).next().is_none() {
        "containers have no names for each other on the default network"
    } else {
        "the two are on no network together"
    };
    let summary = format!("container '{own}' does not find container '{other}' by name: {reason}");
    let is_over = !container.is_alive() && container.state != porthole_model::ContainerState::Restarting;
    let severity = if is_over { Severity::Warning } else { Severity::Error };
    let concern = Concern::new(CODE, severity, about_container(container), summary)
        .likely()
        .evidence(source, line.trim())
        .evidence(format!("networks of container '{own}'"), networks(container))
        .evidence(format!("networks of container '{other}'"), networks(neighbour));
    mended(engine, concern, container, neighbour)
}

fn networks(container: &Container) -> String {
    let names: Vec<_> = container.attachments.iter().map(|at| at.network_name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Onto the neighbour's network where that has names, else the own one, else a new one.
fn mended(engine: &Engine, concern: Concern, container: &Container, neighbour: &Container) -> Concern {
    if is_on_host(container) {
        let explanation = "publish a port of it and use 127.0.0.1, or run both on a network of their own";
        return concern.remedy(explanation, Vec::new());
    }
    let client = client(engine);
    let joins = |network: &str, who: &Container| {
        format!("{client} network connect {} {}", word(network), word(&who.name))
    };
    let commands = match (named_networks(neighbour).next(), named_networks(container).next()) {
        (Some(network), _) => vec![joins(network, container)],
        (None, Some(network)) => vec![joins(network, neighbour)],
        (None, None) => {
            vec![format!("{client} network create app"), joins("app", container), joins("app", neighbour)]
        }
    };
    concern.remedy("connect both to one network that was made for them", commands)
}
