//! The values of a control group's files: `memory.max`, `memory.events`, `pids.current` and their like.
//!
//! Follows the kernel's `Documentation/admin-guide/cgroup-v2.rst` and `cgroup-v1/{memory,pids}.rst`.

use crate::proc_error::{ProcError, lines, number, words};

const FILE: &str = "control group's file";

/// What version 1 writes for "no limit": the largest number of whole pages.
const NO_LIMIT: u64 = i64::MAX as u64 & !0xfff;

/// A single number.
pub fn value(text: &[u8]) -> Result<u64, ProcError> {
    number(text.trim_ascii()).ok_or_else(|| ProcError::line(FILE, text))
}

/// A limit; `None` for `max` of version 2 and for the largest number of version 1.
pub fn limit(text: &[u8]) -> Result<Option<u64>, ProcError> {
    if text.trim_ascii() == b"max" {
        return Ok(None);
    }
    value(text).map(|limit| Some(limit).filter(|limit| *limit < NO_LIMIT))
}

/// The number behind a key of a file of `KEY NUMBER` lines; `None` where this kernel does not have the key.
pub fn keyed(text: &[u8], key: &str) -> Result<Option<u64>, ProcError> {
    let line = lines(text).find(|line| words(line).next() == Some(key.as_bytes()));
    line.map(|line| words(line).nth(1).and_then(number).ok_or_else(|| ProcError::line(FILE, line)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_versions_have_a_word_for_no_limit() {
        assert_eq!(limit(b"max\n").unwrap(), None);
        assert_eq!(limit(b"9223372036854771712\n").unwrap(), None);
        assert_eq!(limit(b"33554432\n").unwrap(), Some(32 << 20));
        assert!(limit(b"much").is_err());
    }

    #[test]
    fn a_key_is_a_whole_word() {
        let text = b"low 0\noom 1\noom_kill 2\noom_group_kill 3\n";
        assert_eq!(keyed(text, "oom").unwrap(), Some(1));
        assert_eq!(keyed(text, "oom_kill").unwrap(), Some(2));
        assert_eq!(keyed(text, "max").unwrap(), None);
        assert!(keyed(b"oom x", "oom").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = (value(&bytes), limit(&bytes), keyed(&bytes, "oom"));
        }
    }
}
