//! PH017: no subnet is left for a new network.

use std::net::{IpAddr, Ipv4Addr};

use porthole_model::{
    CheckCode, DefaultPool, EngineKind, Gap, IpPrefix, Network, NetworkStack, Observed, ResolverFile, Route,
    RouteKind, Severity, Snapshot, Subject, SubjectKind,
};

use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::RESOLVED_STUB;
use crate::places::engine_namespace;

const CODE: CheckCode = CheckCode(17);

/// What Docker takes subnets from unless it is told otherwise: 31 of them (moby's `ipamutils`).
const BUILT_IN: [DefaultPool; 7] = [
    pool(172, 17, 16, 16),
    pool(172, 18, 16, 16),
    pool(172, 19, 16, 16),
    pool(172, 20, 14, 16),
    pool(172, 24, 14, 16),
    pool(172, 28, 14, 16),
    pool(192, 168, 16, 20),
];

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "no subnet is left for a new network",
    documentation: Documentation {
        checks: "How many of the subnets that the engine may choose for a new IPv4 network, by `default-address-pools` \
                 or of its 31 built-in ones, overlap no network that it has, no route of the host that has no next hop, and hold \
                 no name server of the host.",
        why: "The engine gives each network a subnet of its own. When all are taken, by networks that nobody removed (a \
              network for each run of a CI job) or by routes of a VPN that cover them, `docker network create` and \
              `docker compose up` fail: \"could not find an available, non-overlapping IPv4 address pool among the \
              defaults to assign to the network\". What runs goes on.",
        mend: "Remove networks without containers (`docker network prune`), or give the engine smaller subnets: with \
               `\"default-address-pools\": [{\"base\": \"10.200.0.0/16\", \"size\": 24}]` there are 256. They hold for \
               networks that are made after that.",
        example: "The 31st project on a build machine: `docker compose up` fails before it starts anything.",
    },
    run,
};

const fn pool(first: u8, second: u8, length: u8, size: u8) -> DefaultPool {
    DefaultPool { base: IpPrefix { address: IpAddr::V4(Ipv4Addr::new(first, second, 0, 0)), length }, size }
}

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    if engine.version.kind == EngineKind::Podman {
        return Ok(found);
    }
    let networks = engine.networks.known()?;
    let configured = engine.info.known()?.address_pools.known()?;
    let home = engine_namespace(snapshot)?.stack.known()?;
    let pools = if configured.is_empty() { BUILT_IN.as_slice() } else { configured };
    let routes = claims(home)?;
    let servers = name_servers(snapshot);
    let subnets: Vec<IpPrefix> = pools.iter().flat_map(subnets).collect();
    let of_networks = used(&subnets, networks);
    let is_free = |subnet: &&IpPrefix| {
        !of_networks.contains(*subnet)
            && !routes.iter().any(|route| overlap(&route.destination, subnet))
            && !servers.iter().any(|server| subnet.contains(*server))
    };
    if !subnets.is_empty() && !subnets.iter().any(|subnet| is_free(&subnet)) {
        found.concerns.push(concern(&subnets, &of_networks, networks, configured));
    }
    Ok(found)
}

/// The subnets that a pool is cut into; of IPv4 alone, and no more than anybody has networks.
fn subnets(pool: &DefaultPool) -> Vec<IpPrefix> {
    const MOST: u32 = 65_536;
    let IpAddr::V4(base) = pool.base.address else { return Vec::new() };
    let (length, size) = (u32::from(pool.base.length), u32::from(pool.size));
    if size < length || size > 32 || size == 0 {
        return Vec::new();
    }
    let count = 1u32.checked_shl(size - length).unwrap_or(MOST).min(MOST);
    let step = 1u64 << (32 - size);
    let network = |number: u32| {
        let address = u64::from(u32::from(base)) + u64::from(number) * step;
        let address = u32::try_from(address).ok()?;
        Some(IpPrefix { address: IpAddr::V4(Ipv4Addr::from(address)), length: pool.size })
    };
    (0..count).filter_map(network).collect()
}

fn used(subnets: &[IpPrefix], networks: &[Network]) -> Vec<IpPrefix> {
    let taken: Vec<_> =
        networks.iter().flat_map(|network| &network.subnets).map(|held| held.prefix).collect();
    subnets.iter().copied().filter(|subnet| taken.iter().any(|other| overlap(other, subnet))).collect()
}

fn overlap(one: &IpPrefix, other: &IpPrefix) -> bool {
    one.contains(other.address) || other.contains(one.address)
}

/// The routes that keep the engine from a subnet: those without a next hop, as all versions from 20.10 on do it.
fn claims(home: &NetworkStack) -> Result<Vec<&Route>, Gap> {
    let claims = |route: &&Route| {
        route.table == Route::MAIN_TABLE
            && route.kind == RouteKind::Unicast
            && route.destination.length > 0
            && route.gateway.is_none()
    };
    Ok(home.routes.known()?.iter().filter(claims).collect())
}

/// The name servers that keep the engine from a subnet (`InferReservedNetworks`): those of the resolv.conf that it reads.
/// Where the files were not read, none is known, and a subnet too many may seem free.
fn name_servers(snapshot: &Snapshot) -> Vec<IpAddr> {
    let Observed::Known(names) = &snapshot.names else { return Vec::new() };
    let servers = |file: &Observed<Option<ResolverFile>>| -> Vec<IpAddr> {
        let file = file.value().and_then(Option::as_ref);
        file.into_iter().flat_map(|file| &file.name_servers).map(|server| server.address).collect()
    };
    let own = servers(&names.host.resolver_file);
    if own == [RESOLVED_STUB] { servers(&names.host.resolved_file) } else { own }
}

fn concern(
    subnets: &[IpPrefix],
    of_networks: &[IpPrefix],
    networks: &[Network],
    configured: &[DefaultPool],
) -> Concern {
    let subject = Subject { kind: SubjectKind::Engine, name: "address pools".to_owned() };
    let summary = format!(
        "no new network can be made: all {} subnets that the engine may choose from are taken",
        subnets.len()
    );
    let source = if configured.is_empty() {
        "the engine's built-in address pools".to_owned()
    } else {
        let pools = configured.iter().map(|pool| format!("{} in /{}", pool.base, pool.size));
        format!("default-address-pools: {}", pools.collect::<Vec<_>>().join(", "))
    };
    let (by_networks, by_host) = (of_networks.len(), subnets.len() - of_networks.len());
    Concern::new(CODE, Severity::Warning, subject, summary)
        .evidence(source, format!("{by_networks} taken by networks, {by_host} by routes and name servers of this host"))
        .evidence("networks of the engine", networks.len().to_string())
        .remedy("remove the networks that no container is on", vec!["docker network prune".to_owned()])
        .remedy(
            "or give the engine more and smaller subnets in /etc/docker/daemon.json, such as \"default-address-pools\": \
             [{\"base\": \"10.200.0.0/16\", \"size\": 24}], and restart it",
            vec!["systemctl restart docker".to_owned()],
        )
}
