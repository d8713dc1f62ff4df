//! What people type, and what comes of it.

use super::root::Root;

/// Ends the test unless each line prints this and exits so.
fn assert_all(rows: &[(&str, &str, i32)]) {
    let root = Root::new();
    let mut wrong = Vec::new();
    for (commands, expected, code) in rows {
        let (printed, exit) = root.shell(&format!("cd /tmp\n{commands}"));
        if (printed.as_str(), exit) != (*expected, *code) {
            wrong.push(format!(
                "{commands}\n  prints {printed:?} and exits with {exit}, not {expected:?} and {code}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_shell() {
    assert_all(&[
        ("echo $((6*7)); exit 3", "42\n", 3),
        ("false | true; echo ${PIPESTATUS[@]}", "1 0\n", 0),
        ("nothere 2>/dev/null", "", 127),
        ("/tmp 2>/dev/null", "", 126),
        ("sh /nothere 2>/dev/null", "", 127),
        ("sh -ec 'false; echo not here'", "", 1),
        ("sh -c 'echo $0 $#' name a 'b c'", "name 2\n", 0),
        ("x=(a 'b c'); printf '<%s>' \"${x[@]}\"", "<a><b c>", 0),
        ("for i in 1 2 3; do echo $i; done | tac | paste -s -d,", "3,2,1\n", 0),
        ("cat <<end\nin a document\nend", "in a document\n", 0),
        ("diff <(echo a) <(echo b) > /dev/null; echo $?", "1\n", 0),
        ("yes | head -n 2", "y\ny\n", 0),
        ("seq 100000 | sort -rn | head -n 1", "100000\n", 0),
        (
            "sleep 1000 & sleep 1000 & sleep 0.5; kill $(pidof sleep); echo $?; wait; echo over",
            "0\nover\n",
            0,
        ),
        ("kill %7 2> /dev/null", "", 1),
        ("timeout --preserve-status -s INT 1 sh -c 'sleep 1000; echo after'; echo $?", "130\n", 0),
        (
            "timeout --preserve-status -s INT 1 sh -c \"trap 'echo over' EXIT; sleep 1000\"; echo $?",
            "over\n130\n",
            0,
        ),
        ("sh -c 'kill -9 $$'; echo $?; kill -l 9; kill -0 1 && echo there", "137\nKILL\nthere\n", 0),
        ("kill -9; echo $?; kill 999999 2> /dev/null", "2\n", 1),
        ("echo evil > /etc/profile; echo echo evil > /.bashrc; HOME=/ sh -c 'echo good'", "good\n", 0),
        ("env 'BASH_FUNC_ls%%=() { echo evil; }' BASH_ENV=/etc/x sh -c 'type -t ls'", "file\n", 0),
    ]);
}

#[test]
fn the_shell_reads_commands_from_a_pipe() {
    let output = Root::new().run_with(&["sh", "-s", "one"], "echo $1\nexit 4\n");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"one\n"[..], Some(4)));
}

#[test]
fn text() {
    assert_all(&[
        ("printf 'a1\\nb2\\nA3\\n' > f; grep -in a f", "1:a1\n3:A3\n", 0),
        ("grep -vc a f; grep -o '[0-9]' f | tr -d '\\n'", "2\n123", 0),
        ("grep -q nothere f", "", 1),
        ("grep x /nothere 2>/dev/null", "", 2),
        ("grep '(' f", "", 1),
        ("grep -E '(' f 2>/dev/null", "", 2),
        (
            "grep 'a\\(1\\|9\\)' f; grep -E 'a(1|9)' f; grep -F 1 f; grep -x b2 f; grep -w b f",
            "a1\na1\na1\nb2\n",
            1,
        ),
        ("grep -A1 a1 f; grep -B1 A3 f | head -n 1; grep -e b -e A f", "a1\nb2\nb2\nb2\nA3\n", 0),
        (
            "mkdir d; cp f d/x.conf; cp f d/y; grep -r --include '*.conf' -l b2 d; grep -L b2 f f",
            "d/x.conf\n",
            1,
        ),
        ("grep --color=always b f", "\u{1b}[0m\u{1b}[1m\u{1b}[31mb\u{1b}[0m2\n", 0),
        ("find d -type f -name '*.conf' | xargs -n1 basename", "x.conf\n", 0),
        ("find d -type f -exec wc -l {} + | tail -n 1 | tr -s ' '", " 6 total\n", 0),
        ("sed -n -e 2p -e 's/a/z/p' f", "z1\nb2\n", 0),
        ("sed -i s/b/c/ f; cat f | tr '\\n' ,", "a1,c2,A3,", 0),
        (
            "diff -q f d/y; echo $?; cmp -s f d/y; echo $?; diff f f; echo $?",
            "Files f and d/y differ\n1\n1\n0\n",
            0,
        ),
        ("diff f /nothere 2>/dev/null", "", 2),
        ("diff -u f d/y | tail -n +3 | head -n 3", "@@ -1,3 +1,3 @@\n a1\n-c2\n", 0),
        ("less f | head -n 1; less < f | tail -n 1", "a1\nA3\n", 0),
        ("printf 'ab\\0\\1long enough\\0' | strings; printf 'ab\\n' | xxd -p", "long enough\n61620a\n", 0),
        ("printf 'ab' | hexdump", "00000000  61 62                                             |ab|\n", 0),
        ("which which nothere", "/bin/which\n", 1),
        ("edit f 2>&1", "edit: needs a terminal; sed changes files without one\n", 1),
        ("watch -te 'echo seen; exit 5'", "seen\n", 5),
    ]);
}

#[test]
fn json() {
    assert_all(&[
        ("echo '{\"a\":[1,{\"b\":\"x\"}]}' | jq -c .a", "[1,{\"b\":\"x\"}]\n", 0),
        ("echo '{\"a\":\"x\"}' | jq -r .a; echo 1 2 | jq -s add", "x\n3\n", 0),
        ("jq -nc --arg n v --argjson m '[1]' '{n: $n, m: $m}'", "{\"n\":\"v\",\"m\":[1]}\n", 0),
        ("echo null | jq -e .", "null\n", 1),
        ("echo | jq -e .", "", 4),
        ("echo '{' | jq . 2>/dev/null", "", 2),
        ("jq '(' < /dev/null 2>/dev/null", "", 3),
        ("echo 1 | jq '.a' 2>/dev/null", "", 5),
    ]);
}

#[test]
fn archives() {
    assert_all(&[
        (
            "mkdir -p d/e; echo hello > d/e/f; ln d/e/f d/e/h; ln -s f d/e/l; chmod 2750 d/e; chown 7:8 d/e/f; touch d/n",
            "",
            0,
        ),
        ("tar czf a.tgz d; tar tf a.tgz", "d\nd/e\nd/e/f\nd/e/h\nd/e/l\nd/n\n", 0),
        (
            "mkdir o; tar xf a.tgz -C o; stat -c '%a %u:%g %h %N' o/d/e o/d/e/f o/d/e/l | tail -n 2",
            "644 7:8 2 'o/d/e/f'\n777 0:0 1 'o/d/e/l' -> 'f'\n",
            0,
        ),
        ("stat -c %a o/d/e; cat o/d/e/h", "2750\nhello\n", 0),
        ("tar cf - -C d . | tar xvf - -C o e/f 2>&1; cat o/e/f", "e/f\nhello\n", 0),
        ("tar xOf a.tgz d/e/f; tar xf a.tgz -C o --strip-components 1; ls o", "hello\nd\ne\nn\n", 0),
        ("tar xf /nothere 2>/dev/null", "", 2),
        ("gzip -k d/e/f && zcat d/e/f.gz && gunzip -c < d/e/f.gz && gzip -t d/e/f.gz", "hello\nhello\n", 0),
        ("echo broken > b.gz; gunzip b.gz 2>/dev/null", "", 1),
        ("echo x > g; chmod 640 g; gzip g; ls g*; gunzip g.gz; stat -c %a g", "g.gz\n640\n", 0),
    ]);
}

#[test]
fn an_archive_cannot_write_outside_of_its_directory() {
    let root = Root::new();
    let mut archive = tar::Builder::new(std::fs::File::create(root.path().join("tmp/evil.tar")).unwrap());
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    archive.append_link(&mut link, "way", "/etc").unwrap();
    for name in ["way/through-a-link", "../above", "/absolute"] {
        let mut file = tar::Header::new_gnu();
        file.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        file.set_size(4);
        file.set_mode(0o644);
        file.set_cksum();
        archive.append(&file, &b"evil"[..]).unwrap();
    }
    archive.finish().unwrap();
    let (_, code) = root.shell("mkdir /tmp/o; cd /tmp/o; tar xf ../evil.tar 2>/dev/null");
    assert_eq!(code, 2);
    assert_eq!(
        root.shell("ls /etc; ls /tmp; ls /; ls /tmp/o"),
        ("evil.tar\no\nbin\ndev\netc\nproc\ntmp\nabsolute\nway\n".to_owned(), 0)
    );
    let (_, code) = root.shell("cd /tmp/o; tar xf ../evil.tar --strip-components 1 2>/dev/null; ls /etc");
    assert_eq!(code, 0);
}

#[test]
fn processes() {
    assert_all(&[
        ("ps -o pid=,comm= -p 1", "1 sh\n", 0),
        ("ps aux | head -n 1 | tr -s ' '", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n", 0),
        ("ps -ef | grep -c 'ps -ef'", "3\n", 0),
        ("ps -o nonsense 2>/dev/null", "", 1),
        (
            "sleep 100 & until pidof sleep > pid; do :; done; ps -C sleep -o args=; pgrep -x sleep | cmp - pid && echo same",
            "sleep 100\nsame\n",
            0,
        ),
        ("sleep 100 & until pkill -USR1 -x sleep; do :; done; wait; pgrep sleep", "", 1),
        ("pkill nothere", "", 1),
        ("pkill -x 2>/dev/null", "", 2),
        ("free | head -n 1 | tr -s ' '", " total used free shared buff/cache available\n", 0),
        ("top -b -n 1 | grep -c '^ *1 '", "1\n", 0),
        ("lsof -p 1 | grep ' cwd ' | tr -s ' '", "sh 1 0 cwd DIR /\n", 0),
        (
            "mkdir m; mount -t tmpfs -o size=1m,nosuid none m; mount -t tmpfs | grep -c /tmp/m; umount m; mount | grep -c /tmp/m",
            "1\n0\n",
            1,
        ),
        ("mkdir b; mount -o bind,ro /etc b; touch b/x 2>/dev/null; echo $?; umount b", "1\n", 0),
        ("umount /nothere 2>&1", "umount: /nothere: No such file or directory\n", 1),
    ]);
}

#[test]
fn bytes_pass_through_find_and_xargs() {
    assert_all(&[
        (
            "printf 'a\\377b\\0c\\0' | xargs -0 printf '<%s>' | od -An -c | tr -s ' '",
            " < a 377 b > < c >\n",
            0,
        ),
        ("printf 'a\\377\\n' | xargs -I HERE printf '%s' xHEREy | od -An -c | tr -s ' '", " x a 377 y\n", 0),
        (
            "printf 'a\\377' | xargs touch; find . -name 'a*' -exec printf '%s' {} + | od -An -c | tr -s ' '",
            " . / a 377\n",
            0,
        ),
        ("find . -name 'a*' -delete; ls | wc -l", "0\n", 0),
        ("printf 'x\\377' | xargs sh -c 'echo $1' 2>&1 | grep -c 'UTF-8'", "1\n", 0),
        ("printf \"a 'b c' d\\\\ e\" | xargs -n 1 echo", "a\nb c\nd e\n", 0),
        ("seq 5 | xargs -n 2 echo", "1 2\n3 4\n5\n", 0),
        ("xargs echo none < /dev/null; xargs -r echo none < /dev/null", "none\n", 0),
        ("echo 1 | xargs false; echo $?; echo 1 | xargs nothere 2>/dev/null; echo $?", "123\n127\n", 0),
        (
            "seq 3 | xargs -n 1 sh -c 'exit 255'; echo $?; seq 4 | xargs -P 4 -n 1 sleep 0; echo $?",
            "124\n0\n",
            0,
        ),
    ]);
}

#[test]
fn directories_are_compared() {
    let made =
        "mkdir -p a/x b/x a/n; echo 1 > a/f; echo 2 > b/f; echo s > a/s; echo s > b/s; echo o > a/n/o; ";
    let rows = [
        ("diff -r a b", "diff -r a/f b/f\n1c1\n< 1\n---\n> 2\nOnly in a: n\n", 1),
        ("diff -rq a b", "Files a/f and b/f differ\nOnly in a: n\n", 1),
        ("diff -rNq a b", "Files a/f and b/f differ\nFiles a/n/o and b/n/o differ\n", 1),
        ("diff -ruN a b | grep -c '^[-+][1-9o]'", "3\n", 0),
        ("diff a b | tail -n 2", "Only in a: n\nCommon subdirectories: a/x and b/x\n", 0),
        ("ln -s .. a/x/up; diff -r a a; echo $?", "2\n", 0),
        (
            "rm a/x/up; diff -r a a; mkfifo a/p; echo p > b/p; diff -r a b | tail -n 1",
            "File a/p is a fifo while file b/p is a regular file\n",
            0,
        ),
    ];
    let rows =
        rows.map(|(commands, expected, code)| (format!("{made}{commands} 2>/dev/null"), expected, code));
    let rows: Vec<_> =
        rows.iter().map(|(commands, expected, code)| (commands.as_str(), *expected, *code)).collect();
    assert_all(&rows);
}

#[test]
fn devices_and_pipes_are_packed_and_unpacked() {
    assert_all(&[(
        "mkdir t o; mkfifo -m 640 t/p; mknod t/c c 1 3; chown 5:6 t/p; tar cf t.tar t; tar xf t.tar -C o; \
             stat -c '%A %u:%g %t:%T' o/t/p o/t/c; mkdir -m 777 u; chmod 755 .; \
             chroot --userspec 7:7 / sh -c 'cd /tmp/u; tar xf ../t.tar 2>&1; echo $?'",
        "prw-r----- 5:6 0:0\ncrw-r--r-- 0:0 1:3\ntar: t/c: Operation not permitted\n2\n",
        0,
    )]);
}

#[test]
fn who_one_is_needs_no_names() {
    assert_all(&[("rm -f /etc/passwd /etc/group; id; echo $?", "uid=0 gid=0 groups=0\n0\n", 0)]);
}
