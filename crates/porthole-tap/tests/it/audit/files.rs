//! Audits in files: their lines, their chain, and what becomes of both when files come and go.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use porthole_model::{AuditEnd, AuditFault, AuditNote};
use porthole_tap::audit::{Audit, AuditTarget};

use super::{LIST, START, lines, open_file, settings, talk, verdict, verdicts, wait_until, words};
use crate::server;
use crate::stand::Stand;

/// Relays the requests with an audit in that file, to its end.
fn audited(path: &std::path::Path, requests: &[&[u8]]) {
    let audit = open_file(path, false);
    let mut stand = Stand::audited(server::handle, audit.clone());
    for request in requests {
        talk(stand.tap(), request);
    }
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
}

#[test]
fn a_changing_call_has_one_line_that_says_who_what_on_what_and_with_what_result() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[LIST, START, LIST]);
    let lines = lines(&path);
    assert_eq!(words(&lines), ["opened", "answered", "closed"]);
    let line = &lines[1];
    assert_eq!((&line["method"], &line["operation"]), (&"POST".into(), &"ContainerStart".into()));
    assert_eq!(line["target"], "/v1.41/containers/web/start");
    assert_eq!((&line["resource"]["kind"], &line["resource"]["name"]), (&"container".into(), &"web".into()));
    assert_eq!(
        (&line["status"], &line["end"], &line["failed"]),
        (&200.into(), &"complete".into(), &false.into())
    );
    assert_eq!(line["client"]["pid"], std::process::id());
    assert_eq!(line["client"]["unknown"][0]["field"], "container", "nobody asked for the program: {line:#}");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(verdict(&path).is_intact());
}

#[test]
fn a_creating_call_tells_its_details_masked_as_the_engine_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let body = r#"{"image":"bb:1","Cmd":["x","--token=hunter2"],"HostConfig":{"Privileged":true},"hostconfig":{"Binds":["/:/h"]}}"#;
    let request = format!(
        "POST /containers/create?name=db HTTP/1.1\r\nHost: d\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    audited(&path, &[request.as_bytes()]);
    let line = &lines(&path)[1];
    let details = &line["details"];
    assert_eq!(details["image"], "bb:1");
    assert_eq!((&details["privileged"], &details["binds"][0]), (&true.into(), &"/:/h".into()));
    assert_eq!(details["command"][1], "--token=********");
    assert!(!fs::read_to_string(&path).unwrap().contains("hunter2"));
}

#[test]
fn a_form_in_the_body_says_what_the_call_is_about() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let form = "fromImage=evil&tag=2";
    let request = format!(
        "POST /images/create?fromImage=good HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    audited(&path, &[request.as_bytes()]);
    let line = &lines(&path)[1];
    assert_eq!((&line["resource"]["name"], &line["form"]), (&"evil:2".into(), &form.into()), "{line:#}");
}

#[test]
fn a_second_run_goes_on_with_the_chain_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[START]);
    audited(&path, &[START, START]);
    let verdict = verdict(&path);
    assert_eq!((verdict.sequence, verdict.end), (Some((1, 7)), AuditEnd::Closed));
    assert!(verdict.is_intact() && verdict.notes.is_empty(), "{verdict:?}");
}

#[test]
fn a_line_that_was_torn_is_told_from_tampering() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[START]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    assert!(matches!(verdict(&path).notes[..], [AuditNote::Cut { .. }]));
    audited(&path, &[START]);
    let found = verdict(&path);
    assert!(found.is_intact(), "{found:?}");
    assert_eq!(found.notes, [AuditNote::Torn { line: 3 }, AuditNote::Unclosed { line: 4 }]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"torn\":{\"bytes\":", "\"torn\":{\"bytes\":1", 1)).unwrap();
    assert_eq!(verdict(&path).faults[0], AuditFault::Altered { line: 3 });
}

#[test]
fn lines_that_are_altered_deleted_moved_or_inserted_show() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[START; 5]);
    let text = fs::read_to_string(&path).unwrap();
    let whole: Vec<_> = text.lines().collect();
    let altered = whole[2].replace("/web/", "/wob/");
    let tampered: [(Vec<&str>, AuditFault); 4] = [
        ([&whole[..2], &[altered.as_str()], &whole[3..]].concat(), AuditFault::Altered { line: 3 }),
        ([&whole[..2], &whole[3..]].concat(), AuditFault::Missing { line: 3, first: 3, last: 3 }),
        ([&whole[..3], &[whole[1]], &whole[3..]].concat(), AuditFault::Moved { line: 4, sequence: 2 }),
        (whole[1..].to_vec(), AuditFault::Headless),
    ];
    for (lines, fault) in tampered {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        assert_eq!(verdict(&path).faults[0], fault);
    }
}

#[test]
fn what_is_no_audit_and_what_another_one_writes_is_not_added_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let refused = |path: &std::path::Path| {
        let error = Audit::open(&[AuditTarget::File(path.to_owned())], settings(false).0).unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    fs::write(&path, "root:x:0:0\n").unwrap();
    assert!(refused(&path).contains("no line of an audit"));
    fs::write(&path, "root").unwrap();
    assert!(refused(&path).contains("no audit"));
    assert_eq!(fs::read(&path).unwrap(), b"root");
    fs::remove_file(&path).unwrap();
    let audit = open_file(&path, false);
    assert!(refused(&path).contains("another porthole"));
    audit.finish().unwrap();
    audited(&path, &[START]);
    assert!(refused(directory.path()).contains("directory"));
}

/// Moves the file away while calls go on, again and again, as logrotate does with `create`.
#[test]
fn a_rotation_loses_no_line_and_the_chain_goes_on_in_the_next_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let audit = open_file(&path, false);
    let mut stand = Stand::audited(server::handle, audit.clone());
    let mut files = Vec::new();
    for round in 0..3 {
        let tap = stand.tap().to_owned();
        let calls = std::thread::spawn(move || {
            for _ in 0..40 {
                talk(&tap, START);
            }
        });
        wait_until(|| fs::read_to_string(&path).is_ok_and(|text| text.lines().count() > 5));
        let moved = directory.path().join(format!("audit.log.{}", 3 - round));
        fs::rename(&path, &moved).unwrap();
        audit.reopen();
        wait_until(|| path.exists());
        calls.join().unwrap();
        files.push(moved);
    }
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    files.push(path);
    let paths: Vec<_> = files.iter().rev().map(std::path::PathBuf::as_path).collect();
    let verdicts = verdicts(&paths);
    assert!(verdicts.iter().all(|file| file.is_intact() && file.notes.is_empty()), "{verdicts:#?}");
    assert!(verdicts.iter().all(|file| file.end == AuditEnd::Closed));
    let calls = files.iter().flat_map(|path| lines(path)).filter(|line| line["event"] == "answered").count();
    assert_eq!(calls, 120);
}

#[test]
fn a_file_that_is_copied_and_cut_goes_on_with_a_line_that_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let [path, copy] = ["audit.log", "audit.log.1"].map(|name| directory.path().join(name));
    let audit = open_file(&path, true);
    let stand = Stand::audited(server::handle, audit.clone());
    talk(stand.tap(), START);
    wait_until(|| words(&lines(&path)).contains(&"answered"));
    fs::copy(&path, &copy).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    talk(stand.tap(), START);
    wait_until(|| fs::read_to_string(&path).unwrap().contains("answered"));
    audit.finish().unwrap();
    let lines = lines(&path);
    assert_eq!((&lines[0]["event"], &lines[0]["after"]), (&"opened".into(), &"truncation".into()));
    let verdicts = verdicts(&[&copy, &path]);
    assert!(verdicts.iter().all(porthole_model::AuditFile::is_intact), "{verdicts:#?}");
}

#[test]
fn a_file_that_is_removed_is_made_anew_for_the_next_call() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let audit = open_file(&path, true);
    let stand = Stand::audited(server::handle, audit.clone());
    fs::remove_file(&path).unwrap();
    talk(stand.tap(), START);
    audit.finish().unwrap();
    let lines = lines(&path);
    assert_eq!((&lines[0]["after"], &lines[1]["event"]), (&"removal".into(), &"asked".into()));
}

/// The rule of `docs/audit.md`, as a shell follows it.
#[test]
fn a_shell_can_check_the_chain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[START; 3]);
    let documentation = include_str!("../../../../../docs/audit.md");
    let script = documentation.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let run = || Command::new("sh").args(["-c", script, "check"]).arg(&path).output().unwrap();
    let good = run();
    assert!(good.status.success() && good.stdout.is_empty(), "{good:?}");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("/web/", "/wob/", 1)).unwrap();
    let bad = run();
    assert!(!bad.status.success() && !bad.stdout.is_empty(), "{bad:?}");
}

/// Every name that a line may have is explained.
#[test]
fn the_documentation_names_every_field() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    audited(&path, &[START]);
    let documentation = include_str!("../../../../../docs/audit.md");
    let names = lines(&path)
        .into_iter()
        .flat_map(|line| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    for name in names {
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
}
