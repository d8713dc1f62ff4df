//! `porthole sockets` against what the kernel and `ss` say.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, on_docker_engines, porthole, porthole_json, porthole_ok, wait_for};

fn sockets(lab: &Lab, arguments: &[&str]) -> Vec<Value> {
    let mut command = vec!["sockets"];
    command.extend_from_slice(arguments);
    porthole_json(lab, &command)["sockets"].as_array().expect("sockets").clone()
}

fn web(lab: &Lab) {
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    wait_for("the listener", || !sockets(lab, &["web", "--listening", "--protocol", "tcp"]).is_empty());
}

#[test]
fn a_listener_with_its_owner() {
    on_docker_engines(|lab| {
        web(lab);
        let listening = sockets(lab, &["web", "--listening", "--protocol", "tcp"]);
        assert_eq!(listening.len(), 1, "{listening:#?}");
        let socket = &listening[0];
        assert_eq!(socket["local"]["port"], 80);
        assert_eq!(socket["state"], "listening");
        assert_eq!(socket["owners"][0]["name"], "peer");
        let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "web"]);
        assert_eq!(socket["owners"][0]["pid"].to_string(), pid);
    });
}

#[test]
fn the_same_sockets_as_ss() {
    let lab = lab(Engine::newest());
    lab.run("busy", &[], "peer:1", &["sockets", "1000"]);
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "busy"]);
    let ss = || lab.sh_ok(&format!("nsenter -t {pid} -n ss -Htan | wc -l")).parse::<usize>().unwrap();
    wait_for("the sockets", || ss() >= 1000);
    let ours = sockets(&lab, &["busy", "--protocol", "tcp"]);
    assert_eq!(ours.len(), ss());
    for socket in ours.iter().filter(|socket| socket["state"] == "established") {
        assert_eq!(socket["owners"].as_array().map(Vec::len), Some(1), "{socket:#}");
    }
    let established = sockets(&lab, &["busy", "--state", "established"]);
    assert!(established.len() >= 1000 && established.iter().all(|socket| socket["state"] == "established"));
    let text = porthole_ok(&lab, &["sockets", "busy", "--protocol", "tcp"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("tcp")).count(), ours.len());
}

#[test]
fn filters_and_every_container() {
    let lab = lab(Engine::newest());
    web(&lab);
    lab.run("other", &[], "peer:1", &["http", "[::]:81"]);
    wait_for("both listeners", || sockets(&lab, &["--all", "--listening", "--protocol", "tcp"]).len() == 2);
    let on_81 = sockets(&lab, &["--all", "--port", "81"]);
    assert_eq!(on_81.len(), 1);
    assert_eq!(on_81[0]["container"], "other");
    let hosts = sockets(&lab, &["--listening", "--port", "8080", "--protocol", "tcp"]);
    assert!(hosts.iter().all(|socket| socket["owners"][0]["name"] == "docker-proxy"), "{hosts:#?}");
    assert!(!hosts.is_empty());
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "other"]);
    assert_eq!(sockets(&lab, &[&format!("pid:{pid}"), "--listening", "--protocol", "tcp"]).len(), 1);
}

#[test]
fn a_paused_container_and_one_by_its_id() {
    let lab = lab(Engine::newest());
    web(&lab);
    lab.docker_ok(&["pause", "web"]);
    let id = lab.docker_ok(&["ps", "-q"]);
    assert_eq!(sockets(&lab, &[&id, "--listening", "--protocol", "tcp"]).len(), 1);
}

#[test]
fn watching_prints_again_and_ends_on_a_closed_pipe() {
    let lab = lab(Engine::newest());
    web(&lab);
    let mut command = lab.command("porthole");
    command.args(["sockets", "web", "--listening", "--watch=0.2"]).stdout(Stdio::piped());
    let mut watching = command.spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let seen = lines.by_ref().map_while(Result::ok).filter(|line| line.contains(":80")).take(3).count();
    assert_eq!(seen, 3);
    drop(lines);
    assert!(watching.wait().unwrap().success(), "a closed pipe is the end, not an error");
}

#[test]
fn on_podman_too() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        web(&lab);
        assert_eq!(porthole(&lab, &["sockets", "web"]).code, 0);
    }
}
