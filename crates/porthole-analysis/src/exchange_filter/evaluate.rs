//! Whether an exchange meets a condition.

use std::borrow::Cow;
use std::net::SocketAddr;

use porthole_model::{Client, ClientAddress, ContainerNames, Exchange, ExecCall, MaskedText};

use super::fields::Field;
use super::operand::Meaning;
use super::{Comparison, Condition, Expression};
use crate::version::ApiVersion;

/// Whether an expression holds for an exchange.
pub(super) fn holds(expression: &Expression, exchange: &Exchange, names: &ContainerNames) -> bool {
    match expression {
        Expression::Any(parts) => parts.iter().any(|part| holds(part, exchange, names)),
        Expression::All(parts) => parts.iter().all(|part| holds(part, exchange, names)),
        Expression::Not(inner) => !holds(inner, exchange, names),
        Expression::Test(field, condition) => tests(*field, condition, exchange, names),
    }
}

/// Whether a field of an exchange meets a condition.
pub(super) fn tests(
    field: Field,
    condition: &Condition,
    exchange: &Exchange,
    names: &ContainerNames,
) -> bool {
    meets(&fact(field, exchange, names), condition)
}

/// What an exchange says of a field.
enum Fact<'a> {
    Missing,
    /// The same thing by each of its names.
    Texts(Vec<Cow<'a, str>>),
    Number(u128),
    Version(ApiVersion),
    Flag(bool),
}

fn meets(fact: &Fact<'_>, condition: &Condition) -> bool {
    match (condition, fact) {
        (_, Fact::Missing) => false,
        (Condition::Present, Fact::Flag(flag)) => *flag,
        (Condition::Present, _) => true,
        (Condition::Compare(comparison, operand), _) => compares(fact, *comparison, &operand.meaning),
        (Condition::OneOf(operands), _) => {
            operands.iter().any(|operand| compares(fact, Comparison::Equal, &operand.meaning))
        }
        (Condition::Matches(pattern), Fact::Texts(texts)) => {
            texts.iter().any(|text| pattern.0.is_match(text))
        }
        (Condition::Differs(pattern), Fact::Texts(texts)) => {
            !texts.iter().any(|text| pattern.0.is_match(text))
        }
        (Condition::Matches(_) | Condition::Differs(_), _) => false,
    }
}

fn compares(fact: &Fact<'_>, comparison: Comparison, meaning: &Meaning) -> bool {
    match (fact, meaning) {
        (Fact::Texts(texts), Meaning::Text(wanted)) => {
            equals(texts.iter().any(|text| text == wanted), comparison)
        }
        (Fact::Texts(texts), Meaning::Word(wanted)) => {
            equals(texts.iter().any(|text| text.eq_ignore_ascii_case(wanted)), comparison)
        }
        (Fact::Number(number), Meaning::Range(low, high)) => ordered(number, comparison, low, high),
        (Fact::Version(version), Meaning::Version(wanted)) => ordered(version, comparison, wanted, wanted),
        (Fact::Flag(flag), Meaning::Flag(wanted)) => equals(flag == wanted, comparison),
        // A value was read for its field's kind, so no other pair comes here.
        _ => false,
    }
}

fn equals(equal: bool, comparison: Comparison) -> bool {
    equal == (comparison == Comparison::Equal)
}

fn ordered<T: Ord>(value: &T, comparison: Comparison, low: &T, high: &T) -> bool {
    match comparison {
        Comparison::Equal => (low..=high).contains(&value),
        Comparison::NotEqual => !(low..=high).contains(&value),
        Comparison::Less => value < low,
        Comparison::LessOrEqual => value <= high,
        Comparison::Greater => value > high,
        Comparison::GreaterOrEqual => value >= low,
    }
}

fn fact<'a>(field: Field, exchange: &'a Exchange, names: &'a ContainerNames) -> Fact<'a> {
    let resource = exchange.resource.as_ref();
    let client = &exchange.client;
    match field {
        Field::Id => number(Some(exchange.id.0)),
        Field::Connection => number(Some(exchange.connection.0)),
        Field::Method => text(Some(&exchange.method)),
        Field::Path => text(Some(exchange.path())),
        Field::Query => text(exchange.query()),
        Field::Target => text(Some(&exchange.target)),
        Field::Api => {
            exchange.api_version.as_deref().and_then(ApiVersion::parse).map_or(Fact::Missing, Fact::Version)
        }
        Field::Operation => text(exchange.operation.as_deref()),
        Field::Resource => texts(resource.iter().flat_map(|resource| {
            [Some(resource.name.as_str()), resource.id.as_deref()].into_iter().flatten()
        })),
        Field::ResourceKind => owned(resource.map(|resource| resource.kind.to_string())),
        Field::ResourceName => text(resource.map(|resource| resource.name.as_str())),
        Field::Status => number(exchange.status),
        Field::RequestBytes => number(Some(exchange.request.body)),
        Field::AnswerBytes => number(Some(exchange.answer.body)),
        Field::FirstByte => number(exchange.first_byte.map(|time| time.as_nanos())),
        Field::Duration => number(Some(exchange.duration.as_nanos())),
        Field::Failed => Fact::Flag(exchange.has_failed()),
        Field::Failure => text(exchange.failure.as_deref()),
        Field::Upgraded => owned(exchange.upgraded.as_ref().map(ToString::to_string)),
        Field::End => text(Some(exchange.end.word())),
        Field::ExitCode => code(exchange.exit_code),
        Field::ExecId | Field::ExecCommand | Field::ExecContainer | Field::ExecExitCode => {
            exchange.exec.as_ref().map_or(Fact::Missing, |exec| exec_fact(field, exec, names))
        }
        _ => client_fact(field, client, names),
    }
}

fn exec_fact<'a>(field: Field, exec: &'a ExecCall, names: &'a ContainerNames) -> Fact<'a> {
    match field {
        Field::ExecId => text(Some(&exec.id)),
        Field::ExecCommand => owned(exec.command.as_ref().map(|words| command(words))),
        Field::ExecExitCode => code(exec.exit_code),
        _ => texts(exec.container.iter().flat_map(|written| [names.called(written), written])),
    }
}

/// A process has none below zero.
fn code<'a>(code: Option<i64>) -> Fact<'a> {
    number(code.and_then(|code| u64::try_from(code).ok()))
}

fn client_fact<'a>(field: Field, client: &'a Client, names: &'a ContainerNames) -> Fact<'a> {
    match (field, client.address) {
        (Field::ClientPid, ClientAddress::Unix { pid, .. }) => number(pid.map(|pid| pid.0)),
        (Field::ClientUid, ClientAddress::Unix { uid, .. }) => number(Some(uid.0)),
        (Field::ClientAddress, ClientAddress::Tcp(address)) => Fact::Texts(addresses(address)),
        (Field::ClientUser, _) => text(client.user.value().map(String::as_str)),
        (Field::ClientExecutable, _) => {
            texts(client.executable.value().into_iter().flat_map(|path| {
                [path.as_str(), path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name)]
            }))
        }
        (Field::ClientCertificate, _) => text(client.certificate.as_deref()),
        (Field::ClientCommand, _) => owned(client.arguments.value().map(|arguments| command(arguments))),
        (Field::ClientContainer, _) => match client.container.value() {
            Some(Some(container)) => {
                texts(names.name(container).into_iter().chain([&*container.0, container.short().0]))
            }
            _ => Fact::Missing,
        },
        _ => Fact::Missing,
    }
}

/// With its port and without.
fn addresses(address: SocketAddr) -> Vec<Cow<'static, str>> {
    let plain = SocketAddr::new(address.ip().to_canonical(), address.port());
    vec![plain.to_string().into(), plain.ip().to_string().into()]
}

fn command(arguments: &[MaskedText]) -> String {
    arguments.iter().map(MaskedText::as_str).collect::<Vec<_>>().join(" ")
}

fn text(text: Option<&str>) -> Fact<'_> {
    texts(text)
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Fact<'a> {
    let texts: Vec<_> = texts.into_iter().map(Cow::Borrowed).collect();
    if texts.is_empty() { Fact::Missing } else { Fact::Texts(texts) }
}

fn owned<'a>(text: Option<String>) -> Fact<'a> {
    text.map_or(Fact::Missing, |text| Fact::Texts(vec![text.into()]))
}

fn number<'a>(number: Option<impl Into<u128>>) -> Fact<'a> {
    number.map_or(Fact::Missing, |number| Fact::Number(number.into()))
}
