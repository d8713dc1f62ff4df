//! A recorded host answers as the live one did.

use std::process::Command;

use porthole_lab::Engine;
use serde_json::Value;

use crate::support::{PORTHOLE, builder, codes, lab, parse, porthole_json, porthole_ok, start, wait_for};

#[test]
fn a_snapshot_shows_what_the_live_host_shows() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        lab.run("web", &["-p", "8080:81"], "peer:1", &["http", "80"]);
        wait_for("the finding", || codes(&crate::support::report(&lab)) == ["PH011"]);
        porthole_ok(&lab, &["snapshot", "-o", "/tmp/host.zst"]);
        let live = porthole_json(&lab, &["topology"]);
        let recorded = porthole_json(&lab, &["topology", "--from", "/tmp/host.zst"]);
        assert_eq!(names(&live), names(&recorded));
        let sockets = porthole_json(&lab, &["sockets", "web", "--listening", "--from", "/tmp/host.zst"]);
        assert_eq!(sockets["sockets"][0]["local"]["port"], 80, "{sockets:#}");
        lab.docker_ok(&["rm", "-f", "web"]);
        let report = porthole_ok(
            &lab,
            &["doctor", "--output", "json", "--fail-on", "never", "--from", "/tmp/host.zst"],
        );
        assert_eq!(codes(&parse(&report)), ["PH011"]);
    }
}

fn names(topology: &Value) -> Vec<String> {
    let rows = topology["rows"].as_array().expect("rows");
    rows.iter().map(|row| row["outside"]["name"].to_string()).collect()
}

#[test]
fn credentials_do_not_reach_the_file() {
    let lab = lab(Engine::newest());
    lab.run(
        "web",
        &["-e", "DB_PASSWORD=hunter2secret", "--label", "api.token=hunter3secret"],
        "peer:1",
        &["idle"],
    );
    let text = |arguments: &[&str]| {
        let output = lab.command("porthole").args(arguments).args(["snapshot", "-o", "-"]).output().unwrap();
        let snapshot = porthole_wire::snapshot_file::read(&output.stdout).unwrap();
        serde_json::to_string(&snapshot).unwrap()
    };
    let masked = text(&[]);
    assert!(masked.contains("DB_PASSWORD=********") && !masked.contains("hunter"), "{masked}");
    assert!(text(&["--show-secrets"]).contains("hunter2secret"));
}

#[test]
fn a_snapshot_without_an_engine() {
    let lab = start(builder(Engine::newest()).without_engine());
    porthole_ok(&lab, &["snapshot", "-o", "/tmp/host.zst"]);
    let report =
        porthole_ok(&lab, &["doctor", "--output", "json", "--fail-on", "never", "--from", "/tmp/host.zst"]);
    assert_eq!(codes(&parse(&report)), ["PH101"]);
}

/// The hosts in `fixtures/`: what doctor finds on each, and how many interfaces its containers have.
const RECORDED: [(&str, &[&str], usize); 4] = [
    ("docker-20.10-wrong-port", &["PH011"], 4),
    ("docker-26.1-healthy", &[], 3),
    ("docker-28.5-veth-off-bridge", &["PH032"], 3),
    ("podman-5.4-healthy", &[], 2),
];

#[test]
fn hosts_recorded_with_schema_version_1_stay_readable() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
    for (name, found, interfaces) in RECORDED {
        let file = format!("{fixtures}/{name}.zst");
        let run = |arguments: &[&str]| {
            let output =
                Command::new(PORTHOLE).args(arguments).args(["--output", "json", "--from", &file]).output();
            parse(&String::from_utf8(output.expect("porthole runs").stdout).expect("UTF-8"))
        };
        assert_eq!(codes(&run(&["doctor"])), found, "{name}");
        let topology = run(&["topology"]);
        assert_eq!(topology["rows"].as_array().map(Vec::len), Some(interfaces), "{name}: {topology:#}");
        assert_eq!(topology["gaps"], serde_json::json!([]), "{name}");
        let sockets = run(&["sockets", "web", "--listening", "--protocol", "tcp"]);
        let mut ports =
            sockets["sockets"].as_array().expect("sockets").iter().map(|socket| &socket["local"]["port"]);
        assert!(ports.any(|port| *port == 80), "{name}: {sockets:#}");
    }
}
