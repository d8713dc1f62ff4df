//! Clients of other versions and makes: the oldest and the newest docker CLI, compose, buildx and docker-py.

use std::sync::atomic::{AtomicUsize, Ordering};

use porthole_lab::{Clients, Engine, Lab};
use porthole_tap::Settings;

use super::{Outcome, difference, exchanges, outcome, with_socket};
use crate::stand::Stand;

/// Scripts that may run beside one another, each with the exit code that it must have; `$N` names the client.
const CLI: &[(i32, &str)] = &[
    (0, "docker version --format '{{.Client.APIVersion}} {{.Server.Version}}'"),
    (7, "docker run --rm bb:1 sh -c 'echo out; echo err >&2; exit 7'"),
    // The old client sometimes adds that it gave up waiting for the container.
    (
        127,
        "docker run --rm bb:1 no-such-program 2> /tmp/error; code=$?; grep -v 'context canceled' /tmp/error; exit $code",
    ),
    (
        0,
        "docker create -i --name ss$N bb:1 cat; echo attached | docker start -ai ss$N; docker logs ss$N; \
         docker wait ss$N; docker rm ss$N",
    ),
    (
        0,
        "docker run -d --name ll$N bb:1 sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done; exit 5'; \
         docker logs -f ll$N; docker wait ll$N; docker rm ll$N",
    ),
    (0, "echo in | docker exec -i cc sh -c 'cat; sleep 1; echo after'"),
    (0, "docker exec cc sh -c 'sleep 1; echo hi'"),
    (0, "docker cp /run/small cc:/tmp/small$N && docker cp cc:/tmp/small$N - | tar -x -O | md5sum"),
    (0, "docker tag bb:1 saved$N:1; docker save saved$N:1 | docker load; docker rmi saved$N:1"),
    (
        0,
        "docker run -d --name pp$N bb:1 sleep 1000; rm -f /tmp/events$N; \
         docker events --filter container=pp$N --filter event=pause --format '{{.Action}}' > /tmp/events$N & \
         until [ -s /tmp/events$N ]; do docker pause pp$N; docker unpause pp$N; done > /dev/null; \
         head -n 1 /tmp/events$N; kill $!; wait; docker stats --no-stream --format '{{.Name}}' pp$N; docker rm -f pp$N",
    ),
    (
        0,
        "printf 'FROM bb:1\\nRUN echo made > /made\\n' \
         | DOCKER_BUILDKIT=0 docker build --no-cache -q -t built$N:1 - > /dev/null && docker run --rm built$N:1 cat /made",
    ),
    (
        0,
        "printf 'FROM bb:1\\nRUN echo kit > /kit\\n' \
         | DOCKER_BUILDKIT=1 docker build --no-cache -q -t kit$N:1 - > /dev/null && docker run --rm kit$N:1 cat /kit",
    ),
    (
        1,
        "docker volume create --label of=$N vv$N; docker volume ls -q -f label=of=$N; docker volume rm vv$N; \
         docker network create --label of=$N nn$N > /dev/null; docker network ls --format '{{.Name}}' -f label=of=$N; \
         alone docker network prune -f --filter label=of=$N; alone docker container prune -f --filter label=of=$N; \
         docker inspect nothing$N",
    ),
];

/// The engine lets only one prune run at a time, and another script may have one under way.
const ALONE: &str = "alone() { until \"$@\" 2> /tmp/alone$N || ! grep -q 'already running' /tmp/alone$N; do sleep 0.1; done; \
                     cat /tmp/alone$N >&2; }";

/// What only the newest clients have.
const NEWEST: &[(i32, &str)] = &[
    (
        0,
        "printf 'FROM bb:1\\nRUN echo one > /one && echo two >> /one\\n' \
         | docker buildx build --progress=plain --no-cache --load -t x:1 - > /tmp/buildx 2>&1; code=$?; \
         sed -E 's/[0-9.]+s?//g' /tmp/buildx | grep -c 'RUN echo one'; docker run --rm x:1 cat /one; exit $code",
    ),
    (
        0,
        "cp /run/compose.yaml /tmp && cd /tmp && docker compose up -d --build > /tmp/up 2>&1; code=$?; \
         grep -c -E 'Container shop-(web|helper)-1 +Started' /tmp/up; docker compose ps --format '{{.Name}}' | sort; \
         echo typed | docker compose exec -T web sh -c 'cat /made -'; docker compose exec -T web sh -c 'exit 4'; echo $?; \
         docker compose logs --no-color | sed 's/ *|/ |/' | sort; docker compose stop -t 1 helper 2>&1 | grep -c Stopped; \
         docker compose down -v -t 1 2>&1 | sort; exit $code",
    ),
    (0, "python3 /run/terminal.py docker exec -it cc"),
    (0, "python3 /run/docker_py.py $DOCKER_HOST"),
];

/// What the scripts find in `/run`.
const FILES: [(&str, &str); 3] = [
    ("compose.yaml", include_str!("compose.yaml")),
    ("docker_py.py", include_str!("docker_py.py")),
    ("terminal.py", include_str!("terminal.py")),
];

#[test]
fn other_clients_of_docker_20_notice_nothing() {
    check(Engine::Docker20);
}

#[test]
fn other_clients_of_docker_26_notice_nothing() {
    check(Engine::Docker26);
}

#[test]
fn other_clients_of_the_newest_docker_notice_nothing() {
    check(Engine::newest());
}

fn check(engine: Engine) {
    if !Engine::available().contains(&engine) {
        return super::left_out(&engine.to_string());
    }
    let mut clients = Clients::available();
    let mut lab = clients.iter().fold(Lab::builder(engine), |lab, clients| lab.with_clients(*clients));
    lab = lab.time_limit(std::time::Duration::from_mins(2));
    let lab = lab.start().unwrap();
    lab.run("cc", &[], "bb:1", &["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"]);
    lab.sh_ok("seq 200000 > /run/small");
    clients.retain(|clients| is_spoken_with(&lab, *clients));
    for (name, text) in FILES {
        std::fs::write(lab.directory().join("run").join(name), text).unwrap();
    }
    let mut stand = Stand::between(&lab.directory().join("run/tap.sock"), &lab.socket(), Settings::default());
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> =
            clients.iter().map(|clients| scope.spawn(|| differences(&lab, *clients))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{engine}:\n{}", wrong.join("\n"));
    stand.begin_stop();
    assert_eq!(stand.wait(), 0);
    assert!(exchanges(&stand).len() > 50);
}

/// Says so and gives false where the engine no longer speaks with so old a client.
fn is_spoken_with(lab: &Lab, clients: Clients) -> bool {
    let answer = run(lab, clients, "docker.sock", "docker ps");
    let too_old = answer.2.contains("too old");
    if too_old {
        super::left_out(&format!("{} for {clients}", lab.engine()));
    }
    !too_old
}

/// The scripts of the docker CLI only where the lab's own one, which runs others, is of another version.
fn scripts(engine: Engine, clients: Clients) -> Vec<&'static (i32, &'static str)> {
    let (cli, more): (&[_], &[_]) = match (engine, clients) {
        (Engine::Docker20, Clients::Docker20) => (&[], &[]),
        (_, Clients::Docker20) => (CLI, &[]),
        (Engine::Docker28, Clients::Newest) => (&[], NEWEST),
        (_, Clients::Newest) => (CLI, NEWEST),
    };
    more.iter().chain(cli).collect()
}

/// What the clients notice; several scripts at a time, because most of them wait.
fn differences(lab: &Lab, clients: Clients) -> Vec<String> {
    let scripts = scripts(lab.engine(), clients);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some((code, script)) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let once = |socket: &str| run(lab, clients, socket, script);
            wrong.extend(difference(script, Some(*code), once).map(|words| format!("{clients}: {words}")));
        }
        wrong
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn run(lab: &Lab, clients: Clients, socket: &str, script: &str) -> Outcome {
    let script = with_socket(socket, &format!("export N={clients} HOME=/root\n{ALONE}\n{script}"));
    outcome(&lab.client_sh(clients, &script))
}
