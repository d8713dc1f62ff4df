//! To which container a namespace and a process belong.

use porthole_analysis::{socket_container, socket_places};
use porthole_model::{ContainerId, ContainerState, Pid};

use crate::lab::{HOST_NAMESPACE, Lab, refused};
use crate::spec::container;

fn places(lab: &Lab) -> Vec<(u64, bool, Vec<String>)> {
    let places = socket_places(&lab.snapshot).expect("places");
    let names =
        |containers: Vec<(String, ContainerId)>| containers.into_iter().map(|(name, _)| name).collect();
    places
        .into_iter()
        .map(|place| (place.namespace.0, place.is_engine_host, names(place.containers)))
        .collect()
}

#[test]
fn namespaces_are_named_by_their_containers() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    let namespace = lab.namespace_of("web");
    for (name, pid, home) in [("sidecar", 1900, namespace), ("agent", 1901, HOST_NAMESPACE)] {
        let other = lab.stop(name);
        (other.state, other.pid) = (ContainerState::Running, Some(Pid(pid)));
        let id = other.id.clone();
        lab.add_process(Pid(pid), "app", home, Some(id));
    }
    let expected = vec![
        (HOST_NAMESPACE.0, true, vec!["agent".to_owned()]),
        (namespace.0, false, vec!["sidecar".to_owned(), "web".to_owned()]),
    ];
    assert_eq!(places(&lab), expected);
    assert_eq!(socket_container(&lab.snapshot, Pid(1900)).unwrap().0, "sidecar");
    assert!(socket_container(&lab.snapshot, Pid(1)).is_none());
    assert!(socket_container(&lab.snapshot, Pid(99_999)).is_none());
}

#[test]
fn without_an_engine_control_groups_tell() {
    let mut lab = Lab::docker();
    let id = lab.run(container("web")).id.clone();
    let namespace = lab.namespace_of("web");
    lab.snapshot.engine = refused("engine");
    assert_eq!(places(&lab)[1], (namespace.0, false, vec![id.short().to_string()]));
    assert_eq!(socket_container(&lab.snapshot, Pid(1001)).unwrap(), (id.short().to_string(), id));
}

#[test]
fn without_namespaces_there_is_a_gap() {
    let mut lab = Lab::docker();
    lab.host().network_namespaces = refused("network namespaces");
    assert!(socket_places(&lab.snapshot).is_err());
}
