//! The checks of what networks need of the kernel, of rules and of the engine, proven: each fault is put into a real
//! engine and found as exactly its code.

use porthole_lab::{Engine, Lab, LabBuilder};
use porthole_model::{ContainerState, KernelModules, Observed, Snapshot};
use serde_json::{Value, json};

use crate::support::{assert_codes, builder, codes, lab, mend, on_docker_engines, report, start, wait_for};

fn idle(lab: &Lab, name: &str, options: &[&str]) {
    lab.run(name, options, "peer:1", &["idle"]);
}

fn web(lab: &Lab, options: &[&str]) {
    lab.run("web", options, "peer:1", &["http", "80"]);
}

/// A command of the host in a container's network namespace.
fn inside(lab: &Lab, container: &str, command: &str) {
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container]);
    lab.sh_ok(&format!("nsenter -t {pid} -n {command}"));
}

fn first(report: &Value) -> &Value {
    &report["findings"][0]
}

/// The Docker engines at hand, each in a lab that is built so.
fn on_docker_engines_with(build: impl Fn(LabBuilder) -> LabBuilder, test: impl Fn(&Lab)) {
    for engine in Engine::available() {
        if engine != Engine::Podman {
            test(&start(build(builder(engine))));
        }
    }
}

fn without_proxies(builder: LabBuilder) -> LabBuilder {
    builder.daemon_json(json!({ "userland-proxy": false }))
}

/// What was read of the lab's host.
fn recorded(lab: &Lab) -> Snapshot {
    let output = lab.command("porthole").args(["snapshot", "-o", "-"]).output().expect("a snapshot");
    porthole_wire::snapshot_file::read(&output.stdout).expect("a snapshot")
}

/// The codes that doctor finds in a snapshot.
fn codes_of(snapshot: &Snapshot) -> Vec<String> {
    let report = porthole_analysis::diagnose(snapshot);
    report.findings.iter().map(|finding| finding.code.to_string()).collect()
}

fn known<T>(fact: &mut Observed<T>) -> &mut T {
    match fact {
        Observed::Known(value) => value,
        Observed::Missing(gap) => panic!("the recording lacks {gap}"),
    }
}

#[test]
fn ph014_hairpin_mode_and_loopback_routes_are_off() {
    on_docker_engines_with(without_proxies, |lab| {
        web(lab, &["-p", "8080:80"]);
        wait_for("the web server", || lab.exec(&["peer", "get", "http://127.0.0.1:8080/"]).code == 0);
        let port = lab.sh_ok("ls /sys/class/net/docker0/brif");
        lab.sh_ok(&format!("bridge link set dev {} hairpin off", port.trim()));
        let report = assert_codes(lab, &["PH014"]);
        assert_eq!(first(&report)["subject"]["name"], "web");
        mend(lab, &report);
        assert_codes(lab, &[]);
        lab.sh_ok("sysctl -w net.ipv4.conf.docker0.route_localnet=0");
        assert_ne!(lab.exec(&["peer", "get", "http://127.0.0.1:8080/"]).code, 0);
        let report = assert_codes(lab, &["PH014"]);
        assert_eq!(first(&report)["severity"], "error");
        mend(lab, &report);
        assert_eq!(lab.exec(&["peer", "get", "http://127.0.0.1:8080/"]).code, 0);
        assert_codes(lab, &[]);
    });
}

const NO_ICC: &str = "com.docker.network.bridge.enable_icc=false";

#[test]
fn ph015_containers_that_are_kept_apart_reach_each_other() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "-o", NO_ICC, "dmz"]);
        web(lab, &["--network", "dmz"]);
        idle(lab, "other", &["--network", "dmz"]);
        let address = lab.docker_ok(&["inspect", "-f", "{{.NetworkSettings.Networks.dmz.IPAddress}}", "web"]);
        let url = format!("http://{address}/");
        let reached = || lab.docker(&["exec", "other", "/peer", "get", &url]).code == 0;
        assert!(!reached());
        assert_codes(lab, &[]);
        lab.sh_ok("sysctl -w net.bridge.bridge-nf-call-iptables=0");
        assert!(reached());
        let report = assert_codes(lab, &["PH015"]);
        // The bridge's own setting does as well.
        lab.sh_ok("ip link set \"br-$(docker network inspect -f '{{slice .Id 0 12}}' dmz)\" type bridge nf_call_iptables 1");
        assert!(!reached());
        assert_codes(lab, &[]);
        lab.sh_ok("ip link set \"br-$(docker network inspect -f '{{slice .Id 0 12}}' dmz)\" type bridge nf_call_iptables 0");
        assert!(reached());
        mend(lab, &report);
        assert!(!reached());
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph015_neighbours_cannot_use_published_ports() {
    on_docker_engines_with(without_proxies, |lab| {
        web(lab, &["-p", "8080:80"]);
        idle(lab, "other", &[]);
        let reached = || lab.docker(&["exec", "other", "/peer", "get", "http://10.77.0.2:8080/"]).code == 0;
        wait_for("the web server", reached);
        assert_codes(lab, &[]);
        lab.sh_ok("sysctl -w net.bridge.bridge-nf-call-iptables=0");
        assert!(!reached());
        let report = assert_codes(lab, &["PH015"]);
        mend(lab, &report);
        assert!(reached());
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph017_no_subnet_is_left() {
    let pools = json!({ "default-address-pools": [{ "base": "10.200.0.0/22", "size": 24 }] });
    on_docker_engines_with(
        |builder| builder.daemon_json(pools.clone()),
        |lab| {
            for name in ["one", "two"] {
                lab.docker_ok(&["network", "create", name]);
            }
            assert_codes(lab, &[]);
            lab.docker_ok(&["network", "create", "three"]);
            let report = assert_codes(lab, &["PH017"]);
            assert!(first(&report).to_string().contains("all 4 subnets"), "{report:#}");
            assert_ne!(lab.docker(&["network", "create", "four"]).code, 0);
            lab.docker_ok(&["network", "rm", "one"]);
            assert_codes(lab, &[]);
            // A name server of the host keeps the subnet to itself.
            lab.sh_ok(
                "cp /etc/resolv.conf /tmp/resolv.conf; echo 'nameserver 10.200.1.53' >> /etc/resolv.conf",
            );
            assert_codes(lab, &["PH017"]);
            assert_ne!(lab.docker(&["network", "create", "four"]).code, 0);
            lab.sh_ok("cat /tmp/resolv.conf > /etc/resolv.conf");
            lab.docker_ok(&["network", "create", "four"]);
        },
    );
}

#[test]
fn ph017_the_built_in_subnets_are_used_up() {
    on_docker_engines(|lab| {
        lab.sh_ok("for n in $(seq 29); do docker network create n$n; done");
        assert_codes(lab, &[]);
        lab.docker_ok(&["network", "create", "last"]);
        assert_codes(lab, &["PH017"]);
        assert_ne!(lab.docker(&["network", "create", "another"]).code, 0);
    });
}

#[test]
fn ph017_a_route_claims_all_subnets() {
    on_docker_engines(|lab| {
        // As a VPN lays it: with a next hop it keeps the engine from nothing.
        lab.sh_ok("ip route add 128.0.0.0/1 via 10.77.0.1");
        assert_codes(lab, &[]);
        lab.docker_ok(&["network", "create", "one"]);
        lab.sh_ok("ip route replace 128.0.0.0/1 dev eth0");
        assert_codes(lab, &["PH017"]);
        assert_ne!(lab.docker(&["network", "create", "another"]).code, 0);
    });
}

#[test]
fn ph019_the_message_that_packets_are_too_large_is_dropped() {
    on_docker_engines(|lab| {
        idle(lab, "web", &[]);
        lab.sh_ok("ip link set eth0 mtu 1300");
        assert_codes(lab, &["PH018"]);
        lab.sh_ok("iptables -A OUTPUT -p icmp -j DROP");
        let report = assert_codes(lab, &["PH019"]);
        assert_eq!(first(&report)["explains"][0]["code"], "PH018", "{report:#}");
        assert!(first(&report).to_string().contains("-A OUTPUT -p icmp -j DROP"), "{report:#}");
        mend(lab, &report);
        assert_codes(lab, &["PH018"]);
    });
}

#[test]
fn ph024_ipv6_is_off_on_a_bridge_or_everywhere() {
    on_docker_engines(|lab| {
        let named = "com.docker.network.bridge.name=six0";
        lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:18::/64", "-o", named, "six"]);
        idle(lab, "web", &["--network", "six"]);
        assert_codes(lab, &[]);
        lab.sh_ok("sysctl -w net.ipv6.conf.six0.disable_ipv6=1");
        let report = assert_codes(lab, &["PH024"]);
        assert_eq!(first(&report)["subject"]["name"], "six");
        lab.sh_ok("sysctl -w net.ipv6.conf.all.disable_ipv6=1");
        let report = assert_codes(lab, &["PH024"]);
        assert_eq!(first(&report)["subject"]["kind"], "host");
    });
}

#[test]
fn ph024_ipv6_is_off_in_a_container() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:18::/64", "six"]);
        idle(lab, "web", &["--network", "six"]);
        inside(lab, "web", "sysctl -w net.ipv6.conf.eth0.disable_ipv6=1");
        let report = assert_codes(lab, &["PH024"]);
        assert_eq!(first(&report)["explains"][0]["code"], "PH034", "{report:#}");
    });
}

#[test]
fn ph024_local_addresses_go_to_the_internet() {
    let lab = lab(Engine::Docker20);
    lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:18::/64", "six"]);
    idle(&lab, "web", &["--network", "six"]);
    // The host has only local addresses itself: nobody expects the Internet.
    assert_codes(&lab, &[]);
    lab.sh_ok("ip -6 addr add 2001:db8:77::2/64 dev eth0 nodad");
    let report = assert_codes(&lab, &["PH024"]);
    assert_eq!(first(&report)["severity"], "warning");
    lab.sh_ok("ip6tables -t nat -A POSTROUTING -s fd00:18::/64 -j MASQUERADE");
    assert_codes(&lab, &[]);
}

#[test]
fn ph025_packets_straight_to_a_container_were_dropped() {
    let lab = lab(Engine::newest());
    web(&lab, &[]);
    lab.outside_ok(&["ip", "route", "add", "172.17.0.0/16", "via", "10.77.0.2"]);
    assert_codes(&lab, &[]);
    assert_ne!(lab.outside_peer(&["get", "http://172.17.0.2:80/"]).code, 0);
    let report = assert_codes(&lab, &["PH025"]);
    assert_eq!(first(&report)["severity"], "note");
    assert!(first(&report).to_string().contains("172.17.0.2"), "{report:#}");
}

/// The engine of Debian has no nftables back end: a real recording, in which just the name of the back end is another.
#[test]
fn ph026_iptables_drops_for_an_engine_with_nftables() {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "iptables": false, "ip6tables": false })));
    idle(&lab, "web", &[]);
    let with_backend = |name: &str| {
        let mut snapshot = recorded(&lab);
        let info = known(&mut known(&mut snapshot.engine).info);
        info.firewall_backend = Observed::Known(Some(name.to_owned()));
        codes_of(&snapshot)
    };
    assert!(!with_backend("nftables").contains(&"PH026".to_owned()));
    lab.sh_ok("iptables -P FORWARD DROP");
    assert_eq!(with_backend("nftables").iter().filter(|code| *code == "PH026").count(), 1);
    assert!(!with_backend("iptables").contains(&"PH026".to_owned()));
}

/// Only the first network namespace of a machine may set the maximum: a real recording, in which just the number of
/// entries is another.
#[test]
fn ph027_connection_tracking_is_full() {
    let lab = lab(Engine::newest());
    idle(&lab, "web", &[]);
    let with_count = |percent: u64| {
        let mut snapshot = recorded(&lab);
        let host = known(&mut snapshot.host);
        let own = *known(&mut host.own_network_namespace);
        let namespaces = known(&mut host.network_namespaces);
        let home = namespaces.iter_mut().find(|namespace| namespace.id == own).unwrap();
        let sysctls = &mut known(&mut home.stack).sysctls;
        let maximum: u64 = known(sysctls.get_mut("net.netfilter.nf_conntrack_max").unwrap()).parse().unwrap();
        let count = (maximum * percent / 100).to_string();
        *known(sysctls.get_mut("net.netfilter.nf_conntrack_count").unwrap()) = count;
        codes_of(&snapshot)
    };
    assert_eq!(with_count(50), [""; 0]);
    assert_eq!(with_count(85), ["PH027"]);
    assert_eq!(with_count(100), ["PH027"]);
}

#[test]
fn ph028_udp_goes_to_where_a_container_was() {
    on_docker_engines(|lab| {
        lab.run("syslog", &["-p", "5353:53/udp", "-p", "5354:53/udp"], "peer:1", &["udp-echo", "0.0.0.0:53"]);
        stale_flow(lab, 5353, "DNAT --to-destination 172.17.0.99:53", "error");
        stale_flow(lab, 5354, "ACCEPT", "warning");
        // What the host itself sends goes by docker-proxy, as it should.
        lab.sh_ok("bash -c 'exec 3<>/dev/udp/127.0.0.1/5353; echo x >&3; exec 3<>/dev/udp/10.77.0.2/5354; echo x >&3'");
        assert_codes(lab, &[]);
    });
}

/// A client's first packets meet rules that lead them elsewhere; those that lay them are gone when doctor asks.
fn stale_flow(lab: &Lab, port: u16, wrong: &str, severity: &str) {
    let rules = [
        format!("-t nat {{}} PREROUTING -p udp --dport {port} -j {wrong}"),
        "{} FORWARD -d 172.17.0.99 -j ACCEPT".to_owned(),
    ];
    let each = |act: &str| rules.each_ref().map(|rule| format!("iptables {}", rule.replace("{}", act)));
    lab.sh_ok(&each("-I").join(" && "));
    let mut client = lab.outside_command("bash");
    // It goes on until the lab ends: a mended flow is no fault.
    let script = format!("exec 3<>/dev/udp/10.77.0.2/{port}; while :; do echo x >&3; sleep 0.2; done");
    let mut client = client.args(["-c", &script]).spawn().expect("a client");
    let entry = format!("dport={port}");
    wait_for("the client", || lab.sh_ok("conntrack -L -p udp 2>/dev/null").contains(&entry));
    lab.sh_ok(&each("-D").join(" && "));
    // The kernel counts a flow that is answered as one that lasts after two seconds.
    wait_for("the flow to last", || codes(&report(lab)) == ["PH028"]);
    let report = assert_codes(lab, &["PH028"]);
    assert_eq!(first(&report)["severity"], severity, "{report:#}");
    mend(lab, &report);
    assert_codes(lab, &[]);
    client.kill().expect("the client ends");
    client.wait().expect("the client ends");
}

#[test]
fn ph029_a_second_way_in_is_not_the_way_back() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "8080:80"]);
        lab.sh_ok(
            "ip link add eth1 type veth peer name wan1 && ip link set eth1 up && ip link set wan1 up && \
             ip addr add 10.88.0.2/24 dev eth1 && ip route add default via 10.88.0.1 dev eth1 table 100 && \
             sysctl -w net.ipv4.conf.eth1.rp_filter=1",
        );
        // The filter alone is no fault.
        assert_codes(lab, &[]);
        lab.sh_ok("ip rule add from 10.88.0.2 table 100");
        let report = assert_codes(lab, &["PH029"]);
        assert_eq!(first(&report)["severity"], "warning");
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph029_a_container_answers_by_its_other_network() {
    on_docker_engines(|lab| {
        for (name, subnet) in [("a", "172.30.0.0/24"), ("b", "172.31.0.0/24")] {
            lab.docker_ok(&["network", "create", "--subnet", subnet, name]);
        }
        web(lab, &["-p", "8080:80", "--network", "a"]);
        lab.docker_ok(&["network", "connect", "b", "web"]);
        let reached = || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0;
        wait_for("the web server", reached);
        inside(lab, "web", "sysctl -w net.ipv4.conf.eth0.rp_filter=1");
        assert_codes(lab, &[]);
        inside(lab, "web", "ip route replace default via 172.31.0.1");
        assert!(!reached());
        let report = assert_codes(lab, &["PH029"]);
        assert_eq!(first(&report)["severity"], "error");
    });
}

/// This machine's kernel has veth built in: a real recording, in which the engine's error and the modules are others.
#[test]
fn ph038_the_modules_are_gone() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["create", "--name", "late", "peer:1", "idle"]);
    let mut snapshot = recorded(&lab);
    known(&mut known(&mut snapshot.host).kernel_modules).has_running = false;
    assert_eq!(codes_of(&snapshot), [""; 0]);
    let containers = known(&mut known(&mut snapshot.engine).containers);
    assert_eq!(containers[0].state, ContainerState::Created);
    containers[0].error = Some(
        "failed to create endpoint late on network bridge: failed to add the host (veth5a4d3b0) <=> sandbox \
         (vethd8eecc9) pair interfaces: operation not supported"
            .to_owned(),
    );
    assert_eq!(codes_of(&snapshot), ["PH038"]);
    let modules = KernelModules { has_running: false, releases: vec!["6.12.1-arch1-1".to_owned()] };
    known(&mut snapshot.host).kernel_modules = Observed::Known(modules);
    let report = porthole_analysis::diagnose(&snapshot);
    assert!(report.findings[0].summary.contains("gone from the disk"), "{report:?}");
}
