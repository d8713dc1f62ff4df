//! `porthole cp` in and out of real containers, beside `docker cp` where both can.

use std::io::Write;
use std::process::{Command, Stdio};

use porthole_lab::{Engine, Identity, Lab};

use crate::support::{lab, on_docker_engines, porthole, porthole_ok, wait_for};

/// Files of every kind on the lab's host, below `/tmp/tree`.
fn tree(lab: &Lab) {
    lab.sh_ok(
        "mkdir -p /tmp/tree/dir/empty /tmp/tree/closed && cd /tmp/tree && echo one > file && chmod 640 file \
         && echo two > dir/two && ln dir/two dir/again && ln -s ../file dir/link && ln -s /nowhere dir/dangling \
         && printf odd > \"$(printf 'dir/\\377')\" && mkfifo dir/fifo && chmod 711 closed && : > dir/nothing \
         && head -c 100000 /dev/urandom > big && chmod 4755 big && chown 1000:1000 big \
         && find . -exec touch -h -d @1700000000 {} +",
    );
}

/// A line for each thing below a directory: path, kind, mode, owners, size, time and target.
fn listing(lab: &Lab, directory: &str) -> String {
    lab.sh_ok(&format!(
        "cd {directory} && find . -mindepth 1 \\( -type d -printf '%p %y %m %U:%G %T@\\n' \
         -o -printf '%p %y %m %U:%G %s %T@ %n %l\\n' \\) | sort"
    ))
}

fn content(lab: &Lab, directory: &str) -> String {
    lab.sh_ok(&format!("cd {directory} && find . -type f -exec sha256sum {{}} + | sort"))
}

/// The words that are forbidden to say much memory: all of 1 GB would not fit.
const FRUGAL: &str = "ulimit -v 600000";

#[test]
fn the_same_as_docker_cp_out_of_a_container() {
    on_docker_engines(|lab| {
        tree(lab);
        lab.run("box", &[], "bb:1", &["sleep", "1000"]);
        lab.docker_ok(&["cp", "-a", "/tmp/tree", "box:/tree"]);
        for (source, made) in [
            ("box:/tree", "mkdir X"),
            ("box:/tree", ":"),
            ("box:/tree/.", "mkdir X"),
            ("box:/tree/dir", ":"),
            ("box:/tree/file", ":"),
            ("box:/tree/file", "mkdir X"),
            ("box:/tree/file", "echo old > X"),
            ("-L box:/tree/dir/link", ":"),
            ("-L box:/tree/dir/link", "mkdir X"),
            ("box:/tree/dir/dangling", "mkdir X"),
        ] {
            for program in ["docker", "porthole"] {
                // A directory that was there before has the time of what was last written into it.
                let then = if made == "mkdir X" { "touch -d @0 X" } else { ":" };
                lab.sh_ok(&format!(
                    "rm -rf /tmp/{program} && mkdir /tmp/{program} && cd /tmp/{program} && {made} \
                     && {program} cp {source} X && {then}"
                ));
            }
            assert_eq!(listing(lab, "/tmp/porthole"), listing(lab, "/tmp/docker"), "{source}, {made}");
            assert_eq!(content(lab, "/tmp/porthole"), content(lab, "/tmp/docker"), "{source}, {made}");
        }
        for (source, made) in [
            ("box:/tree", "echo > X"),
            ("box:/tree/file/", ":"),
            ("box:/none", ":"),
            ("box:/tree/file", "true X/"),
        ] {
            for program in ["docker", "porthole"] {
                let slash = if made.ends_with('/') { "/" } else { "" };
                let script = format!(
                    "rm -rf /tmp/no && mkdir /tmp/no && cd /tmp/no && {made}; {program} cp {source} X{slash}"
                );
                assert_ne!(lab.sh(&script).code, 0, "{script}");
            }
        }
    });
}

#[test]
fn into_containers_in_any_state() {
    on_docker_engines(|lab| {
        tree(lab);
        for state in ["running", "paused", "stopped", "created"] {
            match state {
                "created" => drop(lab.docker_ok(&["create", "--name", state, "bb:1", "sleep", "1000"])),
                _ => drop(lab.run(state, &[], "bb:1", &["sleep", "1000"])),
            }
            match state {
                "paused" => drop(lab.docker_ok(&["pause", state])),
                "stopped" => drop(lab.docker_ok(&["stop", state])),
                _ => {}
            }
            for arguments in [
                &["-a", "/tmp/tree", &format!("{state}:/kept")][..],
                &["/tmp/tree/.", &format!("{state}:/roots")],
                &["/tmp/tree/file", &format!("{state}:/etc/")],
            ] {
                porthole_ok(lab, &[&["cp"], arguments].concat());
            }
            let out = format!(
                "rm -rf /tmp/out && mkdir /tmp/out && cd /tmp/out && porthole cp -a {state}:/kept . \
                && porthole cp -a {state}:/roots . && porthole cp {state}:/etc/file ."
            );
            lab.sh_ok(&out);
            assert_eq!(
                listing(lab, "/tmp/out/kept"),
                listing(lab, "/tmp/tree"),
                "{:?} {state}",
                lab.engine()
            );
            assert_eq!(content(lab, "/tmp/out/roots"), content(lab, "/tmp/tree"));
            let owners = lab.sh_ok("find /tmp/out/roots -printf '%U:%G\\n' | sort -u");
            assert_eq!(owners, "0:0", "{:?} {state}", lab.engine());
        }
    });
}

#[test]
fn what_the_processes_see_and_docker_cp_does_not() {
    on_docker_engines(|lab| {
        let options = ["--tmpfs", "/fast", "-v", "data:/data", "--read-only"];
        lab.run("box", &options, "bb:1", &["sh", "-c", "echo inside > /fast/file; exec sleep 1000"]);
        lab.sh_ok("echo local > /tmp/local");
        porthole_ok(lab, &["cp", "/tmp/local", "box:/fast/local"]);
        porthole_ok(lab, &["cp", "/tmp/local", "box:/data"]);
        assert_eq!(lab.docker_ok(&["exec", "box", "cat", "/fast/local", "/data/local"]), "local\nlocal");
        wait_for("the file", || lab.docker(&["exec", "box", "test", "-e", "/fast/file"]).code == 0);
        porthole_ok(lab, &["cp", "box:/fast/file", "/tmp/from"]);
        assert_eq!(lab.sh_ok("cat /tmp/from"), "inside");
        porthole_ok(lab, &["cp", "box:/proc/1/cmdline", "/tmp/cmdline"]);
        assert!(lab.sh_ok("tr '\\0' ' ' < /tmp/cmdline").starts_with("sleep 1000"));
        let refused = porthole(lab, &["cp", "/tmp/local", "box:/local"]);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("read-only") && refused.stderr.contains("tmpfs"), "{refused}");
        let left = lab.docker_ok(&["exec", "box", "sh", "-c", "find /fast /data | sort | tr '\\n' ' '"]);
        assert_eq!(left, "/data /data/local /fast /fast/file /fast/local");
        // An engine's own mount of a file: it stays, with other content.
        lab.sh_ok("echo 10.0.0.1 there > /tmp/hosts");
        lab.run("open", &[], "bb:1", &["sleep", "1000"]);
        porthole_ok(lab, &["cp", "/tmp/hosts", "open:/etc/hosts"]);
        assert_eq!(lab.docker_ok(&["exec", "open", "cat", "/etc/hosts"]), "10.0.0.1 there");
    });
}

#[test]
fn no_link_leads_out() {
    let lab = lab(Engine::newest());
    lab.sh_ok("echo secret > /tmp/secret && mkdir /tmp/victim /tmp/out");
    let script = "mkdir /tmp/d && ln -s /tmp/secret /tmp/d/s && ln -s /tmp/victim /out && ln -s ../../../../tmp /up; \
                  exec sleep 1000";
    lab.run("box", &[], "bb:1", &["sh", "-c", script]);
    wait_for("the links", || lab.docker(&["exec", "box", "test", "-h", "/up"]).code == 0);
    for source in ["box:/up/secret", "box:/tmp/d/s"] {
        let read = porthole(&lab, &["cp", "-L", source, "/tmp/out/x"]);
        assert!(read.code == 2 && read.stderr.contains("there is no"), "{source}: {read}");
    }
    assert_ne!(porthole(&lab, &["cp", "/tmp/secret", "box:/out/"]).code, 0);
    assert_eq!(lab.sh_ok("ls -A /tmp/victim /tmp/out | grep -v : || true"), "");
    // A stream with a link and something behind it, and one with a name that leads up.
    lab.sh_ok("mkdir /tmp/evil && cd /tmp/evil && ln -s /tmp/victim way && tar cf /tmp/evil.tar way && rm way \
               && mkdir way && echo x > way/x && tar rf /tmp/evil.tar way/x && tar cPf /tmp/up.tar ../evil/way");
    let way = lab.sh("porthole cp - box:/tmp/d < /tmp/evil.tar");
    assert!(way.code == 2 && way.stderr.contains("a link stands in its way"), "{way}");
    let up = lab.sh("porthole cp - box:/tmp/d < /tmp/up.tar");
    assert!(up.code == 2 && up.stderr.contains("leads out of the copy"), "{up}");
    assert_eq!(lab.sh_ok("ls -A /tmp/victim"), "");
}

#[test]
fn streams_and_containers_on_both_sides() {
    on_docker_engines(|lab| {
        tree(lab);
        for name in ["one", "two"] {
            lab.run(name, &[], "peer:1", &[]);
        }
        lab.docker_ok(&["create", "--name", "made", "peer:1"]);
        lab.sh_ok("tar -C /tmp -cf - tree | porthole cp - one:/");
        for (from, to) in [("one", "two"), ("two", "made")] {
            porthole_ok(lab, &["cp", "-a", &format!("{from}:/tree"), &format!("{to}:/")]);
        }
        lab.sh_ok("rm -rf /tmp/out && mkdir /tmp/out && porthole cp made:/tree - | tar -C /tmp/out -xf -");
        assert_eq!(listing(lab, "/tmp/out/tree"), listing(lab, "/tmp/tree"), "{:?}", lab.engine());
        // Between two that only the engine reaches, under another name.
        lab.docker_ok(&["create", "--name", "other", "peer:1"]);
        porthole_ok(lab, &["cp", "-a", "made:/tree", "other:/copy"]);
        lab.sh_ok("rm -rf /tmp/out && porthole cp -a other:/copy /tmp/out");
        assert_eq!(listing(lab, "/tmp/out"), listing(lab, "/tmp/tree"), "{:?}", lab.engine());
        assert_eq!(content(lab, "/tmp/out"), content(lab, "/tmp/tree"));
    });
}

#[test]
fn a_sparse_gigabyte_in_little_memory() {
    let lab = lab(Engine::newest());
    lab.sh_ok(
        "truncate -s 1G /tmp/sparse && printf end | dd of=/tmp/sparse bs=1 seek=1073741821 conv=notrunc 2>&1",
    );
    lab.run("box", &["-v", "data:/data"], "peer:1", &[]);
    lab.docker_ok(&["create", "--name", "made", "peer:1"]);
    for target in ["box", "made"] {
        lab.sh_ok(&format!(
            "{FRUGAL}; porthole cp /tmp/sparse {target}:/file && porthole cp {target}:/file /tmp/back"
        ));
        assert_eq!(lab.sh_ok("cmp /tmp/sparse /tmp/back && stat -c %s /tmp/back"), "1073741824");
        let blocks: u64 = lab.sh_ok("stat -c %b /tmp/back").parse().unwrap();
        assert!(blocks < 10_000, "{blocks} blocks of a sparse file");
    }
}

#[test]
fn an_interruption_leaves_no_half_file() {
    let lab = lab(Engine::newest());
    lab.run("box", &[], "bb:1", &["sh", "-c", "mkdir /d; exec sleep 1000"]);
    wait_for("the directory", || lab.docker(&["exec", "box", "test", "-d", "/d"]).code == 0);
    lab.sh_ok("head -c 3000000 /dev/urandom > /tmp/file && tar -C /tmp -cf /tmp/file.tar file");
    let files = || lab.docker_ok(&["exec", "box", "ls", "-A", "/d"]);
    let mut command = lab.command("porthole");
    let mut copying = command.args(["cp", "-", "box:/d"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = copying.stdin.take().unwrap();
    input.write_all(&half_an_archive()).unwrap();
    wait_for("the copy to begin", || files().starts_with(".porthole-"));
    assert!(Command::new("kill").args(["-INT", &copying.id().to_string()]).status().unwrap().success());
    assert_eq!(copying.wait().unwrap().code(), Some(130));
    assert_eq!(files(), "");
    drop(input);
    // A stream that ends too early is an error, and leaves nothing either.
    let cut = lab.sh("head -c 1000000 /tmp/file.tar | porthole cp - box:/d");
    assert_eq!((cut.code, files().as_str()), (2, ""), "{cut}");
}

/// The head of a file of 3 MB, and more than a megabyte of it.
fn half_an_archive() -> Vec<u8> {
    let mut archive = vec![0; 2_000_000];
    archive[..4].copy_from_slice(b"file");
    archive[100..108].copy_from_slice(b"0000644\0");
    archive[108..116].copy_from_slice(b"0000000\0");
    archive[116..124].copy_from_slice(b"0000000\0");
    archive[124..136].copy_from_slice(b"00013343300\0");
    archive[136..148].copy_from_slice(b"00000000000\0");
    archive[148..156].fill(b' ');
    archive[156] = b'0';
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive[512..].fill(b'x');
    archive
}

#[test]
fn owners_in_a_user_namespace() {
    let lab = lab(Engine::newest());
    lab.sh_ok("echo mine > /tmp/mine && chown 7:8 /tmp/mine && mkdir -m 777 /tmp/room");
    let mut command = lab.command("sh");
    command.args(["-c", "unshare --user sh -c 'echo $$ > /tmp/pid; exec sleep 1000'"]);
    let mut inside = command.spawn().unwrap();
    wait_for("the namespace", || lab.sh("test -s /tmp/pid").code == 0);
    let pid = lab.sh_ok("pgrep -x sleep | tail -1");
    lab.sh_ok(&format!(
        "echo 0 100000 1000 > /proc/{pid}/uid_map && echo 0 200000 1000 > /proc/{pid}/gid_map"
    ));
    let owners = |path: &str| lab.sh_ok(&format!("stat -c %u:%g {path}"));
    porthole_ok(&lab, &["cp", "/tmp/mine", &format!("pid:{pid}:/tmp/room/root")]);
    porthole_ok(&lab, &["cp", "-a", "/tmp/mine", &format!("pid:{pid}:/tmp/room/kept")]);
    assert_eq!(
        (owners("/tmp/room/root"), owners("/tmp/room/kept")),
        ("100000:200000".into(), "100007:200008".into())
    );
    porthole_ok(&lab, &["cp", "-a", &format!("pid:{pid}:/tmp/room/kept"), "/tmp/back"]);
    assert_eq!(owners("/tmp/back"), "7:8");
    let _ends_with_the_lab = inside.kill();
    inside.wait().unwrap();
}

#[test]
fn who_may_use_the_engine_but_is_not_root() {
    let lab = lab(Engine::newest());
    lab.run("box", &["--tmpfs", "/fast"], "bb:1", &["sh", "-c", "echo x > /file; exec sleep 1000"]);
    wait_for("the file", || lab.docker(&["exec", "box", "test", "-e", "/file"]).code == 0);
    let group: u32 = lab.sh_ok("stat -c %g /run/docker.sock").parse().unwrap();
    let user = Identity { uid: 1000, gid: 1000, groups: vec![group], keep_capabilities: false };
    let as_user = |words: &[&str]| {
        let mut command = lab.command_as(&user, "porthole");
        command.args(words);
        lab.run_command(command, words)
    };
    let copied = as_user(&["cp", "box:/file", "/tmp/file"]);
    assert_eq!(copied.code, 0, "{copied}");
    assert!(copied.stderr.contains("tmpfs"), "{copied}");
    assert_eq!(lab.sh_ok("stat -c %u:%g /tmp/file"), "1000:1000");
    assert_eq!(as_user(&["cp", "/tmp/file", "box:/back"]).code, 0);
    assert_eq!(lab.docker_ok(&["exec", "box", "stat", "-c", "%u:%g", "/back"]), "0:0");
}

#[test]
fn what_is_left_out_and_what_is_refused() {
    let lab = lab(Engine::newest());
    lab.run(
        "box",
        &[],
        "bb:1",
        &["sh", "-c", "mkdir /d; mknod /d/null c 1 3; echo x > /d/x; exec sleep 1000"],
    );
    wait_for("the files", || lab.docker(&["exec", "box", "test", "-e", "/d/x"]).code == 0);
    let copied = porthole(&lab, &["cp", "box:/d", "/tmp/d"]);
    assert_eq!(copied.code, 0, "{copied}");
    assert!(copied.stderr.contains("d/null was left out: it is a device"), "{copied}");
    assert_eq!(lab.sh_ok("ls /tmp/d"), "x");
    let local = porthole(&lab, &["cp", "/tmp/d", "/tmp/e"]);
    assert!(local.code == 2 && local.stderr.contains("porthole cp web:"), "{local}");
    let missing = porthole(&lab, &["cp", "/tmp/d/x", "box:/none/x"]);
    assert!(missing.code == 2 && missing.stderr.contains("mkdir -p"), "{missing}");
    lab.sh_ok("head -c 20000000 /dev/zero > /tmp/zeros");
    lab.docker_ok(&["create", "--read-only", "--name", "shut", "bb:1"]);
    let shut = porthole(&lab, &["cp", "/tmp/zeros", "shut:/etc/zeros"]);
    assert!(shut.code == 2 && shut.stderr.contains("read-only"), "{shut}");
    let unknown = porthole(&lab, &["cp", "bux:/d", "/tmp/d"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("did you mean 'box'"), "{unknown}");
}

#[test]
fn on_podman_too() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        tree(&lab);
        lab.run("box", &[], "bb:1", &["sleep", "1000"]);
        lab.docker_ok(&["create", "--name", "made", "bb:1"]);
        for target in ["box", "made"] {
            porthole_ok(&lab, &["cp", "-a", "/tmp/tree", &format!("{target}:/kept")]);
            lab.sh_ok(&format!("rm -rf /tmp/out && porthole cp -a {target}:/kept /tmp/out"));
            assert_eq!(content(&lab, "/tmp/out"), content(&lab, "/tmp/tree"), "{target}");
        }
    }
}
