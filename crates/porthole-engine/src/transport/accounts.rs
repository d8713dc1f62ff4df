//! Who may use a socket, and whether this process may: file modes, `/etc/group`, `/etc/passwd`, `/proc/self/status`.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use porthole_model::{Gid, Uid};
use porthole_wire::accounts::name_of;
use porthole_wire::proc_status::{self, ProcessStatus};

/// The rights on a socket, and those of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPermission {
    /// The socket.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub owner: Uid,
    /// Its group.
    pub group: Gid,
    /// The group's name, where `/etc/group` has one.
    pub group_name: Option<String>,
    /// The user of this process.
    pub user: Option<Uid>,
    /// The user's name, where `/etc/passwd` has one.
    pub user_name: Option<String>,
    /// Where the user stands towards the group.
    pub membership: Membership,
}

/// Where a user stands towards a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Not a member.
    Outside,
    /// `/etc/group` lists the user, but this session began before that.
    ListedOnly,
    /// This process has the group.
    Inside,
    /// `/proc/self/status` or the group file does not tell.
    Unknown,
}

impl SocketPermission {
    /// Reads what `metadata` and the files below `root` tell.
    pub(super) fn read(path: &Path, metadata: &Metadata, root: &Path) -> Self {
        // What cannot be read stays unknown: the error that is explained here is another one.
        let file = |name: &str| fs::read(root.join(name)).ok();
        let status = file("proc/self/status").and_then(|text| proc_status::parse(&text).ok());
        Self::new(
            path,
            metadata,
            file("etc/group").as_deref(),
            file("etc/passwd").as_deref(),
            status.as_ref(),
        )
    }

    fn new(
        path: &Path,
        metadata: &Metadata,
        groups: Option<&[u8]>,
        users: Option<&[u8]>,
        status: Option<&ProcessStatus>,
    ) -> Self {
        let group = Gid(metadata.gid());
        let user = status.map(|status| status.effective_uid);
        let user_name = users.zip(user).and_then(|(users, user)| name_of(users, user.0));
        Self {
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
            owner: Uid(metadata.uid()),
            group,
            group_name: groups.and_then(|groups| name_of(groups, group.0)),
            membership: membership(status, group, groups, user_name.as_deref()),
            user,
            user_name,
        }
    }

    /// The group, by name where it has one.
    pub fn group_words(&self) -> String {
        self.group_name.clone().unwrap_or_else(|| self.group.to_string())
    }

    /// The user, by name where there is one.
    pub fn user_words(&self) -> String {
        match (&self.user_name, self.user) {
            (Some(name), _) => name.clone(),
            (None, Some(user)) => user.to_string(),
            (None, None) => "the user".to_owned(),
        }
    }

    /// Whether the group may write to the socket, which connecting needs.
    pub fn group_may_connect(&self) -> bool {
        self.mode & 0o020 != 0
    }
}

impl fmt::Display for SocketPermission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mode, owner, group, user) = (self.mode, self.owner, self.group_words(), self.user_words());
        write!(formatter, "the socket has mode {mode:04o}, owner {owner} and group {group}; {user} ")?;
        match self.membership {
            Membership::Outside => write!(formatter, "is not in that group"),
            Membership::ListedOnly => {
                write!(formatter, "is listed in that group, but not in this session, which is older")
            }
            Membership::Inside => write!(formatter, "is in that group, so something else forbids it"),
            Membership::Unknown => write!(formatter, "may not write to it"),
        }
    }
}

fn membership(
    status: Option<&ProcessStatus>,
    group: Gid,
    groups: Option<&[u8]>,
    user_name: Option<&str>,
) -> Membership {
    match (status, groups) {
        (Some(status), _) if status.effective_gid == group || status.groups.contains(&group) => {
            Membership::Inside
        }
        (Some(_), Some(groups)) if user_name.is_some_and(|name| lists(groups, group, name)) => {
            Membership::ListedOnly
        }
        (Some(_), Some(_)) => Membership::Outside,
        _ => Membership::Unknown,
    }
}

/// group(5): `name:password:gid:member,member`.
fn lists(groups: &[u8], group: Gid, user: &str) -> bool {
    let id = group.to_string();
    String::from_utf8_lossy(groups).lines().any(|line| {
        let mut fields = line.split(':').skip(2);
        fields.next() == Some(&id)
            && fields.next().is_some_and(|members| members.split(',').any(|it| it == user))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const GROUPS: &[u8] = b"root:x:0:\ndocker:x:999:ann,bob\n";
    const USERS: &[u8] =
        b"root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\neve:x:1001:1001::/:/x\n";

    fn status(user: u32, groups: &[u32]) -> ProcessStatus {
        let own = fs::read("/proc/self/status").unwrap();
        let groups = groups.iter().copied().map(Gid).collect();
        let own = proc_status::parse(&own).unwrap();
        ProcessStatus { effective_uid: Uid(user), effective_gid: Gid(user), groups, ..own }
    }

    fn standing(user: u32, own: &[u32]) -> Membership {
        membership(Some(&status(user, own)), Gid(999), Some(GROUPS), name_of(USERS, user).as_deref())
    }

    #[test]
    fn a_session_that_began_before_the_user_joined_is_told_apart() {
        assert_eq!(standing(1000, &[1000]), Membership::ListedOnly);
        assert_eq!(standing(1000, &[999, 1000]), Membership::Inside);
        assert_eq!(standing(999, &[]), Membership::Inside);
        assert_eq!(standing(1001, &[1001]), Membership::Outside);
        assert_eq!(standing(5, &[]), Membership::Outside);
        assert_eq!(membership(None, Gid(999), Some(GROUPS), Some("ann")), Membership::Unknown);
        assert_eq!(membership(Some(&status(1, &[])), Gid(9), None, None), Membership::Unknown);
    }

    #[test]
    fn the_words_name_mode_group_and_user() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let metadata = fs::metadata(directory.path()).unwrap();
        let groups = format!("staff:x:{}:eve\n", metadata.gid());
        let status = status(1001, &[1001]);
        let (groups, users) = (Some(groups.as_bytes()), Some(USERS));
        let permission = SocketPermission::new(Path::new("/x"), &metadata, groups, users, Some(&status));
        let words = permission.to_string();
        assert!(
            words.contains("mode 0700") && words.contains("group staff") && words.contains("eve is listed"),
            "{words}"
        );
    }
}
