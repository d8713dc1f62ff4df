//! Ladders of cases that were seen in labs, and of such as are near them: exactly the broken rung is named.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    ContainerState, DnsAnswer, DnsLadder, DnsOutcome, DnsPeer, DnsProbe, DnsReading, DnsRungKind,
    DnsSettings, DnsSubject, DnsTransport, DnsVantage, DnsVisit, EngineKind, EngineVersion, Gap, GapKind,
    HostNames, InternetSocket, NameServer, NetworkAttachment, NotedForwarder, Observed, Pid, Port,
    RecordKind, ResolverFile, ResponseCode, Severity, Socket, SocketEndpoint, SocketOwner, SocketState,
    TransportProtocol, Uid,
};

use super::{dns_ladder, dns_subject, dns_visits, dns_visits_again};

/// The port of the engine's socket.
const BEHIND: u16 = 35_628;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn attachment(network: &str, aliases: &[&str]) -> NetworkAttachment {
    NetworkAttachment {
        network_name: network.to_owned(),
        network_id: None,
        ipv4: Some("172.18.0.2/16".parse().unwrap()),
        ipv6: None,
        gateways: Vec::new(),
        mac: None,
        aliases: aliases.iter().map(ToString::to_string).collect(),
    }
}

fn peer(name: &str, network: &str) -> DnsPeer {
    DnsPeer {
        name: name.to_owned(),
        id: format!("{name}0123456789abcdef"),
        state: ContainerState::Running,
        exit_code: None,
        network_mode: network.to_owned(),
        attachments: vec![attachment(network, &[name])],
    }
}

fn subject(network: &str) -> DnsSubject {
    let engine = EngineVersion {
        kind: EngineKind::Docker,
        version: "28.5.2".to_owned(),
        api_version: "1.51".to_owned(),
        minimum_api_version: None,
        negotiated_api_version: "1.51".to_owned(),
        operating_system: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        kernel_release: None,
    };
    DnsSubject {
        label: "container web".to_owned(),
        pid: Pid(100),
        daemon: Some(Pid(2)),
        engine: Some(engine),
        container: Some("web".to_owned()),
        own_name: Some("web".to_owned()),
        network_mode: network.to_owned(),
        attachments: vec![attachment(network, &["web"])],
        networks: vec![network.to_owned()],
        internal_networks: Vec::new(),
        settings: DnsSettings::default(),
        peers: vec![peer("db", network), peer("far", "other")],
        names: Vec::new(),
    }
}

fn file(servers: &[&str]) -> ResolverFile {
    ResolverFile {
        name_servers: servers.iter().map(|text| ip(text).into()).collect(),
        options: vec!["ndots:0".to_owned()],
        ..ResolverFile::default()
    }
}

fn socket(protocol: TransportProtocol) -> Socket {
    let endpoint = SocketEndpoint::Internet(InternetSocket {
        protocol,
        local: SocketAddr::new(ip("127.0.0.11"), BEHIND),
        remote: "0.0.0.0:0".parse().unwrap(),
        state: SocketState::Unconnected,
        receive_queue: 0,
        send_queue: 0,
        v6_only: None,
        uid: Uid(0),
    });
    let owners = Observed::Known(vec![SocketOwner { pid: Pid(2), name: "dockerd".to_owned() }]);
    Socket { endpoint, inode: 7, owners }
}

/// A host whose file names these servers, and systemd-resolved's file those.
fn host(servers: &[&str], resolved: Option<&[&str]>) -> HostNames {
    HostNames {
        resolver_file: Observed::Known(Some(file(servers))),
        resolved_file: Observed::Known(resolved.map(file)),
        engine_servers: Observed::Known(Vec::new()),
    }
}

/// A container on a user's network, its engine's resolver at work, the forwarder 10.0.0.1 asked from the host.
fn reading() -> DnsReading {
    let mut resolver_file = file(&["127.0.0.11"]);
    let noted = NotedForwarder { server: ip("10.0.0.1").into(), from_host: true };
    resolver_file.remarks.forwarders = Some(vec![noted]);
    DnsReading {
        resolver_file: Observed::Known(Some(resolver_file)),
        hosts_file: Observed::Known(Vec::new()),
        name_services: Observed::Known(None),
        host: host(&["10.0.0.1"], None),
        engine_sockets: Observed::Known(vec![socket(TransportProtocol::Udp), socket(TransportProtocol::Tcp)]),
        host_stubs: Observed::Known(Vec::new()),
        shares_host_network: false,
        probes: Vec::new(),
    }
}

/// A reading of the default bridge, where the host's server is asked directly.
fn direct(servers: &[&str]) -> DnsReading {
    DnsReading {
        resolver_file: Observed::Known(Some(file(servers))),
        engine_sockets: Observed::Known(Vec::new()),
        ..reading()
    }
}

fn answer(code: ResponseCode, addresses: &[&str]) -> DnsOutcome {
    let addresses = addresses.iter().map(|text| ip(text)).collect();
    DnsOutcome::Answered(DnsAnswer { code, addresses, aliases: Vec::new(), truncated: false })
}

fn nobody() -> DnsOutcome {
    answer(ResponseCode::NoSuchName, &[])
}

/// The names that servers of a healthy world know.
fn healthy(visit: &DnsVisit, name: &str, kind: RecordKind) -> DnsOutcome {
    let is_engine = visit.server.address == ip("127.0.0.11");
    match (name, kind) {
        ("web" | "db", RecordKind::A) if is_engine => answer(ResponseCode::NoError, &["172.18.0.3"]),
        ("web" | "db", _) if is_engine => answer(ResponseCode::NoError, &[]),
        ("example.com" | "api.test", RecordKind::A) => answer(ResponseCode::NoError, &["203.0.113.10"]),
        ("example.com" | "api.test", RecordKind::Aaaa) => answer(ResponseCode::NoError, &[]),
        _ => nobody(),
    }
}

type World<'a> = &'a dyn Fn(&DnsVisit, &str, RecordKind) -> DnsOutcome;

/// Asks the world what the plan says, once and again, as the program does.
fn ladder(subject: &DnsSubject, mut reading: DnsReading, world: World<'_>) -> DnsLadder {
    let subject = dns_subject(subject.clone());
    let made = |visits: Vec<DnsVisit>| {
        visits
            .into_iter()
            .flat_map(|visit| {
                let questions = visit.questions.clone();
                questions.into_iter().map(move |question| DnsProbe {
                    from: visit.from,
                    server: visit.server.clone(),
                    port: visit.port,
                    over: visit.over,
                    edns: visit.edns,
                    outcome: world(&visit, &question.name, question.kind),
                    question,
                    took: 1500,
                })
            })
            .collect::<Vec<_>>()
    };
    reading.probes = made(dns_visits(&subject, &reading));
    let again = dns_visits_again(&subject, &reading);
    reading.probes.extend(made(again));
    dns_ladder(&subject, &reading)
}

fn found(ladder: &DnsLadder) -> Vec<(DnsRungKind, Severity)> {
    ladder.verdicts.iter().map(|verdict| (verdict.rung, verdict.severity)).collect()
}

fn only(ladder: &DnsLadder, rung: DnsRungKind, words: &str) {
    assert_eq!(found(ladder), [(rung, Severity::Error)], "{:#?}", ladder.verdicts);
    let summary = &ladder.verdicts[0].summary;
    assert!(summary.contains(words), "{summary}");
    assert!(!ladder.verdicts[0].evidence.is_empty());
}

#[test]
fn a_healthy_container_has_no_verdict() {
    let ladder = ladder(&subject("app"), reading(), &healthy);
    assert_eq!(found(&ladder), []);
    let names: Vec<_> = ladder.names.iter().map(|name| (name.name.as_str(), name.what.as_str())).collect();
    assert_eq!(names, [("db", "container db"), ("example.com", "outside")]);
    assert_eq!(ladder.names[0].addresses, [ip("172.18.0.3")]);
}

#[test]
fn an_outside_name_that_is_not_known_is_no_fault_unless_it_was_asked_for() {
    let offline = |visit: &DnsVisit, name: &str, kind| {
        if name == "example.com" { nobody() } else { healthy(visit, name, kind) }
    };
    assert_eq!(found(&ladder(&subject("app"), reading(), &offline)), []);
    let typed = DnsSubject { names: vec!["example.com".to_owned()], ..subject("app") };
    only(&ladder(&typed, reading(), &offline), DnsRungKind::Name, "no server knows example.com");
}

#[test]
fn no_name_of_a_container_is_asked_outside() {
    let subject = DnsSubject { names: vec!["db".to_owned(), "api.test".to_owned()], ..subject("app") };
    for visit in dns_visits(&subject, &reading()) {
        let is_outside = visit.server.address != ip("127.0.0.11");
        let asks_for_peer = visit.questions.iter().any(|question| question.name == "db");
        assert!(!(is_outside && asks_for_peer), "{visit:?}");
    }
}

#[test]
fn the_rules_are_gone() {
    let world = |visit: &DnsVisit, name: &str, kind| {
        let is_front = visit.server.address == ip("127.0.0.11") && visit.port == Port(53);
        if is_front { DnsOutcome::Refused } else { healthy(visit, name, kind) }
    };
    let ladder = ladder(&subject("app"), reading(), &world);
    only(&ladder, DnsRungKind::Redirect, "rules that lead 127.0.0.11:53");
    assert_eq!(ladder.verdicts[0].remedies[0].commands, ["docker restart web"]);
}

#[test]
fn the_engine_hangs() {
    let world = |visit: &DnsVisit, name: &str, kind| {
        if visit.server.address == ip("127.0.0.11") { DnsOutcome::Silent } else { healthy(visit, name, kind) }
    };
    only(&ladder(&subject("app"), reading(), &world), DnsRungKind::EngineSockets, "does not answer");
}

#[test]
fn the_engine_is_gone() {
    let reading = DnsReading { engine_sockets: Observed::Known(Vec::new()), ..reading() };
    let world = |visit: &DnsVisit, name: &str, kind| {
        if visit.server.address == ip("127.0.0.11") { DnsOutcome::Silent } else { healthy(visit, name, kind) }
    };
    only(&ladder(&subject("app"), reading, &world), DnsRungKind::EngineSockets, "is not there");
}

/// The engine's resolver passes on what its forwarder does; everything else is healthy.
fn forwarder_is(outcome: &DnsOutcome) -> impl Fn(&DnsVisit, &str, RecordKind) -> DnsOutcome + '_ {
    |visit, name, kind| {
        let is_own = ["web", "db"].contains(&name);
        let is_concerned = [ip("127.0.0.11"), ip("10.0.0.1")].contains(&visit.server.address);
        if is_concerned && !is_own { outcome.clone() } else { healthy(visit, name, kind) }
    }
}

#[test]
fn the_forwarder_is_silent_or_refuses() {
    for (outcome, words) in [
        (DnsOutcome::Silent, "does not answer"),
        (DnsOutcome::Refused, "refuses questions"),
        (answer(ResponseCode::ServerFailure, &[]), "answers SERVFAIL"),
        (DnsOutcome::Garbage("x".to_owned()), "no DNS answer"),
        (DnsOutcome::Stranger("10.0.0.9:53".parse().unwrap()), "answered for by 10.0.0.9:53"),
        (DnsOutcome::Unreachable("there is no route to it".to_owned()), "no route"),
    ] {
        only(&ladder(&subject("app"), reading(), &forwarder_is(&outcome)), DnsRungKind::Forwarder, words);
    }
}

#[test]
fn the_forwarder_answers_the_host_alone() {
    let mut reading = reading();
    let noted = NotedForwarder { server: ip("10.0.0.1").into(), from_host: false };
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.remarks.forwarders = Some(vec![noted]);
    }
    let world = |visit: &DnsVisit, name: &str, kind| {
        let is_embedded = visit.server.address == ip("127.0.0.11") && name == "example.com";
        let is_cut = visit.server.address == ip("10.0.0.1") && visit.from == DnsVantage::Container;
        if is_embedded || is_cut { DnsOutcome::Silent } else { healthy(visit, name, kind) }
    };
    only(&ladder(&subject("app"), reading, &world), DnsRungKind::Forwarder, "from the host it answers");
}

#[test]
fn the_host_asks_another_server_since() {
    let reading = DnsReading { host: host(&["10.0.0.2"], None), ..reading() };
    let ladder = ladder(&subject("app"), reading, &forwarder_is(&DnsOutcome::Silent));
    only(&ladder, DnsRungKind::Forwarder, "asks others since");
    assert_eq!(ladder.verdicts[0].remedies[0].commands, ["docker restart web"]);
}

#[test]
fn a_chosen_server_is_not_stale() {
    let mut reading = DnsReading { host: host(&["10.0.0.2"], None), ..reading() };
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.remarks.overrides = vec!["nameservers".to_owned()];
    }
    let mut subject = subject("app");
    subject.settings.servers = vec!["10.0.0.1".to_owned()];
    let ladder = ladder(&subject, reading, &forwarder_is(&DnsOutcome::Silent));
    only(&ladder, DnsRungKind::Forwarder, "10.0.0.1, which does not answer");
    assert!(ladder.verdicts[0].remedies[0].commands[0].contains("--dns"));
}

#[test]
fn a_stub_that_nobody_serves() {
    let mut reading = DnsReading { host: host(&["127.0.0.53"], None), ..reading() };
    let noted = NotedForwarder { server: ip("127.0.0.53").into(), from_host: true };
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.remarks.forwarders = Some(vec![noted]);
    }
    let world = |visit: &DnsVisit, name: &str, kind| match visit.server.address.to_string().as_str() {
        "127.0.0.53" => DnsOutcome::Refused,
        _ if name == "example.com" => answer(ResponseCode::ServerFailure, &[]),
        _ => healthy(visit, name, kind),
    };
    let ladder = ladder(&subject("app"), reading, &world);
    only(&ladder, DnsRungKind::Forwarder, "systemd-resolved's stub");
    assert_eq!(ladder.verdicts[0].remedies[0].commands, ["systemctl start systemd-resolved"]);
}

#[test]
fn no_server_is_named_at_all() {
    let mut reading = DnsReading { host: host(&[], None), ..reading() };
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.remarks.forwarders = None;
        file.remarks.has_no_server = true;
    }
    let world = forwarder_is(&DnsOutcome::Silent);
    only(&ladder(&subject("app"), reading, &world), DnsRungKind::Forwarder, "no server to ask");
}

#[test]
fn an_internal_network_is_silent_by_design() {
    let subject = DnsSubject { internal_networks: vec!["app".to_owned()], ..subject("app") };
    let outcome = answer(ResponseCode::ServerFailure, &[]);
    let ladder = ladder(&subject, reading(), &forwarder_is(&outcome));
    assert_eq!(found(&ladder), [(DnsRungKind::Forwarder, Severity::Note)]);
    assert!(!ladder.is_broken());
}

#[test]
fn a_peer_on_another_network() {
    let subject = DnsSubject { names: vec!["far".to_owned()], ..subject("app") };
    let ladder = ladder(&subject, reading(), &healthy);
    only(&ladder, DnsRungKind::Name, "not on a network of container web");
    assert_eq!(ladder.verdicts[0].remedies[0].commands, ["docker network connect other web"]);
}

#[test]
fn a_peer_that_does_not_run() {
    let mut subject = DnsSubject { names: vec!["db".to_owned()], ..subject("app") };
    (subject.peers[0].state, subject.peers[0].exit_code) = (ContainerState::Exited, Some(137));
    let nobody = |visit: &DnsVisit, name: &str, kind: RecordKind| match name {
        "db" => answer(ResponseCode::NoSuchName, &[]),
        _ => healthy(visit, name, kind),
    };
    let resting = ladder(&subject, reading(), &nobody);
    only(&resting, DnsRungKind::Name, "db is not found because container db does not run");
    let verdict = &resting.verdicts[0];
    assert!(
        verdict.evidence[0].observed.starts_with("exited, exit code 137 (ended by SIGKILL"),
        "{verdict:#?}"
    );
    assert_eq!(verdict.remedies[0].commands, ["docker start db"]);
    subject.peers[0].state = ContainerState::Restarting;
    let ending = ladder(&subject, reading(), &nobody);
    assert_eq!(ending.verdicts[0].remedies[0].commands, ["docker logs --tail 50 db"]);
}

#[test]
fn a_peer_that_neither_runs_nor_shares_a_network() {
    let mut subject = DnsSubject { names: vec!["far".to_owned()], ..subject("app") };
    subject.peers[1].state = ContainerState::Created;
    let ladder = ladder(&subject, reading(), &healthy);
    only(&ladder, DnsRungKind::Name, "not on a network of container web");
    let commands = &ladder.verdicts[0].remedies[0].commands;
    assert_eq!(
        commands,
        &["docker network connect other web", "docker start far"],
        "its name is on its own network"
    );
}

#[test]
fn peers_without_a_name_of_their_own() {
    for (mode, words, commands) in [
        ("host", "is in the host's network", &["docker run --add-host far:host-gateway …"][..]),
        (
            "none",
            "has no network (--network none)",
            &["docker network disconnect none far", "docker network connect app far"],
        ),
        ("container:0123456789ab", "in the network of another container", &[]),
    ] {
        let mut subject = DnsSubject { names: vec!["far".to_owned()], ..subject("app") };
        mode.clone_into(&mut subject.peers[1].network_mode);
        subject.peers[1].attachments = match mode {
            "host" | "none" => vec![attachment(mode, &[])],
            _ => Vec::new(),
        };
        let ladder = ladder(&subject, reading(), &healthy);
        only(&ladder, DnsRungKind::Name, words);
        assert_eq!(ladder.verdicts[0].remedies[0].commands, commands, "{mode}");
    }
}

#[test]
fn of_a_name_that_no_server_was_asked_for_nothing_is_said() {
    let subject = DnsSubject {
        network_mode: "none".to_owned(),
        attachments: vec![attachment("none", &[])],
        names: vec!["outside.test".to_owned()],
        ..subject("app")
    };
    let nowhere = |visit: &DnsVisit, name: &str, kind: RecordKind| match visit.from {
        DnsVantage::Container => DnsOutcome::Unreachable("there is no route to it".to_owned()),
        DnsVantage::Host => healthy(visit, name, kind),
    };
    let ladder = ladder(&subject, direct(&["10.0.0.1"]), &nowhere);
    assert_eq!(found(&ladder), [(DnsRungKind::NameServer, Severity::Note)]);
}

#[test]
fn an_alias_goes_with_who_joins() {
    let mut subject = DnsSubject { names: vec!["store".to_owned()], ..subject("app") };
    subject.container = None;
    subject.own_name = None;
    subject.peers[1].attachments[0].aliases.push("store".to_owned());
    let ladder = ladder(&subject, reading(), &healthy);
    assert_eq!(
        ladder.verdicts[0].remedies[0].commands,
        ["docker network connect --alias store app far"],
        "a network cannot join another: {:#?}",
        ladder.verdicts
    );
}

#[test]
fn the_default_bridge_has_no_names() {
    let mut subject = DnsSubject { names: vec!["far".to_owned()], ..subject("bridge") };
    let other = ladder(&subject, direct(&["10.0.0.1"]), &healthy);
    only(&other, DnsRungKind::Name, "no names for each other");
    assert_eq!(other.verdicts[0].remedies[0].commands, ["docker network connect other web"]);
    subject.names = vec!["db".to_owned()];
    let both = ladder(&subject, direct(&["10.0.0.1"]), &healthy);
    assert_eq!(both.verdicts[0].remedies[0].commands.len(), 3, "{:#?}", both.verdicts);
}

#[test]
fn a_replaced_file_is_told_from_a_missing_name() {
    let subject = DnsSubject { names: vec!["db".to_owned()], ..subject("app") };
    only(&ladder(&subject, direct(&["10.0.0.1"]), &healthy), DnsRungKind::Name, "was replaced");
}

#[test]
fn the_hosts_loopback_in_a_container() {
    let world = |visit: &DnsVisit, name: &str, kind| {
        let is_stub = visit.server.address == ip("127.0.0.53") && visit.from == DnsVantage::Container;
        if is_stub { DnsOutcome::Refused } else { healthy(visit, name, kind) }
    };
    let ladder = ladder(&subject("bridge"), direct(&["127.0.0.53"]), &world);
    only(&ladder, DnsRungKind::NameServer, "is the container itself");
}

#[test]
fn the_first_of_two_servers_is_dead() {
    let world = |visit: &DnsVisit, name: &str, kind| {
        if visit.server.address == ip("10.0.0.9") { DnsOutcome::Silent } else { healthy(visit, name, kind) }
    };
    let ladder = ladder(&subject("bridge"), direct(&["10.0.0.9", "10.0.0.1"]), &world);
    assert_eq!(found(&ladder), [(DnsRungKind::NameServer, Severity::Warning)]);
    assert_eq!(ladder.names[0].addresses, [ip("203.0.113.10")]);
}

#[test]
fn the_engines_default_is_out_of_reach() {
    let reading = DnsReading { host: host(&["127.0.0.53"], None), ..direct(&["8.8.8.8"]) };
    let world = |_: &DnsVisit, _: &str, _| DnsOutcome::Silent;
    only(
        &ladder(&subject("bridge"), reading, &world),
        DnsRungKind::NameServer,
        "no server that a container can ask",
    );
}

#[test]
fn what_does_not_fit_is_asked_again() {
    let cut = |visit: &DnsVisit, name: &str, kind| match healthy(visit, name, kind) {
        DnsOutcome::Answered(answer) if visit.over == DnsTransport::Udp => {
            DnsOutcome::Answered(DnsAnswer { addresses: Vec::new(), truncated: true, ..answer })
        }
        outcome => outcome,
    };
    let whole = ladder(&subject("bridge"), direct(&["10.0.0.1"]), &cut);
    assert_eq!((found(&whole), whole.names[0].addresses.len()), (Vec::new(), 1), "{whole:#?}");
    let shut = |visit: &DnsVisit, name: &str, kind| {
        if visit.over == DnsTransport::Tcp { DnsOutcome::Silent } else { cut(visit, name, kind) }
    };
    only(&ladder(&subject("bridge"), direct(&["10.0.0.1"]), &shut), DnsRungKind::NameServer, "does not fit");
}

#[test]
fn a_server_that_does_not_know_edns() {
    let mut reading = direct(&["10.0.0.1"]);
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.options.push("edns0".to_owned());
    }
    let world = |visit: &DnsVisit, name: &str, kind| {
        if visit.edns { answer(ResponseCode::FormatError, &[]) } else { healthy(visit, name, kind) }
    };
    let ladder = ladder(&subject("bridge"), reading, &world);
    assert_eq!(found(&ladder), [(DnsRungKind::NameServer, Severity::Warning)], "{:#?}", ladder.verdicts);
}

#[test]
fn before_docker_26_the_forwarders_are_those_of_the_host() {
    let plain = || DnsReading { resolver_file: Observed::Known(Some(file(&["127.0.0.11"]))), ..reading() };
    let asked = |reading: &DnsReading, subject: &DnsSubject| {
        let visits = dns_visits(subject, reading).into_iter();
        let udp = visits
            .filter(|visit| visit.over == DnsTransport::Udp && visit.server.address != ip("127.0.0.11"));
        let mut asked: Vec<_> = udp.map(|visit| format!("{} {}", visit.server, visit.from)).collect();
        asked.sort();
        asked
    };
    assert_eq!(asked(&plain(), &subject("app")), ["10.0.0.1 the container", "10.0.0.1 the host"]);
    let resolved = DnsReading { host: host(&["127.0.0.53"], Some(&["10.0.0.7"])), ..plain() };
    let stub = asked(&resolved, &subject("app"));
    assert_eq!(stub, ["10.0.0.7 the host", "127.0.0.53 the container", "127.0.0.53 the host"]);
    let empty = DnsReading { host: host(&[], None), ..plain() };
    assert!(asked(&empty, &subject("app")).contains(&"8.8.8.8 the container".to_owned()));
    let mut told = subject("app");
    told.settings.servers = vec!["10.0.0.5".to_owned()];
    assert!(asked(&plain(), &told).contains(&"10.0.0.5 the container".to_owned()));
}

#[test]
fn what_could_not_be_read_is_no_verdict() {
    let gap =
        Gap::new(GapKind::Permission, "/etc/resolv.conf of process 100", "open: Operation not permitted");
    let reading = DnsReading {
        resolver_file: Observed::Missing(gap.clone()),
        engine_sockets: Observed::Missing(gap.clone()),
        ..reading()
    };
    let ladder = ladder(&subject("app"), reading, &healthy);
    assert_eq!((found(&ladder), ladder.gaps), (Vec::new(), vec![gap]));
}

#[test]
fn a_name_server_of_a_person_is_kept_as_it_is() {
    let server = NameServer { address: ip("fe80::1"), zone: Some("eth0".to_owned()) };
    let mut reading = direct(&[]);
    if let Observed::Known(Some(file)) = &mut reading.resolver_file {
        file.name_servers.push(server.clone());
    }
    assert!(dns_visits(&subject("bridge"), &reading).iter().any(|visit| visit.server == server));
}
