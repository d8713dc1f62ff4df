//! A snapshot with gaps.

use porthole_model::{
    Engine, EngineKind, EngineVersion, Gap, GapKind, Host, NetnsId, NetworkNamespace, NetworkStack, Observed,
    Pid, Privilege, Snapshot, Timestamp, Uid,
};

use super::gap;
use super::sockets;

pub(crate) fn snapshot() -> Snapshot {
    let version = EngineVersion {
        kind: EngineKind::Docker,
        version: "28.5.2".to_owned(),
        api_version: "1.51".to_owned(),
        minimum_api_version: None,
        negotiated_api_version: "1.51".to_owned(),
        operating_system: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        kernel_release: None,
    };
    let engine = Engine {
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        endpoint_origin: "default".to_owned(),
        version,
        info: Observed::Missing(Gap::not_asked("information of the engine")),
        containers: Observed::Known(Vec::new()),
        networks: Observed::Missing(Gap::new(GapKind::Failed, "networks of the engine", "it answered 500")),
        daemon: Observed::Known(Pid(900)),
        settings: Observed::Known(porthole_model::EngineSettings::default()),
    };
    Snapshot {
        porthole_version: "0.1.0".to_owned(),
        observed_at: Timestamp(1_772_366_400_250),
        host: Observed::Known(host()),
        engine: Observed::Known(engine),
        settings_of_silent_engine: Snapshot::answered(),
        storage: Observed::Missing(Gap::not_asked("files that the engine names")),
        network_database: Observed::Missing(Gap::not_asked("network database")),
        names: Observed::Missing(Gap::not_asked("names")),
        probes: Snapshot::untried(),
    }
}

fn host() -> Host {
    let known = |text: &str| Observed::Known(text.to_owned());
    let stack = NetworkStack {
        links: Observed::Known(Vec::new()),
        addresses: Observed::Known(Vec::new()),
        routes: Observed::Known(Vec::new()),
        path_mtus: Observed::Known(Vec::new()),
        routing_rules: Observed::Known(Vec::new()),
        neighbours: Observed::Known(Vec::new()),
        forwarding_database: Observed::Known(Vec::new()),
        sysctls: std::collections::BTreeMap::new(),
        sockets: Observed::Known(sockets()),
        firewall: Observed::Missing(Gap::not_asked("firewall")),
        connection_tracking: Observed::Missing(Gap::not_asked("connection tracking")),
    };
    let namespace =
        |id, stack| NetworkNamespace { id: NetnsId(id), processes: vec![Pid(1)], names: Vec::new(), stack };
    let without_sockets = NetworkStack { sockets: Observed::Missing(gap()), ..stack.clone() };
    Host {
        hostname: known("web-1"),
        kernel_release: known("6.1.0-41-amd64"),
        architecture: known("x86_64"),
        operating_system: Observed::Missing(Gap::new(GapKind::Failed, "os-release", "no such file")),
        boot_id: known("5f1d"),
        privilege: Privilege { uid: Uid(0), capabilities: Vec::new() },
        own_network_namespace: Observed::Known(NetnsId(1)),
        processes: Observed::Known(Vec::new()),
        network_namespaces: Observed::Known(vec![
            namespace(1, Observed::Known(stack)),
            namespace(2, Observed::Known(without_sockets)),
            namespace(3, Observed::Missing(gap())),
        ]),
        docker_proxies: Observed::Known(Vec::new()),
        resources: Observed::Known(Vec::new()),
        kernel_modules: Observed::Missing(gap()),
    }
}
