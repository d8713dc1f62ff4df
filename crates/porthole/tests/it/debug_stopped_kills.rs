//! What is left of a session in something that does not run when porthole is killed: nothing.

use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab};

use crate::debug_stopped::{FAULTY, MEND, assert_nothing_held, conf, diff};
use crate::support::{builder, lab, porthole_ok, start, wait_for};

/// A session that changed the file and then stays.
fn session(lab: &Lab, options: &[&str]) -> Child {
    let output = lab.directory().join("said");
    let mut command = lab.command("porthole");
    command.args(options).args(["web", "--", "sh", "-c"]).arg(format!("{MEND}; echo changed; sleep 1000"));
    let said = std::fs::File::create(&output).expect("a file");
    let running = command.stdout(said).stderr(Stdio::null()).spawn().expect("porthole");
    wait_for("the change", || std::fs::read_to_string(&output).is_ok_and(|text| text.contains("changed")));
    running
}

fn kill(mut running: Child) {
    running.kill().expect("its end");
    running.wait().expect("its end");
}

fn everything(lab: &Lab) -> String {
    let mounts =
        "cat /proc/[0-9]*/mountinfo 2>/dev/null | cut -d' ' -f 5- | sort -u | grep -c overlay || true";
    lab.sh_ok(&format!("docker ps -aq; docker images -aq | sort; docker volume ls -q; {mounts}"))
}

#[test]
fn a_killed_session_leaves_nothing_of_itself() {
    let lab = lab(Engine::newest());
    lab.sh_ok(FAULTY);
    let before = (everything(&lab), diff(&lab, "web"));
    kill(session(&lab, &["debug"]));
    wait_for("the end of all", || everything(&lab) == before.0);
    assert_eq!(diff(&lab, "web"), before.1);
    assert_eq!(conf(&lab), "lisen 80");
    assert_nothing_held(&lab);
    kill(session(&lab, &["debug", "--write-back"]));
    wait_for("the end of all", || everything(&lab) == before.0);
    assert_eq!(conf(&lab), "listen 80");
    lab.docker_ok(&["start", "web"]);
}

#[test]
fn a_killed_replica_ends_by_itself_and_its_image_is_collected() {
    let lab = start(
        builder(Engine::newest())
            .daemon_json(serde_json::json!({ "features": { "containerd-snapshotter": true } })),
    );
    lab.sh_ok(FAULTY);
    let before = everything(&lab);
    kill(session(&lab, &["debug"]));
    wait_for("the end of the replica", || !lab.docker_ok(&["ps", "-a"]).contains("porthole"));
    porthole_ok(&lab, &["gc"]);
    assert_eq!(everything(&lab), before);
    assert_eq!(conf(&lab), "lisen 80");
}
