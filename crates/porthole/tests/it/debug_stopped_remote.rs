//! The same where the layers cannot be reached: by a replica that the engine makes.

use porthole_lab::{Engine, Lab, Output};
use serde_json::json;

use crate::debug_stopped::{FAULTY, MEND, conf};
use crate::support::{builder, start};

/// An engine that keeps its images in containerd, and does not say where.
fn lab_with_containerd() -> Lab {
    start(builder(Engine::newest()).daemon_json(json!({ "features": { "containerd-snapshotter": true } })))
}

/// Runs porthole where the engine's files cannot be seen.
const ELSEWHERE: &str = "mount -t tmpfs none /var/lib/docker && exec porthole \"$@\"";

fn debug(lab: &Lab, options: &[&str], target: &str, script: &str) -> Output {
    let mut words = vec!["unshare", "--mount", "sh", "-c", ELSEWHERE, "porthole"];
    words.extend(options);
    words.extend([target, "--", "sh", "-c", script]);
    lab.exec(&words)
}

/// Views, tries out and mends `web` from where its layers are not to be had.
fn mend(lab: &Lab, endpoint: &[&str]) {
    lab.sh_ok(FAULTY);
    let images = lab.sh_ok("docker images -aq | sort");
    let run = |option: &[&str], script: &str| {
        let options = [endpoint, &["debug"], option].concat();
        debug(lab, &options, "web", script)
    };
    let seen = run(&["--read-only"], "cat /etc/app.conf");
    assert_eq!((seen.code, seen.stdout.trim_end()), (0, "lisen 80"), "{}", seen.stderr);
    assert!(seen.stderr.contains("replica"), "{}", seen.stderr);
    assert!(run(&["--read-only"], MEND).code != 0);
    let tried = run(&[], &format!("{MEND}; cat /etc/app.conf"));
    assert_eq!((tried.code, tried.stdout.trim_end()), (0, "listen 80"), "{}", tried.stderr);
    assert_eq!(conf(lab), "lisen 80");
    let mended =
        run(&["--write-back"], &format!("{MEND}; mkdir -p /srv/a; echo x > /srv/a/b; rm /etc/group"));
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    assert!(mended.stderr.contains("written to web: /etc/app.conf"), "{}", mended.stderr);
    assert!(mended.stderr.contains("still in web: /etc/group"), "{}", mended.stderr);
    assert_eq!(conf(lab), "listen 80");
    assert_eq!(lab.sh_ok("docker cp web:/srv/a/b - | tar -xO"), "x");
    lab.docker_ok(&["start", "web"]);
    assert_eq!(lab.docker_ok(&["ps", "-a", "--format", "{{.Names}}"]), "web");
    assert_eq!(lab.sh_ok("docker images -aq | sort"), images);
}

#[test]
fn an_engine_on_tcp_whose_files_are_elsewhere() {
    for engine in Engine::available() {
        if engine != Engine::Podman {
            let tcp = builder(engine).engine_argument("-H").engine_argument("tcp://127.0.0.1:2375");
            mend(&start(tcp), &["-H", "tcp://127.0.0.1:2375"]);
        }
    }
}

#[test]
fn an_engine_that_does_not_tell_of_its_layers() {
    mend(&lab_with_containerd(), &[]);
}

#[test]
fn an_image_by_a_replica() {
    let lab = lab_with_containerd();
    let seen = debug(&lab, &["debug"], "bb:1", "echo x > /made; head -n 1 /etc/group");
    assert_eq!((seen.code, seen.stdout.trim_end()), (0, "root:x:0:"), "{}", seen.stderr);
    assert_eq!(lab.docker_ok(&["ps", "-aq"]), "");
}
