//! `porthole netdb` on real engines: reading while networks change, every fault, and the whole drill and back.

use std::process::Stdio;

use porthole_lab::{Engine, Lab, Output};
use serde_json::{Value, json};

use crate::support::{
    builder, codes, lab, on_docker_engines, parse, porthole, porthole_json, porthole_ok, start, wait_for,
};

const DATABASE: &str = "/var/lib/docker/network/files/local-kv.db";

/// Networks of every kind, and containers on them that run and that do not.
fn populate(lab: &Lab) {
    lab.docker_ok(&["network", "create", "--label", "tier=front", "app"]);
    let vault = "docker network create --internal --subnet 172.30.0.0/24 --ip-range 172.30.0.64/26 --gateway 172.30.0.9 \
                 --aux-address printer=172.30.0.80 -o com.docker.network.driver.mtu=1400 \
                 -o com.docker.network.bridge.name=vault0 vault";
    lab.sh_ok(vault);
    lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:99::/64", "six"]);
    let lan = ["network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "10.77.0.0/24", "lan"];
    lab.docker_ok(&lan);
    lab.run("web", &["--network", "app", "--network-alias", "w", "-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.run("client", &["--network", "app"], "peer:1", &["idle"]);
    lab.docker_ok(&["network", "connect", "--ip6", "fd00:99::77", "--alias", "sixth", "six", "client"]);
    let fixed = ["--network", "vault", "--ip", "172.30.0.77", "--network-alias", "f", "--network-alias", "g"];
    lab.run("fixed", &fixed, "peer:1", &["idle"]);
    lab.run("plain", &[], "peer:1", &["idle"]);
    lab.run("host", &["--network", "host"], "peer:1", &["idle"]);
    lab.run("ended", &["--network", "app"], "bb:1", &["true"]);
    lab.docker_ok(&[
        "create",
        "--name",
        "created",
        "--network",
        "app",
        "--network-alias",
        "c",
        "peer:1",
        "idle",
    ]);
    wait_for("the end of a container", || lab.docker_ok(&["ps", "-q", "-f", "name=ended"]).is_empty());
}

fn talks(lab: &Lab) -> bool {
    // By its alias, over the network's own DNS server.
    lab.docker(&["exec", "client", "/peer", "get", "http://w/"]).code == 0
}

fn check(lab: &Lab) -> Value {
    parse(&porthole(lab, &["netdb", "check", "--output", "json"]).stdout)
}

fn records<'a>(shown: &'a Value, kind: &str) -> Vec<&'a Value> {
    shown["records"].as_array().expect("records").iter().filter(|record| record["kind"] == kind).collect()
}

fn summaries(report: &Value) -> String {
    let findings = report["findings"].as_array().expect("findings");
    let summaries: Vec<_> = findings.iter().map(|finding| finding["summary"].to_string()).collect();
    summaries.join("\n")
}

#[track_caller]
fn assert_healthy(lab: &Lab) {
    let output = porthole(lab, &["netdb", "check", "--output", "json"]);
    assert_eq!(output.code, 0, "{output}");
    let report = parse(&output.stdout);
    assert_eq!((&report["findings"], &report["gaps"]), (&json!([]), &json!([])), "{report:#}");
}

#[test]
fn what_the_engine_keeps_is_shown_and_nothing_is_wrong_with_it() {
    on_docker_engines(|lab| {
        populate(lab);
        let shown = porthole_json(lab, &["netdb", "show"]);
        assert_eq!(shown["faults"], json!([]));
        let networks = records(&shown, "network");
        let listed = lab.docker_ok(&["network", "ls", "-q", "--no-trunc"]);
        assert_eq!(networks.len(), listed.lines().count());
        let app = networks.iter().find(|network| network["name"] == "app").unwrap();
        assert!(listed.contains(app["id"].as_str().unwrap()));
        assert_eq!(app["labels"]["tier"], "front");
        let fixed = records(&shown, "endpoint").into_iter().find(|one| one["name"] == "fixed").unwrap();
        assert_eq!(fixed["ipv4"], "172.30.0.77/24");
        let sandboxes = records(&shown, "sandbox");
        let web = sandboxes.iter().find(|sandbox| sandbox["container_name"] == "web").unwrap();
        assert_eq!(web["forwarders"][0]["address"], "10.77.0.1", "{web:#}");
        assert!(records(&shown, "unknown").is_empty());
        let text = porthole_ok(lab, &["netdb", "show"]);
        for word in ["app", "vault", "172.30.0.77/24", "8080->80/tcp", "NAMES ARE ASKED OF"] {
            assert!(text.contains(word), "{word} in\n{text}");
        }
        assert!(porthole_ok(lab, &["netdb", "show", "--keys"]).contains("loadBalancerMode"));
        assert_healthy(lab);
    });
}

#[test]
fn it_is_read_while_networks_come_and_go() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "stays"]);
        let mut churn = lab.command("sh");
        churn.args([
            "-c",
            "while :; do docker network create a; docker network create b; docker network rm a b; done",
        ]);
        let mut churn = churn.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut transactions = Vec::new();
        for _ in 0..60 {
            let shown = porthole_json(lab, &["netdb", "show"]);
            assert_eq!(shown["faults"], json!([]), "{shown:#}");
            assert!(records(&shown, "network").iter().any(|network| network["name"] == "stays"));
            transactions.push(shown["transaction"].as_u64().unwrap());
        }
        churn.kill().unwrap();
        churn.wait().unwrap();
        transactions.dedup();
        assert!(transactions.len() > 10, "the database did not change: {transactions:?}");
    });
}

#[test]
fn a_backup_holds_the_file_and_every_network() {
    let lab = lab(Engine::newest());
    populate(&lab);
    porthole_ok(&lab, &["netdb", "backup", "-o", "/srv/b.tar.zst"]);
    assert_eq!(lab.sh_ok("stat -c %a /srv/b.tar.zst"), "600");
    let file = lab.directory().join("upper/srv/b.tar.zst");
    let (backup, database) = porthole_wire::network_backup::read(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(backup.database_sha256, Some(lab.sh_ok(&format!("sha256sum < {DATABASE} | cut -d' ' -f1"))));
    assert!(database.is_some_and(|database| !database.is_empty()));
    let vault = backup.networks.iter().find(|network| network.name == "vault").unwrap();
    assert!(vault.internal && vault.pools[0].gateway == "172.30.0.9", "{vault:?}");
    let place = |name: &str| backup.memberships.iter().find(|place| place.container_name == name).unwrap();
    assert_eq!((place("fixed").ipv4.as_deref(), place("fixed").is_fixed), (Some("172.30.0.77"), true));
    assert_eq!((place("web").aliases.as_slice(), place("web").was_running), (&["w".to_owned()][..], true));
    assert!(!place("ended").was_running);
    let again = porthole(&lab, &["netdb", "backup", "-o", "/srv/b.tar.zst"]);
    assert_eq!(again.code, 2, "{again}");
    lab.sh_ok("mkdir /srv/d");
    porthole_ok(&lab, &["netdb", "backup", "-o", "/srv/d"]);
    assert!(lab.sh_ok("ls /srv/d").starts_with("porthole-netdb-"));
}

/// Ids and addresses of the containers' places, which a restore must bring back.
fn addresses(lab: &Lab) -> String {
    let format = "{{.Name}} {{range $name, $place := .NetworkSettings.Networks}}{{$name}}={{$place.IPAddress}} \
                  {{$place.GlobalIPv6Address}} {{range $place.Aliases}}{{.}} {{end}}{{end}}";
    lab.docker_ok(&["inspect", "-f", format, "web", "client", "fixed"])
}

fn networks(lab: &Lab) -> Value {
    let names = ["network", "inspect", "app", "vault", "six", "lan"];
    let mut networks = parse(&lab.docker_ok(&names));
    for network in networks.as_array_mut().expect("networks") {
        let network = network.as_object_mut().expect("a network");
        for changing in ["Id", "Created", "Containers", "Peers", "Status"] {
            network.remove(changing);
        }
        let pools = network["IPAM"]["Config"].as_array_mut().expect("address ranges");
        pools.sort_by_key(|pool| pool["Subnet"].to_string());
    }
    networks
}

#[test]
fn the_drill_and_back_with_containers_that_talk_again() {
    on_docker_engines(|lab| {
        populate(lab);
        wait_for("the containers to talk", || talks(lab));
        let (before, pid) = ((networks(lab), addresses(lab)), lab.engine_pid().unwrap());
        let command_line = lab.sh_ok("tr '\\0' ' ' < /proc/$(pidof dockerd)/cmdline");
        let output = porthole(lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
        assert_eq!(output.code, 0, "{output}");
        assert!(output.stdout.contains("app (bridge") && output.stdout.contains("web (runs)"), "{output}");
        assert_eq!(lab.docker_ok(&["network", "ls", "--format", "{{.Name}}"]), "bridge\nhost\nnone");
        assert!(lab.sh_ok("ls /var/lib/docker/network/files").contains("local-kv.db.before-"));
        assert_ne!(lab.engine_pid().unwrap(), pid);
        assert_eq!(lab.sh_ok("tr '\\0' ' ' < /proc/$(pidof dockerd)/cmdline"), command_line);
        let report = check(lab);
        assert_eq!(codes(&report), ["PH035"; 4], "{report:#}");
        let findings = report["findings"].as_array().expect("findings");
        let bridges = findings.iter().flat_map(|finding| finding["explains"].as_array().expect("effects"));
        assert_eq!(bridges.filter(|bridge| bridge["code"] == "PH036").count(), 2, "{report:#}");
        // A bridge that was given a name of its own does not tell whose it is; its network takes it up again.
        let refused = porthole(lab, &["netdb", "restore", "--yes", "/srv/b.tar.zst"]);
        assert!(refused.code == 2 && refused.stderr.contains("--clean"), "{refused}");
        let restore = ["netdb", "restore", "--yes", "--clean", "--start", "/srv/b.tar.zst"];
        let output = porthole(lab, &restore);
        assert_eq!(output.code, 0, "{output}");
        wait_for("the containers to talk again", || talks(lab));
        wait_for("the published port", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
        assert_eq!((networks(lab), addresses(lab)), before);
        let again = porthole_ok(lab, &restore);
        assert!(again.contains("Nothing is to be done"), "{again}");
        assert_healthy(lab);
        lab.docker_ok(&["start", "created", "ended"]);
        lab.restart_engine().unwrap();
        assert_eq!(lab.sh_ok("pidof dockerd | wc -w"), "1");
    });
}

#[test]
fn the_drill_with_live_restore() {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "live-restore": true })));
    populate(&lab);
    let output = porthole(&lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(
        output.stdout.contains("live restore") && output.stdout.contains("docker stop client"),
        "{output}"
    );
    assert_eq!(lab.docker_ok(&["network", "ls", "--format", "{{.Name}}"]), "bridge\nhost\nnone");
    let restored = porthole(&lab, &["netdb", "restore", "--yes", "--clean", "--start", "/srv/b.tar.zst"]);
    assert_eq!(restored.code, 0, "{restored}");
    wait_for("the containers to talk again", || talks(&lab));
    wait_for("the published port", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    assert_healthy(&lab);
}

/// A host of systemd's, of the one suite whose systemd can do with any kind of control groups.
fn under_systemd() -> Lab {
    start(builder(Engine::Docker20).with_systemd())
}

fn units(lab: &Lab) -> String {
    lab.sh("systemctl is-active docker.service docker.socket").stdout.replace('\n', " ")
}

fn docker_pid(lab: &Lab) -> String {
    lab.sh_ok("systemctl show --value -p MainPID docker.service")
}

#[test]
fn the_drill_by_systemd_stops_the_socket_too() {
    let lab = under_systemd();
    lab.docker_ok(&["network", "create", "app"]);
    lab.run("web", &["--network", "app", "--restart", "always"], "peer:1", &["http", "80"]);
    // Whoever asks meanwhile would have systemd start the engine again through its socket.
    let mut asking = lab.command("sh");
    asking.args(["-c", "while :; do docker ps; sleep 0.05; done"]);
    let mut asking = asking.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = docker_pid(&lab);
    let output = porthole(&lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
    asking.kill().unwrap();
    asking.wait().unwrap();
    assert_eq!(output.code, 0, "{output}");
    for words in
        ["systemctl stop docker.socket docker.service", "systemctl start docker.socket docker.service"]
    {
        assert!(output.stdout.contains(words), "{words}\n{output}");
    }
    assert_eq!(lab.docker_ok(&["network", "ls", "--format", "{{.Name}}"]), "bridge\nhost\nnone");
    assert_eq!(units(&lab), "active active ");
    assert_ne!(docker_pid(&lab), pid);
    let groups = lab.sh_ok(&format!("cat /proc/{}/cgroup", docker_pid(&lab)));
    assert!(groups.contains("/system.slice/docker.service"), "it is systemd's own: {groups}");
    let restore = ["netdb", "restore", "--yes", "--clean", "--start", "/srv/b.tar.zst"];
    let output = porthole(&lab, &restore);
    assert_eq!(output.code, 0, "{output}");
    assert!(lab.docker_ok(&["ps"]).contains("web"));
    assert_healthy(&lab);
}

#[test]
fn a_service_that_failed_too_often_is_started_with_a_new_database() {
    let lab = under_systemd();
    lab.docker_ok(&["network", "create", "app"]);
    lab.sh_ok("systemctl stop docker.socket docker.service");
    lab.sh_ok(&format!("dd if=/dev/urandom of={DATABASE} bs=4096 count=4 conv=notrunc 2>&1"));
    assert_ne!(lab.sh("systemctl start docker.service").code, 0, "an engine does not start with it");
    wait_for("systemd to give up", || units(&lab).starts_with("failed "));
    let output = porthole(&lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(units(&lab), "active active ");
    assert_eq!(lab.docker_ok(&["network", "ls", "--format", "{{.Name}}"]), "bridge\nhost\nnone");
}

#[test]
fn a_service_that_does_not_start_anew_gets_its_database_back() {
    let lab = under_systemd();
    lab.docker_ok(&["network", "create", "app"]);
    lab.sh_ok("mkdir -p /etc/docker; echo '{ broken' > /etc/docker/daemon.json");
    let output = porthole(&lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(
        output.stderr.contains("was put back") && output.stderr.contains("journalctl -u docker.service"),
        "{output}"
    );
    wait_for("systemd to give up", || units(&lab).starts_with("failed "));
    lab.sh_ok("rm /etc/docker/daemon.json && systemctl reset-failed && systemctl start docker.service");
    assert!(lab.docker_ok(&["network", "ls"]).contains("app"));
}

#[test]
fn an_engine_that_does_not_start_anew_gets_its_database_back() {
    let lab = lab(Engine::Docker20);
    lab.docker_ok(&["network", "create", "app"]);
    let digest =
        || lab.sh_ok(&format!("porthole netdb show --file {DATABASE} --output json | grep -c '\"app\"'"));
    let before = digest();
    lab.sh_ok("mkdir -p /etc/docker; echo '{ broken' > /etc/docker/daemon.json");
    let output = porthole(&lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("was put back") && output.stderr.contains("dockerd --host"), "{output}");
    assert_eq!(digest(), before);
    assert_eq!(lab.sh("pidof dockerd").code, 1);
    lab.sh_ok("rm /etc/docker/daemon.json");
    lab.stop_engine().unwrap();
    lab.start_engine().unwrap();
    assert!(lab.docker_ok(&["network", "ls"]).contains("app"));
}

#[test]
fn a_damaged_database_is_named_read_in_part_saved_and_made_anew() {
    on_docker_engines(|lab| {
        populate(lab);
        lab.stop_engine().unwrap();
        // A leaf in the middle of the file; the pages with the root stay whole.
        let shown = porthole_json(lab, &["netdb", "show"]);
        let whole = records(&shown, "network").len();
        lab.sh_ok(&format!("cp {DATABASE} /srv/whole.db"));
        let damage = "page=$(grep -abo docker/network/v1.0/endpoint/ /srv/whole.db | tail -1 | cut -d: -f1); \
                      dd if=/dev/urandom of=DB bs=4096 seek=$((page / 4096)) count=1 conv=notrunc 2>&1";
        lab.sh_ok(&damage.replace("DB", DATABASE));
        let damaged = porthole_json(lab, &["netdb", "show"]);
        let fault = &damaged["faults"][0];
        assert!(fault["page"].is_u64() && fault["offset"].is_u64(), "{fault}");
        assert!(!damaged["records"].as_array().unwrap().is_empty() && whole > 0);
        let report = check(lab);
        assert_eq!(codes(&report), ["PH037"], "{report:#}");
        let output = porthole(lab, &["netdb", "reset", "--yes", "-o", "/srv/b.tar.zst"]);
        assert_eq!(output.code, 0, "{output}");
        assert!(output.stdout.contains("did not run"), "{output}");
        lab.start_engine().unwrap();
        assert!(!lab.docker_ok(&["network", "ls"]).contains("vault"));
        assert!(codes(&check(lab)).iter().all(|code| code != "PH037"));
    });
}

#[test]
fn a_database_that_somebody_edited() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "--subnet", "172.30.0.0/24", "app"]);
        lab.stop_engine().unwrap();
        lab.sh_ok(&format!("sed -i s/172.30.0.0/372.30.0.0/g {DATABASE}"));
        assert!(lab.start_engine().is_err(), "an engine does not start with it");
        let report = check(lab);
        assert_eq!(codes(&report), ["PH037"], "{report:#}");
        assert!(summaries(&report).contains("network 'app' that is none"), "{report:#}");
        lab.sh_ok("porthole netdb reset --yes -o /srv/b.tar.zst");
        lab.start_engine().unwrap();
        assert!(!lab.docker_ok(&["network", "ls"]).contains("app"));
    });
}

#[test]
fn what_only_one_side_knows_is_found() {
    let lab = lab(Engine::Docker20);
    lab.docker_ok(&["network", "create", "old"]);
    lab.sh_ok(&format!("cp {DATABASE} /srv/old.db"));
    lab.docker_ok(&["network", "rm", "old"]);
    lab.docker_ok(&["network", "create", "--subnet", "172.31.0.0/24", "old"]);
    lab.docker_ok(&["network", "create", "new"]);
    let report =
        parse(&porthole(&lab, &["netdb", "check", "--file", "/srv/old.db", "--output", "json"]).stdout);
    let said = summaries(&report);
    assert!(said.contains("the name 'old' stands for one network in the engine and another"), "{said}");
    assert!(said.contains("network 'new' is not in the engine's database"), "{said}");
    assert_eq!(codes(&report), ["PH036", "PH036"]);
}

#[test]
fn whoever_else_holds_the_lock_is_named() {
    // Newer engines hold it themselves all the time.
    let lab = lab(Engine::Docker20);
    assert_healthy(&lab);
    let mut holder = lab.command("flock");
    let mut holder = holder.args([DATABASE, "sleep", "60"]).spawn().unwrap();
    // The engine waits for the lock, so it does not answer.
    let check = || parse(&porthole(&lab, &["--timeout", "2", "netdb", "check", "--output", "json"]).stdout);
    wait_for("the lock", || codes(&check()) == ["PH037"]);
    assert!(summaries(&check()).contains("flock"), "{}", summaries(&check()));
    let shown = porthole_ok(&lab, &["--timeout", "2", "netdb", "show"]);
    assert!(shown.contains("(flock)") && shown.contains("docker0"), "{shown}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn one_container_is_mended() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "--subnet", "172.31.0.0/24", "app"]);
        lab.run(
            "web",
            &["--network", "app", "--ip", "172.31.0.7", "--network-alias", "w"],
            "peer:1",
            &["http", "80"],
        );
        lab.docker_ok(&["stop", "web"]);
        lab.docker_ok(&["network", "rm", "app"]);
        assert_ne!(lab.docker(&["start", "web"]).code, 0);
        lab.docker_ok(&["network", "create", "--subnet", "172.31.0.0/24", "app"]);
        assert_ne!(lab.docker(&["start", "web"]).code, 0, "the new network has another id");
        assert_eq!(codes(&check(lab)), ["PH035"]);
        let plan = porthole_ok(lab, &["netdb", "repair", "--dry-run", "web"]);
        assert!(plan.contains("docker network connect --ip 172.31.0.7 --alias w app web"), "{plan}");
        assert_ne!(lab.docker(&["start", "web"]).code, 0, "a dry run changes nothing");
        porthole_ok(lab, &["netdb", "repair", "--yes", "web"]);
        lab.run("client", &["--network", "app"], "peer:1", &["idle"]);
        wait_for("the container to talk", || talks(lab));
        assert!(porthole_ok(lab, &["netdb", "repair", "--yes", "web"]).contains("Nothing is to be done"));
        assert_healthy(lab);
    });
}

#[test]
fn a_missing_network_is_made_for_the_container_that_is_mended() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["network", "create", "--subnet", "172.31.0.0/24", "--label", "a=b", "app"]);
    lab.run("web", &["--network", "app", "--ip", "172.31.0.7"], "peer:1", &["idle"]);
    porthole_ok(&lab, &["netdb", "backup", "-o", "/srv/b.tar.zst"]);
    lab.docker_ok(&["stop", "web"]);
    lab.docker_ok(&["network", "rm", "app"]);
    let guessed = porthole_ok(&lab, &["netdb", "repair", "--dry-run", "web"]);
    assert!(guessed.contains("--from BACKUP"), "{guessed}");
    porthole_ok(&lab, &["netdb", "repair", "--yes", "--from", "/srv/b.tar.zst", "web"]);
    assert!(addresses_of(&lab, "web").contains("172.31.0.7"));
    assert!(lab.docker_ok(&["network", "inspect", "app"]).contains("\"a\": \"b\""));
}

fn addresses_of(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container])
}

fn links(lab: &Lab) -> String {
    lab.sh_ok("ip -br link | cut -d' ' -f1 | cut -d@ -f1 | sort")
}

#[test]
fn only_what_is_nobodys_is_removed() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["network", "create", "app"]);
    lab.run("web", &["--network", "app"], "peer:1", &["idle"]);
    let before = links(&lab);
    assert!(porthole_ok(&lab, &["netdb", "clean", "--yes"]).contains("nobody's"));
    assert_eq!(links(&lab), before);
    lab.sh_ok(
        "set -e; ip link add br-0123456789ab type bridge; ip address add 172.40.0.1/16 dev br-0123456789ab; ip link set br-0123456789ab up
         ip link add veth0000001 type veth peer name veth0000002
         ip link add br-fedcba987654 type bridge; ip link add lan7 type veth peer name lan8; ip link set lan7 master br-fedcba987654 up
         ip link add br-lan type bridge; ip link add podman1 type bridge; ip link add br-0123456789 type bridge
         ip link add mine0 type veth peer name mine1",
    );
    let report = check(&lab);
    assert_eq!(codes(&report), ["PH036", "PH036", "PH036"], "{report:#}");
    let with_all = links(&lab);
    let plan = porthole_ok(&lab, &["netdb", "clean", "--dry-run"]);
    assert!(plan.contains("172.40.0.1/16") && plan.contains("keep bridge br-fedcba987654"), "{plan}");
    let refused = porthole(&lab, &["netdb", "clean"]);
    assert!(refused.code == 2 && refused.stderr.contains("--yes"), "{refused}");
    assert_eq!(links(&lab), with_all);
    porthole_ok(&lab, &["netdb", "clean", "--yes"]);
    let left = links(&lab);
    for gone in ["br-0123456789ab", "veth0000001", "veth0000002"] {
        assert!(with_all.contains(gone) && !left.contains(gone), "{gone} in\n{left}");
    }
    for kept in ["br-fedcba987654", "lan7", "br-lan", "podman1", "br-0123456789", "mine0", "mine1"] {
        assert!(left.contains(kept), "{kept} not in\n{left}");
    }
}

fn fails(lab: &Lab, arguments: &[&str]) -> Output {
    let output = porthole(lab, arguments);
    assert_eq!(output.code, 2, "{arguments:?}: {output}");
    assert!(output.stderr.starts_with("error: "), "{output}");
    output
}

#[test]
fn bad_input_is_said() {
    let lab = lab(Engine::newest());
    lab.sh_ok(&format!(
        "cp {DATABASE} /srv/whole.db; head -c 3000 /srv/whole.db > /srv/cut.db; echo text > /srv/text.db; : > /srv/empty.db
         head -c 20000 /srv/whole.db > /srv/half.db; tr '\\0' '\\1' < /srv/whole.db > /srv/odd.db"
    ));
    for file in ["text.db", "empty.db", "odd.db"] {
        let output = fails(&lab, &["netdb", "show", "--file", &format!("/srv/{file}")]);
        assert!(output.stderr.contains(file), "{output}");
        let report = porthole(&lab, &["netdb", "check", "--file", &format!("/srv/{file}")]);
        assert_eq!(report.code, 1, "{report}");
    }
    fails(&lab, &["netdb", "show", "--file", "/srv/none.db"]);
    fails(&lab, &["netdb", "show", "--file", "/srv"]);
    for file in ["half.db", "cut.db"] {
        let half = porthole_ok(&lab, &["netdb", "show", "--file", &format!("/srv/{file}")]);
        assert!(half.contains("damaged:"), "{half}");
    }
    fails(&lab, &["netdb", "restore", "--yes", "/srv/text.db"]);
    fails(&lab, &["netdb", "restore", "--yes", "/srv/none"]);
    fails(&lab, &["netdb", "repair", "--yes", "nobody"]);
    fails(&lab, &["netdb", "reset"]);
    fails(&lab, &["netdb", "reset", "--yes", "--file", "/srv/whole.db"]);
    porthole_ok(&lab, &["netdb", "backup", "-o", "/srv/b.tar.zst"]);
    lab.stop_engine().unwrap();
    lab.sh_ok("rm -f /var/lib/docker/engine-id /etc/docker/key.json");
    lab.start_engine().unwrap();
    let foreign = fails(&lab, &["netdb", "restore", "--yes", "/srv/b.tar.zst"]);
    assert!(foreign.stderr.contains("another engine"), "{foreign}");
    porthole_ok(&lab, &["netdb", "restore", "--yes", "--other-engine", "/srv/b.tar.zst"]);
    lab.stop_engine().unwrap();
    assert!(porthole_ok(&lab, &["netdb", "show"]).contains("bridge"));
    let silent = porthole(&lab, &["netdb", "check"]);
    assert!(silent.code == 0 && silent.stdout.contains("PH036"), "{silent}");
    fails(&lab, &["netdb", "restore", "--yes", "/srv/b.tar.zst"]);
}
