//! A container to be run in a lab, as its creator describes it.

use std::net::SocketAddr;

use porthole_model::{Port, PortBinding, Socket};

use crate::nouns::{listener, transport};

/// A container to be run.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) networks: Vec<&'static str>,
    pub(crate) published: Vec<PortBinding>,
    pub(crate) sockets: Vec<Socket>,
    pub(crate) proxies: bool,
}

/// A container named `name` on the default bridge.
pub(crate) fn container(name: &'static str) -> Spec {
    Spec { name, networks: Vec::new(), published: Vec::new(), sockets: Vec::new(), proxies: true }
}

impl Spec {
    pub(crate) fn on(mut self, network: &'static str) -> Self {
        self.networks.push(network);
        self
    }

    /// `publish("0.0.0.0:8080", "80/tcp")`
    pub(crate) fn publish(mut self, host: &str, port: &str) -> Self {
        let host: SocketAddr = host.parse().expect("address");
        let (port, protocol) = port.split_once('/').expect("port/protocol");
        self.published.push(PortBinding {
            container_port: Port(port.parse().expect("port")),
            protocol: transport(protocol),
            host_address: host.ip(),
            host_port: Port(host.port()),
        });
        self
    }

    /// `listen("tcp", "0.0.0.0:80")`
    pub(crate) fn listen(mut self, protocol: &str, local: &str) -> Self {
        self.sockets.push(listener(protocol, local));
        self
    }

    pub(crate) fn without_proxies(mut self) -> Self {
        self.proxies = false;
        self
    }
}
