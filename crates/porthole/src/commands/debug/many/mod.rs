//! One command in many containers: a few at a time, what they print line by line behind their names, then a summary.

mod crowd;
mod elsewhere;
mod helper;

use porthole_engine::Client;
use porthole_host::{Admission, EntryPlan};
use porthole_model::{Container, GapKind, Pid};
use porthole_render::debug::{self, Outcome};
use porthole_wire::session::{CrowdMember, FromCrowd};
use tokio::sync::mpsc;

use self::elsewhere::Helper;
use super::args::DebugArgs;
use super::way::Way;
use super::{local, mode, volume, wanted};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

pub(crate) use self::helper::{is_helper, run as help};

/// How many lines wait for the terminal before the commands have to wait.
const LINES: usize = 1024;

/// The code that stands for a container that was not entered.
const NOT_ENTERED: u8 = 125;

/// A container to run the command in, and how it is entered.
struct Member {
    name: String,
    way: MemberWay,
}

/// How a member is entered.
enum MemberWay {
    /// From this host.
    Here(Box<EntryPlan>),
    /// By a helper on the engine's host.
    There(CrowdMember),
    /// Not at all, for this reason.
    Not(String),
}

/// Runs the command in each, and gives the worst of the exit codes.
pub(super) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    refuse(args)?;
    let client = world.engine()?;
    let members = Gathering { args, world, client: &client, is_elsewhere: false }.members()?;
    if members.is_empty() {
        return Err(
            CommandError::new("no container that runs is meant").hint("docker ps lists those that run")
        );
    }
    let names = members.iter().map(|member| member.name.clone()).collect();
    let mut gallery = Gallery::of(names);
    let helper = Helper {
        client: &client,
        mounts: volume::of_engine(&args.volumes).0,
        capabilities: wanted::capabilities(args),
    };
    world.block_on(all(members, &helper, &mut gallery))?;
    let outcomes = gallery.outcomes();
    world.printer.note(&debug::summary(&outcomes));
    let worst = outcomes.iter().map(|outcome| *outcome.ended.as_ref().unwrap_or(&NOT_ENTERED)).max();
    Ok(Exit::Passed(worst.unwrap_or(0)))
}

/// What is for one container.
fn refuse(args: &DebugArgs) -> Result<(), CommandError> {
    let (what, example) = if args.pause {
        ("freeze several containers", "porthole debug --pause web")
    } else if args.way.as_target {
        ("be the application of several containers", "porthole debug --as-target web -- COMMAND")
    } else if args.way.image.is_some() {
        ("bring an image to several containers", "porthole debug --image netshoot web -- COMMAND")
    } else {
        return Ok(());
    };
    Err(CommandError::new(format!("cannot {what} at once")).hint(format!("name one: {example}")))
}

/// Finds the members and the ways into them.
struct Gathering<'a> {
    args: &'a DebugArgs,
    world: &'a World,
    client: &'a Client,
    /// Whether no container of the engine is on this host.
    is_elsewhere: bool,
}

impl Gathering<'_> {
    fn members(mut self) -> Result<Vec<Member>, CommandError> {
        let listed = porthole_engine::living_containers(self.client, &self.args.filters);
        let mut listed = self.world.block_on(listed)?.map_err(mode::asked)?;
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        let goes_there = self.args.way.mode == Way::Sidecar || self.args.needs_engine();
        let mut members = Vec::new();
        for summary in listed {
            let way = if goes_there || self.is_elsewhere {
                Some(self.there(&summary.name, &summary.id.0)?)
            } else {
                self.best(&summary.id.0)?
            };
            members.extend(way.map(|way| Member { name: summary.name, way }));
        }
        Ok(members)
    }

    /// `None` where the container was removed meanwhile.
    fn best(&mut self, id: &str) -> Result<Option<MemberWay>, CommandError> {
        let inspected = porthole_engine::inspect(self.client, id, self.world.settings.secrets);
        match self.world.block_on(inspected)? {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Ok(Some(MemberWay::Not(error.to_string()))),
            Ok(container) => self.into(&container).map(Some),
        }
    }

    fn into(&mut self, container: &Container) -> Result<MemberWay, CommandError> {
        match mode::admission(self.client, container, self.world)? {
            Ok(admission) => self.here(&container.name, admission),
            Err(gap) if self.args.way.mode == Way::Local => Ok(MemberWay::Not(gap.to_string())),
            Err(gap) => {
                self.is_elsewhere = matches!(gap.kind, GapKind::Elsewhere | GapKind::NotAsked);
                self.there(&container.name, &container.id.0)
            }
        }
    }

    fn here(&self, name: &str, admission: Admission) -> Result<MemberWay, CommandError> {
        let mounts = volume::of_this_host(&self.args.volumes)?;
        let plan = local::plan(self.args, (Some(name), admission), self.world);
        Ok(MemberWay::Here(Box::new(EntryPlan { mounts, ..plan })))
    }

    fn there(&self, name: &str, id: &str) -> Result<MemberWay, CommandError> {
        let anywhere = Admission { process: Pid(1), started: 0 };
        let plan = local::plan(self.args, (Some(name), anywhere), self.world);
        let plan = EntryPlan { started: None, mounts: volume::of_engine(&self.args.volumes).1, ..plan };
        let entry = serde_json::to_value(&plan)
            .map_err(|error| CommandError::caused_by("cannot say how to enter the container", error))?;
        Ok(MemberWay::There(CrowdMember { container: id.to_owned(), entry }))
    }
}

/// Runs all of them and shows what they say; dropped, it ends those that run.
async fn all(members: Vec<Member>, helper: &Helper<'_>, gallery: &mut Gallery) {
    let (sender, mut told) = mpsc::channel(LINES);
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for (number, member) in (0_u32..).zip(members) {
        match member.way {
            MemberWay::Here(plan) => here.push((number, *plan)),
            MemberWay::There(member) => there.push((number, member)),
            MemberWay::Not(reason) => gallery.show(FromCrowd::NotEntered { member: number, reason }),
        }
    }
    let shown = async {
        while let Some(word) = told.recv().await {
            gallery.show(word);
        }
    };
    tokio::join!(crowd::run(here, sender.clone()), helper.run(there, sender), shown);
}

/// Shows what is said behind the names of who says it, and notes how they end.
struct Gallery {
    width: usize,
    members: Vec<Outcome>,
}

impl Gallery {
    fn of(names: Vec<String>) -> Self {
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let outcome = |container| Outcome { container, ended: Err("its session was ended".to_owned()) };
        Self { width, members: names.into_iter().map(outcome).collect() }
    }

    fn show(&mut self, word: FromCrowd) {
        let Some(member) =
            usize::try_from(word.member()).ok().and_then(|number| self.members.get_mut(number))
        else {
            return;
        };
        match word {
            FromCrowd::Ended { code, .. } => member.ended = Ok(code),
            FromCrowd::NotEntered { reason, .. } => member.ended = Err(reason),
            FromCrowd::Error { line, .. } => Printer::aside(&behind(&member.container, self.width, &line)),
            FromCrowd::Output { line, .. } => {
                let text = behind(&member.container, self.width, &line);
                // Who does not read any more ends it by closing the terminal or by Ctrl-C.
                let _unread = Printer::write(|out| out.write_all(&text));
            }
        }
    }

    fn outcomes(self) -> Vec<Outcome> {
        self.members
    }
}

fn behind(name: &str, width: usize, line: &[u8]) -> Vec<u8> {
    let mut text = format!("{name:width$} | ").into_bytes();
    text.extend_from_slice(line);
    text.push(b'\n');
    text
}
