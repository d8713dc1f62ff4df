//! PH006: rules of iptables-legacy and of iptables-nft stand side by side.

use porthole_model::firewall::{Backend, FirewallTable, Policy};
use porthole_model::{CheckCode, Gap, Severity, Snapshot, Subject, SubjectKind};

use super::concern::listed;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Culprit, Scene, Victim};
use crate::places::in_engine_namespace;

const CODE: CheckCode = CheckCode(6);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "rules of iptables-legacy and of iptables-nft are mixed",
    documentation: Documentation {
        checks: "Whether the tables of the one have Docker's rules while the tables of the other have rules, or \
                 policies that drop, as well. Tables that are empty and accept everything do not count.",
        why: "The kernel has both at once, and a packet must be accepted by both, but each program shows its own \
              rules alone. The rules that one looks at seem right, and packets vanish. It happens where the host's \
              `iptables` was switched from one to the other without a reboot, or where a program in a container \
              brings the other one.",
        mend: "Decide for one, as `iptables --version` of the host tells it, and empty the tables of the other.",
        example: "`iptables-legacy -P FORWARD DROP` was set by an old script; `iptables -L` shows a policy of ACCEPT.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let Some(scene) = case.scene()? else { return Ok(found) };
    let Some(backend) = scene.rules.backend else { return Ok(found) };
    let others: Vec<_> = scene.firewall().tables().filter(|table| is_other(table, backend)).collect();
    let in_force: Vec<_> = others.iter().flat_map(|table| contents(table)).collect();
    if !in_force.is_empty() {
        found.concerns.push(concern(snapshot, scene, backend, &in_force)?);
    }
    Ok(found)
}

fn is_other(table: &FirewallTable, backend: Backend) -> bool {
    table.backend != backend && table.backend != Backend::Nftables
}

/// What of a table is in force, chain by chain.
fn contents(table: &FirewallTable) -> Vec<String> {
    let of_chains = table.chains.iter().filter_map(|chain| {
        let drops = chain.base.as_ref().is_some_and(|base| base.policy == Policy::Drop);
        let rules = chain.rules.len();
        let what = match (rules, drops) {
            (0, false) => return None,
            (0, true) => "policy DROP".to_owned(),
            (_, false) => format!("{rules} rules"),
            (_, true) => format!("policy DROP, {rules} rules"),
        };
        Some(format!("table {}, chain {}: {what}", table.name, chain.name))
    });
    of_chains.collect()
}

fn concern(
    snapshot: &Snapshot,
    scene: &Scene<'_>,
    backend: Backend,
    in_force: &[String],
) -> Result<Concern, Gap> {
    let (dockers, other) = match backend {
        Backend::IptablesLegacy => ("iptables-legacy", "iptables-nft"),
        _ => ("iptables-nft", "iptables-legacy"),
    };
    let stopped = scene.stopped_by(&[Culprit::OtherIptables])?;
    let victims: Vec<_> = stopped.iter().flat_map(|(_, victims)| victims.iter().cloned()).collect();
    let (severity, summary) = if victims.is_empty() {
        let summary = format!(
            "Docker's rules are in {dockers}, and {other} has rules as well, which {dockers} does not show"
        );
        (Severity::Warning, summary)
    } else {
        let summary = format!(
            "Docker's rules are in {dockers}, but {other} has rules as well, and they stop {}",
            listed(&victims, Victim::words)
        );
        (Severity::Error, summary)
    };
    let subject = Subject { kind: SubjectKind::Host, name: format!("{other} beside {dockers}") };
    let mut concern = Concern::new(CODE, severity, subject, summary)
        .evidence(other, listed(in_force, String::clone))
        .evidence(dockers, "Docker's chains are there");
    for (stop, _) in &stopped {
        let evidence = stop.evidence();
        concern = concern.evidence(evidence.source, evidence.observed);
    }
    concern = victims.iter().fold(concern, |concern, victim| concern.related(victim.subject()));
    let see = in_engine_namespace(snapshot, &format!("{other}-save"));
    let flush: Vec<_> = ["-P FORWARD ACCEPT", "-P INPUT ACCEPT", "-F", "-t nat -F"]
        .iter()
        .map(|arguments| in_engine_namespace(snapshot, &format!("{other} {arguments}")))
        .collect();
    Ok(concern
        .remedy(format!("where nothing needs them, empty the tables of {other}"), flush)
        .remedy("see what they hold before that", vec![see]))
}
