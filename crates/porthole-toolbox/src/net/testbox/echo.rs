//! Echo (RFC 862): what comes is sent back, over TCP until the peer has said all, over UDP datagram by datagram.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// The largest payload of a datagram.
const LARGEST: usize = 65_535;
/// How long to wait where no connection can be taken, because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Echoes on every connection, for ever.
pub(super) async fn connections(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The copy ends with the peer's last byte, and closes what it copied to.
async fn connection(mut stream: TcpStream) {
    let (mut from, mut to) = stream.split();
    // How it ends is the peer's affair.
    let _end = tokio::io::copy(&mut from, &mut to).await;
}

/// Echoes every datagram, for ever. An error belongs to one of them.
pub(super) async fn datagrams(socket: UdpSocket) {
    let mut buffer = vec![0; LARGEST];
    loop {
        if let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let _lost = socket.send_to(&buffer[..length], peer).await;
        }
    }
}
