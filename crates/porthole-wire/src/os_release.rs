//! `/etc/os-release`: what the operating system calls itself (os-release(5)).

use crate::proc_error::lines;

/// The value of a variable, unquoted; the last one counts, as in a shell.
pub fn value(text: &[u8], name: &str) -> Option<String> {
    lines(text).filter_map(|line| assignment(line, name)).last()
}

/// `PRETTY_NAME`, else the default that the manual page gives.
pub fn pretty_name(text: &[u8]) -> String {
    value(text, "PRETTY_NAME").filter(|name| !name.is_empty()).unwrap_or_else(|| "Linux".to_owned())
}

fn assignment(line: &[u8], name: &str) -> Option<String> {
    let value = line.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    Some(unquoted(&String::from_utf8_lossy(value)))
}

fn unquoted(value: &str) -> String {
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = quoted('\'') {
        return literal.to_owned();
    }
    let mut characters = quoted('"').unwrap_or(value).chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_unquoted() {
        let text = b"NAME=Fedora\n# PRETTY_NAME=no\nPRETTY_NAME=\"Debian \\\"12\\\"\"\nID='debian'\n";
        assert_eq!(pretty_name(text), "Debian \"12\"");
        assert_eq!(value(text, "NAME").as_deref(), Some("Fedora"));
        assert_eq!(value(text, "ID").as_deref(), Some("debian"));
        assert_eq!(value(text, "VERSION"), None);
    }

    #[test]
    fn a_file_without_a_name_is_linux() {
        assert_eq!(pretty_name(b"ID=x\n"), "Linux");
        assert_eq!(pretty_name(b"PRETTY_NAME=\"\n"), "\"");
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = pretty_name(&[b"PRETTY_NAME=", &bytes[..]].concat());
        }
    }
}
