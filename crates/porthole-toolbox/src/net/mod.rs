//! The tools for networks, a file or a directory each.

mod dig;
mod dns;
mod getent;
mod http;
mod httpd;
mod ip;
mod names;
mod nc;
mod ping;
mod ss;
mod testbox;
mod tool;

use crate::applet::{Applet, Group};

/// A row for each tool.
pub(crate) const APPLETS: &[Applet] = &[
    row("dig", "ask a DNS server", dig::run),
    row("getent", "what names mean here", getent::run),
    row("httpd", "serve a directory over HTTP", httpd::run),
    row("ip", "links, addresses, routes and neighbours", ip::run),
    row("nc", "connect or listen, and copy both ways", nc::run),
    row("ping", "does an address answer, and how fast", ping::run),
    row("ss", "sockets and who holds them", ss::run),
    row("testbox", "a page that says where it runs and what it saw, and echo servers", testbox::run),
];

const fn row(name: &'static str, summary: &'static str, run: fn(Vec<std::ffi::OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Network, summary, run }
}
