//! Refusals as engines word them.

use super::*;

const ID: &str = "4c01db0b339c0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123";

fn facts() -> RefusalFacts {
    let web = KnownContainer {
        id: ID.into(),
        name: "web".into(),
        image: "bb:1".into(),
        status: "Up 2 minutes".into(),
        ports: vec![(TransportProtocol::Tcp, Port(8080))],
        networks: vec!["app".into()],
    };
    RefusalFacts {
        containers: vec![web],
        names: vec!["bb:1".into(), "peer:1".into(), "alpine:3".into()],
        listeners: Vec::new(),
    }
}

fn refusal(status: u16, message: &str) -> Refusal<'_> {
    Refusal { operation: None, status, message }
}

fn words(status: u16, message: &str, facts: &RefusalFacts) -> String {
    refusal_meaning(&refusal(status, message), facts).map(|meaning| meaning.words).unwrap_or_default()
}

#[test]
fn a_taken_name_names_its_container_and_state() {
    for message in [
        format!(
            "Conflict. The container name \"/web\" is already in use by container \"{ID}\". You have to remove (or rename) that container to be able to reuse that name."
        ),
        format!(
            "creating container storage: the container name \"web\" is already in use by {ID}. You have to remove that container to be able to reuse that name: that name is already in use"
        ),
    ] {
        let said = words(409, &message, &facts());
        assert_eq!(
            said,
            "the name web is taken by a container with the id 4c01db0b339c (bb:1, up 2 minutes)"
        );
    }
}

#[test]
fn a_taken_port_names_who_has_it() {
    for message in [
        "driver failed programming external connectivity on endpoint b (00ff): Bind for 0.0.0.0:8080 failed: port is already allocated",
        "failed to set up container networking: driver failed programming external connectivity on endpoint b (00ff): Bind for 0.0.0.0:8080 failed: port is already allocated",
        "driver failed programming external connectivity on endpoint b (00ff): Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
        "failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use",
        "failed to bind host port 0.0.0.0:8080/tcp: address already in use",
    ] {
        let need = refusal_need(&refusal(500, message));
        assert_eq!(need, RefusalNeed::Port(TransportProtocol::Tcp, Port(8080)), "{message}");
        let said = words(500, message, &facts());
        assert_eq!(said, "port 8080/tcp of 0.0.0.0 is taken by the container web (bb:1, up 2 minutes)");
    }
}

#[test]
fn a_port_that_no_container_has_is_a_process_s() {
    let message = "Error starting userland proxy: listen udp4 0.0.0.0:53: bind: address already in use";
    let listening = RefusalFacts { listeners: vec!["dnsmasq (pid 12)".into()], ..facts() };
    let said = words(500, message, &listening);
    assert_eq!(said, "port 53/udp of 0.0.0.0 is taken by a process of the host: dnsmasq (pid 12)");
    assert!(words(500, message, &facts()).contains("could not be read"));
    let six = "listen tcp6 [::]:8081: bind: address already in use";
    assert!(words(500, six, &facts()).starts_with("port 8081/tcp of [::] is taken"));
    // Docker 28 writes it without brackets.
    let bare = "driver failed: Bind for :::8080 failed: port is already allocated";
    assert!(words(500, bare, &facts()).starts_with("port 8080/tcp of :: is taken"));
}

#[test]
fn a_missing_image_offers_near_ones_and_a_pull() {
    let refusal = refusal(404, "No such image: alpine:9");
    assert_eq!(refusal_need(&refusal), RefusalNeed::Images);
    let meaning = refusal_meaning(&refusal, &facts()).unwrap();
    assert_eq!(meaning.words, "the engine has no image alpine:9; near to it: alpine:3");
    assert_eq!(meaning.hints, ["have it pulled: porthole api POST '/images/create?fromImage=alpine&tag=9'"]);
}

#[test]
fn what_is_missing_is_named_with_what_is_near() {
    assert_eq!(
        words(404, "No such container: wen", &facts()),
        "the engine has no container wen; near to it: web"
    );
    assert_eq!(words(404, "network shop not found", &facts()), "the engine has no network shop");
    assert_eq!(refusal_need(&refusal(404, "get data: no such volume")), RefusalNeed::Volumes);
}

#[test]
fn states_that_are_in_the_way() {
    let removed = format!(
        "You cannot remove a running container {ID}. Stop the container before attempting removal or force remove"
    );
    assert_eq!(words(409, &removed, &facts()), "the container web still runs (up 2 minutes)");
    let newer = "cannot remove container \"web\": container is running: stop the container before removing or force remove";
    assert_eq!(words(409, newer, &facts()), "the container web still runs (up 2 minutes)");
    let rests = format!("Container {ID} is not running");
    assert!(words(409, &rests, &facts()).starts_with("the container web does not run"));
    let paused = "Container web is paused, unpause the container before exec";
    assert!(words(409, paused, &facts()).starts_with("the container web is paused"));
}

#[test]
fn what_is_in_use_names_its_users() {
    let image = "conflict: unable to remove repository reference \"bb:1\" (must force) - container 4c01db0b339c is using its referenced image 12af";
    assert_eq!(words(409, image, &facts()), "the image is in use by the container web (bb:1, up 2 minutes)");
    let by_id = "conflict: unable to delete 12af34 (cannot be forced) - image is being used by running container 4c01db0b339c";
    assert_eq!(words(409, by_id, &facts()), "the image is in use by the container web (bb:1, up 2 minutes)");
    let network = "error while removing network: network app id 77aa has active endpoints";
    assert!(
        words(403, network, &facts()).ends_with("there still are: the container web (bb:1, up 2 minutes)")
    );
    let volume = format!("remove data: volume is in use - [{ID}]");
    assert!(words(409, &volume, &facts()).starts_with("the volume data belongs to the container web"));
}

#[test]
fn podman_says_it_in_its_own_words() {
    let port = "cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use";
    assert_eq!(
        words(500, port, &facts()),
        "port 8080/tcp of every address is taken by the container web (bb:1, up 2 minutes)"
    );
    let runs = format!(
        "cannot remove container {ID} as it is running - running or paused containers cannot be removed without force: container state improper"
    );
    assert_eq!(words(500, &runs, &facts()), "the container web still runs (up 2 minutes)");
    let used = format!(
        "image bb:1 is in use: image used by {ID}: image is in use by a container: consider listing external containers and force-removing image"
    );
    assert_eq!(words(409, &used, &facts()), "the image is in use by the container web (bb:1, up 2 minutes)");
    let missing = "no container with name or ID \"wen\" found: no such container";
    assert_eq!(words(404, missing, &facts()), "the engine has no container wen; near to it: web");
    let network = "unable to find network with name or ID shob: network not found";
    assert_eq!(refusal_need(&refusal(404, network)), RefusalNeed::Networks);
    assert_eq!(words(404, network, &facts()), "the engine has no network shob");
    let busy = "\"app\" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used";
    assert!(words(500, busy, &facts()).contains("the container web"));
    assert_eq!(refusal_need(&refusal(404, "no such volume")), RefusalNeed::Nothing);
}

#[test]
fn nothing_is_made_up() {
    assert_eq!(refusal_need(&refusal(500, "something broke")), RefusalNeed::Nothing);
    assert_eq!(refusal_meaning(&refusal(500, "something broke"), &facts()), None);
    let unknown = ID.replace('4', "5");
    let message = format!("The container name \"/x\" is already in use by container \"{unknown}\".");
    assert_eq!(refusal_meaning(&refusal(409, &message), &facts()), None);
    assert_eq!(refusal_meaning(&refusal(200, "No such image: x"), &facts()), None);
}
