//! PH035: networks that are gone.

use porthole_model::{ContainerState, MaskedText, NetworkId, Secrets};

use crate::lab::{Lab, commands, known, refused};
use crate::nouns::hexadecimal;
use crate::spec::container;

/// A host whose network `app` was removed while `web` was stopped.
fn without_app() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web").on("app"));
    let web = lab.container("web");
    (web.state, web.pid) = (ContainerState::Exited, None);
    web.attachments[0].ipv4 = None;
    web.attachments[0].aliases = vec![web.id.short().to_string(), "web".to_owned(), "front end".to_owned()];
    let name = lab.network("app").bridge_name().expect("a bridge");
    known(&mut lab.engine().networks).retain(|network| network.name != "app");
    known(&mut lab.host_stack().links).retain(|link| link.name != name);
    lab
}

#[test]
fn a_network_that_is_gone_is_ph035_with_the_repair_that_works() {
    let lab = without_app();
    assert_eq!(lab.found(), ["warning PH035 web"]);
    assert_eq!(
        commands(&lab.only()),
        [
            "docker network create app",
            "docker network disconnect -f app web",
            "docker network connect --alias 'front end' app web",
            "docker start web",
        ]
    );
}

#[test]
fn a_new_network_of_that_name_is_used() {
    let mut lab = without_app();
    lab.add_network("app", "172.19.0.0/16");
    lab.network("app").id = NetworkId(hexadecimal("another"));
    let name = lab.network("app").bridge_name().unwrap();
    lab.host_link(&format!("br-{}", &hexadecimal("network app")[..12])).name = name;
    assert_eq!(lab.found(), ["warning PH035 web"]);
    assert_eq!(commands(&lab.only())[0], "docker network disconnect -f app web");
    assert!(lab.only().evidence[1].observed.starts_with("id "));
}

#[test]
fn a_container_that_should_run_is_broken() {
    let mut lab = without_app();
    lab.container("web").restart_policy = "always".to_owned();
    assert_eq!(lab.found(), ["error PH035 web"]);
    lab.container("web").restart_policy = "no".to_owned();
    lab.container("web").error = Some("network 5e0c not found".to_owned());
    assert_eq!(lab.found(), ["error PH035 web"]);
    assert_eq!(lab.only().evidence[2].observed, "network 5e0c not found");
}

#[test]
fn compose_makes_its_containers_anew() {
    let mut lab = without_app();
    let project = MaskedText::value("project", "shop", Secrets::Mask);
    lab.container("web").labels.insert("com.docker.compose.project".to_owned(), project);
    assert_eq!(commands(&lab.only()).last(), Some(&"docker compose -p shop up -d --force-recreate"));
}

#[test]
fn predefined_swarm_and_podman_networks_are_left_alone() {
    let attach = |name: &str, id: &str| {
        let mut lab = without_app();
        let place = &mut lab.container("web").attachments[0];
        (place.network_name, place.network_id) = (name.to_owned(), Some(NetworkId(id.to_owned())));
        lab.found()
    };
    for name in ["bridge", "host", "none", "podman"] {
        assert_eq!(attach(name, &hexadecimal("before the reset")), [""; 0], "{name}");
    }
    assert_eq!(attach("mesh", "y8tm3sd4z1q9gx0s1kqw5lf2n"), [""; 0]);
    assert_eq!(attach("app", "app"), [""; 0]);
}

#[test]
fn a_container_that_was_never_started_has_no_id_yet() {
    let mut lab = without_app();
    lab.container("web").attachments[0].network_id = None;
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn without_the_list_of_networks_nothing_is_claimed() {
    let mut lab = without_app();
    lab.engine().networks = refused("networks");
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(35), ["skipped: networks: permission denied"]);
}
