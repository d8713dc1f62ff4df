//! `/proc/locks`: who holds the lock of which file (`proc_locks(5)`).

use porthole_model::Pid;

use crate::proc_error::{ProcError, lines, number, words};

const FILE: &str = "/proc/locks";

/// A lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLock {
    /// Who holds it; `None` where that process is in a pid namespace that is not to be seen here.
    pub pid: Option<Pid>,
    /// Whether nobody else may hold it too.
    pub exclusive: bool,
    /// The file's device: major and minor number.
    pub device: (u32, u32),
    /// The file's inode.
    pub inode: u64,
}

/// The locks that are held; those that are waited for are left out.
pub fn parse(text: &[u8]) -> Result<Vec<FileLock>, ProcError> {
    let held = lines(text).filter(|line| words(line).nth(1) != Some(b"->"));
    held.map(|line| lock(line).ok_or_else(|| ProcError::line(FILE, line))).collect()
}

/// `9: FLOCK  ADVISORY  WRITE 812 fe:00:2342941 0 EOF`
fn lock(line: &[u8]) -> Option<FileLock> {
    let mut words = words(line).skip(3);
    let exclusive = words.next()? == b"WRITE";
    let pid: i64 = number(words.next()?)?;
    let mut file = std::str::from_utf8(words.next()?).ok()?.split(':');
    let mut device = || u32::from_str_radix(file.next()?, 16).ok();
    let device = (device()?, device()?);
    let inode = file.next()?.parse().ok()?;
    Some(FileLock { pid: u32::try_from(pid).ok().filter(|pid| *pid != 0).map(Pid), exclusive, device, inode })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"\
1: OFDLCK ADVISORY  READ -1 00:0f:21698257 0 EOF
9: FLOCK  ADVISORY  WRITE 812 fe:00:2334855 0 EOF
9: -> FLOCK  ADVISORY  WRITE 813 fe:00:2334855 0 EOF
10: POSIX  ADVISORY  READ  7 08:01:131 128 128
";

    #[test]
    fn held_locks_and_no_waiting_ones() {
        let locks = parse(TEXT).unwrap();
        assert_eq!(locks.len(), 3);
        assert_eq!((locks[0].pid, locks[0].exclusive), (None, false));
        let expected = FileLock { pid: Some(Pid(812)), exclusive: true, device: (0xfe, 0), inode: 2_334_855 };
        assert_eq!(locks[1], expected);
        assert_eq!(locks[2].inode, 131);
    }

    #[test]
    fn a_line_that_is_none_is_an_error() {
        assert!(parse(b"9: FLOCK ADVISORY WRITE x fe:00:1 0 EOF\n").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes).is_ok();
        }
    }
}
