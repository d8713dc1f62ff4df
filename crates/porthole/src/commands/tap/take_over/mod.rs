//! `porthole tap --take-over`: in the place of the engine's own socket, and out of it again.

mod guardian;
mod journal;
mod refusal;
mod restore;
mod taken;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use porthole_engine::Endpoint;
use porthole_host::{HeldSocket, Mounted, SocketPlace};
use porthole_model::ContainerNames;
use porthole_tap::{ListenAddress, Listener};
use tokio::time::{MissedTickBehavior, interval};

use self::guardian::Guardian;
pub(crate) use self::guardian::{guard, guarded_socket};
use self::journal::Journal;
pub(crate) use self::restore::recover;
use self::taken::Taken;
use self::words::Words;
use super::listen;
use crate::error::CommandError;
use crate::world::World;

/// How often the path is looked at: an engine that starts anew makes its socket anew.
const LOOK: Duration = Duration::from_millis(250);

/// Every so many looks, containers that came to hold the engine's socket are looked for.
const LOOKS_A_SCAN: u32 = 8;

/// Says which sockets it gave back that killed runs had taken over.
pub(super) fn say_recovered(world: &World) {
    match recover(world) {
        Ok(paths) => {
            for path in paths {
                world.printer.note(&porthole_render::take_over::recovered(&path));
            }
        }
        // It may concern another engine.
        Err(error) => world.printer.error(&error),
    }
}

/// Waits for `end`, and gives back what was taken, if something was.
pub(super) async fn until<T>(
    take_over: Option<TakeOver>,
    end: impl Future<Output = Result<T, CommandError>>,
    has_command: bool,
) -> Result<T, CommandError> {
    match take_over {
        Some(take_over) => take_over.until(end, has_command).await,
        None => end.await,
    }
}

/// A place that was taken. It is given back when this is dropped, if not before.
pub(super) struct TakeOver {
    taken: Arc<Taken>,
    guardian: Option<Guardian>,
    journal: Journal,
    words: Words,
    stage: Stage,
    /// Whether at the last look the engine had made its socket anew.
    is_anew: bool,
    /// The mounts that could not be switched over and of which that was said.
    told: BTreeSet<(u64, PathBuf)>,
}

impl TakeOver {
    /// Takes the place of the endpoint's socket, or says why that cannot be promised to be undone.
    pub(super) async fn begin(
        world: &World,
        endpoint: &Endpoint,
        names: ContainerNames,
    ) -> Result<(Listener, Self), CommandError> {
        let place = refusal::checked(world, endpoint)?;
        let journal = Journal::claim(place.path())?;
        restore::leftovers(&world.host, &place)?;
        journal.write()?;
        let guardian = Guardian::start(&journal).await.inspect_err(|_| journal.remove())?;
        let words = Words::new(world, &place, names);
        let taken = Arc::new(Taken::new(world.host.clone(), place));
        let mut take_over = Self {
            taken,
            guardian: Some(guardian),
            journal,
            words,
            stage: Stage::Begun,
            is_anew: false,
            told: BTreeSet::new(),
        };
        let listener = take_over.listen().await?;
        take_over.taken.take()?;
        take_over.stage = Stage::Taken;
        take_over.words.taken();
        take_over.cover().await?;
        Ok((listener, take_over))
    }

    /// The engine's own socket, past the stand-in.
    pub(super) fn engine(&self) -> Option<Arc<HeldSocket>> {
        self.taken.engine()
    }

    /// Waits for `end` and gives the place back. What makes it necessary to give it back earlier is an error; where
    /// a command is run, that is said and the command goes on without being seen.
    pub(super) async fn until<T>(
        mut self,
        end: impl Future<Output = Result<T, CommandError>>,
        has_command: bool,
    ) -> Result<T, CommandError> {
        let mut end = std::pin::pin!(end);
        let ended = tokio::select! {
            ended = &mut end => Ok(ended),
            trouble = self.watch() => Err(trouble),
        };
        // Meanwhile, clients that had connected are let in.
        let taken = Arc::clone(&self.taken);
        let restoring = tokio::task::spawn_blocking(move || taken.restore());
        let restored = restoring.await.unwrap_or_else(|_panic| self.taken.restore());
        let restored = self.given_back(restored);
        match ended {
            Ok(ended) => restored.and(ended),
            Err(trouble) if has_command => {
                self.words.trouble(&trouble);
                restored.and(end.await)
            }
            Err(trouble) => restored.and(Err(trouble)),
        }
    }

    fn place(&self) -> &SocketPlace {
        self.taken.place()
    }

    async fn listen(&self) -> Result<Listener, CommandError> {
        let place = self.place();
        place.make_room().map_err(|error| refusal::cannot(place, error))?;
        let listener =
            Listener::bind(&ListenAddress::private(place.stand_in())).await.map_err(listen::refused)?;
        Ok(listener)
    }

    /// Gives the reason to end, once there is one.
    async fn watch(&mut self) -> CommandError {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut until_scan = LOOKS_A_SCAN;
        loop {
            let done = tokio::select! {
                () = Guardian::lost(self.guardian.as_ref()) => self.replace_guardian().await,
                _ = looks.tick() => {
                    until_scan = until_scan.checked_sub(1).unwrap_or(LOOKS_A_SCAN);
                    self.look(until_scan == 0).await
                }
            };
            if let Err(error) = done {
                return error;
            }
        }
    }

    async fn replace_guardian(&mut self) -> Result<(), CommandError> {
        if let Some(dead) = self.guardian.take() {
            dead.dismiss();
        }
        self.guardian = Some(Guardian::start(&self.journal).await?);
        Ok(())
    }

    async fn look(&mut self, scan: bool) -> Result<(), CommandError> {
        // Not at the first look: an engine sets owner and permissions after it has begun to listen.
        let was_anew = std::mem::replace(&mut self.is_anew, self.taken.is_anew()?);
        let again = was_anew && self.is_anew;
        if again {
            self.taken.take_again()?;
            self.is_anew = false;
            self.words.taken_again();
        }
        if again || scan { self.cover().await } else { Ok(()) }
    }

    async fn cover(&mut self) -> Result<(), CommandError> {
        let taken = Arc::clone(&self.taken);
        let covering = tokio::task::spawn_blocking(move || taken.cover());
        let covered =
            covering.await.map_err(|error| CommandError::caused_by("cannot look for containers", error))?;
        for mounted in covered? {
            if mounted.change.is_ok() || self.told.insert((mounted.namespace, mounted.point.clone())) {
                self.words.mounted(&mounted);
            }
        }
        Ok(())
    }

    fn given_back(&mut self, restored: Result<Vec<Mounted>, CommandError>) -> Result<(), CommandError> {
        let was_taken = std::mem::replace(&mut self.stage, Stage::Over) == Stage::Taken;
        if restored.is_ok() {
            self.journal.remove();
        }
        if let Some(guardian) = self.guardian.take() {
            guardian.dismiss();
        }
        let changed = restored?;
        if was_taken {
            self.words.given_back();
        }
        for mounted in &changed {
            self.words.mounted(mounted);
        }
        Ok(())
    }
}

impl Drop for TakeOver {
    fn drop(&mut self) {
        if self.stage == Stage::Over {
            return;
        }
        let restored = self.taken.restore();
        if let Err(error) = self.given_back(restored) {
            self.words.trouble(&error);
        }
    }
}

/// How far a take-over has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Taken,
    Over,
}
