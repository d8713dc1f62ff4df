//! WebSocket messages (RFC 6455), from either side.

use porthole_model::{ContentNote, ContentPiece, MessageKind, WebSocketMessage};

use super::lines::is_text;
use super::{Contradiction, Pieces};

/// How much of a message is kept.
const KEPT: usize = 64 * 1024;

/// Reads messages.
#[derive(Debug, Default)]
pub(super) struct WebSocket {
    header: Vec<u8>,
    frame: Option<Frame>,
    /// The message that data frames make up, and the one of a control frame between them.
    message: Option<Message>,
    control: Option<Message>,
}

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    is_final: bool,
    is_control: bool,
    left: u64,
    mask: Option<[u8; 4]>,
    at: usize,
}

/// A message being read.
#[derive(Debug)]
struct Message {
    opcode: u8,
    kept: Vec<u8>,
    length: u64,
}

impl WebSocket {
    /// Takes at least one byte from the front of `bytes`, which must not be empty.
    pub(super) fn step(&mut self, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
        let mut frame = match self.frame.take() {
            Some(frame) => frame,
            None => match self.read_header(bytes)? {
                Some(frame) => frame,
                None => return Ok(()),
            },
        };
        let length = usize::try_from(frame.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (payload, rest) = bytes.split_at(length);
        *bytes = rest;
        let message = if frame.is_control { &mut self.control } else { &mut self.message };
        if let Some(message) = message {
            message.extend(payload, &mut frame);
        }
        if frame.left > 0 {
            self.frame = Some(frame);
        } else if frame.is_final
            && let Some(message) = message.take()
        {
            pieces(ContentPiece::Message(message.shown(true)));
        }
        Ok(())
    }

    /// A message that was cut off.
    pub(super) fn finish(&mut self, pieces: Pieces<'_>) {
        for message in [self.control.take(), self.message.take()].into_iter().flatten() {
            pieces(ContentPiece::Message(message.shown(false)));
        }
    }

    fn read_header(&mut self, bytes: &mut &[u8]) -> Result<Option<Frame>, Contradiction> {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.header.push(byte);
            *bytes = rest;
            if self.header.len() == header_length(&self.header) {
                return self.begin_frame().map(Some);
            }
        }
        Ok(None)
    }

    fn begin_frame(&mut self) -> Result<Frame, Contradiction> {
        let header = std::mem::take(&mut self.header);
        let (opcode, is_final) = (header[0] & 0x0f, header[0] & 0x80 != 0);
        let is_control = opcode >= 8;
        let left = payload_length(&header);
        let is_expected = match opcode {
            0 => self.message.is_some(),
            1 | 2 => self.message.is_none(),
            8..=10 => is_final && header[1] & 0x7f < 126,
            _ => false,
        };
        // No extension is agreed on, so the reserved bits are not set.
        if !is_expected || header[0] & 0x70 != 0 {
            return Err(Contradiction::new(ContentNote::NotWebSocket, header));
        }
        if opcode != 0 {
            let message = Message { opcode, kept: Vec::new(), length: 0 };
            *(if is_control { &mut self.control } else { &mut self.message }) = Some(message);
        }
        let is_masked = header[1] & 0x80 != 0;
        let mask = is_masked.then(|| header.last_chunk::<4>().copied()).flatten();
        Ok(Frame { is_final, is_control, left, mask, at: 0 })
    }
}

impl Message {
    fn extend(&mut self, payload: &[u8], frame: &mut Frame) {
        let room = KEPT - self.kept.len();
        for byte in payload.iter().take(room) {
            self.kept.push(byte ^ frame.mask.map_or(0, |mask| mask[frame.at % 4]));
            frame.at += 1;
        }
        frame.at = (frame.at + payload.len().saturating_sub(room)) % 4;
        frame.left -= payload.len() as u64;
        self.length += payload.len() as u64;
    }

    fn shown(self, is_complete: bool) -> WebSocketMessage {
        let is_whole = is_complete && self.kept.len() as u64 == self.length;
        let (code, text) = match (self.opcode, self.kept.split_first_chunk::<2>()) {
            (8, Some((code, reason))) => (Some(u16::from_be_bytes(*code)), reason),
            _ => (None, self.kept.as_slice()),
        };
        let kind = match self.opcode {
            1 => MessageKind::Text,
            8 => MessageKind::Close(code),
            9 => MessageKind::Ping,
            10 => MessageKind::Pong,
            _ => MessageKind::Binary,
        };
        let length = self.length - if code.is_some() { 2 } else { 0 };
        let text = is_text(text).then(|| String::from_utf8_lossy(text).into_owned());
        WebSocketMessage { kind, text, length, is_whole }
    }
}

/// How long the header is, as far as its bytes tell.
fn header_length(header: &[u8]) -> usize {
    let Some(second) = header.get(1) else { return 2 };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + extended + if second & 0x80 != 0 { 4 } else { 0 }
}

fn payload_length(header: &[u8]) -> u64 {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    match header[1] & 0x7f {
        126 => big_endian(&header[2..4]),
        127 => big_endian(&header[2..10]),
        short => u64::from(short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Vec<WebSocketMessage>, Contradiction> {
        let (mut socket, mut messages) = (WebSocket::default(), Vec::new());
        let mut sink = |piece| match piece {
            ContentPiece::Message(message) => messages.push(message),
            other => panic!("{other:?}"),
        };
        while !bytes.is_empty() {
            socket.step(&mut bytes, &mut sink)?;
        }
        socket.finish(&mut sink);
        Ok(messages)
    }

    fn message(kind: MessageKind, text: &str) -> WebSocketMessage {
        WebSocketMessage { kind, text: Some(text.into()), length: text.len() as u64, is_whole: true }
    }

    /// The examples of section 5.7.
    #[test]
    fn the_examples_of_the_rfc() {
        let hello = message(MessageKind::Text, "Hello");
        assert_eq!(read(b"\x81\x05Hello").unwrap(), vec![hello.clone()]);
        assert_eq!(read(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap(), vec![hello.clone()]);
        let ping = message(MessageKind::Ping, "Hello");
        assert_eq!(read(b"\x01\x03Hel\x89\x05Hello\x80\x02lo").unwrap(), [ping, hello]);
        let answer = message(MessageKind::Pong, "Hello");
        assert_eq!(read(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").unwrap(), [answer]);
        let long = [&b"\x82\x7e\x01\x00"[..], &[b'x'; 256]].concat();
        assert_eq!(read(&long).unwrap(), [message(MessageKind::Binary, &"x".repeat(256))]);
    }

    #[test]
    fn what_is_not_all_there_or_no_text_says_so() {
        let cut = WebSocketMessage { is_whole: false, ..message(MessageKind::Text, "Hel") };
        assert_eq!(read(b"\x81\x05Hel").unwrap(), [cut]);
        let long =
            [&b"\x82\x7f\0\0\0\0\0\x01\0\0"[..], &vec![0; 65_536], b"\x88\x05\x03\xe8bye\x88\x00"].concat();
        let messages = read(&long).unwrap();
        assert_eq!((messages[0].length, &messages[0].text), (65_536, &None));
        assert_eq!(messages[1], message(MessageKind::Close(Some(1000)), "bye"));
        assert_eq!(messages[2], message(MessageKind::Close(None), ""));
        let too_long = [&b"\x81\x7f\0\0\0\0\0\x01\0\x01"[..], &vec![b'x'; 65_537]].concat();
        let messages = read(&too_long).unwrap();
        assert_eq!((messages[0].length, messages[0].is_whole), (65_537, false));
    }

    #[test]
    fn what_is_no_websocket_is_given_back() {
        for broken in [&b"HTTP"[..], b"\x80\x01", b"\x83\x01", b"\x89\x7e\0\0", b"\x09\x00"] {
            let contradiction = read(broken).unwrap_err();
            assert!(broken.starts_with(&contradiction.unread), "{contradiction:?}");
        }
    }
}
