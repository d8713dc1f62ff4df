//! Datagrams sent back to where they came from.

use std::io;
use std::net::UdpSocket;

/// One socket an address: the answer then leaves from the address that was asked.
pub(crate) fn echo(addresses: &[&str]) -> io::Result<()> {
    let sockets: io::Result<Vec<UdpSocket>> = addresses.iter().map(UdpSocket::bind).collect();
    println!("listening on {}", addresses.join(" "));
    let threads: Vec<_> =
        sockets?.into_iter().map(|socket| std::thread::spawn(move || echo_on(&socket))).collect();
    for thread in threads {
        thread.join().ok();
    }
    Ok(())
}

fn echo_on(socket: &UdpSocket) {
    let mut buffer = vec![0; 65_536];
    loop {
        // An ICMP error of an earlier answer shows up here; the next datagram may be fine.
        if let Ok((length, client)) = socket.recv_from(&mut buffer) {
            socket.send_to(&buffer[..length], client).ok();
        }
    }
}
