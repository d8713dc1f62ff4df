//! Every engine of the lab, as nouns.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Command;

use hyper::Method;
use porthole_engine::{
    Client, ConnectCause, Endpoint, Locality, RequestError, collect, containers_only, inspect, locality,
};
use porthole_lab::{Engine as LabEngine, Lab};
use porthole_model::{
    Container, ContainerState, Engine, EngineKind, MaskedText, MountKind, PortBinding, Scope, Secrets, Topic,
    TransportProtocol,
};
use porthole_wire::multiplexed::Demultiplexer;

use crate::{IMPATIENCE, PATIENCE, block_on, cause};

#[test]
fn docker_20_10() {
    check(LabEngine::Docker20);
}

#[test]
fn docker_26() {
    check(LabEngine::Docker26);
}

#[test]
fn docker_28() {
    check(LabEngine::Docker28);
}

#[test]
fn podman() {
    check(LabEngine::Podman);
}

fn check(kind: LabEngine) {
    // `lab fetch` has said which engine cannot be had today.
    if !LabEngine::available().contains(&kind) {
        return;
    }
    let lab = Lab::start(kind).unwrap();
    make(&lab);
    let (engine, client_side) = read(&lab);
    the_engine_says_what_it_is(&lab, &engine);
    states_are_told_apart(&engine);
    attachments_have_their_addresses(&lab, &engine);
    ports_are_where_they_are_published(&engine);
    mounts_have_their_kinds(&engine);
    credentials_are_masked(&engine);
    networks_have_their_ranges(&lab, &engine);
    assert_eq!(
        client_side,
        Locality::ThisKernel(porthole_model::Pid(lab.engine_pid().unwrap().unsigned_abs()))
    );
}

/// Containers in every state, and two networks.
fn make(lab: &Lab) {
    let range = ["--subnet", "172.30.0.0/24", "--gateway", "172.30.0.1"];
    lab.docker_ok(&[&["network", "create", "--label", "tier=one"][..], &range, &["one"]].concat());
    lab.docker_ok(&["network", "create", "--internal", "two"]);
    lab.sh_ok("mkdir -p /srv/data");
    let environment = ["-e", "API_TOKEN=hunter2", "-e", "COLOUR=blue", "--label", "owner=me"];
    let mounts = ["-v", "/srv/data:/data:ro", "-v", "store:/store", "--tmpfs", "/scratch"];
    let ports = ["-p", "8080:80", "-p", "127.0.0.1:8081:81", "-p", "5353:53/udp", "--expose", "9000"];
    let on_one = ["--network", "one", "--network-alias", "front"];
    lab.run("web", &[&environment[..], &mounts, &ports, &on_one].concat(), "peer:1", &["http", "80"]);
    lab.docker_ok(&["network", "connect", "two", "web"]);
    lab.run("frozen", &[], "peer:1", &["http", "80"]);
    lab.docker_ok(&["pause", "frozen"]);
    lab.run("ended", &["-p", "8090:80"], "bb:1", &["sh", "-c", "exit 3"]);
    lab.docker_ok(&["wait", "ended"]);
    lab.docker_ok(&["create", "--name", "made", "--restart", "always", "--privileged", "bb:1", "true"]);
    lab.run("bare", &["--network", "host", "--pid", "host"], "peer:1", &["http", "7070"]);
}

fn read(lab: &Lab) -> (Engine, Locality) {
    block_on(async {
        let client = Client::connect(&Endpoint::of_socket(lab.socket()), PATIENCE).await.unwrap();
        let engine =
            collect(&client, &Scope::of(&[Topic::EngineInfo]), Secrets::Mask, PATIENCE).await.unwrap();
        let listed = containers_only(&client).await.unwrap();
        let mut names: Vec<_> = listed.iter().map(|container| container.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["bare", "ended", "frozen", "made", "web"]);
        let web = inspect(&client, "web", Secrets::Mask).await.unwrap();
        assert_eq!(Some(&web), engine.containers.value().unwrap().iter().find(|it| it.name == "web"));
        let missing = inspect(&client, "nobody", Secrets::Mask).await.unwrap_err();
        assert!(missing.is_not_found() && matches!(missing, RequestError::Status { .. }), "{missing}");
        let mut lines = client.stream(Method::GET, "/events?since=1&until=2").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), None, "nothing happened in 1970");
        let path = format!("/containers/{}/logs?stderr=1&stdout=1", web.id);
        let log = client.stream(Method::GET, &path).await.unwrap().rest().await.unwrap();
        let mut demultiplexer = Demultiplexer::default();
        assert!(!demultiplexer.push(&log).unwrap().is_empty() && demultiplexer.is_complete());
        let side = locality(&client);
        (engine, side)
    })
}

fn container<'a>(engine: &'a Engine, name: &str) -> &'a Container {
    engine.containers.known().unwrap().iter().find(|container| container.name == name).unwrap()
}

fn the_engine_says_what_it_is(lab: &Lab, engine: &Engine) {
    let podman = lab.engine() == LabEngine::Podman;
    let kind = if podman { EngineKind::Podman } else { EngineKind::Docker };
    assert_eq!(engine.version.kind, kind);
    assert!(!engine.version.version.is_empty() && !engine.version.architecture.is_empty());
    let info = engine.info.known().unwrap();
    assert_eq!(info.name, lab.name());
    let root = if podman { "/var/lib/containers/storage" } else { "/var/lib/docker" };
    assert_eq!(info.data_root, root);
    assert_eq!(info.swarm_state, "inactive");
    assert!(!info.is_rootless());
}

fn states_are_told_apart(engine: &Engine) {
    let web = container(engine, "web");
    assert_eq!((&web.state, web.exit_code), (&ContainerState::Running, None));
    assert!(web.pid.is_some() && web.started.is_some() && web.created.is_some());
    // Podman names the registry that it took the place of.
    assert!(web.image.ends_with("peer:1"), "{}", web.image);
    let frozen = container(engine, "frozen");
    assert_eq!(frozen.state, ContainerState::Paused);
    assert!(frozen.pid.is_some());
    let ended = container(engine, "ended");
    assert_eq!((&ended.state, ended.exit_code, ended.pid), (&ContainerState::Exited, Some(3), None));
    let made = container(engine, "made");
    assert_eq!((&made.state, made.exit_code, made.started), (&ContainerState::Created, None, None));
    assert_eq!(made.restart_policy, "always");
    let bare = container(engine, "bare");
    assert!(made.privileged && !bare.privileged);
    assert_eq!((bare.network_mode.as_str(), bare.pid_mode.as_str()), ("host", "host"));
}

fn attachments_have_their_addresses(lab: &Lab, engine: &Engine) {
    let web = container(engine, "web");
    let names: Vec<_> = web.attachments.iter().map(|attachment| attachment.network_name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let one = &web.attachments[0];
    let address = one.ipv4.unwrap();
    assert_eq!(address.length, 24);
    assert!("172.30.0.0/24".parse::<porthole_model::IpPrefix>().unwrap().contains(address.address));
    assert_eq!(one.gateways, ["172.30.0.1".parse::<IpAddr>().unwrap()]);
    assert!(one.mac.is_some());
    assert!(one.aliases.iter().any(|alias| alias == "front"), "{:?}", one.aliases);
    assert!(one.aliases.iter().any(|alias| alias == "web"), "{:?}", one.aliases);
    if lab.engine() != LabEngine::Podman {
        let networks = engine.networks.known().unwrap();
        let network = networks.iter().find(|network| network.name == "one").unwrap();
        assert_eq!(one.network_id.as_ref(), Some(&network.id));
    }
}

fn ports_are_where_they_are_published(engine: &Engine) {
    let web = container(engine, "web");
    let has = |host: &str, host_port, container_port, protocol| {
        web.published_ports.contains(&PortBinding {
            container_port: porthole_model::Port(container_port),
            protocol,
            host_address: host.parse().unwrap(),
            host_port: porthole_model::Port(host_port),
        })
    };
    assert!(has("0.0.0.0", 8080, 80, TransportProtocol::Tcp), "{:?}", web.published_ports);
    assert!(has("127.0.0.1", 8081, 81, TransportProtocol::Tcp), "{:?}", web.published_ports);
    assert!(has("0.0.0.0", 5353, 53, TransportProtocol::Udp), "{:?}", web.published_ports);
    assert!(web.exposed_ports.contains(&(porthole_model::Port(9000), TransportProtocol::Tcp)));
    let ended = container(engine, "ended");
    assert_eq!(ended.published_ports.len(), 1, "{:?}", ended.published_ports);
    assert_eq!(ended.published_ports[0].host_port.0, 8090);
}

fn mounts_have_their_kinds(engine: &Engine) {
    let mounts = &container(engine, "web").mounts;
    let mounted = |destination: &str| mounts.iter().find(|mount| mount.destination == destination).unwrap();
    let data = mounted("/data");
    assert_eq!((&data.kind, data.source.as_str(), data.read_only), (&MountKind::Bind, "/srv/data", true));
    let store = mounted("/store");
    assert_eq!((&store.kind, store.read_only), (&MountKind::Volume, false));
    let scratch = mounted("/scratch");
    assert_eq!((&scratch.kind, scratch.read_only), (&MountKind::Tmpfs, false));
}

fn credentials_are_masked(engine: &Engine) {
    let web = container(engine, "web");
    let environment: Vec<_> = web.environment.iter().map(MaskedText::as_str).collect();
    assert!(environment.contains(&"API_TOKEN=********") && environment.contains(&"COLOUR=blue"));
    assert_eq!(web.labels["owner"].as_str(), "me");
    let command: Vec<_> = web.command.iter().map(MaskedText::as_str).collect();
    assert_eq!(command, ["/peer", "http", "80"]);
}

fn networks_have_their_ranges(lab: &Lab, engine: &Engine) {
    let networks: BTreeMap<_, _> =
        engine.networks.known().unwrap().iter().map(|network| (network.name.as_str(), network)).collect();
    let one = networks["one"];
    assert_eq!((one.driver.as_str(), one.internal), ("bridge", false));
    assert_eq!(one.subnets.len(), 1);
    assert_eq!(one.subnets[0].prefix.to_string(), "172.30.0.0/24");
    assert_eq!(one.subnets[0].gateway, Some("172.30.0.1".parse().unwrap()));
    assert_eq!(one.labels["tier"].as_str(), "one");
    assert!(networks["two"].internal);
    let interfaces = lab.sh_ok("ls /sys/class/net");
    for name in ["one", "two"] {
        let bridge = networks[name].bridge_name().unwrap();
        assert!(interfaces.lines().any(|interface| interface == bridge), "{bridge} of {interfaces}");
    }
}

#[test]
fn an_engine_comes_and_goes() {
    let lab = Lab::start(LabEngine::newest()).unwrap();
    lab.run("web", &[], "peer:1", &["http", "80"]);
    let endpoint = Endpoint::of_socket(lab.socket());
    let client = block_on(Client::connect(&endpoint, PATIENCE)).unwrap();
    lab.kill_engine().unwrap();
    assert!(matches!(cause(&endpoint, PATIENCE), ConnectCause::StaleSocket { .. }));
    let error =
        block_on(collect(&client, &Scope::of(&[Topic::EngineInfo]), Secrets::Mask, PATIENCE)).unwrap_err();
    assert!(matches!(error.cause, ConnectCause::StaleSocket { .. }), "{error}");
    lab.start_engine().unwrap();
    let listed = block_on(containers_only(&client)).unwrap();
    assert_eq!(listed.len(), 1, "the same client finds the engine again");
    lab.stop_engine().unwrap();
    let gone = cause(&endpoint, PATIENCE);
    assert!(matches!(gone, ConnectCause::NoSocket { directory_exists: true, .. }), "{gone}");
}

#[test]
fn an_engine_that_is_frozen() {
    let lab = Lab::start(LabEngine::newest()).unwrap();
    let endpoint = Endpoint::of_socket(lab.socket());
    let engine = lab.engine_pid().unwrap().to_string();
    let signal = |name: &str| Command::new("kill").args([name, &engine]).status().unwrap();
    block_on(async {
        let client = Client::connect(&endpoint, PATIENCE).await.unwrap();
        assert!(signal("-STOP").success());
        let read =
            collect(&client, &Scope::of(&[Topic::EngineInfo]), Secrets::Mask, IMPATIENCE).await.unwrap();
        let gap = read.containers.gap().unwrap();
        assert_eq!(gap.cause, "the engine did not answer within 0.3 s");
        assert!(read.info.gap().is_some() && read.networks.gap().is_some());
        let error = Client::connect(&endpoint, IMPATIENCE).await.err().unwrap();
        assert!(matches!(error.cause, ConnectCause::Silent { .. }), "{error}");
        assert!(signal("-CONT").success());
        assert!(
            collect(&client, &Scope::of(&[Topic::EngineInfo]), Secrets::Mask, PATIENCE)
                .await
                .unwrap()
                .info
                .value()
                .is_some()
        );
    });
}
