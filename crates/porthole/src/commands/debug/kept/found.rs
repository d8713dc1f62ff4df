//! Kept sessions where they are: on this host, or beside a container of the engine.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use porthole_engine::{Client, KeptSidecar, Session};
use porthole_model::{KeptSession, Pid};
use porthole_wire::session::{FromAgent, FromClient};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::name::SessionName;
use super::place::Place;
use crate::error::CommandError;
use crate::world::World;

/// How long a session has to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A session that was found.
pub(crate) enum Found {
    /// On this host.
    Here(SessionName, Place),
    /// Beside a container.
    Beside(KeptSidecar, Rc<Client>),
}

impl Found {
    /// All there are. Where the engine cannot be asked, the reason is among what is given.
    pub(crate) fn all(world: &World) -> Result<(Vec<Self>, Option<CommandError>), CommandError> {
        let place = Place::of_this_user(&world.settings);
        let names =
            place.names().map_err(|error| CommandError::caused_by("cannot list kept sessions", error))?;
        let mut all: Vec<_> = names.into_iter().map(|name| Self::Here(name, place.clone())).collect();
        match beside(world) {
            Ok(others) => {
                all.extend(others);
                Ok((all, None))
            }
            Err(error) => Ok((all, Some(error))),
        }
    }

    /// The one of that name.
    pub(super) fn named(name: &SessionName, world: &World) -> Result<Option<Self>, CommandError> {
        let place = Place::of_this_user(&world.settings);
        if connect(&place, name)?.is_some() {
            return Ok(Some(Self::Here(name.clone(), place)));
        }
        let others = beside(world).map_err(|error| {
            error.hint(format!(
                "on this host no session is called {name}; those beside containers are not known"
            ))
        })?;
        Ok(others.into_iter().find(|found| found.name() == name.as_str()))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Here(name, _) => name.as_str(),
            Self::Beside(sidecar, _) => &sidecar.name,
        }
    }

    /// A line to it; none where it was killed, whose socket is removed then.
    pub(super) async fn join(&self) -> Result<Option<Session>, CommandError> {
        let failed = || format!("cannot reach the session {}", self.name());
        match self {
            Self::Here(name, place) => match connect(place, name)? {
                Some(stream) => {
                    over(stream).await.map(Some).map_err(|error| CommandError::caused_by(failed(), error))
                }
                None => Ok(None),
            },
            Self::Beside(sidecar, client) => {
                let joined = sidecar.join_if_alive(client).await;
                joined.map_err(|error| CommandError::caused_by(failed(), error))
            }
        }
    }

    /// What it is; none where it was killed.
    pub(crate) async fn describe(&self) -> Result<Option<KeptSession>, CommandError> {
        let Some(mut session) = self.join().await? else { return Ok(None) };
        let asked = async {
            session.input.say(&FromClient::Describe).await?;
            session.output.hear().await
        };
        let cause = match timeout(PATIENCE, asked).await {
            Ok(Ok(FromAgent::Description(session))) => return Ok(Some(*session)),
            Ok(Ok(other)) => format!("it answers {other:?}"),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        Err(CommandError::caused_by(format!("cannot ask the session {}", self.name()), cause))
    }

    /// Ends it; returns when nothing of it is left.
    pub(crate) async fn end(&self) -> Result<(), CommandError> {
        let failed = |cause: String| {
            CommandError::caused_by(format!("cannot end the session {}", self.name()), cause)
                .hint(format!("porthole debug rm -f {}", self.name()))
        };
        if let Some(mut session) = self.join().await? {
            let ended = async {
                session.input.say(&FromClient::End).await?;
                // Its last word, or the end of the stream, comes when nothing of it is left.
                while !matches!(session.output.hear().await, Ok(FromAgent::Dismissed(_)) | Err(_)) {}
                io::Result::Ok(())
            };
            let ended = timeout(PATIENCE, ended).await;
            ended
                .map_err(|_| failed("it does not end".to_owned()))?
                .map_err(|error| failed(error.to_string()))?;
        }
        self.clear().await.map_err(|error| failed(error.to_string()))
    }

    /// Kills it, where it does not answer.
    pub(super) async fn kill(&self) -> Result<(), CommandError> {
        let failed = || format!("cannot kill the session {}", self.name());
        match self {
            Self::Here(name, place) => {
                let Some(stream) = connect(place, name)? else { return Ok(()) };
                let process = UnixStream::from_std(stream).and_then(|stream| stream.peer_cred());
                let process = process.map_err(|error| CommandError::caused_by(failed(), error))?.pid();
                let process = process.and_then(|pid| u32::try_from(pid).ok()).map(Pid);
                process.ok_or_else(|| CommandError::new(failed())).map(porthole_host::kill)
            }
            Self::Beside(sidecar, client) => {
                sidecar.kill(client).await.map_err(|error| CommandError::caused_by(failed(), error))
            }
        }
    }

    /// What an ended one may have left on the engine.
    pub(super) async fn clear(&self) -> Result<(), porthole_engine::SessionError> {
        match self {
            Self::Here(..) => Ok(()),
            Self::Beside(sidecar, client) => sidecar.end(client).await,
        }
    }
}

fn beside(world: &World) -> Result<Vec<Found>, CommandError> {
    let client = Rc::new(world.engine()?);
    let all = world.block_on(KeptSidecar::all(&client))?;
    let all =
        all.map_err(|error| CommandError::caused_by("cannot list the engine's kept sessions", error))?;
    Ok(all.into_iter().map(|sidecar| Found::Beside(sidecar, Rc::clone(&client))).collect())
}

fn connect(
    place: &Place,
    name: &SessionName,
) -> Result<Option<std::os::unix::net::UnixStream>, CommandError> {
    place
        .connect(name)
        .map_err(|error| CommandError::caused_by(format!("cannot reach the session {name}"), error))
}

/// The session behind a socket.
pub(super) async fn over(stream: std::os::unix::net::UnixStream) -> io::Result<Session> {
    stream.set_nonblocking(true)?;
    Session::over(UnixStream::from_std(stream)?).await
}
