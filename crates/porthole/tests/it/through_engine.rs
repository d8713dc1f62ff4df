//! The host of an engine, read through the engine by a helper that leaves nothing.

use std::process::Stdio;

use porthole_lab::{Engine, Lab};

use crate::support::{builder, codes, lab, parse, porthole_json, porthole_ok, start, wait_for};

fn containers(lab: &Lab) -> String {
    lab.docker_ok(&["ps", "-a", "--format", "{{.Names}}"])
}

#[test]
fn a_fault_is_seen_through_the_engine_and_nothing_stays() {
    for engine in Engine::available() {
        if engine == Engine::Podman {
            continue;
        }
        let lab = start(builder(engine).engine_argument("-H").engine_argument("tcp://127.0.0.1:2375"));
        lab.run("web", &["-p", "8080:81"], "peer:1", &["http", "80"]);
        wait_for("the finding", || codes(&crate::support::report(&lab)) == ["PH011", "PH104"]);
        let report = porthole_ok(
            &lab,
            &[
                "-H",
                "tcp://127.0.0.1:2375",
                "--through-engine",
                "doctor",
                "--output",
                "json",
                "--fail-on",
                "never",
            ],
        );
        assert_eq!(codes(&parse(&report)), ["PH011", "PH104"], "{engine:?}");
        assert_eq!(containers(&lab), "web", "{engine:?}");
        let through =
            porthole_json(&lab, &["--through-engine", "sockets", "web", "--listening", "--protocol", "tcp"]);
        assert_eq!(through["sockets"].as_array().unwrap().len(), 1, "{through:#}");
        let removed = porthole_json(&lab, &["gc"]);
        assert_eq!(removed["images"].as_array().unwrap().len(), 1, "{removed:#}");
        assert!(!lab.docker_ok(&["images", "-a"]).contains("porthole"), "{engine:?}");
    }
}

#[test]
fn what_a_killed_run_left_is_collected() {
    let lab = lab(Engine::newest());
    porthole_ok(&lab, &["--through-engine", "topology"]);
    let mut killed = false;
    for _ in 0..20 {
        let mut command = lab.command("porthole");
        command.args(["--through-engine", "snapshot", "-o", "/tmp/x.zst"]).stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        wait_for("the helper or the end", || {
            containers(&lab).contains("porthole") || running.try_wait().unwrap().is_some()
        });
        running.kill().unwrap();
        running.wait().unwrap();
        if containers(&lab).contains("porthole") {
            killed = true;
            break;
        }
    }
    assert!(killed, "no run could be killed in its middle");
    wait_for("gc", || {
        porthole_ok(&lab, &["gc"]);
        !containers(&lab).contains("porthole")
    });
}

#[test]
fn ctrl_c_leaves_nothing() {
    let lab = lab(Engine::newest());
    let mut command = lab.command("porthole");
    command.args(["--through-engine", "snapshot", "-o", "/tmp/x.zst"]).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    wait_for("the helper or the end", || {
        containers(&lab).contains("porthole") || running.try_wait().unwrap().is_some()
    });
    lab.sh("pkill -INT -x porthole");
    let code = running.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    assert_eq!(containers(&lab), "");
}
