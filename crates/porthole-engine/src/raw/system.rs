//! `GET /version` and `GET /info`.

use super::raw;

raw! {
    /// `GET /version`.
    RawVersion {
        version: String = "Version",
        api_version: String = "ApiVersion",
        min_api_version: String = "MinAPIVersion",
        operating_system: String = "Os",
        architecture: String = "Arch",
        kernel_release: String = "KernelVersion",
        components: Vec<RawComponent> = "Components",
    }

    /// One of `Components`.
    RawComponent {
        name: String = "Name",
        details: RawDetails = "Details",
    }

    /// `Details` of a component; Podman has the range of its own API there.
    RawDetails {
        min_api_version: String = "MinAPIVersion",
    }

    /// `GET /info`.
    RawInfo {
        id: String = "ID",
        name: String = "Name",
        operating_system: String = "OperatingSystem",
        storage_driver: String = "Driver",
        data_root: String = "DockerRootDir",
        security_options: Vec<String> = "SecurityOptions",
        live_restore: bool = "LiveRestoreEnabled",
        swarm: RawSwarm = "Swarm",
        warnings: Vec<String> = "Warnings",
        firewall_backend: RawFirewallBackend = "FirewallBackend",
        default_address_pools: Vec<RawDefaultPool> = "DefaultAddressPools",
    }

    /// `FirewallBackend` of `GET /info`, since Docker 28.
    RawFirewallBackend {
        driver: String = "Driver",
    }

    /// One of `DefaultAddressPools` of `GET /info`.
    RawDefaultPool {
        base: String = "Base",
        size: u8 = "Size",
    }

    /// `GET /images/NAME/json`.
    RawImage {
        operating_system: String = "Os",
        architecture: String = "Architecture",
    }

    /// `Swarm` of `GET /info`.
    RawSwarm {
        local_node_state: String = "LocalNodeState",
    }
}
