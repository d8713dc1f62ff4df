//! An answer's content on its way out: as it is, split into a container's streams, or laid out for a person.

use porthole_model::{ContentPiece, StreamKind};
use porthole_render::content;
use porthole_render::text::{self, TextSettings};
use porthole_wire::content::Reader;
use porthole_wire::multiplexed::Demultiplexer;

use crate::commands::debug::conversation::Screen;
use crate::error::CommandError;

/// Where an answer goes.
pub(super) struct Output {
    screen: Screen,
    form: Form,
}

/// What becomes of the bytes.
pub(super) enum Form {
    /// Nothing.
    Plain,
    /// Frames are split into standard output and standard error; what does not begin with a frame stays as it is.
    Streams(Demultiplexer, bool),
    /// Lines for a person.
    Laid(Box<Reader>, TextSettings),
}

impl Form {
    /// A container's streams.
    pub(super) fn streams() -> Self {
        Self::Streams(Demultiplexer::default(), false)
    }
}

impl Output {
    pub(super) fn new(form: Form) -> Self {
        Self { screen: Screen::new(), form }
    }

    /// Prints something before the answer.
    pub(super) async fn ahead(&mut self, text: String) -> Result<(), CommandError> {
        self.screen.show(text.into_bytes()).await
    }

    /// Hands on what came.
    pub(super) async fn push(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        match &mut self.form {
            Form::Plain => self.screen.show(bytes.to_vec()).await,
            Form::Streams(..) => self.split(bytes).await,
            Form::Laid(reader, settings) => {
                let mut lines = Vec::new();
                reader.push(bytes, |piece| lay(&piece, settings, &mut lines));
                self.screen.show(lines).await
            }
        }
    }

    /// Waits until all is out; there is no more.
    pub(super) async fn finish(self) -> Result<(), CommandError> {
        let Self { mut screen, form } = self;
        match form {
            Form::Plain => {}
            Form::Streams(demultiplexer, _) => {
                screen.show(demultiplexer.unfinished_header().to_vec()).await?;
            }
            Form::Laid(reader, settings) => {
                let mut lines = Vec::new();
                reader.finish(|piece| lay(&piece, &settings, &mut lines));
                screen.show(lines).await?;
            }
        }
        screen.finish().await
    }

    async fn split(&mut self, mut bytes: &[u8]) -> Result<(), CommandError> {
        while !bytes.is_empty() {
            let Form::Streams(demultiplexer, has_frames) = &mut self.form else {
                return self.screen.show(bytes.to_vec()).await;
            };
            match demultiplexer.step(&mut bytes) {
                Ok(None) => {}
                Ok(Some((StreamKind::Error, payload))) => {
                    *has_frames = true;
                    self.screen.show_error(payload.to_vec()).await?;
                }
                Ok(Some((StreamKind::Engine, payload))) => {
                    let words = String::from_utf8_lossy(payload).into_owned();
                    return Err(CommandError::caused_by("the engine broke the stream off", words));
                }
                Ok(Some((_, payload))) => {
                    *has_frames = true;
                    self.screen.show(payload.to_vec()).await?;
                }
                Err(error) if *has_frames => {
                    return Err(CommandError::caused_by("the stream cannot be read any further", error));
                }
                // A terminal's stream has no frames.
                Err(error) => {
                    self.form = Form::Plain;
                    self.screen.show(error.header.to_vec()).await?;
                }
            }
        }
        Ok(())
    }
}

fn lay(piece: &ContentPiece, settings: &TextSettings, lines: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _infallible = text::print(&content::piece(piece), settings, lines);
}
