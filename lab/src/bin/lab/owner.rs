//! Labs that stay: each is owned by a program in the background, which ends when told.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use porthole_lab::{Engine, Lab, LabBuilder, LabError, collect_garbage, list};

use crate::args::Host;
use crate::{print, signals};

const END: Duration = Duration::from_secs(90);

/// Starts the owner, waits for its word, and leaves it running.
pub(crate) fn up(name: &str, host: &Host) -> Result<ExitCode, LabError> {
    let program = std::env::current_exe().map_err(io("find this program"))?;
    let mut child = Command::new(program)
        .args(["__owner", name])
        .args(again(host))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(io("start the owner"))?;
    let mut said = String::new();
    if let Some(pipe) = child.stdout.take() {
        let mut reader = BufReader::new(pipe);
        reader.read_line(&mut said).map_err(io("hear from the owner"))?;
        if said.starts_with("up ") {
            print::line(said.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        reader.read_to_string(&mut said).map_err(io("hear from the owner"))?;
    }
    child.wait().map_err(io("wait for the owner"))?;
    print::problem(said.trim_end());
    Ok(ExitCode::FAILURE)
}

/// The owner: a session of its own, away from the terminal that started it.
pub(crate) fn own(name: &str, host: &Host) -> Result<ExitCode, LabError> {
    nix::unistd::setsid().map_err(|errno| io("leave the terminal")(errno.into()))?;
    let signals = signals::catch()?;
    let started = builder(host).and_then(|builder| builder.name(name).without_slot().start());
    match started {
        Ok(lab) => {
            say(&format!("up {name}: {}, socket {}", lab.engine(), lab.socket().display()));
            signals.recv().ok();
            lab.down().map(|()| ExitCode::SUCCESS)
        }
        Err(error) => {
            say(&error.to_string());
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Tells the owner to end the lab, and waits until it is gone.
pub(crate) fn down(name: &str) -> Result<ExitCode, LabError> {
    let unfit = |problem: String| LabError::Name { name: name.to_owned(), problem };
    let find = || list().into_iter().find(|lab| lab.name == name);
    let Some(lab) = find() else { return Err(unfit("is not there".to_owned())) };
    if let Some(owner) = lab.owner {
        if !is_owner_program(owner) {
            return Err(unfit(format!("belongs to process {owner}, which ends it")));
        }
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(owner), nix::sys::signal::Signal::SIGTERM).ok();
    }
    let begin = Instant::now();
    while begin.elapsed() < END {
        match find() {
            None => return Ok(ExitCode::SUCCESS),
            Some(lab) if lab.owner.is_none() => drop(collect_garbage()?),
            Some(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    Err(unfit("does not end".to_owned()))
}

/// A lab as the arguments describe it.
pub(crate) fn builder(host: &Host) -> Result<LabBuilder, LabError> {
    let mut builder = Lab::builder(host.engine.unwrap_or_else(Engine::newest));
    if let Some(file) = &host.daemon_json {
        builder = builder.daemon_json(read_json(file)?);
    }
    if host.legacy {
        builder = builder.legacy_iptables();
    }
    if host.remapped_users {
        builder = builder.remapped_users();
    }
    if host.rootless {
        builder = builder.rootless();
    }
    for (here, there) in &host.bind {
        builder = builder.bind(here, there);
    }
    let program = std::env::current_exe().map_err(io("find this program"))?;
    let porthole = program.with_file_name("porthole");
    Ok(if porthole.is_file() { builder.bind(porthole, "/usr/local/bin/porthole") } else { builder })
}

/// The same arguments once more, for the owner.
fn again(host: &Host) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(host.engine.map(|engine| format!("--engine={engine}")));
    words.extend(host.daemon_json.as_ref().map(|file| format!("--daemon-json={}", file.display())));
    words.extend(host.legacy.then(|| "--legacy".to_owned()));
    words.extend(host.remapped_users.then(|| "--remapped-users".to_owned()));
    words.extend(host.rootless.then(|| "--rootless".to_owned()));
    words.extend(host.bind.iter().map(|(here, there)| format!("--bind={}:{there}", here.display())));
    words
}

fn read_json(file: &Path) -> Result<serde_json::Value, LabError> {
    let attempt = || format!("read {}", file.display());
    let text = std::fs::read(file).map_err(|source| LabError::Io { attempt: attempt(), source })?;
    serde_json::from_slice(&text).map_err(|error| LabError::Io { attempt: attempt(), source: error.into() })
}

/// The owner's answer; whoever started it may be gone.
fn say(text: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).ok();
}

fn is_owner_program(pid: i32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(b"__owner")
}

fn io(attempt: &str) -> impl FnOnce(std::io::Error) -> LabError {
    move |source| LabError::Io { attempt: attempt.to_owned(), source }
}
