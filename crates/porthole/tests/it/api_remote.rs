//! `porthole api` over TLS and over ssh, with what curl does there.

use std::fs;

use porthole_lab::{Engine, Output};

use crate::support::{PORTHOLE, lab};
use crate::tap_remote::lab_with_certificates;

/// The two-step run, its log, an exec with input to its end, and the same call by curl; `$P` is porthole.
const SCRIPT: &str = r#"
exec 2>&1
set -e
$P api POST /containers/create -q name=far -d '{"Image": "bb:1", "Cmd": ["sh", "-c", "echo far out; exec sleep 1000"]}' >/dev/null
$P api POST /containers/far/start; echo "started $?"
for try in 1 2 3 4 5 6 7 8 9; do $P api GET '/containers/far/logs?stdout=1' | grep out && break; sleep 0.5; done
id=$($P api POST /containers/far/exec -d '{"AttachStdin": true, "AttachStdout": true, "Cmd": ["sh", "-c", "cat; echo end"]}' | sed 's/.*"Id":"\([^"]*\)".*/\1/')
(echo one; sleep 0.3; echo two) | $P api POST /exec/$id/start; echo "exec $?"
$P api --curl GET /containers/far/json > "$DIRECTORY/line"
sh "$DIRECTORY/line" | grep -o '"Name":"/far"'
"#;

fn assert_all_worked(output: &Output) {
    for line in ["started 0", "far out", "one", "two", "end", "exec 0", "\"Name\":\"/far\""] {
        assert!(output.stdout.lines().any(|each| each == line), "{line}: {output}");
    }
}

fn script(begin: &str, directory: &str) -> String {
    format!("{begin}; P={PORTHOLE}; DIRECTORY={directory}; {SCRIPT}")
}

#[test]
fn over_tls_with_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = directory.path().join("certificates");
    fs::create_dir(&certificates).unwrap();
    let mut lab = lab_with_certificates(&certificates);
    lab.set_time_limit(std::time::Duration::from_mins(2));
    let begin = format!(
        "export DOCKER_HOST=tcp://10.77.0.2:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={}/ada",
        certificates.display()
    );
    let script = script(&begin, &directory.path().display().to_string());
    assert_all_worked(&lab.outside(&["sh", "-c", &script]));
}

#[test]
fn over_ssh() {
    let home = tempfile::tempdir().unwrap();
    let mut lab = lab(Engine::Docker20);
    lab.set_time_limit(std::time::Duration::from_mins(2));
    let script = script("export DOCKER_HOST=$ENGINE", &home.path().display().to_string());
    assert_all_worked(&lab.over_ssh(home.path(), &["sh", "-c", &script]).unwrap());
}
