//! The shell, the pager, the editor and top on a pseudo-terminal.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::root::Root;

/// "Where is the cursor?", which a line editor asks its terminal, and an answer.
const WHERE: &[u8] = b"\x1b[6n";
const HERE: &[u8] = b"\x1b[1;1R";

const CTRL_C: &str = "\x03";
const CTRL_Q: &str = "\x11";
const CTRL_S: &str = "\x13";
const CTRL_Z: &str = "\x1a";
const UP: &str = "\x1b[A";

/// A tool with a terminal: script(1) makes one and copies it to its own pipes.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    shown: Receiver<Vec<u8>>,
    unread: Vec<u8>,
}

impl Terminal {
    /// Begins a tool.
    fn new(root: &Root, words: &[&str]) -> Self {
        let inner = root.command(words);
        let quoted = std::iter::once(inner.get_program()).chain(inner.get_args());
        let line: Vec<_> =
            quoted.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''"))).collect();
        let line = format!("stty rows 24 cols 80; exec {}", line.join(" "));
        let mut script = std::process::Command::new("script");
        script.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script runs");
        let (sender, shown) = channel();
        let mut output = script.stdout.take().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut piece) {
                if sender.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = script.stdin.take().unwrap();
        Self { script, keys, shown, unread: Vec::new() }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the text is on the screen, and gives what came until then.
    fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(at) = find(&self.unread, text.as_bytes()) {
                let rest = self.unread.split_off(at + text.len());
                let seen = std::mem::replace(&mut self.unread, rest);
                return String::from_utf8_lossy(&seen).into_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let piece = self.shown.recv_timeout(left);
            let so_far = String::from_utf8_lossy(&self.unread).into_owned();
            let piece = piece.unwrap_or_else(|_| panic!("no {text:?} on the terminal: {so_far:?}"));
            self.take(piece);
        }
    }

    /// Presses a key until the text is there: it says nothing to a command that does not have the terminal yet.
    fn press_until(&mut self, key: &str, text: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while find(&self.unread, text.as_bytes()).is_none() {
            let so_far = String::from_utf8_lossy(&self.unread);
            assert!(Instant::now() < deadline, "no {text:?} on the terminal: {so_far:?}");
            self.press(key);
            while let Ok(piece) = self.shown.recv_timeout(Duration::from_millis(300)) {
                self.take(piece);
            }
        }
        self.until(text);
    }

    fn take(&mut self, piece: Vec<u8>) {
        for _ in 0..count(&piece, WHERE) {
            self.keys.write_all(HERE).unwrap();
        }
        self.unread.extend(piece);
    }

    /// The exit code, once it ends.
    fn end(mut self) -> Option<i32> {
        self.script.wait().unwrap().code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ended = self.script.kill().and_then(|()| self.script.wait());
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn count(text: &[u8], wanted: &[u8]) -> usize {
    text.windows(wanted.len()).filter(|window| *window == wanted).count()
}

#[test]
fn the_shell_has_jobs_completion_and_a_history_and_leaves_no_file() {
    let root = Root::new();
    let hostile = [
        "env",
        "PORTHOLE_TARGET=web",
        "PS1=$(echo evil)",
        "PROMPT_COMMAND=echo evil",
        "HISTFILE=/tmp/h",
        "sh",
    ];
    let mut terminal = Terminal::new(&root, &hostile);
    let begin = terminal.until("web:/# ");
    assert!(!begin.contains("evil"), "{begin}");
    terminal.press("echo $((40+2))-answered\r");
    terminal.until("42-answered\r\n");
    terminal.until("web:/# ");
    terminal.press("sleep 1000\r");
    terminal.until("\u{1b}[?2004l");
    terminal.press_until(CTRL_C, "web:/# ");
    terminal.press("echo $?-ended\r");
    terminal.until("130-ended\r\n");
    terminal.until("web:/# ");
    terminal.press("sleep 1000\r");
    terminal.until("\u{1b}[?2004l");
    terminal.press_until(CTRL_Z, "Stopped");
    terminal.until("web:/# ");
    terminal.press("fg\r");
    terminal.until("\u{1b}[?2004l");
    terminal.press_until(CTRL_C, "web:/# ");
    terminal.press("hexdu\t");
    terminal.until("hexdump ");
    terminal.press(CTRL_C);
    terminal.until("web:/# ");
    terminal.press(UP);
    terminal.until("fg");
    terminal.press(CTRL_C);
    terminal.until("web:/# ");
    terminal.press("exit 5\r");
    assert_eq!(terminal.end(), Some(5));
    assert_eq!(fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
    assert!(!root.path().join(".brush_history").exists() && !root.path().join("root").exists());
}

/// A program of a few instructions that stops itself: getpid, kill with SIGSTOP, exit.
fn stopping_program() -> Vec<u8> {
    const CODE: [u8; 30] =
        *b"\xb8\x27\0\0\0\x0f\x05\x89\xc7\xbe\x13\0\0\0\xb8\x3e\0\0\0\x0f\x05\x31\xff\xb8\x3c\0\0\0\x0f\x05";
    const HEADERS: u16 = 64 + 56;
    const AT: u64 = 0x40_0000;
    let size = u64::from(HEADERS) + CODE.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    file.extend([AT + u64::from(HEADERS), 64, 0].map(u64::to_le_bytes).concat());
    file.extend([0, 0, 64, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
    // What is loaded is the whole file, to be read and executed.
    file.extend([1, 5].map(u32::to_le_bytes).concat());
    file.extend([0, AT, AT, size, size, 0x1000].map(u64::to_le_bytes).concat());
    file.extend(CODE);
    file
}

#[test]
fn a_command_that_stops_in_its_first_instant_gives_the_prompt_back() {
    let root = Root::new();
    let program = root.path().join("bin/stop");
    fs::write(&program, stopping_program()).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut terminal = Terminal::new(&root, &["env", "PORTHOLE_TARGET=web", "sh"]);
    terminal.until("web:/# ");
    for _ in 0..60 {
        terminal.press("stop\r");
        terminal.until("Stopped");
        terminal.until("web:/# ");
    }
    terminal.press("exit 5\r");
    assert_eq!(terminal.end(), Some(5));
}

#[test]
fn a_stop_is_not_taken_for_that_of_a_background_job() {
    let root = Root::new();
    let mut terminal = Terminal::new(&root, &["env", "PORTHOLE_TARGET=web", "sh"]);
    terminal.until("web:/# ");
    terminal.press("sleep 1001 &\r");
    terminal.until("[1]+");
    terminal.until("web:/# ");
    for _ in 0..10 {
        terminal.press("sleep 1000\r");
        terminal.until("\u{1b}[?2004l");
        terminal.press_until(CTRL_Z, "Stopped\tsleep 1000\r\n");
        terminal.until("web:/# ");
    }
    terminal.press("jobs\r");
    terminal.until("Running\tsleep 1001\r\n");
    terminal.until("web:/# ");
    terminal.press("exit 5\r");
    assert_eq!(terminal.end(), Some(5));
}

#[test]
fn a_shell_within_a_shell_does_not_stop() {
    let root = Root::new();
    let mut terminal = Terminal::new(&root, &["env", "PORTHOLE_TARGET=web", "sh"]);
    terminal.until("web:/# ");
    terminal.press("PORTHOLE_TARGET=inner sh\r");
    terminal.until("inner:/# ");
    terminal.press("echo be''gun; for i in {1..20000}; do :; done; echo en''ded\r");
    terminal.until("begun");
    terminal.press(CTRL_Z);
    terminal.until("ended");
    terminal.until("inner:/# ");
    terminal.press("exit\r");
    terminal.until("web:/# ");
    terminal.press("exit 5\r");
    assert_eq!(terminal.end(), Some(5));
}

#[test]
fn an_interrupt_ends_commands_that_nobody_types() {
    let root = Root::new();
    for commands in ["sleep 1000; echo af''ter", "while true; do sleep 1000; done", "while :; do :; done"] {
        let mut terminal = Terminal::new(&root, &["sh", "-c", &format!("echo be''gun; {commands}")]);
        terminal.until("begun");
        terminal.press(CTRL_C);
        assert_eq!(terminal.end(), Some(130), "{commands}");
    }
}

#[test]
fn a_history_is_kept_where_it_is_asked_for() {
    let root = Root::new();
    let mut terminal =
        Terminal::new(&root, &["env", "PORTHOLE_HISTORY=/tmp/history", "PORTHOLE_TARGET=web", "sh"]);
    terminal.until("web:/# ");
    terminal.press("echo remembered\r");
    terminal.until("remembered\r\n");
    terminal.until("web:/# ");
    terminal.press("exit\r");
    assert_eq!(terminal.end(), Some(0));
    let history = fs::read_to_string(root.path().join("tmp/history")).unwrap();
    assert!(history.contains("echo remembered"), "{history}");
}

#[test]
fn the_pager_shows_control_characters_and_quits() {
    let root = Root::new();
    let lines = (1..200).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n") + "\n";
    fs::write(root.path().join("tmp/long"), format!("\x1b[31mred\n{lines}")).unwrap();
    let mut terminal = Terminal::new(&root, &["less", "/tmp/long"]);
    let first = terminal.until("line 10");
    assert!(first.contains("^[[31mred"), "{first:?}");
    terminal.press("G");
    terminal.until("line 199");
    terminal.press("q");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn the_editor_saves_and_takes_no_settings_of_the_container() {
    let root = Root::new();
    fs::create_dir_all(root.path().join("etc/kibi")).unwrap();
    fs::write(root.path().join("etc/kibi/config.ini"), "nonsense = 1\n").unwrap();
    fs::write(root.path().join("tmp/file"), "old\n").unwrap();
    let mut terminal = Terminal::new(&root, &["edit", "/tmp/file"]);
    let begin = terminal.until("old");
    assert!(!begin.contains("nonsense"), "{begin}");
    terminal.press("new ");
    terminal.until("new old");
    terminal.press(CTRL_S);
    terminal.until("written to");
    terminal.press(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(fs::read_to_string(root.path().join("tmp/file")).unwrap(), "new old\n");
}

#[test]
fn top_shows_processes_until_it_is_told_to_quit() {
    let root = Root::new();
    let mut terminal = Terminal::new(&root, &["top"]);
    terminal.until("Tasks: 1 total");
    terminal.until("COMMAND");
    terminal.press("M");
    terminal.until("Tasks: 1 total");
    terminal.press("q");
    terminal.until("\u{1b}[?1049l");
    assert_eq!(terminal.end(), Some(0));
}
