//! PH027: the table of connection tracking is full, or nearly.

use porthole_model::{
    CheckCode, ConntrackCounters, Container, Gap, GapKind, NetworkStack, Severity, Subject, SubjectKind,
};

use super::concern::about_container;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::places::{container_namespace, engine_namespace, has_own_namespace};

const CODE: CheckCode = CheckCode(27);

const COUNT: &str = "net.netfilter.nf_conntrack_count";
const MAXIMUM: &str = "net.netfilter.nf_conntrack_max";

/// From this share on, in percent, the kernel ends connections to make room (`gc_worker`).
const FULL: u64 = 95;

/// From this share on, in percent, it may soon be full.
const NEARLY_FULL: u64 = 80;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the table of connection tracking is full",
    documentation: Documentation {
        checks: "In the network namespace of the engine and in those of running containers: how many entries connection \
                 tracking has (`nf_conntrack_count`) of how many it may have (`nf_conntrack_max`), and whether it ever \
                 had to end some to make room (`early_drop`).",
        why: "Every connection that is translated or filtered by its state has an entry. When the table is full, the \
              packet that would begin a new one is dropped: new connections time out at random, those that are there \
              go on. Many short connections do that, since an entry stays for two minutes after the end; so do \
              entries of connections that ended without a word, which stay for five days.",
        mend: "Raise the maximum, in `/etc/sysctl.d` for the next boot too; an entry takes about 400 bytes. Look at what \
               makes so many connections.",
        example: "The kernel's log says `nf_conntrack: table full, dropping packet`, and one request in ten times out.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    let host = snapshot.host.known()?;
    let subject = Subject { kind: SubjectKind::Host, name: "connection tracking".to_owned() };
    let home = engine_namespace(snapshot)?;
    found.part(judge(home.stack.known()?, &subject, "this host"));
    let containers = snapshot.engine.value().and_then(|engine| engine.containers.value());
    let living = containers.into_iter().flatten();
    for container in living.filter(|container| container.is_alive() && has_own_namespace(container)) {
        let namespace = container_namespace(host, container);
        found.part(namespace.and_then(|namespace| in_container(namespace.stack.known()?, container)));
    }
    Ok(found)
}

fn in_container(stack: &NetworkStack, container: &Container) -> Result<Option<Concern>, Gap> {
    judge(stack, &about_container(container), &format!("container '{}'", container.name))
}

fn judge(stack: &NetworkStack, subject: &Subject, place: &str) -> Result<Option<Concern>, Gap> {
    let (Some(count), Some(maximum)) = (number(stack, COUNT)?, number(stack, MAXIMUM)?) else {
        return Ok(None);
    };
    let percent = count.saturating_mul(100).checked_div(maximum).unwrap_or(0);
    let counters = stack.connection_tracking.value().and_then(|tracking| tracking.counters.value());
    let ended = counters.map_or(0, |counters| counters.early_drop);
    let (severity, what) = match percent {
        FULL.. => (Severity::Error, "is full: new connections are dropped"),
        NEARLY_FULL.. => (Severity::Warning, "is nearly full: soon new connections will be dropped"),
        _ if ended > 0 => (Severity::Warning, "was full since boot: connections were dropped"),
        _ => return Ok(None),
    };
    let summary = format!("the table of connection tracking of {place} {what}");
    let concern = Concern::new(CODE, severity, subject.clone(), summary)
        .evidence(format!("sysctl {COUNT}"), count.to_string())
        .evidence(format!("sysctl {MAXIMUM}"), maximum.to_string());
    let concern = counters.map_or(concern.clone(), |counters| with_counters(concern, *counters));
    Ok(Some(
        concern
            .remedy(
                "raise the maximum, on the host itself",
                vec![format!("sysctl -w {MAXIMUM}={}", maximum.saturating_mul(2))],
            )
            .remedy(
                "see who has the most entries",
                vec![
                    "conntrack -L 2>/dev/null | grep -o 'src=[^ ]*' | sort | uniq -c | sort -rn | head"
                        .to_owned(),
                ],
            ),
    ))
}

fn with_counters(concern: Concern, counters: ConntrackCounters) -> Concern {
    let ConntrackCounters { drop, early_drop } = counters;
    concern.evidence("/proc/net/stat/nf_conntrack", format!("early_drop {early_drop}, drop {drop}"))
}

/// The value; `None` where the kernel tracks no connections.
fn number(stack: &NetworkStack, name: &str) -> Result<Option<u64>, Gap> {
    match stack.sysctl(name).known() {
        Ok(text) => {
            let number = text.trim().parse();
            number
                .map(Some)
                .map_err(|_| Gap::new(GapKind::Failed, format!("sysctl {name}"), "it is no number"))
        }
        Err(gap) if gap.kind == GapKind::Unsupported => Ok(None),
        Err(gap) => Err(gap),
    }
}
