//! Recordings that were killed, that filled a disk, or that lie where nothing can be written.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use porthole_tap::Sink;
use porthole_tap::record::{Notice, RecordError, RecordSettings, Recorder, Recording};
use rusqlite::Connection;

use super::values::exchange;
use super::{directory, finished, put, read, settings, wait_until};
use crate::roles::{play, role_path};

#[test]
#[ignore = "a role that other tests start"]
fn writes_until_killed() {
    let interval = Duration::from_millis(5);
    let recorder = Recorder::create(&role_path(), RecordSettings { interval, ..settings() }).unwrap();
    let sink = recorder.sink();
    for id in 1.. {
        while sink.offer(finished(exchange(id))).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if id % 100 == 0 {
            println!("\nwritten {}", recorder.status().written);
        }
    }
}

#[test]
fn what_was_committed_is_whole_after_kill_9() {
    for round in 0..4 {
        let (directory, path) = directory();
        let mut child = play("record::faults::writes_until_killed", &path, "exec \"$@\"");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut committed = 0;
        while committed < 1000 * (1 + round * 2) {
            let line = lines.next().expect("it writes until it is killed").unwrap();
            committed = line.strip_prefix("written ").map_or(committed, |count| count.parse().unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fs::metadata(format!("{}-wal", path.display())).unwrap().len() > 0);
        let mut places = vec![path.clone()];
        places.push(copy(&path, &directory.path().join("moved")));
        for path in places {
            let recording = Recording::open(&path).unwrap();
            let exchanges = read(&recording);
            assert!(exchanges.len() as u64 >= committed, "{} of {committed}", exchanges.len());
            assert!(exchanges.into_iter().zip(1..).all(|(found, id)| found == exchange(id)));
            assert_eq!(recording.run().unwrap().ended, None);
        }
    }
}

/// A copy of a file and its log.
fn copy(path: &Path, to: &Path) -> PathBuf {
    fs::copy(path, to).unwrap();
    fs::copy(format!("{}-wal", path.display()), format!("{}-wal", to.display())).unwrap();
    to.to_owned()
}

#[test]
#[ignore = "a role that other tests start"]
fn reads_what_cannot_be_written() {
    let path = role_path();
    let probe = fs::write(path.with_extension("probe"), b"").unwrap_err();
    assert_eq!(probe.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    match Recording::open(&path) {
        Ok(recording) => println!("\nfound {}", read(&recording).len()),
        Err(error) => println!("\nfailed: {error}"),
    }
}

/// What a role that reads in a read-only directory says.
fn read_only(path: &Path) -> String {
    let line = "mount --bind \"${PORTHOLE_TEST_FILE%/*}\" \"${PORTHOLE_TEST_FILE%/*}\"; \
                mount -o remount,ro,bind \"${PORTHOLE_TEST_FILE%/*}\"; exec \"$@\"";
    let output = play("record::faults::reads_what_cannot_be_written", path, line).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = text.lines().find(|line| line.starts_with("found") || line.starts_with("failed"));
    said.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn a_recording_in_a_read_only_directory_is_read() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    put(&recorder.sink(), exchange(1));
    recorder.finish().unwrap();
    assert_eq!(read_only(&path), "found 1");
}

#[test]
fn a_log_in_a_read_only_directory_is_read_or_named_but_never_left_out() {
    let (directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    put(&recorder.sink(), exchange(1));
    wait_until(|| recorder.status().written == 1);
    let moved = copy(&path, &directory.path().join("moved"));
    assert!(read_only(&moved).contains("are in its -wal file"), "{}", read_only(&moved));
    let shared_memory = |path: &Path| format!("{}-shm", path.display());
    fs::copy(shared_memory(&path), shared_memory(&moved)).unwrap();
    assert_eq!(read_only(&moved), "found 1");
    assert_eq!(read_only(&path), "found 1");
}

#[test]
#[ignore = "a role that other tests start"]
fn fills_a_disk() {
    let path = role_path();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&told);
    let notify = Arc::new(move |notice: Notice| ear.lock().unwrap().push(notice));
    let ballast = path.with_extension("ballast");
    fs::write(&ballast, vec![1; 10 << 20]).unwrap();
    let limits = RecordSettings { waiting_lines: 1 << 20, notify, ..settings() };
    let recorder = Recorder::create(&path, limits).unwrap();
    let (sink, mut offered) = (recorder.sink(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    while recorder.status().lost < 10 {
        offered += 1;
        runtime.block_on(async {
            if let Err(event) = sink.offer(finished(exchange(offered))) {
                sink.insist(event).await;
            }
        });
    }
    let before = recorder.status().written;
    assert_eq!(read(&Recording::open(&path).unwrap()).len() as u64, before);
    fs::remove_file(&ballast).unwrap();
    wait_until(|| recorder.status().written > before);
    put(&sink, exchange(offered + 1));
    let lost = recorder.status().lost;
    let notices = std::mem::take(&mut *told.lock().unwrap());
    assert!(
        matches!(
            notices[..],
            [Notice::Stalled(RecordError::Write { .. } | RecordError::Still { .. }), Notice::Resumed { .. }]
        ),
        "{notices:?}"
    );
    let status = recorder.finish().unwrap();
    assert_eq!(status.written + lost, offered + 1);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(
        (read(&recording).len() as u64, recording.run().unwrap().exchanges_lost),
        (status.written, lost)
    );
    println!("\nheld {before}, lost {lost}, then {}", status.written);
}

#[test]
fn a_full_disk_keeps_what_was_written_and_the_recording_goes_on_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full");
    let line = "mount -t tmpfs -o size=16m none \"${PORTHOLE_TEST_FILE%/*}\"; exec \"$@\"";
    let output = play("record::faults::fills_a_disk", &path, line).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.lines().any(|line| line.starts_with("held ")), "{text}");
}

#[test]
#[ignore = "a role that other tests start"]
fn ends_on_a_full_disk() {
    let path = role_path();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let sink = recorder.sink();
    put(&sink, exchange(1));
    wait_until(|| recorder.status().written == 1);
    fs::write(path.with_extension("ballast"), vec![1; 8 << 20]).unwrap_err();
    (2..=500).for_each(|id| put(&sink, exchange(id)));
    let error = recorder.finish().unwrap_err();
    assert!(matches!(error, RecordError::Write { .. }), "{error:?}");
    let found = read(&Recording::open(&path).unwrap());
    assert!(found.into_iter().zip(1..).all(|(found, id)| found == exchange(id)));
    println!("\nfailed as it should");
}

#[test]
fn a_recording_that_ends_on_a_full_disk_says_so_and_keeps_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full");
    let line = "mount -t tmpfs -o size=1m none \"${PORTHOLE_TEST_FILE%/*}\"; exec \"$@\"";
    let output = play("record::faults::ends_on_a_full_disk", &path, line).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("failed as it should"), "{text}");
}

#[tokio::test]
async fn a_disk_that_stands_still_holds_nobody_up_for_long() {
    let (_directory, path) = directory();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&told);
    let notify = Arc::new(move |notice: Notice| ear.lock().unwrap().push(notice));
    let limits = RecordSettings { waiting_lines: 20_000, notify, ..settings() };
    let recorder = Recorder::create(&path, limits).unwrap();
    let lock = Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sink, begun) = (recorder.sink(), Instant::now());
    for id in 1..=200 {
        if let Err(event) = sink.offer(finished(exchange(id))) {
            sink.insist(event).await;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    lock.execute_batch("COMMIT").unwrap();
    drop(lock);
    wait_until(|| recorder.status().written > 0);
    put(&sink, exchange(201));
    let status = recorder.finish().unwrap();
    assert!(status.lost > 0);
    assert_eq!(status.written + status.lost, 201);
    let notices = std::mem::take(&mut *told.lock().unwrap());
    assert!(
        matches!(notices[..], [Notice::Stalled(RecordError::Still { .. }), Notice::Resumed { lost: 1.. }]),
        "{notices:?}"
    );
}
