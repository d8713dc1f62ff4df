//! Into a container as its own application, and beside it with the tools of another image.

use std::io::Read;
use std::process::Stdio;

use porthole_lab::{Engine, Lab};

use crate::debug_sidecar::{HARDENED, assert_no_trace, inside, sidecars};
use crate::support::{builder, lab, start, wait_for};

fn on_engines(test: impl Fn(&Lab)) {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if Engine::available().contains(&engine) {
            test(&lab(engine));
        }
    }
}

#[test]
fn the_application_s_own_identity() {
    on_engines(|lab| {
        lab.run("web", &HARDENED, "peer:1", &["idle"]);
        let script = "id -u; echo $MODE; cat /proc/self/status; exit 8";
        let output = inside(lab, &["--as-target"], "web", &["sh", "-c", script]);
        assert_eq!(output.code, 8, "{output}");
        assert!(output.stdout.starts_with("1000\nproduction\n"), "{output}");
        let own = lab.sh_ok("cat /proc/$(docker inspect --format '{{.State.Pid}}' web)/status");
        assert_eq!(rights(&output.stdout), rights(&own), "{output}");
        assert_no_trace(lab, "web");
    });
}

/// The lines of `proc_pid_status(5)` that say what a process may do.
fn rights(status: &str) -> Vec<&str> {
    let says = |line: &&str| {
        ["CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:"].iter().any(|name| line.starts_with(name))
    };
    let lines: Vec<_> = status.lines().filter(says).collect();
    assert_eq!(lines.len(), 4, "{status}");
    lines
}

#[test]
fn killed_it_takes_its_tools_away() {
    on_engines(|lab| {
        lab.run("web", &HARDENED, "peer:1", &["idle"]);
        let mut porthole = lab.command("porthole");
        porthole.args(["debug", "--mode", "sidecar", "--as-target", "web", "--"]);
        porthole.args(["sh", "-c", "sleep 300 & echo ready; sleep 400"]);
        let mut child = porthole.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_no_trace(lab, "web");
    });
}

#[test]
fn two_sessions_do_not_disturb_each_other() {
    let lab = lab(Engine::newest());
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    let mut first = lab.command("porthole");
    first.args(["debug", "--mode", "sidecar", "--as-target", "web", "--", "sh", "-c"]);
    first.arg("echo ready; cat; id -u");
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    first.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    assert_eq!(inside(&lab, &["--as-target"], "web", &["id", "-u"]).stdout, "1000\n");
    drop(first.stdin.take());
    let mut rest = String::new();
    first.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), first.wait().unwrap().code()), ("1000\n", Some(0)));
    assert_no_trace(&lab, "web");
}

#[test]
fn a_tool_image_is_pulled_used_and_left_to_the_engine() {
    let lab = start(builder(Engine::newest()).with_registry());
    lab.run("web", &HARDENED, "peer:1", &["http", "80"]);
    lab.push("bb:1", "tools:1").unwrap();
    let never = inside(&lab, &["--image", "tools:1", "--pull", "never"], "web", &["true"]);
    assert!(never.code == 2 && never.stderr.contains("tools:1"), "{never}");
    let script = "cat /proc/1/comm; ls /proc/1/root; wget -O - http://127.0.0.1:80/ >/dev/null && exit 9";
    let output = inside(&lab, &["--image", "tools:1"], "web", &["sh", "-c", script]);
    assert!(output.stdout.starts_with("peer\n") && output.stdout.contains("etc\n"), "{output}");
    assert_eq!(output.code, 9, "{output}");
    assert_eq!(sidecars(&lab), "");
    assert_no_trace(&lab, "web");
    let missing = inside(&lab, &["--image", "nowhere:1"], "web", &["true"]);
    assert!(missing.code == 2 && missing.stderr.contains("nowhere"), "{missing}");
}

#[test]
fn a_paused_container_says_why_it_runs_nothing() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    lab.docker_ok(&["pause", "web"]);
    let output = inside(&lab, &["--as-target"], "web", &["true"]);
    assert!(output.code == 2 && output.stderr.contains("--as-target"), "{output}");
    lab.docker_ok(&["unpause", "web"]);
    wait_for("the tools to be gone", || sidecars(&lab).is_empty());
    assert_no_trace(&lab, "web");
}
