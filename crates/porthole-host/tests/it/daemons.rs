//! Finding a daemon by its socket, and where it works; users and groups.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use porthole_model::{GapKind, Gid, Observed, Pid, Uid};

use crate::world::{Namespace, Process, collect, host};

#[test]
fn the_listener_of_a_socket_is_found_through_links_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("engine.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let link = directory.path().join("link.sock");
    symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        assert_eq!(host().listener_of(path), Ok(Pid(std::process::id())));
    }
}

/// As a rootless engine's.
#[test]
fn a_listener_in_another_network_namespace_is_found() {
    let (namespace, directory) = (Namespace::new(), tempfile::tempdir().unwrap());
    let holder = namespace.play("every_kind_of_socket", &[("DIRECTORY", directory.path().to_str().unwrap())]);
    assert_eq!(host().listener_of(&directory.path().join("listener")), Ok(holder.pid()));
}

#[test]
fn a_daemon_goes_before_those_that_hold_its_socket_too() {
    let directory = tempfile::tempdir().unwrap();
    let (path, program) = (directory.path().join("engine.sock"), directory.path().join("dockerd"));
    symlink("/bin/sh", &program).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let inherited = rustix::io::dup(&listener).unwrap();
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
    let daemon = Process::start(&[program.to_str().unwrap(), "-c", "read x"], "dockerd");
    drop(inherited);
    assert_eq!(host().listener_of(&path), Ok(daemon.pid()));
    daemon.end();
    assert_eq!(host().listener_of(&path), Ok(Pid(std::process::id())));
}

#[test]
fn a_socket_file_that_nobody_listens_on_is_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stale.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(host().listener_of(&path).unwrap_err().kind, GapKind::Vanished);
    assert_eq!(host().listener_of(&directory.path().join("none")).unwrap_err().kind, GapKind::Vanished);
}

#[test]
fn a_daemon_is_where_most_of_its_threads_are() {
    let (container, home) = (Namespace::new(), Namespace::new());
    let namespace = format!("/proc/{}/ns/net", home.pid());
    let daemon = container.play("a_first_thread_gone_astray", &[("HOME_NAMESPACE", &namespace)]);
    assert_eq!(host().network_namespace_of(daemon.pid()), Observed::Known(home.id()));
    let seen = collect(&[]);
    assert_eq!(seen.process(daemon.pid()).unwrap().network_namespace, Observed::Known(home.id()));
    let door = host().door_of(daemon.pid()).unwrap();
    assert!(door.namespace() == home.id() && door.is_open(), "other threads lead there");
}

#[test]
fn users_and_groups_have_names_and_files_have_owners() {
    let host = host();
    assert_eq!(host.user_name(Uid(0)), Observed::Known("root".into()));
    assert_eq!(host.group_name(Gid(0)), Observed::Known("root".into()));
    assert!(host.user_name(Uid(4_000_000_000)).gap().is_some());
    assert!(host.own_groups().unwrap().contains(&Gid(0)));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o660)).unwrap();
    let owner = host.owner_of_file(file.path()).unwrap();
    assert_eq!((owner.uid, owner.gid, owner.mode), (Uid(0), Gid(0), 0o660));
}
