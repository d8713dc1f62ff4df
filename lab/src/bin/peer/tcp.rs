//! Plain TCP: a sink, a listener that never accepts, and one try to connect.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::socket::{Backlog, listen};

pub(crate) fn sink(port: &str) -> io::Result<()> {
    let listener = TcpListener::bind(format!("0.0.0.0:{port}"))?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let drain = |mut stream| std::thread::spawn(move || io::copy(&mut stream, &mut io::sink()));
        stream.map(drain).ok();
    }
    Ok(())
}

pub(crate) fn backlog(port: &str, length: i32) -> io::Result<()> {
    let listener = TcpListener::bind(format!("0.0.0.0:{port}"))?;
    // To listen again only changes the length.
    listen(&listener, Backlog::new(length)?)?;
    println!("listening on {} with a backlog of {length}", listener.local_addr()?);
    loop {
        std::thread::park();
    }
}

pub(crate) fn connect(address: &str) -> io::Result<ExitCode> {
    let address: SocketAddr =
        address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the name has no address"))?;
    match TcpStream::connect_timeout(&address, Duration::from_secs(3)) {
        Ok(_) => Ok(say("ok", 0)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(say("refused", 1)),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(say("timeout", 2)),
        Err(error) => Err(error),
    }
}

fn say(word: &str, code: u8) -> ExitCode {
    println!("{word}");
    ExitCode::from(code)
}
