//! Commands on a lab host: their limits, their identity, and what they see.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use porthole_lab::{Engine, Identity, Lab, program_pid};

#[test]
fn the_time_limit_ends_a_command_and_its_children() {
    let mut lab = crate::bare();
    lab.set_time_limit(Duration::from_secs(1));
    let output = lab.sh("echo begun; sleep 4321 & sleep 4321");
    assert_eq!((output.code, output.ended_after), (124, Some(Duration::from_secs(1))));
    assert_eq!(output.stdout, "begun\n");
    assert!(output.ok().unwrap_err().to_string().contains("no end within 1 s, so it was killed"));
    lab.set_time_limit(Duration::from_mins(1));
    lab.sh_ok("until ! grep -qs '43[2]1' /proc/[0-9]*/cmdline; do sleep 0.01; done");
}

#[test]
fn a_command_that_is_not_there_fails() {
    let lab = crate::bare();
    assert_eq!(lab.exec(&["no-such-program"]).code, 127);
    assert_eq!(lab.outside(&["no-such-program"]).code, 127);
}

#[test]
fn another_identity_has_its_groups_and_as_many_capabilities_as_told() {
    let lab = crate::bare();
    let user = Identity { uid: 1000, gid: 1000, groups: vec![27, 998], keep_capabilities: false };
    let script = "echo $(id -u):$(id -g):$(id -G); grep -E 'Cap(Prm|Eff)' /proc/self/status";
    let run = |identity: &Identity| {
        let mut command = lab.command_as(identity, "sh");
        command.args(["-c", script]);
        lab.run_command(command, &["sh", "-c", script]).ok().unwrap()
    };
    let plain = run(&user);
    assert!(plain.starts_with("1000:1000:1000 27 998\n"), "{plain}");
    assert_eq!(plain.matches("0000000000000000").count(), 2, "{plain}");
    let capable = run(&Identity { keep_capabilities: true, ..user });
    assert!(capable.starts_with("1000:1000:1000 27 998\n"), "{capable}");
    assert_eq!(capable.matches("0000000000000000").count(), 0, "{capable}");
    let weak_root = run(&Identity::default());
    assert_eq!(weak_root.matches("0000000000000000").count(), 2, "{weak_root}");
}

#[test]
fn a_file_of_the_machine_is_shown_read_only() {
    let builder =
        Lab::builder(Engine::newest()).without_engine().bind("/etc/debian_version", "/opt/tools/version");
    let lab = builder.bind("/etc/apt", "/opt/apt").start().unwrap();
    let here = std::fs::read_to_string("/etc/debian_version").unwrap();
    assert_eq!(lab.exec_ok(&["cat", "/opt/tools/version"]), here.trim());
    assert_ne!(lab.sh("echo x > /opt/tools/version").code, 0);
    assert_ne!(lab.sh("touch /opt/apt/new").code, 0);
}

#[test]
fn signals_reach_a_spawned_program_and_its_end_comes_back() {
    let lab = crate::bare();
    let kill = |signal: &str, pid: String| Command::new("kill").args([signal, &pid]).status().unwrap();

    let mut child = begin(&lab, "trap 'exit 4' INT; echo ready; while :; do sleep 0.05; done");
    kill("-INT", child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(4));

    let mut child = begin(&lab, "echo ready; exec sleep 3210");
    kill("-TERM", child.id().to_string());
    assert_eq!(child.wait().unwrap().signal(), Some(15));

    let mut child = begin(&lab, "echo ready; exec sleep 3210");
    kill("-USR1", program_pid(&child).unwrap().to_string());
    assert_eq!(child.wait().unwrap().signal(), Some(10));
}

#[test]
fn a_killed_wrapper_takes_its_program_with_it() {
    let lab = crate::bare();
    let mut child = begin(&lab, "echo ready; exec sleep 9876");
    let program = program_pid(&child).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    lab.sh_ok("until ! grep -qs '98[7]6' /proc/[0-9]*/cmdline; do sleep 0.01; done");
    assert!(!std::path::Path::new(&format!("/proc/{program}/ns/net")).exists());
}

#[test]
fn commands_are_in_the_lab_s_control_groups() {
    let lab = crate::bare();
    let groups = lab.exec_ok(&["cat", "/proc/self/cgroup"]);
    assert!(groups.lines().all(|line| line.ends_with(":/") || line.ends_with(":/init")), "{groups}");
}

/// Spawns a script on the lab host and waits for the first line that it writes.
fn begin(lab: &Lab, script: &str) -> Child {
    let mut child = lab.command("bash").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    child
}
