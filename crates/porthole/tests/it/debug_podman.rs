//! What goes into containers of Podman, from its own host and through its compatible API alone.

use porthole_lab::{Engine, Lab, Output};

use crate::debug_sidecar::{HARDENED, sidecars};
use crate::forward::{Forward, get, listens};
use crate::support::{lab, porthole, porthole_ok};

/// Both ways in.
const WAYS: [&[&str]; 2] = [&[], &["--through-engine"]];

/// A lab with Podman, where there is one.
fn podman(test: impl Fn(&Lab)) {
    if Engine::available().contains(&Engine::Podman) {
        test(&lab(Engine::Podman));
    }
}

fn run(lab: &Lab, way: &[&str], words: &[&str]) -> Output {
    porthole(lab, &[way, words].concat())
}

fn assert_is(output: &Output, code: i32, text: &str) {
    assert_eq!((output.code, output.stdout.as_str()), (code, text), "{output}");
}

#[test]
fn running_paused_and_stopped_containers_are_entered() {
    podman(|lab| {
        lab.run("web", &HARDENED, "peer:1", &["idle"]);
        lab.docker_ok(&["run", "--name", "crashed", "bb:1", "sh", "-c", "echo broken > /etc/app.conf"]);
        for way in WAYS {
            let output = run(lab, way, &["debug", "web", "--", "sh", "-c", "echo $MODE; exit 4"]);
            assert_is(&output, 4, "production\n");
            assert_is(&run(lab, way, &["debug", "--as-target", "web", "--", "id", "-u"]), 0, "1000\n");
            assert_is(&run(lab, way, &["debug", "--image", "bb:1", "web", "--", "id", "-u"]), 0, "0\n");
            assert_is(&run(lab, way, &["debug", "--pause", "web", "--", "cat", "/proc/1/comm"]), 0, "peer\n");
            assert_is(&run(lab, way, &["debug", "--all", "--", "echo", "in"]), 0, "web | in\n");
            assert_is(&run(lab, way, &["debug", "crashed", "--", "cat", "/etc/app.conf"]), 0, "broken\n");
        }
        lab.docker_ok(&["pause", "web"]);
        assert_is(&run(lab, WAYS[1], &["debug", "web", "--", "echo", "in"]), 0, "in\n");
        assert_eq!(sidecars(lab), "");
        let mut left: Vec<_> =
            lab.docker_ok(&["ps", "-a", "--format", "{{.Names}}"]).lines().map(str::to_owned).collect();
        left.sort();
        assert_eq!(left, ["crashed", "web"]);
    });
}

#[test]
fn files_and_volumes_are_shown_and_none_is_made() {
    podman(|lab| {
        lab.sh_ok("mkdir -p /srv/shown && echo here > /srv/shown/file");
        lab.run(
            "web",
            &["-v", "data:/data"],
            "bb:1",
            &["sh", "-c", "echo kept > /data/file; exec sleep 1000"],
        );
        for way in WAYS {
            let options = ["debug", "-v", "/srv/shown:/etc:ro", "web", "--", "cat", "/etc/file"];
            assert_is(&run(lab, way, &options), 0, "here\n");
            let options = ["debug", "-v", "data:/etc:ro", "web", "--", "cat", "/etc/file"];
            assert_is(&run(lab, way, &options), 0, "kept\n");
            let missing = run(lab, way, &["debug", "-v", "/no/such:/etc", "web", "--", "true"]);
            assert!(missing.code == 2 && missing.stderr.contains("/no/such"), "{missing}");
            let missing = run(lab, way, &["debug", "-v", "such:/etc", "web", "--", "true"]);
            assert!(missing.code == 2 && missing.stderr.contains("no volume named such"), "{missing}");
        }
        assert_ne!(lab.sh("test -e /no").code, 0, "no directory is made");
        assert_eq!(lab.docker_ok(&["volume", "ls", "-q"]), "data");
        assert_eq!(sidecars(lab), "");
    });
}

#[test]
fn files_ports_and_testboxes() {
    podman(|lab| {
        lab.run("web", &["--hostname", "web"], "peer:1", &["http", "127.0.0.1:80"]);
        lab.run("box", &[], "bb:1", &["sleep", "1000"]);
        listens(lab, "web", "80");
        for way in WAYS {
            lab.sh_ok("echo in > /tmp/in");
            run(lab, way, &["cp", "/tmp/in", "box:/in"]);
            run(lab, way, &["cp", "box:/in", "/tmp/out"]);
            assert_eq!(lab.sh_ok("cat /tmp/out; rm /tmp/out"), "in");
            let mut command = lab.command("porthole");
            command.args(way).args(["forward", "web"]);
            let forward = Forward::spawn(command, &["80"]);
            assert!(get(lab, &forward.from[0]).contains("web"));
            forward.stop();
            assert_eq!(sidecars(lab), "");
        }
        porthole_ok(lab, &["testbox", "known", "-d", "-p", "8080:80"]);
        assert!(lab.sh_ok("curl -s http://127.0.0.1:8080/").contains("It works"));
        porthole_ok(lab, &["testbox", "rm", "known"]);
    });
}
