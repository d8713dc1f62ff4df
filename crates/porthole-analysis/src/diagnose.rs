//! The runner: every check over one snapshot, and one report.

use porthole_model::{
    CheckCode, CheckOutcome, CheckResult, Engine, EngineKind, EngineVersion, Finding, Gap, Host, Report,
    Scope, Snapshot, Topic,
};

use crate::case::Case;
use crate::checks::{Check, Concern, Found, checks};
use crate::fold::fold;
use crate::probes;

/// What the checks read.
pub fn doctor_scope() -> Scope {
    use Topic::{
        Aftermaths, Connections, EngineInfo, Firewall, ForwardingDatabase, Links, Listeners, Names,
        NetworkDatabase, OwnFirewallWording, Resources, Routes, Storage, Sysctls,
    };
    let network =
        [Links, Routes, ForwardingDatabase, Sysctls, Listeners, Connections, Firewall, OwnFirewallWording];
    let others = [Resources, Storage, Names, EngineInfo, Aftermaths, NetworkDatabase];
    Scope::of(&[network.as_slice(), &others].concat())
}

/// The checks of the network database: the containers' references, what is left over, and the file itself.
const NETWORK_CHECKS: [CheckCode; 3] = [CheckCode(35), CheckCode(36), CheckCode(37)];

/// What the checks of the network database read.
pub fn networks_scope() -> Scope {
    Scope::of(&[Topic::Links, Topic::EngineInfo, Topic::NetworkDatabase])
}

/// [`diagnose`] with the checks of the network database alone.
pub fn diagnose_networks(snapshot: &Snapshot) -> Report {
    run(&Case::new(snapshot), |check| NETWORK_CHECKS.contains(&check.code))
}

/// The checks of forwarding, published ports and the addresses behind them.
const PORT_CHECKS: std::ops::RangeInclusive<u16> = 1..=18;

/// What the checks of published ports find; what they could not look at is left to who shows the facts.
pub(crate) fn diagnose_ports(case: &Case<'_>) -> Vec<Finding> {
    run(case, |check| PORT_CHECKS.contains(&check.code.0)).findings
}

/// Runs every check. A check whose facts are missing is listed as skipped, with the reason.
///
/// Findings come worst first, what is broken before what is risky; what one finding explains stands under it.
pub fn diagnose(snapshot: &Snapshot) -> Report {
    run(&Case::new(snapshot), |_| true)
}

fn run(case: &Case<'_>, is_wanted: impl Fn(&Check) -> bool) -> Report {
    let snapshot = case.snapshot;
    let mut concerns: Vec<Concern> = Vec::new();
    let mut outcomes = Vec::new();
    for check in checks().iter().filter(|check| is_wanted(check)) {
        let result = (check.run)(case).map(|found| taken(found, &mut concerns));
        outcomes.push(outcome(check, result));
    }
    probes::attach(case, &mut concerns);
    let mut findings = fold(concerns);
    sort(&mut findings);
    Report {
        observed_at: snapshot.observed_at,
        host: snapshot.host.value().map_or_else(|| "a host that was not read".to_owned(), host_phrase),
        engine: snapshot.engine.known().map(engine_phrase),
        findings,
        checks: outcomes,
    }
}

/// What is open to others, and works: the API on TCP, and the socket in a container.
const RISKS: [CheckCode; 2] = [CheckCode(104), CheckCode(105)];

/// Worst first; of the same severity what is broken before what is risky, and what explains others before what does
/// not; then by code and subject.
pub(crate) fn sort(findings: &mut [Finding]) {
    let rank = |finding: &Finding| (RISKS.contains(&finding.code), finding.explains.is_empty());
    findings.sort_by(|left, right| {
        let worst_first = right.severity.cmp(&left.severity).then_with(|| rank(left).cmp(&rank(right)));
        worst_first.then_with(|| (left.code, &left.subject).cmp(&(right.code, &right.subject)))
    });
    for finding in findings {
        sort(&mut finding.explains);
    }
}

fn taken(found: Found, concerns: &mut Vec<Concern>) -> CheckResult {
    let findings = found.concerns.len();
    concerns.extend(found.concerns);
    CheckResult::Ran { findings, gaps: found.gaps }
}

fn outcome(check: &Check, result: Result<CheckResult, Gap>) -> CheckOutcome {
    let result = result.unwrap_or_else(CheckResult::Skipped);
    CheckOutcome { code: check.code, title: check.title.to_owned(), result }
}

fn host_phrase(host: &Host) -> String {
    let system = host.operating_system.value().cloned();
    let kernel = host.kernel_release.value().map(|release| format!("Linux {release}"));
    let parts = [host.hostname.value().cloned(), system, kernel];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    if known.is_empty() { "a host without a name".to_owned() } else { known.join(", ") }
}

fn engine_phrase(engine: &Engine) -> String {
    let version = &engine.version;
    format!("{} at {}, API {}", engine_name(version), engine.endpoint, version.negotiated_api_version)
}

/// An engine in two words: `Docker 28.5.2`.
pub(crate) fn engine_name(version: &EngineVersion) -> String {
    let kind = match version.kind {
        EngineKind::Docker => "Docker",
        EngineKind::Podman => "Podman",
    };
    format!("{kind} {}", version.version)
}
