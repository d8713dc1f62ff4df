//! A terminal as somebody sits at: it shows what it gets, and answers the questions that line editors ask it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use porthole_host::{Cells, PseudoTerminal, begin_with_terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::error::BenchError;

const SIZE: Cells = Cells { rows: 24, columns: 80 };

/// What programs ask a terminal, and its answers: where the cursor is, and what kind of a terminal it is.
const QUESTIONS: [(&[u8], &[u8]); 2] = [(b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?1;2c")];

/// A terminal with a command on it.
pub(super) struct Terminal {
    end: PseudoTerminal,
    /// What came and was not looked through for questions yet.
    new: Vec<u8>,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts a command on a new one.
    pub(super) fn with(words: &[String]) -> Result<(Self, Child), BenchError> {
        let (program, arguments) =
            words.split_first().map_or(("true", &[][..]), |(first, rest)| (first.as_str(), rest));
        let (end, other_end) =
            PseudoTerminal::open(SIZE).map_err(BenchError::io("open a pseudo-terminal"))?;
        let mut command = Command::new(program);
        command.args(arguments).env("TERM", "xterm-256color");
        let stream = || other_end.try_clone().map(Stdio::from).map_err(BenchError::io("use the terminal"));
        command.stdin(stream()?).stdout(stream()?).stderr(stream()?);
        begin_with_terminal(&mut command);
        let child = command.spawn().map_err(BenchError::io(format!("run {program}")))?;
        Ok((Self { end, new: Vec::new(), shown: Vec::new() }, child))
    }

    /// Types.
    pub(super) fn press(&mut self, keys: &str) -> io::Result<()> {
        self.shown.clear();
        self.file().write_all(keys.as_bytes())
    }

    /// Waits until what is shown since the last key is as it should be.
    pub(super) fn until(&mut self, limit: Duration, is_there: impl Fn(&str) -> bool) -> io::Result<()> {
        let end = Instant::now() + limit;
        while !is_there(&self.shown()) {
            if !self.read(end)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Waits until no program uses it any more.
    pub(super) fn until_closed(&mut self, limit: Duration) -> io::Result<()> {
        let end = Instant::now() + limit;
        while self.read(end)? {}
        Ok(())
    }

    /// The text on it.
    pub(super) fn shown(&self) -> String {
        plain(&String::from_utf8_lossy(&self.shown))
    }

    /// Reads more; false once no program uses it any more.
    fn read(&mut self, end: Instant) -> io::Result<bool> {
        self.wait(end)?;
        let mut buffer = [0; 4096];
        let length = match self.file().read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            // A terminal that no program has open any more fails with EIO.
            Err(_) => 0,
        };
        self.shown.extend_from_slice(&buffer[..length]);
        self.new.extend_from_slice(&buffer[..length]);
        self.answer()?;
        Ok(length > 0)
    }

    fn wait(&self, end: Instant) -> io::Result<()> {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.end, PollFlags::IN)], Some(&left))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }

    /// Answers each question once.
    fn answer(&mut self) -> io::Result<()> {
        for (question, answer) in QUESTIONS {
            while let Some(at) = self.new.windows(question.len()).position(|bytes| bytes == question) {
                self.new.drain(..at + question.len());
                self.file().write_all(answer)?;
            }
        }
        // A question may come in two pieces.
        let longest = QUESTIONS.map(|(question, _)| question.len()).into_iter().max().unwrap_or(0);
        self.new.drain(..self.new.len().saturating_sub(longest));
        Ok(())
    }

    fn file(&self) -> &File {
        self.end.file()
    }
}

/// Text without what only moves or colours it: control sequences, and titles (ECMA-48, 5.4 and 5.6).
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => match characters.next() {
                Some('[') => drop(characters.find(|end| ('\x40'..='\x7e').contains(end))),
                Some(']') => drop(characters.find(|end| matches!(end, '\x07' | '\x1b'))),
                _ => {}
            },
            character => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_left() {
        assert_eq!(plain("\x1b[?2004h\x1b]0;title\x07\x1b[1;32mweb\x1b[0m:/# \x1b[K"), "web:/# ");
        assert_eq!(plain("\x1b"), "");
    }
}
