//! A listing while it is read: JSON row by row; text fitted to the terminal as long as it is short, then row by row.

use std::io::{self, BufWriter, Stdout};
use std::ops::ControlFlow;
use std::rc::Rc;

use porthole_model::{Gap, Socket};
use porthole_render::json::SocketStream;
use porthole_render::sockets::{self, RowWriter, SocketRow};

use crate::error::CommandError;
use crate::output::Output;
use crate::printer::Printer;

/// How many rows are gathered, so that columns are as wide as they need to be, before the rest streams.
const GATHERED: usize = 1000;

/// A listing and how far it got.
pub(super) struct Listing {
    printer: Printer,
    with_place: bool,
    stage: Stage,
    failure: Option<io::Error>,
}

enum Stage {
    Gathering(Vec<(Option<Rc<str>>, Socket)>),
    Rows(RowWriter<BufWriter<Stdout>>),
    Json(SocketStream<BufWriter<Stdout>>),
}

impl Listing {
    /// An empty listing; `with_place` when it shows more than one container.
    pub(super) fn new(printer: Printer, output: Output, with_place: bool) -> Self {
        let mut failure = None;
        let stage = match output {
            Output::Text => Stage::Gathering(Vec::new()),
            Output::Json => match SocketStream::new(out()) {
                Ok(stream) => Stage::Json(stream),
                Err(error) => {
                    failure = Some(error);
                    Stage::Gathering(Vec::new())
                }
            },
        };
        Self { printer, with_place, stage, failure }
    }

    /// Takes a socket; breaks off when nobody reads any more.
    pub(super) fn row(&mut self, place: Option<&str>, socket: Socket) -> ControlFlow<()> {
        if self.failure.is_none()
            && let Err(error) = self.write(place, socket)
        {
            self.failure = Some(error);
        }
        if self.failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Ends the listing with what could not be read.
    pub(super) fn finish(self, gaps: &[Gap]) -> Result<(), CommandError> {
        let failed = |error| CommandError::unwritten("cannot write to standard output", error);
        if let Some(error) = self.failure {
            return Err(failed(error));
        }
        match self.stage {
            Stage::Gathering(rows) => self.printer.doc(&sockets::doc(&borrowed(&rows), gaps)),
            Stage::Rows(mut writer) => {
                for gap in gaps {
                    writer.gap(gap);
                }
                writer.finish().map_err(failed)
            }
            Stage::Json(mut stream) => {
                for gap in gaps {
                    stream.gap(gap);
                }
                stream.finish().map_err(failed)
            }
        }
    }

    fn write(&mut self, place: Option<&str>, socket: Socket) -> io::Result<()> {
        match &mut self.stage {
            Stage::Gathering(rows) => {
                rows.push((shared(rows.last(), place), socket));
                if rows.len() == GATHERED { self.start_streaming() } else { Ok(()) }
            }
            Stage::Rows(writer) => writer.row(SocketRow { place, socket: &socket }),
            Stage::Json(stream) => stream.row(SocketRow { place, socket: &socket }),
        }
    }

    fn start_streaming(&mut self) -> io::Result<()> {
        let Stage::Gathering(rows) = &self.stage else { return Ok(()) };
        let mut writer = RowWriter::new(out(), self.with_place)?;
        borrowed(rows).into_iter().try_for_each(|row| writer.row(row))?;
        self.stage = Stage::Rows(writer);
        Ok(())
    }
}

/// The place of the row before, if it is the same one.
fn shared(last: Option<&(Option<Rc<str>>, Socket)>, place: Option<&str>) -> Option<Rc<str>> {
    let place = place?;
    let before = last.and_then(|(before, _)| before.as_ref()).filter(|before| ***before == *place);
    Some(before.map_or_else(|| Rc::from(place), Rc::clone))
}

fn borrowed(rows: &[(Option<Rc<str>>, Socket)]) -> Vec<SocketRow<'_>> {
    rows.iter().map(|(place, socket)| SocketRow { place: place.as_deref(), socket }).collect()
}

fn out() -> BufWriter<Stdout> {
    BufWriter::with_capacity(64 * 1024, io::stdout())
}
