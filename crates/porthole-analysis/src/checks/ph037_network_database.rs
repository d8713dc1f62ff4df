//! PH037: the engine's network database is damaged, or somebody else holds its lock.

use porthole_model::{
    CheckCode, Gap, IpPrefix, LockHolder, NetworkDatabase, Observed, Pid, Severity, StoredNetwork, Subject,
    SubjectKind,
};

use super::concern::about_engine;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;

const CODE: CheckCode = CheckCode(37);
/// How many damaged places stand in the finding.
const SHOWN: usize = 10;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the engine's network database is damaged or locked",
    documentation: Documentation {
        checks: "Reads the engine's `local-kv.db` page by page, without its lock: whether its meta pages, its tree and the \
                 list of free pages are whole, whether every value is JSON, whether the address ranges of networks are some, and \
                 who holds the file's lock.",
        why: "An engine with a damaged database does not start: it ends with `invalid database`, or with a panic such as \
              `assertion failed: Page expected to be: 3, but self identifies as 2`. An engine that runs goes on until its next start. Where another process \
              holds the lock, engines up to 27 wait for it, and newer ones refuse to start.",
        mend: "`porthole netdb reset` saves what can be read, moves the file away and starts the engine, which makes a new \
               one; `porthole netdb restore` brings the networks back. A lock is given back when its holder ends.",
        example: "After a power cut: `failed to start daemon: Error initializing network controller: ... invalid database`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let database = snapshot.network_database.known()?;
    let mut found = Found::default();
    found.concerns.extend(damage(database));
    found.concerns.extend(without_range(database));
    match &database.lock_holders {
        Observed::Known(holders) => {
            let daemon = snapshot.engine.value().and_then(|engine| engine.daemon.value()).copied();
            found.concerns.extend(holders.iter().filter_map(|holder| locked(database, holder, daemon)));
        }
        Observed::Missing(gap) => found.gap(gap.clone()),
    }
    Ok(found)
}

fn damage(database: &NetworkDatabase) -> Option<Concern> {
    if database.faults.is_empty() {
        return None;
    }
    // One of the two meta pages is enough for the engine.
    let is_only_meta = database.transaction.is_some()
        && database.faults.iter().all(|fault| matches!(fault.page, Some(0 | 1)));
    let (severity, effect) = if is_only_meta {
        (Severity::Warning, "the engine goes on with the older half")
    } else {
        (Severity::Error, "the engine will not start with it")
    };
    let summary = format!("the engine's network database is damaged: {effect}");
    let mut concern = Concern::new(CODE, severity, subject(), summary)
        .related_to((severity == Severity::Error).then(about_engine));
    for fault in database.faults.iter().take(SHOWN) {
        let source = match (fault.page, fault.offset) {
            (Some(page), Some(offset)) => format!("{}, page {page} at byte {offset}", database.path),
            _ => database.path.clone(),
        };
        concern = concern.evidence(source, fault.problem.clone());
    }
    if let Some(more @ 1..) = database.faults.len().checked_sub(SHOWN) {
        concern = concern.evidence(database.path.clone(), format!("{more} more"));
    }
    Some(new_one(concern))
}

/// One such range, of whatever network, and the engine makes not even its own networks: it ends with `invalid CIDR
/// address` (tried with 20.10 and 28.5).
fn without_range(database: &NetworkDatabase) -> Option<Concern> {
    let wrong: Vec<_> =
        database.networks().filter_map(|network| Some((network, no_range(network)?))).collect();
    let (first, _) = wrong.first()?;
    let summary = format!(
        "the engine's network database has an address range of network '{}' that is none: the engine will not start \
         with it",
        first.name
    );
    let mut concern = Concern::new(CODE, Severity::Error, subject(), summary).related(about_engine());
    for (network, pool) in wrong.into_iter().take(SHOWN) {
        let source = format!("{}, network '{}'", database.path, network.name);
        concern = concern.evidence(source, format!("'{pool}' is no address range"));
    }
    Some(new_one(concern))
}

fn no_range(network: &StoredNetwork) -> Option<&str> {
    let mut pools = network.subnets.iter().map(|subnet| subnet.pool.as_str());
    pools.find(|pool| !pool.is_empty() && pool.parse::<IpPrefix>().is_err())
}

fn new_one(concern: Concern) -> Concern {
    concern.remedy(
        "save what can be read, and let the engine make a new database",
        vec!["porthole netdb reset".to_owned()],
    )
}

fn locked(database: &NetworkDatabase, holder: &LockHolder, daemon: Option<Pid>) -> Option<Concern> {
    let is_engine = match daemon {
        Some(daemon) => holder.pid == Some(daemon),
        None => holder.name.as_deref() == Some("dockerd"),
    };
    if is_engine {
        return None;
    }
    let who = match (holder.pid, &holder.name) {
        (Some(pid), Some(name)) => format!("process {pid} ({name})"),
        (Some(pid), None) => format!("process {pid}"),
        (None, _) => "a process that is not to be seen here".to_owned(),
    };
    let summary = format!(
        "{who} holds the lock of the engine's network database: the engine waits for it, or does not start"
    );
    let concern = Concern::new(CODE, Severity::Error, subject(), summary)
        .related(about_engine())
        .evidence("/proc/locks", format!("{who} holds the lock of {}", database.path));
    let concern = if holder.pid.is_none() { concern.likely() } else { concern };
    Some(concern.remedy("end that process, when it is known what it does", Vec::new()))
}

fn subject() -> Subject {
    Subject { kind: SubjectKind::Engine, name: "network database".to_owned() }
}
