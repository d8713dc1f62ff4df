//! What a kept session is called.

use std::fmt;
use std::str::FromStr;

/// The longest name: its socket's path has to fit into an address (`unix(7)`).
const LONGEST: usize = 40;

/// The name of a kept session: letters, digits, `_`, `.` and `-`, as a container's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionName(String);

impl SessionName {
    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let begins_well = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if begins_well && text.len() <= LONGEST && text.bytes().all(is_fit) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("a letter or digit, then letters, digits, _ . and -, at most {LONGEST}"))
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_s_name_and_no_path() {
        let is = |text: &str| text.parse::<SessionName>().is_ok();
        assert!(is("night") && is("a") && is("2.web_db-1"));
        for text in ["", ".", "..", "a/b", "-a", "a b", "ä", &"a".repeat(41)] {
            assert!(!is(text), "{text:?}");
        }
    }
}
