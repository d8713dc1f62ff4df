//! What is forwarded where, as it was typed: `[BIND:]HOST:CONTAINER[/udp]`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use porthole_model::TransportProtocol;
use serde::{Deserialize, Serialize};

/// From where on this host to where in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) near: Near,
    pub(super) far: Far,
}

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// A port; 0 for a free one.
    Port(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// Where they come out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Far {
    /// A port of the container, and on which of its addresses, where that matters.
    Port { address: Option<IpAddr>, port: u16, protocol: TransportProtocol },
    /// A unix socket as the container sees it; `@name` for an abstract one.
    Unix(PathBuf),
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, protocol) = protocol(text);
        let mut words = words(text);
        let far = far(&mut words, protocol).ok_or_else(|| wrong(text))?;
        let near = near(&words).ok_or_else(|| wrong(text))?;
        match (&near, &far) {
            (Near::Unix(_), Far::Port { protocol: TransportProtocol::Udp, .. }) => {
                Err("a unix socket carries a stream, so it leads to no UDP port".to_owned())
            }
            _ => Ok(Self { near, far }),
        }
    }
}

impl Near {
    /// Whether other machines can connect.
    pub(super) fn is_exposed(&self) -> bool {
        matches!(self, Self::Port(address) if !address.ip().is_loopback())
    }
}

impl Far {
    /// Whether it is reached by datagrams.
    pub(super) fn is_udp(&self) -> bool {
        matches!(self, Self::Port { protocol: TransportProtocol::Udp, .. })
    }

    /// How it is named behind the container's name.
    fn words(&self) -> String {
        match self {
            Self::Unix(path) => path.display().to_string(),
            Self::Port { address: Some(address), port, .. } => SocketAddr::new(*address, *port).to_string(),
            Self::Port { address: None, port, .. } => port.to_string(),
        }
    }

    /// The far end in words: `web:80`.
    pub(super) fn of(&self, container: &str) -> String {
        let protocol = if self.is_udp() { "/udp" } else { "" };
        format!("{container}:{}{protocol}", self.words())
    }
}

impl fmt::Display for Near {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(address) => address.fmt(formatter),
            Self::Unix(path) => path.display().fmt(formatter),
        }
    }
}

/// A path has no protocol, whatever it ends with.
fn protocol(text: &str) -> (&str, TransportProtocol) {
    let is_number = |port: &str| port.rsplit(':').next().is_some_and(|last| last.parse::<u16>().is_ok());
    match text.rsplit_once('/') {
        Some((rest, "tcp")) if is_number(rest) => (rest, TransportProtocol::Tcp),
        Some((rest, "udp")) if is_number(rest) => (rest, TransportProtocol::Udp),
        _ => (text, TransportProtocol::Tcp),
    }
}

/// Split at colons, but not at those of an IPv6 address in brackets.
fn words(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    text.split(|letter| {
        is_inside = (is_inside || letter == '[') && letter != ']';
        letter == ':' && !is_inside
    })
    .collect()
}

/// Takes the words of the container's side off the end.
fn far(words: &mut Vec<&str>, protocol: TransportProtocol) -> Option<Far> {
    let last = words.pop()?;
    if last.starts_with(['/', '@']) {
        return Some(Far::Unix(last.into()));
    }
    let port = last.parse().ok().filter(|port| *port != 0)?;
    // In front of it stands the host's port, or an address of the container with the host's port before that.
    let address = words.last().filter(|_| words.len() > 1).and_then(|word| address(word));
    if address.is_some() {
        words.pop();
    }
    Some(Far::Port { address, port, protocol })
}

fn near(words: &[&str]) -> Option<Near> {
    let port = |text: &str| if text.is_empty() { Some(0) } else { text.parse().ok() };
    match words {
        [] => Some(Near::Port((Ipv4Addr::LOCALHOST, 0).into())),
        [path] if path.contains('/') => Some(Near::Unix(path.into())),
        [text] => Some(Near::Port((Ipv4Addr::LOCALHOST, port(text)?).into())),
        [bind, text] => Some(Near::Port((address(bind)?, port(text)?).into())),
        _ => None,
    }
}

fn address(word: &str) -> Option<IpAddr> {
    let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    inner.map_or_else(|| word.parse::<Ipv4Addr>().ok().map(IpAddr::V4), |inner| inner.parse().ok())
}

fn wrong(text: &str) -> String {
    format!(
        "{text:?} is not [BIND:]HOST:CONTAINER[/udp], such as 8080:80, 80, 0.0.0.0:8080:80, 5353:53/udp, \
         8080:[::1]:80 or ./app.sock:/run/app.sock"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String) {
        let route: Route = text.parse().unwrap();
        (route.near.to_string(), route.far.of("web"))
    }

    fn is(text: &str, near: &str, far: &str) {
        assert_eq!(read(text), (near.to_owned(), far.to_owned()), "{text}");
    }

    #[test]
    fn ports() {
        is("80", "127.0.0.1:0", "web:80");
        is("8080:80", "127.0.0.1:8080", "web:80");
        is(":80", "127.0.0.1:0", "web:80");
        is("0:80/tcp", "127.0.0.1:0", "web:80");
        is("0.0.0.0:8080:80", "0.0.0.0:8080", "web:80");
        is("127.0.0.1::80", "127.0.0.1:0", "web:80");
        is("[::1]:8080:80", "[::1]:8080", "web:80");
        is("5353:53/udp", "127.0.0.1:5353", "web:53/udp");
    }

    #[test]
    fn addresses_of_the_container() {
        is("8080:127.0.0.1:80", "127.0.0.1:8080", "web:127.0.0.1:80");
        is("8080:[::1]:80", "127.0.0.1:8080", "web:[::1]:80");
        is("10.0.0.1:8080:172.17.0.2:80", "10.0.0.1:8080", "web:172.17.0.2:80");
    }

    #[test]
    fn unix_sockets() {
        is("./local.sock:/run/app.sock", "./local.sock", "web:/run/app.sock");
        is("8080:/run/app.sock", "127.0.0.1:8080", "web:/run/app.sock");
        is("/tmp/x.sock:80", "/tmp/x.sock", "web:80");
        is("/run/app/udp", "127.0.0.1:0", "web:/run/app/udp");
        is("8080:@bus", "127.0.0.1:8080", "web:@bus");
    }

    #[test]
    fn what_is_none() {
        for text in
            ["", "x:80", "80:x", "80:0", "127.0.0.1:80", "1:2:3:4:5", "70000:80", "x.sock:80", "./s:53/udp"]
        {
            assert!(text.parse::<Route>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_machines_reach_all_but_loopback() {
        let exposed = |text: &str| text.parse::<Route>().unwrap().near.is_exposed();
        assert!(exposed("0.0.0.0:1:1") && exposed("10.0.0.1:1:1"));
        assert!(!exposed("1:1") && !exposed("[::1]:1:1") && !exposed("./s:1"));
    }
}
