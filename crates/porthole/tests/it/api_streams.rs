//! Streams and hijacked connections of `porthole api`: as they come, split, joined to a terminal; and broken ones.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use porthole_host::{Cells, is_taken};
use porthole_lab::{Engine, Lab};

use crate::api::{api, api_ok};
use crate::debug_sidecar_terminal::Shown;
use crate::support::{PORTHOLE, builder, lab, on_docker_engines, parse, start, wait_for};

#[test]
fn a_container_s_log_is_split_and_a_terminal_s_is_not() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["run", "--name", "both", "bb:1", "sh", "-c", "echo out; echo err >&2"]);
        lab.docker_ok(&["run", "-t", "--name", "tty", "bb:1", "echo", "shown"]);
        let both = api(lab, &["GET", "/containers/both/logs?stdout=1&stderr=1"]);
        assert_eq!((both.stdout.as_str(), both.stderr.as_str()), ("out\n", "err\n"), "{both}");
        let tty = api(lab, &["GET", "/containers/tty/logs?stdout=1&stderr=1"]);
        assert_eq!(tty.stdout, "shown\r\n", "{tty}");
        let raw =
            lab.sh_ok("porthole api --raw GET '/containers/both/logs?stdout=1' | head -c 12 | od -An -tx1");
        assert_eq!(raw.trim(), "01 00 00 00 00 00 00 04 6f 75 74 0a");
    });
}

#[test]
fn events_and_logs_come_line_by_line() {
    on_docker_engines(|lab| {
        let mut command = lab.command("porthole");
        command.args(["api", "GET", "/events"]).stdout(Stdio::piped());
        let mut events = command.spawn().unwrap();
        let mut lines = BufReader::new(events.stdout.take().unwrap()).lines();
        std::thread::sleep(Duration::from_secs(1));
        lab.docker_ok(&["volume", "create", "seen"]);
        let event = parse(&lines.next().unwrap().unwrap());
        assert_eq!((&event["Type"], &event["Actor"]["ID"]), (&"volume".into(), &"seen".into()));
        lab.run("talks", &[], "bb:1", &["sh", "-c", "while sleep 0.2; do echo tick; done"]);
        let follow = "timeout 20 porthole api GET '/containers/talks/logs?stdout=1&follow=1' | head -n 2; \
            echo ${PIPESTATUS:-}";
        // The reader that goes away ends it: nothing is left that reads on.
        assert!(lab.sh_ok(follow).starts_with("tick\ntick"));
        wait_for("its end", || lab.sh("pgrep -f 'api GET /[c]ontainers/talks'").stdout.is_empty());
        let stats = lab.sh_ok("timeout 30 porthole api GET /containers/talks/stats | head -n 2 | wc -l");
        assert_eq!(stats.trim(), "2");
        lab.sh("pkill -INT -f 'porthole api GET /[e]vents'");
        assert_eq!(events.wait().unwrap().code(), Some(130));
    });
}

#[test]
fn progress_comes_as_it_is_and_its_failure_is_one() {
    on_docker_engines(|lab| {
        let build = |last: &str| {
            let script = format!(
                "mkdir -p /tmp/context && printf 'FROM bb:1\\nRUN {last}\\n' > /tmp/context/Dockerfile && \
                 tar -cC /tmp/context . | porthole api POST '/build?t=built' -d -"
            );
            lab.sh(&script)
        };
        let good = build("true");
        assert!(good.code == 0 && good.stdout.contains("Successfully built"), "{good}");
        assert!(good.stdout.lines().all(|line| parse(line).is_object()), "{good}");
        let bad = build("exit 4");
        assert!(bad.code == 1 && bad.stderr.contains("returned a non-zero code: 4"), "{bad}");
        let saved = lab.sh_ok(
            "porthole api GET /images/built/get > /tmp/built.tar && docker rmi built >/dev/null && \
            porthole api POST /images/load -d @/tmp/built.tar && docker images -q built | wc -l",
        );
        assert!(saved.ends_with('1'), "{saved}");
    });
}

/// Makes an exec in web and gives its id.
fn exec(lab: &Lab, body: &str) -> String {
    let made = parse(&api_ok(lab, &["POST", "/containers/web/exec", "-d", body]));
    made["Id"].as_str().unwrap().to_owned()
}

const PIPED: &str = r#"{"AttachStdin": true, "AttachStdout": true, "AttachStderr": true,
    "Cmd": ["sh", "-c", "cat; echo end; echo errors >&2"]}"#;

#[test]
fn an_exec_gets_its_input_to_the_end_and_both_its_outputs() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        for body in [" -d '{\"Detach\": false, \"Tty\": false}'", ""] {
            let id = exec(lab, PIPED);
            // The end of the input passes: cat ends, and what follows it still arrives.
            let script = format!(
                "(echo a; sleep 0.5; echo b) | porthole api POST /exec/{id}/start{body} 2> /tmp/errors; \
                 echo code $?; cat /tmp/errors"
            );
            assert_eq!(lab.sh_ok(&script), "a\nb\nend\ncode 0\nerrors");
            let shown = parse(&api_ok(lab, &["GET", &format!("/exec/{id}/json")]));
            assert_eq!(shown["ExitCode"], 0);
        }
        let much = exec(lab, r#"{"AttachStdin": true, "AttachStdout": true, "Cmd": ["md5sum"]}"#);
        let script = format!(
            "head -c 3000000 /dev/zero | porthole api POST /exec/{much}/start; head -c 3000000 /dev/zero | md5sum"
        );
        let sums = lab.sh_ok(&script);
        let mut sums = sums.lines();
        assert_eq!(sums.next(), sums.next());
        // Both directions are full at once.
        let echoed = exec(lab, r#"{"AttachStdin": true, "AttachStdout": true, "Cmd": ["cat"]}"#);
        let script = format!("head -c 9000000 /dev/zero | porthole api POST /exec/{echoed}/start | wc -c");
        assert_eq!(lab.sh_ok(&script).trim(), "9000000");
        let deaf = exec(lab, r#"{"AttachStdout": true, "Cmd": ["echo", "heard"]}"#);
        assert_eq!(api_ok(lab, &["POST", &format!("/exec/{deaf}/start")]), "heard\n");
        let gone = exec(lab, r#"{"Cmd": ["true"]}"#);
        let start = ["POST", &format!("/exec/{gone}/start"), "-d", r#"{"Detach": true}"#];
        assert_eq!(api_ok(lab, &start), "");
    });
}

#[test]
fn an_exec_s_terminal_is_the_user_s() {
    on_docker_engines(|lab| {
        lab.run("web", &[], "bb:1", &["sleep", "1000"]);
        let body = r#"{"AttachStdin": true, "AttachStdout": true, "AttachStderr": true, "Tty": true, "Cmd": ["sh"]}"#;
        let id = exec(lab, body);
        let mut shown = Shown::start(lab, &["api", "POST", &format!("/exec/{id}/start")]);
        shown.see("/ # ");
        assert!(is_taken(&shown.other_end));
        // The engine takes a size when the command runs, not before.
        let until = "until [ \"$(stty size 2>/dev/null)\" = '24 8'0 ]; do sleep 0.1; done; echo he''re\n";
        shown.key(until.as_bytes());
        shown.see("here");
        shown.terminal.resize(Cells { rows: 33, columns: 77 }).unwrap();
        wait_for("the new size", || {
            let size = "docker exec web sh -c 'for tty in /dev/pts/*; do stty size < $tty; done' 2>/dev/null";
            lab.sh(size).stdout.contains("33 77")
        });
        shown.key(b"sleep 4711\n");
        wait_for("it to run", || !lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
        // A key of its own, not an end of porthole.
        shown.key(b"\x03");
        wait_for("its end", || lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
        shown.key(b"exit\n");
        assert_eq!(shown.end(), Some(0));
    });
}

#[test]
fn detach_keys_leave_a_container_that_goes_on() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["run", "-dit", "--name", "shell", "bb:1", "sh"]);
        let attach = "/containers/shell/attach?stream=1&stdin=1&stdout=1&stderr=1";
        let mut shown = Shown::start(lab, &["api", "POST", attach]);
        shown.key(b"echo he''re\n");
        shown.see("here");
        shown.key(b"\x10\x11");
        assert_eq!(shown.end(), Some(0));
        assert_eq!(lab.docker_ok(&["inspect", "-f", "{{.State.Running}}", "shell"]).trim(), "true");
        // Without a terminal the streams are told apart, and nothing is read that is not asked for.
        let body = r#"{"Image": "bb:1", "OpenStdin": true, "StdinOnce": true,
            "Cmd": ["sh", "-c", "cat; echo end; echo late >&2"]}"#;
        api_ok(lab, &["POST", "/containers/create?name=talks", "-d", body]);
        let script = "(sleep 2; echo word) | porthole api POST \
            '/containers/talks/attach?stream=1&stdin=1&stdout=1&stderr=1' 2> /tmp/errors & \
            sleep 1; porthole api POST /containers/talks/start; wait; cat /tmp/errors";
        assert_eq!(lab.sh_ok(script), "word\nend\nlate");
    });
}

#[test]
fn on_a_terminal_json_is_laid_out_and_archives_are_refused() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-e", "DB_PASSWORD=hunter2"], "bb:1", &["sleep", "1000"]);
    let mut shown = Shown::start(&lab, &["api", "GET", "/containers/web/json"]);
    shown.see("\"Id\"");
    shown.see("\r\n  ");
    shown.see("DB_PASSWORD=********");
    assert_eq!(shown.end(), Some(0));
    let mut refused = Shown::start(&lab, &["api", "GET", "/containers/web/export"]);
    refused.see("a tar archive, which is not for a terminal");
    assert_eq!(refused.end(), Some(2));
    let raw = api_ok(&lab, &["GET", "/containers/web/json"]);
    assert!(raw.contains("hunter2"), "in a pipe an answer stays as it came");
    let listed = lab.sh_ok("porthole api GET /containers/web/export | tar -t | grep -x bin/busybox");
    assert_eq!(listed.trim(), "bin/busybox");
}

#[test]
fn the_line_with_curl_does_the_same() {
    let lab = lab(Engine::newest());
    let call = r#"POST '/containers/create?name=it'\''s-not' -d '{"Image": "bb:1", "Labels": {"who": "it'\''s me $HOME"}}'"#;
    let call = call.replace("it'\\''s-not", "web");
    let line = lab.sh_ok(&format!("porthole api --curl {call}"));
    assert!(line.starts_with("curl ") && line.contains("--unix-socket"), "{line}");
    assert!(lab.docker_ok(&["ps", "-aq"]).trim().is_empty(), "nothing was called");
    let made = parse(&lab.sh_ok(&line));
    assert!(made["Id"].is_string(), "{made}");
    let label = lab.docker_ok(&["inspect", "-f", "{{.Config.Labels.who}}", "web"]);
    assert_eq!(label.trim(), "it's me $HOME");
    let same = "a=$(eval \"$(porthole api --curl GET '/containers/json?all=1' -q 'filters={\"name\":[\"web\"]}')\"); \
        b=$(porthole api GET '/containers/json?all=1' -q 'filters={\"name\":[\"web\"]}'); \
        [ \"$a\" = \"$b\" ] && [ ${#a} -gt 100 ] && echo same";
    assert_eq!(lab.sh_ok(same), "same");
    lab.sh_ok("echo in > /tmp/file && tar -cC /tmp file > /tmp/in.tar");
    lab.sh_ok("eval \"$(porthole api --curl PUT '/containers/web/archive?path=/' -d @/tmp/in.tar)\"");
    assert_eq!(lab.sh_ok("docker cp web:/file - | tar -xO"), "in");
    let with_head = lab.sh_ok("eval \"$(porthole api --curl -i GET /_ping -H 'X-Own: a b')\"");
    assert!(with_head.starts_with("HTTP/1.1 200") && with_head.ends_with("OK"), "{with_head}");
}

/// An engine that greets as one, and then answers as `rest` says, over and over.
fn false_engine(rest: &'static [u8], stays: bool) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    if request.starts_with("GET /_ping") {
                        let pong = "HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK";
                        stream.write_all(pong.as_bytes()).unwrap();
                        continue;
                    }
                    let _gone = stream.write_all(rest);
                    if !stays {
                        return;
                    }
                }
            });
        }
    });
    let url = format!("unix://{}", path.display());
    (directory, url)
}

fn called(rest: &'static [u8], stays: bool, words: &[&str]) -> (Option<i32>, String, String) {
    let (_directory, url) = false_engine(rest, stays);
    let mut command = Command::new(PORTHOLE);
    let output = command.args(["--timeout", "2", "--host", &url, "api"]).args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_engine_that_hangs_or_answers_garbage_ends_it_with_a_reason() {
    let began = Instant::now();
    let (code, _, error) = called(b"", true, &["GET", "/info"]);
    assert!(code == Some(2) && error.contains("has not answered within 2 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n";
    let (code, out, error) = called(cut, false, &["GET", "/events"]);
    assert_eq!((code, out.as_str()), (Some(2), "{\"a\":1}\n"), "{error}");
    assert!(error.contains("GET /events brought no whole answer"), "{error}");
    let garbage = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\nxyzzy\r\n";
    let (code, out, error) = called(garbage, true, &["GET", "/events"]);
    assert_eq!((code, out.as_str()), (Some(2), "{\"a\":1}\n"), "{error}");
    let (code, _, error) = called(b"nonsense from the start\r\n\r\n", false, &["GET", "/info"]);
    assert!(code == Some(2) && !error.is_empty(), "{error}");
    let frames = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nContent-Length: 22\r\n\r\n\x01\0\0\0\0\0\0\x02a\nxxxxyyyyzzzz";
    let (code, out, error) = called(frames, true, &["GET", "/containers/x/logs?stdout=1"]);
    assert_eq!((code, out.as_str()), (Some(2), "a\n"), "{error}");
    assert!(error.contains("cannot be read any further"), "{error}");
}

#[test]
fn an_engine_that_dies_ends_its_streams_with_a_reason() {
    let lab = start(builder(Engine::Docker20));
    let mut command = lab.command("porthole");
    command.args(["api", "GET", "/events"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let events = command.spawn().unwrap();
    wait_for("the stream", || lab.sh("ss -x | grep -c docker.sock").stdout.trim() != "0");
    std::thread::sleep(Duration::from_secs(1));
    lab.kill_engine().unwrap();
    let output = events.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && error.contains("brought no whole answer"), "{error}");
}
