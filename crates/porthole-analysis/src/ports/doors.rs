//! The addresses of the host by which a published port is asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::PortBinding;

use crate::firewall::{Journeys, Uplink};

/// The doors of one published port at one place of the host.
#[derive(Clone, Copy)]
pub(crate) struct Doors<'d, 's> {
    /// The host, where it is known what leads out of it.
    pub(crate) journeys: Option<&'d Journeys<'s>>,
    /// Where the port is published.
    pub(crate) binding: &'d PortBinding,
}

impl<'d, 's> Doors<'d, 's> {
    /// For others, one at each uplink that has any; that of the default route first.
    pub(crate) fn outside(self) -> impl Iterator<Item = (&'d Uplink<'s>, IpAddr)> {
        let Doors { journeys, binding } = self;
        let uplinks = journeys.into_iter().flat_map(move |journeys| {
            journeys.uplinks().iter().map(move |uplink| (uplink, journeys.outside_addresses(uplink, binding)))
        });
        uplinks.filter_map(|(uplink, addresses)| Some((uplink, *addresses.first()?)))
    }

    /// For the host, where others know it too.
    pub(crate) fn host(self) -> Option<IpAddr> {
        match self.binding.host_address {
            bound if bound.is_loopback() => None,
            bound if !bound.is_unspecified() => Some(bound),
            bound => {
                let uplinks = self.journeys.into_iter().flat_map(Journeys::uplinks);
                uplinks.flat_map(Uplink::addresses).find(|address| address.is_ipv4() == bound.is_ipv4())
            }
        }
    }

    /// For the host alone.
    pub(crate) fn loopback(self) -> Option<IpAddr> {
        match self.binding.host_address {
            bound if bound.is_loopback() => Some(bound),
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Some(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some(Ipv6Addr::LOCALHOST.into()),
            _ => None,
        }
    }
}
