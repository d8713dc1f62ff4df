//! `/proc/PID/stat`: a process's name, parent, threads and start (`proc_pid_stat(5)`).

use porthole_model::Pid;

use crate::proc_error::{ProcError, number, words};

const FILE: &str = "/proc/PID/stat";

/// `PF_KTHREAD` of `include/linux/sched.h`.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// What porthole uses of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStat {
    /// Its id.
    pub pid: Pid,
    /// Its name, as it set it: any bytes.
    pub name: String,
    /// Whether it has ended and waits for its parent to notice.
    pub zombie: bool,
    /// Its parent.
    pub parent: Pid,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// How many threads it has.
    pub threads: u64,
    /// When it started, in clock ticks since boot.
    pub started: u64,
}

/// Decodes the file. The name stands in parentheses and may itself hold spaces and parentheses, so it ends at the
/// last one.
pub fn parse(text: &[u8]) -> Result<ProcessStat, ProcError> {
    split(text).ok_or_else(|| ProcError::line(FILE, text))
}

fn split(text: &[u8]) -> Option<ProcessStat> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')')?;
    let name = text.get(open + 1..close)?;
    // The fields behind the name, counted from 3 in the manual page.
    let fields: Vec<&[u8]> = words(&text[close + 1..]).take(20).collect();
    let flags: u32 = number(fields.get(6)?)?;
    Some(ProcessStat {
        pid: Pid(number(text[..open].trim_ascii())?),
        name: String::from_utf8_lossy(name).into_owned(),
        zombie: matches!(fields.first(), Some(&b"Z" | &b"X")),
        parent: Pid(number(fields.get(1)?)?),
        kernel_thread: flags & KERNEL_THREAD != 0,
        threads: number(fields.get(17)?)?,
        started: number(fields.get(19)?)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_may_hold_spaces_and_parentheses() {
        let text = b"42 (a) R (b) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 11 0 98765 1 2 3\n";
        let stat = parse(text).unwrap();
        assert_eq!(stat.name, "a) R (b");
        assert_eq!((stat.pid, stat.parent, stat.threads, stat.started), (Pid(42), Pid(7), 11, 98765));
        assert!(!stat.kernel_thread && !stat.zombie);
    }

    #[test]
    fn threads_of_the_kernel_are_known_by_their_flag() {
        let text = b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0\n";
        assert!(parse(text).unwrap().kernel_thread);
    }

    #[test]
    fn a_text_that_ends_early_is_an_error() {
        assert!(parse(b"42 (x) S 7").is_err());
        assert!(parse(b"42 )x( S 7").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes).is_ok();
        }

        #[test]
        fn any_name_comes_back(name in "[ -~]{0,15}", pid: u32, started: u64) {
            let text = format!("{pid} ({name}) S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 {started} 0");
            let stat = parse(text.as_bytes()).unwrap();
            prop_assert_eq!((stat.name, stat.pid, stat.started), (name, Pid(pid), started));
        }
    }
}
