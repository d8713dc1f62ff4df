//! Calls in the formats of other tools, written one by one.

use std::io::{self, BufWriter, Stdout, Write};

use porthole_model::Exchange;
use porthole_render::export::curl::Address;
use porthole_render::export::har::HarWriter;
use porthole_render::export::{Recorded, curl, jsonl};
use porthole_tap::record::Recording;

use super::recorded::{self, Message};
use super::{ExportArgs, Format, filter, open, refused};
use crate::error::CommandError;

/// Writes the calls that are asked for to standard output.
pub(super) fn run(args: &ExportArgs) -> Result<(), CommandError> {
    let (recording, filter) = (open(&args.file)?, filter(args.filter.as_deref())?);
    let endpoint = recording.run().map_err(refused)?.endpoint;
    let mut writer = Writer::new(args.format, &endpoint).map_err(unwritten)?;
    let mut unread = Ok(());
    recorded::each(&recording, filter.as_ref(), |exchange| {
        match recorded::messages(&recording, exchange.id) {
            Ok([request, answer]) => writer.write(exchange, request.as_ref(), answer.as_ref()),
            Err(error) => {
                unread = Err(error);
                Err(io::Error::other("a recorded body cannot be read"))
            }
        }
    })
    .or_else(|error| unread.and(Err(error)))?;
    writer.finish().map_err(unwritten)
}

/// Writes one call as a line of JSON.
pub(super) fn line(recording: &Recording, exchange: &Exchange) -> Result<(), CommandError> {
    let [request, answer] = recorded::messages(recording, exchange.id)?;
    let mut writer = Writer::Jsonl(out());
    writer.write(exchange, request.as_ref(), answer.as_ref()).map_err(unwritten)?;
    writer.finish().map_err(unwritten)
}

enum Writer {
    Har(HarWriter<BufWriter<Stdout>>),
    Jsonl(BufWriter<Stdout>),
    Curl { out: BufWriter<Stdout>, endpoint: String },
}

impl Writer {
    fn new(format: Format, endpoint: &str) -> io::Result<Self> {
        Ok(match format {
            Format::Har => Self::Har(HarWriter::new(out(), env!("CARGO_PKG_VERSION"))?),
            Format::Jsonl => Self::Jsonl(out()),
            Format::Curl => Self::Curl { out: out(), endpoint: endpoint.to_owned() },
        })
    }

    fn write(
        &mut self,
        exchange: &Exchange,
        request: Option<&Message>,
        answer: Option<&Message>,
    ) -> io::Result<()> {
        let trouble = || recorded::version_trouble(exchange, request, answer);
        let recorded = Recorded {
            exchange,
            request: request.map(Message::content),
            answer: answer.map(Message::content),
        };
        match self {
            Self::Har(writer) => writer.entry(&recorded),
            Self::Jsonl(out) => jsonl::write(&recorded, trouble().as_deref(), out),
            Self::Curl { out, endpoint } => curl::write(&recorded, address(endpoint), out),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Har(writer) => writer.finish(),
            Self::Jsonl(mut out) | Self::Curl { mut out, .. } => out.flush(),
        }
    }
}

/// How curl reaches the engine that the tap stood before.
fn address(endpoint: &str) -> Address<'_> {
    match endpoint.strip_prefix("unix://") {
        Some(path) => Address::UnixSocket(path),
        None => Address::Url(endpoint),
    }
}

fn out() -> BufWriter<Stdout> {
    BufWriter::with_capacity(64 * 1024, io::stdout())
}

fn unwritten(error: io::Error) -> CommandError {
    CommandError::unwritten("cannot write to standard output", error)
}
