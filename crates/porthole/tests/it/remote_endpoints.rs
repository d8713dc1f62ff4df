//! Every command that goes into containers, against engines of other hosts: over TLS with certificates, and over ssh; and
//! what is left when the connection dies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::process::{Command, Stdio};

use porthole_host::is_taken;
use porthole_lab::{Engine, Lab, Output};

use crate::debug_sidecar::{HARDENED, assert_no_trace, sidecars};
use crate::debug_sidecar_terminal::Shown;
use crate::support::{PORTHOLE, builder, lab, start, wait_for};
use crate::tap_remote::lab_with_certificates;

/// Runs each command once; `$P` is porthole.
const SCRIPT: &str = r#"
exec 2>&1
$P debug web -- sh -c 'cat /proc/1/comm; exit 4'; echo "debug $?"
$P debug --as-target web -- id -u; echo "as-target $?"
$P debug --all -- sh -c 'exit ${CODE:-0}'; echo "all $?"
$P debug crashed -- cat /etc/app.conf; echo "stopped $?"
$P debug --write-back crashed -- sh -c 'echo mended > /etc/app.conf'; echo "write-back $?"
$P debug -v /srv/shown:/etc:ro web -- cat /etc/file; echo "volume $?"
$P cp crashed:/etc/app.conf - | tar -xO; echo "cp $?"
echo in > /tmp/porthole-cp.$$; $P cp /tmp/porthole-cp.$$ other:/in; $P cp other:/in - | tar -xO
rm /tmp/porthole-cp.$$
$P testbox box -d -p 8088:80 >/dev/null; echo "testbox $?"
$P testbox rm box >/dev/null; echo "testbox rm $?"
$P forward web :80 --output json > "$DIRECTORY/forward" &
forward=$!
tries=0
until grep -q from "$DIRECTORY/forward"; do tries=$((tries + 1)); [ $tries -lt 300 ] || break; sleep 0.1; done
address=$(sed -n 's/.*"from": *"\([^"]*\)".*/\1/p' "$DIRECTORY/forward" | head -n 1)
curl -s "http://$address/bytes/3000000" | wc -c
kill -INT $forward; wait $forward; echo "forward $?"
"#;

fn targets(lab: &Lab) {
    lab.run("web", &HARDENED, "peer:1", &["http", "8080"]);
    lab.run("other", &["--env", "CODE=3"], "bb:1", &["sleep", "1000"]);
    lab.docker_ok(&["run", "--name", "crashed", "bb:1", "sh", "-c", "echo broken > /etc/app.conf"]);
    lab.sh_ok("mkdir -p /srv/shown && echo shown > /srv/shown/file");
}

fn assert_all_worked(lab: &Lab, output: &Output) {
    for line in [
        "peer",
        "debug 4",
        "1000",
        "as-target 0",
        "2 containers, 1 with exit code 0",
        "all 3",
        "broken",
        "stopped 0",
        "write-back 0",
        "shown",
        "volume 0",
        "mended",
        "cp 0",
        "in",
        "testbox 0",
        "testbox rm 0",
        "3000000",
        "forward 0",
    ] {
        assert!(output.stdout.lines().any(|each| each == line), "{line}: {output}");
    }
    assert_no_trace(lab, "web");
    let left = lab.docker_ok(&["ps", "--all", "--format", "{{.Names}}"]);
    let mut left: Vec<_> = left.lines().collect();
    left.sort_unstable();
    assert_eq!(left, ["crashed", "other", "web"]);
}

fn script(directory: &str) -> String {
    format!("P={PORTHOLE}; DIRECTORY={directory}; {}", SCRIPT.replace(":80 --output", ":8080 --output"))
}

#[test]
fn over_tls_with_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = directory.path().join("certificates");
    fs::create_dir(&certificates).unwrap();
    let mut lab = lab_with_certificates(&certificates);
    lab.set_time_limit(std::time::Duration::from_mins(2));
    targets(&lab);
    let begin = format!(
        "export DOCKER_HOST=tcp://10.77.0.2:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={}/ada; ",
        certificates.display()
    );
    let script = begin + &script(&directory.path().display().to_string());
    let output = lab.outside(&["sh", "-c", &script]);
    assert_all_worked(&lab, &output);
}

#[test]
fn over_ssh() {
    let home = tempfile::tempdir().unwrap();
    let mut lab = lab(Engine::Docker20);
    lab.set_time_limit(std::time::Duration::from_mins(2));
    targets(&lab);
    let script = format!("export DOCKER_HOST=$ENGINE; {}", script(&home.path().display().to_string()));
    let output = lab.over_ssh(home.path(), &["sh", "-c", &script]).unwrap();
    assert_all_worked(&lab, &output);
}

/// A session whose client sleeps while it ends, and finds its own input ended when it wakes.
const LATE: &str = r#"
late() {
    mkfifo "$1.in"
    $P debug --as-target web -- sh -c 'echo begun; sleep 1; for i in {1..300}; do echo $i; done; id -u' < "$1.in" > "$1.out" 2>&1 &
    exec 3> "$1.in"
    tries=0
    until grep -q begun "$1.out"; do tries=$((tries + 1)); [ $tries -lt 300 ] || break; sleep 0.1; done
    kill -STOP $!; sleep 4; exec 3>&-; kill -CONT $!
    wait $!
    code=$?
    echo "$(tail -n 1 "$1.out") $code"
}
for one in 1 2 3 4; do late "$DIRECTORY/$one" & done; wait
"#;

#[test]
fn what_a_session_said_last_is_shown_although_its_input_breaks() {
    let home = tempfile::tempdir().unwrap();
    let mut lab = lab(Engine::Docker20);
    lab.set_time_limit(std::time::Duration::from_mins(2));
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    let script =
        format!("export DOCKER_HOST=$ENGINE; P={PORTHOLE}; DIRECTORY={}; {LATE}", home.path().display());
    let output = lab.over_ssh(home.path(), &["sh", "-c", &script]).unwrap();
    assert_eq!(output.stdout, "1000 0\n".repeat(4), "{output}");
}

/// The processes of that name among those that come from this one.
fn descendants(pid: u32, name: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let mut found = Vec::new();
    for child in children.split_whitespace() {
        if fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|comm| comm.trim() == name) {
            found.push(child.to_owned());
        }
        found.extend(descendants(child.parse().unwrap(), name));
    }
    found
}

fn kill(pids: &[String]) {
    assert!(!pids.is_empty());
    assert!(Command::new("kill").arg("-KILL").args(pids).status().unwrap().success());
}

#[test]
fn an_ssh_that_dies_gives_the_terminal_back_with_a_reason() {
    let home = tempfile::tempdir().unwrap();
    let lab = lab(Engine::Docker20);
    lab.run("web", &[], "peer:1", &["idle"]);
    let script =
        format!("{PORTHOLE} -H \"$ENGINE\" debug web -- sh -c 'echo rea''dy; sleep 800'; echo code=$?");
    let command = lab.ssh_command(home.path(), &["sh", "-c", &script]).unwrap();
    let mut shown = Shown::spawn(command);
    shown.see("ready");
    assert!(is_taken(&shown.other_end));
    kill(&descendants(shown.child.id(), "ssh"));
    shown.see("the session was lost");
    shown.see("code=2");
    shown.end();
    assert_no_trace(&lab, "web");
}

#[test]
fn a_relay_that_dies_ends_sessions_and_tunnels_with_a_reason() {
    let lab = start(builder(Engine::newest()).engine_argument("-H").engine_argument("tcp://127.0.0.1:2375"));
    lab.run("web", &[], "peer:1", &["http", "80"]);
    let relay = |lab: &Lab| {
        let mut relay = lab.command("porthole");
        relay.args(["tap", "--raw", "--listen", "tcp://127.0.0.1:2370", "--to", "tcp://127.0.0.1:2375"]);
        let child = relay.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the relay", || lab.sh("curl -s http://127.0.0.1:2370/_ping").code == 0);
        child
    };
    let mut first = relay(&lab);
    let endpoint = ["-H", "tcp://127.0.0.1:2370"];
    let session = ["debug", "--mode", "sidecar", "web", "--", "sh", "-c", "echo rea''dy; sleep 800"];
    let mut shown = Shown::start(&lab, &[&endpoint[..], &session].concat());
    shown.see("ready");
    first.kill().unwrap();
    first.wait().unwrap();
    shown.see("the session was lost");
    assert_eq!(shown.end(), Some(2));
    assert_no_trace(&lab, "web");
    let mut second = relay(&lab);
    let mut forward = lab.command("porthole");
    forward.args(endpoint).args(["--through-engine", "forward", "web", "8080:80"]);
    let forward = forward.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the port", || lab.sh("curl -s http://127.0.0.1:8080/").code == 0);
    second.kill().unwrap();
    second.wait().unwrap();
    let output = forward.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && said.contains("the tunnel to the engine's host was lost"),
        "{said}"
    );
    wait_for("nothing to be left", || sidecars(&lab).is_empty());
}
