//! Running a program of the host for what it prints, with an end to waiting.
//!
//! A child is born into the network namespace of the thread that starts it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Where programs of the administrator are, beside what `PATH` says, which often lacks them.
const ADMINISTRATORS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// How often a child is looked after.
const PACE: Duration = Duration::from_millis(2);

/// What is kept of a complaint.
const COMPLAINT: usize = 400;

/// Where a program is.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(ADMINISTRATORS.map(PathBuf::from));
    directories.map(|directory| directory.join(program)).find(|program| program.is_file())
}

/// What the program prints; why there is nothing to trust, in its own words, where it fails.
pub(super) fn output(program: &Path, arguments: &[&str], limit: Duration) -> Result<Vec<u8>, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let printed = drain(child.stdout.take());
    let complaint = drain(child.stderr.take());
    let ended = wait(&mut child, limit);
    let printed = printed.join().unwrap_or_default();
    let complaint = complaint.join().unwrap_or_default();
    match ended.map_err(|error| error.to_string())? {
        Some(status) if status.success() => Ok(printed),
        Some(status) => Err(refusal(status, &complaint)),
        None => Err(format!("it did not end within {} seconds", limit.as_secs())),
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still what was printed; how the child ends decides.
            let _read = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// How it ended; `None` when it had to be killed.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(PACE);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn refusal(status: ExitStatus, complaint: &[u8]) -> String {
    let complaint = String::from_utf8_lossy(complaint);
    let complaint = complaint.trim().replace('\n', "; ");
    let complaint: String = complaint.chars().take(COMPLAINT).collect();
    if complaint.is_empty() { status.to_string() } else { complaint }
}
