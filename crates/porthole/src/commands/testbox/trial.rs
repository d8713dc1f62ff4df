//! Whether a testbox answers through its published ports, tried from here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use porthole_engine::{Address, Client, Locality, locality};
use porthole_model::{Container, Port, PortBinding, PortTrial, TransportProtocol, TrialOutcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long until a datagram is taken for lost and sent again.
const AGAIN: Duration = Duration::from_millis(300);
/// What is sent to be echoed.
const WORD: &[u8] = b"porthole\n";

/// Tries every published port, all at once.
pub(super) async fn all(client: &Client, container: &Container) -> Vec<PortTrial> {
    let host = host(client).await;
    let mut trials = JoinSet::new();
    for (index, binding) in container.published_ports.iter().cloned().enumerate() {
        let host = host.clone();
        trials.spawn(async move { (index, one(binding, host).await) });
    }
    let mut done = trials.join_all().await;
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, trial)| trial).collect()
}

/// The addresses of the engine's host.
type Host = Result<Vec<IpAddr>, String>;

/// A local engine's ports are on loopback too; a remote engine's are where the engine is.
async fn host(client: &Client) -> Host {
    let name = match (locality(client), client.endpoint().address()) {
        (Locality::Remote, Address::Tcp { host, .. }) => host.clone(),
        (Locality::Remote, Address::Ssh(destination)) => destination.host.clone(),
        _ => return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
    };
    let found = tokio::net::lookup_host((name.as_str(), 0)).await;
    let addresses = found.map_err(|error| format!("no address of {name} is known: {error}"))?;
    Ok(addresses.map(|address| address.ip()).collect())
}

async fn one(binding: PortBinding, host: Host) -> PortTrial {
    let address = match address(&binding, host) {
        Ok(address) => address,
        Err(reason) => return PortTrial { binding, tried: None, outcome: TrialOutcome::Failed(reason) },
    };
    let work = async {
        match (binding.protocol, binding.container_port) {
            (TransportProtocol::Udp, _) => echoes_datagrams(address).await,
            (TransportProtocol::Tcp, Port(7)) => echoes(address).await,
            (TransportProtocol::Tcp, _) => serves_page(address).await,
            (TransportProtocol::Sctp, _) => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    };
    let outcome = match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(true)) => TrialOutcome::Answered,
        Ok(Ok(false)) => TrialOutcome::NotTestbox,
        Ok(Err(error)) => of_error(&error),
        Err(_) => TrialOutcome::Silent,
    };
    PortTrial { binding, tried: Some(address), outcome }
}

/// Where to connect: the address it is published on, or for all of a family the host's own of that family.
fn address(binding: &PortBinding, host: Host) -> Result<SocketAddr, String> {
    let published = binding.host_address;
    if !published.is_unspecified() {
        return Ok(SocketAddr::new(published, binding.host_port.0));
    }
    let own = host?.into_iter().find(|address| address.is_ipv4() == published.is_ipv4());
    let own = own.ok_or_else(|| {
        let family = if published.is_ipv4() { "IPv4" } else { "IPv6" };
        format!("no {family} address of the engine's host is known")
    })?;
    Ok(SocketAddr::new(own, binding.host_port.0))
}

fn of_error(error: &io::Error) -> TrialOutcome {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof};
    match error.kind() {
        ConnectionRefused => TrialOutcome::Refused,
        ConnectionReset | BrokenPipe | UnexpectedEof => TrialOutcome::NotTestbox,
        TimedOut => TrialOutcome::Silent,
        _ => TrialOutcome::Failed(error.to_string()),
    }
}

async fn serves_page(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /?format=json HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).contains("\"testbox\": {"))
}

async fn echoes(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(WORD).await?;
    let mut answer = [0; WORD.len()];
    stream.read_exact(&mut answer).await?;
    Ok(answer == WORD)
}

async fn echoes_datagrams(address: SocketAddr) -> io::Result<bool> {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    let mut answer = [0; WORD.len()];
    loop {
        socket.send(WORD).await?;
        if let Ok(received) = tokio::time::timeout(AGAIN, socket.recv(&mut answer)).await {
            return received.map(|length| answer[..length] == *WORD);
        }
    }
}
