//! What a snapshot holds, in numbers, and what it lacks.

use porthole_model::{
    Container, Engine, EngineKind, Gap, Host, NetworkNamespace, NetworkStack, Observed, Snapshot,
};

use crate::doc::{Doc, Line, Style};
use crate::{gaps, moment};

/// The summary of a snapshot.
pub fn doc(snapshot: &Snapshot) -> Doc {
    let mut terms = vec![
        ("read", moment::for_people(snapshot.observed_at).into()),
        ("by", Line::from(format!("porthole {}", snapshot.porthole_version))),
    ];
    match &snapshot.host {
        Observed::Known(host) => terms.extend(about_host(host)),
        Observed::Missing(_) => terms.push(("host", unknown())),
    }
    match &snapshot.engine {
        Observed::Known(engine) => terms.extend(about_engine(engine)),
        Observed::Missing(_) => terms.push(("engine", unknown())),
    }
    let terms = terms.into_iter().map(|(term, meaning)| (Line::of(Style::Faint, term), meaning));
    let mut doc = Doc::new();
    doc.definitions(terms.collect());
    doc.append(gaps::not_seen(all_gaps(snapshot)));
    doc
}

fn about_host(host: &Host) -> Vec<(&'static str, Line)> {
    let phrase = [&host.hostname, &host.operating_system, &host.kernel_release, &host.architecture];
    let phrase: Vec<&str> = phrase.iter().map(|fact| fact.value().map_or("?", String::as_str)).collect();
    vec![
        ("host", phrase.join(", ").into()),
        ("processes", counted(&host.processes)),
        ("namespaces", counted(&host.network_namespaces)),
        ("sockets", sockets(&host.network_namespaces)),
    ]
}

fn sockets(namespaces: &Observed<Vec<NetworkNamespace>>) -> Line {
    let Observed::Known(namespaces) = namespaces else { return unknown() };
    let stacks = namespaces.iter().filter_map(|namespace| namespace.stack.value());
    let sockets: usize = stacks.filter_map(|stack| stack.sockets.value()).map(Vec::len).sum();
    sockets.to_string().into()
}

fn about_engine(engine: &Engine) -> Vec<(&'static str, Line)> {
    let kind = match engine.version.kind {
        EngineKind::Docker => "Docker",
        EngineKind::Podman => "Podman",
    };
    let phrase = format!("{kind} {} at {}", engine.version.version, engine.endpoint);
    vec![
        ("engine", phrase.into()),
        ("containers", containers(&engine.containers)),
        ("networks", counted(&engine.networks)),
    ]
}

fn containers(containers: &Observed<Vec<Container>>) -> Line {
    match containers {
        Observed::Known(all) => {
            let alive = all.iter().filter(|container| container.is_alive()).count();
            format!("{}, {alive} of them alive", all.len()).into()
        }
        Observed::Missing(_) => unknown(),
    }
}

fn counted<T>(fact: &Observed<Vec<T>>) -> Line {
    fact.value().map_or_else(unknown, |all| all.len().to_string().into())
}

fn unknown() -> Line {
    Line::of(Style::Warning, "?")
}

fn all_gaps(snapshot: &Snapshot) -> Vec<&Gap> {
    let whole = [snapshot.host.gap(), snapshot.engine.gap()];
    let host = snapshot.host.value().map(host_gaps).unwrap_or_default();
    let engine = snapshot.engine.value().map(engine_gaps).unwrap_or_default();
    whole.into_iter().flatten().chain(host).chain(engine).collect()
}

fn host_gaps(host: &Host) -> Vec<&Gap> {
    let facts = [&host.hostname, &host.kernel_release, &host.architecture, &host.operating_system];
    let lists = [
        host.processes.gap(),
        host.network_namespaces.gap(),
        host.docker_proxies.gap(),
        host.resources.gap(),
    ];
    let namespaces = host.network_namespaces.value().into_iter().flatten();
    let inner = namespaces.flat_map(|namespace| match &namespace.stack {
        Observed::Known(stack) => stack_gaps(stack),
        Observed::Missing(gap) => vec![gap],
    });
    facts.into_iter().filter_map(|fact| fact.gap()).chain(lists.into_iter().flatten()).chain(inner).collect()
}

fn stack_gaps(stack: &NetworkStack) -> Vec<&Gap> {
    let lists = [
        stack.links.gap(),
        stack.addresses.gap(),
        stack.routes.gap(),
        stack.neighbours.gap(),
        stack.forwarding_database.gap(),
        stack.sockets.gap(),
    ];
    lists.into_iter().flatten().collect()
}

fn engine_gaps(engine: &Engine) -> Vec<&Gap> {
    [engine.info.gap(), engine.containers.gap(), engine.networks.gap()].into_iter().flatten().collect()
}
