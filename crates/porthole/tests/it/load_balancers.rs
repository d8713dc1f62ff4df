//! The examples of load balancers, under load, while containers come and go: no request fails.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use porthole_lab::{Clients, Engine, Lab};

use crate::support::{builder, start, wait_for};

/// How often a container comes and another one goes.
const ROUNDS: usize = 8;

/// Where the example lies, on the lab's host and in the system with the load balancers.
const PLACE: &str = "/run/balancer";

/// Makes the commands of an example's documentation run as they stand there.
const BEGIN: &str = "cd /run/balancer && export PATH=/tmp:$PATH &&";

/// An example: its files and the commands of its documentation.
struct Example<'files> {
    files: &'files [(&'files str, &'files str)],
    documentation: &'static str,
    first: &'static str,
    balancer: &'static str,
    follow: &'static str,
    /// What porthole keeps.
    kept: &'static str,
    address: &'static str,
    end: &'static str,
}

const HAPROXY: Example<'static> = Example {
    files: &[
        ("haproxy.cfg", include_str!("../../../../examples/haproxy/haproxy.cfg")),
        ("backends.cfg.j2", include_str!("../../../../examples/haproxy/backends.cfg.j2")),
    ],
    documentation: include_str!("../../../../examples/haproxy/README.md"),
    first: "porthole events --once -f network=web --render backends.cfg.j2:backends.cfg",
    balancer: "haproxy -W -f haproxy.cfg -f backends.cfg -p haproxy.pid &",
    follow: "porthole events -f network=web --render backends.cfg.j2:backends.cfg --notify 'haproxy -c -q -f haproxy.cfg -f backends.cfg && kill -USR2 $(cat haproxy.pid)'",
    kept: "backends.cfg",
    address: "10.77.0.2:8080",
    end: "kill $(cat haproxy.pid)",
};

const NGINX: Example<'static> = Example {
    files: &[
        ("nginx.conf", include_str!("../../../../examples/nginx/nginx.conf")),
        ("upstream.conf.j2", include_str!("../../../../examples/nginx/upstream.conf.j2")),
    ],
    documentation: include_str!("../../../../examples/nginx/README.md"),
    first: "porthole events --once -f network=web --render upstream.conf.j2:upstream.conf",
    balancer: "nginx -p \"$PWD\" -c nginx.conf",
    follow: "porthole events -f network=web --render upstream.conf.j2:upstream.conf --notify 'nginx -p \"$PWD\" -c nginx.conf -s reload'",
    kept: "upstream.conf",
    address: "10.77.0.2:8081",
    end: "nginx -p \"$PWD\" -c nginx.conf -s quit",
};

/// Many requests, and what they say of themselves.
struct Load {
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: BTreeSet<String>,
    failed: Vec<String>,
    /// How many went well, how many failed, and how many were sent again, once it has ended.
    counts: Option<Vec<u64>>,
}

impl Load {
    fn begin(lab: &Lab, address: &str) -> Self {
        let mut command = lab.outside_peer_command(&["load", address, "4"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the load starts");
        let (input, output) = (process.stdin.take(), process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { process, input, lines, seen: BTreeSet::new(), failed: Vec::new(), counts: None }
    }

    /// Waits until a container has answered a request.
    fn until_seen(&mut self, id: &str) {
        wait_for("a request that the container answers", || {
            self.listen();
            assert!(self.failed.is_empty(), "{} failed, first: {}", self.failed.len(), self.failed[0]);
            self.seen.contains(&id[..12])
        });
    }

    fn listen(&mut self) {
        for line in self.lines.try_iter() {
            match line.split_once(' ') {
                Some(("seen", container)) => drop(self.seen.insert(container.to_owned())),
                Some(("done", counts)) => {
                    self.counts =
                        Some(counts.split(' ').map(|count| count.parse().expect("a count")).collect());
                }
                _ => self.failed.push(line),
            }
        }
    }

    /// Lets the requests that are under way come to their end; how many went well, failed, and were sent again.
    fn end(&mut self) -> Vec<u64> {
        drop(self.input.take());
        wait_for("the last requests", || {
            self.listen();
            self.counts.is_some()
        });
        self.process.wait().expect("its end");
        self.counts.take().unwrap_or_default()
    }
}

impl Example<'_> {
    /// One of its commands, as its documentation has it.
    fn command(&self, lab: &Lab, command: &str) -> Command {
        assert!(self.documentation.contains(&format!("    {command}\n")), "{command}");
        shell(lab, command)
    }

    fn follow(&self, lab: &Lab) -> Command {
        assert!(self.documentation.contains(&format!("    {}\n", self.follow)), "{}", self.follow);
        // Signals are for porthole.
        shell(lab, &format!("exec {}", self.follow))
    }

    fn run(&self, lab: &Lab, command: &str) {
        let output = lab.run_command(self.command(lab, command), &[command]);
        assert_eq!(output.code, 0, "{command}: {output}");
    }

    fn lay_out(&self, lab: &Lab) {
        lab.sh_ok("mkdir /run/balancer && cp /usr/local/bin/porthole /clients/clients/tmp/porthole");
        for (name, text) in self.files {
            std::fs::write(lab.directory().join("run/balancer").join(name), text).expect("written");
        }
    }

    fn kept(&self, lab: &Lab) -> String {
        lab.sh_ok(&format!("cat {PLACE}/{}", self.kept))
    }
}

/// What becomes of a client's idle connection at a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Idle {
    Stays,
    /// And the client sends its request again on a new one.
    MayBeClosed,
}

/// A command in the example's directory, in the system that has the load balancers.
fn shell(lab: &Lab, command: &str) -> Command {
    let mut shell = lab.client_command(Clients::Newest, "sh");
    shell.args(["-c", &format!("{BEGIN} {command}")]);
    shell
}

fn no_request_fails(engine: Engine, example: &Example<'_>, idle: Idle) {
    let lab = start(builder(engine).with_clients(Clients::Newest));
    lab.docker_ok(&["network", "create", "web"]);
    example.lay_out(&lab);
    let container = |number: usize| {
        let name = format!("web{number}");
        lab.run(&name, &["--network", "web", "--label", "port=8000"], "peer:1", &["http", "8000"])
    };
    let first = [container(0), container(1)];
    lab.run("other", &[], "peer:1", &["http", "8000"]);
    example.run(&lab, example.first);
    let mut balancer = example.command(&lab, example.balancer);
    balancer.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the load balancer starts");
    let url = format!("http://{}/", example.address);
    wait_for("the load balancer", || lab.outside_peer(&["get", &url]).code == 0);
    let mut follow = example.follow(&lab).stderr(Stdio::piped()).spawn().expect("porthole starts");

    let mut load = Load::begin(&lab, example.address);
    for id in &first {
        load.until_seen(id);
    }
    for round in 0..ROUNDS {
        let id = container(round + 2);
        load.until_seen(&id);
        let gone = format!("web{round}");
        let end: &[&str] = match round % 3 {
            0 => &["stop", &gone],
            1 => &["kill", &gone],
            _ => &["rm", "-f", &gone],
        };
        lab.docker_ok(end);
        wait_for("the container to be left out", || !example.kept(&lab).contains(&gone));
    }
    let counts = load.end();
    let (good, failed, again) = (counts[0], counts[1], counts[2]);
    let came =
        format!("{engine}: {good} good, {failed} failed, {again} sent again: {:?}", load.failed.first());
    let may_close = idle == Idle::MayBeClosed;
    assert!(good > 100 && failed == 0 && (again == 0 || may_close), "{came}\n{}", example.kept(&lab));

    let porthole = porthole_lab::program_pid(&follow).expect("porthole's number");
    let killed = Command::new("kill").args(["-INT", &porthole.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let mut said = String::new();
    follow.stderr.take().expect("a pipe").read_to_string(&mut said).expect("words");
    follow.wait().expect("its end");
    assert!(!said.contains("warning") && said.contains("wrote "), "{said}");
    assert_eq!(lab.sh_ok(&format!("ls -A {PLACE} | grep -c porthole- || true")).trim(), "0");
    assert_eq!(lab.run_command(shell(&lab, example.end), &[example.end]).code, 0);
}

#[test]
fn haproxy_follows_containers() {
    for engine in [Engine::Docker20, Engine::newest()] {
        no_request_fails(engine, &HAPROXY, Idle::Stays);
    }
}

#[test]
fn nginx_follows_containers() {
    no_request_fails(Engine::Docker20, &NGINX, Idle::MayBeClosed);
    // With the line that newer ones understand.
    let settings = NGINX.files[0].1.replace("# keepalive_min_timeout", "keepalive_min_timeout");
    assert_ne!(settings, NGINX.files[0].1);
    let files = [("nginx.conf", settings.as_str()), NGINX.files[1]];
    no_request_fails(Engine::newest(), &Example { files: &files, ..NGINX }, Idle::Stays);
}
