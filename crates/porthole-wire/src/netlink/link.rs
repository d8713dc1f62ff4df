//! Links: `RTM_GETLINK` and its answers.

use porthole_model::{
    BridgeDetails, BridgePort, BridgePortState, InterfaceIndex, Link, LinkKind, LinkPeer, NetnsId, Observed,
    OperationalState,
};

use super::attribute::Attributes;
use super::message::Request;
use super::{NetlinkError, fixed, u16_at, u32_at};

const WHAT: &str = "link";
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const ARPHRD_LOOPBACK: u16 = 772;
const IFF_UP: u32 = 0x1;
const IFF_LOWER_UP: u32 = 0x1_0000;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BR_STP_STATE: u16 = 5;
const IFLA_BR_VLAN_FILTERING: u16 = 7;
const IFLA_BRPORT_STATE: u16 = 1;
const IFLA_BRPORT_MODE: u16 = 4;
const IFLA_BRPORT_ISOLATED: u16 = 33;

/// Asks for every link of the namespace, without counters.
pub fn request() -> Request {
    let header = [0; 16];
    Request::dump(RTM_GETLINK)
        .with_fixed(&header)
        .with_attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
}

/// Asks for the link of that index.
pub fn request_of(index: InterfaceIndex) -> Request {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.0.to_ne_bytes());
    Request::get(RTM_GETLINK).with_fixed(&header)
}

/// Removes the link of that index; of a veth pair, both ends.
pub fn removal(index: InterfaceIndex) -> Request {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.0.to_ne_bytes());
    Request::act(RTM_DELLINK).with_fixed(&header)
}

/// A link as the kernel names it: the namespace of its peer is a number that only this namespace understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecord {
    link: Link,
    peer: Option<(InterfaceIndex, Option<i32>)>,
}

impl LinkRecord {
    /// Whether it is the link of that index and name.
    pub fn is(&self, index: InterfaceIndex, name: &str) -> bool {
        self.link.index == index && self.link.name == name
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.link.name
    }

    /// Whether it carries packets by now (RFC 2863).
    pub fn is_operational(&self) -> bool {
        self.link.operational_state == OperationalState::Up
    }

    /// Its index, and that of its peer in the peer's namespace.
    pub fn pair(&self) -> Option<(InterfaceIndex, InterfaceIndex)> {
        Some((self.link.index, self.peer?.0))
    }

    /// The number of the peer's namespace, when that is another one; negative when the kernel has no number for it.
    pub fn peer_namespace(&self) -> Option<i32> {
        self.peer?.1
    }

    /// The link, with the peer's namespace looked up; `None` asks for the namespace of the link itself.
    pub fn into_link(mut self, namespace: impl FnOnce(Option<i32>) -> Observed<NetnsId>) -> Link {
        self.link.peer = self.peer.map(|(index, number)| LinkPeer { index, namespace: namespace(number) });
        self.link
    }
}

/// Decodes an `RTM_NEWLINK`.
pub fn decode(payload: &[u8]) -> Result<LinkRecord, NetlinkError> {
    let (header, attributes) = fixed::<16>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let index = InterfaceIndex(u32_at(header, 4));
    let number = |kind| attributes.find(kind).and_then(|attribute| attribute.u32());
    let name = attributes.find(IFLA_IFNAME).ok_or(NetlinkError::Lacks { what: WHAT, part: "name" })?;
    let flags = u32_at(header, 8);
    let details = Details::of(attributes)?;
    let link = Link {
        index,
        name: name.text(),
        kind: kind(u16_at(header, 2), &details.kind),
        mac: mac(attributes, u16_at(header, 2)),
        mtu: number(IFLA_MTU).unwrap_or(0),
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
        operational_state: operational_state(attributes),
        master: number(IFLA_MASTER).filter(|index| *index != 0).map(InterfaceIndex),
        peer: None,
        bridge_port: details.bridge_port,
        bridge: details.bridge,
    };
    Ok(LinkRecord { link, peer: peer(attributes, index) })
}

/// Older kernels leave `IFLA_LINK` out when it equals the link's own index, even where it means another
/// namespace (before `rtnl_fill_link_netnsid` put it there on purpose).
fn peer(attributes: Attributes<'_>, own: InterfaceIndex) -> Option<(InterfaceIndex, Option<i32>)> {
    let namespace = attributes.find(IFLA_LINK_NETNSID).and_then(|attribute| attribute.i32());
    let index = attributes.find(IFLA_LINK).and_then(|attribute| attribute.u32()).map(InterfaceIndex);
    match (index, namespace) {
        (Some(InterfaceIndex(0)), _) | (None, None) => None,
        (Some(index), None) if index == own => None,
        (Some(index), namespace) => Some((index, namespace)),
        (None, namespace) => Some((own, namespace)),
    }
}

fn mac(attributes: Attributes<'_>, hardware: u16) -> Option<porthole_model::MacAddress> {
    if hardware == ARPHRD_LOOPBACK { None } else { attributes.find(IFLA_ADDRESS)?.mac() }
}

fn operational_state(attributes: Attributes<'_>) -> OperationalState {
    match attributes.find(IFLA_OPERSTATE).and_then(|attribute| attribute.u8()) {
        Some(1) => OperationalState::NotPresent,
        Some(2) => OperationalState::Down,
        Some(3) => OperationalState::LowerLayerDown,
        Some(4) => OperationalState::Testing,
        Some(5) => OperationalState::Dormant,
        Some(6) => OperationalState::Up,
        _ => OperationalState::Unknown,
    }
}

fn kind(hardware: u16, name: &str) -> LinkKind {
    match name {
        "" if hardware == ARPHRD_LOOPBACK => LinkKind::Loopback,
        "" => LinkKind::Device,
        "veth" => LinkKind::Veth,
        "bridge" => LinkKind::Bridge,
        "macvlan" => LinkKind::Macvlan,
        "ipvlan" => LinkKind::Ipvlan,
        "vlan" => LinkKind::Vlan,
        "vxlan" => LinkKind::Vxlan,
        "tun" => LinkKind::Tun,
        "dummy" => LinkKind::Dummy,
        other => LinkKind::Other(other.to_owned()),
    }
}

/// What `IFLA_LINKINFO` tells.
#[derive(Default)]
struct Details {
    kind: String,
    bridge_port: Option<BridgePort>,
    bridge: Option<BridgeDetails>,
}

impl Details {
    fn of(attributes: Attributes<'_>) -> Result<Self, NetlinkError> {
        let Some(information) = attributes.find(IFLA_LINKINFO) else { return Ok(Self::default()) };
        let information = information.nested(WHAT)?;
        let text = |kind| information.find(kind).map(|attribute| attribute.text()).unwrap_or_default();
        let nested = |kind| information.find(kind).map(|attribute| attribute.nested(WHAT)).transpose();
        let kind = text(IFLA_INFO_KIND);
        let is_port = text(IFLA_INFO_SLAVE_KIND) == "bridge";
        let bridge = nested(IFLA_INFO_DATA)?.filter(|_| kind == "bridge").map(bridge);
        let bridge_port = nested(IFLA_INFO_SLAVE_DATA)?.filter(|_| is_port).and_then(bridge_port);
        Ok(Self { kind, bridge_port, bridge })
    }
}

fn bridge(data: Attributes<'_>) -> BridgeDetails {
    let stp = data.find(IFLA_BR_STP_STATE).and_then(|attribute| attribute.u32());
    BridgeDetails {
        spanning_tree: stp.is_some_and(|state| state != 0),
        vlan_filtering: flag(data, IFLA_BR_VLAN_FILTERING),
    }
}

/// `BR_STATE_*` of `include/uapi/linux/if_bridge.h`.
fn bridge_port(data: Attributes<'_>) -> Option<BridgePort> {
    let state = match data.find(IFLA_BRPORT_STATE)?.u8()? {
        1 => BridgePortState::Listening,
        2 => BridgePortState::Learning,
        3 => BridgePortState::Forwarding,
        4 => BridgePortState::Blocking,
        _ => BridgePortState::Disabled,
    };
    Some(BridgePort {
        state,
        hairpin: flag(data, IFLA_BRPORT_MODE),
        isolated: flag(data, IFLA_BRPORT_ISOLATED),
    })
}

fn flag(data: Attributes<'_>, kind: u16) -> bool {
    data.find(kind).and_then(|attribute| attribute.u8()).is_some_and(|value| value != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message::{Body, Messages};
    use super::*;

    const VETH: &[u8] = &[8, 0, 1, 0, b'v', b'e', b't', b'h'];

    /// A link of index 7 with these attributes.
    fn link(attributes: &[(u16, &[u8])]) -> Result<LinkRecord, NetlinkError> {
        let mut header = [0; 16];
        header[4..8].copy_from_slice(&7u32.to_ne_bytes());
        header[8..12].copy_from_slice(&(IFF_UP | IFF_LOWER_UP).to_ne_bytes());
        let request =
            attributes.iter().fold(Request::get(16).with_fixed(&header), |request, (kind, value)| {
                request.with_attribute(*kind, value)
            });
        let bytes = request.finish(0);
        let Body::Data { payload, .. } = Messages::of(&bytes).next().unwrap().unwrap().body else {
            panic!("a link is data");
        };
        decode(payload)
    }

    #[test]
    fn a_peer_of_the_same_index_is_found_by_its_namespace() {
        let number = 3i32.to_ne_bytes();
        let record =
            link(&[(IFLA_IFNAME, b"eth0\0"), (IFLA_LINKINFO, VETH), (IFLA_LINK_NETNSID, &number)]).unwrap();
        assert_eq!(record.peer_namespace(), Some(3));
        let link =
            record.into_link(|number| Observed::Known(NetnsId(u64::from(number.unwrap().unsigned_abs()))));
        assert_eq!(
            link.peer,
            Some(LinkPeer { index: InterfaceIndex(7), namespace: Observed::Known(NetnsId(3)) })
        );
        assert_eq!((link.kind, link.up, link.carrier), (LinkKind::Veth, true, true));
    }

    #[test]
    fn a_device_that_names_itself_or_nothing_has_no_peer() {
        for index in [0u32, 7] {
            let record = link(&[(IFLA_IFNAME, b"eth0\0"), (IFLA_LINK, &index.to_ne_bytes())]).unwrap();
            assert_eq!(record.into_link(|_| panic!("no peer")).peer, None);
        }
    }

    #[test]
    fn a_link_without_a_name_is_an_error() {
        assert_eq!(link(&[]), Err(NetlinkError::Lacks { what: WHAT, part: "name" }));
        assert!(matches!(decode(&[0; 3]), Err(NetlinkError::Short { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes).is_ok();
        }

        #[test]
        fn any_attributes_give_no_panic(kind in 0u16..64, value: Vec<u8>) {
            let _ = link(&[(IFLA_IFNAME, b"x\0"), (kind, &value)]).is_ok();
        }
    }
}
