//! A default route that a router's advertisement gave the host, and that the kernel dropped when it began to forward.

use porthole_model::{
    AddressOrigin, Gap, GapKind, InterfaceAddress, Link, LinkKind, NetworkStack, RouteKind, Severity,
    Snapshot, Subject, SubjectKind,
};

use super::super::Concern;
use super::{CODE, is_of_the_internet};
use crate::places::in_engine_namespace;

/// How long a prefix is from which hosts make their own addresses (RFC 4862).
const OF_ADVERTISEMENTS: u8 = 64;

/// The first interface that lost its route.
pub(super) fn lost_route(snapshot: &Snapshot, home: &NetworkStack) -> Result<Option<Concern>, Gap> {
    if has_default_route(home)? {
        return Ok(None);
    }
    let (links, addresses) = (home.links.known()?, home.addresses.known()?);
    // Since Linux 5.18 the kernel says of all addresses that it made itself how it came to them, that of `lo` too.
    let is_told = addresses.iter().any(|address| address.origin.is_some());
    for link in links.iter().filter(|link| link.up && link.kind != LinkKind::Loopback) {
        let own = addresses.iter().filter(|address| address.interface == link.index);
        let Some(address) = own.into_iter().find(|address| may_be_advertised(address, is_told)) else {
            continue;
        };
        if !ignores_routers(home, link)? {
            continue;
        }
        return if is_told { Ok(Some(concern(snapshot, link, address))) } else { Err(untold(link)) };
    }
    Ok(None)
}

fn has_default_route(home: &NetworkStack) -> Result<bool, Gap> {
    let mut routes = home.routes.known()?.iter();
    Ok(routes.any(|route| {
        let to = route.destination;
        to.address.is_ipv6() && to.length == 0 && route.kind == RouteKind::Unicast
    }))
}

/// Whether a router's advertisement gave it, as far as the kernel tells.
fn may_be_advertised(address: &InterfaceAddress, is_told: bool) -> bool {
    let by_router = match address.origin {
        Some(origin) => origin == AddressOrigin::RouterAdvertisement,
        None => !is_told && address.expires && address.prefix.length == OF_ADVERTISEMENTS,
    };
    by_router && is_of_the_internet(address.prefix.address)
}

/// `ipv6_accept_ra`: an interface that forwards takes none, unless it is told to take them all the same.
fn ignores_routers(home: &NetworkStack, link: &Link) -> Result<bool, Gap> {
    let value = |name| Ok::<_, Gap>(home.sysctl(&setting(link, name)).known()?.trim().to_owned());
    Ok(value("accept_ra")? == "1" && value("forwarding")? != "0" && value("accept_ra_defrtr")? != "0")
}

fn setting(link: &Link, name: &str) -> String {
    format!("net.ipv6.conf.{}.{name}", link.name)
}

fn untold(link: &Link) -> Gap {
    let what = format!("whether '{}' lost the default route of a router's advertisement", link.name);
    let cause = "this kernel does not say which addresses came by such an advertisement (Linux 5.18 does)";
    Gap::new(GapKind::Unsupported, what, cause)
}

fn concern(snapshot: &Snapshot, link: &Link, address: &InterfaceAddress) -> Concern {
    let subject = Subject { kind: SubjectKind::Host, name: format!("IPv6 default route by {}", link.name) };
    let summary = format!(
        "this host and its containers have no way out over IPv6: since '{}' forwards, as Docker turns it on, the kernel \
         has dropped the default route that a router told it, and ignores what routers say",
        link.name
    );
    let (accept, forwarding) = (setting(link, "accept_ra"), setting(link, "forwarding"));
    let set = in_engine_namespace(snapshot, &format!("sysctl -w {accept}=2"));
    let keep = format!("echo '{accept} = 2' > /etc/sysctl.d/90-accept-ra.conf");
    Concern::new(CODE, Severity::Error, subject, summary)
        .likely()
        .evidence(format!("sysctl {forwarding}"), "1")
        .evidence(format!("sysctl {accept}"), "1: not while it forwards")
        .evidence(
            format!("address of '{}' that a router's advertisement gave it", link.name),
            address.prefix.to_string(),
        )
        .evidence("default routes of IPv6", "none")
        .remedy(
            "have the kernel take advertisements all the same; the route is back with the router's next one, after some \
             minutes at most",
            vec![set],
        )
        .remedy("and for the next boot", vec![keep])
}
