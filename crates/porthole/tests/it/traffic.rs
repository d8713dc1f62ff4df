//! What calls of real docker CLIs have to do with each other, with the versions of both ends, and with other recordings.

use porthole_lab::{Clients, Engine, Lab};
use serde_json::Value;

use crate::support::{builder, lab, on_docker_engines, parse, porthole, porthole_json, porthole_ok, start};

/// What a person does every day.
const ORDINARY: &str = "
$cli exec web sh -c 'exit 3'; $cli ps -a; $cli info; $cli inspect web; $cli top web; $cli logs web
$cli network create n1; $cli network rm n1; $cli volume create v1; $cli volume rm v1; $cli volume prune -f
$cli stats --no-stream; $cli system df; $cli images; $cli image inspect bb:1; $cli history bb:1
$cli create --name made -v /tmp:/x --mount type=bind,src=/tmp,dst=/y --health-cmd true -p 80 -e A=1 bb:1; $cli rm made
$cli run --rm -t bb:1 true; $cli run --rm --mac-address 02:42:ac:11:00:99 bb:1 true; $cli update --memory 64m --memory-swap 64m web
$cli stop -t 1 web; $cli restart -t 1 web; $cli pull nowhere.invalid/none:1; $cli save bb:1 | $cli load; $cli version";

fn recorded(lab: &Lab, file: &str, script: &str) -> Vec<Value> {
    porthole(lab, &["tap", "--record", file, "--", "sh", "-c", script]);
    let listed = porthole_ok(lab, &["traffic", "ls", file, "-o", "json"]);
    listed.lines().map(parse).collect()
}

fn shown(lab: &Lab, file: &str, calls: &[Value], operation: &str) -> String {
    let call = calls.iter().find(|call| call["operation"] == operation).expect(operation);
    porthole_ok(lab, &["traffic", "show", file, &call["id"].to_string()])
}

#[test]
fn the_calls_of_an_exec_are_one() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let calls = recorded(lab, "/tmp/exec.db", "docker exec web sh -c 'exit 3'");
        let start = calls.iter().find(|call| call["operation"] == "ExecStart").expect("the start");
        assert_eq!(start["exec"]["container"], "web");
        assert_eq!(start["exec"]["command"], serde_json::json!(["sh", "-c", "exit 3"]));
        let inspect = shown(lab, "/tmp/exec.db", &calls, "ExecInspect");
        assert!(inspect.contains("GET ExecInspect  exit 3  web: sh -c 'exit 3'"), "{inspect}");
        let joined = shown(lab, "/tmp/exec.db", &calls, "ExecStart");
        assert!(joined.contains("Calls of this exec: create #") && joined.contains("→ exit 3"), "{joined}");
        let asked =
            ["traffic", "ls", "/tmp/exec.db", "-f", "exec.exit_code = 3 and exec.command ~ 'exit 3$'"];
        assert!(porthole_ok(lab, &asked).contains("ExecInspect"));
    });
}

#[test]
fn an_exec_of_another_client_is_known_once_it_is_asked_about() {
    let lab = lab(Engine::newest());
    let id = lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let exec = parse(&lab.sh_ok(
        "curl -s --unix-socket /run/docker.sock -H 'Content-Type: application/json' \
         -d '{\"Cmd\":[\"sleep\",\"7\"]}' http://d/v1.44/containers/web/exec",
    ));
    let exec = exec["Id"].as_str().expect("an id");
    let ask = format!("curl -s --unix-socket ${{DOCKER_HOST#unix://}} http://d/v1.44/exec/{exec}/json");
    let tapped = porthole(&lab, &["tap", "-o", "json", "-f", "exec.container = web", "--", "sh", "-c", &ask]);
    let call = tapped.stderr.lines().find(|line| line.starts_with('{')).map(parse).expect("the call");
    assert_eq!(
        (&call["exec"]["container"], &call["exec"]["command"][1]),
        (&"web".into(), &"7".into()),
        "{id}"
    );
}

#[test]
fn a_wait_tells_the_exit_code() {
    let lab = lab(Engine::newest());
    let calls = recorded(&lab, "/tmp/wait.db", "docker run --rm bb:1 sh -c 'exit 5'");
    let wait = calls.iter().find(|call| call["operation"] == "ContainerWait").expect("the wait");
    assert_eq!(wait["exit_code"], 5);
}

#[test]
fn ordinary_commands_of_clients_of_any_age_are_no_trouble() {
    for (engine, client) in ages() {
        let lab = with_client(engine, client);
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        for cli in ["docker", "other"] {
            let script = ORDINARY.replace("$cli", cli);
            let tapped =
                porthole(&lab, &["tap", "--", "sh", "-c", &format!("exec > /dev/null 2>&1\n{script}")]);
            let warned: Vec<_> = tapped.stderr.lines().filter(|line| line.starts_with("warning:")).collect();
            assert!(
                tapped.stderr.contains("ContainerStop") && warned.is_empty(),
                "{engine} {cli} {warned:#?}"
            );
        }
    }
}

#[test]
fn what_an_old_engine_does_not_know_is_named() {
    let lab = lab(Engine::Docker20);
    let script = r#"
        send() { curl -s --unix-socket ${DOCKER_HOST#unix://} -H 'Content-Type: application/json' "$@"; }
        send -d '{"Image":"bb:1","HostConfig":{"Annotations":{"x":"y"}},"Healthcheck":{"Test":["CMD","true"],"StartInterval":5000000000}}' \
            http://d/v1.41/containers/create
        send -d '{"Name":"n6","EnableIPv4":false}' http://d/v1.41/networks/create
        send -X POST 'http://d/v1.41/containers/nobody/stop?signal=SIGINT'
        send http://d/v1.52/containers/json"#;
    let calls = recorded(&lab, "/tmp/old.db", script);
    let create = shown(&lab, "/tmp/old.db", &calls, "ContainerCreate");
    assert!(
        create.contains("HostConfig.Annotations (API 1.43) and Healthcheck.StartInterval (API 1.44)"),
        "{create}"
    );
    assert!(create.contains("the engine ignored them; update the engine"), "{create}");
    let network = shown(&lab, "/tmp/old.db", &calls, "NetworkCreate");
    assert!(network.contains("EnableIPv4=false (API 1.48)"), "{network}");
    let stop = shown(&lab, "/tmp/old.db", &calls, "ContainerStop");
    assert!(stop.contains("'signal' (API 1.42)") && stop.contains("does not know it"), "{stop}");
    let list = shown(&lab, "/tmp/old.db", &calls, "ContainerList");
    assert!(list.contains("DOCKER_API_VERSION=1.41"), "{list}");
}

#[test]
fn what_a_new_engine_passes_over_for_an_old_request_is_named() {
    let lab = lab(Engine::newest());
    let script = r#"curl -s --unix-socket ${DOCKER_HOST#unix://} -H 'Content-Type: application/json' \
        -d '{"Image":"bb:1","HostConfig":{"Annotations":{"x":"y"}}}' http://d/v1.41/containers/create"#;
    let calls = recorded(&lab, "/tmp/new.db", script);
    let create = shown(&lab, "/tmp/new.db", &calls, "ContainerCreate");
    assert!(
        create.contains("which the client asked for") && create.contains("DOCKER_API_VERSION=1.43"),
        "{create}"
    );
}

#[test]
fn equal_runs_do_not_differ_and_runs_of_two_clients_do() {
    for (engine, client) in ages() {
        let lab = with_client(engine, client);
        let run = |file: &str, cli: &str| {
            let command =
                format!("{cli} run --name job -e A=1 bb:1 sh -c 'exit 3'; {cli} inspect job; {cli} rm job");
            recorded(&lab, file, &command)
        };
        for (file, cli) in [("/tmp/a.db", "docker"), ("/tmp/b.db", "docker"), ("/tmp/c.db", "other")] {
            run(file, cli);
        }
        let same = porthole_json(&lab, &["traffic", "diff", "/tmp/a.db", "/tmp/b.db"]);
        assert!(same["same"] == true && same["same_calls"].as_u64() > Some(6), "{same:#}");
        let other = porthole(&lab, &["traffic", "diff", "/tmp/a.db", "/tmp/c.db", "-o", "json"]);
        let differences = parse(&other.stdout);
        assert!(other.code == 1 && differences["same"] == false, "{other}");
        let create = differences["differences"].as_array().expect("differences").iter();
        let create = create.filter(|call| call["a"]["operation"] == "ContainerCreate").count();
        assert_eq!(create, 1, "{differences:#}");
        let text = porthole(&lab, &["traffic", "diff", "/tmp/a.db", "/tmp/c.db"]);
        assert!(text.stdout.contains("~ #") && text.stdout.contains("Docker-Client/"), "{text}");
    }
}

#[test]
fn a_filter_chooses_what_is_compared() {
    let lab = lab(Engine::newest());
    recorded(&lab, "/tmp/one.db", "docker ps; docker volume ls");
    recorded(&lab, "/tmp/two.db", "docker ps; docker network ls");
    let all = porthole(&lab, &["traffic", "diff", "/tmp/one.db", "/tmp/two.db"]);
    assert!(
        all.code == 1 && all.stdout.contains("VolumeList") && all.stdout.contains("NetworkList"),
        "{all}"
    );
    let some = ["traffic", "diff", "/tmp/one.db", "/tmp/two.db", "-f", "operation = ContainerList"];
    assert!(porthole_ok(&lab, &some).contains("No difference, 1 call the same"));
    assert_eq!(porthole(&lab, &["traffic", "diff", "/tmp/one.db", "/nowhere"]).code, 2);
}

/// An old engine with a new client, where that is to be had, and the other way round.
fn ages() -> Vec<(Engine, Clients)> {
    let available = Clients::available();
    let ages = [(Engine::Docker20, Clients::Newest), (Engine::newest(), Clients::Docker20)];
    ages.into_iter().filter(|(_, clients)| available.contains(clients)).collect()
}

/// A lab with the docker CLI of other clients as `other`.
fn with_client(engine: Engine, clients: Clients) -> Lab {
    let lab = start(builder(engine).with_clients(clients));
    lab.sh_ok(&format!("ln -s /clients/{clients}/usr/bin/docker /usr/local/bin/other"));
    lab
}
