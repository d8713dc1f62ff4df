//! The steps that mend one container whose network is gone.

use std::net::IpAddr;

use porthole_model::{AddressPool, IpPrefix, LinkKind, Membership, NetworkStep, SavedNetwork, Snapshot};

use crate::places::engine_namespace;

/// What is to be done for one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairPlan {
    /// The steps, in order; none where nothing is wrong.
    pub steps: Vec<NetworkStep>,
    /// What should be known before they are done.
    pub notes: Vec<String>,
}

/// What the engine makes itself, and finds by name.
const PREDEFINED: [&str; 3] = ["bridge", "host", "none"];

/// The steps for a container with these places; `networks` are those that the engine has, `saved` those of a backup.
///
/// A network that is missing is made as the backup has it; without one, with the subnet that its bridge, which was left
/// behind in `snapshot`, still holds; else with a subnet of the engine's choice.
pub fn repair_plan(
    places: &[Membership],
    networks: &[SavedNetwork],
    saved: &[SavedNetwork],
    snapshot: Option<&Snapshot>,
) -> RepairPlan {
    let mut plan = RepairPlan::default();
    let stale: Vec<&Membership> = places.iter().filter(|place| is_stale(place, networks)).collect();
    let Some(first) = stale.first() else { return plan };
    let container = first.container_name.clone();
    if first.was_running {
        plan.steps.push(NetworkStep::Stop { container: container.clone() });
    }
    for place in stale {
        let made = networks.iter().find(|network| network.name == place.network_name).cloned();
        let network = made.clone().unwrap_or_else(|| definition(place, saved, snapshot, &mut plan.notes));
        if made.is_none() {
            plan.steps.push(NetworkStep::Create(Box::new(network.clone())));
        }
        plan.steps.push(NetworkStep::Disconnect {
            network: place.network_name.clone(),
            container: container.clone(),
        });
        plan.steps.push(NetworkStep::Connect(Box::new(fitted(place, &network, &mut plan.notes))));
    }
    plan.steps.push(NetworkStep::Start { container });
    plan
}

/// Whether the place names a network by an id that the engine does not have.
fn is_stale(place: &Membership, networks: &[SavedNetwork]) -> bool {
    let is_own = place.network_id.as_ref().is_some_and(|id| id.0.len() == 64);
    is_own
        && !PREDEFINED.contains(&place.network_name.as_str())
        && !networks.iter().any(|network| Some(network.network_id()) == place.network_id)
}

fn definition(
    place: &Membership,
    saved: &[SavedNetwork],
    snapshot: Option<&Snapshot>,
    notes: &mut Vec<String>,
) -> SavedNetwork {
    let name = &place.network_name;
    if let Some(found) = saved.iter().find(|network| network.name == *name) {
        return found.clone();
    }
    let pools = if let Some((bridge, prefix)) = snapshot.and_then(|snapshot| left_subnet(place, snapshot)) {
        notes.push(format!(
            "network '{name}' gets the subnet of {bridge}, which its predecessor left behind and which \
             porthole netdb clean removes first"
        ));
        vec![pool(prefix)]
    } else {
        notes.push(format!(
            "nothing tells which options and subnet network '{name}' had: it is made with the engine's \
             defaults; --from BACKUP makes it as it was"
        ));
        Vec::new()
    };
    SavedNetwork {
        name: name.clone(),
        driver: "bridge".to_owned(),
        scope: "local".to_owned(),
        ipam_driver: "default".to_owned(),
        pools,
        ..SavedNetwork::default()
    }
}

/// The bridge of the network that is gone, and its address; only where the container has an address to keep.
fn left_subnet(place: &Membership, snapshot: &Snapshot) -> Option<(String, IpPrefix)> {
    if !place.is_fixed {
        return None;
    }
    let bridge = format!("br-{}", place.network_id.as_ref()?.short());
    let stack = engine_namespace(snapshot).ok()?.stack.value()?;
    let link = stack.link(&bridge).filter(|link| link.kind == LinkKind::Bridge)?;
    let mut addresses = stack.addresses.value()?.iter().filter(|address| address.interface == link.index);
    let address = addresses.find(|address| address.prefix.address.is_ipv4())?;
    Some((bridge, address.prefix))
}

/// The bridge's address is the gateway.
fn pool(prefix: IpPrefix) -> AddressPool {
    let network = match prefix.address {
        IpAddr::V4(address) => {
            let hosts = u32::MAX.checked_shr(prefix.length.into()).unwrap_or(0);
            IpAddr::V4((u32::from(address) & !hosts).into())
        }
        address @ IpAddr::V6(_) => address,
    };
    let subnet = IpPrefix { address: network, length: prefix.length }.to_string();
    AddressPool { subnet, gateway: prefix.address.to_string(), ..AddressPool::default() }
}

/// The place without what the network cannot give: addresses that the user did not choose, and those outside of it.
fn fitted(place: &Membership, network: &SavedNetwork, notes: &mut Vec<String>) -> Membership {
    let mut place = place.clone();
    let has = |text: &String| {
        let address: Option<IpAddr> = text.parse().ok();
        let ranges = network.pools.iter().filter_map(|pool| pool.subnet.parse::<IpPrefix>().ok());
        address.is_some_and(|address| ranges.into_iter().any(|range| range.contains(address)))
    };
    for address in [&mut place.ipv4, &mut place.ipv6] {
        let wanted = address.take().filter(|_| place.is_fixed);
        if let Some(outside) = wanted.as_ref().filter(|text| !has(text)) {
            notes.push(format!(
                "address {outside} is not one of network '{}' any more, so the engine chooses another",
                network.name
            ));
        }
        *address = wanted.filter(has);
    }
    place
}
