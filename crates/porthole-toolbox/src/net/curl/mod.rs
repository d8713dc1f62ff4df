//! curl: one request over HTTP/1.1, as curl makes it, with curl's exit codes.

mod arguments;
mod connection;
mod delivery;
mod request;
mod target;

use std::ffi::OsString;

use hyper::StatusCode;
use hyper::header::LOCATION;

use super::tool::{self, Failure, Outcome};
use arguments::Arguments;
use request::Draft;
use target::Target;

/// Exit codes of curl(1).
mod code {
    pub(super) const BAD_URL: i32 = 3;
    pub(super) const NO_NAME: i32 = 6;
    pub(super) const NO_CONNECTION: i32 = 7;
    pub(super) const HTTP_ERROR: i32 = 22;
    pub(super) const NOT_WRITTEN: i32 = 23;
    pub(super) const NOT_READ: i32 = 26;
    pub(super) const TIMED_OUT: i32 = 28;
    pub(super) const NO_TLS: i32 = 35;
    pub(super) const TOO_MANY_REDIRECTS: i32 = 47;
    pub(super) const NO_ANSWER: i32 = 52;
    pub(super) const BROKEN: i32 = 56;
    pub(super) const NOT_BELIEVED: i32 = 60;
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: Arguments| fetch(&arguments))
}

/// `wget [-q] [-O FILE] URL`: the file is written under its own name, unless -O says another; `-` is standard output.
pub(super) fn run_wget(words: Vec<OsString>) -> i32 {
    tool::parsed(words, |arguments: arguments::WgetArguments| fetch(&arguments.as_curl()))
}

/// Every URL in turn; the code is that of the last.
fn fetch(arguments: &Arguments) -> Outcome {
    let mut outcome = Ok(0);
    for url in &arguments.urls {
        outcome = tool::block_on(in_time(arguments, url));
        if let (Err(failure), true) = (&outcome, arguments.urls.len() > 1) {
            tool::say(&format!("curl: ({}) {url} failed", failure.code()));
        }
    }
    outcome.map_err(|failure| {
        let failure = failure.numbered();
        if arguments.silent && !arguments.show_error { failure.silenced() } else { failure }
    })
}

async fn in_time(arguments: &Arguments, url: &str) -> Outcome {
    match arguments.max_time {
        None => transfer(arguments, url).await,
        Some(limit) => tokio::time::timeout(limit, transfer(arguments, url)).await.unwrap_or_else(|_| {
            Err(Failure::new(code::TIMED_OUT, format!("{url}: not done after {} s", limit.as_secs_f32())))
        }),
    }
}

/// Follows redirects, where it is told to, up to the answer that is delivered.
async fn transfer(arguments: &Arguments, url: &str) -> Outcome {
    let mut target = Target::parse(url)?;
    let mut draft = Draft::new(arguments)?;
    for _ in 0..=arguments.max_redirects {
        let answer = connection::exchange(arguments, &target, &draft).await?;
        let location = answer.response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        match location {
            Some(location) if arguments.location && answer.response.status().is_redirection() => {
                let next = target.redirected(location)?;
                draft.redirect(answer.response.status(), target.is_same_place(&next));
                target = next;
            }
            _ => {
                let status = answer.response.status();
                if arguments.fail && status >= StatusCode::BAD_REQUEST {
                    let words = format!("the server answered with {}", status.as_u16());
                    return Err(Failure::new(code::HTTP_ERROR, words));
                }
                return delivery::deliver(arguments, &target, answer).await;
            }
        }
    }
    let limit = arguments.max_redirects;
    Err(Failure::new(code::TOO_MANY_REDIRECTS, format!("more than {limit} redirects")))
}
