//! The progress of pulls, pushes, builds and loads: one JSON object a line, after a status that already says success.

use memchr::{memchr2, memmem};
use serde::Deserialize;

/// A line longer than this is no error message, and is passed over.
const LONGEST_LINE: usize = 16 * 1024;

/// Looks for the error that a progress stream ends with, keeping one line at most.
#[derive(Clone, Debug, Default)]
pub struct ProgressScan {
    line: Vec<u8>,
    too_long: bool,
    failure: Option<String>,
}

/// `jsonmessage.JSONMessage` of moby, and the one field of Podman's.
#[derive(Deserialize)]
struct Message {
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    detail: Option<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    message: Option<String>,
}

impl ProgressScan {
    /// Whether that operation answers with progress.
    pub fn suits(operation: &str) -> bool {
        matches!(
            operation,
            "ImageBuild"
                | "ImageCreate"
                | "ImagePush"
                | "ImageLoad"
                | "PluginPull"
                | "PluginPush"
                | "PluginUpgrade"
        )
    }

    /// The next bytes of the answer's body.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr2(b'\n', 0x1e, bytes) {
            self.extend(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// The last error of the stream, once it has ended.
    pub fn finish(mut self) -> Option<String> {
        self.end_line();
        self.failure
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > LONGEST_LINE;
        if !self.too_long {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        if !self.too_long && memmem::find(&self.line, b"\"error").is_some() {
            self.failure = error_in(&self.line).or_else(|| self.failure.take());
        }
        self.line.clear();
        self.too_long = false;
    }
}

fn error_in(line: &[u8]) -> Option<String> {
    let message: Message = serde_json::from_slice(line).ok()?;
    message.detail.and_then(|detail| detail.message).or(message.error).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PULL: &[u8] = b"{\"status\":\"Pulling from library/x\",\"id\":\"1\"}\r\n\
        {\"errorDetail\":{\"message\":\"toomanyrequests: slow\"},\"error\":\"toomanyrequests\"}\r\n";

    fn failure(pieces: &[&[u8]]) -> Option<String> {
        let mut scan = ProgressScan::default();
        for piece in pieces {
            scan.push(piece);
        }
        scan.finish()
    }

    #[test]
    fn an_error_is_found_wherever_the_stream_is_cut() {
        for cut in 0..PULL.len() {
            let found = failure(&[&PULL[..cut], &PULL[cut..]]);
            assert_eq!(found.as_deref(), Some("toomanyrequests: slow"), "{cut}");
        }
    }

    #[test]
    fn the_word_error_in_other_places_is_no_failure() {
        assert_eq!(failure(&[b"{\"stream\":\"the \\\"error\\\" page\"}\n{\"status\":\"error\"}\n"]), None);
        assert_eq!(failure(&[b"{\"error\":\"\"}\n"]), None);
    }

    #[test]
    fn an_error_without_a_newline_and_behind_an_endless_line_is_found() {
        let long = vec![b'x'; 40_000];
        assert_eq!(failure(&[&long, b"\n\x1e{\"error\":\"no space\"}"]).as_deref(), Some("no space"));
    }

    proptest! {
        #[test]
        fn any_bytes_keep_one_line_at_most(pieces: Vec<Vec<u8>>) {
            let mut scan = ProgressScan::default();
            for piece in &pieces {
                scan.push(piece);
                prop_assert!(scan.line.len() <= LONGEST_LINE);
            }
            let _ = scan.finish();
        }
    }
}
