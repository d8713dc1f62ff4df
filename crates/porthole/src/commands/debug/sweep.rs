//! Tools that killed sessions with `--as-target` left attached in containers of this host.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;

use porthole_engine::Client;
use porthole_host::{EntryPlan, Graft, Session};
use porthole_model::Container;

use super::graft::SWEEPER;
use super::mode;
use crate::error::CommandError;
use crate::world::World;

/// Takes them away from every container that runs and can be entered from here, and names those that had some.
pub(crate) fn sweep(client: &Client, world: &World) -> Result<Vec<String>, CommandError> {
    let listed = world.block_on(porthole_engine::living_containers(client, &[]))?.map_err(mode::asked)?;
    let mut swept = Vec::new();
    for summary in listed {
        match world.block_on(porthole_engine::inspect(client, &summary.id.0, world.settings.secrets))? {
            // It was removed meanwhile, and all that was in it.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(mode::asked(error)),
            Ok(container) if has_some(&container) => {
                if sweep_one(client, &container, world)? {
                    swept.push(container.name);
                }
            }
            Ok(_) => {}
        }
    }
    Ok(swept)
}

/// Whether something is seen there. A container of another host, or one that may not be looked into, shows nothing.
fn has_some(container: &Container) -> bool {
    container.pid.is_some_and(|pid| Graft::may_be_left(&PathBuf::from(format!("/proc/{pid}/root"))))
}

fn sweep_one(client: &Client, container: &Container, world: &World) -> Result<bool, CommandError> {
    // One that has another first process by now has other files, too.
    let Ok(admission) = mode::admission(client, container, world)? else { return Ok(false) };
    let plan = EntryPlan {
        started: Some(admission.started),
        command: vec![SWEEPER.into()],
        ..EntryPlan::new(admission.process, vec![SWEEPER.to_owned()])
    };
    let swept = places(&plan).map_err(|error| {
        CommandError::caused_by(format!("cannot take what was left out of {}", container.name), error)
    })?;
    Ok(!swept.is_empty())
}

fn places(plan: &EntryPlan) -> io::Result<String> {
    let mut session = Session::start(plan, Stdio::null(), Stdio::piped(), Stdio::piped())?;
    let (output, errors) = session.outputs();
    let (mut places, mut words) = (String::new(), String::new());
    output.map(|mut output| output.read_to_string(&mut places)).transpose()?;
    errors.map(|mut errors| errors.read_to_string(&mut words)).transpose()?;
    match session.end()? {
        0 => Ok(places),
        code => Err(io::Error::other(format!("exit code {code}: {}", words.trim()))),
    }
}
