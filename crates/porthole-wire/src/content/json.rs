//! JSON values one after another, however they are set apart: newlines, RS (RFC 7464), or nothing at all.

use porthole_model::{ContentNote, ContentPiece, JsonText, Secrets};
use serde::de::IgnoredAny;

use super::{Contradiction, Pieces};
use crate::mask::masked;

/// The longest value that is held; of a longer one the beginning is shown.
const LONGEST: usize = 2 * 1024 * 1024;

/// What a value is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Document,
    Line,
}

/// Reads JSON.
#[derive(Debug)]
pub(super) struct Json {
    form: Form,
    secrets: Secrets,
    value: Vec<u8>,
    left_out: u64,
    scan: Scan,
    values: u64,
}

/// Where in a value the bytes are.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
}

impl Json {
    pub(super) fn new(form: Form, secrets: Secrets) -> Self {
        Self { form, secrets, value: Vec::new(), left_out: 0, scan: Scan::default(), values: 0 }
    }

    /// Whether a value is whole, and the next has not begun.
    pub(super) fn is_behind_value(&self) -> bool {
        self.values > 0 && self.value.is_empty()
    }

    /// Takes a value, or a part of one, from the front of `bytes`, which must not be empty.
    pub(super) fn step(&mut self, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
        if self.value.is_empty() {
            let blank = bytes.iter().take_while(|byte| is_between(**byte)).count();
            *bytes = &bytes[blank..];
            match bytes.first() {
                Some(first) if begins_value(*first) => {}
                Some(_) => return Err(Contradiction::new(ContentNote::NotJson, Vec::new())),
                None => return Ok(()),
            }
        }
        let (length, is_end) = self.scan.value(bytes);
        let (part, rest) = bytes.split_at(length);
        self.hold(part);
        *bytes = rest;
        if is_end { self.complete(pieces) } else { Ok(()) }
    }

    /// A value that was cut off.
    pub(super) fn finish(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        if self.value.is_empty() { Ok(()) } else { self.complete(pieces) }
    }

    fn hold(&mut self, part: &[u8]) {
        let kept = part.len().min(LONGEST - self.value.len());
        self.value.extend_from_slice(&part[..kept]);
        self.left_out += (part.len() - kept) as u64;
    }

    fn complete(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        self.scan = Scan::default();
        self.values += 1;
        let value = std::mem::take(&mut self.value);
        let left_out = std::mem::take(&mut self.left_out);
        let is_whole = match serde_json::from_slice::<IgnoredAny>(&value) {
            Ok(_) => left_out == 0,
            Err(error) if error.is_eof() => false,
            Err(_) => return Err(Contradiction::new(ContentNote::NotJson, self.masked(value))),
        };
        let text = String::from_utf8_lossy(&self.masked(value)).into_owned();
        let json = JsonText { text, is_whole };
        pieces(match self.form {
            Form::Document => ContentPiece::Document(json),
            Form::Line => ContentPiece::Line(json),
        });
        if left_out > 0 {
            pieces(ContentPiece::Note(ContentNote::LeftOut { length: left_out }));
        }
        Ok(())
    }

    fn masked(&self, value: Vec<u8>) -> Vec<u8> {
        match self.secrets {
            Secrets::Mask => masked(&value).into_owned(),
            Secrets::Show => value,
        }
    }
}

impl Scan {
    /// How many bytes belong to the value, and whether it is whole.
    fn value(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_in_string => self.is_escaped = true,
                b'"' => {
                    self.is_in_string = !self.is_in_string;
                    if !self.is_in_string && self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ if self.is_in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ if self.depth == 0 && is_between(byte) => return (at, true),
                _ => {}
            }
        }
        (bytes.len(), false)
    }
}

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x1e
}

fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Vec<(String, bool)>, Option<Contradiction>) {
        let (mut json, mut pieces, mut rest) = (Json::new(Form::Line, Secrets::Mask), Vec::new(), bytes);
        let mut sink = |piece| match piece {
            ContentPiece::Line(JsonText { text, is_whole }) => pieces.push((text, is_whole)),
            other => pieces.push((format!("{other:?}"), false)),
        };
        let mut ended = Ok(());
        while !rest.is_empty() && ended.is_ok() {
            ended = json.step(&mut rest, &mut sink);
        }
        let ended = ended.and_then(|()| json.finish(&mut sink));
        (pieces, ended.err())
    }

    fn whole(bytes: &[u8]) -> Vec<String> {
        let (pieces, contradiction) = read(bytes);
        assert!(contradiction.is_none() && pieces.iter().all(|(_, is_whole)| *is_whole), "{pieces:?}");
        pieces.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn values_are_told_apart_however_they_are_set() {
        assert_eq!(whole(b"{\"a\":\"}\\\"{\"}\r\n\r\n{}[1]\n"), [r#"{"a":"}\"{"}"#, "{}", "[1]"]);
        assert_eq!(whole(b"\x1e{\"a\":1}\n\x1e{}\n"), [r#"{"a":1}"#, "{}"]);
        assert_eq!(whole(b"null \"x y\" 12"), ["null", "\"x y\"", "12"]);
        assert_eq!(whole(b"{\n \"a\": 1\n}\n"), ["{\n \"a\": 1\n}"]);
    }

    #[test]
    fn a_value_that_was_cut_off_is_not_whole() {
        let (pieces, contradiction) = read(br#"{"token":"abc"#);
        assert_eq!((pieces, contradiction), (vec![(r#"{"token":"********""#.to_owned(), false)], None));
    }

    #[test]
    fn what_is_no_json_is_given_back() {
        let not_json = |unread: &[u8]| Some(Contradiction::new(ContentNote::NotJson, unread.to_vec()));
        assert_eq!(read(b"{} page not found"), (vec![("{}".into(), true)], not_json(b"")));
        assert_eq!(read(b"{\"a\":}x").1, not_json(b"{\"a\":}"));
        assert_eq!(read(b"{\"a\" x").1, not_json(b"{\"a\" x"));
    }

    #[test]
    fn the_rest_of_a_value_that_is_too_long_is_counted() {
        let long = format!("[\"{}\"]{{}}", "x".repeat(LONGEST));
        let (pieces, _) = read(long.as_bytes());
        assert_eq!((pieces[0].0.len(), pieces[0].1), (LONGEST, false));
        assert_eq!(pieces[1].0, "Note(LeftOut { length: 4 })");
        assert_eq!(pieces[2], ("{}".into(), true));
    }
}
