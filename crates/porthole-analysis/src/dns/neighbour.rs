//! Why one container does not find another by its name, and the commands that bring them together.

use porthole_model::{Container, ContainerState, DnsPeer, DnsSubject, NetworkAttachment};

use super::case::has_names;
use crate::shell::word;

/// A container, as far as its name and its networks go.
#[derive(Clone, Copy)]
pub(crate) struct Party<'a> {
    /// `None` of who is no container of the engine: a process, a network.
    name: Option<&'a str>,
    conduct: Conduct,
    network_mode: &'a str,
    attachments: &'a [NetworkAttachment],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Runs,
    /// Ends soon after each start.
    KeepsRestarting,
    /// Can be started.
    Rests,
    /// Dead, or being removed.
    Lost,
}

impl<'a> Party<'a> {
    /// A container that the engine lists.
    pub(crate) fn of(container: &'a Container, keeps_restarting: bool) -> Self {
        let conduct = if keeps_restarting { Conduct::KeepsRestarting } else { conduct(&container.state) };
        Self {
            name: Some(&container.name),
            conduct,
            network_mode: &container.network_mode,
            attachments: &container.attachments,
        }
    }

    /// Another container than the one whose names are looked into.
    pub(super) fn peer(peer: &'a DnsPeer) -> Self {
        Self {
            name: Some(&peer.name),
            conduct: conduct(&peer.state),
            network_mode: &peer.network_mode,
            attachments: &peer.attachments,
        }
    }

    /// Whose names are looked into; where that is in another container's network, that one.
    pub(super) fn subject(subject: &'a DnsSubject) -> Self {
        Self {
            name: subject.own_name.as_deref().filter(|_| subject.container.is_some()),
            conduct: Conduct::Runs,
            network_mode: &subject.network_mode,
            attachments: &subject.attachments,
        }
    }

    /// Its networks on which containers have names.
    fn named_networks(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let networks = self.attachments.iter().map(|at| at.network_name.as_str());
        networks.filter(|network| has_names(network))
    }

    fn named_network(&self) -> Option<&'a str> {
        self.named_networks().next()
    }

    /// Whether both are on a network whose members have names.
    pub(crate) fn shares_names(&self, other: &Self) -> bool {
        self.named_networks().any(|network| other.is_on(network))
    }

    fn is_on(&self, network: &str) -> bool {
        self.attachments.iter().any(|at| at.network_name == network)
    }

    /// Whether it answers to `name` on a network.
    fn bears(&self, name: &str, network: &str) -> bool {
        let is_it = |own: &str| own.eq_ignore_ascii_case(name);
        let mut there = self.attachments.iter().filter(|at| at.network_name == network);
        self.name.is_some_and(is_it) || there.any(|at| at.aliases.iter().any(|alias| is_it(alias)))
    }

    /// A network for who looks for it by `name`.
    fn network_for(&self, name: &str) -> Option<&'a str> {
        self.named_networks().find(|network| self.bears(name, network)).or(self.named_network())
    }

    /// Whether it was made without a network, and has none since.
    fn is_alone(&self) -> bool {
        self.network_mode == "none" && self.named_network().is_none()
    }
}

fn conduct(state: &ContainerState) -> Conduct {
    match state {
        ContainerState::Running | ContainerState::Paused => Conduct::Runs,
        ContainerState::Restarting => Conduct::KeepsRestarting,
        ContainerState::Created | ContainerState::Exited => Conduct::Rests,
        _ => Conduct::Lost,
    }
}

/// What keeps one container from finding another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The one that asks is in the host's network.
    AskerOnHost,
    /// The one that asks has no network.
    AskerAlone,
    /// The other is in the host's network.
    OtherOnHost,
    /// The other has no network.
    OtherAlone,
    /// The other is in the network of a third one, under whose name it is found.
    OtherBeside,
    /// The one that asks is on the default network alone.
    DefaultNetwork,
    /// They are on no network together.
    Apart,
    /// The other has that name on another network alone.
    OtherName,
}

/// What keeps `asker` from finding `other` by `name` even while that runs, if anything that the engine knows of does.
pub(crate) fn obstacle(asker: &Party<'_>, other: &Party<'_>, name: &str) -> Option<Obstacle> {
    let mut shared = asker.named_networks().filter(|network| other.is_on(network)).peekable();
    Some(match (asker.network_mode, other.network_mode) {
        ("host", _) => Obstacle::AskerOnHost,
        _ if shared.peek().is_some() => {
            return (!shared.any(|network| other.bears(name, network))).then_some(Obstacle::OtherName);
        }
        _ if asker.is_alone() => Obstacle::AskerAlone,
        (_, "host") => Obstacle::OtherOnHost,
        (_, mode) if mode.starts_with("container:") => Obstacle::OtherBeside,
        _ if other.is_alone() => Obstacle::OtherAlone,
        _ if asker.named_network().is_none() => Obstacle::DefaultNetwork,
        _ => Obstacle::Apart,
    })
}

/// What to do, and the commands where there are any.
pub(crate) type Advice = (String, Vec<String>);

/// How to get past it, where `asker` asks for `name` and `taken` tells which networks there are.
pub(crate) fn past(
    obstacle: Obstacle,
    client: &str,
    (asker, other): (&Party<'_>, &Party<'_>),
    name: &str,
    taken: impl Fn(&str) -> bool,
) -> Advice {
    let (words, commands) = match obstacle {
        Obstacle::AskerOnHost => {
            ("publish a port of it and use 127.0.0.1, or run both on a network of their own", Vec::new())
        }
        Obstacle::OtherOnHost => (
            "make the one that asks anew, with the host's address for that name",
            vec![format!("{client} run --add-host {}:host-gateway …", word(name))],
        ),
        Obstacle::OtherBeside => {
            ("ask for the container in whose network it is, on a network that both are on", Vec::new())
        }
        Obstacle::OtherName => ("ask for a name that it has on the network that both are on", Vec::new()),
        Obstacle::AskerAlone | Obstacle::OtherAlone | Obstacle::DefaultNetwork | Obstacle::Apart => (
            "connect both to one network that was made for them",
            together(client, asker, other, name, taken),
        ),
    };
    (words.to_owned(), commands)
}

/// How to have a container run; `None` for one that does.
pub(crate) fn awake(client: &str, party: &Party<'_>) -> Option<Advice> {
    let name = word(party.name?);
    match party.conduct {
        Conduct::Rests => Some(("start it".to_owned(), vec![format!("{client} start {name}")])),
        Conduct::KeepsRestarting => {
            Some(("see why it ends".to_owned(), vec![format!("{client} logs --tail 50 {name}")]))
        }
        Conduct::Lost => Some((
            "remove what is left of it, and make it anew".to_owned(),
            vec![format!("{client} rm -f {name}")],
        )),
        Conduct::Runs => None,
    }
}

/// One joins a network of the other: who runs, if only one does, as nothing has to be stopped for it. Else both join a
/// new one.
fn together(
    client: &str,
    asker: &Party<'_>,
    other: &Party<'_>,
    name: &str,
    taken: impl Fn(&str) -> bool,
) -> Vec<String> {
    let asker_joins = |network: &str| joined(client, asker, network, None);
    let other_joins = |network: &str| joined(client, other, network, Some(name));
    let only_other_runs = asker.conduct != Conduct::Runs && other.conduct == Conduct::Runs;
    match (asker.named_network(), other.network_for(name)) {
        (Some(network), None) => other_joins(network),
        (Some(network), Some(_)) if asker.name.is_none() || only_other_runs => other_joins(network),
        (_, Some(network)) => {
            let start = awake(client, other).filter(|_| other.conduct == Conduct::Rests);
            [asker_joins(network), start.map(|(_, commands)| commands).unwrap_or_default()].concat()
        }
        (None, None) => {
            let network = free_name(taken);
            let create = vec![format!("{client} network create {network}")];
            [create, asker_joins(&network), other_joins(&network)].concat()
        }
    }
}

fn free_name(taken: impl Fn(&str) -> bool) -> String {
    let mut name = "app".to_owned();
    let mut number = 1_u32;
    while taken(&name) {
        number += 1;
        name = format!("app{number}");
    }
    name
}

/// Onto a network, with `name` as an alias where that is another than its own.
///
/// While a container waits for its next start, engines refuse to connect it or leave half of an endpoint behind (20.10
/// and 28.5 do), so it is stopped for it.
fn joined(client: &str, party: &Party<'_>, network: &str, name: Option<&str>) -> Vec<String> {
    let Some(own) = party.name else { return Vec::new() };
    let alias = name.filter(|name| !name.eq_ignore_ascii_case(own));
    let alias = alias.map(|alias| format!("--alias {} ", word(alias))).unwrap_or_default();
    let own = word(own);
    let connect = format!("{client} network connect {alias}{} {own}", word(network));
    let leave = party.is_alone().then(|| format!("{client} network disconnect none {own}"));
    let connect: Vec<_> = leave.into_iter().chain([connect]).collect();
    let stop = || vec![format!("{client} stop {own}")];
    let start = || vec![format!("{client} start {own}")];
    match party.conduct {
        Conduct::Runs => connect,
        Conduct::Rests => [connect, start()].concat(),
        Conduct::KeepsRestarting => [stop(), connect, start()].concat(),
        Conduct::Lost => Vec::new(),
    }
}
