//! What an engine complains of, from the message of its refusal: Docker 20.10 to 28, and Podman 5.4.

use std::sync::LazyLock;

use porthole_model::{Port, TransportProtocol};
use regex::{Captures, Regex};

use super::Refusal;

/// What an engine complains of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Complaint<'a> {
    /// A container has that name.
    NameTaken { name: &'a str, id: &'a str },
    /// Something has that port of the host.
    PortTaken { protocol: TransportProtocol, address: &'a str, port: Port, by_engine: bool },
    /// There is no such image.
    NoImage(&'a str),
    /// There is no such container.
    NoContainer(&'a str),
    /// There is no such network.
    NoNetwork(&'a str),
    /// There is no such volume.
    NoVolume(&'a str),
    /// The container runs, which it must not.
    ContainerRuns(&'a str),
    /// The container does not run, which it must.
    ContainerRests(&'a str),
    /// The container is paused.
    ContainerPaused(&'a str),
    /// A container is made of the image.
    ImageUsed { container: &'a str },
    /// Containers are on the network.
    NetworkUsed(&'a str),
    /// Containers have the volume.
    VolumeUsed { volume: &'a str, containers: &'a str },
}

type Reading = for<'a> fn(&Captures<'a>) -> Option<Complaint<'a>>;

/// The messages, each with how it is read; the first that fits is the one.
static MESSAGES: LazyLock<Vec<(Regex, Reading)>> = LazyLock::new(|| {
    let known: [(&str, Reading); 20] = [
        (r#"name "/?([^"]+)" is already in use by (?:container "?)?([0-9a-f]{12,64})"#, name_taken),
        (
            r"(udp|tcp)?\S* ?(\[[0-9a-f:]+\]|[0-9a-f]*::[0-9a-f:]*?|[0-9.]+):(\d+)(?:[:/]\S+)? ?(?:failed)?: (port is already allocated)",
            port_taken,
        ),
        (
            r"(udp|tcp)?\S* ?(\[[0-9a-f:]+\]|[0-9a-f]*::[0-9a-f:]*?|[0-9.]+):(\d+)[^ ]*:? (?:bind: )?(address already in use)",
            port_taken,
        ),
        (r"listen (udp|tcp)[46]? ():(\d+): (?:bind: )?(address already in use)", port_taken),
        (r"[Nn]o such image: (\S+)", |found| Some(Complaint::NoImage(text(found, 1)?))),
        (r"[Nn]o such container: (\S+)", |found| Some(Complaint::NoContainer(text(found, 1)?))),
        (r#"no container with name or ID "([^"]+)" found"#, |found| {
            Some(Complaint::NoContainer(text(found, 1)?))
        }),
        (r"network with name or ID (\S+): network not found", |found| {
            Some(Complaint::NoNetwork(text(found, 1)?))
        }),
        (r"network (\S+) not found", |found| Some(Complaint::NoNetwork(text(found, 1)?))),
        (r"(?:get )?(\S+): no such volume", |found| Some(Complaint::NoVolume(text(found, 1)?))),
        (r"cannot remove a running container ([0-9a-f]+)", |found| {
            Some(Complaint::ContainerRuns(text(found, 1)?))
        }),
        (r"cannot remove container ([0-9a-f]{12,64}) as it is (?:running|paused)", |found| {
            Some(Complaint::ContainerRuns(text(found, 1)?))
        }),
        (r#"cannot remove container "/?([^"]+)": container is (?:running|paused)"#, |found| {
            Some(Complaint::ContainerRuns(text(found, 1)?))
        }),
        (r"[Cc]ontainer (\S+) is not running", |found| Some(Complaint::ContainerRests(text(found, 1)?))),
        (r"[Cc]ontainer (\S+) is paused", |found| Some(Complaint::ContainerPaused(text(found, 1)?))),
        (
            r"(?:used by|container) (?:running |stopped )?(?:container )?([0-9a-f]{12,64})(?: is using its referenced image|$)",
            |found| Some(Complaint::ImageUsed { container: text(found, 1)? }),
        ),
        (r"image used by ([0-9a-f]{12,64}): image is in use by a container", |found| {
            Some(Complaint::ImageUsed { container: text(found, 1)? })
        }),
        (r#""([^"]+)" has associated containers with it"#, |found| {
            Some(Complaint::NetworkUsed(text(found, 1)?))
        }),
        (r"network (\S+)(?: id [0-9a-f]+)? has active endpoints", |found| {
            Some(Complaint::NetworkUsed(text(found, 1)?))
        }),
        (r"remove ([^\s:]+): volume is in use - \[([0-9a-f, ]+)\]", |found| {
            Some(Complaint::VolumeUsed { volume: text(found, 1)?, containers: text(found, 2)? })
        }),
    ];
    known.into_iter().filter_map(|(pattern, read)| Some((Regex::new(pattern).ok()?, read))).collect()
});

/// Reads the message of a refusal; `None` where it says nothing that is known here.
pub(super) fn read<'a>(refusal: &Refusal<'a>) -> Option<Complaint<'a>> {
    if refusal.status < 400 {
        return None;
    }
    MESSAGES.iter().find_map(|(pattern, read)| read(&pattern.captures(refusal.message)?))
}

fn text<'a>(found: &Captures<'a>, group: usize) -> Option<&'a str> {
    Some(found.get(group)?.as_str().trim_matches(['"', '\'', '/', ',', ':', '.']))
}

fn name_taken<'a>(found: &Captures<'a>) -> Option<Complaint<'a>> {
    Some(Complaint::NameTaken { name: text(found, 1)?, id: text(found, 2)? })
}

fn port_taken<'a>(found: &Captures<'a>) -> Option<Complaint<'a>> {
    let is_udp = found.get(0)?.as_str().contains("udp");
    let protocol = if is_udp { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    let port = Port(found.get(3)?.as_str().parse().ok()?);
    let by_engine = found.get(4)?.as_str().starts_with("port");
    Some(Complaint::PortTaken { protocol, address: found.get(2)?.as_str(), port, by_engine })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(MESSAGES.len(), 20);
    }
}
