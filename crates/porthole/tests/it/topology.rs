//! `porthole topology` against what the interfaces themselves say.

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, on_docker_engines, porthole_json, porthole_ok};

fn populate(lab: &Lab) {
    lab.docker_ok(&["network", "create", "shop"]);
    for name in ["one", "two", "three"] {
        lab.run(name, &["--network", "shop"], "peer:1", &["idle"]);
    }
    lab.docker_ok(&["network", "connect", "bridge", "one"]);
}

/// Container, interface and host veth of every row, by porthole.
fn pairs(topology: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        (text(&row["containers"][0]["name"]), text(&row["inside"]["name"]), text(&row["outside"]["name"]))
    };
    let mut pairs: Vec<_> = topology["rows"].as_array().expect("rows").iter().map(row).collect();
    pairs.sort();
    pairs
}

/// The same by the loop of `ip link` over all containers.
fn looked_up(lab: &Lab) -> Vec<(String, String, String)> {
    let script = r#"
        for name in $(docker ps --format '{{.Names}}'); do
            pid=$(docker inspect -f '{{.State.Pid}}' $name)
            for interface in $(nsenter -t $pid -n ls /sys/class/net 2>/dev/null | grep eth); do
                index=$(nsenter -t $pid -n ip -o link show $interface | sed -n 's/.*@if\([0-9]*\):.*/\1/p')
                echo $name $interface $(ip -o link | sed -n "s/^$index: \([^@:]*\).*/\1/p")
            done
        done"#;
    let script = script.replace(
        "ls /sys/class/net 2>/dev/null | grep eth",
        "ip -o link | sed -n 's/^[0-9]*: \\(eth[0-9]*\\).*/\\1/p'",
    );
    let output = lab.sh_ok(&script);
    let mut pairs: Vec<_> = output
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (
                words.next().expect("a name"),
                words.next().expect("an interface"),
                words.next().unwrap_or_default(),
            )
        })
        .collect();
    pairs.sort();
    pairs
}

#[test]
fn the_same_pairs_as_the_loop_of_ip_link() {
    on_docker_engines(|lab| {
        populate(lab);
        let topology = porthole_json(lab, &["topology"]);
        assert_eq!(pairs(&topology), looked_up(lab));
        assert_eq!(pairs(&topology).len(), 4);
        let one = porthole_json(lab, &["topology", "one"]);
        assert_eq!(pairs(&one).len(), 2);
    });
}

#[test]
fn every_format() {
    let lab = lab(Engine::newest());
    populate(&lab);
    let text = porthole_ok(&lab, &["topology"]);
    for word in ["CONTAINER", "one", "two", "three", "shop", "docker0", "veth"] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    let tree = porthole_ok(&lab, &["topology", "--output", "tree"]);
    assert!(tree.contains("docker0") && tree.contains("three"), "{tree}");
    let svg = porthole_ok(&lab, &["topology", "--output", "svg"]);
    assert!(svg.starts_with("<svg") && svg.contains("three"), "{svg}");
    let html = porthole_ok(&lab, &["topology", "--output", "html"]);
    assert!(html.contains("<!doctype html>") && html.contains("<svg"), "{html}");
}

#[test]
fn a_namespace_outside_any_engine() {
    let lab = lab(Engine::newest());
    lab.sh_ok(
        "ip netns add lone; ip link add lone0 type veth peer name eth7 netns lone; ip link set lone0 up",
    );
    let topology = porthole_json(&lab, &["topology"]);
    let row = topology["rows"].as_array().unwrap().iter().find(|row| row["inside"]["name"] == "eth7");
    let row = row.unwrap_or_else(|| panic!("{topology:#}"));
    assert_eq!(row["outside"]["name"], "lone0");
    assert_eq!(row["containers"], serde_json::json!([]));
}

#[test]
fn containers_that_share_a_namespace_share_a_row() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    lab.run("beside", &["--network", "container:web"], "peer:1", &["idle"]);
    let topology = porthole_json(&lab, &["topology"]);
    assert_eq!(topology["rows"].as_array().unwrap().len(), 1, "{topology:#}");
    assert_eq!(topology["rows"][0]["containers"].as_array().unwrap().len(), 2);
}

#[test]
fn on_podman_too() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        lab.run("web", &[], "peer:1", &["idle"]);
        let pairs = pairs(&porthole_json(&lab, &["topology"]));
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].0, "web");
        assert!(pairs[0].2.starts_with("veth"), "{pairs:?}");
    }
}
