//! One step of making networks again, as a call to the engine.

use std::time::Duration;

use hyper::Method;
use porthole_model::{AddressPool, Membership, NetworkStep, SavedNetwork};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::helper::encoded;
use crate::negotiation::ApiVersion;
use crate::request_error::RequestError;

/// Starting and stopping takes as long as the container's program takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// The first version that knows the field.
const IPV4_SWITCH: ApiVersion = ApiVersion { major: 1, minor: 48 };

/// Does one step.
pub async fn perform(client: &Client, step: &NetworkStep) -> Result<(), RequestError> {
    match step {
        NetworkStep::Create(network) => {
            post(client, "/networks/create", &creation(client.api_version(), network)).await
        }
        NetworkStep::Stop { container } => {
            post(client, &format!("/containers/{}/stop", encoded(container)), &json!({})).await
        }
        NetworkStep::Start { container } => {
            post(client, &format!("/containers/{}/start", encoded(container)), &json!({})).await
        }
        NetworkStep::Disconnect { network, container } => {
            let path = format!("/networks/{}/disconnect", encoded(network));
            post(client, &path, &json!({ "Container": container, "Force": true })).await
        }
        NetworkStep::Connect(place) => {
            let path = format!("/networks/{}/connect", encoded(&place.network_name));
            let endpoint = endpoint(place);
            post(client, &path, &json!({ "Container": place.container_name, "EndpointConfig": endpoint }))
                .await
        }
    }
}

/// `stop` and `start` have no body, and engines before API 1.24 took one: an empty object means the same to all.
async fn post(client: &Client, path: &str, body: &Value) -> Result<(), RequestError> {
    let body = if body == &json!({}) { Vec::new() } else { body.to_string().into_bytes() };
    client.upload(Method::POST, path, ("application/json", body.into()), PATIENCE).await.map(drop)
}

/// A network that takes its settings from another may have none of its own.
fn creation(version: ApiVersion, network: &SavedNetwork) -> Value {
    let mut body = json!({
        "Name": network.name,
        "CheckDuplicate": true,
        "Driver": network.driver,
        "Internal": network.internal,
        "Attachable": network.attachable,
        "Ingress": network.ingress,
        "ConfigOnly": network.config_only,
    });
    if let Some(from) = &network.config_from {
        body["ConfigFrom"] = json!({ "Network": from });
        return body;
    }
    body["EnableIPv6"] = json!(network.ipv6);
    if let Some(ipv4) = network.ipv4.filter(|_| version >= IPV4_SWITCH) {
        body["EnableIPv4"] = json!(ipv4);
    }
    body["IPAM"] = json!({
        "Driver": network.ipam_driver,
        "Options": network.ipam_options,
        "Config": network.pools.iter().map(pool).collect::<Vec<_>>(),
    });
    body["Options"] = json!(network.options);
    body["Labels"] = json!(network.labels);
    body
}

fn pool(pool: &AddressPool) -> Value {
    let mut body =
        filled([("Subnet", &pool.subnet), ("IPRange", &pool.ip_range), ("Gateway", &pool.gateway)]);
    body.insert("AuxiliaryAddresses".to_owned(), json!(pool.auxiliary));
    Value::Object(body)
}

/// Without the Ethernet address: engines up to 28 take none when a container is put on a network, and say nothing.
fn endpoint(place: &Membership) -> Value {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let ipam = filled([("IPv4Address", &text(&place.ipv4)), ("IPv6Address", &text(&place.ipv6))]);
    let mut body = json!({
        "IPAMConfig": ipam,
        "Aliases": place.aliases,
        "Links": place.links,
        "DriverOpts": place.driver_options,
    });
    if place.gateway_priority != 0 {
        body["GwPriority"] = json!(place.gateway_priority);
    }
    body
}

fn filled<const N: usize>(fields: [(&str, &String); N]) -> Map<String, Value> {
    let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: ApiVersion = ApiVersion { major: 1, minor: 41 };
    const NEW: ApiVersion = ApiVersion { major: 1, minor: 51 };

    fn network() -> SavedNetwork {
        SavedNetwork {
            name: "app".into(),
            driver: "bridge".into(),
            ipv4: Some(true),
            ipam_driver: "default".into(),
            pools: vec![AddressPool {
                subnet: "172.30.0.0/24".into(),
                gateway: "172.30.0.1".into(),
                ..AddressPool::default()
            }],
            ..SavedNetwork::default()
        }
    }

    #[test]
    fn a_network_is_made_with_what_it_had_and_what_the_version_knows() {
        let body = creation(OLD, &network());
        let pool = &body["IPAM"]["Config"][0];
        assert_eq!((&pool["Subnet"], &pool["Gateway"]), (&json!("172.30.0.0/24"), &json!("172.30.0.1")));
        assert!(pool.get("IPRange").is_none() && body.get("EnableIPv4").is_none());
        assert_eq!(creation(NEW, &network())["EnableIPv4"], true);
    }

    #[test]
    fn a_network_with_borrowed_settings_has_none_of_its_own() {
        let borrowed = SavedNetwork { config_from: Some("settings".into()), ..network() };
        let body = creation(NEW, &borrowed);
        assert_eq!(body["ConfigFrom"]["Network"], "settings");
        assert!(body.get("IPAM").is_none() && body.get("Options").is_none());
    }

    #[test]
    fn a_place_is_asked_for_with_its_addresses_and_aliases() {
        let place = Membership {
            container_id: porthole_model::ContainerId("1".into()),
            container_name: "web".into(),
            was_running: true,
            network_name: "app".into(),
            network_id: None,
            ipv4: Some("172.30.0.7".into()),
            ipv6: None,
            is_fixed: true,
            mac: None,
            aliases: vec!["w".into()],
            links: Vec::new(),
            driver_options: std::collections::BTreeMap::new(),
            gateway_priority: 0,
        };
        let body = endpoint(&place);
        assert_eq!(body["Aliases"], json!(["w"]));
        assert_eq!(body["IPAMConfig"], json!({ "IPv4Address": "172.30.0.7" }));
        assert!(body.get("GwPriority").is_none());
    }
}
