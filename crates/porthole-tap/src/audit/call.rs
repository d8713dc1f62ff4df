//! A call as an audit tells of it: who, what, on what; and with what result.

use std::fmt;

use porthole_model::{
    Client, ClientAddress, ConnectionId, ContainerId, ContainerNames, ExchangeEnd, ExecCall, Gap, MaskedText,
    Observed, Resource, ResourceKind, Secrets,
};
use porthole_wire::engine_api::{self, CallDetails};
use porthole_wire::http1::RequestHead;
use serde::Serialize;

use crate::{Finished, Message};

/// The longest text that is kept whole: no line may be so long that its end is not found again.
const LONGEST: usize = 4096;

/// How many arguments of a program are kept.
const MOST_ARGUMENTS: usize = 64;

/// Who, what, on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Call {
    #[serde(skip)]
    pub(super) connection_id: ConnectionId,
    pub(super) connection: u64,
    pub(super) client: Caller,
    pub(super) method: String,
    pub(super) target: String,
    /// The fields of a form in the body, which stand before those of the target; credentials masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<String>,
    /// Whether there is such a form that is not known whole: what the call is about may be something else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) form_is_unknown: bool,
    pub(super) operation: Option<String>,
    pub(super) resource: Option<Thing>,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Caller {
    pub(super) address: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) user: Option<String>,
    pub(super) executable: Option<String>,
    pub(super) arguments: Option<Vec<String>>,
    pub(super) container: Option<Container>,
    pub(super) certificate: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unknown: Vec<Unknown>,
}

/// Why something about a client is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unknown {
    pub(super) field: &'static str,
    pub(super) cause: String,
}

/// The container that a call came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Thing {
    pub(super) kind: ResourceKind,
    pub(super) name: String,
    pub(super) id: Option<String>,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    /// The call's number in listings and recordings of the same run.
    pub(super) exchange: u64,
    pub(super) started: String,
    pub(super) status: Option<u16>,
    pub(super) failed: bool,
    pub(super) failure: Option<String>,
    pub(super) end: ExchangeEnd,
    pub(super) upgraded: Option<String>,
    pub(super) duration_us: u64,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<CallDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exec: Option<Exec>,
}

/// The command in a container that a call is about, as far as this or an earlier call told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Exec {
    pub(super) id: String,
    pub(super) container: Option<String>,
    pub(super) command: Option<Vec<String>>,
}

impl Call {
    pub(super) fn of_head(
        connection: ConnectionId,
        client: &Client,
        head: &RequestHead<'_>,
        names: &ContainerNames,
    ) -> Self {
        let call = engine_api::recognise(head.method, head.target);
        Self {
            connection_id: connection,
            connection: connection.0,
            client: Caller::of(client, names),
            method: cut(head.method),
            target: cut(&engine_api::masked_target(head.target)),
            form: None,
            form_is_unknown: head.headers.text("Content-Type").is_some_and(is_form),
            operation: call.operation.map(|operation| operation.name.to_owned()),
            resource: call.resource.as_ref().map(Thing::of),
        }
    }

    /// What a client sent that is not understood.
    pub(super) fn unknown(connection: ConnectionId, client: &Client) -> Self {
        Self {
            connection_id: connection,
            connection: connection.0,
            client: Caller::of(client, &ContainerNames::default()),
            method: "unknown".to_owned(),
            target: String::new(),
            form: None,
            form_is_unknown: false,
            operation: None,
            resource: None,
        }
    }

    pub(super) fn of_finished(finished: &Finished, names: &ContainerNames) -> Self {
        let exchange = &finished.exchange;
        let form = finished.request.as_ref().and_then(Form::of);
        let by_form = form.as_ref().and_then(|form| {
            engine_api::resource_with_form(&exchange.method, &exchange.target, form.text.as_deref()?)
        });
        Self {
            connection_id: exchange.connection,
            connection: exchange.connection.0,
            client: Caller::of(&exchange.client, names),
            method: cut(&exchange.method),
            target: cut(&exchange.target),
            form_is_unknown: form.as_ref().is_some_and(|form| form.text.is_none()),
            form: form.and_then(|form| form.text).map(|text| cut(&engine_api::masked_form(&text))),
            operation: exchange.operation.clone(),
            resource: by_form.as_ref().or(exchange.resource.as_ref()).map(Thing::of),
        }
    }

    /// Whether both tell of the same request of one connection.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.method == other.method && self.target == other.target
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.target)
    }
}

impl Answer {
    pub(super) fn of(finished: &Finished, names: &ContainerNames) -> Self {
        let exchange = &finished.exchange;
        let operation = exchange.operation.as_deref().unwrap_or_default();
        let body = finished.request.as_ref().map(|request| request.body.bytes());
        Self {
            exchange: exchange.id.0,
            started: super::line::rfc3339(exchange.started),
            status: exchange.status,
            failed: exchange.has_failed(),
            failure: exchange.failure.as_deref().map(cut),
            end: exchange.end,
            upgraded: exchange.upgraded.as_ref().map(ToString::to_string),
            duration_us: u64::try_from(exchange.duration.as_micros()).unwrap_or(u64::MAX),
            request_bytes: exchange.request.body,
            response_bytes: exchange.answer.body,
            details: body.and_then(|body| CallDetails::of(operation, body)),
            exec: exchange.exec.as_ref().map(|exec| Exec::of(exec, names)),
        }
    }
}

impl Exec {
    fn of(exec: &ExecCall, names: &ContainerNames) -> Self {
        // An id that has no known name stays whole.
        let called =
            |written: &String| names.name(&ContainerId(written.clone())).unwrap_or(written).to_owned();
        Self {
            id: cut(&exec.id),
            container: exec.container.as_ref().map(called).as_deref().map(cut),
            command: exec.command.as_deref().map(arguments),
        }
    }
}

impl Caller {
    fn of(client: &Client, names: &ContainerNames) -> Self {
        let mut unknown = Vec::new();
        let (address, pid, ids) = match client.address {
            ClientAddress::Tcp(address) => (Some(address.to_string()), None, None),
            ClientAddress::Unix { pid, uid, gid } => (None, pid.map(|pid| pid.0), Some((uid.0, gid.0))),
        };
        let container = known(&client.container, "container", &mut unknown).and_then(Option::as_ref);
        Self {
            address,
            pid,
            uid: ids.map(|(uid, _)| uid),
            gid: ids.map(|(_, gid)| gid),
            user: known(&client.user, "user", &mut unknown).cloned(),
            executable: known(&client.executable, "executable", &mut unknown).map(|path| cut(path)),
            arguments: known(&client.arguments, "arguments", &mut unknown).map(|words| arguments(words)),
            container: container
                .map(|id| Container { id: id.0.clone(), name: names.name(id).map(str::to_owned) }),
            certificate: client.certificate.clone(),
            unknown,
        }
    }
}

/// Masked once more: an audit holds no credential even where a screen shows them.
fn arguments(words: &[MaskedText]) -> Vec<String> {
    let masked = MaskedText::arguments(words.iter().map(MaskedText::as_str), Secrets::Mask);
    masked.iter().take(MOST_ARGUMENTS).map(|word| cut(word.as_str())).collect()
}

fn known<'a, T>(fact: &'a Observed<T>, field: &'static str, unknown: &mut Vec<Unknown>) -> Option<&'a T> {
    match fact {
        Observed::Known(value) => Some(value),
        Observed::Missing(Gap { cause, .. }) => {
            unknown.push(Unknown { field, cause: cut(cause) });
            None
        }
    }
}

impl Thing {
    fn of(resource: &Resource) -> Self {
        Self { kind: resource.kind, name: cut(&resource.name), id: resource.id.clone() }
    }
}

/// A form in a request's body.
struct Form {
    /// Its text; `None` where it was not kept whole.
    text: Option<String>,
}

impl Form {
    fn of(request: &Message) -> Option<Self> {
        let head = String::from_utf8_lossy(request.head.bytes());
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, value)| name.eq_ignore_ascii_case("Content-Type") && is_form(value))?;
        let is_whole = !request.body.is_truncated() && !request.withheld;
        Some(Self { text: is_whole.then(|| String::from_utf8_lossy(request.body.bytes()).into_owned()) })
    }
}

fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(LONGEST)];
    format!("{kept}... ({} bytes more)", text.len() - kept.len())
}
