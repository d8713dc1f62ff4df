//! `porthole api`: one call to the engine, in the user's own words.

mod answer;
mod args;
mod attached;
mod body;
mod curl;
mod list;
mod output;
mod refused;
mod target;

use std::future::Future;
use std::time::Duration;

use porthole_engine::{Client, OpenAnswer, OpenBody, OpenCall, RequestError};
use porthole_render::error;
use porthole_wire::content::{Content, ContentKind, Known};
use porthole_wire::engine_api::{self, Operation};
use porthole_wire::http::Side;
use serde::Deserialize;
use serde_json::json;

pub(crate) use args::ApiArgs;
use args::ApiCommand;

use self::body::Data;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::world::World;

/// Calls, lists the calls, or says the call as curl would.
pub(super) fn run(args: ApiArgs, world: &World) -> Result<Exit, CommandError> {
    if let Some(ApiCommand::Ls(args)) = &args.command {
        return list::run(args, world);
    }
    let wanted = Wanted::of(args)?;
    let client = world.engine()?;
    let target = target::versioned(&wanted.path, &client.api_version().to_string());
    if wanted.curl {
        let line = curl::line(&wanted, &target, client.endpoint());
        if wanted.may_upgrade() {
            world.printer.note(&error::note("curl shows what comes, but passes nothing on that is typed"));
        }
        Printer::text(&line)?;
        return Ok(Exit::Success);
    }
    world.block_on(call(wanted, &target, &client, world))?
}

/// What was typed, as far as it can be judged without the engine.
#[derive(Debug)]
pub(super) struct Wanted {
    method: String,
    /// The path and the query, with a version only where one was typed.
    path: String,
    operation: Option<&'static Operation>,
    headers: Vec<(String, String)>,
    data: Option<Data>,
    /// What `-d` was, for curl.
    typed_data: Option<String>,
    include: bool,
    raw: bool,
    curl: bool,
}

impl Wanted {
    fn of(args: ApiArgs) -> Result<Self, CommandError> {
        let method = args.method.unwrap_or_default();
        if method.starts_with('/') {
            return Err(CommandError::new(format!("{method} is no method"))
                .hint(format!("give the method first: porthole api GET {method}")));
        }
        let method = method.to_ascii_uppercase();
        let path = target::typed(&args.path.unwrap_or_default(), &args.query)?;
        let operation = engine_api::recognise(&method, &path).operation;
        let declared = args.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let is_file = match declared {
            Some((_, kind)) => !kind.contains("json"),
            None => takes_tar(operation),
        };
        let data = match &args.data {
            Some(text) if text.is_empty() => None,
            // Standard input is left to curl.
            Some(text) if args.curl && text == "-" => None,
            Some(text) => Some(body::read(text, is_file)?),
            None => None,
        };
        Ok(Self {
            method,
            path,
            operation,
            headers: args.headers,
            data,
            typed_data: args.data,
            include: args.include,
            raw: args.raw,
            curl: args.curl,
        })
    }

    fn operation_name(&self) -> Option<&'static str> {
        self.operation.map(|operation| operation.name)
    }

    /// Whether the connection may become the streams of a container.
    fn may_upgrade(&self) -> bool {
        engine_api::may_hijack(&self.method, &self.path)
    }

    fn only_reads(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// Whether the body of that operation is a tar archive.
fn takes_tar(operation: Option<&Operation>) -> bool {
    let known = Known {
        operation: operation.map(|operation| operation.name),
        side: Side::Client,
        status: None,
        head: b"",
        upgraded: None,
        tty: None,
    };
    Content::of(&known).kind == ContentKind::Tar
}

async fn call(
    mut wanted: Wanted,
    target: &str,
    client: &Client,
    world: &World,
) -> Result<Exit, CommandError> {
    let terminal = if wanted.may_upgrade() { attached::terminal(&wanted, client).await } else { None };
    let open = OpenCall {
        method: wanted.method.clone(),
        target: target.to_owned(),
        headers: wanted.headers.clone(),
        body: body_of(&mut wanted, terminal.as_ref()),
        may_upgrade: wanted.may_upgrade(),
    };
    let answer = in_time(client.open_call(open), &wanted, client.limit(), world).await?;
    answer::show(answer, &wanted, terminal, client, world).await
}

/// An exec that is started without a word is started as it was made.
fn body_of(wanted: &mut Wanted, terminal: Option<&attached::Terminal>) -> OpenBody {
    match wanted.data.take() {
        Some(data) => data.body(),
        None if wanted.operation_name() == Some("ExecStart") => {
            let tty = terminal.is_some_and(|terminal| terminal.is_tty);
            Data::Json(json!({ "Detach": false, "Tty": tty }).to_string().into_bytes()).body()
        }
        None => OpenBody::Empty,
    }
}

/// A call that changes something is never given up, since nobody would know what became of it; that it takes long is said.
async fn in_time(
    call: impl Future<Output = Result<OpenAnswer, RequestError>>,
    wanted: &Wanted,
    limit: Duration,
    world: &World,
) -> Result<OpenAnswer, CommandError> {
    tokio::pin!(call);
    let first = tokio::time::timeout(limit, &mut call).await;
    let answered = match first {
        Ok(answered) => answered,
        Err(_) if wanted.only_reads() => {
            let words = format!("the engine has not answered within {} s", limit.as_secs_f32());
            return Err(CommandError::new(words).hint("--timeout gives it longer"));
        }
        Err(_) => {
            let words = format!("no answer for {} s; still waiting, Ctrl-C ends it", limit.as_secs_f32());
            world.printer.note(&error::note(&words));
            call.await
        }
    };
    answered.map_err(|error| failed(wanted, error))
}

fn failed(wanted: &Wanted, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CommandError {
    let path = wanted.path.split('?').next().unwrap_or_default();
    CommandError::caused_by(format!("{} {path} brought no whole answer", wanted.method), error)
}

/// The words of an engine that refuses: `{"message": …}`, or the text as it stands.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refused {
        message: String,
    }
    match serde_json::from_slice::<Refused>(body) {
        Ok(refused) => refused.message,
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    }
}
