//! Servers that do not answer as an engine does, each in its own way.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use porthole_engine::{Client, ConnectCause, Endpoint, Membership};
use porthole_model::{Gap, GapKind};

use crate::{IMPATIENCE, PATIENCE, block_on, cause, endpoint, socket_cause};

/// A server that says `words` to each of its clients, once it has heard something, and closes.
fn saying(words: &'static [u8]) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap(), words)));
    endpoint(&format!("tcp://{address}"))
}

fn answer(mut stream: TcpStream, words: &[u8]) {
    let mut heard = [0; 4096];
    if stream.read(&mut heard).unwrap() > 0 {
        stream.write_all(words).unwrap();
    }
}

#[test]
fn no_socket_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("docker.sock");
    let words = socket_cause(&path, PATIENCE).to_string();
    assert_eq!(words, format!("there is no socket {}; its directory exists", path.display()));
    let path = directory.path().join("gone/docker.sock");
    let words = socket_cause(&path, PATIENCE).to_string();
    assert!(words.contains("nor its directory"), "{words}");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let words = socket_cause(&link, PATIENCE).to_string();
    assert!(words.contains("is a link to") && words.contains("does not exist"), "{words}");
}

#[test]
fn a_stale_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(socket_cause(&path, PATIENCE), ConnectCause::StaleSocket { .. }));
}

#[test]
fn a_file_that_is_no_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    fs::write(&path, "").unwrap();
    assert!(matches!(socket_cause(&path, PATIENCE), ConnectCause::NotASocket { what: "a regular file", .. }));
    let cause = socket_cause(directory.path(), PATIENCE);
    assert!(matches!(cause, ConnectCause::NotASocket { what: "a directory", .. }), "{cause}");
}

#[test]
fn a_socket_that_is_not_for_this_user() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = directory.path().join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    in_a_child_without_rights("unreachable::child_is_refused", &path);
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    in_a_child_without_rights("unreachable::child_may_not_enter", &path);
}

/// Runs an ignored test of this program as nobody, on `path`.
fn in_a_child_without_rights(test: &str, path: &Path) {
    // Nobody may not enter the directories that cargo builds in.
    let program = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let copy = program.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = Command::new(copy);
    command.args(["--ignored", "--exact", test]).env("SOCKET", path).current_dir("/");
    let output = command.uid(65534).gid(65534).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
}

#[test]
#[ignore = "runs as a child of a_socket_that_is_not_for_this_user"]
fn child_is_refused() {
    let path = std::env::var("SOCKET").unwrap();
    let ConnectCause::PermissionDenied(permission) = socket_cause(path.as_ref(), PATIENCE) else { panic!() };
    assert_eq!((permission.mode, permission.group_words().as_str()), (0o660, "root"));
    assert_eq!(permission.membership, Membership::Outside);
    assert_eq!(permission.user_words(), "nobody");
}

#[test]
#[ignore = "runs as a child of a_socket_that_is_not_for_this_user"]
fn child_may_not_enter() {
    let path = std::env::var("SOCKET").unwrap();
    assert!(matches!(socket_cause(path.as_ref(), PATIENCE), ConnectCause::DirectoryDenied { .. }));
}

#[test]
fn a_listener_that_never_accepts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let error = block_on(Client::connect(&Endpoint::of_socket(&path), IMPATIENCE)).err().unwrap();
    assert!(matches!(error.cause, ConnectCause::Silent { .. }), "{error}");
    let gap = Gap::from(error);
    assert_eq!(gap.kind, GapKind::EngineUnreachable);
    assert_eq!(gap.what, format!("the engine at unix://{} (named by --host)", path.display()));
    assert!(gap.cause.contains("does not answer within 0.3 s") && gap.remedy.unwrap().contains("hangs"));
}

#[test]
fn a_server_that_closes_at_once() {
    let cause = cause(&saying(b""), PATIENCE);
    assert!(matches!(cause, ConnectCause::Closed), "{cause}");
}

#[test]
fn a_server_of_another_protocol() {
    let cause = cause(&saying(b"SSH-2.0-OpenSSH_9.2\r\n"), PATIENCE);
    assert!(matches!(&cause, ConnectCause::NotHttp { heard } if heard == "SSH-2.0-OpenSSH_9.2"), "{cause}");
}

#[test]
fn a_web_server_that_is_no_engine() {
    let words = b"HTTP/1.1 404 Not Found\r\nServer: nginx/1.22\r\nContent-Length: 0\r\n\r\n";
    let cause = cause(&saying_always(words), PATIENCE);
    let wanted = "GET /version was answered with status 404 Not Found, server nginx/1.22";
    assert!(matches!(&cause, ConnectCause::NotAnEngine { answer } if answer == wanted), "{cause}");
}

/// As [`saying`], but to every request of a connection.
fn saying_always(words: &'static [u8]) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 4096];
        while stream.read(&mut heard).unwrap() > 0 {
            stream.write_all(words).unwrap();
        }
    });
    endpoint(&format!("tcp://{address}"))
}

#[test]
fn an_engine_that_answers_with_an_error() {
    let words = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 18\r\n\r\n{\"message\":\"full\"}";
    let cause = cause(&saying(words), PATIENCE);
    assert!(matches!(&cause, ConnectCause::Failing { status: 500, message } if message == "full"), "{cause}");
}

#[test]
fn an_engine_of_another_age() {
    let body = r#"{"ApiVersion":"1.60","MinAPIVersion":"1.55"}"#;
    let words = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let cause = cause(&saying_always(words.into_bytes().leak()), PATIENCE);
    assert!(
        cause.to_string().starts_with("the engine speaks API 1.55 to 1.60, porthole 1.40 to 1.51"),
        "{cause}"
    );
}

#[test]
fn a_server_that_wants_tls() {
    let go = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    assert!(matches!(cause(&saying(go), PATIENCE), ConnectCause::WantsTls));
    // A fatal alert, as servers other than Go's answer.
    assert!(matches!(cause(&saying(&[21, 3, 1, 0, 2, 2, 70]), PATIENCE), ConnectCause::WantsTls));
}

#[test]
fn a_port_that_nobody_listens_on() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = cause(&endpoint(&format!("tcp://{closed}")), PATIENCE);
    assert!(matches!(refused, ConnectCause::Refused { address } if address == closed), "{refused}");
}

#[test]
fn a_name_without_an_address() {
    // RFC 6761, section 6.4: "invalid" never has one.
    let cause = cause(&endpoint("tcp://engine.invalid:1"), PATIENCE);
    assert!(
        matches!(&cause, ConnectCause::NameNotResolved { name, .. } if name == "engine.invalid"),
        "{cause}"
    );
}

#[test]
fn ssh_says_itself_why_it_fails() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cause = cause(&endpoint(&format!("ssh://nobody@127.0.0.1:{closed}")), PATIENCE);
    assert!(matches!(&cause, ConnectCause::Ssh { said } if said.contains("Connection refused")), "{cause}");
}

#[test]
fn ssh_that_reaches_no_ssh_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let cause = cause(&endpoint(&format!("ssh://127.0.0.1:{port}")), Duration::from_secs(1));
    assert!(
        matches!(&cause, ConnectCause::Ssh { said } if said.contains("kex_exchange_identification")),
        "{cause}"
    );
}
