//! `/proc/PID/status`: users, capabilities and ids of a process (`proc_pid_status(5)`).

use porthole_model::{Gid, Pid, Uid};

use crate::proc_error::{ProcError, lines, number, words};

const FILE: &str = "/proc/PID/status";

/// What porthole uses of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStatus {
    /// The real user.
    pub real_uid: Uid,
    /// The effective user.
    pub effective_uid: Uid,
    /// The effective group.
    pub effective_gid: Gid,
    /// The supplementary groups.
    pub groups: Vec<Gid>,
    /// The effective capabilities, bit by number.
    pub effective_capabilities: u64,
    /// Its id in each pid namespace, from the reader's to its own; empty where the kernel does not say.
    pub namespace_pids: Vec<Pid>,
}

/// Decodes the file.
pub fn parse(text: &[u8]) -> Result<ProcessStatus, ProcError> {
    let uids = numbers::<u32>(text, b"Uid")?;
    let gids = numbers::<u32>(text, b"Gid")?;
    let second = |values: &[u32], name: &str| {
        values
            .get(1)
            .copied()
            .ok_or_else(|| ProcError::new(FILE, format!("{name} has fewer than two values")))
    };
    Ok(ProcessStatus {
        real_uid: Uid(*uids.first().ok_or_else(|| ProcError::new(FILE, "Uid has no value"))?),
        effective_uid: Uid(second(&uids, "Uid")?),
        effective_gid: Gid(second(&gids, "Gid")?),
        groups: numbers(text, b"Groups")?.into_iter().map(Gid).collect(),
        effective_capabilities: capabilities(text)?,
        namespace_pids: match value(text, b"NSpid") {
            Some(_) => numbers(text, b"NSpid")?.into_iter().map(Pid).collect(),
            None => Vec::new(),
        },
    })
}

/// The real user alone, for a reading of many processes.
pub fn real_uid(text: &[u8]) -> Result<Uid, ProcError> {
    let first = value(text, b"Uid").and_then(|value| words(value).next()).and_then(number);
    first.map(Uid).ok_or_else(|| ProcError::new(FILE, "Uid has no value"))
}

/// The real user and group, by their numbers.
pub fn real_ids(text: &[u8]) -> Result<(u32, u32), ProcError> {
    let first = value(text, b"Gid").and_then(|value| words(value).next()).and_then(number);
    let group = first.ok_or_else(|| ProcError::new(FILE, "Gid has no value"))?;
    Ok((real_uid(text)?.0, group))
}

fn capabilities(text: &[u8]) -> Result<u64, ProcError> {
    let digits = value(text, b"CapEff").and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
    let bits = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    bits.ok_or_else(|| ProcError::new(FILE, "CapEff is not a hexadecimal number"))
}

fn numbers<T: std::str::FromStr>(text: &[u8], name: &[u8]) -> Result<Vec<T>, ProcError> {
    let wrong =
        || ProcError::new(FILE, format!("{} is not a list of numbers", String::from_utf8_lossy(name)));
    words(value(text, name).ok_or_else(wrong)?).map(|word| number(word).ok_or_else(wrong)).collect()
}

fn value<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    lines(text).find_map(|line| line.strip_prefix(name)?.strip_prefix(b":"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"Name:\tUid: x\nUid:\t1000\t0\t0\t0\nGid:\t100\t101\t100\t100\nGroups:\t4 27 998 \n\
        NSpid:\t4711\t1\nCapEff:\t000001fffeffffff\n";

    #[test]
    fn users_groups_and_capabilities() {
        let status = parse(TEXT).unwrap();
        assert_eq!((status.real_uid, status.effective_uid), (Uid(1000), Uid(0)));
        assert_eq!(status.effective_gid, Gid(101));
        assert_eq!(status.groups, [Gid(4), Gid(27), Gid(998)]);
        assert_eq!(status.effective_capabilities, 0x01ff_feff_ffff);
        assert_eq!(status.namespace_pids, [Pid(4711), Pid(1)]);
        assert_eq!(real_uid(TEXT), Ok(Uid(1000)));
    }

    #[test]
    fn a_text_without_users_is_an_error() {
        assert!(parse(b"Name:\tx\n").is_err());
        assert!(real_uid(b"Uid:\n").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = (parse(&bytes).is_ok(), real_uid(&bytes).is_ok());
        }
    }
}
