//! The terminal while `top` has it.

use std::io::{self, Read, Write};
use std::time::Duration;

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use super::frame::Order;
use crate::trouble::Trouble;

/// xterm's other screen, empty, without a cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";
/// The screen that was there before.
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";
/// The cursor home; lines are erased one by one, so that nothing flickers.
const HOME: &[u8] = b"\x1b[H";
/// What is right of the cursor is erased.
const END_OF_LINE: &str = "\x1b[K\r\n";
/// What is below the cursor is erased.
const BELOW: &[u8] = b"\x1b[J";

/// The longest that a terminal waits for a key, in tenths of a second (termios(3)).
const LONGEST: u128 = 255;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Sort(Order),
    Other,
}

/// A terminal that gives keys as they are pressed; it is as it was when this is dropped.
pub(super) struct Screen {
    before: Termios,
}

impl Screen {
    /// Takes the terminal; a key is waited for so long.
    pub(super) fn take(delay: Duration) -> Result<Self, Trouble> {
        let before = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let mut during = before.clone();
        during.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        during.input_modes -= InputModes::IXON | InputModes::ICRNL;
        let tenths = (delay.as_millis() / 100).clamp(1, LONGEST);
        during.special_codes[SpecialCodeIndex::VMIN] = 0;
        during.special_codes[SpecialCodeIndex::VTIME] = u8::try_from(tenths).unwrap_or(u8::MAX);
        tcsetattr(io::stdin(), OptionalActions::Now, &during).map_err(io::Error::from)?;
        let screen = Self { before };
        write(ENTER)?;
        Ok(screen)
    }

    /// As many lines as there is place for, each as wide as there is place for.
    pub(super) fn draw(lines: &[String]) -> Result<(), Trouble> {
        let size = tcgetwinsize(io::stdout()).map_err(io::Error::from)?;
        let mut drawn = HOME.to_vec();
        for line in lines.iter().take(usize::from(size.ws_row).saturating_sub(1)) {
            let shown: String = line.chars().take(usize::from(size.ws_col)).collect();
            drawn.extend_from_slice(shown.as_bytes());
            drawn.extend_from_slice(END_OF_LINE.as_bytes());
        }
        drawn.extend_from_slice(BELOW);
        write(&drawn)
    }

    /// The key that is pressed; `None` where none is for so long.
    pub(super) fn key() -> Result<Option<Key>, Trouble> {
        let mut byte = [0];
        // Not the buffered reader: it takes an empty read for the end.
        let read = match io::stdin().lock().read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            read => read?,
        };
        Ok((read > 0).then(|| key(byte[0])))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _gone = write(LEAVE);
        let _also_gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

fn key(byte: u8) -> Key {
    match byte {
        // Ctrl-C and Ctrl-\ come as keys too.
        b'q' | b'Q' | 3 | 28 => Key::Quit,
        b'P' => Key::Sort(Order::Cpu),
        b'M' => Key::Sort(Order::Mem),
        b'T' => Key::Sort(Order::Time),
        b'N' => Key::Sort(Order::Pid),
        _ => Key::Other,
    }
}

fn write(bytes: &[u8]) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}
