//! What connection tracking holds in the namespace of the calling thread: UDP entries, and its counters.

use std::fs;
use std::io;

use porthole_model::{
    ConnectionTracking, ConntrackCounters, Gap, GapKind, Observed, Scope, Topic, UdpFlow, UdpFlows,
};
use porthole_wire::netlink::conntrack;
use porthole_wire::{AddressFamily, conntrack_counters};

use crate::failure::{Right, gap, namespace_name};
use crate::netlink_client::NetlinkClient;
use crate::places::Place;
use crate::procfs::ProcFs;

/// How many entries are kept; a busy name server has more than anybody reads.
const MOST: usize = 10_000;

/// How often a dump is repeated that the kernel says was interrupted by a change.
const TRIES: usize = 5;

/// Reads what a scope asks for. A namespace that does not lead on to others translates nothing for them; its entries are
/// left alone, for the kernel goes through the table of all namespaces to find those of one.
pub(crate) fn read(
    proc: &ProcFs,
    scope: &Scope,
    place: &Place,
    leads_on: bool,
) -> Observed<ConnectionTracking> {
    let what = format!("connection tracking of {}", namespace_name(place.id));
    if !scope.has(Topic::Connections) {
        return Observed::Missing(Gap::not_asked(what));
    }
    let udp = if leads_on {
        udp().map_err(|error| netlink_gap(&what, error))
    } else {
        Err(Gap::new(GapKind::NotAsked, what.as_str(), "no network lies behind this namespace"))
    };
    Observed::Known(ConnectionTracking { udp: udp.into(), counters: counters(proc, &what).into() })
}

fn udp() -> io::Result<UdpFlows> {
    let mut client = NetlinkClient::netfilter()?;
    let mut found = UdpFlows::default();
    for family in [AddressFamily::V4, AddressFamily::V6] {
        let of_family = udp_of(&mut client, family, MOST.saturating_sub(found.flows.len()))?;
        found.flows.extend(of_family.flows);
        found.omitted += of_family.omitted;
    }
    Ok(found)
}

fn udp_of(client: &mut NetlinkClient, family: AddressFamily, most: usize) -> io::Result<UdpFlows> {
    let mut tries = 1;
    loop {
        let mut found = UdpFlows::default();
        let result = client.dump(&conntrack::udp_request(family), &mut |payload| {
            keep(&mut found, conntrack::decode_udp(payload)?, most);
            Ok(())
        });
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted && tries < TRIES => tries += 1,
            result => return result.map(|()| found),
        }
    }
}

fn keep(found: &mut UdpFlows, flow: Option<UdpFlow>, most: usize) {
    if found.flows.len() < most {
        found.flows.extend(flow);
    } else if flow.is_some() {
        found.omitted += 1;
    }
}

/// To a subsystem that it does not have, the kernel answers "invalid argument".
fn netlink_gap(what: &str, error: io::Error) -> Gap {
    if error.raw_os_error() == Some(libc::EINVAL) {
        let cause = format!("this kernel does not list it (nfnetlink: {error})");
        return Gap::new(GapKind::Unsupported, what, cause);
    }
    gap(what, "nfnetlink", error, Right::Root)
}

fn counters(proc: &ProcFs, what: &str) -> Result<ConntrackCounters, Gap> {
    let path = proc.path("thread-self/net/stat/nf_conntrack");
    let text = fs::read(&path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            return Gap::new(GapKind::Unsupported, what, "this kernel does not count it");
        }
        gap(what, &path.display().to_string(), error, Right::Root)
    })?;
    conntrack_counters::parse(&text).map_err(|error| Gap::new(GapKind::Failed, what, error.to_string()))
}
