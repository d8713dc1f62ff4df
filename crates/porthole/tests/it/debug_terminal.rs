//! Sessions on a terminal: keys, job control, and settings that are given back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use porthole_lab::{Engine, Lab};

use crate::support::{builder, start, wait_for};

/// A shell of the lab's host on a terminal, which a person types at.
struct Terminal {
    child: Child,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    fn open(lab: &Lab) -> Self {
        let mut command = lab.command("script");
        command.args(["--quiet", "--flush", "--command", "bash --norc --noprofile -i", "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut output, seen) = (child.stdout.take().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                seen.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        let mut terminal = Self { child, shown };
        terminal.types("PS1=; echo be''gun\n", "begun");
        terminal
    }

    /// Types, and waits until that is shown.
    fn types(&mut self, keys: &str, shown: &str) {
        self.shown.lock().unwrap().clear();
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
        self.sees(shown);
    }

    fn sees(&self, shown: &str) {
        wait_for(&format!("{shown:?} in {:?}", self.shown.lock().unwrap()), || {
            self.shown.lock().unwrap().contains(shown)
        });
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn web() -> Lab {
    let lab = start(builder(Engine::newest()).bind("/usr/bin/script", "/usr/local/bin/script"));
    lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
    lab
}

#[test]
fn a_shell_inside_has_the_terminal_until_it_ends() {
    let lab = web();
    let mut terminal = Terminal::open(&lab);
    terminal.types("stty -g; porthole debug --shell /bin/sh web\n", "/ # ");
    terminal.types("tty; echo in''side $((6 * 7))\n", "inside 42");
    terminal.types("sleep 4711\n", "sleep 4711");
    wait_for("it to run", || !lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
    terminal.types("\u{3}", "/ # ");
    wait_for("its end", || lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
    terminal.types("sleep 4712\n", "sleep 4712");
    wait_for("it to run", || !lab.sh("pgrep -x -f 'sleep 4712'").stdout.is_empty());
    terminal.types("\u{1a}", "Stopped");
    terminal.types("stty rows 33 columns 77; stty size\n", "33 77");
    terminal.types("kill -9 %1; wait; stty raw -echo; exit 5\n", "");
    terminal.types("echo co''de $?\n", "code 5");
    terminal.types("stty -a | grep -o -e ' -echo ' -e ' icanon '; echo e''nd\n", "end");
    assert!(!terminal.shown.lock().unwrap().contains(" -echo "), "{:?}", terminal.shown.lock().unwrap());
    assert!(lab.sh("pgrep -x -f 'sleep 4712'").stdout.is_empty());
}

#[test]
fn a_command_is_stopped_and_goes_on_with_porthole() {
    let lab = web();
    let mut terminal = Terminal::open(&lab);
    terminal.types("porthole debug web -- sh -c 'echo be''fore; exec sleep 4711'\n", "before");
    terminal.types("\u{1a}", "Stopped");
    terminal.types("echo he''re\n", "here");
    terminal.types("fg\n", "porthole debug");
    terminal.types("\u{3}", "");
    terminal.types("echo co''de $?\n", "code 130");
    terminal.types("porthole debug web -- sh -c 'echo ag''ain; exec sleep 4712'\n", "again");
    terminal.types("\u{1c}", "");
    terminal.types("echo co''de $?\n", "code 131");
}

#[test]
fn a_pipeline_keeps_its_terminal() {
    let lab = web();
    let mut terminal = Terminal::open(&lab);
    terminal.types("porthole debug web -- cat /etc/passwd | (read first; echo \"got $first\"; read key < /dev/tty; echo \"key $key\")\n", "got root");
    terminal.types("x\n", "key x");
    terminal.types("porthole debug web -- sh -c 'echo re''ady; sleep 4711' | cat\n", "ready");
    terminal.types("\u{3}", "");
    terminal.types("echo he''re\n", "here");
    wait_for("its end", || lab.sh("pgrep -f '[s]leep 4711'").stdout.is_empty());
}

#[test]
fn a_closed_terminal_ends_the_session() {
    let lab = web();
    let mut terminal = Terminal::open(&lab);
    terminal.types(
        "porthole debug web -- sh -c 'trap \"\" HUP; echo re''ady; sleep 4711; sleep 4712'\n",
        "ready",
    );
    drop(terminal);
    wait_for("its end", || lab.sh("pgrep -f '[s]leep 471|[p]orthole'").stdout.is_empty());
}
