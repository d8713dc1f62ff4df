//! The words for what an engine complains of, with what was looked up.

use porthole_model::{Port, TransportProtocol};

use super::message::Complaint;
use super::{KnownContainer, RefusalFacts, RefusalMeaning};
use crate::shell;

/// How many near names are offered, and how alike they must be.
const NEAR_NAMES: usize = 3;
const ALIKE: f64 = 0.75;

/// What the complaint means; `None` where nothing more is known than it says.
pub(super) fn say(complaint: &Complaint<'_>, facts: &RefusalFacts) -> Option<RefusalMeaning> {
    match complaint {
        Complaint::NameTaken { name, id } => find(facts, id).map(|known| name_taken(name, known)),
        Complaint::PortTaken { protocol, address, port, by_engine } => {
            Some(port_taken((*protocol, *port), address, *by_engine, facts))
        }
        Complaint::NoImage(name) => Some(no_image(name, facts)),
        Complaint::NoContainer(name) => {
            let names: Vec<_> = facts.containers.iter().map(|known| known.name.clone()).collect();
            Some(missing("container", name, &names))
        }
        Complaint::NoNetwork(name) => Some(missing("network", name, &facts.names)),
        Complaint::NoVolume(name) => Some(missing("volume", name, &facts.names)),
        Complaint::ContainerRuns(id) => find(facts, id).map(runs),
        Complaint::ContainerRests(id) => find(facts, id).map(rests),
        Complaint::ContainerPaused(id) => find(facts, id).map(paused),
        Complaint::ImageUsed { container } => find(facts, container).map(image_used),
        Complaint::NetworkUsed(name) => network_used(name, facts),
        Complaint::VolumeUsed { volume, containers } => volume_used(volume, containers, facts),
    }
}

fn find<'a>(facts: &'a RefusalFacts, name: &str) -> Option<&'a KnownContainer> {
    let is_it = |known: &&KnownContainer| {
        known.name == name || known.id == name || (name.len() >= 12 && known.id.starts_with(name))
    };
    facts.containers.iter().find(is_it)
}

fn meaning<const N: usize>(words: String, hints: [String; N]) -> RefusalMeaning {
    RefusalMeaning { words, hints: hints.into() }
}

/// `the container web (bb:1, Exited (3) 2 hours ago)`
fn described(known: &KnownContainer) -> String {
    format!("the container {} ({}, {})", known.name, known.image, state(known))
}

fn state(known: &KnownContainer) -> String {
    let mut letters = known.status.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn id(known: &KnownContainer) -> &str {
    known.id.get(..12).unwrap_or(&known.id)
}

fn name_taken(name: &str, known: &KnownContainer) -> RefusalMeaning {
    meaning(
        format!(
            "the name {name} is taken by a container with the id {} ({}, {})",
            id(known),
            known.image,
            state(known)
        ),
        [
            format!(
                "give the new one another name, or rename that one: porthole api POST '/containers/{name}/rename?name=NEW'"
            ),
            format!(
                "where that one is not needed: porthole api DELETE {}",
                path(&format!("/containers/{name}?force=true"))
            ),
        ],
    )
}

fn port_taken(
    wanted: (TransportProtocol, Port),
    address: &str,
    by_engine: bool,
    facts: &RefusalFacts,
) -> RefusalMeaning {
    let (protocol, Port(port)) = wanted;
    let address = if address.is_empty() { "every address" } else { address };
    let port = format!("port {port}/{protocol} of {address}");
    let holders: Vec<_> = facts.containers.iter().filter(|known| known.ports.contains(&wanted)).collect();
    let containers = holders.iter().map(|known| described(known)).collect::<Vec<_>>().join(" and ");
    let other = "publish another port of the host, or leave it out and let the engine choose".to_owned();
    if let Some(first) = holders.first() {
        let stop = format!("or stop {}: porthole api POST /containers/{}/stop", first.name, first.name);
        return meaning(format!("{port} is taken by {containers}"), [other, stop]);
    }
    if !facts.listeners.is_empty() {
        let process = facts.listeners.join(" and ");
        return meaning(format!("{port} is taken by a process of the host: {process}"), [other]);
    }
    let who = if by_engine { "the engine has given it away already" } else { "a program of the host has it" };
    meaning(
        format!("{port} is taken: {who}, and who it is could not be read from here"),
        [other, "on the engine's host, as root: porthole sockets --listening".to_owned()],
    )
}

fn no_image(name: &str, facts: &RefusalFacts) -> RefusalMeaning {
    let near = near(name, &facts.names);
    let said = near_words(&near);
    let (image, tag) = match name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((image, tag)) => (image, tag),
        None => (name, "latest"),
    };
    let pull = path(&format!("/images/create?fromImage={image}&tag={tag}"));
    meaning(
        format!("the engine has no image {name}{said}"),
        [format!("have it pulled: porthole api POST {pull}")],
    )
}

fn missing(what: &str, name: &str, names: &[String]) -> RefusalMeaning {
    let said = near_words(&near(name, names));
    let list = match what {
        "container" => "/containers/json?all=true",
        "network" => "/networks",
        _ => "/volumes",
    };
    meaning(
        format!("the engine has no {what} {name}{said}"),
        [format!("all of them: porthole api GET '{list}'")],
    )
}

fn near<'a>(name: &str, names: &'a [String]) -> Vec<&'a str> {
    let alike = |known: &str| {
        let bare = |text: &str| text.split([':', '@']).next().unwrap_or_default().to_owned();
        strsim::jaro_winkler(name, known).max(if bare(name) == bare(known) { 1.0 } else { 0.0 })
    };
    let mut near: Vec<_> = names.iter().map(|known| (alike(known), known.as_str())).collect();
    near.retain(|(alike, _)| *alike >= ALIKE);
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    near.into_iter().map(|(_, known)| known).take(NEAR_NAMES).collect()
}

fn near_words(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; near to it: {}", near.join(", ")) }
}

fn runs(known: &KnownContainer) -> RefusalMeaning {
    let name = &known.name;
    meaning(
        format!("the container {name} still runs ({})", state(known)),
        [
            format!("stop it first: porthole api POST /containers/{name}/stop"),
            format!(
                "or have it killed and removed: porthole api DELETE {}",
                path(&format!("/containers/{name}?force=true"))
            ),
        ],
    )
}

fn rests(known: &KnownContainer) -> RefusalMeaning {
    let name = &known.name;
    meaning(
        format!("the container {name} does not run ({})", state(known)),
        [format!("start it: porthole api POST /containers/{name}/start")],
    )
}

fn paused(known: &KnownContainer) -> RefusalMeaning {
    let name = &known.name;
    meaning(
        format!("the container {name} is paused: none of its processes gets any time"),
        [format!("let it go on: porthole api POST /containers/{name}/unpause")],
    )
}

fn image_used(known: &KnownContainer) -> RefusalMeaning {
    meaning(
        format!("the image is in use by {}", described(known)),
        [format!(
            "remove that container first: porthole api DELETE {}",
            path(&format!("/containers/{}?force=true", known.name))
        )],
    )
}

fn network_used(name: &str, facts: &RefusalFacts) -> Option<RefusalMeaning> {
    let on_it = facts.containers.iter().filter(|known| known.networks.iter().any(|network| network == name));
    let on_it: Vec<_> = on_it.map(described).collect();
    if on_it.is_empty() {
        return None;
    }
    Some(meaning(
        format!("on the network {name} there still are: {}", on_it.join(", ")),
        [format!(
            "take each off: porthole api POST /networks/{name}/disconnect -d '{{\"Container\": \"NAME\"}}'"
        )],
    ))
}

fn volume_used(volume: &str, containers: &str, facts: &RefusalFacts) -> Option<RefusalMeaning> {
    let holders: Vec<_> = containers.split(", ").filter_map(|id| find(facts, id)).map(described).collect();
    if holders.is_empty() {
        return None;
    }
    Some(meaning(
        format!("the volume {volume} belongs to {}", holders.join(" and ")),
        ["remove these containers first".to_owned()],
    ))
}

fn path(text: &str) -> String {
    shell::word(text).into_owned()
}
