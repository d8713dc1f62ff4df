//! What a user wants of a session, whichever way leads into the container.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use porthole_engine::{Client, Session, SessionError, SidecarMount, SidecarPlace};
use porthole_host::{Admission, EntryPlan};
use porthole_model::{Container, Pid};
use porthole_wire::capability;
use porthole_wire::session::{FromClient, Plan, Terminal};

use super::args::DebugArgs;
use super::conversation::{self, DetachKeys, Ending};
use super::local;
use super::volume;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// What a user wants of a container.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The container's full id.
    pub(super) container: String,
    /// Its name.
    pub(super) name: String,
    /// How to enter it, but for the process's number, which differs from one pid namespace to the other.
    pub(super) entry: EntryPlan,
    /// Capabilities beside those that the way in needs, as the engine calls them.
    pub(super) capabilities: Vec<String>,
    /// What the sidecar sees of the engine's host, for the entry to take along.
    pub(super) mounts: Vec<SidecarMount>,
    /// Whether a sidecar can be started beside it.
    is_beside: bool,
    /// What leaves the session.
    detach_keys: DetachKeys,
}

impl Wanted {
    /// What the arguments ask for. `is_beside`: whether a sidecar can be started beside the container.
    pub(super) fn new(
        args: &DebugArgs,
        container: &Container,
        is_beside: bool,
        world: &World,
    ) -> Result<Self, CommandError> {
        if args.way.as_target && !args.volumes.is_empty() {
            return Err(CommandError::new("cannot show a volume to the application itself")
                .hint("leave --as-target out: -v is for sessions whose view of the files is their own"));
        }
        let anywhere = Admission { process: Pid(1), started: 0 };
        let mut entry = local::plan(args, (Some(&container.name), anywhere), world);
        entry.started = None;
        let (mounts, in_session) = match args.way.image {
            Some(_) => (volume::in_place(&args.volumes), Vec::new()),
            None => volume::of_engine(&args.volumes),
        };
        entry.mounts = in_session;
        Ok(Self {
            container: container.id.0.clone(),
            name: container.name.clone(),
            entry,
            capabilities: capabilities(args),
            mounts,
            is_beside,
            detach_keys: args.way.detach_keys.clone(),
        })
    }

    /// Where a sidecar that enters the container is.
    pub(super) fn place(&self) -> SidecarPlace<'_> {
        if self.is_beside { SidecarPlace::Beside(&self.container) } else { SidecarPlace::Host }
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
        session: Session,
        plan: Plan,
    ) -> Result<Exit, CommandError> {
        let held = self.try_to_hold(client, session, plan).await?;
        held.map_err(|refusal| CommandError::caused_by("cannot get inside", refusal.0))
    }

    /// The same, where the kernel may not let the agent go inside.
    pub(super) async fn try_to_hold(
        &self,
        client: &Client,
        mut session: Session,
        plan: Plan,
    ) -> Result<Result<Exit, Refusal>, CommandError> {
        let begin = FromClient::Begin(Box::new(plan));
        let held = conversation::hold(&mut session, begin, &self.detach_keys).await;
        let ended = session.end(client).await.map_err(|error| failed("end the session", error));
        match held? {
            Ending::Exited(code) => ended.map(|()| Ok(Exit::Passed(code))),
            Ending::Detached => ended.map(|()| Ok(Exit::Success)),
            Ending::Refused(words) => ended.map(|()| Err(Refusal(words))),
            Ending::Dismissed(reason) => Err(CommandError::new(reason)),
        }
    }
}

/// Why an engine or a kernel does not allow a way in, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

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

/// What `--cap-add` asks for, as the engine calls it.
pub(super) fn capabilities(args: &DebugArgs) -> Vec<String> {
    let all = args.capabilities.iter().fold(0, |all, one| all | one);
    capability::names(all).into_iter().map(|name| engine_name(&name)).collect()
}

/// Docker and Podman leave the prefix out.
fn engine_name(name: &str) -> String {
    name.trim_start_matches("CAP_").to_owned()
}
