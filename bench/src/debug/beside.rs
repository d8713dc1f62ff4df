//! What docker-debug does, without the start of a Go program: a container of tools that shares the target's namespaces
//! and has its files mounted, and a shell executed in it. <https://github.com/zeromake/docker-debug>

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

use porthole_host::{RawTerminal, cells};
use serde_json::{Value, json};

use super::calls::{call, streams};
use crate::error::BenchError;

/// Where it shows the target's files.
const FILES: &str = "/mnt/container";

/// A shell in a container of `image` beside `target`, on this process's terminal.
pub(crate) fn run(target: &str, image: &str) -> Result<(), BenchError> {
    let images = format!("/images/json?filters={}", query(&json!({ "reference": [image] })));
    call("GET", &images, None)?;
    let target = call("GET", &format!("/containers/{target}/json"), None)?;
    let created = call("POST", "/containers/create", Some(&specification(&target, image)))?;
    let id = text(&created["Id"]).to_owned();
    let shown = call("POST", &format!("/containers/{id}/start"), None).and_then(|_| shell(&id));
    let removed = call("DELETE", &format!("/containers/{id}?force=1"), None);
    shown.and(removed).map(drop)
}

fn specification(target: &Value, image: &str) -> Value {
    let shared = format!("container:{}", text(&target["Id"]));
    let files = text(&target["GraphDriver"]["Data"]["MergedDir"]);
    let mount = json!({ "Type": "bind", "Source": files, "Target": FILES });
    json!({
        "Image": image,
        "Entrypoint": ["sh"],
        "Tty": true,
        "OpenStdin": true,
        "StdinOnce": true,
        "HostConfig": {
            "AutoRemove": true,
            "NetworkMode": shared,
            "PidMode": shared,
            "Mounts": if files.is_empty() { json!([]) } else { json!([mount]) },
        },
    })
}

/// Executes a shell in the container, and stays until it ends.
fn shell(id: &str) -> Result<(), BenchError> {
    let wanted = json!({
        "Cmd": ["sh"], "Tty": true, "AttachStdin": true, "AttachStdout": true, "AttachStderr": true,
    });
    let exec = call("POST", &format!("/containers/{id}/exec"), Some(&wanted))?;
    let exec = text(&exec["Id"]);
    let shell = streams(&format!("/exec/{exec}/start"), &json!({ "Tty": true }))?;
    if let Some(size) = cells(io::stdout().as_fd()) {
        call("POST", &format!("/exec/{exec}/resize?h={}&w={}", size.rows, size.columns), None)?;
    }
    let keys = shell.try_clone();
    keys.and_then(|keys| converse(keys, shell)).map_err(BenchError::io("speak with the shell"))
}

/// Copies keys to the shell and its output to the terminal, until that ends.
fn converse(mut keys: UnixStream, mut shell: impl Read) -> io::Result<()> {
    let _raw = RawTerminal::take(io::stdin().as_fd())?;
    // It ends with the process: nobody types into a shell that is over.
    thread::spawn(move || io::copy(&mut io::stdin(), &mut keys));
    let mut buffer = [0; 4096];
    loop {
        let length = shell.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(&buffer[..length])?;
        out.flush()?;
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// JSON as a query value.
fn query(value: &Value) -> String {
    let escaped = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    value.to_string().bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_query_value() {
        assert_eq!(query(&json!(["a:1"])), "%5B%22a%3A1%22%5D");
    }
}
