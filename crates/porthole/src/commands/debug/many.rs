//! One command in many containers: a few at a time, what they print line by line behind their names, then a summary.

use std::process::Stdio;
use std::sync::Arc;

use porthole_host::{EntryPlan, Report, Session};
use porthole_render::debug::{self, Outcome};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::args::DebugArgs;
use super::local;
use super::mode;
use super::session::Reports;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// How many sessions run at the same time.
const AT_ONCE: usize = 16;

/// How many lines wait for the terminal before the commands have to wait.
const LINES: usize = 1024;

/// The code that stands for a container that was not entered.
const NOT_ENTERED: u8 = 125;

/// A container to run the command in.
struct Member {
    name: String,
    plan: Result<EntryPlan, String>,
}

/// A line of a command's output.
struct Printed {
    container: String,
    is_error: bool,
    line: Vec<u8>,
}

/// Runs the command in each, and gives the worst of the exit codes.
pub(super) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    if args.pause {
        return Err(CommandError::new("cannot freeze several containers")
            .hint("name one: porthole debug --pause web"));
    }
    let members = members(args, world)?;
    if members.is_empty() {
        return Err(
            CommandError::new("no container that runs is meant").hint("docker ps lists those that run")
        );
    }
    let outcomes = world.block_on(sessions(members))?;
    world.printer.note(&debug::summary(&outcomes));
    let worst = outcomes.iter().map(|outcome| *outcome.ended.as_ref().unwrap_or(&NOT_ENTERED)).max();
    Ok(Exit::Passed(worst.unwrap_or(0)))
}

fn members(args: &DebugArgs, world: &World) -> Result<Vec<Member>, CommandError> {
    let client = world.engine()?;
    let listed =
        world.block_on(porthole_engine::living_containers(&client, &args.filters))?.map_err(mode::asked)?;
    let mut members = Vec::new();
    for summary in listed {
        match world.block_on(porthole_engine::inspect(&client, &summary.id.0, world.settings.secrets))? {
            // It was removed meanwhile.
            Err(error) if error.is_not_found() => {}
            Err(error) => members.push(Member { name: summary.name, plan: Err(error.to_string()) }),
            Ok(container) => {
                let admission = mode::admission(&client, &container, world)?;
                let plan = admission
                    .map(|admission| local::plan(args, (Some(&container.name), admission), world))
                    .map_err(|gap| gap.to_string());
                members.push(Member { name: summary.name, plan });
            }
        }
    }
    members.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(members)
}

/// Runs all of them; dropped, it ends those that run.
async fn sessions(members: Vec<Member>) -> Vec<Outcome> {
    let width = members.iter().map(|member| member.name.chars().count()).max().unwrap_or(0);
    let (sender, mut lines) = mpsc::channel(LINES);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for member in members {
        let (sender, places) = (sender.clone(), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await;
            let ended = match member.plan {
                Ok(plan) => session(&plan, &member.name, sender).await,
                Err(reason) => Err(reason),
            };
            Outcome { container: member.name, ended }
        });
    }
    drop(sender);
    while let Some(printed) = lines.recv().await {
        // Who does not read any more ends it by closing the terminal or by Ctrl-C.
        let _unread = print(&printed, width);
    }
    let mut outcomes = running.join_all().await;
    outcomes.sort_by(|one, other| one.container.cmp(&other.container));
    outcomes
}

async fn session(plan: &EntryPlan, name: &str, lines: mpsc::Sender<Printed>) -> Result<u8, String> {
    let words = |error: std::io::Error| error.to_string();
    let mut session = Session::start(plan, Stdio::null(), Stdio::piped(), Stdio::piped()).map_err(words)?;
    let mut reports = Reports::of(&session).map_err(words)?;
    let (output, errors) = session.outputs();
    let output = output.map(ChildStdout::from_std).transpose().map_err(words)?;
    let errors = errors.map(ChildStderr::from_std).transpose().map_err(words)?;
    let told = async {
        let mut ended = Err("its session was ended".to_owned());
        while let Some(report) = reports.next().await.map_err(words)? {
            match report {
                Report::Ended { code } => ended = Ok(code),
                Report::Failed(failure) => ended = Err(failure.to_string()),
                Report::NotRun { cause } => {
                    let line = cause.into_bytes();
                    let _unread =
                        lines.send(Printed { container: name.to_owned(), is_error: true, line }).await;
                }
                Report::Entered | Report::Stopped => {}
            }
        }
        ended
    };
    let (ended, (), ()) =
        tokio::join!(told, forward(output, name, false, &lines), forward(errors, name, true, &lines));
    ended
}

async fn forward(
    pipe: Option<impl AsyncRead + Unpin>,
    name: &str,
    is_error: bool,
    lines: &mpsc::Sender<Printed>,
) {
    let Some(pipe) = pipe else { return };
    let mut reader = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        // A pipe that breaks ends as one that is closed.
        if reader.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
            return;
        }
        line.truncate(line.len() - usize::from(line.ends_with(b"\n")));
        if lines.send(Printed { container: name.to_owned(), is_error, line }).await.is_err() {
            return;
        }
    }
}

fn print(printed: &Printed, width: usize) -> Result<(), CommandError> {
    let mut text = format!("{:width$} | ", printed.container).into_bytes();
    text.extend_from_slice(&printed.line);
    text.push(b'\n');
    if printed.is_error {
        Printer::aside(&text);
        Ok(())
    } else {
        Printer::write(|out| out.write_all(&text))
    }
}
