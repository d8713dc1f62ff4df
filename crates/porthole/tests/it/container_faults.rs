//! The checks of containers themselves, proven: each fault is put into a real engine and found as exactly its code.

use porthole_lab::{Engine, Lab};
use serde_json::{Value, json};

use crate::support::{
    assert_codes, builder, codes, mend, on_docker_engines, report as doctor, start, wait_for,
};

fn field(lab: &Lab, container: &str, template: &str) -> String {
    lab.docker_ok(&["inspect", "-f", template, container])
}

fn wait_for_field(lab: &Lab, container: &str, template: &str, value: &str) {
    wait_for(&format!("{template} of {container} to be {value}"), || {
        field(lab, container, template) == value
    });
}

fn finding(report: &Value) -> String {
    report["findings"][0].to_string()
}

#[test]
fn ph103_another_engine_runs() {
    let lab = start(builder(Engine::newest()));
    lab.sh_ok(
        "ip link add other0 type bridge && ip addr add 10.99.0.1/24 dev other0 && ip link set other0 up",
    );
    let mut other = lab.command("dockerd");
    other.args(["--data-root", "/srv/other", "--exec-root", "/srv/other-run", "--pidfile", "/srv/other.pid"]);
    other.args(["--host", "unix:///srv/other.sock", "--bridge", "other0", "--iptables=false"]);
    let mut other = other.stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_for("the other engine", || lab.docker(&["-H", "unix:///srv/other.sock", "version"]).code == 0);
    let report = assert_codes(&lab, &["PH103"]);
    assert!(finding(&report).contains("unix:///srv/other.sock"), "{report:#}");
    lab.sh_ok("kill $(cat /srv/other.pid)");
    other.wait().unwrap();
    assert_codes(&lab, &[]);
}

#[test]
fn ph104_the_api_is_open_on_tcp() {
    for (engine, arguments) in [(Engine::Docker20, vec![]), (Engine::newest(), vec!["--tls=false"])] {
        let mut builder = builder(engine).engine_argument("--host=tcp://10.77.0.2:2375");
        for argument in arguments {
            builder = builder.engine_argument(argument);
        }
        let lab = start(builder.engine_argument("--host=unix:///run/docker.sock"));
        let report = assert_codes(&lab, &["PH104"]);
        assert!(finding(&report).contains("http://10.77.0.2:2375"), "{report:#}");
        assert_eq!(report["findings"][0]["severity"], "error");
    }
}

#[test]
fn ph106_a_container_keeps_restarting() {
    on_docker_engines(|lab| {
        let script = "echo the database is gone >&2; exit 3";
        lab.run("worker", &["--restart", "always"], "bb:1", &["sh", "-c", script]);
        wait_for("some restarts", || {
            field(lab, "worker", "{{.RestartCount}}").parse::<u64>().expect("a number") > 3
        });
        let report = assert_codes(lab, &["PH106"]);
        assert!(finding(&report).contains("the database is gone"), "{report:#}");
        lab.docker_ok(&["stop", "worker"]);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph107_memory_runs_out() {
    on_docker_engines(|lab| {
        let eat = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}";
        lab.run("db", &["-m", "32m", "--memory-swap", "32m"], "bb:1", &["sh", "-c", eat]);
        wait_for_field(lab, "db", "{{.State.Status}}", "exited");
        let report = assert_codes(lab, &["PH107"]);
        assert!(finding(&report).contains("was killed"), "{report:#}");
        lab.docker_ok(&["rm", "db"]);
        let worker = format!("({eat}); echo a worker is gone; sleep 600");
        lab.run("web", &["-m", "32m", "--memory-swap", "32m"], "bb:1", &["sh", "-c", &worker]);
        let mut report = Value::Null;
        wait_for("the end of a child", || {
            report = doctor(lab);
            !codes(&report).is_empty()
        });
        assert_eq!(codes(&report), ["PH107"], "{report:#}");
        assert!(finding(&report).contains("oom_kill"), "{report:#}");
    });
}

#[test]
fn ph109_a_health_check_fails_or_cannot_run() {
    on_docker_engines(|lab| {
        let options = |command: &'static str| {
            ["--health-interval", "1s", "--health-retries", "1", "--health-cmd", command]
        };
        lab.run("web", &options("echo no answer; exit 1"), "bb:1", &["sleep", "600"]);
        wait_for_field(lab, "web", "{{.State.Health.Status}}", "unhealthy");
        let report = assert_codes(lab, &["PH109"]);
        assert!(finding(&report).contains("it wrote: no answer"), "{report:#}");
        lab.docker_ok(&["rm", "-f", "web"]);
        lab.run("web", &options("curl -f http://localhost"), "peer:1", &["idle"]);
        wait_for_field(lab, "web", "{{.State.Health.Status}}", "unhealthy");
        let report = assert_codes(lab, &["PH109"]);
        assert!(finding(&report).contains("cannot be run"), "{report:#}");
    });
}

#[test]
fn ph110_a_container_is_at_its_limits() {
    on_docker_engines(|lab| {
        let fill = "sleep 600 & sleep 600 & sleep 600 & wait";
        lab.run("full", &["--pids-limit", "4"], "bb:1", &["sh", "-c", fill]);
        wait_for("the processes", || lab.docker_ok(&["top", "full", "-eo", "pid"]).lines().count() == 5);
        let report = assert_codes(lab, &["PH110"]);
        assert!(finding(&report).contains("limit 4"), "{report:#}");
        lab.docker_ok(&["rm", "-f", "full"]);
        let open = "ulimit -n 8; for n in 3 4 5 6 7; do eval \"exec $n</dev/null\"; done; sleep 600";
        lab.run("open", &[], "bb:1", &["sh", "-c", open]);
        let mut report = Value::Null;
        wait_for("the open files", || {
            report = doctor(lab);
            !codes(&report).is_empty()
        });
        assert_eq!(codes(&report), ["PH110"], "{report:#}");
        assert!(finding(&report).contains("Max open files"), "{report:#}");
    });
}

#[test]
fn ph112_an_image_of_another_architecture() {
    on_docker_engines(|lab| {
        // The oldest engine does not let an import name its platform.
        let script = "set -e; d=$(mktemp -d); mkdir $d/root; \
            printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\267\\0' > $d/root/app; \
            head -c 200 /dev/zero >> $d/root/app; chmod +x $d/root/app; \
            tar -C $d/root -cf - . | docker import -c 'CMD [\"/app\"]' - arm:1; \
            docker save arm:1 | sed 's/\"architecture\":\"amd64\"/\"architecture\":\"arm64\"/g' | docker load; rm -r $d";
        lab.sh_ok(script);
        lab.docker(&["run", "--name", "foreign", "arm:1"]);
        let report = assert_codes(lab, &["PH112"]);
        assert!(finding(&report).contains("arm64"), "{report:#}");
    });
}

#[test]
fn ph113_a_container_that_nobody_can_reach() {
    on_docker_engines(|lab| {
        lab.run("db", &["--network", "none", "--expose", "5432"], "peer:1", &["http", "5432"]);
        let mut report = Value::Null;
        wait_for("the listener", || {
            report = doctor(lab);
            !codes(&report).is_empty()
        });
        assert_eq!(codes(&report), ["PH113"], "{report:#}");
        assert_eq!(report["findings"][0]["severity"], json!("note"));
    });
}

/// An engine whose data root holds 64 MiB, with the image `bb:1`.
fn on_a_small_disk(test: impl Fn(&Lab)) {
    on_docker_engines(|lab| {
        lab.sh_ok("docker save bb:1 > /srv/bb.tar");
        lab.stop_engine().expect("the engine stops");
        lab.sh_ok("mount -t tmpfs -o size=64m tmpfs /var/lib/docker");
        lab.start_engine().expect("the engine starts");
        lab.sh_ok("docker load < /srv/bb.tar");
        test(lab);
        lab.stop_engine().expect("the engine stops");
        lab.sh_ok("umount /var/lib/docker");
        lab.start_engine().expect("the engine starts");
    });
}

const FILL: &str = "cat /dev/zero > /var/lib/docker/big 2>/dev/null || true";

#[test]
fn ph108_the_disk_of_the_engine_is_full() {
    on_a_small_disk(|lab| {
        assert_codes(lab, &[]);
        lab.sh_ok(FILL);
        let report = assert_codes(lab, &["PH108"]);
        assert!(finding(&report).contains("0 of 64 MiB"), "{report:#}");
        lab.sh_ok("rm /var/lib/docker/big");
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph108_explains_a_container_that_restarts_as_it_cannot_write() {
    on_a_small_disk(|lab| {
        // What reserves room before it writes fails while the engine still finds some for its own files.
        lab.sh_ok(&format!("{FILL}; truncate -s -700k /var/lib/docker/big"));
        let reserve = "fallocate -l 4M /journal || exit 1; sleep 1000";
        lab.run("db", &["--restart", "always"], "bb:1", &["sh", "-c", reserve]);
        wait_for("some restarts", || {
            field(lab, "db", "{{.RestartCount}}").parse::<u64>().expect("a number") > 3
        });
        let report = assert_codes(lab, &["PH108"]);
        let explained = &report["findings"][0]["explains"];
        assert_eq!((&explained[0]["code"], explained[1].is_null()), (&json!("PH106"), true), "{report:#}");
        assert!(explained[0].to_string().contains("No space left on device"), "{report:#}");
        lab.sh_ok("rm /var/lib/docker/big");
        // The engine waits up to a minute before it tries again.
        lab.docker_ok(&["restart", "db"]);
        wait_for("the container to write", || lab.docker(&["top", "db"]).stdout.contains("sleep 1000"));
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph108_names_what_the_engine_does_not_start_again() {
    on_a_small_disk(|lab| {
        let write = "test -e /full && sleep 1000; touch /full; cat /dev/zero > /fill; exit 1";
        lab.run("writer", &["--restart", "always"], "bb:1", &["sh", "-c", write]);
        // The engine itself cannot write, and gives up.
        wait_for_field(lab, "writer", "{{.State.Status}} {{.RestartCount}}", "exited 1");
        let report = assert_codes(lab, &["PH108"]);
        assert!(finding(&report).contains("no space left on device"), "{report:#}");
        let layer = field(lab, "writer", "{{.GraphDriver.Data.UpperDir}}");
        lab.sh_ok(&format!("rm {layer}/fill"));
        let report = assert_codes(lab, &["PH108"]);
        assert!(finding(&report).contains("'writer' does not run since"), "{report:#}");
        mend(lab, &report);
        assert_codes(lab, &[]);
        assert_eq!(field(lab, "writer", "{{.State.Status}}"), "running");
    });
}

#[test]
fn ph111_a_mounted_file_is_missing() {
    on_docker_engines(|lab| {
        lab.run("app", &["-v", "/srv/missing.conf:/etc/app.conf"], "peer:1", &["idle"]);
        let report = assert_codes(lab, &["PH111"]);
        assert!(finding(&report).contains("an empty directory"), "{report:#}");
        lab.docker_ok(&["rm", "-f", "app"]);
        // The image has a file there.
        let started =
            lab.docker(&["run", "-d", "--name", "app", "-v", "/srv/missing.conf:/peer", "peer:1", "idle"]);
        assert_ne!(started.code, 0);
        let report = assert_codes(lab, &["PH111"]);
        assert!(finding(&report).contains("cannot start"), "{report:#}");
        lab.docker_ok(&["rm", "app"]);
        lab.sh_ok("mkdir -p /srv/data && touch /srv/right.conf");
        let options = [
            "-v",
            "/srv/right.conf:/etc/app.conf",
            "-v",
            "/srv/data:/var/cache/app",
            "-v",
            "/srv/new:/etc/app.d",
        ];
        lab.run("app", &options, "peer:1", &["idle"]);
        assert_codes(lab, &[]);
    });
}
