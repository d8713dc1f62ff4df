//! One run of one command: started and waited for directly, on the lab host, with its output kept in memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wait4::{ResourceUsage, Wait4};

use crate::error::BenchError;

/// A tmpfs: writing the answer down costs every contender the same, and no disk is waited for.
const ANSWER: &str = "/dev/shm/porthole-bench-answer";

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// From before the start of the process to its end.
    pub(crate) wall: Duration,
    /// The processor's time, in the program and in the kernel, of the process and of those it waited for.
    pub(crate) processor: Duration,
    /// The largest resident set of the process or of one it waited for, in bytes.
    pub(crate) peak_memory: u64,
    /// How many lines of the answer held what a row holds.
    pub(crate) rows: usize,
}

/// Runs `command` once; gives the [`Sample`] as JSON.
///
/// A started program inherits its parent's peak until it has its own, so this process must stay small: it reads
/// the answer line by line.
pub(crate) fn measure(row: &str, command: &[String]) -> Result<String, BenchError> {
    let path = Path::new(ANSWER);
    let answer = File::create(path).map_err(BenchError::at("create", path))?;
    let (wall, used) = run(command, answer)?;
    let answer = File::open(path).map_err(BenchError::at("open", path))?;
    let rows = count(BufReader::new(answer), row).map_err(BenchError::at("read", path))?;
    let processor = used.utime + used.stime;
    Ok(serde_json::to_string(&Sample { wall, processor, peak_memory: used.maxrss, rows })?)
}

fn run(words: &[String], answer: File) -> Result<(Duration, ResourceUsage), BenchError> {
    let (program, arguments) =
        words.split_first().map_or(("true", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(answer);
    let begin = Instant::now();
    let ended = command.spawn().and_then(Wait4::wait4).map_err(BenchError::io(format!("run {program}")))?;
    let wall = begin.elapsed();
    if !ended.status.success() {
        return Err(BenchError::Failed { command: words.join(" "), status: ended.status.to_string() });
    }
    Ok((wall, ended.rusage))
}

/// How many lines hold `row`.
fn count(mut answer: impl BufRead, row: &str) -> io::Result<usize> {
    let (mut line, mut rows) = (String::new(), 0);
    while answer.read_line(&mut line)? > 0 {
        rows += usize::from(line.contains(row));
        line.clear();
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_with_the_row_count() {
        assert_eq!(count(&b"PROTO\ntcp 1\nudp 2\ntcp 3"[..], "tcp").unwrap(), 2);
    }

    #[test]
    fn a_command_that_fails_gives_no_figure() {
        let words = ["sh", "-c", "exit 3"].map(str::to_owned);
        let answer = File::options().write(true).open("/dev/null").unwrap();
        let error = run(&words, answer).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
    }

    #[test]
    fn the_time_and_the_memory_are_those_of_the_command() {
        let script = "x=$(head -c 20000000 /dev/zero | tr '\\0' a); sleep 0.2";
        let words = ["sh", "-c", script].map(str::to_owned);
        let answer = File::options().write(true).open("/dev/null").unwrap();
        let (wall, used) = run(&words, answer).unwrap();
        let peak = used.maxrss;
        assert!(wall >= Duration::from_millis(200) && peak > 20_000_000, "{wall:?}, {peak} bytes");
    }
}
