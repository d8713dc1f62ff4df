//! The addresses the docker CLI understands, as `opts.ParseHost` of docker/cli reads them.

use std::fmt;
use std::path::PathBuf;

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// TCP, with or without TLS.
    Tcp {
        /// A name or a literal address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// `docker system dial-stdio` on another host.
    Ssh(SshDestination),
}

/// Where `ssh` goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshDestination {
    /// The user, where the URL names one.
    pub user: Option<String>,
    /// The host, as ssh's configuration knows it.
    pub host: String,
    /// The port, where the URL names one.
    pub port: Option<u16>,
    /// The engine's socket on that host, where the URL names one.
    pub socket: Option<String>,
}

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The scheme means a place that porthole cannot go to.
    #[error("{address:?} cannot be used here: {reason}")]
    Unsupported {
        /// The address as given.
        address: String,
        /// Why not.
        reason: &'static str,
    },
    /// The text is no address.
    #[error("{address:?} is not an engine's address: {reason}")]
    Malformed {
        /// The address as given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The port of an engine on TCP.
const PLAIN_PORT: u16 = 2375;
/// The port of an engine on TCP with TLS.
const TLS_PORT: u16 = 2376;
/// Where engines listen by default.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// An address and whether its scheme itself asks for TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ParsedAddress {
    pub(super) address: Address,
    pub(super) asks_for_tls: bool,
}

/// Reads `text`; `tls` decides on the default port.
pub(super) fn parse(text: &str, tls: bool) -> Result<ParsedAddress, AddressError> {
    let trimmed = text.trim();
    let (scheme, rest) = trimmed.split_once("://").unwrap_or(("tcp", trimmed));
    let plain = |address| ParsedAddress { address, asks_for_tls: false };
    match scheme {
        "unix" => Ok(plain(Address::Unix(if rest.is_empty() { DEFAULT_SOCKET } else { rest }.into()))),
        "tcp" | "http" => tcp(text, rest, tls).map(plain),
        "https" => tcp(text, rest, true).map(|address| ParsedAddress { address, asks_for_tls: true }),
        "ssh" => ssh(text, rest).map(|destination| plain(Address::Ssh(destination))),
        "fd" => Err(unsupported(
            text,
            "fd:// is where a daemon listens; a client needs unix://, tcp:// or ssh://",
        )),
        "npipe" => Err(unsupported(text, "named pipes exist on Windows only")),
        other => Err(malformed(text, format!("the scheme {other:?} is not unix, tcp, http, https or ssh"))),
    }
}

fn tcp(text: &str, rest: &str, tls: bool) -> Result<Address, AddressError> {
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = host_and_port(authority).map_err(|reason| malformed(text, reason))?;
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    Ok(Address::Tcp { host, port: port.unwrap_or(if tls { TLS_PORT } else { PLAIN_PORT }) })
}

/// Follows `newSpec` of docker/cli's connhelper/ssh: no password, no query, no fragment.
fn ssh(text: &str, rest: &str) -> Result<SshDestination, AddressError> {
    if rest.contains(['?', '#']) {
        return Err(malformed(text, "an ssh address has neither a query nor a fragment".into()));
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let (user, location) = match authority.rsplit_once('@') {
        Some((user, location)) => (Some(user), location),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err(malformed(text, "an ssh address holds no password".into()));
    }
    let (host, port) = host_and_port(location).map_err(|reason| malformed(text, reason))?;
    // A leading dash would be an option of ssh.
    if host.is_empty() || host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
        return Err(malformed(text, "it names no host".into()));
    }
    let socket = Some(path).filter(|path| path.len() > 1).map(str::to_owned);
    Ok(SshDestination { user: user.map(str::to_owned), host, port, socket })
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or("a colon must follow the bracket")?)),
        None if authority.matches(':').count() > 1 => {
            return Err("an IPv6 address must stand in brackets".to_owned());
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.filter(|port| !port.is_empty());
    let number =
        port.map(str::parse).transpose().map_err(|_| "its port is not a number up to 65535".to_owned())?;
    Ok((host.to_owned(), number))
}

fn unsupported(address: &str, reason: &'static str) -> AddressError {
    AddressError::Unsupported { address: address.to_owned(), reason }
}

fn malformed(address: &str, reason: String) -> AddressError {
    AddressError::Malformed { address: address.to_owned(), reason }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "tcp://{host}:{port}"),
            Self::Ssh(destination) => destination.fmt(formatter),
        }
    }
}

impl fmt::Display for SshDestination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(formatter, "{user}@")?;
        }
        formatter.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        formatter.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        parse(text, false).unwrap().address.to_string()
    }

    #[test]
    fn what_the_docker_cli_reads_is_read_alike() {
        assert_eq!(url("unix:///run/x.sock"), "unix:///run/x.sock");
        assert_eq!(url("unix://"), "unix:///var/run/docker.sock");
        assert_eq!(url("tcp://10.0.0.1"), "tcp://10.0.0.1:2375");
        assert_eq!(url("10.0.0.1:99"), "tcp://10.0.0.1:99");
        assert_eq!(url(":2375"), "tcp://localhost:2375");
        assert_eq!(url("tcp://[fd00::1]:99"), "tcp://[fd00::1]:99");
        assert_eq!(url("http://host:80/"), "tcp://host:80");
        assert_eq!(url("ssh://me@host:22/run/d.sock"), "ssh://me@host:22/run/d.sock");
        assert_eq!(url("ssh://host"), "ssh://host");
    }

    #[test]
    fn tls_moves_the_default_port() {
        assert_eq!(parse("tcp://h", true).unwrap().address.to_string(), "tcp://h:2376");
        let https = parse("https://h", false).unwrap();
        assert!(https.asks_for_tls);
        assert_eq!(https.address.to_string(), "tcp://h:2376");
    }

    #[test]
    fn what_cannot_be_an_address_says_why() {
        for (text, word) in [
            ("fd://", "daemon listens"),
            ("npipe:////./pipe/docker_engine", "Windows"),
            ("gopher://x", "scheme"),
            ("tcp://h:99999", "port"),
            ("tcp://fd00::1", "brackets"),
            ("ssh://me:pw@h", "password"),
            ("ssh://", "names no host"),
            ("ssh://-oProxyCommand=x", "names no host"),
            ("ssh://h?x", "query"),
        ] {
            let error = parse(text, false).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
