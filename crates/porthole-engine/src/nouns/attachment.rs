//! A container's places on networks.

use std::net::IpAddr;

use porthole_model::{IpPrefix, NetworkAttachment, NetworkId};

use super::OddValue;
use super::text::optional;
use crate::raw::{RawAttachment, RawMap, RawNetworkSettings};

/// Networks whose members are not found by name.
const WITHOUT_NAMES: [&str; 4] = ["bridge", "host", "none", "podman"];

/// `NetworkSettings.Networks`; the fields beside it where there is none.
pub(super) fn attachments(
    container_name: &str,
    settings: RawNetworkSettings,
) -> Result<Vec<NetworkAttachment>, OddValue> {
    let networks = if settings.networks.is_empty() { legacy(&settings) } else { settings.networks };
    networks
        .into_iter()
        .map(|(network, raw)| attachment(container_name, network, raw.unwrap_or_default()))
        .collect()
}

fn legacy(settings: &RawNetworkSettings) -> RawMap<Option<RawAttachment>> {
    if settings.ipv4.is_empty() {
        return RawMap::new();
    }
    let attachment = RawAttachment {
        ipv4: settings.ipv4.clone(),
        ipv4_length: settings.ipv4_length,
        gateway: settings.gateway.clone(),
        mac: settings.mac.clone(),
        ..RawAttachment::default()
    };
    RawMap::from([("bridge".to_owned(), Some(attachment))])
}

fn attachment(
    container_name: &str,
    network_name: String,
    raw: RawAttachment,
) -> Result<NetworkAttachment, OddValue> {
    let gateways = [optional("Gateway", &raw.gateway)?, optional("IPv6Gateway", &raw.ipv6_gateway)?];
    Ok(NetworkAttachment {
        ipv4: prefix("IPAddress", &raw.ipv4, raw.ipv4_length)?,
        ipv6: prefix("GlobalIPv6Address", &raw.ipv6, raw.ipv6_length)?,
        gateways: gateways.into_iter().flatten().collect(),
        mac: optional("MacAddress", &raw.mac)?,
        aliases: names(container_name, &network_name, raw.aliases, raw.dns_names),
        network_id: super::filled(raw.network_id).map(NetworkId),
        network_name,
    })
}

/// API 1.44 lists every name; before, a user's network also answered to the container's own.
fn names(container: &str, network: &str, aliases: Vec<String>, dns_names: Vec<String>) -> Vec<String> {
    if !dns_names.is_empty() {
        return dns_names;
    }
    let mut names = aliases;
    if !WITHOUT_NAMES.contains(&network) && names.iter().all(|name| name != container) {
        names.insert(0, container.to_owned());
    }
    names
}

fn prefix(field: &'static str, address: &str, length: u8) -> Result<Option<IpPrefix>, OddValue> {
    Ok(optional::<IpAddr>(field, address)?.map(|address| IpPrefix { address, length }))
}
