//! The beginning of a kept session: a process that goes on without this one, here or in a container of its own.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use porthole_engine::{Client, Creation, KeptSidecar, Session, SidecarRequest};
use porthole_host::{EntryPlan, SessionTerminal};
use porthole_model::SessionWay;
use porthole_render::error::note;
use porthole_wire::session::{FromAgent, FromClient, Keeping, Plan};

use super::super::args::DebugArgs;
use super::super::wanted::{self, Wanted};
use super::attach::{converse, joining};
use super::found::{Found, over};
use super::name::SessionName;
use super::place::Place;
use super::process::{KEPT, OPEN};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// A session that is to be kept.
pub(crate) struct Order<'a> {
    /// What it is called.
    pub(crate) name: &'a SessionName,
    /// What is entered, as people call it.
    pub(crate) target: &'a str,
    /// What was typed.
    pub(crate) args: &'a DebugArgs,
}

impl Order<'_> {
    /// By the namespaces of this host.
    pub(crate) fn start_here(&self, entry: EntryPlan, world: &World) -> Result<Exit, CommandError> {
        self.refuse_taken(world)?;
        let place = Place::of_this_user(&world.settings);
        let failed = |error: io::Error| CommandError::caused_by("cannot keep the session", error);
        place.make().map_err(failed)?;
        spawn(&place.socket(self.name)).map_err(failed)?;
        let stream = place
            .connect(self.name)
            .map_err(failed)?
            .ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let plan = self.plan(entry, SessionWay::Local, world)?;
        world.serve(async {
            let session = over(stream).await.map_err(failed)?;
            self.begin(session, plan, &Found::Here(self.name.clone(), place), world).await
        })
    }

    /// Through the engine.
    pub(crate) fn start_beside(
        &self,
        request: &SidecarRequest<'_>,
        wanted: &Wanted,
        world: &World,
    ) -> Result<Exit, CommandError> {
        self.refuse_taken(world)?;
        let mut plan = self.plan(wanted.entry.clone(), SessionWay::Sidecar, world)?;
        plan.container = Some(wanted.container.clone());
        let client = Rc::new(world.engine()?);
        world.serve(async {
            let (sidecar, session) = tokio::select! {
                started = self.start_sidecar(&client, request) => started?,
                // One that was started and is told nothing ends by itself.
                () = interrupt::asked_to_stop() => return Err(CommandError::interrupted()),
            };
            self.begin(session, plan, &Found::Beside(sidecar, client), world).await
        })
    }

    async fn start_sidecar(
        &self,
        client: &Client,
        request: &SidecarRequest<'_>,
    ) -> Result<(KeptSidecar, Session), CommandError> {
        let failed = |error| wanted::failed("keep a session beside the container", error);
        collect::tidy_up(client, Creation::Session).await?;
        let sidecar = KeptSidecar::start(client, request, self.name.as_str()).await.map_err(failed)?;
        let session = sidecar.join(client).await.map_err(failed)?;
        Ok((sidecar, session))
    }

    fn refuse_taken(&self, world: &World) -> Result<(), CommandError> {
        let name = self.name;
        // Where no engine is asked, none is needed.
        if !matches!(Found::named(name, world), Ok(Some(_))) {
            return Ok(());
        }
        Err(CommandError::new(format!("there is a session {name} already"))
            .hint(format!("porthole debug attach {name} comes back to it"))
            .hint(format!("porthole debug rm {name} ends it")))
    }

    fn plan(&self, entry: EntryPlan, way: SessionWay, world: &World) -> Result<Plan, CommandError> {
        let shell = self.args.shell.iter().map(|shell| shell.display().to_string());
        let command = self.args.command.iter().map(|word| word.to_string_lossy().into_owned());
        let keeping = Keeping {
            name: self.name.to_string(),
            target: self.target.to_owned(),
            command: shell.chain(command).collect(),
            way,
            beginner: joining(false, world),
        };
        let entry = serde_json::to_value(with_terminal(entry))
            .map_err(|error| CommandError::caused_by("cannot say how to enter the container", error))?;
        Ok(Plan { entry: Some(entry), keeping: Some(keeping), ..Plan::default() })
    }

    async fn begin(
        &self,
        mut session: Session,
        plan: Plan,
        found: &Found,
        world: &World,
    ) -> Result<Exit, CommandError> {
        let first = FromClient::Begin(Box::new(plan));
        if !self.args.keeping.detach {
            return converse(session, first, found, &self.args.way.detach_keys, world).await;
        }
        let failed = |cause: String| CommandError::caused_by("cannot begin the session", cause);
        session.input.say(&first).await.map_err(|error| failed(error.to_string()))?;
        match session.output.hear().await.map_err(|error| failed(error.to_string()))? {
            FromAgent::Failed(words) | FromAgent::Dismissed(words) => Err(failed(words)),
            _ => {
                let name = self.name;
                world.printer.note(&note(&format!("{name} goes on: porthole debug attach {name}")));
                Ok(Exit::Success)
            }
        }
    }
}

/// Its terminal is its own, of a usual kind where this user has none.
fn with_terminal(mut entry: EntryPlan) -> EntryPlan {
    entry.terminal = SessionTerminal::Own;
    if !entry.environment.iter().any(|(name, _)| name == "TERM") {
        entry.environment.push(("TERM".into(), "xterm-256color".into()));
    }
    entry
}

/// Starts the process, which listens on that socket from then on.
fn spawn(socket: &Path) -> io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("porthole").arg(KEPT).arg(socket).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut said = [0; 512];
    let length = match &mut child.stdout {
        Some(output) => output.read(&mut said)?,
        None => 0,
    };
    match String::from_utf8_lossy(&said[..length]).trim() {
        OPEN => Ok(()),
        "" => Err(io::Error::other("its process ended at once")),
        reason => Err(io::Error::other(reason.to_owned())),
    }
}
