//! Sockets for probes, each made in the network namespace that its probe is sent from.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use porthole_model::{Gap, GapKind, NetnsId, Observed, ProbeRequest, ProbeVantage, TransportProtocol};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};

use super::icmp::Ears;
use super::outside::Outside;
use crate::door::report_errors;
use crate::enter;
use crate::failure::{Right, gap};
use crate::places::Place;
use crate::procfs::ProcFs;

/// The places that probes are sent from.
pub(super) struct Sites<'a> {
    pub(super) proc: &'a ProcFs,
    pub(super) outside: Result<&'a Outside, Gap>,
    pub(super) host: Result<Place, Gap>,
}

/// A socket for each request, in their order, and what hears ICMP in each place.
pub(super) struct Launch {
    pub(super) sockets: Vec<Result<OwnedFd, Gap>>,
    pub(super) ears: BTreeMap<NetnsId, Ears>,
    pub(super) places: Vec<Option<NetnsId>>,
}

impl Sites<'_> {
    /// Makes them.
    pub(super) fn launch(&self, wave: &[ProbeRequest]) -> Launch {
        let sites: Vec<_> = wave.iter().map(|request| self.place(request)).collect();
        let mut places: Vec<Place> = sites.iter().flatten().cloned().collect();
        places.sort_by_key(|place| place.id);
        places.dedup_by_key(|place| place.id);
        let ids: Vec<_> = sites.iter().map(|site| site.as_ref().ok().map(|place| place.id)).collect();
        let made = enter::each(self.proc, &places, &|place| made_in(place, wave, &ids));
        let mut sockets: Vec<_> =
            sites.into_iter().map(|site| Err(site.err().unwrap_or_else(lost))).collect();
        let mut ears = BTreeMap::new();
        for (place, made) in places.iter().zip(made) {
            let own = (0..wave.len()).filter(|index| ids[*index] == Some(place.id));
            match made {
                Observed::Known((own_sockets, own_ears)) => {
                    own.zip(own_sockets).for_each(|(index, socket)| sockets[index] = socket);
                    ears.insert(place.id, own_ears);
                }
                Observed::Missing(gap) => own.for_each(|index| sockets[index] = Err(gap.clone())),
            }
        }
        Launch { sockets, ears, places: ids }
    }

    fn place(&self, request: &ProbeRequest) -> Result<Place, Gap> {
        match request.from {
            ProbeVantage::Host => self.host.clone(),
            ProbeVantage::Outside => {
                let outside = self.outside.clone()?;
                outside.address(request.target.is_ipv6())?;
                Ok(outside.place().clone())
            }
            ProbeVantage::Container(pid) => {
                let what = || format!("network namespace of process {pid}");
                let id = self.proc.network_namespace(pid);
                let id =
                    id.map_err(|error| gap(what(), &format!("/proc/{pid}/ns/net"), error, Right::Tracing))?;
                Ok(Place::of_process(self.proc, id, pid))
            }
        }
    }
}

fn made_in(
    place: &Place,
    wave: &[ProbeRequest],
    ids: &[Option<NetnsId>],
) -> (Vec<Result<OwnedFd, Gap>>, Ears) {
    let own = wave.iter().zip(ids).filter(|(_, id)| **id == Some(place.id));
    (own.map(|(request, _)| socket(request)).collect(), Ears::open())
}

fn socket(request: &ProbeRequest) -> Result<OwnedFd, Gap> {
    let (kind, protocol) = match request.protocol {
        TransportProtocol::Tcp => (SocketType::STREAM, ipproto::TCP),
        TransportProtocol::Udp => (SocketType::DGRAM, ipproto::UDP),
        TransportProtocol::Sctp => {
            let cause = "probes are made for TCP and UDP";
            return Err(Gap::new(GapKind::Unsupported, format!("probe of {}/sctp", request.target), cause));
        }
    };
    let family = if request.target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let failed = |call: &str, error: std::io::Error| {
        gap(format!("socket for {}", request.target), call, error, Right::Root)
    };
    let socket =
        socket_with(family, kind, flags, Some(protocol)).map_err(|error| failed("socket", error.into()))?;
    if request.protocol == TransportProtocol::Udp {
        report_errors(&socket, request.target).map_err(|error| failed("setsockopt", error))?;
    }
    Ok(socket)
}

fn lost() -> Gap {
    Gap::new(GapKind::Failed, "probe", "no thread came back with its socket")
}
