//! The page for curl: terms and what they mean, one a line.

use std::fmt::Write;

use super::page::{Interface, Page};

/// The column that values begin in.
const TERM: usize = 12;

/// The page as text.
pub(super) fn page(page: &Page) -> String {
    let (testbox, request) = (&page.testbox, &page.request);
    let mut text = String::from("It works: this is porthole's testbox.\n\nWhere it runs\n");
    let said = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
    term(&mut text, "container", &said(&testbox.name));
    term(&mut text, "hostname", std::slice::from_ref(&testbox.hostname));
    term(&mut text, "engine", &said(&testbox.engine));
    term(&mut text, "network", &said(&testbox.network));
    term(&mut text, "published", &testbox.published);
    term(&mut text, "interfaces", &testbox.interfaces.iter().map(interface).collect::<Vec<_>>());
    term(&mut text, "default", &testbox.default_routes);
    term(&mut text, "resolv.conf", &testbox.resolver);
    text.push_str("\nWhat it saw of your request\n");
    term(&mut text, "came", &[request.reached.words.to_owned()]);
    term(&mut text, "from", std::slice::from_ref(&request.peer));
    term(&mut text, "to", std::slice::from_ref(&request.local));
    let line = format!("{} {} {}", request.method, request.target, request.version);
    term(&mut text, "request", &[line]);
    let headers = request.headers.iter().map(|header| format!("{}: {}", header.name, header.value));
    term(&mut text, "headers", &headers.collect::<Vec<_>>());
    text
}

/// An interface in a line.
pub(super) fn interface(interface: &Interface) -> String {
    let mut line = format!("{} {}", interface.name, interface.addresses.join(" "));
    if let Some(mac) = &interface.mac {
        let _infallible = write!(line, "  mac {mac}");
    }
    let state = if interface.up { "" } else { "  down" };
    format!("{}  mtu {}{state}", line.trim_end(), interface.mtu)
}

/// A term, and below it whatever else it means.
fn term(text: &mut String, name: &str, values: &[String]) {
    for (index, value) in values.iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        let _infallible = writeln!(text, "  {name:<TERM$}{value}");
    }
}
