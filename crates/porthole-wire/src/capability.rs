//! Names of capabilities (`include/uapi/linux/capability.h`).

/// The names, each at the place of its number.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// The names of the capabilities in a set; one that is newer than this list by its number.
pub fn names(set: u64) -> Vec<String> {
    let numbers = (0..64).filter(|number| set >> number & 1 == 1);
    numbers
        .map(|number| NAMES.get(number).map_or_else(|| format!("CAP_{number}"), |name| (*name).to_owned()))
        .collect()
}

/// The set that holds the capability of that name, with or without `CAP_` and in any case, or `ALL` of them.
pub fn set(name: &str) -> Option<u64> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if bare == "ALL" {
        return Some((1 << NAMES.len()) - 1);
    }
    NAMES.iter().position(|known| known.strip_prefix("CAP_") == Some(bare)).map(|number| 1 << number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        assert_eq!(names(1 << 12 | 1 << 19 | 1 << 21), ["CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN"]);
        assert_eq!(names(1 << 40 | 1 << 41), ["CAP_CHECKPOINT_RESTORE", "CAP_41"]);
        assert!(names(0).is_empty());
    }

    #[test]
    fn a_capability_is_named_as_docker_takes_it() {
        assert_eq!(set("net_admin"), Some(1 << 12));
        assert_eq!(set("CAP_SYS_PTRACE"), Some(1 << 19));
        assert_eq!(set("all").map(u64::count_ones), Some(41));
        assert_eq!(set("NET"), None);
    }
}
