//! `tar`, on the library of that name.

mod arguments;
mod create;
mod extract;
mod list;

use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::trouble::{Trouble, exit};
use crate::{arguments as words_to, input};
use arguments::{Action, TarArguments};

/// Something could not be done.
const WRONG: i32 = 2;

/// The first bytes of what gzip packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// `tar`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    words_to::with(arguments::with_dash(words), |arguments: &TarArguments| {
        let outcome = match arguments.action() {
            Action::Create => create::create(arguments),
            Action::Extract => extract::extract(arguments),
            Action::List => list::list(arguments),
        };
        exit("tar", outcome, WRONG)
    })
}

/// The archive that is read, unpacked where it begins as gzip does.
fn source(arguments: &TarArguments) -> Result<Box<dyn Read>, Trouble> {
    let mut packed = BufReader::new(input::open(arguments.archive())?);
    let begin = io::BufRead::fill_buf(&mut packed).map_err(Trouble::at(arguments.archive()))?;
    let is_gzip = arguments.gzip || begin.starts_with(&GZIP);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(packed)) } else { Box::new(packed) })
}

/// Whether a member is one of those that were asked for, or lies below one; all are where none was.
fn is_wanted(member: &Path, wanted: &[PathBuf]) -> bool {
    wanted.is_empty() || wanted.iter().any(|each| plain(member).starts_with(plain(each)))
}

/// A path without what makes it absolute and without `.`.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir)).collect()
}
