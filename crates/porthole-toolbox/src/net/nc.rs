//! nc: standard input and output as the two directions of a connection.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};

use super::http;
use super::names::{self, Family};
use super::tool::{self, Failure, Outcome, say};

/// Connect, or listen, and copy both ways: the end of the input is said to the other side, whose words are still read
#[derive(Debug, Parser)]
#[command(
    name = "nc",
    after_help = "\
Examples:
  nc -zv db 5432              does it take connections?
  nc -zv db 80-90
  echo hello | nc -w 2 db 7
  nc -lp 8080                 listen; nc -l 8080 does the same
  nc -u -w 1 db 53
  nc -U /run/app.sock"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of nc")]
struct Arguments {
    /// Listen
    #[arg(short = 'l')]
    listen: bool,
    /// The port to listen on
    #[arg(short = 'p', value_name = "PORT", requires = "listen")]
    local_port: Option<u16>,
    /// Go on listening after a connection's end
    #[arg(short = 'k', requires = "listen")]
    keep: bool,
    /// UDP
    #[arg(short = 'u')]
    udp: bool,
    /// A unix socket; the one word is its path
    #[arg(short = 'U', conflicts_with = "udp")]
    unix: bool,
    /// Connect and say no more
    #[arg(short = 'z', conflicts_with = "listen")]
    scan: bool,
    /// Say aside what happens
    #[arg(short = 'v')]
    verbose: bool,
    /// Seconds to connect in, and without a word after which it ends
    #[arg(short = 'w', value_name = "SECONDS", value_parser = tool::seconds)]
    patience: Option<Duration>,
    /// Say the end of the input to the other side, as always
    #[arg(short = 'N')]
    shut_down: bool,
    /// Numbers alone, as always
    #[arg(short = 'n')]
    numeric: bool,
    /// IPv4 alone
    #[arg(short = '4')]
    ipv4: bool,
    /// IPv6 alone
    #[arg(short = '6', conflicts_with = "ipv4")]
    ipv6: bool,
    /// A host and a port, or several as 80-90; to listen, a port
    #[arg(value_name = "HOST PORT", num_args = 0..=2)]
    words: Vec<String>,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| tool::block_on_and_leave(connect(arguments)))
}

async fn connect(arguments: Arguments) -> Outcome {
    match (&arguments.words[..], arguments.listen) {
        ([path], true) if arguments.unix => listen_unix(path, &arguments).await,
        ([path], false) if arguments.unix => {
            let stream = in_time(UnixStream::connect(path), &arguments).await;
            let stream = stream.map_err(|error| failed(path, &arguments, &error))?;
            if arguments.scan {
                return Ok(0);
            }
            let (from, to) = stream.into_split();
            talk(from, to, arguments.patience).await
        }
        (words, true) if !arguments.unix => {
            let port = arguments.local_port.or_else(|| words.last().and_then(|word| word.parse().ok()));
            let port = port.ok_or_else(|| Failure::usage("name the port to listen on"))?;
            if arguments.udp {
                listen_udp(port, &arguments).await
            } else {
                listen_tcp(port, &arguments).await
            }
        }
        ([host, ports], false) if !arguments.unix => to_ports(host, ports, &arguments).await,
        _ => Err(Failure::usage("name a host and a port, or with -U a path; --help shows how")),
    }
}

async fn to_ports(host: &str, ports: &str, arguments: &Arguments) -> Outcome {
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let number = |text: &str| text.parse::<u16>().map_err(|_| Failure::usage(format!("{text:?} is no port")));
    let (first, last) = (number(first)?, number(last)?);
    let mut reached = 0;
    for port in first..=last {
        let outcome = to_port(host, port, arguments).await;
        match outcome {
            Ok(code) if !arguments.scan => return Ok(code),
            Ok(_) => reached += 1,
            Err(failure) if first == last => return Err(failure),
            Err(_) => {}
        }
    }
    Ok(i32::from(reached == 0))
}

async fn to_port(host: &str, port: u16, arguments: &Arguments) -> Outcome {
    let family = Family::of(arguments.ipv4, arguments.ipv6);
    let addresses = names::addresses(host, port, family).map_err(|error| Failure::new(1, error))?;
    if arguments.udp {
        return to_udp(addresses[0], arguments).await;
    }
    let what = format!("{host} port {port} (tcp)");
    let mut error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match in_time(TcpStream::connect(address), arguments).await {
            Ok(stream) => {
                if arguments.verbose {
                    say(&format!("connection to {what} succeeded: {address}"));
                }
                if arguments.scan {
                    return Ok(0);
                }
                let (from, to) = stream.into_split();
                return talk(from, to, arguments.patience).await;
            }
            Err(failure) => error = failure,
        }
    }
    Err(failed(&what, arguments, &error))
}

/// A datagram to a port that nobody has brings an ICMP error, which the next call on the socket reports.
async fn to_udp(address: std::net::SocketAddr, arguments: &Arguments) -> Outcome {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    if !arguments.scan {
        return datagrams(&socket, arguments.patience).await;
    }
    let what = format!("{address} (udp)");
    let mut buffer = [0; 1];
    for _ in 0..2 {
        socket.send(&[]).await.map_err(|error| failed(&what, arguments, &error))?;
        let heard = tokio::time::timeout(Duration::from_millis(300), socket.recv(&mut buffer)).await;
        if let Ok(Err(error)) = heard {
            return Err(failed(&what, arguments, &error));
        }
    }
    if arguments.verbose {
        say(&format!("{what}: nothing refused; it may be open, or dropped on the way"));
    }
    Ok(0)
}

async fn datagrams(socket: &UdpSocket, patience: Option<Duration>) -> Outcome {
    let receive = async {
        let (mut buffer, mut output) = (vec![0; 65_535], tokio::io::stdout());
        loop {
            let Some(length) = within(patience, socket.recv(&mut buffer)).await? else { return Ok(0) };
            output.write_all(&buffer[..length]).await?;
            output.flush().await?;
        }
    };
    let send = async {
        let (mut buffer, mut input) = (vec![0; 65_507], tokio::io::stdin());
        loop {
            match input.read(&mut buffer).await? {
                0 => return std::future::pending::<Result<(), io::Error>>().await,
                length => drop(socket.send(&buffer[..length]).await?),
            }
        }
    };
    tokio::select! {
        done = receive => done,
        end = send => end.map(|()| 0).map_err(Failure::from),
    }
}

async fn listen_tcp(port: u16, arguments: &Arguments) -> Outcome {
    let listener: TcpListener = if arguments.ipv4 {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
    } else {
        http::listen(port).await
    }
    .map_err(|error| Failure::new(1, format!("cannot listen on port {port}: {error}")))?;
    if arguments.verbose {
        say(&format!("listening on port {port}"));
    }
    loop {
        let (stream, peer) = listener.accept().await?;
        if arguments.verbose {
            say(&format!("connection from {peer}"));
        }
        let (from, to) = stream.into_split();
        let code = talk(from, to, arguments.patience).await?;
        if !arguments.keep {
            return Ok(code);
        }
    }
}

/// The first datagram tells who is spoken with.
async fn listen_udp(port: u16, arguments: &Arguments) -> Outcome {
    let socket = http::take_datagrams(port).await;
    let socket = socket.map_err(|error| Failure::new(1, format!("cannot listen on port {port}: {error}")))?;
    let mut buffer = vec![0; 65_535];
    let (length, peer) = socket.recv_from(&mut buffer).await?;
    if arguments.verbose {
        say(&format!("datagram from {peer}"));
    }
    let mut output = tokio::io::stdout();
    output.write_all(&buffer[..length]).await?;
    output.flush().await?;
    socket.connect(peer).await?;
    datagrams(&socket, arguments.patience).await
}

async fn listen_unix(path: &str, arguments: &Arguments) -> Outcome {
    let listener = UnixListener::bind(path);
    let listener = listener.map_err(|error| Failure::new(1, format!("cannot listen on {path}: {error}")))?;
    let outcome = async {
        loop {
            let (from, to) = listener.accept().await?.0.into_split();
            let code = talk(from, to, arguments.patience).await?;
            if !arguments.keep {
                return Ok(code);
            }
        }
    }
    .await;
    // The socket's file has no use without its listener.
    let _gone = std::fs::remove_file(path);
    outcome
}

/// Both ways until both ends are said, or until the other side says its own.
async fn talk<R, W>(mut from: R, mut to: W, patience: Option<Duration>) -> Outcome
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let send = async {
        let mut input = tokio::io::stdin();
        // A peer that reads no more is no failure: it may still speak.
        if tokio::io::copy(&mut input, &mut to).await.is_ok() {
            let _closed = to.shutdown().await;
        }
        std::future::pending::<()>().await;
    };
    let receive = async {
        let (mut buffer, mut output) = (vec![0; 64 * 1024], tokio::io::stdout());
        loop {
            match within(patience, from.read(&mut buffer)).await? {
                None | Some(0) => return Ok(0),
                Some(length) => output.write_all(&buffer[..length]).await?,
            }
            output.flush().await?;
        }
    };
    tokio::select! {
        done = receive => done,
        () = send => Ok(0),
    }
}

async fn within<T>(
    patience: Option<Duration>,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<Option<T>> {
    match patience {
        None => work.await.map(Some),
        Some(patience) => tokio::time::timeout(patience, work).await.ok().transpose(),
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>, arguments: &Arguments) -> io::Result<T> {
    within(arguments.patience, work).await?.ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// Why nothing came of it: always said, but by a scan that was not asked to speak.
fn failed(what: &str, arguments: &Arguments, error: &io::Error) -> Failure {
    let failure = Failure::new(1, format!("cannot connect to {what}: {error}"));
    if arguments.scan && !arguments.verbose { failure.silenced() } else { failure }
}
