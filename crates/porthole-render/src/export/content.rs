//! What was recorded of a request or an answer, and how it becomes text.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What was recorded of a request or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The header lines, credentials masked.
    pub head: &'a [u8],
    /// The body, or its beginning.
    pub body: &'a [u8],
    /// The SHA-256 of the whole body, where it is known.
    pub sha256: Option<[u8; 32]>,
    /// Why the body is not all there.
    pub missing: Option<Missing>,
}

/// Why a recorded body is not all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// It was longer than what is kept.
    Truncated,
    /// It carries credentials, or is what somebody typed.
    Withheld,
    /// There was no room to keep it.
    Dropped,
}

impl Missing {
    /// In words for a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Truncated => "it was longer than what is kept.",
            Self::Withheld => "it carries credentials, or is what somebody typed.",
            Self::Dropped => "there was no room to keep it.",
        }
    }

    /// Its word in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Withheld => "withheld",
            Self::Dropped => "dropped",
        }
    }
}

/// A body as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    /// It is text.
    Plain(&'a str),
    /// It is not; in base64.
    Base64(String),
}

impl<'a> Content<'a> {
    /// Names and values of the header lines.
    pub(super) fn headers(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.head.split(|byte| *byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = line.iter().position(|byte| *byte == b':')?;
            let text = |bytes: &'a [u8]| String::from_utf8_lossy(bytes.trim_ascii());
            Some((text(&line[..colon]), text(&line[colon + 1..])))
        })
    }

    /// The value of the first such header.
    pub(super) fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.headers().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as text. One that was cut off may end within a character, which then is left out.
    pub(super) fn text(&self) -> Text<'a> {
        let text = match std::str::from_utf8(self.body) {
            Ok(text) => Some(text),
            Err(error) if self.missing.is_some() && error.error_len().is_none() => {
                std::str::from_utf8(&self.body[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        match text.filter(|text| text.chars().all(is_of_text)) {
            Some(text) => Text::Plain(text),
            None => Text::Base64(BASE64_STANDARD.encode(self.body)),
        }
    }
}

fn is_of_text(character: char) -> bool {
    !character.is_control() || matches!(character, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content<'a>(head: &'a [u8], body: &'a [u8], missing: Option<Missing>) -> Content<'a> {
        Content { head, body, sha256: None, missing }
    }

    #[test]
    fn header_lines_are_taken_apart() {
        let content = content(b"Host: d\r\nX-Empty:\r\nA: b: c\r\nno colon\r\n", b"", None);
        let headers: Vec<_> = content.headers().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(headers, ["Host=d", "X-Empty=", "A=b: c"]);
        assert_eq!(content.header("host").as_deref(), Some("d"));
    }

    #[test]
    fn text_stays_text_and_the_rest_becomes_base64() {
        assert_eq!(content(b"", "ä\n".as_bytes(), None).text(), Text::Plain("ä\n"));
        assert_eq!(content(b"", &[0xff, 0], None).text(), Text::Base64("/wA=".into()));
        assert_eq!(content(b"", b"\x1b[2J", None).text(), Text::Base64("G1sySg==".into()));
        let cut = &"aä".as_bytes()[..2];
        assert_eq!(content(b"", cut, Some(Missing::Truncated)).text(), Text::Plain("a"));
        assert_eq!(content(b"", cut, None).text(), Text::Base64("YcM=".into()));
    }
}
