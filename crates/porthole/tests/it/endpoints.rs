//! The engine that the docker CLI would use, reached or not, and why not.

use porthole_lab::{Engine, Lab};
use serde_json::json;

use crate::support::{builder, codes, lab, parse, start};

/// Doctor's report under these variables of the environment.
fn report(lab: &Lab, environment: &str, arguments: &str) -> serde_json::Value {
    let script = format!("{environment} porthole {arguments} doctor --output json --fail-on never");
    parse(&lab.sh_ok(&script))
}

fn cause(report: &serde_json::Value) -> String {
    assert_eq!(codes(report), ["PH101"], "{report:#}");
    report["findings"][0].to_string()
}

#[test]
fn every_way_to_name_a_unix_socket() {
    let lab = lab(Engine::newest());
    lab.sh_ok("docker context create here --docker host=unix:///run/docker.sock");
    for (environment, arguments) in [
        ("", ""),
        ("", "-H unix:///run/docker.sock"),
        ("DOCKER_HOST=unix:///run/docker.sock", ""),
        ("", "-c here"),
        ("DOCKER_CONTEXT=here", ""),
        ("DOCKER_HOST=unix:///nowhere", "-c here"),
    ] {
        assert_eq!(codes(&report(&lab, environment, arguments)), [""; 0], "{environment} {arguments}");
    }
}

#[test]
fn an_engine_on_tcp() {
    let lab = start(builder(Engine::newest()).engine_argument("-H").engine_argument("tcp://127.0.0.1:2375"));
    lab.run("web", &["-p", "8080:81"], "peer:1", &["http", "80"]);
    let found = || codes(&report(&lab, "DOCKER_HOST=tcp://127.0.0.1:2375", ""));
    crate::support::wait_for("the finding", || found() == ["PH011", "PH104"]);
}

#[test]
fn why_it_does_not_answer() {
    let lab = lab(Engine::newest());
    let missing = cause(&report(&lab, "", "-H unix:///run/none.sock"));
    assert!(missing.contains("/run/none.sock"), "{missing}");
    let refused = cause(&report(&lab, "", "-H tcp://127.0.0.1:9"));
    assert!(refused.contains("refused"), "{refused}");
    let plain = cause(&report(&lab, "", "-H unix:///etc/passwd"));
    assert!(plain.contains("not a socket"), "{plain}");
    lab.sh_ok("kill -STOP $(cat /run/docker.pid)");
    let hangs = cause(&report(&lab, "", "--timeout 1"));
    lab.sh_ok("kill -CONT $(cat /run/docker.pid)");
    assert!(hangs.contains("answer"), "{hangs}");
}

#[test]
fn an_api_that_is_too_new_or_too_old() {
    let lab = lab(Engine::newest());
    let old = cause(&report(&lab, "DOCKER_API_VERSION=1.20", ""));
    assert!(old.contains("1.20"), "{old}");
    let new = cause(&report(&lab, "DOCKER_API_VERSION=1.99", ""));
    assert!(new.contains("1.99"), "{new}");
    assert_eq!(codes(&report(&lab, "DOCKER_API_VERSION=1.41", "")), [""; 0]);
}

#[test]
fn podman_answers_too() {
    if Engine::available().contains(&Engine::Podman) {
        let report = report(&lab(Engine::Podman), "", "");
        assert_eq!(report["findings"], json!([]), "{report:#}");
    }
}
