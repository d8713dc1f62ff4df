//! The end of a lab, wanted or not: nothing is left on the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use porthole_lab::{Engine, Lab};

const LAB: &str = env!("CARGO_BIN_EXE_lab");

#[test]
fn dropped_it_leaves_nothing() {
    let lab = Lab::start(Engine::newest()).unwrap();
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    let trace = Trace::of(&lab);
    assert!(!trace.processes().is_empty());
    drop(lab);
    trace.assert_gone();
}

#[test]
fn a_paused_container_does_not_keep_it_alive() {
    let lab = Lab::start(Engine::Docker20).unwrap();
    lab.run("box", &[], "bb:1", &["sleep", "3600"]);
    lab.docker_ok(&["pause", "box"]);
    let trace = Trace::of(&lab);
    lab.down().unwrap();
    trace.assert_gone();
}

#[test]
fn a_killed_first_process_takes_all_with_it() {
    let lab = Lab::start(Engine::newest()).unwrap();
    lab.run("box", &[], "bb:1", &["sleep", "3600"]);
    let trace = Trace::of(&lab);
    Command::new("kill").args(["-9", &lab.pid().to_string()]).status().unwrap();
    wait_until("the processes end", || trace.processes().is_empty());
    drop(lab);
    trace.assert_gone();
}

#[test]
fn what_a_killed_owner_leaves_is_collected() {
    let name = format!("owned-{}", std::process::id());
    let mut owner = Command::new(LAB).args(["__owner", &name]).stdout(Stdio::piped()).spawn().unwrap();
    let mut up = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(owner.stdout.take().unwrap()), &mut up).unwrap();
    assert!(up.starts_with("up "), "{up}");
    let socket = Path::new(up.trim().rsplit_once(' ').unwrap().1);
    let directory = socket.ancestors().nth(2).unwrap().to_owned();
    let inside = lab(&["exec", &name, "--", "readlink", "/proc/self/ns/net"]);
    let trace = Trace { name: name.clone(), directory, namespaces: [inside.trim().to_owned()].into() };
    assert!(!trace.processes().is_empty());

    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until("the processes end with their owner", || trace.processes().is_empty());
    lab(&["gc"]);
    // Another test's start may have been the one that collects it.
    wait_until("the directory is removed", || !trace.directory.exists());
    trace.assert_gone();
}

#[test]
fn a_lab_outlives_the_thread_that_started_it() {
    let lab = std::thread::spawn(crate::bare).join().unwrap();
    assert_eq!(lab.exec_ok(&["hostname"]), lab.name());
}

#[test]
fn a_living_owner_s_lab_is_not_collected() {
    let mine = crate::bare();
    lab(&["gc"]);
    assert_eq!(mine.exec_ok(&["hostname"]), mine.name());
    assert!(lab(&["ls"]).contains(mine.name()));
}

#[test]
fn up_and_down_from_the_command_line() {
    let name = format!("typed-{}", std::process::id());
    assert!(lab(&["up", &name, "--engine", "docker20"]).starts_with("up "));
    assert!(lab(&["docker", &name, "--", "images"]).contains("peer"));
    assert_eq!(lab(&["outside", &name, "--", "hostname"]).trim(), "outside");
    let code = Command::new(LAB).args(["exec", &name, "--", "sh", "-c", "exit 9"]).status().unwrap();
    assert_eq!(code.code(), Some(9));
    lab(&["down", &name]);
    assert!(!lab(&["ls"]).contains(&name));
}

#[test]
fn the_demo_runs_a_command_and_passes_its_code_on() {
    let script = "docker ps --format '{{.Names}}' | sort | tr '\\n' ' '; env | grep -c PORTHOLE; exit 5";
    let output = Command::new(LAB).args(["demo", "--", "sh", "-c", script]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "api db visitor web 0\n", "{stderr}");
    assert_eq!(output.status.code(), Some(5));
}

/// What could be left of a lab.
struct Trace {
    name: String,
    directory: std::path::PathBuf,
    namespaces: BTreeSet<String>,
}

impl Trace {
    fn of(lab: &Lab) -> Self {
        let inside = lab.exec_ok(&["readlink", "/proc/self/ns/net"]);
        let outside = lab.outside_ok(&["readlink", "/proc/thread-self/ns/net"]);
        let namespaces = [inside, outside].into();
        Self { name: lab.name().to_owned(), directory: lab.directory().to_owned(), namespaces }
    }

    /// Processes of the machine in the lab's network namespaces.
    fn processes(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let processes = entries.filter(|entry| {
            let namespace = fs::read_link(entry.path().join("ns/net"));
            namespace.is_ok_and(|namespace| self.namespaces.contains(&*namespace.to_string_lossy()))
        });
        processes.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn assert_gone(&self) {
        assert_eq!(self.processes(), Vec::<String>::new());
        assert!(!self.directory.exists());
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(&self.name), "{mounts}");
        let groups =
            Command::new("find").args(["/sys/fs/cgroup", "-name", &format!("*{}", self.name)]).output();
        assert_eq!(String::from_utf8_lossy(&groups.unwrap().stdout), "");
        assert!(!fs::exists("/run/netns").unwrap() || fs::read_dir("/run/netns").unwrap().count() == 0);
    }
}

fn lab(arguments: &[&str]) -> String {
    let output = Command::new(LAB).args(arguments).output().unwrap();
    assert!(output.status.success(), "lab {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within 60 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}
