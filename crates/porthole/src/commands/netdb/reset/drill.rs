//! The drill itself: stop, move away, start; and back again where the engine does not start.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use porthole_engine::Client;
use porthole_host::{HeldDirectory, StartedProgram};
use porthole_model::{Membership, NetworkBackup, NetworkStep, NetworksNow};
use porthole_render::netdb::ResetOutcome;

use super::super::backup;
use super::way::Way;
use crate::collect::DatabasePlace;
use crate::error::CommandError;
use crate::interrupt;
use crate::world::World;

/// How long an engine may take to answer after its start.
const STARTING: Duration = Duration::from_mins(2);
/// How often it is asked.
const PAUSE: Duration = Duration::from_millis(200);

/// Everything that is decided before anything is changed.
pub(super) struct Drill {
    /// The database.
    pub(super) path: PathBuf,
    /// The backup that is written first.
    pub(super) backup: PathBuf,
    pub(super) way: Way,
    /// Containers that are stopped first: with live restore they would outlive the engine, which then makes none of its
    /// own networks at its start, and leaves their rules behind.
    pub(super) stopped_first: Vec<String>,
    directory: HeldDirectory,
    name: String,
    new_name: String,
}

impl Drill {
    /// Holds the directory open, since the way to it by the engine's process ends with that process.
    pub(super) fn prepare(
        place: &DatabasePlace,
        saved: &NetworkBackup,
        backup: PathBuf,
        (way, live_restore): (Way, bool),
        world: &World,
    ) -> Result<Self, CommandError> {
        let path = place.path.clone();
        let failed = || format!("cannot reach the directory of {}", path.display());
        let files = world.host.files_of(place.process)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = files.directory(parent).map_err(|error| CommandError::caused_by(failed(), error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let new_name = format!("{name}.before-{}", backup::stamp(saved.made_at));
        let stopped_first = if live_restore { running(saved) } else { Vec::new() };
        Ok(Self { path, backup, way, stopped_first, directory, name, new_name })
    }

    /// Where the old database will be.
    pub(super) fn moved_to(&self) -> PathBuf {
        self.path.with_file_name(&self.new_name)
    }

    /// Does it. Signals that ask to stop are ignored meanwhile: half of it is worse than either end.
    pub(super) fn run(&self, before: &NetworkBackup, world: &World) -> Result<ResetOutcome, CommandError> {
        world
            .serve(async { interrupt::ignore() })
            .map_err(|error| CommandError::caused_by("cannot hold signals back", error))?;
        world.printer.progress("stopping containers");
        self.stop_containers(world)?;
        world.printer.progress("stopping the engine");
        self.way.stop(world).map_err(|error| {
            error.hint(format!("the database was not touched; the backup is {}", self.backup.display()))
        })?;
        if let Err(error) = self.directory.rename(&self.name, &self.new_name) {
            return Err(self.not_moved(&error, world));
        }
        world.printer.progress("starting the engine");
        let started = self.start(world);
        world.printer.progress_done();
        match started {
            Ok(()) => self.outcome(before, world),
            Err(silence) if silence.is_running => Err(self.stuck(silence)),
            Err(silence) => Err(self.put_back(silence, world)),
        }
    }

    /// One that cannot be stopped ends the drill before anything else is touched.
    fn stop_containers(&self, world: &World) -> Result<(), CommandError> {
        if self.stopped_first.is_empty() {
            return Ok(());
        }
        let client = world.engine()?;
        for container in &self.stopped_first {
            let step = NetworkStep::Stop { container: container.clone() };
            let stopped = world.serve(porthole_engine::perform(&client, &step));
            stopped.map_err(|error| {
                CommandError::caused_by(format!("cannot stop container '{container}'"), error).hint(format!(
                    "the engine runs as before; to start what was stopped: docker start {}",
                    self.stopped_first.join(" ")
                ))
            })?;
        }
        Ok(())
    }

    /// Starts the engine and waits until it answers.
    fn start(&self, world: &World) -> Result<(), Silence> {
        let ended = |cause| Silence { cause, is_running: false };
        let endpoint = world.settings.endpoint().map_err(|error| ended(in_words(&error)))?;
        let mut started = self.way.start().map_err(|error| ended(in_words(&error)))?;
        if self.way.is_unknown() {
            return Ok(());
        }
        let deadline = Instant::now() + STARTING;
        loop {
            if world.serve(Client::connect(&endpoint, world.settings.timeout)).is_ok() {
                return Ok(());
            }
            if let Some(status) = started.as_mut().and_then(StartedProgram::has_ended) {
                return Err(ended(format!("it ended while it started ({status})")));
            }
            if Instant::now() >= deadline {
                let cause = format!("it did not answer within {} s", STARTING.as_secs());
                return Err(Silence { cause, is_running: true });
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn not_moved(&self, error: &io::Error, world: &World) -> CommandError {
        let failed = format!("cannot move {} away: {error}", self.path.display());
        match self.start(world) {
            Ok(()) => CommandError::new(failed).hint("the engine was started again with it, as it was"),
            Err(silence) => CommandError::caused_by(failed, silence.cause).hint(self.by_hand()),
        }
    }

    /// An engine that runs and says nothing may hold the new database open: nothing is moved under its feet.
    fn stuck(&self, silence: Silence) -> CommandError {
        let moved = self.moved_to();
        CommandError::caused_by(
            "the engine was started with a new database and does not answer",
            silence.cause,
        )
        .hint(format!("the old database is {}, the backup {}", moved.display(), self.backup.display()))
        .hint(format!(
            "to go back: stop the engine, mv {} {}, then {}",
            moved.display(),
            self.path.display(),
            self.start_words()
        ))
    }

    fn put_back(&self, silence: Silence, world: &World) -> CommandError {
        let failed = CommandError::caused_by("the engine does not start with a new database", silence.cause)
            .hint(format!("the backup is {}", self.backup.display()));
        if let Err(error) = self.way.give_up() {
            let moved = self.moved_to();
            return failed
                .hint(format!(
                    "it could not be stopped again ({}), so the old database stays {}",
                    in_words(&error),
                    moved.display()
                ))
                .hint(self.by_hand());
        }
        if let Err(error) = self.swap_back() {
            let moved = self.moved_to();
            return failed
                .hint(format!("the old database could not be put back ({error}): it is {}", moved.display()))
                .hint(self.by_hand());
        }
        match self.start(world) {
            Ok(()) => failed.hint("the old database was put back, and the engine was started with it"),
            Err(again) => failed
                .hint(format!(
                    "the old database was put back, and with it the engine fails, too: {}",
                    again.cause
                ))
                .hint(self.by_hand()),
        }
    }

    /// The file that the failed start may have made is kept, too.
    fn swap_back(&self) -> io::Result<()> {
        if self.directory.has(&self.name) {
            let aside = self.new_name.replace(".before-", ".failed-");
            self.directory.rename(&self.name, &aside)?;
        }
        self.directory.rename(&self.new_name, &self.name)
    }

    fn by_hand(&self) -> String {
        let log = self.way.log_words().map(|log| format!(", and why it does not: {log}")).unwrap_or_default();
        format!("the engine is stopped; to start it: {}{log}", self.start_words())
    }

    fn start_words(&self) -> String {
        self.way.start_words().join("; ")
    }

    fn outcome(&self, before: &NetworkBackup, world: &World) -> Result<ResetOutcome, CommandError> {
        let is_running = !self.way.is_unknown();
        let now = if is_running { backup::told(world)? } else { NetworksNow::default() };
        Ok(ResetOutcome {
            is_running,
            networks: now.networks.iter().map(|network| network.name.clone()).collect(),
            not_running: not_running(before, &now),
            stranded: stranded(&now),
            moved_to: self.moved_to().display().to_string(),
            backup: self.backup.display().to_string(),
        })
    }
}

/// Why an engine does not answer after its start.
struct Silence {
    cause: String,
    is_running: bool,
}

fn in_words(error: &CommandError) -> String {
    let causes = error.causes();
    std::iter::once(error.message().to_owned()).chain(causes).collect::<Vec<_>>().join(": ")
}

/// The containers that run, by name.
fn running(saved: &NetworkBackup) -> Vec<String> {
    let running = saved.memberships.iter().filter(|place| place.was_running);
    let named: BTreeSet<_> = running.map(|place| place.container_name.clone()).collect();
    named.into_iter().collect()
}

/// Those that ran before.
fn not_running(before: &NetworkBackup, now: &NetworksNow) -> Vec<String> {
    let runs = |name: &String| now.containers.get(name).copied().unwrap_or_default();
    running(before).into_iter().filter(|name| !runs(name)).collect()
}

/// Those that run on a network that is gone.
fn stranded(now: &NetworksNow) -> Vec<String> {
    let is_gone = |place: &&Membership| {
        let id = place.network_id.as_ref();
        id.is_some_and(|id| {
            id.0.len() == 64 && !now.networks.iter().any(|network| network.network_id() == *id)
        })
    };
    let stranded = now.memberships.iter().filter(|place| place.was_running).filter(is_gone);
    let named: BTreeSet<_> = stranded.map(|place| place.container_name.clone()).collect();
    named.into_iter().collect()
}
