//! A healthy host in a snapshot, container by container, to be broken by a scenario.

use std::net::IpAddr;

use porthole_analysis::diagnose;
use porthole_model::{
    BridgePort, BridgePortState, CheckCode, CheckResult, Container, ContainerId, ContainerState, DockerProxy,
    Engine, EngineKind, FdbEntry, Finding, Gap, GapKind, Host, InterfaceAddress, InterfaceIndex, Link,
    LinkKind, LinkPeer, MacAddress, NeighbourState, NetnsId, Network, NetworkAttachment, NetworkNamespace,
    NetworkStack, Observed, Pid, PortBinding, Process, Report, Snapshot, Uid,
};

use crate::nouns::{default_route, empty, hexadecimal, link, network, nth, stack, stopped};
use crate::spec::Spec;

pub(crate) const NOW: i64 = 1_700_000_000_000;
pub(crate) const HOST_NAMESPACE: NetnsId = NetnsId(4_026_531_840);
pub(crate) const DOCKERD: Pid = Pid(100);

/// A host with an engine.
pub(crate) struct Lab {
    pub(crate) snapshot: Snapshot,
    next: u32,
}

/// The value of a fact that the lab knows.
pub(crate) fn known<T>(fact: &mut Observed<T>) -> &mut T {
    match fact {
        Observed::Known(value) => value,
        Observed::Missing(gap) => panic!("the lab lacks {gap}"),
    }
}

/// A gap of a host that could not be read.
pub(crate) fn refused<T>(what: &str) -> Observed<T> {
    Observed::Missing(Gap::new(GapKind::Permission, what, "permission denied"))
}

impl Lab {
    /// Docker with its three networks, and nothing that runs.
    pub(crate) fn docker() -> Self {
        let mut lab = Self { snapshot: empty(), next: 0 };
        lab.add_process(Pid(1), "systemd", HOST_NAMESPACE, None);
        lab.add_process(DOCKERD, "dockerd", HOST_NAMESPACE, None);
        let eth0 = lab.add_host_link(link(2, "eth0", LinkKind::Device));
        lab.add_host_address(eth0, "10.77.0.2/24");
        known(&mut lab.host_stack().routes).push(default_route("10.77.0.1", eth0));
        lab.add_network("bridge", "172.17.0.0/16");
        for (name, driver) in [("host", "host"), ("none", "null")] {
            let network = network(name, driver, &[]);
            known(&mut lab.engine().networks).push(network);
        }
        lab
    }

    /// Podman, with its default network and no docker-proxy.
    pub(crate) fn podman() -> Self {
        let mut lab = Self::docker();
        lab.engine().version.kind = EngineKind::Podman;
        known(&mut lab.engine().networks).clear();
        known(&mut lab.host_stack().links).retain(|link| link.name != "docker0");
        let processes = known(&mut lab.host().processes);
        let daemon = processes.iter_mut().find(|process| process.pid == DOCKERD).expect("daemon");
        "podman".clone_into(&mut daemon.name);
        let mut podman = network("podman", "bridge", &["10.88.0.0/16"]);
        podman.options.insert("network_interface".to_owned(), "podman0".to_owned());
        known(&mut lab.engine().networks).push(podman);
        lab
    }

    /// A network with its bridge; of IPv6 ranges too.
    pub(crate) fn add_network(&mut self, name: &str, subnets: &str) {
        let subnets: Vec<_> = subnets.split(' ').collect();
        let mut network = network(name, "bridge", &subnets);
        if name == "bridge" {
            network.options.insert("com.docker.network.bridge.name".to_owned(), "docker0".to_owned());
        }
        self.add_bridge(&network);
        known(&mut self.engine().networks).push(network);
    }

    /// The bridge of a network, as its engine sets it up.
    pub(crate) fn add_bridge(&mut self, network: &Network) {
        let index = self.host_index();
        let bridge =
            self.add_host_link(link(index, &network.bridge_name().expect("bridge"), LinkKind::Bridge));
        for subnet in &network.subnets {
            let gateway = subnet.gateway.expect("gateway");
            self.add_host_address(bridge, &format!("{gateway}/{}", subnet.prefix.length));
        }
        let name = format!("net.ipv4.conf.{}.route_localnet", network.bridge_name().expect("bridge"));
        self.host_stack().sysctls.insert(name, Observed::Known("0".to_owned()));
    }

    /// Runs a container: its process, namespace, interfaces, sockets and docker-proxy processes.
    pub(crate) fn run(&mut self, mut spec: Spec) -> &mut Container {
        self.next += 1;
        let number = self.next;
        if spec.networks.is_empty() {
            spec.networks.push(if self.engine().version.kind == EngineKind::Podman {
                "podman"
            } else {
                "bridge"
            });
        }
        let (pid, namespace) = (Pid(1000 + number), NetnsId(u64::from(5000 + number)));
        let id = ContainerId(hexadecimal(spec.name));
        self.add_process(pid, "app", namespace, Some(id.clone()));
        let stack = stack(spec.sockets);
        known(&mut self.host().network_namespaces).push(NetworkNamespace {
            id: namespace,
            processes: vec![pid],
            names: Vec::new(),
            stack: Observed::Known(stack),
        });
        let attachments: Vec<_> =
            spec.networks.iter().map(|network| self.attach(namespace, network)).collect();
        if spec.proxies && self.engine().version.kind == EngineKind::Docker {
            for binding in &spec.published {
                self.add_proxy(binding, &attachments[0]);
            }
        }
        let mut container = stopped(spec.name, id);
        container.state = ContainerState::Running;
        container.pid = Some(pid);
        spec.networks[0].clone_into(&mut container.network_mode);
        container.attachments = attachments;
        container.published_ports = spec.published;
        known(&mut self.engine().containers).push(container);
        self.container(spec.name)
    }

    /// A container that does not run.
    pub(crate) fn stop(&mut self, name: &str) -> &mut Container {
        let container = stopped(name, ContainerId(hexadecimal(name)));
        known(&mut self.engine().containers).push(container);
        self.container(name)
    }

    fn attach(&mut self, namespace: NetnsId, name: &str) -> NetworkAttachment {
        let network = self.network(name).clone();
        let bridge = network.bridge_name().expect("bridge");
        if self.host_stack().link(&bridge).is_none() {
            self.add_bridge(&network);
        }
        let bridge = self.host_stack().link(&bridge).expect("bridge").index;
        let stack = self.stack(namespace);
        let index = u32::try_from(known(&mut stack.links).len()).expect("few links") + 1;
        let host_index = self.host_index();
        let number = u8::try_from(self.next).expect("few containers") + 1;
        let mac = MacAddress([2, 0x42, u8::try_from(host_index).expect("few links"), 0, 0, number]);

        let mut inside = link(index, &format!("eth{}", index - 2), LinkKind::Veth);
        inside.mac = Some(mac);
        inside.peer =
            Some(LinkPeer { index: InterfaceIndex(host_index), namespace: Observed::Known(HOST_NAMESPACE) });
        let mut outside = link(host_index, &format!("veth{host_index}"), LinkKind::Veth);
        outside.master = Some(bridge);
        outside.peer = Some(LinkPeer { index: InterfaceIndex(index), namespace: Observed::Known(namespace) });
        outside.bridge_port =
            Some(BridgePort { state: BridgePortState::Forwarding, hairpin: false, isolated: false });
        let entry = FdbEntry {
            mac,
            port: InterfaceIndex(host_index),
            bridge: Some(bridge),
            vlan: None,
            state: NeighbourState::Reachable,
        };
        known(&mut self.host_stack().forwarding_database).push(entry);
        self.add_host_link(outside);

        let held: Vec<_> = network.subnets.iter().map(|subnet| nth(subnet.prefix, number)).collect();
        let stack = self.stack(namespace);
        known(&mut stack.links).push(inside);
        for prefix in &held {
            known(&mut stack.addresses).push(InterfaceAddress::new(InterfaceIndex(index), *prefix));
        }
        let gateways: Vec<IpAddr> = network.subnets.iter().filter_map(|subnet| subnet.gateway).collect();
        if index == 2 && !network.internal {
            for gateway in &gateways {
                known(&mut stack.routes).push(default_route(&gateway.to_string(), InterfaceIndex(index)));
            }
        }
        NetworkAttachment {
            network_name: name.to_owned(),
            network_id: Some(network.id),
            ipv4: held.iter().copied().find(|prefix| prefix.address.is_ipv4()),
            ipv6: held.iter().copied().find(|prefix| prefix.address.is_ipv6()),
            gateways,
            mac: Some(mac),
            aliases: Vec::new(),
        }
    }

    fn add_proxy(&mut self, binding: &PortBinding, attachment: &NetworkAttachment) {
        let pid = Pid(3000 + u32::try_from(known(&mut self.host().docker_proxies).len()).expect("few"));
        self.add_process(pid, "docker-proxy", HOST_NAMESPACE, None);
        let ipv6 = attachment.ipv6.filter(|_| binding.host_address.is_ipv6());
        known(&mut self.host().docker_proxies).push(DockerProxy {
            pid,
            protocol: binding.protocol,
            host_address: binding.host_address,
            host_port: binding.host_port,
            container_address: ipv6.or(attachment.ipv4).expect("address").address,
            container_port: binding.container_port,
        });
    }

    pub(crate) fn add_process(
        &mut self,
        pid: Pid,
        name: &str,
        namespace: NetnsId,
        container: Option<ContainerId>,
    ) {
        known(&mut self.host().processes).push(Process {
            pid,
            parent: Pid(1),
            name: name.to_owned(),
            arguments: Observed::Known(Vec::new()),
            uid: Uid(0),
            started: 1,
            network_namespace: Observed::Known(namespace),
            container: Observed::Known(container),
        });
    }

    pub(crate) fn add_host_link(&mut self, link: Link) -> InterfaceIndex {
        let index = link.index;
        known(&mut self.host_stack().links).push(link);
        index
    }

    pub(crate) fn add_host_address(&mut self, interface: InterfaceIndex, prefix: &str) {
        let prefix = prefix.parse().expect("prefix");
        known(&mut self.host_stack().addresses).push(InterfaceAddress::new(interface, prefix));
    }

    fn host_index(&mut self) -> u32 {
        u32::try_from(known(&mut self.host_stack().links).len()).expect("few links") + 3
    }

    pub(crate) fn host(&mut self) -> &mut Host {
        known(&mut self.snapshot.host)
    }

    pub(crate) fn engine(&mut self) -> &mut Engine {
        known(&mut self.snapshot.engine)
    }

    pub(crate) fn host_stack(&mut self) -> &mut NetworkStack {
        self.stack(HOST_NAMESPACE)
    }

    pub(crate) fn stack(&mut self, id: NetnsId) -> &mut NetworkStack {
        let namespaces = known(&mut self.host().network_namespaces);
        let namespace = namespaces.iter_mut().find(|namespace| namespace.id == id);
        known(&mut namespace.expect("namespace").stack)
    }

    pub(crate) fn namespace_of(&mut self, name: &str) -> NetnsId {
        let pid = self.container(name).pid.expect("a running container");
        *self.host().process(pid).expect("process").network_namespace.value().expect("namespace")
    }

    pub(crate) fn stack_of(&mut self, name: &str) -> &mut NetworkStack {
        let id = self.namespace_of(name);
        self.stack(id)
    }

    pub(crate) fn container(&mut self, name: &str) -> &mut Container {
        let containers = known(&mut self.engine().containers);
        containers.iter_mut().find(|container| container.name == name).expect("container")
    }

    pub(crate) fn network(&mut self, name: &str) -> &mut Network {
        let networks = known(&mut self.engine().networks);
        networks.iter_mut().find(|network| network.name == name).expect("network")
    }

    /// The host's link of that name.
    pub(crate) fn host_link(&mut self, name: &str) -> &mut Link {
        let links = known(&mut self.host_stack().links);
        links.iter_mut().find(|link| link.name == name).expect("link")
    }

    /// The host's end of a container's first veth pair.
    pub(crate) fn host_end(&mut self, name: &str) -> &mut Link {
        let namespace = self.namespace_of(name);
        let links = known(&mut self.host_stack().links);
        let is_end = |link: &&mut Link| {
            link.peer.as_ref().is_some_and(|peer| peer.namespace == Observed::Known(namespace))
        };
        links.iter_mut().find(is_end).expect("host end")
    }

    pub(crate) fn sysctl(&mut self, name: &str, value: &str) {
        self.host_stack().sysctls.insert(name.to_owned(), Observed::Known(value.to_owned()));
    }

    pub(crate) fn diagnose(&self) -> Report {
        diagnose(&self.snapshot)
    }

    /// What was found: `error PH011 80/tcp of web`, what is explained behind an arrow.
    pub(crate) fn found(&self) -> Vec<String> {
        lines(&self.diagnose().findings)
    }

    /// The gaps of a check that ran, or why it did not.
    pub(crate) fn gaps(&self, code: u16) -> Vec<String> {
        let report = self.diagnose();
        let check = report.checks.iter().find(|check| check.code == CheckCode(code)).expect("check");
        match &check.result {
            CheckResult::Ran { gaps, .. } => gaps.iter().map(ToString::to_string).collect(),
            CheckResult::Skipped(gap) => vec![format!("skipped: {gap}")],
        }
    }

    /// The only finding.
    pub(crate) fn only(&self) -> Finding {
        let report = self.diagnose();
        assert_eq!(report.findings.len(), 1, "{:?}", lines(&report.findings));
        report.findings[0].clone()
    }
}

pub(crate) fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        assert!(!finding.evidence.is_empty(), "{finding:?}");
        assert!(!finding.remedies.is_empty(), "{finding:?}");
        let explained =
            lines(&finding.explains).iter().map(|line| format!(" <- {line}")).collect::<Vec<_>>().concat();
        format!("{} {} {}{explained}", finding.severity, finding.code, finding.subject.name)
    };
    findings.iter().map(line).collect()
}

/// Every command that a finding offers.
pub(crate) fn commands(finding: &Finding) -> Vec<&str> {
    finding.remedies.iter().flat_map(|remedy| &remedy.commands).map(String::as_str).collect()
}
