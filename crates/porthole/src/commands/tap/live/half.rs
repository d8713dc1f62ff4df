//! One half of a call: its bytes taken apart as they come, and what is said where some are missing.

use std::io;

use porthole_model::{Exchange, Secrets};
use porthole_render::json::HiddenWord;
use porthole_render::live::{Place, Shown};
use porthole_wire::content::{Content, ContentKind, Known};
use porthole_wire::engine_api;
use porthole_wire::http::Side;

use super::reading::{Form, Reading};
use super::{Manner, resume};
use crate::commands::tap::printed::Printed;

/// One half of a call.
pub(super) struct Half {
    side: Side,
    /// How many bytes of the body or stream have come.
    seen: u64,
    way: Way,
}

/// What becomes of the next bytes.
enum Way {
    /// Nothing is known of them.
    Unknown,
    /// They are read.
    Read(Box<Reading>),
    /// They are shown as they are.
    Bytes,
    /// The first of them tells whether they are read, which hides the credentials in them.
    FirstTells(Form),
    /// Behind a gap they mean nothing, until a part begins where something of this form does. So many were lost.
    Lost(Form, u64),
}

impl Half {
    pub(super) fn new(side: Side) -> Self {
        Self { side, seen: 0, way: Way::Unknown }
    }

    /// Shows the head, which tells how the body is read.
    pub(super) fn head(
        &mut self,
        place: &Place<'_>,
        head: &[u8],
        manner: Manner,
        printed: &mut Printed,
    ) -> io::Result<()> {
        self.way = Way::of(Content::of(&Known::of(place.call, self.side, head)), manner);
        printed.part(place, &if manner.hex { Shown::Hex(0, head) } else { Shown::Head(head) })
    }

    /// With the answer it is known what the request's stream is.
    pub(super) fn upgrade(&mut self, call: &Exchange, manner: Manner) {
        if self.seen == 0 {
            self.way = Way::of(Content::of(&Known::of(call, self.side, &[])), manner);
        }
    }

    /// Shows bytes, and says what is missing before them.
    pub(super) fn body(
        &mut self,
        place: &Place<'_>,
        offset: u64,
        bytes: &[u8],
        printed: &mut Printed,
    ) -> io::Result<()> {
        let missing = offset.saturating_sub(self.seen);
        if missing > 0 {
            self.gap(place, missing, printed)?;
        }
        self.seen = offset + bytes.len() as u64;
        self.turn(place, bytes, printed)?;
        match &mut self.way {
            Way::Read(reading) if self.side == Side::Client => reading.push_sent(place, bytes, printed),
            Way::Read(reading) => reading.push(place, bytes, printed),
            Way::Bytes => printed.part(place, &Shown::Hex(offset, bytes)),
            Way::Lost(_, lost) => {
                *lost += bytes.len() as u64;
                Ok(())
            }
            Way::Unknown | Way::FirstTells(_) => Ok(()),
        }
    }

    /// Shows what waited for more; `total` is how long the body or stream was.
    pub(super) fn finish(
        self,
        place: &Place<'_>,
        total: u64,
        manner: Manner,
        printed: &mut Printed,
    ) -> io::Result<()> {
        let (side, missing) = (self.side, total.saturating_sub(self.seen));
        match self.way {
            Way::Read(reading) => {
                reading.finish(place, printed)?;
            }
            Way::Lost(_, lost) if lost > 0 => {
                printed.part(place, &Shown::Hidden(lost, HiddenWord::BehindGap))?;
            }
            _ => {}
        }
        if missing == 0 {
            return Ok(());
        }
        printed.part(place, &Shown::Hidden(missing, why_hidden(place.call, side, manner)))
    }

    /// What was being read is cut off.
    fn gap(&mut self, place: &Place<'_>, missing: u64, printed: &mut Printed) -> io::Result<()> {
        self.way = match std::mem::replace(&mut self.way, Way::Unknown) {
            Way::Read(reading) => Way::Lost(reading.finish(place, printed)?, 0),
            other => other,
        };
        printed.part(place, &Shown::Hidden(missing, HiddenWord::TooFast))
    }

    /// Where these bytes decide how they are read.
    fn turn(&mut self, place: &Place<'_>, bytes: &[u8], printed: &mut Printed) -> io::Result<()> {
        let (form, lost) = match &self.way {
            Way::FirstTells(form) if may_be_json(bytes) => (form.clone(), 0),
            Way::Lost(form, lost) if resume::begins_anew(&form.content, bytes) => (form.clone(), *lost),
            Way::FirstTells(_) => {
                self.way = Way::Bytes;
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.way = Way::Read(Box::new(Reading::new(form)));
        if lost == 0 {
            return Ok(());
        }
        printed.part(place, &Shown::Hidden(lost, HiddenWord::BehindGap))
    }
}

impl Way {
    /// As hex, what may hold credentials is read all the same, and then is hex of what was read.
    fn of(content: Content, manner: Manner) -> Self {
        let is_json = matches!(
            content.kind,
            ContentKind::Json | ContentKind::JsonLines | ContentKind::JsonThenInput | ContentKind::Http2
        );
        let (kind, is_read) = (content.kind, is_json || content.encoding.is_some());
        let form = Form { content, secrets: manner.secrets, hex: manner.hex.then_some(0) };
        match (manner.hex, manner.secrets) {
            (true, Secrets::Show) => Self::Bytes,
            (true, Secrets::Mask) if !is_read => match kind {
                ContentKind::Unknown | ContentKind::Text => Self::FirstTells(form),
                _ => Self::Bytes,
            },
            _ => Self::Read(Box::new(Reading::new(form))),
        }
    }
}

fn may_be_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn why_hidden(call: &Exchange, side: Side, manner: Manner) -> HiddenWord {
    let is_input = side == Side::Client && call.upgraded.is_some() && !manner.client_input;
    match call.operation.as_deref() {
        Some(name) if engine_api::carries_secrets(name) => HiddenWord::Credentials,
        _ if is_input => HiddenWord::Input,
        _ => HiddenWord::TooFast,
    }
}
