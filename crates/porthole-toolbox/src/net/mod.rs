//! The tools for networks, a file or a directory each.

mod curl;
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
mod tls;
mod tool;
mod trace;
mod trust;

use crate::applet::{Applet, Group};

/// A row for each tool.
pub(crate) const APPLETS: &[Applet] = &[
    row("curl", "fetch a URL", curl::run),
    row("dig", "ask a DNS server", dig::run),
    row("getent", "what names mean here", getent::run),
    row("httpd", "serve a directory over HTTP", httpd::run),
    row("ip", "links, addresses, routes and neighbours", ip::run),
    row("mtr", "loss and times of each router on the way", trace::run_mtr),
    row("nc", "connect or listen, and copy both ways", nc::run),
    row("openssl", "s_client alone: the same as tls", tls::run_as_openssl),
    row("ping", "does an address answer, and how fast", ping::run),
    row("ss", "sockets and who holds them", ss::run),
    row("testbox", "a page that says where it runs and what it saw, and echo servers", testbox::run),
    row("tls", "the certificates of a server, and whether they are believed", tls::run),
    row("traceroute", "the routers on the way to an address", trace::run_traceroute),
    row("wget", "fetch a file", curl::run_wget),
];

const fn row(name: &'static str, summary: &'static str, run: fn(Vec<std::ffi::OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Network, summary, run }
}
