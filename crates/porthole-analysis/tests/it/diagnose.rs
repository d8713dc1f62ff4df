//! The runner: order, counts, and what is true of every check.

use porthole_analysis::{check, checks, diagnose, doctor_scope};
use porthole_model::{CheckCode, CheckResult, ContainerState, Gap, Observed, Topic};

use crate::lab::{Lab, known, refused};
use crate::spec::container;

#[test]
fn checks_are_in_order_and_documented() {
    let codes: Vec<_> = checks().iter().map(|check| check.code).collect();
    assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
    for row in checks() {
        let documentation = row.documentation;
        for text in [documentation.checks, documentation.why, documentation.mend, documentation.example] {
            assert!(text.len() > 40, "{}", row.code);
            assert!(!text.contains("  "), "{}: {text}", row.code);
        }
        assert_eq!(check(row.code).map(|found| found.title), Some(row.title));
    }
    assert!(check(CheckCode(999)).is_none());
}

#[test]
fn a_report_lists_every_check_and_says_what_was_read() {
    let report = Lab::docker().diagnose();
    assert_eq!(report.checks.len(), checks().len());
    assert_eq!(report.host, "build1, Debian GNU/Linux 12, Linux 6.18.0");
    assert_eq!(report.engine.unwrap(), "Docker 28.5.2 at unix:///var/run/docker.sock, API 1.51");
}

#[test]
fn findings_come_worst_first_and_the_same_way_each_time() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("127.0.0.1:8080", "80/tcp").listen("tcp", "127.0.0.1:80"));
    lab.run(container("api").publish("0.0.0.0:81", "81/tcp"));
    lab.run(container("db")).state = ContainerState::Paused;
    let expected = [
        "error PH010 80/tcp of web",
        "error PH011 81/tcp of api",
        "warning PH040 db",
        "note PH009 80/tcp of web",
    ];
    assert_eq!(lab.found(), expected);
    known(&mut lab.engine().containers).reverse();
    assert_eq!(lab.found(), expected);
}

#[test]
fn folded_findings_are_counted() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    known(&mut lab.host_stack().links).retain(|link| link.name != "docker0");
    let report = lab.diagnose();
    let count = |code| {
        let check = report.checks.iter().find(|check| check.code == CheckCode(code)).unwrap();
        let CheckResult::Ran { findings, .. } = check.result else { unreachable!() };
        findings
    };
    assert_eq!((report.findings.len(), count(32), count(33)), (1, 1, 1));
}

#[test]
fn a_snapshot_without_anything_skips_all() {
    let mut lab = Lab::docker();
    lab.snapshot.host = refused("host");
    lab.snapshot.engine = Observed::Missing(Gap::not_asked("engine"));
    let report = diagnose(&lab.snapshot);
    assert!(report.checks.iter().all(|check| matches!(check.result, CheckResult::Skipped(_))));
    assert_eq!(report.host, "a host that was not read");
}

#[test]
fn doctor_asks_for_listeners_and_not_for_every_socket() {
    let scope = doctor_scope();
    for topic in [Topic::Links, Topic::Routes, Topic::Sysctls, Topic::Listeners] {
        assert!(scope.has(topic), "{topic:?}");
    }
    assert!(!scope.has(Topic::Sockets));
}

/// A way to lose one fact.
type Loss = (&'static str, fn(&mut Lab));

const LOSSES: [Loss; 16] = [
    ("host", |lab| lab.snapshot.host = refused("host")),
    ("processes", |lab| lab.host().processes = refused("processes")),
    ("namespaces", |lab| lab.host().network_namespaces = refused("namespaces")),
    ("own namespace", |lab| lab.host().own_network_namespace = refused("own namespace")),
    ("proxies", |lab| lab.host().docker_proxies = refused("proxies")),
    ("host name", |lab| lab.host().hostname = refused("host name")),
    ("daemon", |lab| lab.engine().daemon = refused("daemon")),
    ("info", |lab| lab.engine().info = refused("info")),
    ("containers", |lab| lab.engine().containers = refused("containers")),
    ("networks", |lab| lab.engine().networks = refused("networks")),
    ("links", |lab| lab.host_stack().links = refused("links")),
    ("addresses", |lab| lab.host_stack().addresses = refused("addresses")),
    ("links inside", |lab| lab.stack_of("web").links = refused("links inside")),
    ("addresses inside", |lab| lab.stack_of("web").addresses = refused("addresses inside")),
    ("routes inside", |lab| lab.stack_of("web").routes = refused("routes inside")),
    ("sockets inside", |lab| lab.stack_of("web").sockets = refused("sockets inside")),
];

#[test]
fn a_fact_that_is_missing_never_makes_a_finding() {
    for (name, lose) in LOSSES {
        let mut lab = Lab::docker();
        lab.add_network("app", "172.18.0.0/16 fd00:6::/64");
        lab.add_network("back", "172.19.0.0/16");
        lab.run(
            container("web")
                .on("app")
                .on("back")
                .publish("0.0.0.0:80", "80/tcp")
                .publish("[::]:80", "80/tcp")
                .listen("tcp", "[::]:80"),
        );
        lab.run(container("db").on("back"));
        assert_eq!(lab.found(), [""; 0], "healthy");
        lose(&mut lab);
        assert_eq!(lab.found(), [""; 0], "without {name}");
    }
}
