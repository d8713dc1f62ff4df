//! What a refusal means: said before the engine's own words, with what was looked up.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use porthole_analysis::{
    KnownContainer, Refusal, RefusalFacts, RefusalMeaning, RefusalNeed, near_calls, refusal_meaning,
    refusal_need,
};
use porthole_engine::{Client, Locality, locality};
use porthole_host::{AddressFamily, SocketFilter};
use porthole_model::{Port, SocketEndpoint, SocketOwner, TransportProtocol};
use porthole_wire::engine_api;
use serde::Deserialize;
use serde_json::Value;

use super::{Wanted, message};
use crate::error::CommandError;
use crate::world::World;

/// Says what the refusal means, where more is known than it says.
pub(super) async fn explain(status: u16, body: &[u8], wanted: &Wanted, client: &Client, world: &World) {
    let message = message(body);
    let known = no_such_call(status, &message, wanted, client).or_else(|| not_spoken(&message, wanted));
    let meaning = match known {
        Some(meaning) => Some(meaning),
        None => looked_up(status, &message, wanted, client, world).await,
    };
    let words = meaning
        .as_ref()
        .map_or(format!("the engine refused, with status {status}"), |meaning| meaning.words.clone());
    let hints = meaning.into_iter().flat_map(|meaning| meaning.hints);
    let error = hints.fold(CommandError::new(words), CommandError::hint);
    world.printer.error(&error);
}

/// Where the engine has no such call: which came later, and which are near.
fn no_such_call(status: u16, message: &str, wanted: &Wanted, client: &Client) -> Option<RefusalMeaning> {
    // Docker's words, and Podman's.
    let is_unknown =
        wanted.operation.is_none() || message.contains("page not found") || message == "Not Found";
    if status != 405 && !(status == 404 && is_unknown) {
        return None;
    }
    let call = engine_api::recognise(&wanted.method, &wanted.path);
    let minor = call.api_version.and_then(minor).unwrap_or(client.api_version().minor);
    let path = wanted.path.split('?').next().unwrap_or_default();
    let path = call.api_version.map_or(path, |version| &path[version.len() + 2..]);
    if let Some((operation, came)) =
        wanted.operation.and_then(|known| Some((known.name, engine_api::came_with(known)?)))
        && came > minor
    {
        let words = format!("{operation} came with API 1.{came}, and 1.{minor} is spoken here");
        return Some(RefusalMeaning { words, hints: Vec::new() });
    }
    let endpoints = engine_api::endpoints(minor);
    let near = near_calls(&endpoints, &wanted.method, path);
    let lines: Vec<_> = near.iter().map(|near| format!("{} {}", near.method, near.path)).collect();
    let words = format!("API 1.{minor} of this engine has no call {} {path}", wanted.method);
    let near = (!lines.is_empty()).then(|| format!("near to it: {}", lines.join(", ")));
    let hints = near.into_iter().chain(["all of them: porthole api ls".to_owned()]).collect();
    Some(RefusalMeaning { words, hints })
}

/// Where the call would begin another protocol, which the engine misses.
fn not_spoken(message: &str, wanted: &Wanted) -> Option<RefusalMeaning> {
    let is_missed = message.contains("not websocket protocol") || message.contains("no upgrade proto");
    is_missed.then(|| other_protocol(wanted)).flatten()
}

/// The protocol that the call begins, which porthole does not speak, and what does the same.
pub(super) fn other_protocol(wanted: &Wanted) -> Option<RefusalMeaning> {
    let path = wanted.path.split('?').next().unwrap_or_default();
    let (protocol, instead) = match wanted.operation_name()? {
        "ContainerAttachWebsocket" => {
            let attach = path.strip_suffix("/ws").unwrap_or(path);
            let query =
                wanted.path.split_once('?').map_or("stream=1&stdin=1&stdout=1&stderr=1", |(_, query)| query);
            ("WebSocket", format!("the same streams without it: porthole api POST '{attach}?{query}'"))
        }
        "Session" | "Grpc" => ("HTTP/2", "what docker build says by it is shown by porthole tap".to_owned()),
        _ => return None,
    };
    let words = format!("{} {path} begins {protocol}, which porthole api does not speak", wanted.method);
    Some(RefusalMeaning { words, hints: vec![instead] })
}

fn minor(version: &str) -> Option<u16> {
    version.split_once('.')?.1.parse().ok()
}

async fn looked_up(
    status: u16,
    message: &str,
    wanted: &Wanted,
    client: &Client,
    world: &World,
) -> Option<RefusalMeaning> {
    let refusal = Refusal { operation: wanted.operation_name(), status, message };
    let facts = facts(refusal_need(&refusal), client, world).await;
    refusal_meaning(&refusal, &facts)
}

/// What could not be read is left out: an engine that refuses may refuse that, too.
async fn facts(need: RefusalNeed, client: &Client, world: &World) -> RefusalFacts {
    let mut facts = RefusalFacts::default();
    match need {
        RefusalNeed::Nothing => {}
        RefusalNeed::Containers => facts.containers = containers(client).await,
        RefusalNeed::Port(protocol, port) => {
            facts.containers = containers(client).await;
            facts.listeners = listeners(protocol, port, client, world);
        }
        RefusalNeed::Images => {
            let images: Vec<Image> = client.get("/images/json").await.unwrap_or_default();
            facts.names = images.into_iter().flat_map(|image| image.tags.unwrap_or_default()).collect();
        }
        RefusalNeed::Networks => {
            let networks: Vec<Named> = client.get("/networks").await.unwrap_or_default();
            facts.names = networks.into_iter().map(|network| network.name).collect();
        }
        RefusalNeed::Volumes => {
            let volumes: Volumes = client.get("/volumes").await.unwrap_or_default();
            facts.names = volumes.volumes.into_iter().flatten().map(|volume| volume.name).collect();
        }
    }
    facts
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "RepoTags")]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Name")]
    name: String,
}

#[derive(Default, Deserialize)]
struct Volumes {
    #[serde(rename = "Volumes")]
    volumes: Option<Vec<Named>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    names: Option<Vec<String>>,
    image: String,
    #[serde(default)]
    status: String,
    ports: Option<Vec<PublishedPort>>,
    network_settings: Option<Attachments>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishedPort {
    public_port: Option<u16>,
    #[serde(rename = "Type")]
    protocol: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attachments {
    networks: Option<serde_json::Map<String, Value>>,
}

async fn containers(client: &Client) -> Vec<KnownContainer> {
    let listed: Vec<Listed> = client.get("/containers/json?all=1").await.unwrap_or_default();
    listed.into_iter().map(known).collect()
}

fn known(listed: Listed) -> KnownContainer {
    let name = listed.names.into_iter().flatten().next().unwrap_or_else(|| listed.id.clone());
    let ports = listed.ports.into_iter().flatten().filter_map(|port| {
        let protocol = match port.protocol.as_str() {
            "udp" => TransportProtocol::Udp,
            "sctp" => TransportProtocol::Sctp,
            _ => TransportProtocol::Tcp,
        };
        Some((protocol, Port(port.public_port?)))
    });
    let networks = listed.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    KnownContainer {
        name: name.trim_start_matches('/').to_owned(),
        image: listed.image,
        status: listed.status,
        ports: ports.collect(),
        networks: networks.into_iter().map(|(name, _)| name).collect(),
        id: listed.id,
    }
}

/// Who listens on the port in the engine's own network, where that is this kernel's.
fn listeners(protocol: TransportProtocol, port: Port, client: &Client, world: &World) -> Vec<String> {
    let Locality::ThisKernel(engine) = locality(client) else { return Vec::new() };
    let Ok(mut inventory) = world.host.socket_inventory() else { return Vec::new() };
    let filter = SocketFilter {
        protocols: vec![protocol],
        families: vec![AddressFamily::V4, AddressFamily::V6],
        unix: false,
        port: Some(port),
        owners: true,
        ..SocketFilter::listeners()
    };
    let mut found = BTreeSet::new();
    // What could be read until then is told.
    let _partly = inventory.each_socket(engine, &filter, &mut |socket| {
        if matches!(&socket.endpoint, SocketEndpoint::Internet(internet) if internet.local.port() == port.0) {
            found.extend(socket.owners.value().into_iter().flatten().map(words));
        }
        ControlFlow::Continue(())
    });
    found.into_iter().collect()
}

fn words(owner: &SocketOwner) -> String {
    format!("{} (pid {})", owner.name, owner.pid)
}
