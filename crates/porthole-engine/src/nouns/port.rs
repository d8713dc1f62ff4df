//! Published and declared ports.

use std::net::{IpAddr, Ipv4Addr};

use porthole_model::{Port, PortBinding, TransportProtocol};

use super::OddValue;
use super::text::required;
use crate::raw::{RawPortBinding, RawPorts};

/// `NetworkSettings.Ports` or `HostConfig.PortBindings`; null and empty values are ports that are only declared.
pub(super) fn published(field: &'static str, ports: &RawPorts) -> Result<Vec<PortBinding>, OddValue> {
    let mut bindings = Vec::new();
    for (key, targets) in ports {
        for target in targets.iter().flatten() {
            bindings.extend(declared(field, key)?.into_iter().map(|port| (port, target)));
        }
    }
    let mut bindings: Vec<_> =
        bindings.into_iter().map(|(port, target)| binding(port, target)).collect::<Result<_, _>>()?;
    bindings.sort();
    bindings.dedup();
    Ok(bindings)
}

fn binding(
    (container_port, protocol): (Port, TransportProtocol),
    target: &RawPortBinding,
) -> Result<PortBinding, OddValue> {
    let host_address = match target.host_address.as_str() {
        // Unset: every address. Podman and a stopped container's settings have it so.
        "" => Ipv4Addr::UNSPECIFIED.into(),
        text => required::<IpAddr>("HostIp", text)?,
    };
    let host_port = match target.host_port.as_str() {
        "" => 0,
        // A range: the engine chooses one of it at the start.
        range if range.contains('-') => 0,
        text => required("HostPort", text)?,
    };
    Ok(PortBinding { container_port, protocol, host_address, host_port: Port(host_port) })
}

/// `80/tcp`, `80` for TCP, and `80-82/udp` for several.
pub(super) fn declared(field: &'static str, key: &str) -> Result<Vec<(Port, TransportProtocol)>, OddValue> {
    let odd = || OddValue { field, value: key.to_owned() };
    let (ports, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "tcp" => TransportProtocol::Tcp,
        "udp" => TransportProtocol::Udp,
        "sctp" => TransportProtocol::Sctp,
        _ => return Err(odd()),
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let first: u16 = first.parse().map_err(|_| odd())?;
    let last: u16 = last.parse().map_err(|_| odd())?;
    Ok((first..=last).map(|port| (Port(port), protocol)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<String>, OddValue> {
        let ports: RawPorts = serde_json::from_str(json).unwrap();
        let words = |binding: &PortBinding| {
            let PortBinding { container_port, protocol, host_address, host_port } = binding;
            format!("{host_address} {host_port} {container_port}/{protocol}")
        };
        published("Ports", &ports).map(|bindings| bindings.iter().map(words).collect())
    }

    #[test]
    fn a_port_may_be_bound_to_several_addresses() {
        let json = r#"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],
            "53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],"443/tcp":null,"9/tcp":[]}"#;
        assert_eq!(read(json).unwrap(), ["127.0.0.1 53 53/udp", "0.0.0.0 8080 80/tcp", ":: 8080 80/tcp"]);
    }

    #[test]
    fn what_the_engine_chooses_at_the_start_is_port_0() {
        let json = r#"{"80/tcp":[{"HostIp":"","HostPort":""}],"81":[{"HostPort":"8000-8010"}]}"#;
        assert_eq!(read(json).unwrap(), ["0.0.0.0 0 80/tcp", "0.0.0.0 0 81/tcp"]);
    }

    #[test]
    fn odd_values_are_named() {
        assert_eq!(read(r#"{"80/xyz":[{}]}"#).unwrap_err().to_string(), "Ports is \"80/xyz\"");
        assert_eq!(read(r#"{"80/tcp":[{"HostIp":"here"}]}"#).unwrap_err().to_string(), "HostIp is \"here\"");
        assert_eq!(declared("E", "7-9/sctp").unwrap().len(), 3);
        assert!(declared("E", "70000/tcp").is_err());
    }
}
