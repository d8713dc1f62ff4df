//! Whether every call is whole in what was written down, when many clients call at once.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use super::contender::{Contender, Running};
use super::stage::{Server, Stage};
use crate::error::BenchError;

/// How many clients call at once.
pub(crate) const CLIENTS: usize = 32;

/// How many calls they make together.
pub(crate) const CALLS: usize = 200;

/// How many calls can be read in `socat -v`'s log, in porthole's lines, and in its recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intact {
    pub(crate) socat: usize,
    pub(crate) viewed: usize,
    pub(crate) recorded: usize,
}

/// Lists containers through each, and looks for each listing.
pub(crate) fn count(stage: &Stage) -> Result<Intact, BenchError> {
    let log_of = |contender| -> Result<String, BenchError> {
        let engine = stage.socket(Server::Engine);
        let running = Running::start(contender, &stage.programs, &stage.directory(), &engine)?;
        call(running.socket())?;
        let (log, recording) = (running.places.log.clone(), running.places.recording.clone());
        running.usage()?;
        running.end()?;
        if contender == Contender::Recording { listed(stage, &recording) } else { text(&log) }
    };
    let whole = |log: &str, wanted: fn(&str, usize) -> bool| {
        (0..CALLS).filter(|call| log.lines().filter(|line| wanted(line, *call)).count() == 1).count()
    };
    let is_row = |line: &&str| {
        line.starts_with(char::is_numeric) && line.contains(" 200 ") && line.ends_with("  GET ContainerList")
    };
    let is_before_summary = |line: &&str| !line.contains(" failed, ");
    let is_request = |line: &str, call| line == format!("GET /v1.41/containers/json?mark={call} HTTP/1.1\\r");
    let is_noun = |line: &str, call| {
        line.contains(&format!("/v1.41/containers/json?mark={call}\"")) && line.contains("\"status\":200")
    };
    Ok(Intact {
        socat: whole(&log_of(Contender::SocatVerbose)?, is_request),
        viewed: log_of(Contender::Viewing)?.lines().take_while(is_before_summary).filter(is_row).count(),
        recorded: whole(&log_of(Contender::Recording)?, is_noun),
    })
}

fn call(socket: &Path) -> Result<(), BenchError> {
    let one = |call: usize| -> io::Result<()> {
        let mut stream = UnixStream::connect(socket)?;
        let target = format!("/v1.41/containers/json?mark={call}");
        stream.write_all(
            format!("GET {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n").as_bytes(),
        )?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    };
    let outcome: io::Result<()> = std::thread::scope(|scope| {
        let client = |client: usize| (client..CALLS).step_by(CLIENTS).try_for_each(one);
        let clients: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
    });
    outcome.map_err(BenchError::io("list containers"))
}

/// The recording as JSON lines.
fn listed(stage: &Stage, recording: &Path) -> Result<String, BenchError> {
    let output = Command::new(&stage.programs.porthole)
        .args(["traffic", "ls", "--output", "json"])
        .arg(recording)
        .output()
        .map_err(BenchError::io("read the recording"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(path: &Path) -> Result<String, BenchError> {
    let bytes = std::fs::read(path).map_err(BenchError::at("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
