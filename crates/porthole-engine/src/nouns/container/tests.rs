//! Inspections as the engines write them, cut down to what is read.

use serde_json::json;

use super::*;

fn read(value: serde_json::Value) -> Container {
    container(serde_json::from_value(value).unwrap(), Secrets::Mask).unwrap()
}

#[test]
fn an_answer_full_of_nulls_is_a_container() {
    let container = read(json!({
        "Id": "abc", "Name": "/x", "State": null, "Args": null, "Mounts": null,
        "HostConfig": {"PortBindings": null, "RestartPolicy": null, "Tmpfs": null},
        "Config": {"Env": null, "Labels": null, "ExposedPorts": null},
        "NetworkSettings": {"Ports": null, "Networks": {"bridge": null}}
    }));
    assert_eq!(container.name, "x");
    assert_eq!(container.restart_policy, "no");
    assert_eq!(container.state, ContainerState::Other(String::new()));
    assert_eq!(container.attachments.len(), 1);
}

#[test]
fn the_address_beside_the_networks_counts_where_there_are_none() {
    let network =
        json!({"IPAddress": "172.17.0.3", "IPPrefixLen": 16, "Gateway": "172.17.0.1", "Networks": {}});
    let container = read(json!({"Id": "a", "NetworkSettings": network}));
    let [attachment] = container.attachments.as_slice() else { panic!("{:?}", container.attachments) };
    assert_eq!(attachment.network_name, "bridge");
    assert_eq!(attachment.ipv4.unwrap().to_string(), "172.17.0.3/16");
}

#[test]
fn ports_of_a_stopped_container_are_those_it_was_made_with() {
    let value = |status: &str| {
        json!({"Id": "a", "State": {"Status": status},
            "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "::", "HostPort": "32768"}]}},
            "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}})
    };
    assert_eq!(read(value("running")).published_ports[0].host_port, Port(32768));
    assert_eq!(read(value("exited")).published_ports[0].host_port, Port(0));
}

#[test]
fn a_failed_start_has_its_error_and_code() {
    let state = json!({"Status": "created", "ExitCode": 128, "Error": "port is already allocated",
        "StartedAt": "0001-01-01T00:00:00Z"});
    let container = read(json!({"Id": "a", "State": state}));
    assert_eq!(container.exit_code, Some(128));
    assert_eq!(container.error.as_deref(), Some("port is already allocated"));
    assert_eq!(container.started, None);
}

#[test]
fn names_on_a_network_before_and_since_api_1_44() {
    let on = |network: &str, extra: serde_json::Value| {
        let networks = json!({"Networks": {network: extra}});
        read(json!({"Id": "a", "Name": "/web", "NetworkSettings": networks})).attachments.remove(0).aliases
    };
    assert_eq!(on("app", json!({"Aliases": ["front", "0123456789ab"]})), ["web", "front", "0123456789ab"]);
    assert_eq!(on("app", json!({"Aliases": ["front"], "DNSNames": ["web", "front"]})), ["web", "front"]);
    assert!(on("bridge", json!({"Aliases": null})).is_empty());
}

#[test]
fn a_health_check_s_absence_has_many_words() {
    let health = |value: serde_json::Value| {
        read(json!({"Id": "a", "State": {"Status": "running", "Health": value}})).health
    };
    assert_eq!(health(json!(null)), None);
    assert_eq!(health(json!({"Status": "none"})), None);
    assert_eq!(health(json!({"Status": "", "FailingStreak": 0, "Log": null})), None);
    let unhealthy = Health { status: HealthStatus::Unhealthy, failing_streak: 7, last_probe: None };
    assert_eq!(health(json!({"Status": "unhealthy", "FailingStreak": 7})), Some(unhealthy));
}

#[test]
fn the_last_probe_s_output_is_bounded_and_masked() {
    let log = json!([{"ExitCode": 0, "Output": "old"},
        {"ExitCode": 1, "Output": format!("no way to http://u:secret@db {}\n", "é".repeat(400))}]);
    let state = json!({"Status": "running", "Health": {"Status": "unhealthy", "Log": log}});
    let probe = read(json!({"Id": "a", "State": state})).health.unwrap().last_probe.unwrap();
    assert_eq!(probe.exit_code, 1);
    assert!(probe.output.as_str().starts_with("no way to http://u:********@db é"), "{probe:?}");
    assert!(probe.output.as_str().chars().count() < 320);
}

#[test]
fn a_log_that_never_begins_anew_has_no_size() {
    let size = |value: serde_json::Value| {
        read(json!({"Id": "a", "LogPath": "/l", "HostConfig": {"LogConfig": value}})).log.max_size
    };
    assert_eq!(size(json!({"Type": "json-file", "Config": {}})), None);
    assert_eq!(size(json!({"Type": "json-file", "Config": {"max-size": "-1"}})), None);
    assert_eq!(size(json!({"Type": "json-file", "Config": {"max-size": "10m"}})).unwrap(), "10m");
    assert_eq!(size(json!({"Type": "local"})).unwrap(), "20m");
}

#[test]
fn credentials_in_labels_and_commands_are_masked() {
    let container = read(json!({"Id": "a", "Path": "db", "Args": ["--password", "x"],
        "Config": {"Labels": {"auth.token": "y", "tier": "one"}, "Env": ["DB_PASSWORD=z"]}}));
    let command: Vec<_> = container.command.iter().map(MaskedText::as_str).collect();
    assert_eq!(command, ["db", "--password", "********"]);
    assert_eq!(container.labels["auth.token"].as_str(), "********");
    assert_eq!(container.labels["tier"].as_str(), "one");
    assert_eq!(container.environment[0].as_str(), "DB_PASSWORD=********");
}

#[test]
fn an_odd_value_is_an_error_that_names_it() {
    let raw = serde_json::from_value(json!({"Id": "a", "Created": "yesterday"})).unwrap();
    let error = container(raw, Secrets::Mask).unwrap_err();
    assert_eq!(error.to_string(), "Created is \"yesterday\"");
}
