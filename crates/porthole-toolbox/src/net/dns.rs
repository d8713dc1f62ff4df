//! One DNS question and its answer, as they went over the wire.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf;

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    pub(super) recursion: bool,
    /// Over TCP from the start.
    pub(super) tcp: bool,
    /// How long the answer may take.
    pub(super) patience: Duration,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) message: Message,
    pub(super) length: usize,
    pub(super) took: Duration,
    pub(super) over_tcp: bool,
}

impl Question {
    /// Asks one server; again over TCP where the answer did not fit a datagram.
    pub(super) fn ask(&self, server: SocketAddr) -> io::Result<Reply> {
        let begin = Instant::now();
        let query = self.message();
        let bytes = query.to_vec().map_err(io::Error::other)?;
        let reply = |answer: &[u8], message, over_tcp| Reply {
            message,
            length: answer.len(),
            took: begin.elapsed(),
            over_tcp,
        };
        if !self.tcp {
            let (answer, message) = self.over_udp(server, &bytes, query.metadata.id)?;
            if !message.metadata.truncation {
                return Ok(reply(&answer, message, false));
            }
        }
        let answer = self.over_tcp(server, &bytes)?;
        let message = Message::from_vec(&answer).map_err(io::Error::other)?;
        Ok(reply(&answer, message, true))
    }

    fn message(&self) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = self.recursion;
        message.add_query(Query::query(self.name.clone(), self.kind));
        message
    }

    /// Answers to another question, or from elsewhere, are passed over.
    fn over_udp(&self, server: SocketAddr, query: &[u8], id: u16) -> io::Result<(Vec<u8>, Message)> {
        let any: IpAddr =
            if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        socket.send(query)?;
        let deadline = Instant::now() + self.patience;
        let mut buffer = vec![0; 65_535];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            socket.set_read_timeout(Some(left))?;
            let length = socket.recv(&mut buffer)?;
            match Message::from_vec(&buffer[..length]) {
                Ok(message) if message.metadata.id == id => return Ok((buffer[..length].to_vec(), message)),
                _ => {}
            }
        }
    }

    /// RFC 1035, section 4.2.2: a length of two bytes goes before each message.
    fn over_tcp(&self, server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&server, self.patience)?;
        stream.set_read_timeout(Some(self.patience))?;
        let length = u16::try_from(query.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], query].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

/// The servers of resolv.conf; this host's own where it names none, as resolv.conf(5) says.
pub(super) fn servers() -> Vec<IpAddr> {
    let named: Vec<IpAddr> = system_conf::read_system_conf()
        .map(|(settings, _)| settings.name_servers().iter().map(|server| server.ip).collect())
        .unwrap_or_default();
    if named.is_empty() { vec![Ipv4Addr::LOCALHOST.into()] } else { named }
}

/// The name of an address, by DNS.
pub(super) fn name_of(address: IpAddr, patience: Duration) -> Option<String> {
    let question =
        Question { name: Name::from(address), kind: RecordType::PTR, recursion: true, tcp: false, patience };
    let reply = question.ask(SocketAddr::new(*servers().first()?, 53)).ok()?;
    let pointer = reply.message.answers.iter().find(|record| record.record_type() == RecordType::PTR)?;
    Some(pointer.data.to_string().trim_end_matches('.').to_owned())
}
