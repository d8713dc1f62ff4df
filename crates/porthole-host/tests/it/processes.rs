//! Processes: what is shown of each, and that ending ones do no harm.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use porthole_host::SocketFilter;
use porthole_model::{GapKind, Observed, Pid, Uid};

use crate::world::{Namespace, Process, collect, host};

#[test]
fn a_process_has_its_facts_and_credentials_are_masked() {
    let namespace = Namespace::new();
    let line = ["sh", "-c", "read x", "--password", "hunter2"];
    let process = Process::start(&line, "sh");
    let host = collect(&[]);
    let seen = host.process(process.pid()).unwrap();
    let arguments: Vec<_> = seen.arguments.known().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(arguments, ["sh", "-c", "read x", "--password", "********"]);
    assert_eq!((seen.parent, seen.uid), (Pid(std::process::id()), Uid(0)));
    assert_eq!(seen.container, Observed::Known(None));
    assert_eq!(seen.network_namespace, host.own_network_namespace);
    assert_eq!(host.process(namespace.pid()).unwrap().network_namespace, Observed::Known(namespace.id()));
    assert_eq!(namespace.seen_in(&host).processes, [namespace.pid()]);
    assert!(host.process(Pid(2)).is_none_or(|process| process.name != "kthreadd"));
    assert!(host.privilege.capabilities.iter().any(|name| name == "CAP_NET_ADMIN"));
}

#[test]
fn a_docker_proxy_is_known_by_its_arguments() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("docker-proxy");
    std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
    let program = program.to_str().unwrap();
    let words =
        "-c|read x|-proto|tcp|-host-ip|0.0.0.0|-host-port|8080|-container-ip|172.17.0.2|-container-port|80";
    let line: Vec<_> = std::iter::once(program).chain(words.split('|')).collect();
    let process = Process::start(&line, "docker-proxy");
    let host = collect(&[]);
    let proxies = host.docker_proxies.known().unwrap();
    let proxy = proxies.iter().find(|proxy| proxy.pid == process.pid()).unwrap();
    assert_eq!((proxy.host_port.0, proxy.container_port.0), (8080, 80));
    assert_eq!(proxy.container_address.to_string(), "172.17.0.2");
}

#[test]
fn processes_that_end_meanwhile_are_left_out() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                Command::new("unshare").args(["--net", "true"]).status().unwrap();
            }
        });
        for _ in 0..30 {
            let host = collect(&[porthole_model::Topic::Sockets]);
            assert!(host.processes.value().is_some());
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_sockets_of_an_ended_process_are_a_gap() {
    let namespace = Namespace::new();
    let pid = namespace.pid();
    drop(namespace);
    let gap =
        host().each_socket(pid, &SocketFilter::everything(), &mut |_| panic!("no sockets")).unwrap_err();
    assert_eq!(gap.kind, GapKind::Vanished);
}
