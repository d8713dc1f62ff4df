//! PH005: a rule or policy that is not Docker's stops the packets of containers.

use porthole_model::{CheckCode, Gap, Severity, Snapshot, Subject, SubjectKind};

use super::concern::listed;
use super::{Check, Concern, Documentation, Found, stopped};
use crate::case::Case;
use crate::firewall::{Culprit, Scene, Stop, Victim, names_a_port};
use crate::places::in_engine_namespace;

const CODE: CheckCode = CheckCode(5);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a firewall rule stops the packets of containers",
    documentation: Documentation {
        checks: "By following packets through all chains of all tables, in the kernel's order: whether the first \
                 packet to a published port, or of a container to the outside, ends at a rule or policy that is not \
                 Docker's: in `DOCKER-USER`, before Docker's rules, or in another table. Only where it stops \
                 everybody, by every interface that leads out of the host: a list of who may come in is no fault, and \
                 neither is a list of what containers may ask.",
        why: "A packet must be accepted by every table that has a chain at a hook: Docker's rules cannot overrule \
              those of firewalld, of nftables or of a chain before them. A rule that drops gives timeouts, one that \
              rejects gives \"connection refused\" or \"no route to host\". From the host itself the port works.",
        mend: "Remove the rule, or put one before it that accepts what containers need. Rules of your own for \
               containers belong into the chain `DOCKER-USER`.",
        example: "`chain forward { type filter hook forward priority 0; policy drop; }` in `/etc/nftables.conf`.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    stopped::by(case, Culprit::Foreign, |scene, stop, victims| concern(case.snapshot, scene, stop, victims))
}

fn concern(snapshot: &Snapshot, scene: &Scene<'_>, stop: &Stop, victims: &[Victim<'_>]) -> Concern {
    let evidence = stop.evidence();
    // Who names a port has most likely meant it.
    let is_meant = stop.rule().and_then(|rule| scene.journeys.rule(rule)).is_some_and(names_a_port);
    let severity = if is_meant { Severity::Warning } else { Severity::Error };
    let what = if stop.rule().is_some() { "a rule" } else { "the policy" };
    let ends = if stop.is_told() { "refuses" } else { "drops" };
    let chain = stop.chain().map_or("", |chain| chain.chain.as_str());
    let summary = format!("{what} of the firewall's chain {chain} {ends} {}", listed(victims, Victim::words));
    let subject = Subject { kind: SubjectKind::Host, name: evidence.source.clone() };
    let packets: Vec<_> = victims.iter().map(Victim::packet).take(3).collect();
    let concern = Concern::new(CODE, severity, subject, summary)
        .evidence(evidence.source, evidence.observed)
        .evidence("packets that end there", packets.join("; "));
    let undoing = stop.undoing().map(|command| in_engine_namespace(snapshot, &command));
    concern.remedy(
        match stop.rule() {
            Some(_) => "remove the rule, here and where it is loaded from",
            None => "have the chain accept what no rule of it decides on, here and where it is loaded from",
        },
        undoing.into_iter().collect(),
    )
}
