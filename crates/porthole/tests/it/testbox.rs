//! `porthole testbox` on real engines: its page from everywhere, its echo, its errors, and its end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{
    builder, lab, on_docker_engines, parse, porthole, porthole_json, porthole_ok, start, wait_for,
};

#[test]
fn its_page_says_how_it_was_reached() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "app"]);
        let words = ["testbox", "box", "-d", "--network", "app", "-p", "8080:80", "-p", "9090:3000"];
        let started = &porthole_json(lab, &words)["testboxes"][0];
        assert_eq!(started["networks"][0]["name"], "app", "{started:#}");
        assert_eq!(started["ports"].as_array().unwrap().len(), 4, "IPv4 and IPv6 of each: {started:#}");
        all_answer(started);
        from_outside(lab);
        from_the_host(lab, started["networks"][0]["ipv4"].as_str().unwrap());
        from_containers(lab);
        for form in ["text/html", "application/json", "*/*"] {
            let page =
                lab.outside_ok(&["curl", "-s", "-H", &format!("Accept: {form}"), "http://10.77.0.2:8080/"]);
            let begins =
                ["<!DOCTYPE html>", "{", "It works"].iter().position(|begin| page.starts_with(begin));
            let expected = ["text/html", "application/json", "*/*"].iter().position(|each| *each == form);
            assert_eq!(begins, expected, "{form}: {page}");
        }
        porthole_ok(lab, &["testbox", "rm", "box"]);
        assert_eq!(containers(lab), "");
    });
}

fn all_answer(testbox: &Value) {
    for port in testbox["ports"].as_array().unwrap() {
        assert_eq!(port["outcome"], "answered", "{testbox:#}");
    }
}

/// The client's own address is seen; the port 3000 serves because it is published.
fn from_outside(lab: &Lab) {
    for port in ["8080", "9090"] {
        let page = parse(&lab.outside_ok(&["curl", "-s", &format!("http://10.77.0.2:{port}/a?format=json")]));
        let request = &page["request"];
        assert_eq!(request["reached"]["kind"], "published-by-nat", "{page:#}");
        assert!(request["peer"].as_str().unwrap().starts_with("10.77.0.1:"), "{page:#}");
        assert_eq!(request["target"], "/a?format=json");
        assert_eq!(page["testbox"]["name"], "box");
        assert_eq!(page["testbox"]["network"], "app");
        assert!(page["testbox"]["default_routes"][0].as_str().unwrap().starts_with("via 172."), "{page:#}");
    }
}

fn from_the_host(lab: &Lab, address: &str) {
    let kind = |url: &str| {
        let page = lab.exec_ok(&["porthole", "toolbox", "run", "curl", "-s", url]);
        parse(&page)["request"]["reached"]["kind"].clone()
    };
    assert_eq!(kind(&format!("http://{address}/?format=json")), "host");
    assert_eq!(kind("http://127.0.0.1:8080/?format=json"), "published-by-gateway");
    assert_eq!(kind("http://[::1]:8080/?format=json"), "published-by-gateway");
}

/// Another testbox has every tool, and the first has a name for it.
fn from_containers(lab: &Lab) {
    porthole_ok(lab, &["testbox", "other", "-d", "--network", "app"]);
    let kind = |container: &str, url: &str| {
        let page = lab.docker_ok(&["exec", container, "curl", "-s", url]);
        parse(&page)["request"]["reached"]["kind"].clone()
    };
    assert_eq!(kind("other", "http://box/?format=json"), "same-network");
    assert_eq!(kind("box", "http://127.0.0.1/?format=json"), "loopback");
    assert_eq!(lab.docker_ok(&["exec", "other", "sh", "-c", "echo hello | nc -w 5 box 7"]), "hello");
    assert_eq!(lab.docker_ok(&["exec", "other", "sh", "-c", "echo hello | nc -u -w 1 box 7"]), "hello");
    assert!(lab.docker_ok(&["exec", "other", "ping", "-c", "1", "box"]).contains(" 0% packet loss"));
    porthole_ok(lab, &["testbox", "rm", "other"]);
}

#[test]
fn it_echoes_and_reaps_and_ends_at_once() {
    on_docker_engines(|lab| {
        let words = ["testbox", "echo", "-d", "-p", "7/tcp", "-p", "7/udp", "-p", "5353/udp"];
        all_answer(&porthole_json(lab, &words)["testboxes"][0]);
        lab.docker_ok(&["exec", "echo", "sh", "-c", "(sleep 0.2 &) ; true"]);
        let zombies = "cat /proc/[0-9]*/stat 2>/dev/null | cut -d' ' -f3 | sort | uniq -c";
        wait_for("the orphan to be gone", || {
            let states = lab.docker_ok(&["exec", "echo", "sh", "-c", zombies]);
            !states.contains('Z')
        });
        lab.docker_ok(&["stop", "-t", "60", "echo"]);
        let code = lab.docker_ok(&["inspect", "-f", "{{.State.ExitCode}}", "echo"]);
        assert_eq!(code, "0", "it was not killed");
        let removed = porthole_json(lab, &["gc"]);
        assert_eq!(removed["containers"], serde_json::json!(["echo"]));
        assert_eq!(removed["images"].as_array().unwrap().len(), 1, "{removed:#}");
    });
}

#[test]
fn what_cannot_be_is_told_with_a_hint_and_leaves_nothing() {
    on_docker_engines(|lab| {
        porthole_ok(lab, &["testbox", "one", "-d", "-p", "8080:80"]);
        let refused = |arguments: &[&str], words: &str, hint: &str| {
            let output = porthole(lab, &[&["testbox"], arguments].concat());
            assert_eq!(output.code, 2, "{arguments:?} {}", output.stdout);
            assert!(output.stderr.contains(words), "{arguments:?}: {}", output.stderr);
            assert!(output.stderr.contains(hint), "{arguments:?}: {}", output.stderr);
        };
        refused(
            &["two", "-d", "-p", "8080:80"],
            "a port of the host is taken",
            "porthole sockets --listening",
        );
        refused(&["one", "-d"], "a container named one exists already", "porthole testbox rm one");
        refused(&["two", "-d", "--network", "nix"], "no network named nix", "bridge, host, none");
        refused(&["two", "-d", "-p", "http"], "is no port", "8080:80");
        refused(&["rm", "two"], "there is no container two", "porthole testbox ls");
        lab.run("stranger", &[], "peer:1", &["http", "80"]);
        refused(&["rm", "stranger"], "stranger is no testbox", "porthole testbox ls");
        lab.docker_ok(&["rm", "-f", "stranger"]);
        let listed = porthole_json(lab, &["testbox", "ls"]);
        assert_eq!(listed["testboxes"][0]["name"], "one");
        assert_eq!(containers(lab), "one", "what failed left nothing");
    });
}

#[test]
fn it_ends_with_porthole_however_that_ends() {
    on_docker_engines(|lab| {
        for signal in ["INT", "TERM", "HUP", "KILL"] {
            let (mut running, _said) = follow(lab);
            assert_eq!(containers(lab), "followed");
            lab.sh_ok(&format!("pkill -{signal} -x porthole"));
            let status = running.wait().unwrap();
            assert_eq!(status.success(), signal != "KILL", "{signal}: {status}");
            wait_for("the end of the testbox", || containers(lab).is_empty());
        }
        porthole_ok(lab, &["gc"]);
        assert!(!lab.docker_ok(&["images", "-a"]).contains("porthole"));
    });
}

#[test]
fn requests_are_shown_as_they_come() {
    let lab = lab(Engine::newest());
    let (mut running, mut said) = follow(&lab);
    lab.outside_ok(&["curl", "-s", "http://10.77.0.2:8080/shown"]);
    let line = said.find(|line| line.as_ref().unwrap().contains("/shown")).unwrap().unwrap();
    assert!(line.contains("GET /shown published-by-nat"), "{line}");
    lab.docker_ok(&["rm", "-f", "followed"]);
    assert_eq!(running.wait().unwrap().code(), Some(2), "somebody else ended it");
}

#[test]
fn a_dropped_port_is_told() {
    let lab = start(builder(Engine::newest()));
    lab.sh_ok("iptables -I OUTPUT -p tcp --dport 8080 -j DROP");
    let started = porthole_ok(&lab, &["testbox", "-d", "-p", "127.0.0.1:8080:80"]);
    assert!(started.contains("no answer: a packet filter drops it"), "{started}");
    assert!(started.contains("porthole doctor"), "{started}");
}

type Lines = std::io::Lines<BufReader<std::process::ChildStdout>>;

/// A testbox that stays for as long as porthole runs, once it serves.
fn follow(lab: &Lab) -> (Child, Lines) {
    let mut command = lab.command("porthole");
    command.args(["testbox", "followed", "-p", "8080:80"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    let mut said = BufReader::new(running.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("Ctrl-C removes it")));
    (running, said)
}

fn containers(lab: &Lab) -> String {
    lab.docker_ok(&["ps", "-a", "--format", "{{.Names}}"])
}
