//! `porthole events` over a line that breaks, an engine that hangs or answers garbage, and a clock that jumps: told
//! once, nothing lost, nothing twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::relay::{Cut, Mode, Relay};
use crate::support::{PORTHOLE, lab, lines_of, parse, wait_for};

/// A porthole that follows an engine through a relay.
struct Follower {
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn begin(relay: &Relay, more: &[&str]) -> Self {
        let before = relay.streams();
        let mut command = Command::new(PORTHOLE);
        command.args(["--host", &relay.url, "--timeout", "2", "events", "-f", "type=volume"]).args(more);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = process.stdout.take().unwrap();
        let lines = lines_of(out);
        wait_for("the stream", || relay.streams() > before);
        Self { process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_mins(2)).expect("a line")
    }

    /// Everything up to a line of JSON that is so.
    fn until(&self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            all.push(parse(&self.line()));
            if is_last(all.last().unwrap()) {
                return all;
            }
        }
    }

    fn until_made(&self, name: &str) -> Vec<Value> {
        self.until(|news| news["id"] == name && news["action"] == "create")
    }

    /// Asks it to end; its exit code and what it said beside its lines.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let code = self.process.wait().unwrap().code();
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Makes volumes, each an event.
fn make(lab: &Lab, prefix: &str, number: usize) {
    let names = (1..=number).map(|index| format!("{prefix}{index}")).collect::<Vec<_>>().join(" ");
    lab.sh_ok(&format!("for name in {names}; do docker volume create $name; done"));
}

/// The names of what was made, in the order of the lines.
fn made(news: &[Value]) -> Vec<&str> {
    let events = news.iter().filter(|news| news["news"] == "event" && news["action"] == "create");
    events.map(|event| event["id"].as_str().unwrap()).collect()
}

/// The same of those whose name begins so: what happened in the second in which it begins to follow is seen, too.
fn made_of<'news>(news: &'news [Value], prefix: &str) -> Vec<&'news str> {
    made(news).into_iter().filter(|name| name.starts_with(prefix)).collect()
}

fn kinds(news: &[Value]) -> Vec<&str> {
    news.iter().map(|news| news["news"].as_str().unwrap()).filter(|kind| *kind != "event").collect()
}

/// What was made while `fault` lasted comes once, in order, and the break is told once.
fn assert_unharmed(lab: &Lab, relay: &Relay, fault: &str, break_it: impl Fn(), mend: impl Fn()) {
    let name = |part: &str| format!("{fault}-{part}");
    let follower = Follower::begin(relay, &["-o", "json"]);
    make(lab, &name("before"), 2);
    let mut news = follower.until_made(&name("before2"));
    break_it();
    news.extend(follower.until(|news| news["news"] == "lost"));
    mend();
    make(lab, &name("after"), 3);
    news.extend(follower.until_made(&name("after3")));
    let expected = ["before1", "before2", "during", "after1", "after2", "after3"].map(name);
    assert_eq!(made_of(&news, fault), expected, "{fault}: {news:#?}");
    assert_eq!(kinds(&news), ["lost", "back"], "{fault}: {news:#?}");
    let (code, said) = follower.interrupt();
    assert_eq!((code, said.as_str()), (Some(130), ""), "{fault}");
}

const FAULTY: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nfire";
const WEB_PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>\n</html>\n";
const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n";
const NO_HTTP: &[u8] = b"\0\xff\xfexyzzy\r\n\r\n";

#[test]
fn a_line_that_breaks_loses_nothing() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let relay = Relay::begin(lab.socket());
        let cuts: [(&str, usize, &'static [u8]); 6] = [
            ("between-chunks", 0, b""),
            ("in-a-chunk-header", 2, b""),
            ("in-json", 60, b""),
            ("garbage", 0, b"7\r\nxyzzy!\n\r\n"),
            ("garbage-for-a-chunk", 0, b"\xff\xfe<html>\r\n"),
            ("ended-well", 0, b"0\r\n\r\n"),
        ];
        for (fault, after, then) in cuts {
            let break_it = || {
                relay.cut(Cut { after, then });
                lab.docker_ok(&["volume", "create", &format!("{fault}-during")]);
            };
            assert_unharmed(&lab, &relay, fault, break_it, || {});
        }
    }
}

#[test]
fn an_engine_behind_a_sick_door_is_tried_again() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let relay = Relay::begin(lab.socket());
        let doors = [
            ("closes", Mode::Closing),
            ("is-faulty", Mode::Answering(FAULTY)),
            ("is-a-web-server", Mode::Answering(WEB_PAGE)),
            ("forbids", Mode::Answering(FORBIDDEN)),
            ("speaks-no-http", Mode::Answering(NO_HTTP)),
        ];
        for (fault, mode) in doors {
            let break_it = || {
                relay.become_so(mode);
                relay.cut(Cut { after: 0, then: b"" });
                lab.docker_ok(&["volume", "create", &format!("{fault}-during")]);
                // Pauses grow: 100, 200, 400, 800 ms at least.
                let attempts = relay.attempts(5);
                assert!(attempts[4] - attempts[0] >= Duration::from_millis(1500), "{attempts:?}");
            };
            assert_unharmed(&lab, &relay, fault, break_it, || relay.become_so(Mode::Healthy));
        }
    }
}

#[test]
fn an_engine_that_hangs_is_noticed() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let relay = Relay::begin(lab.socket());
        let during = |fault: &str| lab.docker_ok(&["volume", "create", &format!("{fault}-during")]);
        let silent = || {
            relay.become_so(Mode::Silent);
            during("silent");
        };
        assert_unharmed(&lab, &relay, "silent", silent, || relay.become_so(Mode::Healthy));
        // The engine is well, and answers; only its stream has stopped.
        let deaf = || {
            relay.become_so(Mode::DeafStream);
            during("deaf");
        };
        assert_unharmed(&lab, &relay, "deaf", deaf, || relay.become_so(Mode::Healthy));
        let stopped = || {
            during("stopped");
            signal(&lab, "-STOP");
        };
        assert_unharmed(&lab, &relay, "stopped", stopped, || signal(&lab, "-CONT"));
    }
}

fn signal(lab: &Lab, signal: &str) {
    let pid = lab.engine_pid().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

/// Silence is normal: an engine that is well is asked, and nothing is told.
#[test]
fn a_quiet_engine_is_left_in_peace() {
    for engine in [Engine::Docker20, Engine::newest(), Engine::Podman] {
        let lab = lab(engine);
        let relay = Relay::begin(lab.socket());
        let follower = Follower::begin(&relay, &["-o", "json"]);
        lab.docker_ok(&["volume", "create", "one"]);
        follower.until_made("one");
        // Whenever it is asked, connections are made or kept ones used; two checks pass.
        std::thread::sleep(Duration::from_secs(35));
        lab.docker_ok(&["volume", "create", "two"]);
        let news = follower.until_made("two");
        assert_eq!((kinds(&news), made(&news)), (vec![], vec!["two"]), "{:?}: {news:#?}", lab.engine());
        assert_eq!(relay.streams(), 1);
    }
}

/// Podman keeps its events in a file: a restart loses none.
#[test]
fn podman_is_followed_across_its_restart() {
    let lab = lab(Engine::Podman);
    let relay = Relay::begin(lab.socket());
    let follower = Follower::begin(&relay, &["-o", "json"]);
    make(&lab, "early", 3);
    let mut news = follower.until_made("early3");
    lab.restart_engine().unwrap();
    make(&lab, "late", 3);
    news.extend(follower.until_made("late3"));
    assert_eq!(made(&news), ["early1", "early2", "early3", "late1", "late2", "late3"], "{news:#?}");
    assert_eq!(kinds(&news), ["lost", "back"], "{news:#?}");
    follower.interrupt();
}

#[test]
fn it_ends_at_ctrl_c_in_every_state_and_says_the_break_once() {
    let lab = lab(Engine::newest());
    let relay = Relay::begin(lab.socket());
    for mode in [Mode::Silent, Mode::Closing, Mode::Answering(FAULTY), Mode::Answering(WEB_PAGE)] {
        relay.become_so(Mode::Healthy);
        let follower = Follower::begin(&relay, &[]);
        lab.docker_ok(&["volume", "create", "seen"]);
        assert!(follower.line().contains("seen"));
        relay.become_so(mode);
        relay.cut(Cut { after: 3, then: b"" });
        lab.docker_ok(&["volume", "rm", "seen"]);
        if mode != Mode::Silent {
            relay.attempts(4);
        }
        let (code, said) = follower.interrupt();
        assert_eq!(code, Some(130), "{mode:?}: {said}");
        let told = usize::from(mode != Mode::Silent);
        assert_eq!(said.matches("events come no longer; the engine is tried again").count(), told, "{said}");
    }
}

/// An hour, as the engine's clock is set back.
const BACK: i64 = 3600;

#[test]
fn a_clock_that_is_set_back_and_forward_loses_nothing() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        let relay = Relay::begin(lab.socket());
        lab.docker_ok(&["volume", "create", "unasked"]);
        std::thread::sleep(Duration::from_millis(1100));
        let follower = Follower::begin(&relay, &["-o", "json"]);
        make(&lab, "early", 2);
        let mut news = follower.until_made("early2");
        // What happened before must not be in the second of the jump.
        std::thread::sleep(Duration::from_millis(1100));
        set_clock_back(&relay);
        make(&lab, "back", 2);
        news.extend(follower.until_made("back2"));
        assert_eq!(kinds(&news), ["clock_set_back"], "{news:#?}");
        relay.cut(Cut { after: 9, then: b"" });
        make(&lab, "cut", 2);
        news.extend(follower.until_made("cut2"));
        // It is right again, which is a jump forward.
        relay.edit(Box::new(|_, bytes| bytes.to_vec()));
        make(&lab, "right", 2);
        news.extend(follower.until_made("right2"));
        let expected = ["early1", "early2", "back1", "back2", "cut1", "cut2", "right1", "right2"];
        assert_eq!(made(&news), expected, "{news:#?}");
        assert_eq!(kinds(&news), ["clock_set_back", "lost", "back"], "{news:#?}");
        follower.interrupt();
    }
}

/// From now on the engine's answers look as if its clock had been set back by an hour.
fn set_clock_back(relay: &Relay) {
    let jump = jiff::Timestamp::now().as_second();
    relay.edit(Box::new(move |to_engine, bytes| {
        let text = String::from_utf8_lossy(bytes);
        if to_engine {
            return shifted(&text, "until=", BACK, |_| true).into_bytes();
        }
        let is_later = |second: i64| second >= jump;
        let events = shifted(&shifted(&text, "\"time\":", -BACK, is_later), "\"timeNano\":", -BACK, is_later);
        with_date(&events, -BACK).into_bytes()
    }));
}

/// The text with the ten digits of seconds behind each `mark` moved, where they are to be.
fn shifted(text: &str, mark: &str, by: i64, is_meant: impl Fn(i64) -> bool) -> String {
    let mut parts = text.split(mark);
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(10);
        let second: i64 = digits.parse().unwrap();
        let second = if is_meant(second) { second + by } else { second };
        all.extend([mark, &second.to_string(), rest]);
    }
    all
}

fn with_date(text: &str, by: i64) -> String {
    let Some((before, rest)) = text.split_once("\nDate: ") else { return text.to_owned() };
    let (date, rest) = rest.split_at(29);
    let moment = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
    let moment = moment + jiff::SignedDuration::from_secs(by);
    let date = moment.strftime("%a, %d %b %Y %H:%M:%S GMT");
    format!("{before}\nDate: {date}{rest}")
}
