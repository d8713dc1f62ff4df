//! One call with its heads, and its bodies taken apart.

use std::io::{self, Write};

use porthole_model::{ContainerNames, ContentPiece, Exchange, ExchangeId, Secrets};
use porthole_render::doc::Doc;
use porthole_render::text::{self, TextSettings};
use porthole_render::{content, exchange, tap};
use porthole_tap::record::Recording;
use porthole_wire::content::{Content, Known, Reader};
use porthole_wire::http::Side;

use super::recorded::{self, Message};
use super::{ShowArgs, open, refused};
use crate::error::CommandError;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// How much of a body is taken apart, or shown as hex, at once: a whole number of lines of hex.
const PART: usize = 16 * 1024;

/// How many calls of one exec are listed: a terminal is resized without end.
const MOST_OF_EXEC: usize = 50;

/// Shows the call that is asked for.
pub(super) fn run(args: &ShowArgs, world: &World) -> Result<(), CommandError> {
    let recording = open(&args.file)?;
    let found = call(&recording, args)?;
    if args.output.output == Output::Json {
        return super::export::line(&recording, &found);
    }
    let messages = recorded::messages(&recording, found.id)?;
    let [request, answer] = &messages;
    let trouble = recorded::version_trouble(&found, request.as_ref(), answer.as_ref());
    let mut detail = exchange::detail(&found, &ContainerNames::default(), trouble.as_deref());
    detail.append(calls_of_exec(&recording, &found)?);
    world.printer.doc(&detail)?;
    Printer::write(|out| {
        let (settings, secrets) = (world.printer.text_settings(), world.settings.secrets);
        let mut shown = Shown { exchange: &found, hex: args.hex, secrets, settings, out };
        let sides = [("Request", Side::Client), ("Answer", Side::Engine)];
        sides.into_iter().zip(&messages).try_for_each(|(of, message)| shown.message(of, message.as_ref()))
    })
}

fn call(recording: &Recording, args: &ShowArgs) -> Result<Exchange, CommandError> {
    let id = ExchangeId(args.number);
    let found = recording.exchange(id).map_err(refused)?;
    found.ok_or_else(|| {
        CommandError::new(format!("the recording has no call {id}"))
            .hint(format!("porthole traffic ls {} lists all", args.file.display()))
    })
}

fn calls_of_exec(recording: &Recording, shown: &Exchange) -> Result<Doc, CommandError> {
    let Some(exec) = &shown.exec else { return Ok(Doc::new()) };
    let calls = recording.exchanges_of_exec(&exec.id, MOST_OF_EXEC).map_err(refused)?;
    Ok(exchange::exec_calls(&calls, shown.id))
}

/// A call on its way to standard output.
struct Shown<'a> {
    exchange: &'a Exchange,
    hex: bool,
    secrets: Secrets,
    settings: TextSettings,
    out: &'a mut dyn Write,
}

impl Shown<'_> {
    fn message(&mut self, (title, side): (&str, Side), message: Option<&Message>) -> io::Result<()> {
        let recorded = message.map(Message::content);
        self.doc(&tap::head(title, recorded.as_ref()))?;
        let Some(recorded) = recorded else { return Ok(()) };
        if !recorded.body.is_empty() {
            writeln!(self.out)?;
        }
        if self.hex {
            self.bytes(recorded.body)?;
        } else {
            let known = Known::of(self.exchange, side, recorded.head);
            self.pieces(Reader::new(&Content::of(&known), self.secrets), recorded.body)?;
        }
        self.doc(&tap::missing(&recorded))
    }

    fn bytes(&mut self, body: &[u8]) -> io::Result<()> {
        let offsets = (0..).step_by(PART);
        body.chunks(PART).zip(offsets).try_for_each(|(part, offset)| self.doc(&content::hex(part, offset)))
    }

    fn pieces(&mut self, mut reader: Reader, body: &[u8]) -> io::Result<()> {
        let mut written = Ok(());
        let mut show = |piece: ContentPiece| {
            if written.is_ok() {
                written = self.doc(&content::piece(&piece));
            }
        };
        body.chunks(PART).for_each(|part| reader.push(part, &mut show));
        reader.finish(&mut show);
        written
    }

    fn doc(&mut self, doc: &Doc) -> io::Result<()> {
        text::print(doc, &self.settings, self.out)
    }
}
