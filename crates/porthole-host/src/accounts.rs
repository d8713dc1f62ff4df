//! Users and groups: who owns a file, what they are called, and which groups porthole itself is in.
//!
//! Names come from the files in `/etc` alone: other sources (LDAP, systemd-userdb) would need the C library's
//! loadable modules, which a static binary does not have.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use porthole_model::{Gap, GapKind, Gid, Observed, Uid};
use porthole_wire::accounts;

use crate::LinuxHost;
use crate::failure::{Right, gap};

/// Who may use a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOwner {
    /// The user that owns it.
    pub uid: Uid,
    /// The group that owns it.
    pub gid: Gid,
    /// The permission bits, without the file's type: `0o660`.
    pub mode: u32,
}

impl LinuxHost {
    /// Who owns the file that `path` leads to.
    pub fn owner_of_file(&self, path: &Path) -> Result<FileOwner, Gap> {
        let metadata = fs::metadata(path);
        let metadata = metadata
            .map_err(|error| gap(format!("owner of {}", path.display()), "stat", error, Right::Root))?;
        Ok(FileOwner { uid: Uid(metadata.uid()), gid: Gid(metadata.gid()), mode: metadata.mode() & 0o7777 })
    }

    /// The name of a user.
    pub fn user_name(&self, uid: Uid) -> Observed<String> {
        self.name_in("passwd", "user", uid.0)
    }

    /// The name of a group.
    pub fn group_name(&self, gid: Gid) -> Observed<String> {
        self.name_in("group", "group", gid.0)
    }

    /// The groups that the kernel counts porthole to: its effective one and the supplementary ones.
    pub fn own_groups(&self) -> Result<Vec<Gid>, Gap> {
        let groups = rustix::process::getgroups();
        let groups = groups.map_err(|error| gap("own groups", "getgroups", error, Right::Root))?;
        let mut groups: Vec<_> = groups.into_iter().map(|group| Gid(group.as_raw())).collect();
        groups.push(Gid(rustix::process::getegid().as_raw()));
        groups.sort_unstable();
        groups.dedup();
        Ok(groups)
    }

    fn name_in(&self, file: &str, kind: &str, number: u32) -> Observed<String> {
        let path = self.etc.join(file);
        let what = || format!("name of {kind} {number}");
        let text: Result<Vec<u8>, io::Error> = fs::read(&path);
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                return Observed::Missing(gap(what(), &path.display().to_string(), error, Right::Root));
            }
        };
        let name = accounts::name_of(&text, number);
        let absent = || Gap::new(GapKind::Failed, what(), format!("{} does not name it", path.display()));
        name.ok_or_else(absent).into()
    }
}
