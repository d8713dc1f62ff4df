//! `GET /networks`, and Podman's own list, which has the names of the bridges.

use super::{RawMap, raw};

raw! {
    /// One of `GET /networks`.
    RawNetwork {
        id: String = "Id",
        name: String = "Name",
        driver: String = "Driver",
        scope: String = "Scope",
        internal: bool = "Internal",
        ipv6: bool = "EnableIPv6",
        ipam: RawIpam = "IPAM",
        options: RawMap<String> = "Options",
        labels: RawMap<String> = "Labels",
    }

    /// `IPAM`.
    RawIpam {
        subnets: Vec<RawSubnet> = "Config",
    }

    /// One of `IPAM.Config`.
    RawSubnet {
        subnet: String = "Subnet",
        gateway: String = "Gateway",
    }

    /// One of Podman's `GET /libpod/networks/json`.
    RawPodmanNetwork {
        id: String = "id",
        interface: String = "network_interface",
    }
}
