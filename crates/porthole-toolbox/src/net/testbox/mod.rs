//! The known-good container's program: it answers with where it runs and what it saw, and echoes on port 7.

mod echo;
mod first;
mod html;
mod page;
mod reach;
mod text;

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use clap::Parser;
use hyper::StatusCode;
use hyper::header::ACCEPT;
use tokio::net::{TcpListener, UdpSocket};

use super::http::{self, Answer, Ends, Head};
use super::tool::{self, Failure, Outcome};
use page::Page;

/// Serve a page that says where this is and what it saw of the request, and echo what comes to port 7
#[derive(Clone, Debug, Parser)]
#[command(
    name = "testbox",
    after_help = "\
Examples:
  testbox --page 8080 --echo 7007
  curl localhost:8080               the page as text; as JSON with ?format=json
  echo hello | nc localhost 7007"
)]
pub(super) struct Arguments {
    /// The name to say on the page
    #[arg(long)]
    name: Option<String>,
    /// The engine's network to say on the page
    #[arg(long)]
    network: Option<String>,
    /// The engine to say on the page
    #[arg(long)]
    engine: Option<String>,
    /// A published port to say on the page
    #[arg(long, value_name = "HOST:CONTAINER")]
    published: Vec<String>,
    /// A TCP port to serve the page on
    #[arg(long, value_name = "PORT", default_value = "80")]
    page: Vec<u16>,
    /// A TCP and UDP port to echo on
    #[arg(long, value_name = "PORT", default_value = "7")]
    echo: Vec<u16>,
    /// A UDP port to echo on
    #[arg(long, value_name = "PORT")]
    echo_udp: Vec<u16>,
    /// End when standard input does
    #[arg(long)]
    until_eof: bool,
}

/// Serves until it is told to end.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| tool::block_on(serve(arguments)))
}

async fn serve(arguments: Arguments) -> Outcome {
    // From here on a signal is kept, also for the first process of a container, for which the kernel does nothing.
    let told_to_end = first::told_to_end(arguments.until_eof)?;
    first::reap_orphans()?;
    let shared = Arc::new(arguments);
    for port in &shared.page {
        let listener = page_listener(*port).await?;
        let arguments = Arc::clone(&shared);
        tokio::spawn(http::serve(listener, move |head, ends| {
            let arguments = Arc::clone(&arguments);
            async move { answer(&head, ends, &arguments) }
        }));
    }
    for port in &shared.echo {
        tokio::spawn(echo::connections(page_listener(*port).await?));
        tokio::spawn(echo::datagrams(datagram_socket(*port).await?));
    }
    for port in &shared.echo_udp {
        tokio::spawn(echo::datagrams(datagram_socket(*port).await?));
    }
    tell("ready");
    told_to_end.await;
    Ok(0)
}

async fn page_listener(port: u16) -> Result<TcpListener, Failure> {
    let result = http::listen(port).await;
    result.map_err(|error| Failure::new(1, format!("cannot listen on TCP port {port}: {error}")))
}

async fn datagram_socket(port: u16) -> Result<UdpSocket, Failure> {
    let result = http::take_datagrams(port).await;
    result.map_err(|error| Failure::new(1, format!("cannot take datagrams on UDP port {port}: {error}")))
}

fn answer(head: &Head, ends: Ends, arguments: &Arguments) -> Answer {
    let page = Page::new(head, ends, arguments);
    tell(&format!("{} {} {} {}", ends.peer, head.method(), head.uri(), page.request.reached.kind));
    match form(head) {
        Form::Json => http::whole(StatusCode::OK, "application/json", page.json()),
        Form::Html => http::whole(StatusCode::OK, "text/html; charset=utf-8", html::page(&page)),
        Form::Text => http::whole(StatusCode::OK, "text/plain; charset=utf-8", text::page(&page)),
    }
}

/// A line on standard output, where the engine's log and `porthole testbox` look.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody has to listen.
    let _untold = writeln!(out, "{line}").and_then(|()| out.flush());
}

enum Form {
    Html,
    Text,
    Json,
}

/// What `?format=` says, else what the client accepts; text for who accepts anything, as curl does.
fn form(head: &Head) -> Form {
    let query = head.uri().query().unwrap_or_default();
    let asked = query.split('&').find_map(|part| part.strip_prefix("format="));
    let accepts = |kind: &str| {
        let values = head.headers().get_all(ACCEPT).into_iter();
        values.filter_map(|value| value.to_str().ok()).any(|value| value.contains(kind))
    };
    match asked {
        Some("json") => Form::Json,
        Some("html") => Form::Html,
        Some("text") => Form::Text,
        _ if accepts("text/html") => Form::Html,
        _ if accepts("application/json") => Form::Json,
        _ => Form::Text,
    }
}
