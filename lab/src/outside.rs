//! The services of the outside world: a DNS server, a web server and a datagram echo.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::LabError;
use crate::command::run;
use crate::host::Attached;

/// Names that the DNS server knows; every other name does not exist.
const NAMES: &[(&str, &str)] = &[
    ("web.example.test", "203.0.113.10"),
    ("web.example.test", "fd77::1"),
    ("api.corp.test", "198.51.100.10"),
    ("gateway.lab.test", "10.77.0.1"),
    ("host.lab.test", "10.77.0.2"),
];

const ADDRESSES: &[&str] = &["10.77.0.1", "203.0.113.10", "198.51.100.10", "fd77::1"];

/// Starts all services; they are ready when this returns, and end with the lab.
pub(crate) fn start(host: &Attached) -> Result<Vec<Child>, LabError> {
    dns(host)?;
    let peer = host.peer.to_string_lossy().into_owned();
    let echo = ADDRESSES
        .iter()
        .map(|address| if address.contains(':') { format!("[{address}]:7") } else { format!("{address}:7") });
    let echo: Vec<String> = [peer.clone(), "udp-echo".to_owned()].into_iter().chain(echo).collect();
    let http = [peer, "http".to_owned(), "[::]:80".to_owned()];
    Ok(vec![service(host, &http)?, service(host, &echo)?])
}

/// Starts one more program that says a line when it is ready, outside.
pub(crate) fn service(host: &Attached, words: &[String]) -> Result<Child, LabError> {
    let what = words.join(" ");
    let Some((program, arguments)) = words.split_first() else { return Err(silent(host, "nothing")) };
    let mut command = host.outside_command(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(LabError::io(format!("start {what} outside")))?;
    let mut line = String::new();
    if let Some(pipe) = child.stdout.take() {
        BufReader::new(pipe).read_line(&mut line).ok();
    }
    if line.is_empty() {
        child.wait().ok();
        return Err(silent(host, &what));
    }
    Ok(child)
}

fn dns(host: &Attached) -> Result<(), LabError> {
    let mut command = host.outside_command("dnsmasq");
    command.args(["--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root"]);
    command.args(["--local=/#/", "--log-queries", "--pid-file="]);
    command.arg(format!("--log-facility={}", host.directory.join("dns.log").display()));
    command.args(ADDRESSES.iter().map(|address| format!("--listen-address={address}")));
    command.args(NAMES.iter().map(|(name, address)| format!("--host-record={name},{address}")));
    // It goes into the background when it listens.
    run(command, "dnsmasq", Duration::from_secs(30)).ok().map(|_| ())
}

fn silent(host: &Attached, what: &str) -> LabError {
    LabError::Host { name: host.name.clone(), reason: format!("{what} outside ended at once") }
}
