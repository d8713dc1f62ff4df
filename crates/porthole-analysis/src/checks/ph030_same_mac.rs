//! PH030: two containers on one network have the same Ethernet address.

use std::collections::BTreeMap;

use porthole_model::{CheckCode, Gap, MacAddress, NetworkId, Severity, Snapshot};

use super::concern::{about_container, about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::shell::word;

const CODE: CheckCode = CheckCode(30);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "two containers have the same Ethernet address",
    documentation: Documentation {
        checks: "Whether the interfaces of two running containers on the same network have the same MAC address.",
        why: "A bridge learns behind which port an address lives, and sends frames there alone. With two of the same, it \
              changes its mind with every packet either of them sends: connections to both stall and break, now one, \
              now the other. It comes from a fixed `--mac-address` that was copied, or from a tool that makes a \
              container anew with the address of the old one.",
        mend: "Make one of the two anew without a fixed address.",
        example: "A compose file with `mac_address:` that is started twice under two project names on one network.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    let mut seen: BTreeMap<(&NetworkId, MacAddress), Endpoint<'_>> = BTreeMap::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint {
            Err(gap) => found.gap(gap),
            Ok(endpoint) => {
                let Some(mac) = endpoint.link.mac else { continue };
                let first = seen.entry((&endpoint.network.id, mac)).or_insert(endpoint);
                let is_another = first.container.id != endpoint.container.id;
                found.concerns.extend(is_another.then(|| concern(snapshot, first, &endpoint, mac)));
            }
        }
    }
    Ok(found)
}

fn concern(snapshot: &Snapshot, first: &Endpoint<'_>, second: &Endpoint<'_>, mac: MacAddress) -> Concern {
    let (one, other) = (&first.container.name, &second.container.name);
    let network = &first.network.name;
    let summary = format!(
        "containers '{one}' and '{other}' have the same Ethernet address on network '{network}': traffic to them goes astray"
    );
    let client = snapshot.engine.value().map_or("docker", client);
    let at = |endpoint: &Endpoint<'_>| {
        format!("interface '{}' in container '{}'", endpoint.link.name, endpoint.container.name)
    };
    Concern::new(CODE, Severity::Error, about_container(second.container), summary)
        .related(about_container(first.container))
        .related(about_network(first.network))
        .evidence(at(first), mac.to_string())
        .evidence(at(second), mac.to_string())
        .remedy(
            "take one of them off the network and put it back, which gives it an address of its own where none was fixed",
            vec![
                format!("{client} network disconnect {} {}", word(network), word(other)),
                format!("{client} network connect {} {}", word(network), word(other)),
            ],
        )
}
