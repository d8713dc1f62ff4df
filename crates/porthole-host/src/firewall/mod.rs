//! The firewall of the network namespace that the calling thread is in.
//!
//! nftables and ipsets are read by netlink, iptables-legacy by the socket options of its own program, and only the
//! tables that are there: to ask for another one would make it. iptables-save is run for its words alone.

mod child;
mod legacy;
mod legacy_socket;
mod nftables;
mod wording;

use std::io;

use porthole_model::firewall::{FirewallTable, HookEntry, IpSet};
use porthole_model::{Firewall, Gap, GapKind, NetnsId, Observed, Scope, Topic};
use porthole_wire::firewall::{IpSetNames, hooks, ip_set};

use crate::failure::{Right, gap, namespace_name};
use crate::netlink_client::NetlinkClient;
use crate::places::Place;
use crate::procfs::ProcFs;

/// How often a reading is repeated in which the rules changed.
const TRIES: usize = 5;

/// Reads what the scope asks for.
pub(crate) fn read(proc: &ProcFs, scope: &Scope, place: &Place, own: Option<NetnsId>) -> Observed<Firewall> {
    if !scope.has(Topic::Firewall) {
        return Observed::Missing(Gap::not_asked(format!("firewall of {}", namespace_name(place.id))));
    }
    let reading = Reading { proc, place };
    let is_own = own == Some(place.id);
    let with_wording = scope.has(Topic::FirewallWording) || is_own && scope.has(Topic::OwnFirewallWording);
    Observed::Known(reading.firewall(with_wording))
}

/// A namespace being read.
struct Reading<'a> {
    proc: &'a ProcFs,
    place: &'a Place,
}

impl Reading<'_> {
    fn firewall(&self, with_wording: bool) -> Firewall {
        let (ip_sets, names) = self.ip_sets();
        let mut wording_gaps = Vec::new();
        let nftables = self.nftables(&names, with_wording, &mut wording_gaps);
        let mut legacy = |v6| {
            if !with_wording {
                return legacy::read(self, v6, &names).into();
            }
            let (tables, gap) = wording::legacy(self, v6, &names);
            wording_gaps.extend(gap);
            tables.into()
        };
        Firewall {
            nftables: nftables.into(),
            iptables_legacy: legacy(false),
            ip6tables_legacy: legacy(true),
            ip_sets,
            hooks: self.hooks().into(),
            wording_gaps,
        }
    }

    fn nftables(
        &self,
        names: &IpSetNames,
        with_wording: bool,
        wording_gaps: &mut Vec<Gap>,
    ) -> Result<Vec<FirewallTable>, Gap> {
        let read = NetlinkClient::netfilter().and_then(|mut client| {
            if !with_wording {
                return nftables::read(&mut client, names).map(|read| read.tables);
            }
            let (tables, gaps) = wording::nftables(self, &mut client, names)?;
            wording_gaps.extend(gaps);
            Ok(tables)
        });
        read.map_err(|error| self.netfilter_gap("nftables rules", error))
    }

    /// What hangs at the hooks. Few kernels are built without the list, and older ones do not have it.
    fn hooks(&self) -> Result<Vec<HookEntry>, Gap> {
        let read = NetlinkClient::netfilter().and_then(|mut client| {
            let mut found = Vec::new();
            for (family, hook, request) in hooks::requests() {
                let decode = |payload: &[u8]| hooks::decode(payload, family, hook).map(Some);
                match client.dump_all(&request, decode) {
                    // The kernel was built without this family.
                    Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
                    entries => found.extend(entries?),
                }
            }
            Ok(found)
        });
        read.map_err(|error| self.netfilter_gap("netfilter hooks", error))
    }

    /// The ipsets, and their names by the numbers that rules have for them.
    fn ip_sets(&self) -> (Observed<Vec<IpSet>>, IpSetNames) {
        let records = match NetlinkClient::netfilter().and_then(|mut client| ip_set_records(&mut client)) {
            Ok(records) => ip_set::join(records),
            Err(error) => {
                return (Observed::Missing(self.netfilter_gap("ipsets", error)), IpSetNames::new());
            }
        };
        let numbers = records.iter().filter_map(|record| Some((record.index?, record.set.name.clone())));
        let names = numbers.collect();
        (Observed::Known(records.into_iter().map(|record| record.set).collect()), names)
    }

    /// To a subsystem that it does not have, the kernel answers "invalid argument".
    fn netfilter_gap(&self, what: &str, error: io::Error) -> Gap {
        let what = self.what(what);
        if error.raw_os_error() == Some(libc::EINVAL) {
            let cause = format!("this kernel does not have them (nfnetlink: {error})");
            return Gap::new(GapKind::Unsupported, what, cause);
        }
        let gap = gap(what, "nfnetlink", error, Right::Root);
        if gap.kind == GapKind::Permission {
            gap.with_remedy("run porthole as root, or with CAP_NET_ADMIN")
        } else {
            gap
        }
    }

    fn what(&self, what: &str) -> String {
        format!("{what} of {}", namespace_name(self.place.id))
    }
}

/// Kernels older than 4.20 refuse the newer protocol.
fn ip_set_records(client: &mut NetlinkClient) -> io::Result<Vec<ip_set::IpSetRecord>> {
    let decode = |payload: &[u8]| ip_set::IpSetRecord::decode(payload).map(Some);
    client.dump_all(&ip_set::request(), decode).or_else(|_| client.dump_all(&ip_set::old_request(), decode))
}
