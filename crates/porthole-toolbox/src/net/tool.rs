//! What the tools share: words are parsed, failures said under the tool's name, and a closed pipe is the end.

use std::ffi::OsString;
use std::future::Future;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::path::Path;
use std::time::Duration;

use clap::Parser;

/// How a tool ended: its exit code, or why it failed.
pub(super) type Outcome = Result<i32, Failure>;

/// Why a tool failed.
#[derive(Debug)]
pub(super) struct Failure {
    code: i32,
    message: Option<String>,
}

impl Failure {
    /// A failure with the exit code that the tool gives for it.
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()) }
    }

    /// A failure that nothing has to be said of.
    pub(super) fn quiet(code: i32) -> Self {
        Self { code, message: None }
    }

    /// Words that are no use of the tool.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(2, message)
    }

    /// Its exit code.
    pub(super) fn code(&self) -> i32 {
        self.code
    }

    /// The same failure, with its exit code before its words, as curl says it.
    pub(super) fn numbered(self) -> Self {
        Self { message: self.message.map(|words| format!("({}) {words}", self.code)), ..self }
    }

    /// The same failure, with nothing said.
    pub(super) fn silenced(self) -> Self {
        Self { message: None, ..self }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe { Self::quiet(0) } else { Self::new(1, error.to_string()) }
    }
}

impl From<porthole_model::Gap> for Failure {
    fn from(gap: porthole_model::Gap) -> Self {
        Self::new(1, gap.to_string())
    }
}

/// Runs a tool whose words clap understands.
pub(super) fn parsed<A: Parser>(words: Vec<OsString>, work: impl FnOnce(A) -> Outcome) -> i32 {
    let name = name(&words);
    match A::try_parse_from(words) {
        Ok(arguments) => ended(&name, work(arguments)),
        Err(error) => {
            // Where not even that can be printed, the exit code is all that is left.
            let _unprintable = error.print();
            error.exit_code()
        }
    }
}

/// Runs a tool that understands its words by itself; `help` is asked for with `--help`.
pub(super) fn by_hand(words: Vec<OsString>, help: &str, work: impl FnOnce(&[String]) -> Outcome) -> i32 {
    let name = name(&words);
    let text: Vec<String> = words.into_iter().skip(1).map(lossy).collect();
    let outcome = if text.iter().any(|word| word == "--help") {
        out().write_all(help.as_bytes()).map(|()| 0).map_err(Failure::from)
    } else {
        work(&text)
    };
    ended(&name, outcome)
}

fn lossy(word: OsString) -> String {
    word.into_string().unwrap_or_else(|word| word.to_string_lossy().into_owned())
}

/// Standard output, written when it is flushed or dropped.
pub(super) fn out() -> BufWriter<Stdout> {
    BufWriter::new(io::stdout())
}

/// Says something aside, on standard error.
pub(super) fn say(line: &str) {
    // There is nobody left to tell where standard error is gone.
    let _untold = writeln!(io::stderr().lock(), "{line}");
}

/// Runs something that waits, on this thread.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn name(words: &[OsString]) -> String {
    let program = words.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    program.to_string_lossy().into_owned()
}

fn ended(name: &str, outcome: Outcome) -> i32 {
    outcome.unwrap_or_else(|failure| {
        if let Some(message) = &failure.message {
            say(&format!("{name}: {message}"));
        }
        failure.code
    })
}

/// A number of seconds, as an option's value.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "give a number of seconds, such as 0.5".to_owned())
}

/// The same for a tool that reads standard input: the thread that reads cannot be called back, and is left behind.
pub(super) fn block_on_and_leave<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
