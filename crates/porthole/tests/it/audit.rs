//! Audits of a real docker CLI before real engines, and what `porthole traffic verify` says of them.

use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab};
use serde_json::{Value, json};

use crate::support::{lab, on_docker_engines, parse, porthole, wait_for};

fn lines(lab: &Lab, file: &str) -> Vec<Value> {
    lab.sh_ok(&format!("cat {file}")).lines().map(parse).collect()
}

fn operations(lines: &[Value], event: &str) -> Vec<String> {
    let of_event = lines.iter().filter(|line| line["event"] == event);
    of_event.map(|line| line["operation"].as_str().unwrap_or("unknown").to_owned()).collect()
}

#[test]
fn a_session_of_run_exec_and_rm_is_audited_and_the_audit_is_intact() {
    on_docker_engines(|lab| {
        let script = "docker run -d --name web --cap-add CHOWN -v /etc:/e -e TOKEN=hunter2 bb:1 sleep 1000 && docker ps \
                      && docker exec web echo hello && docker rm -f web";
        let line = [
            "tap",
            "--audit",
            "/tmp/audit.log",
            "--audit-required",
            "--filter",
            "method = GET",
            "--",
            "sh",
            "-c",
        ];
        let tapped = porthole(lab, &[&line[..], &[script]].concat());
        assert!(tapped.code == 0 && tapped.stdout.contains("hello"), "{tapped}");
        let lines = lines(lab, "/tmp/audit.log");
        let expected = ["ContainerCreate", "ContainerStart", "ContainerExec", "ExecStart", "ContainerDelete"];
        assert_eq!(operations(&lines, "asked"), expected);
        assert_eq!(operations(&lines, "answered"), expected);
        let create = lines.iter().find(|line| line["event"] == "answered").expect("the creation");
        assert_eq!(
            (&create["resource"]["name"], &create["status"]),
            (&"web".into(), &201.into()),
            "{create:#}"
        );
        let details = &create["details"];
        assert_eq!(details["image"], "bb:1", "{create:#}");
        // Newer clients write the whole name.
        assert!(details["added_capabilities"][0].as_str().is_some_and(|name| name.ends_with("CHOWN")));
        assert_eq!((&details["binds"][0], &details["command"][0]), (&"/etc:/e".into(), &"sleep".into()));
        assert!(
            create["client"]["executable"].as_str().is_some_and(|path| path.ends_with("/docker")),
            "{create:#}"
        );
        assert!(!create.to_string().contains("hunter2"));
        let start = lines.iter().find(|line| line["event"] == "answered" && line["operation"] == "ExecStart");
        let exec = &start.expect("the start of the exec")["exec"];
        assert_eq!((&exec["container"], &exec["command"]), (&"web".into(), &json!(["echo", "hello"])));
        let verified = porthole(lab, &["traffic", "verify", "/tmp/audit.log"]);
        assert!(
            verified.code == 0 && verified.stdout.contains("intact") && verified.stdout.contains("closed"),
            "{verified}"
        );
        lab.sh_ok("sed -i 's/\"name\":\"web\"/\"name\":\"wob\"/' /tmp/audit.log");
        let tampered = porthole(lab, &["traffic", "verify", "/tmp/audit.log", "-o", "json"]);
        assert_eq!(
            (tampered.code, &parse(&tampered.stdout)["intact"]),
            (1, &Value::Bool(false)),
            "{tampered}"
        );
        assert_eq!(porthole(lab, &["traffic", "verify", "/nowhere"]).code, 2);
    });
}

/// A tap on its usual socket, with these arguments.
fn tap(lab: &Lab, arguments: &[&str]) -> Child {
    let mut command = lab.command("porthole");
    command.arg("tap").args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let running = command.spawn().expect("porthole starts");
    wait_for("the socket", || lab.sh("DOCKER_HOST=unix:///run/porthole/tap.sock docker ps").code == 0);
    running
}

#[test]
fn a_rotation_by_move_and_sighup_while_calls_go_on_loses_no_line() {
    let lab = lab(Engine::newest());
    let mut running = tap(&lab, &["--audit", "/tmp/audit.log"]);
    let script = "export DOCKER_HOST=unix:///run/porthole/tap.sock
        for i in $(seq 30); do docker volume create v$i; done > /dev/null & 
        sleep 0.5; mv /tmp/audit.log /tmp/audit.log.1; pkill -HUP -x porthole; wait";
    lab.sh_ok(script);
    lab.sh_ok("pkill -TERM -x porthole");
    assert!(running.wait().unwrap().success(), "SIGHUP does not end a tap with an audit");
    let all = [lines(&lab, "/tmp/audit.log.1"), lines(&lab, "/tmp/audit.log")].concat();
    assert_eq!(operations(&all, "answered"), vec!["VolumeCreate"; 30]);
    let verified = porthole(&lab, &["traffic", "verify", "/tmp/audit.log", "/tmp/audit.log.1", "-o", "json"]);
    let verdict = parse(&verified.stdout);
    assert_eq!((verified.code, &verdict["intact"]), (0, &Value::Bool(true)), "{verified}");
    assert_eq!(verdict["files"][0]["path"], "/tmp/audit.log.1", "the oldest first");
    assert!(
        verdict["files"].as_array().unwrap().iter().all(|file| file["notes"] == Value::Array(Vec::new()))
    );
}

#[test]
fn a_tap_that_took_over_audits_every_client_and_its_files_rotate() {
    let lab = lab(Engine::newest());
    let socket = || lab.sh_ok("stat -c '%i %a %u %g' /run/docker.sock");
    let before = socket();
    let mut command = lab.command("porthole");
    command.args(["tap", "--take-over", "--audit", "/tmp/audit.log", "--audit-required"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("porthole starts");
    wait_for("the take-over", || {
        lab.docker_ok(&["volume", "create", "probe"]);
        lab.sh("grep -q answered /tmp/audit.log").code == 0
    });
    lab.sh_ok("mv /tmp/audit.log /tmp/audit.log.1; pkill -HUP -x porthole");
    wait_for("the new file", || lab.sh("grep -q opened /tmp/audit.log").code == 0);
    lab.docker_ok(&["volume", "create", "later"]);
    lab.sh_ok("pkill -TERM -x porthole");
    assert!(running.wait().unwrap().success());
    assert_eq!(socket(), before, "the engine's socket is back");
    let later = lines(&lab, "/tmp/audit.log");
    assert_eq!(
        (operations(&later, "asked"), operations(&later, "answered")),
        (vec!["VolumeCreate".to_owned()], vec!["VolumeCreate".to_owned()])
    );
    assert_eq!(later[2]["resource"]["name"], "later", "{later:#?}");
    let verified = porthole(&lab, &["traffic", "verify", "/tmp/audit.log.1", "/tmp/audit.log"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[test]
fn an_audit_that_cannot_be_written_refuses_what_changes_and_says_why() {
    let lab = lab(Engine::newest());
    lab.sh_ok("mkdir /tmp/small && mount -t tmpfs -o size=64k none /tmp/small");
    let mut running = tap(&lab, &["--audit", "/tmp/small/audit.log", "--audit-required"]);
    lab.sh("head -c 1000000 /dev/zero > /tmp/small/ballast");
    let docker = |words: &str| lab.sh(&format!("docker -H unix:///run/porthole/tap.sock {words}"));
    let mut first = docker("volume create filler");
    wait_for("the last free page", || {
        first = docker("volume create filler");
        first.code != 0
    });
    assert!(
        first.stderr.contains("No space left"),
        "{first}\n{}",
        lab.sh_ok("cat /tmp/small/audit.log; df /tmp/small")
    );
    let refused = docker("volume create never");
    assert!(
        refused.stderr.contains("porthole refused the call") && refused.stderr.contains("No space left"),
        "{refused}"
    );
    assert_eq!(docker("ps").code, 0, "what changes nothing passes");
    assert_eq!(docker("volume inspect never").code, 1, "the engine never heard of it");
    lab.sh_ok("rm /tmp/small/ballast");
    wait_for("room", || docker("volume create later").code == 0);
    lab.sh_ok("pkill -TERM -x porthole");
    assert!(running.wait().unwrap().success());
    let verified = porthole(&lab, &["traffic", "verify", "/tmp/small/audit.log"]);
    assert_eq!(verified.code, 0, "{verified}");
    lab.sh_ok("umount /tmp/small");
}
