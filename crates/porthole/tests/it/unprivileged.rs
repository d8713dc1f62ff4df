//! Without root: every command does what it can, and says what is missing and what would give it.

use porthole_lab::{Engine, Identity, Lab, Output};

use crate::support::{codes, lab, parse, wait_for};

fn porthole_as(lab: &Lab, groups: Vec<u32>, arguments: &[&str]) -> Output {
    let identity = Identity { uid: 65534, gid: 65534, groups, keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(arguments);
    lab.run_command(command, arguments)
}

fn docker_group(lab: &Lab) -> u32 {
    lab.sh_ok("stat -c %g /run/docker.sock").parse().expect("a group")
}

fn broken_web(lab: &Lab) {
    lab.run("web", &["-p", "127.0.0.1:8080:81"], "peer:1", &["http", "80"]);
    wait_for("the finding", || codes(&crate::support::report(lab)) == ["PH009", "PH011"]);
}

#[test]
fn in_the_docker_group_doctor_checks_what_the_engine_tells() {
    let lab = lab(Engine::newest());
    broken_web(&lab);
    let group = docker_group(&lab);
    assert_ne!(group, 0, "the engine gives its socket to a group");
    let output = porthole_as(&lab, vec![group], &["doctor", "--output", "json", "--fail-on", "never"]);
    assert_eq!(output.code, 0, "{output}");
    let report = parse(&output.stdout);
    assert_eq!(codes(&report), ["PH009"], "{report:#}");
    let text = porthole_as(&lab, vec![group], &["doctor"]).stdout;
    assert!(
        text.contains("PH011") && text.contains("root"),
        "what was not checked, and what would give it:\n{text}"
    );
}

#[test]
fn through_the_engine_the_same_user_sees_all() {
    let lab = lab(Engine::newest());
    broken_web(&lab);
    let group = docker_group(&lab);
    let output = porthole_as(
        &lab,
        vec![group],
        &["--through-engine", "doctor", "--output", "json", "--fail-on", "never"],
    );
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(codes(&parse(&output.stdout)), ["PH009", "PH011"]);
}

#[test]
fn outside_the_docker_group_the_group_is_named() {
    let lab = lab(Engine::newest());
    let output = porthole_as(&lab, Vec::new(), &["doctor"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stdout.contains("PH101") && output.stdout.contains("docker"), "{output}");
    assert!(output.stdout.contains("permission"), "{output}");
}

#[test]
fn listings_say_what_is_missing() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["http", "80"]);
    let group = docker_group(&lab);
    let topology = porthole_as(&lab, vec![group], &["topology"]);
    assert_eq!(topology.code, 0, "{topology}");
    assert!(topology.stdout.contains("web") && topology.stdout.contains("root"), "{topology}");
    let sockets = porthole_as(&lab, vec![group], &["sockets", "web"]);
    assert_eq!(sockets.code, 0, "{sockets}");
    assert!(sockets.stdout.contains("*:80") && sockets.stdout.contains("CAP_SYS_PTRACE"), "{sockets}");
    let snapshot = porthole_as(&lab, vec![group], &["snapshot", "-o", "/tmp/plain.zst"]);
    assert_eq!(snapshot.code, 0, "{snapshot}");
}

#[test]
fn root_without_capabilities_is_told_which_are_missing() {
    let lab = lab(Engine::newest());
    broken_web(&lab);
    let identity = Identity { uid: 0, gid: 0, groups: Vec::new(), keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(["doctor", "--fail-on", "never"]);
    let output = lab.run_command(command, &["doctor"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout.contains("PH009") && output.stdout.contains("CAP_SYS_"), "{output}");
}
