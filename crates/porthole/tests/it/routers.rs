//! What routers out there tell the host and its containers, and faults that keep them from hearing it.

use std::process::{Child, Command, Output, Stdio};

use porthole_lab::{Engine, Lab, program_pid};

use crate::support::{assert_codes, lab, mend, on_docker_engines, wait_for};

/// A host behind the router outside, by a link that carries less than all others.
struct Far {
    process: i32,
    children: Vec<Child>,
}

impl Far {
    fn beyond(lab: &Lab) -> Self {
        let mut children = Vec::new();
        let mut start = |program: &str, arguments: &[&str]| {
            let mut command = lab.outside_command(program);
            let child = command.args(arguments).stdin(Stdio::null()).spawn().expect("a process outside");
            let process = program_pid(&child).expect("its number");
            children.push(child);
            wait_for("the process outside", || {
                let name = std::fs::read_to_string(format!("/proc/{process}/comm"));
                name.is_ok_and(|name| name.trim() == "sleep")
            });
            process
        };
        let router = start("sleep", &["infinity"]);
        let process = start("unshare", &["--net", "sleep", "infinity"]);
        let far = Self { process, children };
        within(router, &format!("ip link add far0 mtu 1300 type veth peer name far1 netns {process}"));
        within(
            router,
            "ip addr add 198.18.0.1/24 dev far0; ip link set far0 up; sysctl -qw net.ipv4.ip_forward=1",
        );
        within(
            process,
            "ip addr add 198.18.0.2/24 dev far1; ip link set far1 up; ip route add default via 198.18.0.1",
        );
        far
    }

    /// How much of a large answer of a published port gets there.
    fn get(&self, port: u16) -> usize {
        let script = format!(
            "exec 3<>/dev/tcp/10.77.0.2/{port}; printf 'GET /bytes/300000 HTTP/1.0\\r\\n\\r\\n' >&3; timeout 5 cat <&3"
        );
        command(self.process, &script).stdout.len()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ended_already = child.kill();
            let _ended_already = child.wait();
        }
    }
}

/// Runs a script of the machine's programs in the network of a process.
fn within(process: i32, script: &str) {
    let output = command(process, script);
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn command(process: i32, script: &str) -> Output {
    let target = format!("--target={process}");
    Command::new("nsenter").args([&target, "--net", "bash", "-ec", script]).output().expect("nsenter runs")
}

#[test]
fn ph019_what_a_router_farther_out_says_is_dropped() {
    on_docker_engines(|lab| {
        let far = Far::beyond(lab);
        lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
        wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
        lab.sh_ok("iptables -I FORWARD -p icmp -j DROP");
        assert!(far.get(8080) < 300_000, "the message does not get to the container");
        // Nobody told this host of a smaller path so far, and many drop ICMP whose paths are all alike.
        assert_codes(lab, &[]);
        lab.sh_ok("bash -c 'exec 3<>/dev/udp/198.18.0.2/9; head -c 1400 /dev/zero >&3; sleep 0.2; true'");
        let report = assert_codes(lab, &["PH019"]);
        let finding = report["findings"][0].to_string();
        assert!(
            finding.contains("-A FORWARD -p icmp -j DROP") && finding.contains("198.18.0.2"),
            "{report:#}"
        );
        let clamp = "FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu";
        lab.sh_ok(&format!("iptables -t mangle -A {clamp}"));
        assert!(far.get(8080) > 300_000, "its segments fit");
        assert_codes(lab, &[]);
        lab.sh_ok(&format!("iptables -t mangle -D {clamp}"));
        assert_codes(lab, &["PH019"]);
        mend(lab, &report);
        assert!(far.get(8080) > 300_000, "it gets there again");
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph024_a_host_that_forwards_lost_the_route_of_a_router() {
    let lab = lab(Engine::newest());
    lab.sh_ok("ip -6 route del default || true; sysctl -w net.ipv6.conf.all.forwarding=0 net.ipv6.conf.eth0.accept_ra=1");
    let route = || lab.sh_ok("ip -6 route show default");
    assert_eq!(route(), "");
    assert_codes(&lab, &[]);
    let device = lab.outside_ok(&["sh", "-c", "ip -o addr show to 10.77.0.1 | cut -d' ' -f2"]);
    let mut router = lab.outside_command(&peer(&lab));
    let router = router.args(["advertise", device.trim(), "2001:db8:77::"]).stdout(Stdio::null()).spawn();
    let mut router = router.expect("a router");
    wait_for("the router's advertisement", || route().contains("proto ra"));
    assert_codes(&lab, &[]);
    // As Docker does it for a network with IPv6.
    lab.sh_ok("sysctl -w net.ipv6.conf.all.forwarding=1");
    assert_eq!(route(), "");
    let report = assert_codes(&lab, &["PH024"]);
    assert_eq!(report["findings"][0]["subject"]["name"], "IPv6 default route by eth0");
    mend(&lab, &report);
    wait_for("the router's advertisement", || route().contains("proto ra"));
    assert_codes(&lab, &[]);
    router.kill().expect("the router ends");
    router.wait().expect("the router ends");
}

/// The lab's own program, as the machine sees it.
fn peer(lab: &Lab) -> String {
    lab.directory().join("peer").display().to_string()
}
