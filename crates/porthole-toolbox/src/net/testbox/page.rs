//! What the page says: where this runs, and what was seen of the request.

use std::time::{SystemTime, UNIX_EPOCH};

use hyper::header::HOST;
use porthole_host::{LinuxHost, Roots};
use porthole_model::{Link, NetworkStack, Route, RouteKind};
use serde::Serialize;

use super::Arguments;
use super::reach::{self, Reached};
use crate::net::http::{Ends, Head};

/// The version of the page as JSON.
const SCHEMA_VERSION: u32 = 1;

/// A page, whatever it is shown as.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    schema_version: u32,
    /// Where this runs.
    pub(super) testbox: Whereabouts,
    /// What was seen of the request.
    pub(super) request: Seen,
}

/// Where this runs.
#[derive(Debug, Serialize)]
pub(super) struct Whereabouts {
    pub(super) name: Option<String>,
    pub(super) hostname: String,
    pub(super) engine: Option<String>,
    pub(super) network: Option<String>,
    pub(super) published: Vec<String>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) default_routes: Vec<String>,
    /// The lines of resolv.conf that say something.
    pub(super) resolver: Vec<String>,
    pub(super) porthole: &'static str,
}

/// An interface with its addresses.
#[derive(Debug, Serialize)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) addresses: Vec<String>,
    pub(super) mac: Option<String>,
    pub(super) mtu: u32,
    pub(super) up: bool,
}

/// What was seen of a request.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) reached: Reached,
    pub(super) peer: String,
    pub(super) local: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: String,
    pub(super) headers: Vec<Header>,
    /// Seconds since the Unix epoch.
    pub(super) time: u64,
}

/// A header of a request.
#[derive(Debug, Serialize)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

impl Page {
    /// The answer to a request.
    pub(super) fn new(head: &Head, ends: Ends, arguments: &Arguments) -> Self {
        let stack = LinuxHost::new(Roots::default()).own_stack();
        let testbox = whereabouts(&stack, arguments);
        let request = seen(head, ends, &stack, &testbox);
        Self { schema_version: SCHEMA_VERSION, testbox, request }
    }

    /// As JSON.
    pub(super) fn json(&self) -> String {
        // Only maps with other keys than text cannot be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn whereabouts(stack: &NetworkStack, arguments: &Arguments) -> Whereabouts {
    let links = stack.links.value().map(Vec::as_slice).unwrap_or_default();
    Whereabouts {
        name: arguments.name.clone(),
        hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        engine: arguments.engine.clone(),
        network: arguments.network.clone(),
        published: arguments.published.clone(),
        interfaces: links.iter().map(|link| interface(link, stack)).collect(),
        default_routes: default_routes(stack, links),
        resolver: resolver(),
        porthole: env!("CARGO_PKG_VERSION"),
    }
}

fn interface(link: &Link, stack: &NetworkStack) -> Interface {
    let all = stack.addresses.value().map(Vec::as_slice).unwrap_or_default();
    let own = all.iter().filter(|address| address.interface == link.index);
    Interface {
        name: link.name.clone(),
        addresses: own.map(|address| address.prefix.to_string()).collect(),
        mac: link.mac.map(|mac| mac.to_string()),
        mtu: link.mtu,
        up: link.up,
    }
}

fn default_routes(stack: &NetworkStack, links: &[Link]) -> Vec<String> {
    let is_default = |route: &&Route| route.destination.length == 0 && route.kind == RouteKind::Unicast;
    let routes = stack.routes.value().map(Vec::as_slice).unwrap_or_default();
    routes.iter().filter(is_default).map(|route| described(route, links)).collect()
}

fn described(route: &Route, links: &[Link]) -> String {
    let through = links.iter().find(|link| Some(link.index) == route.interface);
    let through = through.map(|link| format!("dev {}", link.name)).unwrap_or_default();
    let via = route.gateway.map(|gateway| format!("via {gateway} ")).unwrap_or_default();
    format!("{via}{through}")
}

fn resolver() -> Vec<String> {
    match std::fs::read_to_string("/etc/resolv.conf") {
        Ok(text) => text.lines().map(str::trim).filter(|line| says_something(line)).map(Into::into).collect(),
        Err(error) => vec![format!("/etc/resolv.conf: {error}")],
    }
}

fn says_something(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['#', ';'])
}

fn seen(head: &Head, ends: Ends, stack: &NetworkStack, testbox: &Whereabouts) -> Seen {
    let host = head.headers().get(HOST).and_then(|host| host.to_str().ok());
    let mut names = vec![testbox.hostname.as_str()];
    names.extend(testbox.name.as_deref());
    let headers = head.headers().iter().map(|(name, value)| Header {
        name: name.to_string(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    });
    Seen {
        reached: reach::reached(ends.peer.ip(), ends.local.ip(), host, &names, stack),
        peer: ends.peer.to_string(),
        local: ends.local.to_string(),
        method: head.method().to_string(),
        target: head.uri().to_string(),
        version: format!("{:?}", head.version()),
        headers: headers.collect(),
        time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    }
}
