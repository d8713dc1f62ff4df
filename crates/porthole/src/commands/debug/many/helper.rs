//! The helper on the engine's host: porthole in a container with that host's processes, which goes into many others.
//!
//! Like the agent of one session it hears the client on its standard input, and ends all when that ends.

use std::ffi::OsString;
use std::io;

use porthole_host::{EntryPlan, LinuxHost, Roots};
use porthole_model::ContainerId;
use porthole_wire::session::{CrowdMember, FromCrowd, ToCrowd};
use tokio::sync::mpsc;

use super::{LINES, crowd};
use crate::commands::debug::agent::{Ears, Mouth};
use crate::exit::Exit;
use crate::interrupt;

/// The word that makes porthole this helper.
pub(super) const ROLE: &str = "porthole-crowd";

/// Whether this process was started as one.
pub(crate) fn is_helper(mut arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.nth(1).is_some_and(|word| word == ROLE) && arguments.next().is_none()
}

/// The helper itself.
pub(crate) fn run() -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Who could be told is gone, or never was.
    let served = runtime.and_then(|runtime| runtime.block_on(serve()));
    if served.is_ok() { Exit::Success } else { Exit::Failure }
}

async fn serve() -> io::Result<()> {
    let (mut ears, mut mouth) = (Ears::<_, ToCrowd>::of_this_process()?, Mouth::of_this_process()?);
    let Some(ToCrowd::Begin(members)) = ears.hear().await? else { return Ok(()) };
    let (sender, mut told) = mpsc::channel(LINES);
    let runs = run_all(members, sender);
    let stopped = interrupt::terminated(true);
    tokio::pin!(runs, stopped);
    let (mut is_running, mut is_told) = (true, false);
    loop {
        tokio::select! {
            () = &mut runs, if is_running => is_running = false,
            word = told.recv(), if !is_told && mouth.has_room() => match word {
                Some(word) => mouth.say(&word),
                None => is_told = true,
            },
            flushed = mouth.flush(), if mouth.is_full_of_words() => flushed?,
            // The client leaves when it has heard the last word of each.
            heard = ears.hear() => if heard?.is_none() { return Ok(()) },
            () = &mut stopped => return Ok(()),
        }
    }
}

async fn run_all(members: Vec<CrowdMember>, told: mpsc::Sender<FromCrowd>) {
    let host = LinuxHost::new(Roots::default());
    let mut plans = Vec::new();
    for (number, member) in (0_u32..).zip(members) {
        match located(&host, member) {
            Ok(plan) => plans.push((number, plan)),
            Err(reason) => {
                let _unread = told.send(FromCrowd::NotEntered { member: number, reason }).await;
            }
        }
    }
    crowd::run(plans, told).await;
}

/// The plan for the container's first process, as it is numbered here.
fn located(host: &LinuxHost, member: CrowdMember) -> Result<EntryPlan, String> {
    let plan: EntryPlan = serde_json::from_value(member.entry).map_err(|error| error.to_string())?;
    let first = host.first_process_of(&ContainerId(member.container)).map_err(|gap| gap.to_string())?;
    Ok(EntryPlan { process: first, ..plan })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_makes_a_helper() {
        let is = |words: &[&str]| is_helper(words.iter().map(OsString::from));
        assert!(is(&["/porthole", ROLE]));
        assert!(!is(&["/porthole", ROLE, "x"]));
        assert!(!is(&["porthole", "debug"]));
    }
}
