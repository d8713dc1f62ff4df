//! porthole without root: what `/proc` shows to everyone, and gaps that say what would give the rest.

use std::process::Command;

use porthole_host::SocketFilter;
use porthole_model::{Observed, Socket, SocketEndpoint, SocketState};

use crate::world::{Namespace, Process, host, role_command};

const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

fn nobodys(role: &str, namespace_of: porthole_model::Pid) -> Command {
    role_command(&NOBODY, role, &[("NAMESPACE_OF", &namespace_of.to_string())])
}

#[test]
fn a_collection_without_rights_has_gaps_with_remedies() {
    let namespace = Namespace::new();
    let output = nobodys("collecting_as_nobody", namespace.pid()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn sockets_of_own_processes_are_seen_where_porthole_may_not_go() {
    let namespace = Namespace::new();
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let door = format!("--net=/proc/{}/ns/net", namespace.pid());
    let prefix: Vec<_> = ["nsenter", door.as_str()].into_iter().chain(NOBODY).collect();
    let settings = [("DIRECTORY", directory.path().to_str().unwrap())];
    let holder = Process::play(&prefix, "every_kind_of_socket", &settings);
    let mut nobody = nobodys("collecting_own_processes_elsewhere", holder.pid());
    let output = nobody.env("SOCKET", directory.path().join("listener")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_files_of_proc_show_the_same_sockets_as_the_kernel() {
    let namespace = Namespace::new();
    let directory = tempfile::tempdir().unwrap();
    let settings = [("DIRECTORY", directory.path().to_str().unwrap())];
    let _holder = namespace.play("every_kind_of_socket", &settings);
    let mut by_netlink = Vec::new();
    let result = host().each_socket(namespace.pid(), &SocketFilter::everything(), &mut |socket| {
        by_netlink.push(comparable(socket));
        std::ops::ControlFlow::Continue(())
    });
    result.unwrap();
    let output = nobodys("sockets_as_nobody", namespace.pid()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('{'));
    let mut by_files: Vec<_> = rows.map(|line| comparable(serde_json::from_str(line).unwrap())).collect();
    by_netlink.sort();
    by_files.sort();
    assert!(by_files.len() > 10, "{text}");
    assert_eq!(by_files, by_netlink);
}

/// Without what only `sock_diag` tells, and without owners, which nobody may not see.
fn comparable(mut socket: Socket) -> String {
    socket.owners = Observed::Known(Vec::new());
    match &mut socket.endpoint {
        SocketEndpoint::Internet(internet) => {
            internet.v6_only = None;
            if internet.state == SocketState::Listening {
                internet.send_queue = 0;
            }
        }
        SocketEndpoint::Unix(unix) => unix.peer = None,
    }
    format!("{socket:?}")
}
