//! Whoever is attached to a kept session.

use std::io;
use std::time::Duration;

use porthole_wire::session::{FromAgent, FromClient};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::super::agent::line::{Ears, Mouth};
use super::door::Arrival;

/// How long somebody who does not listen is spoken to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever is attached.
pub(super) struct Guest {
    pub(super) ears: Ears<OwnedReadHalf>,
    pub(super) mouth: Mouth<OwnedWriteHalf>,
    /// Whether there is a terminal that shows the output, and answers what it asks.
    pub(super) has_terminal: bool,
    /// How much of what was typed waits to be read.
    pub(super) unread: usize,
}

impl Guest {
    /// One who came.
    pub(super) fn new(arrival: Arrival, has_terminal: bool) -> Self {
        Self { ears: arrival.ears, mouth: arrival.mouth, has_terminal, unread: 0 }
    }
}

/// The next word of whoever is there. May be dropped and called again without a loss.
pub(super) async fn hear(ears: &mut Option<&mut Ears<OwnedReadHalf>>) -> io::Result<Option<FromClient>> {
    match ears {
        Some(ears) => ears.hear().await,
        None => std::future::pending().await,
    }
}

/// Says the last message, and waits until it was heard: whoever hears it leaves. With this process, a relay between may
/// end as well.
pub(super) async fn say_last(
    mut ears: Ears<OwnedReadHalf>,
    mut mouth: Mouth<OwnedWriteHalf>,
    last: FromAgent,
) {
    mouth.say(&last);
    let heard = async {
        while mouth.is_full_of_words() && mouth.flush().await.is_ok() {}
        while let Ok(Some(_)) = ears.hear().await {}
    };
    // One who does not listen is not told.
    let _late = timeout(PATIENCE, heard).await;
}
