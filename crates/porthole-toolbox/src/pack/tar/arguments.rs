//! The options of `tar`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{ArgAction, ArgGroup, Parser};

use crate::input;

/// Many files in one
///
/// Modes, owners, times and links are kept. Nothing is ever unpacked outside of the directory it is unpacked to.
#[derive(Debug, Parser)]
#[command(
    name = "tar",
    disable_help_flag = true,
    group(ArgGroup::new("action").args(["create", "extract", "list"]).required(true)),
    after_help = "\
Examples:
  tar czf - -C /etc . | ssh elsewhere tar xzf - -C /tmp/etc
  tar tvf archive.tar.gz"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of tar")]
pub(super) struct TarArguments {
    /// Print this help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    /// Pack files
    #[arg(short, long)]
    create: bool,
    /// Unpack files
    #[arg(short = 'x', long, visible_alias = "get")]
    extract: bool,
    /// List what is packed
    #[arg(short = 't', long)]
    list: bool,
    /// The archive; - or none is standard input or output
    #[arg(short, long, value_name = "ARCHIVE")]
    file: Option<PathBuf>,
    /// Through gzip; when reading that is seen without it
    #[arg(short = 'z', long, visible_aliases = ["gunzip", "ungzip"])]
    pub(super) gzip: bool,
    /// Files are named from this directory, or are unpacked to it
    #[arg(short = 'C', long, value_name = "DIRECTORY", default_value = ".")]
    pub(super) directory: PathBuf,
    /// Say what is packed or unpacked; with -t, all that is known of it
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Unpack to standard output
    #[arg(short = 'O', long)]
    pub(super) to_stdout: bool,
    /// What is there already stays
    #[arg(short, long)]
    pub(super) keep_old_files: bool,
    /// Pack what links lead to
    #[arg(short = 'h', long)]
    pub(super) dereference: bool,
    /// What is unpacked belongs to who unpacks it
    #[arg(short = 'o', long)]
    pub(super) no_same_owner: bool,
    /// Keep the modes, which is so anyway
    #[arg(short = 'p', long, hide = true)]
    preserve_permissions: bool,
    /// Leave out so many first parts of each path
    #[arg(long, value_name = "N", default_value = "0")]
    pub(super) strip_components: usize,
    /// What is to be packed, unpacked or listed; where nothing is named, all that the archive holds
    pub(super) members: Vec<PathBuf>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Extract,
    List,
}

impl TarArguments {
    /// What is done.
    pub(super) fn action(&self) -> Action {
        match (self.create, self.extract) {
            (true, _) => Action::Create,
            (_, true) => Action::Extract,
            _ => Action::List,
        }
    }

    /// The archive.
    pub(super) fn archive(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(input::STANDARD))
    }
}

/// The words with a dash before the first: `tar czf x` is how most people write it.
pub(super) fn with_dash(mut words: Vec<OsString>) -> Vec<OsString> {
    if let Some(first) = words.get_mut(1).filter(|word| !word.as_encoded_bytes().starts_with(b"-")) {
        let dashed = [OsStr::new("-"), first].into_iter().collect();
        *first = dashed;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> TarArguments {
        TarArguments::try_parse_from(with_dash(words.iter().map(OsString::from).collect())).unwrap()
    }

    #[test]
    fn the_first_word_needs_no_dash() {
        let old = parsed(&["tar", "czvf", "a.tgz", "b"]);
        assert_eq!((old.action(), old.gzip, old.verbose), (Action::Create, true, true));
        assert_eq!(old.archive(), Path::new("a.tgz"));
        assert_eq!(old.members, [Path::new("b")]);
        assert_eq!(parsed(&["tar", "-x", "-f", "-"]).archive(), Path::new("-"));
        assert!(TarArguments::try_parse_from(["tar", "-f", "x"]).is_err());
    }
}
