//! The words for clients, calls and how they ended.

use porthole_model::{Caller, Client, ClientAddress, ContainerNames, Exchange, ExchangeEnd, Observed};

use super::exec;
use crate::doc::{Line, Style};

/// Who called, in a word: a container's name, `docker[4242]`, the name in a certificate, an address.
pub(crate) fn client(client: &Client, names: &ContainerNames) -> Line {
    match (Caller::from(client), client.address) {
        (Caller::Program(path), ClientAddress::Unix { pid: Some(pid), .. }) => {
            Line::of(Style::Name, &format!("{}[{pid}]", base_name(&path)))
        }
        (Caller::User(_), ClientAddress::Unix { pid: Some(pid), uid, .. }) => {
            Line::from(format!("uid {uid}, pid {pid}"))
        }
        (known, _) => caller(&known, names),
    }
}

/// Whose calls are counted together.
pub(super) fn caller(caller: &Caller, names: &ContainerNames) -> Line {
    match caller {
        Caller::Container(id) => Line::of(Style::Name, names.name(id).unwrap_or(id.short().0)),
        Caller::Program(path) => Line::of(Style::Name, base_name(path)),
        Caller::User(uid) => Line::from(format!("uid {uid}")),
        Caller::Certificate(name) => Line::of(Style::Name, name),
        Caller::Address(address) => Line::from(address.to_string()),
        Caller::Others => Line::of(Style::Faint, "others"),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The number of an exchange, before its line and the titles of its parts.
pub(crate) fn number(exchange: &Exchange) -> Line {
    Line::of(Style::Strong, &format!("{:>5}  ", format!("#{}", exchange.id)))
}

/// The operation, or the method and the path where no operation of the API is meant.
pub(super) fn name(exchange: &Exchange) -> Line {
    match &exchange.operation {
        Some(operation) => Line::of(Style::Strong, operation),
        None => method(exchange).with(Style::Strong, exchange.path()),
    }
}

fn method(exchange: &Exchange) -> Line {
    Line::of(Style::Faint, &exchange.method).plain(" ")
}

/// The call, what it is about, and what became of it beyond its status.
pub(crate) fn story(exchange: &Exchange, names: &ContainerNames) -> Line {
    let what = exchange.operation.as_deref().unwrap_or_else(|| exchange.path());
    joined(method(exchange).with(Style::Strong, what), &rest(exchange, names))
}

/// What a call is about, and what became of it beyond its status. An exit code stands before a long command.
pub(super) fn rest(exchange: &Exchange, names: &ContainerNames) -> Line {
    let code = exchange.exec.as_ref().and_then(|exec| exec.exit_code).or(exchange.exit_code);
    let parts = code.map(exec::exit).into_iter().chain([thing(exchange, names)]).chain(marks(exchange));
    parts.fold(Line::new(), |line, part| joined(line, &part))
}

/// The thing that a call is about; of an exec, its container and its command.
fn thing(exchange: &Exchange, names: &ContainerNames) -> Line {
    let exec = exchange.exec.as_ref().map(|exec| exec::place_and_command(exec, names));
    let resource = || exchange.resource.as_ref().map(|resource| Line::of(Style::Name, short(&resource.name)));
    exec.filter(|line| !line.is_empty()).or_else(resource).unwrap_or_default()
}

/// An id as the docker CLI shows it, a name as it is.
fn short(name: &str) -> &str {
    let is_id = name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_id { &name[..12] } else { name }
}

/// Two lines side by side, where neither is empty.
pub(super) fn joined(mut line: Line, other: &Line) -> Line {
    if !line.is_empty() && !other.is_empty() {
        line.push(Style::Plain, "  ");
    }
    line.append(other.clone());
    line
}

fn marks(exchange: &Exchange) -> impl Iterator<Item = Line> {
    let upgraded = exchange.upgraded.as_ref().map(|to| Line::of(Style::Note, &format!("→ {to}")));
    let failure = exchange.failure.as_ref().map(|why| Line::of(Style::Error, &format!("failed: {why}")));
    let end =
        (exchange.end != ExchangeEnd::Complete).then(|| Line::of(Style::Warning, end_phrase(exchange.end)));
    [upgraded, failure, end].into_iter().flatten()
}

/// The status, coloured by its class; an error inside a success is one.
pub(crate) fn status(exchange: &Exchange) -> Line {
    let Some(status) = exchange.status else { return Line::of(Style::Faint, "-") };
    let style = match status {
        _ if exchange.failure.is_some() => Style::Error,
        0..300 => Style::Good,
        300..400 => Style::Note,
        400..500 => Style::Warning,
        _ => Style::Error,
    };
    Line::of(style, &status.to_string())
}

/// How an exchange ended, for people.
pub(super) fn end_phrase(end: ExchangeEnd) -> &'static str {
    match end {
        ExchangeEnd::Complete => "complete",
        ExchangeEnd::ClientLeft => "client left",
        ExchangeEnd::EngineLeft => "engine left",
        ExchangeEnd::Opaque => "not understood",
        ExchangeEnd::Stopped => "relay stopped",
    }
}

/// A fact, or `?` where it could not be read.
pub(super) fn known<T>(fact: &Observed<T>, shown: impl FnOnce(&T) -> Line) -> Line {
    fact.value().map_or_else(|| Line::of(Style::Warning, "?"), shown)
}
