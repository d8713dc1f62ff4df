//! Which host veth belongs to which container: porthole against the loops that people have in their notes.

use crate::answers;
use crate::error::BenchError;
use crate::host::{CONTAINERS, Host};
use crate::race::{Contender, Scenario};

/// Reads `ip -o link` first and keeps each interface's name, then replaces indexes by names.
const JOIN: &str =
    r#"awk '/^[0-9]+: / { sub(/[@:].*/, "", $2); host[$1] = $2; next } { print $1, host[$2 ":"] }'"#;

/// The four ways; the loops look up the host's interfaces once and not for each container, to their favour.
pub(crate) fn scenario(host: &Host) -> Result<Scenario, BenchError> {
    let row = " veth";
    let with_exec = |command: &str| {
        let names = "docker ps --format '{{.Names}}'";
        format!(
            "{{ ip -o link; for c in $({names}); do echo $c $(docker exec $c {command}); done; }} | {JOIN}"
        )
    };
    let (iflink, ip_link, ethtool) = (with_exec(IFLINK), with_exec(IP_LINK), with_ethtool());
    let shell = |name, script| Contender::new(name, &["sh", "-c", script], row, CONTAINERS);
    let contenders = vec![
        Contender::new("`porthole topology`", &["porthole", "topology"], row, CONTAINERS),
        shell("loop of `docker exec … cat /sys/class/net/eth0/iflink`", &iflink),
        shell("loop of `docker exec … ip link`", &ip_link),
        shell("one `docker inspect`, loop of `nsenter … ethtool -S`", &ethtool),
    ];
    answers::agree(host, &contenders, CONTAINERS, &answers::veths)?;
    Ok(Scenario { title: format!("{CONTAINERS} containers: whose is which host veth"), contenders })
}

const IFLINK: &str = "cat /sys/class/net/eth0/iflink";
const IP_LINK: &str = r"ip link show eth0 | sed -n 's/.*eth0@if\([0-9]*\):.*/\1/p'";

fn with_ethtool() -> String {
    let pids = "docker inspect --format '{{.Name}} {{.State.Pid}}' $(docker ps --quiet)";
    let index = "nsenter --net --target $p ethtool -S eth0 | sed -n 's/.*peer_ifindex: //p'";
    format!("{{ ip -o link; {pids} | while read -r c p; do echo ${{c#/}} $({index}); done; }} | {JOIN}")
}
