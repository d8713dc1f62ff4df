//! What stands on either side of a copy, as it was typed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One side of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A tar stream on standard input or output.
    Stream,
    /// A path of this host.
    Local(PathBuf),
    /// A path of a container, or of what a process sees: `web:/etc`, `pid:4711:/etc`.
    Inside(String, PathBuf),
}

impl Operand {
    /// What docker makes of it, too: a colon after what does not begin with `/` or `.` ends a container's name.
    pub(super) fn of(word: &OsStr) -> Self {
        let bytes = word.as_bytes();
        if bytes == b"-" {
            return Self::Stream;
        }
        let begin = if bytes.starts_with(b"pid:") { 4 } else { 0 };
        let colon = bytes.iter().skip(begin).position(|byte| *byte == b':').map(|at| at + begin);
        match colon.filter(|_| !bytes.starts_with(b"/") && !bytes.starts_with(b".")) {
            Some(at) => {
                let path = OsString::from_vec(bytes[at + 1..].to_vec());
                // A container's paths begin at its root, whatever its working directory.
                Self::Inside(String::from_utf8_lossy(&bytes[..at]).into_owned(), Path::new("/").join(path))
            }
            None => Self::Local(word.into()),
        }
    }

    /// Its path as it was typed.
    pub(super) fn typed(&self) -> &Path {
        match self {
            Self::Stream => Path::new("-"),
            Self::Local(path) | Self::Inside(_, path) => path,
        }
    }
}

/// Whether a path says that a directory is meant, by a `/` or `/.` at its end.
pub(super) fn means_directory(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b"/") || means_content(path)
}

/// Whether a path says that what is in a directory is meant, not itself, by a `/.` at its end.
pub(super) fn means_content(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes == b"." || bytes.ends_with(b"/.")
}

/// The path without what is said at its end.
pub(super) fn bare(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Operand {
        Operand::of(OsStr::new(word))
    }

    #[test]
    fn the_sides_of_a_copy() {
        assert_eq!(of("web:/etc/"), Operand::Inside("web".into(), "/etc/".into()));
        assert_eq!(of("web:etc"), Operand::Inside("web".into(), "/etc".into()));
        assert_eq!(of("pid:7:/etc"), Operand::Inside("pid:7".into(), "/etc".into()));
        assert_eq!(of("./a:b"), Operand::Local("./a:b".into()));
        assert_eq!(of("/a:b"), Operand::Local("/a:b".into()));
        assert_eq!(of("file"), Operand::Local("file".into()));
        assert_eq!(of("-"), Operand::Stream);
        let odd = Operand::of(OsStr::from_bytes(b"web:/\xff"));
        assert_eq!(odd, Operand::Inside("web".into(), OsStr::from_bytes(b"/\xff").into()));
    }

    #[test]
    fn what_the_end_of_a_path_says() {
        let says = |path: &str| (means_directory(Path::new(path)), means_content(Path::new(path)));
        assert_eq!(
            [says("/a"), says("/a/"), says("/a/."), says(".")],
            [(false, false), (true, false), (true, true), (true, true)]
        );
        assert_eq!(bare(Path::new("/a/b/.")), Path::new("/a/b"));
    }
}
