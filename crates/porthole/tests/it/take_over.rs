//! `porthole tap --take-over` on real engines: who passes through, and that all of it is given back.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use porthole_lab::{Engine, Identity, Lab};
use serde_json::Value;

use crate::support::{builder, lab, parse, porthole, porthole_ok, start, wait_for};

/// Lets a container run the docker client of the lab's host.
const CLIENT: [&str; 6] = ["-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro"];

/// A tap that has taken the engine's socket over.
struct Taken<'a> {
    lab: &'a Lab,
    wrapper: Child,
    files: tempfile::TempDir,
}

impl<'a> Taken<'a> {
    fn start(lab: &'a Lab) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let file = |name| File::create(files.path().join(name)).expect("a file");
        let mut command = lab.command("porthole");
        command.args(["tap", "--take-over", "-o", "json"]).stdin(Stdio::null());
        let wrapper = command.stdout(file("out")).stderr(file("err")).spawn().expect("a lab command");
        let taken = Self { lab, wrapper, files };
        wait_for("the take-over", || taken.words().contains("Taken over"));
        taken
    }

    fn words(&self) -> String {
        self.read("err")
    }

    fn calls(&self) -> Vec<Value> {
        let text = self.read("out");
        let whole = text.rsplit_once('\n').map_or("", |(lines, _unfinished)| lines);
        whole.lines().map(parse).collect()
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.files.path().join(file)).expect("an output")
    }

    /// Waits until so many listings from a container were seen.
    fn wait_for_listings(&self, container: &str, number: usize) {
        let is_one = |call: &&Value| {
            call["operation"] == "ContainerList"
                && call["client"]["container"].to_string().contains(container)
        };
        wait_for("calls from a container", || self.calls().iter().filter(is_one).count() >= number);
    }

    fn end(mut self, signal: &str) -> String {
        self.lab.sh_ok(&format!("pkill -{signal} -x porthole"));
        self.wrapper.wait().expect("an end");
        self.words()
    }
}

/// The file at the engine's path: which one, whose, and for whom.
fn socket(lab: &Lab) -> String {
    lab.sh_ok("stat -c '%i %a %u %g' /run/docker.sock")
}

/// Nothing of a take-over is left, and the engine answers.
fn assert_given_back(lab: &Lab, before: &str) {
    wait_for("the end of every process", || lab.sh("pgrep -x 'porthole|porthole-guard'").code == 1);
    assert_eq!(socket(lab), before);
    assert_eq!(
        lab.sh_ok("ls -A /run/.docker.sock.porthole /run/porthole 2>/dev/null || true")
            .replace("/run/porthole:", ""),
        ""
    );
    lab.docker_ok(&["ps"]);
}

fn agent(lab: &Lab, name: &str, mount: &str) -> String {
    lab.run(name, &[&CLIENT[..], &["-v", mount]].concat(), "bb:1", &["sleep", "1000"])
}

/// A container lists containers through its own socket.
fn list_from(lab: &Lab, container: &str, socket: &str) {
    lab.docker_ok(&["exec", container, "docker", "-H", &format!("unix://{socket}"), "ps", "-q"]);
}

/// How many mounts of the socket's file a container has, one over the other.
fn mounts(lab: &Lab, container: &str) -> String {
    lab.sh_ok(&format!(
        "grep -c ' /held.sock ' /proc/$(docker inspect -f '{{{{.State.Pid}}}}' {container})/mountinfo"
    ))
}

#[test]
fn every_client_passes_through_as_it_is_and_all_is_given_back() {
    for engine in Engine::available() {
        let lab = &lab(engine);
        let before = socket(lab);
        let file = agent(lab, "file", "/run/docker.sock:/held.sock");
        let directory = agent(lab, "directory", "/run:/hostrun");
        let taken = Taken::start(lab);
        assert_ne!(socket(lab), before);
        assert_eq!(
            socket(lab).split_once(' ').unwrap().1,
            before.split_once(' ').unwrap().1,
            "owner and mode"
        );
        list_from(lab, "file", "/held.sock");
        list_from(lab, "directory", "/hostrun/docker.sock");
        taken.wait_for_listings(&file, 1);
        taken.wait_for_listings(&directory, 1);
        lab.docker_ok(&["restart", "-t", "1", "file"]);
        list_from(lab, "file", "/held.sock");
        taken.wait_for_listings(&file, 2);
        agent(lab, "late", "/run/docker.sock:/held.sock");
        let words = taken.end("INT");
        assert!(
            words.contains("container file holds the socket at /held.sock and was switched over"),
            "{words}"
        );
        assert!(words.contains("Given back /run/docker.sock"), "{words}");
        assert!(words.contains("was started meanwhile"), "{words}");
        assert_given_back(lab, &before);
        for container in ["file", "late"] {
            list_from(lab, container, "/held.sock");
            assert_eq!(mounts(lab, container), "1", "{container}");
        }
        list_from(lab, "directory", "/hostrun/docker.sock");
    }
}

#[test]
fn a_killed_tap_is_made_good_by_its_guardian() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    agent(&lab, "file", "/run/docker.sock:/held.sock");
    for signal in ["KILL", "TERM", "ABRT"] {
        let taken = Taken::start(&lab);
        assert_eq!(mounts(&lab, "file"), "2");
        agent(&lab, "late", "/run/docker.sock:/held.sock");
        taken.end(signal);
        assert_given_back(&lab, &before);
        for container in ["file", "late"] {
            list_from(&lab, container, "/held.sock");
            assert_eq!(mounts(&lab, container), "1", "{container} after {signal}");
        }
        lab.docker_ok(&["rm", "-f", "late"]);
    }
}

#[test]
fn what_two_kills_leave_is_given_back_by_the_next_run() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    agent(&lab, "file", "/run/docker.sock:/held.sock");
    let kill_both = || {
        let mut taken = Taken::start(&lab);
        lab.sh_ok("pkill -STOP -x porthole; pkill -KILL -x porthole-guard; pkill -KILL -x porthole");
        taken.wrapper.wait().unwrap();
        assert_ne!(lab.docker(&["ps"]).code, 0, "nobody listens");
    };
    kill_both();
    let removed = porthole_ok(&lab, &["gc"]);
    assert!(removed.contains("A killed run had taken over /run/docker.sock"), "{removed}");
    assert_given_back(&lab, &before);
    kill_both();
    let words = Taken::start(&lab).end("INT");
    assert!(words.contains("A killed run had taken over /run/docker.sock"), "{words}");
    assert_given_back(&lab, &before);
    kill_both();
    porthole_ok(&lab, &["tap", "--", "true"]);
    assert_given_back(&lab, &before);
    list_from(&lab, "file", "/held.sock");
    assert_eq!(mounts(&lab, "file"), "1");
}

#[test]
fn holders_of_other_kinds_are_switched_or_told_apart() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    lab.sh_ok(
        "cd /srv && touch own.sock shared.sock inside.sock && mount --bind /run/docker.sock own.sock
         mount --bind /run/docker.sock shared.sock && mount --make-private own.sock && mount --make-shared shared.sock
         unshare --user --map-root-user --mount sh -c '
             mount --bind /run/docker.sock /srv/inside.sock && exec sleep 1234' >/dev/null 2>&1 &
         until nsenter -m -t $! grep -q inside.sock /proc/self/mountinfo; do sleep 0.05; done",
    );
    let points = || {
        lab.sh_ok(
            "grep -h '/srv/[a-z]*.sock' /proc/1/mountinfo /proc/$(pgrep -xf 'sleep 1234')/mountinfo | wc -l",
        )
    };
    let inside = "nsenter -U --preserve-credentials -m -t $(pgrep -xf 'sleep 1234') --";
    let untouched = points();
    let taken = Taken::start(&lab);
    assert_ne!(points(), untouched);
    for (prefix, path, is_seen) in
        [("", "own", true), (inside, "inside", true), (inside, "own", true), ("", "shared", false)]
    {
        let seen = taken.calls().len();
        lab.sh_ok(&format!("{prefix} curl -sS --unix-socket /srv/{path}.sock http://d/_ping"));
        lab.sh_ok("curl -sS --unix-socket /run/docker.sock http://d/_ping");
        let expected = seen + 1 + usize::from(is_seen);
        wait_for("the calls", || taken.calls().len() >= expected);
        assert_eq!(taken.calls().len(), expected, "{path}");
    }
    let words = taken.end("INT");
    assert!(
        words.contains("holds the socket at /srv/shared.sock and keeps its direct line, unseen"),
        "{words}"
    );
    assert_eq!(points(), untouched, "{words}");
    lab.sh_ok(&format!("{inside} curl -sS --unix-socket /srv/inside.sock http://d/_ping"));
    assert_given_back(&lab, &before);
}

#[test]
fn a_killed_guardian_is_replaced() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    let taken = Taken::start(&lab);
    let guardian = || lab.sh("pgrep -x porthole-guard").stdout;
    let first = guardian();
    lab.sh_ok("pkill -KILL -x porthole-guard");
    wait_for("another guardian", || !guardian().is_empty() && guardian() != first);
    taken.end("KILL");
    assert_given_back(&lab, &before);
}

#[test]
fn an_engine_that_starts_anew_is_taken_over_again() {
    let lab = lab(Engine::newest());
    let taken = Taken::start(&lab);
    lab.restart_engine().unwrap();
    wait_for("the second take-over", || taken.words().contains("it was taken over again"));
    let seen = taken.calls().len();
    lab.docker_ok(&["ps"]);
    wait_for("its calls", || taken.calls().len() > seen);
    let inode = lab.sh_ok("stat -c '%i %a %u %g' /run/.docker.sock.porthole/original");
    taken.end("INT");
    assert_given_back(&lab, &inode);
    let taken = Taken::start(&lab);
    lab.stop_engine().unwrap();
    taken.end("INT");
    assert_eq!(
        lab.sh_ok("ls -A /run/docker.sock /run/.docker.sock.porthole 2>/dev/null || true"),
        "",
        "as without porthole"
    );
}

#[test]
fn a_kill_at_any_moment_is_undone() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    agent(&lab, "file", "/run/docker.sock:/held.sock");
    let started = Instant::now();
    let taken = Taken::start(&lab);
    let beginning = started.elapsed();
    let asked = Instant::now();
    taken.end("INT");
    let end = asked.elapsed();
    for step in 0..24 {
        // From before the first system call of the take-over to after its last.
        kill_after(&lab, "sleep 0", beginning * step / 20);
        assert_undone(&lab, &before, step);
    }
    for step in 0..12 {
        let until_taken =
            "while [ ! -S /run/.docker.sock.porthole/original ]; do sleep 0.01; done; kill -INT $!";
        kill_after(&lab, until_taken, end * step / 10);
        assert_undone(&lab, &before, step);
    }
    list_from(&lab, "file", "/held.sock");
}

/// Starts a take-over, waits, kills it, and waits until its guardian has gone, too.
fn kill_after(lab: &Lab, first: &str, pause: Duration) {
    let pause = pause.as_secs_f64();
    lab.sh_ok(&format!(
        "porthole tap --take-over >/dev/null 2>&1 & {first}; sleep {pause:.3}; kill -KILL $!; wait $!; true"
    ));
    wait_for("the guardian's end", || lab.sh("pgrep -x 'porthole|porthole-guard|exe'").code == 1);
}

/// The guardian gave all back; at most the journal of a tap that had no guardian yet is left, which leads to nothing.
fn assert_undone(lab: &Lab, before: &str, step: u32) {
    assert_eq!(socket(lab), before, "after {step} steps");
    assert_eq!(mounts(lab, "file"), "1", "after {step} steps");
    assert_eq!(lab.sh("test -e /run/.docker.sock.porthole").code, 1, "after {step} steps");
    porthole_ok(lab, &["gc"]);
    assert_given_back(lab, before);
}

#[test]
fn no_client_is_refused_while_the_socket_changes_hands() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    let mut pings = lab.command("sh");
    pings.args(["-c", "while [ ! -e /tmp/enough ]; do curl -sS --unix-socket /run/docker.sock http://d/_ping && echo; done 2>&1"]);
    let pings = pings.stdout(Stdio::piped()).spawn().unwrap();
    for _ in 0..5 {
        Taken::start(&lab).end("INT");
        assert_given_back(&lab, &before);
    }
    lab.sh_ok("touch /tmp/enough");
    let output = pings.wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert!(answers.lines().count() > 20 && answers.lines().all(|line| line == "OK"), "{answers}");
}

#[test]
fn containers_that_come_and_go_hold_up_nothing_and_keep_no_dead_socket() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    let mut churn = lab.command("sh");
    churn.args([
        "-c",
        "number=0; while [ ! -e /tmp/enough ]; do number=$((number + 1))
             docker run -d -v /run/docker.sock:/held.sock --name churn$number bb:1 sleep 1000 || exit 1
             [ $((number % 2)) = 0 ] || docker rm -f churn$number || exit 1
         done",
    ]);
    let mut churn = churn.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let kept = || lab.sh_ok("docker ps -q | wc -l").parse::<u32>().unwrap();
    while kept() < 4 {
        let taken = Taken::start(&lab);
        let words = taken.end("INT");
        assert!(!words.contains("error:") && !words.contains("warning:"), "{words}");
    }
    lab.sh_ok("touch /tmp/enough");
    assert!(churn.wait().unwrap().success());
    let held = "for pid in $(docker inspect -f '{{.State.Pid}}' $(docker ps -q)); do
                    stat -c '%i %a %u %g' /proc/$pid/root/held.sock; done | sort -u";
    assert_eq!(lab.sh_ok(held), before);
    assert_given_back(&lab, &before);
}

#[test]
fn a_command_runs_beside_a_take_over() {
    let lab = lab(Engine::newest());
    let before = socket(&lab);
    let script = "docker ps -q; unset DOCKER_HOST; docker version >/dev/null; exit 7";
    let ended = porthole(&lab, &["tap", "--take-over", "-o", "json", "--", "sh", "-c", script]);
    assert_eq!(ended.code, 7, "{ended}");
    for operation in ["ContainerList", "SystemVersion"] {
        assert!(ended.stderr.contains(operation), "{ended}");
    }
    assert_given_back(&lab, &before);
    let nowhere = porthole(&lab, &["tap", "--take-over", "--", "/no/such/program"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("cannot run"), "{nowhere}");
    assert_given_back(&lab, &before);
}

#[test]
fn what_cannot_be_promised_is_refused_with_its_reason() {
    let lab = start(builder(Engine::newest()).engine_argument("--host=tcp://127.0.0.1:2375"));
    let before = socket(&lab);
    let refused = |arguments: &[&str], words: &str| {
        let output = porthole(&lab, &[&["tap", "--take-over"], arguments].concat());
        assert!(output.code == 2 && output.stderr.contains(words), "{arguments:?}: {output}");
    };
    refused(&["--listen", "unix:///run/x.sock"], "cannot be used with");
    refused(&["-H", "tcp://127.0.0.1:2375"], "it is no unix socket of this host");
    lab.sh_ok("chmod 777 /run");
    refused(&[], "others than root can change /run");
    lab.sh_ok("chmod 755 /run; mount --bind /run/docker.sock /run/docker.sock");
    refused(&[], "mounted there from elsewhere");
    lab.sh_ok("umount /run/docker.sock");
    assert_given_back(&lab, &before);
    let taken = Taken::start(&lab);
    refused(&[], "is taken over by process");
    taken.end("INT");
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().unwrap();
    let user = Identity { uid: 1000, gid: 1000, groups: vec![group], keep_capabilities: false };
    let mut command = lab.command_as(&user, "porthole");
    command.args(["tap", "--take-over"]);
    let output = lab.run_command(command, &["porthole", "tap", "--take-over"]);
    assert!(output.code == 2 && output.stderr.contains("only root"), "{output}");
    assert_given_back(&lab, &before);
}
