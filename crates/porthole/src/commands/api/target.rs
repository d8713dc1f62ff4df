//! The path of a call as it is sent: with its version, and encoded where it has to be.

use std::fmt::Write;

use crate::error::CommandError;

/// The path that was typed, without a version where it had none; a slash begins it, and nothing in it breaks a request line.
pub(super) fn typed(path: &str, query: &[(String, String)]) -> Result<String, CommandError> {
    if path.contains("://") && !path.starts_with('/') {
        return Err(CommandError::new(format!("{path} is more than a path"))
            .hint("give the path alone, such as /info, and name the engine with --host or --context"));
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut target = format!("{slash}{}", harmless(path));
    for (name, value) in query {
        let mark = if target.contains('?') { '&' } else { '?' };
        // Writing to a String cannot fail.
        let _infallible = write!(target, "{mark}{}={}", encoded(name), encoded(value));
    }
    Ok(target)
}

/// The same with that version before it, unless it has one.
pub(super) fn versioned(typed: &str, version: &str) -> String {
    match porthole_wire::engine_api::recognise("GET", typed).api_version {
        Some(_) => typed.to_owned(),
        None => format!("/v{version}{typed}"),
    }
}

/// What is of no use in a request line is encoded; what is encoded already stays.
fn harmless(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut target = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape = byte == b'%'
            && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        push(&mut target, byte, is_escape || is_plain(byte) || b"!$&'()*+,;=:@/?".contains(&byte));
    }
    target
}

fn encoded(text: &str) -> String {
    let mut target = String::with_capacity(text.len());
    text.bytes().for_each(|byte| push(&mut target, byte, is_plain(byte)));
    target
}

fn push(target: &mut String, byte: u8, as_it_is: bool) {
    if as_it_is {
        target.push(char::from(byte));
    } else {
        // Writing to a String cannot fail.
        let _infallible = write!(target, "%{byte:02X}");
    }
}

/// RFC 3986, "Unreserved Characters".
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_gets_its_slash_and_its_version() {
        assert_eq!(typed("info", &[]).unwrap(), "/info");
        assert_eq!(versioned("/info", "1.41"), "/v1.41/info");
        assert_eq!(versioned("/v1.40/info", "1.41"), "/v1.40/info");
        assert_eq!(versioned("/version", "1.41"), "/v1.41/version");
        assert!(typed("http://localhost/info", &[]).is_err());
    }

    #[test]
    fn what_breaks_a_request_line_is_encoded() {
        let filters = r#"/containers/json?filters={"name":["a b"]}"#;
        assert_eq!(
            typed(filters, &[]).unwrap(),
            "/containers/json?filters=%7B%22name%22:%5B%22a%20b%22%5D%7D"
        );
        assert_eq!(typed("/a%2Fb%zz", &[]).unwrap(), "/a%2Fb%25zz");
        assert_eq!(typed("/images/a/b:1/json", &[]).unwrap(), "/images/a/b:1/json");
    }

    #[test]
    fn parts_of_the_query_are_encoded_and_added() {
        let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(typed("/x", &[part("a", "1&2"), part("b", "ü")]).unwrap(), "/x?a=1%262&b=%C3%BC");
        assert_eq!(typed("/x?y=1", &[part("a", "")]).unwrap(), "/x?y=1&a=");
    }
}
