//! The checks of names, proven: each fault is put into a real engine and found as exactly its code, without a question
//! being asked.

use porthole_lab::{Engine, Lab};
use serde_json::{Value, json};

use crate::support::{assert_codes, builder, codes, lab, mend, on_docker_engines, report, start, wait_for};

/// A container on a network of its own and one on the default bridge.
fn populate(lab: &Lab) {
    lab.docker_ok(&["network", "create", "app"]);
    idle(lab, "web", &["--network", "app"]);
    idle(lab, "old", &[]);
}

fn idle(lab: &Lab, name: &str, options: &[&str]) {
    lab.run(name, &[&["--stop-timeout", "1"], options].concat(), "peer:1", &["idle"]);
}

fn inside(lab: &Lab, container: &str, command: &str) {
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container]);
    lab.sh_ok(&format!("nsenter -t {pid} -n {command}"));
}

fn summaries(report: &Value) -> String {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["summary"].to_string() + &finding["severity"].to_string()).collect()
}

fn assert_says(report: &Value, words: &[&str]) {
    let said = summaries(report);
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{report:#}");
}

#[test]
fn ph020_a_server_on_the_containers_own_loopback() {
    on_docker_engines(|lab| {
        populate(lab);
        assert_codes(lab, &[]);
        for options in [&["--dns", "127.0.0.53"][..], &["--dns", "127.0.0.53", "--network", "app"]] {
            idle(lab, "wrong", options);
            let report = assert_codes(lab, &["PH020"]);
            assert_says(&report, &["'wrong'", "127.0.0.53", "nobody listens", "error"]);
            lab.docker_ok(&["rm", "-f", "wrong"]);
        }
        lab.run("own", &["--dns", "127.0.0.1"], "peer:1", &["udp-echo", "127.0.0.1:53"]);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph020_a_host_behind_a_loopback() {
    on_docker_engines(|lab| {
        lab.sh_ok("echo nameserver 127.0.0.1 > /etc/resolv.conf");
        populate(lab);
        let report = assert_codes(lab, &["PH020", "PH020"]);
        assert_says(&report, &["8.8.8.8", "'old'", "warning", "'web'", "127.0.0.1 on the host", "error"]);
        let mut resolver = lab.command("peer");
        let mut resolver = resolver.args(["udp-echo", "127.0.0.1:53"]).spawn().unwrap();
        let report = assert_codes(lab, &["PH020"]);
        assert_says(&report, &["'old'", "8.8.8.8", "warning"]);
        resolver.kill().unwrap();
        resolver.wait().unwrap();
    });
}

#[test]
fn ph020_a_host_that_names_no_server() {
    on_docker_engines(|lab| {
        lab.sh_ok("echo > /etc/resolv.conf");
        populate(lab);
        let codes = if lab.engine() == Engine::Docker28 { &["PH020", "PH020"][..] } else { &["PH020"] };
        let report = assert_codes(lab, codes);
        assert_says(&report, &["8.8.8.8", "warning"]);
    });
}

#[test]
fn a_host_behind_systemd_resolved_is_healthy() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        lab.kill_engine().unwrap();
        lab.sh_ok(
            "mkdir -p /run/systemd/resolve && echo nameserver 10.77.0.1 > /run/systemd/resolve/resolv.conf && \
             echo nameserver 127.0.0.53 > /etc/resolv.conf",
        );
        lab.start_engine().unwrap();
        let mut resolver = lab.command("peer");
        let mut resolver = resolver.args(["udp-echo", "127.0.0.53:53"]).spawn().unwrap();
        populate(&lab);
        assert_codes(&lab, &[]);
        lab.sh_ok("echo nameserver 10.77.0.9 > /run/systemd/resolve/resolv.conf");
        let report = assert_codes(&lab, &["PH022"]);
        assert_says(&report, &["'old'", "10.77.0.1", "10.77.0.9"]);
        mend(&lab, &report);
        assert_codes(&lab, &[]);
        resolver.kill().unwrap();
        resolver.wait().unwrap();
        let report = assert_codes(&lab, &["PH020"]);
        assert_says(&report, &["'web'", "127.0.0.53 on the host"]);
    }
}

#[test]
fn ph021_the_resolvers_rules_are_gone() {
    on_docker_engines(|lab| {
        populate(lab);
        inside(lab, "web", "iptables -t nat -F");
        let report = assert_codes(lab, &["PH021"]);
        assert_says(&report, &["'web'", "no rule leads", "error"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
        inside(lab, "web", "iptables -t nat -F DOCKER_OUTPUT");
        assert_codes(lab, &["PH021"]);
        lab.docker_ok(&["restart", "web"]);
        inside(lab, "web", "iptables -t nat -D DOCKER_OUTPUT 1");
        assert_says(&assert_codes(lab, &["PH021"]), &["by TCP", "warning"]);
        lab.docker_ok(&["restart", "web"]);
        inside(lab, "web", "iptables -I OUTPUT -d 127.0.0.11 -j DROP");
        let report = assert_codes(lab, &["PH021"]);
        assert!(report["findings"][0]["evidence"].to_string().contains("is stopped by a rule"), "{report:#}");
        lab.docker_ok(&["restart", "web"]);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph022_the_hosts_servers_change_while_containers_run() {
    on_docker_engines(|lab| {
        populate(lab);
        lab.sh_ok("echo nameserver 10.77.0.9 > /etc/resolv.conf");
        let report = assert_codes(lab, &["PH022"]);
        assert_says(&report, &["'old'", "'web'", "10.77.0.1", "10.77.0.9", "warning"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
        // What somebody chose is not of another day.
        idle(lab, "told", &["--dns", "10.77.0.1", "--network", "app"]);
        idle(lab, "changed", &[]);
        let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "changed"]);
        lab.sh_ok(&format!("cd /proc/{pid}/root && echo nameserver 10.77.0.8 > etc/resolv.conf"));
        assert_codes(lab, &[]);
        lab.sh_ok("printf 'nameserver 10.77.0.7\\nnameserver 10.77.0.9\\n' > /etc/resolv.conf");
        assert_codes(lab, &[]);
    });
}

#[test]
fn servers_that_the_engine_was_told_are_not_of_another_day() {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "dns": ["10.77.0.1"] })));
    populate(&lab);
    lab.sh_ok("echo nameserver 10.77.0.9 > /etc/resolv.conf");
    assert_codes(&lab, &[]);
}

const ASKS: &str = "wget -q -O /dev/null http://db/ || { sleep 2; exit 1; }; sleep 1000";

#[test]
fn ph023_a_neighbour_on_another_network() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        lab.docker_ok(&["network", "create", "back"]);
        lab.run("db", &["--network", "back"], "peer:1", &["http", "80"]);
        // A name in the settings is no question.
        idle(lab, "quiet", &["--network", "app", "-e", "DB_HOST=db"]);
        assert_codes(lab, &[]);
        let options = ["--network", "app", "--restart", "always", "--stop-timeout", "1"];
        lab.run("asks", &options, "bb:1", &["sh", "-c", ASKS]);
        wait_for("the container to restart", || codes(&report(lab)) == ["PH023"]);
        let found = assert_codes(lab, &["PH023"]);
        assert_says(&found, &["'asks'", "'db'", "on no network together", "error"]);
        // Between two of its runs a container cannot be connected, so its neighbour is.
        assert_eq!(mending(&found), ["docker network connect app db"]);
        mend(lab, &found);
        wait_for("the container to find its neighbour", || finds_its_neighbour(lab));
    });
}

fn mending(report: &Value) -> Vec<&str> {
    let commands = report["findings"][0]["remedies"][0]["commands"].as_array().expect("commands");
    commands.iter().map(|command| command.as_str().expect("a command")).collect()
}

fn finds_its_neighbour(lab: &Lab) -> bool {
    lab.docker(&["top", "asks"]).stdout.contains("sleep 1000")
}

fn asks(lab: &Lab, network: &[&str]) {
    let options = [&["--restart", "always", "--stop-timeout", "1"], network].concat();
    lab.run("asks", &options, "bb:1", &["sh", "-c", ASKS]);
}

fn neighbour_is_missed(lab: &Lab, words: &[&str]) -> Value {
    wait_for("the container to restart", || codes(&report(lab)) == ["PH023"]);
    let found = assert_codes(lab, &["PH023"]);
    assert_says(&found, words);
    found
}

#[test]
fn ph023_a_neighbour_by_an_alias_of_its_own_network() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        lab.docker_ok(&["network", "create", "back"]);
        lab.run("shop-db-1", &["--network", "back", "--network-alias", "db"], "peer:1", &["http", "80"]);
        asks(lab, &["--network", "app"]);
        let found = neighbour_is_missed(lab, &["'asks'", "'shop-db-1'", "on no network together"]);
        assert_eq!(mending(&found), ["docker network connect --alias db app shop-db-1"]);
        mend(lab, &found);
        wait_for("the container to find its neighbour", || finds_its_neighbour(lab));
    });
}

#[test]
fn ph023_neighbours_on_the_default_network_or_on_none() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        lab.run("db", &[], "peer:1", &["http", "80"]);
        asks(lab, &[]);
        let found = neighbour_is_missed(lab, &["no names for each other on the default network"]);
        assert_eq!(mending(&found)[0], "docker network create app2");
        mend(lab, &found);
        wait_for("the container to find its neighbour", || finds_its_neighbour(lab));
        lab.docker_ok(&["rm", "-f", "db", "asks"]);
        lab.run("db", &["--network", "none"], "peer:1", &["http", "80"]);
        asks(lab, &["--network", "app"]);
        mend(lab, &neighbour_is_missed(lab, &["'db'", "has no network, and so no name"]));
        wait_for("the container to find its neighbour", || finds_its_neighbour(lab));
    });
}

#[test]
fn ph023_a_neighbour_in_the_hosts_network() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        lab.run("db", &["--network", "host"], "peer:1", &["http", "80"]);
        asks(lab, &["--network", "app"]);
        let found = neighbour_is_missed(lab, &["'db'", "is in the host's network"]);
        let option = mending(&found)[0].strip_prefix("docker run ").and_then(|rest| rest.strip_suffix(" …"));
        lab.docker_ok(&["rm", "-f", "asks"]);
        let options: Vec<_> = option.expect("options").split(' ').collect();
        asks(lab, &[&options, &["--network", "app"][..]].concat());
        wait_for("the container to find its neighbour", || finds_its_neighbour(lab));
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph023_a_neighbour_that_does_not_run() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        lab.run(
            "shop-db-1",
            &["--network", "app", "--network-alias", "db"],
            "bb:1",
            &["sh", "-c", "test -e /tmp/ready || { touch /tmp/ready; exit 3; }; sleep 1000"],
        );
        wait_for("the neighbour to end", || {
            lab.docker_ok(&["inspect", "-f", "{{.State.Status}}", "shop-db-1"]) == "exited"
        });
        // Nobody asked for it yet.
        assert_codes(lab, &[]);
        asks(lab, &["--network", "app"]);
        let found = neighbour_is_missed(lab, &["'asks'", "'shop-db-1'", "does not run", "error"]);
        let evidence = found["findings"][0]["evidence"].to_string();
        assert!(evidence.contains("exited") && evidence.contains("\"3\""), "{evidence}");
        mend(lab, &found);
        wait_for("the name", || {
            let asked = ["run", "--rm", "--network", "app", "bb:1", "nslookup", "-type=a", "db"];
            lab.docker(&asked).code == 0
        });
        // Its name is known, and nobody answers there: no matter of names any more.
        let is_of_names = |code: &String| code == "PH023";
        assert!(!codes(&report(lab)).iter().any(is_of_names));
        lab.docker_ok(&["rm", "-f", "asks"]);
        // One that is stopped together with its neighbour did not miss it before.
        lab.run("asks", &["--network", "app", "--stop-timeout", "1"], "bb:1", &["sh", "-c", STOPPED_LAST]);
        lab.docker_ok(&["stop", "-t", "0", "shop-db-1"]);
        wait_for("the container to miss its neighbour", || {
            lab.docker(&["logs", "asks"]).stderr.contains("bad address 'db'")
        });
        lab.docker_ok(&["stop", "-t", "0", "asks"]);
        assert_codes(lab, &[]);
    });
}

const STOPPED_LAST: &str = "while true; do ping -c 1 -W 1 db; sleep 0.2; done";

#[test]
fn ph102_clients_of_another_age() {
    on_docker_engines(|lab| {
        let socket = ["-v", "/var/run/docker.sock:/var/run/docker.sock"];
        let pinned = |version| [&socket[..], &["-e", version]].concat();
        idle(lab, "fits", &pinned("DOCKER_API_VERSION=1.41"));
        assert_codes(lab, &["PH105"]);
        idle(lab, "panel", &pinned("DOCKER_API_VERSION=1.99"));
        let report = assert_codes(lab, &["PH102", "PH105", "PH105"]);
        assert_says(&report, &["'panel'", "too new", "error"]);
        lab.docker_ok(&["rm", "-f", "panel"]);
        let refusal = "echo client version 1.10 is too old. Minimum supported API version is 1.12; exit 1";
        lab.run("watcher", &socket, "bb:1", &["sh", "-c", refusal]);
        wait_for("the end of a container", || lab.docker_ok(&["ps", "-q", "-f", "name=watcher"]).is_empty());
        assert_says(&assert_codes(lab, &["PH102", "PH105"]), &["'watcher'", "too old"]);
    });
}
