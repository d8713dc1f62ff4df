//! The copy itself: one side makes a tar stream, the other takes it, and what passes between them is counted.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use porthole_engine::{AnswerStream, ArchiveSender, RequestError};
use porthole_host::tree::{self, Owners, Packing, Renaming, Tree, TreeError};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

use super::pieces::{Piece, PieceReader, PieceWriter, pipe};
use super::place::{Place, Remote};
use super::plan::Plan;
use crate::error::CommandError;
use crate::interrupt;
use crate::printer::Printer;

/// How much of a stream is a piece.
const PIECE: usize = 128 * 1024;

/// When a copy takes so long, how far it got is shown, and how often then.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);

/// What was left out, or why it failed.
type Outcome = Result<Vec<String>, CommandError>;

/// One side at work.
struct Side {
    outcome: Pin<Box<dyn Future<Output = Outcome>>>,
    thread: Option<JoinHandle<()>>,
}

/// What is copied, and how.
pub(super) struct Copy {
    /// What there is to copy, after links were followed where that was asked for.
    pub(super) path: PathBuf,
    pub(super) plan: Plan,
    pub(super) owners: Owners,
    /// What it is called while it goes on.
    pub(super) title: Option<String>,
}

/// Copies; gives a word on each thing that was left out. An interruption leaves no half file.
pub(super) async fn copy(from: Place, to: Place, copy: Copy, printer: Printer) -> Outcome {
    let (made, pieces) = pipe();
    let (passed, taken) = pipe();
    let source = source(from, &copy, made);
    let destination = destination(to, &copy, taken);
    let work = async {
        let counted = count(pieces, passed, copy.title.as_deref(), printer);
        tokio::join!(source.outcome, counted, destination.outcome)
    };
    let done = tokio::select! {
        (made, (), taken) = work => Some((made, taken)),
        () = interrupt::asked_to_stop() => None,
    };
    printer.progress_done();
    // With the stream broken off, what was not in its place yet is removed; only then may porthole end.
    if let Some(thread) = destination.thread {
        let _said_already = thread.join();
    }
    match done {
        None => Err(CommandError::interrupted()),
        Some((Ok(mut left_out), Ok(more))) => {
            left_out.extend(more);
            Ok(left_out)
        }
        // Where one side fails, the other finds the stream broken, which is no news.
        Some((Err(error), Err(taken))) if error.is_broken_pipe() => Err(taken),
        Some((Err(error), _) | (Ok(_), Err(error))) => Err(error),
    }
}

/// Passes the pieces on, and shows how many bytes they were.
async fn count(mut from: Receiver<Piece>, to: Sender<Piece>, title: Option<&str>, printer: Printer) {
    let begun = Instant::now();
    let (mut bytes, mut shown) = (0, PATIENCE);
    while let Some(piece) = from.recv().await {
        bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if to.send(piece).await.is_err() {
            return;
        }
        let elapsed = begun.elapsed();
        if let Some(title) = title.filter(|_| elapsed > shown) {
            shown = elapsed + PAUSE;
            printer.progress(&porthole_render::copy::progress(title, bytes, elapsed));
        }
    }
}

fn source(from: Place, copy: &Copy, to: Sender<Piece>) -> Side {
    let (path, name) = (copy.path.clone(), copy.plan.name.clone());
    let as_root = copy.owners == Owners::Root;
    match from {
        Place::Stream => on_thread("cannot read standard input", move || {
            let mut to = BufWriter::with_capacity(PIECE, PieceWriter(to));
            io::copy(&mut io::stdin().lock(), &mut to)?;
            ended(to)
        }),
        Place::Tree(tree, _) => on_thread("cannot read", move || {
            let mut to = BufWriter::with_capacity(PIECE, PieceWriter(to));
            let packing = Packing { path: &path, name: name.as_deref(), as_root };
            let left_out = tree.pack(&packing, &mut to)?;
            ended(to)?;
            Ok(left_out)
        }),
        Place::Engine(remote, _) => {
            let (fetched, pieces) = pipe();
            let is_root = path.file_name().is_none();
            let renaming = on_thread("cannot read from the engine", move || {
                let mut to = BufWriter::with_capacity(PIECE, PieceWriter(to));
                let renaming = Renaming { name: name.as_deref(), is_root, as_root };
                tree::renamed(PieceReader::new(pieces), &mut to, &renaming)?;
                ended(to)
            });
            let outcome = async move {
                let (fetched, renamed) = tokio::join!(fetch(remote, path, fetched), renaming.outcome);
                fetched.and(renamed)
            };
            Side { outcome: Box::pin(outcome), thread: renaming.thread }
        }
    }
}

fn destination(to: Place, copy: &Copy, pieces: Receiver<Piece>) -> Side {
    let (directory, owners) = (copy.plan.directory.clone(), copy.owners);
    match to {
        Place::Stream => on_thread("cannot write to standard output", move || {
            let mut out = io::stdout().lock();
            let written = io::copy(&mut PieceReader::new(pieces), &mut out).and_then(|_| out.flush());
            written.map(|()| Vec::new()).map_err(Failure::Output)
        }),
        Place::Tree(tree, _) => on_thread("cannot write", move || unpack(&tree, &directory, owners, pieces)),
        Place::Engine(remote, _) => Side { outcome: Box::pin(put(remote, directory, pieces)), thread: None },
    }
}

fn unpack(
    tree: &Tree,
    directory: &std::path::Path,
    owners: Owners,
    pieces: Receiver<Piece>,
) -> Result<Vec<String>, Failure> {
    Ok(tree.unpack(directory, owners, PieceReader::new(pieces))?)
}

/// Why a thread's part of the copy failed: at a path, or at a stream.
#[derive(Debug)]
enum Failure {
    Tree(TreeError),
    Stream(io::Error),
    /// Of standard output.
    Output(io::Error),
}

impl From<TreeError> for Failure {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

/// Does `work`, which blocks, on a thread of its own.
fn on_thread(
    failed: &'static str,
    work: impl FnOnce() -> Result<Vec<String>, Failure> + Send + 'static,
) -> Side {
    let (tell, told) = oneshot::channel();
    let thread = thread::spawn(move || {
        let _nobody_waits = tell.send(work());
    });
    let outcome = async move {
        match told.await {
            Ok(Ok(left_out)) => Ok(left_out),
            Ok(Err(Failure::Tree(error))) => Err(explained(failed, error)),
            Ok(Err(Failure::Stream(error))) => Err(CommandError::caused_by(failed, error)),
            Ok(Err(Failure::Output(error))) => Err(CommandError::unwritten(failed, error)),
            Err(_) => Err(CommandError::new("the copy ended in a defect of porthole")),
        }
    };
    Side { outcome: Box::pin(outcome), thread: Some(thread) }
}

fn ended(to: BufWriter<PieceWriter>) -> Result<Vec<String>, Failure> {
    to.into_inner().map_err(io::IntoInnerError::into_error)?.end()?;
    Ok(Vec::new())
}

pub(super) fn explained(failed: &str, error: TreeError) -> CommandError {
    let kind = error.source.kind();
    let error = CommandError::caused_by(format!("{failed} {}", error.path.display()), error.source);
    match kind {
        io::ErrorKind::ReadOnlyFilesystem => {
            error.hint("it is read-only there: copy to a volume or a tmpfs of the container")
        }
        io::ErrorKind::NotFound => {
            error.hint("missing directories are made with porthole debug CONTAINER -- mkdir -p")
        }
        io::ErrorKind::PermissionDenied => error.hint("run porthole as root"),
        io::ErrorKind::Unsupported => error
            .hint("the kernel is older than 5.6, which brought openat2")
            .hint("porthole debug CONTAINER -- tar -c PATH | tar -x does without it"),
        _ => error,
    }
}

async fn fetch(remote: Remote, path: PathBuf, to: Sender<Piece>) -> Outcome {
    let mut stream: AnswerStream =
        porthole_engine::get_archive(&remote.client, &remote.id, &path).await.map_err(refused)?;
    while let Some(piece) = stream.next().await.map_err(refused)? {
        if to.send(Some(piece.to_vec())).await.is_err() {
            return Ok(Vec::new());
        }
    }
    let _nobody_takes_it = to.send(None).await;
    Ok(Vec::new())
}

async fn put(remote: Remote, directory: PathBuf, mut pieces: Receiver<Piece>) -> Outcome {
    let (sender, sent) = ArchiveSender::new();
    let passing = async {
        loop {
            match pieces.recv().await {
                Some(Some(piece)) => {
                    if !sender.send(piece).await {
                        return;
                    }
                }
                Some(None) => return drop(sender),
                None => return sender.break_off().await,
            }
        }
    };
    let putting = porthole_engine::put_archive(&remote.client, &remote.id, &directory, sent);
    let ((), put) = tokio::join!(passing, putting);
    put.map(|()| Vec::new()).map_err(refused)
}

fn refused(error: RequestError) -> CommandError {
    CommandError::caused_by("the engine does not copy", error)
}
