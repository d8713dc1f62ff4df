//! Names of hosts to addresses, without libc's resolver, which a static binary cannot load.
//!
//! Literal addresses, `localhost` and `/etc/hosts` are read here; every other name is asked of `getent ahosts`, which
//! is the system's own resolver (files, DNS, systemd-resolved, mDNS, LDAP) as `/etc/nsswitch.conf` sets it up.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::connect_error::ConnectCause;

/// Every address of `host`, in the order in which to try them.
pub(super) async fn addresses(host: &str, root: &Path) -> Result<Vec<IpAddr>, ConnectCause> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let listed = match std::fs::read_to_string(root.join("etc/hosts")) {
        Ok(hosts) => in_hosts_file(&hosts, host),
        Err(_) => Vec::new(),
    };
    if !listed.is_empty() {
        return Ok(listed);
    }
    // RFC 6761, section 6.3: localhost is loopback, whatever a server says.
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    ask_system(host).await
}

/// hosts(5).
fn in_hosts_file(hosts: &str, host: &str) -> Vec<IpAddr> {
    let names = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().to_owned();
        let mut words = line.split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    hosts.lines().filter_map(names).collect()
}

async fn ask_system(host: &str) -> Result<Vec<IpAddr>, ConnectCause> {
    let not_resolved = |cause: String| ConnectCause::NameNotResolved { name: host.to_owned(), cause };
    let answer = Command::new("getent")
        .args(["ahosts", "--", host])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                not_resolved("getent, which asks the system's resolver, is not installed".into())
            }
            _ => not_resolved(format!("getent cannot be run: {error}")),
        })?;
    let found = in_answer(&String::from_utf8_lossy(&answer.stdout));
    if found.is_empty() {
        Err(not_resolved("the system's resolver does not know it".into()))
    } else {
        Ok(found)
    }
}

/// getent(1): `address  STREAM name`, one line for each kind of socket.
fn in_answer(answer: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for address in answer.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_file_is_read_with_comments_and_aliases() {
        let hosts =
            "127.0.0.1 localhost\n10.0.0.7 Engine engine.lan # the engine\n# 1.1.1.1 engine\nx engine\n";
        assert_eq!(in_hosts_file(hosts, "engine.LAN"), ["10.0.0.7".parse::<IpAddr>().unwrap()]);
        assert!(in_hosts_file(hosts, "the").is_empty());
    }

    #[tokio::test]
    async fn the_system_s_resolver_is_asked_last() {
        let root = tempfile::tempdir().unwrap();
        // inet_aton(3) knows it, this file does not.
        assert_eq!(addresses("127.1", root.path()).await.unwrap(), [IpAddr::from([127, 0, 0, 1])]);
        assert_eq!(addresses("LocalHost", root.path()).await.unwrap().len(), 2);
    }

    #[test]
    fn an_address_counts_once() {
        let answer = "10.0.0.1 STREAM a\n10.0.0.1 DGRAM \nfd00::1 STREAM\n";
        assert_eq!(in_answer(answer), ["10.0.0.1".parse::<IpAddr>().unwrap(), "fd00::1".parse().unwrap()]);
    }
}
