//! What a user wants of a session, whichever way leads into the container.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use porthole_engine::{Client, Session, SessionError};
use porthole_host::{Doorway, EntryPlan};
use porthole_model::{Container, Pid};
use porthole_wire::capability;
use porthole_wire::session::{FromClient, Plan, Terminal};

use super::args::DebugArgs;
use super::conversation::{self, DetachKeys, Ending};
use super::local;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// What a user wants of a container.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The container's full id.
    pub(super) container: String,
    /// How to enter it, but for the process's number, which differs from one pid namespace to the other.
    pub(super) entry: EntryPlan,
    /// Capabilities beside those that the way in needs, as the engine calls them.
    pub(super) capabilities: Vec<String>,
    /// What leaves the session.
    detach_keys: DetachKeys,
}

impl Wanted {
    /// What the arguments ask for. Files of this host cannot be shown through an engine.
    pub(super) fn new(args: &DebugArgs, container: &Container, world: &World) -> Result<Self, CommandError> {
        if !args.volumes.is_empty() {
            return Err(CommandError::new("cannot show files of this host through the engine")
                .hint("sudo porthole debug --mode local -v … shows them on the host of the engine"));
        }
        let anywhere = Doorway { process: Pid(1), started: 0 };
        let mut entry = local::plan(args, (Some(&container.name), anywhere), world);
        entry.started = None;
        let all = args.capabilities.iter().fold(0, |all, one| all | one);
        Ok(Self {
            container: container.id.0.clone(),
            entry,
            capabilities: capability::names(all).into_iter().map(|name| engine_name(&name)).collect(),
            detach_keys: args.way.detach_keys.clone(),
        })
    }

    /// The plan for a command that runs where its agent is.
    pub(super) fn plan(&self, world: &World) -> Plan {
        let entry = &self.entry;
        Plan {
            command: entry.command.iter().map(|word| bytes(word)).collect(),
            environment: entry.environment.iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
            directory: entry.directory.as_deref().map(|directory| bytes(directory.as_os_str())),
            terminal: terminal(world),
            ..Plan::default()
        }
    }

    /// Stays with the session until it ends, and removes what is left of it.
    pub(super) async fn hold(
        &self,
        client: &Client,
        mut session: Session,
        plan: Plan,
    ) -> Result<Exit, CommandError> {
        let begin = FromClient::Begin(Box::new(plan));
        let held = conversation::hold(&mut session, begin, &self.detach_keys).await;
        let ended = session.end(client).await.map_err(|error| failed("end the session", error));
        match held? {
            Ending::Exited(code) => ended.map(|()| Exit::Passed(code)),
            Ending::Detached => ended.map(|()| Exit::Success),
            Ending::Dismissed(reason) => Err(CommandError::new(reason)),
        }
    }
}

/// The terminal that the command gets.
pub(super) fn terminal(world: &World) -> Option<Terminal> {
    conversation::terminal(world.settings.variable("TERM"))
}

/// What an engine's refusal means for the user.
pub(super) fn failed(attempt: &str, error: SessionError) -> CommandError {
    CommandError::caused_by(format!("cannot {attempt}"), error)
}

fn bytes(text: &OsStr) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// Docker and Podman leave the prefix out.
fn engine_name(name: &str) -> String {
    name.trim_start_matches("CAP_").to_owned()
}
