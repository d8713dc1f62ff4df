//! PH101, PH102, PH103 and PH105: the engine itself, its clients, and others beside it.

use porthole_model::{
    Aftermath, CheckResult, Confidence, ContainerId, ContainerState, EngineSettings, Gap, GapKind,
    MaskedText, Mount, MountKind, Observed, Pid, Secrets,
};

use crate::lab::{HOST_NAMESPACE, Lab, known};
use crate::spec::container;

fn unreachable_engine(kind: GapKind) -> Lab {
    let mut lab = Lab::docker();
    let gap = Gap::new(kind, "engine at unix:///var/run/docker.sock", "connection refused: nobody listens");
    lab.snapshot.engine = Observed::Missing(gap.with_remedy("start the engine"));
    lab
}

#[test]
fn an_engine_that_does_not_answer_is_ph101_and_the_rest_is_skipped() {
    let lab = unreachable_engine(GapKind::EngineUnreachable);
    assert_eq!(lab.found(), ["error PH101 engine"]);
    let finding = lab.only();
    assert_eq!(finding.evidence[0].source, "engine at unix:///var/run/docker.sock");
    assert_eq!(finding.evidence[0].observed, "connection refused: nobody listens");
    assert_eq!(finding.evidence[1].observed, "dockerd (pid 100)");
    assert_eq!(finding.remedies[0].explanation, "start the engine");
    let report = lab.diagnose();
    let skipped =
        report.checks.iter().filter(|check| matches!(check.result, CheckResult::Skipped(_))).count();
    // Connection tracking fills up with and without an engine.
    assert_eq!(skipped, report.checks.len() - 2);
    assert!(report.engine.is_err());
}

/// An engine that does not run, on a host that does not forward.
fn stopped_engine(settings: EngineSettings) -> Lab {
    let mut lab = unreachable_engine(GapKind::EngineUnreachable);
    known(&mut lab.host().processes).retain(|process| process.name != "dockerd");
    lab.sysctl("net.ipv4.ip_forward", "0");
    lab.snapshot.settings_of_silent_engine = Observed::Known(settings);
    lab
}

#[test]
fn an_engine_with_nftables_does_not_start_without_forwarding() {
    let nftables =
        || EngineSettings { firewall_backend: Some("nftables".to_owned()), ..EngineSettings::default() };
    let mut lab = stopped_engine(nftables());
    assert_eq!(lab.found(), ["error PH026 firewall back end <- error PH101 engine"]);
    lab.sysctl("net.ipv4.ip_forward", "1");
    assert_eq!(lab.found(), ["error PH101 engine"]);
    let others = [
        EngineSettings::default(),
        EngineSettings { ip_forward: Some(false), ..nftables() },
        EngineSettings { bridge: Some("none".to_owned()), ..nftables() },
        EngineSettings { iptables: Some(false), ..nftables() },
    ];
    for settings in others {
        assert_eq!(stopped_engine(settings).found(), ["error PH101 engine"]);
    }
    // One that runs and does not answer.
    let mut lab = unreachable_engine(GapKind::EngineUnreachable);
    lab.sysctl("net.ipv4.ip_forward", "0");
    lab.snapshot.settings_of_silent_engine = Observed::Known(nftables());
    assert_eq!(lab.found(), ["error PH101 engine"]);
}

#[test]
fn an_engine_that_refuses_is_said_so() {
    let lab = unreachable_engine(GapKind::Permission);
    assert_eq!(lab.found(), ["error PH101 engine"]);
    assert!(lab.only().summary.starts_with("you may not talk to the engine"));
}

#[test]
fn an_engine_that_was_not_asked_is_no_finding() {
    let mut lab = Lab::docker();
    lab.snapshot.engine = Observed::Missing(Gap::not_asked("engine"));
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(101), ["skipped: engine: this command does not read it"]);
}

fn holding(source: &str, kind: MountKind) -> Lab {
    let mut lab = Lab::docker();
    let destination = "/mnt".to_owned();
    lab.run(container("panel")).mounts =
        vec![Mount { kind, source: source.to_owned(), destination, read_only: true }];
    lab
}

#[test]
fn a_container_with_the_socket_is_ph105() {
    for source in
        ["/var/run/docker.sock", "/run/docker.sock", "/run//docker.sock/", "/run/podman/podman.sock"]
    {
        let lab = holding(source, MountKind::Bind);
        assert_eq!(lab.found(), ["warning PH105 panel"], "{source}");
        assert_eq!(lab.only().confidence, Confidence::Certain, "{source}");
    }
    for source in ["/", "/run", "/var/run", "/var/run/", "/run/podman"] {
        let lab = holding(source, MountKind::Bind);
        assert_eq!(lab.found(), ["warning PH105 panel"], "{source}");
        assert_eq!(lab.only().confidence, Confidence::Likely, "{source}");
    }
}

#[test]
fn other_mounts_are_no_finding() {
    for source in
        ["/var", "/run/docker", "/run/docker.sock.bak", "/home/run", "/var/lib/docker", "", "docker.sock"]
    {
        assert_eq!(holding(source, MountKind::Bind).found(), [""; 0], "{source}");
    }
    assert_eq!(holding("/run", MountKind::Tmpfs).found(), [""; 0]);
    let mut lab = holding("/run", MountKind::Bind);
    lab.container("panel").state = ContainerState::Exited;
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn the_engines_own_path_counts() {
    let mut lab = holding("/run/user/1000/docker.sock", MountKind::Bind);
    assert_eq!(lab.found(), [""; 0]);
    lab.engine().endpoint = "unix:///run/user/1000/docker.sock".to_owned();
    assert_eq!(lab.found(), ["warning PH105 panel"]);
}

#[test]
fn another_engine_outside_of_containers_is_a_note() {
    let mut lab = Lab::docker();
    lab.add_process(Pid(200), "dockerd", HOST_NAMESPACE, Some(ContainerId("f".repeat(64))));
    assert_eq!(lab.found(), [""; 0]);
    lab.add_process(Pid(201), "dockerd", HOST_NAMESPACE, None);
    assert_eq!(lab.found(), ["note PH103 engines"]);
    assert_eq!(lab.only().evidence[1].source, "process 201, of user 0");
}

/// A container with the engine's socket that was told a version, and what is found beside its holding the socket.
fn pinned(version: &str, change: fn(&mut Lab)) -> Vec<String> {
    let mut lab = holding("/var/run/docker.sock", MountKind::Bind);
    lab.engine().version.minimum_api_version = Some("1.44".to_owned());
    lab.container("panel").environment = vec![masked(&format!("DOCKER_API_VERSION={version}"))];
    change(&mut lab);
    lab.found().into_iter().filter(|line| !line.contains("PH105")).collect()
}

fn masked(text: &str) -> MaskedText {
    MaskedText::assignment(text, Secrets::Mask)
}

#[test]
fn a_client_with_the_socket_whose_version_does_not_fit_is_ph102() {
    for version in ["1.24", "1.43", "1.52", "2.0"] {
        assert_eq!(pinned(version, |_| {}), ["error PH102 panel"], "{version}");
    }
    for version in ["1.44", "1.51", "newest", ""] {
        assert_eq!(pinned(version, |_| {}), [""; 0], "{version}");
    }
    assert_eq!(pinned("1.24", |lab| lab.engine().version.minimum_api_version = None), [""; 0]);
    assert_eq!(pinned("1.24", |lab| lab.container("panel").mounts.clear()), [""; 0]);
    assert_eq!(pinned("1.24", |lab| lab.container("panel").state = ContainerState::Exited), [""; 0]);
}

#[test]
fn a_refusal_in_the_log_of_a_client_is_ph102_and_explains_its_restarts() {
    let refused = |line: &str| {
        let mut lab = holding("/var/run/docker.sock", MountKind::Bind);
        lab.engine().version.minimum_api_version = Some("1.44".to_owned());
        let panel = lab.container("panel");
        panel.state = ContainerState::Restarting;
        panel.aftermath = Observed::Known(Aftermath {
            last_lines: Observed::Known(vec![masked(line)]),
            platform: Observed::Missing(Gap::not_asked("platform")),
        });
        lab.found()
    };
    let line =
        "Error response from daemon: client version 1.24 is too old. Minimum supported API version is 1.44";
    assert_eq!(refused(line), ["error PH102 panel <- error PH106 panel", "warning PH105 panel"]);
    // Of the engine of before: today's speaks it.
    for other in
        ["client version 1.47 is too new. Maximum", "client version 1 is too old", "client version 1.24"]
    {
        assert_eq!(refused(other), ["error PH106 panel", "warning PH105 panel"], "{other}");
    }
}
