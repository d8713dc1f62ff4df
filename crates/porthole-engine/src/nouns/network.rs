//! A network as a noun.

use std::net::IpAddr;

use porthole_model::{IpPrefix, Network, NetworkId, Secrets, Subnet};

use super::OddValue;
use super::text::{optional, required};
use crate::raw::{RawNetwork, RawSubnet};

/// The network that `raw` describes.
pub(crate) fn network(raw: RawNetwork, secrets: Secrets) -> Result<Network, OddValue> {
    Ok(Network {
        id: NetworkId(raw.id),
        name: raw.name,
        driver: raw.driver,
        scope: raw.scope,
        internal: raw.internal,
        ipv6: raw.ipv6,
        subnets: raw
            .ipam
            .subnets
            .iter()
            .filter(|subnet| !subnet.subnet.is_empty())
            .map(subnet)
            .collect::<Result<_, _>>()?,
        options: raw.options,
        labels: super::labels(raw.labels, secrets),
    })
}

fn subnet(raw: &RawSubnet) -> Result<Subnet, OddValue> {
    let prefix: IpPrefix = required("IPAM.Config.Subnet", &raw.subnet)?;
    // Engines have written the gateway with its prefix length.
    let gateway = raw.gateway.split('/').next().unwrap_or_default();
    Ok(Subnet { prefix, gateway: optional::<IpAddr>("IPAM.Config.Gateway", gateway)? })
}
