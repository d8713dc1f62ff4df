//! Whether engine and kernel are of one machine.

use porthole_analysis::{engine_namespace, locality};
use porthole_model::{GapKind, Observed, Pid};

use crate::lab::{DOCKERD, HOST_NAMESPACE, Lab, known, refused};
use crate::spec::container;

fn is_here(lab: &Lab) -> Result<(), String> {
    let (host, engine) =
        (lab.snapshot.host.value().expect("host"), lab.snapshot.engine.value().expect("engine"));
    locality(host, engine).map_err(|gap| {
        assert_eq!(gap.kind, GapKind::Elsewhere);
        gap.cause
    })
}

/// An engine behind a socket that another program serves.
fn tunnelled() -> Lab {
    let mut lab = Lab::docker();
    lab.engine().daemon = Observed::Known(Pid(77));
    lab.add_process(Pid(77), "ssh", HOST_NAMESPACE, None);
    lab
}

#[test]
fn another_kernel_is_elsewhere() {
    let mut lab = Lab::docker();
    assert_eq!(is_here(&lab), Ok(()));
    lab.engine().version.kernel_release = Some("6.6.0-linuxkit".to_owned());
    assert_eq!(is_here(&lab).unwrap_err(), "its kernel is 6.6.0-linuxkit, the one of this host is 6.18.0");
}

#[test]
fn a_container_with_a_process_here_is_here() {
    let mut lab = tunnelled();
    lab.run(container("web"));
    known(&mut lab.engine().info).name = "other".to_owned();
    assert_eq!(is_here(&lab), Ok(()));
}

#[test]
fn a_container_without_a_process_here_is_elsewhere() {
    let mut lab = tunnelled();
    lab.run(container("web"));
    known(&mut lab.host().processes).retain(|process| process.name != "app");
    assert_eq!(is_here(&lab).unwrap_err(), "container 'web' runs there, but its process is not on this host");
}

#[test]
fn a_process_of_the_same_number_proves_nothing() {
    let mut lab = tunnelled();
    lab.run(container("web"));
    for process in known(&mut lab.host().processes) {
        process.container = Observed::Known(None);
    }
    assert!(is_here(&lab).is_err());
    lab.engine().daemon = Observed::Known(DOCKERD);
    assert_eq!(is_here(&lab), Ok(()));
}

#[test]
fn without_containers_the_hosts_name_decides() {
    let mut lab = tunnelled();
    assert_eq!(is_here(&lab), Ok(()));
    known(&mut lab.engine().info).name = "other".to_owned();
    assert!(is_here(&lab).is_err());
    lab.engine().info = refused("info");
    assert!(is_here(&lab).is_err());
}

#[test]
fn the_engines_namespace_is_its_daemons() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    let inner = lab.namespace_of("web");
    let daemon = known(&mut lab.host().processes).iter_mut().find(|process| process.pid == DOCKERD).unwrap();
    daemon.network_namespace = Observed::Known(inner);
    assert_eq!(engine_namespace(&lab.snapshot).unwrap().id, inner);
}

#[test]
fn without_a_daemons_process_it_is_ours_if_the_engine_is_here() {
    let mut lab = Lab::docker();
    lab.engine().daemon = refused("engine's process");
    assert_eq!(engine_namespace(&lab.snapshot).unwrap().id, HOST_NAMESPACE);
    known(&mut lab.engine().info).name = "other".to_owned();
    assert_eq!(engine_namespace(&lab.snapshot).unwrap_err().kind, GapKind::Elsewhere);
    lab.snapshot.engine = refused("engine");
    assert_eq!(engine_namespace(&lab.snapshot).unwrap().id, HOST_NAMESPACE);
}

#[test]
fn a_daemon_that_ended_is_a_gap() {
    let mut lab = Lab::docker();
    lab.engine().daemon = Observed::Known(Pid(99_999));
    assert_eq!(engine_namespace(&lab.snapshot).unwrap_err().kind, GapKind::Vanished);
}
