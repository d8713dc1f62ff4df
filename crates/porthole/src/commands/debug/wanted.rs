//! What a user wants of a session, whichever way leads into the container.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use porthole_engine::{Client, Session, SessionError};
use porthole_wire::session::{Plan, Terminal};

use super::conversation::{self, DetachKeys, Ending};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// What a user wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The container's full id.
    pub(crate) container: String,
    /// What is run; a shell where it is empty.
    pub(crate) command: Vec<OsString>,
    /// As whom.
    pub(crate) user: Option<String>,
    /// Where it begins.
    pub(crate) directory: Option<PathBuf>,
    /// Variables beside the container's own.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Capabilities beside those that the way in needs, as the engine calls them.
    pub(crate) capabilities: Vec<String>,
    /// What leaves the session.
    pub(crate) detach_keys: DetachKeys,
}

impl Wanted {
    /// The plan, but for the way in.
    pub(super) fn plan(&self, world: &World) -> Plan {
        Plan {
            command: self.command.iter().map(|word| bytes(word)).collect(),
            environment: self.environment.iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
            directory: self.directory.as_deref().map(|directory| bytes(directory.as_os_str())),
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
        let held = conversation::hold(&mut session, plan, &self.detach_keys).await;
        let ended = session.end(client).await.map_err(|error| failed("end the session", error));
        match held? {
            Ending::Exited(code) => ended.map(|()| Exit::Passed(code)),
            Ending::Detached => ended.map(|()| Exit::Success),
        }
    }
}

/// The terminal that the command gets.
fn terminal(world: &World) -> Option<Terminal> {
    conversation::terminal(world.settings.variable("TERM"))
}

/// porthole's own program: it is static, so it runs in any container.
pub(super) fn own_program() -> Result<Vec<u8>, CommandError> {
    collect::own_program()
}

/// Removes what killed runs left on the engine.
pub(super) async fn tidy_up(client: &Client) -> Result<(), CommandError> {
    let made_before = porthole_model::Timestamp(World::now().0 - collect::AT_WORK);
    let removed = porthole_engine::remove_left_helpers(client, made_before).await;
    removed.map(drop).map_err(|error| {
        CommandError::caused_by("cannot remove what an earlier run left on the engine", error)
    })
}

/// What an engine's refusal means for the user.
pub(super) fn failed(attempt: &str, error: SessionError) -> CommandError {
    CommandError::caused_by(format!("cannot {attempt}"), error)
}

fn bytes(text: &OsStr) -> Vec<u8> {
    text.as_bytes().to_vec()
}
