//! `gzip`, `gunzip` and `zcat`, on flate2.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::Compression;
use flate2::read::{GzEncoder, MultiGzDecoder};

use crate::trouble::{Trouble, exit, say};
use crate::{arguments, input};

/// What a packed file's name ends with.
const ENDINGS: [(&str, &str); 2] = [(".gz", ""), (".tgz", ".tar")];

/// Pack files, each into one that ends with .gz, or unpack them
#[derive(Debug, Parser)]
#[command(name = "gzip")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of gzip")]
struct GzipArguments {
    /// Unpack
    #[arg(short, long, visible_alias = "uncompress")]
    decompress: bool,
    /// To standard output; the files stay
    #[arg(short = 'c', long)]
    stdout: bool,
    /// The files stay
    #[arg(short, long)]
    keep: bool,
    /// Overwrite what is there, and write packed bytes to a terminal
    #[arg(short, long)]
    force: bool,
    /// Unpack to nowhere, to see whether it is whole
    #[arg(short, long)]
    test: bool,
    /// Quick, in exchange for larger files; -1 to -9
    #[arg(short = '1', long = "fast", overrides_with = "best")]
    fast: bool,
    #[arg(short = '2', hide = true)]
    two: bool,
    #[arg(short = '3', hide = true)]
    three: bool,
    #[arg(short = '4', hide = true)]
    four: bool,
    #[arg(short = '5', hide = true)]
    five: bool,
    #[arg(short = '6', hide = true)]
    six: bool,
    #[arg(short = '7', hide = true)]
    seven: bool,
    #[arg(short = '8', hide = true)]
    eight: bool,
    /// Small, in exchange for time
    #[arg(short = '9', long = "best")]
    best: bool,
    /// The files; - or none is standard input, to standard output
    files: Vec<PathBuf>,
}

/// What is done with each file.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of gzip")]
struct Task {
    unpacks: bool,
    to_output: bool,
    keeps: bool,
    forces: bool,
    tests: bool,
    level: Compression,
}

/// `gzip`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &GzipArguments| each(&arguments.task(), &arguments.files))
}

/// `gunzip`.
pub(super) fn unpack(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &GzipArguments| {
        each(&Task { unpacks: true, ..arguments.task() }, &arguments.files)
    })
}

/// `zcat`.
pub(super) fn cat(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &GzipArguments| {
        each(&Task { unpacks: true, to_output: true, ..arguments.task() }, &arguments.files)
    })
}

impl GzipArguments {
    fn task(&self) -> Task {
        Task {
            unpacks: self.decompress || self.test,
            to_output: self.stdout,
            keeps: self.keep,
            forces: self.force,
            tests: self.test,
            level: Compression::new(self.level()),
        }
    }

    fn level(&self) -> u32 {
        let levels = [
            self.fast, self.two, self.three, self.four, self.five, self.six, self.seven, self.eight,
            self.best,
        ];
        let chosen = (1..).zip(levels).filter(|(_, is_chosen)| *is_chosen).last();
        chosen.map_or(Compression::default().level(), |(level, _)| level)
    }
}

fn each(task: &Task, files: &[PathBuf]) -> i32 {
    let outcomes = input::or_standard(files).into_iter().map(|file| exit("gzip", task.one(&file), 1));
    outcomes.fold(0, Ord::max)
}

impl Task {
    fn one(&self, file: &Path) -> Result<i32, Trouble> {
        if self.tests {
            return copy(self.through(input::open(file)?), io::sink(), file);
        }
        if self.to_output || file == Path::new(input::STANDARD) {
            let out = io::stdout().lock();
            if !self.unpacks && !self.forces && out.is_terminal() {
                return Err(Trouble::new("packed bytes are not for a terminal; see gzip --help"));
            }
            return copy(self.through(input::open(file)?), out, file);
        }
        self.replace(file)
    }

    fn through<'a>(&self, source: Box<dyn Read + 'a>) -> Box<dyn Read + 'a> {
        if self.unpacks {
            Box::new(MultiGzDecoder::new(source))
        } else {
            Box::new(GzEncoder::new(source, self.level))
        }
    }

    fn replace(&self, file: &Path) -> Result<i32, Trouble> {
        let metadata = fs::symlink_metadata(file).map_err(Trouble::at(file))?;
        if !metadata.is_file() {
            return Err(Trouble::new(format!("{}: no regular file", file.display())));
        }
        let target = self.target(file)?;
        let mut options = File::options();
        options.write(true).create_new(!self.forces).create(true).truncate(true);
        let made = options.open(&target).map_err(Trouble::at(&target))?;
        if let Err(trouble) = copy(self.through(input::open(file)?), &made, file) {
            // Half a file is of no use; where it stays, the trouble that is told says why.
            let _stays = fs::remove_file(&target);
            return Err(trouble);
        }
        made.set_permissions(metadata.permissions()).map_err(Trouble::at(&target))?;
        let times = FileTimes::new().set_modified(metadata.modified()?).set_accessed(metadata.accessed()?);
        made.set_times(times).map_err(Trouble::at(&target))?;
        if !self.keeps {
            fs::remove_file(file).map_err(Trouble::at(file))?;
        }
        Ok(0)
    }

    fn target(&self, file: &Path) -> Result<PathBuf, Trouble> {
        let name = file.to_str().ok_or_else(|| Trouble::new(format!("{}: not UTF-8", file.display())))?;
        if !self.unpacks {
            if name.ends_with(ENDINGS[0].0) {
                say("gzip", format!("{name}: is packed already"));
            }
            return Ok(format!("{name}{}", ENDINGS[0].0).into());
        }
        let unpacked = ENDINGS.iter().find_map(|(packed, plain)| Some((name.strip_suffix(packed)?, plain)));
        unpacked
            .map(|(stem, plain)| format!("{stem}{plain}").into())
            .ok_or_else(|| Trouble::new(format!("{name}: does not end with .gz; see -c")))
    }
}

fn copy(mut from: impl Read, mut to: impl Write, file: &Path) -> Result<i32, Trouble> {
    io::copy(&mut from, &mut to).map_err(Trouble::at(file))?;
    to.flush()?;
    Ok(0)
}
