//! Images pulled with no internet.

use porthole_lab::{Engine, Lab};

#[test]
fn docker_pulls_what_was_pushed() {
    for engine in [Engine::Docker20, Engine::newest()] {
        pulls_what_was_pushed(engine);
    }
}

#[test]
fn podman_pulls_what_was_pushed() {
    if crate::has(Engine::Podman) {
        pulls_what_was_pushed(Engine::Podman);
    }
}

fn pulls_what_was_pushed(engine: Engine) {
    let lab = Lab::builder(engine).with_registry().start().unwrap();
    lab.push("bb:1", "alpine:3").unwrap();
    assert_ne!(lab.docker(&["image", "inspect", "alpine:3"]).code, 0);
    lab.docker_ok(&["pull", "alpine:3"]);
    assert_eq!(lab.docker_ok(&["run", "--rm", "alpine:3", "echo", "pulled"]), "pulled");
    assert_ne!(lab.docker(&["pull", "absent:1"]).code, 0);
}
