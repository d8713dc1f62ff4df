//! Which kind of content a message has, from what is known of its exchange.

use porthole_model::{Exchange, Upgrade};

use super::header;
use crate::http::Side;

/// What is known of a message.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The operation's name: `ContainerCreate`.
    pub operation: Option<&'a str>,
    /// Who sent the message.
    pub side: Side,
    /// The answer's status, where it has come.
    pub status: Option<u16>,
    /// The message's header lines, without a request or status line.
    pub head: &'a [u8],
    /// What the connection became with the exchange.
    pub upgraded: Option<&'a Upgrade>,
    /// Whether the container or the exec has a terminal.
    pub tty: Option<bool>,
}

impl<'a> Known<'a> {
    /// What an exchange that has ended tells of one of its messages; `head` are that message's header lines.
    pub fn of(exchange: &'a Exchange, side: Side, head: &'a [u8]) -> Self {
        Self {
            operation: exchange.operation.as_deref(),
            side,
            status: exchange.status,
            head,
            upgraded: exchange.upgraded.as_ref(),
            tty: exchange.exec.as_ref().and_then(|exec| exec.tty),
        }
    }
}

/// What a content is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its kind.
    pub kind: ContentKind,
    /// What has to be undone first, as `Content-Encoding` says; `None` for nothing.
    pub encoding: Option<String>,
}

/// The kinds of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// JSON documents, nearly always one.
    Json,
    /// JSON values one after another, often for long.
    JsonLines,
    /// A JSON document, and behind it what somebody types.
    JsonThenInput,
    /// Frames of standard output and error, if the first bytes are a frame; else the raw stream of a terminal,
    /// which no header tells apart below API 1.42.
    FramesOrRaw,
    /// Frames of standard output and error.
    Frames,
    /// The raw stream of a terminal.
    Raw,
    /// What somebody types.
    Input,
    /// WebSocket.
    WebSocket,
    /// A tar archive, perhaps compressed.
    Tar,
    /// HTTP/2, whose calls stand for themselves.
    Http2,
    /// JSON where it begins so, else text or bytes.
    Unknown,
    /// Text or bytes.
    Text,
}

impl Content {
    /// What the message holds.
    pub fn of(known: &Known<'_>) -> Self {
        let encoding = header(known.head, "Content-Encoding").map(|name| name.to_ascii_lowercase());
        let encoding = encoding.filter(|name| !name.is_empty() && name != "identity");
        Self { kind: kind(known), encoding }
    }
}

fn kind(known: &Known<'_>) -> ContentKind {
    if matches!(known.upgraded, Some(Upgrade::Protocol(name)) if name.eq_ignore_ascii_case("h2c")) {
        return ContentKind::Http2;
    }
    let operation = known.operation.unwrap_or_default();
    let of_operation = match known.side {
        Side::Client => sent(operation, known),
        Side::Engine if known.status.is_some_and(|status| status >= 400) => None,
        Side::Engine => received(operation, known),
    };
    let of_type = header(known.head, "Content-Type").and_then(|name| of_type(&name, known.tty));
    of_operation.or(of_type).unwrap_or(ContentKind::Unknown)
}

fn sent(operation: &str, known: &Known<'_>) -> Option<ContentKind> {
    Some(match operation {
        "ExecStart" => ContentKind::JsonThenInput,
        "ContainerAttachWebsocket" if known.upgraded.is_some() => ContentKind::WebSocket,
        "ImageBuild" | "ImageLoad" | "ImageCreate" | "PutContainerArchive" | "PluginCreate" => {
            ContentKind::Tar
        }
        _ if known.upgraded.is_some() => ContentKind::Input,
        _ => return None,
    })
}

fn received(operation: &str, known: &Known<'_>) -> Option<ContentKind> {
    Some(match operation {
        "ContainerAttachWebsocket" if known.upgraded.is_some() => ContentKind::WebSocket,
        "ContainerAttach" | "ExecStart" => stream(known.tty),
        "ContainerLogs" | "ServiceLogs" | "TaskLogs" => logs(known),
        "SystemEvents" | "ContainerStats" | "ContainerWait" | "ImageBuild" | "ImageCreate" | "ImageLoad"
        | "ImagePush" | "PluginPull" | "PluginPush" | "PluginUpgrade" => ContentKind::JsonLines,
        "ImageGet" | "ImageGetAll" | "ContainerExport" | "ContainerArchive" => ContentKind::Tar,
        _ if known.upgraded.is_some() => ContentKind::Raw,
        _ => return None,
    })
}

/// From API 1.54 on logs also come as JSON.
fn logs(known: &Known<'_>) -> ContentKind {
    let of_type = header(known.head, "Content-Type").and_then(|name| of_type(&name, known.tty));
    of_type.filter(|kind| is_json(*kind)).map_or_else(|| stream(known.tty), |_| ContentKind::JsonLines)
}

fn is_json(kind: ContentKind) -> bool {
    matches!(kind, ContentKind::Json | ContentKind::JsonLines)
}

fn stream(tty: Option<bool>) -> ContentKind {
    if tty == Some(true) { ContentKind::Raw } else { ContentKind::FramesOrRaw }
}

fn of_type(name: &str, tty: Option<bool>) -> Option<ContentKind> {
    let name = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(match name.as_str() {
        "application/json" => ContentKind::Json,
        "application/x-ndjson" | "application/jsonl" | "application/json-seq" => ContentKind::JsonLines,
        "application/x-tar" => ContentKind::Tar,
        "application/vnd.docker.multiplexed-stream" => ContentKind::Frames,
        "application/vnd.docker.raw-stream" => stream(tty),
        text if text.starts_with("text/") || text == "application/x-www-form-urlencoded" => ContentKind::Text,
        json if json.ends_with("+json") => ContentKind::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = Known {
        operation: None,
        side: Side::Engine,
        status: Some(200),
        head: b"",
        upgraded: None,
        tty: None,
    };

    fn answer(operation: &str, head: &str) -> ContentKind {
        Content::of(&Known { operation: Some(operation), head: head.as_bytes(), ..KNOWN }).kind
    }

    #[test]
    fn an_operation_tells_what_no_header_does() {
        assert_eq!(answer("ContainerLogs", ""), ContentKind::FramesOrRaw);
        assert_eq!(answer("ContainerLogs", "Content-Type: application/x-ndjson"), ContentKind::JsonLines);
        assert_eq!(answer("SystemEvents", "Content-Type: application/json"), ContentKind::JsonLines);
        assert_eq!(answer("ContainerExport", "Content-Type: application/octet-stream"), ContentKind::Tar);
        assert_eq!(answer("ContainerInspect", "Content-Type: application/json"), ContentKind::Json);
        assert_eq!(answer("SystemPing", "Content-Type: text/plain; charset=utf-8"), ContentKind::Text);
        assert_eq!(answer("ContainerStart", ""), ContentKind::Unknown);
    }

    #[test]
    fn an_error_is_no_stream() {
        let failed = |head: &'static [u8]| {
            Content::of(&Known { operation: Some("ImageGet"), status: Some(404), head, ..KNOWN }).kind
        };
        assert_eq!(failed(b"Content-Type: application/json"), ContentKind::Json);
        assert_eq!(failed(b"Content-Type: application/vnd.docker.raw-stream"), ContentKind::FramesOrRaw);
    }

    #[test]
    fn an_upgrade_tells_of_both_directions() {
        let upgraded = |protocol: &str, operation, side| {
            let upgrade = Upgrade::Protocol(protocol.into());
            Content::of(&Known { operation: Some(operation), side, upgraded: Some(&upgrade), ..KNOWN }).kind
        };
        assert_eq!(upgraded("h2c", "Session", Side::Client), ContentKind::Http2);
        assert_eq!(upgraded("tcp", "ContainerAttach", Side::Client), ContentKind::Input);
        assert_eq!(upgraded("tcp", "ExecStart", Side::Client), ContentKind::JsonThenInput);
        assert_eq!(upgraded("websocket", "ContainerAttachWebsocket", Side::Engine), ContentKind::WebSocket);
        let tty = Known { operation: Some("ExecStart"), tty: Some(true), ..KNOWN };
        assert_eq!(Content::of(&tty).kind, ContentKind::Raw);
    }

    #[test]
    fn what_is_undone_first_is_named() {
        let encoding = |head: &'static [u8]| Content::of(&Known { head, ..KNOWN }).encoding;
        assert_eq!(encoding(b"Content-Encoding: GZIP\r\n").as_deref(), Some("gzip"));
        assert_eq!(encoding(b"Content-Encoding: identity\r\n"), None);
    }
}
