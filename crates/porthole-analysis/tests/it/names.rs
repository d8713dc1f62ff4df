//! PH020, PH021, PH022, PH023: whom containers ask for names, by files, notes, rules and sockets, and what they say.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use porthole_model::firewall::{
    AddressRange, Backend, BaseChain, Chain, ChainKind, Field, FirewallTable, Hook, Match, Nat, NatKind,
    NatTarget, PacketSide, Policy, PortRange, Rule, Statement, TableFamily, Value, Verdict, Wording,
    WordingSource,
};
use porthole_model::{
    Aftermath, ContainerId, ContainerState, EngineKind, EngineRemarks, Firewall, Gap, Health, HealthProbe,
    HealthStatus, HostNames, InterfaceIndex, MaskedText, Mount, MountKind, NameFiles, NameForwarder,
    NetworkDatabase, NetworkStack, NotedForwarder, Observed, Port, ResolverFile, Route, RouteKind, Secrets,
    Stored, StoredRecord, StoredSandbox, Timestamp,
};

use crate::lab::{Lab, NOW, commands, known, refused};
use crate::nouns::{default_route, hexadecimal, listener, routing_rule};
use crate::rules;
use crate::spec::container;

const EMBEDDED: &str = "127.0.0.11";
const ENGINES_PORT: u16 = 35_000;

fn servers(file: &[&str]) -> ResolverFile {
    let address = |text: &&str| text.parse::<IpAddr>().expect("address").into();
    ResolverFile { name_servers: file.iter().map(address).collect(), ..ResolverFile::default() }
}

fn loopback_route() -> Route {
    let local = "127.0.0.0/8".parse().expect("prefix");
    Route {
        destination: local,
        gateway: None,
        kind: RouteKind::Local,
        table: 255,
        ..default_route("127.0.0.1", InterfaceIndex(1))
    }
}

fn firewall(tables: Vec<FirewallTable>) -> Observed<Firewall> {
    Observed::Known(Firewall {
        nftables: Observed::Known(tables),
        iptables_legacy: Observed::Known(Vec::new()),
        ip6tables_legacy: Observed::Known(Vec::new()),
        ip_sets: Observed::Known(Vec::new()),
        hooks: Observed::Known(Vec::new()),
        wording_gaps: Vec::new(),
    })
}

fn rule(position: u32, statements: Vec<Statement>) -> Rule {
    let wording = Wording { text: format!("rule {position}"), source: WordingSource::Own };
    Rule { position, handle: None, wording, comment: None, statements }
}

fn is(field: Field, number: u64) -> Statement {
    Statement::Match(Match::is(field, Value::Number(number)))
}

fn to_engine(protocol: u64) -> Vec<Statement> {
    let embedded: IpAddr = EMBEDDED.parse().expect("address");
    let port = Port(ENGINES_PORT);
    let target = NatTarget::Fixed {
        addresses: Some(AddressRange { from: embedded, to: embedded }),
        ports: Some(PortRange { from: port, to: port }),
    };
    vec![
        Statement::Match(Match::is(Field::Address(PacketSide::Destination), Value::Address(embedded))),
        is(Field::Protocol, protocol),
        is(Field::Port(PacketSide::Destination), 53),
        Statement::Nat(Nat { kind: NatKind::Destination, target, flags: Vec::new() }),
    ]
}

fn output(kind: ChainKind, rules: Vec<Vec<Statement>>) -> FirewallTable {
    let base = BaseChain {
        kind,
        hook: Hook::Output,
        priority: if kind == ChainKind::Nat { -100 } else { 0 },
        policy: Policy::Accept,
        counter: None,
        devices: Vec::new(),
    };
    let rules = rules.into_iter().zip(1..).map(|(statements, position)| rule(position, statements)).collect();
    FirewallTable {
        backend: Backend::IptablesNft,
        family: TableFamily::Ip,
        name: format!("{kind:?}").to_lowercase(),
        dormant: false,
        owner: None,
        chains: vec![Chain { name: "OUTPUT".to_owned(), handle: None, base: Some(base), rules }],
        sets: Vec::new(),
    }
}

fn with_loopback(stack: &mut NetworkStack, tables: Vec<FirewallTable>) {
    known(&mut stack.routes).push(loopback_route());
    known(&mut stack.routing_rules).extend([routing_rule(0, 255), routing_rule(32_766, 254)]);
    stack.firewall = firewall(tables);
}

/// `web` on a network of its own, whose engine asks 10.77.0.1 for it, and `old` on the default bridge, which asks itself.
pub(crate) fn lab() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web").on("app"));
    lab.run(container("old"));
    with_loopback(lab.host_stack(), Vec::new());
    rules::lay(&mut lab);
    let redirects = output(ChainKind::Nat, vec![to_engine(6), to_engine(17)]);
    let engines = SocketAddr::new(EMBEDDED.parse().expect("address"), ENGINES_PORT).to_string();
    let stack = lab.stack_of("web");
    with_loopback(stack, vec![redirects]);
    known(&mut stack.sockets).extend([listener("udp", &engines), listener("tcp", &engines)]);
    with_loopback(lab.stack_of("old"), Vec::new());
    let web = ResolverFile { remarks: noted(&["10.77.0.1"]), ..servers(&[EMBEDDED]) };
    let old = ResolverFile { modified: Some(Timestamp(NOW - 3_600_001)), ..servers(&["10.77.0.1"]) };
    let files = [("web", web), ("old", old)].map(|(name, file)| (id(name), Observed::Known(Some(file))));
    lab.snapshot.names = Observed::Known(NameFiles {
        host: HostNames {
            resolver_file: Observed::Known(Some(servers(&["10.77.0.1"]))),
            resolved_file: Observed::Known(None),
            engine_servers: Observed::Known(Vec::new()),
        },
        containers: BTreeMap::from(files),
    });
    lab
}

fn noted(forwarders: &[&str]) -> EngineRemarks {
    let forwarder = |text: &&str| NotedForwarder {
        server: text.parse::<IpAddr>().expect("address").into(),
        from_host: true,
    };
    EngineRemarks {
        based_on: Some("/etc/resolv.conf".to_owned()),
        forwarders: Some(forwarders.iter().map(forwarder).collect()),
        ..EngineRemarks::default()
    }
}

fn id(name: &str) -> ContainerId {
    ContainerId(hexadecimal(name))
}

fn names(lab: &mut Lab) -> &mut NameFiles {
    known(&mut lab.snapshot.names)
}

fn file<'l>(lab: &'l mut Lab, name: &str) -> &'l mut ResolverFile {
    known(names(lab).containers.get_mut(&id(name)).expect("a file")).as_mut().expect("a file")
}

fn host_names(lab: &mut Lab, file: &[&str], resolved: Option<&[&str]>) {
    let host = &mut names(lab).host;
    host.resolver_file = Observed::Known(Some(servers(file)));
    host.resolved_file = Observed::Known(resolved.map(servers));
}

#[test]
fn what_asks_the_hosts_servers_by_whole_rules_is_healthy() {
    let mut lab = lab();
    assert_eq!(lab.found(), [""; 0]);
    for code in [20, 21, 22] {
        assert_eq!(lab.gaps(code), [""; 0], "{code}");
    }
    // More servers, others behind them, and another order change nothing.
    host_names(&mut lab, &["10.77.0.3", "10.77.0.1"], None);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn rules_that_are_gone_or_lead_to_nobody_or_stop() {
    let tables = |tables: Vec<FirewallTable>| {
        let mut lab = lab();
        lab.stack_of("web").firewall = firewall(tables);
        (lab.found(), lab)
    };
    let (found, gone) = tables(Vec::new());
    assert_eq!(found, ["error PH021 web"]);
    assert!(gone.only().evidence.iter().any(|each| each.observed.contains("127.0.0.11:53, where nobody")));
    let (found, _) = tables(vec![output(ChainKind::Nat, vec![to_engine(6)])]);
    assert_eq!(found, ["error PH021 web"]);
    let (found, lab) = tables(vec![output(ChainKind::Nat, vec![to_engine(17)])]);
    assert_eq!(found, ["warning PH021 web"]);
    assert!(lab.only().summary.contains("by TCP"));
    let both = || output(ChainKind::Nat, vec![to_engine(6), to_engine(17)]);
    let drop = output(ChainKind::Filter, vec![vec![Statement::Verdict(Verdict::Drop)]]);
    let (found, lab) = tables(vec![both(), drop]);
    assert_eq!(found, ["error PH021 web"]);
    assert!(lab.only().evidence.iter().any(|each| each.observed.contains("is stopped by a rule")));
}

#[test]
fn sockets_of_the_engine_that_are_gone() {
    let mut lab = lab();
    known(&mut lab.stack_of("web").sockets).clear();
    assert_eq!(lab.found(), ["error PH021 web"]);
    known(&mut lab.stack_of("web").sockets).push(listener("udp", "127.0.0.11:4000"));
    assert_eq!(lab.found(), ["error PH021 web"]);
}

#[test]
fn a_server_of_the_containers_own_takes_its_questions() {
    let mut lab = lab();
    lab.stack_of("web").firewall = firewall(Vec::new());
    known(&mut lab.stack_of("web").sockets)
        .extend([listener("udp", "0.0.0.0:53"), listener("tcp", "0.0.0.0:53")]);
    assert_eq!(lab.found(), [""; 0]);
}

fn deaf(name: &str) -> Lab {
    let mut lab = lab();
    lab.container(name).dns.servers = vec!["127.0.0.53".to_owned()];
    if name == "old" {
        file(&mut lab, name).name_servers = servers(&["127.0.0.53"]).name_servers;
    } else {
        file(&mut lab, name).remarks = noted(&["127.0.0.53"]);
        let noted = file(&mut lab, name).remarks.forwarders.as_mut().expect("noted");
        noted[0].from_host = false;
    }
    lab
}

#[test]
fn a_loopback_is_the_containers_own() {
    for name in ["old", "web"] {
        let mut lab = deaf(name);
        assert_eq!(lab.found(), [format!("error PH020 {name}")]);
        known(&mut lab.host_stack().sockets).push(listener("udp", "127.0.0.53:53"));
        assert_eq!(lab.found(), [format!("error PH020 {name}")], "the host's is another");
        known(&mut lab.stack_of(name).sockets).push(listener("udp", "127.0.0.53:53"));
        assert_eq!(lab.found(), [""; 0]);
        let mut lab = deaf(name);
        lab.stack_of(name).firewall = refused("firewall");
        assert_eq!(lab.found(), [""; 0]);
        assert_eq!(lab.gaps(20), ["firewall: permission denied"]);
    }
}

#[test]
fn the_hosts_loopback_is_asked_from_the_host() {
    let mut lab = lab();
    host_names(&mut lab, &["127.0.0.53"], Some(&["10.77.0.1"]));
    file(&mut lab, "web").remarks = noted(&["127.0.0.53"]);
    assert_eq!(lab.found(), ["error PH020 web"]);
    assert!(lab.only().summary.contains("127.0.0.53 on the host"));
    known(&mut lab.host_stack().sockets).push(listener("udp", "127.0.0.53:53"));
    assert_eq!(lab.found(), [""; 0], "the default bridge asks what systemd-resolved asks");
}

#[test]
fn the_engines_own_servers_where_the_host_names_none() {
    for host in [&["127.0.0.1"][..], &[]] {
        let mut lab = lab();
        known(&mut lab.host_stack().sockets).push(listener("udp", "127.0.0.1:53"));
        file(&mut lab, "web").remarks = noted(&["127.0.0.1"]);
        file(&mut lab, "old").name_servers = servers(&["8.8.8.8", "8.8.4.4"]).name_servers;
        host_names(&mut lab, host, None);
        assert_eq!(lab.found(), ["warning PH020 old"], "{host:?}");
        // Somebody may have chosen them.
        lab.container("old").dns.servers = vec!["8.8.8.8".to_owned(), "8.8.4.4".to_owned()];
        assert_eq!(lab.found(), [""; 0]);
    }
    let mut lab = lab();
    file(&mut lab, "old").name_servers = servers(&["8.8.8.8"]).name_servers;
    host_names(&mut lab, &["127.0.0.53"], Some(&["8.8.8.8"]));
    file(&mut lab, "web").remarks = noted(&["8.8.8.8"]);
    assert_eq!(lab.found(), [""; 0], "systemd-resolved asks them, too");
}

#[test]
fn no_server_at_all_is_a_warning() {
    let mut lab = lab();
    host_names(&mut lab, &[], None);
    file(&mut lab, "web").remarks = noted(&[]);
    lab.container("old").dns.servers = vec!["10.77.0.1".to_owned()];
    assert_eq!(lab.found(), ["warning PH020 web"]);
    lab.network("app").internal = true;
    assert_eq!(lab.found(), [""; 0], "without a way out there is nothing to ask");
}

#[test]
fn servers_of_another_day_are_one_finding() {
    let mut lab = lab();
    host_names(&mut lab, &["10.77.0.9"], None);
    assert_eq!(lab.found(), ["warning PH022 name servers of containers"]);
    let finding = lab.only();
    assert_eq!(
        finding.summary,
        "containers 'web', 'old' ask name server 10.77.0.1, which the host does not ask any more: it asks 10.77.0.9"
    );
    assert_eq!(finding.remedies[0].commands, ["docker restart web old"]);
    names(&mut lab).host.engine_servers = Observed::Known(servers(&["10.77.0.1"]).name_servers);
    assert_eq!(lab.found(), ["warning PH022 web"], "the engine noted that it took the host's");
    host_names(&mut lab, &["127.0.0.1"], None);
    assert_eq!(lab.found(), [""; 0], "whoever listens there may ask 10.77.0.1");
}

#[test]
fn a_stub_of_another_day_that_nobody_serves_is_an_error() {
    let mut lab = lab();
    file(&mut lab, "web").remarks = noted(&["127.0.0.53"]);
    assert_eq!(lab.found(), ["error PH022 web"]);
    known(&mut lab.host_stack().sockets).push(listener("udp", "127.0.0.53:53"));
    assert_eq!(lab.found(), [""; 0], "a resolver there follows the host's changes");
}

#[test]
fn files_that_programs_changed_are_theirs() {
    let changed = |change: &dyn Fn(&mut Lab)| {
        let mut lab = lab();
        lab.container("web").state = ContainerState::Exited;
        file(&mut lab, "old").name_servers = servers(&["10.77.0.7"]).name_servers;
        assert_eq!(lab.found(), ["warning PH022 old"]);
        change(&mut lab);
        lab.found()
    };
    assert_eq!(changed(&|lab: &mut Lab| file(lab, "old").modified = Some(Timestamp(NOW - 1000))), [""; 0]);
    assert_eq!(changed(&|lab: &mut Lab| file(lab, "old").modified = None), [""; 0]);
    assert_eq!(
        changed(&|lab: &mut Lab| file(lab, "old").remarks = noted(&["10.77.0.1"])),
        [""; 0],
        "as kind does"
    );
    let late = |lab: &mut Lab| file(lab, "old").modified = Some(Timestamp(NOW - 3_599_000));
    assert_eq!(changed(&late), [""; 0]);
    let by_the_engine = |lab: &mut Lab| {
        let old = file(lab, "old");
        old.modified = Some(Timestamp(NOW - 3_599_000));
        old.remarks.based_on = Some("/etc/resolv.conf".to_owned());
    };
    assert_eq!(changed(&by_the_engine), ["warning PH022 old"], "Docker 28 writes it a moment later");
    assert_eq!(
        changed(&|lab: &mut Lab| lab.container("old").mounts.push(Mount {
            kind: MountKind::Bind,
            source: "/srv/resolv.conf".to_owned(),
            destination: "/etc/resolv.conf".to_owned(),
            read_only: true,
        })),
        [""; 0]
    );
}

fn stored(forwarders: &[&str]) -> Observed<NetworkDatabase> {
    let forwarder = |text: &&str| NameForwarder { address: (*text).to_owned(), from_host: false };
    let sandbox = StoredSandbox {
        id: "s".to_owned(),
        container: id("web"),
        endpoints: Vec::new(),
        forwarders: forwarders.iter().map(forwarder).collect(),
    };
    Observed::Known(NetworkDatabase {
        path: "local-kv.db".to_owned(),
        size: 0,
        page_size: Some(4096),
        transaction: Some(1),
        records: vec![StoredRecord {
            key: "s".to_owned(),
            index: 0,
            stored: Stored::Sandbox(sandbox),
            unknown_fields: BTreeMap::new(),
        }],
        faults: Vec::new(),
        lock_holders: Observed::Missing(Gap::not_asked("locks")),
    })
}

/// What was found of names; a database that knows one container alone has other faults.
fn of_names(lab: &Lab) -> Vec<String> {
    lab.found().into_iter().filter(|line| line.contains("PH02")).collect()
}

#[test]
fn older_engines_note_their_servers_in_their_database() {
    let mut lab = lab();
    file(&mut lab, "web").remarks = EngineRemarks::default();
    host_names(&mut lab, &["10.77.0.9"], None);
    assert_eq!(of_names(&lab), ["warning PH022 old"], "of web nothing is known");
    lab.snapshot.network_database = stored(&["10.77.0.9"]);
    assert_eq!(of_names(&lab), ["warning PH022 old"]);
    lab.snapshot.network_database = stored(&["10.77.0.1"]);
    assert_eq!(of_names(&lab), ["warning PH022 name servers of containers"]);
    lab.snapshot.network_database = Observed::Missing(Gap::not_asked("network database"));
    names(&mut lab).host.engine_servers = refused("settings");
    assert_eq!(of_names(&lab), [""; 0]);
    assert_eq!(lab.gaps(22), ["settings: permission denied"]);
}

#[test]
fn podmans_names_are_judged_by_loopbacks_alone() {
    let mut lab = lab();
    lab.engine().version.kind = EngineKind::Podman;
    file(&mut lab, "web").name_servers = servers(&["10.89.0.1"]).name_servers;
    file(&mut lab, "old").name_servers = servers(&["8.8.8.8"]).name_servers;
    host_names(&mut lab, &["10.77.0.9"], None);
    assert_eq!(lab.found(), [""; 0]);
    file(&mut lab, "old").name_servers = servers(&["127.0.0.53"]).name_servers;
    assert_eq!(lab.found(), ["error PH020 old"]);
}

fn text(text: &str) -> MaskedText {
    MaskedText::assignment(text, Secrets::Mask)
}

/// `app` keeps restarting, and this is the last line of its log.
fn says(lab: &mut Lab, line: &str) {
    let container = lab.container("app");
    container.state = ContainerState::Restarting;
    container.aftermath = Observed::Known(Aftermath {
        last_lines: Observed::Known(vec![text("starting"), text(line)]),
        platform: Observed::Missing(Gap::not_asked("platform")),
    });
}

const COMPLAINT: &str = "psql: could not translate host name \"db\" to address: Name or service not known";

fn neighbours(own: &'static str, other: &'static str) -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("one", "172.18.0.0/16");
    lab.add_network("other", "172.19.0.0/16");
    lab.run(container("app").on(own));
    lab.run(container("db").on(other));
    says(&mut lab, COMPLAINT);
    lab
}

#[test]
fn a_neighbour_on_another_network_has_no_name_and_that_explains_the_restarts() {
    let folded = "error PH023 app <- error PH106 app";
    let lab = neighbours("one", "other");
    assert_eq!(lab.found(), [folded]);
    let finding = lab.only();
    assert!(finding.summary.ends_with("the two are on no network together"), "{}", finding.summary);
    assert_eq!(
        commands(&finding),
        ["docker network connect one db"],
        "between two runs app cannot be connected"
    );
    let lab = neighbours("bridge", "bridge");
    assert_eq!(lab.found(), [folded]);
    let stops = ["docker stop app", "docker network connect app app", "docker start app"];
    assert_eq!(
        commands(&lab.only()),
        [&["docker network create app"], &stops[..], &["docker network connect app db"]].concat()
    );
    let lab = neighbours("one", "bridge");
    assert_eq!(commands(&lab.only()), ["docker network connect one db"]);
    let lab = neighbours("bridge", "other");
    assert_eq!(
        commands(&lab.only()),
        ["docker stop app", "docker network connect other app", "docker start app"]
    );
}

#[test]
fn a_new_network_has_a_name_that_is_free() {
    let mut lab = neighbours("bridge", "bridge");
    lab.add_network("app", "172.20.0.0/16");
    assert_eq!(commands(&lab.only())[0], "docker network create app2");
}

#[test]
fn a_neighbour_that_joins_keeps_the_name_that_is_asked_for() {
    let mut lab = neighbours("one", "other");
    lab.run(container("shop-store-1").on("other")).attachments[0].aliases = vec!["store".to_owned()];
    says(&mut lab, "Could not resolve host: store");
    assert_eq!(commands(&lab.only()), ["docker network connect --alias store one shop-store-1"]);
}

#[test]
fn a_name_of_another_network_is_none_here() {
    let mut lab = neighbours("one", "other");
    let store = lab.run(container("shop-store-1").on("one").on("other"));
    store.attachments[1].aliases = vec!["store".to_owned()];
    says(&mut lab, "Could not resolve host: store");
    assert_eq!(lab.found(), ["error PH023 app <- error PH106 app"]);
    assert!(lab.only().summary.ends_with("'store' is not its name on the network that both are on"));
}

#[test]
fn a_neighbour_without_a_name_of_its_own() {
    for (mode, why, mend) in [
        ("host", "in the host's network", &["docker run --add-host db:host-gateway …"][..]),
        ("container:0123456789abcdef", "in another container's network", &[]),
        (
            "none",
            "has no network, and so no name",
            &["docker network disconnect none db", "docker network connect one db"],
        ),
    ] {
        let mut lab = neighbours("one", "other");
        let db = lab.container("db");
        mode.clone_into(&mut db.network_mode);
        db.attachments.clear();
        assert_eq!(lab.found(), ["error PH023 app <- error PH106 app"], "{mode}");
        assert!(lab.only().summary.contains(why), "{}", lab.only().summary);
        assert_eq!(commands(&lab.only()), mend, "{mode}");
    }
}

/// Both on one network, and `db` has ended.
fn asleep() -> Lab {
    let mut lab = neighbours("one", "one");
    rest(&mut lab, "db");
    let db = lab.container("db");
    (db.exit_code, db.finished) = (Some(1), Some(Timestamp(NOW - 60_000)));
    lab
}

/// Ends a container with all that is seen of it, its places on networks aside.
fn rest(lab: &mut Lab, name: &str) {
    let container = lab.container(name);
    let places = container.attachments.clone();
    let mut resting = crate::nouns::stopped(name, container.id.clone());
    resting.attachments = places;
    *container = resting;
}

#[test]
fn a_neighbour_that_does_not_run_has_no_name() {
    let mut lab = asleep();
    assert_eq!(lab.found(), ["error PH023 app <- error PH106 app"]);
    let finding = lab.only();
    assert!(finding.summary.contains("that one does not run"), "{}", finding.summary);
    let seen: Vec<_> = finding.evidence.iter().map(|each| each.observed.as_str()).collect();
    assert_eq!(seen, [COMPLAINT, "one", "one", "exited", "1"]);
    assert_eq!(commands(&finding), ["docker start db"]);
    lab.container("db").error = Some("driver failed".to_owned());
    assert_eq!(lab.only().evidence.last().map(|each| each.observed.as_str()), Some("driver failed"));
    let db = lab.container("db");
    (db.state, db.exit_code, db.error, db.started, db.finished) =
        (ContainerState::Created, None, None, None, None);
    assert!(lab.only().summary.ends_with("that one was never started"));
    lab.container("db").state = ContainerState::Dead;
    assert_eq!(commands(&lab.only()), ["docker rm -f db"]);
    lab.run(container("other-db").on("one")).attachments[0].aliases = vec!["db".to_owned()];
    assert_eq!(lab.found(), ["error PH106 app"], "another one bears the name and runs");
}

#[test]
fn a_neighbour_between_two_of_its_runs() {
    let mut lab = asleep();
    let db = lab.container("db");
    (db.state, db.restart_count) = (ContainerState::Restarting, 9);
    assert_eq!(lab.found(), ["error PH023 app <- error PH106 app", "error PH106 db"]);
    let finding = lab.diagnose().findings.remove(0);
    assert!(finding.summary.contains("ends soon after each start"), "{}", finding.summary);
    assert_eq!(commands(&finding), ["docker logs --tail 50 db"]);
}

#[test]
fn what_keeps_the_neighbour_from_running_is_the_cause() {
    let mut lab = asleep();
    let db = lab.container("db");
    (db.out_of_memory, db.exit_code) = (true, Some(137));
    assert_eq!(lab.found(), ["error PH107 db <- error PH023 app <- error PH106 app"]);
    // That of the one that asks is another matter.
    let mut lab = asleep();
    let app = lab.container("app");
    (app.out_of_memory, app.exit_code) = (true, Some(137));
    let mut found = lab.found();
    found.sort();
    assert_eq!(found, ["error PH023 app <- error PH106 app", "error PH107 app"]);
}

#[test]
fn what_was_stopped_with_its_neighbour_did_not_miss_it() {
    let mut lab = asleep();
    let app = lab.container("app");
    (app.state, app.exit_code) = (ContainerState::Exited, Some(137));
    let mut at = |began: i64, ended: i64| {
        let app = lab.container("app");
        (app.started, app.finished) = (Some(Timestamp(NOW - began)), Some(Timestamp(NOW - ended)));
        lab.found()
    };
    assert_eq!(at(3_600_000, 50_000), [""; 0], "the neighbour ended while it ran");
    assert_eq!(at(55_000, 50_000), ["warning PH023 app"], "the neighbour had ended before it began");
}

#[test]
fn a_name_that_is_to_be_found_or_is_nobodys_is_another_matter() {
    assert_eq!(neighbours("one", "one").found(), ["error PH106 app"]);
    for line in ["Could not resolve host: example.com", "db: connection refused", "db | bad address 'cache'"]
    {
        let mut lab = neighbours("one", "other");
        says(&mut lab, line);
        assert_eq!(lab.found(), ["error PH106 app"], "{line}");
    }
    let mut lab = neighbours("one", "other");
    lab.run(container("store").on("one")).attachments[0].aliases = vec!["DB".to_owned()];
    assert_eq!(lab.found(), ["error PH106 app"], "an alias on its own network");
}

#[test]
fn a_name_in_the_settings_or_in_an_old_log_is_no_question() {
    let mut lab = neighbours("one", "other");
    lab.container("app").environment = vec![text("DB_HOST=db")];
    lab.container("app").state = ContainerState::Running;
    assert_eq!(lab.found(), [""; 0]);
    let probe = HealthProbe { exit_code: 1, output: text("wget: bad address 'db'") };
    let health = |status| Health { status, failing_streak: 3, last_probe: Some(probe.clone()) };
    lab.container("app").health = Some(health(HealthStatus::Unhealthy));
    assert_eq!(lab.found(), ["error PH023 app <- error PH109 app"]);
    lab.container("app").health = Some(health(HealthStatus::Healthy));
    assert_eq!(lab.found(), [""; 0]);
}
