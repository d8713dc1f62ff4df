//! Files that are kept as a template makes them of an engine's containers.

use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use porthole_lab::{Engine, Lab, program_pid};

use crate::support::{lab, lines_of, porthole, porthole_ok, wait_for};

const TEMPLATE: &str = "{% for c in containers %}{{ c.name }} {{ c.state }} {{ c.ready }}\n{% endfor %}";

/// A porthole that keeps files, and what it says.
struct Keeper {
    process: Child,
    said: Receiver<String>,
}

impl Keeper {
    fn begin(lab: &Lab, arguments: &[&str]) -> Self {
        let mut command = lab.command("porthole");
        command.args(["events", "--render", "/srv/t.j2:/srv/out"]).args(arguments);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("porthole starts");
        let said = lines_of(process.stderr.take().expect("a pipe"));
        Self { process, said }
    }

    /// Waits until it says that; gives the line.
    fn until(&self, words: &str) -> String {
        let mut all = Vec::new();
        loop {
            let line = self.said.recv_timeout(Duration::from_mins(2));
            let line = line.unwrap_or_else(|_| panic!("it did not say {words}: {all:?}"));
            if line.contains(words) {
                return line;
            }
            all.push(line);
        }
    }

    /// Asks it to end; its exit code.
    fn end(&mut self) -> Option<i32> {
        let pid = program_pid(&self.process).expect("its number").to_string();
        let killed = Command::new("kill").args(["-INT", &pid]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        self.process.wait().expect("its end").code()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Writes a template in one step, as editors do.
fn template(lab: &Lab, text: &str) {
    lab.sh_ok(&format!("cat > /srv/.t.j2 <<'END'\n{text}\nEND\nmv /srv/.t.j2 /srv/t.j2"));
}

fn out(lab: &Lab) -> String {
    lab.sh("cat /srv/out").stdout
}

fn out_becomes(lab: &Lab, expected: &str) {
    wait_for(expected, || out(lab).trim() == expected);
}

#[test]
fn a_file_follows_the_containers_through_a_restart_of_the_engine() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = lab(engine);
        template(&lab, TEMPLATE);
        lab.run("aa", &["--label", "tier=web"], "peer:1", &["idle"]);
        lab.run("bb", &[], "peer:1", &["idle"]);
        lab.sh_ok("echo old > /srv/real; chmod 640 /srv/real; chown 7:8 /srv/real; ln -s real /srv/out");
        lab.sh_ok("echo half > /srv/.real.porthole-4711");
        let mut keeper = Keeper::begin(&lab, &["-f", "label=tier=web"]);
        out_becomes(&lab, "aa running True");
        assert_eq!(lab.sh_ok("stat -c '%a %u:%g' /srv/real").trim(), "640 7:8");
        assert_eq!(lab.sh_ok("readlink /srv/out; ls -A /srv | grep -c porthole || true"), "real\n0");

        let inode = || lab.sh_ok("stat -c %i /srv/real");
        let before = inode();
        lab.run("cc", &[], "peer:1", &["idle"]);
        lab.docker_ok(&["exec", "cc", "/peer", "help"]);
        lab.run("dd", &["--label", "tier=web"], "peer:1", &["idle"]);
        out_becomes(&lab, "aa running True\ndd running True");
        assert_ne!(inode(), before);
        lab.docker_ok(&["rename", "dd", "ee"]);
        lab.docker_ok(&["kill", "aa"]);
        out_becomes(&lab, "aa exited False\nee running True");

        lab.kill_engine().unwrap();
        keeper.until("events come no longer");
        assert_eq!(out(&lab).trim(), "aa exited False\nee running True");
        lab.start_engine().unwrap();
        keeper.until("events come again");
        out_becomes(&lab, "aa exited False\nee exited False");
        lab.docker_ok(&["rm", "aa"]);
        out_becomes(&lab, "ee exited False");
        assert_eq!(keeper.end(), Some(130));
        assert_eq!(lab.sh_ok("ls -A /srv | grep -c porthole || true").trim(), "0");
    }
}

#[test]
fn a_container_counts_by_its_health() {
    let lab = lab(Engine::newest());
    template(&lab, "{% for c in containers if c.ready %}{{ c.name }} {{ c.health }}\n{% endfor %}");
    let check = ["--health-cmd", "test -e /tmp/well", "--health-interval", "1s", "--health-retries", "1"];
    lab.run("web", &check, "bb:1", &["sleep", "1000"]);
    lab.sh_ok("echo old > /srv/out");
    let _keeper = Keeper::begin(&lab, &[]);
    out_becomes(&lab, "");
    lab.docker_ok(&["exec", "web", "touch", "/tmp/well"]);
    out_becomes(&lab, "web healthy");
    lab.docker_ok(&["exec", "web", "rm", "/tmp/well"]);
    out_becomes(&lab, "");
}

#[test]
fn what_is_wrong_at_the_start_ends_it_and_writes_nothing() {
    let lab = lab(Engine::newest());
    lab.run("aa", &[], "peer:1", &["idle"]);
    lab.sh_ok("echo old > /srv/out");
    let wrong = |arguments: &[&str], words: &[&str]| {
        let output = porthole(&lab, &[&["events", "--once"], arguments].concat());
        assert_eq!(output.code, 2, "{output}");
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {output}");
        }
        assert_eq!(lab.sh_ok("cat /srv/out; ls /srv"), "old\nout\nt.j2");
    };
    template(&lab, "one\n{{ containers[0].nmae }}\n");
    wrong(&["--render", "/srv/t.j2:/srv/out"], &["/srv/t.j2:2: ", "`nmae`", "there is created, environment"]);
    template(&lab, "one\n\n{% for %}\n");
    wrong(&["--render", "/srv/t.j2:/srv/out"], &["/srv/t.j2:3: ", "syntax error"]);
    template(&lab, TEMPLATE);
    lab.sh_ok("printf '{{ containers.x.y }}' > /tmp/second.j2");
    wrong(
        &["--render", "/srv/t.j2:/srv/out", "--render", "/tmp/second.j2:/srv/two"],
        &["/tmp/second.j2:1: "],
    );
    wrong(&["--render", "/srv/t.j2"], &["no colon", "TEMPLATE:FILE"]);
    wrong(&["--render", "/srv/none.j2:/srv/out"], &["/srv/none.j2", "No such file"]);
    wrong(&["--render", "/srv/t.j2:/srv/none/out"], &["the directory /srv/none", "No such file"]);
    wrong(&["--render", "/srv/t.j2:/srv"], &["not a regular file"]);
    wrong(&["--render", "/srv/t.j2:/srv/t.j2"], &["is a template"]);
    wrong(&["--render", "/srv/t.j2:/srv/out", "--render", "/srv/t.j2:/srv/../srv/out"], &["two templates"]);
    wrong(&["--render", "/srv/t.j2:/srv/out", "-f", "event=die"], &["docker ps --filter"]);
    wrong(&["--notify", "true"], &["--render"]);
}

#[test]
fn an_error_later_on_leaves_the_file_as_it_was() {
    let lab = lab(Engine::newest());
    template(&lab, TEMPLATE);
    lab.run("aa", &[], "peer:1", &["idle"]);
    let mut keeper = Keeper::begin(&lab, &[]);
    out_becomes(&lab, "aa running True");
    template(&lab, "\n{{ containers | length }}\n{{ containers[0].nmae }}\n");
    lab.run("bb", &[], "peer:1", &["idle"]);
    let said = keeper.until("nmae");
    assert!(said.contains("/srv/t.j2:3: ") && said.contains("/srv/out stays as it was"), "{said}");
    assert_eq!(out(&lab).trim(), "aa running True");
    template(&lab, "{{ containers | length }}\n");
    lab.docker_ok(&["rm", "-f", "aa"]);
    out_becomes(&lab, "1");
    assert_eq!(keeper.end(), Some(130));
}

#[test]
fn once_and_only_when_changed() {
    let lab = lab(Engine::newest());
    template(&lab, TEMPLATE);
    lab.run("aa", &[], "peer:1", &["idle"]);
    let once = |notify: &str| {
        porthole(&lab, &["events", "--once", "--render", "/srv/t.j2:/srv/out", "--notify", notify])
    };
    let first = once("echo told; cat /srv/out");
    assert_eq!((first.code, first.stdout.trim()), (0, "told\naa running True"), "{first}");
    assert!(first.stderr.contains("wrote /srv/out"), "{first}");
    let again = once("echo told");
    assert_eq!((again.code, again.stdout.trim(), again.stderr.trim()), (0, "", ""), "{again}");

    lab.docker_ok(&["rename", "aa", "bb"]);
    let failed = once("echo one >&2; echo two is wrong >&2; exit 3");
    assert_eq!(failed.code, 1, "{failed}");
    assert!(failed.stderr.contains("--notify failed with exit code 3: two is wrong"), "{failed}");
    assert!(failed.stderr.contains("one\n"), "{failed}");

    lab.docker_ok(&["rename", "bb", "cc"]);
    let command =
        ["events", "--once", "--render", "/srv/t.j2:/srv/out", "--notify-timeout", "0.5", "--notify"];
    let stuck = porthole(&lab, &[&command[..], &["sleep 4712 & wait"]].concat());
    assert_eq!(stuck.code, 1, "{stuck}");
    assert!(stuck.stderr.contains("did not end within 0.5 s"), "{stuck}");
    wait_for("the command's end", || lab.sh("grep -aszqx '471[2]' /proc/[0-9]*/cmdline").code != 0);

    // What a command starts and leaves behind keeps nobody waiting.
    lab.docker_ok(&["rename", "cc", "dd"]);
    let left = once("sleep 4713 >/dev/null & echo $! > /srv/pid; exit 4");
    assert!(left.stderr.contains("failed with exit code 4"), "{left}");
    lab.sh_ok("kill $(cat /srv/pid)");
    assert_eq!(porthole_ok(&lab, &["events", "--once", "--render", "/srv/t.j2:/srv/out"]), "");
}

#[test]
fn commands_run_one_after_the_other_and_a_failed_one_again() {
    let lab = lab(Engine::newest());
    template(&lab, TEMPLATE);
    let notify = "test ! -e /srv/busy || echo both >> /srv/log; touch /srv/busy; cat /srv/out >> /srv/log; \
                  while test -e /srv/hold; do sleep 0.1; done; echo end >> /srv/log; rm /srv/busy; \
                  test ! -e /srv/fail";
    lab.run("aa", &[], "peer:1", &["idle"]);
    let mut keeper = Keeper::begin(&lab, &["--notify", notify]);
    let log = || lab.sh("cat /srv/log").stdout;
    wait_for("the first command", || log().contains("end"));
    lab.sh_ok("touch /srv/hold");
    lab.docker_ok(&["rename", "aa", "bb"]);
    wait_for("the second command", || log().contains("bb running"));
    // Three changes while it runs: one more command.
    for (from, to) in [("bb", "cc"), ("cc", "dd"), ("dd", "ee")] {
        lab.docker_ok(&["rename", from, to]);
        out_becomes(&lab, &format!("{to} running True"));
    }
    lab.sh_ok("touch /srv/fail; rm /srv/hold");
    keeper.until("--notify failed with exit code 1");
    keeper.until("--notify failed with exit code 1");
    assert_eq!(log().trim(), "aa running True\nend\nbb running True\nend\nee running True\nend");
    // It is owed, and comes with the next events, though they change nothing.
    lab.sh_ok("rm /srv/fail /srv/log");
    lab.docker_ok(&["network", "create", "shop"]);
    wait_for("the command again", || log().trim() == "ee running True\nend");
    assert_eq!(keeper.end(), Some(130));
}

#[test]
fn a_command_that_runs_is_ended_with_porthole() {
    let lab = lab(Engine::newest());
    template(&lab, TEMPLATE);
    lab.run("aa", &[], "peer:1", &["idle"]);
    let mut keeper = Keeper::begin(&lab, &["--notify", "sleep 4714 & wait"]);
    wait_for("the command", || lab.sh("grep -aszqx '471[4]' /proc/[0-9]*/cmdline").code == 0);
    assert_eq!(keeper.end(), Some(130));
    keeper.until("as porthole was asked to stop");
    wait_for("the command's end", || lab.sh("grep -aszqx '471[4]' /proc/[0-9]*/cmdline").code != 0);
}

#[test]
fn an_engine_that_hangs_leaves_the_file_as_it_was() {
    let lab = lab(Engine::newest());
    template(&lab, TEMPLATE);
    lab.run("aa", &[], "peer:1", &["idle"]);
    // It is stopped between an event and the look at the containers.
    let mut keeper = Keeper::begin(&lab, &["--debounce", "8", "--timeout", "1"]);
    out_becomes(&lab, "aa running True");
    lab.docker_ok(&["rename", "aa", "bb"]);
    let engine = lab.engine_pid().expect("the engine's number").to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &engine]).status().unwrap().success());
    signal("-STOP");
    keeper.until("cannot read the containers, the files stay as they are");
    assert_eq!(out(&lab).trim(), "aa running True");
    signal("-CONT");
    out_becomes(&lab, "bb running True");
    assert_eq!(keeper.end(), Some(130));
}
