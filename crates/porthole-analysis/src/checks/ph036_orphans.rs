//! PH036: something of a network is left that the engine does not know, or is lost that it should keep.

use porthole_model::{
    CheckCode, Container, Engine, EngineKind, Gap, GapKind, NetworkDatabase, Severity, Stored,
    StoredEndpoint, StoredNetwork, Subject, SubjectKind,
};

use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::netdb::{OrphanKind, OrphanLink, orphans};

const CODE: CheckCode = CheckCode(36);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "networks are left over, or are not kept",
    documentation: Documentation {
        checks: "Compares the engine's networks with its database (`local-kv.db`) and with the bridges and veth pairs in \
                 the kernel: bridges named `br-` and twelve digits of a network that no engine has, veth pairs that lead \
                 nowhere, networks and endpoints that only one of engine and database knows, and names that stand for \
                 different ids.",
        why: "A bridge that is left over keeps its subnet and its route: a new network with the same subnet gets packets \
              of neither, and the engine passes the subnet over when it chooses one. An endpoint that is left over \
              keeps its network from being removed (\"has active endpoints\"). A network that the database lacks is \
              gone after the engine's next start. All of it comes from an engine that was killed, or whose database \
              was deleted.",
        mend: "`porthole netdb clean` removes bridges and veth pairs that are nobody's, after it has shown them. Restarting \
               the engine removes what is left in the database. Networks that would be lost are kept by \
               `porthole netdb backup` before, and brought back by `porthole netdb restore` after.",
        example: "After `rm local-kv.db` and a restart, `br-5e0c4f1a2b3c` still holds 172.18.0.1/16, and the new network \
                  gets 172.19.0.0/16.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    if engine.version.kind == EngineKind::Podman {
        let cause = "Podman keeps its networks in files of another kind";
        return Err(Gap::new(GapKind::Unsupported, "network database", cause));
    }
    let mut found = Found::default();
    found.part(orphans(snapshot).map(|orphans| links(&orphans.links)));
    match snapshot.network_database.known() {
        Ok(database) => found.part(stored(engine, database)),
        Err(gap) => found.gap(gap),
    }
    Ok(found)
}

fn links(links: &[OrphanLink]) -> Vec<Concern> {
    let (bridges, pairs): (Vec<_>, Vec<_>) = links.iter().partition(|link| link.kind == OrphanKind::Bridge);
    let mut concerns: Vec<_> = bridges.into_iter().map(bridge).collect();
    if let Some(first) = pairs.first() {
        let count = pairs.len();
        let summary = if count == 1 {
            format!("veth pair {} is left over and leads nowhere", first.name)
        } else {
            format!("{count} veth pairs are left over and lead nowhere")
        };
        let mut concern = Concern::new(CODE, Severity::Note, host("veth pairs"), summary);
        for pair in pairs {
            concern = concern.evidence(format!("link {}", pair.name), pair.evidence.join("; "));
        }
        concerns.push(clean(concern));
    }
    concerns
}

fn bridge(link: &OrphanLink) -> Concern {
    let name = &link.name;
    let summary = format!("bridge {name} is left over from a network that the engine does not have any more");
    let subject = Subject { kind: SubjectKind::Network, name: name.clone() };
    let mut concern = Concern::new(CODE, Severity::Warning, subject, summary);
    for line in &link.evidence {
        concern = concern.evidence(format!("link {name}"), line.clone());
    }
    for user in &link.used_by {
        concern = concern.evidence(format!("port of {name}"), user.clone());
    }
    if link.used_by.is_empty() {
        clean(concern)
    } else {
        concern.remedy(
            "start the containers that are still on it anew, on a network that the engine has",
            vec!["porthole netdb check".to_owned()],
        )
    }
}

fn clean(concern: Concern) -> Concern {
    concern.remedy(
        "remove the links that are nobody's, after looking at them",
        vec!["porthole netdb clean --dry-run".to_owned(), "porthole netdb clean".to_owned()],
    )
}

/// A damaged database lacks records that the engine has; that is the damage's finding, not many of this one.
fn stored(engine: &Engine, database: &NetworkDatabase) -> Result<Vec<Concern>, Gap> {
    if !database.faults.is_empty() {
        let cause = "it is damaged, so what it lacks says nothing";
        return Err(Gap::new(GapKind::Failed, "comparison with the network database", cause));
    }
    let containers = engine.containers.known()?;
    let mut concerns = networks(engine, database)?;
    concerns.extend(endpoints(containers, database));
    concerns.extend(sandboxes(containers, database));
    Ok(concerns)
}

fn networks(engine: &Engine, database: &NetworkDatabase) -> Result<Vec<Concern>, Gap> {
    let listed = engine.networks.known()?;
    let mut concerns = Vec::new();
    for stored in database.networks().filter(|network| !network.in_delete) {
        if !listed.iter().any(|network| network.id == stored.network_id()) {
            let namesake = listed.iter().find(|network| network.name == stored.name);
            concerns.push(only_stored(stored, namesake.map(|network| network.id.short().to_string())));
        }
    }
    for network in listed.iter().filter(|network| network.scope == "local") {
        let is_stored = database.networks().any(|stored| stored.network_id() == network.id);
        let has_namesake = database.networks().any(|stored| stored.name == network.name);
        if !is_stored && !has_namesake {
            concerns.push(only_listed(&network.name, network.id.short().0, database));
        }
    }
    Ok(concerns)
}

fn only_stored(stored: &StoredNetwork, namesake: Option<String>) -> Concern {
    let name = &stored.name;
    let id = stored.network_id();
    let summary = match &namesake {
        Some(_) => {
            format!("the name '{name}' stands for one network in the engine and another in its database")
        }
        None => format!("network '{name}' stands in the engine's database, and the engine does not list it"),
    };
    let concern = Concern::new(CODE, Severity::Warning, network(name), summary)
        .evidence("network database", format!("network '{name}', id {}", id.short()))
        .evidence(
            "networks of the engine",
            match namesake {
                Some(id) => format!("'{name}' has id {id}"),
                None => "none of that id or name".to_owned(),
            },
        );
    restart(concern)
}

fn only_listed(name: &str, id: &str, database: &NetworkDatabase) -> Concern {
    let summary =
        format!("network '{name}' is not in the engine's database and is lost when the engine starts anew");
    Concern::new(CODE, Severity::Error, network(name), summary)
        .evidence("networks of the engine", format!("'{name}' has id {id}"))
        .evidence(format!("network database {}", database.path), "no network of that id or name")
        .remedy(
            "keep a description of the networks, then let the engine make its database anew",
            vec!["porthole netdb backup".to_owned(), "porthole netdb reset".to_owned()],
        )
}

fn endpoints(containers: &[Container], database: &NetworkDatabase) -> Vec<Concern> {
    let stale = database.endpoints().filter(|endpoint| is_stale(endpoint, containers, database));
    stale.map(|endpoint| endpoint_concern(endpoint, database)).collect()
}

/// Endpoints are made for containers that start and removed when they stop.
fn is_stale(endpoint: &StoredEndpoint, containers: &[Container], database: &NetworkDatabase) -> bool {
    if endpoint.load_balancer {
        return false;
    }
    let lives = |container: &&Container| container.is_alive() || container.state.to_string() == "restarting";
    let sandbox = database.sandboxes().find(|sandbox| sandbox.id == endpoint.sandbox);
    let has_container = match sandbox {
        // A container's sandbox may also be a node's own, as a swarm's ingress has.
        Some(sandbox) if sandbox.container.0.len() != 64 => true,
        Some(sandbox) => containers.iter().filter(lives).any(|one| one.id == sandbox.container),
        None => containers.iter().filter(lives).any(|one| one.name == endpoint.name),
    };
    !has_container || !database.networks().any(|network| network.id == endpoint.network)
}

fn endpoint_concern(endpoint: &StoredEndpoint, database: &NetworkDatabase) -> Concern {
    let found = database.networks().find(|network| network.id == endpoint.network);
    let name = found.map_or_else(
        || endpoint.network.get(..12).unwrap_or(&endpoint.network).to_owned(),
        |network| network.name.clone(),
    );
    let of = &endpoint.name;
    let summary = format!("network '{name}' has an endpoint of '{of}', which does not run");
    let subject = Subject { kind: SubjectKind::Network, name: name.clone() };
    let concern = Concern::new(CODE, Severity::Warning, subject, summary)
        .evidence("network database", format!("endpoint '{of}' with {}", endpoint.ipv4))
        .evidence("containers of the engine", format!("none that runs has it as '{of}'"));
    concern.remedy(
        "take it off by force, or restart the engine, which clears it away",
        vec![format!(
            "docker network disconnect -f {} {}",
            crate::shell::word(&name),
            crate::shell::word(of)
        )],
    )
}

fn sandboxes(containers: &[Container], database: &NetworkDatabase) -> Option<Concern> {
    let is_stale = |id: &str| !containers.iter().any(|container| container.id.0 == id);
    let stale: Vec<_> = database
        .records
        .iter()
        .filter_map(|record| match &record.stored {
            Stored::Sandbox(sandbox) if sandbox.container.0.len() == 64 => Some(sandbox),
            _ => None,
        })
        .filter(|sandbox| is_stale(&sandbox.container.0))
        .collect();
    if stale.is_empty() {
        return None;
    }
    let summary =
        format!("the engine's database holds {} network namespaces of containers that are gone", stale.len());
    let mut concern = Concern::new(CODE, Severity::Note, host("sandboxes"), summary);
    for sandbox in stale {
        let source = format!("sandbox {}", sandbox.id.get(..12).unwrap_or(&sandbox.id));
        concern = concern.evidence(source, format!("container {}", sandbox.container.short()));
    }
    Some(restart(concern))
}

fn restart(concern: Concern) -> Concern {
    concern.remedy(
        "restart the engine, which reads its database anew",
        vec!["systemctl restart docker".to_owned()],
    )
}

fn network(name: &str) -> Subject {
    Subject { kind: SubjectKind::Network, name: name.to_owned() }
}

fn host(what: &str) -> Subject {
    Subject { kind: SubjectKind::Host, name: what.to_owned() }
}
