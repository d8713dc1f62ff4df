//! Containers that do not run, and images, entered by their layers: looked at, tried out, mended.

use std::fmt::Write as _;

use porthole_lab::{Engine, Lab};

use crate::support::{lab, on_docker_engines, porthole};

/// A container that refuses to start because of a file of its own.
pub(crate) const FAULTY: &str = "\
docker create --name web bb:1 sh -c 'grep -q ^listen /etc/app.conf || { echo no listen in /etc/app.conf; exit 3; }; sleep 1000'
printf 'lisen 80\\n' | tee /tmp/app.conf
docker cp /tmp/app.conf web:/etc/app.conf
docker start -a web || true";

/// What a user types to mend it.
pub(crate) const MEND: &str = "echo listen 80 > /etc/app.conf";

/// The file as the engine has it.
pub(crate) fn conf(lab: &Lab) -> String {
    lab.sh_ok("docker cp web:/etc/app.conf - | tar -xO")
}

/// What the engine says was changed in the container, in order.
pub(crate) fn diff(lab: &Lab, name: &str) -> String {
    lab.sh_ok(&format!("docker diff {name} | sort"))
}

/// Runs a script in the container's files.
fn debug(lab: &Lab, options: &[&str], target: &str, script: &str) -> porthole_lab::Output {
    let mut words = vec!["debug"];
    words.extend(options);
    words.extend([target, "--", "sh", "-c", script]);
    porthole(lab, &words)
}

fn debug_ok(lab: &Lab, options: &[&str], target: &str, script: &str) -> String {
    let output = debug(lab, options, target, script);
    assert_eq!(output.code, 0, "{script}\n{}\n{}", output.stdout, output.stderr);
    output.stdout.trim_end().to_owned()
}

/// Ends the test if any namespace but this one has an overlay mount, or a holder lives.
pub(crate) fn assert_nothing_held(lab: &Lab) {
    let held = lab.sh("pgrep -f '^porthole-hold'");
    assert_eq!(held.stdout, "", "a root is still held");
    let mounts = lab.sh_ok("cat /proc/mounts");
    assert!(!mounts.contains("/points"), "{mounts}");
}

#[test]
fn a_bad_file_is_seen_tried_out_and_mended() {
    on_docker_engines(|lab| {
        lab.sh_ok(FAULTY);
        let before = diff(lab, "web");
        assert_eq!(debug_ok(lab, &["--read-only"], "web", "cat /etc/app.conf"), "lisen 80");
        let refused = debug(lab, &["--read-only"], "web", MEND);
        assert!(refused.code != 0 && refused.stderr.contains("ead-only"), "{}", refused.stderr);

        let tried = format!("{MEND}; rm /etc/passwd; cat /etc/app.conf");
        assert_eq!(debug_ok(lab, &[], "web", &tried), "listen 80");
        assert_eq!(conf(lab), "lisen 80");
        assert_eq!(diff(lab, "web"), before);

        debug_ok(lab, &["--write-back"], "web", MEND);
        assert_eq!(conf(lab), "listen 80");
        assert_eq!(diff(lab, "web"), before, "nothing but the file that was there is changed");
        lab.docker_ok(&["start", "web"]);
        assert_eq!(lab.docker_ok(&["inspect", "-f", "{{.State.Running}}", "web"]), "true");
        assert_nothing_held(lab);
    });
}

#[test]
fn a_container_that_never_ran_and_an_image() {
    on_docker_engines(|lab| {
        lab.sh_ok("docker create --name new -e COLOUR=blue -w /var -h there bb:1 sh");
        let seen = debug_ok(lab, &[], "new", "echo $COLOUR; pwd; hostname; echo x > /made; cat /made");
        assert_eq!(seen, "blue\n/var\nthere\nx");
        debug_ok(lab, &["--write-back"], "new", "echo x > /var/made");
        assert_eq!(diff(lab, "new"), "A /var/made\nC /var");
        assert_eq!(debug_ok(lab, &[], "peer:1", "ls /; echo x > /made"), "dev\npeer\nproc");
        assert_eq!(debug_ok(lab, &["--read-only"], "bb:1", "head -n 1 /etc/group"), "root:x:0:");
        let refused = debug(lab, &["--write-back"], "bb:1", "true");
        assert!(refused.code == 2 && refused.stderr.contains("is an image"), "{}", refused.stderr);
    });
}

#[test]
fn volumes_are_where_the_container_has_them() {
    let lab = lab(Engine::newest());
    lab.sh_ok(
        "mkdir /tmp/bound && echo bound > /tmp/bound/file && echo one > /tmp/single
        docker run --name web -v data:/data -v /tmp/bound:/srv/bound -v /tmp/single:/etc/single:ro \
            --tmpfs /scratch bb:1 sh -c 'echo kept > /data/file'",
    );
    let look = "cat /data/file /srv/bound/file /etc/single; ls /scratch; test -s /etc/resolv.conf; hostname";
    let id = lab.docker_ok(&["inspect", "-f", "{{.Config.Hostname}}", "web"]);
    for option in [&[][..], &["--read-only"], &["--write-back"]] {
        assert_eq!(debug_ok(&lab, option, "web", look), format!("kept\nbound\none\n{id}"), "{option:?}");
    }
    let write = "echo new > /data/file; echo new > /srv/bound/file; cat /data/file /srv/bound/file";
    assert_eq!(debug_ok(&lab, &[], "web", write), "new\nnew");
    assert_eq!(debug_ok(&lab, &["--read-only"], "web", look), format!("kept\nbound\none\n{id}"));
    let before = diff(&lab, "web");
    debug_ok(&lab, &["--write-back"], "web", "echo new > /data/file; echo x > /scratch/x");
    assert_eq!(debug_ok(&lab, &["--read-only"], "web", "cat /data/file"), "new");
    assert!(debug(&lab, &["--write-back"], "web", "echo x > /etc/single").code != 0);
    assert_eq!(diff(&lab, "web"), before);
}

#[test]
fn more_layers_than_a_page_of_options_holds() {
    on_docker_engines(|lab| {
        let mut recipe = String::from("FROM bb:1\n");
        for layer in 0..70 {
            writeln!(recipe, "COPY file /layer-{layer}").expect("text");
        }
        lab.sh_ok(&format!(
            "mkdir /tmp/many && cd /tmp/many && echo x > file && cat > Dockerfile <<'END'\n{recipe}END\n"
        ));
        lab.sh_ok(
            "DOCKER_BUILDKIT=0 docker build -q -t many:1 /tmp/many && docker create --name deep many:1",
        );
        let lower = lab.docker_ok(&["inspect", "-f", "{{.GraphDriver.Data.LowerDir}}", "deep"]);
        assert!(lower.len() > 4096, "{}", lower.len());
        assert_eq!(debug_ok(lab, &[], "deep", "ls / | grep -c ^layer || true"), "70");
        debug_ok(lab, &["--write-back"], "deep", "rm /layer-0");
        assert_eq!(diff(lab, "deep"), "D /layer-0");
    });
}

#[test]
fn nothing_is_written_back_behind_the_back_of_what_runs() {
    let lab = lab(Engine::newest());
    lab.run("busy", &[], "bb:1", &["sleep", "1000"]);
    let refused = debug(&lab, &["--write-back"], "busy", "true");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("docker stop busy"), "{}", refused.stderr);
    lab.docker_ok(&["run", "-d", "--name", "loop", "--restart", "always", "bb:1", "false"]);
    crate::support::wait_for("a restart", || {
        lab.docker_ok(&["inspect", "-f", "{{.State.Status}}", "loop"]) == "restarting"
    });
    let refused = debug(&lab, &["--write-back"], "loop", "true");
    assert!(refused.code == 2 && refused.stderr.contains("docker stop loop"), "{}", refused.stderr);
}

#[test]
fn who_starts_it_meanwhile_is_told_of() {
    let lab = lab(Engine::newest());
    lab.sh_ok(&FAULTY.replace("--name web", "--name web -v go:/data"));
    let script = format!("{MEND}; until test -e /data/go; do sleep 0.1; done");
    let session = format!("porthole debug --write-back web -- sh -c '{script}' 2>/tmp/said");
    let mut command = lab.command("sh");
    let mut running = command.args(["-c", &session]).spawn().expect("sh");
    crate::support::wait_for("the session", || conf(&lab) == "listen 80");
    lab.docker_ok(&["start", "web"]);
    crate::support::wait_for("the warning", || {
        lab.sh("cat /tmp/said").stdout.contains("somebody started web")
    });
    lab.docker_ok(&["exec", "web", "touch", "/data/go"]);
    assert!(running.wait().expect("its end").success());
}

#[test]
fn a_person_is_told_how_it_ended() {
    let lab = lab(Engine::newest());
    lab.sh_ok(FAULTY);
    let told = |name: &str| {
        let output = lab.sh(&format!("porthole debug {name} < /dev/null"));
        output.stderr
    };
    let words = told("web");
    for fact in
        ["web is exited, exit code 3", "no listen in /etc/app.conf", "/bin/busybox is a", "throw-away"]
    {
        assert!(words.contains(fact), "{fact}: {words}");
    }
    lab.sh_ok(
        r"docker create --name script bb:1 /entry; printf '#!/bin/bash\necho\n' > /tmp/entry; chmod +x /tmp/entry
        docker cp /tmp/entry script:/entry; docker start script || true
        docker create --name none bb:1 nothing; docker start none || true
        docker create --name locked bb:1 /etc/passwd; docker start locked || true",
    );
    for (name, fact) in [
        ("script", "/entry is a script for /bin/bash, which is not there"),
        ("none", "there is no nothing in /usr/local/sbin, "),
        ("locked", "begins with #!, which may not be executed"),
    ] {
        let words = told(name);
        assert!(words.split_whitespace().collect::<Vec<_>>().join(" ").contains(fact), "{words}");
    }
}
