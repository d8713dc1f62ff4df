//! The engine's HTTP API: which operation a request line names, what it is about, and what in it is secret.
//!
//! The names are the operation ids of the engine's public API description; routes that it leaves out, such as
//! `/grpc`, are named in its manner.

mod bodies;
mod details;
mod endpoints;
mod exec;
mod go_json;
mod operations;
mod parameters;
mod pattern;
mod progress;
pub(crate) mod query;
mod resource;
mod secrets;

pub use bodies::{describes_itself_in_bodies, resource_of_bodies};
pub use details::CallDetails;
pub use endpoints::{came_with, endpoints};
pub use exec::{ExecFacts, exec_of_bodies, exit_code_of_wait, is_of_exec};
pub use operations::{OPERATIONS, Operation};
pub use progress::ProgressScan;
pub use secrets::{SECRET_MASK, carries_secrets, is_secret_header, masked_form, masked_target};

use porthole_model::Resource;

/// What a request line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The version in the path: `1.51`.
    pub api_version: Option<&'a str>,
    /// The operation; `None` for a route that no engine has.
    pub operation: Option<&'static Operation>,
    /// What it is about, where the path or the query tells.
    pub resource: Option<Resource>,
}

/// Reads a request line.
pub fn recognise<'a>(method: &str, target: &'a str) -> Call<'a> {
    let (path, query) = split_target(target);
    let (api_version, path) = split_version(path);
    // Most routes are of another group: their patterns need not be taken apart.
    let group = first_segment(path);
    let found = OPERATIONS
        .iter()
        .filter(|operation| operation.method == method && operation.pattern.starts_with(group))
        .find_map(|operation| Some((operation, pattern::fit(operation.pattern, path)?)));
    let resource = found.and_then(|(operation, fit)| resource::of(operation, fit, query));
    Call { api_version, operation: found.map(|(operation, _)| operation), resource }
}

/// The first value of a name in the query of a target, where it is not empty.
pub fn query_value(target: &str, name: &str) -> Option<String> {
    query::value(split_target(target).1, name)
}

/// Whether a call may change something: by its operation, and for a route that no engine has by its method.
pub fn changes(method: &str, target: &str) -> bool {
    match recognise(method, target).operation {
        Some(operation) => operation.changes,
        None => !matches!(method, "GET" | "HEAD"),
    }
}

/// What a call is about when its body is a form, whose fields stand before those of the query (Go's
/// `Request.ParseForm`, by which the engine reads both).
pub fn resource_with_form(method: &str, target: &str, form: &str) -> Option<Resource> {
    let (path, query) = split_target(target);
    recognise(method, &format!("{path}?{form}&{query}")).resource
}

/// Whether the engine may take the connection over as a raw stream even if the request asks for no upgrade.
pub fn may_hijack(method: &str, target: &str) -> bool {
    let path = split_target(target).0;
    method == "POST"
        && (path.ends_with("/attach") && path.contains("/containers/")
            || path.ends_with("/start") && path.contains("/exec/"))
}

/// The path and the query of a target in origin form or, as behind a proxy, in absolute form.
fn split_target(target: &str) -> (&str, &str) {
    let target = match target.strip_prefix("http://").or_else(|| target.strip_prefix("https://")) {
        Some(rest) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => target,
    };
    target.split_once('?').unwrap_or((target, ""))
}

/// `/v1.51/info` is version `1.51` and path `/info`.
fn split_version(path: &str) -> (Option<&str>, &str) {
    let parts = path.strip_prefix("/v").and_then(|rest| Some(rest.split_at(rest.find('/')?)));
    match parts {
        Some((version, rest)) if is_version(version) => (Some(version), rest),
        _ => (None, path),
    }
}

/// `/containers` of `/containers/json`.
fn first_segment(path: &str) -> &str {
    let second = path.match_indices('/').nth(1).map_or(path.len(), |(place, _)| place);
    &path[..second]
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use porthole_model::ResourceKind;
    use proptest::prelude::*;

    use super::*;

    fn name_of(method: &str, target: &str) -> Option<&'static str> {
        recognise(method, target).operation.map(|operation| operation.name)
    }

    fn resource_of(method: &str, target: &str) -> (ResourceKind, String) {
        let resource = recognise(method, target).resource.unwrap();
        (resource.kind, resource.name)
    }

    #[test]
    fn the_version_is_split_off() {
        assert_eq!(recognise("GET", "/v1.51/info").api_version, Some("1.51"));
        assert_eq!(name_of("GET", "/v1.51/info"), Some("SystemInfo"));
        assert_eq!(recognise("GET", "/info").api_version, None);
        assert_eq!(name_of("GET", "/version"), Some("SystemVersion"));
        assert_eq!(name_of("GET", "/vx/info"), None);
    }

    #[test]
    fn a_target_in_absolute_form_is_understood() {
        assert_eq!(name_of("GET", "http://docker/v1.24/_ping?x=1"), Some("SystemPing"));
        assert_eq!(name_of("GET", "http://docker"), None);
    }

    #[test]
    fn names_may_hold_slashes_where_the_engine_lets_them() {
        let target = "/v1.51/images/registry.example:5000/team/app:1/json";
        assert_eq!(name_of("GET", target), Some("ImageInspect"));
        assert_eq!(
            resource_of("GET", target),
            (ResourceKind::Image, "registry.example:5000/team/app:1".to_owned())
        );
        assert_eq!(name_of("DELETE", "/containers/a/json"), None);
    }

    #[test]
    fn what_a_call_is_about_stands_in_the_path_or_the_query() {
        assert_eq!(
            resource_of("POST", "/containers/we%62/start"),
            (ResourceKind::Container, "web".to_owned())
        );
        assert_eq!(
            resource_of("POST", "/containers/create?name=db"),
            (ResourceKind::Container, "db".to_owned())
        );
        assert_eq!(
            resource_of("POST", "/images/create?fromImage=alpine&tag=3"),
            (ResourceKind::Image, "alpine:3".to_owned())
        );
        assert_eq!(
            resource_of("POST", "/images/create?fromImage=alpine&tag=sha256%3Aab"),
            (ResourceKind::Image, "alpine@sha256:ab".to_owned())
        );
        assert_eq!(resource_of("POST", "/build?t=app%3A1&t=x"), (ResourceKind::Image, "app:1".to_owned()));
        assert_eq!(recognise("GET", "/containers/json").resource, None);
    }

    #[test]
    fn unknown_routes_change_something_unless_they_only_read() {
        for (method, target, changes) in [
            ("POST", "/v1.41/containers/x/start", true),
            ("DELETE", "/volumes/x", true),
            ("GET", "/containers/x/attach/ws?stdin=1", true),
            ("POST", "/containers/x/wait", false),
            ("POST", "/auth", false),
            ("GET", "/containers/json", false),
            ("HEAD", "/new", false),
            ("GET", "/new", false),
            ("POST", "/new", true),
            ("post", "/containers/x/wait", true),
        ] {
            assert_eq!(super::changes(method, target), changes, "{method} {target}");
        }
    }

    #[test]
    fn the_fields_of_a_form_stand_before_those_of_the_query() {
        let name = |form| {
            let found = resource_with_form("POST", "/images/create?fromImage=good&tag=1", form);
            found.map(|resource| resource.name)
        };
        assert_eq!(name("fromImage=other").as_deref(), Some("other:1"));
        assert_eq!(name("x=1").as_deref(), Some("good:1"));
    }

    #[test]
    fn only_attach_and_exec_start_may_take_the_connection_over() {
        assert!(may_hijack("POST", "/v1.24/containers/x/attach?stream=1"));
        assert!(may_hijack("POST", "/exec/x/start"));
        assert!(!may_hijack("POST", "/containers/x/start"));
        assert!(!may_hijack("GET", "/containers/x/attach"));
    }

    proptest! {
        #[test]
        fn any_request_line_gives_no_panic(method in "[A-Z]{0,8}", target in "(/|http://)?\\PC{0,80}") {
            let _ = recognise(&method, &target).operation.is_some();
            let _ = masked_target(&target).len();
        }
    }
}
