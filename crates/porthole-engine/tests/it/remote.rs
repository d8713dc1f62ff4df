//! Real engines over the ways that lead to another host: TCP with TLS, and ssh.

use std::fs;
use std::process::Command;

use porthole_engine::{Client, ConnectCause, Endpoint, Locality, TlsFault, collect, locality};
use porthole_lab::{Engine, Lab};
use porthole_model::{Scope, Secrets};

use crate::tls::{authority, certificate, directory, environment};
use crate::{PATIENCE, block_on, cause, endpoint};

/// Runs an ignored test of this program elsewhere.
fn run_child(lab: &Lab, mut command: Command, test: &str) {
    command.args(["--ignored", "--exact", test]);
    let output = lab.run_command(command, &[test]).ok().unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

fn container_names(endpoint: &Endpoint) -> Vec<String> {
    block_on(async {
        let client = Client::connect(endpoint, PATIENCE).await.unwrap();
        assert_eq!(locality(&client), Locality::Remote);
        let engine = collect(&client, &Scope::everything(), Secrets::Mask, PATIENCE).await.unwrap();
        let mut names: Vec<_> = engine.containers.known().unwrap().iter().map(|it| it.name.clone()).collect();
        names.sort();
        names
    })
}

#[test]
fn an_engine_that_demands_certificates() {
    let authority = authority();
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("ca.pem"), authority.pem()).unwrap();
    let (certificate, key) = certificate(&authority, "10.77.0.2");
    fs::write(files.path().join("server.pem"), certificate.pem()).unwrap();
    fs::write(files.path().join("server-key.pem"), key.serialize_pem()).unwrap();
    let mut builder = Lab::builder(Engine::newest()).bind(files.path(), "/certificates");
    for argument in [
        "--host=tcp://10.77.0.2:2376",
        "--tlsverify",
        "--tlscacert=/certificates/ca.pem",
        "--tlscert=/certificates/server.pem",
        "--tlskey=/certificates/server-key.pem",
    ] {
        builder = builder.engine_argument(argument);
    }
    let lab = builder.start().unwrap();
    lab.run("web", &[], "peer:1", &["http", "80"]);
    let (with, without) = (directory(&authority, Some(&authority)), directory(&authority, None));
    let program = std::env::current_exe().unwrap();
    let mut command = lab.outside_command(program.to_str().unwrap());
    command.env("WITH", with.path()).env("WITHOUT", without.path());
    run_child(&lab, command, "remote::outside_over_tls");
}

/// Runs in the lab's outside world.
#[test]
#[ignore = "runs outside a lab"]
fn outside_over_tls() {
    let by = |variable: &str| {
        let directory = std::env::var(variable).unwrap();
        environment(directory.as_ref(), "tcp://10.77.0.2:2376", "DOCKER_TLS_VERIFY")
    };
    assert_eq!(container_names(&by("WITH")), ["web"]);
    let refused = cause(&by("WITHOUT"), PATIENCE);
    assert!(matches!(&refused, ConnectCause::Tls { fault: TlsFault::ClientCertificate(_), .. }), "{refused}");
    let plain = cause(&endpoint("tcp://10.77.0.2:2376"), PATIENCE);
    assert!(matches!(plain, ConnectCause::WantsTls), "{plain}");
}

#[test]
fn an_engine_over_ssh() {
    // The client of the lab's own system, which has the same libraries as this one.
    let lab = Lab::start(Engine::Docker20).unwrap();
    lab.run("web", &[], "peer:1", &["http", "80"]);
    lab.run("other", &[], "peer:1", &["http", "80"]);
    let home = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let words = [program.to_str().unwrap(), "--ignored", "--exact", "remote::inside_over_ssh"];
    let output = lab.over_ssh(home.path(), &words).unwrap().ok().unwrap();
    assert!(output.contains("1 passed"), "{output}");
}

/// Runs where root's home is another.
#[test]
#[ignore = "runs with an ssh server of its own"]
fn inside_over_ssh() {
    let engine = std::env::var("ENGINE").unwrap();
    assert_eq!(container_names(&endpoint(&engine)), ["other", "web"]);
    let nowhere = cause(&endpoint(&format!("{engine}.gone")), PATIENCE);
    let ConnectCause::Ssh { said } = nowhere else { panic!("{nowhere}") };
    assert!(said.contains(".gone") && said.contains("no such file"), "{said}");
}
