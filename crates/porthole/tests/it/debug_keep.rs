//! Sessions that are kept: they go on without a client, clients come back, and in the end nothing is left.

use porthole_lab::{Engine, Lab};

use crate::debug_sidecar::sidecars;
use crate::debug_sidecar_terminal::Shown;
use crate::support::{lab, on_docker_engines, porthole, porthole_json, porthole_ok, wait_for};

const DETACH: &[u8] = b"\x10\x11";

/// The ways in, as options.
const WAYS: [&[&str]; 2] = [&[], &["--mode", "sidecar"]];

fn keep(way: &[&'static str], name: &'static str, command: &'static str) -> Vec<&'static str> {
    [&["debug"], way, &["--keep", name, "web", "--", "sh", "-c", command]].concat()
}

/// Starts one that nobody is attached to.
fn start(lab: &Lab, way: &[&'static str], name: &'static str, command: &'static str) {
    let mut words = keep(way, name, command);
    words.insert(1, "--detach");
    porthole_ok(lab, &words);
}

fn attach(lab: &Lab, words: &[&str]) -> Shown {
    Shown::start(lab, &[&["debug", "attach"], words].concat())
}

fn sessions(lab: &Lab) -> serde_json::Value {
    porthole_json(lab, &["debug", "ls"])["sessions"].clone()
}

/// Waits until nothing of any session is left, in the target or outside of it.
fn wait_for_no_trace(lab: &Lab, diff: &str) {
    wait_for("the end of all processes", || {
        lab.sh("pgrep -f '[s]leep 471|[p]orthole-ke|^[p]orthole debug'").stdout.is_empty()
    });
    wait_for("the end of all sidecars", || sidecars(lab).is_empty());
    assert_eq!(sessions(lab), serde_json::json!([]));
    assert_eq!(lab.sh_ok("ls -A /run/porthole/sessions 2>/dev/null; true"), "");
    assert_eq!(lab.sh_ok("docker diff web | sort"), diff);
}

/// Runs the test with a target, by each way in, on each engine.
fn by_each_way(test: impl Fn(&Lab, &'static [&'static str])) {
    on_docker_engines(|lab| {
        lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
        let diff = lab.sh_ok("docker diff web | sort");
        for way in WAYS {
            test(lab, way);
            wait_for_no_trace(lab, &diff);
        }
    });
}

#[test]
fn a_session_goes_on_when_its_user_detaches() {
    by_each_way(|lab, way| {
        let script = "echo be''gun; read line; echo got=$line; stty size; exit 7";
        let mut first = Shown::start(lab, &keep(way, "night", script));
        first.see("begun");
        assert_eq!(sessions(lab)[0]["attached"]["user"], 0);
        first.key(DETACH);
        first.see("night goes on");
        assert_eq!(first.end(), Some(0));
        let listed = sessions(lab);
        assert_eq!((&listed[0]["name"], &listed[0]["target"]), (&"night".into(), &"web".into()));
        assert_eq!(listed[0]["attached"], serde_json::Value::Null);
        assert_eq!(listed[0]["way"], if way.is_empty() { "local" } else { "sidecar" });
        let taken = porthole(lab, &keep(way, "night", "true"));
        assert!(taken.code == 2 && taken.stderr.contains("there is a session night already"), "{taken:?}");

        let mut second = attach(lab, &["night"]);
        second.see("begun");
        let refused = porthole(lab, &["debug", "attach", "night"]);
        assert!(refused.code == 2 && refused.stderr.contains("root is attached to it"), "{refused:?}");
        let mut third = attach(lab, &["--take-over", "night"]);
        second.see("root attached to it elsewhere");
        assert_eq!(second.end(), Some(2));
        third.see("begun");
        third.terminal.resize(porthole_host::Cells { rows: 33, columns: 99 }).expect("it works");
        third.key(b"word\r");
        third.see("got=word");
        third.see("33 99");
        assert_eq!(third.end(), Some(7));
    });
}

#[test]
fn a_session_goes_on_when_its_terminal_or_client_goes_away() {
    by_each_way(|lab, way| {
        for signal in ["HUP", "KILL", "TERM"] {
            let mut shown = Shown::start(lab, &keep(way, "night", "echo be''gun; sleep 4711"));
            shown.see("begun");
            lab.sh_ok(&format!("kill -{signal} $(pgrep -o -f '^porthole debug')"));
            drop(shown);
            wait_for("the client's end", || lab.sh("pgrep -f '^porthole debug'").stdout.is_empty());
            wait_for("it to be noticed", || sessions(lab)[0]["attached"].is_null());
            assert_eq!(sessions(lab)[0]["ended"], serde_json::Value::Null, "{signal}");
            let mut again = attach(lab, &["night"]);
            again.see("begun");
            again.key(b"\x03");
            assert_eq!(again.end(), Some(130));
        }
    });
}

#[test]
fn the_exit_code_waits_for_whoever_asks() {
    by_each_way(|lab, way| {
        start(lab, way, "job", "echo fi''rst; exit 3");
        wait_for("its end", || sessions(lab)[0]["ended"]["code"] == 3);
        assert!(porthole_ok(lab, &["debug", "ls"]).contains("ended with 3"));
        let collected = porthole(lab, &["debug", "attach", "job"]);
        assert_eq!((collected.code, collected.stdout.trim_end()), (3, "first"), "{collected:?}");
        let gone = porthole(lab, &["debug", "attach", "job"]);
        assert!(gone.code == 2 && gone.stderr.contains("there is no session job"), "{gone:?}");
    });
}

#[test]
fn a_shell_that_nobody_looks_at_waits_for_its_user() {
    by_each_way(|lab, way| {
        let words = [&["debug", "--detach"], way, &["--keep", "shell", "web"]].concat();
        porthole_ok(lab, &words);
        // Its line editor asks where the cursor is, and gives up after two seconds without an answer.
        std::thread::sleep(std::time::Duration::from_secs(3));
        let mut shown = attach(lab, &["shell"]);
        shown.key(b"echo A$((40+2))B\r");
        shown.see("A42B");
        shown.key(DETACH);
        assert_eq!(shown.end(), Some(0));
        let mut again = attach(lab, &["shell"]);
        again.see("A42B");
        again.key(b"echo B$((40+2))A\r");
        again.see("B42A");
        again.key(b"exit 4\r");
        assert_eq!(again.end(), Some(4));
    });
}

#[test]
fn sessions_are_ended_with_all_that_runs_in_them() {
    by_each_way(|lab, way| {
        let command = "sleep 4711 & setsid sleep 4712 & (sleep 4713 &) ; wait";
        for name in ["one", "two", "three"] {
            start(lab, way, name, command);
        }
        wait_for("the commands", || lab.sh("pgrep -x -f 'sleep 471.'").stdout.lines().count() == 9);
        porthole_ok(lab, &["debug", "rm", "one"]);
        assert_eq!(lab.sh("pgrep -x -f 'sleep 471.'").stdout.lines().count(), 6);
        let mut shown = attach(lab, &["two"]);
        wait_for("somebody to be there", || sessions(lab).to_string().contains("\"user\":0"));
        let refused = porthole(lab, &["debug", "rm", "two"]);
        assert!(refused.code == 2 && refused.stderr.contains("is attached to two"), "{refused:?}");
        porthole_ok(lab, &["debug", "rm", "-f", "two", "nothere"]);
        shown.see("root ended the session");
        assert_eq!(shown.end(), Some(2));
        let unknown = porthole(lab, &["debug", "rm", "nothere"]);
        assert!(unknown.code == 2 && unknown.stderr.contains("there is no session nothere"), "{unknown:?}");
        assert_eq!(porthole_json(lab, &["gc"])["kept_sessions"], serde_json::json!(["three"]));
        porthole_ok(lab, &["debug", "rm", "--all"]);
    });
}

#[test]
fn whichever_process_is_killed_nothing_of_a_kept_session_stays() {
    by_each_way(|lab, way| {
        for victim in 0..5 {
            start(lab, way, "night", "sleep 4711 & setsid sleep 4712 & wait");
            wait_for("the command", || lab.sh("pgrep -x -f 'sleep 471.'").stdout.lines().count() == 2);
            let find = "p=$(pgrep -o -f 'porthole-kept'); while [ -n \"$p\" ]; do echo $p; p=$(pgrep -o -P $p); done; true";
            let chain = lab.sh_ok(find);
            let chain: Vec<_> = chain.lines().collect();
            assert!(chain.len() >= 5, "the session, its keeper, two inside, command: {chain:?}");
            lab.sh_ok(&format!("kill -KILL {}", chain[victim]));
            wait_for(&format!("the end after {victim}"), || {
                lab.sh("pgrep -f '[s]leep 471|[p]orthole-keeper'").stdout.is_empty()
            });
            if victim == 0 {
                wait_for("nothing to be left", || sidecars(lab).is_empty());
                porthole_ok(lab, &["gc"]);
                assert_eq!(lab.sh_ok("ls -A /run/porthole/sessions 2>/dev/null; true"), "");
            } else {
                wait_for("its end", || {
                    !sessions(lab)[0]["ended"].is_null() || sessions(lab) == serde_json::json!([])
                });
                porthole_ok(lab, &["debug", "rm", "--force", "night"]);
            }
        }
    });
}

#[test]
fn an_engine_that_starts_anew_leaves_no_session_behind() {
    on_docker_engines(|lab| {
        lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
        let diff = lab.sh_ok("docker diff web | sort");
        start(lab, &[], "here", "sleep 4711");
        start(lab, WAYS[1], "beside", "sleep 4712");
        assert_eq!(sessions(lab).as_array().map(Vec::len), Some(2));
        lab.stop_engine().expect("it works");
        wait_for("the commands' end", || lab.sh("pgrep -x -f 'sleep 471.'").stdout.is_empty());
        let listed = porthole(lab, &["debug", "ls"]);
        assert!(listed.code == 0 && listed.stderr.contains("not listed"), "{listed:?}");
        lab.start_engine().expect("it works");
        wait_for("its end", || sessions(lab)[0]["ended"]["code"] == 137);
        assert_eq!(porthole(lab, &["debug", "attach", "here"]).code, 137);
        wait_for_no_trace(lab, &diff);
    });
}

#[test]
fn garbage_collection_ends_sessions_only_when_it_is_told_to() {
    let lab = lab(Engine::newest());
    lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
    for (way, name) in WAYS.into_iter().zip(["one", "two"]) {
        start(&lab, way, name, "sleep 4711");
    }
    assert!(porthole_ok(&lab, &["gc"]).contains("kept session one goes on"));
    assert_eq!(sessions(&lab).as_array().map(Vec::len), Some(2));
    let collected = porthole_json(&lab, &["gc", "--sessions"]);
    assert_eq!(collected["sessions"], serde_json::json!(["one", "two"]));
    wait_for_no_trace(&lab, &lab.sh_ok("docker diff web | sort"));
}

#[test]
fn what_cannot_be_kept_says_so() {
    let lab = lab(Engine::newest());
    lab.run("ls", &[], "bb:1", &["sleep", "1000"]);
    lab.docker_ok(&["create", "--name", "still", "bb:1", "true"]);
    assert_eq!(porthole_ok(&lab, &["debug", "--mode", "auto", "ls", "--", "echo", "reached"]), "reached\n");
    let says = |words: &[&str], reason: &str| {
        let refused = porthole(&lab, &[&["debug", "--keep", "x"], words].concat());
        assert!(refused.code == 2 && refused.stderr.contains(reason), "{refused:?}");
    };
    says(&["still"], "is not kept");
    says(&["--image", "bb:1", "ls"], "tool image is not kept");
    says(&["--as-target", "ls"], "cannot be used with");
    says(&["--pause", "ls"], "cannot be used with");
    let unable = porthole(&lab, &["debug", "--keep", "x", "-w", "/nowhere", "ls", "--", "true"]);
    assert!(unable.code == 127 && unable.stderr.contains("cannot start in /nowhere"), "{unable:?}");
    let unknown = porthole(&lab, &["debug", "--keep", "x", "-u", "nosuch", "ls", "--", "true"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("find the user nosuch"), "{unknown:?}");
    assert_eq!(sessions(&lab), serde_json::json!([]));
}

#[test]
fn tools_that_a_killed_session_left_attached_are_taken_away() {
    on_docker_engines(|lab| {
        lab.run("web", &["--init"], "bb:1", &["sleep", "1000"]);
        let diff = lab.sh_ok("docker diff web | sort");
        let mounts = || {
            lab.sh_ok(
                "grep -c /dev/.porthole /proc/$(docker inspect -f '{{.State.Pid}}' web)/mountinfo || true",
            )
        };
        let mut command = lab.command("porthole");
        command.args(["debug", "--as-target", "web", "--", "sleep", "4711"]);
        let mut child = command.spawn().expect("it starts");
        wait_for("the command", || !lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
        assert_eq!(porthole_json(lab, &["gc"])["swept"], serde_json::json!([]), "its tools are in use");
        lab.sh_ok("kill -KILL $(pgrep -f '^porthole-graft')");
        lab.sh_ok("kill -KILL $(pgrep -o -f '^porthole debug')");
        child.wait().expect("it ends");
        wait_for("the command's end", || lab.sh("pgrep -x -f 'sleep 4711'").stdout.is_empty());
        assert_ne!(mounts(), "0", "nobody took it away");
        assert_eq!(porthole_json(lab, &["gc"])["swept"], serde_json::json!(["web"]));
        assert_eq!(mounts(), "0");
        assert_eq!(lab.docker(&["exec", "web", "ls", "/dev/.porthole"]).code, 1);
        assert_eq!(lab.sh_ok("docker diff web | sort"), diff);
    });
}
