//! From a backup and what the engine has now to the steps that are missing.

use std::collections::{BTreeMap, BTreeSet};

use porthole_model::{IpPrefix, Membership, NetworkBackup, NetworkStep, NetworksNow, SavedNetwork};

use super::Orphans;

/// What is to be done, and what is not, with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestorePlan {
    /// Containers that run and must be stopped first.
    pub stops: Vec<NetworkStep>,
    /// The steps behind that, in order.
    pub steps: Vec<NetworkStep>,
    /// Networks that are there already.
    pub kept: Vec<KeptNetwork>,
    /// What is left out, and why.
    pub left_out: Vec<String>,
}

/// A network that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptNetwork {
    /// Its name.
    pub name: String,
    /// In what it differs from the backup, a phrase each.
    pub differences: Vec<String>,
}

/// The steps that bring back what `backup` has and the engine lacks. Done twice, the second time has no step.
///
/// Containers that run are stopped before they change networks, and started afterwards; those that ran when the backup
/// was made are started with `start`.
pub fn restore_plan(backup: &NetworkBackup, now: &NetworksNow, start: bool) -> RestorePlan {
    let mut plan = RestorePlan::default();
    for saved in in_order(&backup.networks) {
        network(&mut plan, saved, &now.networks);
    }
    let now = Now { backup, now };
    let mut starts = Vec::new();
    for (name, places) in containers(&now) {
        starts.extend(container(&mut plan, name, &places, &now, start));
    }
    // Only when all have asked for their addresses; fixed ones are never free to choose.
    starts.sort_by_key(|(has_fixed, _)| !has_fixed);
    plan.steps.extend(starts.into_iter().map(|(_, step)| step));
    plan
}

impl RestorePlan {
    /// Every step.
    pub fn all(&self) -> Vec<NetworkStep> {
        [self.stops.as_slice(), &self.steps].concat()
    }
}

/// Links that still hold an address of a subnet that these steps are about to make, a phrase each: two bridges with one
/// subnet have two routes, and the wrong one is taken.
pub fn in_the_way(steps: &[NetworkStep], orphans: &Orphans) -> Vec<String> {
    let made = steps.iter().filter_map(|step| match step {
        NetworkStep::Create(network) => Some(network),
        _ => None,
    });
    let subnets: Vec<IpPrefix> =
        made.flat_map(|network| &network.pools).filter_map(|pool| pool.subnet.parse().ok()).collect();
    let is_in_the_way = |address: &IpPrefix| subnets.iter().any(|subnet| subnet.contains(address.address));
    let mut held = Vec::new();
    for link in &orphans.links {
        let addresses = link.addresses.iter().filter(|address| is_in_the_way(address));
        held.extend(addresses.map(|address| format!("{} still holds {address}", link.name)));
    }
    held
}

/// The places of every container: those of the backup, and those of now whose network is gone and in the backup.
fn containers<'a>(now: &Now<'a>) -> BTreeMap<&'a str, Vec<&'a Membership>> {
    let mut containers: BTreeMap<&str, Vec<&Membership>> = BTreeMap::new();
    for place in &now.backup.memberships {
        containers.entry(&place.container_name).or_default().push(place);
    }
    for place in now.now.memberships.iter().filter(|place| place.network_id.is_some()) {
        let places = containers.entry(&place.container_name).or_default();
        if !places.iter().any(|known| known.network_name == place.network_name) {
            places.push(place);
        }
    }
    containers
}

/// Networks that others take their settings from go first.
fn in_order(networks: &[SavedNetwork]) -> impl Iterator<Item = &SavedNetwork> {
    let (first, rest): (Vec<_>, Vec<_>) = networks.iter().partition(|network| network.config_only);
    first.into_iter().chain(rest)
}

fn network(plan: &mut RestorePlan, saved: &SavedNetwork, now: &[SavedNetwork]) {
    if saved.is_predefined() {
        return;
    }
    if !saved.is_local() {
        let name = &saved.name;
        plan.left_out.push(format!("network '{name}' belongs to the swarm, which makes it itself"));
        return;
    }
    match now.iter().find(|network| network.name == saved.name) {
        Some(found) => {
            plan.kept.push(KeptNetwork { name: saved.name.clone(), differences: differences(saved, found) });
        }
        None => plan.steps.push(NetworkStep::Create(Box::new(saved.clone()))),
    }
}

fn differences(saved: &SavedNetwork, found: &SavedNetwork) -> Vec<String> {
    let subnets = |network: &SavedNetwork| {
        let subnets: BTreeSet<_> = network.pools.iter().map(|pool| pool.subnet.clone()).collect();
        subnets.into_iter().collect::<Vec<_>>().join(", ")
    };
    let switch = |is_on: bool| if is_on { "yes" } else { "no" }.to_owned();
    let compared = [
        ("driver", saved.driver.clone(), found.driver.clone()),
        ("subnets", subnets(saved), subnets(found)),
        ("internal", switch(saved.internal), switch(found.internal)),
        ("IPv6", switch(saved.ipv6), switch(found.ipv6)),
        ("options", format!("{:?}", saved.options), format!("{:?}", found.options)),
        ("labels", format!("{:?}", saved.labels), format!("{:?}", found.labels)),
    ];
    let differs = compared.into_iter().filter(|(_, before, now)| before != now);
    differs.map(|(what, before, now)| format!("{what}: {before} in the backup, {now} now")).collect()
}

struct Now<'a> {
    backup: &'a NetworkBackup,
    now: &'a NetworksNow,
}

impl Now<'_> {
    /// Whether the place is of a network that is made again at all.
    fn concerns(&self, place: &Membership) -> bool {
        let saved = self.backup.networks.iter().find(|network| network.name == place.network_name);
        saved.is_some_and(|network| !network.is_predefined() && network.is_local())
    }

    /// The container's place on the network as it is now, and whether the engine has the network that it names.
    fn place(&self, container: &str, network: &str) -> Option<(&Membership, bool)> {
        let place = self
            .now
            .memberships
            .iter()
            .find(|place| place.container_name == container && place.network_name == network)?;
        let is_sound = place.network_id.as_ref().is_none_or(|id| {
            self.now.networks.iter().any(|known| known.name == network && known.network_id() == *id)
        });
        // Before its first start a container names its networks without their ids.
        let is_sound = is_sound && self.now.networks.iter().any(|known| known.name == network);
        Some((place, is_sound))
    }
}

/// Adds the container's moves; gives its start, and whether it has a fixed address.
fn container(
    plan: &mut RestorePlan,
    name: &str,
    places: &[&Membership],
    now: &Now<'_>,
    start: bool,
) -> Option<(bool, NetworkStep)> {
    let Some(runs) = now.now.containers.get(name).copied() else {
        plan.left_out.push(format!("container '{name}' does not exist any more"));
        return None;
    };
    let mut moves = Vec::new();
    for place in places.iter().filter(|place| now.concerns(place)) {
        match now.place(name, &place.network_name) {
            Some((_, true)) => {}
            // One that was never started keeps the name alone, and finds the new network by it.
            Some((current, false)) if current.network_id.is_none() => {}
            Some((_, false)) => moves.extend(again(place, true)),
            None => moves.extend(again(place, false)),
        }
    }
    let should_run = runs || (start && places.iter().any(|place| place.was_running));
    let has_moves = !moves.is_empty();
    if has_moves && runs {
        plan.stops.push(NetworkStep::Stop { container: name.to_owned() });
    }
    plan.steps.extend(moves);
    let is_fixed = places.iter().any(|place| place.is_fixed);
    let starts = should_run && (has_moves || !runs);
    starts.then(|| (is_fixed, NetworkStep::Start { container: name.to_owned() }))
}

fn again(place: &Membership, has_stale_place: bool) -> Vec<NetworkStep> {
    let disconnect = NetworkStep::Disconnect {
        network: place.network_name.clone(),
        container: place.container_name.clone(),
    };
    let connect = NetworkStep::Connect(Box::new(place.clone()));
    if has_stale_place { vec![disconnect, connect] } else { vec![connect] }
}
