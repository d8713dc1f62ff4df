//! `porthole forward` through the engine alone: to engines of other hosts, and for users who are not root.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use porthole_lab::{Engine, Identity, Lab};
use serde_json::Value;

use crate::debug_sidecar::{HARDENED, assert_no_trace, sidecars};
use crate::forward::{Forward, get, listens};
use crate::support::{lab, porthole, wait_for};

/// A forward that goes through the engine.
fn start(lab: &Lab, container: &str, forwards: &[&str]) -> Forward {
    let mut command = lab.command("porthole");
    command.args(["--through-engine", "forward", container]);
    Forward::spawn(command, forwards)
}

/// The engines that the promise is for.
fn on_engines(test: impl Fn(&Lab)) {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if Engine::available().contains(&engine) {
            test(&lab(engine));
        }
    }
}

#[test]
fn a_port_that_is_not_published() {
    on_engines(|lab| {
        for (name, listen) in [("any", "80"), ("four", "127.0.0.1:80"), ("six", "[::1]:80")] {
            let hardened = ["--hostname", name, "--sysctl", "net.ipv6.conf.lo.disable_ipv6=0"];
            lab.run(name, &[&HARDENED[..], &hardened].concat(), "peer:1", &["http", listen]);
            listens(lab, name, "80");
            let mut forward = start(lab, name, &["80"]);
            assert!(get(lab, &forward.from[0]).contains(name), "{:?} {name}", lab.engine());
            let closed = forward.closed();
            assert_eq!((&closed["to"], &closed["cause"]), (&format!("{name}:80").into(), &Value::Null));
            assert!(!sidecars(lab).is_empty());
            forward.stop();
            assert_eq!(sidecars(lab), "", "it is gone when porthole is");
            assert_no_trace(lab, name);
        }
    });
}

#[test]
fn datagrams_and_unix_sockets() {
    on_engines(|lab| {
        lab.run("echo", &[], "peer:1", &["udp-echo", "0.0.0.0:53"]);
        listens(lab, "echo", "53");
        let forward = start(lab, "echo", &["5353:53/udp"]);
        let script =
            "exec 3<>/dev/udp/127.0.0.1/5353; for word in one two; do printf $word >&3; head -c3 <&3; done";
        assert_eq!(lab.exec_ok(&["timeout", "5", "bash", "-c", script]), "onetwo");
        forward.stop();
        lab.run("app", &["-v", "/run/docker.sock:/run/app.sock"], "bb:1", &["sleep", "1000"]);
        let mut forward = start(lab, "app", &["/tmp/local.sock:/run/app.sock", "0:/run/none.sock"]);
        assert_eq!(lab.sh_ok("curl -s --unix-socket /tmp/local.sock http://x/_ping"), "OK");
        forward.closed();
        lab.sh(&format!("curl -s http://{}/", forward.from[1]));
        assert!(forward.closed()["cause"].as_str().unwrap().contains("no /run/none.sock"));
        forward.stop();
        assert_eq!(sidecars(lab), "");
    });
}

#[test]
fn many_connections_and_much_data_in_both_directions() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["http", "80"]);
    listens(&lab, "web", "80");
    let mut forward = start(&lab, "web", &["8080:80"]);
    let length = lab.sh_ok("curl -s http://127.0.0.1:8080/bytes/200000000 | wc -c");
    assert_eq!(length, "200000000");
    assert!(forward.closed()["from_container"].as_u64().unwrap() > 200_000_000);
    let all = "for i in $(seq 200); do curl -s -o /dev/null http://127.0.0.1:8080/ & done; wait; echo done";
    assert_eq!(lab.sh_ok(all), "done");
    for _ in 0..200 {
        assert_eq!(forward.closed()["cause"], Value::Null);
    }
    // One that nobody reads holds up no other.
    let mut stuck = lab.command("sh");
    stuck.args(["-c", "exec curl -s http://127.0.0.1:8080/bytes/200000000 | sleep 1000"]);
    let mut stuck = stuck.spawn().unwrap();
    let length = lab.sh_ok("sleep 1; curl -s --max-time 20 http://127.0.0.1:8080/bytes/50000000 | wc -c");
    assert_eq!(length, "50000000");
    stuck.kill().unwrap();
    stuck.wait().unwrap();
    drop(forward);
    wait_for("the helper to be removed", || sidecars(&lab).is_empty());
}

#[test]
fn half_closed_connections_are_kept() {
    let lab = lab(Engine::newest());
    // Answers when its client has said all.
    let script = "nc -ll -p 80 -e sh -c 'n=$(wc -c); sleep 1; echo got $n'";
    lab.run("app", &[], "bb:1", &["sh", "-c", script]);
    listens(&lab, "app", "80");
    let mut forward = start(&lab, "app", &["/tmp/half.sock:80"]);
    let mut stream = UnixStream::connect(format!("/proc/{}/root/tmp/half.sock", lab.pid())).unwrap();
    stream.write_all(&vec![b'x'; 5_000_000]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "got 5000000\n");
    assert_eq!(forward.closed()["cause"], Value::Null);
    forward.stop();
}

#[test]
fn it_follows_the_container_and_says_what_is_wrong() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--network", "none"], "peer:1", &["http", "80"]);
    listens(&lab, "web", "80");
    let mut forward = start(&lab, "web", &["8080:80", "8081:81"]);
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
    assert!(cause.contains("web is not running"), "{cause}");
    forward.stop();
    let stopped = porthole(&lab, &["--through-engine", "forward", "web", "80"]);
    assert!(stopped.code == 2 && stopped.stderr.contains("docker start web"), "{stopped}");
}

#[test]
fn who_is_not_root_reaches_a_container_through_the_engine() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--hostname", "web"], "peer:1", &["http", "127.0.0.1:80"]);
    listens(&lab, "web", "80");
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().unwrap();
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(["forward", "web"]);
    let forward = Forward::spawn(command, &["80"]);
    assert!(get(&lab, &forward.from[0]).contains("web"));
    forward.stop();
    assert_eq!(sidecars(&lab), "");
}

#[test]
fn killed_it_leaves_nothing_and_a_lost_helper_is_said() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["http", "80"]);
    listens(&lab, "web", "80");
    drop(start(&lab, "web", &["8080:80"]));
    wait_for("the helper to be removed", || sidecars(&lab).is_empty());
    assert_no_trace(&lab, "web");
    let mut command = lab.command("porthole");
    command.args(["--through-engine", "forward", "web", "8080:80"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the port", || lab.sh("curl -s http://127.0.0.1:8080/").code == 0);
    lab.sh_ok("docker kill $(docker ps -q --filter label=porthole=session)");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && said.contains("the tunnel to the engine's host was lost"),
        "{said}"
    );
    wait_for("the helper to be removed", || sidecars(&lab).is_empty());
}
