//! The wire between the lab host and the outside world, and the kernel settings that a new host has.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};

/// A new network namespace may copy these from the real machine, so they are said.
const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "0"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/route_localnet", "0"),
    ("ipv4/conf/default/route_localnet", "0"),
    ("ipv6/conf/all/disable_ipv6", "0"),
    ("ipv6/conf/default/disable_ipv6", "0"),
    ("ipv6/conf/all/forwarding", "0"),
    ("ipv6/conf/default/forwarding", "0"),
    ("bridge/bridge-nf-call-iptables", "1"),
    ("bridge/bridge-nf-call-ip6tables", "1"),
];

const OUTSIDE: &str = "\
link set lo up
addr add 203.0.113.10/32 dev lo
addr add 198.51.100.10/32 dev lo
addr add 10.77.0.1/24 dev lab0
addr add fd77::1/64 dev lab0 nodad
link set lab0 up
";

const HOST: &str = "\
link set lo up
addr add 10.77.0.2/24 dev eth0
addr add fd77::2/64 dev eth0 nodad
link set eth0 up
route add default via 10.77.0.1
route add default via fd77::1 dev eth0
";

/// What a new host has, for this network namespace.
pub(crate) fn settings() -> io::Result<()> {
    SETTINGS.iter().try_for_each(|(setting, value)| set(setting, value))
}

/// Connects this network namespace, the outside world's, with the one of process `host`.
pub(crate) fn connect(host: &str) -> io::Result<()> {
    let on_host = || {
        let mut command = Command::new("nsenter");
        command.args(["--target", host, "--net", "--", "ip"]);
        command
    };
    // This is the first process of its process namespace, which is the one that counts here.
    ip(on_host(), "link add eth0 type veth peer name lab0 netns 1\n")?;
    ip(Command::new("ip"), OUTSIDE)?;
    ip(on_host(), HOST)
}

/// Settings of a module that this kernel does not have are passed over.
fn set(setting: &str, value: &str) -> io::Result<()> {
    match fs::write(format!("/proc/sys/net/{setting}"), value) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::other(format!("failed to set {setting}: {error}")))
        }
        _ => Ok(()),
    }
}

fn ip(mut command: Command, batch: &str) -> io::Result<()> {
    let mut child = command.args(["-batch", "-"]).stdin(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(batch.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(io::Error::other("failed to make the links")) }
}
