//! Tool images that are pulled, from a registry that wants to know who asks.

use porthole_lab::{Engine, Lab, Output};

use crate::debug_sidecar::sidecars;
use crate::support::{builder, start};

const IMAGE: &str = "127.0.0.1:5000/tools:1";

/// A target, and a tool image that only the registry has.
fn lab_with_tools(engine: Engine) -> Lab {
    let lab = start(builder(engine).with_registry_login());
    lab.run("web", &[], "peer:1", &["idle"]);
    lab.sh_ok("docker login -u porthole -p sesame 127.0.0.1:5000");
    lab.docker_ok(&["tag", "bb:1", IMAGE]);
    lab.docker_ok(&["push", IMAGE]);
    lab.docker_ok(&["rmi", IMAGE]);
    lab
}

/// A session with the image, by a user with this configuration of the docker CLI.
fn session(lab: &Lab, configuration: &str, image: &str) -> Output {
    let configure = format!(
        "rm -rf /tmp/config; mkdir /tmp/config; printf '%s' '{configuration}' > /tmp/config/config.json"
    );
    lab.sh_ok(&configure);
    let environment = "DOCKER_CONFIG=/tmp/config PATH=/tmp/bin:$PATH";
    lab.sh(&format!("{environment} porthole debug --pull always --image {image} web -- echo inside"))
}

fn assert_refused(output: &Output, words: &[&str]) {
    assert_eq!(output.code, 2, "{output}");
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {output}");
    }
    assert!(!output.stderr.contains("sesame"), "{output}");
}

#[test]
fn a_registry_is_shown_what_the_docker_cli_would_show_it() {
    for engine in [Engine::Docker20, Engine::Docker28] {
        if !Engine::available().contains(&engine) {
            continue;
        }
        let lab = lab_with_tools(engine);
        // printf porthole:sesame | base64
        let stored = r#"{"auths": {"127.0.0.1:5000": {"auth": "cG9ydGhvbGU6c2VzYW1l"}}}"#;
        let output = session(&lab, stored, IMAGE);
        assert_eq!((output.code, output.stdout.as_str()), (0, "inside\n"), "{output}");
        lab.sh_ok(
            "mkdir /tmp/bin; cat > /tmp/bin/docker-credential-lab <<'END'\n#!/bin/sh\nread -r server; \
             case $1-$server in get-127.0.0.1:5000) echo '{\"Username\": \"porthole\", \"Secret\": \"sesame\"}';; \
             *) echo credentials not found in native keychain; exit 1;; esac\nEND\nchmod +x /tmp/bin/docker-credential-lab",
        );
        for kept in [r#"{"credsStore": "lab"}"#, r#"{"credHelpers": {"127.0.0.1:5000": "lab"}}"#] {
            let output = session(&lab, kept, IMAGE);
            assert_eq!((output.code, output.stdout.as_str()), (0, "inside\n"), "{kept} {output}");
        }
        assert_eq!(sidecars(&lab), "");
    }
}

#[test]
fn why_an_image_was_not_pulled() {
    let lab = lab_with_tools(Engine::newest());
    assert_refused(&session(&lab, "{}", IMAGE), &["docker login 127.0.0.1:5000"]);
    // printf porthole:wrong | base64
    let wrong = r#"{"auths": {"127.0.0.1:5000": {"auth": "cG9ydGhvbGU6d3Jvbmc="}}}"#;
    assert_refused(&session(&lab, wrong, IMAGE), &["docker login 127.0.0.1:5000"]);
    let helper = r#"{"credsStore": "none-such"}"#;
    assert_refused(&session(&lab, helper, IMAGE), &["could not be read", "docker-credential-none-such"]);
    let right = r#"{"auths": {"127.0.0.1:5000": {"auth": "cG9ydGhvbGU6c2VzYW1l"}}}"#;
    let other = session(&lab, right, "127.0.0.1:5000/tools:2");
    assert_refused(&other, &["127.0.0.1:5000 has it under that name and tag"]);
    let nowhere = session(&lab, right, "registry.example.test/tools:1");
    assert_refused(&nowhere, &["engine's host that does not get to registry.example.test"]);
}
