//! What happens at an engine, followed across restarts, while much happens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{lab, parse, porthole, porthole_ok, wait_for};

/// A porthole that follows, and where its lines come.
struct Follower {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Follower {
    fn begin(lab: &Lab, arguments: &[&str]) -> Self {
        let mut command = lab.command("porthole");
        command.args(["events", "-o", "json"]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("porthole starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe"));
        // What is made before it follows would not be seen.
        wait_for("the engine to have a listener", || {
            lab.docker_ok(&["info", "--format", "{{.NEventsListener}}"]).trim() != "0"
        });
        Self { process, lines }
    }

    /// The next line.
    fn news(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("lines");
        (read > 0).then(|| parse(&line))
    }

    /// Everything up to the event whose object is called so.
    fn until(&mut self, name: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let news = self.news().unwrap_or_else(|| panic!("ended before {name}"));
            let is_last = news["name"] == name;
            all.push(news);
            if is_last {
                return all;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn at(news: &Value) -> i64 {
    news["at_ns"].as_i64().unwrap_or_default()
}

fn nanoseconds(moment: &Value, missing: i64) -> i64 {
    let known = moment.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    known.map_or(missing, |known| i64::try_from(known.as_nanosecond()).unwrap_or(missing))
}

#[test]
fn each_event_once_through_restarts_while_a_thousand_containers_come_and_go() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let (news, made) = churn_through_restarts(&lab);
        assert_nothing_is_missing(&lab, &news, &made);
    }
}

/// What porthole saw, and the ids of a thousand containers with the moments just after they were made.
fn churn_through_restarts(lab: &Lab) -> (Vec<Value>, BTreeMap<String, i64>) {
    let mut follower = Follower::begin(lab, &["-f", "type=container"]);
    let mut churn = lab.command("sh");
    churn.args([
        "-c",
        "for lane in 1 2; do ( n=0; while [ $n -lt 500 ]; do \
           id=$(docker create bb:1 true 2>/dev/null) || { sleep 0.1; continue; }; \
           echo $id $(date +%s%N); n=$((n + 1)); \
           until docker rm $id >/dev/null 2>&1; do sleep 0.1; done; \
         done ) & done; wait",
    ]);
    let mut churn = churn.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(churn.stdout.take().unwrap()).lines();
    let mut made: BTreeMap<String, i64> = BTreeMap::new();
    for (so_far, line) in lines.by_ref().enumerate() {
        let line = line.unwrap();
        let (id, moment) = line.split_once(' ').unwrap();
        made.insert(id.to_owned(), moment.parse().unwrap());
        if so_far == 300 || so_far == 600 {
            lab.restart_engine().unwrap();
        }
    }
    churn.wait().unwrap();
    assert_eq!(made.len(), 1000);
    lab.docker_ok(&["create", "--name", "last", "bb:1", "true"]);
    (follower.until("last"), made)
}

/// Each event was seen once; all that the engine still remembers, and nothing else since its oldest; and what is not
/// known to have been seen is in a gap that was told.
fn assert_nothing_is_missing(lab: &Lab, news: &[Value], made: &BTreeMap<String, i64>) {
    let events: Vec<_> = news.iter().filter(|news| news["news"] == "event").collect();
    let identity = |event: &Value| {
        (at(event), event["action"].as_str().unwrap().to_owned(), event["id"].as_str().unwrap().to_owned())
    };
    let seen: BTreeSet<_> = events.iter().map(|event| identity(event)).collect();
    assert_eq!(seen.len(), events.len(), "some came twice");

    // What the engine still remembers.
    let remembered =
        porthole_ok(lab, &["events", "-o", "json", "-f", "type=container", "--since", "1h", "--until", "0s"]);
    let remembered: Vec<_> = remembered.lines().map(parse).filter(|news| news["news"] == "event").collect();
    assert!(remembered.len() > 100, "{}", remembered.len());
    let reported: BTreeSet<_> = remembered.iter().map(identity).collect();
    let oldest = remembered.iter().map(at).min().unwrap();
    let seen_since: BTreeSet<_> = seen.into_iter().filter(|(at, ..)| *at >= oldest).collect();
    assert_eq!(seen_since, reported);

    // What it forgot when it was started anew was seen, or is in a gap that was told.
    let gaps: Vec<_> = news.iter().filter(|news| news["news"] == "gap").collect();
    assert_eq!(news.iter().filter(|news| news["news"] == "lost").count(), 2, "{gaps:?}");
    for (id, moment) in made {
        let is_told = gaps.iter().any(|gap| {
            nanoseconds(&gap["after"], 0) <= *moment && *moment <= nanoseconds(&gap["before"], i64::MAX)
        });
        let is_seen =
            |action: &str| events.iter().any(|event| event["id"] == id.as_str() && event["action"] == action);
        assert!(is_told || (is_seen("create") && is_seen("destroy")), "{id} of {moment}: {gaps:?}");
    }
}

#[test]
fn filters_the_past_and_words() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        lab.run("web", &["--label", "tier=front", "--label", "api_token=hunter2"], "peer:1", &["idle"]);
        lab.docker_ok(&["kill", "web"]);
        lab.docker_ok(&["network", "create", "shop"]);
        wait_for("the end of the container", || lab.docker_ok(&["ps", "-q"]).is_empty());
        let past = |more: &[&str]| {
            let mut arguments = vec!["events", "--since", "10m", "--until", "0s"];
            arguments.extend_from_slice(more);
            porthole_ok(&lab, &arguments)
        };
        let everything = past(&[]);
        assert!(everything.contains("exitCode=137"), "{everything}");
        assert!(everything.contains("network   create       shop"), "{everything}");
        let died = past(&["-f", "type=container", "-f", "event=die"]);
        assert_eq!(died.lines().count(), 1, "{died}");
        let json = past(&["-f", "label=tier=front", "-o", "json"]);
        assert!(json.contains(r#""tier":"front""#) && !json.contains("hunter2"), "{json}");

        let wrong = porthole(&lab, &["events", "--since", "yesterday"]);
        assert!(wrong.stderr.contains("10m"), "{}", wrong.stderr);
        let unknown = porthole(&lab, &["events", "-f", "nonsense=1", "--until", "0s"]);
        assert_eq!(unknown.code, 2, "{}", unknown.stdout);
        assert!(unknown.stderr.contains("container, daemon, event"), "{}", unknown.stderr);
    }
}

#[test]
fn it_ends_at_ctrl_c_and_when_nobody_reads() {
    let lab = lab(Engine::newest());
    let mut follower = Follower::begin(&lab, &[]);
    lab.docker_ok(&["network", "create", "one"]);
    follower.until("one");
    let pid = follower.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(follower.process.wait().unwrap().code(), Some(130));
    let cut = lab.sh("porthole events --since 1h --until 0s | head -n 1");
    assert_eq!(cut.code, 0, "{}", cut.stderr);
    assert!(!cut.stderr.contains("error"), "{}", cut.stderr);
}

#[test]
fn a_command_for_each_event() {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    lab.docker_ok(&["rm", "-f", "web"]);
    let exec = |command: &str, more: &[&str]| {
        let mut arguments = vec!["events", "--since", "10m", "--until", "0s", "-f", "type=container"];
        arguments.extend_from_slice(more);
        arguments.extend(["--exec", command]);
        porthole(&lab, &arguments)
    };
    let heard = exec(r#"read -r line; echo "$PORTHOLE_ACTION $PORTHOLE_NAME $line""#, &[]);
    assert_eq!(heard.code, 0, "{}", heard.stderr);
    let lines: Vec<_> = heard.stdout.lines().collect();
    assert!(lines[0].starts_with(r#"create web {"schema_version":1,"news":"event","#), "{lines:?}");
    assert!(lines.last().unwrap().starts_with("destroy web "), "{lines:?}");

    let failed = exec("[ $PORTHOLE_ACTION != kill ]", &[]);
    assert_eq!(failed.code, 1, "{}", failed.stdout);
    assert!(failed.stderr.contains("the command for kill web failed with exit code 1"), "{}", failed.stderr);

    // What hangs is ended with all that it started, and keeps nobody from the next one.
    let stuck =
        exec("[ $PORTHOLE_ACTION = create ] || exit 0; sleep 4711 & wait", &["--exec-timeout", "0.5"]);
    assert_eq!(stuck.code, 1, "{}", stuck.stdout);
    assert!(stuck.stderr.contains("did not end within 0.5 s"), "{}", stuck.stderr);
    wait_for("the command's end", || lab.sh("grep -aszqx '471[1]' /proc/[0-9]*/cmdline").code != 0);

    let many = exec("sleep 1", &["--at-once", "16"]);
    assert_eq!(many.code, 0, "{}", many.stderr);
}

/// More comes at once than commands can run: they wait in the order of the events, and memory stays bounded.
#[test]
fn a_burst_of_events_runs_every_command_in_order() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let mut command = lab.command("porthole");
        // The first one holds all others up.
        let script = "[ $PORTHOLE_ID = v1 ] && sleep 5; echo $PORTHOLE_ACTION $PORTHOLE_ID >> /tmp/done";
        command.args(["events", "-f", "type=volume", "--exec", script]);
        let mut follower = command.spawn().unwrap();
        wait_for("the engine to have a listener", || {
            lab.docker_ok(&["info", "--format", "{{.NEventsListener}}"]).trim() != "0"
        });
        for number in 1..=1000 {
            make_volume(&lab, &format!("v{number}"));
        }
        wait_for("all commands", || lab.sh("wc -l < /tmp/done").stdout.trim() == "1000");
        let expected: Vec<_> = (1..=1000).map(|number| format!("create v{number}")).collect();
        assert_eq!(lab.sh_ok("cat /tmp/done").lines().collect::<Vec<_>>(), expected);
        let pid = porthole_lab::program_pid(&follower).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next());
        let kilobytes: u64 = peak.unwrap().parse().unwrap();
        assert!(kilobytes < 100_000, "{kilobytes} kB");
        assert!(Command::new("kill").args(["-INT", &follower.id().to_string()]).status().unwrap().success());
        assert_eq!(follower.wait().unwrap().code(), Some(130));
    }
}

#[test]
fn podman_tells_all_that_it_remembers() {
    let lab = lab(Engine::Podman);
    for number in 0..10 {
        lab.docker_ok(&["create", "--name", &format!("c{number}"), "bb:1", "true"]);
        lab.docker_ok(&["volume", "create", &format!("data{number}")]);
    }
    let past = porthole_ok(&lab, &["events", "--since", "10m", "--until", "0s", "-f", "type=container"]);
    assert_eq!(past.matches(" create ").count(), 10, "{past}");
    let volumes =
        porthole_ok(&lab, &["events", "--since", "10m", "--until", "0s", "-f", "type=volume", "-o", "json"]);
    let ids: Vec<_> = volumes.lines().map(|line| parse(line)["id"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<_> = (0..10).map(|number| format!("data{number}")).collect();
    assert_eq!(ids, expected);
}

/// Faster than the docker CLI would.
fn make_volume(lab: &Lab, name: &str) {
    let mut engine = UnixStream::connect(lab.socket()).unwrap();
    let body = format!("{{\"Name\":\"{name}\"}}");
    let length = body.len();
    let head = "POST /volumes/create HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\nConnection: close";
    write!(engine, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    engine.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
