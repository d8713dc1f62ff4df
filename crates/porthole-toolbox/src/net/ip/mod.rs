//! ip: links, addresses, routes and neighbours of this network namespace, to be read.

mod objects;
mod rows;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::net::IpAddr;

use porthole_host::{LinuxHost, Roots};
use porthole_model::NetworkStack;
use serde_json::Value;

use super::names::Family;
use super::tool::{self, Failure, Outcome};
use rows::Rows;

const HELP: &str = "\
Show links, addresses, routes and neighbours of this network namespace. Changes nothing.

Usage: ip [-4|-6] [-br] [-j] OBJECT [show] [dev NAME]
       ip [-4|-6] [-j] route get ADDRESS
       ip [-4|-6] [-j] route [show] [table NUMBER|main|local|all]

Objects:
  link       interfaces
  address    interfaces with their addresses
  route      the routing table; get ADDRESS asks the kernel which route it would take
  neighbour  the ARP and NDP table

Options:
  -4, -6     one family alone
  -br        a line for each
  -j         JSON, with the field names of iproute2
  --help     this text

Examples:
  ip -br addr
  ip route get 10.77.0.1
  ip -j route | jq '.[] | select(.dst == \"default\").gateway'
";

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::by_hand(words, HELP, |words| show(&words::parse(words)?))
}

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    family: Family,
    brief: bool,
    json: bool,
    object: Object,
    device: Option<String>,
    /// A routing table; the main one without.
    table: Table,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Object {
    #[default]
    Address,
    Link,
    Route,
    RouteTo(IpAddr),
    Neighbour,
}

#[derive(Debug, PartialEq, Eq)]
enum Table {
    All,
    Number(u32),
}

impl Default for Table {
    /// `RT_TABLE_MAIN`.
    fn default() -> Self {
        Self::Number(254)
    }
}

fn show(request: &Request) -> Outcome {
    let host = LinuxHost::new(Roots::default());
    let stack = host.own_stack();
    check_device(&stack, request)?;
    let rows = Rows::new(&stack, request)?;
    let (lines, values) = match &request.object {
        Object::Link | Object::Address if request.brief => (rows.brief_links(), rows.link_values()),
        Object::Link | Object::Address => (rows.links(), rows.link_values()),
        Object::Route => (rows.routes()?, rows.route_values()?),
        Object::RouteTo(destination) => {
            let route = host.route_to(*destination);
            let route = route.map_err(|error| Failure::new(2, format!("{destination}: {error}")))?;
            (vec![rows.route_to(*destination, &route)], vec![rows.route_value(&route, Some(*destination))])
        }
        Object::Neighbour => (rows.neighbours()?, rows.neighbour_values()?),
    };
    let mut out = tool::out();
    if request.json {
        writeln!(out, "{}", Value::Array(values))?;
    } else {
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(0)
}

fn check_device(stack: &NetworkStack, request: &Request) -> Result<(), Failure> {
    let Some(device) = &request.device else { return Ok(()) };
    let links = stack.links.known().map_err(|gap| Failure::from(gap.clone()))?;
    if links.iter().any(|link| link.name == *device) {
        Ok(())
    } else {
        Err(Failure::new(1, format!("there is no device {device} in this network namespace")))
    }
}
