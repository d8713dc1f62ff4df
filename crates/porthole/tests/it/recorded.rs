//! A recorded host answers as the live one did.

use porthole_lab::Engine;
use serde_json::Value;

use crate::support::{builder, codes, lab, parse, porthole_json, porthole_ok, start, wait_for};

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
