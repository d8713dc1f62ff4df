//! An answer: its head where that is asked for, its content as it comes, and its status as the exit code.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use porthole_engine::{AnswerStream, Client, OpenAnswer, OpenContent};
use porthole_render::error;
use porthole_wire::content::{Content, ContentKind, Known, Reader};
use porthole_wire::engine_api::ProgressScan;
use porthole_wire::http::Side;

use super::attached::{self, Terminal};
use super::output::{Form, Output};
use super::{Wanted, failed, refused};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// More of a refusal helps nobody.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// Shows the answer.
pub(super) async fn show(
    answer: OpenAnswer,
    wanted: &Wanted,
    terminal: Option<Terminal>,
    client: &Client,
    world: &World,
) -> Result<Exit, CommandError> {
    let kind = kind(&answer, wanted);
    if kind.kind == ContentKind::Tar && io::stdout().is_terminal() && wanted.method != "HEAD" {
        return Err(CommandError::new("the answer is a tar archive, which is not for a terminal")
            .hint("write it to a file (> files.tar), or list it: | tar -t"));
    }
    let head = (wanted.include || wanted.method == "HEAD").then(|| head(&answer));
    let status = answer.status;
    let mut passed = Ok(None);
    let mut output = Output::new(form(&kind, wanted, world));
    match answer.content {
        OpenContent::Hijacked(_) if let Some(error) = foreign(&answer.headers, wanted) => {
            ahead(&mut output, head).await?;
            output.finish().await?;
            return Err(error);
        }
        OpenContent::Hijacked(stream) => {
            let form = match &terminal {
                Some(terminal) if terminal.is_tty => Form::Plain,
                _ if wanted.raw => Form::Plain,
                _ => Form::streams(),
            };
            let mut output = Output::new(form);
            ahead(&mut output, head).await?;
            attached::converse(stream, output, terminal, client).await?;
            return Ok(Exit::Success);
        }
        OpenContent::Body(body) if status >= 400 => {
            let body = whole(body, wanted).await?;
            refused::explain(status, &body, wanted, client, world).await;
            ahead(&mut output, head).await?;
            output.push(&body).await?;
        }
        OpenContent::Body(body) => {
            ahead(&mut output, head).await?;
            passed = pass(body, &mut output, wanted).await;
        }
    }
    // What came before a failure is shown, too.
    let finished = output.finish().await;
    let failure = passed?;
    finished?;
    if let Some(message) = failure {
        let error = CommandError::caused_by("the engine began, and then failed", message);
        world.printer.error(&error);
        return Ok(Exit::Findings);
    }
    if status == 304 {
        world.printer.note(&error::note("nothing was changed: it was so already (304 Not Modified)"));
    }
    Ok(if status < 400 { Exit::Success } else { Exit::Findings })
}

/// Why a connection that became something else cannot be joined: by `--raw` it is passed on as it comes.
fn foreign(headers: &[(String, String)], wanted: &Wanted) -> Option<CommandError> {
    let meaning = refused::other_protocol(wanted).filter(|_| !wanted.raw)?;
    let is_foreign = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("upgrade") && !value.eq_ignore_ascii_case("tcp")
    };
    headers
        .iter()
        .any(is_foreign)
        .then(|| meaning.hints.into_iter().fold(CommandError::new(meaning.words), CommandError::hint))
}

async fn ahead(output: &mut Output, head: Option<String>) -> Result<(), CommandError> {
    match head {
        Some(head) => output.ahead(head).await,
        None => Ok(()),
    }
}

/// Passes the body on; gives the failure that progress ends with, whose status said success.
async fn pass(
    mut body: AnswerStream,
    output: &mut Output,
    wanted: &Wanted,
) -> Result<Option<String>, CommandError> {
    let mut progress =
        wanted.operation_name().filter(|name| ProgressScan::suits(name)).map(|_| ProgressScan::default());
    while let Some(piece) = body.next().await.map_err(|error| failed(wanted, error))? {
        if let Some(scan) = &mut progress {
            scan.push(&piece);
        }
        output.push(&piece).await?;
    }
    Ok(progress.and_then(ProgressScan::finish))
}

async fn whole(mut body: AnswerStream, wanted: &Wanted) -> Result<Vec<u8>, CommandError> {
    let mut all = Vec::new();
    while let Some(piece) = body.next().await.map_err(|error| failed(wanted, error))? {
        all.extend_from_slice(&piece);
        if all.len() > LONGEST_REFUSAL {
            break;
        }
    }
    Ok(all)
}

fn head(answer: &OpenAnswer) -> String {
    format!("{}\n{}\n", answer.status_line, header_lines(answer))
}

fn header_lines(answer: &OpenAnswer) -> String {
    answer.headers.iter().fold(String::new(), |mut lines, (name, value)| {
        // Writing to a String cannot fail.
        let _infallible = writeln!(lines, "{name}: {value}");
        lines
    })
}

fn kind(answer: &OpenAnswer, wanted: &Wanted) -> Content {
    let lines = header_lines(answer);
    Content::of(&Known {
        operation: wanted.operation_name(),
        side: Side::Engine,
        status: Some(answer.status),
        head: lines.as_bytes(),
        upgraded: None,
        tty: None,
    })
}

/// In a pipe an answer stays as it came, but a container's streams are told apart.
fn form(kind: &Content, wanted: &Wanted, world: &World) -> Form {
    let is_streams = matches!(kind.kind, ContentKind::Frames | ContentKind::FramesOrRaw | ContentKind::Raw);
    if wanted.raw {
        Form::Plain
    } else if is_streams && kind.encoding.is_none() {
        Form::streams()
    } else if io::stdout().is_terminal() {
        let reader = Reader::new(kind, world.settings.secrets);
        Form::Laid(Box::new(reader), world.printer.text_settings())
    } else {
        Form::Plain
    }
}
