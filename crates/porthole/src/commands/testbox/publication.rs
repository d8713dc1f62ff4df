//! Ports to publish, written as the docker CLI takes them.

use std::net::IpAddr;

use porthole_engine::Publication;
use porthole_model::{Port, TransportProtocol};

/// `[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]`, the address of IPv6 in brackets.
pub(super) fn parse(text: &str) -> Result<Publication, String> {
    let (ports, protocol) = match text.rsplit_once('/') {
        None => (text, TransportProtocol::Tcp),
        Some((ports, "tcp")) => (ports, TransportProtocol::Tcp),
        Some((ports, "udp")) => (ports, TransportProtocol::Udp),
        Some((_, other)) => return Err(format!("{other:?} is neither tcp nor udp")),
    };
    let (before, container) = match ports.rsplit_once(':') {
        Some((before, container)) => (Some(before), container),
        None => (None, ports),
    };
    let (address, host) = match before.and_then(|before| before.rsplit_once(':')) {
        Some((address, host)) => (Some(address), Some(host)),
        None => (None, before),
    };
    Ok(Publication {
        host_address: address.filter(|address| !address.is_empty()).map(ip_address).transpose()?,
        host_port: host.filter(|host| !host.is_empty()).map(number).transpose()?,
        container_port: number(container)?,
        protocol,
    })
}

fn ip_address(text: &str) -> Result<IpAddr, String> {
    let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    literal.parse().map_err(|_| format!("{text:?} is no IP address; write it as 127.0.0.1 or [::1]"))
}

fn number(text: &str) -> Result<Port, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text:?} is no port; write it as 8080:80, 80 or 7007:7/udp")),
        Ok(port) => Ok(Port(port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_docker_reads_them() {
        use TransportProtocol::{Tcp, Udp};
        let of = |text| {
            let publication = parse(text)?;
            let host = publication.host_port.map(|port| port.0);
            let address = publication.host_address.map(|address| address.to_string());
            Ok::<_, String>((address, host, publication.container_port.0, publication.protocol))
        };
        assert_eq!(of("80"), Ok((None, None, 80, Tcp)));
        assert_eq!(of("8080:80"), Ok((None, Some(8080), 80, Tcp)));
        assert_eq!(of("127.0.0.1::7/udp"), Ok((Some("127.0.0.1".into()), None, 7, Udp)));
        assert_eq!(of("[::1]:8080:80/tcp"), Ok((Some("::1".into()), Some(8080), 80, Tcp)));
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in ["", "0", "8080:", "x:80", "80/sctp", "host:8080:80", "70000"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
