//! A helper on the host of every engine of the lab. This very program is the helper.

use std::fs;
use std::time::Duration;

use porthole_engine::{Client, Endpoint, HelperError, RequestError, collect_garbage, run_helper};
use porthole_lab::{Engine, Lab};
use porthole_model::Timestamp;

use crate::{PATIENCE, block_on};

#[test]
fn on_docker_20_10() {
    check(Engine::Docker20);
}

#[test]
fn on_docker_26() {
    check(Engine::Docker26);
}

#[test]
fn on_docker_28() {
    check(Engine::Docker28);
}

#[test]
fn on_podman() {
    check(Engine::Podman);
}

/// The account that `userns-remap` maps to; the engine would make it with programs that the lab's host lacks.
const REMAPPED: &str = "\
echo dockremap:x:991:991::/:/bin/false >>/etc/passwd
echo dockremap:x:991: >>/etc/group
echo dockremap:100000:65536 | tee /etc/subuid >/etc/subgid";

#[test]
fn on_an_engine_with_user_namespaces() {
    let settings = serde_json::json!({ "userns-remap": "default" });
    let lab = Lab::builder(Engine::newest()).daemon_json(settings).without_engine().start().unwrap();
    lab.sh_ok(REMAPPED);
    lab.start_engine().unwrap();
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    block_on(async {
        let client = Client::connect(&Endpoint::of_socket(lab.socket()), PATIENCE).await.unwrap();
        it_sees_the_host(&lab, &client, &program).await;
    });
}

fn check(kind: Engine) {
    // `lab fetch` has said which engine cannot be had today.
    if !Engine::available().contains(&kind) {
        return;
    }
    let lab = Lab::builder(kind).without_images().start().unwrap();
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    block_on(async {
        let client = Client::connect(&Endpoint::of_socket(lab.socket()), PATIENCE).await.unwrap();
        it_sees_the_host(&lab, &client, &program).await;
        its_failure_is_its_own(&client, &program).await;
        a_program_that_cannot_run_fails(&client).await;
        dropping_it_ends_it(&client, &program).await;
    });
    assert_eq!(lab.docker_ok(&["ps", "--all", "--quiet"]), "", "a container was left");
    block_on(garbage_is_collected(&lab, &program));
}

fn run_of(test: &str) -> [&str; 4] {
    ["--ignored", "--exact", "--nocapture", test]
}

async fn it_sees_the_host(lab: &Lab, client: &Client, program: &[u8]) {
    let output = run_helper(client, program, &run_of("helper::inside_looks_around")).await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.code, output.leftover), (0, None), "{stdout}{stderr}");
    let network = lab.sh_ok("readlink /proc/1/ns/net");
    assert!(stdout.contains(&format!("own {network}")), "{stdout}");
    assert!(stdout.contains(&format!("first {network}")), "{stdout}");
    assert!(stdout.contains(&format!("host name {}", lab.name())), "{stdout}");
    assert!(stderr.contains("said aside"), "{stderr}");
}

/// Runs in the helper.
#[test]
#[ignore = "runs in a container"]
fn inside_looks_around() {
    println!("own {}", fs::read_link("/proc/self/ns/net").unwrap().display());
    println!("first {}", fs::read_link("/proc/1/ns/net").unwrap().display());
    println!("host name {}", fs::read_to_string("/proc/1/root/etc/hostname").unwrap());
    eprintln!("said aside");
}

/// Runs in the helper.
#[test]
#[ignore = "runs in a container"]
fn inside_fails() {
    panic!("as it should");
}

/// Runs in the helper.
#[test]
#[ignore = "runs in a container"]
fn inside_waits() {
    std::thread::sleep(Duration::from_mins(10));
}

async fn its_failure_is_its_own(client: &Client, program: &[u8]) {
    let output = run_helper(client, program, &run_of("helper::inside_fails")).await.unwrap();
    assert_eq!(output.code, 101);
}

/// Some runtimes notice before the start is answered, others after it.
async fn a_program_that_cannot_run_fails(client: &Client) {
    match run_helper(client, b"not a program", &[]).await {
        Ok(output) => {
            assert_ne!(output.code, 0);
            let words = String::from_utf8_lossy(&output.stderr).to_lowercase();
            assert!(words.contains("exec format error"), "{words}");
        }
        Err(error) => {
            assert!(matches!(error, HelperError::Engine { step: "start the helper", .. }), "{error}");
        }
    }
}

/// The helper waits for ever; only dropping its future can end it.
async fn dropping_it_ends_it(client: &Client, program: &[u8]) {
    let arguments = run_of("helper::inside_waits");
    let running = async {
        let path = "/containers/json?filters=%7B%22label%22%3A%5B%22porthole%3Dhelper%22%5D%7D";
        while client.get::<Vec<serde_json::Value>>(path).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        output = run_helper(client, program, &arguments) => panic!("{output:?}"),
        () = running => {}
    }
}

async fn garbage_is_collected(lab: &Lab, program: &[u8]) {
    let client = Client::connect(&Endpoint::of_socket(lab.socket()), PATIENCE).await.unwrap();
    let image = lab.docker_ok(&["images", "--quiet", "--filter", "label=porthole=helper"]);
    assert_eq!(image.lines().count(), 2, "one of this program, one of no program: {image}");
    let image = image.lines().next().unwrap();
    let labels = ["--label", "porthole=helper", "--label", "porthole.created=1000"];
    lab.docker_ok(&[&["create", "--name", "left-behind"][..], &labels, &[image, "x"]].concat());
    // Labels of an image are its containers' too.
    lab.docker_ok(&["create", "--name", "another-s", "--label", "porthole.created=5000", image, "x"]);
    let nothing = collect_garbage(&client, Timestamp(0)).await.unwrap();
    assert!(nothing.containers.is_empty(), "{nothing:?}");
    let removed = collect_garbage(&client, Timestamp(1_000_001)).await.unwrap();
    assert_eq!(removed.containers, ["left-behind"]);
    assert_eq!(lab.docker_ok(&["ps", "--all", "--format", "{{.Names}}"]), "another-s");
    lab.docker_ok(&["rm", "another-s"]);
    collect_garbage(&client, Timestamp(0)).await.unwrap();
    assert_eq!(lab.docker_ok(&["images", "--quiet", "--filter", "label=porthole=helper"]), "");
    let again = run_helper(&client, program, &run_of("helper::inside_fails")).await.unwrap();
    assert_eq!(again.code, 101, "the image is imported anew");
    let gone = client.delete("/containers/nobody").await.unwrap_err();
    assert!(matches!(gone, RequestError::Status { status: 404, .. }), "{gone}");
}
