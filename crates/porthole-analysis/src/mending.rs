//! Ways to mend a finding that porthole may go itself, with the commands that do the same and those that take it back.

use porthole_model::{
    Container, Engine, IpPrefix, KernelChange, Mend, MendStep, NetnsId, NetworkNamespace, Pid, Remedy,
    Snapshot,
};

use crate::checks::client;
use crate::places::{engine_namespace, in_engine_namespace};
use crate::shell::word;

/// Steps, and the same as commands.
#[derive(Clone, Debug)]
pub(crate) struct Mending {
    commands: Vec<String>,
    undo: Vec<String>,
    /// None where a command can be written, but the place is not known to porthole.
    steps: Option<Vec<MendStep>>,
}

impl Mending {
    /// Changes of the namespace that the engine's bridges are in.
    pub(crate) fn of_engine(snapshot: &Snapshot, changes: Vec<KernelChange>) -> Self {
        let place = engine_namespace(snapshot).ok().and_then(place_of);
        Self::new(place, changes, |command| in_engine_namespace(snapshot, command))
    }

    /// Changes of a container's namespace.
    pub(crate) fn of_container(
        container: &Container,
        namespace: &NetworkNamespace,
        changes: Vec<KernelChange>,
    ) -> Self {
        let place = container.pid.map(|pid| (pid, namespace.id));
        let target = container.pid.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
        Self::new(place, changes, |command| format!("nsenter --target {target} --net -- {command}"))
    }

    /// Letting a paused container go on.
    pub(crate) fn unpause(engine: &Engine, container: &Container) -> Self {
        let (client, name) = (client(engine), word(&container.name));
        Self {
            commands: vec![format!("{client} unpause {name}")],
            undo: vec![format!("{client} pause {name}")],
            steps: Some(vec![MendStep::Pause { container: container.id.clone(), paused: false }]),
        }
    }

    fn new(
        place: Option<(Pid, NetnsId)>,
        changes: Vec<KernelChange>,
        there: impl Fn(&str) -> String,
    ) -> Self {
        let commands = changes.iter().map(|change| there(&command(change))).collect();
        let undo = changes.iter().rev().map(|change| there(&command(&change.inverse()))).collect();
        let steps =
            place.map(|place| changes.into_iter().map(|change| MendStep::Kernel { place, change }).collect());
        Self { commands, undo, steps }
    }

    /// A remedy with these commands.
    pub(crate) fn remedy(self, explanation: impl Into<String>) -> Remedy {
        let Self { commands, undo, steps } = self;
        let mend = steps.map(|steps| Mend { steps, undo });
        Remedy { mend, ..Remedy::by_hand(explanation, commands) }
    }
}

fn place_of(namespace: &NetworkNamespace) -> Option<(Pid, NetnsId)> {
    Some((*namespace.processes.first()?, namespace.id))
}

/// The command that makes a change.
fn command(change: &KernelChange) -> String {
    match change {
        KernelChange::Sysctl { name, to, .. } => format!("sysctl -w {}", word(&format!("{name}={to}"))),
        KernelChange::Up { link, up } => {
            format!("ip link set {} {}", word(link), if *up { "up" } else { "down" })
        }
        KernelChange::Master { link, to: Some(bridge), .. } => {
            format!("ip link set {} master {}", word(link), word(bridge))
        }
        KernelChange::Master { link, to: None, .. } => format!("ip link set {} nomaster", word(link)),
        KernelChange::Address { link, address: IpPrefix { address, length }, present } => {
            format!("ip address {} {address}/{length} dev {}", verb(*present), word(link))
        }
        KernelChange::Neighbour { link, address, mac, present: true } => {
            format!("ip neigh replace {address} lladdr {mac} dev {} nud permanent", word(link))
        }
        KernelChange::Neighbour { link, address, .. } => format!("ip neigh del {address} dev {}", word(link)),
        KernelChange::DefaultRoute { link, gateway, present } => {
            let family = if gateway.is_ipv6() { " -6" } else { "" };
            format!("ip{family} route {} default via {gateway} dev {}", verb(*present), word(link))
        }
    }
}

fn verb(present: bool) -> &'static str {
    if present { "add" } else { "del" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_taken_back_from_its_end() {
        let link = || "veth 1".to_owned();
        let changes = vec![
            KernelChange::Master { link: link(), from: None, to: Some("br-1".to_owned()) },
            KernelChange::Up { link: link(), up: true },
            KernelChange::DefaultRoute { link: link(), gateway: "fd00::1".parse().unwrap(), present: true },
        ];
        let mending = Mending::new(None, changes, str::to_owned);
        assert_eq!(
            mending.commands,
            [
                "ip link set 'veth 1' master br-1",
                "ip link set 'veth 1' up",
                "ip -6 route add default via fd00::1 dev 'veth 1'"
            ]
        );
        assert_eq!(
            mending.undo,
            [
                "ip -6 route del default via fd00::1 dev 'veth 1'",
                "ip link set 'veth 1' down",
                "ip link set 'veth 1' nomaster"
            ]
        );
        assert_eq!(mending.remedy("").mend, None, "nothing is done in a place that is not known");
    }
}
