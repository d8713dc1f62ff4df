//! A command of curl that asks again. What was masked or not recorded has to be filled in by hand.

use std::borrow::Cow;
use std::io::{self, Write};

use porthole_model::Exchange;

use super::content::Text;
use super::{Content, Missing, Recorded};
use crate::harmless::harmless;
use crate::shell::quoted;

/// Where the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// The path of its unix socket.
    UnixSocket(&'a str),
    /// The URL that its paths are appended to: `http://10.0.0.5:2375`.
    Url(&'a str),
}

/// Headers that curl makes itself.
const OWN: [&str; 4] = ["host", "content-length", "transfer-encoding", "expect"];

/// Writes the command, below a comment on what it stands for and what is missing.
pub fn write(recorded: &Recorded<'_>, address: Address<'_>, out: &mut dyn Write) -> io::Result<()> {
    let exchange = recorded.exchange;
    let mut words = options(exchange, address);
    if let Some(request) = &recorded.request {
        words.extend(header_options(request));
    }
    let body = body_of(recorded);
    words.extend(body.option.map(Cow::into_owned));
    words.push(quoted(&url(exchange, address)));
    let comment = body.comment.map(|comment| format!("# {comment}\n")).unwrap_or_default();
    let feed = body.feed.unwrap_or_default();
    writeln!(out, "{}{comment}{feed}curl {}", about(exchange), words.join(" "))
}

/// What becomes of a body: an option, what is piped into curl, and what has to be said of it.
#[derive(Default)]
struct BodyWords {
    option: Option<Cow<'static, str>>,
    feed: Option<String>,
    comment: Option<String>,
}

fn about(exchange: &Exchange) -> String {
    let operation = exchange.operation.as_deref().unwrap_or(&exchange.method);
    let status = exchange.status.map_or("no answer".to_owned(), |status| status.to_string());
    format!("# {}: {}, {status}\n", exchange.id, harmless(operation))
}

/// Braces and dots of a path are the engine's to read, not curl's.
fn options(exchange: &Exchange, address: Address<'_>) -> Vec<String> {
    let mut words: Vec<String> = ["--globoff", "--path-as-is"].map(str::to_owned).to_vec();
    if let Address::UnixSocket(path) = address {
        words.extend(["--unix-socket".to_owned(), quoted(path)]);
    }
    match exchange.method.as_str() {
        "HEAD" => words.push("--head".to_owned()),
        method => words.extend(["--request".to_owned(), quoted(method)]),
    }
    if exchange.upgraded.is_some() {
        words.push("--no-buffer".to_owned());
    }
    words
}

fn header_options(request: &Content<'_>) -> Vec<String> {
    let is_own = |name: &str| OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
    let headers = request.headers().filter(|(name, _)| !is_own(name));
    headers.flat_map(|(name, value)| ["--header".to_owned(), header(&name, &value)]).collect()
}

/// curl leaves a header without a value out, unless it ends in a semicolon.
fn header(name: &str, value: &str) -> String {
    if value.is_empty() { quoted(&format!("{name};")) } else { quoted(&format!("{name}: {value}")) }
}

fn body_of(recorded: &Recorded<'_>) -> BodyWords {
    let exchange = recorded.exchange;
    let length = exchange.request.body;
    if exchange.upgraded.is_some() {
        let begun = recorded.request.and_then(before_upgrade);
        return begun.map_or_else(BodyWords::default, |request| given(&request));
    }
    if length == 0 {
        return BodyWords::default();
    }
    let Some(request) = recorded.request else { return to_be_given(length, "not recorded") };
    match request.missing {
        Some(Missing::Truncated) => to_be_given(length, "recorded only in part"),
        Some(Missing::Withheld) => to_be_given(length, "not recorded, because it carries credentials"),
        Some(Missing::Dropped) => to_be_given(length, "not recorded for want of room"),
        None => given(&request),
    }
}

/// The request without what was typed after it; its length is that of its header.
fn before_upgrade(request: Content<'_>) -> Option<Content<'_>> {
    let length: usize = request.header("content-length")?.parse().unwrap_or(0);
    let body = request.body.get(..length).filter(|body| !body.is_empty())?;
    Some(Content { body, missing: None, ..request })
}

/// curl says what is wrong when the file is not there, rather than ask for something else.
fn to_be_given(length: u64, reason: &str) -> BodyWords {
    BodyWords {
        option: Some(Cow::Borrowed("--data-binary @BODY")),
        feed: None,
        comment: Some(format!(
            "the request's body of {length} bytes was {reason}: put it into the file BODY"
        )),
    }
}

fn given(request: &Content<'_>) -> BodyWords {
    // Without it, curl would say that a form is sent.
    let no_type = if request.header("content-type").is_none() { "--header 'Content-Type:' " } else { "" };
    match request.text() {
        Text::Plain(text) => BodyWords {
            option: Some(Cow::Owned(format!("{no_type}--data-raw {}", quoted(text)))),
            ..BodyWords::default()
        },
        Text::Base64(base64) => BodyWords {
            option: Some(Cow::Owned(format!("{no_type}--data-binary @-"))),
            feed: Some(format!("printf %s {} | base64 -d | ", quoted(&base64))),
            comment: None,
        },
    }
}

fn url(exchange: &Exchange, address: Address<'_>) -> String {
    let base = match address {
        Address::UnixSocket(_) => "http://localhost",
        Address::Url(url) => url.trim_end_matches('/'),
    };
    match exchange.target.as_str() {
        absolute if absolute.contains("://") && !absolute.starts_with('/') => absolute.to_owned(),
        target if target.starts_with('/') => format!("{base}{target}"),
        other => format!("{base}/{other}"),
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::Upgrade;

    use super::*;
    use crate::export::samples;

    fn command(recorded: &Recorded<'_>, address: Address<'_>) -> String {
        let mut out = Vec::new();
        write(recorded, address, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const SOCKET: Address<'_> = Address::UnixSocket("/var/run/docker.sock");

    #[test]
    fn a_command_asks_the_same_and_keeps_what_is_masked_masked() {
        let exchange = samples::creation();
        assert_eq!(
            command(&samples::recorded(&exchange), SOCKET),
            "# 3: ContainerCreate, 201\n\
             curl --globoff --path-as-is --unix-socket /var/run/docker.sock --request POST \
             --header 'X-Registry-Auth: ********' --header 'Content-Type: application/json' --header 'X-Empty;' \
             --data-raw '{\"Image\":\"it'\\''s\"}' 'http://localhost/v1.51/containers/create?name=web+1&x=%7B%7D'\n"
        );
    }

    #[test]
    fn a_body_that_is_no_text_is_piped() {
        let exchange = samples::creation();
        let mut recorded = samples::recorded(&exchange);
        recorded.request = Some(Content { head: b"", body: &[0, 0xff], sha256: None, missing: None });
        let command = command(&recorded, Address::Url("http://10.0.0.5:2375/"));
        let line = command.lines().nth(1).unwrap();
        assert!(line.starts_with("printf %s 'AP8=' | base64 -d | curl "), "{line}");
        assert!(
            line.contains("--header 'Content-Type:' --data-binary @- 'http://10.0.0.5:2375/v1.51/"),
            "{line}"
        );
    }

    #[test]
    fn a_body_that_is_not_there_is_asked_for() {
        let exchange = samples::creation();
        for missing in [Missing::Truncated, Missing::Withheld, Missing::Dropped] {
            let mut recorded = samples::recorded(&exchange);
            recorded.request = recorded.request.map(|request| Content { missing: Some(missing), ..request });
            let command = command(&recorded, SOCKET);
            assert!(command.contains("# the request's body of 16 bytes was "), "{command}");
            assert!(command.contains("--data-binary @BODY") && !command.contains("Image"), "{command}");
        }
    }

    #[test]
    fn what_was_typed_into_an_upgraded_exchange_is_left_out() {
        let mut exchange = samples::creation();
        exchange.upgraded = Some(Upgrade::Protocol("tcp".into()));
        exchange.request.body = 900;
        let head = b"Content-Type: application/json\r\nContent-Length: 10\r\nConnection: Upgrade\r\n";
        let request =
            Content { head, body: b"{\"Tty\":1}\npassword", sha256: None, missing: Some(Missing::Withheld) };
        let text = command(&Recorded { exchange: &exchange, request: Some(request), answer: None }, SOCKET);
        assert!(text.contains("--no-buffer") && text.contains("--header 'Connection: Upgrade'"), "{text}");
        assert!(text.contains("--data-raw '{\"Tty\":1}\n'") && !text.contains("password"), "{text}");
    }

    #[test]
    fn nothing_that_a_client_wrote_breaks_out_of_its_word_or_its_comment() {
        let mut exchange = samples::creation();
        exchange.method = "GET;reboot".into();
        exchange.operation = Some("A\nreboot".into());
        exchange.target = "/x';reboot;'".into();
        exchange.request.body = 0;
        let text = command(&Recorded { exchange: &exchange, request: None, answer: None }, SOCKET);
        let words = shlex::split(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!(words[5..], ["--request", "GET;reboot", "http://localhost/x';reboot;'"]);
        assert_eq!(text.lines().count(), 2);
    }
}
