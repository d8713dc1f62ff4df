//! porthole as a plugin of real docker CLIs, the oldest and the newest.

use porthole_lab::{Clients, Engine, Lab, Output};

use crate::support::{builder, start};

const DIRECTORY: &str = "~/.docker/cli-plugins";

/// A lab with the plugin where the clients look for it, which have only `/run` of the host.
fn lab() -> Lab {
    let mut builder = builder(Engine::newest());
    for clients in Clients::available() {
        builder = builder.with_clients(clients);
    }
    let lab = start(builder);
    lab.sh_ok("mkdir /run/programs && cp /usr/local/bin/porthole /run/programs/");
    for clients in Clients::available() {
        let install =
            format!("mkdir -p {DIRECTORY} && ln -s /run/programs/porthole {DIRECTORY}/docker-porthole");
        ok(&lab, clients, &install);
    }
    lab
}

fn ok(lab: &Lab, clients: Clients, script: &str) -> String {
    let output: Output = lab.client_sh(clients, script);
    assert_eq!(output.code, 0, "{clients}: {script}\n{output}");
    output.stdout
}

#[test]
fn docker_knows_and_runs_it() {
    let lab = lab();
    lab.run("web", &[], "peer:1", &["http", "80"]);
    for clients in Clients::available() {
        let help = ok(&lab, clients, "docker --help");
        assert!(help.lines().any(|line| line.trim_start().starts_with("porthole*")), "{clients}: {help}");
        let help = ok(&lab, clients, "docker porthole --help");
        assert!(help.contains("Usage: docker porthole"), "{clients}: {help}");
        let help = ok(&lab, clients, "docker porthole topology --help");
        assert!(help.contains("docker porthole topology"), "{clients}: {help}");
        let sockets = ok(&lab, clients, "docker porthole sockets web --listening --protocol tcp");
        assert!(sockets.contains(":80"), "{clients}: {sockets}");
        let doctor = lab.client_sh(clients, "docker porthole doctor --output json --fail-on never");
        assert_eq!(doctor.code, 0, "{clients}: {doctor}");
        assert!(doctor.stdout.contains("\"schema_version\""), "{clients}: {doctor}");
    }
}

#[test]
fn the_options_of_docker_reach_it_and_its_exit_code_comes_back() {
    let lab = lab();
    for clients in Clients::available() {
        let elsewhere = lab.client_sh(clients, "docker -H unix:///nowhere.sock porthole sockets web");
        assert_eq!(elsewhere.code, 2, "{clients}: {elsewhere}");
        assert!(elsewhere.stderr.contains("/nowhere.sock"), "{clients}: {elsewhere}");
        let create = "docker context create here --docker host=unix:///run/docker.sock";
        ok(&lab, clients, create);
        for words in ["--context here", "--config ~/.docker --context=here -D"] {
            ok(&lab, clients, &format!("docker {words} porthole sockets --listening"));
        }
        let unknown = lab
            .client_sh(clients, &format!("DOCKER_CONTEXT=nowhere {DIRECTORY}/docker-porthole porthole gc"));
        assert!(unknown.stderr.contains("nowhere"), "{clients}: {unknown}");
    }
}

#[test]
fn it_ends_when_docker_is_told_to_end() {
    let lab = lab();
    lab.run("web", &[], "peer:1", &["http", "80"]);
    let clients = Clients::available();
    let newest = clients.last().expect("a client");
    let script = "docker porthole forward web 80 > /tmp/said & docker=$!
        until grep -q 'web:80' /tmp/said; do sleep 0.1; done
        kill -TERM $docker; wait $docker";
    ok(&lab, *newest, script);
    assert_ne!(lab.exec(&["pgrep", "-f", "porthole forward"]).code, 0);
}

#[test]
fn docker_completes_its_words() {
    let lab = lab();
    let clients = Clients::available();
    let newest = clients.last().expect("a client");
    let offered = ok(&lab, *newest, "docker __complete porthole top");
    assert!(offered.starts_with("topology\t") && offered.contains(":4"), "{offered}");
}
