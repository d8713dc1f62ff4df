//! The same as JSON, under the field names of iproute2.

use std::net::IpAddr;

use porthole_model::{InterfaceAddress, Link, Route, RouteKind};
use serde_json::{Map, Value, json};

use super::Object;
use super::rows::{self, Rows};
use crate::net::tool::Failure;

impl Rows<'_> {
    pub(super) fn link_values(&self) -> Vec<Value> {
        self.wanted_links().map(|link| Value::Object(self.link_value(link))).collect()
    }

    fn link_value(&self, link: &Link) -> Map<String, Value> {
        let mut value = Map::new();
        value.insert("ifindex".into(), link.index.0.into());
        value.insert("ifname".into(), link.name.as_str().into());
        value.insert("flags".into(), rows::flags(link).into());
        value.insert("mtu".into(), link.mtu.into());
        value.insert("operstate".into(), rows::state(link).into());
        value.insert("link_type".into(), rows::link_type(link).into());
        put(&mut value, "address", link.mac);
        put(&mut value, "master", link.master.map(|master| self.name(master)));
        if let Some(peer) = &link.peer {
            value.insert("link_index".into(), peer.index.0.into());
        }
        if self.is_about_addresses() {
            let own: Vec<Value> = self.addresses_of(link).map(address).collect();
            value.insert("addr_info".into(), own.into());
        }
        value
    }

    pub(super) fn route_values(&self) -> Result<Vec<Value>, Failure> {
        Ok(self.wanted_routes()?.map(|route| self.route_value(route, None)).collect())
    }

    /// A route; of one that was asked for, the destination is what was asked.
    pub(super) fn route_value(&self, route: &Route, asked: Option<IpAddr>) -> Value {
        let mut value = Map::new();
        if route.kind != RouteKind::Unicast {
            value.insert("type".into(), rows::kind(route.kind).into());
        }
        let destination = asked.map_or_else(|| rows::destination(route), |asked| asked.to_string());
        value.insert("dst".into(), destination.into());
        put(&mut value, "gateway", route.gateway);
        put(&mut value, "dev", route.interface.map(|interface| self.name(interface)));
        put(&mut value, "protocol", rows::protocol(route.protocol));
        put(&mut value, "prefsrc", route.preferred_source);
        if let Some(metric) = route.metric {
            value.insert("metric".into(), metric.into());
        }
        let flags: &[&str] = if route.link_down { &["linkdown"] } else { &[] };
        value.insert("flags".into(), flags.into());
        Value::Object(value)
    }

    pub(super) fn neighbour_values(&self) -> Result<Vec<Value>, Failure> {
        let values = self.wanted_neighbours()?.map(|neighbour| {
            let mut value = Map::new();
            value.insert("dst".into(), neighbour.address.to_string().into());
            value.insert("dev".into(), self.name(neighbour.interface).into());
            put(&mut value, "lladdr", neighbour.mac);
            value.insert("state".into(), json!([rows::neighbour_state(neighbour)]));
            Value::Object(value)
        });
        Ok(values.collect())
    }

    fn is_about_addresses(&self) -> bool {
        self.object() == &Object::Address
    }
}

fn address(own: &InterfaceAddress) -> Value {
    let address = own.prefix.address;
    json!({
        "family": if address.is_ipv4() { "inet" } else { "inet6" },
        "local": address.to_string(),
        "prefixlen": own.prefix.length,
        "scope": rows::scope(address),
    })
}

fn put(value: &mut Map<String, Value>, name: &str, content: Option<impl ToString>) {
    if let Some(content) = content {
        value.insert(name.to_owned(), content.to_string().into());
    }
}
