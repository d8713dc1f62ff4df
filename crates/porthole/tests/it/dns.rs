//! `porthole dns` on real engines: names that are found, and exactly the rung that is broken on purpose.

use porthole_lab::{Engine, Identity, Lab, Output};
use serde_json::Value;

use crate::support::{builder, lab, on_docker_engines, parse, porthole, porthole_ok, start, wait_for};

/// The oldest engine and the newest, where those between behave as one of them.
fn on_oldest_and_newest(test: impl Fn(&Lab)) {
    for engine in [Engine::Docker20, Engine::newest()] {
        test(&lab(engine));
    }
}

/// A container on a network of its own with a neighbour, and one on the default bridge.
fn populated(lab: &Lab) {
    lab.docker_ok(&["network", "create", "app"]);
    let options = ["--network", "app", "--stop-timeout", "1"];
    lab.run("web", &options, "peer:1", &["http", "80"]);
    lab.run("db", &[&options[..], &["--network-alias", "store"]].concat(), "peer:1", &["http", "80"]);
    lab.run("old", &["--stop-timeout", "1"], "peer:1", &["http", "80"]);
}

/// What `porthole dns` says, whatever its exit code, which is checked against what it says.
fn asked(lab: &Lab, arguments: &[&str]) -> Value {
    let output = porthole(lab, &[&["dns", "--output", "json"], arguments].concat());
    let said = said(&output);
    let is_broken = verdicts(&said).iter().any(|verdict| verdict.1 == "error");
    assert_eq!(output.code, i32::from(is_broken), "{output}");
    said
}

fn said(output: &Output) -> Value {
    assert!(output.code < 2, "{output}");
    parse(&output.stdout)
}

/// The broken rungs with their severity.
fn verdicts(said: &Value) -> Vec<(String, String)> {
    let word = |verdict: &Value, key: &str| verdict[key].as_str().expect("a word").to_owned();
    let verdicts = said["verdicts"].as_array().expect("verdicts");
    verdicts.iter().map(|verdict| (word(verdict, "rung"), word(verdict, "severity"))).collect()
}

fn assert_broken(lab: &Lab, arguments: &[&str], rung: &str, words: &str) -> Value {
    let said = asked(lab, arguments);
    assert_eq!(verdicts(&said), [(rung.to_owned(), "error".to_owned())], "{:?}\n{said:#}", lab.engine());
    let summary = said["verdicts"][0]["summary"].as_str().expect("a summary");
    assert!(summary.contains(words), "{:?}: {summary}", lab.engine());
    said
}

fn assert_good(lab: &Lab, arguments: &[&str]) -> Value {
    let said = asked(lab, arguments);
    assert_eq!(verdicts(&said), [], "{:?}\n{said:#}", lab.engine());
    assert_eq!(said["gaps"].as_array().map(Vec::len), Some(0), "{said:#}");
    said
}

fn rung<'a>(said: &'a Value, kind: &str) -> &'a Value {
    let rungs = said["rungs"].as_array().expect("rungs");
    rungs.iter().find(|rung| rung["kind"] == kind).unwrap_or_else(|| panic!("no {kind}\n{said:#}"))
}

fn pid(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container])
}

/// The first remedy's commands, as a user would type them.
fn mend(lab: &Lab, said: &Value) {
    for command in said["verdicts"][0]["remedies"][0]["commands"].as_array().expect("commands") {
        lab.sh_ok(command.as_str().expect("a command"));
    }
}

#[test]
fn names_are_found_and_their_way_is_shown() {
    on_docker_engines(|lab| {
        populated(lab);
        let said = assert_good(lab, &["web", "db", "store", "web.example.test"]);
        let kinds: Vec<_> =
            said["rungs"].as_array().unwrap().iter().map(|rung| rung["kind"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "resolver_file",
                "hosts_file",
                "embedded_resolver",
                "redirect",
                "engine_sockets",
                "forwarder",
                "host_resolver"
            ]
        );
        assert!(said["rungs"].as_array().unwrap().iter().all(|rung| rung["state"] == "good"), "{said:#}");
        let address = lab.docker_ok(&["inspect", "-f", "{{.NetworkSettings.Networks.app.IPAddress}}", "db"]);
        assert_eq!(said["names"][0]["addresses"], serde_json::json!([address]));
        assert_eq!(said["names"][1]["addresses"], serde_json::json!([address]), "the alias");
        assert_eq!(said["names"][2]["addresses"], serde_json::json!(["203.0.113.10", "fd77::1"]));
        // Where a forwarder is asked from is what the versions differ in.
        let from = rung(&said, "forwarder")["notes"][0].as_str().unwrap().to_owned();
        let expected = if lab.engine() == Engine::Docker28 { "from the host" } else { "from the container" };
        assert!(from.contains(expected), "{:?}: {from}", lab.engine());
        let text = porthole_ok(lab, &["dns", "web"]);
        assert!(text.contains("127.0.0.11:53") && text.contains("held by dockerd"), "{text}");
        assert_good(lab, &["old", "web.example.test"]);
    });
}

#[test]
fn flushed_rules_are_the_redirect() {
    on_oldest_and_newest(|lab| {
        populated(lab);
        lab.sh_ok(&format!("nsenter -t {} -n iptables -t nat -F", pid(lab, "web")));
        let said = assert_broken(lab, &["web"], "redirect", "rules that lead 127.0.0.11:53");
        mend(lab, &said);
        wait_for("the container", || verdicts(&asked(lab, &["web"])).is_empty());
    });
}

#[test]
fn a_forwarder_that_is_silent_refuses_or_is_cut_off() {
    on_docker_engines(|lab| {
        populated(lab);
        let rule = |words: &str| {
            let rule = format!("iptables {words}");
            lab.outside_ok(&rule.split(' ').collect::<Vec<_>>());
        };
        rule("-I INPUT -p udp --dport 53 -j DROP");
        assert_broken(lab, &["web"], "forwarder", "10.77.0.1, which does not answer");
        assert_broken(lab, &["old"], "name_server", "10.77.0.1");
        rule("-F INPUT");
        rule("-I INPUT -p udp --dport 53 -j REJECT");
        assert_broken(lab, &["web"], "forwarder", "refuses questions");
        rule("-F INPUT");
        rule("-I INPUT -p tcp --dport 53 -j DROP");
        let said = assert_good(lab, &["web"]);
        assert_eq!(rung(&said, "forwarder")["state"], "poor", "{said:#}");
        rule("-F INPUT");
        lab.sh_ok("iptables -I DOCKER-USER -p udp --dport 53 -j DROP");
        assert_broken(lab, &["old"], "name_server", "the way between is broken");
        if lab.engine() == Engine::Docker28 {
            assert_good(lab, &["web"]);
        } else {
            assert_broken(lab, &["web"], "forwarder", "from the host it answers");
        }
        lab.sh_ok("iptables -D DOCKER-USER -p udp --dport 53 -j DROP");
        assert_good(lab, &["web", "web.example.test"]);
    });
}

#[test]
fn peers_that_cannot_be_seen() {
    on_oldest_and_newest(|lab| {
        populated(lab);
        lab.docker_ok(&["network", "create", "other"]);
        lab.run("far", &["--network", "other"], "peer:1", &["http", "80"]);
        let said = assert_broken(lab, &["web", "far"], "name", "not on a network of container web");
        mend(lab, &said);
        assert_good(lab, &["web", "far"]);
        let said = assert_broken(lab, &["old", "db"], "name", "no names for each other");
        mend(lab, &said);
        assert_good(lab, &["old", "db"]);
        lab.docker_ok(&["rm", "-f", "far"]);
        lab.docker_ok(&["create", "--name", "far", "--network", "app", "peer:1", "http", "80"]);
        let said = assert_broken(lab, &["web", "far"], "name", "does not run");
        mend(lab, &said);
        assert_good(lab, &["web", "far"]);
        lab.run("plain", &["--network", "host"], "peer:1", &["http", "81"]);
        assert_broken(lab, &["plain", "db"], "name", "in the host's network");
        assert_good(lab, &["plain", "web.example.test"]);
    });
}

#[test]
fn a_host_whose_file_names_a_stub_that_nobody_serves() {
    on_docker_engines(|lab| {
        populated(lab);
        lab.sh_ok("echo nameserver 127.0.0.53 > /etc/resolv.conf");
        lab.run("new", &["--network", "app", "--stop-timeout", "1"], "peer:1", &["http", "80"]);
        lab.run("bridged", &[], "peer:1", &["http", "80"]);
        assert_broken(lab, &["new"], "forwarder", "systemd-resolved's stub");
        assert_broken(lab, &["bridged"], "name_server", "no server that a container can ask");
        lab.sh_ok("echo nameserver 10.77.0.1 > /etc/resolv.conf");
        // Only newer engines note which servers they asked since the container was started.
        let file = lab.sh_ok(&format!("cat /proc/{}/root/etc/resolv.conf", pid(lab, "new")));
        let notes_servers = file.contains("ExtServers");
        let rung = if notes_servers { "forwarder" } else { "embedded_resolver" };
        let said = assert_broken(lab, &["new"], rung, "");
        mend(lab, &said);
        assert_good(lab, &["new", "web.example.test"]);
    });
}

#[test]
fn a_host_behind_systemd_resolved() {
    on_docker_engines(|lab| {
        lab.sh_ok(
            "mkdir -p /run/systemd/resolve && echo nameserver 10.77.0.1 > /run/systemd/resolve/resolv.conf \
             && echo nameserver 127.0.0.53 > /etc/resolv.conf",
        );
        lab.restart_engine().unwrap();
        populated(lab);
        // Networks with names ask the stub itself, from the host; it is dead here.
        let said = assert_broken(lab, &["web", "web.example.test"], "forwarder", "systemd-resolved's stub");
        assert!(rung(&said, "forwarder")["notes"][0].as_str().unwrap().contains("from the host"), "{said:#}");
        let behind = said["rungs"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (behind["title"].as_str(), behind["state"].as_str()),
            (Some("the host's server 10.77.0.1"), Some("good"))
        );
        // The default bridge asks what is behind it.
        let said = assert_good(lab, &["old", "web.example.test"]);
        assert_eq!(rung(&said, "name_server")["title"], "name server 10.77.0.1");
    });
}

#[test]
fn servers_that_were_chosen() {
    on_oldest_and_newest(|lab| {
        populated(lab);
        let on_app = |name: &str, server: &str| {
            lab.run(name, &["--network", "app", "--dns", server], "peer:1", &["http", "80"]);
        };
        on_app("dead", "10.77.0.99");
        assert_broken(lab, &["dead"], "forwarder", "10.77.0.99");
        on_app("inward", "127.0.0.53");
        assert_broken(lab, &["inward"], "forwarder", "the container's own loopback");
        on_app("chosen", "10.77.0.1");
        let said = assert_good(lab, &["chosen", "web.example.test"]);
        assert!(rung(&said, "forwarder")["notes"][0].as_str().unwrap().contains("--dns"), "{said:#}");
        lab.run("mixed", &["--dns", "10.77.0.99", "--dns", "10.77.0.1"], "peer:1", &["http", "80"]);
        let said = asked(lab, &["mixed", "web.example.test"]);
        assert_eq!(verdicts(&said), [("name_server".to_owned(), "warning".to_owned())], "{said:#}");
        assert_eq!(said["names"][0]["addresses"][0], "203.0.113.10");
    });
}

#[test]
fn search_domains_and_dots() {
    let lab = lab(Engine::newest());
    populated(&lab);
    let options = ["--network", "app", "--dns-search", "example.test", "--dns-opt", "ndots:1"];
    lab.run("searching", &options, "peer:1", &["http", "80"]);
    let said = assert_good(&lab, &["searching", "web", "api.corp.test"]);
    let tried = |name: &Value| -> Vec<String> {
        name["tried"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(tried(&said["names"][0]), ["web.example.test"], "the search domain hides the container");
    assert_eq!(said["names"][0]["addresses"][0], "203.0.113.10");
    assert_eq!(tried(&said["names"][1]), ["api.corp.test"]);
    assert_eq!(said["names"][1]["with_musl"], serde_json::json!(["api.corp.test"]));
}

#[test]
fn networks_of_every_kind() {
    on_oldest_and_newest(|lab| {
        populated(lab);
        lab.docker_ok(&["network", "create", "--internal", "inner"]);
        lab.run("inside", &["--network", "inner"], "peer:1", &["http", "80"]);
        let said = asked(lab, &["inside"]);
        assert_eq!(verdicts(&said), [("forwarder".to_owned(), "note".to_owned())], "{said:#}");
        lab.run("alone", &["--network", "none"], "peer:1", &["http", "80"]);
        let said = asked(lab, &["alone"]);
        assert_eq!(verdicts(&said), [("name_server".to_owned(), "note".to_owned())], "{said:#}");
        lab.run("side", &["--network", "container:web", "--read-only"], "peer:1", &["http", "82"]);
        assert_good(lab, &["side", "db", "web.example.test"]);
        assert_good(lab, &[&format!("pid:{}", pid(lab, "web")), "db", "web.example.test"]);
        let stopped = lab.docker(&["create", "--name", "stopped", "peer:1", "http", "80"]);
        assert_eq!(stopped.code, 0);
        let output = porthole(lab, &["dns", "stopped"]);
        assert!(output.code == 2 && output.stderr.contains("docker start stopped"), "{output}");
    });
}

#[test]
fn a_name_server_by_ipv6() {
    let lab = lab(Engine::newest());
    lab.sh_ok("echo nameserver fd77::1 > /etc/resolv.conf");
    lab.run("plain", &["--network", "host"], "peer:1", &["http", "81"]);
    let said = assert_good(&lab, &["plain", "web.example.test"]);
    assert_eq!(rung(&said, "name_server")["title"], "name server fd77::1");
    let link_local = lab.outside_ok(&[
        "sh",
        "-c",
        "ip -6 -o addr show dev lab0 scope link | awk '{print $4}' | cut -d/ -f1",
    ]);
    lab.sh_ok(&format!("echo nameserver {link_local}%eth0 > /etc/resolv.conf"));
    lab.docker_ok(&["rm", "-f", "plain"]);
    lab.run("plain", &["--network", "host"], "peer:1", &["http", "81"]);
    // Nobody serves that address: it is the way there that counts.
    let said = asked(&lab, &["plain", "web.example.test"]);
    let probe = &rung(&said, "name_server")["probes"][0];
    assert_eq!(probe["outcome"]["outcome"], "refused", "{said:#}");
}

#[test]
fn from_a_network_without_a_container() {
    on_oldest_and_newest(|lab| {
        populated(lab);
        let before = lab.docker_ok(&["ps", "-aq"]);
        let said = assert_good(lab, &["--from-network", "app", "db", "web.example.test"]);
        assert_eq!(said["subject"], "network app");
        assert_eq!(lab.docker_ok(&["ps", "-aq"]), before, "nothing stays");
        let output = porthole(lab, &["dns", "--from-network", "nowhere", "db"]);
        assert!(output.code == 2 && output.stderr.contains("nowhere"), "{output}");
        assert_eq!(lab.docker_ok(&["ps", "-aq"]), before, "nothing stays");
    });
}

#[test]
fn what_is_no_name_is_refused() {
    let lab = lab(Engine::newest());
    populated(&lab);
    for name in ["we b", "a..b", "-x", "", ".", &"a".repeat(64), &"a.".repeat(128)] {
        let output = porthole(&lab, &["dns", "web", "--", name]);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{name}: {output}");
        assert!(output.stderr.contains("cannot be asked for"), "{name}: {output}");
    }
    let said = asked(&lab, &["web", "--", "ünï.example.test"]);
    assert_eq!(verdicts(&said), [("name".to_owned(), "error".to_owned())], "{said:#}");
    let said = asked(&lab, &["--from-network", "none", "web.example.test"]);
    assert_eq!(verdicts(&said), [("name_server".to_owned(), "note".to_owned())], "{said:#}");
}

/// A program of this machine in the network of the lab's host, such as one that the engine's tree does not have.
struct Beside(std::process::Child);

impl Beside {
    fn start(lab: &Lab, words: &[&str]) -> Self {
        let mut command = std::process::Command::new("nsenter");
        command
            .args(["-t", &lab.pid().to_string(), "-n", "setpriv", "--pdeathsig", "KILL", "--"])
            .args(words);
        Self(command.stdin(std::process::Stdio::null()).spawn().expect("nsenter"))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).ok();
    }
}

/// dnsmasq on the host's loopback, as Debian and NetworkManager set it up, which passes questions on.
fn dnsmasq(lab: &Lab, options: &[&str]) -> Beside {
    let words = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv"];
    let listening = ["--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", "--user=root"];
    let server = Beside::start(lab, &[&words[..], &listening, &["--server=10.77.0.1"], options].concat());
    wait_for("dnsmasq", || !lab.sh_ok("ss -Hltn src 127.0.0.1:53").is_empty());
    server
}

#[test]
fn a_host_behind_dnsmasq_on_its_loopback() {
    on_docker_engines(|lab| {
        let server = dnsmasq(lab, &["--address=/only.here.test/10.77.0.99"]);
        lab.sh_ok("echo nameserver 127.0.0.1 > /etc/resolv.conf");
        populated(lab);
        // Networks with names ask it from the host, whatever the version.
        let said = assert_good(lab, &["web", "db", "web.example.test", "only.here.test"]);
        assert_eq!(rung(&said, "forwarder")["title"], "forwarder 127.0.0.1", "{said:#}");
        assert_eq!(said["names"][2]["addresses"], serde_json::json!(["10.77.0.99"]), "{said:#}");
        let notes = rung(&said, "forwarder")["notes"].to_string();
        assert!(notes.contains("from the host"), "{notes}");
        // The default network cannot, and asks servers of the engine's own, which are out of reach here.
        let said = assert_broken(
            lab,
            &["old", "web.example.test"],
            "name_server",
            "no server that a container can ask",
        );
        assert!(said["verdicts"][0]["evidence"].to_string().contains("127.0.0.1"), "{said:#}");
        drop(server);
        let said = assert_broken(lab, &["web", "web.example.test"], "forwarder", "127.0.0.1");
        assert!(rung(&said, "host_resolver").to_string().contains("refused"), "{said:#}");
        let _server = dnsmasq(lab, &[]);
        assert_good(lab, &["web", "web.example.test"]);
    });
}

#[test]
fn a_host_whose_dnsmasq_serves_its_bridge_too() {
    on_oldest_and_newest(|lab| {
        // What people do for the default network: dnsmasq on the bridge's address, and the engine told so.
        lab.sh_ok("echo nameserver 127.0.0.1 > /etc/resolv.conf");
        let _server = dnsmasq(lab, &["--listen-address=172.17.0.1"]);
        lab.sh_ok("mkdir -p /etc/docker && echo '{\"dns\": [\"172.17.0.1\"]}' > /etc/docker/daemon.json");
        lab.restart_engine().unwrap();
        populated(lab);
        let said = assert_good(lab, &["old", "web.example.test"]);
        assert_eq!(rung(&said, "name_server")["title"], "name server 172.17.0.1");
        assert_good(lab, &["web", "web.example.test"]);
    });
}

#[test]
fn a_host_with_systemd_resolved_itself() {
    let lab = start(builder(Engine::Docker20).with_systemd());
    lab.sh_ok(
        "mkdir -p /etc/systemd/resolved.conf.d && printf '[Resolve]\\nDNS=10.77.0.1\\nDNSSEC=no\\n' > \
         /etc/systemd/resolved.conf.d/lab.conf && systemctl restart systemd-resolved && \
         rm -f /etc/resolv.conf && ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf && \
         systemctl restart docker.service",
    );
    assert!(lab.sh_ok("cat /etc/resolv.conf").contains("nameserver 127.0.0.53"));
    populated(&lab);
    // The engine takes what is behind the stub, for every network.
    for container in ["web", "old"] {
        assert_good(&lab, &[container, "web.example.test"]);
    }
    lab.sh_ok("systemctl stop systemd-resolved");
    let said = assert_good(&lab, &["old", "web.example.test"]);
    let hosts: Vec<_> =
        said["rungs"].as_array().unwrap().iter().filter(|rung| rung["kind"] == "host_resolver").collect();
    assert!(hosts.iter().any(|rung| rung["title"].to_string().contains("127.0.0.53")), "{said:#}");
}

#[test]
fn a_server_that_answers_garbage() {
    on_oldest_and_newest(|lab| {
        lab.sh_ok("echo nameserver 10.77.0.2 > /etc/resolv.conf");
        let mut echo = lab.command("peer");
        let mut echo = echo.args(["udp-echo", "10.77.0.2:53"]).spawn().unwrap();
        wait_for("the echo", || !lab.sh_ok("ss -Hlun src 10.77.0.2:53").is_empty());
        populated(lab);
        assert_broken(lab, &["old", "web.example.test"], "name_server", "10.77.0.2");
        assert_broken(lab, &["web", "web.example.test"], "forwarder", "10.77.0.2");
        assert_good(lab, &["web", "db"]);
        echo.kill().unwrap();
        echo.wait().unwrap();
    });
}

#[test]
fn without_root_and_through_the_engine() {
    let lab = lab(Engine::newest());
    populated(&lab);
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().expect("a group");
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let as_user = |arguments: &[&str]| {
        let mut command = lab.command_as(&identity, "porthole");
        command.args(arguments);
        lab.run_command(command, arguments)
    };
    let refused = as_user(&["dns", "web"]);
    assert!(refused.code == 2 && refused.stderr.contains("--through-engine"), "{refused}");
    let arguments = ["--through-engine", "dns", "--output", "json", "web", "db", "web.example.test"];
    let said = said(&as_user(&arguments));
    assert_eq!(
        (verdicts(&said), rung(&said, "redirect")["state"].as_str()),
        (Vec::new(), Some("good")),
        "{said:#}"
    );
    let said =
        self::said(&as_user(&["--through-engine", "dns", "--output", "json", "--from-network", "app", "db"]));
    assert_eq!(verdicts(&said), [], "{said:#}");
    assert_eq!(lab.docker_ok(&["ps", "-aq"]).lines().count(), 3, "nothing stays");
}

#[test]
fn on_podman_the_networks_own_resolver_is_asked() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        populated(&lab);
        let said = asked(&lab, &["web", "db", "web.example.test"]);
        assert_eq!(verdicts(&said), [], "{said:#}");
        assert!(
            said["rungs"].as_array().unwrap().iter().any(|rung| rung["kind"] == "name_server"),
            "{said:#}"
        );
    }
}
