//! PH035: a container is attached to a network that the engine does not know any more.

use porthole_model::{
    CheckCode, Container, Engine, Gap, Network, NetworkAttachment, NetworkId, Severity, Subject, SubjectKind,
};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::network_of;
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(35);

/// Networks that the engine makes anew and finds by name.
const PREDEFINED: [&str; 4] = ["bridge", "host", "none", "podman"];

/// The label that Compose puts on its containers.
const COMPOSE_PROJECT: &str = "com.docker.compose.project";

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container's network is gone",
    documentation: Documentation {
        checks: "For every container, stopped ones too: whether the engine still has the networks that the container \
                 is attached to, by id. Networks of a swarm are left out, as a node does not list those it has no task \
                 on.",
        why: "A container keeps the id of its networks, not their names. When a network is removed while the container \
              is stopped (`docker network prune` does that), or when the engine's network database is lost or \
              reset, the container does not start any more: \"network ... not found\". A new network of the same \
              name does not help, since its id is another.",
        mend: "Make a network of that name if there is none, take the container off the old one by force, attach it to \
               the new one with the same aliases, and start it. Containers of Compose are made anew instead.",
        example: "After `docker network prune`, `docker start web` says `Error response from daemon: network \
                  5e0c4f1a... not found`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let networks = engine.networks.known()?;
    let containers = engine.containers.known()?;
    let concerns = containers.iter().filter_map(|container| {
        let gone: Vec<_> = container.attachments.iter().filter_map(|place| gone(engine, place)).collect();
        (!gone.is_empty()).then(|| concern(engine, networks, container, &gone))
    });
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

/// The attachment with the id that the engine does not know.
fn gone<'a>(
    engine: &Engine,
    attachment: &'a NetworkAttachment,
) -> Option<(&'a NetworkAttachment, &'a NetworkId)> {
    let id = attachment.network_id.as_ref().filter(|id| is_local(id))?;
    let is_predefined = PREDEFINED.contains(&attachment.network_name.as_str());
    (!is_predefined && network_of(engine, attachment).is_none()).then_some((attachment, id))
}

/// Ids of a swarm's networks have 25 digits of base 36; Podman writes a name here.
fn is_local(id: &NetworkId) -> bool {
    id.0.len() == 64 && id.0.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn concern(
    engine: &Engine,
    networks: &[Network],
    container: &Container,
    gone: &[(&NetworkAttachment, &NetworkId)],
) -> Concern {
    let name = &container.name;
    let names: Vec<_> = gone.iter().map(|(place, _)| format!("'{}'", place.network_name)).collect();
    let effect = if container.is_alive() { "will not start again" } else { "cannot start" };
    let summary =
        format!("container '{name}' {effect}: its network {} does not exist any more", names.join(", "));
    let mut concern = Concern::new(CODE, severity(container), about_container(container), summary);
    for (place, id) in gone {
        concern = concern.related(about_bridge(id));
        let source = format!("container '{name}', network '{}'", place.network_name);
        concern = concern
            .evidence(source, format!("id {}, which the engine does not list", id.short()))
            .evidence(format!("networks named '{}' now", place.network_name), namesakes(networks, place));
    }
    if let Some(error) = &container.error {
        concern = concern.evidence(format!("container '{name}', State.Error"), error.clone());
    }
    remedies(engine, networks, container, gone, concern)
}

/// What the engine calls the bridge of a network, unless it was told otherwise.
fn about_bridge(id: &NetworkId) -> Subject {
    Subject { kind: SubjectKind::Network, name: format!("br-{}", id.short()) }
}

/// A container that nobody wants to run is not broken, it only cannot run.
fn severity(container: &Container) -> Severity {
    let wanted = container.is_alive()
        || container.restart_policy == "always"
        || container.error.as_ref().is_some_and(|error| error.contains("not found"));
    if wanted { Severity::Error } else { Severity::Warning }
}

fn namesakes(networks: &[Network], place: &NetworkAttachment) -> String {
    let same = networks.iter().filter(|network| network.name == place.network_name);
    let ids: Vec<_> = same.map(|network| format!("id {}", network.id.short())).collect();
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}

fn remedies(
    engine: &Engine,
    networks: &[Network],
    container: &Container,
    gone: &[(&NetworkAttachment, &NetworkId)],
    concern: Concern,
) -> Concern {
    let client = client(engine);
    let mut commands = Vec::new();
    for (place, _) in gone {
        commands.extend(reattach(client, networks, container, place));
    }
    if !container.is_alive() {
        commands.push(format!("{client} start {}", word(&container.name)));
    }
    let explanation = "attach it to a network of the same name; give docker network create the subnet and options the old \
                       one had, and docker network connect the fixed address if it had one";
    let concern = concern.remedy(explanation, commands);
    match container.labels.get(COMPOSE_PROJECT) {
        Some(project) => concern.remedy(
            "or, as Compose made it, let Compose make it anew, in the folder of its file",
            vec![format!("docker compose -p {} up -d --force-recreate", word(project.as_str()))],
        ),
        None => concern,
    }
}

fn reattach(
    client: &str,
    networks: &[Network],
    container: &Container,
    place: &NetworkAttachment,
) -> Vec<String> {
    let (name, network) = (word(&container.name), word(&place.network_name));
    let mut commands = Vec::new();
    if !networks.iter().any(|network| network.name == place.network_name) {
        commands.push(format!("{client} network create {network}"));
    }
    commands.push(format!("{client} network disconnect -f {network} {name}"));
    commands.push(format!("{client} network connect{} {network} {name}", options(container, place)));
    commands
}

/// The aliases, without the names that the engine adds itself.
fn options(container: &Container, place: &NetworkAttachment) -> String {
    let added_by_engine = |alias: &str| alias == container.id.short().0 || alias == container.name;
    let aliases = place.aliases.iter().filter(|alias| !added_by_engine(alias));
    aliases.flat_map(|alias| [" --alias ".into(), word(alias)]).collect()
}
