//! The attributes of a log record: OpenTelemetry's semantic conventions where they have a word, else ours.

use opentelemetry::Key;
use opentelemetry::logs::AnyValue;

use super::call::{Answer, Call, Caller, Exec};
use super::line::Line;

type Attributes = Vec<(Key, AnyValue)>;

/// What a line says, apart from its text.
pub(super) fn attributes(sequence: u64, line: &Line<'_>) -> Attributes {
    let mut attributes = vec![number("porthole.audit.sequence", sequence)];
    match line {
        Line::Opened(opened) => attributes.push(text("porthole.engine", opened.engine)),
        Line::Asked { call, .. } => of_call(&mut attributes, call),
        Line::Answered { asked, call, answer, .. } => {
            attributes.extend(asked.map(|asked| number("porthole.audit.asked", asked)));
            of_call(&mut attributes, call);
            of_answer(&mut attributes, answer);
        }
        Line::Refused { asked, call, reason, .. } => {
            attributes.extend(asked.map(|asked| number("porthole.audit.asked", asked)));
            of_call(&mut attributes, call);
            attributes.push(text("error.type", "refused"));
            attributes.push(text("error.message", reason));
        }
        Line::Lost { calls, .. } => attributes.push(number("porthole.audit.lost", *calls)),
        Line::Closed { .. } => {}
    }
    attributes
}

fn of_call(attributes: &mut Attributes, call: &Call) {
    let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
    attributes.push(text("http.request.method", &call.method));
    attributes.push(text("url.path", path));
    attributes.push(number("porthole.connection", call.connection));
    attributes.extend((!query.is_empty()).then(|| text("url.query", query)));
    attributes.extend(call.operation.as_deref().map(|name| text("porthole.operation", name)));
    if let Some(resource) = &call.resource {
        attributes.push(text("porthole.resource.kind", &resource.kind.to_string()));
        attributes.push(text("porthole.resource.name", &resource.name));
        attributes.extend(resource.id.as_deref().map(|id| text("porthole.resource.id", id)));
    }
    of_caller(attributes, &call.client);
}

fn of_caller(attributes: &mut Attributes, client: &Caller) {
    let container = client.container.as_ref();
    let texts = [
        ("client.address", client.address.as_deref()),
        ("user.name", client.user.as_deref()),
        ("process.executable.path", client.executable.as_deref()),
        ("container.id", container.map(|container| container.id.as_str())),
        ("container.name", container.and_then(|container| container.name.as_deref())),
        ("tls.client.subject", client.certificate.as_deref()),
    ];
    attributes.extend(texts.into_iter().filter_map(|(name, value)| Some(text(name, value?))));
    attributes.extend(client.pid.map(|pid| number("process.pid", u64::from(pid))));
    attributes.extend(client.uid.map(|uid| text("user.id", &uid.to_string())));
    attributes.extend(client.arguments.as_deref().map(|words| list("process.command_args", words)));
}

fn of_answer(attributes: &mut Attributes, answer: &Answer) {
    attributes.extend(answer.status.map(|status| number("http.response.status_code", u64::from(status))));
    attributes.push(number("http.request.body.size", answer.request_bytes));
    attributes.push(number("http.response.body.size", answer.response_bytes));
    attributes.push(number("porthole.duration_us", answer.duration_us));
    attributes.push(number("porthole.exchange", answer.exchange));
    attributes.push(text("porthole.end", answer.end.word()));
    attributes.extend(answer.failure.as_deref().map(|failure| text("error.message", failure)));
    attributes.extend(answer.failed.then(|| text("error.type", &kind_of_error(answer))));
    if let Some(exec) = &answer.exec {
        of_exec(attributes, exec);
    }
}

fn of_exec(attributes: &mut Attributes, exec: &Exec) {
    attributes.push(text("porthole.exec.id", &exec.id));
    attributes.extend(exec.container.as_deref().map(|name| text("porthole.exec.container", name)));
    attributes.extend(exec.command.as_deref().map(|words| list("porthole.exec.command", words)));
}

/// The status where that is the error, as the conventions of HTTP have it.
fn kind_of_error(answer: &Answer) -> String {
    match answer.status {
        Some(status) if status >= 400 => status.to_string(),
        _ if answer.failure.is_some() => "operation_failed".to_owned(),
        _ => answer.end.word().to_owned(),
    }
}

fn text(name: &'static str, value: &str) -> (Key, AnyValue) {
    (Key::from_static_str(name), AnyValue::from(value.to_owned()))
}

fn number(name: &'static str, value: u64) -> (Key, AnyValue) {
    (Key::from_static_str(name), AnyValue::Int(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn list(name: &'static str, words: &[String]) -> (Key, AnyValue) {
    let words = words.iter().map(|word| AnyValue::from(word.clone())).collect();
    (Key::from_static_str(name), AnyValue::ListAny(Box::new(words)))
}
