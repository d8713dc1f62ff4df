//! One key and its value as a noun.

use porthole_model::{
    ContainerId, DriverEndpoint, DriverNetwork, ForwardedPort, MaskedText, NameForwarder, Secrets, Stored,
    StoredEndpoint, StoredNetwork, StoredRecord, StoredSandbox, StoredSubnet,
};
use serde_json::Value;

use super::fields::Fields;
use super::key_of;
use crate::bolt::Entry;

/// Before the kinds of keys.
const PREFIX: &str = "docker/network/v1.0/";
/// The number before the JSON.
const INDEX: usize = 8;
/// The networks' general options, and among them the driver's own.
const GENERIC: &str = "generic";
const DRIVER_OPTIONS: &str = "com.docker.network.generic";

/// The record, or what is wrong with its value.
pub(super) fn of(entry: &Entry<'_>, secrets: Secrets) -> Result<StoredRecord, String> {
    let key = key_of(entry);
    let Some((index, json)) = entry.value.split_first_chunk::<INDEX>() else {
        return Err(format!("the value of {key} has {} bytes and is cut off", entry.value.len()));
    };
    let index = u64::from_le_bytes(*index);
    if json.is_empty() {
        let (stored, unknown_fields) = (Stored::Marker, std::collections::BTreeMap::new());
        return Ok(StoredRecord { key, index, stored, unknown_fields });
    }
    let value: Value =
        serde_json::from_slice(json).map_err(|error| format!("the value of {key} is not JSON: {error}"))?;
    let (stored, rest) = match value {
        Value::Object(map) => noun(&key, Fields::of(map), secrets),
        other => (unknown(&other.to_string(), secrets), None),
    };
    let unknown_fields = rest.map(|rest| rest.rest(secrets)).unwrap_or_default();
    Ok(StoredRecord { key, index, stored, unknown_fields })
}

/// The noun, and the fields that it has no place for.
fn noun(key: &str, mut fields: Fields, secrets: Secrets) -> (Stored, Option<Fields>) {
    let path = key.strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let stored = match parts.as_slice() {
        ["network", _] => Stored::Network(network(&mut fields, secrets)),
        ["endpoint", network, _] => Stored::Endpoint(endpoint(&mut fields, network)),
        ["endpoint_count", network] => {
            Stored::EndpointCount { network: (*network).to_owned(), count: fields.number("Count") }
        }
        ["sandbox", _] => Stored::Sandbox(sandbox(&mut fields)),
        ["bridge", _] => return (Stored::DriverNetwork(driver_network("bridge", fields, secrets)), None),
        [driver @ ("macvlan" | "ipvlan"), "network", _] => {
            return (Stored::DriverNetwork(driver_network(driver, fields, secrets)), None);
        }
        ["bridge-endpoint", _] => Stored::DriverEndpoint(driver_endpoint("bridge", &mut fields)),
        [driver @ ("macvlan" | "ipvlan"), "endpoint", _] => {
            Stored::DriverEndpoint(driver_endpoint(driver, &mut fields))
        }
        _ => return (Stored::Unknown(whole(fields, secrets)), None),
    };
    (stored, Some(fields))
}

fn network(fields: &mut Fields, secrets: Secrets) -> StoredNetwork {
    let mut generic = fields.object(GENERIC);
    let options =
        generic.as_mut().map(|generic| generic.text_map(DRIVER_OPTIONS, secrets)).unwrap_or_default();
    fields.put_back(GENERIC, generic);
    let mut subnets = subnets(fields.objects_in_text("ipamV4Info"));
    subnets.extend(self::subnets(fields.objects_in_text("ipamV6Info")));
    StoredNetwork {
        id: fields.text("id"),
        name: fields.text("name"),
        driver: fields.text("networkType"),
        scope: fields.text("scope"),
        created: fields.text("created"),
        internal: fields.truth("internal"),
        attachable: fields.truth("attachable"),
        ingress: fields.truth("ingress"),
        ipv6: fields.truth("enableIPv6"),
        in_delete: fields.truth("inDelete"),
        ipam_driver: fields.text("ipamType"),
        subnets,
        options,
        labels: fields.text_map("labels", secrets),
    }
}

/// `IPAMData` is JSON within a text within JSON within a text.
fn subnets(infos: Vec<Fields>) -> Vec<StoredSubnet> {
    let subnet = |mut info: Fields| {
        let data: Value = serde_json::from_str(&info.text("IPAMData")).ok()?;
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(StoredSubnet { pool: text("Pool"), gateway: text("Gateway") })
    };
    infos.into_iter().filter_map(subnet).collect()
}

fn endpoint(fields: &mut Fields, network: &str) -> StoredEndpoint {
    let mut interface = fields.object("ep_iface");
    let mut of_interface =
        |name: &str| interface.as_mut().map(|interface| interface.text(name)).unwrap_or_default();
    let (ipv4, ipv6) = (of_interface("addr"), of_interface("addrv6"));
    let (mac, source) = (of_interface("mac"), of_interface("srcName"));
    fields.put_back("ep_iface", interface);
    let names = [fields.texts("dnsNames"), fields.texts("myAliases")].concat();
    StoredEndpoint {
        id: fields.text("id"),
        network: network.to_owned(),
        name: fields.text("name"),
        sandbox: fields.text("sandbox"),
        ipv4,
        ipv6,
        mac,
        interface: source,
        names,
        load_balancer: fields.truth("loadBalancer"),
    }
}

fn driver_network(driver: &str, mut fields: Fields, secrets: Secrets) -> DriverNetwork {
    let bridge = fields.text("BridgeName");
    DriverNetwork {
        driver: driver.to_owned(),
        network: fields.text("ID"),
        interface: if bridge.is_empty() { fields.text("Parent") } else { bridge },
        ipv4: fields.text("AddressIPv4"),
        ipv6: fields.text("AddressIPv6"),
        mtu: fields.number("Mtu"),
        settings: fields.rest(secrets),
    }
}

fn driver_endpoint(driver: &str, fields: &mut Fields) -> DriverEndpoint {
    let port = |mut port: Fields| ForwardedPort {
        protocol: port.number("Proto"),
        host_address: port.text("HostIP"),
        host_port: port.number("HostPort"),
        port: port.number("Port"),
    };
    DriverEndpoint {
        driver: driver.to_owned(),
        id: fields.text("id"),
        network: fields.text("nid"),
        ipv4: fields.text("Addr"),
        ipv6: fields.text("Addrv6"),
        mac: fields.text("MacAddress"),
        interface: fields.text("SrcName"),
        ports: fields.objects("PortMapping").into_iter().map(port).collect(),
    }
}

fn sandbox(fields: &mut Fields) -> StoredSandbox {
    let endpoint = |mut endpoint: Fields| (endpoint.text("Eid"), endpoint.text("Nid"));
    StoredSandbox {
        id: fields.text("ID"),
        container: ContainerId(fields.text("Cid")),
        endpoints: fields.objects("Eps").into_iter().map(endpoint).collect(),
        forwarders: forwarders(fields),
    }
}

/// `ExtDNS2` says where each is asked from; `ExtDNS` is the same list without that, for engines before.
fn forwarders(fields: &mut Fields) -> Vec<NameForwarder> {
    let plain = fields.texts("ExtDNS");
    let forwarder = |mut server: Fields| NameForwarder {
        address: server.text("IPStr"),
        from_host: server.truth("HostLoopback"),
    };
    let told: Vec<_> = fields.objects("ExtDNS2").into_iter().map(forwarder).collect();
    if told.is_empty() {
        return plain.into_iter().map(|address| NameForwarder { address, from_host: false }).collect();
    }
    told
}

fn whole(fields: Fields, secrets: Secrets) -> MaskedText {
    let parts: Vec<_> =
        fields.rest(secrets).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    MaskedText::assignment(&parts.join(" "), secrets)
}

fn unknown(text: &str, secrets: Secrets) -> Stored {
    Stored::Unknown(MaskedText::assignment(text, secrets))
}
