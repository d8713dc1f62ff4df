//! A content being read: its pieces shown as text, or as hex of their text.

use std::io;

use porthole_model::{ContentPiece, Secrets};
use porthole_render::live::{Place, Shown};
use porthole_wire::content::{Content, ContentKind, Reader};

use crate::commands::tap::printed::Printed;

/// How a content is read and shown.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) content: Content,
    pub(super) secrets: Secrets,
    /// Where the next text is, when it is shown as hex.
    pub(super) hex: Option<u64>,
}

/// A content being read.
pub(super) struct Reading {
    reader: Reader,
    form: Form,
}

impl Reading {
    pub(super) fn new(form: Form) -> Self {
        Self { reader: Reader::new(&form.content, form.secrets), form }
    }

    /// Shows what these bytes complete.
    pub(super) fn push(&mut self, place: &Place<'_>, bytes: &[u8], printed: &mut Printed) -> io::Result<()> {
        let Self { reader, form } = self;
        let mut written = Ok(());
        reader.push(bytes, |piece| {
            if written.is_ok() {
                written = show(place, &piece, &mut form.hex, printed);
            }
        });
        written
    }

    /// The same of what a client sent, which may be what somebody types on a terminal.
    pub(super) fn push_sent(
        &mut self,
        place: &Place<'_>,
        bytes: &[u8],
        printed: &mut Printed,
    ) -> io::Result<()> {
        let kinds = [ContentKind::Input, ContentKind::JsonThenInput];
        let is_typed = place.call.upgraded.is_some() && kinds.contains(&self.form.content.kind);
        if is_typed && self.form.hex.is_none() {
            self.push(place, &with_lines(bytes), printed)
        } else {
            self.push(place, bytes, printed)
        }
    }

    /// Shows what waited for more.
    pub(super) fn finish(self, place: &Place<'_>, printed: &mut Printed) -> io::Result<Form> {
        let Self { reader, mut form } = self;
        let mut written = Ok(());
        reader.finish(|piece| {
            if written.is_ok() {
                written = show(place, &piece, &mut form.hex, printed);
            }
        });
        written.map(|()| form)
    }
}

/// Shows a piece; `hex` is the offset of its text where it is shown as hex.
fn show(
    place: &Place<'_>,
    piece: &ContentPiece,
    hex: &mut Option<u64>,
    printed: &mut Printed,
) -> io::Result<()> {
    let text = match piece {
        ContentPiece::Document(json) | ContentPiece::Line(json) => &json.text,
        ContentPiece::Text { text, .. } => text,
        _ => return printed.part(place, &Shown::Content(piece)),
    };
    let Some(offset) = hex else { return printed.part(place, &Shown::Content(piece)) };
    let at = *offset;
    *offset += text.len() as u64;
    printed.part(place, &Shown::Hex(at, text.as_bytes()))
}

/// The key that ends a line on a terminal sends a carriage return alone.
fn with_lines(typed: &[u8]) -> Vec<u8> {
    let next = typed.iter().skip(1).map(Some).chain([None]);
    let line = |(byte, next): (&u8, Option<&u8>)| match (byte, next) {
        (b'\r', Some(b'\n')) => b'\r',
        (b'\r', _) => b'\n',
        (byte, _) => *byte,
    };
    typed.iter().zip(next).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_alone_ends_a_typed_line() {
        assert_eq!(with_lines(b"ls\rcat\r\nx\r"), b"ls\ncat\r\nx\n");
        assert_eq!(with_lines(b""), b"");
    }
}
