//! Who the command runs as: names are those of the entered process's own files, read by porthole itself.

use std::fs;

use porthole_wire::accounts::{self, User};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities,
    set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::line::{EntryFailure, FailureKind};

/// A user, its groups and its home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Whether the process that enters has it already.
    is_own: bool,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    home: Option<String>,
}

impl Identity {
    /// The one that `USER[:GROUP]` names, or root.
    pub(super) fn find(text: Option<&str>) -> Result<Self, EntryFailure> {
        let passwd = fs::read("/etc/passwd").unwrap_or_default();
        let group = fs::read("/etc/group").unwrap_or_default();
        match text {
            Some(text) => named(text, &passwd, &group),
            None => Ok(Self { is_own: true, uid: 0, gid: 0, groups: Vec::new(), home: home_of(&passwd, 0) }),
        }
    }

    pub(super) fn user(&self) -> Uid {
        Uid::from_raw(self.uid)
    }

    pub(super) fn group(&self) -> Gid {
        Gid::from_raw(self.gid)
    }

    /// The home that passwd(5) gives it.
    pub(super) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// Makes this process run as it, with `kept` capabilities where it is not root.
    pub(super) fn assume(&self, kept: u64) -> rustix::io::Result<()> {
        if self.is_own {
            return Ok(());
        }
        let groups: Vec<_> = self.groups.iter().copied().map(Gid::from_raw).collect();
        set_keep_capabilities(kept != 0)?;
        set_thread_groups(&groups)?;
        set_thread_res_gid(self.group(), self.group(), self.group())?;
        set_thread_res_uid(self.user(), self.user(), self.user())?;
        if kept == 0 || self.uid == 0 { Ok(()) } else { keep(CapabilitySet::from_bits_retain(kept)) }
    }
}

/// Ambient capabilities come through execve(2), and must be permitted and inheritable for that.
fn keep(kept: CapabilitySet) -> rustix::io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.permitted = kept;
    sets.effective = kept;
    sets.inheritable = kept;
    set_capabilities(None, sets)?;
    kept.iter().try_for_each(|capability| configure_capability_in_ambient_set(capability, true))
}

fn named(text: &str, passwd: &[u8], group: &[u8]) -> Result<Identity, EntryFailure> {
    let (user, of_group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let listed = match user.parse::<u32>() {
        Ok(uid) => accounts::user(passwd, |listed| listed.uid == uid),
        Err(_) => {
            Some(accounts::user(passwd, |listed| listed.name == user).ok_or_else(|| unknown("user", user))?)
        }
    };
    let uid = listed.as_ref().map_or_else(|| user.parse().unwrap_or_default(), |listed| listed.uid);
    let (gid, groups) = match of_group {
        Some(name) => (group_number(group, name)?, Vec::new()),
        None => of_user(listed.as_ref(), group),
    };
    let home = listed.map(|listed| listed.home).filter(|home| !home.is_empty());
    Ok(Identity { is_own: false, uid, gid, groups, home })
}

fn of_user(listed: Option<&User>, group: &[u8]) -> (u32, Vec<u32>) {
    listed.map_or((0, Vec::new()), |user| (user.gid, accounts::groups_of(group, &user.name)))
}

fn group_number(group: &[u8], name: &str) -> Result<u32, EntryFailure> {
    let number = name.parse().ok().or_else(|| accounts::group_number(group, name));
    number.ok_or_else(|| unknown("group", name))
}

fn home_of(passwd: &[u8], uid: u32) -> Option<String> {
    accounts::user(passwd, |user| user.uid == uid).map(|user| user.home).filter(|home| !home.is_empty())
}

fn unknown(kind: &str, name: &str) -> EntryFailure {
    let file = if kind == "user" { "/etc/passwd" } else { "/etc/group" };
    EntryFailure::new(
        FailureKind::Absent,
        format!("find the {kind} {name}"),
        format!("{file} inside does not name it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/srv:/bin/false\n";
    const GROUP: &[u8] = b"root:x:0:\nwww:x:33:app\n";

    fn numbers(text: &str) -> Option<(u32, u32, Vec<u32>)> {
        named(text, PASSWD, GROUP).ok().map(|found| (found.uid, found.gid, found.groups))
    }

    #[test]
    fn names_and_numbers_as_docker_exec_takes_them() {
        assert_eq!(numbers("app"), Some((1000, 1001, vec![33])));
        assert_eq!(numbers("1000"), Some((1000, 1001, vec![33])));
        assert_eq!(numbers("app:www"), Some((1000, 33, vec![])));
        assert_eq!(numbers("7:8"), Some((7, 8, vec![])));
        assert_eq!(numbers("7"), Some((7, 0, vec![])));
        assert_eq!(numbers("nobody"), None);
        assert_eq!(numbers("app:nobody"), None);
    }
}
