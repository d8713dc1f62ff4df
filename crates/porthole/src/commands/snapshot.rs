//! `porthole snapshot`: everything, into one file.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use porthole_model::{Scope, Snapshot};
use porthole_wire::snapshot_file;

use crate::args::SnapshotArgs;
use crate::collect::{self, Request};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::SourceArgs;
use crate::printer::Printer;
use crate::world::World;

/// Reads everything and writes the file.
pub(super) fn run(args: &SnapshotArgs, world: &World) -> Result<Exit, CommandError> {
    let to_stdout = args.file == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(CommandError::new("a snapshot is binary and is not written to a terminal")
            .hint("give a file: porthole snapshot -o host.zst"));
    }
    let scope = Scope::everything();
    let request = Request { scope: &scope, engine: !args.no_engine };
    let mut snapshot = collect::snapshot(world, &SourceArgs::default(), request)?;
    if args.active {
        collect::probe(world, &mut snapshot);
    }
    if to_stdout {
        write_to_stdout(&snapshot)?;
    } else {
        write_to_file(&snapshot, &args.file)?;
    }
    Ok(Exit::Success)
}

fn write_to_stdout(snapshot: &Snapshot) -> Result<(), CommandError> {
    let mut bytes = Vec::new();
    snapshot_file::write(snapshot, &mut bytes)
        .map_err(|error| CommandError::caused_by("cannot write the snapshot", error))?;
    Printer::write(|out| out.write_all(&bytes))
}

/// Writes beside the file first: whoever reads it sees the old one or the whole new one.
fn write_to_file(snapshot: &Snapshot, path: &Path) -> Result<(), CommandError> {
    let partial = partial(path);
    let written = write_partial(snapshot, &partial).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // The error that matters is the first one.
        let _not_there = fs::remove_file(&partial);
        CommandError::caused_by(format!("cannot write the snapshot {}", path.display()), error)
    })
}

fn write_partial(snapshot: &Snapshot, partial: &Path) -> io::Result<()> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(partial)?;
    let mut file = BufWriter::new(file);
    snapshot_file::write(snapshot, &mut file).map_err(io::Error::other)?;
    file.flush()?;
    file.get_ref().sync_all()
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".porthole-{}", std::process::id()));
    path.with_file_name(name)
}
