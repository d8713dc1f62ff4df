//! `porthole cp`: files in and out of a container that has no `tar`, as its processes see them.

mod flow;
mod operand;
mod pieces;
mod place;
mod plan;

use std::ffi::OsString;
use std::path::PathBuf;

use porthole_host::tree::Owners;

use self::flow::Copy;
use self::operand::{Operand, means_directory};
use self::place::Place;
use self::plan::{Destination, Plan, Source};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// How many things that were left out are named.
const SAID: usize = 10;

/// `porthole cp`.
#[derive(Debug, clap::Args)]
pub(crate) struct CpArgs {
    /// CONTAINER:PATH, pid:N:PATH, a path of this host, or - for a tar stream on standard input
    #[arg(value_name = "SOURCE")]
    source: OsString,
    /// CONTAINER:PATH, pid:N:PATH, a path of this host, or - for a tar stream on standard output
    #[arg(value_name = "DESTINATION")]
    destination: OsString,
    /// Copy what a link at SOURCE leads to, not the link
    #[arg(short = 'L', long)]
    follow_link: bool,
    /// Keep users and groups; else all belongs to root in a container, and to who runs porthole here
    #[arg(short, long)]
    archive: bool,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Copies.
pub(super) fn run(args: &CpArgs, world: &World) -> Result<Exit, CommandError> {
    let (source, destination) = (Operand::of(&args.source), Operand::of(&args.destination));
    if !matches!((&source, &destination), (Operand::Inside(..), _) | (_, Operand::Inside(..))) {
        return Err(CommandError::new("neither side of the copy is in a container")
            .hint("name a container before a colon: porthole cp web:/etc/hosts ."));
    }
    let from = Place::find(&source, world)?;
    let to = Place::find(&destination, world)?;
    for warning in [&from, &to].into_iter().filter_map(Place::warning) {
        world.printer.note(&porthole_render::error::warning(&warning));
    }
    let (path, plan) = world.block_on(planned(args, (&source, &from), (&destination, &to)))??;
    let title = (!args.quiet).then(|| format!("copying {}", args.source.display()));
    let copy = Copy { path, plan, owners: owners(args, &source, &destination), title };
    let left_out = world.serve(flow::copy(from, to, copy, world.printer))?;
    say(&left_out, world);
    Ok(Exit::Success)
}

/// Says what was left out, as far as somebody would read it.
fn say(left_out: &[String], world: &World) {
    let (said, unsaid) = left_out.split_at(left_out.len().min(SAID));
    for words in said {
        world.printer.note(&porthole_render::error::warning(words));
    }
    if !unsaid.is_empty() {
        let more = format!("{} more were left out", unsaid.len());
        world.printer.note(&porthole_render::error::warning(&more));
    }
}

/// What is read, and where it goes.
async fn planned(
    args: &CpArgs,
    (source, from): (&Operand, &Place),
    (destination, to): (&Operand, &Place),
) -> Result<(PathBuf, Plan), CommandError> {
    let seen = from.look(args.follow_link || means_directory(source.typed())).await?;
    let goes = to.look(true).await?;
    let destination =
        Destination { typed: destination.typed(), path: &goes.path, is_directory: goes.is_directory };
    let plan = match (from, to, seen.is_directory) {
        (Place::Stream, ..) => plan::of_stream(destination),
        (_, _, None) => Err(format!("there is no {}", source.typed().display())),
        (_, Place::Stream, _) => Ok(Plan { directory: PathBuf::new(), name: seen.name }),
        (_, _, Some(is_directory)) => {
            let name = seen.name.as_deref();
            plan::plan(Source { typed: source.typed(), name, is_directory }, destination)
        }
    };
    plan.map(|plan| (seen.path, plan)).map_err(CommandError::new)
}

/// Whose the files are where they go. What a tar stream says of owners is meant.
fn owners(args: &CpArgs, source: &Operand, destination: &Operand) -> Owners {
    match (source, destination) {
        _ if args.archive => Owners::Kept,
        (_, Operand::Stream) | (Operand::Stream, Operand::Inside(..)) => Owners::Kept,
        (_, Operand::Inside(..)) => Owners::Root,
        (_, Operand::Local(_)) => Owners::Own,
    }
}
