//! Sessions in containers of every kind: what is seen there, what comes back, and that nothing stays.

use porthole_lab::{Engine, Lab, Output};

use crate::support::{lab, on_docker_engines, porthole, porthole_ok, wait_for};

/// What a container is started with, and its name.
const TARGETS: [(&str, &[&str]); 7] = [
    ("plain", &[]),
    ("tight", &["--read-only", "--user", "1000:1000", "--cap-drop", "ALL"]),
    ("files", &["--tmpfs", "/scratch", "-v", "/var/kept"]),
    ("alone", &["--network", "none", "--ipc", "private"]),
    ("shared", &["--network", "host", "--pid", "host"]),
    ("beside", &["--network", "container:plain"]),
    ("narrow", &["--pids-limit", "1"]),
];

/// Prints the namespaces of the session and of the container's first process, and the container's mounts.
const LOOK: &str =
    "for kind in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$kind; done; echo; cat /proc/mounts";

fn started(lab: &Lab) {
    for (name, options) in TARGETS {
        lab.run(name, options, "bb:1", &["sleep", "1000"]);
    }
}

fn pid(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "--format", "{{.State.Pid}}", container])
}

/// What a session may not change.
fn trace(lab: &Lab, container: &str) -> String {
    let pid = pid(lab, container);
    // Docker lists what changed in the order of a Go map.
    let diff = lab.sh_ok(&format!("docker diff {container} | sort"));
    lab.sh_ok(&format!("echo 'diff: {diff}'; cat /proc/{pid}/mountinfo; cd /proc/{pid}/root; ls . dev"))
}

fn debug(lab: &Lab, container: &str, command: &[&str]) -> Output {
    porthole(lab, &[&["debug", container, "--"], command].concat())
}

#[test]
fn every_kind_of_container_is_entered_and_left_as_it_was() {
    on_docker_engines(|lab| {
        started(lab);
        for (name, _) in TARGETS {
            let before = trace(lab, name);
            let pid = pid(lab, name);
            let seen = debug(lab, name, &["sh", "-c", LOOK]).stdout;
            let kinds = "for kind in cgroup ipc mnt net pid uts; do readlink /proc/PID/ns/$kind; done";
            let expected = lab.sh_ok(&kinds.replace("PID", &pid));
            let (namespaces, mounts) = seen.split_once("\n\n").unwrap();
            assert_eq!(namespaces, expected, "{name}");
            assert_eq!(mounts.trim(), lab.sh_ok(&format!("cat /proc/{pid}/mounts")), "{name}");
            assert_eq!(trace(lab, name), before, "{name} on {:?}", lab.engine());
        }
    });
}

#[test]
fn a_paused_container_is_entered_and_one_is_frozen_for_a_look() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let state = || lab.docker_ok(&["inspect", "--format", "{{.State.Status}}", "web"]);
        lab.docker_ok(&["pause", "web"]);
        assert_eq!(porthole_ok(lab, &["debug", "--pause", "web", "--", "echo", "in"]), "in\n");
        assert_eq!(state(), "paused", "it was so before");
        lab.docker_ok(&["unpause", "web"]);
        let show = "cat /sys/fs/cgroup/freezer/freezer.state 2>/dev/null || grep -h frozen /sys/fs/cgroup/cgroup.events";
        let seen = debug(lab, "web", &["sh", "-c", show]).stdout;
        let frozen = porthole_ok(lab, &["debug", "--pause", "web", "--", "sh", "-c", show]);
        assert_ne!(frozen, seen, "the container's own group tells");
        assert_eq!(state(), "running");
    });
}

#[test]
fn words_bytes_and_codes_pass_exactly() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-e", "APP=prod"], "bb:1", &["sleep", "1000"]);
    let words = ["printf", "%s|", "two words", "it's", "$(id)", "", "-x"];
    assert_eq!(debug(&lab, "web", &words).stdout, "two words|it's|$(id)||-x|");
    let output = debug(&lab, "web", &["sh", "-c", "printf 'a\\r\\n'; echo b >&2; exit 3"]);
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (3, "a\r\n", "b\n"));
    assert_eq!(debug(&lab, "web", &["sh", "-c", "kill -9 $$"]).code, 137);
    assert_eq!(debug(&lab, "web", &["/etc"]).code, 126);
    let absent = debug(&lab, "web", &["nosuch"]);
    assert_eq!(absent.code, 127);
    assert!(
        absent.stderr.contains("cannot run nosuch") && absent.stderr.contains("porthole toolbox ls"),
        "{absent}"
    );
    let million = lab.sh_ok("head -c 1000000 /dev/urandom > /tmp/in; porthole debug web -- cat < /tmp/in | cmp - /tmp/in && echo same");
    assert_eq!(million, "same");
}

#[test]
fn who_where_and_with_what_can_be_chosen() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-e", "APP=prod", "-w", "/var"], "bb:1", &["sleep", "1000"]);
    lab.docker_ok(&[
        "exec",
        "web",
        "sh",
        "-c",
        "echo app:x:1000:1001::/srv:/bin/sh >> /etc/passwd; echo www:x:33:app >> /etc/group; chmod 777 /tmp",
    ]);
    let shell = |options: &[&str], script: &str| {
        porthole_ok(&lab, &[&["debug"], options, &["web", "--", "sh", "-c", script]].concat())
    };
    assert_eq!(shell(&[], "id -u; pwd; echo $APP $HOME"), "0\n/var\nprod /root\n");
    assert_eq!(shell(&["-u", "app"], "id -u; id -g; id -G; echo $HOME"), "1000\n1001\n1001 33\n/srv\n");
    assert_eq!(shell(&["-u", "7:8"], "id -u; id -g"), "7\n8\n");
    assert_eq!(
        shell(&["-u", "app", "--cap-add", "net_raw"], "grep CapEff /proc/self/status"),
        "CapEff:\t0000000000002000\n"
    );
    assert_eq!(shell(&["-u", "app"], "grep CapEff /proc/self/status"), "CapEff:\t0000000000000000\n");
    assert_eq!(
        shell(&["-w", "/etc", "-e", "APP=test", "-e", "LANG"], "pwd; echo $APP $LANG"),
        "/etc\ntest C.UTF-8\n"
    );
    lab.sh_ok("mkdir -p /tmp/tools; echo one > /tmp/tools/file");
    let mounted = shell(&["-v", "/tmp/tools:/root:ro"], "cd /root; cat file; echo two > file || cat file");
    assert_eq!(mounted, "one\none\n");
    shell(&["-v", "/tmp/tools:/root"], "cd /root; echo two > file");
    assert_eq!(lab.sh_ok("cat /tmp/tools/file"), "two");
    assert_eq!(lab.docker_ok(&["exec", "web", "ls", "/root"]), "", "only the session saw it");
    for (options, hint) in [
        (&["-u", "nosuch"][..], "/etc/passwd inside does not name it"),
        (&["-v", "/tmp/tools:/nosuch"], "mount on /nosuch"),
        (&["-v", "/nosuch:/root"], "No such file"),
        (&["-w", "/nosuch"], "cannot start in /nosuch"),
    ] {
        let output = porthole(&lab, &[&["debug"], options, &["web", "--", "true"]].concat());
        assert!(output.code != 0 && output.stderr.contains(hint), "{output}");
    }
}

#[test]
fn the_tools_get_in_by_each_way_and_leave_no_trace() {
    on_docker_engines(|lab| {
        lab.run(
            "tight",
            &["--read-only", "--user", "1000:1000", "--cap-drop", "ALL"],
            "bb:1",
            &["sleep", "1000"],
        );
        let before = trace(lab, "tight");
        for way in ["bound", "copied", "mounted"] {
            let script = "${PATH%%/bin:*}/porthole --version; echo x > $HISTFILE && echo kept";
            let said = porthole_ok(lab, &["debug", "--placement", way, "tight", "--", "sh", "-c", script]);
            assert!(said.starts_with("porthole ") && said.ends_with("kept\n"), "{way}: {said}");
            assert_eq!(trace(lab, "tight"), before, "{way}");
        }
    });
}

#[cfg(feature = "toolbox")]
#[test]
fn an_empty_image_has_a_shell_and_tools() {
    on_docker_engines(|lab| {
        lab.run("empty", &["--read-only", "--cap-drop", "ALL"], "peer:1", &["idle"]);
        let before = trace(lab, "empty");
        let script = "ls / | grep peer; seq 3 | sort -r | head -n 1; cat /proc/1/comm";
        assert_eq!(porthole_ok(lab, &["debug", "empty", "--", "sh", "-c", script]), "peer\n3\npeer\n");
        assert_eq!(trace(lab, "empty"), before);
    });
}

#[test]
fn a_process_of_no_engine_in_a_user_namespace_is_entered() {
    let lab = lab(Engine::newest());
    let mut command = lab.command("unshare");
    let mut child = command
        .args(["-Urmpniu", "--fork", "--mount-proc", "--kill-child", "sleep", "4711"])
        .spawn()
        .unwrap();
    let find = || lab.sh("pgrep -x -f 'sleep 4711'").stdout;
    wait_for("the process", || !find().is_empty());
    let said = porthole_ok(
        &lab,
        &[
            "debug",
            &format!("pid:{}", find().trim()),
            "--",
            "sh",
            "-c",
            "id -u; readlink /proc/self/ns/user /proc/1/ns/user | uniq | wc -l; ls /proc | grep -c '^[0-9]'",
        ],
    );
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[..2], ["0", "1"], "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn one_command_runs_in_every_container_that_is_meant() {
    let lab = lab(Engine::newest());
    for (name, tier) in [("web", "front"), ("api", "front"), ("db", "back")] {
        lab.run(name, &["--label", &format!("tier={tier}")], "bb:1", &["sleep", "1000"]);
    }
    lab.docker_ok(&["create", "--name", "idle", "bb:1"]);
    let all = porthole(
        &lab,
        &["debug", "--all", "--", "sh", "-c", "hostname -s >/dev/null; echo $((1 + 1)); test ! -e /etc/db"],
    );
    let mut lines: Vec<_> = all.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["api | 2", "db  | 2", "web | 2"]);
    assert_eq!(all.code, 0, "{all}");
    lab.docker_ok(&["exec", "api", "touch", "/etc/broken"]);
    let some = porthole(
        &lab,
        &["debug", "--filter", "label=tier=front", "--", "sh", "-c", "test ! -e /etc/broken || exit 9"],
    );
    assert_eq!((some.code, some.stdout.as_str()), (9, ""));
    assert!(
        some.stderr.contains("2 containers, 1 with exit code 0") && some.stderr.contains("api: exit code 9"),
        "{some}"
    );
    let none = porthole(&lab, &["debug", "--filter", "label=tier=none", "--", "true"]);
    assert!(none.code == 2 && none.stderr.contains("no container"), "{none}");
}

#[test]
fn what_cannot_be_entered_says_why() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    for (arguments, hint) in [
        (&["debug", "wed"][..], "did you mean 'web'"),
        (&["debug", "pid:x"], "pid:4711"),
        (&["--through-engine", "debug", "--mode", "local", "web"], "leave --through-engine out"),
        (&["debug", "--pause", "pid:1", "--", "true"], "name the container"),
        (&["debug"], "CONTAINER"),
    ] {
        let output = porthole(&lab, arguments);
        assert!(output.code == 2 && output.stderr.contains(hint), "{output}");
    }
}
