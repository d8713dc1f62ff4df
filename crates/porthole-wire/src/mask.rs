//! Masks what looks like a credential in a JSON body: values of telling names, variables, options, URLs.
//!
//! It goes from string to string and needs no whole document, so that the beginning of a body will do.

mod build_arguments;

use std::borrow::Cow;

use porthole_model::{MaskedText, Secrets};

/// The body without what looks like a credential. Of a body that does not begin like JSON only build arguments are
/// masked.
pub fn masked(body: &[u8]) -> Cow<'_, [u8]> {
    // A record of json-seq begins with RS (RFC 7464).
    let begins_like_json = body.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0x1e);
    if !matches!(begins_like_json, Some(b'{' | b'[')) {
        return build_arguments::masked(body);
    }
    let mut scan = Scan { body, copied: 0, written: Vec::new(), name: None, before: None };
    scan.run();
    scan.finish()
}

/// A pass over the strings of a body.
struct Scan<'a> {
    body: &'a [u8],
    copied: usize,
    written: Vec<u8>,
    /// The name whose value comes next.
    name: Option<String>,
    /// The string before this one in a list.
    before: Option<String>,
}

impl<'a> Scan<'a> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(&byte) = self.body.get(at) {
            match byte {
                b'"' => {
                    let end = end_of_string(self.body, at);
                    self.string(at, end);
                    at = end;
                    continue;
                }
                b'[' | b'{' | b'}' | b']' => (self.name, self.before) = (None, None),
                b',' => self.name = None,
                _ => {}
            }
            at += 1;
        }
    }

    fn string(&mut self, start: usize, end: usize) {
        let text = decoded(&self.body[start..end]);
        if is_name(&self.body[end..]) {
            (self.name, self.before) = (Some(text), None);
            return;
        }
        let masked = match (self.name.take(), self.before.take()) {
            (Some(name), _) => MaskedText::value(&name, &text, Secrets::Mask),
            (None, Some(before)) => last_argument(&before, &text),
            (None, None) => MaskedText::assignment(&text, Secrets::Mask),
        };
        if masked.as_str() != text && !text.is_empty() {
            self.written.extend_from_slice(&self.body[self.copied..start]);
            self.written.extend_from_slice(serde_json::Value::from(masked.as_str()).to_string().as_bytes());
            self.copied = end;
        }
        self.before = Some(text);
    }

    fn finish(mut self) -> Cow<'a, [u8]> {
        if self.copied == 0 {
            return Cow::Borrowed(self.body);
        }
        self.written.extend_from_slice(&self.body[self.copied..]);
        Cow::Owned(self.written)
    }
}

/// The argument behind another one: an option's value.
fn last_argument(before: &str, text: &str) -> MaskedText {
    let masked = MaskedText::arguments([before, text], Secrets::Mask).pop();
    masked.unwrap_or_else(|| MaskedText::assignment(text, Secrets::Mask))
}

/// Behind the closing quote, or the end of what there is.
fn end_of_string(body: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    body.len()
}

/// The text of a string; one that is cut off or not JSON stands for itself.
fn decoded(literal: &[u8]) -> String {
    serde_json::from_slice(literal).unwrap_or_else(|_| {
        let inner = literal.strip_prefix(b"\"").unwrap_or(literal);
        String::from_utf8_lossy(inner.strip_suffix(b"\"").unwrap_or(inner)).into_owned()
    })
}

fn is_name(behind: &[u8]) -> bool {
    behind.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(body: &str) -> String {
        String::from_utf8(masked(body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn variables_options_and_values_of_telling_names_are_masked() {
        let body = r#"{"Env": ["A=1", "DB_PASSWORD=a\"b"], "Cmd": ["mysql", "--password", "x", "-u"],
            "Labels": {"api.token": "t", "n": "v", "secret": ""}, "Url": "http://u:p@h/"}"#;
        let expected = r#"{"Env": ["A=1", "DB_PASSWORD=********"], "Cmd": ["mysql", "--password", "********", "-u"],
            "Labels": {"api.token": "********", "n": "v", "secret": ""}, "Url": "http://u:********@h/"}"#;
        assert_eq!(text(body), expected);
    }

    #[test]
    fn a_body_that_was_cut_off_is_masked_as_far_as_it_goes() {
        assert_eq!(text(r#"{"Env":["TOKEN=abc"#), r#"{"Env":["TOKEN=********""#);
        assert_eq!(text(r#"{"Password":"abc"#), r#"{"Password":"********""#);
        assert_eq!(text(r#"{"Password":"abc\"#), r#"{"Password":"********""#);
    }

    #[test]
    fn a_sequence_of_records_is_masked() {
        assert_eq!(text("\u{1e}{\"token\":\"abc\"}\n"), "\u{1e}{\"token\":\"********\"}\n");
    }

    #[test]
    fn names_written_in_escapes_are_read() {
        assert_eq!(text(r#"["\u0054OKEN=abc"]"#), r#"["TOKEN=********"]"#);
    }

    #[test]
    fn what_is_no_secret_and_no_json_stays_as_it_was() {
        for body in [
            "",
            "TOKEN=1",
            "{\"a\":\"\\u0041\"}",
            "[\"x\",1,null]",
            "\x01\x00\"TOKEN=1\"",
            " {\"n\": [ ] }\n",
        ] {
            assert!(
                matches!(masked(body.as_bytes()), Cow::Borrowed(same) if same == body.as_bytes()),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_pass_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _masked = masked(&[b"{", &body[..]].concat());
        }

        #[test]
        fn a_secret_never_comes_through(cut in 24_usize..60) {
            let body = r#"{"x":[1],"Env":["B=1","S3_SECRET_KEY=hunter2hunter2"]}"#;
            let kept = &body[..cut.min(body.len())];
            prop_assert!(!text(kept).contains("hun"));
        }
    }
}
