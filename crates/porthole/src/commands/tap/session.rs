//! One run of a tap, from its first byte to its summary.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use porthole_analysis::EngineApi;
use porthole_engine::{Client, Endpoint, Line, LineStream};
use porthole_model::{ContainerNames, Gap};
use porthole_render::text::TextSettings;
use porthole_tap::audit::Audit;
use porthole_tap::record::{RecordSettings, Recorder};
use porthole_tap::{BoxFuture, BoxedStream, Event, Relay, Settings};
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;

use super::aside::Aside;
use super::door::Door;
use super::live::Manner;
use super::parting::Parting;
use super::view::{Seen, View};
use super::{TapArgs, audit, child, take_over, who};
use crate::commands::traffic;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// How many events may wait to be shown.
pub(super) const WAITING: usize = 4096;

/// The longest body that is hashed though it is recorded only in part. Hashing costs several times as much as relaying.
const LONGEST_HASHED: u64 = 32 << 20;

/// How long calls that are under way may go on after Ctrl-C, or after the command's end.
const DRAIN: Duration = Duration::from_secs(2);

/// Relays until Ctrl-C, or until the command ends.
pub(super) fn run(args: &TapArgs, world: &World) -> Result<Exit, CommandError> {
    let filter = traffic::filter(args.filter.as_deref())?;
    take_over::say_recovered(world);
    let endpoint = world.settings.endpoint()?;
    let engine = world.engine()?;
    let recorder = args.record.as_deref().map(|path| recorder(path, &endpoint)).transpose()?;
    let names = names(world, &engine)?;
    let audit = audit::open(args, world, &endpoint, &names)?;
    let view = View {
        output: args.output.output,
        manner: manner(args, world),
        settings: settings(args, world),
        out: if args.command.is_empty() { Box::new(io::stdout()) } else { Box::new(Aside::default()) },
        filter,
        names,
        api: EngineApi::of(&world.version(&engine)?),
        record: recorder.as_ref().map(Recorder::sink),
        parting: Parting::default(),
    };
    let relayed = world.serve(relay(args, world, (&endpoint, audit.as_ref()), view));
    // Audit and recording are both brought to their ends, whatever became of the relay and of each other.
    let closed = audit.as_ref().map_or(Ok(()), audit::close);
    let kept = recorder.map(|recorder| end(recorder, args, relayed.is_ok())).transpose();
    let (exit, seen) = relayed?;
    closed?;
    if let Some(trouble) = kept?.flatten() {
        world.printer.note(&porthole_render::error::warning(&trouble));
    }
    world.printer.note(&porthole_render::exchange::summary(&seen.traffic, &seen.names));
    Ok(exit)
}

async fn relay(
    args: &TapArgs,
    world: &World,
    (endpoint, audit): (&Endpoint, Option<&Audit>),
    view: View,
) -> Result<(Exit, Seen), CommandError> {
    let Door { listener, url, engine, held, take_over } =
        Door::open(args, world, endpoint, &view.names).await?;
    porthole_host::raise_descriptor_limit();
    let (mut relay, events) = connected(&engine, relay_settings(args), world)?;
    if let Some(audit) = audit {
        relay = relay.with_audit(audit.clone());
    }
    let child = child::start(&args.command, &url)?;
    if child.is_none() && take_over.is_none() {
        world.printer.note(&porthole_render::tap::listening(&url, &endpoint.url(), args.tls.is_asked_for()));
    }
    let unread = Arc::new(Notify::new());
    let told = Arc::clone(&unread);
    let parting = view.parting.clone();
    let viewing = view.start(events, move || told.notify_one());
    let mut exit = Ok(Exit::Success);
    let has_command = child.is_some();
    let child = Box::pin(child::until_the_end(child, &unread, audit));
    let end = async {
        exit = take_over::until(take_over, child, has_command).await;
        parting.begin();
    };
    relay.run(listener, end).await;
    drop(held);
    // With the relay goes the last sender of events, and so the view ends.
    drop(relay);
    Ok((exit?, viewing.end()?))
}

/// How heads and bodies are shown, if they are.
fn manner(args: &TapArgs, world: &World) -> Option<Manner> {
    let manner = Manner { hex: args.hex, secrets: world.settings.secrets, client_input: args.show_input };
    (args.verbose || args.hex).then_some(manner)
}

/// Requests are read for what versions and audits make of them; answers are kept for a recording alone. What is shown
/// is shown while it passes.
fn relay_settings(args: &TapArgs) -> Settings {
    let usual = Settings::default();
    let is_recorded = args.record.is_some();
    Settings {
        parts: args.verbose || args.hex,
        client_input: args.show_input,
        answer_limit: usual.answer_limit.filter(|_| is_recorded),
        hash_limit: if is_recorded { LONGEST_HASHED } else { 0 },
        drain: DRAIN,
        ..usual
    }
}

fn connected(
    endpoint: &Endpoint,
    settings: Settings,
    world: &World,
) -> Result<(Relay, Receiver<Event>), CommandError> {
    let line = Arc::new(Line::new(endpoint).map_err(|error| Gap::from(*error))?);
    let connect = move || -> BoxFuture<'static, io::Result<BoxedStream>> {
        let line = Arc::clone(&line);
        Box::pin(async move {
            Ok(match line.open().await? {
                LineStream::Unix(stream) => Box::new(stream) as BoxedStream,
                LineStream::Tcp(stream) => Box::new(stream),
                LineStream::Wrapped(stream) => Box::new(stream),
            })
        })
    };
    let (queue, events) = porthole_tap::queue(WAITING);
    let resolve = who::resolver(world.settings.secrets);
    Ok((Relay::new(connect, queue, Some(resolve), settings), events))
}

fn recorder(path: &Path, endpoint: &Endpoint) -> Result<Recorder, CommandError> {
    let settings = RecordSettings::new(env!("CARGO_PKG_VERSION"), endpoint.url());
    Recorder::create(path, settings)
        .map_err(|error| CommandError::caused_by(format!("cannot record to {}", path.display()), error))
}

/// What is missing from the recording, in words. Where the tap could not begin, there is no recording of nothing.
fn end(recorder: Recorder, args: &TapArgs, has_relayed: bool) -> Result<Option<String>, CommandError> {
    let path = args.record.as_deref().unwrap_or(Path::new(""));
    let status = recorder.finish().map_err(|error| {
        CommandError::caused_by(format!("cannot finish the recording {}", path.display()), error)
    })?;
    if !has_relayed && status.written == 0 {
        std::fs::remove_file(path).map_err(|error| {
            CommandError::caused_by(format!("cannot remove the empty recording {}", path.display()), error)
        })?;
    }
    let missing = status.lost > 0 || status.bodies_dropped > 0;
    Ok(missing.then(|| {
        format!(
            "the recording lacks {} calls, and the bodies of {} others",
            status.lost, status.bodies_dropped
        )
    }))
}

pub(super) fn settings(args: &TapArgs, world: &World) -> TextSettings {
    if args.command.is_empty() { world.printer.text_settings() } else { world.printer.note_settings() }
}

fn names(world: &World, engine: &Client) -> Result<ContainerNames, CommandError> {
    let listed = world.block_on(porthole_engine::containers_only(engine))?;
    let listed =
        listed.map_err(|error| CommandError::caused_by("cannot ask the engine for its containers", error))?;
    Ok(listed.into_iter().map(|container| (container.id, container.name)).collect())
}
