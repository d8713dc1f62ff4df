//! The names of users, as the root directory's own `/etc/passwd` has them.

use std::collections::BTreeMap;
use std::fs;

/// The users.
#[derive(Debug, Default)]
pub(crate) struct Users {
    names: BTreeMap<u32, String>,
}

impl Users {
    /// Those of passwd(5); none where there is no such file, and users are numbers then.
    pub(crate) fn read() -> Self {
        Self::of("/etc/passwd")
    }

    /// The groups: group(5) has names and numbers in the same places.
    pub(crate) fn groups() -> Self {
        Self::of("/etc/group")
    }

    fn of(file: &str) -> Self {
        let text = fs::read(file).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&text))
    }

    fn parse(text: &str) -> Self {
        let mut names = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.split(':');
            let name = fields.next();
            if let (Some(name), Some(Ok(uid))) = (name, fields.nth(1).map(str::parse)) {
                names.entry(uid).or_insert_with(|| name.to_owned());
            }
        }
        Self { names }
    }

    /// The user's name, or the number.
    pub(crate) fn name(&self, uid: u32) -> String {
        self.names.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }

    /// The number, and the name in parentheses where it has one.
    pub(crate) fn numbered(&self, id: u32) -> String {
        self.names.get(&id).map_or_else(|| id.to_string(), |name| format!("{id}({name})"))
    }

    /// The user of that name or number.
    pub(crate) fn uid(&self, name: &str) -> Option<u32> {
        let known = self.names.iter().find(|(_, each)| *each == name).map(|(uid, _)| *uid);
        known.or_else(|| name.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_or_are_numbers() {
        let users = Users::parse("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:\nbroken\nweb:x:33:\n");
        assert_eq!(users.name(0), "root");
        assert_eq!(users.name(33), "web");
        assert_eq!(users.name(7), "7");
        assert_eq!((users.numbered(33), users.numbered(7)), ("33(web)".to_owned(), "7".to_owned()));
        assert_eq!((users.uid("web"), users.uid("7"), users.uid("nobody")), (Some(33), Some(7), None));
    }
}
