//! Calls in the user's own words on real engines: the two-step run, every call that an engine has, and wrong input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;

use porthole_lab::{Engine, Lab, Output};
use serde_json::Value;

use crate::support::{builder, lab, on_docker_engines, parse, porthole, start};

/// `porthole api` with these words, on the lab's host.
pub(crate) fn api(lab: &Lab, words: &[&str]) -> Output {
    porthole(lab, &[&["api"], words].concat())
}

/// The same, which must be answered with a status below 400.
pub(crate) fn api_ok(lab: &Lab, words: &[&str]) -> String {
    let output = api(lab, words);
    assert_eq!(output.code, 0, "{words:?}: {output}");
    output.stdout
}

#[test]
fn the_two_step_run_makes_and_starts_a_container() {
    on_docker_engines(|lab| {
        let body = r#"{"Image": "bb:1", "Cmd": ["sh", "-c", "echo made by hand; exec sleep 1000"]}"#;
        let made = parse(&api_ok(lab, &["POST", "/containers/create?name=web", "-d", body]));
        assert_eq!(made["Id"].as_str().unwrap().len(), 64, "{made}");
        assert_eq!(lab.docker_ok(&["inspect", "-f", "{{.State.Status}}", "web"]).trim(), "created");
        assert_eq!(api_ok(lab, &["POST", "/containers/web/start"]), "");
        assert_eq!(lab.docker_ok(&["inspect", "-f", "{{.State.Status}}", "web"]).trim(), "running");
        // Once more changes nothing, which is no failure.
        let again = api(lab, &["post", "containers/web/start"]);
        assert!(again.code == 0 && again.stderr.contains("304"), "{again}");
        let shown = parse(&api_ok(lab, &["GET", "/v1.41/containers/web/json"]));
        assert_eq!(shown["Name"], "/web");
        let filters = r#"/containers/json?filters={"name":["web"]}"#;
        assert_eq!(parse(&api_ok(lab, &["GET", filters])).as_array().unwrap().len(), 1);
        let query = ["GET", "/containers/json", "-q", r#"filters={"name":["web"]}"#];
        assert_eq!(parse(&api_ok(lab, &query)).as_array().unwrap().len(), 1);
    });
}

/// The routes that the engine itself says it has, in the manner of the list: names are `{}`.
fn routes_of_engine(lab: &Lab) -> BTreeSet<(String, String)> {
    let log = lab.engine_log();
    let registered = log.lines().filter_map(|line| {
        // 20.10: msg="Registering GET, /info"; 28: msg="Registering route" method=GET path=/info
        let (method, path) = match line.split_once("msg=\"Registering ") {
            Some((_, rest)) if !rest.starts_with("route") => rest.split('"').next()?.split_once(", ")?,
            _ if line.contains("method=") && line.contains("path=") => {
                let value = |name: &str| line.split_once(name).map(|(_, rest)| rest.trim_start_matches('"'));
                (value("method=")?.split([' ', '"']).next()?, value("path=")?.split([' ', '"']).next()?)
            }
            _ => return None,
        };
        Some((method.to_owned(), unnamed(path)))
    });
    registered.collect()
}

/// `/containers/{name:.*}/json` and `/containers/{container}/json` are one.
fn unnamed(path: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0_u32;
    for letter in path.chars() {
        match letter {
            '{' => {
                depth += 1;
                if depth == 1 {
                    plain.push_str("{}");
                }
            }
            '}' => depth -= 1,
            '*' if depth == 0 => plain.push_str("{}"),
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain.trim_end_matches('/').to_owned()
}

fn listed(lab: &Lab) -> BTreeSet<(String, String)> {
    let list = parse(&api_ok(lab, &["ls", "--output", "json"]));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let endpoints = list["endpoints"].as_array().unwrap();
    endpoints.iter().map(|each| (text(&each["method"]), unnamed(&text(&each["path"])))).collect()
}

#[test]
fn every_route_that_an_engine_registers_is_listed() {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if !Engine::available().contains(&engine) {
            continue;
        }
        let lab = start(builder(engine).engine_argument("-D"));
        let (registered, listed) = (routes_of_engine(&lab), listed(&lab));
        assert!(registered.len() > 90, "{registered:?}");
        let is_of_daemon = |path: &str| path.starts_with("/debug") || path == "/metrics";
        let unlisted: Vec<_> = registered
            .difference(&listed)
            // Gone from the API since 1.24, though the router of 20.10 still has it; and the answer to browsers.
            .filter(|(method, path)| !path.ends_with("/copy") && !is_of_daemon(path) && method != "OPTIONS")
            .collect();
        assert!(unlisted.is_empty(), "{engine:?}: {unlisted:?}");
        let unregistered: Vec<_> = listed
            .difference(&registered)
            // Only an experimental engine registers them.
            .filter(|(_, path)| !path.contains("/checkpoints"))
            .collect();
        assert!(unregistered.is_empty(), "{engine:?}: {unregistered:?}");
    }
}

#[test]
fn the_list_shows_what_a_call_takes() {
    let lab = lab(Engine::Docker20);
    let shown = api_ok(&lab, &["ls", "create"]);
    assert!(shown.contains("POST   /containers/create") && shown.contains("HostConfig="), "{shown}");
    assert!(shown.contains("platform=string"), "{shown}");
    assert!(!shown.contains("/info"), "{shown}");
    let volumes = api_ok(&lab, &["ls", "volumes"]);
    // PUT /volumes/{volume} came with 1.42.
    assert!(!volumes.contains("PUT "), "{volumes}");
    let nothing = api(&lab, &["ls", "xyzzy"]);
    assert!(nothing.code == 2 && nothing.stderr.contains("xyzzy"), "{nothing}");
}

#[test]
fn wrong_json_is_found_before_anything_is_sent() {
    let lab = lab(Engine::newest());
    let said = |words: &[&str]| {
        let output = api(&lab, words);
        assert_eq!(output.code, 2, "{words:?}: {output}");
        assert!(output.stdout.is_empty(), "{output}");
        output.stderr
    };
    let body = "{\"Image\": \"bb:1\",\n \"Cmd\": [\"sh\" \"-c\"]}";
    let error = said(&["POST", "/containers/create?name=never", "-d", body]);
    assert!(error.contains("line 2, column 15") && error.contains("nothing was sent"), "{error}");
    lab.sh_ok("printf '{\\n \"Image\": bb\\n}' > /tmp/body.json");
    let error = said(&["POST", "/containers/create?name=never", "-d", "@/tmp/body.json"]);
    assert!(error.contains("/tmp/body.json is no JSON") && error.contains("line 2"), "{error}");
    assert!(said(&["POST", "/containers/create", "-d", "@/nowhere.json"]).contains("/nowhere.json"));
    assert!(said(&["GET", "unix:///var/run/docker.sock"]).contains("--host"));
    assert!(said(&["/info", "x"]).contains("porthole api GET /info"));
    assert!(said(&["GET", "/info", "-H", "tcp://10.0.0.1:2375"]).contains("--host"));
    assert!(said(&["GET", "/info", "-H", "nothing"]).contains("NAME: VALUE"));
    assert!(lab.docker_ok(&["ps", "-aq"]).trim().is_empty());
}

#[test]
fn a_call_that_the_version_does_not_have_offers_the_nearest() {
    on_docker_engines(|lab| {
        let said = |words: &[&str]| {
            let output = api(lab, words);
            assert_eq!(output.code, 1, "{words:?}: {output}");
            output
        };
        let slip = said(&["GET", "/container/json"]);
        assert!(slip.stderr.contains("near to it: GET /containers/json"), "{slip}");
        assert!(slip.stdout.contains("page not found"), "{slip}");
        let method = said(&["GET", "/containers/web/start"]);
        assert!(method.stderr.contains("POST /containers/{container}/start"), "{method}");
        // Newer engines have the route in every version, and answer that it needs a swarm.
        if lab.engine() == Engine::Docker20 {
            let early = said(&["PUT", "/volumes/data", "-d", "{}"]);
            assert!(early.stderr.contains("VolumeUpdate came with API 1.42, and 1.41"), "{early}");
        }
    });
}

#[test]
fn heads_and_own_headers_and_other_bodies() {
    let lab = lab(Engine::newest());
    let shown = api_ok(&lab, &["-i", "GET", "/_ping"]);
    assert!(shown.starts_with("HTTP/1.1 200 OK\n") && shown.ends_with("\n\nOK"), "{shown}");
    let head = api_ok(&lab, &["HEAD", "/_ping"]);
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("api-version: "), "{head}");
    // Archives go in and out as they are.
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let script = "echo in > /tmp/file && tar -cC /tmp file > /tmp/in.tar && \
        porthole api PUT '/containers/web/archive?path=/' -d @/tmp/in.tar && \
        porthole api PUT '/containers/web/archive?path=/opt' -d - < /tmp/in.tar; \
        porthole api GET '/containers/web/archive?path=/file' | tar -xO";
    lab.sh("docker exec web mkdir /opt");
    assert_eq!(lab.sh_ok(script).trim(), "in");
    assert_eq!(lab.docker_ok(&["exec", "web", "cat", "/opt/file"]).trim(), "in");
    let sent = "porthole tap --raw -v --listen unix:///tmp/tap.sock --to unix:///run/docker.sock > /tmp/seen & tap=$!; \
        while ! [ -S /tmp/tap.sock ]; do sleep 0.1; done; \
        porthole -H unix:///tmp/tap.sock api GET /info -H 'X-Own: a b' -H 'User-Agent: mine' >/dev/null; \
        kill $tap; wait $tap; cat /tmp/seen";
    let seen = lab.sh_ok(sent).to_ascii_lowercase();
    assert!(seen.contains("x-own: a b") && seen.contains("user-agent: mine"), "{seen}");
    let request = seen.split("get /v1").nth(1).unwrap();
    assert!(!request.contains("user-agent: porthole"), "{request}");
}
