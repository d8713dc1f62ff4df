//! Sessions where something is not allowed: the next way is taken and said, and what a way lacks is named.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};

use porthole_lab::{Engine, Identity, Lab, Output};
use serde_json::{Value, json};

use crate::debug_sidecar::{HARDENED, assert_no_trace, inside, sidecars};
use crate::support::{lab, porthole};

const LOOK: &str = "cat /proc/1/comm; ls /; echo $MODE";

/// Refuses what enters, and looks up nothing else.
const STRICT: &str = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO",
    "names": ["setns", "unshare", "mount", "umount2", "open_tree", "move_mount", "fsopen", "fsmount"]}]}"#;

/// porthole as somebody who may use the engine and has no other right.
fn as_user(lab: &Lab, arguments: &[&str]) -> Output {
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().expect("a group");
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(arguments);
    lab.run_command(command, arguments)
}

fn refused_sidecar(lab: &Lab, expected: &str) {
    let output = inside(lab, &[], "web", &["true"]);
    assert!(output.code == 2 && output.stderr.contains(expected), "{output}");
    assert!(output.stderr.contains("CAP_SYS_PTRACE") && output.stderr.contains("--mode plain"), "{output}");
}

/// Whoever does not enter sees the files of a tight container all the same, and not those of one with more rights.
fn plain_by_choice(lab: &Lab) {
    let plain = ["debug", "--mode", "plain"];
    let output = as_user(lab, &[&plain[..], &["web", "--", "sh", "-c", &format!("{LOOK}; exit 3")]].concat());
    assert_eq!(output.code, 3, "{output}");
    assert!(output.stdout.starts_with("peer\n") && output.stdout.ends_with("production\n"), "{output}");
    assert!(output.stdout.contains("peer\nproc\n"), "its own root: {output}");
    let output = as_user(lab, &[&plain[..], &["strong", "--", "sh", "-c", LOOK]].concat());
    assert!(output.code == 0 && output.stdout.starts_with("peer\n"), "{output}");
    assert!(output.stdout.contains("porthole\n"), "porthole's own root: {output}");
    assert!(output.stderr.contains("does not show its files"), "{output}");
    for container in ["web", "strong"] {
        assert_no_trace(lab, container);
    }
}

fn targets(lab: &Lab) {
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    lab.run("strong", &["--cap-add", "NET_ADMIN"], "peer:1", &["idle"]);
}

#[test]
fn which_right_is_missing_is_named_and_the_engine_has_another_way() {
    let lab = lab(Engine::newest());
    targets(&lab);
    for (kept, missing) in [
        ("-all", "CAP_SYS_PTRACE"),
        ("-all,+sys_ptrace", "porthole lacks CAP_SYS_ADMIN and CAP_SYS_CHROOT"),
        ("-all,+sys_ptrace,+sys_admin", "porthole lacks CAP_SYS_CHROOT"),
    ] {
        let with = |arguments: &[&str]| {
            let bounds = format!("--bounding-set={kept}");
            lab.exec(
                &[&["setpriv", bounds.as_str(), "--inh-caps=-all", "porthole", "debug"], arguments].concat(),
            )
        };
        let demanded = with(&["--mode", "local", "web", "--", "true"]);
        assert!(demanded.code == 2 && demanded.stderr.contains(missing), "{demanded}");
        let output = with(&["web", "--", "cat", "/proc/1/comm"]);
        assert_eq!(
            (output.code, output.stdout.as_str(), output.stderr.as_str()),
            (0, "peer\n", ""),
            "{output}"
        );
    }
    let enough = "--bounding-set=-all,+sys_ptrace,+sys_admin,+sys_chroot,+setuid,+setgid,+setpcap";
    let words =
        ["setpriv", enough, "--inh-caps=-all", "porthole", "debug", "--mode", "local", "web", "--", "true"];
    assert_eq!(lab.exec(&words).code, 0);
    assert_no_trace(&lab, "web");
}

#[test]
fn porthole_in_a_container_goes_through_the_engine() {
    let lab = lab(Engine::newest());
    targets(&lab);
    let shared = ["-v", "/run/docker.sock:/var/run/docker.sock", "-v", "/usr/local/bin/porthole:/porthole"];
    for options in [&[][..], &["--pid", "host"], &["--pid", "host", "--cap-add", "SYS_ADMIN"]] {
        let begin = ["run", "--rm"];
        let words = ["bb:1", "/porthole", "debug", "web", "--", "sh", "-c", "cat /proc/1/comm; exit 5"];
        let output = lab.docker(&[&begin, &shared[..], options, &words].concat());
        assert_eq!((output.code, output.stdout.as_str()), (5, "peer\n"), "{options:?}: {output}");
    }
    assert_no_trace(&lab, "web");
}

#[test]
fn a_strict_filter_of_the_engine_hinders_neither_way() {
    let lab = lab(Engine::newest());
    lab.sh_ok(&format!("cat > /etc/strict.json <<'END'\n{STRICT}\nEND"));
    set(&lab, &json!({ "seccomp-profile": "/etc/strict.json" }));
    targets(&lab);
    let output = inside(&lab, &[], "web", &["sh", "-c", LOOK]);
    assert!(output.code == 0 && output.stdout.starts_with("peer\n"), "{output}");
    plain_by_choice(&lab);
}

#[test]
fn a_policy_of_the_engine_is_quoted_and_kept() {
    let lab = lab(Engine::newest());
    guard(&lab);
    set(&lab, &json!({ "authorization-plugins": ["strict"] }));
    lab.run("web", &HARDENED, "peer:1", &["idle"]);
    refused_sidecar(&lab, "no capabilities here");
    let output = as_user(&lab, &["debug", "web", "--", "sh", "-c", LOOK]);
    assert!(output.code == 0 && output.stdout.contains("peer\nproc\n"), "{output}");
    assert!(output.stderr.contains("no capabilities here"), "{output}");
    assert!(output.stderr.contains("web cannot be entered") && output.stderr.contains("IPC"), "{output}");
    let output = porthole(&lab, &["debug", "--as-target", "web", "--", "true"]);
    assert!(output.code == 2 && output.stderr.contains("no capabilities here"), "{output}");
    assert_eq!(sidecars(&lab), "");
    assert_no_trace(&lab, "web");
}

/// Gives the engine settings, with which it starts anew.
fn set(lab: &Lab, settings: &Value) {
    lab.sh_ok(&format!("mkdir -p /etc/docker && echo '{settings}' > /etc/docker/daemon.json"));
    lab.restart_engine().expect("it starts anew");
}

/// A plugin of the engine that refuses containers with more than the usual rights (docs.docker.com, "Access
/// authorization plugin").
fn guard(lab: &Lab) {
    let plugins = lab.directory().join("run/docker/plugins");
    std::fs::create_dir_all(&plugins).expect("a directory for plugins");
    let listener = UnixListener::bind(plugins.join("strict.sock")).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(stream));
        }
    });
}

fn answer_all(stream: UnixStream) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (path, body) = request(&mut reader)?;
        let answer = match path.as_str() {
            "/Plugin.Activate" => json!({ "Implements": ["authz"] }),
            "/AuthZPlugin.AuthZReq" if asks_for_rights(&body) => {
                json!({ "Allow": false, "Msg": "no capabilities here" })
            }
            _ => json!({ "Allow": true }),
        };
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(text.as_bytes())).ok()?;
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first.split(' ').nth(1)?.to_owned(), body))
}

/// The body that the engine got is in base 64 in the plugin's request.
fn asks_for_rights(body: &[u8]) -> bool {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_creation = request["RequestUri"].as_str().is_some_and(|uri| uri.contains("/containers/create"));
    let sent = request["RequestBody"].as_str().map(decoded).unwrap_or_default();
    let sent: Value = serde_json::from_slice(&sent).unwrap_or_default();
    let asked = |name: &str| sent["HostConfig"][name].as_array().is_some_and(|list| !list.is_empty());
    is_creation && asked("CapAdd")
}

fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte))
        .map(|digit| u32::try_from(digit).expect("a digit of 64"))
        .collect();
    let whole = digits.chunks(4).flat_map(|four| {
        let bits = four.iter().enumerate().fold(0, |bits, (at, digit)| bits | digit << (18 - 6 * at));
        bits.to_be_bytes()[1..four.len()].to_vec()
    });
    whole.collect()
}

#[test]
fn a_target_s_own_filter_holds_its_application_and_nobody_else() {
    let lab = lab(Engine::newest());
    lab.sh_ok(&format!("cat > /tmp/strict.json <<'END'\n{STRICT}\nEND"));
    let options = ["--security-opt", "seccomp=/tmp/strict.json", "--security-opt", "no-new-privileges"];
    lab.run("web", &[&options[..], &["--cap-add", "SYS_ADMIN"]].concat(), "bb:1", &["sleep", "1000"]);
    let script =
        "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; mount -t tmpfs none /mnt 2>/dev/null; echo $?";
    for way in ["local", "sidecar"] {
        let output = porthole(
            &lab,
            &["debug", "--mode", way, "web", "--", "grep", "-E", "^Seccomp:", "/proc/1/status"],
        );
        assert_eq!((output.code, output.stdout.as_str()), (0, "Seccomp:\t2\n"), "{way}: {output}");
    }
    let output = porthole(&lab, &["debug", "--as-target", "web", "--", "sh", "-c", script]);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[..2], ["NoNewPrivs:\t1", "Seccomp:\t2"], "{output}");
    assert_ne!(lines[2], "0", "{output}");
    assert_no_trace(&lab, "web");
}
