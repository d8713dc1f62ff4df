//! `id`: uutils' own, but for the plain question, on which that complains of each number without a name. There are no names
//! where there is no `/etc/passwd`, and nothing is wrong about it.

use std::ffi::OsString;
use std::io::{self, Write};

use rustix::process::{Gid, getegid, geteuid, getgid, getgroups, getuid};

use crate::accounts::Users;
use crate::trouble::{Trouble, exit};

/// `id`.
pub(crate) fn uumain(words: impl Iterator<Item = OsString>) -> i32 {
    let words: Vec<_> = words.collect();
    if words.len() > 1 { uu_id::uumain(words.into_iter()) } else { exit("id", tell(), 1) }
}

fn tell() -> Result<i32, Trouble> {
    writeln!(io::stdout().lock(), "{}", identity(&Users::read(), &Users::groups())?)?;
    Ok(0)
}

/// Who this process is; a number that has no name stands alone.
fn identity(users: &Users, groups: &Users) -> Result<String, Trouble> {
    let (own, acting) = (getgid().as_raw(), getegid().as_raw());
    let mut parts =
        vec![format!("uid={}", users.numbered(getuid().as_raw())), format!("gid={}", groups.numbered(own))];
    if getuid() != geteuid() {
        parts.push(format!("euid={}", users.numbered(geteuid().as_raw())));
    }
    if own != acting {
        parts.push(format!("egid={}", groups.numbered(acting)));
    }
    let others = getgroups().map_err(io::Error::from)?.into_iter().map(Gid::as_raw);
    let all = [acting].into_iter().chain(others.filter(|gid| *gid != acting));
    let all: Vec<_> = all.map(|gid| groups.numbered(gid)).collect();
    parts.push(format!("groups={}", all.join(",")));
    Ok(parts.join(" "))
}
