//! `porthole forward` into real containers that publish nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, on_docker_engines, parse, porthole, wait_for};

/// A forward at work on the lab's host.
pub(crate) struct Forward {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Where it listens, one for each forward.
    pub(crate) from: Vec<String>,
}

impl Forward {
    fn start(lab: &Lab, container: &str, forwards: &[&str]) -> Self {
        let mut command = lab.command("porthole");
        command.arg("forward").arg(container);
        Self::spawn(command, forwards)
    }

    /// Starts the command with these forwards behind its words.
    pub(crate) fn spawn(mut command: Command, forwards: &[&str]) -> Self {
        command.args(forwards).args(["--output", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let from = forwards.iter().map(|_| next(&mut lines)["from"].as_str().unwrap().to_owned()).collect();
        Self { child, lines, from }
    }

    /// The next connection that ended.
    pub(crate) fn closed(&mut self) -> Value {
        let event = next(&mut self.lines);
        assert_eq!(event["event"], "closed", "{event:#}");
        event
    }

    /// Ends it as Ctrl-C does; gives what it said beside the data.
    pub(crate) fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn next(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    assert!(lines.read_line(&mut line).unwrap() > 0, "porthole ended");
    parse(&line)
}

pub(crate) fn get(lab: &Lab, address: &str) -> String {
    lab.exec_ok(&["peer", "get", &format!("http://{address}/")])
}

pub(crate) fn listens(lab: &Lab, container: &str, port: &str) {
    wait_for("the listener", || {
        porthole(lab, &["sockets", container, "--listening", "--port", port]).stdout.contains(port)
    });
}

#[test]
fn a_port_that_is_not_published_on_any_address_of_the_container() {
    on_docker_engines(|lab| {
        for (name, listen) in [("any", "80"), ("four", "127.0.0.1:80"), ("six", "[::1]:80")] {
            lab.run(
                name,
                &["--hostname", name, "--sysctl", "net.ipv6.conf.lo.disable_ipv6=0"],
                "peer:1",
                &["http", listen],
            );
            listens(lab, name, "80");
            let mut forward = Forward::start(lab, name, &["80"]);
            assert!(forward.from[0].starts_with("127.0.0.1:"));
            assert!(get(lab, &forward.from[0]).contains(name), "{:?} {name}", lab.engine());
            let closed = forward.closed();
            assert_eq!(closed["to"], format!("{name}:80"));
            assert!(
                closed["from_client"].as_u64().unwrap() > 0 && closed["from_container"].as_u64().unwrap() > 0
            );
            assert_eq!(closed["cause"], Value::Null);
            forward.stop();
        }
        lab.docker_ok(&["network", "create", "--subnet", "10.200.0.0/24", "net"]);
        let options = ["--network", "net", "--ip", "10.200.0.7", "--hostname", "own"];
        lab.run("own", &options, "peer:1", &["http", "10.200.0.7:80"]);
        listens(lab, "own", "80");
        let forward = Forward::start(lab, "own", &["80"]);
        assert!(get(lab, &forward.from[0]).contains("own"));
    });
}

#[test]
fn it_follows_the_container_and_says_what_listens_where_nothing_does() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--network", "none"], "peer:1", &["http", "80"]);
    listens(&lab, "web", "80");
    let mut forward = Forward::start(&lab, "web", &["8080:80", "8081:81"]);
    get(&lab, "127.0.0.1:8080");
    forward.closed();
    assert_ne!(lab.exec(&["peer", "get", "http://127.0.0.1:8081/"]).code, 0);
    let cause = forward.closed()["cause"].as_str().unwrap().to_owned();
    assert!(cause.contains("nothing listens on tcp port 81 in web"), "{cause}");
    assert!(cause.contains(":80 (peer)"), "{cause}");
    lab.docker_ok(&["restart", "web"]);
    listens(&lab, "web", "80");
    get(&lab, "127.0.0.1:8080");
    forward.closed();
    lab.docker_ok(&["stop", "web"]);
    assert_ne!(lab.exec(&["peer", "get", "http://127.0.0.1:8080/"]).code, 0);
    let cause = forward.closed()["cause"].as_str().unwrap().to_owned();
    assert!(cause.contains("not running"), "{cause}");
    let said = forward.stop();
    assert!(said.contains("web was started anew"), "{said}");
}

#[test]
fn datagrams() {
    on_docker_engines(|lab| {
        lab.run("echo", &[], "peer:1", &["udp-echo", "0.0.0.0:53"]);
        listens(lab, "echo", "53");
        let forward = Forward::start(lab, "echo", &["5353:53/udp"]);
        assert_eq!(forward.from[0], "127.0.0.1:5353/udp");
        let answer = lab
            .sh_ok("printf one | timeout 5 bash -c 'exec 3<>/dev/udp/127.0.0.1/5353; cat >&3; head -c3 <&3'");
        assert_eq!(answer, "one");
        forward.stop();
    });
}

#[test]
fn unix_sockets_on_both_sides() {
    let lab = lab(Engine::newest());
    // The engine's own socket in a container, reached through a link that must stay inside.
    lab.run("app", &["-v", "/run/docker.sock:/run/app.sock"], "bb:1", &["sleep", "1000"]);
    lab.docker_ok(&["exec", "app", "ln", "-s", "/run/app.sock", "/tmp/link.sock"]);
    let forward = Forward::start(&lab, "app", &["/tmp/local.sock:/tmp/link.sock", "/run/app.sock"]);
    assert_eq!(lab.sh_ok("curl -s --unix-socket /tmp/local.sock http://x/_ping"), "OK");
    assert_eq!(lab.sh_ok(&format!("curl -s http://{}/_ping", forward.from[1])), "OK");
    forward.stop();
    assert_ne!(lab.sh("test -e /tmp/local.sock").code, 0, "the socket's file is removed");
    let mut none = Forward::start(&lab, "app", &["0:/run/none.sock"]);
    lab.sh(&format!("curl -s http://{}/", none.from[0]));
    assert!(none.closed()["cause"].as_str().unwrap().contains("no /run/none.sock"));
}

#[test]
fn many_connections_and_much_data() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["http", "80"]);
    listens(&lab, "web", "80");
    let mut forward = Forward::start(&lab, "web", &["8080:80"]);
    let length = lab.sh_ok("curl -s http://127.0.0.1:8080/bytes/200000000 | wc -c");
    assert_eq!(length, "200000000");
    assert!(forward.closed()["from_container"].as_u64().unwrap() > 200_000_000);
    let all = "for i in $(seq 200); do curl -s -o /dev/null http://127.0.0.1:8080/ & done; wait; echo done";
    assert_eq!(lab.sh_ok(all), "done");
    for _ in 0..200 {
        assert_eq!(forward.closed()["cause"], Value::Null);
    }
}

#[test]
fn what_cannot_be_forwarded_is_said() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    let taken = porthole(&lab, &["forward", "web", "0.0.0.0:8080:80"]);
    assert_eq!(taken.code, 2);
    assert!(taken.stderr.contains("docker-proxy (process "), "{taken}");
    lab.docker_ok(&["create", "--name", "made", "bb:1"]);
    let stopped = porthole(&lab, &["forward", "made", "80"]);
    assert!(stopped.code == 2 && stopped.stderr.contains("not running"), "{stopped}");
    let wrong = porthole(&lab, &["forward", "web", "127.0.0.1:80"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("8080:80"), "{wrong}");
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "web"]);
    let by_process = Forward::start(&lab, &format!("pid:{pid}"), &["0.0.0.0:0:80"]);
    let port = by_process.from[0].rsplit(':').next().unwrap().to_owned();
    get(&lab, &format!("127.0.0.1:{port}"));
    assert!(by_process.stop().contains("other machines"));
}

#[test]
fn on_podman_too() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        lab.run("web", &["--hostname", "web"], "peer:1", &["http", "127.0.0.1:80"]);
        listens(&lab, "web", "80");
        let forward = Forward::start(&lab, "web", &["80"]);
        assert!(get(&lab, &forward.from[0]).contains("web"));
    }
}
