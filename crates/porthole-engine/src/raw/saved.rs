//! Networks and containers' places on them with everything that it takes to make them again.

use super::{RawMap, raw};

raw! {
    /// One of `GET /networks`.
    RawSavedNetwork {
        id: String = "Id",
        name: String = "Name",
        driver: String = "Driver",
        scope: String = "Scope",
        internal: bool = "Internal",
        attachable: bool = "Attachable",
        ingress: bool = "Ingress",
        ipv4: Option<bool> = "EnableIPv4",
        ipv6: bool = "EnableIPv6",
        config_only: bool = "ConfigOnly",
        config_from: RawConfigFrom = "ConfigFrom",
        ipam: RawSavedIpam = "IPAM",
        options: RawMap<String> = "Options",
        labels: RawMap<String> = "Labels",
    }

    /// `ConfigFrom`.
    RawConfigFrom {
        network: String = "Network",
    }

    /// `IPAM`.
    RawSavedIpam {
        driver: String = "Driver",
        options: RawMap<String> = "Options",
        pools: Vec<RawPool> = "Config",
    }

    /// One of `IPAM.Config`.
    RawPool {
        subnet: String = "Subnet",
        ip_range: String = "IPRange",
        gateway: String = "Gateway",
        auxiliary: RawMap<String> = "AuxiliaryAddresses",
    }

    /// `GET /containers/ID/json`.
    RawMember {
        id: String = "Id",
        name: String = "Name",
        state: RawMemberState = "State",
        network: RawMemberNetworks = "NetworkSettings",
    }

    /// `State`.
    RawMemberState {
        status: String = "Status",
    }

    /// `NetworkSettings`.
    RawMemberNetworks {
        networks: RawMap<Option<RawPlace>> = "Networks",
    }

    /// One of `NetworkSettings.Networks`.
    RawPlace {
        ipam: RawPlaceIpam = "IPAMConfig",
        links: Vec<String> = "Links",
        aliases: Vec<String> = "Aliases",
        network_id: String = "NetworkID",
        ipv4: String = "IPAddress",
        ipv6: String = "GlobalIPv6Address",
        mac: String = "MacAddress",
        driver_options: RawMap<String> = "DriverOpts",
        gateway_priority: i64 = "GwPriority",
    }

    /// `IPAMConfig`: what the user chose.
    RawPlaceIpam {
        ipv4: String = "IPv4Address",
        ipv6: String = "IPv6Address",
    }
}
