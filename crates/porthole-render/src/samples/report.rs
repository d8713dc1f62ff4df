//! Reports: healthy, troubled, without an engine.

use porthole_model::{
    CheckCode, CheckOutcome, CheckResult, Confidence, Evidence, Finding, Gap, GapKind, Remedy, Report,
    Severity, Subject, SubjectKind, Timestamp,
};

use super::gap;

pub(crate) fn healthy() -> Report {
    Report {
        observed_at: Timestamp(1_772_366_400_250),
        host: "web-1, Debian GNU/Linux 12, Linux 6.1.0-41-amd64".to_owned(),
        engine: Ok("Docker 28.5.2 at unix:///var/run/docker.sock".to_owned()),
        findings: Vec::new(),
        checks: vec![
            check(1, "The host forwards packets", ran(0, Vec::new())),
            check(2, "Published ports have a listener", ran(0, Vec::new())),
        ],
    }
}

pub(crate) fn troubled() -> Report {
    let proxy = Finding {
        confidence: Confidence::Likely,
        evidence: vec![evidence("process 4711", "docker-pro\x1b[2Jxy <script>alert(1)</script>")],
        ..finding(
            7,
            Severity::Warning,
            SubjectKind::Container,
            "日本語-🐳-with-a-very-long-name-that-goes-on-and-on",
            "The relay of a published port runs as a stranger.",
        )
    };
    let engine = Gap::new(GapKind::EngineUnreachable, "networks of the engine", "no answer within 10 s");
    Report {
        findings: vec![forwarding_off(), proxy],
        checks: vec![
            check(1, "The host forwards packets", ran(3, Vec::new())),
            check(3, "Networks do not overlap", CheckResult::Skipped(engine.clone())),
            check(5, "Every network has its bridge", CheckResult::Skipped(engine)),
            check(7, "Published ports have a relay", ran(1, vec![gap()])),
        ],
        ..healthy()
    }
}

pub(crate) fn without_engine() -> Report {
    let gap = Gap::new(GapKind::EngineUnreachable, "engine", "cannot connect to unix:///var/run/docker.sock")
        .with_remedy("start it: systemctl start docker");
    let skipped = || CheckResult::Skipped(gap.clone());
    Report {
        engine: Err(gap.clone()),
        checks: vec![check(2, "Published ports have a listener", skipped())],
        ..healthy()
    }
}

fn forwarding_off() -> Finding {
    let port = |name| {
        let summary = "No packet from outside reaches the container.";
        finding(11, Severity::Error, SubjectKind::Port, name, summary)
    };
    Finding {
        evidence: vec![
            evidence("sysctl net.ipv4.ip_forward", "0"),
            evidence("container web, NetworkSettings.Ports", "0.0.0.0:8080 -> 80/tcp"),
        ],
        remedies: vec![Remedy::by_hand(
            "Turn forwarding on now and after the next boot.",
            vec![
                "sysctl -w net.ipv4.ip_forward=1".to_owned(),
                "echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-forwarding.conf".to_owned(),
            ],
        )],
        explains: vec![Finding { explains: vec![port("9090/tcp of metrics")], ..port("8080/tcp of web") }],
        ..finding(
            1,
            Severity::Error,
            SubjectKind::Host,
            "web-1",
            "The host does not forward packets, so that containers reach nothing outside and nothing outside reaches them.",
        )
    }
}

fn finding(code: u16, severity: Severity, kind: SubjectKind, name: &str, summary: &str) -> Finding {
    Finding {
        code: CheckCode(code),
        severity,
        confidence: Confidence::Certain,
        subject: Subject { kind, name: name.to_owned() },
        summary: summary.to_owned(),
        evidence: Vec::new(),
        remedies: Vec::new(),
        explains: Vec::new(),
    }
}

fn evidence(source: &str, observed: &str) -> Evidence {
    Evidence { source: source.to_owned(), observed: observed.to_owned() }
}

fn check(code: u16, title: &str, result: CheckResult) -> CheckOutcome {
    CheckOutcome { code: CheckCode(code), title: title.to_owned(), result }
}

fn ran(findings: usize, gaps: Vec<Gap>) -> CheckResult {
    CheckResult::Ran { findings, gaps }
}
