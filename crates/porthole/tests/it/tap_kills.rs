//! A tap that records, of which everything in turn is killed at random moments: the record is whole.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, parse, porthole_ok, wait_for};

/// Operations whose answers are one JSON document.
const DOCUMENTS: [&str; 5] =
    ["ContainerCreate", "ContainerExec", "ContainerInspect", "ContainerList", "VolumeList"];

/// The longest time from an exchange's end to the file, and more.
const WRITTEN: Duration = Duration::from_secs(1);

const TRAFFIC: &str = "export DOCKER_HOST=unix:///run/killed.sock; number=0
    while [ ! -e /tmp/enough ]; do
        number=$((number + 1))
        docker ps -a; docker volume ls; docker exec web echo $number; docker run --rm bb:1 echo $number
    done";

/// A tap with clients, in a round of its own.
struct Round<'a> {
    lab: &'a Lab,
    tap: Child,
    number: usize,
}

impl<'a> Round<'a> {
    fn begin(lab: &'a Lab, number: usize) -> Self {
        let line = format!(
            "exec porthole tap --listen unix:///run/killed.sock --record /tmp/{number}.db -o json >/tmp/{number}.json"
        );
        let mut command = lab.command("sh");
        let tap = command.args(["-c", &line]).stderr(Stdio::null()).spawn().unwrap();
        let round = Self { lab, tap, number };
        wait_for("calls", || round.shown().len() > 20);
        sleep(Duration::from_millis(RandomState::new().build_hasher().finish() % 400));
        round
    }

    /// The numbers of the calls that were shown.
    fn shown(&self) -> BTreeSet<u64> {
        let text = self.lab.sh(&format!("cat /tmp/{}.json", self.number)).stdout;
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| parse(line)["id"].as_u64().unwrap()).collect()
    }

    /// Ends the tap as a user would.
    fn end(&mut self) {
        self.lab.sh_ok("pkill -INT -x porthole");
        assert!(self.tap.wait().unwrap().success());
    }

    /// Whether the recording has these calls, and of all calls that it has what it says that it has.
    fn assert_recorded(&self, expected: &BTreeSet<u64>) {
        let file = format!("/tmp/{}.db", self.number);
        let exported = porthole_ok(self.lab, &["traffic", "export", &file, "--format", "jsonl"]);
        let calls: Vec<Value> = exported.lines().map(parse).collect();
        let numbers: BTreeSet<u64> = calls.iter().map(|call| call["id"].as_u64().unwrap()).collect();
        assert_eq!(numbers.len(), calls.len(), "no call is there twice");
        let missing: Vec<_> = expected.difference(&numbers).collect();
        assert!(missing.is_empty(), "{missing:?} of {}", expected.len());
        calls.iter().for_each(assert_whole);
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        let _ended_already = self.tap.kill();
        let _gone = self.tap.wait();
    }
}

/// A document that came to its end is one.
fn assert_whole(call: &Value) {
    let (content, operation) = (&call["answer_content"], call["operation"].as_str().unwrap_or_default());
    if call["end"] == "complete" && content["missing"].is_null() && DOCUMENTS.contains(&operation) {
        let text = content["text"].as_str().unwrap_or_else(|| panic!("{call}"));
        assert!(parse(text).is_object() || parse(text).is_array(), "{call}");
    }
}

fn clients(lab: &Lab) -> Vec<Child> {
    let client = || {
        let mut command = lab.command("sh");
        command.args(["-c", TRAFFIC]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    (0..3).map(|_| client()).collect()
}

#[test]
fn whatever_is_killed_the_record_is_whole() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let clients = clients(&lab);
    for number in 0..6 {
        let mut round = Round::begin(&lab, number);
        let shown = round.shown();
        match number % 3 {
            0 => {
                sleep(WRITTEN);
                round.tap.kill().unwrap();
                round.tap.wait().unwrap();
            }
            1 => {
                lab.sh_ok("pkill -KILL -x docker");
                round.end();
            }
            _ => {
                lab.kill_engine().unwrap();
                round.end();
                lab.start_engine().unwrap();
                lab.docker_ok(&["start", "web"]);
            }
        }
        round.assert_recorded(&shown);
    }
    lab.sh_ok("touch /tmp/enough");
    for mut client in clients {
        client.wait().unwrap();
    }
}
