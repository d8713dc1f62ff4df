//! PH002: the rules that Docker laid into the host's firewall are gone.

use porthole_model::{CheckCode, Gap, Severity, Snapshot, Subject, SubjectKind};

use super::{Check, Concern, Documentation, Found};
use crate::attachment::has_bridge;
use crate::case::Case;
use crate::firewall::{Culprit, Part, Scene};
use crate::places::in_engine_namespace;

const CODE: CheckCode = CheckCode(2);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "Docker's firewall rules are gone",
    documentation: Documentation {
        checks: "Whether the rules are there that Docker lays into the tables \"filter\" and \"nat\" as long as it has \
                 a network of the bridge driver: its chains, and rules that lead to them. Not where Docker was told to \
                 lay none (`\"iptables\": false`), and not for its nftables back end.",
        why: "Docker lays its rules when it starts and when something of its own changes, and does not look at them \
              in between. When something else loads a rule set of its own meanwhile (a firewall's reload, `nft flush \
              ruleset`, `iptables-restore`, a configuration management), all of them are gone at once. Containers then \
              reach nothing outside, published ports work through docker-proxy at best, and the next `docker run -p` \
              fails with \"No chain/target/match by that name\". Where only the rules of \"filter\" are gone and the \
              rest still lets packets pass, everything seems to work, but networks are no longer kept apart.",
        mend: "Restart Docker: it lays its rules anew. Then find who took them away, and have it load its own rules \
               without flushing others, or restart Docker after it.",
        example: "`systemctl reload nftables` with `flush ruleset` at the top of `/etc/nftables.conf`.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let Some(scene) = case.scene()? else { return Ok(found) };
    if scene.rules.are_gone() {
        found.concerns.push(concern(snapshot, scene, Severity::Error, ALL));
    } else if scene.rules.filter != Part::Joined && lets_all_pass(scene)? {
        found.concerns.push(concern(snapshot, scene, Severity::Warning, FILTER));
    }
    Ok(found)
}

const ALL: &str = "the rules that Docker laid into the host's firewall are gone: containers reach nothing outside, and published ports work in part or not at all";

const FILTER: &str = "Docker's rules in the firewall's table \"filter\" are gone: everything passes, and networks are no longer kept apart";

/// Where something is stopped, that is the fault to tell.
fn lets_all_pass(scene: &Scene<'_>) -> Result<bool, Gap> {
    use Culprit::{Docker, Foreign, ForwardPolicy, OtherIptables};
    Ok(scene.stopped_by(&[Docker, Foreign, ForwardPolicy, OtherIptables])?.is_empty())
}

fn concern(snapshot: &Snapshot, scene: &Scene<'_>, severity: Severity, summary: &str) -> Concern {
    let networks = scene.engine.networks.value().into_iter().flatten().filter(|network| has_bridge(network));
    let names: Vec<_> = networks.map(|network| network.name.as_str()).collect();
    let subject = Subject { kind: SubjectKind::Host, name: "Docker's firewall rules".to_owned() };
    Concern::new(CODE, severity, subject, summary.to_owned())
        .evidence(scene.place("filter"), words(scene.rules.filter, "FORWARD"))
        .evidence(scene.place("nat"), words(scene.rules.nat, "PREROUTING"))
        .evidence("networks of the engine with a bridge, which need them", names.join(", "))
        .remedy(
            "restart Docker, which lays its rules anew; containers without `live-restore` restart with it",
            vec!["systemctl restart docker".to_owned()],
        )
        .remedy(
            "see what is there, and find what took them away",
            vec![
                in_engine_namespace(snapshot, &scene.listing_of_all()),
                "journalctl --since today | grep -iE 'firewalld|nftables|iptables|ufw'".to_owned(),
            ],
        )
}

fn words(part: Part, base: &str) -> String {
    match part {
        Part::Joined => "Docker's chains are there".to_owned(),
        Part::Cut => format!("Docker's chains are there, but no rule of {base} leads to them"),
        Part::Gone => "no chain of Docker's is there".to_owned(),
    }
}
