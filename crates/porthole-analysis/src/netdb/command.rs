//! A step in the words of the docker CLI.

use std::fmt::Write;

use porthole_model::{AddressPool, Membership, NetworkStep, SavedNetwork};

use crate::shell::word;

/// The command that does the same.
pub fn step_command(step: &NetworkStep) -> String {
    match step {
        NetworkStep::Create(network) => create(network),
        NetworkStep::Stop { container } => format!("docker stop {}", word(container)),
        NetworkStep::Start { container } => format!("docker start {}", word(container)),
        NetworkStep::Disconnect { network, container } => {
            format!("docker network disconnect -f {} {}", word(network), word(container))
        }
        NetworkStep::Connect(place) => connect(place),
    }
}

fn create(network: &SavedNetwork) -> String {
    let mut text = "docker network create".to_owned();
    if network.driver != "bridge" && !network.driver.is_empty() {
        option(&mut text, "--driver", &network.driver);
    }
    let flags = [
        (network.internal, "--internal"),
        (network.attachable, "--attachable"),
        (network.ingress, "--ingress"),
        (network.ipv6, "--ipv6"),
        (network.ipv4 == Some(false), "--ipv4=false"),
        (network.config_only, "--config-only"),
    ];
    flags.iter().filter(|(is_set, _)| *is_set).for_each(|(_, flag)| text.extend([" ", *flag]));
    if let Some(from) = &network.config_from {
        option(&mut text, "--config-from", from);
    } else {
        network.pools.iter().for_each(|pool| addresses(&mut text, pool));
        assignments(&mut text, "--ipam-opt", &network.ipam_options);
        assignments(&mut text, "--opt", &network.options);
        assignments(&mut text, "--label", &network.labels);
    }
    if !["default", ""].contains(&network.ipam_driver.as_str()) {
        option(&mut text, "--ipam-driver", &network.ipam_driver);
    }
    let _infallible = write!(text, " {}", word(&network.name));
    text
}

fn addresses(text: &mut String, pool: &AddressPool) {
    let options = [("--subnet", &pool.subnet), ("--ip-range", &pool.ip_range), ("--gateway", &pool.gateway)];
    for (name, value) in options.into_iter().filter(|(_, value)| !value.is_empty()) {
        option(text, name, value);
    }
    assignments(text, "--aux-address", &pool.auxiliary);
}

fn connect(place: &Membership) -> String {
    let mut text = "docker network connect".to_owned();
    let options = [("--ip", &place.ipv4), ("--ip6", &place.ipv6)];
    for (name, value) in options.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        option(&mut text, name, value);
    }
    place.aliases.iter().for_each(|alias| option(&mut text, "--alias", alias));
    place.links.iter().for_each(|link| option(&mut text, "--link", link));
    assignments(&mut text, "--driver-opt", &place.driver_options);
    if place.gateway_priority != 0 {
        option(&mut text, "--gw-priority", &place.gateway_priority.to_string());
    }
    let _infallible = write!(text, " {} {}", word(&place.network_name), word(&place.container_name));
    text
}

fn assignments(text: &mut String, name: &str, values: &std::collections::BTreeMap<String, String>) {
    for (key, value) in values {
        option(text, name, &format!("{key}={value}"));
    }
}

fn option(text: &mut String, name: &str, value: &str) {
    let _infallible = write!(text, " {name} {}", word(value));
}
