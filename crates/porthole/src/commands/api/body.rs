//! What a call sends: JSON that was checked, or a file as it is.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use porthole_engine::{ArchiveSender, OpenBody};
use serde::de::IgnoredAny;

use crate::error::CommandError;

/// What of a file is handed on at once.
const PIECE: usize = 64 * 1024;

const JSON: &str = "application/json";

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Data {
    /// JSON that was checked.
    Json(Vec<u8>),
    /// Bytes whose type a header says.
    Other(Vec<u8>),
    /// A file that is sent piece by piece; standard input where it has no path.
    File(Option<PathBuf>),
}

/// What `-d` asks to be sent; `is_file` where the call takes no JSON.
pub(super) fn read(text: &str, is_file: bool) -> Result<Data, CommandError> {
    let source = match text.strip_prefix('@') {
        _ if text == "-" => None,
        Some(path) => Some(PathBuf::from(path)),
        None if is_file => return Ok(Data::Other(text.as_bytes().to_vec())),
        None => return checked(text.as_bytes().to_vec(), "the text behind -d"),
    };
    if is_file {
        // What cannot be opened is found before anything is sent.
        source.as_deref().map(open).transpose()?;
        return Ok(Data::File(source));
    }
    let name = source.as_deref().map_or("standard input".to_owned(), |path| path.display().to_string());
    let mut bytes = Vec::new();
    let read = match &source {
        Some(path) => open(path)?.read_to_end(&mut bytes),
        None => io::stdin().lock().read_to_end(&mut bytes),
    };
    read.map_err(|error| CommandError::caused_by(format!("cannot read {name}"), error))?;
    checked(bytes, &name)
}

fn open(path: &Path) -> Result<File, CommandError> {
    File::open(path)
        .map_err(|error| CommandError::caused_by(format!("cannot read {}", path.display()), error))
}

fn checked(bytes: Vec<u8>, name: &str) -> Result<Data, CommandError> {
    // What ends too early ends where its last line does.
    match serde_json::from_slice::<IgnoredAny>(bytes.trim_ascii_end()) {
        Ok(_) => Ok(Data::Json(bytes)),
        Err(error) => Err(CommandError::new(not_json(&bytes, name, &error))
            .hint("nothing was sent; what is no JSON needs a Content-Type: -H 'Content-Type: text/plain'")),
    }
}

/// The place of the fault, and the line with a mark below it.
fn not_json(bytes: &[u8], name: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let place = format!(" at line {line} column {column}");
    let cause = error.to_string();
    let cause = cause.strip_suffix(&place).unwrap_or(&cause);
    let text = bytes.split(|byte| *byte == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = String::from_utf8_lossy(&text[..column.saturating_sub(1).min(text.len())]);
    let text = String::from_utf8_lossy(text);
    // A line of a file that is no text at all helps nobody.
    let skipped = before.chars().count().saturating_sub(60);
    let shown: String = text.chars().skip(skipped).take(100).collect();
    let mark = " ".repeat(before.chars().count() - skipped);
    format!("{name} is no JSON: {cause}, at line {line}, column {column}\n{shown}\n{mark}^")
}

impl Data {
    /// The body; a file is read by a thread of its own from here on.
    pub(super) fn body(self) -> OpenBody {
        match self {
            Self::Json(bytes) => OpenBody::Whole(JSON, bytes),
            Self::Other(bytes) => OpenBody::Whole("application/x-tar", bytes),
            Self::File(source) => {
                let (sender, pieces) = ArchiveSender::new();
                std::thread::spawn(move || feed(source.as_deref(), sender));
                OpenBody::Pieces("application/x-tar", pieces)
            }
        }
    }
}

/// Hands the file over until it ends or nobody takes it; a file that cannot be read to its end breaks the call off.
fn feed(source: Option<&Path>, sender: ArchiveSender) {
    let opened: io::Result<Box<dyn Read>> = match source {
        Some(path) => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
        None => Ok(Box::new(io::stdin())),
    };
    let Ok(mut reader) = opened else { return sender.break_off_blocking() };
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) if sender.send_blocking(buffer[..length].to_vec()) => {}
            Ok(_) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return sender.break_off_blocking(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_fault_in_json_is_shown() {
        let error = read("{\n  \"Image\": \"bb:1\"\n  \"Cmd\": []\n}", false).unwrap_err();
        let expected =
            "the text behind -d is no JSON: expected `,` or `}`, at line 3, column 3\n  \"Cmd\": []\n  ^";
        assert_eq!(error.message(), expected);
        let early = read("{\"Image\": \"bb:1\"\n\n", false).unwrap_err();
        assert!(early.message().contains("line 1, column 16\n{\"Image\": \"bb:1\"\n"), "{}", early.message());
        assert!(read("", false).unwrap_err().message().contains("at line 1, column 0"));
    }

    #[test]
    fn json_is_sent_as_it_was_typed() {
        let Data::Json(bytes) = read("{ \"a\" : 1 }", false).unwrap() else { panic!("no JSON") };
        assert_eq!(bytes, b"{ \"a\" : 1 }");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read("@/nonexistent/body.json", false).unwrap_err();
        assert!(error.message().contains("/nonexistent/body.json"));
        assert!(read("@/nonexistent/image.tar", true).is_err());
    }
}
