//! A call as a command line with curl.

use porthole_analysis::shell_word;
use porthole_engine::{Address, Endpoint, SshDestination, TlsFiles};

use super::Wanted;

/// Where an engine listens on its own host, unless its address says otherwise.
const SOCKET: &str = "/var/run/docker.sock";

/// The line, which a POSIX shell takes as it is.
pub(super) fn line(wanted: &Wanted, target: &str, endpoint: &Endpoint) -> String {
    let mut words = vec!["curl".to_owned(), "--silent".to_owned(), "--show-error".to_owned()];
    let mut before = String::new();
    let base = match endpoint.address() {
        Address::Unix(path) => {
            words.extend(["--unix-socket".to_owned(), word(&path.display().to_string())]);
            "http://localhost".to_owned()
        }
        Address::Tcp { host, port } => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            let scheme = if endpoint.tls().is_some() { "https" } else { "http" };
            format!("{scheme}://{host}:{port}")
        }
        Address::Ssh(destination) => {
            before = tunnel(destination);
            words.extend(["--unix-socket".to_owned(), "\"$socket\"".to_owned()]);
            "http://localhost".to_owned()
        }
    };
    words.extend(endpoint.tls().map(certificates).unwrap_or_default());
    words.extend(request(wanted));
    words.push(word(&format!("{base}{target}")));
    before + &words.join(" ")
}

/// A socket here that leads to the engine's own there, for as long as the call takes.
fn tunnel(destination: &SshDestination) -> String {
    let user = destination.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let port = destination.port.map(|port| format!("-p {port} ")).unwrap_or_default();
    let socket = destination.socket.as_deref().unwrap_or(SOCKET);
    let forward = format!("\"$socket\":{}", word(socket));
    format!(
        "socket=$(mktemp -d)/engine.sock && ssh -f -o ExitOnForwardFailure=yes {port}-L {forward} {} sleep 5 && ",
        word(&format!("{user}{}", destination.host))
    )
}

fn certificates(files: &TlsFiles) -> Vec<String> {
    let mut words = Vec::new();
    if files.skip_verification {
        words.push("--insecure".to_owned());
    } else if let Some(authority) = &files.authority {
        words.extend(["--cacert".to_owned(), word(&authority.display().to_string())]);
    }
    if let Some((certificate, key)) = &files.client {
        words.extend(["--cert".to_owned(), word(&certificate.display().to_string())]);
        words.extend(["--key".to_owned(), word(&key.display().to_string())]);
    }
    words
}

fn request(wanted: &Wanted) -> Vec<String> {
    let mut words = vec!["--no-buffer".to_owned()];
    match wanted.method.as_str() {
        "HEAD" => words.push("--head".to_owned()),
        "GET" if wanted.typed_data.is_none() => {}
        method => words.extend(["-X".to_owned(), word(method)]),
    }
    if wanted.include {
        words.push("--include".to_owned());
    }
    let has_type = wanted.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(data) = &wanted.typed_data {
        if !has_type {
            let kind =
                if super::takes_tar(wanted.operation) { "application/x-tar" } else { "application/json" };
            words.extend(["-H".to_owned(), word(&format!("Content-Type: {kind}"))]);
        }
        words.extend(sent(data, wanted));
    }
    for (name, value) in &wanted.headers {
        // An empty header is written with a semicolon (curl(1), --header).
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["-H".to_owned(), word(&header)]);
    }
    words
}

/// A file is sent as it comes, not read into memory first.
fn sent(data: &str, wanted: &Wanted) -> [String; 2] {
    match data.strip_prefix('@') {
        Some(path) if super::takes_tar(wanted.operation) => ["-T".to_owned(), word(path)],
        Some(_) => ["--data-binary".to_owned(), word(data)],
        None if data == "-" && super::takes_tar(wanted.operation) => ["-T".to_owned(), "-".to_owned()],
        None if data == "-" => ["--data-binary".to_owned(), "@-".to_owned()],
        None => ["--data-raw".to_owned(), word(data)],
    }
}

fn word(text: &str) -> String {
    shell_word(text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;
    use porthole_engine::{EndpointRequest, resolve};

    use super::super::args::ApiArgs;
    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: ApiArgs,
    }

    fn line_of(host: &str, words: &[&str]) -> String {
        let words = ["api", "--curl"].iter().chain(words);
        let wanted = Wanted::of(Typed::try_parse_from(words).unwrap().args).unwrap();
        let request = EndpointRequest {
            host: Some(host.to_owned()),
            context: None,
            docker_config: "/nonexistent".into(),
            environment: BTreeMap::new(),
        };
        let target = super::super::target::versioned(&wanted.path, "1.51");
        line(&wanted, &target, &resolve(&request).unwrap())
    }

    #[test]
    fn a_unix_socket_and_quotes() {
        let line = line_of("unix:///run/my docker.sock", &["POST", "/x?a=$b", "-d", r#"{"a": "it's"}"#]);
        let expected = r#"curl --silent --show-error --unix-socket '/run/my docker.sock' --no-buffer -X POST -H 'Content-Type: application/json' --data-raw '{"a": "it'\''s"}' 'http://localhost/v1.51/x?a=$b'"#;
        assert_eq!(line, expected);
    }

    #[test]
    fn tcp_heads_and_headers() {
        let line = line_of("tcp://[fd00::1]:2375", &["HEAD", "/_ping", "-H", "X-Own: a b", "-H", "X-None:"]);
        let expected = "curl --silent --show-error --no-buffer --head -H 'X-Own: a b' -H 'X-None;' 'http://[fd00::1]:2375/v1.51/_ping'";
        assert_eq!(line, expected);
    }

    #[test]
    fn ssh_by_a_socket_of_its_own() {
        let line = line_of("ssh://me@far:2222", &["GET", "/info"]);
        let expected = "socket=$(mktemp -d)/engine.sock && ssh -f -o ExitOnForwardFailure=yes -p 2222 \
            -L \"$socket\":/var/run/docker.sock me@far sleep 5 && \
            curl --silent --show-error --unix-socket \"$socket\" --no-buffer http://localhost/v1.51/info";
        assert_eq!(line, expected);
    }

    #[test]
    fn files_are_named() {
        let load = line_of("unix:///d.sock", &["POST", "/images/load", "-d", "-"]);
        assert!(load.contains("-X POST -H 'Content-Type: application/x-tar' -T - "), "{load}");
        let json = line_of("unix:///d.sock", &["POST", "/containers/create", "-d", "-"]);
        assert!(json.contains("--data-binary @-"), "{json}");
    }
}
