//! A session through the engine on a terminal: keys, sizes, and what is left of the terminal afterwards.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use porthole_host::{Cells, PseudoTerminal, begin_with_terminal, is_taken};
use porthole_lab::{Engine, Lab};

use crate::debug_sidecar::{assert_no_trace, inside};
use crate::support::{lab, wait_for};

/// A porthole on a terminal, and what it shows.
pub(crate) struct Shown {
    child: Child,
    pub(crate) terminal: PseudoTerminal,
    other_end: File,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Shown {
    pub(crate) fn start(lab: &Lab, words: &[&str]) -> Self {
        let (terminal, other_end) = PseudoTerminal::open(Cells { rows: 24, columns: 80 }).expect("it works");
        let mut command = lab.command("porthole");
        command.args(words).env("TERM", "xterm");
        let stream = || Stdio::from(other_end.try_clone().expect("it works"));
        command.stdin(stream()).stdout(stream()).stderr(stream());
        begin_with_terminal(&mut command);
        let child = command.spawn().expect("it works");
        drop(command);
        let pieces = read_all(terminal.file().try_clone().expect("it works"));
        Self { child, terminal, other_end, pieces, seen: String::new() }
    }

    /// Waits until this is shown, and forgets all up to it.
    pub(crate) fn see(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !self.seen.contains(text) {
            let piece = self.pieces.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let piece = piece.unwrap_or_else(|_| panic!("waited in vain for {text:?} in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&piece));
            self.answer();
        }
        let end = self.seen.find(text).expect("it works") + text.len();
        self.seen.drain(..end);
    }

    /// A shell asks where the cursor is, and waits for the answer.
    fn answer(&mut self) {
        const QUESTION: &str = "\x1b[6n";
        while let Some(start) = self.seen.find(QUESTION) {
            self.seen.replace_range(start..start + QUESTION.len(), "");
            self.key(b"\x1b[1;1R");
        }
    }

    pub(crate) fn key(&self, keys: &[u8]) {
        self.terminal.file().write_all(keys).expect("it works");
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        let code = self.child.wait().expect("it works").code();
        assert!(!is_taken(&self.other_end), "the terminal is given back");
        code
    }
}

fn read_all(mut file: File) -> Receiver<Vec<u8>> {
    let (sender, pieces) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) if sender.send(buffer[..length].to_vec()).is_ok() => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                _ => return,
            }
        }
    });
    pieces
}

const SESSION: [&str; 5] = ["debug", "--mode", "sidecar", "web", "--"];

fn target() -> Lab {
    let lab = lab(Engine::newest());
    lab.run("web", &[], "peer:1", &["idle"]);
    assert_eq!(inside(&lab, &[], "web", &["true"]).code, 0);
    lab
}

#[test]
fn the_command_has_a_terminal_of_the_user_s_size() {
    let lab = target();
    let script = "stty size; echo $TERM; read line; echo got=$line; stty size; exit 6";
    let mut shown = Shown::start(&lab, &[&SESSION[..], &["sh", "-c", script]].concat());
    shown.see("24 80");
    shown.see("xterm");
    shown.terminal.resize(Cells { rows: 30, columns: 100 }).unwrap();
    shown.key(b"word\r");
    shown.see("got=word");
    shown.see("30 100");
    assert_eq!(shown.end(), Some(6));
    assert_no_trace(&lab, "web");
}

#[test]
fn control_keys_go_to_the_other_side() {
    let lab = target();
    let mut shown = Shown::start(&lab, &[&SESSION[..], &["sh", "-c", "echo rea''dy; sleep 800"]].concat());
    shown.see("ready");
    assert!(is_taken(&shown.other_end));
    shown.key(b"\x03");
    assert_eq!(shown.end(), Some(130));
    let mut shown = Shown::start(&lab, &[&SESSION[..], &["sh", "-c", "echo rea''dy; sleep 800"]].concat());
    shown.see("ready");
    shown.key(b"\x1c");
    assert_eq!(shown.end(), Some(131));
    assert_no_trace(&lab, "web");
}

#[test]
fn the_detach_keys_end_the_session() {
    let lab = target();
    let mut shown = Shown::start(&lab, &[&SESSION[..], &["sh", "-c", "echo rea''dy; sleep 800"]].concat());
    shown.see("ready");
    shown.key(b"\x10");
    shown.key(b"\x11");
    assert_eq!(shown.end(), Some(0));
    assert_no_trace(&lab, "web");
}

#[test]
fn a_lost_engine_gives_the_terminal_back_with_a_reason() {
    let lab = target();
    let mut shown = Shown::start(&lab, &[&SESSION[..], &["sh", "-c", "echo rea''dy; sleep 800"]].concat());
    shown.see("ready");
    lab.kill_engine().unwrap();
    shown.see("the session was lost");
    assert_eq!(shown.end(), Some(2));
    lab.start_engine().unwrap();
    wait_for("nothing to be left", || crate::debug_sidecar::sidecars(&lab).is_empty());
}

#[test]
fn a_shell_is_usable() {
    let lab = target();
    let mut shown = Shown::start(&lab, &SESSION[..4]);
    shown.key(b"echo A$((40+2))B\r");
    shown.see("A42B");
    shown.key(b"exit 4\r");
    assert_eq!(shown.end(), Some(4));
    assert_no_trace(&lab, "web");
}
