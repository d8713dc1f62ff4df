//! What a kept session has shown, for those who come later.

use std::collections::{BTreeMap, VecDeque};

use porthole_wire::terminal_output::{OutputPart, Question, TerminalOutput, private_modes, question};

/// How much of the output is kept.
const KEPT: usize = 256 * 1024;

/// Modes that show another screen, which its program draws anew.
const OTHER_SCREEN: [u16; 3] = [47, 1047, 1049];

/// Modes that a terminal has from the beginning: lines are wrapped, the cursor is seen.
const SET_AT_FIRST: [u16; 2] = [7, 25];

/// The last output, and the modes that the terminal is in.
#[derive(Debug, Default)]
pub(super) struct Shown {
    output: TerminalOutput,
    last: VecDeque<u8>,
    is_cut: bool,
    modes: BTreeMap<u16, bool>,
}

impl Shown {
    /// Takes output, and gives what a terminal would answer to it. What it asks is not kept: nobody answers later.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        for part in self.output.push(bytes) {
            match part {
                OutputPart::Plain(plain) => self.keep(&plain),
                OutputPart::Sequence(sequence) => match question(&sequence) {
                    Some(asked) => answers.extend(answer(asked)),
                    None => self.obey(&sequence),
                },
            }
        }
        answers
    }

    /// What brings a terminal to where the session's is.
    pub(super) fn replay(&self) -> Vec<u8> {
        let mut replay = Vec::new();
        if self.is_on_other_screen() {
            replay.extend(self.deviations());
            replay.extend(b"\x1b[2J\x1b[H");
            return replay;
        }
        let from = if self.is_cut { self.last.iter().position(|byte| *byte == b'\n') } else { None };
        replay.extend(self.last.iter().skip(from.map_or(0, |newline| newline + 1)));
        replay.extend(self.deviations());
        replay
    }

    fn obey(&mut self, sequence: &[u8]) {
        if let Some((modes, is_set)) = private_modes(sequence) {
            self.modes.extend(modes.into_iter().map(|mode| (mode, is_set)));
        }
        self.keep(sequence);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.last.extend(bytes);
        let surplus = self.last.len().saturating_sub(KEPT);
        self.is_cut |= surplus > 0;
        self.last.drain(..surplus);
    }

    fn is_on_other_screen(&self) -> bool {
        OTHER_SCREEN.iter().any(|mode| self.modes.get(mode) == Some(&true))
    }

    /// The modes that are not as a terminal has them at first.
    fn deviations(&self) -> Vec<u8> {
        let deviates = |(mode, is_set): &(&u16, &bool)| SET_AT_FIRST.contains(mode) != **is_set;
        let order = |(mode, is_set)| format!("\x1b[?{mode}{}", if is_set { 'h' } else { 'l' });
        let orders = self.modes.iter().filter(deviates).map(|(mode, is_set)| order((*mode, *is_set)));
        orders.collect::<String>().into_bytes()
    }
}

/// Where nobody looks, the cursor is in the corner. A shell's line editor gives up without an answer.
fn answer(question: Question) -> &'static [u8] {
    match question {
        Question::Cursor => b"\x1b[1;1R",
        Question::Status => b"\x1b[0n",
        Question::Other => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_back_without_its_questions() {
        let mut shown = Shown::default();
        assert_eq!(shown.take(b"one\x1b[6ntwo\x1b[?2004h"), b"\x1b[1;1R");
        assert_eq!(shown.take(b"\x1b[c"), b"");
        assert_eq!(shown.replay(), b"onetwo\x1b[?2004h\x1b[?2004h");
    }

    #[test]
    fn a_program_with_the_whole_screen_draws_it_anew() {
        let mut shown = Shown::default();
        shown.take(b"before\x1b[?1049h\x1b[?25lall of it");
        assert_eq!(shown.replay(), b"\x1b[?25l\x1b[?1049h\x1b[2J\x1b[H");
        shown.take(b"\x1b[?1049l\x1b[?25h");
        assert!(shown.replay().starts_with(b"before"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_begins_with_a_line() {
        let mut shown = Shown::default();
        for number in 0..100_000 {
            shown.take(format!("line {number}\r\n").as_bytes());
        }
        let replay = shown.replay();
        assert!(replay.len() <= KEPT && replay.len() > KEPT / 2);
        assert!(replay.starts_with(b"line ") && replay.ends_with(b"line 99999\r\n"));
    }
}
