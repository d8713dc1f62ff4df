//! What programs send to a terminal: plain bytes, and sequences that it obeys or answers (ECMA-48, and xterm's
//! "Control Sequences").

/// The byte that begins a sequence.
const ESCAPE: u8 = 0x1b;
/// Some terminals take it for the end of a string, as xterm does.
const BELL: u8 = 0x07;
/// The longest sequence that is looked at; a longer one is passed on in pieces.
const LONGEST: usize = 4096;

/// Takes output apart, wherever it is cut.
#[derive(Clone, Debug, Default)]
pub struct TerminalOutput {
    state: State,
    sequence: Vec<u8>,
}

/// A part of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputPart {
    /// Bytes that are no sequence.
    Plain(Vec<u8>),
    /// A whole sequence.
    Sequence(Vec<u8>),
}

/// What a sequence asks the terminal for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Where the cursor is.
    Cursor,
    /// Whether the terminal works.
    Status,
    /// Anything else, which programs know to do without.
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    /// Behind the escape.
    Begun,
    /// Behind an escape and intermediate bytes, before the last one.
    Short,
    /// In a control sequence, whose end is a letter or a sign.
    Control,
    /// In a string, whose end is a bell or an escape and a backslash.
    Text { after_escape: bool },
}

impl TerminalOutput {
    /// The parts of these bytes, and of those that waited for them.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<OutputPart> {
        let (mut parts, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            if self.state == State::Plain {
                let length = memchr::memchr(ESCAPE, rest).unwrap_or(rest.len());
                let (plain, others) = rest.split_at(length);
                if !plain.is_empty() {
                    parts.push(OutputPart::Plain(plain.to_vec()));
                }
                rest = others;
            }
            if let Some((byte, others)) = rest.split_first() {
                parts.extend(self.step(*byte));
                rest = others;
            }
        }
        parts
    }

    /// Whether a sequence has begun and not ended.
    pub fn is_within_sequence(&self) -> bool {
        self.state != State::Plain
    }

    fn step(&mut self, byte: u8) -> Option<OutputPart> {
        self.sequence.push(byte);
        self.state = match (self.state, byte) {
            (State::Plain, _) => State::Begun,
            (State::Begun, b'[') | (State::Control, 0x20..=0x3f) => State::Control,
            (State::Begun, b']' | b'P' | b'X' | b'^' | b'_') => State::Text { after_escape: false },
            (State::Begun | State::Short, 0x20..=0x2f) => State::Short,
            (State::Text { after_escape }, byte) if byte != BELL && !(after_escape && byte == b'\\') => {
                State::Text { after_escape: byte == ESCAPE }
            }
            _ => State::Plain,
        };
        let is_whole = self.state == State::Plain || self.sequence.len() >= LONGEST;
        is_whole.then(|| {
            self.state = State::Plain;
            OutputPart::Sequence(std::mem::take(&mut self.sequence))
        })
    }
}

/// What the sequence asks the terminal, if it is a question.
pub fn question(sequence: &[u8]) -> Option<Question> {
    let control = sequence.strip_prefix(b"\x1b[");
    match control.and_then(<[u8]>::split_last) {
        Some((b'n', b"6" | b"?6")) => Some(Question::Cursor),
        Some((b'n', b"5")) => Some(Question::Status),
        // Attributes, states, sizes, the kitty keyboard protocol, modes.
        Some(
            (b'n' | b'c' | b'x', _) | (b'u', [b'?', ..]) | (b't', [b'1' | b'2', _]) | (b'p', [.., b'$']),
        ) => Some(Question::Other),
        Some(_) => None,
        None => is_question_in_text(sequence).then_some(Question::Other),
    }
}

/// Colours and the clipboard; capabilities and settings; the terminal's kind.
fn is_question_in_text(sequence: &[u8]) -> bool {
    let asks = memchr::memmem::find(sequence, b";?").is_some();
    sequence.starts_with(b"\x1b]") && asks
        || sequence.starts_with(b"\x1bP+q")
        || sequence.starts_with(b"\x1bP$q")
        || sequence == b"\x1bZ"
}

/// The private modes that the sequence sets or resets, as by `\x1b[?1049h`.
pub fn private_modes(sequence: &[u8]) -> Option<(Vec<u16>, bool)> {
    let (last, numbers) = sequence.strip_prefix(b"\x1b[?")?.split_last()?;
    let is_set = match last {
        b'h' => true,
        b'l' => false,
        _ => return None,
    };
    let numbers = std::str::from_utf8(numbers).ok()?;
    Some((numbers.split(';').filter_map(|number| number.parse().ok()).collect(), is_set))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &[u8]) -> Vec<OutputPart> {
        TerminalOutput::default().push(text)
    }

    fn bytes(parts: Vec<OutputPart>) -> Vec<u8> {
        let each = parts.into_iter().map(|part| match part {
            OutputPart::Plain(bytes) | OutputPart::Sequence(bytes) => bytes,
        });
        each.flatten().collect()
    }

    #[test]
    fn sequences_are_told_from_text() {
        let plain = |text: &str| OutputPart::Plain(text.into());
        let sequence = |text: &str| OutputPart::Sequence(text.into());
        assert_eq!(
            parts(b"a\x1b[31mred\x1b]0;title\x07b\x1b(Bc\x1bP1$r\x1b\\d\x1b7"),
            [
                plain("a"),
                sequence("\x1b[31m"),
                plain("red"),
                sequence("\x1b]0;title\x07"),
                plain("b"),
                sequence("\x1b(B"),
                plain("c"),
                sequence("\x1bP1$r\x1b\\"),
                plain("d"),
                sequence("\x1b7"),
            ]
        );
    }

    #[test]
    fn questions_are_told_from_orders() {
        assert_eq!(question(b"\x1b[6n"), Some(Question::Cursor));
        assert_eq!(question(b"\x1b[5n"), Some(Question::Status));
        for other in
            ["\x1b[c", "\x1b[>c", "\x1b[?u", "\x1b[18t", "\x1b[?2026$p", "\x1b]11;?\x07", "\x1bP+q\x1b\\"]
        {
            assert_eq!(question(other.as_bytes()), Some(Question::Other), "{other:?}");
        }
        for order in
            ["\x1b[31m", "\x1b[?1049h", "\x1b]0;what?\x07", "\x1b[2J", "\x1b[u", "\x1b[8;24;80t", "\x1b7"]
        {
            assert_eq!(question(order.as_bytes()), None, "{order:?}");
        }
    }

    #[test]
    fn private_modes_are_numbers() {
        assert_eq!(private_modes(b"\x1b[?1049;25h"), Some((vec![1049, 25], true)));
        assert_eq!(private_modes(b"\x1b[?2004l"), Some((vec![2004], false)));
        assert_eq!(private_modes(b"\x1b[4h"), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_wherever_it_is_cut(text in "[a\x1b\\[\\]6n?;P\\\\\x07]{0,60}", cut in 0_usize..60) {
            let text = text.as_bytes();
            let (begin, end) = text.split_at(cut.min(text.len()));
            let mut output = TerminalOutput::default();
            let mut in_pieces = bytes(output.push(begin));
            in_pieces.extend(bytes(output.push(end)));
            prop_assert!(text.starts_with(&in_pieces));
            prop_assert!(output.is_within_sequence() || in_pieces == text);
        }
    }
}
