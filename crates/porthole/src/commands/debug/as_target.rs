//! Into a container as the application itself: the engine's own exec, with the container's user, capabilities, seccomp
//! filter, environment and control group. The tools it runs are attached in the container for as long as it takes.

use porthole_engine::{Client, ExecRequest, Session, start_exec};
use porthole_host::{EntryPlan, Graft};
use porthole_model::Pid;
use porthole_wire::session::{FromAgent, FromClient, Plan};

use super::wanted::{self, Wanted};
use super::{graft, local, sidecar};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted in the container.
pub(super) fn run(wanted: &Wanted, client: &Client, world: &World) -> Result<Exit, CommandError> {
    let program = collect::own_program()?;
    world.serve(async {
        let (grafted, place) = attach(client, wanted, &program).await?;
        let ran = execute(client, wanted, &place, world).await;
        let taken_away = grafted.end(client).await;
        let exit = ran?;
        taken_away.map_err(|error| wanted::failed("take the tools out of the container", error))?;
        Ok(exit)
    })
}

/// Attaches the tools; gives the session that keeps them there, and the place.
async fn attach(client: &Client, wanted: &Wanted, program: &[u8]) -> Result<(Session, String), CommandError> {
    let mut tools = local::tools();
    tools.push(graft::NAME.to_owned());
    let entry = EntryPlan { command: vec![graft::NAME.into()], ..EntryPlan::new(Pid(1), tools) };
    let plan = Plan { ends_with_input: true, ..sidecar::entering(wanted, entry, None)? };
    let mut session = sidecar::begin(client, &sidecar::entry(wanted, program)).await?;
    let heard = tokio::select! {
        heard = hear_place(&mut session, plan) => heard,
        () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
    };
    match heard {
        Ok(place) => Ok((session, place)),
        Err(error) => {
            // The first error is the one to tell.
            let _also = session.end(client).await;
            Err(error)
        }
    }
}

async fn hear_place(session: &mut Session, plan: Plan) -> Result<String, CommandError> {
    let failed = |cause: String| CommandError::caused_by("cannot put the tools into the container", cause);
    let begin = FromClient::Begin(Box::new(plan));
    session.input.say(&begin).await.map_err(|error| failed(error.to_string()))?;
    let (mut place, mut words) = (Vec::new(), Vec::new());
    loop {
        match session.output.hear().await.map_err(|error| failed(error.to_string()))? {
            FromAgent::Output(bytes) => place.extend(bytes),
            FromAgent::Error(bytes) => words.extend(bytes),
            FromAgent::Failed(words) | FromAgent::Refused(words) => return Err(failed(words)),
            FromAgent::Exited(_) => return Err(failed(String::from_utf8_lossy(&words).trim().to_owned())),
            FromAgent::Dismissed(reason) => return Err(failed(reason)),
            FromAgent::Begun | FromAgent::Stopped | FromAgent::Taken(_) | FromAgent::Description(_) => {}
        }
        if let Some(place) = place.strip_suffix(b"\n") {
            return Ok(String::from_utf8_lossy(place).into_owned());
        }
    }
}

async fn execute(client: &Client, wanted: &Wanted, place: &str, world: &World) -> Result<Exit, CommandError> {
    let program = format!("{place}/{}", Graft::PROGRAM);
    let request =
        ExecRequest { target: &wanted.container, program: &program, user: wanted.entry.user.as_deref() };
    let started = tokio::select! {
        started = start_exec(client, &request) => started,
        () = interrupt::asked_to_stop() => return Err(CommandError::interrupted()),
    };
    let session = started.map_err(|error| {
        wanted::failed("run a command in the container as its own user", error)
            .hint("a paused container runs nothing: leave --as-target out to look at it as it stands")
    })?;
    let mut plan = wanted.plan(world);
    plan.tools = Some(format!("{place}/bin").into_bytes());
    // What a shell notes would stay in the container.
    plan.environment.insert(0, (b"HISTFILE".to_vec(), b"/dev/null".to_vec()));
    wanted.hold(client, session, plan).await
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn the_graft_is_called_by_its_name() {
        let is = |words: &[&str]| graft::is_graft(words.iter().map(OsString::from));
        assert!(is(&["/proc/self/fd/100/bin/porthole-graft"]));
        assert!(!is(&["porthole", graft::NAME]));
    }
}
