//! An audit in the system's log: a datagram a line, in the shape that syslog(3) writes to `/dev/log`.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::chain::Chain;
use super::line::After;
use super::writer::{Opening, Place, Sealed};

/// `LOG_AUTHPRIV`, whose messages are kept from ordinary users, at the level `LOG_NOTICE` (RFC 5424, table 1).
const PRIORITY: u32 = 10 * 8 + 5;

/// How long the log may take to take a message.
const PATIENCE: Duration = Duration::from_secs(2);

/// An audit in the system's log.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    opening: Option<Opening>,
}

impl Syslog {
    pub(super) fn new(path: &Path) -> Self {
        let opening = Some(Opening { after: After::Start, torn: None });
        Self { path: path.to_owned(), socket: None, opening }
    }

    fn send(&self, text: &str) -> io::Result<()> {
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let time = Timestamp::now().strftime("%b %e %H:%M:%S");
        let message = format!("<{PRIORITY}>{time} porthole[{}]: {text}", std::process::id());
        socket.send(message.as_bytes()).map(drop)
    }
}

impl Place for Syslog {
    fn prepare(&mut self, _chain: &mut Chain) -> io::Result<Option<Opening>> {
        if self.socket.is_none() {
            let socket = UnixDatagram::unbound()?;
            socket.connect(&self.path)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            self.socket = Some(socket);
        }
        Ok(self.opening.clone())
    }

    fn write(&mut self, lines: &[Sealed<'_>]) -> io::Result<()> {
        let sent = lines.iter().try_for_each(|line| self.send(&line.text));
        match sent {
            Ok(()) => self.opening = None,
            Err(_) => self.socket = None,
        }
        sent
    }
}
