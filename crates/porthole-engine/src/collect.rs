//! Everything an engine tells of itself, its containers and its networks.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use hyper::Method;
use porthole_model::{
    Container, ContainerId, ContainerState, Engine, EngineInfo, Gap, GapKind, Network, Observed, Scope,
    Secrets, Topic,
};

use crate::aftermath::{Remains, aftermath};
use crate::client::Client;
use crate::connect_error::ConnectError;
use crate::nouns;
use crate::raw::{RawContainer, RawInfo, RawListed, RawNetwork, RawPodmanNetwork};
use crate::request_error::{Call, RequestError};

/// A container as the list shows it: enough to find the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSummary {
    /// Its id.
    pub id: ContainerId,
    /// Its name, without the slash.
    pub name: String,
    /// Its state.
    pub state: ContainerState,
}

/// Reads what `scope` asks for of the engine within `limit`; what does not come in time is a gap.
///
/// For `/info` an engine starts programs such as `runc --version`. Where it is not reached by a unix socket, its
/// information alone tells on which host it runs, and is read in any case.
///
/// `daemon` is a gap: the caller finds the engine's process by its socket.
pub async fn collect(
    client: &Client,
    scope: &Scope,
    secrets: Secrets,
    limit: Duration,
) -> Result<Engine, ConnectError> {
    let with_aftermaths = scope.has(Topic::Aftermaths);
    let (version, info, containers, networks) = tokio::join!(
        client.version(),
        information(client, scope, limit),
        in_time(limit, "the engine's containers", Box::pin(containers(client, with_aftermaths, secrets))),
        in_time(limit, "the engine's networks", Box::pin(networks(client, secrets))),
    );
    Ok(Engine {
        endpoint: client.endpoint().url(),
        endpoint_origin: client.endpoint().origin(),
        version: version?,
        info: info?,
        containers: containers?,
        networks: networks?,
        daemon: Observed::Missing(Gap::not_asked("the engine's process")),
        settings: Observed::Missing(Gap::not_asked("the engine's settings")),
    })
}

async fn information(
    client: &Client,
    scope: &Scope,
    limit: Duration,
) -> Result<Observed<EngineInfo>, ConnectError> {
    let what = "the engine's information";
    if !scope.has(Topic::EngineInfo) && client.endpoint().socket_path().is_some() {
        return Ok(Observed::Missing(Gap::not_asked(what)));
    }
    let information = in_time(limit, what, Box::pin(client.get::<RawInfo>("/info")));
    Ok(information.await?.map(nouns::info))
}

/// The containers without their details, stopped ones too.
pub async fn containers_only(client: &Client) -> Result<Vec<ContainerSummary>, RequestError> {
    let listed: Vec<RawListed> = client.get("/containers/json?all=1").await?;
    Ok(listed.into_iter().map(summary).collect())
}

/// The containers that run or are paused and that each of the filters, `KEY=VALUE` as `docker ps --filter` takes them, lets
/// through.
pub async fn living_containers(
    client: &Client,
    filters: &[(String, String)],
) -> Result<Vec<ContainerSummary>, RequestError> {
    let mut values = by_key(filters);
    values.entry("status").or_insert_with(|| vec!["running", "paused"]);
    let listed: Vec<RawListed> = client.get(&filtered_list(&values)).await?;
    Ok(listed.into_iter().map(summary).collect())
}

/// The containers that each of the filters, `KEY=VALUE` as `docker ps --filter` takes them, lets through, stopped ones too,
/// with all that the engine says of them. One that is gone meanwhile is left out.
pub async fn chosen_containers(
    client: &Client,
    filters: &[(String, String)],
    secrets: Secrets,
) -> Result<Vec<Container>, RequestError> {
    let listed: Vec<RawListed> = client.get(&filtered_list(&by_key(filters))).await?;
    let summaries: Vec<_> = listed.into_iter().map(summary).collect();
    inspected(client, &summaries, false, secrets).await
}

/// Values of one key are alternatives, or must all fit: as the engine takes them.
fn by_key(filters: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in filters {
        values.entry(key).or_default().push(value);
    }
    values
}

fn filtered_list(values: &BTreeMap<&str, Vec<&str>>) -> String {
    let filters = serde_json::json!(values).to_string();
    let filters = percent_encoding::utf8_percent_encode(&filters, percent_encoding::NON_ALPHANUMERIC);
    format!("/containers/json?all=1&filters={filters}")
}

/// Stops every process of a container, its state and all.
pub async fn pause(client: &Client, id: &ContainerId) -> Result<(), RequestError> {
    client.command(&format!("/containers/{id}/pause")).await
}

/// Lets a paused container go on.
pub async fn unpause(client: &Client, id: &ContainerId) -> Result<(), RequestError> {
    client.command(&format!("/containers/{id}/unpause")).await
}

/// One container; `reference` is its id, a unique prefix of it, or its name.
pub async fn inspect(client: &Client, reference: &str, secrets: Secrets) -> Result<Container, RequestError> {
    inspect_with_remains(client, reference, secrets).await.map(|(container, _)| container)
}

async fn inspect_with_remains(
    client: &Client,
    reference: &str,
    secrets: Secrets,
) -> Result<(Container, Remains), RequestError> {
    let reference = percent_encoding::utf8_percent_encode(reference, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("/containers/{reference}/json");
    let raw: RawContainer = client.get(&path).await?;
    let remains = Remains { is_terminal: raw.config.is_terminal, image: raw.image.clone() };
    let container = nouns::container(raw, secrets).map_err(|odd| not_understood(path, &odd))?;
    Ok((container, remains))
}

/// An engine that is gone is an error, anything else that fails a gap.
async fn in_time<T>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<Observed<T>, ConnectError> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(value)) => Ok(Observed::Known(value)),
        Ok(Err(RequestError::Unreachable(error))) => Err(*error),
        Ok(Err(error)) => Ok(Observed::Missing(error.gap(what))),
        Err(_) => {
            let cause = format!("the engine did not answer within {} s", limit.as_secs_f32());
            Ok(Observed::Missing(Gap::new(GapKind::Failed, what, cause)))
        }
    }
}

/// A container that ended between the list and its inspection is left out.
async fn containers(
    client: &Client,
    with_aftermaths: bool,
    secrets: Secrets,
) -> Result<Vec<Container>, RequestError> {
    let listed = containers_only(client).await?;
    inspected(client, &listed, with_aftermaths, secrets).await
}

async fn inspected(
    client: &Client,
    listed: &[ContainerSummary],
    with_aftermaths: bool,
    secrets: Secrets,
) -> Result<Vec<Container>, RequestError> {
    let inspected = stream::iter(listed)
        .map(|summary| async move {
            match inspect_with_remains(client, &summary.id.0, secrets).await {
                Err(error) if error.is_not_found() => Ok(None),
                Ok((mut container, remains)) if with_aftermaths => {
                    container.aftermath = aftermath(client, &container, &remains, secrets).await;
                    Ok(Some(container))
                }
                result => result.map(|(container, _)| Some(container)),
            }
        })
        .buffered(client.useful_connections())
        .try_collect::<Vec<_>>()
        .await?;
    Ok(inspected.into_iter().flatten().collect())
}

async fn networks(client: &Client, secrets: Secrets) -> Result<Vec<Network>, RequestError> {
    let mut raw: Vec<RawNetwork> = client.get("/networks").await?;
    name_bridges(client, &mut raw).await?;
    let networks = raw.into_iter().map(|network| nouns::network(network, secrets));
    let mut networks: Vec<_> =
        networks.collect::<Result<_, _>>().map_err(|odd| not_understood("/networks".into(), &odd))?;
    // Docker lists them in the order of a Go map: another one each time.
    networks.sort_by(|one: &Network, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Ok(networks)
}

/// Podman's compatible answers leave out how it named a network's bridge.
async fn name_bridges(client: &Client, networks: &mut [RawNetwork]) -> Result<(), RequestError> {
    let Some(podman) = nouns::podman(client.raw_version().await.map_err(Box::new)?) else { return Ok(()) };
    let version = &podman.details.min_api_version;
    let own: Vec<RawPodmanNetwork> = client.get_libpod("/libpod/networks/json", version).await?;
    for network in networks {
        let own = own.iter().find(|own| own.id == network.id && !own.interface.is_empty());
        if let Some(own) = own {
            network.options.insert("network_interface".to_owned(), own.interface.clone());
        }
    }
    Ok(())
}

fn summary(raw: RawListed) -> ContainerSummary {
    // A linked container has names of the form /other/alias too.
    let own = raw.names.iter().find(|name| !name.trim_start_matches('/').contains('/'));
    let name = own.or(raw.names.first()).map(|name| name.trim_start_matches('/').to_owned());
    ContainerSummary {
        id: ContainerId(raw.id),
        name: name.unwrap_or_default(),
        state: nouns::state(&raw.state),
    }
}

fn not_understood(path: String, odd: &nouns::OddValue) -> RequestError {
    RequestError::NotUnderstood { call: Call { method: Method::GET, path }, cause: odd.to_string() }
}
