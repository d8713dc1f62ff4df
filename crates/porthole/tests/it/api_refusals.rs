//! What engines refuse, in words: who has the name, who has the port, which images are near.

use porthole_lab::{Engine, Lab, Output};

use crate::api::{api, api_ok};
use crate::support::{lab, on_docker_engines, parse, wait_for};

/// A call that the engine refuses; its own words follow those that explain it.
fn refused(lab: &Lab, words: &[&str]) -> Output {
    let output = api(lab, words);
    assert_eq!(output.code, 1, "{:?} {words:?}: {output}", lab.engine());
    assert!(parse(&output.stdout)["message"].is_string(), "{output}");
    output
}

fn assert_said(output: &Output, parts: &[&str]) {
    for part in parts {
        assert!(output.stderr.contains(part), "{part}: {output}");
    }
}

#[test]
fn a_name_that_is_taken_and_containers_in_the_way() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        lab.docker_ok(&["create", "--name", "old", "bb:1", "true"]);
        let body = r#"{"Image": "bb:1"}"#;
        let taken = refused(lab, &["POST", "/containers/create?name=web", "-d", body]);
        assert_said(&taken, &["the name web is taken by a container", "bb:1, up ", "rename?name=NEW"]);
        let taken = refused(lab, &["POST", "/containers/create?name=old", "-d", body]);
        assert_said(&taken, &["the name old is taken", "bb:1, created"]);
        let runs = refused(lab, &["DELETE", "/containers/web"]);
        assert_said(&runs, &["the container web still runs (up ", "/containers/web/stop"]);
        let rests = refused(lab, &["POST", "/containers/old/exec", "-d", r#"{"Cmd": ["true"]}"#]);
        assert_said(&rests, &["the container old does not run (created)"]);
        let used = refused(lab, &["DELETE", "/images/bb:1"]);
        assert_said(&used, &["the image is in use by the container "]);
        lab.docker_ok(&["pause", "web"]);
        let paused = refused(lab, &["POST", "/containers/web/exec", "-d", r#"{"Cmd": ["true"]}"#]);
        assert_said(&paused, &["the container web is paused", "/containers/web/unpause"]);
        api_ok(lab, &["DELETE", "/containers/web?force=true"]);
    });
}

#[test]
fn a_port_that_is_taken_names_who_has_it() {
    on_docker_engines(|lab| {
        lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
        let publish = |name: &str, port: &str| {
            let body = format!(
                r#"{{"Image": "peer:1", "Cmd": ["http", "80"], "ExposedPorts": {{"80/tcp": {{}}}}, "HostConfig": {{"PortBindings": {{"80/tcp": [{{"HostPort": "{port}"}}]}}}}}}"#
            );
            api_ok(lab, &["POST", &format!("/containers/create?name={name}"), "-d", &body]);
            refused(lab, &["POST", &format!("/containers/{name}/start")])
        };
        let taken = publish("second", "8080");
        assert_said(&taken, &["port 8080/tcp of ", "is taken by the container web (peer:1, up "]);
        let mut holder = lab.command("peer");
        let mut holder = holder.args(["http", "8081"]).spawn().expect("peer runs");
        wait_for("the holder", || lab.sh("curl -s http://127.0.0.1:8081/").code == 0);
        let taken = publish("third", "8081");
        assert_said(&taken, &["port 8081/tcp of ", "is taken by a process of the host: peer (pid "]);
        // The holder may have ended with its lab.
        let _ended = holder.kill().and_then(|()| holder.wait());
    });
}

#[test]
fn what_is_not_there_is_named_with_what_is_near() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let image = refused(lab, &["POST", "/containers/create", "-d", r#"{"Image": "bb:2"}"#]);
        assert_said(
            &image,
            &["the engine has no image bb:2; near to it: bb:1", "/images/create?fromImage=bb&tag=2"],
        );
        let container = refused(lab, &["POST", "/containers/wed/start"]);
        assert_said(&container, &["the engine has no container wed; near to it: web"]);
        lab.docker_ok(&["network", "create", "shop"]);
        let network = refused(lab, &["GET", "/networks/shob"]);
        assert_said(&network, &["the engine has no network shob; near to it: shop"]);
        lab.docker_ok(&["volume", "create", "data"]);
        let volume = refused(lab, &["GET", "/volumes/dato"]);
        assert_said(&volume, &["the engine has no volume dato; near to it: data"]);
    });
}

#[test]
fn what_is_in_use_names_its_users() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["network", "create", "shop"]);
    lab.run("web", &["--network", "shop", "-v", "data:/data"], "bb:1", &["sleep", "1000"]);
    let network = refused(&lab, &["DELETE", "/networks/shop"]);
    assert_said(&network, &["on the network shop there still are: the container web"]);
    let volume = refused(&lab, &["DELETE", "/volumes/data"]);
    assert_said(&volume, &["the volume data belongs to the container web"]);
}

#[test]
fn podman_s_refusals_are_explained() {
    let lab = lab(Engine::Podman);
    lab.docker_ok(&["network", "create", "shop"]);
    lab.run("web", &["-p", "8080:80", "--network", "shop"], "bb:1", &["sleep", "1000"]);
    let taken = refused(&lab, &["POST", "/containers/create?name=web", "-d", r#"{"Image": "bb:1"}"#]);
    assert_said(&taken, &["the name web is taken by a container", "up "]);
    let body = r#"{"Image": "bb:1", "ExposedPorts": {"80/tcp": {}},
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}}"#;
    api_ok(&lab, &["POST", "/containers/create?name=two", "-d", body]);
    let port = refused(&lab, &["POST", "/containers/two/start"]);
    assert_said(&port, &["port 8080/tcp of every address is taken by the container web ("]);
    let runs = refused(&lab, &["DELETE", "/containers/web"]);
    assert_said(&runs, &["the container web still runs (up ", "/containers/web/stop"]);
    let used = refused(&lab, &["DELETE", "/images/bb:1"]);
    assert_said(&used, &["the image is in use by the container "]);
    let container = refused(&lab, &["POST", "/containers/wed/start"]);
    assert_said(&container, &["the engine has no container wed; near to it: web"]);
    let network = refused(&lab, &["GET", "/networks/shob"]);
    assert_said(&network, &["the engine has no network shob; near to it: shop"]);
    let network = refused(&lab, &["DELETE", "/networks/shop"]);
    assert_said(&network, &["on the network shop there still are: the container web"]);
    let call = api(&lab, &["POST", "/session"]);
    assert_eq!(call.code, 1, "{call}");
    assert_said(&call, &["this engine has no call POST /session"]);
}

#[test]
fn protocols_that_are_not_spoken_are_named() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let websocket = "/containers/web/attach/ws?stream=1&stdout=1";
        let words = [
            "begins WebSocket, which porthole api does not speak",
            "/containers/web/attach?stream=1&stdout=1",
        ];
        let refused = api(&lab, &["GET", websocket]);
        assert_eq!(refused.code, 1, "{refused}");
        assert_said(&refused, &words);
        let upgrade = [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ];
        let headers = upgrade.iter().flat_map(|header| ["-H", *header]);
        let arguments: Vec<_> = ["GET", websocket].into_iter().chain(headers).collect();
        let begun = api(&lab, &arguments);
        assert_eq!((begun.code, begun.stdout.as_str()), (2, ""), "{begun}");
        assert_said(&begun, &words);
        let session = api(&lab, &["POST", "/session"]);
        assert_eq!(session.code, 1, "{session}");
        assert_said(&session, &["POST /session begins HTTP/2", "porthole tap"]);
    }
}
