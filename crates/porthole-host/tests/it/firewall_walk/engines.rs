//! The rules that engines lay, of each version, with every kind of network and port.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use porthole_lab::{Engine, Lab, LabBuilder, program_pid};
use porthole_model::{InterfaceIndex, NetworkStack, Packet, PacketOrigin, Pid, TracedPacket};
use serde_json::json;

use super::comparison::{
    Tracing, answer, count, difference, first_of, first_packet, flow, later_packet, stack, walked,
};
use super::network::interface;
use super::packets::{Kind, Ready, ready};

/// An empty chain at each hook behind all others shows a packet's path.
const WITNESSES: &str = "for family in inet bridge; do
    nft add table $family witness
    for hook in prerouting input forward output postrouting; do
        nft add chain $family witness $hook \"{ type filter hook $hook priority 390; }\"
    done
done";

const NETWORKS: &str = "docker network create one; docker network create two
    docker network create --internal inner
    docker network create -o com.docker.network.bridge.enable_icc=false alone
    docker network create --ipv6 --subnet fd00:77::/64 six";

#[test]
fn walk_and_kernel_meet_the_same_rules_of_docker_20() {
    on(Engine::Docker20);
}

#[test]
fn walk_and_kernel_meet_the_same_rules_of_docker_26() {
    on(Engine::Docker26);
}

#[test]
fn walk_and_kernel_meet_the_same_rules_of_docker_28() {
    on(Engine::Docker28);
}

/// The kernel's trace does not see these rules; the empty chains of nftables beside them show where packets go.
#[test]
fn walk_and_kernel_agree_on_the_way_through_an_engines_rules_in_iptables_legacy() {
    let lab = Lab::builder(Engine::newest()).legacy_iptables();
    compare(Engine::newest(), false, lab, 500);
}

fn on(engine: Engine) {
    if !Engine::available().contains(&engine) {
        println!("{engine:?} could not be had");
        return;
    }
    for proxy in [true, false] {
        compare(engine, proxy, Lab::builder(engine), 2000);
    }
}

fn compare(engine: Engine, proxy: bool, lab: LabBuilder, fewest_steps: usize) {
    let Tally { packets, established, steps, .. } = Case::new(lab, proxy).compare_all();
    println!(
        "{engine:?}, proxy {proxy}: {packets} packets, {established} not the first, {steps} steps agree"
    );
    assert!(packets > 130 && established > 30, "only {packets} packets, {established} not the first");
    assert!(steps > fewest_steps, "only {steps} steps");
}

/// A container: its process as the machine numbers it, its addresses, and the host's end of its veth pair.
#[derive(Debug)]
struct Box {
    process: Pid,
    veth: InterfaceIndex,
    ipv4: String,
    ipv6: Option<String>,
}

impl Box {
    fn addresses(&self) -> Vec<IpAddr> {
        let ipv6 = self.ipv6.iter();
        std::iter::once(&self.ipv4).chain(ipv6).map(|address| address.parse().unwrap()).collect()
    }
}

struct Case {
    lab: Lab,
    host: Pid,
    outside: Pid,
    outside_child: Child,
    boxes: BTreeMap<&'static str, Box>,
}

impl Case {
    fn new(lab: LabBuilder, proxy: bool) -> Self {
        let settings = json!({
            "userland-proxy": proxy, "ipv6": true, "fixed-cidr-v6": "fd00:17::/64", "ip6tables": true,
            "experimental": true,
        });
        let lab = lab.daemon_json(settings).start().unwrap();
        lab.sh_ok(NETWORKS);
        lab.sh_ok(WITNESSES);
        let mut outside = lab.outside_command("sleep");
        let outside_child = outside.arg("infinity").stdin(Stdio::null()).spawn().unwrap();
        lab.outside_ok(&["ip", "route", "add", "172.16.0.0/12", "via", "10.77.0.2"]);
        let mut case = Self {
            host: pid(lab.pid()),
            outside: pid(program_pid(&outside_child).unwrap()),
            outside_child,
            boxes: BTreeMap::new(),
            lab,
        };
        case.run_boxes();
        case.wait_for_addresses();
        case.wait_for_neighbours();
        case
    }

    /// Until the host's addresses are its own: an IPv6 one is when nobody else turned out to have it.
    fn wait_for_addresses(&self) {
        let all = "for _ in $(seq 100); do [ -z \"$(ip -6 addr show tentative)\" ] && exit; sleep 0.1; done; exit 1";
        self.lab.sh_ok(all);
    }

    /// Until the host knows where each container is: a packet waits for that before it goes into a bridge.
    fn wait_for_neighbours(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let addresses: Vec<IpAddr> = self.boxes.values().flat_map(Box::addresses).collect();
        loop {
            for address in &addresses {
                if let Some(ready) = ready(self.host, Kind::Udp, SocketAddr::new(*address, 9)) {
                    ready.send();
                }
            }
            let stack = stack(self.host);
            let neighbours = stack.neighbours.value().unwrap();
            let is_known = |address: &IpAddr| {
                neighbours.iter().any(|neighbour| neighbour.address == *address && neighbour.mac.is_some())
            };
            if addresses.iter().all(is_known) {
                return;
            }
            assert!(Instant::now() < deadline, "not all of {addresses:?} are known");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn run_boxes(&mut self) {
        let boxes: [(&'static str, &[&str]); 10] = [
            ("plain", &["-p", "8080:80", "-p", "5353:53/udp"]),
            ("peer", &[]),
            ("one-a", &["--network", "one", "-p", "8081:80"]),
            ("one-b", &["--network", "one", "-p", "127.0.0.1:8082:80"]),
            ("two-a", &["--network", "two", "-p", "10.77.0.2:8083:80"]),
            ("inner-a", &["--network", "inner"]),
            ("inner-b", &["--network", "inner"]),
            ("alone-a", &["--network", "alone", "-p", "8084:80"]),
            ("alone-b", &["--network", "alone"]),
            ("six-a", &["--network", "six", "-p", "8086:80"]),
        ];
        for (name, options) in boxes {
            self.lab.run(name, options, "peer:1", &["http", "80"]);
            self.boxes.insert(name, self.inspect(name));
        }
    }

    fn inspect(&self, name: &str) -> Box {
        let format =
            "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}";
        let told = self.lab.docker_ok(&["inspect", "-f", format, name]);
        let words: Vec<_> = told.split_whitespace().collect();
        let namespace = self.lab.sh_ok(&format!("readlink /proc/{}/ns/net", words[0]));
        let process = process_in(&namespace);
        let links =
            Command::new("nsenter").args(["-t", &process.to_string(), "-n", "ip", "-o", "link"]).output();
        let links = String::from_utf8(links.unwrap().stdout).unwrap();
        let (_, index) = links.split_once("eth0@if").unwrap();
        let index = index.split_once(':').unwrap().0.parse().unwrap();
        Box {
            process,
            veth: InterfaceIndex(index),
            ipv4: words[1].to_owned(),
            ipv6: words.get(2).map(|address| (*address).to_owned()),
        }
    }

    /// Every sender to every address and port.
    fn compare_all(&self) -> Tally {
        let stack = stack(self.host);
        let mut tally = Tally::default();
        for (who, process, origin) in self.senders(&stack) {
            let to = self.destinations().into_iter().filter(|(_, to)| is_for_host(who, *to));
            let sent = to.filter_map(|(kind, to)| ready(process, kind, to));
            self.compare(&stack, origin, &sent.collect::<Vec<_>>(), &mut tally);
        }
        if !tally.wrong.is_empty() {
            println!("{}\n{}", tally.wrong.join("\n"), self.lab.sh_ok("nft list ruleset"));
        }
        assert!(
            tally.wrong.is_empty(),
            "{:?}: {} of {}",
            self.lab.engine(),
            tally.wrong.len(),
            tally.packets
        );
        tally
    }

    /// The first packets of one sender, and where they are answered the answer and what then follows.
    fn compare(&self, stack: &NetworkStack, origin: PacketOrigin, sent: &[Ready], tally: &mut Tally) {
        let walked: Vec<_> = sent
            .iter()
            .map(|ready| {
                let first = first_packet(ready, origin);
                let way = walked(stack, &first);
                let answer = answer(stack, &first, &way);
                (first, way, answer)
            })
            .collect();
        let flows =
            walked.iter().flat_map(|(first, _, answer)| std::iter::once(first).chain(answer)).map(flow);
        let mut tracing = Tracing::new(self.host, &flows.collect::<Vec<_>>());
        for (ready, (first, way, answer)) in sent.iter().zip(&walked) {
            let traced = tracing.send(ready);
            tally.compare(stack, &traced, first, 0x02);
            if let Some(answer) = answer {
                tally.compare(stack, &traced, answer, 0x12);
                tally.compare(stack, &traced, &later_packet(first, way), 0x10);
            }
        }
    }

    fn senders(&self, stack: &NetworkStack) -> Vec<(&'static str, Pid, PacketOrigin)> {
        let mut senders = vec![
            ("host", self.host, PacketOrigin::Local),
            ("outside", self.outside, PacketOrigin::Interface(interface(stack, "eth0"))),
        ];
        for name in ["plain", "one-a", "inner-a", "alone-a", "six-a"] {
            let sender = &self.boxes[name];
            senders.push((name, sender.process, PacketOrigin::Interface(sender.veth)));
        }
        senders
    }

    fn destinations(&self) -> Vec<(Kind, SocketAddr)> {
        let mut to = Vec::new();
        for port in 8080..=8086 {
            to.push((Kind::Tcp, format!("10.77.0.2:{port}")));
            to.push((Kind::Tcp, format!("127.0.0.1:{port}")));
        }
        to.push((Kind::Udp, "10.77.0.2:5353".to_owned()));
        to.push((Kind::Tcp, "10.77.0.2:9".to_owned()));
        to.push((Kind::Echo, "10.77.0.1:0".to_owned()));
        to.push((Kind::Tcp, "203.0.113.10:80".to_owned()));
        to.push((Kind::Tcp, "[fd77::2]:8086".to_owned()));
        to.push((Kind::Tcp, "[fd77::2]:8080".to_owned()));
        let named = to.into_iter().map(|(kind, to)| (kind, to.parse().unwrap()));
        let boxes = self.boxes.values().flat_map(Box::addresses);
        named.chain(boxes.map(|address| (Kind::Tcp, SocketAddr::new(address, 80)))).collect()
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    packets: usize,
    established: usize,
    steps: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// The walk of a packet with what was traced of it, if it came.
    fn compare(&mut self, stack: &NetworkStack, traced: &[TracedPacket], packet: &Packet, flags: u8) {
        let Some(traced) = first_of(traced, &flow(packet), flags) else { return };
        self.packets += 1;
        self.established += usize::from(flags != 0x02);
        self.steps += count(traced);
        if let Some(difference) = difference(traced, &walked(stack, packet)) {
            self.wrong.push(format!("{packet:?}\n  {difference}"));
        }
    }
}

/// What the sender does not send to itself.
fn is_for_host(who: &str, to: SocketAddr) -> bool {
    who == "host" || !to.ip().is_loopback() && (who != "outside" || to.ip().to_string() != "10.77.0.1")
}

impl Drop for Case {
    fn drop(&mut self) {
        let _ = self.outside_child.kill();
        let _ = self.outside_child.wait();
    }
}

/// A process in a network namespace, as the machine numbers it.
fn process_in(namespace: &str) -> Pid {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let number = path.file_name()?.to_str()?.parse().ok()?;
        let link = fs::read_link(path.join("ns/net")).ok()?;
        (link.to_str() == Some(namespace)).then_some(Pid(number))
    });
    processes.last().unwrap_or_else(|| panic!("nobody is in {namespace}"))
}

fn pid(number: i32) -> Pid {
    Pid(u32::try_from(number).unwrap())
}
