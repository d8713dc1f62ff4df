//! The real docker client and real engines, directly and through the relay.

use std::collections::BTreeSet;

use porthole_lab::{Engine, Lab};
use porthole_model::{Exchange, ExchangeEnd, Upgrade};
use porthole_tap::Settings;

use super::{Outcome, difference, exchanges, outcome, with_socket};
use crate::stand::Stand;

/// What a person does with docker; each must give the same output and the same code either way.
const SCRIPTS: &[&str] = &[
    "docker version --format '{{.Client.APIVersion}} {{.Server.Version}}'",
    "docker ps --all --format '{{.Names}}'",
    "docker run --rm bb:1 echo hello",
    "docker run --rm bb:1 sh -c 'echo out; echo err >&2; exit 7'",
    "docker run --rm -t bb:1 sh -c 'echo $TERM; tty'",
    "echo through | docker run --rm -i bb:1 cat",
    "docker exec cc sh -c 'sleep 1; echo hi'",
    "echo in | docker exec -i cc sh -c 'cat; sleep 1; echo after'",
    "docker exec cc no-such-program",
    "docker exec -i cc md5sum < /run/big",
    "docker exec cc cat /big | md5sum",
    "docker exec -i cc cat < /run/big | md5sum",
    "docker create -i --name ss bb:1 cat; echo attached | docker start --attach --interactive ss; docker rm ss",
    "docker run -d --name ll bb:1 sh -c 'for i in 1 2 3; do echo $i; sleep 0.4; done'; docker logs -f ll; docker rm -f ll",
    "docker run -d --name ww bb:1 sh -c 'sleep 1; exit 5'; docker wait ww; docker rm ww",
    "(timeout 4 docker events --filter container=cc --filter event=pause --format '{{.Action}}' & sleep 1.5; docker pause cc; docker unpause cc; wait)",
    "docker cp cc:/etc - | tar -t | sort",
    "docker cp /run/small cc:/tmp/small && docker exec cc cat /tmp/small; docker cp cc:/nothing -",
    "printf 'FROM bb:1\\nRUN echo made > /made\\n' > /run/Dockerfile; mkdir -p /run/context; \
     DOCKER_BUILDKIT=0 docker build --no-cache -q -t built:1 -f /run/Dockerfile /run/context > /dev/null && docker run --rm built:1 cat /made",
    "printf 'FROM bb:1\\nRUN false\\n' | DOCKER_BUILDKIT=0 docker build --no-cache -",
    "printf 'FROM bb:1\\nRUN echo kit > /kit\\n' | DOCKER_BUILDKIT=1 docker build --no-cache -q -t kit:1 - > /dev/null && docker run --rm kit:1 cat /kit",
    "docker save bb:1 | tar -t | grep -c .",
    "docker save -o /run/saved.tar bb:1 peer:1 && docker load -q -i /run/saved.tar | sort",
    "docker export cc | tar -t | grep -c .",
    "docker pull nowhere.invalid/none:1",
    "docker top cc -o pid | wc -l; docker stats --no-stream --format '{{.Name}}' cc; docker diff cc | sort",
    "docker network create nn; docker network inspect -f '{{.Driver}}' nn; docker network rm nn",
    "docker volume create vv; docker volume rm vv; docker inspect nothing",
    "for i in $(seq 32); do docker exec cc echo $i & done | sort -n",
];

#[test]
fn docker_20_and_its_client_notice_nothing() {
    check(Engine::Docker20);
}

#[test]
fn the_newest_docker_and_its_client_notice_nothing() {
    check(Engine::newest());
}

fn check(engine: Engine) {
    let mut lab = Lab::start(engine).unwrap();
    lab.set_time_limit(std::time::Duration::from_mins(2));
    lab.run("cc", &[], "bb:1", &["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"]);
    lab.sh_ok(
        "head -c 104857600 /dev/urandom > /run/big; echo small > /run/small; docker cp /run/big cc:/big",
    );
    let mut stand = Stand::between(&lab.directory().join("run/tap.sock"), &lab.socket(), Settings::default());
    let wrong: Vec<_> = SCRIPTS
        .iter()
        .filter_map(|script| difference(script, None, |socket| run(&lab, socket, script)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        run(&lab, "tap.sock", "docker exec cc sh -c 'sleep 1; echo hi'"),
        (0, "hi\n".to_owned(), String::new())
    );
    stand.begin_stop();
    assert_eq!(stand.wait(), 0);
    check_exchanges(&exchanges(&stand));
}

/// `docker run --detach` asks for the end of its container and leaves; BuildKit's client ends by closing its
/// connections while the engine may still send.
fn is_left_behind(exchange: &Exchange) -> bool {
    exchange.end == ExchangeEnd::ClientLeft
        && matches!(exchange.operation.as_deref(), Some("ContainerWait" | "Session" | "Grpc"))
}

fn run(lab: &Lab, socket: &str, script: &str) -> Outcome {
    outcome(&lab.sh(&with_socket(socket, script)))
}

fn check_exchanges(exchanges: &[Exchange]) {
    let unnamed: Vec<_> =
        exchanges.iter().filter(|exchange| exchange.operation.is_none()).map(|e| &e.target).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    let unfinished: Vec<_> = exchanges
        .iter()
        .filter(|exchange| exchange.end != ExchangeEnd::Complete)
        .filter(|exchange| !is_left_behind(exchange))
        .collect();
    assert!(unfinished.is_empty(), "{unfinished:#?}");
    let of =
        |name: &str| exchanges.iter().filter(|e| e.operation.as_deref() == Some(name)).collect::<Vec<_>>();
    let starts = of("ExecStart");
    assert!(starts.iter().all(|e| e.upgraded == Some(Upgrade::Protocol("tcp".to_owned()))));
    assert!(starts.iter().any(|e| e.request.body > 104_857_600), "100 MB in");
    assert!(starts.iter().any(|e| e.answer.body > 104_857_600), "100 MB out");
    assert!(
        of("ContainerExec")
            .iter()
            .all(|e| e.resource.as_ref().unwrap().id.is_some() || e.status != Some(201))
    );
    let failures: Vec<_> = exchanges.iter().filter_map(|e| e.failure.as_deref()).collect();
    assert!(failures.iter().any(|text| text.contains("returned a non-zero code: 1")), "{failures:?}");
    let names: BTreeSet<_> = exchanges.iter().filter_map(|e| e.operation.as_deref()).collect();
    for name in
        ["ContainerCreate", "ContainerAttach", "ContainerWait", "ContainerLogs", "ImageBuild", "ImageLoad"]
    {
        assert!(names.contains(name), "{name} in {names:?}");
    }
}
