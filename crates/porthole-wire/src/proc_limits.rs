//! `/proc/PID/limits`: what a process may use (`proc_pid_limits(5)`).

use crate::proc_error::{ProcError, lines, number, words};

const FILE: &str = "/proc/PID/limits";

/// The soft limit of open files; `None` for `unlimited`.
pub fn open_files(text: &[u8]) -> Result<Option<u64>, ProcError> {
    let line = lines(text).find_map(|line| line.strip_prefix(b"Max open files"));
    let soft = line.and_then(|line| words(line).next());
    match soft {
        Some(b"unlimited") => Ok(None),
        Some(word) => number(word).map(Some).ok_or_else(|| ProcError::line(FILE, word)),
        None => Err(ProcError::new(FILE, "it has no line \"Max open files\"")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_soft_limit_stands_first() {
        let text = b"Limit                     Soft Limit           Hard Limit           Units     \n\
            Max processes             1                    2                    processes \n\
            Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(text).unwrap(), Some(1024));
        assert_eq!(open_files(b"Max open files unlimited unlimited files").unwrap(), None);
        assert!(open_files(b"Max processes 1 2").is_err());
        assert!(open_files(b"Max open files many").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = open_files(&bytes);
        }
    }
}
