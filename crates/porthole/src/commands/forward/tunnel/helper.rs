//! The far end of a tunnel: porthole on the engine's host, which connects to what listens in the container.
//!
//! It hears the near end on its standard input, and ends when that ends.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use porthole_host::{LinuxHost, Roots};
use porthole_model::ContainerId;
use porthole_wire::session::{Frame, Said};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::WAITING;
use super::carry::carry;
use super::connections::{Connection, Connections};
use crate::commands::debug::agent::{Ears, Mouth};
use crate::commands::forward::inside::Inside;
use crate::commands::forward::route::Far;
use crate::exit::Exit;
use crate::interrupt;

/// The word that makes porthole a far end.
const ROLE: &str = "porthole-tunnel";

/// The longest datagram there is.
const LONGEST: usize = 65_535;

/// What a far end is started with.
pub(crate) struct HelperArgs {
    container: ContainerId,
    name: String,
}

/// The words that make porthole the far end for this container.
pub(super) fn role(container: &ContainerId, name: &str) -> Vec<String> {
    vec![ROLE.to_owned(), container.0.clone(), name.to_owned()]
}

/// The container that this process was started for, where it was started as a far end.
pub(crate) fn helper(arguments: impl Iterator<Item = OsString>) -> Option<HelperArgs> {
    let words: Vec<_> = arguments.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match words.as_slice() {
        [role, container, name] if role == ROLE => {
            Some(HelperArgs { container: ContainerId(container.clone()), name: name.clone() })
        }
        _ => None,
    }
}

/// The far end itself.
pub(crate) fn run(args: &HelperArgs) -> Exit {
    porthole_host::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Who could be told is gone, or never was.
    let served = runtime.and_then(|runtime| runtime.block_on(serve(args)));
    if served.is_ok() { Exit::Success } else { Exit::Failure }
}

async fn serve(args: &HelperArgs) -> io::Result<()> {
    let (mut ears, mut mouth) = (Ears::<_, Frame>::of_this_process()?, Mouth::of_this_process()?);
    let (sender, mut words) = mpsc::channel(WAITING);
    let connections = Connections::new(sender);
    let host = LinuxHost::new(Roots::default());
    let inside = Inside::of_host(host, args.container.clone(), &args.name);
    let inside = Arc::new(inside.map_err(|gap| gap.to_string()));
    let stopped = interrupt::terminated(true);
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            heard = ears.hear() => match heard? {
                Some(Frame { connection, said: Said::Open(destination) }) => {
                    let connection = connections.add(connection);
                    tokio::spawn(connect(Arc::clone(&inside), connection, destination));
                }
                Some(frame) => connections.pass(frame),
                None => return Ok(()),
            },
            Some(word) = words.recv(), if mouth.has_room() => mouth.say(&word),
            flushed = mouth.flush(), if mouth.is_full_of_words() => flushed?,
            () = &mut stopped => return Ok(()),
        }
    }
}

async fn connect(inside: Arc<Result<Inside, String>>, mut connection: Connection, destination: Vec<u8>) {
    if let Err(words) = lead(&inside, &mut connection, &destination).await {
        // Where the near end is gone, so is this one.
        let _untold = connection.say(Said::Lost(words)).await;
    }
}

/// Connects, and carries what comes; gives what the near end is to be told.
async fn lead(
    inside: &Result<Inside, String>,
    connection: &mut Connection,
    destination: &[u8],
) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let inside = inside.as_ref().map_err(Clone::clone)?;
    let far: Far = serde_json::from_slice(destination).map_err(|error| error.to_string())?;
    if far.is_udp() {
        let socket = inside.datagrams(&far).await.map_err(words)?;
        connection.say(Said::Opened).await.map_err(words)?;
        return pass_datagrams(connection, &socket).await.map_err(words);
    }
    let stream = inside.stream(&far).await.map_err(words)?;
    connection.say(Said::Opened).await.map_err(words)?;
    // What went wrong on the way was said by who carried it.
    let _told = carry(connection, stream, std::future::pending()).await;
    Ok(())
}

async fn pass_datagrams(connection: &mut Connection, socket: &UdpSocket) -> io::Result<()> {
    let mut buffer = vec![0; LONGEST];
    loop {
        tokio::select! {
            said = connection.hear() => match said? {
                Said::Data(datagram) => {
                    socket.send(&datagram).await?;
                    connection.voice().passed(datagram.len()).await?;
                }
                Said::End | Said::Lost(_) => return Ok(()),
                Said::Open(_) | Said::Opened | Said::Passed(_) => {}
            },
            received = socket.recv(&mut buffer) => {
                connection.voice().send_or_drop(&buffer[..received?]).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_end_knows_its_container() {
        let is = |words: &[&str]| helper(words.iter().map(OsString::from)).map(|args| args.name);
        assert_eq!(is(&["/porthole", ROLE, "0a", "web"]).as_deref(), Some("web"));
        assert!(is(&["/porthole", ROLE]).is_none());
        assert!(is(&["porthole", "forward", "web", "80"]).is_none());
    }
}
