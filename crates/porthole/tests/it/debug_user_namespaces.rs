//! Engines whose containers have users of their own, and engines that an ordinary user runs: sessions, copies and stopped
//! containers, and whose the files are that come of them.

use porthole_lab::{Engine, Identity, Lab, Output};

use crate::debug_sidecar::{assert_no_trace, inside};
use crate::support::{builder, lab, porthole, porthole_ok, start};

/// A lab whose engine remaps the users of its containers.
fn remapped(engine: Engine) -> Lab {
    start(builder(engine).remapped_users())
}

fn rootless() -> Lab {
    start(builder(Engine::newest()).rootless())
}

/// porthole as the user who runs the engine.
fn as_engine_user(lab: &Lab, arguments: &[&str]) -> Output {
    let identity = Identity { uid: 1000, gid: 1000, groups: Vec::new(), keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(arguments).env("DOCKER_HOST", "unix:///run/user/1000/docker.sock").env("HOME", "/tmp");
    lab.run_command(command, arguments)
}

const TIGHT: [&str; 5] = ["--read-only", "--user", "1000:1000", "--cap-drop", "ALL"];

/// Every way in, into a container of root's and into a tight one.
fn sessions_by_every_way(lab: &Lab) {
    lab.run("web", &["-e", "MODE=prod"], "bb:1", &["sleep", "1000"]);
    lab.run("tight", &TIGHT, "bb:1", &["sleep", "1000"]);
    for way in ["local", "sidecar", "plain"] {
        let script = "id -u; echo $MODE; touch /dev/shm/made && stat -c %u /dev/shm/made; rm /dev/shm/made; cat /proc/1/comm";
        let output = porthole(lab, &["debug", "--mode", way, "web", "--", "sh", "-c", script]);
        assert_eq!((output.code, output.stdout.as_str()), (0, "0\nprod\n0\nsleep\n"), "{way}: {output}");
        let output =
            porthole(lab, &["debug", "--mode", way, "tight", "--", "sh", "-c", "ls /; touch /x || exit 4"]);
        assert!(output.code == 4 && output.stdout.contains("root\n"), "{way}: {output}");
        assert!(output.stderr.contains("Read-only"), "{way}: {output}");
    }
    let output = porthole(lab, &["debug", "--as-target", "tight", "--", "id", "-u"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "1000\n"), "{output}");
    for container in ["web", "tight"] {
        assert_no_trace(lab, container);
    }
}

/// A copy in and out again: in the container it is root's.
fn copies(lab: &Lab) {
    lab.sh_ok("echo text > /tmp/in");
    porthole_ok(lab, &["cp", "/tmp/in", "web:/etc/in"]);
    assert_eq!(lab.docker_ok(&["exec", "web", "stat", "-c", "%u:%g", "/etc/in"]), "0:0");
    porthole_ok(lab, &["cp", "web:/etc/in", "/tmp/out"]);
    assert_eq!(lab.sh_ok("cat /tmp/out; stat -c %u /tmp/out"), "text\n0");
}

/// A container that does not start is mended, and what was written is root's and user 1000's in it.
fn mended(lab: &Lab) {
    lab.run(
        "dead",
        &[],
        "bb:1",
        &["sh", "-c", "cat /etc/missing && stat -c '%u:%g %n' /etc/missing /srv/app"],
    );
    lab.docker_ok(&["wait", "dead"]);
    let looked = porthole_ok(lab, &["debug", "dead", "--", "sh", "-c", "stat -c %u /bin; touch /new; id -u"]);
    assert_eq!(looked, "0\n0\n");
    let script = "echo here > /etc/missing; mkdir -p /srv; touch /srv/app; chown 1000:1000 /srv/app";
    porthole_ok(lab, &["debug", "--write-back", "dead", "--", "sh", "-c", script]);
    let said = lab.docker_ok(&["start", "--attach", "dead"]);
    assert_eq!(said, "here\n0:0 /etc/missing\n1000:1000 /srv/app", "{:?}", lab.engine());
    assert_eq!(lab.docker(&["exec", "web", "ls", "/new"]).code, 1);
}

fn testbox(lab: &Lab) {
    let script = "timeout 20 porthole testbox box -p 8080:80 & for i in $(seq 100); do
        curl -sf http://127.0.0.1:8080/ -o /dev/null && break; sleep 0.1; done
        curl -sf http://127.0.0.1:8080/ >/dev/null; echo $?; kill $!; wait";
    let said = lab.sh(script);
    assert!(said.stdout.lines().any(|line| line == "0"), "{said}");
}

#[test]
fn containers_with_users_of_their_own() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = remapped(engine);
        sessions_by_every_way(&lab);
        copies(&lab);
        mended(&lab);
        testbox(&lab);
    }
}

#[test]
fn an_engine_that_an_ordinary_user_runs() {
    let lab = rootless();
    sessions_by_every_way(&lab);
    copies(&lab);
    mended(&lab);
    for way in ["auto", "local", "sidecar", "plain"] {
        let script = "id -u; touch /dev/shm/made && stat -c %u /dev/shm/made; rm /dev/shm/made";
        let output = as_engine_user(&lab, &["debug", "--mode", way, "web", "--", "sh", "-c", script]);
        assert_eq!((output.code, output.stdout.as_str()), (0, "0\n0\n"), "{way}: {output}");
    }
    let output = as_engine_user(&lab, &["debug", "--as-target", "tight", "--", "id", "-u"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "1000\n"), "{output}");
    lab.sh_ok("echo text > /tmp/mine && chmod 644 /tmp/mine");
    let output = as_engine_user(&lab, &["cp", "/tmp/mine", "web:/etc/mine"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(lab.docker_ok(&["exec", "web", "stat", "-c", "%u:%g", "/etc/mine"]), "0:0");
    assert_no_trace(&lab, "tight");
}

#[test]
fn a_user_who_did_not_make_the_namespace_is_told_who_did() {
    let lab = rootless();
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let pid = lab.docker_ok(&["inspect", "--format", "{{.State.Pid}}", "web"]);
    let identity = Identity { uid: 65534, gid: 65534, groups: Vec::new(), keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(["debug", &format!("pid:{pid}"), "--", "true"]);
    let output = lab.run_command(command, &["porthole"]);
    assert!(output.code == 2 && output.stderr.contains("CAP_SYS_PTRACE"), "{output}");
}

#[test]
fn a_process_in_a_user_namespace_below_its_container_is_entered_with_the_container_s_rights() {
    let lab = lab(Engine::newest());
    lab.run(
        "web",
        &["--security-opt", "seccomp=unconfined"],
        "bb:1",
        &["unshare", "-U", "-r", "sleep", "4711"],
    );
    let pid = lab.docker_ok(&["inspect", "--format", "{{.State.Pid}}", "web"]);
    let script = "touch /dev/shm/made && rm /dev/shm/made && wc -l < /proc/self/uid_map && readlink /proc/self/ns/user";
    let said = porthole_ok(&lab, &["debug", &format!("pid:{pid}"), "--", "sh", "-c", script]);
    let own = lab.sh_ok("readlink /proc/self/ns/user");
    assert_eq!(said.lines().last(), Some(own.as_str()), "{said}");
    assert_eq!(inside(&lab, &[], "web", &["true"]).code, 0);
    assert_no_trace(&lab, "web");
}
