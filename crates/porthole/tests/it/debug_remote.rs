//! What sessions through the engine see of its host, and commands in many containers of another host.

use porthole_lab::{Engine, Identity, Lab, Output};

use crate::debug_sidecar::{HARDENED, assert_no_trace, inside, sidecars};
use crate::support::{lab, porthole};

/// The engines that the promise is for.
fn on_engines(test: impl Fn(&Lab)) {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if Engine::available().contains(&engine) {
            test(&lab(engine));
        }
    }
}

fn assert_said(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, code, "{output}");
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {output}");
    }
}

#[test]
fn files_and_volumes_of_the_engine_s_host_are_shown_to_the_session_alone() {
    on_engines(|lab| {
        lab.sh_ok("mkdir -p /srv/tools && echo here > /srv/tools/file");
        lab.docker_ok(&["volume", "create", "data"]);
        lab.run("web", &HARDENED, "peer:1", &["idle"]);
        let volumes = ["-v", "/srv/tools:/etc:ro", "-v", "data:/sys/firmware"];
        let script = "cat /etc/file; echo kept > /sys/firmware/file; touch /etc/other";
        let output = inside(lab, &volumes, "web", &["sh", "-c", script]);
        assert!(output.stdout == "here\n" && output.code != 0, "{output}");
        assert!(output.stderr.contains("Read-only file system"), "{output}");
        assert_eq!(lab.docker_ok(&["run", "--rm", "-v", "data:/d", "bb:1", "cat", "/d/file"]), "kept");
        let writable = inside(lab, &["-v", "/srv/tools:/etc"], "web", &["touch", "/etc/other"]);
        assert_eq!(writable.code, 0, "{writable}");
        lab.sh_ok("test -e /srv/tools/other");
        assert_no_trace(lab, "web");
        let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "web"]);
        let mounts = lab.sh_ok(&format!("cat /proc/{pid}/mountinfo"));
        assert!(!mounts.contains("/srv/tools") && !mounts.contains("volumes/data"), "{mounts}");
    });
}

#[test]
fn what_is_not_on_the_engine_s_host_is_said_and_not_made() {
    on_engines(|lab| {
        lab.run("web", &[], "peer:1", &["idle"]);
        let missing = inside(lab, &["-v", "/no/such:/etc"], "web", &["true"]);
        assert_said(&missing, 2, &["/no/such", "exist", "on the host that the engine runs on"]);
        assert_ne!(lab.sh("test -e /no").code, 0, "no directory is made");
        let missing = inside(lab, &["-v", "such:/etc"], "web", &["true"]);
        assert_said(&missing, 2, &["no volume named such", "docker volume ls"]);
        assert_eq!(lab.docker_ok(&["volume", "ls", "-q"]), "", "no volume is made");
        let nowhere = inside(lab, &["-v", "/srv:/no/such"], "web", &["true"]);
        assert_said(&nowhere, 2, &["mount on /no/such"]);
        let application = porthole(lab, &["debug", "--as-target", "-v", "/srv:/etc", "web", "--", "true"]);
        assert_said(&application, 2, &["leave --as-target out"]);
        assert_no_trace(lab, "web");
    });
}

#[test]
fn volumes_by_name_are_shown_from_this_host_too_and_with_a_tool_image() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-v", "data:/data"], "bb:1", &["sh", "-c", "echo kept > /data/file; exec sleep 1000"]);
    let output = porthole(&lab, &["debug", "-v", "data:/etc:ro", "web", "--", "cat", "/etc/file"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "kept\n"), "{output}");
    let options = ["debug", "--image", "bb:1", "-v", "data:/shown:ro", "web", "--", "cat", "/shown/file"];
    let output = porthole(&lab, &options);
    assert_eq!((output.code, output.stdout.as_str()), (0, "kept\n"), "{output}");
    let path = porthole(&lab, &["debug", "--mode", "local", "-v", "/no/such:/etc", "web", "--", "true"]);
    assert_said(&path, 2, &["cannot show /no/such"]);
    assert_eq!(sidecars(&lab), "");
}

#[test]
fn one_command_in_many_containers_of_another_host() {
    on_engines(|lab| {
        lab.run("one", &HARDENED, "peer:1", &["idle"]);
        lab.run("two", &["--label", "tier=web", "--env", "CODE=3"], "bb:1", &["sleep", "1000"]);
        lab.run("three", &["--label", "tier=web", "--network", "none"], "peer:1", &["idle"]);
        let script = "echo out of $(cat /proc/1/comm); echo error >&2; exit ${CODE:-0}";
        let all = ["debug", "--mode", "sidecar", "--all", "--", "sh", "-c", script];
        let output = porthole(lab, &all);
        assert_eq!(output.code, 3, "{output}");
        for line in ["one   | out of peer", "two   | out of sleep", "three | out of peer"] {
            assert!(output.stdout.lines().any(|each| each == line), "{line}: {output}");
        }
        for words in ["two   | error", "3 containers, 2 with exit code 0", "two: exit code 3"] {
            assert!(output.stderr.contains(words), "{words}: {output}");
        }
        let some = ["debug", "--mode", "sidecar", "--filter", "label=tier=web", "-w", "/etc", "--", "pwd"];
        let output = porthole(lab, &some);
        assert_eq!((output.code, output.stdout.lines().count()), (0, 2), "{output}");
        for container in ["one", "two", "three"] {
            assert_no_trace(lab, container);
        }
    });
}

#[test]
fn one_that_cannot_be_entered_holds_up_no_other() {
    let lab = lab(Engine::newest());
    lab.run("good", &[], "bb:1", &["sleep", "1000"]);
    lab.run("bad", &[], "peer:1", &["idle"]);
    // A user whom only one of them knows.
    lab.docker_ok(&["exec", "good", "sh", "-c", "echo app:x:5:5::/:/bin/sh >> /etc/passwd"]);
    let all = ["debug", "--mode", "sidecar", "--all", "-u", "app", "--", "id", "-u"];
    let output = porthole(&lab, &all);
    assert_eq!((output.code, output.stdout.as_str()), (125, "good | 5\n"), "{output}");
    assert!(output.stderr.contains("bad: not entered: "), "{output}");
    let image = porthole(&lab, &["debug", "--all", "--image", "bb:1", "--", "true"]);
    assert_said(&image, 2, &["bring an image to several containers"]);
    let application = porthole(&lab, &["debug", "--all", "--as-target", "--", "true"]);
    assert_said(&application, 2, &["be the application of several containers"]);
    assert_eq!(sidecars(&lab), "");
}

#[test]
fn who_is_not_root_runs_a_command_in_all_of_them() {
    let lab = lab(Engine::newest());
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    lab.run("other", &[], "peer:1", &["idle"]);
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().expect("a number");
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let mut porthole = lab.command_as(&identity, "porthole");
    porthole.args(["debug", "--all", "--", "cat", "/proc/1/comm"]);
    let output = lab.run_command(porthole, &["porthole"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(output.stdout.lines().filter(|line| line.ends_with("| peer")).count(), 2, "{output}");
    assert_eq!(sidecars(&lab), "");
}

#[test]
fn many_commands_end_with_the_one_who_asked_for_them() {
    let lab = lab(Engine::newest());
    for name in ["one", "two"] {
        lab.run(name, &[], "peer:1", &["idle"]);
    }
    for signal in ["KILL", "INT"] {
        let mut porthole = lab.command("porthole");
        porthole.args(["debug", "--mode", "sidecar", "--all", "--", "sh", "-c", "sleep 500 & sleep 600"]);
        let mut child = porthole.spawn().expect("it works");
        crate::support::wait_for("the commands", || lab.sh("pgrep -x sleep").stdout.lines().count() == 4);
        lab.sh_ok(&format!("kill -{signal} $(pgrep -ox porthole)"));
        child.wait().expect("it works");
        for name in ["one", "two"] {
            assert_no_trace(&lab, name);
        }
    }
}
