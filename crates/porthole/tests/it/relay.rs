//! A relay before an engine's socket, which does to its answers what a bad line or a sick engine would.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use tempfile::TempDir;

use crate::support::wait_for;

/// What the relay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It passes everything on.
    Healthy,
    /// It takes connections and bytes, and passes nothing back.
    Silent,
    /// It passes nothing of an answer back that follows events, and everything else.
    DeafStream,
    /// It closes each connection at once.
    Closing,
    /// It answers each request itself.
    Answering(&'static [u8]),
}

/// What it does once to the next bytes of an answer that follows events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// So many pass.
    pub(crate) after: usize,
    /// These follow.
    pub(crate) then: &'static [u8],
}

/// Changes what passes, in whole lines; whether it goes to the engine stands before it.
pub(crate) type Edit = Box<dyn Fn(bool, &[u8]) -> Vec<u8> + Send>;

/// The relay. Its threads end with the test.
pub(crate) struct Relay {
    _directory: TempDir,
    pub(crate) url: String,
    line: Arc<Line>,
}

struct Line {
    engine: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mode: Mode,
    cut: Option<Cut>,
    edit: Edit,
    streams: usize,
    made: Vec<Instant>,
}

impl Relay {
    pub(crate) fn begin(engine: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("relay.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let edit: Edit = Box::new(|_, bytes| bytes.to_vec());
        let state = State { mode: Mode::Healthy, cut: None, edit, streams: 0, made: Vec::new() };
        let line = Arc::new(Line { engine, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&line);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let line = Arc::clone(&accepting);
                std::thread::spawn(move || line.serve(client));
            }
        });
        Self { url: format!("unix://{}", path.display()), _directory: directory, line }
    }

    pub(crate) fn become_so(&self, mode: Mode) {
        self.line.state().mode = mode;
        self.line.changed.notify_all();
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.line.state().cut = Some(cut);
    }

    pub(crate) fn edit(&self, edit: Edit) {
        self.line.state().edit = edit;
    }

    /// How many answers follow events.
    pub(crate) fn streams(&self) -> usize {
        self.line.state().streams
    }

    /// When connections were made from now on, once there are so many.
    pub(crate) fn attempts(&self, number: usize) -> Vec<Instant> {
        self.line.state().made.clear();
        wait_for("attempts", || self.line.state().made.len() >= number);
        self.line.state().made.clone()
    }
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread fails with it")
    }

    fn serve(&self, mut client: UnixStream) {
        self.state().made.push(Instant::now());
        let mode = self.state().mode;
        match mode {
            Mode::Closing => return,
            Mode::Answering(answer) => {
                while client.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
                    let _gone = client.write_all(answer);
                }
                return;
            }
            Mode::Healthy | Mode::Silent | Mode::DeafStream => {}
        }
        // While the engine is away nobody can be reached.
        let Ok(engine) = UnixStream::connect(&self.engine) else { return };
        let follows = Mutex::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| self.ask(&client, &engine, &follows));
            self.answer(&engine, &client, &follows);
        });
    }

    fn ask(&self, mut client: &UnixStream, mut engine: &UnixStream, follows: &Mutex<bool>) {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let is_past = request.contains("until=") || request.contains("stream=false");
            if request.contains("/events?") && !is_past {
                *follows.lock().unwrap() = true;
                self.state().streams += 1;
            }
            let edited = (self.state().edit)(true, &buffer[..length]);
            if engine.write_all(&edited).is_err() {
                break;
            }
        }
        let _closed = engine.shutdown(Shutdown::Both);
    }

    fn answer(&self, mut engine: &UnixStream, mut client: &UnixStream, follows: &Mutex<bool>) {
        let mut buffer = vec![0; 65536];
        let mut waiting = Vec::new();
        while let Ok(length @ 1..) = engine.read(&mut buffer) {
            waiting.extend_from_slice(&buffer[..length]);
            // An event whose end is still to come waits for it.
            let end = waiting.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let is_whole = !waiting[end..].contains(&b'{');
            let rest = waiting.split_off(if is_whole { waiting.len() } else { end });
            let lines = std::mem::replace(&mut waiting, rest);
            if lines.is_empty() {
                continue;
            }
            let follows = *follows.lock().unwrap();
            let mut state = self.state();
            while state.mode == Mode::Silent || (follows && state.mode == Mode::DeafStream) {
                state = self.changed.wait(state).unwrap();
            }
            let mut lines = (state.edit)(false, &lines);
            let is_head = lines.starts_with(b"HTTP/");
            let cut = if follows && !is_head { state.cut.take() } else { None };
            drop(state);
            if let Some(cut) = cut {
                lines.truncate(cut.after);
                lines.extend_from_slice(cut.then);
            }
            if client.write_all(&lines).is_err() || cut.is_some() {
                break;
            }
        }
        let _closed = client.shutdown(Shutdown::Both);
        let _closed = engine.shutdown(Shutdown::Both);
    }
}
