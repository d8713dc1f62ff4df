//! A connection that became the streams of a container or a command: keys and input go there, output comes from it.

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use porthole_engine::{Client, HijackedStream};
use porthole_host::RawTerminal;
use porthole_wire::engine_api;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

use super::Wanted;
use super::body::Data;
use super::output::Output;
use crate::commands::debug::conversation::Keyboard;
use crate::error::CommandError;

/// What is at the other end of the streams.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Whether it is a terminal there.
    pub(super) is_tty: bool,
    /// Whether it reads what is sent.
    takes_input: bool,
    /// The path that tells the size of a window: `/exec/ID/resize`.
    resize: String,
}

/// What the engine says of the exec or the container; `None` where it says nothing, which the call itself will show.
pub(super) async fn terminal(wanted: &Wanted, client: &Client) -> Option<Terminal> {
    let bare = wanted.path.split('?').next().unwrap_or_default();
    let begin = bare.find("/exec/").or_else(|| bare.find("/containers/"))?;
    let place = bare[begin..].rsplit_once('/')?.0;
    if wanted.operation_name() == Some("ExecStart") {
        let exec: Exec = client.get(&format!("{place}/json")).await.ok()?;
        let is_tty = asked_tty(wanted).unwrap_or(exec.process.tty);
        return Some(Terminal { is_tty, takes_input: exec.open_stdin, resize: format!("{place}/resize") });
    }
    let container: Container = client.get(&format!("{place}/json")).await.ok()?;
    let takes_input = engine_api::query_value(&wanted.path, "stdin").is_some_and(|value| is_true(&value));
    Some(Terminal { is_tty: container.config.tty, takes_input, resize: format!("{place}/resize") })
}

#[derive(Deserialize)]
struct Exec {
    #[serde(rename = "OpenStdin")]
    open_stdin: bool,
    #[serde(rename = "ProcessConfig")]
    process: Process,
}

#[derive(Deserialize)]
struct Process {
    tty: bool,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "Config")]
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "Tty")]
    tty: bool,
}

/// How the engine reads a truth (moby, `httputils.BoolValue`).
fn is_true(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
}

/// What the body of a start says of a terminal.
fn asked_tty(wanted: &Wanted) -> Option<bool> {
    #[derive(Deserialize)]
    struct Start {
        #[serde(rename = "Tty", default)]
        tty: bool,
    }
    match &wanted.data {
        Some(Data::Json(bytes)) => serde_json::from_slice::<Start>(bytes).ok().map(|start| start.tty),
        _ => None,
    }
}

/// Passes everything on in both directions until the other end has said its last.
pub(super) async fn converse(
    stream: HijackedStream,
    mut output: Output,
    terminal: Option<Terminal>,
    client: &Client,
) -> Result<(), CommandError> {
    let (reader, writer) = stream.split();
    let taken = take(terminal.as_ref())?;
    let keyboard = terminal.as_ref().is_some_and(|terminal| terminal.takes_input).then(Keyboard::listen);
    let has_window = taken.is_some();
    // What is typed waits for nothing that is shown, and the other way round: either may be held up at the other end.
    let ended = tokio::select! {
        heard = hear(reader, &mut output) => heard,
        never = say(writer, keyboard) => match never {},
        failed = fit(terminal.as_ref().filter(|_| has_window), client) => Err(failed),
    };
    drop(taken);
    // What came before a failure is shown, too.
    let finished = output.finish().await;
    ended.and(finished)
}

async fn hear(mut reader: impl AsyncRead + Unpin, output: &mut Output) -> Result<(), CommandError> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match reader.read(&mut buffer).await.map_err(lost)? {
            0 => return Ok(()),
            length => output.push(&buffer[..length]).await?,
        }
    }
}

/// Says what is typed, and that there is no more; never ends, since what is still to be heard does not depend on it.
async fn say(mut writer: impl AsyncWrite + Unpin, keyboard: Option<Keyboard>) -> Infallible {
    let mut is_heard = true;
    if let Some(mut keyboard) = keyboard {
        while is_heard && let Some(bytes) = keyboard.next().await {
            // What is no longer read there ends with its output.
            is_heard = writer.write_all(&bytes).await.is_ok() && writer.flush().await.is_ok();
        }
        if is_heard {
            // A stream that is closed there already needs no end.
            let _closed = writer.shutdown().await;
        }
    }
    std::future::pending().await
}

/// Keeps the window there as large as the one here; ends only where its size cannot be watched.
async fn fit(terminal: Option<&Terminal>, client: &Client) -> CommandError {
    let Some(terminal) = terminal else { return std::future::pending().await };
    let mut resized = match signal(SignalKind::window_change()) {
        Ok(resized) => resized,
        Err(error) => return CommandError::caused_by("cannot watch the terminal's size", error),
    };
    loop {
        resize(terminal, client).await;
        resized.recv().await;
    }
}

/// The user's terminal, where there is one on both ends.
fn take(terminal: Option<&Terminal>) -> Result<Option<RawTerminal>, CommandError> {
    let wants = terminal.is_some_and(|terminal| terminal.is_tty && terminal.takes_input);
    if !wants || !io::stdin().is_terminal() {
        return Ok(None);
    }
    let taken = RawTerminal::take(io::stdin().as_fd());
    taken.map(Some).map_err(|error| CommandError::caused_by("cannot take the terminal", error))
}

async fn resize(terminal: &Terminal, client: &Client) {
    let Some(cells) = porthole_host::cells(io::stdout().as_fd()) else { return };
    let path = format!("{}?h={}&w={}", terminal.resize, cells.rows, cells.columns);
    // A command that has ended has no size any more.
    let _ended = client.command(&path).await;
}

fn lost(error: io::Error) -> CommandError {
    CommandError::caused_by("the stream was lost", error)
}
