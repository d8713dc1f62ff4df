//! Datagrams: each client has a socket of its own in the container, until neither side has sent anything for a while.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::reach::Reach;
use super::route::Far;
use super::view::{Happening, Passage};

/// As long as an engine's own proxy waits (`UDPConnTrackTimeout` of docker-proxy).
const IDLE: Duration = Duration::from_secs(90);

/// How many clients are served at a time. What others send is dropped, as UDP may be.
const CLIENTS: usize = 1024;

/// How many datagrams of a client may wait.
const WAITING: usize = 64;

/// The longest datagram there is.
const LONGEST: usize = 65_535;

/// One forward of datagrams.
pub(super) struct Datagrams {
    pub(super) socket: Arc<UdpSocket>,
    pub(super) reach: Reach,
    pub(super) far: Far,
    pub(super) route: usize,
    pub(super) told: Sender<Happening>,
}

impl Datagrams {
    /// Passes datagrams on, until it is dropped.
    pub(super) async fn relay(self) {
        let mut clients: HashMap<SocketAddr, Sender<Vec<u8>>> = HashMap::new();
        let mut sessions = JoinSet::new();
        let mut buffer = vec![0; LONGEST];
        loop {
            tokio::select! {
                Some(ended) = sessions.join_next() => {
                    if let Ok(client) = ended {
                        clients.remove(&client);
                    }
                }
                received = self.socket.recv_from(&mut buffer) => {
                    // An earlier answer that could not be delivered is reported here; the socket goes on.
                    let Ok((length, client)) = received else { continue };
                    if !clients.contains_key(&client) && clients.len() < CLIENTS {
                        let (sender, datagrams) = channel(WAITING);
                        sessions.spawn(self.session(client).run(datagrams));
                        clients.insert(client, sender);
                    }
                    if let Some(session) = clients.get(&client) {
                        let _full = session.try_send(buffer[..length].to_vec());
                    }
                }
            }
        }
    }

    fn session(&self, client: SocketAddr) -> Session {
        Session {
            client,
            socket: Arc::clone(&self.socket),
            reach: self.reach.clone(),
            far: self.far.clone(),
            route: self.route,
            told: self.told.clone(),
            from_client: 0,
            from_container: 0,
        }
    }
}

/// What one client and the container send each other.
struct Session {
    client: SocketAddr,
    socket: Arc<UdpSocket>,
    reach: Reach,
    far: Far,
    route: usize,
    told: Sender<Happening>,
    from_client: u64,
    from_container: u64,
}

impl Session {
    async fn run(mut self, datagrams: Receiver<Vec<u8>>) -> SocketAddr {
        let begun = Instant::now();
        let ended = self.pass(datagrams).await;
        let passage = Passage {
            client: self.client.to_string(),
            duration: begun.elapsed(),
            from_client: self.from_client,
            from_container: self.from_container,
            cause: ended.err().map(|error| error.to_string()),
        };
        let _nobody_watches = self.told.send(Happening { route: self.route, passage }).await;
        self.client
    }

    async fn pass(&mut self, mut datagrams: Receiver<Vec<u8>>) -> io::Result<()> {
        let mut inside = self.reach.datagrams(&self.far).await?;
        loop {
            tokio::select! {
                datagram = datagrams.recv() => {
                    let Some(datagram) = datagram else { return Ok(()) };
                    inside.send(&datagram).await?;
                    self.from_client += datagram.len() as u64;
                }
                received = inside.receive() => {
                    let datagram = received?;
                    self.socket.send_to(&datagram, self.client).await?;
                    self.from_container += datagram.len() as u64;
                }
                () = sleep(IDLE) => return Ok(()),
            }
        }
    }
}
