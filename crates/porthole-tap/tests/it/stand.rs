//! What a probe stands on: a server, and a relay before it, each in threads of their own.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use porthole_model::Exchange;
use porthole_tap::audit::Audit;
use porthole_tap::{BoxFuture, BoxedStream, Event, ListenAddress, Listener, Relay, Resolve, Settings, queue};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server and a relay before it.
pub(crate) struct Stand {
    directory: Option<TempDir>,
    engine: PathBuf,
    tap: PathBuf,
    port: Option<SocketAddr>,
    pub(crate) events: mpsc::Receiver<Event>,
    stop: Option<oneshot::Sender<()>>,
    relay: Option<JoinHandle<usize>>,
}

impl Stand {
    /// A server that handles each connection by `handle`, and a relay with the usual settings.
    pub(crate) fn new(handle: impl Fn(UnixStream) + Send + Sync + 'static) -> Self {
        Self::with(handle, Settings::default())
    }

    pub(crate) fn with(handle: impl Fn(UnixStream) + Send + Sync + 'static, settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        serve(&directory.path().join("engine.sock"), handle);
        let engine = directory.path().join("engine.sock");
        Self::before(directory, &engine, settings)
    }

    /// A relay before what listens at `engine`, or does not.
    pub(crate) fn before(directory: TempDir, engine: &Path, settings: Settings) -> Self {
        let tap = directory.path().join("tap.sock");
        let mut stand = Self::between(&tap, engine, settings);
        stand.directory = Some(directory);
        stand
    }

    /// A relay from one path to another.
    pub(crate) fn between(tap: &Path, engine: &Path, settings: Settings) -> Self {
        Self::naming(tap, engine, settings, None)
    }

    /// A relay that asks who its clients are.
    pub(crate) fn naming(
        tap: &Path,
        engine: &Path,
        settings: Settings,
        resolve: Option<Arc<Resolve>>,
    ) -> Self {
        Self::run(ListenAddress::private(tap), engine, settings, resolve, None).at(tap)
    }

    /// A relay from any address to a path.
    pub(crate) fn listening(
        address: ListenAddress,
        engine: &Path,
        settings: Settings,
        resolve: Option<Arc<Resolve>>,
    ) -> Self {
        Self::run(address, engine, settings, resolve, None)
    }

    /// A server that handles each connection by `handle`, and a relay with an audit.
    pub(crate) fn audited(handle: impl Fn(UnixStream) + Send + Sync + 'static, audit: Audit) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [tap, engine] = ["tap.sock", "engine.sock"].map(|name| directory.path().join(name));
        serve(&engine, handle);
        let mut stand = Self::auditing(ListenAddress::private(&tap), &engine, audit).at(&tap);
        stand.directory = Some(directory);
        stand
    }

    /// A relay with an audit, from any address to a path.
    pub(crate) fn auditing(address: ListenAddress, engine: &Path, audit: Audit) -> Self {
        Self::run(address, engine, Settings::default(), None, Some(audit))
    }

    fn at(mut self, tap: &Path) -> Self {
        self.tap = PathBuf::from(tap);
        self
    }

    fn run(
        address: ListenAddress,
        engine: &Path,
        settings: Settings,
        resolve: Option<Arc<Resolve>>,
        audit: Option<Audit>,
    ) -> Self {
        let (events_in, events) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (ready_in, ready) = mpsc::channel();
        let connect = connector(engine.to_owned());
        let relay = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (sink, mut received) = queue(1000);
                let mut relay = Relay::new(connect, sink, resolve, settings);
                if let Some(audit) = audit {
                    relay = relay.with_audit(audit);
                }
                let listener = Listener::bind(&address).await.unwrap();
                ready_in.send(listener.port()).unwrap();
                let forwarding = tokio::spawn(async move {
                    while let Some(event) = received.recv().await {
                        let _nobody_reads = events_in.send(event);
                    }
                });
                let cut = relay.run(listener, async { stopped.await.unwrap_or(()) }).await;
                drop(relay);
                forwarding.await.unwrap();
                cut
            })
        });
        let port = ready.recv_timeout(PATIENCE).unwrap();
        Self {
            directory: None,
            engine: engine.to_owned(),
            tap: PathBuf::new(),
            port,
            events,
            stop: Some(stop),
            relay: Some(relay),
        }
    }

    pub(crate) fn direct(&self) -> &Path {
        &self.engine
    }

    /// The port of a relay on TCP.
    pub(crate) fn port(&self) -> SocketAddr {
        self.port.expect("it listens on TCP")
    }

    pub(crate) fn tap(&self) -> &Path {
        &self.tap
    }

    /// The next exchanges, as many as asked for.
    pub(crate) fn exchanges(&self, count: usize) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        while exchanges.len() < count {
            if let Event::Finished(finished) = self.next_event() {
                exchanges.push(finished.exchange);
            }
        }
        exchanges
    }

    pub(crate) fn next_event(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("the relay tells of something")
    }

    /// The first event that `wanted` takes.
    pub(crate) fn find<T>(&self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(found) = wanted(self.next_event()) {
                return found;
            }
        }
        panic!("the event did not come")
    }

    /// Tells the relay to stop; it goes on with what is under way.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for its end; gives the number of connections that it cut.
    pub(crate) fn wait(&mut self) -> usize {
        self.relay.take().expect("waited for once").join().unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.begin_stop();
        drop(self.directory.take());
    }
}

/// The way to the unix socket at a path.
pub(crate) fn connector(path: PathBuf) -> impl Fn() -> BoxFuture<'static, std::io::Result<BoxedStream>> {
    let path = Arc::new(path);
    move || {
        let path = Arc::clone(&path);
        Box::pin(async move {
            let stream = tokio::net::UnixStream::connect(path.as_path()).await?;
            Ok(Box::new(stream) as BoxedStream)
        })
    }
}

/// Listens at `path` and handles each connection in a thread.
pub(crate) fn serve(path: &Path, handle: impl Fn(UnixStream) + Send + Sync + 'static) {
    let listener = UnixListener::bind(path).unwrap();
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let handle = Arc::clone(&handle);
            let stream = stream.unwrap();
            std::thread::spawn(move || handle(stream));
        }
    });
}

/// Sends everything, closes its half, and reads to the end.
pub(crate) fn talk(path: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
