//! getent: what names mean here, by files and DNS.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use clap::Parser;

use super::dns;
use super::names::{self, Family};
use super::tool::{self, Failure, Outcome};

/// How long the name of an address may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Look names up as the programs of this container do, but by files and DNS alone
#[derive(Debug, Parser)]
#[command(
    name = "getent",
    after_help = "\
Databases: hosts, ahosts, ahostsv4, ahostsv6 (addresses of names, and names of addresses),
and those of files: passwd, group, services, protocols, networks

Examples:
  getent hosts db
  getent ahostsv4 example.com
  getent passwd 1000

Exit codes: 0 all found, 1 no such database, 2 a key was not found"
)]
struct Arguments {
    /// The database
    database: String,
    /// What to look up; without it everything, where that is in a file
    keys: Vec<String>,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, lookup)
}

#[expect(clippy::needless_pass_by_value, reason = "a tool is given its arguments")]
fn lookup(arguments: Arguments) -> Outcome {
    let look: fn(&str) -> Vec<String> = match arguments.database.as_str() {
        "hosts" if !arguments.keys.is_empty() => host,
        "ahosts" => |key| all_hosts(key, Family::Any),
        "ahostsv4" => |key| all_hosts(key, Family::V4),
        "ahostsv6" => |key| all_hosts(key, Family::V6),
        "hosts" | "passwd" | "group" | "services" | "protocols" | "networks" => return in_file(&arguments),
        other => return Err(Failure::new(1, format!("there is no database {other:?}; --help lists them"))),
    };
    let found: Vec<Vec<String>> = arguments.keys.iter().map(|key| look(key)).collect();
    print(&found)
}

/// Lines for each key; a key without a line was not found.
fn print(found: &[Vec<String>]) -> Outcome {
    let mut out = tool::out();
    for line in found.iter().flatten() {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(if found.iter().any(Vec::is_empty) { 2 } else { 0 })
}

/// The addresses of a name, those of IPv6 alone where it has some; or the names of an address.
fn host(key: &str) -> Vec<String> {
    if let Ok(address) = key.parse::<IpAddr>() {
        return name_of(address).map(|name| vec![format!("{address:<15} {name}")]).unwrap_or_default();
    }
    let of = |family| names::addresses(key, 0, family);
    let found = of(Family::V6).or_else(|_| of(Family::V4)).unwrap_or_default();
    found.iter().map(|address| format!("{:<15} {key}", address.ip().to_string())).collect()
}

fn all_hosts(key: &str, family: Family) -> Vec<String> {
    let found = names::addresses(key, 0, family).unwrap_or_default();
    let mut lines = Vec::new();
    for (index, address) in found.iter().enumerate() {
        let name = if index == 0 { key } else { "" };
        for kind in ["STREAM", "DGRAM", "RAW"] {
            let name = if kind == "STREAM" { name } else { "" };
            lines.push(format!("{:<15} {kind:<6} {name}", address.ip().to_string()).trim_end().to_owned());
        }
    }
    lines
}

/// By /etc/hosts, then by DNS.
fn name_of(address: IpAddr) -> Option<String> {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let in_hosts = hosts.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let (first, names) = line.trim().split_once(char::is_whitespace)?;
        (first.parse() == Ok(address)).then(|| names.trim().to_owned())
    });
    in_hosts.or_else(|| dns::name_of(address, PATIENCE))
}

/// Lines of a file of /etc by name or number.
fn in_file(arguments: &Arguments) -> Outcome {
    let path = format!("/etc/{}", arguments.database);
    let text = fs::read_to_string(&path).map_err(|error| Failure::new(2, format!("{path}: {error}")))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if arguments.keys.is_empty() {
        return print(&[lines.map(Into::into).collect()]);
    }
    let lines: Vec<&str> = lines.collect();
    let of_key = |key: &String| {
        lines.iter().filter(|line| is_named(line, key)).map(|line| (*line).to_owned()).collect()
    };
    print(&arguments.keys.iter().map(of_key).collect::<Vec<Vec<String>>>())
}

/// `name:x:number:…` of passwd and group, `name number/protocol alias…` of the others.
fn is_named(line: &str, key: &str) -> bool {
    if line.contains(':') {
        let mut fields = line.split(':');
        fields.next() == Some(key) || fields.nth(1) == Some(key)
    } else {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().any(|word| word == key || word.split('/').next() == Some(key))
    }
}
