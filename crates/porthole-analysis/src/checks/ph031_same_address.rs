//! PH031: two containers on one network have the same address.

use std::collections::BTreeMap;
use std::net::IpAddr;

use porthole_model::{CheckCode, Gap, KernelChange, NetworkId, Severity, Snapshot};

use super::concern::{about_container, about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::mending::Mending;
use crate::places::container_namespace;
use crate::shell::word;

const CODE: CheckCode = CheckCode(31);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "two containers have the same address",
    documentation: Documentation {
        checks: "Whether the interfaces of two running containers on the same network hold the same address in the \
                 kernel.",
        why: "Both answer when somebody asks who has the address, and the quicker one wins until it is asked again: \
              connections reach now one, now the other, or break. Engines do not give an address twice; somebody \
              with rights in a container, or on the host, set it by hand.",
        mend: "Take the address off the container that the engine did not give it to, or restart that container, which \
               gives it the engine's address back.",
        example: "A script in a container with `--cap-add NET_ADMIN` that sets a fixed address.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    let mut seen: BTreeMap<(&NetworkId, IpAddr), Endpoint<'_>> = BTreeMap::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint.and_then(|endpoint| Ok((endpoint, endpoint.held()?))) {
            Err(gap) => found.gap(gap),
            Ok((endpoint, held)) => {
                for address in held.iter().map(|held| held.prefix.address) {
                    let first = seen.entry((&endpoint.network.id, address)).or_insert(endpoint);
                    let is_another = first.container.id != endpoint.container.id;
                    found.concerns.extend(is_another.then(|| concern(snapshot, first, &endpoint, address)));
                }
            }
        }
    }
    Ok(found)
}

/// The one that the engine did not give the address to stands second.
fn concern(snapshot: &Snapshot, first: &Endpoint<'_>, second: &Endpoint<'_>, address: IpAddr) -> Concern {
    let is_given = |endpoint: &Endpoint<'_>| endpoint.given().any(|given| given.address == address);
    let (owner, intruder) = if is_given(second) { (second, first) } else { (first, second) };
    let (one, other, network) = (&owner.container.name, &intruder.container.name, &owner.network.name);
    let summary = format!("containers '{one}' and '{other}' both hold {address} on network '{network}'");
    let client = snapshot.engine.value().map_or("docker", client);
    let mut concern = Concern::new(CODE, Severity::Error, about_container(intruder.container), summary)
        .related(about_container(owner.container))
        .related(about_network(owner.network));
    for endpoint in [owner, intruder] {
        let given: Vec<_> = endpoint.given().map(|given| given.to_string()).collect();
        concern = concern.evidence(
            format!("interface '{}' in container '{}'", endpoint.link.name, endpoint.container.name),
            format!("holds {address}; the engine gave it {}", given.join(", ")),
        );
    }
    let concern = match given_back(snapshot, intruder, address) {
        Some(mending) => {
            concern.mend("take the address off the container that the engine did not give it to", mending)
        }
        None => concern,
    };
    concern.remedy(
        "restart the container that took the address, which gives it its own one back",
        vec![format!("{client} restart {}", word(other))],
    )
}

/// Takes an address off an interface that holds its own before it. With the first address of a network the kernel
/// removes those that came after.
fn given_back(snapshot: &Snapshot, intruder: &Endpoint<'_>, address: IpAddr) -> Option<Mending> {
    let held = intruder.held().ok()?;
    let place = |wanted: IpAddr| held.iter().position(|held| held.prefix.address == wanted);
    let own = intruder.given().find(|given| given.address.is_ipv4() == address.is_ipv4())?;
    let (own, taken) = (place(own.address)?, place(address)?);
    let namespace = container_namespace(snapshot.host.value()?, intruder.container).ok()?;
    let removal = KernelChange::Address {
        link: intruder.link.name.clone(),
        address: held[taken].prefix,
        present: false,
    };
    (own < taken).then(|| Mending::of_container(intruder.container, namespace, vec![removal]))
}
