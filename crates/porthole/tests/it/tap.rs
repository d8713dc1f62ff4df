//! `porthole tap` and `porthole traffic` between a real docker CLI and real engines.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, on_docker_engines, parse, porthole, porthole_ok, wait_for};

/// The calls that a tap with `--output json` wrote.
fn calls(lines: &str) -> Vec<Value> {
    lines.lines().filter(|line| line.starts_with('{')).map(parse).collect()
}

fn operations(calls: &[Value]) -> Vec<&str> {
    calls.iter().filter_map(|call| call["operation"].as_str()).collect()
}

#[test]
fn a_command_notices_nothing_and_its_calls_are_shown() {
    on_docker_engines(|lab| {
        let run = ["docker", "run", "--rm", "bb:1", "sh", "-c", "echo out; echo err >&2; exit 7"];
        let direct = lab.exec(&run);
        let tapped = porthole(lab, &[&["tap", "-o", "json", "--"], &run[..]].concat());
        assert_eq!((tapped.code, &tapped.stdout), (direct.code, &direct.stdout), "{tapped}");
        assert!(tapped.stderr.contains("err\n"), "{tapped}");
        let calls = calls(&tapped.stderr);
        for operation in ["ContainerCreate", "ContainerAttach", "ContainerStart", "ContainerWait"] {
            assert!(operations(&calls).contains(&operation), "{operation} in {tapped}");
        }
        assert_eq!(
            calls[0]["client"]["executable"].as_str().map(|path| path.ends_with("/docker")),
            Some(true)
        );
        assert_eq!(lab.sh_ok("ls /run/porthole"), "", "no socket is left");
    });
}

#[test]
fn a_command_that_does_not_exist_leaves_no_recording() {
    let lab = lab(Engine::newest());
    let tapped = porthole(&lab, &["tap", "--record", "/run/none.db", "--", "no-such-command"]);
    assert_eq!(tapped.code, 2);
    assert!(tapped.stderr.contains("cannot run no-such-command"), "{tapped}");
    assert_eq!(lab.sh_ok("ls -d /run/none.db* /run/porthole/* 2>/dev/null || true"), "");
}

#[test]
fn output_that_comes_late_arrives_whole() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let late = porthole(&lab, &["tap", "--", "docker", "exec", "web", "sh", "-c", "sleep 1; echo hi"]);
    assert_eq!(late.stdout, "hi\n", "{late}");
    let typed = lab.sh("printf 'a\\nb\\n' | porthole tap -- docker exec -i web wc -l");
    assert_eq!(typed.stdout.trim(), "2", "{typed}");
    let bulk = lab.sh("porthole tap -- docker exec web sh -c 'head -c 20000000 /dev/zero' | wc -c");
    assert_eq!(bulk.stdout.trim(), "20000000", "{bulk}");
}

#[test]
fn a_filter_chooses_and_a_wrong_one_is_pointed_at() {
    let lab = lab(Engine::newest());
    let arguments = ["tap", "-o", "json", "-f", "status >= 400", "--", "docker", "inspect", "nobody"];
    let tapped = porthole(&lab, &arguments);
    assert_eq!(tapped.code, 1);
    let calls = calls(&tapped.stderr);
    assert!(!calls.is_empty() && calls.iter().all(|call| call["status"] == 404), "{tapped}");
    let wrong = porthole(&lab, &["tap", "-f", "metod = GET", "--", "true"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("^^^^^") && wrong.stderr.contains("method"), "{wrong}");
}

#[test]
fn a_call_from_a_container_says_which() {
    let lab = lab(Engine::newest());
    let id = lab.run("agent", &[], "peer:1", &["idle"]);
    let inside = format!(
        "for group in /sys/fs/cgroup/*/docker/{id} /sys/fs/cgroup/docker/{id}; do
             [ -e $group/cgroup.procs ] && echo $$ > $group/cgroup.procs && break
         done; exec docker ps -q"
    );
    let tapped =
        porthole(&lab, &["tap", "-o", "json", "-f", "client.container = agent", "--", "sh", "-c", &inside]);
    let calls = calls(&tapped.stderr);
    assert!(operations(&calls).contains(&"ContainerList"), "{tapped}");
    assert!(calls.iter().all(|call| call["client"]["container"].to_string().contains(&id)), "{calls:#?}");
}

#[test]
fn a_recording_is_listed_shown_counted_and_exported() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    let script = "docker ps; docker inspect web; docker pull nowhere:1; docker inspect nobody";
    porthole(&lab, &["tap", "--record", "/tmp/calls.db", "--", "sh", "-c", script]);
    let listed = calls(&porthole_ok(&lab, &["traffic", "ls", "/tmp/calls.db", "-o", "json"]));
    let pull = listed.iter().find(|call| call["operation"] == "ImageCreate").expect("the pull");
    let shown = porthole_ok(&lab, &["traffic", "show", "/tmp/calls.db", &pull["id"].to_string()]);
    assert!(shown.contains("X-Registry-Auth: ********"), "credentials are masked: {shown}");
    let inspected =
        listed.iter().find(|call| call["operation"] == "ContainerInspect").expect("the inspection");
    let shown = porthole_ok(&lab, &["traffic", "show", "/tmp/calls.db", &inspected["id"].to_string()]);
    assert!(shown.contains("\"NetworkSettings\""), "{shown}");
    let statistics =
        parse(&porthole_ok(&lab, &["traffic", "stats", "/tmp/calls.db", "-o", "json", "-f", "failed"]));
    let failed = listed.iter().filter(|call| call["failed"] == true).count();
    assert!(failed >= 2 && statistics["total"]["calls"] == failed, "{statistics:#}");
    let har = parse(&porthole_ok(&lab, &["traffic", "export", "/tmp/calls.db", "--format", "har"]));
    assert_eq!(har["log"]["entries"].as_array().map(Vec::len), Some(listed.len()));
    let curl = porthole_ok(
        &lab,
        &["traffic", "export", "/tmp/calls.db", "--format", "curl", "-f", "operation = ContainerList"],
    );
    let repeated = parse(&lab.sh_ok(&format!("{curl} 2>/dev/null")));
    assert_eq!(repeated[0]["Names"][0], "/web", "the curl command makes the same call");
}

/// The bodies of a recording that are not text, one behind the other.
fn recorded_bodies(lab: &Lab, recording: &str) -> String {
    lab.sh_ok(&format!(
        r#"porthole traffic export {recording} --format har | tr ',' '\n' |
            sed -n 's/.*"text":"\([A-Za-z0-9+\/=]\{{4,\}}\)".*/\1/p' |
            while read text; do echo $text | base64 -d | tr -cd '[:print:]'; echo; done 2> /dev/null"#
    ))
}

#[test]
fn a_build_is_seen_call_by_call_on_its_streams() {
    for engine in [Engine::Docker26, Engine::newest()] {
        let lab = lab(engine);
        lab.sh_ok(
            "mkdir /tmp/context && cd /tmp/context && echo hidden-in-a-file > secret.txt
             printf 'FROM bb:1\nARG TOKEN\nCOPY secret.txt /\nRUN false\n' > Dockerfile",
        );
        let build =
            "DOCKER_BUILDKIT=1 docker build --progress plain --build-arg TOKEN=hunter2hunter2 /tmp/context";
        let tapped =
            porthole(&lab, &["tap", "-o", "json", "--record", "/tmp/build.db", "--", "sh", "-c", build]);
        assert_ne!(tapped.code, 0);
        let calls = calls(&tapped.stderr);
        let of = |operation: &'static str| calls.iter().filter(move |call| call["operation"] == operation);
        let solved =
            of("moby.buildkit.v1.Control/Solve").find(|call| call["failed"] == true).expect("the failure");
        let failure = solved["failure"].to_string();
        assert!(failure.contains("UNKNOWN: process") && failure.contains("exit code: 1"), "{failure}");
        let carrier =
            |call: &Value| calls.iter().find(|each| each["id"] == call["carrier"]["exchange"]).cloned();
        assert_eq!(carrier(solved).expect("its carrier")["operation"], "Grpc");
        assert_eq!(
            (&solved["carrier"]["engine_asks"], &solved["grpc"]["status"]),
            (&false.into(), &2.into())
        );
        let transfer = of("moby.filesync.v1.FileSync/DiffCopy").next().expect("the engine reads the context");
        assert_eq!((&transfer["carrier"]["engine_asks"], &transfer["failed"]), (&true.into(), &false.into()));
        assert_eq!(carrier(transfer).expect("its carrier")["operation"], "Session");
        assert!(of("moby.buildkit.v1.Control/Status").all(|call| call["failed"] == false), "{tapped}");
        let id = transfer["id"].to_string();
        let shown = porthole_ok(&lab, &["traffic", "show", "/tmp/build.db", &id]);
        assert!(
            shown.contains("the engine asks the client") && shown.contains("it carries credentials"),
            "{shown}"
        );
        let bodies = recorded_bodies(&lab, "/tmp/build.db");
        assert!(bodies.contains("build-arg:TOKEN**************"), "{bodies}");
        assert!(!bodies.contains("hidden-in-a-file") && !bodies.contains("TOKENhunter2"), "{bodies}");
        let asked = porthole_ok(&lab, &["traffic", "ls", "/tmp/build.db", "-f", "engine_asks"]);
        assert!(!asked.is_empty() && asked.lines().all(|line| line.contains("(the engine asks)")), "{asked}");
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    let lab = lab(Engine::newest());
    for (file, words) in [("/etc/passwd", "not a recording"), ("/nowhere", "does not exist")] {
        let refused = porthole(&lab, &["traffic", "ls", file]);
        assert!(refused.code == 2 && refused.stderr.contains(words), "{refused}");
    }
}

#[test]
fn a_socket_is_kept_from_others_replaced_when_stale_and_removed_in_the_end() {
    let lab = lab(Engine::newest());
    let tap = || {
        let mut command = lab.command("porthole");
        command.args(["tap", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let running = command.spawn().unwrap();
        wait_for("the socket", || lab.sh("DOCKER_HOST=unix:///run/porthole/tap.sock docker ps").code == 0);
        running
    };
    let mut first = tap();
    assert_eq!(lab.sh_ok("stat -c %a /run/porthole/tap.sock"), "600");
    let second = porthole(&lab, &["tap"]);
    assert!(second.code == 2 && second.stderr.contains("is in use"), "{second}");
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(lab.sh("test -S /run/porthole/tap.sock").code, 0, "a killed tap leaves its socket");
    let mut next = tap();
    let mut lines = BufReader::new(next.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("SystemPing"));
    lab.sh_ok("pkill -INT -x porthole");
    assert!(next.wait().unwrap().success());
    assert_eq!(lab.sh_ok("ls /run/porthole"), "");
    let exposed = porthole(&lab, &["tap", "--listen", "tcp://0.0.0.0:2375"]);
    assert!(exposed.code == 2 && exposed.stderr.contains("--insecure"), "{exposed}");
}

#[test]
fn a_tap_on_tcp_before_an_engine() {
    let lab = lab(Engine::newest());
    let mut command = lab.command("porthole");
    command.args(["tap", "--listen", "tcp://127.0.0.1:2375"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    wait_for("the port", || lab.sh("docker -H tcp://127.0.0.1:2375 ps").code == 0);
    assert_eq!(lab.sh_ok("docker -H tcp://127.0.0.1:2375 run --rm bb:1 echo hello"), "hello");
    lab.sh_ok("pkill -TERM -x porthole");
    assert!(running.wait().unwrap().success());
}
