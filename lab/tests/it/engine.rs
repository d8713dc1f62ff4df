//! The engine of a lab: stopped, killed, started again, and refusing to start.

use porthole_lab::{Engine, Lab, LabError};
use serde_json::json;

#[test]
fn a_stopped_and_a_killed_engine_come_back() {
    let lab = Lab::builder(Engine::newest()).without_images().start().unwrap();
    let first = lab.engine_pid().unwrap();
    lab.stop_engine().unwrap();
    assert_eq!(lab.engine_pid(), None);
    assert_ne!(lab.docker(&["ps"]).code, 0);
    lab.start_engine().unwrap();
    assert_ne!(lab.engine_pid(), Some(first));
    lab.kill_engine().unwrap();
    lab.start_engine().unwrap();
    lab.docker_ok(&["ps"]);
    assert!(lab.engine_log().contains("API listen on /run/docker.sock"));
}

#[test]
fn the_podman_service_comes_back() {
    if !crate::has(Engine::Podman) {
        return;
    }
    let lab = Lab::start(Engine::Podman).unwrap();
    lab.run("one", &[], "bb:1", &["sleep", "3600"]);
    lab.restart_engine().unwrap();
    assert!(lab.docker_ok(&["ps"]).contains("one"));
}

#[test]
fn an_engine_that_refuses_its_settings_is_not_waited_for() {
    let outcome = Lab::builder(Engine::newest()).daemon_json(json!({ "bip": "nonsense" })).start();
    let Err(LabError::Daemon { what, log, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(what.contains("ended while starting"), "{what}");
    assert!(log.contains("nonsense"), "{log}");
}

#[test]
fn settings_and_arguments_reach_the_engine() {
    let settings = json!({ "bip": "172.30.0.1/16" });
    let builder = Lab::builder(Engine::Docker20).daemon_json(settings).engine_argument("--label=shelf=3");
    let lab = builder.without_images().start().unwrap();
    assert!(lab.docker_ok(&["info", "--format", "{{.Labels}}"]).contains("shelf=3"));
    assert!(lab.sh_ok("ip -o addr show docker0").contains("172.30.0.1/16"));
}

#[test]
fn memory_limits_are_real() {
    let lab = Lab::start(Engine::newest()).unwrap();
    lab.run("small", &["--memory", "32m"], "bb:1", &["sleep", "3600"]);
    // Version 1 or 2 of control groups, whichever this machine limits memory with.
    let limits =
        "cat /sys/fs/cgroup/memory/docker/*/memory.limit_in_bytes /sys/fs/cgroup/docker/*/memory.max";
    let limits = lab.sh(limits).stdout;
    assert!(limits.lines().any(|limit| limit == "33554432"), "{limits}");
}
