//! Who may use a socket, and whether this process may: file modes, `/etc/group`, `/etc/passwd`, `/proc/self/status`.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use porthole_model::{Gid, Uid};

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
        let text = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
        Self::new(path, metadata, &text("etc/group"), &text("etc/passwd"), &text("proc/self/status"))
    }

    fn new(path: &Path, metadata: &Metadata, groups: &str, users: &str, status: &str) -> Self {
        let group = Gid(metadata.gid());
        let user = numbers(status, "Uid:").and_then(|ids| ids.get(1).copied()).map(Uid);
        let user_name = user.and_then(|user| name_of(users, user.0));
        let own_groups = numbers(status, "Groups:").map(|mut groups| {
            groups.extend(numbers(status, "Gid:").into_iter().flatten());
            groups
        });
        Self {
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
            owner: Uid(metadata.uid()),
            group,
            group_name: name_of(groups, group.0),
            membership: membership(own_groups, group, groups, user_name.as_deref()),
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

fn membership(own: Option<Vec<u32>>, group: Gid, groups: &str, user_name: Option<&str>) -> Membership {
    match own {
        None => Membership::Unknown,
        Some(own) if own.contains(&group.0) => Membership::Inside,
        Some(_) if user_name.is_some_and(|name| lists(groups, group, name)) => Membership::ListedOnly,
        Some(_) => Membership::Outside,
    }
}

/// group(5): `name:password:gid:member,member`.
fn lists(groups: &str, group: Gid, user: &str) -> bool {
    let id = group.to_string();
    groups.lines().map(|line| line.split(':').collect::<Vec<_>>()).any(
        |fields| matches!(fields.as_slice(), [_, _, gid, members] if *gid == id && members.split(',').any(|member| member == user)),
    )
}

/// passwd(5) and group(5): the name is the first field, the id the third.
fn name_of(accounts: &str, id: u32) -> Option<String> {
    let id = id.to_string();
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    })
}

/// The numbers of a line of `/proc/self/status`.
fn numbers(status: &str, label: &str) -> Option<Vec<u32>> {
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Some).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const GROUPS: &str = "root:x:0:\ndocker:x:999:ann,bob\n";
    const USERS: &str =
        "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\neve:x:1001:1001::/:/x\n";

    fn status(user: u32, groups: &str) -> String {
        format!(
            "Name:\tx\nUid:\t{user}\t{user}\t{user}\t{user}\nGid:\t{user}\t{user}\t{user}\t{user}\nGroups:\t{groups} \n"
        )
    }

    fn standing(user: u32, groups: &str) -> Membership {
        let status = status(user, groups);
        let own = numbers(&status, "Groups:");
        membership(own, Gid(999), GROUPS, name_of(USERS, user).as_deref())
    }

    #[test]
    fn a_session_that_began_before_the_user_joined_is_told_apart() {
        assert_eq!(standing(1000, "1000"), Membership::ListedOnly);
        assert_eq!(standing(1000, "999 1000"), Membership::Inside);
        assert_eq!(standing(1001, "1001"), Membership::Outside);
        assert_eq!(standing(5, ""), Membership::Outside);
        assert_eq!(membership(None, Gid(999), GROUPS, Some("ann")), Membership::Unknown);
    }

    #[test]
    fn the_words_name_mode_group_and_user() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let metadata = fs::metadata(directory.path()).unwrap();
        let gid = metadata.gid();
        let groups = format!("staff:x:{gid}:eve\n");
        let permission =
            SocketPermission::new(Path::new("/x"), &metadata, &groups, USERS, &status(1001, "1001"));
        let words = permission.to_string();
        assert!(
            words.contains("mode 0700") && words.contains("group staff") && words.contains("eve is listed"),
            "{words}"
        );
    }
}
