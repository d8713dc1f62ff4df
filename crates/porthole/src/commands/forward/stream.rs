//! Streams: TCP connections and unix sockets, passed on by the relay that taps use, without reading them.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use porthole_model::ConnectionId;
use porthole_tap::{BoxFuture, BoxedStream, Event, Listener, Relay, Settings};
use tokio::sync::mpsc::{Receiver, Sender};

use super::reach::Reach;
use super::route::Far;
use super::view::{self, Happening, Passage};

/// How many events of one forward may wait.
const WAITING: usize = 256;

/// Passes connections on, until it is dropped.
pub(super) async fn relay(listener: Listener, reach: Reach, far: Far, route: usize, told: Sender<Happening>) {
    let connect = move || -> BoxFuture<'static, io::Result<BoxedStream>> {
        let (reach, far) = (reach.clone(), far.clone());
        Box::pin(async move { reach.stream(&far).await })
    };
    let (queue, events) = porthole_tap::queue(WAITING);
    let settings = Settings { raw: true, drain: Duration::ZERO, ..Settings::default() };
    let relay = Relay::new(connect, queue, None, settings);
    tokio::join!(relay.run(listener, std::future::pending()), tell(events, route, told));
}

/// Tells of the connections that end.
async fn tell(mut events: Receiver<Event>, route: usize, told: Sender<Happening>) {
    let mut clients: HashMap<ConnectionId, String> = HashMap::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Opened { connection, client, .. } => {
                clients.insert(connection, view::client(client.address));
            }
            Event::Closed(closed) => {
                let client = clients.remove(&closed.connection).unwrap_or_default();
                let passage = Passage::of_connection(client, closed);
                let _nobody_watches = told.send(Happening { route, passage }).await;
            }
            Event::Part(_)
            | Event::Finished(_)
            | Event::Opaque { .. }
            | Event::AcceptFailed { .. }
            | Event::HandshakeFailed { .. } => {}
        }
    }
}
