//! A session of which every process in turn is killed: nothing of it stays, and a frozen container goes on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab};

use crate::support::{lab, on_docker_engines, wait_for};

/// A command with processes in the background, one of them in a session of its own. The shell is the container's, which an
/// interrupt ends.
const COMMAND: &str = "sleep 4711 & setsid sleep 4712 & (sleep 4713 &) ; echo ready; wait";

fn begin(lab: &Lab, options: &str) -> Child {
    let line = format!("exec porthole debug {options} web -- /bin/sh -c '{COMMAND}' > /tmp/ready");
    let mut command = lab.command("sh");
    let child = command.args(["-c", &line]).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the session", || {
        lab.sh("cat /tmp/ready").stdout == "ready\n" && sleepers(lab).lines().count() == 3
    });
    child
}

fn wait_for_end(client: &mut Child) {
    wait_for("the client's end", || client.try_wait().unwrap().is_some());
}

fn sleepers(lab: &Lab) -> String {
    lab.sh("pgrep -x -f 'sleep 471.'").stdout
}

/// The processes of the session, from the client down to the command.
fn chain(lab: &Lab) -> Vec<String> {
    let find = "p=$(pgrep -o -f '^porthole debug'); while [ -n \"$p\" ]; do echo $p; p=$(pgrep -o -P $p); done; true";
    lab.sh_ok(find).lines().map(str::to_owned).collect()
}

fn is_clean(lab: &Lab) -> bool {
    let of_session = lab.sh("pgrep -f '[p]orthole debug|[p]orthole-keeper|[p]orthole-thaw'").stdout;
    sleepers(lab).is_empty() && of_session.trim().is_empty()
}

fn processes(lab: &Lab) -> Vec<String> {
    lab.docker_ok(&["top", "web", "-eo", "pid,stat,comm"]).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn whichever_process_is_killed_nothing_stays() {
    on_docker_engines(|lab| {
        lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
        let before = processes(lab).len();
        let diff = || lab.sh_ok("docker diff web | sort");
        let diff_before = diff();
        for victim in 0..5 {
            for signal in if victim == 0 { &["KILL", "TERM", "HUP", "INT"][..] } else { &["KILL"] } {
                let mut client = begin(lab, "");
                let chain = chain(lab);
                assert!(chain.len() >= 5, "client, keeper, two inside, command: {chain:?}");
                lab.sh_ok(&format!("kill -{signal} {}", chain[victim]));
                wait_for_end(&mut client);
                wait_for(&format!("the end after {signal} of {victim}"), || is_clean(lab));
                wait_for("the container's own processes", || processes(lab).len() == before);
                assert_eq!(diff(), diff_before);
            }
        }
    });
}

#[test]
fn a_first_process_that_reaps_nothing_gets_no_zombies() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    // All but the upper process inside, whose own end only the container's first process could notice.
    for victim in [0, 1, 3, 4] {
        let mut client = begin(&lab, "");
        lab.sh_ok(&format!("kill -KILL {}", chain(&lab)[victim]));
        wait_for_end(&mut client);
        wait_for("the end", || is_clean(&lab));
        assert_eq!(processes(&lab).len(), 1, "after {victim}: {:?}", processes(&lab));
    }
}

#[test]
fn a_container_is_let_go_on_when_the_client_is_killed() {
    on_docker_engines(|lab| {
        lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
        let state = || lab.docker_ok(&["inspect", "--format", "{{.State.Status}}", "web"]);
        let mut client = begin(lab, "--pause");
        assert_eq!(state(), "paused");
        lab.sh_ok("kill -KILL $(pgrep -o -f '^porthole debug')");
        wait_for_end(&mut client);
        wait_for("the container to go on", || state() == "running");
        wait_for("the end", || is_clean(lab));
    });
}
