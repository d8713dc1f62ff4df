//! The same reading where the engine is: porthole in a short-lived container there, and this end that asks for it.

use std::ffi::OsString;
use std::time::Duration;

use porthole_engine::{Client, Creation};
use porthole_host::{LinuxHost, Roots};
use porthole_model::{DnsReading, DnsSubject};

use super::reading;
use crate::collect::{own_program, tidy_up};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// The word that makes porthole a reader.
const READER: &str = "porthole-dns-reader";

/// Whether this process was started as a reader.
pub(crate) fn is_reader(mut arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.nth(1).is_some_and(|word| word == READER)
}

/// The reader itself: the subject and the patience are its arguments, the reading its output.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    match answer(arguments.skip(2)) {
        Ok(text) if Printer::text(&text).is_ok() => Exit::Success,
        Ok(_) => Exit::Failure,
        Err(error) => {
            Printer::plain_error(&error.to_string());
            Exit::Failure
        }
    }
}

fn answer(mut arguments: impl Iterator<Item = OsString>) -> Result<String, serde_json::Error> {
    let mut text = || arguments.next().unwrap_or_default().to_string_lossy().into_owned();
    let subject: DnsSubject = serde_json::from_str(&text())?;
    let wait: u64 = serde_json::from_str(&text())?;
    let host = LinuxHost::new(Roots::default());
    serde_json::to_string(&reading::read(&host, &subject, Duration::from_millis(wait)))
}

/// Lets the engine run a reader beside it.
pub(super) fn read_there(
    world: &World,
    client: &Client,
    subject: &DnsSubject,
    wait: Duration,
) -> Result<DnsReading, CommandError> {
    let program = own_program()?;
    let misread = |error: serde_json::Error| {
        CommandError::caused_by("cannot understand the helper on the engine", error)
    };
    let subject = serde_json::to_string(subject).map_err(misread)?;
    let wait = wait.as_millis().to_string();
    world.block_on(tidy_up(client, Creation::Helper))??;
    let ran = world.block_on(porthole_engine::run_helper(client, &program, &[READER, &subject, &wait]))?;
    let output =
        ran.map_err(|error| CommandError::caused_by("cannot run the helper on the engine", error))?;
    if let Some(leftover) = &output.leftover {
        world.printer.note(&porthole_render::error::warning(&leftover.to_string()));
    }
    if output.code != 0 {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(CommandError::caused_by(
            format!("the helper on the engine ended with {}", output.code),
            said,
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(misread)
}
