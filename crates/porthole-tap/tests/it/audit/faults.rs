//! Audits that were killed, and audits on a full disk.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use porthole_model::AuditNote;
use porthole_tap::audit::{AuditNotice, AuditTarget};

use super::{LIST, START, lines, open, open_file, talk, verdict, wait_until, words};
use crate::roles::{play, role_path};
use crate::server;
use crate::stand::Stand;

#[test]
#[ignore = "a role that other tests start"]
fn relays_until_killed() {
    let audit = open_file(&role_path(), true);
    let stand = Stand::audited(server::handle, audit);
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (tap, answered) = (stand.tap().to_owned(), Arc::clone(&answered));
            std::thread::spawn(move || {
                while talk(&tap, START).starts_with("HTTP/1.1 200") {
                    println!("\nanswered {}", answered.fetch_add(1, Ordering::Relaxed) + 1);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn what_was_let_through_stands_in_the_file_after_kill_9_and_the_next_run_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let (mut passed, mut runs) = (0, 0);
    for goal in [3, 40, 90] {
        let mut child = play("audit::faults::relays_until_killed", &path, "exec \"$@\"");
        let mut answered = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            answered = line.strip_prefix("answered ").map_or(answered, |count| count.parse().unwrap());
            if answered >= goal {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        (passed, runs) = (passed + answered, runs + 1);
        let found = verdict(&path);
        assert!(found.is_intact(), "{found:#?}");
        let unclosed = found.notes.iter().filter(|note| matches!(note, AuditNote::Unclosed { .. })).count();
        assert_eq!(unclosed, runs - 1, "{found:#?}");
        let asked = words(&lines_but_torn(&path)).iter().filter(|word| **word == "asked").count();
        assert!(asked >= passed, "{asked} of {passed}");
    }
}

/// A process that was killed may have been writing.
fn lines_but_torn(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
#[ignore = "a role that other tests start"]
fn fills_a_disk() {
    let path = role_path();
    let (audit, told) = open(AuditTarget::File(path.clone()), true);
    let mut stand = Stand::audited(server::handle, audit.clone());
    assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 200"));
    let ballast = path.with_extension("ballast");
    fs::write(&ballast, vec![1; 2 << 20]).unwrap_err();
    // The last page of the file may have room for some lines.
    wait_until(|| talk(stand.tap(), START).starts_with("HTTP/1.1 503"));
    let refused = talk(stand.tap(), START);
    assert!(refused.contains("No space left"), "{refused}");
    for _ in 0..20 {
        assert!(talk(stand.tap(), LIST).starts_with("HTTP/1.1 200"));
        assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 503"));
    }
    assert!(verdict(&path).is_intact());
    fs::remove_file(&ballast).unwrap();
    wait_until(|| talk(stand.tap(), START).starts_with("HTTP/1.1 200"));
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    let found = verdict(&path);
    assert!(found.is_intact() && found.notes.is_empty(), "{found:#?}");
    let lines = lines(&path);
    let count = |word| words(&lines).iter().filter(|found| **found == word).count();
    assert_eq!(count("asked"), count("answered"));
    assert!(count("refused") >= 20, "refusals are told when there is room again");
    let told = told.lock().unwrap();
    assert!(told.iter().any(|notice| matches!(notice, AuditNotice::Stalled { .. })));
    assert!(told.iter().any(|notice| matches!(notice, AuditNotice::Resumed { lost: 0, .. })));
    println!("\nrefused {}", count("refused"));
}

#[test]
fn a_full_disk_refuses_what_changes_and_lets_the_rest_pass() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let line = "mount -t tmpfs -o size=1m none \"${PORTHOLE_TEST_FILE%/*}\"; exec \"$@\"";
    let output = play("audit::faults::fills_a_disk", &path, line).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("\nrefused "), "{text}");
}
