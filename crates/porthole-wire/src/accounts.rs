//! `/etc/passwd` and `/etc/group`: the names of users and groups (passwd(5), group(5)).

use crate::proc_error::lines;

/// The name that stands for the number, in either file: both have `name:password:number:…`.
pub fn name_of(text: &[u8], number: u32) -> Option<String> {
    lines(text).find_map(|line| entry(line).filter(|entry| entry.1 == number)).map(|entry| entry.0)
}

/// A user, as passwd(5) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The number of the group that the user is in first of all.
    pub gid: u32,
    /// The directory that a session begins in, which may be empty.
    pub home: String,
}

/// The first of the users in passwd(5) that `is_meant`.
pub fn user(text: &[u8], is_meant: impl Fn(&User) -> bool) -> Option<User> {
    lines(text).filter_map(passwd_entry).find(is_meant)
}

/// The number of the group of that name in group(5).
pub fn group_number(text: &[u8], name: &str) -> Option<u32> {
    lines(text).filter_map(entry).find(|entry| entry.0 == name).map(|entry| entry.1)
}

/// The groups that name the user as a member in group(5).
pub fn groups_of(text: &[u8], name: &str) -> Vec<u32> {
    let names_it = |line: &&[u8]| {
        let members = line.split(|byte| *byte == b':').nth(3).unwrap_or_default();
        members.split(|byte| *byte == b',').any(|member| member == name.as_bytes())
    };
    lines(text).filter(names_it).filter_map(entry).map(|entry| entry.1).collect()
}

fn passwd_entry(line: &[u8]) -> Option<User> {
    let (name, uid) = entry(line)?;
    let mut others = line.split(|byte| *byte == b':').skip(3);
    let gid = std::str::from_utf8(others.next()?).ok()?.parse().ok()?;
    let home = others.nth(1).unwrap_or_default();
    Some(User { name, uid, gid, home: String::from_utf8_lossy(home).into_owned() })
}

fn entry(line: &[u8]) -> Option<(String, u32)> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let number = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
    Some((String::from_utf8_lossy(name).into_owned(), number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_entry_of_a_number_counts() {
        let text = b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\ndocker:x:998:alice,bob\n";
        assert_eq!(name_of(text, 0).as_deref(), Some("root"));
        assert_eq!(name_of(text, 998).as_deref(), Some("docker"));
        assert_eq!(name_of(text, 1), None);
    }

    #[test]
    fn users_and_their_groups() {
        let text = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:An app:/srv/app:/bin/false\nodd:x:7\n";
        let app = user(text, |user| user.name == "app").unwrap();
        assert_eq!((app.uid, app.gid, app.home.as_str()), (1000, 1001, "/srv/app"));
        assert_eq!(user(text, |user| user.uid == 0).unwrap().name, "root");
        assert_eq!(user(text, |user| user.name == "odd"), None);
        let groups = b"root:x:0:\nwww:x:33:app,web\napp:x:1001:\nlog:x:4:application\nssl:x:110:app\n";
        assert_eq!(group_number(groups, "www"), Some(33));
        assert_eq!(groups_of(groups, "app"), [33, 110]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = name_of(&bytes, 0);
            let _ = user(&bytes, |user| user.uid == 0);
            let _ = groups_of(&bytes, "root");
        }
    }
}
