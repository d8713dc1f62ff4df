//! What `porthole traffic show` makes of bodies and streams that a real docker CLI and real engines exchanged.

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{builder, on_docker_engines, parse, porthole, porthole_ok, start};

/// Calls that a tap recorded.
struct Recorded<'a> {
    lab: &'a Lab,
    calls: Vec<Value>,
}

impl<'a> Recorded<'a> {
    /// Records what a script does.
    fn of(lab: &'a Lab, script: &str) -> Self {
        lab.sh_ok("rm -f /tmp/calls.db*");
        let tapped = porthole(lab, &["tap", "--record", "/tmp/calls.db", "--", "sh", "-c", script]);
        assert_eq!(tapped.code, 0, "{tapped}");
        let listed = porthole_ok(lab, &["traffic", "ls", "/tmp/calls.db", "-o", "json"]);
        Self { lab, calls: listed.lines().map(parse).collect() }
    }

    /// What is shown of the first call of an operation.
    fn shown(&self, operation: &str) -> String {
        self.shown_with(operation, &[])
    }

    fn shown_with(&self, operation: &str, options: &[&str]) -> String {
        let call = self.calls.iter().find(|call| call["operation"] == operation);
        let call = call.unwrap_or_else(|| panic!("no {operation} in {:#?}", self.calls));
        let number = call["id"].to_string();
        porthole_ok(self.lab, &[&["traffic", "show", "/tmp/calls.db", &number], options].concat())
    }
}

/// Fails with the whole text.
#[track_caller]
fn assert_shows(shown: &str, lines: &[&str]) {
    for line in lines {
        assert!(shown.lines().any(|shown| shown == *line), "no line {line:?} in\n{shown}");
    }
}

#[test]
fn streams_are_told_apart_with_and_without_a_terminal() {
    on_docker_engines(|lab| {
        let script =
            "docker run --name said bb:1 sh -c 'echo out; sleep 0.2; echo err >&2' && docker logs said";
        let calls = Recorded::of(lab, script);
        for operation in ["ContainerAttach", "ContainerLogs"] {
            assert_shows(&calls.shown(operation), &["  stdout | out", "  stderr | err"]);
        }
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let calls = Recorded::of(lab, "docker exec web sh -c 'printf \"\\033[31mred\\na\\tb\"; exit 0'");
        assert_shows(
            &calls.shown("ExecStart"),
            &["  stdout | \\u{1b}[31mred", "  stdout | a\\tb", "    \"Tty\": false"],
        );
        let calls = Recorded::of(lab, "docker exec -t web sh -c 'echo one; echo two >&2'");
        let shown = calls.shown("ExecStart");
        assert_shows(&shown, &["  one", "  two"]);
        assert!(shown.contains("\n    \"Tty\": true"), "{shown}");
        let script =
            "docker run -t --name typed bb:1 sh -c 'echo one; sleep 0.2; echo two >&2' && docker logs typed";
        let calls = Recorded::of(lab, script);
        for operation in ["ContainerAttach", "ContainerLogs"] {
            assert_shows(&calls.shown(operation), &["  one", "  two"]);
        }
    });
}

#[test]
fn what_was_typed_is_withheld_and_what_was_answered_is_shown() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let calls =
            Recorded::of(lab, "echo hunter2 | docker exec -i web wc -c; docker exec web nothing || true");
        let shown = calls.shown("ExecStart");
        assert_shows(&shown, &["  stdout | 8", "    \"Detach\": false,"]);
        assert!(shown.contains("what somebody typed") && !shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn archives_are_listed() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let calls = Recorded::of(
            lab,
            "docker cp web:/etc - >/dev/null; mkdir -p /tmp/in/deep; echo hello >/tmp/in/deep/file; \
             ln -sf deep/file /tmp/in/link; touch /tmp/in/$(printf %0150d 7); docker cp /tmp/in web:/tmp; docker save bb:1 >/tmp/bb.tar; \
             gzip -c /tmp/bb.tar | docker load; docker export web | head -c 100000 >/dev/null",
        );
        let shown = calls.shown("ContainerArchive");
        assert!(
            shown.lines().any(|line| line.starts_with("  drwxr-xr-x ") && line.ends_with(" etc/")),
            "{shown}"
        );
        let shown = calls.shown("PutContainerArchive");
        assert!(shown.lines().any(|line| line.ends_with(" in/link -> deep/file")), "{shown}");
        assert!(shown.lines().any(|line| line.ends_with(&format!(" in/{:0150}", 7))), "{shown}");
        assert!(
            shown.lines().any(|line| line.starts_with("  -rw-r--r-- ") && line.ends_with(" in/deep/file")),
            "{shown}"
        );
        for operation in ["ImageGet", "ImageGetAll"] {
            if calls.calls.iter().any(|call| call["operation"] == operation) {
                let shown = calls.shown(operation);
                assert!(shown.contains("The body is not all here: it was longer"), "{shown}");
                assert!(shown.contains("\n  drwxr-xr-x ") || shown.contains("\n  -rw-r--r-- "), "{shown}");
            }
        }
        let shown = calls.shown("ImageLoad");
        assert!(shown.contains("  Loaded image: bb:1"), "{shown}");
        let (request, _) = shown.split_once("Answer").unwrap();
        assert!(
            request.contains("\n  drwxr-xr-x ") || request.contains("\n  -rw-r--r-- "),
            "gzip is undone: {shown}"
        );
    });
}

#[test]
fn progress_is_told_as_the_client_tells_it() {
    for engine in Engine::available().into_iter().filter(|engine| *engine != Engine::Podman) {
        let lab = start(builder(engine).with_registry());
        lab.push("bb:1", "app:1").unwrap();
        let calls = Recorded::of(
            &lab,
            "docker rmi bb:1; docker pull app:1; mkdir -p /tmp/build; printf 'FROM app:1\\nRUN echo built-$((40+2))\\nRUN exit 3\\n' \
             >/tmp/build/Dockerfile; DOCKER_BUILDKIT=0 docker build /tmp/build || true",
        );
        let shown = calls.shown("ImageCreate");
        assert_shows(&shown, &["  1: Pulling from library/app"]);
        assert!(
            shown.contains(": Pull complete") && shown.contains("  Status: Downloaded newer image"),
            "{shown}"
        );
        let shown = calls.shown("ImageBuild");
        assert_shows(&shown, &["  built-42"]);
        assert!(
            shown.lines().any(|line| line.starts_with("  -rw") && line.ends_with(" Dockerfile")),
            "{shown}"
        );
        assert!(shown.contains("  error: ") && shown.contains("returned a non-zero code: 3"), "{shown}");
    }
}

#[test]
fn json_is_shown_value_by_value_and_masked() {
    on_docker_engines(|lab| {
        let calls = Recorded::of(
            lab,
            "docker run -d --name web -e API_TOKEN=hunter2 bb:1 sleep 1000; docker inspect web; \
             docker stats --no-stream web; docker events --since 10m --until 0m",
        );
        let shown = calls.shown("ContainerInspect");
        assert!(shown.contains("\"API_TOKEN=********\"") && !shown.contains("hunter2"), "{shown}");
        assert_shows(&shown, &["    \"Name\": \"/web\","]);
        let events = calls.shown("SystemEvents");
        let starts = |line: &&str| line.starts_with("  {") && line.contains("\"Action\":\"start\"");
        assert!(events.lines().any(|line| starts(&line)), "{events}");
        let statistics = calls.shown("ContainerStats");
        assert!(
            statistics.lines().any(|line| line.starts_with("  {") && line.contains("\"cpu_stats\":{")),
            "{statistics}"
        );
        let shown = calls.shown_with("ContainerInspect", &["--hex"]);
        assert!(shown.contains("\n  00000000: 7b22 4964 223a 22"), "{shown}");
    });
}

/// A client of a few lines: the handshake, a masked text frame, and all that comes back.
#[test]
fn an_attached_websocket_is_shown_message_by_message() {
    on_docker_engines(|lab| {
        lab.run("echo", &["-i"], "bb:1", &["sh", "-c", "read line; echo \"got $line\"; echo err >&2"]);
        let script = r"exec 3<>/dev/tcp/127.0.0.1/2375
            printf 'GET /containers/echo/attach/ws?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n' >&3
            printf 'Host: d\r\nOrigin: http://d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' >&3
            printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' >&3
            sleep 0.5; printf '\x81\x83\x00\x00\x00\x00hi\n' >&3; timeout 10 cat <&3 >/dev/null; true";
        lab.sh_ok("rm -f /tmp/calls.db*");
        let listen = ["tap", "--listen", "tcp://127.0.0.1:2375", "--record", "/tmp/calls.db", "--"];
        let tapped = porthole(lab, &[&listen[..], &["bash", "-c", script]].concat());
        assert_eq!(tapped.code, 0, "{tapped}");
        let shown = porthole_ok(lab, &["traffic", "show", "/tmp/calls.db", "1"]);
        assert_shows(&shown, &["  binary | got hi\\n", "  close 1000"]);
    });
}
