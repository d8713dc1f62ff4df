//! An engine's networks and who is on them, as they can be made again, and the steps that do so.

mod steps;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use porthole_model::{
    AddressPool, ContainerId, ContainerState, Membership, NetworkId, NetworksNow, SavedNetwork,
};

use crate::client::Client;
use crate::collect::containers_only;
use crate::nouns::{self, filled};
use crate::raw::{RawMember, RawPlace, RawPool, RawSavedNetwork};
use crate::request_error::RequestError;

pub use steps::perform;

/// Every network, in the order of their names, and every container's places on them, stopped ones too.
///
/// A container that is removed meanwhile is left out.
pub async fn networks_now(client: &Client) -> Result<NetworksNow, RequestError> {
    let raw: Vec<RawSavedNetwork> = client.get("/networks").await?;
    let mut networks: Vec<_> = raw.into_iter().map(saved).collect();
    networks.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    let members = members(client).await?;
    let containers = members.iter().map(|member| (name(member), runs(member))).collect();
    let memberships = members.into_iter().flat_map(places).collect();
    Ok(NetworksNow { networks, memberships, containers })
}

async fn members(client: &Client) -> Result<Vec<RawMember>, RequestError> {
    let listed = containers_only(client).await?;
    let inspected: Vec<Option<RawMember>> = stream::iter(listed)
        .map(|summary| async move {
            match client.get(&format!("/containers/{}/json", summary.id)).await {
                Err(error) if error.is_not_found() => Ok(None),
                result => result.map(Some),
            }
        })
        .buffered(client.useful_connections())
        .try_collect()
        .await?;
    Ok(inspected.into_iter().flatten().collect())
}

fn name(member: &RawMember) -> String {
    member.name.trim_start_matches('/').to_owned()
}

fn runs(member: &RawMember) -> bool {
    matches!(
        nouns::state(&member.state.status),
        ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
    )
}

fn saved(raw: RawSavedNetwork) -> SavedNetwork {
    SavedNetwork {
        id: raw.id,
        name: raw.name,
        driver: raw.driver,
        scope: raw.scope,
        internal: raw.internal,
        attachable: raw.attachable,
        ingress: raw.ingress,
        ipv4: raw.ipv4,
        ipv6: raw.ipv6,
        config_only: raw.config_only,
        config_from: filled(raw.config_from.network),
        ipam_driver: raw.ipam.driver,
        ipam_options: raw.ipam.options,
        pools: raw.ipam.pools.into_iter().map(pool).collect(),
        options: raw.options,
        labels: raw.labels,
    }
}

/// Engines have written the gateway with its prefix length.
fn pool(raw: RawPool) -> AddressPool {
    let gateway = raw.gateway.split('/').next().unwrap_or_default().to_owned();
    AddressPool { subnet: raw.subnet, ip_range: raw.ip_range, gateway, auxiliary: raw.auxiliary }
}

fn places(member: RawMember) -> Vec<Membership> {
    let (name, was_running) = (name(&member), runs(&member));
    let id = ContainerId(member.id);
    let place = |(network, raw): (String, Option<RawPlace>)| {
        membership(&id, &name, was_running, network, raw.unwrap_or_default())
    };
    member.network.networks.into_iter().map(place).collect()
}

fn membership(
    id: &ContainerId,
    name: &str,
    was_running: bool,
    network_name: String,
    raw: RawPlace,
) -> Membership {
    let is_fixed = !raw.ipam.ipv4.is_empty() || !raw.ipam.ipv6.is_empty();
    let added_by_engine = |alias: &String| alias == id.short().0 || alias == name;
    Membership {
        container_id: id.clone(),
        container_name: name.to_owned(),
        was_running,
        network_name,
        network_id: filled(raw.network_id).map(NetworkId),
        ipv4: filled(raw.ipam.ipv4).or_else(|| filled(raw.ipv4)),
        ipv6: filled(raw.ipam.ipv6).or_else(|| filled(raw.ipv6)),
        is_fixed,
        mac: filled(raw.mac),
        aliases: raw.aliases.into_iter().filter(|alias| !added_by_engine(alias)).collect(),
        links: raw.links,
        driver_options: raw.driver_options,
        gateway_priority: raw.gateway_priority,
    }
}
