//! PH108, PH111: the files that an engine names.

use porthole_model::{
    ContainerState, Mount, MountKind, Observed, PathFacts, PathKind, Space, Storage, Timestamp,
};

use crate::lab::{Lab, NOW, commands, known, refused};
use crate::spec::container;

const MEBIBYTE: u64 = 1 << 20;
const HOUR: i64 = 3_600_000;

fn storage(lab: &mut Lab) -> &mut Storage {
    known(&mut lab.snapshot.storage)
}

fn with_space(change: impl FnOnce(&mut Space)) -> Vec<String> {
    let mut lab = Lab::docker();
    change(known(&mut storage(&mut lab).data_root));
    lab.found()
}

#[test]
fn a_disk_is_full_when_root_can_write_no_more() {
    assert_eq!(with_space(|space| space.free_bytes = 0), ["error PH108 data root /var/lib/docker"]);
    assert_eq!(with_space(|space| space.free_inodes = 0), ["error PH108 data root /var/lib/docker"]);
    assert_eq!(
        with_space(|space| space.free_bytes = 1500 * MEBIBYTE),
        ["warning PH108 data root /var/lib/docker"]
    );
    // Two of a hundred gibibytes are a small part, and still much.
    assert_eq!(with_space(|space| space.free_bytes = 3 << 30), [""; 0]);
    // Some file systems make inodes as they are needed.
    assert_eq!(with_space(|space| (space.inodes, space.free_inodes) = (0, 0)), [""; 0]);
}

/// A container that writes, fails, and is started again and again.
fn failing(lab: &mut Lab, exit_code: i64) {
    let container = lab.stop("writer");
    container.state = ContainerState::Restarting;
    (container.restart_count, container.exit_code) = (7, Some(exit_code));
}

#[test]
fn a_full_disk_explains_a_restart_loop() {
    let with_free = |free: u64, exit_code: i64| {
        let mut lab = Lab::docker();
        known(&mut storage(&mut lab).data_root).free_bytes = free;
        failing(&mut lab, exit_code);
        lab.found()
    };
    assert_eq!(with_free(0, 1), ["error PH108 data root /var/lib/docker <- error PH106 writer"]);
    assert_eq!(
        with_free(0, 127),
        ["error PH106 writer", "error PH108 data root /var/lib/docker"],
        "a program that is not there has nothing to do with the disk"
    );
    assert_eq!(
        with_free(1500 * MEBIBYTE, 1),
        ["error PH106 writer", "warning PH108 data root /var/lib/docker"],
        "a disk that is nearly full takes what is written"
    );
    assert_eq!(with_free(1 << 40, 1), ["error PH106 writer"]);
}

const NO_SPACE: &str = "write /var/lib/docker/containers/777/hash3258533751: no space left on device";

fn refused_a_start(error: &str) -> Lab {
    let mut lab = Lab::docker();
    let container = lab.stop("writer");
    container.error = Some(error.to_owned());
    "always".clone_into(&mut container.restart_policy);
    lab
}

#[test]
fn what_could_not_start_for_a_full_disk_is_named_and_does_not_come_back() {
    let mut lab = refused_a_start(NO_SPACE);
    assert_eq!(lab.found(), ["error PH108 writer"], "there is room again");
    assert_eq!(commands(&lab.only()), ["docker start writer"]);
    "no".clone_into(&mut lab.container("writer").restart_policy);
    assert_eq!(lab.found(), ["warning PH108 writer"]);
    known(&mut storage(&mut lab).data_root).free_bytes = 0;
    assert_eq!(lab.found(), ["error PH108 data root /var/lib/docker"]);
    let finding = lab.only();
    assert_eq!(finding.evidence[1].observed, NO_SPACE);
    assert_eq!(finding.remedies[1].commands, ["docker start writer"]);
    lab.container("writer").state = ContainerState::Running;
    assert_eq!(lab.only().remedies.len(), 1);
}

#[test]
fn other_things_that_run_out_have_the_same_words() {
    for error in [
        "write /sys/fs/cgroup/cpuset/docker/777/cpuset.mems: no space left on device",
        "failed to create fsnotify watcher: no space left on device",
        "write /srv/data: no space left on device",
    ] {
        assert_eq!(refused_a_start(error).found(), [""; 0], "{error}");
    }
}

#[test]
fn a_file_system_that_does_not_answer_is_a_gap() {
    let mut lab = Lab::docker();
    storage(&mut lab).data_root = refused("/var/lib/docker");
    assert!(lab.gaps(108)[0].starts_with("skipped:"));
}

fn logging(size: u64, max_size: Option<&str>) -> Lab {
    let mut lab = Lab::docker();
    let log = &mut lab.run(container("web")).log;
    log.path = Some("/logs/web".to_owned());
    log.max_size = max_size.map(str::to_owned);
    let facts = PathFacts { kind: PathKind::File, size, modified: None };
    storage(&mut lab).paths.insert("/logs/web".to_owned(), Observed::Known(facts));
    lab
}

#[test]
fn a_log_without_a_limit_that_outgrows_the_disk_is_a_warning() {
    assert_eq!(logging(60 << 30, None).found(), ["warning PH108 web"]);
    assert_eq!(logging(60 << 30, Some("100g")).found(), [""; 0]);
    assert_eq!(logging(40 << 30, None).found(), [""; 0]);
}

#[test]
fn a_full_disk_names_its_largest_log() {
    let mut lab = logging(40 << 30, None);
    known(&mut storage(&mut lab).data_root).free_bytes = 0;
    let report = lab.diagnose();
    let full = report.findings.iter().find(|finding| finding.subject.name.starts_with("data root")).unwrap();
    assert_eq!(full.evidence[1].source, "largest log, of container 'web'");
    assert_eq!(full.evidence[1].observed, "40960 MiB");
}

fn mounting(destination: &str, kind: PathKind, age: i64) -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("web")).mounts.push(Mount {
        kind: MountKind::Bind,
        source: "/srv/x".to_owned(),
        destination: destination.to_owned(),
        read_only: false,
    });
    let facts = PathFacts { kind, size: 0, modified: Some(Timestamp(NOW - age)) };
    storage(&mut lab).paths.insert("/srv/x".to_owned(), Observed::Known(facts));
    lab
}

#[test]
fn an_empty_directory_as_old_as_the_container_in_a_file_s_place_is_found() {
    let empty = PathKind::Directory { is_empty: true };
    assert_eq!(mounting("/etc/app.conf", empty, HOUR).found(), ["error PH111 web"]);
    for (destination, kind, age) in [
        ("/etc/app.conf", PathKind::File, HOUR),
        ("/etc/app.conf", PathKind::Directory { is_empty: false }, HOUR),
        ("/etc/app.conf", empty, 2 * HOUR),
        ("/etc/conf.d", empty, HOUR),
        ("/data/.env.d", empty, HOUR),
        ("/.conf", empty, HOUR),
        ("/data", empty, HOUR),
    ] {
        assert_eq!(mounting(destination, kind, age).found(), [""; 0], "{destination} {kind:?} {age}");
    }
}

#[test]
fn a_start_that_a_mount_prevented_is_found_in_the_engine_s_words() {
    let mut lab = mounting("/etc/app.conf", PathKind::Directory { is_empty: true }, 2 * HOUR);
    let web = lab.container("web");
    web.state = ContainerState::Created;
    let error = "error mounting \"/srv/x\" to rootfs at \"/etc/app.conf\": not a directory: Are you trying to mount a \
        directory onto a file (or vice-versa)?";
    web.error = Some(error.to_owned());
    assert_eq!(lab.found(), ["error PH111 web"]);
    assert_eq!(lab.only().evidence[1].observed, "an empty directory");
    lab.container("web").error = Some("no command specified".to_owned());
    assert_eq!(lab.found(), [""; 0]);
}
