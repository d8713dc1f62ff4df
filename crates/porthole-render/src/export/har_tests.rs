//! The document against a strict model of the standard: what it requires is there, and nothing that it does not know.

use serde::Deserialize;

use super::har::HarWriter;
use super::{Content, Missing, Recorded, samples};

macro_rules! object {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[allow(dead_code, reason = "that it is there is what counts")]
        struct $name { $($field: $kind),* }
    };
}

object!(Document { log: Log });
object!(Log { version: String, creator: Creator, entries: Vec<Entry> });
object!(Creator { name: String, version: String });
object!(Cache {});
object!(Timings { send: f64, wait: f64, receive: f64 });
object!(Pair { name: String, value: String });
object!(BodyContent { size: u64, mime_type: String, text: String, encoding: Option<String>, comment: Option<String> });

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    started_date_time: String,
    time: f64,
    request: Request,
    response: Response,
    #[serde(rename = "cache")]
    _cache: Cache,
    timings: Timings,
    connection: String,
    #[serde(rename = "_porthole")]
    porthole: serde_json::Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    method: String,
    url: String,
    http_version: String,
    cookies: Vec<Pair>,
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PostData {
    mime_type: String,
    text: String,
    #[serde(rename = "_encoding")]
    encoding: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Response {
    status: u16,
    status_text: String,
    http_version: String,
    cookies: Vec<Pair>,
    headers: Vec<Pair>,
    content: BodyContent,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i64,
    body_size: i64,
}

fn har(entries: &[Recorded<'_>]) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut writer = HarWriter::new(&mut out, "0.1.0").unwrap();
    for entry in entries {
        writer.entry(entry).unwrap();
    }
    writer.finish().unwrap();
    let document: Document = serde_json::from_slice(&out).unwrap();
    assert_eq!((document.log.version.as_str(), document.log.creator.name.as_str()), ("1.2", "porthole"));
    document.log.entries
}

#[test]
fn documents_of_any_length_are_whole() {
    let exchange = samples::creation();
    let recorded = samples::recorded(&exchange);
    for count in [0, 1, 3] {
        assert_eq!(har(&vec![recorded; count]).len(), count);
    }
}

#[test]
fn an_entry_says_what_was_asked_and_answered() {
    let exchange = samples::creation();
    let entry = har(&[samples::recorded(&exchange)]).remove(0);
    let started: jiff::Timestamp = entry.started_date_time.parse().unwrap();
    assert_eq!(started.as_millisecond(), 1_772_366_400_250);
    assert!(
        (entry.time - 2.5).abs() < 1e-9 && (entry.timings.wait + entry.timings.receive - 2.5).abs() < 1e-9
    );
    assert_eq!(
        (entry.connection.as_str(), entry.porthole["operation"].as_str()),
        ("2", Some("ContainerCreate"))
    );
    let request = entry.request;
    assert_eq!((request.method.as_str(), request.http_version.as_str()), ("POST", "HTTP/1.1"));
    assert_eq!(request.url, "http://api.moby.localhost/v1.51/containers/create?name=web+1&x=%7B%7D");
    let query: Vec<_> = request.query_string.iter().map(|pair| (&pair.name[..], &pair.value[..])).collect();
    assert_eq!(query, [("name", "web 1"), ("x", "{}")]);
    let auth = request.headers.iter().find(|header| header.name == "X-Registry-Auth").unwrap();
    assert_eq!((auth.value.as_str(), request.headers.len(), request.cookies.len()), ("********", 5, 0));
    assert_eq!((request.headers_size, request.body_size), (120, 16));
    let body = request.post_data.unwrap();
    assert_eq!((body.mime_type.as_str(), body.text.as_str()), ("application/json", r#"{"Image":"it's"}"#));
    assert_eq!((body.encoding, body.comment), (None, None));
}

#[test]
fn an_answer_that_is_no_text_is_in_base64() {
    let exchange = samples::creation();
    let response = har(&[samples::recorded(&exchange)]).remove(0).response;
    assert_eq!(
        (response.status, response.status_text.as_str(), response.http_version.as_str()),
        (201, "", "HTTP/1.1")
    );
    assert_eq!((response.headers.len(), response.cookies.len(), response.redirect_url.as_str()), (1, 0, ""));
    assert_eq!(
        (response.content.text.as_str(), response.content.encoding.as_deref()),
        ("AP8=", Some("base64"))
    );
    assert_eq!((response.content.size, response.content.mime_type.as_str()), (2, "application/octet-stream"));
    assert_eq!((response.headers_size, response.body_size), (90, 2));
}

#[test]
fn what_was_not_recorded_is_said() {
    let mut exchange = samples::creation();
    exchange.status = None;
    let content = Content { head: b"", body: &[0xff], sha256: None, missing: Some(Missing::Truncated) };
    let none = Recorded { exchange: &exchange, request: None, answer: None };
    let part = Recorded { request: Some(content), answer: Some(content), ..none };
    let entries = har(&[none, part]);
    assert_eq!((entries[0].response.status, entries[0].request.post_data.is_none()), (0, true));
    assert_eq!(entries[0].response.content.comment.as_deref(), Some("bodies were not recorded"));
    assert_eq!(entries[1].response.content.comment.as_deref(), Some("only the beginning was recorded"));
    let sent = entries[1].request.post_data.as_ref().unwrap();
    assert_eq!((sent.encoding.as_deref(), sent.comment.is_some()), (Some("base64"), true));
}
