//! PH004: the policy of FORWARD drops packets, since the rules by which Docker lets them pass are not met.

use porthole_model::{CheckCode, Gap, Severity, Snapshot, Subject, SubjectKind};

use super::concern::listed;
use super::{Check, Concern, Documentation, Found, stopped};
use crate::case::Case;
use crate::firewall::{Culprit, Part, Scene, Stop, Victim};
use crate::places::in_engine_namespace;

const CODE: CheckCode = CheckCode(4);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the policy of FORWARD drops the packets of containers",
    documentation: Documentation {
        checks: "By following packets through all rules: whether the first packet to a published port, or of a \
                 container to the outside, comes to the end of the chain FORWARD of Docker's own table \"filter\", \
                 whose policy is DROP.",
        why: "Docker sets that policy itself, or a firewall does, and Docker's rules in FORWARD are to accept what \
              is meant for containers before it. When these rules are flushed and the policy stays, everything that \
              is forwarded times out: published ports from outside, and all that containers send.",
        mend: "Restart Docker: it lays its rules anew. Setting the policy to ACCEPT helps too, but makes the host \
               a router for everybody.",
        example: "A script that begins with `iptables -P FORWARD DROP; iptables -F FORWARD`, run after Docker.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    stopped::by(case, Culprit::ForwardPolicy, |scene, stop, victims| {
        concern(case.snapshot, scene, stop, victims)
    })
}

fn concern(snapshot: &Snapshot, scene: &Scene<'_>, stop: &Stop, victims: &[Victim<'_>]) -> Concern {
    let subject = Subject { kind: SubjectKind::Host, name: "policy of FORWARD".to_owned() };
    let missing = match scene.rules.filter {
        Part::Joined => "no rule of Docker's accepts the packet before that",
        Part::Cut => "Docker's chains are there, but no rule of FORWARD leads to them",
        Part::Gone => "no chain of Docker's is there",
    };
    let evidence = stop.evidence();
    let summary = format!("the policy of the chain FORWARD drops {}", listed(victims, Victim::words));
    let concern = Concern::new(CODE, Severity::Error, subject, summary)
        .evidence(evidence.source, evidence.observed)
        .evidence(format!("{}, table filter", scene.iptables()), missing);
    concern
        .remedy(
            "restart Docker, which lays its rules anew; containers without `live-restore` restart with it",
            vec!["systemctl restart docker".to_owned()],
        )
        .remedy(
            "or let everything pass that is forwarded",
            stop.undoing().map(|command| in_engine_namespace(snapshot, &command)).into_iter().collect(),
        )
}
