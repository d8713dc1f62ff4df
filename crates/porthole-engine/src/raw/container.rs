//! `GET /containers/json` and `GET /containers/ID/json`.

use serde_json::Value;

use super::{RawMap, raw};

/// `NetworkSettings.Ports` and `HostConfig.PortBindings`: `80/tcp` to where it is bound.
pub(crate) type RawPorts = RawMap<Option<Vec<RawPortBinding>>>;

raw! {
    /// One of `GET /containers/json`.
    RawListed {
        id: String = "Id",
        names: Vec<String> = "Names",
        state: String = "State",
    }

    /// `GET /containers/ID/json`.
    RawContainer {
        id: String = "Id",
        name: String = "Name",
        created: String = "Created",
        path: String = "Path",
        arguments: Vec<String> = "Args",
        state: RawState = "State",
        restart_count: u64 = "RestartCount",
        host: RawHostConfig = "HostConfig",
        config: RawConfig = "Config",
        network: RawNetworkSettings = "NetworkSettings",
        mounts: Vec<RawMount> = "Mounts",
        log_path: String = "LogPath",
        /// The image's id; Podman has it without `sha256:`.
        image: String = "Image",
    }

    /// `State`.
    RawState {
        status: String = "Status",
        pid: u32 = "Pid",
        exit_code: i64 = "ExitCode",
        out_of_memory: bool = "OOMKilled",
        error: String = "Error",
        started: String = "StartedAt",
        finished: String = "FinishedAt",
        health: Option<RawHealth> = "Health",
    }

    /// `State.Health`.
    RawHealth {
        status: String = "Status",
        failing_streak: u64 = "FailingStreak",
        /// The oldest first.
        log: Vec<RawHealthProbe> = "Log",
    }

    /// One of `State.Health.Log`.
    RawHealthProbe {
        exit_code: i64 = "ExitCode",
        output: String = "Output",
    }

    /// `HostConfig`.
    RawHostConfig {
        network_mode: String = "NetworkMode",
        pid_mode: String = "PidMode",
        runtime: String = "Runtime",
        privileged: bool = "Privileged",
        restart_policy: RawRestartPolicy = "RestartPolicy",
        port_bindings: RawPorts = "PortBindings",
        tmpfs: RawMap<String> = "Tmpfs",
        dns_servers: Vec<String> = "Dns",
        dns_search: Vec<String> = "DnsSearch",
        dns_options: Vec<String> = "DnsOptions",
        log: RawLogConfig = "LogConfig",
    }

    /// `HostConfig.LogConfig`.
    RawLogConfig {
        driver: String = "Type",
        options: RawMap<String> = "Config",
    }

    /// `HostConfig.RestartPolicy`.
    RawRestartPolicy {
        name: String = "Name",
    }

    /// `Config`.
    RawConfig {
        image: String = "Image",
        environment: Vec<String> = "Env",
        labels: RawMap<String> = "Labels",
        exposed_ports: RawMap<Value> = "ExposedPorts",
        is_terminal: bool = "Tty",
    }

    /// `NetworkSettings`.
    RawNetworkSettings {
        ports: RawPorts = "Ports",
        networks: RawMap<Option<RawAttachment>> = "Networks",
        // Engines up to API 1.51 repeat the default bridge's attachment here; very old ones have it here only.
        ipv4: String = "IPAddress",
        ipv4_length: u8 = "IPPrefixLen",
        gateway: String = "Gateway",
        mac: String = "MacAddress",
    }

    /// One of `NetworkSettings.Networks`.
    RawAttachment {
        network_id: String = "NetworkID",
        ipv4: String = "IPAddress",
        ipv4_length: u8 = "IPPrefixLen",
        ipv6: String = "GlobalIPv6Address",
        ipv6_length: u8 = "GlobalIPv6PrefixLen",
        gateway: String = "Gateway",
        ipv6_gateway: String = "IPv6Gateway",
        mac: String = "MacAddress",
        aliases: Vec<String> = "Aliases",
        dns_names: Vec<String> = "DNSNames",
    }

    /// `HostConfig.PortBindings` and `NetworkSettings.Ports`.
    RawPortBinding {
        host_address: String = "HostIp",
        host_port: String = "HostPort",
    }

    /// One of `Mounts`.
    RawMount {
        kind: String = "Type",
        source: String = "Source",
        destination: String = "Destination",
        writable: bool = "RW",
    }
}
