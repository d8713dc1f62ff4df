//! Accepts connections, serves each, and stops without cutting off what is under way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use porthole_model::{ClientAddress, ConnectionId};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::audit::Audit;
use crate::budget::Budget;
use crate::connection::{Accepted, Phase, Shared, serve};
use crate::execs::Execs;
use crate::listener::Arrival;
use crate::tls::{HandshakeFault, shake_hands};
use crate::track::Moment;
use crate::{BoxedStream, Connect, Event, Listener, Resolve, Settings, Sink, Stream};

/// The pause after a connection could not be taken: without one, a lack of descriptors would fill the processor.
const PAUSE: Duration = Duration::from_millis(100);

/// How long those are still let in who connected before the stop.
const LAST_ARRIVALS: Duration = Duration::from_millis(20);

/// How long connections that were cut may take to tell their last.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A relay to an engine.
#[derive(Debug)]
pub struct Relay {
    shared: Arc<Shared>,
}

impl Relay {
    /// A relay that connects to the engine by `connect` and tells `sink` what it sees.
    pub fn new(
        connect: impl Connect + 'static,
        sink: impl Sink + 'static,
        resolve: Option<Arc<Resolve>>,
        settings: Settings,
    ) -> Self {
        let shared = Shared {
            budget: Budget::new(settings.kept_limit),
            settings,
            execs: Execs::default(),
            connect: Box::new(connect),
            sink: Box::new(sink),
            resolve,
            audit: None,
            connections: AtomicU64::new(0),
            exchanges: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The same relay with an audit of the calls that change something. Not while connections are served.
    #[must_use]
    pub fn with_audit(mut self, audit: Audit) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.audit = Some(audit);
        }
        self
    }

    /// Serves what the listener gets until `stop` ends. Then idle connections are closed at once, those that have not
    /// asked anything yet after a moment, busy ones when they are done or when [`Settings::drain`] is over. Gives the
    /// number of those that had to be cut.
    ///
    /// May run for several listeners at a time. Many connections need twice as many file descriptors: the caller
    /// raises the limit.
    pub async fn run(&self, listener: Listener, stop: impl Future<Output = ()>) -> usize {
        let (phase, watched) = watch::channel(Phase::Running);
        let mut connections = JoinSet::new();
        self.accept(&listener, &mut connections, &watched, stop).await;
        // Who has connected already must not find the door shut.
        self.accept(&listener, &mut connections, &watched, sleep(LAST_ARRIVALS)).await;
        drop((listener, watched));
        phase.send_replace(Phase::Draining);
        if timeout(self.shared.settings.drain, all(&mut connections)).await.is_ok() {
            return 0;
        }
        let cut = connections.len();
        phase.send_replace(Phase::Cutting);
        if timeout(LAST_WORDS, all(&mut connections)).await.is_err() {
            connections.shutdown().await;
        }
        cut
    }

    async fn accept(
        &self,
        listener: &Listener,
        connections: &mut JoinSet<()>,
        phase: &watch::Receiver<Phase>,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok(arrival) => self.receive(arrival, connections, phase),
                    Err(error) => self.pause(&error).await,
                },
            }
        }
    }

    fn receive(&self, arrival: Arrival, connections: &mut JoinSet<()>, phase: &watch::Receiver<Phase>) {
        let (shared, phase) = (Arc::clone(&self.shared), phase.clone());
        let (stream, address): (BoxedStream, _) = match arrival {
            Arrival::Unix(stream, address) => (Box::new(stream), address),
            Arrival::Tcp(stream, address) => (Box::new(stream), ClientAddress::Tcp(address)),
            Arrival::Tls(stream, address, acceptor) => {
                let handshake = shake_hands(acceptor, stream, shared.settings.handshake);
                connections.spawn(admit(shared, Box::pin(handshake), address, phase));
                return;
            }
        };
        let accepted = Accepted { id: next_id(&shared), stream, address, certificate: None };
        connections.spawn(serve(shared, accepted, phase));
    }

    /// Told where there is room: the same failure comes again as long as its cause is there.
    async fn pause(&self, error: &io::Error) {
        let event = Event::AcceptFailed { at: Moment::now().wall, cause: error.to_string() };
        let _told = self.shared.sink.offer(event);
        sleep(PAUSE).await;
    }
}

/// Serves a client whose handshake succeeds. Stopping ends a handshake that is under way.
async fn admit(
    shared: Arc<Shared>,
    handshake: impl Future<Output = Result<(impl Stream + 'static, String), HandshakeFault>>,
    address: SocketAddr,
    mut phase: watch::Receiver<Phase>,
) {
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        _ = phase.wait_for(|phase| *phase != Phase::Running) => return,
    };
    match shaken {
        Ok((stream, name)) => {
            let (stream, address) = (Box::new(stream), ClientAddress::Tcp(address));
            let accepted = Accepted { id: next_id(&shared), stream, address, certificate: Some(name) };
            serve(shared, accepted, phase).await;
        }
        Err(fault) => {
            let at = Moment::now().wall;
            shared.sink.insist(Event::HandshakeFailed { at, address, fault }).await;
        }
    }
}

fn next_id(shared: &Shared) -> ConnectionId {
    ConnectionId(shared.connections.fetch_add(1, Ordering::Relaxed) + 1)
}

async fn all(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}
