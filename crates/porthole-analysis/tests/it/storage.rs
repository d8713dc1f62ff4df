//! PH108, PH111: the files that an engine names.

use porthole_model::{
    ContainerState, Mount, MountKind, Observed, PathFacts, PathKind, Space, Storage, Timestamp,
};

use crate::lab::{Lab, NOW, known, refused};
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
