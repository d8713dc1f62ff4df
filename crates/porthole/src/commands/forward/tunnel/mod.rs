//! A tunnel: connections from here that come out of a helper of ours on the engine's host, all over the one stream that the
//! engine gives to the helper's standard input and output.

mod carry;
mod connections;
mod helper;
mod passage;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use porthole_engine::{Client, Session, SessionError, SidecarPlace, SidecarRequest};
use porthole_model::Container;
use porthole_tap::BoxedStream;
use porthole_wire::session::{Frame, Said};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use self::connections::{Connection, Connections};
pub(super) use self::passage::TunnelledDatagrams;
use super::route::Far;
use crate::collect;
use crate::commands::debug::sidecar;
use crate::error::CommandError;

pub(crate) use self::helper::{helper, run as help};

/// How many frames wait for the stream before who says them waits, too.
const WAITING: usize = 16;

/// The near end of a tunnel into one container.
pub(super) struct Tunnel {
    name: String,
    client: Box<Client>,
    connections: Arc<Connections>,
    next: AtomicU32,
    /// Who hears and speaks, until asked to end; then it gives the session back.
    attendant: Mutex<Attendant>,
}

struct Attendant {
    task: JoinHandle<(Session<Frame, Frame>, Option<SessionError>)>,
    end: Option<oneshot::Sender<()>>,
    ended: Option<Session<Frame, Frame>>,
}

impl Tunnel {
    /// Starts the helper.
    pub(super) async fn dig(container: &Container, client: Box<Client>) -> Result<Self, CommandError> {
        let program = collect::own_program()?;
        let request = SidecarRequest {
            place: SidecarPlace::Host,
            role: helper::role(&container.id, &container.name),
            program: &program,
            image: None,
            may_enter: true,
            capabilities: &[],
            mounts: &[],
        };
        let session = sidecar::begin(&client, &request).await?;
        let (mouth, words) = mpsc::channel(WAITING);
        let connections = Connections::new(mouth);
        let (end, asked_to_end) = oneshot::channel();
        let task = tokio::spawn(attend(session, Arc::clone(&connections), words, asked_to_end));
        let attendant = Mutex::new(Attendant { task, end: Some(end), ended: None });
        Ok(Self { name: container.name.clone(), client, connections, next: AtomicU32::new(1), attendant })
    }

    /// What messages call the container.
    pub(super) fn container(&self) -> &str {
        &self.name
    }

    /// A connection to a port or a unix socket.
    pub(super) async fn stream(&self, far: &Far) -> io::Result<BoxedStream> {
        self.open(far).await.map(passage::stream)
    }

    /// What sends to a UDP port and receives from it.
    pub(super) async fn datagrams(&self, far: &Far) -> io::Result<TunnelledDatagrams> {
        self.open(far).await.map(TunnelledDatagrams::over)
    }

    async fn open(&self, far: &Far) -> io::Result<Connection> {
        let mut connection = self.connections.add(self.next.fetch_add(1, Ordering::Relaxed));
        connection.say(Said::Open(serde_json::to_vec(far)?)).await?;
        match connection.hear().await? {
            Said::Opened => Ok(connection),
            Said::Lost(words) => Err(io::Error::other(words)),
            _ => Err(io::Error::other("the helper on the engine's host answers something else than asked")),
        }
    }

    /// Ends when the stream does, with the reason. May be dropped and called again.
    pub(super) async fn lost(&self) -> CommandError {
        let mut attendant = self.attendant.lock().await;
        let cause = match (&mut attendant.task).await {
            Ok((session, error)) => {
                attendant.ended = Some(session);
                error.map_or_else(|| "it was ended".to_owned(), |error| error.to_string())
            }
            Err(error) => error.to_string(),
        };
        CommandError::caused_by("the tunnel to the engine's host was lost", cause)
            .hint("see whether the engine still runs and can be reached; nothing of the tunnel stays there")
    }

    /// Ends the helper, and waits until its container is gone.
    pub(super) async fn leave(&self) -> Result<(), CommandError> {
        let mut attendant = self.attendant.lock().await;
        if let Some(end) = attendant.end.take() {
            let _gone_already = end.send(());
        }
        let session = match attendant.ended.take() {
            Some(session) => Some(session),
            None => (&mut attendant.task).await.ok().map(|(session, _)| session),
        };
        let Some(session) = session else { return Ok(()) };
        session
            .end(&self.client)
            .await
            .map_err(|error| CommandError::caused_by("cannot remove the tunnel's container", error))
    }
}

/// Passes on what either end says, until asked to end or the stream does.
async fn attend(
    mut session: Session<Frame, Frame>,
    connections: Arc<Connections>,
    mut words: mpsc::Receiver<Frame>,
    asked_to_end: oneshot::Receiver<()>,
) -> (Session<Frame, Frame>, Option<SessionError>) {
    let (input, output) = (&mut session.input, &mut session.output);
    let hear = async {
        loop {
            match output.hear().await {
                Ok(frame) => connections.pass(frame),
                Err(error) => return Some(error),
            }
        }
    };
    let speak = async {
        while let Some(frame) = words.recv().await {
            if let Err(error) = input.say(&frame).await {
                return Some(error.into());
            }
        }
        None
    };
    let error = tokio::select! {
        error = hear => error,
        error = speak => error,
        _ = asked_to_end => None,
    };
    connections.lose_all();
    (session, error)
}
