//! A host with two bridges, three containers' worth of namespaces behind them, and an outside.

use std::fs;
use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab, program_pid};
use porthole_model::{InterfaceIndex, NetworkStack, PacketOrigin, Pid};

use crate::world::wait_until;

/// The network, until it is dropped.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) lab: Lab,
    pub(super) host: Pid,
    pub(super) outside: Pid,
    pub(super) containers: Vec<Pid>,
    children: Vec<Child>,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Host,
    Outside,
    Container(usize),
}

/// The bridge of each container.
const BRIDGES: [&str; 3] = ["br0", "br0", "br1"];

impl Network {
    pub(super) fn new() -> Self {
        let lab = Lab::builder(Engine::newest()).without_engine().without_images().start().unwrap();
        lab.sh_ok("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        for (number, bridge) in ["br0", "br1"].iter().enumerate() {
            let net = 30 + number;
            lab.sh_ok(&format!(
                "ip link add {bridge} address 02:00:00:00:00:{net} type bridge forward_delay 0; ip link set {bridge} up
                 ip addr add 172.{net}.0.1/24 dev {bridge}; ip addr add fd{net}::1/64 dev {bridge} nodad"
            ));
        }
        let mut network =
            Self { host: pid(lab.pid()), outside: Pid(0), containers: Vec::new(), children: Vec::new(), lab };
        network.outside = network.start(true);
        for number in 0..BRIDGES.len() {
            let container = network.start(false);
            network.attach(number, container);
        }
        network.make_known_outside();
        network.lab.outside_ok(&["ip", "route", "add", "172.30.0.0/15", "via", "10.77.0.2"]);
        network.lab.outside_ok(&["ip", "route", "add", "fd30::/15", "via", "fd77::2"]);
        network
    }

    /// Where a sender's packets come to the host.
    pub(super) fn origin(sender: Sender, stack: &NetworkStack) -> PacketOrigin {
        let name = match sender {
            Sender::Host => return PacketOrigin::Local,
            Sender::Outside => "eth0".to_owned(),
            Sender::Container(number) => format!("v{number}"),
        };
        PacketOrigin::Interface(interface(stack, &name))
    }

    pub(super) fn process(&self, sender: Sender) -> Pid {
        match sender {
            Sender::Host => self.host,
            Sender::Outside => self.outside,
            Sender::Container(number) => self.containers[number],
        }
    }

    /// A process that waits: outside, or in a namespace of its own.
    fn start(&mut self, outside: bool) -> Pid {
        let mut command =
            if outside { self.lab.outside_command("sleep") } else { self.lab.command("unshare") };
        if !outside {
            command.args(["--net", "sleep"]);
        }
        let child = command.arg("infinity").stdin(Stdio::null()).spawn().unwrap();
        let process = pid(program_pid(&child).unwrap());
        self.children.push(child);
        // Only then has it gone into its own namespace.
        wait_until(|| fs::read_to_string(format!("/proc/{process}/comm")).unwrap().trim() == "sleep");
        process
    }

    /// Neighbours know each other for good, so that no rule of a test can keep them from finding each other.
    fn make_known_outside(&self) {
        let (host, outside) = (self.host, self.outside);
        run(&format!(
            "name() {{ nsenter -t $1 -n ip -o addr show to 10.77.0.0/24 | awk '{{print $2}}' | head -1; }}
             mac() {{ nsenter -t $1 -n ip -o link show dev $2 | grep -o 'link/ether [^ ]*' | cut -d' ' -f2; }}
             inner=$(name {host}); outer=$(name {outside})
             for each in 10.77.0.1 fd77::1; do
                 nsenter -t {host} -n ip neigh replace $each lladdr $(mac {outside} $outer) dev $inner; done
             for each in 10.77.0.2 fd77::2; do
                 nsenter -t {outside} -n ip neigh replace $each lladdr $(mac {host} $inner) dev $outer; done"
        ));
    }

    fn attach(&mut self, number: usize, container: Pid) {
        let net = if BRIDGES[number] == "br0" { 30 } else { 31 };
        let bridge = BRIDGES[number];
        let (host, address) = (self.host, 2 + number);
        run(&format!(
            "nsenter -t {host} -n ip link add v{number} type veth peer name eth0 address 02:00:00:00:01:0{address} netns {container}
             nsenter -t {host} -n ip link set v{number} master {bridge} up
             nsenter -t {container} -n sh -ec 'ip link set lo up; ip link set eth0 up
             ip addr add 172.{net}.0.{address}/24 dev eth0; ip addr add fd{net}::{address}/64 dev eth0 nodad
             ip route add default via 172.{net}.0.1; ip route add default via fd{net}::1
             ip neigh add 172.{net}.0.1 lladdr 02:00:00:00:00:{net} dev eth0
             ip neigh add fd{net}::1 lladdr 02:00:00:00:00:{net} dev eth0
             for each in 2 3 4; do [ $each = {address} ] || {{
                 ip neigh add 172.{net}.0.$each lladdr 02:00:00:00:01:0$each dev eth0
                 ip neigh add fd{net}::$each lladdr 02:00:00:00:01:0$each dev eth0; }}; done'
             nsenter -t {host} -n sh -ec 'bridge fdb replace 02:00:00:00:01:0{address} dev v{number} master static
             ip neigh add 172.{net}.0.{address} lladdr 02:00:00:00:01:0{address} dev {bridge}
             ip neigh add fd{net}::{address} lladdr 02:00:00:00:01:0{address} dev {bridge}'"
        ));
        self.containers.push(container);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(super) fn interface(stack: &NetworkStack, name: &str) -> InterfaceIndex {
    stack.link(name).unwrap_or_else(|| panic!("no link {name}")).index
}

/// Runs a script on the machine, where all processes are numbered as the test sees them.
fn run(script: &str) {
    let output = std::process::Command::new("sh").args(["-ec", script]).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn pid(number: i32) -> Pid {
    Pid(u32::try_from(number).unwrap())
}
