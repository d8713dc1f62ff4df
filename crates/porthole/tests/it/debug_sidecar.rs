//! Into containers through the engine alone, on real engines: nothing of the target is missing, nothing stays.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use porthole_lab::{Engine, Identity, Lab, Output};

use crate::support::{PORTHOLE, builder, lab, start, wait_for};

/// What an unfriendly target has.
pub(crate) const HARDENED: [&str; 9] = [
    "--read-only",
    "--cap-drop",
    "ALL",
    "--user",
    "1000:1000",
    "--env",
    "MODE=production",
    "--security-opt",
    "no-new-privileges",
];

/// Runs a command in the container through the engine.
pub(crate) fn inside(lab: &Lab, options: &[&str], container: &str, command: &[&str]) -> Output {
    let begin = ["porthole", "debug", "--mode", "sidecar"];
    lab.exec(&[&begin, options, &[container, "--"], command].concat())
}

/// The same with this input, for exact bytes.
pub(crate) fn piped(lab: &Lab, container: &str, command: &[&str], input: &[u8]) -> std::process::Output {
    let mut porthole = lab.command("porthole");
    porthole.args(["debug", "--mode", "sidecar", container, "--"]).args(command);
    feed(porthole, input)
}

fn feed(mut porthole: Command, input: &[u8]) -> std::process::Output {
    porthole.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = porthole.spawn().expect("it works");
    let mut stdin = child.stdin.take().expect("it works");
    std::thread::scope(|threads| {
        threads.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("it works")
    })
}

/// Ends the test unless nothing of a session is left: no container, no change of the target, no process in it.
pub(crate) fn assert_no_trace(lab: &Lab, container: &str) {
    wait_for("the session's container to be removed", || sidecars(lab).is_empty());
    assert_eq!(lab.docker_ok(&["diff", container]), "");
    wait_for("the session's processes to end", || processes(lab, container) == 1);
    let mounts = lab.sh_ok(&format!("cat /proc/{}/mountinfo", first_process(lab, container)));
    assert!(!mounts.contains("/.porthole"), "{mounts}");
}

pub(crate) fn sidecars(lab: &Lab) -> String {
    lab.docker_ok(&[
        "ps",
        "--all",
        "--filter",
        "label=porthole=session",
        "--format",
        "{{.Names}} {{.Status}}",
    ])
}

fn first_process(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "--format", "{{.State.Pid}}", container])
}

/// How many processes, zombies included, are in the target's pid namespace.
fn processes(lab: &Lab, container: &str) -> usize {
    let pid = first_process(lab, container);
    let script = format!(
        "own=$(readlink /proc/{pid}/ns/pid); for p in /proc/[0-9]*; do \
         [ \"$(readlink $p/ns/pid)\" = \"$own\" ] && echo $p; \
         grep -q '^State:.*Z' $p/status 2>/dev/null && [ \"$(sed -n 's/^PPid:[^0-9]*//p' $p/status)\" = {pid} ] \
         && echo $p; done; true"
    );
    let listed = lab.sh_ok(&script);
    let mut lines: Vec<_> = listed.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    lines.len()
}

/// The engines that the promise is for.
fn on_engines(test: impl Fn(&Lab)) {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if Engine::available().contains(&engine) {
            test(&lab(engine));
        }
    }
}

#[test]
fn a_hardened_container_of_an_empty_image_is_entered() {
    on_engines(|lab| {
        lab.run("web", &HARDENED, "peer:1", &["http", "80"]);
        let output =
            inside(lab, &[], "web", &["sh", "-c", "id -u; ls /; echo $MODE; cat /proc/1/comm; exit 3"]);
        assert_eq!(output.code, 3, "{output}");
        for expected in ["0\n", "peer\n", "production\n"] {
            assert!(output.stdout.contains(expected), "{output}");
        }
        assert_eq!(output.stderr, "", "{output}");
        assert_no_trace(lab, "web");
    });
}

#[test]
fn bytes_and_codes_are_exact() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--network", "none"], "peer:1", &["idle"]);
    let every: Vec<u8> = (0..=255).cycle().take(1_500_000).collect();
    let echoed = piped(&lab, "web", &["cat"], &every);
    assert_eq!((echoed.status.code(), echoed.stdout == every), (Some(0), true));
    let apart = inside(&lab, &[], "web", &["sh", "-c", "echo out; echo error >&2; exit 42"]);
    assert_eq!((apart.code, apart.stdout.as_str(), apart.stderr.as_str()), (42, "out\n", "error\n"));
    let words = ["sh", "-c", "printf '[%s]' \"$@\"", "sh", "it's", "$(id)", "two  words", "", "ü"];
    assert_eq!(inside(&lab, &[], "web", &words).stdout, "[it's][$(id)][two  words][][ü]");
    assert_eq!(inside(&lab, &[], "web", &["no-such-program"]).code, 127);
    assert_eq!(inside(&lab, &[], "web", &["/etc/hostname"]).code, 126);
    assert_eq!(inside(&lab, &[], "web", &["sh", "-c", "kill -TERM $$"]).code, 143);
    assert_no_trace(&lab, "web");
}

#[test]
fn a_command_that_reads_nothing_is_no_obstacle() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    let much = vec![b'x'; 3_000_000];
    let output = piped(&lab, "web", &["sh", "-c", "exit 7"], &much);
    assert_eq!(output.status.code(), Some(7));
    // Killed while more input waits than anything on the way holds.
    let mut porthole = lab.command("porthole");
    porthole.args(["debug", "--mode", "sidecar", "web", "--", "sleep", "1000"]);
    let mut child = porthole.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || stdin.write_all(&much));
    wait_for("the command", || processes(&lab, "web") > 2);
    child.kill().unwrap();
    child.wait().unwrap();
    drop(feeding.join());
    assert_no_trace(&lab, "web");
}

#[test]
fn a_frozen_or_full_container_is_entered() {
    on_engines(|lab| {
        lab.run("frozen", &[], "peer:1", &["idle"]);
        lab.docker_ok(&["pause", "frozen"]);
        let output = inside(lab, &[], "frozen", &["cat", "/proc/1/comm"]);
        assert_eq!((output.code, output.stdout.as_str()), (0, "peer\n"), "{output}");
        lab.docker_ok(&["unpause", "frozen"]);
        assert_no_trace(lab, "frozen");
        lab.run("full", &["--pids-limit", "3"], "peer:1", &["idle"]);
        let output = inside(lab, &[], "full", &["sh", "-c", "echo a | cat; exit 5"]);
        assert_eq!((output.code, output.stdout.as_str()), (5, "a\n"), "{output}");
        assert_no_trace(lab, "full");
    });
}

#[test]
fn killed_at_any_moment_nothing_stays() {
    on_engines(|lab| {
        lab.run("web", &HARDENED, "peer:1", &["idle"]);
        assert_eq!(inside(lab, &[], "web", &["true"]).code, 0, "the image lies there from now on");
        let script = "sleep 500 & sh -c 'sleep 600 & sleep 700' & echo ready; sleep 800";
        for moment in 0..8 {
            let mut porthole = lab.command("porthole");
            porthole.args(["debug", "--mode", "sidecar", "web", "--", "sh", "-c", script]);
            let mut child = porthole.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            match moment {
                7 => drop(child.stdout.as_mut().unwrap().read_exact(&mut [0; 6])),
                0..=2 => wait_for("the container", || !sidecars(lab).is_empty()),
                _ => wait_for("its start", || sidecars(lab).contains("Up") || processes(lab, "web") > 1),
            }
            child.kill().unwrap();
            child.wait().unwrap();
            // One that was made and never started is for the next run and for gc, once it is old.
            wait_for("its end", || {
                let left = sidecars(lab);
                for line in left.lines().filter(|line| line.ends_with("Created")) {
                    // Where the engine removes it meanwhile, that is as good.
                    lab.docker(&["rm", line.split(' ').next().unwrap()]);
                }
                left.is_empty()
            });
            assert_no_trace(lab, "web");
        }
    });
}

#[test]
fn asked_to_stop_it_leaves_nothing() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    for signal in ["TERM", "HUP"] {
        let mut porthole = lab.command("porthole");
        porthole.args(["debug", "--mode", "sidecar", "web", "--", "sh", "-c", "echo ready; sleep 800"]);
        let mut child = porthole.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        lab.sh_ok(&format!("kill -{signal} $(pgrep -x porthole | head -n 1)"));
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_eq!(sidecars(&lab), "", "it is gone when porthole is");
        assert_no_trace(&lab, "web");
    }
    // Ctrl-C is the command's.
    let mut porthole = lab.command("porthole");
    porthole.args(["debug", "--mode", "sidecar", "web", "--", "sleep", "800"]);
    let mut child = porthole.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    wait_for("the command", || !lab.sh("pgrep -x sleep").stdout.is_empty());
    lab.sh_ok("kill -INT $(pgrep -x porthole | head -n 1)");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_no_trace(&lab, "web");
}

#[test]
fn who_is_not_root_gets_in_through_the_engine() {
    let lab = lab(Engine::newest());
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().unwrap();
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let mut porthole = lab.command_as(&identity, "porthole");
    porthole.args(["debug", "web", "--", "cat", "/proc/1/comm"]);
    let output = lab.run_command(porthole, &["porthole"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "peer\n"), "{output}");
    assert_no_trace(&lab, "web");
}

#[test]
fn targets_in_other_pid_namespaces_are_found() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--env", "NAME=web"], "peer:1", &["idle"]);
    lab.run("beside", &["--pid", "container:web", "--env", "NAME=beside"], "peer:1", &["idle"]);
    lab.run("host", &["--pid", "host", "--network", "host", "--env", "NAME=host"], "peer:1", &["idle"]);
    for container in ["web", "beside", "host"] {
        let output = inside(&lab, &[], container, &["sh", "-c", "echo $NAME"]);
        assert_eq!((output.code, output.stdout.trim()), (0, container), "{output}");
    }
    assert_eq!(sidecars(&lab), "");
}

#[test]
fn an_engine_over_tcp_is_no_other() {
    let lab = start(builder(Engine::newest()).engine_argument("-H").engine_argument("tcp://127.0.0.1:2375"));
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    let words = [
        "porthole",
        "-H",
        "tcp://127.0.0.1:2375",
        "debug",
        "--mode",
        "sidecar",
        "web",
        "--",
        "sh",
        "-c",
        "exit 4",
    ];
    assert_eq!(lab.exec(&words).code, 4);
    assert_no_trace(&lab, "web");
}

#[test]
fn an_engine_over_ssh_is_entered_without_being_told_how() {
    let lab = lab(Engine::Docker20);
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    let home = tempfile::tempdir().unwrap();
    let script = format!("{PORTHOLE} -H \"$ENGINE\" debug web -- sh -c 'cat /proc/1/comm; exit 4'");
    let output = lab.over_ssh(home.path(), &["sh", "-c", &script]).unwrap();
    assert_eq!((output.code, output.stdout.as_str()), (4, "peer\n"), "{output}");
    assert_no_trace(&lab, "web");
}
