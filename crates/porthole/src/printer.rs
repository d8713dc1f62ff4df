//! The one module that prints: data to standard output, everything else to standard error.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};

use porthole_render::doc::Doc;
use porthole_render::text::{self, TextSettings};

use crate::args::ColorChoice;
use crate::error::CommandError;

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    color_out: bool,
    color_err: bool,
    progress: bool,
}

impl Printer {
    /// By what was typed, `NO_COLOR`, `TERM` and whether a person looks.
    pub(crate) fn new(choice: ColorChoice, environment: &BTreeMap<String, String>) -> Self {
        let is_set = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
        let plain = is_set("NO_COLOR") || environment.get("TERM").is_some_and(|term| term == "dumb");
        let color = |terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !plain,
        };
        let terminal = io::stderr().is_terminal();
        Self { color_out: color(io::stdout().is_terminal()), color_err: color(terminal), progress: terminal }
    }

    /// Prints a document to standard output, fitted to the terminal.
    pub(crate) fn doc(self, doc: &Doc) -> Result<(), CommandError> {
        Self::write(|out| text::print(doc, &self.text_settings(), out))
    }

    /// How text is laid out on standard output.
    pub(crate) fn text_settings(self) -> TextSettings {
        let width = io::stdout().is_terminal().then(terminal_width).flatten();
        TextSettings { width, color: self.color_out }
    }

    /// Prints a text, such as JSON or a page, with a line feed at its end.
    pub(crate) fn text(text: &str) -> Result<(), CommandError> {
        Self::write(|out| {
            out.write_all(text.as_bytes())?;
            if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") }
        })
    }

    /// Lets `print` write to standard output through one buffer.
    pub(crate) fn write(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CommandError> {
        let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        let printed = print(&mut out).and_then(|()| out.flush());
        printed.map_err(|error| CommandError::unwritten("cannot write to standard output", error))
    }

    /// Clears the terminal before a repeated listing, or does nothing in a pipe.
    pub(crate) fn start_over() -> Result<(), CommandError> {
        if io::stdout().is_terminal() {
            Self::write(|out| out.write_all(b"\x1b[H\x1b[2J\x1b[3J"))
        } else {
            Ok(())
        }
    }

    /// Says what is being done, on a terminal, until `done` replaces it.
    pub(crate) fn progress(self, what: &str) {
        if self.progress {
            warn(format!("\r\x1b[2K{what} ...").as_bytes());
        }
    }

    /// Takes the progress line away.
    pub(crate) fn progress_done(self) {
        if self.progress {
            warn(b"\r\x1b[2K");
        }
    }

    /// Says why a command could not do its job.
    pub(crate) fn error(self, error: &CommandError) {
        self.progress_done();
        self.to_stderr(&porthole_render::error::doc(error.message(), &error.causes(), error.hints()));
    }

    /// Says why a part of porthole that runs elsewhere could not do its job, for the part that shows it.
    pub(crate) fn plain_error(words: &str) {
        warn(format!("{words}\n").as_bytes());
    }

    /// Says something beside the data.
    pub(crate) fn note(self, note: &Doc) {
        self.to_stderr(note);
    }

    /// Says something beside the data that only a person who looks wants to know.
    pub(crate) fn note_to_person(self, note: &Doc) {
        if self.progress {
            self.to_stderr(note);
        }
    }

    /// Passes on what a command wrote to its standard error.
    pub(crate) fn aside(text: &[u8]) {
        warn(text);
    }

    /// How text is laid out on standard error.
    pub(crate) fn note_settings(self) -> TextSettings {
        TextSettings { width: self.progress.then(terminal_width).flatten(), color: self.color_err }
    }

    fn to_stderr(self, doc: &Doc) {
        let mut lines = Vec::new();
        let settings = self.note_settings();
        if text::print(doc, &settings, &mut lines).is_ok() {
            warn(&lines);
        }
    }
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Writes to standard error; where that fails there is nobody left to tell.
fn warn(bytes: &[u8]) {
    let _untold = io::stderr().lock().write_all(bytes);
}
