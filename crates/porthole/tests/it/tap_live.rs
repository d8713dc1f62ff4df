//! What `porthole tap --verbose` shows of calls while they pass, between a real docker CLI and real engines.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use porthole_lab::{Engine, Output};
use serde_json::Value;

use crate::support::{lab, on_docker_engines, parse, porthole, wait_for};

/// The objects that a tap beside a command wrote.
fn objects(tapped: &Output) -> Vec<Value> {
    tapped.stderr.lines().filter(|line| line.starts_with('{')).map(parse).collect()
}

/// The texts of the parts of that kind in one half of an operation's calls.
fn texts<'a>(objects: &'a [Value], operation: &str, message: &str, part: &str) -> Vec<&'a str> {
    let is_one = |object: &&Value| {
        (&object["operation"], &object["message"], &object["part"])
            == (&operation.into(), &message.into(), &part.into())
    };
    let field = if part == "entry" { "name" } else { "text" };
    objects.iter().filter(is_one).filter_map(|object| object[field].as_str()).collect()
}

#[test]
fn a_stream_is_shown_while_it_goes_on() {
    let lab = lab(Engine::newest());
    let mut tap = lab.command("porthole");
    tap.args(["tap", "-v", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut tap = tap.spawn().unwrap();
    let mut lines = BufReader::new(tap.stdout.take().unwrap()).lines();
    wait_for("the socket", || lab.sh("DOCKER_HOST=unix:///run/porthole/tap.sock docker ps").code == 0);
    let mut events = lab.command("docker");
    events.args(["-H", "unix:///run/porthole/tap.sock", "events"]).stdout(Stdio::null());
    let mut events = events.spawn().unwrap();
    let mut find = |wanted: &dyn Fn(&Value) -> bool| {
        lines.by_ref().map(|line| parse(&line.unwrap())).find(|object| {
            assert!(object["operation"] != "SystemEvents" || object["part"].is_string(), "it goes on");
            wanted(object)
        })
    };
    let is_head = |object: &Value| object["message"] == "answer" && object["operation"] == "SystemEvents";
    find(&is_head).expect("the head");
    lab.sh_ok("docker network create seen");
    let event = find(&|object| object["part"] == "json" && object["operation"] == "SystemEvents").unwrap();
    assert!(event["text"].as_str().unwrap().contains("\"seen\""), "{event}");
    lab.sh_ok("pkill -INT -x porthole");
    assert!(tap.wait().unwrap().success());
    events.wait().unwrap();
}

#[test]
fn bodies_are_taken_apart_as_they_pass() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        lab.sh_ok("mkdir /tmp/up && echo 1 > /tmp/up/one && printf 'FROM bb:1\\nRUN echo built\\n' > /tmp/up/Dockerfile");
        let script = "docker exec web sh -c 'echo out; echo err >&2'; docker cp /tmp/up/one web:/tmp/
            docker cp web:/tmp/one /tmp/two; DOCKER_BUILDKIT=0 docker build -q /tmp/up; docker inspect web";
        let tapped = porthole(lab, &["tap", "-v", "-o", "json", "--", "sh", "-c", script]);
        let seen = objects(&tapped);
        let streams: Vec<_> = seen
            .iter()
            .filter(|object| object["operation"] == "ExecStart" && object["part"] == "text")
            .map(|object| (object["stream"].as_str().unwrap(), object["text"].as_str().unwrap()))
            .collect();
        assert!(streams.contains(&("stdout", "out")) && streams.contains(&("stderr", "err")), "{streams:?}");
        assert_eq!(texts(&seen, "PutContainerArchive", "request", "entry"), ["one"]);
        assert_eq!(texts(&seen, "ContainerArchive", "answer", "entry"), ["one"]);
        assert!(texts(&seen, "ImageBuild", "request", "entry").contains(&"Dockerfile"), "{tapped}");
        let inspected = texts(&seen, "ContainerInspect", "answer", "json").pop().expect("a document");
        assert_eq!(parse(inspected)["Name"], "/web");
        for call in seen.iter().filter(|object| object["id"].is_u64() && object["answer"]["body_bytes"] != 0)
        {
            let of_it = |object: &&Value| object["exchange"] == call["id"] && object["part"] == "head";
            assert_eq!(seen.iter().filter(of_it).count(), 2, "both heads of {call}");
        }
    });
}

#[test]
fn a_filter_holds_for_parts_whatever_decides_it() {
    let lab = lab(Engine::newest());
    let script = "docker ps; docker inspect --type container nobody; docker network ls";
    for (filter, operation) in [
        ("operation = NetworkList", "NetworkList"),
        ("status = 404", "ContainerInspect"),
        ("answer.bytes < 100 and operation ~ Inspect", "ContainerInspect"),
    ] {
        let tapped = porthole(&lab, &["tap", "-v", "-o", "json", "-f", filter, "--", "sh", "-c", script]);
        let seen = objects(&tapped);
        assert!(seen.iter().all(|object| object["operation"] == operation), "{filter}: {tapped}");
        assert_eq!(texts(&seen, operation, "answer", "json").len(), 1, "{filter}: {tapped}");
        assert_eq!(seen.iter().filter(|object| object["part"] == "head").count(), 2, "{filter}: {tapped}");
    }
}

#[test]
fn credentials_and_what_is_typed_are_shown_only_when_asked_for() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let create = ["--", "docker", "create", "-e", "API_TOKEN=hunter2", "bb:1"];
    for option in ["-v", "-x"] {
        let masked = porthole(&lab, &[&["tap", option, "-o", "json"], &create[..]].concat());
        let (text, hex) = ("hunter2", "68756e74657232");
        assert!(!masked.stderr.contains(text) && !masked.stderr.contains(hex), "{option}: {masked}");
        let shown = porthole(&lab, &[&["tap", option, "-o", "json", "--show-secrets"], &create[..]].concat());
        assert!(shown.stderr.contains(if option == "-v" { text } else { hex }), "{option}: {shown}");
    }
    let typed = |option: &str| {
        let tapped = lab
            .sh(&format!("echo my-password | porthole tap -v {option} -o json -- docker exec -i web wc -c"));
        assert_eq!(tapped.stdout.trim(), "12", "{tapped}");
        tapped
    };
    let shown = objects(&typed("--show-input"));
    assert_eq!(texts(&shown, "ExecStart", "request", "text"), ["my-password"]);
    let hidden = typed("");
    assert!(!hidden.stderr.contains("my-password"), "{hidden}");
    let reasons: Vec<_> = objects(&hidden).into_iter().filter(|object| object["part"] == "hidden").collect();
    assert_eq!(
        (reasons.len(), &reasons[0]["reason"], &reasons[0]["bytes"]),
        (1, &"input".into(), &12.into())
    );
}

#[test]
fn people_see_whose_part_it_is() {
    let lab = lab(Engine::newest());
    let tapped = porthole(&lab, &["tap", "-v", "--", "docker", "inspect", "--type", "container", "nobody"]);
    let lines: Vec<_> = tapped.stderr.lines().collect();
    let place = |wanted: &str| {
        let found = lines.iter().position(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted} in {tapped}"))
    };
    let title = place("→  GET ContainerInspect  nobody");
    let number = lines[title].split_whitespace().next().unwrap();
    let answer = place("←  404  GET ContainerInspect  nobody");
    let body = place("    \"message\": \"No such container: nobody\"");
    let line = place("docker[");
    assert!(
        lines[title + 1].starts_with("  GET /v1.") && lines[title + 1].ends_with(" HTTP/1.1"),
        "{tapped}"
    );
    assert!(lines[answer + 1] == "  HTTP/1.1 404 Not Found", "{tapped}");
    assert!(title < answer && answer < body && lines[body - 2].is_empty(), "{tapped}");
    assert!(lines[answer].trim_start().starts_with(number) && line < lines.len(), "{tapped}");
}

#[test]
fn a_flood_is_left_out_and_said_so_and_slows_nobody() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let flood = "yes | head -c 80000000";
    let command = format!("porthole tap -v -o json -- docker exec web sh -c '{flood}' 2>/tmp/seen | wc -c");
    assert_eq!(lab.sh_ok(&command).trim(), "80000000");
    let seen = lab
        .sh_ok("grep -c . /tmp/seen; grep '\"part\":\"hidden\"' /tmp/seen || true; grep '\"id\":' /tmp/seen");
    let mut call =
        seen.lines().filter(|line| line.contains("\"ExecStart\"") && line.contains("\"id\"")).map(parse);
    let ended = call.next_back().expect("the line of the call is never lost");
    assert!(ended["answer"]["body_bytes"].as_u64().unwrap() > 80_000_000, "{ended}");
}
