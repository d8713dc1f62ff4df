//! One connection from its acceptance to its last event.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use porthole_model::{Client, ClientAddress, ConnectionId, Gap, GapKind};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::audit::{Audit, Gate};
use crate::budget::Budget;
use crate::duplex::{Duplex, Turn};
use crate::execs::Execs;
use crate::observer::Observer;
use crate::track::Moment;
use crate::{BoxedStream, CloseReason, Connect, ConnectionClosed, Event, Resolve, Settings, Sink};

/// How long the naming of a client may take: reading `/proc` of a process that hangs may hang too.
const NAMING: Duration = Duration::from_secs(2);

/// How long a client that has just connected may take to ask something, once the relay was told to stop.
const FIRST_REQUEST: Duration = Duration::from_millis(250);

/// The pause before the engine's full queue is tried again.
const QUEUE: Duration = Duration::from_millis(5);

/// What the connections of a relay have in common.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) budget: Budget,
    pub(crate) execs: Execs,
    pub(crate) connect: Box<dyn Connect>,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) resolve: Option<Arc<Resolve>>,
    pub(crate) audit: Option<Audit>,
    pub(crate) connections: AtomicU64,
    pub(crate) exchanges: AtomicU64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How far the relay is with stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    Draining,
    Cutting,
}

/// A connection that was accepted.
pub(crate) struct Accepted {
    pub(crate) id: ConnectionId,
    pub(crate) stream: BoxedStream,
    pub(crate) address: ClientAddress,
    /// The name in the certificate that it showed.
    pub(crate) certificate: Option<String>,
}

/// Serves a connection to its end.
pub(crate) async fn serve(shared: Arc<Shared>, accepted: Accepted, mut phase: watch::Receiver<Phase>) {
    let opened = Moment::now();
    let mut news = News::begin(Arc::clone(&shared), &accepted, opened);
    let engine = tokio::select! {
        engine = connect(shared.connect.as_ref()) => engine,
        _ = phase.wait_for(|phase| *phase == Phase::Cutting) => Err(io::ErrorKind::Interrupted.into()),
    };
    let mut closed = ConnectionClosed {
        connection: accepted.id,
        at: opened.wall,
        duration: Duration::ZERO,
        from_client: 0,
        from_engine: 0,
        dropped_parts: 0,
        reason: CloseReason::Stopped,
    };
    match engine {
        Ok(engine) => {
            let client = news.gated(accepted.stream, accepted.id).await;
            let observer = Observer::new(accepted.id, accepted.address, shared);
            let mut duplex = Duplex::new(client, engine, observer);
            closed.reason = relay(&mut duplex, &mut news, &mut phase).await;
            closed.from_client = duplex.client_bytes();
            closed.from_engine = duplex.engine_bytes();
            let mut observer = duplex.into_observer();
            observer.close(&closed.reason);
            news.deliver(&mut observer).await;
            closed.dropped_parts = observer.dropped_parts();
        }
        Err(error) => {
            drop(accepted.stream);
            if error.kind() != io::ErrorKind::Interrupted {
                closed.reason = CloseReason::EngineUnreachable(error.to_string());
            }
        }
    }
    closed.at = Moment::now().wall;
    closed.duration = opened.steady.elapsed();
    news.end(closed).await;
}

/// A unix socket whose queue is full turns away who does not wait (EAGAIN); a client of the engine would wait.
async fn connect(engine: &dyn Connect) -> io::Result<BoxedStream> {
    loop {
        match engine.connect().await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(QUEUE).await,
            result => return result,
        }
    }
}

async fn relay(duplex: &mut Duplex, news: &mut News, phase: &mut watch::Receiver<Phase>) -> CloseReason {
    let mut first_request_until = None;
    loop {
        let deadline = duplex.deadline();
        let is_introduced = news.is_introduced();
        tokio::select! {
            biased;
            changed = phase.changed() => match *phase.borrow_and_update() {
                Phase::Cutting => return CloseReason::Stopped,
                _ if changed.is_err() => return CloseReason::Stopped,
                Phase::Running => {}
                Phase::Draining if duplex.client_bytes() == 0 => {
                    first_request_until = Some(Instant::now() + FIRST_REQUEST);
                }
                Phase::Draining => duplex.is_draining = true,
            },
            () = wait_for(first_request_until), if first_request_until.is_some() => {
                (first_request_until, duplex.is_draining) = (None, true);
            }
            () = news.introduce(), if !news.is_introduced() => {}
            () = wait_for(deadline), if deadline.is_some() => return duplex.broken_reason(),
            turn = poll_fn(|context| duplex.poll(context, is_introduced)) => match turn {
                Turn::Over(reason) => return reason,
                Turn::Broken => {}
                Turn::News => news.deliver(&mut duplex.observer).await,
            },
        }
    }
}

/// An ordinary connection has no deadline, and should not pay for a timer.
async fn wait_for(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        sleep_until(deadline).await;
    }
}

/// A connection's way to the sink. Nothing is told before it is known who the client is.
struct News {
    shared: Arc<Shared>,
    client: Client,
    certificate: Option<String>,
    naming: Option<JoinHandle<Client>>,
    opened: Option<(ConnectionId, Moment)>,
}

impl News {
    fn begin(shared: Arc<Shared>, accepted: &Accepted, opened: Moment) -> Self {
        let address = accepted.address;
        let naming =
            shared.resolve.clone().map(|resolve| tokio::task::spawn_blocking(move || resolve(address)));
        let client = Client::unresolved(address, &Gap::not_asked("the program behind the connection"));
        let certificate = accepted.certificate.clone();
        Self { shared, client, certificate, naming, opened: Some((accepted.id, opened)) }
    }

    fn is_introduced(&self) -> bool {
        self.opened.is_none()
    }

    /// Waits until it is known who the client is, and tells of it; may be dropped and called again.
    async fn introduce(&mut self) {
        self.name().await;
        if let Some((connection, moment)) = self.opened {
            self.client.certificate.clone_from(&self.certificate);
            let client = Box::new(self.client.clone());
            self.insist(Event::Opened { connection, at: moment.wall, client }).await;
            self.opened = None;
        }
    }

    async fn name(&mut self) {
        let Some(naming) = &mut self.naming else { return };
        let failure = match timeout(NAMING, naming).await {
            Ok(Ok(client)) => {
                self.client = client;
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the kernel did not answer in time".to_owned()),
        };
        self.naming = None;
        if let Some(cause) = failure {
            let gap = Gap::new(GapKind::Failed, "the program behind the connection", cause);
            self.client = Client::unresolved(self.client.address, &gap);
        }
    }

    /// Hands over what the observer has, waiting for room where it must.
    async fn deliver(&mut self, observer: &mut Observer) {
        self.introduce().await;
        while let Some(event) = observer.next_event(&self.client) {
            self.audit(&event).await;
            let Err(event) = self.shared.sink.offer(event) else { continue };
            match event {
                Event::Part(_) => observer.count_dropped_part(),
                event => self.insist(event).await,
            }
        }
    }

    async fn end(mut self, closed: ConnectionClosed) {
        self.introduce().await;
        let event = Event::Closed(closed);
        self.audit(&event).await;
        self.insist(event).await;
    }

    /// The client's stream, behind a gate where no call may pass without its line in the audit.
    async fn gated(&mut self, stream: BoxedStream, connection: ConnectionId) -> BoxedStream {
        match self.shared.audit.clone() {
            Some(audit) if audit.is_required() => {
                self.introduce().await;
                Box::new(Gate::new(stream, audit, connection, self.client.clone()))
            }
            _ => stream,
        }
    }

    async fn audit(&self, event: &Event) {
        if let Some(audit) = &self.shared.audit {
            audit.note(event).await;
        }
    }

    async fn insist(&self, event: Event) {
        if let Err(event) = self.shared.sink.offer(event) {
            self.shared.sink.insist(event).await;
        }
    }
}
