//! One exchange in full, its heads and bodies left aside.

use porthole_model::{Client, ClientAddress, ContainerNames, Exchange, MaskedText, MessageSize, Resource};

use super::{exec, words};
use crate::doc::{Doc, Line, Style};
use crate::{gaps, moment, units};

/// Everything that is known of an exchange; `trouble` is what its versions show.
pub fn detail(exchange: &Exchange, names: &ContainerNames, trouble: Option<&str>) -> Doc {
    let mut doc = Doc::new();
    doc.heading(heading(exchange, names));
    let mut inner = Doc::new();
    let mut terms = call_terms(exchange, names);
    terms.extend(client_terms(&exchange.client, names));
    inner.definitions(terms);
    if let Some(trouble) = trouble {
        inner.paragraph(Line::of(Style::Warning, "Versions:").plain(" ").plain(trouble));
    }
    inner.append(gaps::not_seen(client_gaps(&exchange.client)));
    doc.nested(inner);
    doc
}

fn heading(exchange: &Exchange, names: &ContainerNames) -> Line {
    let number = format!("#{}  ", exchange.id);
    let mut heading = Line::of(Style::Faint, &number);
    heading.append(words::story(exchange, names));
    heading
}

fn call_terms(exchange: &Exchange, names: &ContainerNames) -> Vec<(Line, Line)> {
    let mut terms = vec![
        term("started", Line::from(moment::rfc3339(exchange.started))),
        term("request", Line::of(Style::Code, &format!("{} {}", exchange.method, exchange.target))),
        term("API", exchange.api_version.as_deref().unwrap_or("no version asked for").into()),
    ];
    terms.extend(exchange.resource.as_ref().map(|resource| term("about", about(resource))));
    terms.extend(exchange.exec.iter().flat_map(|exec| exec::terms(exec, names)));
    terms.extend(exchange.exit_code.map(|code| term("ended with", exec::exit(code))));
    terms.push(term("status", status(exchange)));
    terms.extend(exchange.failure.as_ref().map(|why| term("failure", Line::of(Style::Error, why))));
    terms.push(term("sent", size(exchange.request)));
    terms.push(term("received", size(exchange.answer)));
    terms.push(term("times", times(exchange)));
    let upgraded =
        exchange.upgraded.as_ref().map(|to| term("upgraded", Line::of(Style::Note, &to.to_string())));
    terms.extend(upgraded);
    terms.push(term("end", words::end_phrase(exchange.end).into()));
    terms.push(term("connection", exchange.connection.to_string().into()));
    terms
}

fn about(resource: &Resource) -> Line {
    let line = Line::from(format!("{} ", resource.kind)).with(Style::Name, &resource.name);
    match &resource.id {
        Some(id) if *id != resource.name => line.with(Style::Faint, &format!(" ({id})")),
        _ => line,
    }
}

fn status(exchange: &Exchange) -> Line {
    match exchange.status {
        Some(_) => words::status(exchange),
        None => Line::of(Style::Warning, "no answer"),
    }
}

fn size(size: MessageSize) -> Line {
    let MessageSize { head, body } = size;
    format!("{} ({body} bytes) behind a head of {}", units::size(body), units::size(head)).into()
}

fn times(exchange: &Exchange) -> Line {
    let total = units::time(exchange.duration);
    match exchange.first_byte {
        Some(first) => format!("{} to the first byte, {total} in all", units::time(first)).into(),
        None => format!("no first byte, {total} in all").into(),
    }
}

fn client_terms(client: &Client, names: &ContainerNames) -> Vec<(Line, Line)> {
    let mut terms = vec![term("client", address(client.address))];
    let certificate = client.certificate.as_ref();
    terms.extend(certificate.map(|name| term("certificate", Line::of(Style::Name, name))));
    terms.push(term("user", words::known(&client.user, |user| user.as_str().into())));
    terms.push(term("program", words::known(&client.executable, |path| Line::of(Style::Code, path))));
    terms.push(term("command", words::known(&client.arguments, |arguments| command(arguments))));
    let container = words::known(&client.container, |container| match container {
        Some(id) => {
            let name = names.name(id).unwrap_or(id.short().0);
            Line::of(Style::Name, name).with(Style::Faint, &format!(" ({id})"))
        }
        None => "none: a program of the host".into(),
    });
    terms.push(term("container", container));
    terms
}

fn address(address: ClientAddress) -> Line {
    match address {
        ClientAddress::Unix { pid: Some(pid), uid, gid } => format!("pid {pid}, uid {uid}, gid {gid}").into(),
        ClientAddress::Unix { pid: None, uid, gid } => {
            format!("uid {uid}, gid {gid}; its process is of another namespace").into()
        }
        ClientAddress::Tcp(address) => address.to_string().into(),
    }
}

fn command(arguments: &[MaskedText]) -> Line {
    let words: Vec<&str> = arguments.iter().map(MaskedText::as_str).collect();
    Line::of(Style::Code, &words.join(" "))
}

fn client_gaps(client: &Client) -> impl Iterator<Item = &porthole_model::Gap> {
    let texts = [client.user.gap(), client.executable.gap(), client.arguments.gap(), client.container.gap()];
    texts.into_iter().flatten()
}

fn term(term: &str, meaning: Line) -> (Line, Line) {
    (Line::of(Style::Faint, term), meaning)
}
