//! `diff` of directories: what is in one alone, and each file that is in both.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, FileType, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use diffutilslib::params::Params;

use super::compare::{self, DIFFERENT, SAME, UNKNOWN};
use crate::trouble::{Trouble, say};

/// What `diff` is told about directories, which diffutils does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TreeOptions {
    /// Go into directories.
    recursive: bool,
    /// What is not there is compared as an empty file.
    new_files: bool,
    /// The words that ask for how files are compared, for the line before each.
    manner: Vec<OsString>,
}

impl TreeOptions {
    /// Takes its words out of `words`, and takes words of several letters apart.
    pub(super) fn take(words: Vec<OsString>) -> (Self, Vec<OsString>) {
        let (mut options, mut rest, mut are_over) = (Self::default(), Vec::new(), false);
        for word in words.into_iter().flat_map(letters) {
            are_over |= word == "--";
            match word.to_str() {
                Some("-r" | "--recursive") if !are_over => options.recursive = true,
                Some("-N" | "--new-file") if !are_over => options.new_files = true,
                Some(text) if !are_over && text.starts_with('-') && text.len() > 1 => {
                    options.manner.push(word.clone());
                    rest.push(word);
                }
                _ => rest.push(word),
            }
        }
        (options, rest)
    }
}

/// `-rNu` is `-r -N -u`.
fn letters(word: OsString) -> Vec<OsString> {
    let text = word.to_str().and_then(|text| text.strip_prefix('-')).unwrap_or_default();
    if text.len() < 2 || !text.bytes().all(|letter| b"rNuqscyet".contains(&letter)) {
        return vec![word];
    }
    text.chars().map(|letter| format!("-{letter}").into()).collect()
}

/// Compares two directories, and says what differs.
pub(super) fn compare(parameters: &Params, options: &TreeOptions) -> Result<i32, Trouble> {
    let (from, to) = (Path::new(&parameters.from), Path::new(&parameters.to));
    let above = fs::metadata(from).map(|directory| vec![identity(&directory)]).map_err(Trouble::at(from))?;
    let mut comparison = Comparison { parameters, options, above, code: SAME };
    comparison.directories(from, to)?;
    Ok(comparison.code)
}

struct Comparison<'a> {
    parameters: &'a Params,
    options: &'a TreeOptions,
    /// The directories on the way down, by device and inode: links may lead back up.
    above: Vec<(u64, u64)>,
    code: i32,
}

/// What is under a name on one side.
enum Side {
    Nothing,
    There(Metadata),
}

impl Comparison<'_> {
    fn directories(&mut self, from: &Path, to: &Path) -> Result<(), Trouble> {
        let (Some(ours), Some(theirs)) = (self.names(from), self.names(to)) else { return Ok(()) };
        for name in ours.union(&theirs) {
            let (ours, theirs) = (from.join(name), to.join(name));
            match (self.look(&ours), self.look(&theirs)) {
                (Some(one), Some(other)) => self.pair((&ours, one), (&theirs, other))?,
                _ => self.note(UNKNOWN),
            }
        }
        Ok(())
    }

    fn pair(&mut self, (from, ours): (&Path, Side), (to, theirs): (&Path, Side)) -> Result<(), Trouble> {
        match (&ours, &theirs) {
            (Side::There(one), Side::There(other)) if one.is_dir() && other.is_dir() => {
                self.below(from, to, one)
            }
            (Side::There(one), Side::There(other)) if identity(one) == identity(other) => Ok(()),
            (Side::There(one), Side::There(other)) => self.both(from, to, one.file_type(), other.file_type()),
            (Side::There(one), Side::Nothing) => self.alone(from, (from, to), one),
            (Side::Nothing, Side::There(other)) => self.alone(to, (from, to), other),
            (Side::Nothing, Side::Nothing) => Ok(()),
        }
    }

    fn below(&mut self, from: &Path, to: &Path, directory: &Metadata) -> Result<(), Trouble> {
        if !self.options.recursive {
            return tell(format_args!("Common subdirectories: {} and {}", from.display(), to.display()));
        }
        let identity = identity(directory);
        if self.above.contains(&identity) {
            say("diff", format!("{}: it leads back to a directory above it", from.display()));
            self.note(UNKNOWN);
            return Ok(());
        }
        self.above.push(identity);
        let compared = self.directories(from, to);
        self.above.pop();
        compared
    }

    fn both(&mut self, from: &Path, to: &Path, ours: FileType, theirs: FileType) -> Result<(), Trouble> {
        if ours.is_file() && theirs.is_file() {
            return self.files(from, to);
        }
        self.note(DIFFERENT);
        let (one, other) = (kind(ours), kind(theirs));
        tell(format_args!("File {} is {one} while file {} is {other}", from.display(), to.display()))
    }

    /// What is on one side alone.
    fn alone(&mut self, there: &Path, (from, to): (&Path, &Path), found: &Metadata) -> Result<(), Trouble> {
        if self.options.new_files && found.is_file() {
            return self.files(from, to);
        }
        if self.options.new_files && self.options.recursive && found.is_dir() {
            return self.directories(from, to);
        }
        self.note(DIFFERENT);
        let name = there.file_name().unwrap_or_default();
        let directory = there.parent().unwrap_or(there);
        tell(format_args!("Only in {}: {}", directory.display(), name.display()))
    }

    fn files(&mut self, from: &Path, to: &Path) -> Result<(), Trouble> {
        let parameters = Params { from: from.into(), to: to.into(), ..self.parameters.clone() };
        let (Some(ours), Some(theirs)) = (self.content(from), self.content(to)) else { return Ok(()) };
        if ours != theirs && !parameters.brief {
            tell(format_args!("{} {} {}", self.command(), from.display(), to.display()))?;
        }
        let code = compare::contents(&ours, &theirs, &parameters)?;
        self.note(code);
        Ok(())
    }

    /// The command that would compare two files of the directories.
    fn command(&self) -> String {
        let recursive = self.options.recursive.then(|| "-r".into());
        let words = ["diff".into()].into_iter().chain(recursive).chain(self.options.manner.iter().cloned());
        words.map(|word: OsString| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    /// The content of a file; none where it is not there.
    fn content(&mut self, path: &Path) -> Option<Vec<u8>> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Vec::new()),
            read => self.unless_unreadable(path, read),
        }
    }

    fn names(&mut self, directory: &Path) -> Option<BTreeSet<PathBuf>> {
        let read = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(BTreeSet::new()),
            read => read,
        };
        let names = read.and_then(|entries| entries.map(|entry| Ok(entry?.file_name().into())).collect());
        self.unless_unreadable(directory, names)
    }

    fn look(&mut self, path: &Path) -> Option<Side> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Side::Nothing),
            read => self.unless_unreadable(path, read).map(Side::There),
        }
    }

    fn unless_unreadable<T>(&mut self, path: &Path, read: io::Result<T>) -> Option<T> {
        read.map_err(|error| {
            say("diff", format!("{}: {}", path.display(), crate::trouble::reason(&error)));
            self.note(UNKNOWN);
        })
        .ok()
    }

    fn note(&mut self, code: i32) {
        self.code = self.code.max(code);
    }
}

fn tell(line: std::fmt::Arguments<'_>) -> Result<(), Trouble> {
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn kind(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a fifo",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() => "a block special file",
        kind if kind.is_char_device() => "a character special file",
        _ => "a regular file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_for_trees_are_taken_out() {
        let take = |words: &[&str]| {
            let (options, rest) = TreeOptions::take(words.iter().map(OsString::from).collect());
            (options.recursive, options.new_files, rest.join(std::ffi::OsStr::new(" ")))
        };
        assert_eq!(take(&["diff", "-rNu", "a", "b"]), (true, true, "diff -u a b".into()));
        assert_eq!(take(&["diff", "-U", "5", "--recursive", "a"]), (true, false, "diff -U 5 a".into()));
        assert_eq!(take(&["diff", "--", "-r", "-N"]), (false, false, "diff -- -r -N".into()));
        assert_eq!(take(&["diff", "-u42", "a"]), (false, false, "diff -u42 a".into()));
    }
}
