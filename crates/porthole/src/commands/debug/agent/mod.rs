//! The agent: porthole where the command is to run, at the other end of a session's stream.
//!
//! It is started by the engine, in a sidecar beside the target or in the target itself, and has one thread and no name
//! but the word that makes it an agent. Its standard input is the client: when that ends, the client is gone, and the
//! agent leaves nothing of the session behind.

mod entered;
mod input;
pub(super) mod line;
pub(super) mod process;
pub(super) mod streams;

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use porthole_engine::AGENT;
use porthole_wire::session::{FromAgent, FromClient};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::timeout;

pub(crate) use self::line::{Ears, Mouth};
use self::process::Running;
use self::streams::read;
use crate::exit::Exit;
use crate::interrupt;

/// How long a command that ends with its input has for that.
const ORDERLY_END: Duration = Duration::from_secs(10);

/// Whether this process was started as an agent.
pub(crate) fn is_agent(mut arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.nth(1).is_some_and(|word| word == AGENT) && arguments.next().is_none()
}

/// The agent itself.
pub(crate) fn run() -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Who could be told is gone, or never was.
    let served = runtime.and_then(|runtime| runtime.block_on(serve()));
    if served.is_ok() { Exit::Success } else { Exit::Failure }
}

async fn serve() -> io::Result<()> {
    let (mut ears, mut mouth) = (Ears::of_this_process()?, Mouth::of_this_process()?);
    let Some(FromClient::Begin(plan)) = ears.hear().await? else { return Ok(()) };
    let last = match Running::start(&plan) {
        Ok(mut running) => {
            let last = attend(&mut ears, &mut mouth, &mut running).await;
            running.end(plan.ends_with_input.then_some(ORDERLY_END)).await;
            last?
        }
        Err(refusal) => Some(refusal.tell(&mut mouth)),
    };
    match last {
        Some(last) => say_last(&mut ears, &mut mouth, &last).await,
        None => Ok(()),
    }
}

/// Serves the command and its client; gives the last message, or nothing where the client is gone.
async fn attend(
    ears: &mut Ears<Receiver>,
    mouth: &mut Mouth<Sender>,
    running: &mut Running,
) -> io::Result<Option<FromAgent>> {
    let mut last = None;
    let stopped = interrupt::terminated(true);
    tokio::pin!(stopped);
    loop {
        if last.is_some() && running.output.is_none() && running.errors.is_none() {
            return Ok(last);
        }
        tokio::select! {
            heard = ears.hear() => match heard? {
                Some(message) => running.obey(message),
                None => return Ok(None),
            },
            () = &mut stopped => return Ok(None),
            flushed = mouth.flush(), if mouth.is_full_of_words() => flushed?,
            piece = read(&mut running.output), if running.output.is_some() && mouth.has_room() => {
                mouth.pass_on(piece.map(FromAgent::Output));
            }
            piece = read(&mut running.errors), if running.errors.is_some() && mouth.has_room() => {
                mouth.pass_on(piece.map(FromAgent::Error));
            }
            taken = running.input.feed(), if running.input.is_waiting() => mouth.say(&FromAgent::Taken(taken)),
            step = running.process.step(), if last.is_none() => last = step.tell(mouth),
        }
    }
}

/// Says the last message, to whoever is still there.
async fn say_last(ears: &mut Ears<Receiver>, mouth: &mut Mouth<Sender>, last: &FromAgent) -> io::Result<()> {
    mouth.say(last);
    while mouth.is_full_of_words() {
        tokio::select! {
            flushed = mouth.flush() => flushed?,
            heard = ears.hear() => if heard?.is_none() { return Ok(()) },
        }
    }
    Ok(())
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    timeout(limit, work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_makes_an_agent() {
        let is = |words: &[&str]| is_agent(words.iter().map(OsString::from));
        assert!(is(&["/porthole", AGENT]));
        assert!(!is(&["/porthole", AGENT, "x"]));
        assert!(!is(&[AGENT]));
        assert!(!is(&["porthole", "debug"]));
    }
}
