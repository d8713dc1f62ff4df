//! What an engine's refusal means, in words: its message read, and what it is about looked up.

mod message;
mod words;

use porthole_model::{Port, TransportProtocol};

use message::Complaint;

/// A call that an engine refused.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The operation, where the path names one.
    pub operation: Option<&'a str>,
    /// The status.
    pub status: u16,
    /// The engine's own words.
    pub message: &'a str,
}

/// What has to be looked up to say more than the engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalNeed {
    /// Nothing is known of such a refusal.
    Nothing,
    /// The containers.
    Containers,
    /// The containers, and the sockets of the engine's host that listen on this port.
    Port(TransportProtocol, Port),
    /// The references of the images.
    Images,
    /// The names of the networks.
    Networks,
    /// The names of the volumes.
    Volumes,
}

/// What was looked up; what could not be is empty or `None`, and nothing is said of it.
#[derive(Clone, Debug, Default)]
pub struct RefusalFacts {
    /// The containers.
    pub containers: Vec<KnownContainer>,
    /// The names of what was asked for: references of images, names of networks or volumes.
    pub names: Vec<String>,
    /// The processes of the engine's host that listen on the port, as `nginx (pid 4711)`.
    pub listeners: Vec<String>,
}

/// A container as the engine lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownContainer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The engine's words on its state: `Exited (3) 2 hours ago`.
    pub status: String,
    /// The ports of the host that lead to it.
    pub ports: Vec<(TransportProtocol, Port)>,
    /// The networks that it is on.
    pub networks: Vec<String>,
}

/// What a refusal means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalMeaning {
    /// A sentence.
    pub words: String,
    /// What the user can do.
    pub hints: Vec<String>,
}

/// What has to be looked up.
pub fn refusal_need(refusal: &Refusal<'_>) -> RefusalNeed {
    match message::read(refusal) {
        None => RefusalNeed::Nothing,
        Some(complaint) => complaint.need(),
    }
}

/// What the refusal means; `None` where the engine's words are all there is to say.
pub fn refusal_meaning(refusal: &Refusal<'_>, facts: &RefusalFacts) -> Option<RefusalMeaning> {
    words::say(&message::read(refusal)?, facts)
}

impl Complaint<'_> {
    fn need(&self) -> RefusalNeed {
        match self {
            Self::PortTaken { protocol, port, .. } => RefusalNeed::Port(*protocol, *port),
            Self::NoImage(_) => RefusalNeed::Images,
            Self::NoNetwork(_) => RefusalNeed::Networks,
            Self::NoVolume(_) => RefusalNeed::Volumes,
            Self::NameTaken { .. }
            | Self::NoContainer(_)
            | Self::ContainerRuns(_)
            | Self::ContainerRests(_)
            | Self::ContainerPaused(_)
            | Self::ImageUsed { .. }
            | Self::NetworkUsed(_)
            | Self::VolumeUsed { .. } => RefusalNeed::Containers,
        }
    }
}

#[cfg(test)]
mod tests;
